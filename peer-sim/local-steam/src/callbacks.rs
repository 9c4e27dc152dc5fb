//! Steam's callback queue and call results, and the structures that travel through them.
//!
//! What happens is staged until the next frame runs, as what Steam's servers send arrives between frames: a
//! game never finds the answer to a call in the queue before it has returned to its main loop.

use std::collections::{HashMap, VecDeque};
use std::ffi::c_int;
use std::mem::size_of;
use std::sync::{Mutex, PoisonError};

/// A structure that Steam posts.
///
/// # Safety
/// The type has no padding and no references: all of its bytes are initialised.
pub(crate) unsafe trait Callback: Copy {
    /// Steam's number for it.
    const ID: c_int;
}

/// Declares structures packed as Steam packs them: to 8 on Windows, to 4 elsewhere. Padding is explicit.
macro_rules! callbacks {
    ($( $(#[$meta:meta])* $name:ident = $id:literal { $( $field:ident : $type:ty, )* } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy)]
        #[cfg_attr(windows, repr(C, packed(8)))]
        #[cfg_attr(not(windows), repr(C, packed(4)))]
        #[allow(missing_docs)]
        pub(crate) struct $name { $( pub(crate) $field: $type, )* }

        // SAFETY: every field is an integer or an array of them, and the fields fill the structure.
        unsafe impl Callback for $name {
            const ID: c_int = $id;
        }
        const _: () = assert!(size_of::<$name>() == 0 $( + size_of::<$type>() )*, "padding");
    )* };
}

callbacks! {
    /// `PersonaStateChange_t`
    PersonaStateChange = 304 { user: u64, change: c_int, tail: Tail, }
    /// `GameLobbyJoinRequested_t`
    JoinRequested = 333 { lobby: u64, friend: u64, }
    /// `LobbyInvite_t`
    LobbyInvite = 503 { user: u64, lobby: u64, game: u64, }
    /// `LobbyEnter_t`
    LobbyEnter = 504 { lobby: u64, permissions: u32, locked: u8, pad: [u8; 3], response: u32, tail: Tail, }
    /// `LobbyDataUpdate_t`
    LobbyDataUpdate = 505 { lobby: u64, member: u64, success: u8, pad: [u8; 3], tail: Tail, }
    /// `LobbyChatUpdate_t`
    LobbyChatUpdate = 506 { lobby: u64, changed: u64, making_change: u64, change: u32, tail: Tail, }
    /// `LobbyChatMsg_t`
    LobbyChatMessage = 507 { lobby: u64, user: u64, kind: u8, pad: [u8; 3], number: u32, }
    /// `LobbyMatchList_t`
    LobbyMatchList = 510 { count: u32, }
    /// `LobbyCreated_t`
    LobbyCreated = 513 { result: c_int, pad: Tail, lobby: u64, }
    /// `SteamAPICallCompleted_t`
    CallCompleted = 703 { call: u64, callback: c_int, size: u32, }
    /// `UserStatsReceived_t`
    UserStatsReceived = 1101 { game: u64, result: c_int, user: [u32; 2], tail: Tail, }
    /// `UserStatsStored_t`
    UserStatsStored = 1102 { game: u64, result: c_int, tail: Tail, }
    /// `UserAchievementStored_t`
    UserAchievementStored = 1103 { game: u64, is_group: u8, name: [u8; 128], pad: [u8; 3], progress: u32, of: u32, tail: Tail, }
    /// `SteamNetConnectionStatusChangedCallback_t`
    StatusChanged = 1221 { connection: u32, pad: Tail, info: [u32; 174], old_state: c_int, tail: Tail, }
    /// `SteamRelayNetworkStatus_t`
    RelayStatus = 1281 { available: c_int, measuring: c_int, config: c_int, relay: c_int, text: [u8; 256], }
}

/// What packing to 8 adds on Windows.
#[cfg(windows)]
pub type Tail = [u8; 4];
/// What packing to 8 adds on Windows.
#[cfg(not(windows))]
pub(crate) type Tail = [u8; 0];

/// Room for what Windows packs wider.
pub(crate) fn tail() -> Tail {
    Tail::default()
}

/// One callback: its number and its bytes, aligned for any of the structures.
pub(crate) struct Posted {
    /// Steam's number.
    pub id: c_int,
    bytes: Box<[u64]>,
    size: usize,
}

impl Posted {
    fn new<T: Callback>(value: &T) -> Self {
        let size = size_of::<T>();
        let mut bytes = vec![0_u64; size.div_ceil(8)].into_boxed_slice();
        // SAFETY: `T` is `size` initialised bytes (`Callback`), and `bytes` has room for them; they are apart.
        unsafe {
            std::ptr::copy_nonoverlapping(
                std::ptr::from_ref(value).cast::<u8>(),
                bytes.as_mut_ptr().cast::<u8>(),
                size,
            );
        }
        Self { id: T::ID, bytes, size }
    }

    /// Where the structure is, for as long as this value lives.
    pub(crate) fn as_ptr(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr().cast()
    }

    /// The call that a [`CallCompleted`] is about, which begins with it; 0 for anything else.
    pub(crate) fn call(&self) -> u64 {
        if self.id == CallCompleted::ID { self.bytes[0] } else { 0 }
    }

    /// How large the structure is.
    pub(crate) fn size(&self) -> usize {
        self.size
    }
}

/// What the game has not fetched yet: more than this, and the oldest is dropped. A game that fetches nothing
/// shall not grow for ever.
const MAX_WAITING: usize = 16_384;

/// How many results of calls are kept for games that do not fetch them.
const MAX_RESULTS: usize = 1_024;

#[derive(Default)]
struct State {
    staged: VecDeque<Posted>,
    ready: VecDeque<Posted>,
    /// What the game is looking at.
    current: Option<Posted>,
    last_call: u64,
    results: HashMap<u64, Posted>,
    result_order: VecDeque<u64>,
}

/// The queue of one session.
#[derive(Default)]
pub(crate) struct Queue(Mutex<State>);

impl Queue {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Posts a callback, to be seen after the next frame.
    pub(crate) fn post<T: Callback>(&self, value: T) {
        self.state().stage(Posted::new(&value));
    }

    /// Posts the result of a call: the notice that it is complete, then the callback of the same content, for
    /// those who listen to that instead. Steam does both for every call that exists here.
    pub(crate) fn complete<T: Callback>(&self, value: T) -> u64 {
        let mut state = self.state();
        state.last_call += 1;
        let call = state.last_call;
        state.results.insert(call, Posted::new(&value));
        state.result_order.push_back(call);
        if state.result_order.len() > MAX_RESULTS
            && let Some(oldest) = state.result_order.pop_front()
        {
            state.results.remove(&oldest);
        }
        state.stage(Posted::new(&CallCompleted { call, callback: T::ID, size: size_of::<T>() as u32 }));
        state.stage(Posted::new(&value));
        call
    }

    /// A frame begins: what was staged may be seen.
    pub(crate) fn frame(&self) {
        let mut state = self.state();
        let mut staged = std::mem::take(&mut state.staged);
        state.ready.append(&mut staged);
        while state.ready.len() > MAX_WAITING {
            state.ready.pop_front();
        }
    }

    /// Hands the next callback to `show`; it stays valid until the next call of this or [`Queue::release`].
    pub(crate) fn next(&self, show: impl FnOnce(&mut Posted)) -> bool {
        let mut state = self.state();
        state.current = state.ready.pop_front();
        state.current.as_mut().map(show).is_some()
    }

    /// Frees what [`Queue::next`] gave.
    pub(crate) fn release(&self) {
        self.state().current = None;
    }

    /// Takes the next callback out.
    pub(crate) fn take(&self) -> Option<Posted> {
        self.state().ready.pop_front()
    }

    /// Whether the result of a call is known.
    pub(crate) fn has_result(&self, call: u64) -> bool {
        self.state().results.contains_key(&call)
    }

    /// The result of a call, if it is known, whatever its kind. It can be fetched once.
    pub(crate) fn take_any_result(&self, call: u64) -> Option<Posted> {
        let mut state = self.state();
        state.result_order.retain(|&other| other != call);
        state.results.remove(&call)
    }

    /// The result of a call, if it is known and is of this number and size. It can be fetched once.
    pub(crate) fn take_result(&self, call: u64, id: c_int, size: usize) -> Option<Posted> {
        let mut state = self.state();
        let result = state.results.get(&call)?;
        if result.id != id || result.size != size {
            return None;
        }
        state.result_order.retain(|&other| other != call);
        state.results.remove(&call)
    }
}

impl State {
    fn stage(&mut self, posted: Posted) {
        if self.staged.len() >= MAX_WAITING {
            self.staged.pop_front();
        }
        self.staged.push_back(posted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_after_the_frame_and_once() {
        let queue = Queue::default();
        let call = queue.complete(LobbyMatchList { count: 3 });
        assert!(!queue.next(|_| {}));
        queue.frame();
        let mut seen = Vec::new();
        while queue.next(|posted| seen.push(posted.id)) {
            queue.release();
        }
        assert_eq!(seen, [703, 510]);
        assert!(queue.take_result(call, 504, 4).is_none());
        assert!(queue.take_result(call, 510, 4).is_some());
        assert!(queue.take_result(call, 510, 4).is_none());
    }

    #[test]
    fn a_queue_that_nobody_reads_stays_bounded() {
        let queue = Queue::default();
        for _ in 0..3 {
            for _ in 0..MAX_WAITING {
                queue.complete(LobbyMatchList { count: 0 });
            }
            queue.frame();
        }
        let state = queue.state();
        assert_eq!(state.ready.len(), MAX_WAITING);
        assert_eq!(state.results.len(), MAX_RESULTS);
    }

    /// Steam's own structures, by the bindings.
    #[test]
    fn layouts_are_steams() {
        use steamworks_sys as steam;
        assert_eq!(size_of::<LobbyEnter>(), size_of::<steam::LobbyEnter_t>());
        assert_eq!(size_of::<LobbyDataUpdate>(), size_of::<steam::LobbyDataUpdate_t>());
        assert_eq!(size_of::<LobbyChatUpdate>(), size_of::<steam::LobbyChatUpdate_t>());
        assert_eq!(size_of::<PersonaStateChange>(), size_of::<steam::PersonaStateChange_t>());
        assert_eq!(size_of::<JoinRequested>(), size_of::<steam::GameLobbyJoinRequested_t>());
        assert_eq!(size_of::<LobbyInvite>(), size_of::<steam::LobbyInvite_t>());
        assert_eq!(size_of::<LobbyChatMessage>(), size_of::<steam::LobbyChatMsg_t>());
        assert_eq!(
            std::mem::offset_of!(LobbyChatMessage, number),
            std::mem::offset_of!(steam::LobbyChatMsg_t, m_iChatID)
        );
        assert_eq!(size_of::<LobbyMatchList>(), size_of::<steam::LobbyMatchList_t>());
        assert_eq!(size_of::<LobbyCreated>(), size_of::<steam::LobbyCreated_t>());
        assert_eq!(size_of::<CallCompleted>(), size_of::<steam::SteamAPICallCompleted_t>());
        assert_eq!(size_of::<UserStatsReceived>(), size_of::<steam::UserStatsReceived_t>());
        assert_eq!(size_of::<UserStatsStored>(), size_of::<steam::UserStatsStored_t>());
        assert_eq!(size_of::<UserAchievementStored>(), size_of::<steam::UserAchievementStored_t>());
        assert_eq!(size_of::<StatusChanged>(), size_of::<steam::SteamNetConnectionStatusChangedCallback_t>());
        assert_eq!(size_of::<RelayStatus>(), size_of::<steam::SteamRelayNetworkStatus_t>());
        assert_eq!(
            std::mem::offset_of!(LobbyEnter, response),
            std::mem::offset_of!(steam::LobbyEnter_t, m_EChatRoomEnterResponse)
        );
        assert_eq!(
            std::mem::offset_of!(UserStatsReceived, user),
            std::mem::offset_of!(steam::UserStatsReceived_t, m_steamIDUser)
        );
        assert_eq!(
            std::mem::offset_of!(LobbyCreated, lobby),
            std::mem::offset_of!(steam::LobbyCreated_t, m_ulSteamIDLobby)
        );
    }
}
