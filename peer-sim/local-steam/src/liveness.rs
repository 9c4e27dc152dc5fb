//! Which accounts are taken: a lock per account, that the kernel drops when its process ends, however it ends.
//!
//! The locks are open-file-description locks: they belong to the file handle, not to the process (so nothing
//! else in the game can drop them by accident), and whether one is held can be asked without taking it.
//!
//! This module and [`crate::mailbox`] hold what is specific to Unix.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// An account of a network, taken for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The number of the account.
    pub account: u32,
    _locked: File,
}

/// Why an account cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimError {
    /// Another process plays under it.
    #[error("LOCAL_STEAM_ID={account} is taken by process {pid} (network {})", dir.display())]
    Taken { account: u32, pid: String, dir: PathBuf },
    /// No number is left of those that are given out by themselves.
    #[error("all {MAX_AUTOMATIC} automatic accounts are taken (network {})", .0.display())]
    Exhausted(PathBuf),
    /// The network's directory belongs to someone else.
    #[error("{} belongs to another user; set LOCAL_STEAM_DIR to a directory of your own", .0.display())]
    Foreign(PathBuf),
    /// The directory or a file in it cannot be used.
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
}

/// How many accounts are tried when the environment names none.
const MAX_AUTOMATIC: u32 = 1_000;

/// Where processes meet when the environment does not say: one place per user.
pub(crate) fn default_dir() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(runtime) if !runtime.is_empty() => PathBuf::from(runtime).join("local-steam"),
        // SAFETY: getuid takes nothing and cannot fail.
        _ => std::env::temp_dir().join(format!("local-steam-{}", unsafe { libc::getuid() })),
    }
}

/// Creates the network's directory if need be, readable to its owner only, and makes its path absolute.
///
/// A directory in a place that everyone can write to could have been put there by someone else, who would then
/// see and alter everything; so one that is not ours is refused.
pub(crate) fn prepare_dir(dir: &Path) -> Result<PathBuf, ClaimError> {
    let io = |error| ClaimError::Io { path: dir.to_owned(), error };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io)?;
    let dir = dir.canonicalize().map_err(io)?;
    let owner = fs::metadata(&dir).map_err(io)?.uid();
    // SAFETY: geteuid takes nothing and cannot fail.
    if owner != unsafe { libc::geteuid() } {
        return Err(ClaimError::Foreign(dir));
    }
    Ok(dir)
}

/// Takes `wanted`, or the first free account.
pub(crate) fn claim(dir: &Path, wanted: Option<u32>) -> Result<Claim, ClaimError> {
    if let Some(account) = wanted {
        return try_claim(dir, account)?.ok_or_else(|| {
            let mut pid = String::new();
            let _ = File::open(lock_path(dir, account)).and_then(|mut file| file.read_to_string(&mut pid));
            ClaimError::Taken { account, pid: pid.trim().to_owned(), dir: dir.to_owned() }
        });
    }
    for account in 1..=MAX_AUTOMATIC {
        if let Some(claim) = try_claim(dir, account)? {
            return Ok(claim);
        }
    }
    Err(ClaimError::Exhausted(dir.to_owned()))
}

/// Whether a process lives under this account.
pub(crate) fn is_alive(dir: &Path, account: u32) -> bool {
    let Ok(file) = OpenOptions::new().read(true).write(true).open(lock_path(dir, account)) else {
        return false;
    };
    let mut lock = whole_file_lock();
    // SAFETY: the descriptor is open for the whole call, and `lock` is a valid `flock` that is only read and
    // written by it.
    let asked = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &mut lock) };
    asked == 0 && lock.l_type != libc::F_UNLCK as libc::c_short
}

/// `None`: another process holds it.
fn try_claim(dir: &Path, account: u32) -> Result<Option<Claim>, ClaimError> {
    let path = lock_path(dir, account);
    let attempt = || -> io::Result<Option<Claim>> {
        // Never deleted: a lock on a deleted file would guard nothing.
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        let lock = whole_file_lock();
        // SAFETY: the descriptor is open for the whole call, and `lock` is a valid `flock` that is only read.
        if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &lock) } != 0 {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                Some(libc::EAGAIN | libc::EACCES) => Ok(None),
                _ => Err(error),
            };
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Some(Claim { account, _locked: file }))
    };
    attempt().map_err(|error| ClaimError::Io { path: path.clone(), error })
}

fn lock_path(dir: &Path, account: u32) -> PathBuf {
    dir.join(format!("{account}.alive"))
}

fn whole_file_lock() -> libc::flock {
    // SAFETY: `flock` is plain integers, for which zero is a value; zero length means "to the end".
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_taken_while_its_claim_lives() {
        let dir = tempfile::tempdir().unwrap();
        let dir = prepare_dir(dir.path()).unwrap();
        assert!(!is_alive(&dir, 1));
        let first = claim(&dir, None).unwrap();
        let second = claim(&dir, None).unwrap();
        assert_eq!((first.account, second.account), (1, 2));
        assert!(is_alive(&dir, 1));
        let error = claim(&dir, Some(1)).unwrap_err();
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        assert!(!is_alive(&dir, 1));
        assert_eq!(claim(&dir, None).unwrap().account, 1);
    }
}
