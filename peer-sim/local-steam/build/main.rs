//! Writes what follows from Valve's headers, and compiles Valve's open-source networking sockets into this library, with
//! nothing but a C++ compiler: their messages and their cryptography, for which they would want protobuf and OpenSSL, are
//! our own (`native`).
//!
//! Tried: GCC for Linux on `x86_64`. `MinGW`'s compiles the sources; what it makes of them has not run yet. Microsoft's
//! compiler, Clang on macOS, and arm64 are written from documentation.

mod headers;
mod messages;
#[path = "../harness/src/sdk.rs"]
mod sdk;
mod steam_api;

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The crate that carries the sources. Its build script wants libraries of the system, so it is not built: it is a
/// dependency for machines without a system, and cargo says where it lies.
const CARRIER: &str = "game-networking-sockets-sys";
const NO_SYSTEM: &str = "x86_64-unknown-none";

/// Later ones import from earlier ones.
const MESSAGES: [&str; 3] = [
    "steamnetworkingsockets_messages_certs",
    "steamnetworkingsockets_messages",
    "steamnetworkingsockets_messages_udp",
];

/// Without the flat interface, whose names are those that this library exports.
const SOURCES: [&str; 28] = [
    "common/steamid.cpp",
    "common/crypto.cpp",
    "common/crypto_textencode.cpp",
    "common/keypair.cpp",
    "common/crypto_25519_donna.cpp",
    "steamnetworkingsockets/steamnetworkingsockets_certs.cpp",
    "steamnetworkingsockets/steamnetworkingsockets_certstore.cpp",
    "steamnetworkingsockets/steamnetworkingsockets_shared.cpp",
    "steamnetworkingsockets/steamnetworkingsockets_stats.cpp",
    "steamnetworkingsockets/steamnetworkingsockets_thinker.cpp",
    "steamnetworkingsockets/clientlib/csteamnetworkingsockets.cpp",
    "steamnetworkingsockets/clientlib/csteamnetworkingmessages.cpp",
    "steamnetworkingsockets/clientlib/steamnetworkingsockets_connections.cpp",
    "steamnetworkingsockets/clientlib/steamnetworkingsockets_lowlevel_misc.cpp",
    "steamnetworkingsockets/clientlib/steamnetworkingsockets_spew.cpp",
    "steamnetworkingsockets/clientlib/steamnetworkingsockets_taskqueue.cpp",
    "steamnetworkingsockets/clientlib/steamnetworkingsockets_p2p.cpp",
    "steamnetworkingsockets/clientlib/steamnetworkingsockets_p2p_ice.cpp",
    "steamnetworkingsockets/clientlib/steamnetworkingsockets_p2p_webrtc.cpp",
    "steamnetworkingsockets/clientlib/steamnetworkingsockets_snp.cpp",
    "steamnetworkingsockets/clientlib/steamnetworkingsockets_udp.cpp",
    "tier0/dbg.cpp",
    "tier0/platformtime.cpp",
    "tier0/valve_tracelogging.cpp",
    "tier1/netadr.cpp",
    "tier1/utlbuffer.cpp",
    "tier1/utlmemory.cpp",
    "vstdlib/strtools.cpp",
];

const C_SOURCES: [&str; 3] =
    ["external/curve25519-donna/curve25519.c", "external/ed25519-donna/ed25519_VALVE.c", "tier1/ipv6text.c"];

/// Ours. Two of them take in a source of Valve's.
const NATIVE: [&str; 4] = ["addresses.cpp", "crypto.cpp", "ice_client.cpp", "socketthread.cpp"];

fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=native");
    println!("cargo::rerun-if-changed=harness/src/sdk.rs");
    steam_api::generate();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let valve = sdk::package(CARRIER, NO_SYSTEM).join("thirdparty/GameNetworkingSockets");
    let sources = valve.join("src");
    println!("cargo::rerun-if-changed={}", sources.display());

    let mut types = messages::Types::default();
    for name in MESSAGES {
        let proto = sources.join("common").join(name).with_extension("proto");
        let text = fs::read_to_string(&proto).unwrap_or_else(|error| panic!("{}: {error}", proto.display()));
        let header = out.join(name).with_extension("pb.h");
        fs::write(&header, messages::header(&text, &mut types)).expect("OUT_DIR can be written to");
    }

    let mut build = compiler(&valve, &out);
    build.cpp(true);
    let is_msvc = build.get_compiler().is_like_msvc();
    build.std(if is_msvc { "c++17" } else { "gnu++17" });
    for flag in if is_msvc { &["/EHs-c-", "/GR-"][..] } else { &["-fno-exceptions", "-fno-rtti"][..] } {
        build.flag(flag);
    }
    build.files(SOURCES.map(|source| sources.join(source)));
    build.files(NATIVE.map(|source| Path::new("native").join(source)));
    build.compile("gns");
    compiler(&valve, &out).files(C_SOURCES.map(|source| sources.join(source))).compile("gns_c");

    if target("OS") == "windows" {
        for library in ["ws2_32", "iphlpapi", "winmm", "crypt32", "dbghelp"] {
            println!("cargo::rustc-link-lib={library}");
        }
    }
}

/// What the C and the C++ sources are compiled with, of any profile: unoptimised, every test on them would be several
/// times slower.
fn compiler(valve: &Path, out: &Path) -> cc::Build {
    let mut build = cc::Build::new();
    build.opt_level(2).debug(false).warnings(false).pic(true);
    build.include("native").include(out).include(valve.join("include"));
    for folder in ["src", "src/common", "src/public", "src/steamnetworkingsockets"] {
        build.include(valve.join(folder));
    }
    for define in [
        "NDEBUG",
        "STEAMNETWORKINGSOCKETS_STATIC_LINK",
        "STEAMNETWORKINGSOCKETS_ENABLE_ICE",
        "VALVE_CRYPTO_ENABLE_25519",
        "VALVE_CRYPTO_25519_DONNA",
        "ED25519_REFHASH",
        "ENABLE_OPENSSLCONNECTION",
    ] {
        build.define(define, None);
    }
    let system = match target("OS").as_str() {
        "linux" => "LINUX",
        "macos" => "OSX",
        "windows" => "_WINDOWS",
        other => panic!("Local Steam is for Linux, macOS and Windows, not for {other}"),
    };
    build.define(system, None);
    if build.get_compiler().is_like_msvc() {
        build.define("_CRT_SECURE_NO_WARNINGS", None).define("_CRT_NONSTDC_NO_WARNINGS", None);
    } else {
        build.flag("-fvisibility=hidden").flag("-fno-strict-aliasing").flag("-w");
        build.flag("-ffunction-sections").flag("-fdata-sections");
    }
    if target("OS") == "windows" && target("ENV") == "gnu" {
        build.define("__STDC_FORMAT_MACROS", "1").define("__USE_MINGW_ANSI_STDIO", "0");
        // Names of headers are written in two ways, which is one on Windows only.
        fs::write(out.join("Windows.h"), "#include <windows.h>\n").expect("OUT_DIR can be written to");
    }
    build
}

/// What cargo says of the system that is built for.
fn target(property: &str) -> String {
    env::var(format!("CARGO_CFG_TARGET_{property}")).unwrap_or_default()
}
