//! Versions of interfaces that addons of other SDKs ask for.
//!
//! Those of SDK 1.58 to 1.61 that differ from today's by functions that are gone, or that came later at the end, are stood in for
//! as far as today's are. Any other version gets an object all of whose functions fail.

use std::collections::{BTreeMap, btree_map};
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use super::interfaces::{ISteamApps, ISteamFriends, ISteamUserStats, Object, Slot};
use super::stats;

/// A version, the interface of today, and what stood where in the table besides.
type Earlier = (&'static str, &'static Object, &'static [(usize, Slot)]);

/// Later functions are at the end, where nobody who knows only this version looks.
const EARLIER: [Earlier; 3] = [
    ("STEAMAPPS_INTERFACE_VERSION008", &ISteamApps, &[]),
    (
        "STEAMUSERSTATS_INTERFACE_VERSION012",
        &ISteamUserStats,
        &[(0, Slot::of(stats::request_current_stats as *const c_void))],
    ),
    // SetPersonaName, GetUserRestrictions
    ("SteamFriends017", &ISteamFriends, &[(1, FAILS), (42, FAILS)]),
];

/// How many versions are remembered. An addon asks for some thirty.
const MOST: usize = 256;

/// More functions than any interface has.
const LONGEST: usize = 256;

const FAILS: Slot = Slot::of(fails as *const c_void);

extern "C" fn fails() -> u64 {
    0
}

/// The objects, made when they are asked for, for the life of the process: nobody says when they are not used any more.
static OBJECTS: Mutex<BTreeMap<String, &'static Object>> = Mutex::new(BTreeMap::new());

/// The object of a version; `None` if it is no interface of Steam's.
pub(super) fn by_version(version: &str) -> Option<&'static Object> {
    let mut objects = OBJECTS.lock().unwrap_or_else(PoisonError::into_inner);
    let is_room = objects.len() < MOST;
    match objects.entry(version.to_owned()) {
        btree_map::Entry::Occupied(object) => Some(object.get()),
        btree_map::Entry::Vacant(place) if is_room && is_steams(version) => Some(place.insert(make(version))),
        btree_map::Entry::Vacant(_) => None,
    }
}

fn is_steams(version: &str) -> bool {
    version.to_ascii_uppercase().starts_with("STEAM") && version.ends_with(|c: char| c.is_ascii_digit())
}

fn make(version: &str) -> &'static Object {
    let mut slots;
    if let Some((_, today, besides)) = EARLIER.iter().find(|(earlier, ..)| *earlier == version) {
        slots = today.slots().to_vec();
        for &(place, slot) in *besides {
            slots.insert(place, slot);
        }
    } else {
        eprintln!("Local Steam: the interface {version} is not stood in for, and all of its functions fail");
        slots = vec![FAILS; LONGEST];
    }
    Box::leak(Box::new(Object::new(Vec::leak(slots))))
}
