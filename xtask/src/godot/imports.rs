//! What a library asks the system's loader for.

use anyhow::{Context, Result};
use object::elf::{DT_NEEDED, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _};
use object::read::macho::{FatArch as _, MachOFatFile32};
use object::{Endianness, FileKind, Object as _};

/// The libraries that a library is linked against, and the names that it imports, for every processor that it is for.
pub(super) fn of(library: &[u8]) -> Result<Vec<String>> {
    match MachOFatFile32::parse(library) {
        Ok(fat) => {
            let parts = fat.arches().iter().map(|arch| of_one(arch.data(library)?));
            Ok(parts.collect::<Result<Vec<_>>>()?.concat())
        }
        Err(_) => of_one(library),
    }
}

fn of_one(library: &[u8]) -> Result<Vec<String>> {
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let file = object::File::parse(library).context("no library")?;
    let imports = file.imports().context("no imports")?;
    let mut names: Vec<_> =
        imports.iter().flat_map(|import| [text(import.library()), text(import.name())]).collect();
    // On Linux, imports do not say where they are from.
    if FileKind::parse(library)? == FileKind::Elf64 {
        let header = FileHeader64::<Endianness>::parse(library)?;
        let endian = header.endian()?;
        let sections = header.sections(endian, library)?;
        let (entries, strings) = sections.dynamic(endian, library)?.context("no dynamic section")?;
        let strings = sections.strings(endian, library, strings)?;
        for entry in entries.iter().filter(|entry| entry.tag32(endian) == Some(DT_NEEDED)) {
            names.push(text(entry.string(endian, strings)?));
        }
    }
    Ok(names)
}
