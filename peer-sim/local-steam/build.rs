//! Asks the linker to route the few socket calls of the networking sockets through `src/loopback.rs`, and writes what
//! follows from Valve's headers.

#[path = "build/headers.rs"]
mod headers;
#[path = "harness/src/sdk.rs"]
mod sdk;
#[path = "build/steam_api.rs"]
mod steam_api;

/// The C functions that `src/loopback.rs` stands in front of.
const WRAPPED: [&str; 7] =
    ["bind", "freeifaddrs", "getifaddrs", "getsockname", "recvmsg", "sendmsg", "sendto"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=harness/src/sdk.rs");
    steam_api::generate();
    // `--wrap` is understood by GNU ld, gold, lld and mold. Elsewhere the real interfaces are used.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        for function in WRAPPED {
            println!("cargo::rustc-cdylib-link-arg=-Wl,--wrap={function}");
        }
    }
}
