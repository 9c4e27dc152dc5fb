//! Where a Linux library looks for those that it needs.

use anyhow::{Context, Result};
use object::Endianness;
use object::elf::{DT_RPATH, DT_RUNPATH, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _};

/// The two kinds of search path that can be written into a library.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SearchPath {
    /// Searched before `LD_LIBRARY_PATH`.
    pub(super) rpath: Option<String>,
    /// Searched after it.
    pub(super) runpath: Option<String>,
}

/// Reads the search path of a library.
pub(super) fn search_path(library: &[u8]) -> Result<SearchPath> {
    let header = FileHeader64::<Endianness>::parse(library).context("not a 64-bit ELF file")?;
    let endian = header.endian().context("not an ELF file")?;
    let sections = header.sections(endian, library).context("the ELF file has no sections")?;
    let mut path = SearchPath::default();
    if let Some((entries, strings)) = sections.dynamic(endian, library).context("bad dynamic section")? {
        let strings = sections.strings(endian, library, strings).context("bad dynamic strings")?;
        for entry in entries {
            let tag = entry.tag32(endian);
            if tag == Some(DT_RPATH) || tag == Some(DT_RUNPATH) {
                let text = entry.string(endian, strings).context("a search path without text")?;
                let text = String::from_utf8_lossy(text).into_owned();
                if tag == Some(DT_RPATH) { path.rpath = Some(text) } else { path.runpath = Some(text) }
            }
        }
    }
    Ok(path)
}
