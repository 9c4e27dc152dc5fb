//! A test's end of a worker.

use std::collections::VecDeque;

use local_steam_harness::{Network, Process as Worker};

/// A process of a network that makes the calls it is asked for, and reports events unasked.
pub(crate) struct Process {
    worker: Worker,
    events: VecDeque<Vec<String>>,
}

impl Process {
    /// Starts a process, which has not initialised Steam.
    pub(crate) fn idle(network: &Network, env: &[(&str, &str)]) -> Self {
        let mut command = network.worker("worker::run", 1);
        // What is milder than Steam may be is tested here, and so is what is not: `strict`.
        command.env_remove("LOCAL_STEAM_ID").env("LOCAL_STEAM_STRICT", "0").envs(env.iter().copied());
        let name = format!("worker {env:?}");
        let worker = Worker::start(&name, local_steam_harness::lines::MARK, &mut command);
        Self { worker, events: VecDeque::new() }
    }

    /// Starts a process that is on Steam.
    pub(crate) fn start(network: &Network, env: &[(&str, &str)]) -> Self {
        let mut process = Self::idle(network, env);
        assert_eq!(process.ask("init")[0], "ok");
        process
    }

    /// Starts a process that is on Steam under an account.
    pub(crate) fn account(network: &Network, account: u32) -> Self {
        Self::start(network, &[("LOCAL_STEAM_ID", &account.to_string())])
    }

    /// Makes a request and waits for its answer.
    pub(crate) fn ask(&mut self, request: &str) -> Vec<String> {
        self.send_ahead(request);
        loop {
            let line = self.worker.line(request);
            match line.strip_prefix("= ") {
                Some(reply) => return words(reply),
                None => self.events.push_back(words(&line)),
            }
        }
    }

    /// Makes a request without waiting for the answer, which nobody may ask for any more.
    pub(crate) fn send_ahead(&mut self, request: &str) {
        self.worker.tell(request);
    }

    /// The answer to a request, as a number.
    pub(crate) fn number(&mut self, request: &str) -> u64 {
        let reply = self.ask(request);
        reply[0].parse().unwrap_or_else(|_| panic!("{request}: {reply:?} is no number"))
    }

    /// Waits for an event that begins with these words. Others keep their place.
    pub(crate) fn expect(&mut self, beginning: &str) -> Vec<String> {
        let first = words(beginning);
        loop {
            if let Some(index) = self.events.iter().position(|event| event.starts_with(&first)) {
                return self.events.remove(index).unwrap();
            }
            let line = self.worker.line(beginning);
            self.events.push_back(words(&line));
        }
    }

    /// The events up to now that nobody waited for.
    pub(crate) fn rest(&mut self) -> Vec<Vec<String>> {
        self.ask("nothing");
        self.events.drain(..).collect()
    }

    /// Kills it, as a crash does: nothing more runs in it.
    pub(crate) fn kill(mut self) {
        self.worker.kill();
    }

    /// Lets it end by itself; what it has printed to stderr.
    pub(crate) fn quit(mut self) -> Vec<String> {
        self.worker.ends_well();
        self.worker.stderr().into_iter().map(str::to_owned).collect()
    }
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}
