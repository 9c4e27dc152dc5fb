//! Connecting, exchanging and closing under valgrind's memcheck: no invalid access, and nothing lost. `cargo xtask test`
//! sees to it that valgrind is there.

use local_steam_harness::lines::MARK;
use local_steam_harness::process::respawn_self_under;
use local_steam_harness::{Network, Process};

/// Ends with 9 if anything is wrong.
const MEMCHECK: &str = "valgrind --quiet --error-exitcode=9 --leak-check=full \
                        --errors-for-leak-kinds=definite,indirect \
                        --show-leak-kinds=definite,indirect --num-callers=30";

#[test]
fn a_whole_session_leaves_no_memory_behind() {
    let network = Network::new();
    let start = |role: &str, account| {
        let mut command = respawn_self_under(MEMCHECK, role);
        network.join(account, command.env("PACKETS", "300").env("SteamAppId", "480"));
        Process::start(role, MARK, &mut command)
    };
    let mut host = start("burst::hosts", 1);
    assert_eq!(host.line("a report"), "listening");
    let mut guest = start("burst::joins", 2);
    println!("{}", guest.line("a report"));
    guest.ends_well();
    host.ends_well();
}
