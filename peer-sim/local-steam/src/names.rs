//! Whose names this process knows.
//!
//! On Steam, a user's name arrives a while after that user was met in a lobby or asked about, and a
//! `PersonaStateChange_t` tells of it. Before, the name is "[unknown]".

use std::collections::{HashMap, HashSet};
use std::ffi::CString;

use crate::callbacks::{PersonaStateChange, Queue, tail};
use crate::steam_id;

/// How many strangers are remembered.
const MOST: usize = 4_096;

/// `k_EPersonaChangeName` and `k_EPersonaChangeNameFirstSet`
const NAME_ARRIVED: std::ffi::c_int = 0x401;

/// The name of an account.
pub(crate) fn of(account: u32) -> String {
    format!("Local {account}")
}

/// The names known to this process.
pub(crate) struct Names {
    /// Kept for as long as the session, because the game may keep pointers to them.
    known: HashMap<u32, CString>,
    /// Those on their way: asked for in this frame, and before.
    asked: HashSet<u32>,
    arriving: HashSet<u32>,
}

impl Names {
    /// Only that of the local user is known from the start.
    pub(crate) fn new(own: u32) -> Self {
        let mut names = Self { known: HashMap::new(), asked: HashSet::new(), arriving: HashSet::new() };
        names.add(own);
        names
    }

    fn add(&mut self, account: u32) {
        // Never contains NUL.
        self.known.insert(account, CString::new(of(account)).unwrap_or_default());
    }

    /// The name of an account, if it has arrived.
    pub(crate) fn get(&self, account: u32) -> Option<&CString> {
        self.known.get(&account)
    }

    /// Asks for names that are not known.
    pub(crate) fn learn(&mut self, accounts: impl IntoIterator<Item = u32>) {
        for account in accounts {
            let is_on_its_way = self.arriving.contains(&account);
            if !is_on_its_way
                && !self.known.contains_key(&account)
                && self.known.len() + self.asked.len() < MOST
            {
                self.asked.insert(account);
            }
        }
    }

    /// Once a frame: what was asked for in the frame before arrives.
    pub(crate) fn frame(&mut self, queue: &Queue) {
        let arriving = std::mem::replace(&mut self.arriving, std::mem::take(&mut self.asked));
        for account in arriving {
            self.add(account);
            queue.post(PersonaStateChange {
                user: steam_id::user(account),
                change: NAME_ARRIVED,
                tail: tail(),
            });
        }
    }
}
