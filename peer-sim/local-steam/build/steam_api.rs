//! Writes what is the same for every function of Valve's library: the tables of virtual functions, the accessors, and the
//! functions that Local Steam does not stand in for. `src/api/interfaces.rs` includes the result and gives it its meaning.

use std::collections::BTreeMap;
use std::path::Path;

use crate::headers::{Function, Headers, Interface, Method};

/// What functions return that fail, where that is not 0.
const FAILURES: [(&str, &str); 14] = [
    ("EResult", "2"),
    ("EVoiceResult", "1"),
    ("EBeginAuthSessionResult", "1"),
    ("EUserHasLicenseForAppResult", "2"),
    ("ESteamAPICallFailure", "u64::MAX"),
    ("ESteamAPIInitResult", "1"),
    ("ESteamNetworkingGetConfigValueResult", "u64::MAX"),
    ("FriendsGroupID_t", "u64::MAX"),
    ("HServerQuery", "u64::MAX"),
    ("SteamInventoryUpdateHandle_t", "u64::MAX"),
    ("PublishedFileUpdateHandle_t", "u64::MAX"),
    ("UGCFileWriteStreamHandle_t", "u64::MAX"),
    ("UGCHandle_t", "u64::MAX"),
    ("UGCQueryHandle_t", "u64::MAX"),
];

/// Structures that are returned, with their size in bytes, which decides how.
const STRUCTURES: [(&str, usize); 4] = [
    ("InputDigitalActionData_t", 2),
    ("InputAnalogActionData_t", 13),
    ("InputMotionData_t", 40),
    ("SteamIPAddress_t", 20),
];

/// Writes the file, for `include!`.
pub(crate) fn generate() {
    let headers = Headers::read();
    let functions = headers.functions();
    let interfaces = headers.interfaces();
    assert!(functions.len() > 900 && interfaces.len() > 20, "{} {}", functions.len(), interfaces.len());
    let written = written();
    let mut text = String::new();
    let mut refused = String::new();
    for function in functions.values().filter(|function| !written.contains_key(&function.name)) {
        let name = &function.name;
        if interfaces.contains_key(accessor_of(function)) {
            let kind = if name.contains("_SteamGameServer") { "game_server_accessor" } else { "accessor" };
            line(&mut text, &format!("{kind}! {{ {name} = {} }}", accessor_of(function)));
        } else if is_getter(function) {
            let handles = if function.arguments.len() == 4 { "_user, _pipe" } else { "_pipe" };
            line(&mut text, &format!("getter! {{ {name}({handles}) }}"));
        } else {
            line(&mut refused, &format!("    {name}: {};", result(function, &headers)));
        }
    }
    let (mut tables, mut private) = (String::new(), String::new());
    for interface in interfaces.values() {
        table(interface, &functions, &written, &mut tables, &mut private);
    }
    for (name, entries) in
        [("refused! { #[unsafe(no_mangle)]", refused), ("refused! {", private), ("interfaces! {", tables)]
    {
        line(&mut text, name);
        text += &entries;
        line(&mut text, "}");
    }
    let out = std::env::var_os("OUT_DIR").expect("set by cargo");
    std::fs::write(Path::new(&out).join("steam_api.rs"), text).expect("the build's own folder");
}

/// The functions that are written by hand, and the module of each.
fn written() -> BTreeMap<String, String> {
    println!("cargo::rerun-if-changed=src/api");
    let mut written = BTreeMap::new();
    for file in
        std::fs::read_dir("src/api").expect("the modules").map(|entry| entry.expect("a module").path())
    {
        let module = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        // A definition, or a line of a macro that makes one.
        let words = text.lines().filter(|line| line.contains(" fn ") || line.contains(" => "));
        for word in words.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')) {
            if word.starts_with("Steam") || word.starts_with("GetHSteam") {
                written.insert(word.to_owned(), module.clone());
            }
        }
    }
    written
}

fn line(text: &mut String, line: &str) {
    *text += line;
    text.push('\n');
}

/// The class that an accessor such as `SteamAPI_SteamUser_v023` is for, else "".
fn accessor_of(function: &Function) -> &str {
    let class = function.result.strip_suffix('*').filter(|_| function.arguments.is_empty());
    class.map(str::trim).unwrap_or_default()
}

/// Whether `ISteamClient` gives out an interface by this function: the last argument is the version.
fn is_getter(function: &Function) -> bool {
    let is_version = |argument: &String| argument.starts_with("const char *");
    function.name.starts_with("SteamAPI_ISteamClient_GetISteam")
        && function.arguments.last().is_some_and(is_version)
}

/// How a function that is not stood in for returns its failure.
fn result(function: &Function, headers: &Headers) -> String {
    let result = &*function.result;
    if let Some((_, size)) = STRUCTURES.iter().find(|(name, _)| *name == result) {
        return format!("Bytes<{size}> = Bytes([0; {size}])");
    }
    assert!(!headers.is_structure(result), "{}: how is a {result} returned?", function.name);
    match result {
        "void" => "() = ()".to_owned(),
        "float" => "f32 = 0.0".to_owned(),
        "const char *" => "Text = EMPTY".to_owned(),
        _ => {
            let failure = FAILURES.iter().find(|(name, _)| *name == result).map_or("0", |(_, value)| value);
            format!("Word = {failure}")
        }
    }
}

/// A table of virtual functions. Those that the flat API does not have are private.
fn table(
    interface: &Interface,
    functions: &BTreeMap<String, Function>,
    written: &BTreeMap<String, String>,
    tables: &mut String,
    private: &mut String,
) {
    let mut slots: Vec<(&str, String)> = Vec::new();
    for Method { name, flat } in &interface.methods {
        let path = written.get(flat).map_or(flat.clone(), |module| format!("crate::api::{module}::{flat}"));
        let how = match functions.get(flat).map(|function| &*function.result) {
            Some("uint64_steamid") => "steam_id",
            Some(result) if STRUCTURES.iter().any(|(name, _)| *name == result) => "structure",
            _ => "plain",
        };
        slots.push((name, format!("{how} {path}")));
        if name.starts_with('~') && !is_windows() {
            // One that frees the object, too.
            slots.push((name, format!("plain {flat}")));
        }
        if !functions.contains_key(flat) {
            line(private, &format!("    {flat}: Word = 0;"));
        }
    }
    if is_windows() {
        // Microsoft's compiler reverses overloads.
        for overloads in slots.chunk_by_mut(|one, other| one.0 == other.0) {
            overloads.reverse();
        }
    }
    line(tables, &format!("    {} {:?} {{", interface.class, interface.version));
    for (_, slot) in slots {
        line(tables, &format!("        {slot};"));
    }
    line(tables, "    }");
}

fn is_windows() -> bool {
    std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("windows")
}
