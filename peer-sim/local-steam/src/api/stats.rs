//! `ISteamUserStats`: statistics and achievements; no leaderboards.

use std::ffi::{c_char, c_int};

use super::Interface;
use crate::callbacks::{UserAchievementStored, UserStatsReceived, UserStatsStored, tail};
use crate::ffi::{guard, put, text};
use crate::session::{self, Session};
use crate::stats::{LONGEST_NAME, Record, Stats, Value};
use crate::steam_id;
use crate::store::ok_or_log;

/// Steam's `EResult`.
const OK: c_int = 1;
const FAIL: c_int = 2;

/// Runs `ask` on the statistics of the session.
fn stats<T>(fallback: T, ask: impl FnOnce(&Session, &mut Stats) -> T) -> T {
    let asked = guard(None, || {
        let session = session::current()?;
        session.stats(|stats| ask(&session, stats))
    });
    asked.unwrap_or(fallback)
}

/// Asks what is set under a name for a user.
///
/// # Safety
/// `name` is null or a C string, `out` is null or writable.
unsafe fn answer<T>(
    user: Option<u64>,
    name: *const c_char,
    out: *mut T,
    ask: impl FnOnce(&Record, &str) -> Option<T>,
) -> bool {
    stats(false, |session, stats| {
        let account = steam_id::account_of(user.unwrap_or(session.steam_id));
        // SAFETY: the caller's promise.
        let found = account.and_then(|account| stats.record(account)).zip(unsafe { text(name) });
        let found = found.and_then(|(record, name)| ask(record, &name));
        let is_there = found.is_some();
        if let Some(value) = found {
            // SAFETY: the caller's promise.
            unsafe { put(out, value) };
        }
        is_there
    })
}

/// Changes what is set under a name.
///
/// # Safety
/// `name` is null or a C string.
unsafe fn change(name: *const c_char, change: impl FnOnce(&mut Stats, &str) -> bool) -> bool {
    // SAFETY: the caller's promise.
    stats(false, |_, stats| unsafe { text(name) }.is_some_and(|name| change(stats, &name)))
}

fn received(session: &Session, user: u64, result: c_int) -> UserStatsReceived {
    let user = [user as u32, (user >> 32) as u32];
    UserStatsReceived { game: u64::from(session.app_id), result, user, tail: tail() }
}

/// Asks for the statistics of the user: `UserStatsReceived_t`. Gone from the newest SDK, where Steam has them before the game
/// starts, as they are here.
pub(super) extern "C" fn request_current_stats(_self: Interface) -> bool {
    stats(false, |session, _| {
        session.queue.post(received(session, session.steam_id, OK));
        true
    })
}

/// Asks for the statistics of any user: `UserStatsReceived_t`.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUserStats_RequestUserStats(_self: Interface, user: u64) -> u64 {
    stats(0, |session, stats| {
        let account = steam_id::account_of(user);
        let is_there = account.is_some_and(|account| ok_or_log(stats.read(account)) == Some(true));
        session.queue.complete(received(session, user, if is_there { OK } else { FAIL }))
    })
}

/// A whole number.
///
/// # Safety
/// `name` is null or a C string, `value` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_GetStatInt32(
    _self: Interface,
    name: *const c_char,
    value: *mut i32,
) -> bool {
    // SAFETY: the caller's promises.
    unsafe { answer(None, name, value, Record::int) }
}

/// A number.
///
/// # Safety
/// `name` is null or a C string, `value` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_GetStatFloat(
    _self: Interface,
    name: *const c_char,
    value: *mut f32,
) -> bool {
    // SAFETY: the caller's promises.
    unsafe { answer(None, name, value, Record::float) }
}

/// A user's whole number.
///
/// # Safety
/// `name` is null or a C string, `value` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_GetUserStatInt32(
    _self: Interface,
    user: u64,
    name: *const c_char,
    value: *mut i32,
) -> bool {
    // SAFETY: the caller's promises.
    unsafe { answer(Some(user), name, value, Record::int) }
}

/// A user's number.
///
/// # Safety
/// `name` is null or a C string, `value` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_GetUserStatFloat(
    _self: Interface,
    user: u64,
    name: *const c_char,
    value: *mut f32,
) -> bool {
    // SAFETY: the caller's promises.
    unsafe { answer(Some(user), name, value, Record::float) }
}

