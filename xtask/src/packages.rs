//! The system's packages that Valve's networking sockets are built with, behind Local Steam, and valgrind for its tests.

use std::process::Command;

use anyhow::{Result, bail};

use crate::run::{output, step, succeeds};

/// By Debian's names.
const DEBIAN: [&str; 9] = [
    "cmake",
    "g++",
    "libclang-dev",
    "libprotobuf-dev",
    "libssl-dev",
    "make",
    "pkg-config",
    "protobuf-compiler",
    "valgrind",
];

/// Installs what is missing on Debian and its like, saying what; elsewhere names it.
pub(crate) fn need() -> Result<()> {
    if !succeeds(Command::new("apt-get").arg("--version")) {
        return check_programs();
    }
    let missing: Vec<_> = DEBIAN.into_iter().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root() {
        bail!("these packages are missing: run `sudo apt-get install {}`", missing.join(" "));
    }
    step("refreshing the package lists", Command::new("apt-get").args(["update", "-q"]))?;
    let install = ["install", "-q", "-y", "--no-install-recommends"];
    step(
        &format!("installing {}", missing.join(" ")),
        Command::new("apt-get").args(install).args(&missing).env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn is_installed(package: &str) -> bool {
    // `dpkg-query` fails for a package that it has never heard of.
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    query.output().is_ok_and(|answer| answer.status.success() && answer.stdout == b"installed")
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Where packages have other names, what can be asked is whether the programs are there.
fn check_programs() -> Result<()> {
    let programs = ["cmake", "protoc", "pkg-config"];
    let missing: Vec<_> =
        programs.into_iter().filter(|program| !succeeds(Command::new(program).arg("--version"))).collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "{} not found: Local Steam is built with cmake, a C++ compiler, make, pkg-config, libclang, protobuf (compiler \
         and headers) and OpenSSL's headers; install them with your system's package manager",
        missing.join(", ")
    )
}
