//! Lobbies: creating, finding, joining, and their members and data.
//!
//! [`Steam`] owns the process's [`Lobbies`]; its methods that are about lobbies are here.

mod events;
mod members;

use std::ffi::CString;

use peer_core::{Lobby, LobbyId, SteamId};
use thiserror::Error;

pub(crate) use self::events::Lobbies;
pub use self::events::LobbyEvent;
use crate::ffi::callbacks::CallKind;
use crate::ffi::library::Matchmaking;
use crate::ffi::{identity, matchmaking};
use crate::steam::Steam;

/// Who may find and join a lobby (`ELobbyType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LobbyType {
    /// Only by invitation.
    Private = 0,
    /// Friends of members, and by invitation.
    FriendsOnly = 1,
    /// Everyone; it is in lobby lists.
    Public = 2,
    /// Everyone; it is in lobby lists, but friends do not see it.
    Invisible = 3,
}

/// How the value of a lobby must compare with that of a filter (`ELobbyComparison`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Less than or equal.
    EqualOrLess = -2,
    /// Less.
    Less = -1,
    /// Equal.
    Equal = 0,
    /// Greater.
    Greater = 1,
    /// Greater than or equal.
    EqualOrGreater = 2,
    /// Not equal.
    NotEqual = 3,
}

/// How far away listed lobbies may be (`ELobbyDistanceFilter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// The same region.
    Close = 0,
    /// The same region and neighbouring ones: Steam's default.
    Default = 1,
    /// About half way around the globe.
    Far = 2,
    /// Anywhere.
    Worldwide = 3,
}

/// Filters for a lobby list. A lobby must pass all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LobbyFilters {
    /// String comparisons: key, value, comparison.
    pub texts: Vec<(String, String, Comparison)>,
    /// Numeric comparisons: key, value, comparison.
    pub numbers: Vec<(String, i32, Comparison)>,
    /// The fewest free slots.
    pub slots_available: Option<i32>,
    /// How far away lobbies may be.
    pub distance: Option<Distance>,
    /// The most lobbies to list; 50 by default.
    pub max_results: Option<i32>,
}

/// A lobby request that fails at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LobbyError {
    /// Steam's matchmaking is not available.
    #[error("Steam's matchmaking is not available")]
    Unavailable,
    /// A number is out of range, or a string contains a NUL character.
    #[error("a number is out of range, or a text contains a NUL character")]
    InvalidParameter,
}

fn text(text: &str) -> Result<CString, LobbyError> {
    CString::new(text).map_err(|_| LobbyError::InvalidParameter)
}

impl Steam {
    /// Creates a lobby for 1 to 250 members, and joins it. [`LobbyEvent::LobbyCreated`] follows.
    ///
    /// # Errors
    /// [`LobbyError`]
    pub fn create_lobby(&mut self, kind: LobbyType, max_members: i32) -> Result<(), LobbyError> {
        if !(1..=250).contains(&max_members) {
            return Err(LobbyError::InvalidParameter);
        }
        self.start(CallKind::CreateLobby, LobbyId(0), |matchmaking| {
            matchmaking.create(kind as i32, max_members)
        })
    }

    /// Joins a lobby. [`LobbyEvent::LobbyJoined`] follows.
    ///
    /// # Errors
    /// [`LobbyError`]
    pub fn join_lobby(&mut self, lobby: LobbyId) -> Result<(), LobbyError> {
        self.start(CallKind::JoinLobby, lobby, |matchmaking| matchmaking.join(lobby))
    }

    /// Requests a list of lobbies. [`LobbyEvent::ListReceived`] follows.
    ///
    /// # Errors
    /// [`LobbyError`]
    pub fn request_lobby_list(&mut self, filters: &LobbyFilters) -> Result<(), LobbyError> {
        let matchmaking = matchmaking::of(&self.hold).ok_or(LobbyError::Unavailable)?;
        // Checked before any is added: Steam keeps an added filter for the next request.
        let texts = filters.texts.iter();
        let texts: Vec<_> = texts
            .map(|(key, value, comparison)| Ok((text(key)?, text(value)?, *comparison as i32)))
            .collect::<Result<_, LobbyError>>()?;
        let numbers = filters.numbers.iter();
        let numbers: Vec<_> = numbers
            .map(|(key, value, comparison)| Ok((text(key)?, *value, *comparison as i32)))
            .collect::<Result<_, LobbyError>>()?;
        for (key, value, comparison) in &texts {
            matchmaking.filter_text(key, value, *comparison);
        }
        for (key, value, comparison) in &numbers {
            matchmaking.filter_number(key, *value, *comparison);
        }
        if let Some(slots) = filters.slots_available {
            matchmaking.filter_slots(slots);
        }
        if let Some(distance) = filters.distance {
            matchmaking.filter_distance(distance as i32);
        }
        if let Some(most) = filters.max_results {
            matchmaking.limit_results(most);
        }
        #[allow(clippy::redundant_closure_for_method_calls, reason = "the method is of one lifetime")]
        self.start(CallKind::ListLobbies, LobbyId(0), |matchmaking| matchmaking.request_list())
    }

