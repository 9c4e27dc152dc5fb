//! The transport: one a session, with all of its connections.

use std::fmt;
use std::sync::Arc;

use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, LaneConfig, LaneStatus, ListenHandle,
    RealTimeStatus, SendResult, StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};
use rustc_hash::FxHashMap;

use crate::config::{Config, ConfigError, ConfigValue, DIRECT_ROUTES};
use crate::ffi::connection::Connection;
use crate::ffi::message::SteamMessage;
use crate::ffi::payload::Outbox;
use crate::ffi::sockets::PollGroup;
use crate::ffi::{self, Hold, c_string};
use crate::listens::{self, Taken};
use crate::news::{self, Inbox, News};
use crate::parting;
use crate::user_data::{Slot, pack, slot_of, token_of};

/// The longest message of a close, in bytes (`k_cchSteamNetworkingMaxConnectionCloseReason`, without its NUL).
const MAX_CLOSE_MESSAGE: usize = 127;

fn refused(text: impl Into<String>) -> TransportError {
    TransportError::Refused(text.into())
}

/// What is there as long as the transport has a connection or a listen socket.
#[derive(Debug)]
struct Open {
    group: PollGroup,
    hold: Hold,
}

/// A connection of the transport.
#[derive(Debug)]
struct Record {
    connection: Connection,
    /// The listen socket that it came in on.
    listen: Option<ListenHandle>,
    /// Whether it waits to be accepted.
    is_pending: bool,
    remote: SteamId,
}

/// The [`Transport`] of a session over Steam's networking sockets.
///
/// It needs Steam to be initialised, by [`Steam`](crate::Steam) or by anyone else in the process, at the time of
/// [`listen`](Transport::listen) or [`connect`](Transport::connect) and not before; without Steam those say so. As long
/// as it has a connection or a listen socket, this crate does not shut Steam down.
///
/// Somebody must run Steam's callbacks, on whichever thread: [`Steam::run_callbacks`](crate::Steam::run_callbacks), or
/// the addon that has initialised Steam. News of connections comes from there; messages come without it.
///
/// Dropping it closes everything that is open.
pub struct SteamTransport {
    slot: Slot,
    inbox: Arc<Inbox>,
    connections: FxHashMap<ConnectionHandle, Record>,
    /// The sockets whose requests are ours.
    listens: Vec<ListenHandle>,
    config: Config,
    outbox: Outbox,
    open: Option<Open>,
}

impl SteamTransport {
    /// A transport with nothing open.
    ///
    /// # Panics
    /// After 2,147,483,647 transports in one process.
    pub fn new() -> Self {
        let (slot, inbox) = news::open();
        Self {
            slot,
            inbox,
            connections: FxHashMap::default(),
            listens: Vec::new(),
            config: Config::default(),
            outbox: Outbox::default(),
            open: None,
        }
    }

    /// Sets one of Steam's networking options (`ESteamNetworkingConfigValue`) for the connections to come.
    ///
    /// # Errors
    /// [`ConfigError`]; Steam must be initialised, because it knows what kind of value an option takes.
    pub fn set_config(&mut self, option: i32, value: ConfigValue) -> Result<(), ConfigError> {
        let hold = Hold::acquire().ok_or(ConfigError::Unavailable)?;
        let raw = self.config.set(&hold, option, value)?;
        for &listen in &self.listens {
            ffi::config::set_on_listen_socket(&hold, listen, &raw);
        }
        Ok(())
    }

    /// Leaves an option to its default again, for the connections to come.
    pub fn clear_config(&mut self, option: i32) {
        if self.config.clear(option) {
            for &listen in &self.listens {
                self.reset_option(option, listen);
            }
        }
    }

    /// Whether connections to come may also take direct routes. Otherwise it is Steam's own choice, which by default is
    /// to relay, so that players do not learn each other's addresses.
    ///
    /// # Errors
    /// [`ConfigError::Unavailable`] without Steam.
    pub fn set_direct_connections(&mut self, direct: bool) -> Result<(), ConfigError> {
        let (option, value) = DIRECT_ROUTES;
        if direct {
            return self.set_config(option, value);
        }
        self.clear_config(option);
        Ok(())
    }

    /// Sets an option of a listen socket back to what it is if the game says nothing else.
    fn reset_option(&self, option: i32, listen: ListenHandle) {
        let Some(open) = &self.open else { return };
        match Config::default_of(option) {
            Some(default) => ffi::config::set_on_listen_socket(&open.hold, listen, &default),
            None => ffi::config::clear_on_listen_socket(&open.hold, listen, option),
        };
    }

