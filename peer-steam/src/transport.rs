//! The transport of a session, with all of its connections.

use std::fmt;
use std::sync::Arc;

use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, LaneConfig, LaneStatus, ListenHandle,
    RealTimeStatus, SendResult, StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};
use rustc_hash::FxHashMap;

use crate::config::{Config, ConfigError, ConfigValue, DIRECT_ROUTES, SEND_BUFFER_SIZE};
use crate::draining;
use crate::ffi::connection::{Connection, MAX_CLOSE_MESSAGE};
use crate::ffi::library::Hold;
use crate::ffi::receive::SteamMessage;
use crate::ffi::send::Outbox;
use crate::ffi::sockets::PollGroup;
use crate::ffi::{self, c_string};
use crate::listen_sockets::{self, ListenError};
use crate::local::{self, LocalConnection};
use crate::status_queue::{self, RawStatusChange, StatusQueue};
use crate::user_data::{TransportId, pack, token_of, transport_of};

/// `k_EResultInvalidParam` and `k_EResultExpired`
const INVALID_PARAM: i32 = 8;
const EXPIRED: i32 = 27;

fn refused(text: impl Into<String>) -> TransportError {
    TransportError::Refused(text.into())
}

/// What the transport needs of Steam while it has a connection or a listen socket.
#[derive(Debug)]
struct Open {
    group: PollGroup,
    hold: Hold,
}

/// Where a connection goes.
#[derive(Debug)]
enum Link {
    /// Through Steam.
    Steam(Connection),
    /// To another transport of this process.
    Local(LocalConnection),
}

impl Link {
    fn handle(&self) -> ConnectionHandle {
        match self {
            Self::Steam(connection) => connection.handle(),
            Self::Local(connection) => connection.handle(),
        }
    }

    fn set_token(&self, transport: TransportId, token: Token) {
        match self {
            Self::Steam(connection) => connection.set_user_data(pack(transport, token)),
            Self::Local(connection) => connection.set_token(token),
        }
    }
}

/// A connection of the transport.
#[derive(Debug)]
struct Record {
    connection: Link,
    /// The listen socket that it came in on.
    listen: Option<ListenHandle>,
    /// Whether it is a request that has not been accepted yet.
    is_pending: bool,
    remote: SteamId,
}

