//! Connecting two peers: their signals, and what the networking sockets need around them.
//!
//! Steam carries signals between peers through its servers; here they travel as datagrams. Four things are
//! arranged beyond that, each because the open-source sockets leave it to whoever carries the signals, or get it
//! wrong. All but the second are left out where [`strict`] says so, because Steam may not do them either:
//!
//! - **Ports that nobody listens on** are refused. The sockets would show the game a connection to no listen
//!   socket.
//! - **A refusal** made while a request is looked at lacks the sender, and the receiver drops it for that. The
//!   missing fields are added.
//! - **Two peers that dial each other** (symmetric connections): dialling while the other's request waits to be
//!   accepted is meant to accept it, but skips a step of the handshake, and the connection dies with 4002. So
//!   that request is accepted here, by the regular way.
//! - **A peer that died and came back** dials again under the same identity. The sockets take its request for a
//!   repetition of the old connection, which nobody has ended yet, and drop it. When the first signal of another
//!   run of a peer arrives, the connections to the earlier run get what the new one would say if it were
//!   asked about them, by the signal that exists for this: "no connection". They end with 5010.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{c_char, c_int, c_void};
use std::sync::{Arc, Mutex, PoisonError};

use crate::gns::types::{ConfigValue, ConnectionInfo, Identity, STATE_CONNECTING};
use crate::gns::{self, SCOPE_CONNECTION, option};
use crate::mailbox::{Datagram, Kind, Mailbox};
use crate::steam_id;
use crate::strict::{self, Behaviour};
use crate::wire::{self, field};

/// Steam's end reason for a request that cannot be brought to anyone.
const END_RENDEZVOUS: u32 = 5008;

/// The sockets' own reason that means "I know of no such connection", and is not answered.
const END_NO_CONNECTION: u32 = 9999;

/// Most options of a call that are looked at; there are fewer that exist.
const MOST_OPTIONS: usize = 256;

/// How many connections of a peer's run are remembered, and of how many peers.
const MOST_CONNECTIONS: usize = 64;
const MOST_PEERS: usize = 4_096;

/// How many requests that wait to be accepted are remembered.
const MOST_PENDING: usize = 1_024;

/// The virtual ports that the game listens on, by listen socket.
static LISTENING: Mutex<Option<HashMap<u32, c_int>>> = Mutex::new(None);

/// The ports that a listen socket is being made for.
static OPENING: Mutex<Option<HashSet<c_int>>> = Mutex::new(None);

/// Requests that wait to be accepted. Its lock is held whenever a signal is handed to the sockets and while a
/// peer is dialled, so that no request can arrive between looking here and dialling.
static PENDING: Mutex<VecDeque<Pending>> = Mutex::new(VecDeque::new());

/// Where signals go. The sockets keep pointers to what they call, so this cannot be part of the session.
static MAILBOX: Mutex<Option<Arc<Mailbox>>> = Mutex::new(None);