    fn open(&mut self) -> Result<&Open, TransportError> {
        if self.open.is_none() {
            let hold = Hold::acquire().ok_or(TransportError::Unavailable)?;
            let group = PollGroup::new(&hold).ok_or(TransportError::Unavailable)?;
            self.open = Some(Open { group, hold });
        }
        self.open.as_ref().ok_or(TransportError::Unavailable)
    }

    /// Lets Steam go if nothing is open any more.
    fn rest(&mut self) {
        if self.connections.is_empty() && self.listens.is_empty() {
            self.open = None;
        }
    }

    fn take_charge(
        &mut self,
        connection: Connection,
        remote: SteamId,
        listen: Option<ListenHandle>,
        is_pending: bool,
    ) {
        if let Some(listen) = listen {
            listens::add_connection(listen);
        }
        let handle = connection.handle();
        self.connections.insert(handle, Record { connection, listen, is_pending, remote });
    }

    /// Ends a connection by `end`, which is given it. Harmless if there is none.
    fn end(&mut self, handle: ConnectionHandle, end: impl FnOnce(Connection)) {
        let Some(Record { connection, listen, .. }) = self.connections.remove(&handle) else { return };
        end(connection);
        parting::remove(handle);
        if let Some(listen) = listen {
            // After it, because this may close the socket.
            listens::remove_connection(listen);
        }
    }

    fn record(&self, handle: ConnectionHandle) -> Result<&Record, TransportError> {
        self.connections.get(&handle).ok_or_else(|| refused("no such connection"))
    }

    /// What to tell the session of news; `None` if nothing.
    fn told(&mut self, news: News) -> Option<StatusChange> {
        let News { connection, listen, user_data, remote, state } = news;
        if state == ConnectionState::Requested {
            return self.requested(connection, listen, remote);
        }
        // What is closed already has no news.
        self.connections.contains_key(&connection).then(|| StatusChange {
            connection,
            token: token_of(user_data),
            remote,
            state,
        })
    }

    fn requested(
        &mut self,
        handle: ConnectionHandle,
        listen: Option<ListenHandle>,
        remote: SteamId,
    ) -> Option<StatusChange> {
        if !self.connections.contains_key(&handle) {
            let hold = Hold::acquire()?;
            let connection = Connection::from_handle(&hold, handle);
            let Some(user_data) = connection.user_data() else {
                // Gone in the meantime, with its listen socket.
                connection.forget();
                return None;
            };
            if token_of(user_data) != Token::NONE && slot_of(user_data) != Some(self.slot) {
                // Another transport of this process has dialled that peer, and so accepted this.
                connection.forget();
                return None;
            }
            // Without a listen socket nobody waits for requests; this one is closed again.
            self.open.as_ref()?;
            self.take_charge(connection, remote, listen, true);
        }
        let state = ConnectionState::Requested;
        Some(StatusChange { connection: handle, token: Token::NONE, remote, state })
    }
}

impl Default for SteamTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SteamTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SteamTransport")
            .field("slot", &self.slot)
            .field("connections", &self.connections.len())
            .field("listens", &self.listens)
            .finish_non_exhaustive()
    }
}

impl Drop for SteamTransport {
    fn drop(&mut self) {
        // No news from here on; requests that still come are turned down, and those that wait are closed below.
        news::close(self.slot);
        while self.next_status().is_some() {}
        for handle in self.connections.keys().copied().collect::<Vec<_>>() {
            self.end(handle, drop);
        }
        for listen in std::mem::take(&mut self.listens) {
            listens::retire(self.slot, listen);
            listens::close_if_done(listen);
        }
    }
}

impl Transport for SteamTransport {
    type Message = SteamMessage;

    fn local_steam_id(&self) -> Option<SteamId> {
        ffi::friends::steam_id(&Hold::acquire()?)
    }

    fn listen(&mut self, port: VirtualPort) -> Result<ListenHandle, TransportError> {
        let slot = self.slot;
        let hold = self.open()?.hold.clone();
        let options = self.config.options_of_socket(pack(slot, Token::NONE));
        match listens::listen(slot, &hold, port, &options) {
            Ok(listen) => {
                self.listens.push(listen);
                Ok(listen)
            }
            Err(taken) => {
                self.rest();
                Err(refused(match taken {
                    Taken::Here => format!("already listening on virtual port {}", port.0),
                    Taken::BySteam => format!("Steam refuses to listen on virtual port {}", port.0),
                }))
            }
        }
    }

