//! Where Steam's library is found, at run time.
//!
//! In this order, because a process must not have two of them:
//!
//! 1. one that the process has loaded already, as another addon does: the one in which Steam is up, if there are several;
//! 2. the file, or the folder, that the environment variable `STEAM_API_LIBRARY` names;
//! 3. beside this addon's own library, where its releases have Valve's;
//! 4. by name, wherever the system's loader looks.

#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(windows), path = "unix.rs")]
mod system;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use libloading::Library;

use super::api::Api;

/// The name of Steam's library on this system.
pub(crate) const LIBRARY: &str = if cfg!(all(windows, target_pointer_width = "64")) {
    "steam_api64.dll"
} else if cfg!(windows) {
    "steam_api.dll"
} else if cfg!(target_vendor = "apple") {
    "libsteam_api.dylib"
} else {
    "libsteam_api.so"
};

/// The environment variable that names Steam's library, or its folder.
const SETTING: &str = "STEAM_API_LIBRARY";

/// The functions of the library that the process uses; chosen once.
static API: OnceLock<Api> = OnceLock::new();

/// Whether the library was in the process before this crate looked for one: another addon uses it.
static IS_SHARED: AtomicBool = AtomicBool::new(false);

/// Whether another addon uses the library, too.
pub(super) fn is_shared() -> bool {
    IS_SHARED.load(Ordering::Relaxed)
}

/// The table, if a library has been found.
pub(super) fn api() -> Option<&'static Api> {
    API.get()
}

/// The table of a library that the process has loaded, without loading one. To be called under the lock of `library`.
pub(super) fn find_loaded() -> Option<&'static Api> {
    if let Some(api) = API.get() {
        return Some(api);
    }
    let mut loaded: Vec<Api> =
        system::loaded().into_iter().filter_map(|library| Api::resolve(library).ok()).collect();
    let up = loaded.iter().position(is_up).unwrap_or(0);
    (up < loaded.len()).then(|| {
        IS_SHARED.store(true, Ordering::Relaxed);
        API.get_or_init(|| loaded.swap_remove(up))
    })
}

/// The table, after loading the library if the process has none yet. To be called under the lock of `library`.
///
/// # Errors
/// One line with the file's name and where it was looked for.
pub(super) fn find() -> Result<&'static Api, String> {
    if let Some(api) = find_loaded() {
        return Ok(api);
    }
    let setting = std::env::var_os(SETTING).filter(|value| !value.is_empty()).map(PathBuf::from);
    load(setting.as_deref(), system::own_folder().as_deref()).map(|api| API.get_or_init(|| api))
}

/// Whether Steam is initialised in the library of a table.
pub(super) fn is_up(api: &Api) -> bool {
    // SAFETY: these may be called at any time, and return 0 without Steam.
    unsafe { (api.SteamAPI_GetHSteamPipe)() != 0 && (api.SteamAPI_GetHSteamUser)() != 0 }
}

fn load(setting: Option<&Path>, own_folder: Option<&Path>) -> Result<Api, String> {
    let mut tried = format!("{LIBRARY} is needed; none is loaded in this process");
    if let Some(path) = setting {
        let path = if path.is_dir() { path.join(LIBRARY) } else { path.to_owned() };
        // Whoever names a library wants that one and no other.
        return open(&path).map_err(|error| {
            let _ = write!(tried, ", and {SETTING} names {}: {error}", path.display());
            tried
        });
    }
    let _ = write!(tried, ", {SETTING} is not set");
    let beside = own_folder.map(|folder| folder.join(LIBRARY));
    // By name, last: the loader may not look beside this library, and may have another one to offer.
    for path in beside.iter().map(PathBuf::as_path).chain([Path::new(LIBRARY)]) {
        match open(path) {
            Ok(api) => return Ok(api),
            Err(error) => {
                let place =
                    if path.is_absolute() { path.display().to_string() } else { "by its name".to_owned() };
                let _ = write!(tried, "; {place}: {error}");
            }
        }
    }
    Err(tried)
}

fn open(path: &Path) -> Result<Api, String> {
    if path.is_absolute() && !path.is_file() {
        return Err("no such file".to_owned());
    }
    let library: Library = system::open(path).map_err(|error| error.to_string())?;
    Api::resolve(library).map_err(|name| format!("it has no {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_names_no_library_is_an_error_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let error = load(Some(folder.path()), None).err().expect("an empty folder");
        let named =
            format!("STEAM_API_LIBRARY names {}: no such file", folder.path().join(LIBRARY).display());
        assert!(error.ends_with(&named), "{error}");
        let text = folder.path().join("text");
        std::fs::write(&text, "not a library").unwrap();
        let error = load(Some(&text), None).err().expect("not a library");
        assert!(error.contains(&format!("names {}: ", text.display())), "{error}");
    }
}
