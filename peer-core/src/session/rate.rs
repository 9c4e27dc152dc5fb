//! Send rates: a few times a second, the connections that send much are looked at, and their rates set.
//!
//! The session owns the schedule of this; what is done when its time has come is a method of the session.

use crate::congestion::Sample;
use crate::limits::{DEFAULT_SEND_RATE, SEND_RATE_INTERVAL};
use crate::session::Session;
use crate::time::Time;
use crate::transport::Transport;

/// A connection on which more than this share of what it can send in a second was put since the last look may be held back
/// by its rate.
const BUSY_SHARE: usize = 25;

/// When send rates are looked at.
#[derive(Debug, Default)]
pub(super) struct SendRates {
    next: Time,
    /// Whether a connection had a backlog at the last poll. The first one is looked at without delay.
    was_backlogged: bool,
}

impl<T: Transport> Session<T> {
    /// Asks Steam about the connections that may be held back by their send rate, and sets the rates that their controllers
    /// find. The others cost nothing, but a comparison each ten times a second.
    #[inline]
    pub(super) fn poll_send_rates(&mut self) {
        let is_backlogged = !self.drain.is_empty();
        let is_first_backlog = is_backlogged && !self.send_rates.was_backlogged;
        self.send_rates.was_backlogged = is_backlogged;
        if self.now >= self.send_rates.next || is_first_backlog {
            self.update_send_rates();
        }
    }

    #[inline(never)]
    fn update_send_rates(&mut self) {
        let Self { roster, connections, transport, settings, now, .. } = self;
        let now = *now;
        let mut interval = SEND_RATE_INTERVAL;
        for peer in roster.peers() {
            let connection = &mut connections[peer.key];
            let Some(handle) = connection.handle else { continue };
            let half = &mut connection.send;
            let put = half.poll_put_bytes();
            let is_busy = half.is_backlogged() || put > half.rate / BUSY_SHARE;
            if !is_busy && connection.rate.is_none() {
                continue;
            }
            let Some(status) = transport.real_time_status(handle, &mut []) else { continue };
            if settings.adaptive_send_rate {
                let controller = connection.rate.get_or_insert_default();
                let before = controller.rate();
                let (put_bytes, is_backlogged) = (half.total_put_bytes, half.is_backlogged());
                let sample = Sample { now, put_bytes, is_backlogged, status: &status };
                controller.update(&sample, settings.max_send_rate);
                let rate = controller.rate();
                if rate == before || transport.set_send_rate(handle, rate) {
                    half.rate = rate;
                    interval = interval.min(controller.interval());
                    if !controller.is_active() {
                        connection.rate = None;
                    }
                    continue;
                }
            } else if connection.rate.is_some() {
                transport.set_send_rate(handle, DEFAULT_SEND_RATE);
            }
            // The rate is not ours.
            connection.rate = None;
            half.rate = usize::try_from(status.send_rate_bytes_per_sec).unwrap_or(0);
        }
        self.send_rates.next = now + interval;
    }
}
