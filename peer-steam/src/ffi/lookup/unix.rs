//! Libraries on Unix.

use std::collections::BTreeSet;
use std::ffi::{CStr, OsStr, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use libloading::Library;
use libloading::os::unix::{Library as UnixLibrary, RTLD_LOCAL, RTLD_NOW};

use super::LIBRARY;

/// Every library of this process that may be Steam's: what the executable itself links, one under Steam's usual name,
/// and any with a similar file name.
pub(super) fn loaded() -> Vec<Library> {
    let mut names = BTreeSet::from([PathBuf::from(LIBRARY)]);
    let file = LIBRARY.split('.').next().unwrap_or(LIBRARY);
    names.extend(loaded_files().into_iter().filter(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().contains(file.trim_start_matches("lib")))
    }));
    let executable = Library::from(UnixLibrary::this());
    // SAFETY: with `RTLD_NOLOAD` no library is loaded, and so no code of one runs.
    let others = names.iter().filter_map(|name| unsafe {
        UnixLibrary::open(Some(name), RTLD_NOW | RTLD_LOCAL | libc::RTLD_NOLOAD).ok()
    });
    std::iter::once(executable).chain(others.map(Library::from)).collect()
}

/// Loads a library.
pub(super) fn open(path: &Path) -> Result<Library, libloading::Error> {
    // SAFETY: what a library does when it is loaded is its own affair; this is Steam's, or one that the user names.
    unsafe { UnixLibrary::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(Library::from)
}

/// The folder of the file that this code is in.
pub(super) fn own_folder() -> Option<PathBuf> {
    static HERE: u8 = 0;
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the structure is writable, and the address is one of this file's.
    let found = unsafe { libc::dladdr((&raw const HERE).cast::<c_void>(), info.as_mut_ptr()) };
    // SAFETY: zeroed, which is a value of it, and then written by `dladdr`.
    let name = unsafe { info.assume_init() }.dli_fname;
    if found == 0 || name.is_null() {
        return None;
    }
    // SAFETY: a C string of the loader's, which lives as long as this file is loaded.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()));
    // An executable's may be what it was started as.
    path.canonicalize().ok()?.parent().map(Path::to_owned)
}

#[cfg(target_vendor = "apple")]
#[allow(deprecated, reason = "two calls are no reason for another crate")]
fn loaded_files() -> Vec<PathBuf> {
    // SAFETY: may be called at any time; an index that is gone by the time it is asked for yields null.
    let names =
        (0..unsafe { libc::_dyld_image_count() }).map(|index| unsafe { libc::_dyld_get_image_name(index) });
    names
        .filter(|name| !name.is_null())
        // SAFETY: a C string of the loader's.
        .map(|name| PathBuf::from(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes())))
        .collect()
}

#[cfg(not(target_vendor = "apple"))]
fn loaded_files() -> Vec<PathBuf> {
    unsafe extern "C" fn add(info: *mut libc::dl_phdr_info, _size: usize, files: *mut c_void) -> libc::c_int {
        // SAFETY: the loader passes a structure whose name is null or a C string, and the list from below.
        unsafe {
            let name = (*info).dlpi_name;
            if !name.is_null() {
                let files = &mut *files.cast::<Vec<PathBuf>>();
                files.push(PathBuf::from(OsStr::from_bytes(CStr::from_ptr(name).to_bytes())));
            }
        }
        0
    }
    let mut files = Vec::<PathBuf>::new();
    // SAFETY: the function is of the type asked for, and gets the list.
    unsafe { libc::dl_iterate_phdr(Some(add), (&raw mut files).cast()) };
    files
}
