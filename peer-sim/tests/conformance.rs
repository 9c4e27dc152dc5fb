//! The suite over the network in memory, as kind and as hard as Steam may be.

use std::time::Duration;

use conformance::TestBed;
use peer_core::SteamId;
use peer_sim::{Network, NetworkSettings, SimTransport};

struct InMemory(Network);

fn bed(settings: NetworkSettings) -> InMemory {
    InMemory(Network::with_settings(7, settings))
}

impl TestBed for InMemory {
    type Transport = SimTransport;

    fn endpoint(&mut self, user: SteamId) -> SimTransport {
        self.0.endpoint(user)
    }

    fn sibling(&mut self, of: &SimTransport) -> SimTransport {
        of.sibling()
    }

    fn advance(&mut self) {
        self.0.advance(Duration::from_millis(1));
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.0.now().as_micros())
    }

    fn kill(&mut self, user: SteamId) {
        self.0.kill(user);
    }
}

mod kind {
    use super::*;

    conformance::conformance_tests!(bed(NetworkSettings::kind()));
}

mod hardest {
    use super::*;

    conformance::conformance_tests!(bed(NetworkSettings::hardest()));
}