struct Pending {
    connection: u32,
    peer: u64,
    port: c_int,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connects the sockets to the mailbox.
pub(crate) fn start(mailbox: Arc<Mailbox>) -> bool {
    *lock(&MAILBOX) = Some(mailbox);
    let function = create_signaling as CreateSignaling as *const c_void;
    gns::set_global(option::CREATE_SIGNALING, gns::TYPE_PTR, &function)
}

/// Forgets everything; the sockets have been stopped.
pub(crate) fn stop() {
    *lock(&MAILBOX) = None;
    *lock(&LISTENING) = None;
    *lock(&OPENING) = None;
    lock(&PENDING).clear();
}

fn mailbox() -> Option<Arc<Mailbox>> {
    lock(&MAILBOX).clone()
}

// --- What the game calls ---------------------------------------------------------------------------------

/// The game's options without those that choose routes: here all routes are the same, and turning off the only
/// kind there is would end in nothing.
///
/// # Safety
/// `options` is null or points to `count` options.
unsafe fn options(count: c_int, options: *const ConfigValue) -> Vec<ConfigValue> {
    let count = usize::try_from(count).unwrap_or(0).min(MOST_OPTIONS);
    if options.is_null() || count == 0 {
        return Vec::new();
    }
    // SAFETY: the caller's promise, with a count that is no larger.
    let options = unsafe { std::slice::from_raw_parts(options, count) };
    if options.iter().any(|value| value.option == option::STATUS_CHANGED) {
        strict::note_function();
    }
    options.iter().filter(|value| value.option != option::ICE_ENABLE).copied().collect()
}

/// `CreateListenSocketP2P`
///
/// # Safety
/// `options` is null or points to `count` options.
pub(crate) unsafe fn listen(port: c_int, count: c_int, options: *const ConfigValue) -> u32 {
    let Some(sockets) = gns::sockets() else {
        return 0;
    };
    // SAFETY: the caller's promise.
    let options = unsafe { self::options(count, options) };
    // A request may arrive before the call returns.
    lock(&OPENING).get_or_insert_default().insert(port);
    // SAFETY: the options are a live array of that length.
    let socket = unsafe { sockets.create_listen_socket_p2p(port, options.len() as c_int, options.as_ptr()) };
    if socket != 0 {
        lock(&LISTENING).get_or_insert_default().insert(socket, port);
    }
    lock(&OPENING).get_or_insert_default().remove(&port);
    socket
}

/// `CloseListenSocket`
pub(crate) fn stop_listening(socket: u32) -> bool {
    let Some(sockets) = gns::sockets() else {
        return false;
    };
    if let Some(listening) = lock(&LISTENING).as_mut() {
        listening.remove(&socket);
    }
    // SAFETY: handles are checked by the sockets.
    unsafe { sockets.close_listen_socket(socket) }
}

fn listens_on(port: c_int) -> bool {
    lock(&LISTENING).as_ref().is_some_and(|sockets| sockets.values().any(|&other| other == port))
        || lock(&OPENING).as_ref().is_some_and(|ports| ports.contains(&port))
}

/// `ConnectP2P`
///
/// # Safety
/// `peer` points to an identity, and `options` is null or points to `count` options.
pub(crate) unsafe fn connect(
    peer: *const Identity,
    port: c_int,
    count: c_int,
    options: *const ConfigValue,
) -> u32 {
    let Some(sockets) = gns::sockets().filter(|_| !peer.is_null()) else {
        return 0;
    };
    // SAFETY: the caller's promises.
    let (options, steam_id) = unsafe { (self::options(count, options), (*peer).steam_id()) };
    let mut pending = lock(&PENDING);
    if !strict::is(Behaviour::CrossingDials)
        && let Some(connection) = take_pending(&mut pending, steam_id, port, &options)
    {
        return connection;
    }
    // SAFETY: the caller's promise, and a live array of that length.
    unsafe { sockets.connect_p2p(peer, port, options.len() as c_int, options.as_ptr()) }
}

/// `LocalVirtualPort` and `SymmetricConnect`: set by the request, and locked.
const LOCAL_PORT: c_int = 38;
const SYMMETRIC: c_int = 37;

/// Accepts the request that waits from this peer, if the game dials symmetrically and one does.
fn take_pending(
    pending: &mut VecDeque<Pending>,
    peer: u64,
    port: c_int,
    options: &[ConfigValue],
) -> Option<u32> {
    let int32 = |wanted: c_int| {
        let value = options.iter().find(|value| value.option == wanted)?;
        Some(i32::from_ne_bytes(value.value[..4].try_into().ok()?))
    };
    let symmetric = int32(SYMMETRIC).unwrap_or(0) != 0;
    let local_port = int32(LOCAL_PORT).filter(|&port| port >= 0).unwrap_or(port);
    if peer == 0 || !symmetric {
        return None;
    }
    pending.retain(Pending::waits);
    let index = pending.iter().position(|pending| pending.peer == peer && pending.port == local_port)?;
    let connection = pending.remove(index)?.connection;
    for value in options {
        if value.option != LOCAL_PORT && value.option != SYMMETRIC {
            set_option(value, SCOPE_CONNECTION, connection as isize);
        }
    }
    let sockets = gns::sockets()?;
    // The result does not matter: if the game accepted it in this moment on another thread, it is what was
    // wanted, and if it ended, the game learns so from its state.
    // SAFETY: handles are checked by the sockets.
    unsafe { sockets.accept_connection(connection) };
    Some(connection)
}

/// `SetConfigValueStruct`
pub(crate) fn set_option(value: &ConfigValue, scope: c_int, object: isize) -> bool {
    let data = if value.data_type == gns::TYPE_STRING {
        std::ptr::with_exposed_provenance(usize::from_ne_bytes(value.value))
    } else {
        value.value.as_ptr().cast::<c_void>()
    };
    // SAFETY: `data` is the value as its type wants it: a string by its pointer, which whoever made the option
    // answers for, everything else by a pointer to it. The sockets check that the type fits the option.
    unsafe { gns::utils().set_config_value(value.option, scope, object, value.data_type, data) }
}

impl Pending {
    fn waits(&self) -> bool {
        let mut info = ConnectionInfo::empty();
        let Some(sockets) = gns::sockets() else {
            return false;
        };
        // SAFETY: `info` is writable for the call, and handles are checked by the sockets.
        unsafe { sockets.get_connection_info(self.connection, &mut info) && info.state == STATE_CONNECTING }
    }
}

// --- Datagrams in ------------------------------------------------------------------------------------------

/// What is known of the peers that signals came from. It belongs to the thread that reads the mailbox.
#[derive(Default)]
pub(crate) struct Incoming {
    peers: HashMap<u32, PeerRun>,
}

struct PeerRun {
    instance: u64,
    connections: VecDeque<u32>,
}

impl Incoming {
    /// Hands a signal to the sockets.
    pub(crate) fn deliver(&mut self, datagram: &Datagram) {
        self.note(datagram);
        receive(&datagram.body);
    }

