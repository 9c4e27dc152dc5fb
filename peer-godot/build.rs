//! How the addon's library finds Valve's.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Beside itself. On Windows and macOS that is so without a word: Godot loads with the library's own folder in
    // the search path, and Valve's library asks on macOS to be looked for beside whoever needs it.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-rpath,$ORIGIN");
        // Without this some linkers write the older kind of path, which goes before LD_LIBRARY_PATH: Local
        // Steam could then never take the place of Valve's library.
        println!("cargo::rustc-cdylib-link-arg=-Wl,--enable-new-dtags");
    }
}
