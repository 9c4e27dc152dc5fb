//! Valve's own library, with no Steam client to talk to: every call fails in words, and nothing crashes.

use peer_core::{SteamId, Token, Transport, TransportError, VirtualPort};
use peer_steam::{ConfigError, ConfigValue, InitError, Steam, SteamTransport};

use crate::library::{again, valves_copy};

#[test]
#[ignore = "a process of the tests, not a test"]
fn tries() {
    if std::env::var_os("PEER_STEAM_WITHOUT").is_none() {
        return;
    }
    for _ in 0..2 {
        assert!(!peer_steam::is_available());
        let error = Steam::init().expect_err("no Steam client runs here");
        println!("\n@{error}");
        assert!(matches!(error, InitError::NoSteamClient(_) | InitError::Failed(_)), "{error:?}");
    }
    let mut transport = SteamTransport::new();
    assert_eq!(transport.local_steam_id(), None);
    assert_eq!(transport.listen(VirtualPort(0)), Err(TransportError::Unavailable));
    let dial = transport.connect(SteamId(76_561_197_960_265_729), VirtualPort(0), Token(0));
    assert_eq!(dial, Err(TransportError::Unavailable));
    assert_eq!(transport.set_config(9, ConfigValue::Int(1)), Err(ConfigError::Unavailable));
    assert_eq!(transport.next_status(), None);
    assert_eq!(transport.receive(&mut Vec::new(), 100), 0);
}

#[test]
fn initialising_without_a_steam_client_fails_in_words() {
    let folder = valves_copy();
    let output = again("without_steam::tries", &folder).env("PEER_STEAM_WITHOUT", "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("@Steam is not running") || said.contains("@Steam could not be"), "{said}");
}
