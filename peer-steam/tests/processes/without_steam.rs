//! Valve's own library, with no Steam client to talk to: every call fails in words, and nothing crashes.

use local_steam_harness::lines::MARK;
use local_steam_harness::network::forget_steam;
use local_steam_harness::process::respawn_self;
use local_steam_harness::{Process, library, say, steam_id};
use peer_core::{SteamId, Token, Transport, TransportError, VirtualPort};
use peer_steam::{ConfigError, ConfigValue, InitError, Steam, SteamTransport};

pub(crate) fn tries() {
    for _ in 0..2 {
        assert!(!peer_steam::is_available());
        let error = Steam::init().expect_err("no Steam client runs here");
        say!("{error}");
        assert!(matches!(error, InitError::NoSteamClient(_) | InitError::Failed(_)), "{error:?}");
    }
    let mut transport = SteamTransport::new();
    assert_eq!(transport.local_steam_id(), None);
    assert_eq!(transport.listen(VirtualPort(0)), Err(TransportError::Unavailable));
    let dial = transport.connect(SteamId(steam_id(1)), VirtualPort(0), Token(0));
    assert_eq!(dial, Err(TransportError::Unavailable));
    assert_eq!(transport.set_config(9, ConfigValue::Int(1)), Err(ConfigError::Unavailable));
    assert_eq!(transport.next_status(), None);
    assert_eq!(transport.receive(&mut Vec::new(), 100), 0);
}

#[test]
fn initialising_without_a_steam_client_fails_in_words() {
    let mut command = respawn_self("without_steam::tries");
    forget_steam(&mut command);
    library::load_from(&library::valves(), command.env("SteamAppId", "480"));
    let mut process = Process::start("without a Steam client", MARK, &mut command);
    let error = process.line("an error");
    assert!(error.starts_with("Steam is not running") || error.starts_with("Steam could not be"), "{error}");
    process.ends_well();
}