/// Whether a user has an achievement.
///
/// # Safety
/// `name` is null or a C string, `is_unlocked` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_GetUserAchievement(
    _self: Interface,
    user: u64,
    name: *const c_char,
    is_unlocked: *mut bool,
) -> bool {
    // SAFETY: the caller's promises.
    unsafe { answer(Some(user), name, is_unlocked, |record, name| Some(record.unlocked(name) != 0)) }
}

/// Whether the user has an achievement.
///
/// # Safety
/// `name` is null or a C string, `is_unlocked` is null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_GetAchievement(
    _self: Interface,
    name: *const c_char,
    is_unlocked: *mut bool,
) -> bool {
    // SAFETY: the caller's promises.
    unsafe { answer(None, name, is_unlocked, |record, name| Some(record.unlocked(name) != 0)) }
}

/// Whether the user has an achievement, and since when, in seconds since 1970.
///
/// # Safety
/// `name` is null or a C string, the others are null or writable.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_GetAchievementAndUnlockTime(
    _self: Interface,
    name: *const c_char,
    is_unlocked: *mut bool,
    time: *mut u32,
) -> bool {
    // SAFETY: the caller's promises.
    unsafe {
        let mut unlocked = 0;
        let is_there = answer(None, name, &raw mut unlocked, |record, name| Some(record.unlocked(name)));
        if is_there {
            put(is_unlocked, unlocked != 0);
            put(time, unlocked);
        }
        is_there
    }
}

/// Sets a whole number.
///
/// # Safety
/// `name` is null or a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_SetStatInt32(
    _self: Interface,
    name: *const c_char,
    value: i32,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe { change(name, |stats, name| stats.set(name, Value::Int(value))) }
}

/// Sets a number.
///
/// # Safety
/// `name` is null or a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_SetStatFloat(
    _self: Interface,
    name: *const c_char,
    value: f32,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe { change(name, |stats, name| stats.set(name, Value::Float(value))) }
}

/// Unlocks an achievement.
///
/// # Safety
/// `name` is null or a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_SetAchievement(
    _self: Interface,
    name: *const c_char,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe { change(name, |stats, name| stats.achieve(name, true)) }
}

/// Locks an achievement again.
///
/// # Safety
/// `name` is null or a C string.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn SteamAPI_ISteamUserStats_ClearAchievement(
    _self: Interface,
    name: *const c_char,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe { change(name, |stats, name| stats.achieve(name, false)) }
}

/// Sets all statistics to 0.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUserStats_ResetAllStats(
    _self: Interface,
    achievements_too: bool,
) -> bool {
    stats(false, |_, stats| {
        stats.reset(achievements_too);
        true
    })
}

/// Stores what was set: `UserStatsStored_t`, and `UserAchievementStored_t` for each new achievement.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUserStats_StoreStats(_self: Interface) -> bool {
    stats(false, |session, stats| {
        let game = u64::from(session.app_id);
        let stored = ok_or_log(stats.store());
        let result = if stored.is_some() { OK } else { FAIL };
        session.queue.post(UserStatsStored { game, result, tail: tail() });
        for achievement in stored.iter().flatten() {
            let mut name = [0; LONGEST_NAME + 1];
            name[..achievement.len()].copy_from_slice(achievement.as_bytes());
            session.queue.post(UserAchievementStored {
                game,
                is_group: 0,
                name,
                pad: [0; 3],
                progress: 0,
                of: 0,
                tail: tail(),
            });
        }
        true
    })
}

/// How many achievements there are: those that this user has set or cleared.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUserStats_GetNumAchievements(_self: Interface) -> u32 {
    stats(0, |_, stats| stats.count() as u32)
}

/// The name of an achievement.
#[unsafe(no_mangle)]
pub(super) extern "C" fn SteamAPI_ISteamUserStats_GetAchievementName(
    _self: Interface,
    index: u32,
) -> *const c_char {
    let empty = c"".as_ptr();
    stats(empty, |_, stats| stats.name(index as usize).map_or(empty, |name| name.as_ptr()))
}
