//! Graphs of a session in the editor's Monitors tab.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Instant;

use godot::classes::Performance;
use godot::prelude::*;
use peer_core::{Counters, Session};
use peer_steam::SteamTransport;

use crate::runtime::SharedSession;

type WeakSession = Weak<RefCell<Session<SteamTransport>>>;

/// The monitors of one session, which vanish with this.
#[derive(Debug, Default)]
pub(crate) struct Monitors {
    names: Vec<StringName>,
}

impl Monitors {
    /// Adds the session's monitors, in a category of its own.
    pub(crate) fn new(session: &SharedSession) -> Self {
        let mut monitors = Self::default();
        let category = free_category();
        let weak = Rc::downgrade(session);
        monitors.add(&category, "ping worst (ms)", &weak, |session| pings(session).fold(0.0, f64::max));
        monitors.add(&category, "ping mean (ms)", &weak, |session| {
            let (sum, count) =
                pings(session).fold((0.0, 0.0), |(sum, count), ping| (sum + ping, count + 1.0));
            if count > 0.0 { sum / count } else { 0.0 }
        });
        monitors.add(&category, "backlog (bytes)", &weak, |session| {
            let backlogs = session.peers().iter().filter_map(|peer| session.backlog_bytes(peer.id));
            to_float(backlogs.map(|bytes| bytes as u64).sum())
        });
        monitors.add_rate(&category, "packets in (per s)", &weak, |counters| counters.packets_in);
        monitors.add_rate(&category, "packets out (per s)", &weak, |counters| counters.packets_out);
        monitors.add_rate(&category, "bytes in (per s)", &weak, |counters| counters.bytes_in);
        monitors.add_rate(&category, "bytes out (per s)", &weak, |counters| counters.bytes_out);
        monitors
    }

    /// Removes them.
    pub(crate) fn clear(&mut self) {
        for name in self.names.drain(..) {
            Performance::singleton().remove_custom_monitor(&name);
        }
    }

    fn add(
        &mut self,
        category: &str,
        name: &'static str,
        session: &WeakSession,
        read: impl Fn(&Session<SteamTransport>) -> f64 + 'static,
    ) {
        let id = StringName::from(&format!("{category}/{name}"));
        let session = Weak::clone(session);
        let read = move |_: &[&Variant]| {
            // The engine may ask at any moment, in the midst of a session's work too.
            let session = session.upgrade();
            session.and_then(|session| session.try_borrow().map(|session| read(&session)).ok()).unwrap_or(0.0)
        };
        Performance::singleton().add_custom_monitor(&id, &Callable::from_fn(name, read));
        self.names.push(id);
    }

    /// A growing count, as a rate per second since it was last read.
    fn add_rate(
        &mut self,
        category: &str,
        name: &'static str,
        session: &WeakSession,
        count: impl Fn(Counters) -> u64 + 'static,
    ) {
        let last = Cell::new((
            Instant::now(),
            session.upgrade().map_or(0, |session| count(session.borrow().counters())),
        ));
        self.add(category, name, session, move |session| {
            let now = (Instant::now(), count(session.counters()));
            let before = last.replace(now);
            let seconds = (now.0 - before.0).as_secs_f64();
            if seconds > 0.0 { to_float(now.1.saturating_sub(before.1)) / seconds } else { 0.0 }
        });
    }
}

impl Drop for Monitors {
    fn drop(&mut self) {
        self.clear();
    }
}

fn pings(session: &Session<SteamTransport>) -> impl Iterator<Item = f64> + '_ {
    let statuses = session.peers().iter().filter_map(|peer| session.real_time_status(peer.id));
    statuses.map(|status| f64::from(status.ping_ms.max(0)))
}

/// `Steam Peer`, or with a number if there are several sessions.
fn free_category() -> String {
    let performance = Performance::singleton();
    let is_free = |category: &String| !performance.has_custom_monitor(&format!("{category}/backlog (bytes)"));
    let numbered = (2..).map(|number| format!("Steam Peer {number}"));
    std::iter::once("Steam Peer".to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

#[allow(clippy::cast_precision_loss, reason = "for a graph")]
fn to_float(count: u64) -> f64 {
    count as f64
}