/// The [`Transport`] of a session over Steam's networking sockets.
///
/// Steam must be initialised, by [`Steam`](crate::Steam) or by anyone else in the process, when
/// [`listen`](Transport::listen) or [`connect`](Transport::connect) is called, and not before; without Steam they return
/// [`TransportError::Unavailable`]. While the transport has a connection or a listen socket, this crate does not shut
/// Steam down.
///
/// Status changes arrive while Steam's callbacks are run, on whichever thread: by
/// [`Steam::run_callbacks`](crate::Steam::run_callbacks), or by the addon that initialised Steam. Messages do not depend
/// on callbacks.
///
/// Dropping the transport closes everything it has open.
pub struct SteamTransport {
    id: TransportId,
    queue: Arc<StatusQueue>,
    connections: FxHashMap<ConnectionHandle, Record>,
    /// How many of them are within this process.
    locals: usize,
    /// The sockets whose requests come to this transport.
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
        let (id, queue) = status_queue::register();
        Self {
            id,
            queue,
            connections: FxHashMap::default(),
            locals: 0,
            listens: Vec::new(),
            config: Config::default(),
            outbox: Outbox::default(),
            open: None,
        }
    }

    /// Sets one of Steam's networking options (`ESteamNetworkingConfigValue`) for future connections.
    ///
    /// # Errors
    /// [`ConfigError`]; Steam must be initialised, since only Steam knows which type of value an option takes.
    pub fn set_config(&mut self, option: i32, value: ConfigValue) -> Result<(), ConfigError> {
        let hold = Hold::acquire().ok_or(ConfigError::Unavailable)?;
        let raw = self.config.set(&hold, option, value)?;
        for &listen in &self.listens {
            ffi::config::set_on_listen_socket(&hold, listen, &raw);
        }
        Ok(())
    }

    /// Resets an option to its default, for future connections.
    pub fn clear_config(&mut self, option: i32) {
        if self.config.clear(option) {
            for &listen in &self.listens {
                self.reset_option(option, listen);
            }
        }
    }

    /// Whether future connections may also take direct routes. Otherwise Steam decides; by default it relays, so that
    /// players do not learn each other's IP addresses.
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

    /// Resets an option of a listen socket to its default.
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

    /// Releases Steam once nothing is open any more.
    fn release_if_idle(&mut self) {
        if self.connections.is_empty() && self.listens.is_empty() {
            self.open = None;
        }
    }

    /// Takes ownership of a connection.
    fn track(&mut self, connection: Link, remote: SteamId, listen: Option<ListenHandle>, is_pending: bool) {
        if let Some(listen) = listen {
            listen_sockets::add_connection(listen);
        }
        self.locals += usize::from(matches!(connection, Link::Local(_)));
        let handle = connection.handle();
        self.connections.insert(handle, Record { connection, listen, is_pending, remote });
    }

    /// Gives up ownership of a connection, which `close` then closes. Harmless if there is none.
    fn untrack(&mut self, handle: ConnectionHandle, close: impl FnOnce(Link)) {
        let Some(Record { connection, listen, .. }) = self.connections.remove(&handle) else { return };
        self.locals -= usize::from(matches!(connection, Link::Local(_)));
        close(connection);
        draining::remove(handle);
        if let Some(listen) = listen {
            // Last, because this may close the socket.
            listen_sockets::remove_connection(listen);
        }
    }

    fn record(&self, handle: ConnectionHandle) -> Result<&Record, TransportError> {
        self.connections.get(&handle).ok_or_else(|| refused("no such connection"))
    }

    /// The status change for the session; `None` if it does not concern it.
    fn handle_status_change(&mut self, change: RawStatusChange) -> Option<StatusChange> {
        let RawStatusChange { connection, listen, user_data, remote, state } = change;
        if state == ConnectionState::Requested {
            return self.track_request(connection, listen, remote);
        }
        // A status change may arrive after this side has closed the connection.
        self.connections.contains_key(&connection).then(|| StatusChange {
            connection,
            token: token_of(user_data),
            remote,
            state,
        })
    }

    fn track_request(
        &mut self,
        handle: ConnectionHandle,
        listen: Option<ListenHandle>,
        remote: SteamId,
    ) -> Option<StatusChange> {
        if let Some(connection) = local::take_request(handle) {
            // Nothing is listening any more: dropping the connection rejects the request.
            self.open.as_ref()?;
            self.track(Link::Local(connection), remote, listen, true);
        }
        if !self.connections.contains_key(&handle) {
            let hold = Hold::acquire()?;
            let connection = Connection::from_handle(&hold, handle);
            let Some(user_data) = connection.user_data() else {
                // It was closed in the meantime, with its listen socket.
                connection.forget();
                return None;
            };
            if token_of(user_data) != Token::NONE && transport_of(user_data) != Some(self.id) {
                // Another transport of this process has dialled that peer, and thereby accepted this request.
                connection.forget();
                return None;
            }
            // Nothing is listening any more: dropping the connection rejects the request.
            self.open.as_ref()?;
            self.track(Link::Steam(connection), remote, listen, true);
        }
        let state = ConnectionState::Requested;
        Some(StatusChange { connection: handle, token: Token::NONE, remote, state })
    }
}

impl SteamTransport {
    /// Connects to another transport of this process, which listens on a port.
    fn connect_within(
        &mut self,
        own: SteamId,
        port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError> {
        let listening = listen_sockets::on_port(port).filter(|(listener, _)| *listener != self.id);
        let connected = listening.and_then(|listening| local::connect(own, (self.id, token), listening));
        let Some(connection) = connected else {
            self.release_if_idle();
            return Err(refused(format!(
                "a user can connect to a host of the same process only, and none listens on virtual port {}",
                port.0
            )));
        };
        let handle = connection.handle();
        self.track(Link::Local(connection), own, None, false);
        Ok(handle)
    }

    /// Sends a batch that may have messages for this process.
    #[cold]
    fn send_with_locals(&mut self, hold: &Hold, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        let mut steams = Vec::new();
        for outgoing in batch.messages {
            let record = self.connections.get(&outgoing.connection);
            if let Some(Link::Local(connection)) = record.map(|record| &record.connection) {
                results.push(connection.send(outgoing, batch.payload(outgoing)));
            } else {
                steams.push((results.len(), *outgoing));
                results.push(SendResult::NOT_TRIED);
            }
        }
        let messages: Vec<_> = steams.iter().map(|(_, outgoing)| *outgoing).collect();
        let mut sent = Vec::with_capacity(messages.len());
        self.outbox.send(hold, Batch { messages: &messages, ..batch }, &mut sent);
        for ((place, _), result) in steams.iter().zip(sent) {
            results[*place] = result;
        }
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
            .field("id", &self.id)
            .field("connections", &self.connections.len())
            .field("listens", &self.listens)
            .finish_non_exhaustive()
    }
}

impl Drop for SteamTransport {
    fn drop(&mut self) {
        // From here on, requests are rejected. Those that are already queued are tracked, and closed below.
        status_queue::unregister(self.id);
        while self.next_status().is_some() {}
        for handle in self.connections.keys().copied().collect::<Vec<_>>() {
            self.untrack(handle, drop);
        }
        for listen in std::mem::take(&mut self.listens) {
            listen_sockets::release(self.id, listen);
            listen_sockets::close_if_unused(listen);
        }
    }
}

impl Transport for SteamTransport {
    type Message = SteamMessage;

