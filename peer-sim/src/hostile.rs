//! Peers that follow no protocol: thin helpers to send anything, at any time.

use bytes::Bytes;
use peer_core::{
    Batch, ConnectionHandle, ConnectionState, EndReason, Lane, LaneConfig, Outgoing, SendFlags, SendResult,
    StatusChange, SteamId, Token, Transport, TransportError, VirtualPort,
};

use crate::message::SimMessage;
use crate::network::Network;
use crate::transport::SimTransport;

/// A process that drives its transport by hand.
#[derive(Debug)]
pub struct RawPeer {
    /// The transport, for what has no helper here.
    pub transport: SimTransport,
}

impl RawPeer {
    /// Starts a process of the user `steam_id`.
    ///
    /// # Panics
    /// If one is running.
    pub fn new(network: &Network, steam_id: SteamId) -> Self {
        Self { transport: network.endpoint(steam_id) }
    }

    /// Its user.
    pub fn steam_id(&self) -> SteamId {
        self.transport.steam_id()
    }

    /// Listens on a port.
    ///
    /// # Errors
    /// If the port is taken.
    pub fn listen(&mut self, port: VirtualPort) -> Result<(), TransportError> {
        self.transport.listen(port).map(|_| ())
    }

    /// Dials someone, and opens every lane that Steam has.
    ///
    /// # Errors
    /// As [`Transport::connect`].
    pub fn dial(&mut self, peer: SteamId, port: VirtualPort) -> Result<ConnectionHandle, TransportError> {
        let connection = self.transport.connect(peer, port, Token::NONE)?;
        self.open_all_lanes(connection)?;
        Ok(connection)
    }

    /// Accepts a request, and opens every lane that Steam has.
    ///
    /// # Errors
    /// As [`Transport::accept`].
    pub fn accept(&mut self, connection: ConnectionHandle) -> Result<(), TransportError> {
        self.transport.accept(connection, Token::NONE)?;
        self.open_all_lanes(connection)
    }

    fn open_all_lanes(&mut self, connection: ConnectionHandle) -> Result<(), TransportError> {
        let lane = LaneConfig { priority: 0, weight: 1 };
        self.transport.configure_lanes(connection, &vec![lane; usize::from(Lane::MAX_COUNT)])
    }

    /// Sends bytes, whatever they are.
    ///
    /// # Panics
    /// If `lane` is 255, which Steam's calls cannot name.
    pub fn send(
        &mut self,
        connection: ConnectionHandle,
        lane: u8,
        flags: SendFlags,
        payload: impl Into<Bytes>,
    ) -> SendResult {
        let lane = Lane::new(lane).expect("Steam has lanes 0 to 254");
        let payloads = [payload.into()];
        let messages = [Outgoing::new(connection, 0, lane, flags)];
        let mut results = Vec::with_capacity(1);
        self.transport.send(Batch { payloads: &payloads, messages: &messages }, &mut results);
        results[0]
    }

    /// Closes a connection.
    pub fn close(&mut self, connection: ConnectionHandle, reason: u32, message: &str) {
        self.transport.close(connection, EndReason::from_code(reason), message);
    }

    /// All status changes there are.
    pub fn statuses(&mut self) -> Vec<StatusChange> {
        std::iter::from_fn(|| self.transport.next_status()).collect()
    }

    /// All status changes there are; requests among them are accepted.
    pub fn accept_all(&mut self) -> Vec<StatusChange> {
        let statuses = self.statuses();
        for status in statuses.iter().filter(|status| status.state == ConnectionState::Requested) {
            // One that has gone away since is reported as such.
            let _ = self.accept(status.connection);
        }
        statuses
    }

    /// All messages that have come in.
    pub fn messages(&mut self) -> Vec<SimMessage> {
        let mut messages = Vec::new();
        self.transport.receive(&mut messages, usize::MAX);
        messages
    }
}