    fn start(
        &mut self,
        kind: CallKind,
        lobby: LobbyId,
        start: impl FnOnce(Matchmaking<'_>) -> u64,
    ) -> Result<(), LobbyError> {
        let matchmaking = matchmaking::of(&self.hold).ok_or(LobbyError::Unavailable)?;
        let is_started = self.lobbies.start(kind, lobby, matchmaking, start);
        is_started.then_some(()).ok_or(LobbyError::Unavailable)
    }

    /// Leaves a lobby. Takes effect at once.
    pub fn leave_lobby(&mut self, lobby: LobbyId) {
        self.lobbies.unwatch(lobby);
        if let Some(matchmaking) = matchmaking::of(&self.hold) {
            matchmaking.leave(lobby);
        }
    }

    /// Removes and returns the oldest event.
    pub fn next_lobby_event(&mut self) -> Option<LobbyEvent> {
        self.lobbies.next()
    }

    /// The current state of a lobby, for [`Session::host_with_lobby`](peer_core::Session::host_with_lobby) and similar
    /// calls; `None` if the local user is not in it.
    pub fn lobby(&self, lobby: LobbyId) -> Option<Lobby> {
        let owner = self.lobby_owner(lobby)?;
        Some(Lobby { id: lobby, owner, members: self.lobby_members(lobby) })
    }

    /// The owner of a lobby; `None` if the local user is not in it.
    pub fn lobby_owner(&self, lobby: LobbyId) -> Option<SteamId> {
        matchmaking::of(&self.hold)?.owner(lobby)
    }

    /// The members of a lobby, including the local user; empty if the local user is not in it.
    pub fn lobby_members(&self, lobby: LobbyId) -> Vec<SteamId> {
        matchmaking::of(&self.hold).map(|matchmaking| matchmaking.members(lobby)).unwrap_or_default()
    }

    /// The most members a lobby may have; 0 if Steam does not know it.
    pub fn lobby_member_limit(&self, lobby: LobbyId) -> i32 {
        matchmaking::of(&self.hold).map_or(0, |matchmaking| matchmaking.member_limit(lobby))
    }

    /// The value of a key; empty if it is not set. Works for listed lobbies, too.
    pub fn lobby_data(&self, lobby: LobbyId, key: &str) -> String {
        let data = matchmaking::of(&self.hold).zip(text(key).ok());
        data.map(|(matchmaking, key)| matchmaking.data(lobby, &key)).unwrap_or_default()
    }

    /// All keys and values.
    pub fn all_lobby_data(&self, lobby: LobbyId) -> Vec<(String, String)> {
        matchmaking::of(&self.hold).map(|matchmaking| matchmaking.all_data(lobby)).unwrap_or_default()
    }

    /// Sets the value of a key; `false` if the local user is not the owner, a string contains a NUL character, the key is
    /// longer than 255 bytes, or there is no room (8,192 bytes in all).
    pub fn set_lobby_data(&self, lobby: LobbyId, key: &str, value: &str) -> bool {
        let (Some(matchmaking), Ok(key), Ok(value)) = (matchmaking::of(&self.hold), text(key), text(value))
        else {
            return false;
        };
        matchmaking.set_data(lobby, &key, &value)
    }

    /// Sets whether others may join; `false` if the local user is not the owner.
    pub fn set_lobby_joinable(&self, lobby: LobbyId, joinable: bool) -> bool {
        matchmaking::of(&self.hold).is_some_and(|matchmaking| matchmaking.set_joinable(lobby, joinable))
    }

    /// Opens the overlay's dialog for inviting friends to a lobby. Does nothing if the overlay is not available.
    pub fn open_invite_dialog(&self, lobby: LobbyId) {
        identity::open_invite_dialog(&self.hold, lobby);
    }
}
