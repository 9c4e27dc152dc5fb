//! What has to be installed to build for a target, and saying so in one line if it is not.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, output, succeeds};

/// The target of this machine.
pub(super) fn host() -> Result<String> {
    let version = output(rustc().arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what it runs on")?.to_owned())
}

/// Checks that Rust can compile and link for a target; returns the variable that tells cargo of the linker,
/// where cargo would take the wrong one.
pub(super) fn need(target: &str) -> Result<Option<(String, &'static str)>> {
    let host = host()?;
    if target == host {
        return Ok(None);
    }
    let variable = linker_variable(target);
    let linker = if std::env::var_os(&variable).is_some() { None } else { linker(&host, target)? };
    need_standard_library(target)?;
    let Some((program, package)) = linker else { return Ok(None) };
    if !succeeds(Command::new(program).arg("--version")) {
        bail!("the linker for {target} is missing: install {program} (Debian: {package}) or set {variable}");
    }
    Ok(Some((variable, program)))
}

pub(super) fn need_standard_library(target: &str) -> Result<()> {
    let standard_library = output(rustc().args(["--print", "target-libdir", "--target", target]))?;
    if !Path::new(standard_library.trim()).is_dir() {
        bail!("Rust's standard library for {target} is missing: run `rustup target add {target}`");
    }
    Ok(())
}

/// Whether `cargo zigbuild` and zig are there, which link for an older glibc than the system's.
pub(super) fn has_zig() -> bool {
    let has_tool = succeeds(&mut cargo(&["zigbuild", "--help"]));
    let programs: [(&str, &[&str]); 3] =
        [("zig", &["version"]), ("python-zig", &["version"]), ("python3", &["-m", "ziglang", "version"])];
    has_tool && programs.iter().any(|(program, args)| succeeds(Command::new(program).args(*args)))
}

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

fn linker_variable(target: &str) -> String {
    format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"))
}

/// The linker for another target than the host's own, and Debian's package of it; none where the one of
/// the host serves.
fn linker(host: &str, target: &str) -> Result<Option<(&'static str, &'static str)>> {
    match target {
        "x86_64-unknown-linux-gnu" => Ok(Some(("x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu"))),
        "aarch64-unknown-linux-gnu" => Ok(Some(("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"))),
        "x86_64-pc-windows-gnu" => Ok(Some(("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"))),
        "x86_64-pc-windows-msvc" if !host.contains("windows") => {
            bail!("{target} is linked on Windows only: use x86_64-pc-windows-gnu here")
        }
        _ if target.contains("apple") && !host.contains("apple") => bail!("{target} is linked on macOS only"),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_target_has_a_linker_of_its_own_or_needs_its_system() {
        let of = |host, target| linker(host, target).map_err(|error| error.to_string());
        let linux = "x86_64-unknown-linux-gnu";
        let arm = ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu");
        assert_eq!(of(linux, "aarch64-unknown-linux-gnu"), Ok(Some(arm)));
        assert_eq!(
            linker_variable("aarch64-unknown-linux-gnu"),
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER"
        );
        let error = "aarch64-apple-darwin is linked on macOS only".to_owned();
        assert_eq!(of(linux, "aarch64-apple-darwin"), Err(error));
        let error = of(linux, "x86_64-pc-windows-msvc").unwrap_err();
        assert!(error.contains("use x86_64-pc-windows-gnu"), "{error}");
        assert_eq!(of("aarch64-apple-darwin", "x86_64-apple-darwin"), Ok(None));
    }
}
