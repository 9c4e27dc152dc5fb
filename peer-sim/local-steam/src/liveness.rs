//! Which accounts are taken: a lock per account, that the kernel drops when its process ends, however it ends.
//!
//! The locks belong to the file handle, not to the process, so nothing else in the game can drop them by accident. Who
//! lives under an account holds its lock alone; who only wants to know shares it for a moment. So two who look do not see
//! each other, and who takes an account can tell someone who lives there from someone who looks.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::folder;

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

/// How long others may look, all together, before an account counts as taken. Each needs microseconds, unless it was
/// stopped in the middle of it.
const LOOKING: Duration = Duration::from_secs(5);

/// The network's directory, made if need be; see [`folder::prepare`].
pub(crate) fn prepare_dir(dir: &Path) -> Result<PathBuf, ClaimError> {
    let prepared = folder::prepare(dir).map_err(|error| ClaimError::Io { path: dir.to_owned(), error })?;
    prepared.ok_or_else(|| ClaimError::Foreign(dir.to_owned()))
}

/// Takes `wanted`, or the first free account.
pub(crate) fn claim(dir: &Path, wanted: Option<u32>) -> Result<Claim, ClaimError> {
    if let Some(account) = wanted {
        return try_claim(dir, account)?.ok_or_else(|| {
            // Not in the locked file, which others cannot read on Windows.
            let pid = fs::read_to_string(dir.join(format!("{account}.pid"))).unwrap_or_default();
            ClaimError::Taken { account, pid, dir: dir.to_owned() }
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
    let Ok(file) = File::open(lock_path(dir, account)) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// `None`: another process holds it.
fn try_claim(dir: &Path, account: u32) -> Result<Option<Claim>, ClaimError> {
    let path = lock_path(dir, account);
    let attempt = || -> io::Result<Option<Claim>> {
        // Never deleted: a lock on a deleted file would guard nothing.
        let file = folder::open(&path)?;
        let start = Instant::now();
        while !try_lock(file.try_lock())? {
            // What keeps us from having it alone, but not from sharing it, is someone who looks.
            if !try_lock(file.try_lock_shared())? || start.elapsed() > LOOKING {
                return Ok(None);
            }
            file.unlock()?;
            std::thread::yield_now();
        }
        folder::write(&dir.join(format!("{account}.pid")), std::process::id().to_string().as_bytes())?;
        Ok(Some(Claim { account, _locked: file }))
    };
    attempt().map_err(|error| ClaimError::Io { path: path.clone(), error })
}

/// Whether a lock was to be had.
fn try_lock(result: Result<(), TryLockError>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn lock_path(dir: &Path, account: u32) -> PathBuf {
    dir.join(format!("{account}.alive"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

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

    #[test]
    fn who_looks_all_the_time_neither_keeps_an_account_nor_sees_one_who_looks() {
        let dir = tempfile::tempdir().unwrap();
        let dir = prepare_dir(dir.path()).unwrap();
        drop(claim(&dir, Some(1)).unwrap());
        let (is_done, seen) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_done.load(Ordering::Relaxed) {
                        seen.fetch_or(is_alive(&dir, 1), Ordering::Relaxed);
                    }
                });
            }
            for _ in 0..200 {
                assert!(!seen.load(Ordering::Relaxed), "nobody lives there");
                assert!(!is_alive(&dir, 1));
            }
            let claims: Vec<_> = (0..50).map(|_| claim(&dir, Some(1)).map(drop)).collect();
            is_done.store(true, Ordering::Relaxed);
            for claim in claims {
                claim.unwrap();
            }
        });
    }
}
