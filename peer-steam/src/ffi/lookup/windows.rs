//! Libraries on Windows.

use std::ffi::{OsString, c_void};
use std::os::windows::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use libloading::Library;
use libloading::os::windows::{LOAD_WITH_ALTERED_SEARCH_PATH, Library as WindowsLibrary};

/// `GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS`, and `GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT`.
const FROM_ADDRESS: u32 = 4;
const UNCHANGED_REFCOUNT: u32 = 2;

/// The longest path on Windows, in UTF-16 units.
const MAX_PATH: usize = 32_768;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
    fn GetModuleFileNameW(module: *mut c_void, name: *mut u16, size: u32) -> u32;
}

/// Every library of this process that may be Steam's.
pub(super) fn loaded() -> Vec<Library> {
    let names = ["steam_api64.dll", "steam_api.dll"].into_iter();
    names.filter_map(|name| WindowsLibrary::open_already_loaded(name).ok()).map(Library::from).collect()
}

/// Loads a library.
pub(super) fn open(path: &Path) -> Result<Library, libloading::Error> {
    // The flag is for a full path, and has the library's own folder searched for what it needs itself.
    let flags = if path.is_absolute() { LOAD_WITH_ALTERED_SEARCH_PATH } else { 0 };
    // SAFETY: what a library does when it is loaded is its own affair; this is Steam's, or one that the user names.
    unsafe { WindowsLibrary::load_with_flags(path, flags) }.map(Library::from)
}

/// The folder of the file that this code is in.
pub(super) fn own_folder() -> Option<PathBuf> {
    static HERE: u8 = 0;
    let mut module = std::ptr::null_mut();
    let mut name = vec![0; MAX_PATH];
    // SAFETY: the handle is writable, the address is one of this file's, and the buffer is as large as is said.
    let length = unsafe {
        if GetModuleHandleExW(FROM_ADDRESS | UNCHANGED_REFCOUNT, (&raw const HERE).cast(), &raw mut module)
            == 0
        {
            return None;
        }
        GetModuleFileNameW(module, name.as_mut_ptr(), u32::try_from(name.len()).unwrap_or(0))
    };
    let name = name.get(..usize::try_from(length).ok()?).filter(|name| !name.is_empty())?;
    PathBuf::from(OsString::from_wide(name)).parent().map(Path::to_owned)
}
