//! The conformance suite over Local Steam: every endpoint is a process of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use peer_core::SteamId;
use conformance::TestBed;
use tempfile::TempDir;

use crate::codec::Writer;
use crate::process::Process;
use crate::puppet::call;
use crate::remote::RemoteTransport;

struct OverLocalSteam {
    dir: TempDir,
    started: Instant,
    processes: BTreeMap<SteamId, Rc<RefCell<Process>>>,
}

fn bed() -> OverLocalSteam {
    let dir = TempDir::new().expect("a folder for the network");
    OverLocalSteam { dir, started: Instant::now(), processes: BTreeMap::new() }
}

impl TestBed for OverLocalSteam {
    type Transport = RemoteTransport;

    fn endpoint(&mut self, user: SteamId) -> RemoteTransport {
        let process = Rc::new(RefCell::new(Process::start(self.dir.path(), user, &[])));
        self.processes.insert(user, Rc::clone(&process));
        RemoteTransport { process, number: 0 }
    }

    fn sibling(&mut self, of: &RemoteTransport) -> RemoteTransport {
        of.sibling()
    }

    fn advance(&mut self) {
        // A frame of every process. It takes them a millisecond or two to wait for it.
        for process in self.processes.values() {
            process.borrow_mut().ask(Writer::default().u8(call::FRAME));
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