    fn close_listen(&mut self, listen: ListenHandle) {
        let Some(place) = self.listens.iter().position(|&own| own == listen) else { return };
        for option in self.config.chosen() {
            self.reset_option(option, listen);
        }
        self.listens.swap_remove(place);
        // Before the requests are refused, so that none comes after them.
        listens::retire(self.slot, listen);
        for news in self.inbox.take_requests(listen) {
            self.requested(news.connection, news.listen, news.remote);
        }
        let waits = |(handle, record): (&ConnectionHandle, &Record)| {
            (record.is_pending && record.listen == Some(listen)).then_some(*handle)
        };
        for request in self.connections.iter().filter_map(waits).collect::<Vec<_>>() {
            self.close(request, EndReason::Refused, &EndReason::Refused.to_string());
        }
        listens::close_if_done(listen);
        self.rest();
    }

    fn connect(
        &mut self,
        peer: SteamId,
        port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError> {
        let slot = self.slot;
        let hold = self.open()?.hold.clone();
        if ffi::friends::steam_id(&hold) == Some(peer) {
            self.rest();
            return Err(refused("a user cannot connect to themselves"));
        }
        let user_data = pack(slot, token);
        let dialled = Connection::dial(&hold, peer, port, &self.config.options(port, user_data));
        let Some(connection) = dialled else {
            self.rest();
            if parting::has(peer) {
                return Err(TransportError::Draining);
            }
            return Err(refused(format!(
                "Steam refuses to connect to {peer}: there may be a connection to that user on this port already"
            )));
        };
        let handle = connection.handle();
        // If that has accepted a request that was waiting, the request's own user data and poll group are changed here.
        connection.set_user_data(user_data);
        self.open()?.group.add(handle);
        if let Some(request) = self.connections.get_mut(&handle) {
            request.is_pending = false;
            connection.forget();
        } else {
            let listen = connection.listen_socket();
            self.take_charge(connection, peer, listen, false);
        }
        Ok(handle)
    }

    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError> {
        let record = self.record(connection)?;
        if record.listen.is_none() {
            return Err(refused("a connection cannot be accepted by the side that dialled it"));
        }
        let open = self.open.as_ref().ok_or(TransportError::Unavailable)?;
        // Before it is accepted, so that its first news and messages have them.
        record.connection.set_user_data(pack(self.slot, token));
        open.group.add(connection);
        match record.connection.accept() {
            Ok(()) => {
                if let Some(record) = self.connections.get_mut(&connection) {
                    record.is_pending = false;
                }
                Ok(())
            }
            Err(result) => {
                if record.is_pending {
                    // There is nothing that could be done with it but this.
                    self.end(connection, drop);
                    self.rest();
                }
                Err(refused(format!("Steam does not accept the request any more (EResult {result})")))
            }
        }
    }

    fn close(&mut self, connection: ConnectionHandle, reason: EndReason, message: &str) {
        let message = c_string(message, MAX_CLOSE_MESSAGE);
        self.end(connection, |connection| connection.close(reason.code(), &message));
        self.rest();
    }

    fn configure_lanes(
        &mut self,
        connection: ConnectionHandle,
        lanes: &[LaneConfig],
    ) -> Result<(), TransportError> {
        if lanes.is_empty() || lanes.len() > usize::from(peer_core::Lane::MAX_COUNT) {
            return Err(refused("a connection has 1 to 255 lanes"));
        }
        let configured = self.record(connection)?.connection.configure_lanes(lanes);
        configured.map_err(|result| refused(format!("Steam refuses these lanes (EResult {result})")))
    }

    fn detach(&mut self, connection: ConnectionHandle) {
        if let Ok(record) = self.record(connection) {
            record.connection.set_user_data(pack(self.slot, Token::NONE));
            parting::add(connection, record.remote);
        }
    }

    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        match &self.open {
            Some(open) => self.outbox.send(&open.hold, batch, results),
            None => results.extend(std::iter::repeat_n(SendResult::INVALID_PARAM, batch.messages.len())),
        }
    }

    fn receive(&mut self, messages: &mut Vec<SteamMessage>, max: usize) -> usize {
        self.open.as_ref().map_or(0, |open| open.group.receive(messages, max))
    }

    fn next_status(&mut self) -> Option<StatusChange> {
        loop {
            let news = self.inbox.pop()?;
            if let Some(change) = self.told(news) {
                return Some(change);
            }
        }
    }

    fn real_time_status(
        &self,
        connection: ConnectionHandle,
        lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus> {
        self.record(connection).ok()?.connection.real_time_status(lanes)
    }
}
