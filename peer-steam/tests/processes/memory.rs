//! Connecting, exchanging and closing under valgrind's memcheck: no invalid access, and nothing lost. `cargo xtask test`
//! sees to it that valgrind is there.

use tempfile::TempDir;

use crate::library::{again_under, local_steam};
use crate::roles::Actor;

/// Ends with 9 if anything is wrong.
const MEMCHECK: &str = "valgrind --quiet --error-exitcode=9 --leak-check=full \
                        --errors-for-leak-kinds=definite,indirect \
                        --show-leak-kinds=definite,indirect --num-callers=30";

#[test]
fn a_whole_session_leaves_no_memory_behind() {
    let dir = TempDir::new().unwrap();
    let start = |role: &str, account| {
        let command = again_under(MEMCHECK, role, &local_steam());
        Actor::spawn(command, role, dir.path(), account, &[("PACKETS", "300")])
    };
    let host = start("burst::hosts", 1);
    assert_eq!(host.line(), "listening");
    let guest = start("burst::joins", 2);
    println!("{}", guest.line());
    guest.ends_well();
    host.ends_well();
}
