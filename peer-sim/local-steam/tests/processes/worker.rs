//! A worker that makes single calls of Steam's: a request per line on stdin, answered and reported on stdout.

use std::ffi::{CStr, CString, c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use local_steam_harness::say;
use steamworks_sys::*;
use steamworks_sys::{
    ESteamNetworkingConfigDataType as Type, ESteamNetworkingConfigValue as Option_,
    SteamNetConnectionStatusChangedCallback_t as StatusChanged,
};

/// Accept what comes in.
static ACCEPTS: AtomicBool = AtomicBool::new(true);
/// Whether each frame runs the callbacks of the sockets, as games do.
static RUNS_CALLBACKS: AtomicBool = AtomicBool::new(true);
/// Everything that is connected is received from together.
static GROUP: AtomicU32 = AtomicU32::new(0);

/// The role of all workers.
pub(crate) fn run() {
    let requests = local_steam_harness::requests();
    loop {
        match requests.recv_timeout(Duration::from_millis(2)) {
            Ok(request) => say!("= {}", answer(&request.split(' ').collect::<Vec<_>>())),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                // SAFETY: no interface is used after this.
                unsafe { SteamAPI_Shutdown() };
                return;
            }
        }
        // SAFETY: between init and shutdown; without a session the functions do nothing.
        unsafe { frame() };
    }
}

unsafe fn frame() {
    // SAFETY: pointers are to locals of the right type, interfaces come from their accessors, and messages are
    // released once after their last use.
    unsafe {
        let pipe = SteamAPI_GetHSteamPipe();
        SteamAPI_ManualDispatch_RunFrame(pipe);
        if RUNS_CALLBACKS.load(Ordering::Relaxed) {
            SteamAPI_ISteamNetworkingSockets_RunCallbacks(SteamAPI_SteamNetworkingSockets_SteamAPI_v012());
        }
        let mut message: CallbackMsg_t = std::mem::zeroed();
        while SteamAPI_ManualDispatch_GetNextCallback(pipe, &mut message) {
            report(pipe, &message);
            SteamAPI_ManualDispatch_FreeLastCallback(pipe);
        }
        let group = GROUP.load(Ordering::Relaxed);
        if group == 0 {
            return;
        }
        let sockets = SteamAPI_SteamNetworkingSockets_SteamAPI_v012();
        let mut messages = [std::ptr::null_mut(); 256];
        let count = SteamAPI_ISteamNetworkingSockets_ReceiveMessagesOnPollGroup(
            sockets,
            group,
            messages.as_mut_ptr(),
            256,
        );
        for message in messages.into_iter().take(usize::try_from(count).unwrap_or(0)) {
            let (data, size) = ((*message).m_pData.cast::<u8>(), (*message).m_cbSize);
            let first = if size > 0 { *data } else { 0 };
            say!(
                "message {} lane {} number {} flags {} user {} size {size} first {first}",
                (*message).m_conn,
                (*message).m_idxLane,
                (*message).m_nMessageNumber,
                (*message).m_nFlags,
                (*message).m_nConnUserData,
            );
            SteamAPI_SteamNetworkingMessage_t_Release(message);
        }
    }
}

/// A callback as a line.
unsafe fn report(pipe: c_int, message: &CallbackMsg_t) {
    // SAFETY: the number says which structure the data are, and they stay until they are freed.
    unsafe {
        let data = message.m_pubParam;
        match message.m_iCallback {
            504 => {
                let enter = data.cast::<LobbyEnter_t>().read_unaligned();
                say!("entered {} {}", { enter.m_ulSteamIDLobby }, { enter.m_EChatRoomEnterResponse });
            }
            505 => {
                let update = data.cast::<LobbyDataUpdate_t>().read_unaligned();
                say!(
                    "data {} {} {}",
                    { update.m_ulSteamIDLobby },
                    { update.m_ulSteamIDMember },
                    update.m_bSuccess
                );
            }
            506 => {
                let update = data.cast::<LobbyChatUpdate_t>().read_unaligned();
                say!("member {} {} {}", { update.m_ulSteamIDLobby }, { update.m_ulSteamIDUserChanged }, {
                    update.m_rgfChatMemberStateChange
                },);
            }
            510 => say!("found {}", { data.cast::<LobbyMatchList_t>().read_unaligned().m_nLobbiesMatching }),
            513 => {
                let created = data.cast::<LobbyCreated_t>().read_unaligned();
                say!("created {:?} {}", { created.m_eResult } as u32, { created.m_ulSteamIDLobby });
            }
            703 => {
                let done = data.cast::<SteamAPICallCompleted_t>().read_unaligned();
                let mut result = vec![0_u64; 64];
                let mut failed = true;
                let fetched = SteamAPI_ManualDispatch_GetAPICallResult(
                    pipe,
                    done.m_hAsyncCall,
                    result.as_mut_ptr().cast(),
                    done.m_cubParam.cast_signed(),
                    done.m_iCallback,
                    &mut failed,
                );
                say!("completed {} {fetched} {failed}", { done.m_iCallback });
            }
            1221 => {
                let change = data.cast::<StatusChanged>().read_unaligned();
                let state = change.m_info.m_eState as i32;
                say!("queued-status {} {} {state}", { change.m_hConn }, { change.m_eOldState } as i32);
            }
            1281 => {
                say!("relay {}", { data.cast::<SteamRelayNetworkStatus_t>().read_unaligned().m_eAvail }
                    as i32);
            }
            other => say!("unknown {other}"),
        }
    }
}

