//! What everything on a network runs on: the clock and what it will bring, chance, the links, the settings.

use std::time::Duration;

use peer_core::{SteamId, Time};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::event::{Event, Events};
use crate::faults::Links;
use crate::settings::NetworkSettings;

pub(crate) struct Env {
    pub(crate) now: Time,
    pub(crate) rng: StdRng,
    pub(crate) events: Events,
    pub(crate) settings: NetworkSettings,
    pub(crate) links: Links,
    pub(crate) trace: Option<Vec<(Time, String)>>,
}

impl Env {
    pub(crate) fn new(seed: u64, settings: NetworkSettings) -> Self {
        Self {
            now: Time::ZERO,
            rng: StdRng::seed_from_u64(seed),
            events: Events::default(),
            settings,
            links: Links::default(),
            trace: None,
        }
    }

    pub(crate) fn schedule(&mut self, at: Time, event: impl Into<Event>) {
        self.events.schedule(at, event.into());
    }

    /// How long a datagram of so many bytes takes that is sent now, or `None` if it gets lost.
    pub(crate) fn datagram_delay(&mut self, bytes: u32, from: SteamId, to: SteamId) -> Option<Duration> {
        self.links.datagram_delay(&mut self.rng, self.now, bytes, from, to)
    }

    /// Notes what happened, if anybody wants to know.
    pub(crate) fn trace(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push((self.now, what()));
        }
    }
}
