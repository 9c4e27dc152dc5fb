//! On a machine without a network.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use local_steam_harness::Process;
use local_steam_harness::lines::MARK;
use local_steam_harness::network::forget_steam;
use local_steam_harness::process::respawn_self;

use super::connections;

/// What a machine answers that allows no network namespace.
const NOT_ALLOWED: i32 = 77;

/// The role of the process that has a loopback interface only.
pub(crate) fn connects() {
    connections::a_client_connects_and_both_know_who_it_is();
}

#[test]
fn with_a_loopback_interface_only() {
    let mut command = respawn_self("loopback::connects");
    forget_steam(&mut command);
    isolate(&mut command);
    let mut process = Process::start("a loopback interface", MARK, &mut command);
    let status = process.end();
    if status.code() == Some(NOT_ALLOWED) {
        eprintln!("this machine allows no network namespace: not tested");
        return;
    }
    assert!(status.success(), "{status}");
}

/// Has a process start in a network namespace of its own, in which only a loopback interface is up.
fn isolate(command: &mut Command) {
    // SAFETY: between fork and exec only system calls are made.
    unsafe {
        command.pre_exec(|| {
            if libc::unshare(libc::CLONE_NEWNET) != 0
                && libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET) != 0
            {
                libc::_exit(NOT_ALLOWED);
            }
            let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0);
            let mut request: libc::ifreq = std::mem::zeroed();
            request.ifr_name[0] = b'l'.cast_signed();
            request.ifr_name[1] = b'o'.cast_signed();
            request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
            if libc::ioctl(socket, libc::SIOCSIFFLAGS, &request) != 0 {
                libc::_exit(NOT_ALLOWED);
            }
            libc::close(socket);
            Ok(())
        });
    }
}
