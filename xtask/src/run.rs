//! Running other programs, and saying so.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The workspace's root folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace's root")
}

/// The cargo that runs this program, in the workspace's root.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    command
}

/// A nightly cargo, in the workspace's root. Only rustup's `cargo` understands `+nightly`, and
/// `$CARGO` names the one behind it, so this one comes from PATH.
pub(crate) fn cargo_nightly(args: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.arg("+nightly").args(args).current_dir(root());
    command
}

/// Announces a step in one line and runs it; the error names the step.
pub(crate) fn step(what: &str, command: &mut Command) -> Result<()> {
    eprintln!("==> {what}: {}", line(command));
    let status = command.status().with_context(|| format!("{what}: cannot start {}", program(command)))?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// What a command prints, for commands whose output is read rather than shown.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = line(command);
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        bail!("{shown} failed ({})", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{shown} printed text that is not UTF-8"))
}

/// Whether a command runs and succeeds; nothing is shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Installs `cargo-NAME` unless `cargo NAME` already runs.
pub(crate) fn need_cargo_tool(name: &str) -> Result<()> {
    if succeeds(&mut cargo(&[name, "--version"])) {
        return Ok(());
    }
    let package = format!("cargo-{name}");
    step(
        &format!("{package} is missing, installing it (takes minutes)"),
        &mut cargo(&["install", "--locked", &package]),
    )
}

/// Adds a component of Rust's that a minimal installation lacks, unless its command already runs.
pub(crate) fn need_component(command: &str, component: &str) -> Result<()> {
    if succeeds(&mut cargo(&[command, "--version"])) {
        return Ok(());
    }
    step(&format!("{component} is missing"), Command::new("rustup").args(["component", "add", component]))
}

/// Cargo's target folder, wherever the environment or a configuration file puts it.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = metadata(&["--no-deps"])?;
    let dir = metadata["target_directory"].as_str().context("cargo metadata names no target folder")?;
    Ok(dir.into())
}

/// What `cargo metadata` prints with these arguments.
pub(crate) fn metadata(args: &[&str]) -> Result<serde_json::Value> {
    let text = output(cargo(&["metadata", "--format-version=1"]).args(args))?;
    serde_json::from_str(&text).context("cannot read cargo metadata")
}

/// A command as one would type it.
fn line(command: &Command) -> String {
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    std::iter::once(program(command).into()).chain(args).collect::<Vec<_>>().join(" ")
}

/// The program's name without its folder.
fn program(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_without_its_folder_and_a_failing_step_is_named() {
        let mut command = Command::new("/opt/toolchain/bin/cargo");
        assert_eq!(line(command.args(["fmt", "--all"])), "cargo fmt --all");
        let error = step("linting", &mut cargo(&["no-such-command"])).unwrap_err();
        assert!(error.to_string().starts_with("linting failed"), "{error}");
        let error = step("testing", &mut Command::new("no-such-program-anywhere")).unwrap_err();
        assert_eq!(error.to_string(), "testing: cannot start no-such-program-anywhere");
    }
}
