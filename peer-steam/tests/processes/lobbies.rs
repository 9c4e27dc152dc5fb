//! Lobbies between processes, in a session of our own and in an adopted one.

use local_steam_harness::{Network, say, steam_id, until};
use peer_core::{LobbyId, SteamId};
use peer_steam::{Comparison, LobbyError, LobbyEvent, LobbyFilters, LobbyType, Steam};

use crate::other_addon;

const HOST: SteamId = SteamId(steam_id(1));
const GUEST: SteamId = SteamId(steam_id(2));

fn next(steam: &mut Steam, what: &str, pump: &mut dyn FnMut()) -> LobbyEvent {
    until(what, || {
        pump();
        steam.run_callbacks();
        // Names arrive when they like.
        steam.next_lobby_event().filter(|event| !matches!(event, LobbyEvent::NameChanged { .. }))
    })
}

/// The first event that is so; data changes, which come when they like, are passed over.
fn next_but_data(steam: &mut Steam, what: &str, pump: &mut dyn FnMut()) -> LobbyEvent {
    loop {
        match next(steam, what, pump) {
            LobbyEvent::DataChanged { .. } => {}
            event => return event,
        }
    }
}

/// Makes a lobby, waits for a guest to come and to go.
fn host(steam: &mut Steam, pump: &mut dyn FnMut()) {
    assert_eq!(steam.create_lobby(LobbyType::Public, 0), Err(LobbyError::InvalidParameter));
    assert_eq!(steam.create_lobby(LobbyType::Public, 251), Err(LobbyError::InvalidParameter));
    steam.create_lobby(LobbyType::Public, 2).unwrap();
    let LobbyEvent::LobbyCreated { result: 1, lobby } = next_but_data(steam, "a lobby", pump) else {
        panic!("no lobby")
    };
    assert_eq!((steam.lobby_owner(lobby), steam.lobby_members(lobby)), (Some(HOST), vec![HOST]));
    assert_eq!(steam.lobby_member_limit(lobby), 2);
    assert!(steam.set_lobby_data(lobby, "mode", "coop"));
    assert!(steam.set_lobby_data(lobby, "level", "7"));
    assert!(!steam.set_lobby_data(lobby, "nul", "a\0b"));
    assert_eq!(steam.lobby_data(lobby, "mode"), "coop");
    assert_eq!(steam.lobby_data(lobby, "nothing"), "");
    let mut data = steam.all_lobby_data(lobby);
    data.sort();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(data, [pair("level", "7"), pair("mode", "coop")]);
    say!("{}", lobby.0);
    let joined = next_but_data(steam, "a guest", pump);
    assert_eq!(joined, LobbyEvent::MemberJoined { lobby, member: GUEST });
    assert_eq!(steam.lobby(lobby).unwrap().members, [HOST, GUEST]);
    assert!(steam.set_lobby_joinable(lobby, false));
    assert!(steam.set_lobby_data(lobby, "mode", "versus"));
    let left = next_but_data(steam, "the guest to go", pump);
    assert_eq!(left, LobbyEvent::MemberLeft { lobby, member: GUEST });
    steam.open_invite_dialog(lobby);
    steam.leave_lobby(lobby);
    assert_eq!(steam.lobby(lobby), None);
}

/// Finds the lobby, joins it, sees its data change, and leaves.
fn guest(steam: &mut Steam, lobby: LobbyId, pump: &mut dyn FnMut()) {
    let filters = LobbyFilters {
        texts: vec![("mode".into(), "coop".into(), Comparison::Equal)],
        numbers: vec![("level".into(), 5, Comparison::Greater)],
        slots_available: Some(1),
        ..LobbyFilters::default()
    };
    // A lobby that was made a moment ago may not be listed yet.
    until("the lobby in a list", || {
        steam.request_lobby_list(&filters).unwrap();
        let LobbyEvent::ListReceived { lobbies } = next_but_data(steam, "a list", pump) else {
            panic!("no list")
        };
        lobbies.contains(&lobby).then_some(())
    });
    steam.join_lobby(lobby).unwrap();
    let joined = next_but_data(steam, "an answer", pump);
    assert_eq!(joined, LobbyEvent::LobbyJoined { lobby, response: 1 });
    assert_eq!(steam.lobby_owner(lobby), Some(HOST));
    until("the data to change", || {
        assert_eq!(next(steam, "a data change", pump), LobbyEvent::DataChanged { lobby });
        (steam.lobby_data(lobby, "mode") == "versus").then_some(())
    });
    assert!(!steam.set_lobby_data(lobby, "mode", "mine"), "not the owner");
    steam.leave_lobby(lobby);
    assert_eq!(steam.lobby_members(lobby), []);
    // A lobby that never was.
    steam.join_lobby(LobbyId(lobby.0 ^ 0xffff)).unwrap();
    let LobbyEvent::LobbyJoined { response, .. } = next_but_data(steam, "an answer", pump) else {
        panic!("no answer")
    };
    assert_ne!(response, 1);
}

fn lobby_from_environment() -> LobbyId {
    LobbyId(std::env::var("LOBBY").unwrap().parse().unwrap())
}

pub(crate) fn hosts() {
    let mut steam = Steam::init().unwrap();
    assert_eq!(steam.steam_id(), Some(HOST));
    assert_eq!(steam.app_id(), 480);
    assert!(!steam.persona_name().is_empty());
    host(&mut steam, &mut || {});
}

pub(crate) fn joins() {
    let mut steam = Steam::init().unwrap();
    assert!(Steam::init().is_err(), "one a process");
    guest(&mut steam, lobby_from_environment(), &mut || {});
}

pub(crate) fn hosts_adopted() {
    other_addon::init();
    let mut steam = Steam::init().unwrap();
    assert!(steam.is_adopted());
    host(&mut steam, &mut other_addon::run_callbacks);
    drop(steam);
    assert!(peer_steam::is_available(), "it is not ours to shut down");
    other_addon::shutdown();
    assert!(!peer_steam::is_available());
}

pub(crate) fn joins_adopted() {
    other_addon::init();
    let mut steam = Steam::init().unwrap();
    guest(&mut steam, lobby_from_environment(), &mut other_addon::run_callbacks);
    drop(steam);
    other_addon::shutdown();
}

#[test]
fn a_guest_finds_a_lobby_comes_and_goes_also_in_adopted_sessions() {
    for (host, guest) in [("hosts", "joins"), ("hosts_adopted", "joins"), ("hosts", "joins_adopted")] {
        let network = Network::new();
        let mut host = network.start(&format!("lobbies::{host}"), 1);
        let lobby = host.line("a report");
        network.start_with(&format!("lobbies::{guest}"), 2, &[("LOBBY", &lobby)]).ends_well();
        host.ends_well();
    }
}
