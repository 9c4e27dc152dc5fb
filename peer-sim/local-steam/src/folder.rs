//! The network's directory, and files in it that only its owner can read: what is specific to an operating system.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom as _, SystemRandom};

/// Where processes meet when the environment does not say: one place per user.
pub(crate) fn default() -> PathBuf {
    // The folders for what a user's programs keep while they run, on Linux and on Windows.
    let own = ["XDG_RUNTIME_DIR", "LOCALAPPDATA"].into_iter().filter_map(std::env::var_os);
    match own.into_iter().find(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder).join("local-steam"),
        None => std::env::temp_dir().join(format!("local-steam-{}", user())),
    }
}

/// Creates the network's directory if need be, readable to its owner only, and makes its path absolute. `None`: it
/// belongs to someone else.
///
/// A directory in a place that everyone can write to could have been put there by someone else, who would then
/// see and alter everything; so one that is not ours is refused. (On Windows a directory has the rights of the one that
/// it lies in: users' own folders are closed to others.)
pub(crate) fn prepare(dir: &Path) -> io::Result<Option<PathBuf>> {
    let dir = std::path::absolute(dir)?;
    create(&dir)?;
    Ok(is_ours(&dir)?.then_some(dir))
}

/// The secret of the network in a directory: whoever can read it is a member. Made by the first who asks.
pub(crate) fn secret(dir: &Path) -> io::Result<[u8; 32]> {
    let mut file = open(&dir.join("secret"))?;
    // Goes with the file. Whoever comes second finds a whole secret.
    file.lock()?;
    let mut secret = Vec::new();
    file.read_to_end(&mut secret)?;
    if let Ok(secret) = <[u8; 32]>::try_from(secret) {
        return Ok(secret);
    }
    let mut secret = [0; 32];
    SystemRandom::new()
        .fill(&mut secret)
        .map_err(|_| io::Error::other("the system has no random numbers"))?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&secret)?;
    Ok(secret)
}

/// Opens a file for reading and writing, and makes it if need be, readable to its owner only.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Replaces a file at once: a reader finds the whole content, old or new. One process at a time writes it.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let partial = path.with_extension("new");
    let mut file = open(&partial)?;
    file.set_len(0)?;
    file.write_all(content)?;
    drop(file);
    fs::rename(&partial, path)
}

#[cfg(unix)]
fn create(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn create(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

#[cfg(unix)]
fn is_ours(dir: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(fs::metadata(dir)?.uid() == user())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn is_ours(_dir: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Tells users of one machine apart.
#[cfg(unix)]
fn user() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

#[cfg(not(unix))]
fn user() -> &'static str {
    "user"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_one_secret() {
        let dir = tempfile::tempdir().unwrap();
        let dir = prepare(&dir.path().join("network")).unwrap().unwrap();
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| secret(&dir).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0] && *secret != [0; 32]));
        #[cfg(unix)]
        for path in [dir.clone(), dir.join("secret")] {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
        }
    }
}
