//! Debian's Godot with all libraries that it needs, unpacked in a folder of its own; nothing is installed.

use std::ffi::OsString;
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

/// Where Debian's keys are kept; the ending changed between releases.
const KEYRINGS: [&str; 2] =
    ["/usr/share/keyrings/debian-archive-keyring.pgp", "/usr/share/keyrings/debian-archive-keyring.gpg"];

/// The launcher of the Godot in `folder`, fetched if it is not there yet; `check` says whether it is good.
pub(crate) fn fetched(folder: &Path, check: impl Fn(&Path) -> Result<()>) -> Result<PathBuf> {
    let launcher = folder.join("godot");
    if launcher.is_file() {
        check(&launcher).with_context(|| format!("remove {} to fetch it again", folder.display()))?;
        return Ok(launcher);
    }
    if !succeeds(Command::new("apt-get").arg("--version")) || !succeeds(Command::new("dpkg").arg("--version"))
    {
        bail!("and only where there is apt, as on Debian, can it be fetched");
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
        let root = scratch.path().join("root");
        fetch(scratch.path(), &root)?;
        check(&root.join("godot"))?;
        // A folder of that name without a launcher is the remains of one that was removed by hand.
        remove(folder)?;
        fs::rename(&root, folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    Ok(launcher)
}

/// Fetches Godot from the first mirror that has it and unpacks it into `root`.
fn fetch(scratch: &Path, root: &Path) -> Result<()> {
    let keyring = KEYRINGS.into_iter().find(|keyring| Path::new(keyring).is_file());
    let keyring = keyring.context("Debian's keys are missing: install the package debian-archive-keyring")?;
    let architecture = output(Command::new("dpkg").arg("--print-architecture"))?.trim().to_owned();
    eprintln!("==> no Godot found: fetching Debian's (about 170 MB, 520 MB unpacked, nothing is installed)");
    let mut failure = None;
    for mirror in mirrors()? {
        let source = format!(
            "Types: deb\nURIs: {mirror}\nSuites: {SUITE}\nComponents: main\nArchitectures: {architecture}\nSigned-By: \
             {keyring}\n"
        );
        match download(scratch, &source) {
            Ok(packages) => return unpack(&packages, root),
            Err(error) => {
                eprintln!("{mirror} does not serve: {error:#}");
                failure = Some(error);
            }
        }
    }
    Err(failure.expect("Debian's own mirror is always tried"))
}

/// Downloads Godot and everything that it depends on with an apt that knows of no installed package;
/// returns the packages' files.
fn download(scratch: &Path, source: &str) -> Result<Vec<PathBuf>> {
    let apt = scratch.join("apt");
    remove(&apt)?;
    for folder in ["lists/partial", "archives/partial", "dpkg"] {
        fs::create_dir_all(apt.join(folder)).context("cannot make apt's folders")?;
    }
    fs::write(apt.join("forky.sources"), source).context("cannot write apt's sources")?;
    // Apt's locks lie beside this file, too.
    fs::write(apt.join("dpkg/status"), "").context("cannot write apt's status")?;
    apt_get(&apt, "refreshing a private list of packages", &["update"])?;
    apt_get(
        &apt,
        "fetching Godot and its libraries",
        &["install", "--yes", "--download-only", "--no-install-recommends", "godot"],
    )?;
    files_ending(&apt.join("archives"), "deb")
}

fn apt_get(apt: &Path, what: &str, args: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    // The configuration for the system's own apt stays in force as far as it says how to reach a mirror.
    for (option, value) in [
        ("Dir::Etc::sourcelist", apt.join("forky.sources")),
        ("Dir::Etc::sourceparts", "/dev/null".into()),
        ("Dir::Etc::preferences", "/dev/null".into()),
        ("Dir::Etc::preferencesparts", "/dev/null".into()),
        ("Dir::State", apt.to_owned()),
        ("Dir::State::lists", apt.join("lists")),
        ("Dir::State::status", apt.join("dpkg/status")),
        ("Dir::Cache", apt.to_owned()),
        ("Dir::Cache::archives", apt.join("archives")),
        // Otherwise a failed download is a warning.
        ("APT::Update::Error-Mode", "any".into()),
        // Root's apt downloads as another user, who cannot write to root's cache.
        ("APT::Sandbox::User", "root".into()),
        ("Acquire::Languages", "none".into()),
    ] {
        let mut pair = OsString::from(format!("{option}="));
        pair.push(value);
        command.arg("-o").arg(pair);
    }
    // Whoever asks where Godot is reads standard output.
    let command = command.args(args).stdout(io::stderr()).env("DEBIAN_FRONTEND", "noninteractive");
    eprintln!("==> {what}");
    let status = command.status().context("cannot start apt-get")?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// Unpacks the packages over each other and adds the launcher.
fn unpack(packages: &[PathBuf], root: &Path) -> Result<()> {
    eprintln!("==> unpacking {} packages", packages.len());
    fs::create_dir_all(root).context("cannot make a folder to unpack in")?;
    for package in packages {
        let name = package.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let status = Command::new("dpkg").arg("-x").arg(package).arg(root).stdout(io::stderr()).status();
        let status = status.context("cannot start dpkg")?;
        if !status.success() {
            bail!("cannot unpack {name} ({status})");
        }
    }
    let launcher = root.join("godot");
    fs::write(&launcher, launcher_text(&loader(root)?)).context("cannot write the launcher")?;
    output(Command::new("chmod").arg("+x").arg(&launcher)).context("cannot make the launcher run")?;
    Ok(())
}

/// The loader that came with the C library, as a path within `root`: `usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2`.
fn loader(root: &Path) -> Result<String> {
    let libraries = root.join("usr/lib");
    for entry in fs::read_dir(&libraries).context("the packages hold no libraries")? {
        let folder = entry.context("cannot list the libraries")?;
        let triple = folder.file_name().to_string_lossy().into_owned();
        if !triple.ends_with("-linux-gnu") {
            continue;
        }
        for entry in fs::read_dir(folder.path()).context("cannot list the libraries")? {
            let name = entry.context("cannot list the libraries")?.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("ld-linux-") {
                return Ok(format!("usr/lib/{triple}/{name}"));
            }
        }
    }
    bail!("the packages hold no loader")
}

/// A script that runs Godot through its own loader. The loader's `--library-path` takes the place of
/// `LD_LIBRARY_PATH`, so what that says goes in front: it is how Local Steam is put before Valve's library.
fn launcher_text(loader: &str) -> String {
    let libraries = loader.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!(
        r#"#!/bin/sh
# Debian's Godot with its own loader and libraries, from any folder and under any name.
root=$(dirname "$(readlink -f "$0")")
lib=$root/{libraries}
exec "$root/{loader}" \
	--library-path "${{LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}}$lib:$lib/pulseaudio:$lib/blas:$lib/lapack" \
	"$root/usr/bin/godot" "$@"
"#
    )
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

/// The files in a folder whose names have this ending, sorted.
fn files_ending(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let paths: io::Result<Vec<_>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.with_context(|| format!("cannot list {}", folder.display()))?;
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    paths.sort();
    Ok(paths)
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

    #[test]
    fn the_launcher_puts_the_callers_libraries_first_and_keeps_the_arguments() {
        let text = launcher_text("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
        assert!(text.starts_with("#!/bin/sh\n"));
        assert!(text.contains("lib=$root/usr/lib/x86_64-linux-gnu\n"), "{text}");
        assert!(text.contains("exec \"$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2\" \\\n"), "{text}");
        assert!(text.contains(r#""${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$lib:"#), "{text}");
        assert!(text.ends_with("\"$root/usr/bin/godot\" \"$@\"\n"), "{text}");
    }
}
