//! `cargo xtask engine`: where a Godot is that the addon runs in.

mod debian;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The first version whose extension interface the addon is built for.
pub(crate) const OLDEST: Version = Version { major: 4, minor: 4 };

const WHERE_TO_GET_IT: &str = "get it from godotengine.org and set GODOT to the program's path";

/// Prints the path of a Godot, and nothing else, so that a script can run `$(cargo xtask engine)`.
pub(crate) fn run() -> Result<()> {
    println!("{}", find()?.display());
    Ok(())
}

/// The Godot to run: the one that `GODOT` names, else one in PATH, else Debian's, which is fetched once.
pub(crate) fn find() -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("GODOT").filter(|program| !program.is_empty()) {
        let program = named(&program)?;
        let version = version_of(&program).context("GODOT names a program that does not run as Godot")?;
        if version < OLDEST {
            bail!("GODOT names Godot {version}, but the addon needs {OLDEST} or later: {WHERE_TO_GET_IT}");
        }
        return Ok(program);
    }
    for program in programs_in_path(["godot", "godot4"]) {
        match version_of(&program) {
            Ok(version) if version >= OLDEST => return Ok(program),
            Ok(version) => {
                eprintln!("==> {} is skipped: it is Godot {version}, {OLDEST} is needed", program.display());
            }
            Err(error) => eprintln!("==> {} is skipped: {error:#}", program.display()),
        }
    }
    let folder = cache_dir()?.join("steam-peer").join("godot");
    let launcher = debian::fetched(&folder, |launcher| {
        let version = version_of(launcher)?;
        if version < OLDEST {
            bail!("Debian's Godot is {version}, but the addon needs {OLDEST} or later");
        }
        Ok(())
    });
    launcher.with_context(|| format!("no Godot {OLDEST} or later found ({WHERE_TO_GET_IT})"))
}

/// Godot's version, without its patch level, which never changes the extension interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// What `godot --version` prints: `4.6.3.stable.debian.0123abc`, `4.4.stable.official.0123abc`.
    /// Drivers and wrapper scripts may print lines of their own before it.
    fn parse(printed: &str) -> Option<Self> {
        printed.lines().rev().find_map(|line| {
            let mut parts = line.trim().trim_start_matches('v').split('.');
            let major = parts.next()?.parse().ok()?;
            let minor = parts.next()?.parse().ok()?;
            Some(Self { major, minor })
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// Asks a program for its version.
fn version_of(program: &Path) -> Result<Version> {
    let mut command = Command::new(program);
    command.args(["--headless", "--version"]).stdin(Stdio::null());
    let answer = command.output().with_context(|| format!("cannot start {}", program.display()))?;
    let printed = String::from_utf8_lossy(&answer.stdout);
    // Godot itself ends with something else than 0 after `--version` in some versions.
    Version::parse(&printed).with_context(|| {
        let complaint = String::from_utf8_lossy(&answer.stderr);
        let complaint = complaint.lines().next().unwrap_or("it prints no version");
        format!("{} is not a Godot that runs here: {complaint}", program.display())
    })
}

/// The program that `GODOT` names: by a path, or by a name to be looked for in PATH as a shell would.
fn named(program: &OsStr) -> Result<PathBuf> {
    if Path::new(program).components().count() == 1
        && let Some(name) = program.to_str()
        && let Some(program) = programs_in_path([name]).into_iter().next()
    {
        return Ok(program);
    }
    std::path::absolute(program).context("GODOT names no file")
}

/// Every program of these names, in the order of PATH.
fn programs_in_path<const N: usize>(names: [&str; N]) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))));
    candidates.filter(|program| program.is_file()).collect()
}

/// The user's folder for what can be fetched again.
fn cache_dir() -> Result<PathBuf> {
    // The specification of base directories says to ignore a relative one.
    let set = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    if let Some(dir) = set {
        return Ok(dir);
    }
    let home = std::env::home_dir().context("there is no home folder to keep a fetched Godot in")?;
    Ok(home.join(".cache"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_godot_prints_them_and_compare_as_numbers() {
        for (printed, expected) in [
            ("4.6.3.stable.debian.1a2b3c\n", Some((4, 6))),
            ("4.10.dev2.custom_build\r\n", Some((4, 10))),
            // A wrapper may print something before.
            ("Using the discrete GPU.\n4.5.1.stable.official\n", Some((4, 5))),
            ("", None),
            ("GODOT: command not found", None),
            ("4", None),
        ] {
            let expected = expected.map(|(major, minor)| Version { major, minor });
            assert_eq!(Version::parse(printed), expected, "{printed}");
        }
        assert!(Version { major: 4, minor: 10 } > OLDEST && Version { major: 4, minor: 3 } < OLDEST);
        assert!(Version { major: 3, minor: 6 } < OLDEST);
    }
}
