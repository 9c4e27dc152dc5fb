//! What the environment says: who we are, where we meet, how bad the line is, which game this is.
//!
//! A value that makes no sense is an error that names the variable. Guessing would hide a typo behind a
//! network that behaves oddly.

use std::env;
use std::path::PathBuf;
use std::str::FromStr;

use crate::liveness;
use crate::strict::{self, Strict};

/// Everything that is read from the environment, once at init.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// `LOCAL_STEAM_ID`: the account, or `None` for the first free one.
    pub account: Option<u32>,
    /// `LOCAL_STEAM_DIR`: the directory where the processes of one network meet.
    pub dir: PathBuf,
    /// The line between this process and everyone else.
    pub line: Line,
    /// `LOCAL_STEAM_STRICT`: in what to be as hard as Steam may be.
    pub strict: Strict,
    /// `LOCAL_STEAM_ACCEPT_INVITES`: whether every invitation to a lobby is accepted.
    pub accepts_invitations: bool,
    /// The game, as Steam finds it: `SteamAppId`, else `steam_appid.txt`.
    pub app_id: u32,
}

/// A bad line on purpose. It is this process's line, so it counts in both directions, and twice between two
/// processes that both ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Line {
    /// `LOCAL_STEAM_LOSS`: packets lost, in percent.
    pub loss: f32,
    /// `LOCAL_STEAM_LAG_MS`: delay of every packet, in milliseconds.
    pub lag_ms: i32,
    /// `LOCAL_STEAM_JITTER_MS`: mean of the random delay on top, in milliseconds.
    pub jitter_ms: i32,
    /// `LOCAL_STEAM_RATE`: bytes a second, or 0 for no bound. Linux.
    pub rate: u32,
}

/// Why the environment cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A variable of ours holds something else than it may.
    #[error("{name}={value} makes no sense: it takes {takes}")]
    Value { name: &'static str, value: String, takes: &'static str },
    /// Steam refuses to start without an app id, and so do we.
    #[error(
        "no app id: set the environment variable SteamAppId, or put the number into a file steam_appid.txt in \
         the working directory"
    )]
    NoAppId,
}

/// Longest lag and jitter that the sockets can simulate, in milliseconds.
const MAX_LAG: i32 = 5_000;
const MAX_JITTER: i32 = 1_000;

/// Above any line, in bytes a second.
const MAX_RATE: u32 = 1 << 30;

impl Settings {
    /// Reads the process's environment and working directory.
    pub(crate) fn from_environment() -> Result<Self, SettingsError> {
        Self::read(
            |name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()),
            std::fs::read_to_string("steam_appid.txt").ok(),
        )
    }

    fn read(var: impl Fn(&str) -> Option<String>, appid_file: Option<String>) -> Result<Self, SettingsError> {
        // An empty variable is how shells and process managers say "not set".
        let var = |name: &str| var(name).filter(|value| !value.is_empty());
        let account = var("LOCAL_STEAM_ID")
            .map(|value| {
                within("LOCAL_STEAM_ID", value, 1..=u32::MAX, "an account number from 1 to 4294967295")
            })
            .transpose()?;
        let line = Line {
            loss: number(var, "LOCAL_STEAM_LOSS", 0.0..=100.0, "a percentage from 0 to 100")?,
            lag_ms: number(var, "LOCAL_STEAM_LAG_MS", 0..=MAX_LAG, "milliseconds from 0 to 5000")?,
            jitter_ms: number(var, "LOCAL_STEAM_JITTER_MS", 0..=MAX_JITTER, "milliseconds from 0 to 1000")?,
            rate: number(var, "LOCAL_STEAM_RATE", 0..=MAX_RATE, "bytes a second from 0 to 1073741824")?,
        };
        let strict = var("LOCAL_STEAM_STRICT").map_or_else(
            || Ok(Strict::default()),
            |value| {
                let name = "LOCAL_STEAM_STRICT";
                Strict::parse(&value).ok_or(SettingsError::Value { name, value, takes: strict::TAKES })
            },
        )?;
        let accepts: u8 = number(var, "LOCAL_STEAM_ACCEPT_INVITES", 0..=1, "0 or 1")?;
        let dir = var("LOCAL_STEAM_DIR").map_or_else(liveness::default_dir, PathBuf::from);
        let app_id = var("SteamAppId")
            .or(appid_file)
            .and_then(|value| value.trim().parse().ok())
            .filter(|&app_id| app_id != 0)
            .ok_or(SettingsError::NoAppId)?;
        Ok(Self { account, dir, line, strict, accepts_invitations: accepts == 1, app_id })
    }
}

fn number<T: FromStr + PartialOrd + Default>(
    var: impl Fn(&str) -> Option<String>,
    name: &'static str,
    range: std::ops::RangeInclusive<T>,
    takes: &'static str,
) -> Result<T, SettingsError> {
    var(name).map_or_else(|| Ok(T::default()), |value| within(name, value, range, takes))
}

fn within<T: FromStr + PartialOrd>(
    name: &'static str,
    value: String,
    range: std::ops::RangeInclusive<T>,
    takes: &'static str,
) -> Result<T, SettingsError> {
    match value.trim().parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(SettingsError::Value { name, value, takes }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let var =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Settings::read(var, None)
    }

    #[test]
    fn everything_has_a_default_but_the_app_id() {
        let settings = read(&[("SteamAppId", "480")]).unwrap();
        assert_eq!(settings.app_id, 480);
        assert_eq!(settings.account, None);
        assert_eq!(settings.line, Line::default());
        assert_eq!(read(&[]), Err(SettingsError::NoAppId));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (name, value) in [
            ("LOCAL_STEAM_ID", "0"),
            ("LOCAL_STEAM_ID", "alice"),
            ("LOCAL_STEAM_LOSS", "101"),
            ("LOCAL_STEAM_LOSS", "NaN"),
            ("LOCAL_STEAM_LAG_MS", "-1"),
            ("LOCAL_STEAM_JITTER_MS", "9999"),
            ("LOCAL_STEAM_RATE", "-1"),
            ("LOCAL_STEAM_STRICT", "very"),
            ("LOCAL_STEAM_ACCEPT_INVITES", "all"),
        ] {
            let error = read(&[("SteamAppId", "480"), (name, value)]).unwrap_err();
            assert!(error.to_string().contains(&format!("{name}={value}")), "{error}");
        }
    }
}