/// Changes of connections, by function pointer.
unsafe extern "C" fn on_status(change: *mut StatusChanged) {
    // SAFETY: Steam passes a structure that lives until we return.
    unsafe {
        let change = change.read_unaligned();
        let connection = change.m_hConn;
        let state = change.m_info.m_eState as i32;
        let text = CStr::from_ptr(change.m_info.m_szEndDebug.as_ptr()).to_string_lossy().into_owned();
        let peer = change.m_info.m_identityRemote;
        let from = SteamAPI_SteamNetworkingIdentity_GetSteamID64((&raw const peer).cast_mut());
        say!(
            "status {connection} {state} from {from} listen {} reason {} {text}",
            { change.m_info.m_hListenSocket },
            { change.m_info.m_eEndReason },
        );
        let sockets = SteamAPI_SteamNetworkingSockets_SteamAPI_v012();
        if state == 1 && { change.m_info.m_hListenSocket } != 0 && ACCEPTS.load(Ordering::Relaxed) {
            let result = SteamAPI_ISteamNetworkingSockets_AcceptConnection(sockets, connection);
            say!("accepted {connection} {}", result as i32);
        }
        join_group(connection);
    }
}

unsafe fn join_group(connection: u32) {
    // SAFETY: handles are checked by Steam.
    unsafe {
        let sockets = SteamAPI_SteamNetworkingSockets_SteamAPI_v012();
        if GROUP.load(Ordering::Relaxed) == 0 {
            GROUP.store(SteamAPI_ISteamNetworkingSockets_CreatePollGroup(sockets), Ordering::Relaxed);
        }
        let group = GROUP.load(Ordering::Relaxed);
        SteamAPI_ISteamNetworkingSockets_SetConnectionPollGroup(sockets, connection, group);
    }
}

fn options(symmetric: bool, user_data: i64) -> Vec<SteamNetworkingConfigValue_t> {
    // SAFETY: an option is integers and a pointer, for which zero is a value; each is then filled in.
    unsafe {
        let mut options: [SteamNetworkingConfigValue_t; 3] = std::mem::zeroed();
        SteamAPI_SteamNetworkingConfigValue_t_SetInt32(
            &mut options[0],
            Option_::k_ESteamNetworkingConfig_SymmetricConnect,
            symmetric.into(),
        );
        SteamAPI_SteamNetworkingConfigValue_t_SetPtr(
            &mut options[1],
            Option_::k_ESteamNetworkingConfig_Callback_ConnectionStatusChanged,
            on_status as *mut c_void,
        );
        SteamAPI_SteamNetworkingConfigValue_t_SetInt64(
            &mut options[2],
            Option_::k_ESteamNetworkingConfig_ConnectionUserData,
            user_data,
        );
        assert_eq!(options[1].m_eDataType, Type::k_ESteamNetworkingConfig_Ptr);
        options.to_vec()
    }
}

