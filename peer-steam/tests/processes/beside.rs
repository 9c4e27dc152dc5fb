//! Beside another addon on one Steam: whoever comes first, and whoever shuts Steam down, both hear everything.

use local_steam_harness::{Network, say, steam_id, until};
use peer_core::{LobbyId, SteamId, Transport as _, VirtualPort};
use peer_steam::{LobbyEvent, LobbyType, Steam, SteamTransport};

use crate::other_addon::{self, Listener};

const HOST: SteamId = SteamId(steam_id(1));
const GUEST: SteamId = SteamId(steam_id(2));

fn event(steam: &mut Steam, what: &str, wanted: impl Fn(&LobbyEvent) -> bool) -> LobbyEvent {
    until(what, || {
        steam.run_callbacks();
        std::iter::from_fn(|| steam.next_lobby_event()).find(|event| wanted(event))
    })
}

fn new_lobby(steam: &mut Steam) -> LobbyId {
    steam.create_lobby(LobbyType::Public, 4).unwrap();
    let created = event(steam, "a lobby", |event| matches!(event, LobbyEvent::LobbyCreated { .. }));
    let LobbyEvent::LobbyCreated { result: 1, lobby } = created else { panic!("{created:?}") };
    lobby
}

fn guest_comes_and_goes(steam: &mut Steam, lobby: LobbyId) {
    say!("{}", lobby.0);
    event(steam, "a guest", |event| *event == LobbyEvent::MemberJoined { lobby, member: GUEST });
    event(steam, "it to go", |event| *event == LobbyEvent::MemberLeft { lobby, member: GUEST });
}

pub(crate) fn joins_and_leaves() {
    let lobby = LobbyId(std::env::var("LOBBY").unwrap().parse().unwrap());
    let mut steam = Steam::init().unwrap();
    steam.join_lobby(lobby).unwrap();
    let joined = LobbyEvent::LobbyJoined { lobby, response: 1 };
    event(&mut steam, "to be in", |event| *event == joined);
    steam.leave_lobby(lobby);
}

/// The other addon listens from the moment it is loaded, and then one of the two initialises Steam.
pub(crate) fn hosts() {
    let is_first = std::env::var("FIRST").unwrap();
    let members = Listener::of_members();
    if is_first == "other" {
        other_addon::init();
    }
    let mut steam = Steam::init().unwrap();
    assert_eq!(steam.is_adopted(), is_first == "other");
    if is_first == "ours" {
        // It is up already.
        other_addon::init();
    }
    assert_eq!(steam.steam_id(), Some(HOST));

    // A lobby that we have made, in which the other addon hears of the same.
    let lobby = new_lobby(&mut steam);
    guest_comes_and_goes(&mut steam, lobby);
    until("the other addon to have heard of both", || (members.heard() == 2).then_some(()));
    assert_eq!(members.last_lobby(), lobby.0);

    // A lobby that the other addon has made, by itself, while we run the callbacks, and in which we hear of the same.
    let created = Listener::of_a_new_lobby();
    until("its answer", || {
        steam.run_callbacks();
        (created.heard() == 1).then_some(())
    });
    let lobby = LobbyId(created.last_lobby());
    assert_eq!(steam.lobby_owner(lobby), Some(HOST));
    while steam.next_lobby_event().is_some() {}
    guest_comes_and_goes(&mut steam, lobby);
    assert_eq!(members.last_lobby(), lobby.0);

    // The other one runs the callbacks, and we hear what they bring.
    steam.create_lobby(LobbyType::Private, 2).unwrap();
    until("a lobby without running callbacks", || {
        other_addon::run_callbacks();
        steam.update();
        std::iter::from_fn(|| steam.next_lobby_event())
            .find(|event| matches!(event, LobbyEvent::LobbyCreated { result: 1, .. }))
    });
    assert!(!other_addon::manual_dispatch_hears(20), "the process has standard dispatch");

    leave(steam, members);
}

/// In the order that the test wants; Steam is gone with whoever initialised it, and nobody calls it after that.
fn leave(mut steam: Steam, members: &'static Listener) {
    let mut transport = SteamTransport::new();
    transport.listen(VirtualPort(0)).unwrap();
    if std::env::var("LEAVES_FIRST").unwrap() == "other" {
        members.unregister();
        steam.create_lobby(LobbyType::Private, 2).unwrap();
        other_addon::shutdown();
        assert!(!peer_steam::is_available());
        // What was under way has failed, and nothing else comes.
        event(&mut steam, "a failure", |event| matches!(event, LobbyEvent::LobbyCreated { result: 2, .. }));
        steam.run_callbacks();
        assert_eq!((steam.next_lobby_event(), steam.steam_id()), (None, None));
        drop((transport, steam));
        // It comes up again by the other one's doing, and is not ours to shut down.
        other_addon::init();
        let steam = Steam::init().unwrap();
        assert!(steam.is_adopted());
        drop(steam);
        assert!(peer_steam::is_available());
        other_addon::shutdown();
    } else {
        let is_ours = !steam.is_adopted();
        drop((transport, steam));
        assert_eq!(peer_steam::is_available(), !is_ours);
        // Nothing of ours is run any more; what the other one has still is.
        other_addon::run_callbacks();
        members.unregister();
        other_addon::shutdown();
    }
    assert!(!peer_steam::is_available());
}

#[test]
fn whoever_initialises_and_whoever_leaves_first_both_hear_everything() {
    for (first, leaves_first) in [("other", "other"), ("other", "ours"), ("ours", "other"), ("ours", "ours")]
    {
        let network = Network::new();
        let env = [("FIRST", first), ("LEAVES_FIRST", leaves_first)];
        let mut host = network.start_with("beside::hosts", 1, &env);
        for _ in 0..2 {
            let lobby = host.line("a lobby");
            network.start_with("beside::joins_and_leaves", 2, &[("LOBBY", &lobby)]).ends_well();
        }
        host.ends_well();
    }
}

/// Another addon has taken manual dispatch: the answers to calls come all the same.
pub(crate) fn calls_beside_manual_dispatch() {
    other_addon::init();
    assert!(!other_addon::manual_dispatch_hears(1), "nothing has happened yet");
    let mut steam = Steam::init().unwrap();
    // What is brought to objects does not come.
    let unheard = Listener::of_a_new_lobby();
    steam.create_lobby(LobbyType::Private, 2).unwrap();
    until("an answer", || {
        other_addon::manual_dispatch_hears(1);
        steam.run_callbacks();
        std::iter::from_fn(|| steam.next_lobby_event())
            .find(|event| matches!(event, LobbyEvent::LobbyCreated { result: 1, .. }))
    });
    assert_eq!(unheard.heard(), 0);
    drop(steam);
    other_addon::shutdown();
}

#[test]
fn answers_come_beside_an_addon_with_manual_dispatch() {
    Network::new().start("beside::calls_beside_manual_dispatch", 1).ends_well();
}
