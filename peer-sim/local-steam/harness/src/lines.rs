//! What a worker process does: it runs a role, reads requests line by line on stdin, and reports line by line on
//! stdout.

use std::fmt::Arguments;
use std::io::Write as _;
use std::sync::mpsc::{Receiver, channel};

/// Every line that a worker has for its test begins with this, which distinguishes it from what else is printed.
pub const MARK: &str = "@";

/// Set to its role in a worker's environment.
pub(crate) const ROLE: &str = "STEAM_WORKER_ROLE";

/// What this process was started to do; `None` if it is no worker.
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Makes the test in which a respawned test binary runs its role: `workers! { burst::hosts, burst::joins }`. To be
/// invoked at the root of the test binary.
#[macro_export]
macro_rules! workers {
    ($($module:ident::$function:ident),* $(,)?) => {
        #[test]
        #[ignore = "runs the worker processes of the other tests"]
        fn worker_process() {
            $crate::lines::run_role(&[
                $((concat!(stringify!($module), "::", stringify!($function)), $module::$function),)*
            ]);
        }
    };
}

/// Runs this process' role if it has one.
///
/// # Panics
/// If the role is not among those listed.
pub fn run_role(roles: &[(&str, fn())]) {
    let Some(role) = role() else { return };
    // libtest has begun a line.
    println!();
    let (_, run) = roles.iter().find(|(name, _)| *name == role).expect("a role listed in `workers!`");
    run();
}

/// Reports a line to the test that started this worker.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => { $crate::lines::say(format_args!($($text)*)) };
}

/// See [`say!`].
pub fn say(text: Arguments<'_>) {
    // In one write, so that the lines of two threads do not mix.
    let line = format!("{MARK}{text}\n");
    let mut out = std::io::stdout().lock();
    // If the test is gone, so is stdin, by which this worker ends.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

/// The requests to this worker, a line each, read by a thread of their own. It is disconnected at the end of stdin.
pub fn requests() -> Receiver<String> {
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    requests
}
