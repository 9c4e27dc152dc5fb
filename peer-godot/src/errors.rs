//! Errors as Godot's `Error`, and as lines that say what to do.

use std::sync::{Mutex, PoisonError};

use godot::global::Error;
use godot::prelude::*;
use peer_core::{PutError, SessionError};
use peer_steam::{ConfigError, InitError, LobbyError};

/// An error that has a Godot number.
pub(crate) trait AsError: std::fmt::Display {
    /// The number that the game gets.
    fn code(&self) -> Error;
}

/// The outcome of a call for the game: OK, or the error's number after its line was printed.
pub(crate) fn outcome<E: AsError>(call: &str, result: Result<(), E>) -> Error {
    match result {
        Ok(()) => Error::OK,
        Err(error) => {
            godot_error!("{call}: {error}.");
            error.code()
        }
    }
}

/// Calls made on other threads than the main one, whose error lines are still to be printed.
static WRONG_THREAD: Mutex<Vec<&str>> = Mutex::new(Vec::new());

/// The error of a call on another thread than the main one. Its line is printed by the main thread in the next frame, once
/// for all calls of a method in a frame.
#[cold]
pub(crate) fn wrong_thread(call: &'static str) -> Error {
    let mut calls = WRONG_THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    if !calls.contains(&call) {
        calls.push(call);
    }
    Error::ERR_UNAVAILABLE
}

/// Prints the lines of calls on wrong threads.
pub(crate) fn print_wrong_thread() {
    let calls = std::mem::take(&mut *WRONG_THREAD.lock().unwrap_or_else(PoisonError::into_inner));
    for call in calls {
        godot_error!("{call}: called on a thread, where it does nothing; call it on the main thread.");
    }
}

/// An argument that no layer below could take.
#[derive(Debug)]
pub(crate) struct BadArgument(pub(crate) &'static str);

impl std::fmt::Display for BadArgument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl AsError for BadArgument {
    fn code(&self) -> Error {
        Error::ERR_INVALID_PARAMETER
    }
}

impl AsError for SessionError {
    fn code(&self) -> Error {
        use peer_core::TransportError;
        match self {
            Self::Unavailable
            | Self::Listen(TransportError::Unavailable)
            | Self::Connect(_, TransportError::Unavailable) => Error::ERR_UNAVAILABLE,
            Self::AlreadyInUse => Error::ERR_ALREADY_IN_USE,
            Self::NotActive | Self::NoLostMatch | Self::NotHost => Error::ERR_UNCONFIGURED,
            Self::UnknownPeer(_) | Self::BadPriority | Self::StateTooLarge(_) => Error::ERR_INVALID_PARAMETER,
            _ => Error::ERR_CANT_CREATE,
        }
    }
}

impl AsError for PutError {
    fn code(&self) -> Error {
        match self {
            Self::NotConnected => Error::ERR_UNCONFIGURED,
            Self::BacklogFull(_) => Error::ERR_OUT_OF_MEMORY,
            _ => Error::ERR_INVALID_PARAMETER,
        }
    }
}

impl AsError for ConfigError {
    fn code(&self) -> Error {
        match self {
            Self::Unavailable => Error::ERR_UNAVAILABLE,
            _ => Error::ERR_INVALID_PARAMETER,
        }
    }
}

impl AsError for InitError {
    fn code(&self) -> Error {
        match self {
            // Steam says "failed" when it is not installed, too: its words tell the cases apart, its numbers do not.
            Self::NoLibrary(_) | Self::NoSteamClient(_) | Self::VersionMismatch(_) | Self::Failed(_) => {
                Error::ERR_UNAVAILABLE
            }
            Self::AlreadyInitialised => Error::ERR_ALREADY_IN_USE,
        }
    }
}

impl AsError for LobbyError {
    fn code(&self) -> Error {
        match self {
            Self::Unavailable => Error::ERR_UNAVAILABLE,
            Self::InvalidParameter => Error::ERR_INVALID_PARAMETER,
        }
    }
}

/// Errors of puts: printed when they change, because a game may put thousands of packets a second.
#[derive(Debug, Default)]
pub(crate) struct PutErrors {
    printed: Option<PutError>,
}

impl PutErrors {
    /// Whether the error's line is to be printed: not if it is the last one that was.
    #[cold]
    pub(crate) fn is_new(&mut self, error: PutError) -> bool {
        // How much waits is another number each time.
        let kind = if let PutError::BacklogFull(_) = error { PutError::BacklogFull(0) } else { error };
        self.printed.replace(kind) != Some(kind)
    }

    /// In a new session every error is printed again.
    pub(crate) fn clear(&mut self) {
        self.printed = None;
    }
}
