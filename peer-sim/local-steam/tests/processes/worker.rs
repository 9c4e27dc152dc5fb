//! A worker that makes single calls of Steam's: a request per line on stdin, answered and reported on stdout.

use std::ffi::{CStr, CString, c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use local_steam_harness::say;
use steamworks_sys as steam;
use steamworks_sys::{
    ESteamNetworkingConfigDataType as Type, ESteamNetworkingConfigValue as Option_,
    SteamNetConnectionStatusChangedCallback_t as StatusChanged,
};
use steamworks_sys::{
    SteamAPI_GetHSteamPipe as get_h_steam_pipe, SteamAPI_ISteamFriends_GetPersonaName as get_persona_name,
    SteamAPI_ISteamMatchmaking_AddRequestLobbyListDistanceFilter as add_request_lobby_list_distance_filter,
    SteamAPI_ISteamMatchmaking_AddRequestLobbyListFilterSlotsAvailable as add_request_lobby_list_filter_slots_available,
    SteamAPI_ISteamMatchmaking_AddRequestLobbyListNumericalFilter as add_request_lobby_list_numerical_filter,
    SteamAPI_ISteamMatchmaking_AddRequestLobbyListResultCountFilter as add_request_lobby_list_result_count_filter,
    SteamAPI_ISteamMatchmaking_AddRequestLobbyListStringFilter as add_request_lobby_list_string_filter,
    SteamAPI_ISteamMatchmaking_CreateLobby as create_lobby,
    SteamAPI_ISteamMatchmaking_DeleteLobbyData as delete_lobby_data,
    SteamAPI_ISteamMatchmaking_GetLobbyByIndex as get_lobby_by_index,
    SteamAPI_ISteamMatchmaking_GetLobbyData as get_lobby_data,
    SteamAPI_ISteamMatchmaking_GetLobbyDataByIndex as get_lobby_data_by_index,
    SteamAPI_ISteamMatchmaking_GetLobbyDataCount as get_lobby_data_count,
    SteamAPI_ISteamMatchmaking_GetLobbyMemberByIndex as get_lobby_member_by_index,
    SteamAPI_ISteamMatchmaking_GetLobbyMemberLimit as get_lobby_member_limit,
    SteamAPI_ISteamMatchmaking_GetLobbyOwner as get_lobby_owner,
    SteamAPI_ISteamMatchmaking_GetNumLobbyMembers as get_num_lobby_members,
    SteamAPI_ISteamMatchmaking_JoinLobby as join_lobby, SteamAPI_ISteamMatchmaking_LeaveLobby as leave_lobby,
    SteamAPI_ISteamMatchmaking_RequestLobbyData as request_lobby_data,
    SteamAPI_ISteamMatchmaking_RequestLobbyList as request_lobby_list,
    SteamAPI_ISteamMatchmaking_SetLobbyData as set_lobby_data,
    SteamAPI_ISteamMatchmaking_SetLobbyJoinable as set_lobby_joinable,
    SteamAPI_ISteamMatchmaking_SetLobbyMemberLimit as set_lobby_member_limit,
    SteamAPI_ISteamMatchmaking_SetLobbyOwner as set_lobby_owner,
    SteamAPI_ISteamMatchmaking_SetLobbyType as set_lobby_type,
    SteamAPI_ISteamNetworkingSockets_AcceptConnection as accept_connection,
    SteamAPI_ISteamNetworkingSockets_CloseConnection as close_connection,
    SteamAPI_ISteamNetworkingSockets_CloseListenSocket as close_listen_socket,
    SteamAPI_ISteamNetworkingSockets_ConfigureConnectionLanes as configure_connection_lanes,
    SteamAPI_ISteamNetworkingSockets_ConnectP2P as connect_p2p,
    SteamAPI_ISteamNetworkingSockets_CreateListenSocketP2P as create_listen_socket_p2p,
    SteamAPI_ISteamNetworkingSockets_CreatePollGroup as create_poll_group,
    SteamAPI_ISteamNetworkingSockets_FlushMessagesOnConnection as flush_messages_on_connection,
    SteamAPI_ISteamNetworkingSockets_GetConnectionInfo as get_connection_info,
    SteamAPI_ISteamNetworkingSockets_GetConnectionRealTimeStatus as get_connection_real_time_status,
    SteamAPI_ISteamNetworkingSockets_GetConnectionUserData as get_connection_user_data,
    SteamAPI_ISteamNetworkingSockets_GetDetailedConnectionStatus as get_detailed_connection_status,
    SteamAPI_ISteamNetworkingSockets_GetIdentity as get_identity,
    SteamAPI_ISteamNetworkingSockets_ReceiveMessagesOnPollGroup as receive_messages_on_poll_group,
    SteamAPI_ISteamNetworkingSockets_RunCallbacks as run_networking_callbacks,
    SteamAPI_ISteamNetworkingSockets_SendMessageToConnection as send_message_to_connection,
    SteamAPI_ISteamNetworkingSockets_SendMessages as send_messages,
    SteamAPI_ISteamNetworkingSockets_SetConnectionPollGroup as set_connection_poll_group,
    SteamAPI_ISteamNetworkingSockets_SetConnectionUserData as set_connection_user_data,
    SteamAPI_ISteamNetworkingUtils_AllocateMessage as allocate_message,
    SteamAPI_ISteamNetworkingUtils_GetRelayNetworkStatus as get_relay_network_status,
    SteamAPI_ISteamNetworkingUtils_InitRelayNetworkAccess as init_relay_network_access,
    SteamAPI_ISteamNetworkingUtils_SetConnectionConfigValueInt32 as set_connection_config_value_int32,
    SteamAPI_ISteamUser_GetSteamID as get_steam_id, SteamAPI_ISteamUtils_GetAppID as get_app_id,
    SteamAPI_InitFlat as init_flat, SteamAPI_ManualDispatch_FreeLastCallback as free_last_callback,
    SteamAPI_ManualDispatch_GetAPICallResult as get_apicall_result,
    SteamAPI_ManualDispatch_GetNextCallback as get_next_callback,
    SteamAPI_ManualDispatch_Init as init_dispatch, SteamAPI_ManualDispatch_RunFrame as run_dispatch,
    SteamAPI_RunCallbacks as run_callbacks, SteamAPI_Shutdown as shutdown,
    SteamAPI_SteamFriends_v018 as steam_friends_v018,
    SteamAPI_SteamMatchmaking_v009 as steam_matchmaking_v009,
    SteamAPI_SteamNetworkingConfigValue_t_SetInt32 as set_int32,
    SteamAPI_SteamNetworkingConfigValue_t_SetInt64 as set_int64,
    SteamAPI_SteamNetworkingConfigValue_t_SetPtr as set_ptr,
    SteamAPI_SteamNetworkingIdentity_GetSteamID64 as get_steam_id64,
    SteamAPI_SteamNetworkingIdentity_SetSteamID64 as set_steam_id64,
    SteamAPI_SteamNetworkingIdentity_ToString as identity_to_string,
    SteamAPI_SteamNetworkingMessage_t_Release as release_message,
    SteamAPI_SteamNetworkingSockets_SteamAPI_v012 as networking_sockets,
    SteamAPI_SteamNetworkingUtils_SteamAPI_v004 as networking_utils,
    SteamAPI_SteamUser_v023 as steam_user_v023, SteamAPI_SteamUtils_v010 as steam_utils_v010,
};

/// Accept what comes in.
static ACCEPTS: AtomicBool = AtomicBool::new(true);
/// Whether each frame runs the callbacks of the sockets, as games do.
static RUNS_CALLBACKS: AtomicBool = AtomicBool::new(true);
/// Everything that is connected is received from together.
static GROUP: AtomicU32 = AtomicU32::new(0);
/// Whether received messages are fetched.
static READS: AtomicBool = AtomicBool::new(true);

/// The role of all workers.
pub(crate) fn run() {
    let requests = local_steam_harness::requests();
    loop {
        match requests.recv_timeout(Duration::from_millis(2)) {
            Ok(request) => say!("= {}", answer(&request.split(' ').collect::<Vec<_>>())),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                // SAFETY: no interface is used after this.
                unsafe { shutdown() };
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
        let pipe = get_h_steam_pipe();
        run_dispatch(pipe);
        if RUNS_CALLBACKS.load(Ordering::Relaxed) {
            run_networking_callbacks(networking_sockets());
        }
        let mut message: steam::CallbackMsg_t = std::mem::zeroed();
        while get_next_callback(pipe, &mut message) {
            report(pipe, &message);
            free_last_callback(pipe);
        }
        let group = GROUP.load(Ordering::Relaxed);
        if group == 0 || !READS.load(Ordering::Relaxed) {
            return;
        }
        let sockets = networking_sockets();
        let mut messages = [std::ptr::null_mut(); 256];
        let count = receive_messages_on_poll_group(sockets, group, messages.as_mut_ptr(), 256);
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
            release_message(message);
        }
    }
}

/// A callback as a line.
unsafe fn report(pipe: c_int, message: &steam::CallbackMsg_t) {
    // SAFETY: the number says which structure the data are, and they stay until they are freed.
    unsafe {
        let data = message.m_pubParam;
        match message.m_iCallback {
            504 => {
                let enter = data.cast::<steam::LobbyEnter_t>().read_unaligned();
                say!("entered {} {}", { enter.m_ulSteamIDLobby }, { enter.m_EChatRoomEnterResponse });
            }
            505 => {
                let update = data.cast::<steam::LobbyDataUpdate_t>().read_unaligned();
                say!(
                    "data {} {} {}",
                    { update.m_ulSteamIDLobby },
                    { update.m_ulSteamIDMember },
                    update.m_bSuccess
                );
            }
            506 => {
                let update = data.cast::<steam::LobbyChatUpdate_t>().read_unaligned();
                say!("member {} {} {}", { update.m_ulSteamIDLobby }, { update.m_ulSteamIDUserChanged }, {
                    update.m_rgfChatMemberStateChange
                },);
            }
            510 => say!("found {}", {
                data.cast::<steam::LobbyMatchList_t>().read_unaligned().m_nLobbiesMatching
            }),
            513 => {
                let created = data.cast::<steam::LobbyCreated_t>().read_unaligned();
                say!("created {:?} {}", { created.m_eResult } as u32, { created.m_ulSteamIDLobby });
            }
            703 => {
                let done = data.cast::<steam::SteamAPICallCompleted_t>().read_unaligned();
                let mut result = vec![0_u64; 64];
                let mut failed = true;
                let fetched = get_apicall_result(
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
                say!(
                    "relay {}",
                    { data.cast::<steam::SteamRelayNetworkStatus_t>().read_unaligned().m_eAvail } as i32
                );
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
        let from = get_steam_id64((&raw const peer).cast_mut());
        say!(
            "status {connection} {state} from {from} listen {} reason {} {text}",
            { change.m_info.m_hListenSocket },
            { change.m_info.m_eEndReason },
        );
        let sockets = networking_sockets();
        if state == 1 && { change.m_info.m_hListenSocket } != 0 && ACCEPTS.load(Ordering::Relaxed) {
            let result = accept_connection(sockets, connection);
            say!("accepted {connection} {}", result as i32);
        }
        join_group(connection);
    }
}

unsafe fn join_group(connection: u32) {
    // SAFETY: handles are checked by Steam.
    unsafe {
        let sockets = networking_sockets();
        if GROUP.load(Ordering::Relaxed) == 0 {
            GROUP.store(create_poll_group(sockets), Ordering::Relaxed);
        }
        let group = GROUP.load(Ordering::Relaxed);
        set_connection_poll_group(sockets, connection, group);
    }
}

fn options(symmetric: bool, user_data: i64) -> Vec<steam::SteamNetworkingConfigValue_t> {
    // SAFETY: an option is integers and a pointer, for which zero is a value; each is then filled in.
    unsafe {
        let mut options: [steam::SteamNetworkingConfigValue_t; 3] = std::mem::zeroed();
        set_int32(&mut options[0], Option_::k_ESteamNetworkingConfig_SymmetricConnect, symmetric.into());
        set_ptr(
            &mut options[1],
            Option_::k_ESteamNetworkingConfig_Callback_ConnectionStatusChanged,
            on_status as *mut c_void,
        );
        set_int64(&mut options[2], Option_::k_ESteamNetworkingConfig_ConnectionUserData, user_data);
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

/// Does one thing.
fn answer(words: &[&str]) -> String {
    // SAFETY: interfaces come from their accessors, pointers are to locals of the right type or C strings, and
    // handles are checked by Steam.
    unsafe {
        let sockets = networking_sockets();
        let utils = networking_utils();
        match *words {
            ["nothing"] => "done".into(),
            ["init"] => {
                let mut message = [0; 1024];
                let result = init_flat(&mut message);
                if result as u32 != 0 {
                    return format!("error {} {}", result as u32, text(message.as_ptr()));
                }
                init_dispatch();
                format!("ok {}", get_steam_id(steam_user_v023()))
            }
            ["shutdown"] => {
                GROUP.store(0, Ordering::Relaxed);
                shutdown();
                format!("{}", steam_user_v023().is_null())
            }
            ["whoami"] => {
                let mut identity: steam::SteamNetworkingIdentity = std::mem::zeroed();
                get_identity(sockets, &mut identity);
                let mut buffer = [0; 128];
                identity_to_string(&mut identity, buffer.as_mut_ptr(), 128);
                format!(
                    "{} {} {} {} {}",
                    get_steam_id(steam_user_v023()),
                    text(buffer.as_ptr()),
                    get_app_id(steam_utils_v010()),
                    get_relay_network_status(utils, std::ptr::null_mut()) as i32,
                    text(get_persona_name(steam_friends_v018())),
                )
            }
            ["accepts", word] => {
                ACCEPTS.store(word == "yes", Ordering::Relaxed);
                "done".into()
            }
            ["callbacks", word] => {
                RUNS_CALLBACKS.store(word == "yes", Ordering::Relaxed);
                "done".into()
            }
            ["reads", word] => {
                READS.store(word == "yes", Ordering::Relaxed);
                "done".into()
            }
            ["listen", port, symmetric] => {
                let options = options(symmetric == "symmetric", 5);
                let port = number(port);
                create_listen_socket_p2p(sockets, port, 3, options.as_ptr()).to_string()
            }
            ["listen-plain", port] => {
                let port = number(port);
                create_listen_socket_p2p(sockets, port, 0, std::ptr::null()).to_string()
            }
            ["unlisten", socket] => close_listen_socket(sockets, number(socket)).to_string(),
            ["dial", peer, port, symmetric] => {
                let mut identity: steam::SteamNetworkingIdentity = std::mem::zeroed();
                set_steam_id64(&mut identity, number(peer));
                let options = options(symmetric == "symmetric", 7);
                let connection = connect_p2p(sockets, &identity, number(port), 3, options.as_ptr());
                join_group(connection);
                connection.to_string()
            }
            ["accept", connection] => {
                let result = accept_connection(sockets, number(connection));
                (result as i32).to_string()
            }
            ["close", connection, reason, why, linger] => {
                let why = CString::new(why).unwrap();
                close_connection(
                    sockets,
                    number(connection),
                    number(reason),
                    why.as_ptr(),
                    linger == "linger",
                )
                .to_string()
            }
            ["info", connection] => {
                let mut info: steam::SteamNetConnectionInfo_t = std::mem::zeroed();
                if !get_connection_info(sockets, number(connection), &mut info) {
                    return "unknown".into();
                }
                let address = info.m_addrRemote.__bindgen_anon_1.m_ipv6;
                format!("{} {} {:?}", info.m_eState as i32, { info.m_eEndReason }, &address[12..])
            }
            ["user", connection] => get_connection_user_data(sockets, number(connection)).to_string(),
            ["set-user", connection, data] => {
                set_connection_user_data(sockets, number(connection), number(data)).to_string()
            }
            ["lanes", connection, count] => {
                let result = configure_connection_lanes(
                    sockets,
                    number(connection),
                    number(count),
                    std::ptr::null(),
                    std::ptr::null(),
                );
                (result as i32).to_string()
            }
            ["option", connection, option, value] => {
                let option: u32 = number(option);
                let value: i32 = number(value);
                set_connection_config_value_int32(
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
                let result = send_message_to_connection(
                    sockets,
                    number(connection),
                    data.as_ptr().cast(),
                    data.len() as u32,
                    number(flags),
                    &mut message_number,
                );
                format!("{} {message_number}", result as i32)
            }
            ["flush", connection] => {
                (flush_messages_on_connection(sockets, number(connection)) as i32).to_string()
            }
            ["ping", connection] => {
                let mut status: steam::SteamNetConnectionRealTimeStatus_t = std::mem::zeroed();
                let mut lane: steam::SteamNetConnectionRealTimeLaneStatus_t = std::mem::zeroed();
                let result =
                    get_connection_real_time_status(sockets, number(connection), &mut status, 1, &mut lane);
                format!("{} {} {}", result as i32, { status.m_nPing }, { status.m_cbSentUnackedReliable })
            }
            ["details", connection] => {
                let mut buffer = vec![0; 65_536];
                get_detailed_connection_status(sockets, number(connection), buffer.as_mut_ptr(), 65_536);
                text(buffer.as_ptr()).replace(['\n', ' '], "_")
            }
            ["relay"] => {
                init_relay_network_access(utils);
                "done".into()
            }
            ["run-callbacks"] => {
                run_callbacks();
                "done".into()
            }
            ["run-networking-callbacks"] => {
                run_networking_callbacks(sockets);
                "done".into()
            }
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
            let message = allocate_message(networking_utils(), size as c_int);
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
        send_messages(networking_sockets(), count, messages.as_ptr(), results.as_mut_ptr());
        results.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
    }
}

/// Does one thing about lobbies.
fn lobby_answer(words: &[&str]) -> String {
    // SAFETY: as in `answer`.
    unsafe {
        let matchmaking = steam_matchmaking_v009();
        let string = |word: &str| CString::new(word).unwrap();
        match *words {
            ["create", kind, limit] => {
                let kind = std::mem::transmute::<u32, steam::ELobbyType>(number(kind));
                (create_lobby(matchmaking, kind, number(limit)) != 0).to_string()
            }
            ["join", lobby] => (join_lobby(matchmaking, number(lobby)) != 0).to_string(),
            ["leave", lobby] => {
                leave_lobby(matchmaking, number(lobby));
                "done".into()
            }
            ["owner", lobby] => get_lobby_owner(matchmaking, number(lobby)).to_string(),
            ["set-owner", lobby, owner] => {
                set_lobby_owner(matchmaking, number(lobby), number(owner)).to_string()
            }
            ["members", lobby] => {
                let lobby = number(lobby);
                let count = get_num_lobby_members(matchmaking, lobby);
                let members = (0..count).map(|index| get_lobby_member_by_index(matchmaking, lobby, index));
                members.map(|member| member.to_string()).collect::<Vec<_>>().join(" ")
            }
            ["limit", lobby] => get_lobby_member_limit(matchmaking, number(lobby)).to_string(),
            ["set-limit", lobby, limit] => {
                set_lobby_member_limit(matchmaking, number(lobby), number(limit)).to_string()
            }
            ["joinable", lobby, joinable] => {
                set_lobby_joinable(matchmaking, number(lobby), joinable == "yes").to_string()
            }
            ["kind", lobby, kind] => {
                let kind = std::mem::transmute::<u32, steam::ELobbyType>(number(kind));
                set_lobby_type(matchmaking, number(lobby), kind).to_string()
            }
            ["get", lobby, key] => {
                let key = string(key);
                format!("<{}>", text(get_lobby_data(matchmaking, number(lobby), key.as_ptr())))
            }
            ["set", lobby, key, value] => {
                let (key, value) = (string(key), string(value));
                set_lobby_data(matchmaking, number(lobby), key.as_ptr(), value.as_ptr()).to_string()
            }
            ["delete", lobby, key] => {
                let key = string(key);
                delete_lobby_data(matchmaking, number(lobby), key.as_ptr()).to_string()
            }
            ["all-data", lobby] => {
                let lobby = number(lobby);
                let count = get_lobby_data_count(matchmaking, lobby);
                let pairs = (0..count).map(|index| {
                    let (mut key, mut value) = ([0; 256], [0; 8193]);
                    assert!(get_lobby_data_by_index(
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
            ["request-data", lobby] => request_lobby_data(matchmaking, number(lobby)).to_string(),
            ["filter-text", key, value, comparison] => {
                let (key, value) = (string(key), string(value));
                add_request_lobby_list_string_filter(
                    matchmaking,
                    key.as_ptr(),
                    value.as_ptr(),
                    std::mem::transmute::<i32, steam::ELobbyComparison>(number(comparison)),
                );
                "done".into()
            }
            ["filter-number", key, value, comparison] => {
                let key = string(key);
                add_request_lobby_list_numerical_filter(
                    matchmaking,
                    key.as_ptr(),
                    number(value),
                    std::mem::transmute::<i32, steam::ELobbyComparison>(number(comparison)),
                );
                "done".into()
            }
            ["filter-places", places] => {
                add_request_lobby_list_filter_slots_available(matchmaking, number(places));
                "done".into()
            }
            ["filter-most", most] => {
                add_request_lobby_list_result_count_filter(matchmaking, number(most));
                "done".into()
            }
            ["filter-far"] => {
                add_request_lobby_list_distance_filter(
                    matchmaking,
                    steam::ELobbyDistanceFilter::k_ELobbyDistanceFilterWorldwide,
                );
                "done".into()
            }
            ["list"] => (request_lobby_list(matchmaking) != 0).to_string(),
            ["found", index] => get_lobby_by_index(matchmaking, number(index)).to_string(),
            _ => panic!("no such request: {words:?}"),
        }
    }
}
