//! The conformance suite over Local Steam: every endpoint is a process of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use conformance::TestBed;
use local_steam_harness::{Network, Process, steam_id};
use peer_core::SteamId;

use crate::remote::{RemoteTransport, ask};
use crate::worker::Call;

struct OverLocalSteam {
    network: Network,
    started: Instant,
    processes: BTreeMap<SteamId, Rc<RefCell<Process>>>,
}

/// The suite says what all of its networks do: a refused port, and dials that cross, are as in memory.
fn bed() -> OverLocalSteam {
    OverLocalSteam {
        network: Network::new().with_strict("late-callbacks"),
        started: Instant::now(),
        processes: BTreeMap::new(),
    }
}

impl TestBed for OverLocalSteam {
    type Transport = RemoteTransport;

    fn endpoint(&mut self, user: SteamId) -> RemoteTransport {
        let account = u32::try_from(user.0 - steam_id(0)).expect("an account");
        let transport = RemoteTransport::start(&self.network, account);
        self.processes.insert(user, Rc::clone(&transport.process));
        transport
    }

    fn sibling(&mut self, of: &RemoteTransport) -> RemoteTransport {
        of.sibling()
    }

    fn advance(&mut self) {
        // A frame of every process. It takes them a millisecond or two to wait for it.
        for process in self.processes.values() {
            ask::<()>(process, &Call::Frame);
        }
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn kill(&mut self, user: SteamId) {
        if let Some(process) = self.processes.get(&user) {
            process.borrow_mut().kill();
        }
    }
}

conformance::conformance_tests!(bed());
