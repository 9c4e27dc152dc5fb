//! Debian's Godot with all libraries that it needs, unpacked in a folder of its own; nothing is installed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{output, succeeds};

/// The first suite of Debian with a Godot that is new enough. Its C library is newer than most systems',
/// which is why all libraries come along, and the loader with them.
const SUITE: &str = "forky";

const DEBIAN: &str = "http://deb.debian.org/debian";

/// Downloads and unpacks: see there.
const SCRIPT: &str = include_str!("debian.sh");

/// The launcher of the Godot in `folder`, fetched if it is not there yet; `check` says whether it is good.
pub(crate) fn fetched(folder: &Path, check: impl Fn(&Path) -> Result<()>) -> Result<PathBuf> {
    let launcher = folder.join("godot");
    if launcher.is_file() {
        check(&launcher).with_context(|| format!("remove {} to fetch it again", folder.display()))?;
        return Ok(launcher);
    }
    if !["apt-get", "dpkg"].into_iter().all(|program| succeeds(Command::new(program).arg("--version"))) {
        bail!("it can only be fetched where there is apt, as on Debian");
    }
    let parent = folder.parent().context("a folder in the cache has a parent")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    // Two that start at once would fetch everything twice; the lock goes with the process.
    let lock = parent.join("godot.lock");
    let lock = File::create(&lock).with_context(|| format!("cannot make {}", lock.display()))?;
    if lock.try_lock().is_err() {
        eprintln!("==> waiting for another process that is fetching Godot");
        lock.lock().context("cannot lock the cache")?;
    }
    if !launcher.is_file() {
        // Whatever a process that was killed has left there goes first.
        remove(&parent.join("godot.partial"))?;
        let scratch = tempfile::Builder::new().prefix("godot.partial").rand_bytes(0).tempdir_in(parent);
        let scratch = scratch.context("cannot create a folder in the cache")?;
        fetch(scratch.path())?;
        let root = scratch.path().join("root");
        check(&root.join("godot"))?;
        // A folder of that name without a launcher is the remains of one that was removed by hand.
        remove(folder)?;
        fs::rename(&root, folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    Ok(launcher)
}

/// Fetches Godot into a folder, from the first mirror that has it.
fn fetch(folder: &Path) -> Result<()> {
    eprintln!("==> no Godot found: fetching Debian's (about 170 MB, 520 MB unpacked, nothing is installed)");
    for mirror in mirrors()? {
        // Whoever asks where Godot is reads standard output.
        let mut script = Command::new("sh");
        script.args(["-eu", "-c", SCRIPT, SUITE, &mirror]).arg(folder).stdout(io::stderr());
        if script.status().context("cannot start a shell")?.success() {
            return Ok(());
        }
        eprintln!("==> cannot fetch it from {mirror}");
    }
    bail!("no mirror of Debian serves it")
}

/// The mirrors of Debian that this machine's apt is set to use, in their order and each once, then Debian's own, which
/// every network of Debian's mirrors stands behind.
fn mirrors() -> Result<Vec<String>> {
    // Without their release files, so that a list need not have been downloaded.
    let targets = ["indextargets", "--no-release-info", "--format", "$(REPO_URI)", "Created-By: Packages"];
    Ok(debian_mirrors(&output(Command::new("apt-get").args(targets))?))
}

/// The addresses that end in `/debian`, by which other distributions' mirrors and the archive of security updates are
/// passed over. A vendor's archive may end so, too: fetching from it fails, and the next is tried.
fn debian_mirrors(addresses: &str) -> Vec<String> {
    let mut mirrors: Vec<String> = Vec::new();
    for address in addresses.lines().chain([DEBIAN]) {
        let address = address.trim_end_matches('/');
        let is_debians = address.starts_with("http") && address.ends_with("/debian");
        if is_debians && !mirrors.iter().any(|known| known == address) {
            mirrors.push(address.to_owned());
        }
    }
    mirrors
}

/// Removes a folder, if there is one.
fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_of_debian_are_tried_once_each_and_debians_own_last() {
        let addresses = "https://one.example/debian/\nhttp://two.example/mirrors/debian\nhttps://one.example/debian\n\
                         http://security.example/debian-security/\nhttp://archive.example/ubuntu/\nfile:/srv/debian/\n";
        let expected = ["https://one.example/debian", "http://two.example/mirrors/debian", DEBIAN];
        assert_eq!(debian_mirrors(addresses), expected);
        assert_eq!(debian_mirrors(""), [DEBIAN]);
    }
}