    fn local_steam_id(&self) -> Option<SteamId> {
        ffi::identity::steam_id(&Hold::acquire()?)
    }

    fn listen(&mut self, port: VirtualPort) -> Result<ListenHandle, TransportError> {
        let id = self.id;
        let hold = self.open()?.hold.clone();
        let options = self.config.options_of_socket(pack(id, Token::NONE));
        match listen_sockets::listen(id, &hold, port, &options) {
            Ok(listen) => {
                self.listens.push(listen);
                Ok(listen)
            }
            Err(error) => {
                self.release_if_idle();
                Err(refused(match error {
                    ListenError::PortTaken => format!(
                        "another session of this process listens on virtual port {}; each needs one of its own",
                        port.0
                    ),
                    ListenError::Refused => format!("Steam refuses to listen on virtual port {}", port.0),
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
        // First, so that no further request is queued.
        listen_sockets::release(self.id, listen);
        for request in self.queue.take_requests(listen) {
            self.track_request(request.connection, request.listen, request.remote);
        }
        let is_pending = |(handle, record): (&ConnectionHandle, &Record)| {
            (record.is_pending && record.listen == Some(listen)).then_some(*handle)
        };
        for request in self.connections.iter().filter_map(is_pending).collect::<Vec<_>>() {
            self.close(request, EndReason::Refused, &EndReason::Refused.to_string());
        }
        listen_sockets::close_if_unused(listen);
        self.release_if_idle();
    }

    fn connect(
        &mut self,
        peer: SteamId,
        port: VirtualPort,
        token: Token,
    ) -> Result<ConnectionHandle, TransportError> {
        let id = self.id;
        let hold = self.open()?.hold.clone();
        if ffi::identity::steam_id(&hold) == Some(peer) {
            return self.connect_within(peer, port, token);
        }
        let user_data = pack(id, token);
        let dialled = Connection::dial(&hold, peer, port, &self.config.options(port, user_data));
        let Some(connection) = dialled else {
            self.release_if_idle();
            if draining::contains(peer) {
                return Err(TransportError::Draining);
            }
            return Err(refused(format!(
                "Steam refuses to connect to {peer}: there may be a connection to that user on this port already"
            )));
        };
        let handle = connection.handle();
        // If Steam accepted a pending request instead, the user data and poll group of that request are set here.
        connection.set_user_data(user_data);
        self.open()?.group.add(handle);
        if let Some(request) = self.connections.get_mut(&handle) {
            request.is_pending = false;
            connection.forget();
        } else {
            let listen = connection.listen_socket();
            self.track(Link::Steam(connection), peer, listen, false);
        }
        Ok(handle)
    }

    fn is_within_process(&self, connection: ConnectionHandle) -> bool {
        self.record(connection).is_ok_and(|record| matches!(record.connection, Link::Local(_)))
    }

    fn accept(&mut self, connection: ConnectionHandle, token: Token) -> Result<(), TransportError> {
        let record = self.record(connection)?;
        if record.listen.is_none() {
            return Err(refused("only the side that was dialled can accept a connection"));
        }
        let open = self.open.as_ref().ok_or(TransportError::Unavailable)?;
        // Before it is accepted, so that its first status change and messages already carry them.
        record.connection.set_token(self.id, token);
        let accepted = match &record.connection {
            Link::Steam(steam) => {
                open.group.add(connection);
                steam.accept()
            }
            // As Steam says of a request that its user has taken back.
            Link::Local(local) => local.accept().then_some(()).ok_or(EXPIRED),
        };
        match accepted {
            Ok(()) => {
                if let Some(record) = self.connections.get_mut(&connection) {
                    record.is_pending = false;
                }
                Ok(())
            }
            Err(result) => {
                if record.is_pending {
                    // The request is gone; its handle is of no further use.
                    self.untrack(connection, drop);
                    self.release_if_idle();
                }
                Err(refused(format!("the request is gone (EResult {result})")))
            }
        }
    }

    fn close(&mut self, connection: ConnectionHandle, reason: EndReason, message: &str) {
        let message = c_string(message, MAX_CLOSE_MESSAGE);
        self.untrack(connection, |connection| match connection {
            Link::Steam(connection) => connection.close(reason.code(), &message),
            Link::Local(connection) => connection.close(reason.code(), &message),
        });
        self.release_if_idle();
    }

    fn configure_lanes(
        &mut self,
        connection: ConnectionHandle,
        lanes: &[LaneConfig],
    ) -> Result<(), TransportError> {
        if lanes.is_empty() || lanes.len() > usize::from(peer_core::Lane::MAX_COUNT) {
            return Err(refused("a connection has 1 to 255 lanes"));
        }
        let configured = match &self.record(connection)?.connection {
            Link::Steam(connection) => connection.configure_lanes(lanes),
            Link::Local(connection) => {
                connection.configure_lanes(lanes.len()).then_some(()).ok_or(INVALID_PARAM)
            }
        };
        configured.map_err(|result| refused(format!("Steam refuses these lanes (EResult {result})")))
    }

    fn set_send_rate(&mut self, connection: ConnectionHandle, bytes_per_second: usize) -> bool {
        if self.config.has_send_rate() {
            return false;
        }
        let (Some(open), Ok(record)) = (&self.open, self.record(connection)) else { return false };
        if matches!(record.connection, Link::Local(_)) {
            // There is no line between the two.
            return true;
        }
        let rate = i32::try_from(bytes_per_second).unwrap_or(i32::MAX);
        // Where the two are equal Steam takes that. In between they may cross, which it takes for the lower one.
        Config::send_rate(rate)
            .iter()
            .all(|option| ffi::config::set_on_connection(&open.hold, connection, option))
    }

    fn send_buffer_bytes(&self, connection: ConnectionHandle) -> Option<u32> {
        let open = self.open.as_ref().filter(|_| self.connections.contains_key(&connection))?;
        let bytes = ffi::config::get_int32_of_connection(&open.hold, connection, SEND_BUFFER_SIZE)?;
        u32::try_from(bytes).ok()
    }

    fn set_paused(&mut self, connection: ConnectionHandle, paused: bool) {
        let Some(open) = self.open.as_ref().filter(|_| self.connections.contains_key(&connection)) else {
            return;
        };
        if paused {
            open.group.remove(connection);
        } else {
            open.group.add(connection);
        }
    }

    fn detach(&mut self, connection: ConnectionHandle) {
        if let Ok(record) = self.record(connection) {
            record.connection.set_token(self.id, Token::NONE);
            // Within the process, one connection does not stand in another's way.
            if matches!(record.connection, Link::Steam(_)) {
                draining::add(connection, record.remote);
            }
        }
    }

    fn send(&mut self, batch: Batch<'_>, results: &mut Vec<SendResult>) {
        match &self.open {
            Some(open) if self.locals == 0 => self.outbox.send(&open.hold, batch, results),
            Some(open) => {
                let hold = open.hold.clone();
                self.send_with_locals(&hold, batch, results);
            }
            None => results.extend(std::iter::repeat_n(SendResult::INVALID_PARAM, batch.messages.len())),
        }
    }

    fn receive(&mut self, messages: &mut Vec<SteamMessage>, max: usize) -> usize {
        let Some(open) = &self.open else { return 0 };
        let mut count = open.group.receive(messages, max);
        if self.locals > 0 {
            for record in self.connections.values() {
                if let Link::Local(connection) = &record.connection {
                    count += connection.receive(&open.hold, messages, max - count);
                }
            }
        }
        count
    }

    fn next_status(&mut self) -> Option<StatusChange> {
        loop {
            let change = self.queue.pop()?;
            if let Some(change) = self.handle_status_change(change) {
                return Some(change);
            }
        }
    }

    fn real_time_status(
        &self,
        connection: ConnectionHandle,
        lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus> {
        match &self.record(connection).ok()?.connection {
            Link::Steam(connection) => connection.real_time_status(lanes),
            Link::Local(connection) => connection.real_time_status(lanes),
        }
    }
}
