//! What an application is told of a connection: news and figures.

use peer_core::{ConnectionHandle, ConnectionState, LaneStatus, RealTimeStatus, StatusChange, Time, Token};

use crate::connection::Stage;
use crate::endpoint::EndpointId;
use crate::network::State;
use crate::trace::TraceEvent;

/// Packets and bytes of the last whole second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RateMeter {
    second: u64,
    current: (u32, u32),
    last: (u32, u32),
}

impl RateMeter {
    fn move_to(&mut self, now: Time) {
        let second = now.as_micros() / 1_000_000;
        if second != self.second {
            self.last = if second == self.second + 1 { self.current } else { (0, 0) };
            self.current = (0, 0);
            self.second = second;
        }
    }

    pub(crate) fn count(&mut self, now: Time, bytes: u32) {
        self.move_to(now);
        self.current.0 = self.current.0.saturating_add(1);
        self.current.1 = self.current.1.saturating_add(bytes);
    }

    /// Packets and bytes a second.
    #[allow(clippy::cast_precision_loss)] // Figures for people.
    fn rates(mut self, now: Time) -> (f32, f32) {
        self.move_to(now);
        (self.last.0 as f32, self.last.1 as f32)
    }
}

impl State {
    pub(crate) fn push_status(&mut self, handle: ConnectionHandle, state: ConnectionState) {
        let Some(half) = self.halves.get(&handle) else { return };
        let token = if state == ConnectionState::Requested { Token::NONE } else { half.token };
        let (endpoint, remote) = (half.endpoint, half.remote);
        let at = half.local;
        self.trace(|| TraceEvent::Status { at, remote, connection: handle, state: state.clone() });
        let news = StatusChange { connection: handle, token, remote, state };
        self.endpoints[endpoint.0].statuses.push_back(news);
    }

    pub(crate) fn real_time_status(
        &self,
        endpoint: EndpointId,
        handle: ConnectionHandle,
        lanes: &mut [LaneStatus],
    ) -> Option<RealTimeStatus> {
        let half = self.halves.get(&handle).filter(|half| half.endpoint == endpoint)?;
        let (out, back) = (self.links.get(half.local, half.remote), self.links.get(half.remote, half.local));
        let connected = half.stage == Stage::Connected;
        let total = half.sender.figures(self.now, out.bandwidth, connected, lanes)?;
        let (out_packets_per_sec, out_bytes_per_sec) = half.sent.rates(self.now);
        let (in_packets_per_sec, in_bytes_per_sec) = half.received.rates(self.now);
        #[allow(clippy::cast_possible_truncation)] // A share.
        let quality = |loss: f64| if connected { (1.0 - loss) as f32 } else { -1.0 };
        let ping = self.links.round_trip(half.local, half.remote).as_millis();
        Some(RealTimeStatus {
            ping_ms: if connected { i32::try_from(ping).unwrap_or(i32::MAX) } else { -1 },
            quality_local: quality(back.loss),
            quality_remote: quality(out.loss),
            out_packets_per_sec,
            out_bytes_per_sec,
            in_packets_per_sec,
            in_bytes_per_sec,
            send_rate_bytes_per_sec: i32::try_from(out.bandwidth).unwrap_or(i32::MAX),
            pending_unreliable: total.pending_unreliable,
            pending_reliable: total.pending_reliable,
            sent_unacked_reliable: total.sent_unacked_reliable,
            queue_time_us: total.queue_time_us,
        })
    }
}
