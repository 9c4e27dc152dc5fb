//! Steam's library, found at run time: processes that link none, and get one in each of the ways.
//!
//! Apart from the other processes, because those call Steam beside this crate, and so link its library.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use local_steam_harness::library;
use peer_core::{Transport, TransportError, VirtualPort};
use peer_steam::{InitError, Steam, SteamTransport};
use tempfile::TempDir;

const LIBRARY: &str = "libsteam_api.so";
const SETTING: &str = "STEAM_API_LIBRARY";
/// A process of these tests opens this library first, as another addon would.
const OPENED_FIRST: &str = "PEER_STEAM_OPENED_FIRST";

/// Local Steam's library.
fn local_steam() -> PathBuf {
    library::local_steam().join(LIBRARY)
}

/// This binary, alone in a folder, so that no library lies beside it.
struct Program {
    folder: TempDir,
    binary: PathBuf,
}

impl Program {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let binary = folder.path().join("program");
        std::fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
        Self { folder, binary }
    }

    /// Runs it as one of the processes below; what it said.
    fn run(&self, process: &str, env: &[(&str, &Path)]) -> String {
        let output = Command::new(&self.binary)
            .args(["process", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env_remove("LD_LIBRARY_PATH")
            .env_remove(SETTING)
            .env(PROCESS, process)
            .env("LOCAL_STEAM_DIR", self.folder.path().join("network"))
            .env("LOCAL_STEAM_ID", "1")
            .env("SteamAppId", "480")
            .envs(env.iter().copied())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }
}

/// What a process of these tests does, by the variable that says so.
const PROCESS: &str = "PEER_STEAM_LOOKUP";

#[test]
#[ignore = "a process of the tests, not a test"]
fn process() {
    match std::env::var(PROCESS).as_deref() {
        Ok("initialises") => initialises(),
        Ok("adopts") => adopts(),
        Ok("has_none") => has_none(),
        Ok("initialises_a_stub") => initialises_a_stub(),
        other => assert!(other.is_err(), "no such process: {other:?}"),
    }
}

/// Opens a library the way in which the engine opens an addon: its symbols are for nobody else.
fn open_as_another_addon(path: &Path) -> libloading::Library {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: Local Steam's library does nothing when it is loaded.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.unwrap().into()
}

fn initialises() {
    let other = std::env::var_os(OPENED_FIRST).map(|path| open_as_another_addon(Path::new(&path)));
    assert!(!peer_steam::is_available());
    let steam = Steam::init().unwrap();
    assert!(!steam.is_adopted());
    assert_eq!(steam.app_id(), 480);
    assert!(SteamTransport::new().listen(VirtualPort(0)).is_ok());
    // As at the end of the process: an addon that has the library, too, may call Steam after us.
    peer_steam::leave_to_others();
    drop(steam);
    assert_eq!(peer_steam::is_available(), other.is_some());
    drop(other);
}

/// The other addon has opened the library, under whatever name, and initialised Steam in it.
fn adopts() {
    assert!(!peer_steam::is_available());
    let other = open_as_another_addon(Path::new(&std::env::var_os(OPENED_FIRST).unwrap()));
    let mut message = [0_u8; 1024];
    // SAFETY: the signatures of Steam's headers.
    let (init, shutdown) = unsafe {
        let init = other.get::<unsafe extern "C" fn(*mut [u8; 1024]) -> i32>(b"SteamAPI_InitFlat").unwrap();
        (init, other.get::<unsafe extern "C" fn()>(b"SteamAPI_Shutdown").unwrap())
    };
    // SAFETY: as Steam's documentation says.
    assert_eq!(unsafe { init(&raw mut message) }, 0);
    assert!(peer_steam::is_available());
    let steam = Steam::init().unwrap();
    assert!(steam.is_adopted());
    drop(steam);
    // SAFETY: nothing uses Steam any more.
    unsafe { shutdown() };
    assert!(!peer_steam::is_available());
}

fn has_none() {
    for _ in 0..2 {
        assert!(!peer_steam::is_available());
        let error = Steam::init().expect_err("there is no library");
        assert!(matches!(error, InitError::NoLibrary(_)), "{error:?}");
        println!("\n@{error}");
    }
    let mut transport = SteamTransport::new();
    assert_eq!(transport.local_steam_id(), None);
    assert_eq!(transport.listen(VirtualPort(0)), Err(TransportError::Unavailable));
}

/// Another SDK's library: a stub of every function that this crate looks up, under the names that `rename` gives them.
fn library_of_another_sdk(folder: &Path, rename: impl Fn(&str) -> Option<String>) -> PathBuf {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ffi/api.rs");
    let table = std::fs::read_to_string(table).unwrap();
    let entries = table.lines().filter_map(|line| line.trim().split_once(": fn("));
    let names = entries.map(|(name, _)| name).filter(|name| name.starts_with("SteamAPI_"));
    let stub = |name: String| {
        let body = match &*name {
            "SteamAPI_InitFlat" => "up = 1; return 0;",
            "SteamAPI_Shutdown" => "up = 0; return 0;",
            "SteamAPI_GetHSteamPipe" | "SteamAPI_GetHSteamUser" => "return up;",
            _ => "return 0;",
        };
        format!("long {name}(void) {{ {body} }}\n")
    };
    let source: String = names.filter_map(rename).map(stub).collect();
    let (file, library) = (folder.join("stub.c"), folder.join(LIBRARY));
    std::fs::write(&file, format!("static int up;\n{source}")).unwrap();
    let status = Command::new("cc").args(["-shared", "-fPIC", "-w", "-o"]).arg(&library).arg(&file).status();
    assert!(status.unwrap().success());
    library
}

/// A Steam that has nothing to offer, but comes up.
fn initialises_a_stub() {
    let mut steam = Steam::init().unwrap();
    assert!(peer_steam::is_available());
    steam.run_callbacks();
    assert_eq!((steam.steam_id(), steam.app_id(), steam.persona_name()), (None, 0, String::new()));
    drop(steam);
    assert!(!peer_steam::is_available());
}

#[test]
fn the_library_of_another_sdk_will_do() {
    let program = Program::new();
    let folder = TempDir::new().unwrap();
    // Older and newer accessors, and none of what is only a convenience.
    let library = library_of_another_sdk(folder.path(), |name| match name {
        "SteamAPI_SteamFriends_v018" => Some("SteamAPI_SteamFriends_v017".to_owned()),
        "SteamAPI_SteamUser_v023" => Some("SteamAPI_SteamUser_v031".to_owned()),
        "SteamAPI_ISteamFriends_GetPersonaName" | "SteamAPI_ISteamUtils_GetAppID" => None,
        name => Some(name.to_owned()),
    });
    program.run("initialises_a_stub", &[(SETTING, &library)]);
}

#[test]
fn a_library_without_what_is_needed_is_refused_by_name() {
    let program = Program::new();
    let folder = TempDir::new().unwrap();
    let library = library_of_another_sdk(folder.path(), |name| {
        (name != "SteamAPI_ISteamNetworkingSockets_SendMessages").then(|| name.to_owned())
    });
    let said = program.run("has_none", &[(SETTING, &library)]);
    assert!(said.contains("it has no SteamAPI_ISteamNetworkingSockets_SendMessages"), "{said}");
}

#[test]
fn without_a_library_initialising_says_where_it_was_looked_for() {
    let program = Program::new();
    let said = program.run("has_none", &[]);
    let line = said.lines().find_map(|line| line.strip_prefix('@')).expect("an error");
    assert!(line.contains(LIBRARY), "{line}");
    assert!(line.contains("STEAM_API_LIBRARY is not set") && line.contains("by its name: "), "{line}");
    let beside = program.folder.path().canonicalize().unwrap().join(LIBRARY);
    assert!(line.contains(&beside.display().to_string()), "{line}");
    let nowhere = program.folder.path().join("nowhere");
    let said = program.run("has_none", &[(SETTING, &nowhere)]);
    assert!(said.contains(&nowhere.display().to_string()), "{said}");
}

#[test]
fn the_setting_names_the_library_or_its_folder() {
    let program = Program::new();
    let library = local_steam();
    program.run("initialises", &[(SETTING, &library)]);
    program.run("initialises", &[(SETTING, library.parent().unwrap())]);
}

#[test]
fn a_library_beside_our_own_is_found() {
    let program = Program::new();
    std::fs::copy(local_steam(), program.folder.path().join(LIBRARY)).unwrap();
    program.run("initialises", &[]);
}

#[test]
fn a_library_that_the_loader_finds_by_name_is_the_last_resort() {
    Program::new().run("initialises", &[("LD_LIBRARY_PATH", local_steam().parent().unwrap())]);
}

#[test]
fn a_library_that_is_loaded_goes_before_all_others() {
    let program = Program::new();
    // Neither of these is a library at all.
    std::fs::write(program.folder.path().join(LIBRARY), "beside").unwrap();
    let nowhere = program.folder.path().join("nowhere");
    program.run("initialises", &[(OPENED_FIRST, &local_steam()), (SETTING, &nowhere)]);
}

#[test]
fn a_steam_that_another_addon_has_initialised_is_adopted_whatever_its_librarys_file() {
    let program = Program::new();
    program.run("adopts", &[(OPENED_FIRST, &local_steam())]);
    let elsewhere = program.folder.path().join("other/addon");
    std::fs::create_dir_all(&elsewhere).unwrap();
    let renamed = elsewhere.join("steam_api_of_another.so");
    std::fs::copy(local_steam(), &renamed).unwrap();
    program.run("adopts", &[(OPENED_FIRST, &renamed)]);
}