    /// Remembers the peer's connections by its own numbers, and ends those of an earlier run.
    fn note(&mut self, datagram: &Datagram) {
        if self.peers.len() >= MOST_PEERS && !self.peers.contains_key(&datagram.from) {
            self.peers.clear();
        }
        let fresh = || PeerRun { instance: datagram.instance, connections: VecDeque::new() };
        let peer = self.peers.entry(datagram.from).or_insert_with(fresh);
        if peer.instance != datagram.instance {
            let over = std::mem::replace(peer, fresh());
            if !strict::is(Behaviour::SilentDuplicates) {
                for connection in over.connections {
                    receive(&no_connection(datagram.from, connection));
                }
            }
        }
        let connection = wire::fixed32(&datagram.body, field::FROM_CONNECTION);
        if let Some(connection) = connection.filter(|connection| !peer.connections.contains(connection)) {
            if peer.connections.len() >= MOST_CONNECTIONS {
                peer.connections.pop_front();
            }
            peer.connections.push_back(connection);
        }
    }
}

/// The signal by which a peer says that it knows nothing of its connection of that number.
fn no_connection(peer: u32, connection: u32) -> Vec<u8> {
    let mut closed = Vec::new();
    wire::put_varint(&mut closed, field::CLOSED_REASON, END_NO_CONNECTION);
    let mut signal = Vec::new();
    wire::put_bytes(&mut signal, field::FROM_IDENTITY, identity_text(peer).as_bytes());
    wire::put_fixed32(&mut signal, field::FROM_CONNECTION, connection);
    wire::put_bytes(&mut signal, field::CLOSED, &closed);
    signal
}

/// An account's identity as the sockets write it.
fn identity_text(account: u32) -> String {
    format!("steamid:{}", steam_id::user(account))
}

fn receive(signal: &[u8]) {
    let Some(sockets) = gns::sockets() else {
        return;
    };
    let mut pending = lock(&PENDING);
    let mut context = Context { table: &CONTEXT, pending: &raw mut *pending };
    let length = signal.len() as c_int;
    // SAFETY: the signal is readable for its length; the context starts with the table of the interface that the
    // sockets expect, and it and the queue in it outlive the call, during which only its methods use them.
    unsafe {
        sockets.received_p2p_custom_signal(signal.as_ptr().cast(), length, (&raw mut context).cast());
    }
}

/// `ISteamNetworkingSignalingRecvContext`: what the sockets ask while they look at a signal.
#[repr(C)]
struct Context {
    table: &'static ContextTable,
    pending: *mut VecDeque<Pending>,
}

#[repr(C)]
struct ContextTable {
    on_connect_request: unsafe extern "C" fn(*mut Context, u32, *const Identity, c_int) -> *mut Signaling,
    send_rejection: unsafe extern "C" fn(*mut Context, *const Identity, *const c_void, c_int),
}

static CONTEXT: ContextTable = ContextTable { on_connect_request, send_rejection };

/// Someone wants to connect. Null would mean: ignore it.
unsafe extern "C" fn on_connect_request(
    context: *mut Context,
    connection: u32,
    peer: *const Identity,
    port: c_int,
) -> *mut Signaling {
    // SAFETY: the sockets pass the peer's identity, which lives until we return.
    let peer = unsafe { (*peer).steam_id() };
    let Some(account) = steam_id::account_of(peer) else {
        return std::ptr::null_mut();
    };
    if !listens_on(port) {
        if let Some(sockets) = gns::sockets().filter(|_| !strict::is(Behaviour::SilentPorts)) {
            // Closing it now makes the sockets answer with a rejection (`send_rejection`).
            // SAFETY: the text is a C string, and handles are checked.
            unsafe {
                sockets.close_connection(connection, 0, c"Nobody listens on this port".as_ptr(), false)
            };
        }
        return std::ptr::null_mut();
    }
    // SAFETY: the context is the one that `receive` made, which holds the queue's lock on this thread.
    let pending = unsafe { &mut *(*context).pending };
    if pending.len() >= MOST_PENDING {
        pending.pop_front();
    }
    pending.push_back(Pending { connection, peer, port });
    Signaling::new(account)
}

unsafe extern "C" fn send_rejection(
    _context: *mut Context,
    peer: *const Identity,
    signal: *const c_void,
    length: c_int,
) {
    // SAFETY: the sockets pass the peer's identity and `length` readable bytes, which live until we return.
    let (peer, signal) = unsafe { ((*peer).steam_id(), bytes(signal, length)) };
    let (Some(account), Some(mailbox)) = (steam_id::account_of(peer), mailbox()) else {
        return;
    };
    let mut closed = Vec::new();
    wire::put_varint(&mut closed, field::CLOSED_REASON, END_RENDEZVOUS);
    let mut signal = signal.to_vec();
    wire::put_bytes(&mut signal, field::FROM_IDENTITY, identity_text(mailbox.account()).as_bytes());
    // Any number: the connection that it would name does not exist. A random one, because the receiver takes
    // two connections of one number from one peer for a fault.
    wire::put_fixed32(&mut signal, field::FROM_CONNECTION, crate::session::random() as u32 | 1);
    wire::put_bytes(&mut signal, field::CLOSED, &closed);
    mailbox.send(account, Kind::Signal, &signal);
}

/// # Safety
/// `data` is readable for `length` bytes, and not written to while the result lives.
unsafe fn bytes<'a>(data: *const c_void, length: c_int) -> &'a [u8] {
    match usize::try_from(length) {
        // SAFETY: the caller's promise.
        Ok(length) if !data.is_null() => unsafe { std::slice::from_raw_parts(data.cast(), length) },
        _ => &[],
    }
}

// --- Datagrams out -----------------------------------------------------------------------------------------

/// `ISteamNetworkingConnectionSignaling`: how one connection's signals leave. The sockets own it.
#[repr(C)]
struct Signaling {
    table: &'static SignalingTable,
    account: u32,
}

#[repr(C)]
struct SignalingTable {
    send: unsafe extern "C" fn(*mut Signaling, u32, *const c_char, *const c_void, c_int) -> bool,
    release: unsafe extern "C" fn(*mut Signaling),
}

static SIGNALING: SignalingTable = SignalingTable { send, release };

impl Signaling {
    fn new(account: u32) -> *mut Self {
        Box::into_raw(Box::new(Self { table: &SIGNALING, account }))
    }
}

/// Called on threads of the sockets and of the game, with the sockets locked: it must not call them.
unsafe extern "C" fn send(
    signaling: *mut Signaling,
    _connection: u32,
    _info: *const c_char,
    signal: *const c_void,
    length: c_int,
) -> bool {
    if let Some(mailbox) = mailbox() {
        // SAFETY: the object is ours and not released yet; the signal is readable until we return.
        unsafe { mailbox.send((*signaling).account, Kind::Signal, bytes(signal, length)) };
    }
    // Whether anyone is there is for the timeout to find out, as on Steam; false would end the connection.
    true
}

unsafe extern "C" fn release(signaling: *mut Signaling) {
    // SAFETY: made by `Signaling::new`, and the sockets release it once.
    drop(unsafe { Box::from_raw(signaling) });
}

type CreateSignaling = unsafe extern "C" fn(*mut c_void, *const Identity, c_int, c_int) -> *mut Signaling;

unsafe extern "C" fn create_signaling(
    _sockets: *mut c_void,
    peer: *const Identity,
    _local_port: c_int,
    _remote_port: c_int,
) -> *mut Signaling {
    // SAFETY: the sockets pass the peer's identity, which lives until we return.
    match steam_id::account_of(unsafe { (*peer).steam_id() }) {
        Some(account) => Signaling::new(account),
        // Not a Steam ID of a person: `ConnectP2P` fails.
        None => std::ptr::null_mut(),
    }
}