fn text(pointer: *const std::ffi::c_char) -> String {
    // SAFETY: Steam's strings end in NUL.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

fn number<T: std::str::FromStr>(word: &str) -> T {
    word.parse().unwrap_or_else(|_| panic!("{word} is no number"))
}

/// The answer to a call that returns nothing.
macro_rules! done {
    ($call:expr) => {{
        $call;
        "done".to_owned()
    }};
}

/// Does one thing.
fn answer(words: &[&str]) -> String {
    // SAFETY: interfaces come from their accessors, pointers are to locals of the right type or C strings, and
    // handles are checked by Steam.
    unsafe {
        let sockets = SteamAPI_SteamNetworkingSockets_SteamAPI_v012();
        let utils = SteamAPI_SteamNetworkingUtils_SteamAPI_v004();
        match *words {
            ["nothing"] => "done".into(),
            ["init"] => {
                let mut message = [0; 1024];
                let result = SteamAPI_InitFlat(&mut message);
                if result as u32 != 0 {
                    return format!("error {} {}", result as u32, text(message.as_ptr()));
                }
                SteamAPI_ManualDispatch_Init();
                format!("ok {}", SteamAPI_ISteamUser_GetSteamID(SteamAPI_SteamUser_v023()))
            }
            ["shutdown"] => {
                GROUP.store(0, Ordering::Relaxed);
                SteamAPI_Shutdown();
                format!("{}", SteamAPI_SteamUser_v023().is_null())
            }
            ["whoami"] => {
                let mut identity: SteamNetworkingIdentity = std::mem::zeroed();
                SteamAPI_ISteamNetworkingSockets_GetIdentity(sockets, &mut identity);
                let mut buffer = [0; 128];
                SteamAPI_SteamNetworkingIdentity_ToString(&mut identity, buffer.as_mut_ptr(), 128);
                format!(
                    "{} {} {} {} {}",
                    SteamAPI_ISteamUser_GetSteamID(SteamAPI_SteamUser_v023()),
                    text(buffer.as_ptr()),
                    SteamAPI_ISteamUtils_GetAppID(SteamAPI_SteamUtils_v010()),
                    SteamAPI_ISteamNetworkingUtils_GetRelayNetworkStatus(utils, std::ptr::null_mut()) as i32,
                    text(SteamAPI_ISteamFriends_GetPersonaName(SteamAPI_SteamFriends_v018())),
                )
            }
            ["accepts", word] => done!(ACCEPTS.store(word == "yes", Ordering::Relaxed)),
            ["callbacks", word] => done!(RUNS_CALLBACKS.store(word == "yes", Ordering::Relaxed)),
            ["listen", port, symmetric] => {
                let options = options(symmetric == "symmetric", 5);
                let port = number(port);
                SteamAPI_ISteamNetworkingSockets_CreateListenSocketP2P(sockets, port, 3, options.as_ptr())
                    .to_string()
            }
            ["listen-plain", port] => {
                let port = number(port);
                SteamAPI_ISteamNetworkingSockets_CreateListenSocketP2P(sockets, port, 0, std::ptr::null())
                    .to_string()
            }
            ["unlisten", socket] => {
                SteamAPI_ISteamNetworkingSockets_CloseListenSocket(sockets, number(socket)).to_string()
            }
            ["dial", peer, port, symmetric] => {
                let mut identity: SteamNetworkingIdentity = std::mem::zeroed();
                SteamAPI_SteamNetworkingIdentity_SetSteamID64(&mut identity, number(peer));
                let options = options(symmetric == "symmetric", 7);
                let connection = SteamAPI_ISteamNetworkingSockets_ConnectP2P(
                    sockets,
                    &identity,
                    number(port),
                    3,
                    options.as_ptr(),
                );
                join_group(connection);
                connection.to_string()
            }
            ["accept", connection] => {
                let result = SteamAPI_ISteamNetworkingSockets_AcceptConnection(sockets, number(connection));
                (result as i32).to_string()
            }
            ["close", connection, reason, why] => {
                let why = CString::new(why).unwrap();
                SteamAPI_ISteamNetworkingSockets_CloseConnection(
                    sockets,
                    number(connection),
                    number(reason),
                    why.as_ptr(),
                    false,
                )
                .to_string()
            }
            ["info", connection] => {
                let mut info: SteamNetConnectionInfo_t = std::mem::zeroed();
                if !SteamAPI_ISteamNetworkingSockets_GetConnectionInfo(sockets, number(connection), &mut info)
                {
                    return "unknown".into();
                }
                let address = info.m_addrRemote.__bindgen_anon_1.m_ipv6;
                format!("{} {} {:?}", info.m_eState as i32, { info.m_eEndReason }, &address[12..])
            }
            ["user", connection] => {
                SteamAPI_ISteamNetworkingSockets_GetConnectionUserData(sockets, number(connection))
                    .to_string()
            }
            ["set-user", connection, data] => SteamAPI_ISteamNetworkingSockets_SetConnectionUserData(
                sockets,
                number(connection),
                number(data),
            )
            .to_string(),
            ["option", connection, option, value] => {
                let option: u32 = number(option);
                let value: i32 = number(value);
                SteamAPI_ISteamNetworkingUtils_SetConnectionConfigValueInt32(
                    utils,
                    number(connection),
                    // SAFETY: scenarios name options that exist.
                    std::mem::transmute::<u32, Option_>(option),
                    value,
                )
                .to_string()
            }
            ["send", connection, lane, flags, size, count] => {
                let sizes = vec![number(size); number(count)];
                send(number(connection), number(lane), number(flags), &sizes)
            }
            ["send-sizes", connection, ref sizes @ ..] => {
                let sizes: Vec<_> = sizes.iter().map(|size| number(size)).collect();
                send(number(connection), 0, 8, &sizes)
            }
            ["send-one", connection, flags, size] => {
                let data = vec![1_u8; number(size)];
                let mut message_number = 0;
                let result = SteamAPI_ISteamNetworkingSockets_SendMessageToConnection(
                    sockets,
                    number(connection),
                    data.as_ptr().cast(),
                    data.len() as u32,
                    number(flags),
                    &mut message_number,
                );
                format!("{} {message_number}", result as i32)
            }
            ["ping", connection] => {
                let mut status: SteamNetConnectionRealTimeStatus_t = std::mem::zeroed();
                let mut lane: SteamNetConnectionRealTimeLaneStatus_t = std::mem::zeroed();
                let result = SteamAPI_ISteamNetworkingSockets_GetConnectionRealTimeStatus(
                    sockets,
                    number(connection),
                    &mut status,
                    1,
                    &mut lane,
                );
                format!("{} {} {}", result as i32, { status.m_nPing }, { status.m_cbSentUnackedReliable })
            }
            ["details", connection] => {
                let mut buffer = vec![0; 65_536];
                SteamAPI_ISteamNetworkingSockets_GetDetailedConnectionStatus(
                    sockets,
                    number(connection),
                    buffer.as_mut_ptr(),
                    65_536,
                );
                text(buffer.as_ptr()).replace(['\n', ' '], "_")
            }
            ["relay"] => done!(SteamAPI_ISteamNetworkingUtils_InitRelayNetworkAccess(utils)),
            ["run-callbacks"] => done!(SteamAPI_RunCallbacks()),
            ["run-networking-callbacks"] => done!(SteamAPI_ISteamNetworkingSockets_RunCallbacks(sockets)),
            _ => lobby_answer(words),
        }
    }
}

/// Sends messages of these sizes in one call; what became of each.
fn send(connection: u32, lane: u16, flags: c_int, sizes: &[usize]) -> String {
    // SAFETY: as in `answer`; Steam frees the messages.
    unsafe {
        let mut messages = Vec::new();
        for (index, &size) in sizes.iter().enumerate() {
            let message = SteamAPI_ISteamNetworkingUtils_AllocateMessage(
                SteamAPI_SteamNetworkingUtils_SteamAPI_v004(),
                size as c_int,
            );
            (*message).m_conn = connection;
            (*message).m_idxLane = lane;
            (*message).m_nFlags = flags;
            if size > 0 {
                (*message).m_pData.cast::<u8>().write_bytes(index as u8, size);
            }
            messages.push(message);
        }
        let mut results = vec![7; messages.len()];
        let count = messages.len() as c_int;
        SteamAPI_ISteamNetworkingSockets_SendMessages(
            SteamAPI_SteamNetworkingSockets_SteamAPI_v012(),
            count,
            messages.as_ptr(),
            results.as_mut_ptr(),
        );
        results.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
    }
}

/// Does one thing about lobbies.
fn lobby_answer(words: &[&str]) -> String {
    // SAFETY: as in `answer`.
    unsafe {
        let matchmaking = SteamAPI_SteamMatchmaking_v009();
        let string = |word: &str| CString::new(word).unwrap();
        match *words {
            ["create", kind, limit] => {
                let kind = std::mem::transmute::<u32, ELobbyType>(number(kind));
                (SteamAPI_ISteamMatchmaking_CreateLobby(matchmaking, kind, number(limit)) != 0).to_string()
            }
            ["join", lobby] => {
                (SteamAPI_ISteamMatchmaking_JoinLobby(matchmaking, number(lobby)) != 0).to_string()
            }
            ["leave", lobby] => done!(SteamAPI_ISteamMatchmaking_LeaveLobby(matchmaking, number(lobby))),
            ["owner", lobby] => {
                SteamAPI_ISteamMatchmaking_GetLobbyOwner(matchmaking, number(lobby)).to_string()
            }
            ["set-owner", lobby, owner] => {
                SteamAPI_ISteamMatchmaking_SetLobbyOwner(matchmaking, number(lobby), number(owner))
                    .to_string()
            }
            ["members", lobby] => {
                let lobby = number(lobby);
                let count = SteamAPI_ISteamMatchmaking_GetNumLobbyMembers(matchmaking, lobby);
                let members = (0..count)
                    .map(|index| SteamAPI_ISteamMatchmaking_GetLobbyMemberByIndex(matchmaking, lobby, index));
                members.map(|member| member.to_string()).collect::<Vec<_>>().join(" ")
            }
            ["limit", lobby] => {
                SteamAPI_ISteamMatchmaking_GetLobbyMemberLimit(matchmaking, number(lobby)).to_string()
            }
            ["set-limit", lobby, limit] => {
                SteamAPI_ISteamMatchmaking_SetLobbyMemberLimit(matchmaking, number(lobby), number(limit))
                    .to_string()
            }
            ["joinable", lobby, joinable] => {
                SteamAPI_ISteamMatchmaking_SetLobbyJoinable(matchmaking, number(lobby), joinable == "yes")
                    .to_string()
            }
            ["kind", lobby, kind] => {
                let kind = std::mem::transmute::<u32, ELobbyType>(number(kind));
                SteamAPI_ISteamMatchmaking_SetLobbyType(matchmaking, number(lobby), kind).to_string()
            }
            ["get", lobby, key] => {
                let key = string(key);
                format!(
                    "<{}>",
                    text(SteamAPI_ISteamMatchmaking_GetLobbyData(matchmaking, number(lobby), key.as_ptr()))
                )
            }
            ["set", lobby, key, value] => {
                let (key, value) = (string(key), string(value));
                SteamAPI_ISteamMatchmaking_SetLobbyData(
                    matchmaking,
                    number(lobby),
                    key.as_ptr(),
                    value.as_ptr(),
                )
                .to_string()
            }
            ["delete", lobby, key] => {
                let key = string(key);
                SteamAPI_ISteamMatchmaking_DeleteLobbyData(matchmaking, number(lobby), key.as_ptr())
                    .to_string()
            }
            ["all-data", lobby] => {
                let lobby = number(lobby);
                let count = SteamAPI_ISteamMatchmaking_GetLobbyDataCount(matchmaking, lobby);
                let pairs = (0..count).map(|index| {
                    let (mut key, mut value) = ([0; 256], [0; 8193]);
                    assert!(SteamAPI_ISteamMatchmaking_GetLobbyDataByIndex(
                        matchmaking,
                        lobby,
                        index,
                        key.as_mut_ptr(),
                        256,
                        value.as_mut_ptr(),
                        8193,
                    ));
                    format!("{}={}", text(key.as_ptr()), text(value.as_ptr()))
                });
                pairs.collect::<Vec<_>>().join(" ")
            }
            ["request-data", lobby] => {
                SteamAPI_ISteamMatchmaking_RequestLobbyData(matchmaking, number(lobby)).to_string()
            }
            ["filter-text", key, value, comparison] => {
                let (key, value) = (string(key), string(value));
                SteamAPI_ISteamMatchmaking_AddRequestLobbyListStringFilter(
                    matchmaking,
                    key.as_ptr(),
                    value.as_ptr(),
                    std::mem::transmute::<i32, ELobbyComparison>(number(comparison)),
                );
                "done".into()
            }
            ["filter-number", key, value, comparison] => {
                let key = string(key);
                SteamAPI_ISteamMatchmaking_AddRequestLobbyListNumericalFilter(
                    matchmaking,
                    key.as_ptr(),
                    number(value),
                    std::mem::transmute::<i32, ELobbyComparison>(number(comparison)),
                );
                "done".into()
            }
            ["filter-places", places] => {
                done!(SteamAPI_ISteamMatchmaking_AddRequestLobbyListFilterSlotsAvailable(
                    matchmaking,
                    number(places),
                ))
            }
            ["filter-most", most] => done!(SteamAPI_ISteamMatchmaking_AddRequestLobbyListResultCountFilter(
                matchmaking,
                number(most)
            )),
            ["filter-far"] => done!(SteamAPI_ISteamMatchmaking_AddRequestLobbyListDistanceFilter(
                matchmaking,
                ELobbyDistanceFilter::k_ELobbyDistanceFilterWorldwide,
            )),
            ["list"] => (SteamAPI_ISteamMatchmaking_RequestLobbyList(matchmaking) != 0).to_string(),
            ["found", index] => {
                SteamAPI_ISteamMatchmaking_GetLobbyByIndex(matchmaking, number(index)).to_string()
            }
            _ => panic!("no such request: {words:?}"),
        }
    }
}
