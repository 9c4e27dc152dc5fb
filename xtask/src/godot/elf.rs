//! Which glibc a Linux library needs.

use std::fmt;

use anyhow::{Context, Result};
use object::Endianness;
use object::elf::FileHeader64;
use object::read::elf::FileHeader as _;

/// A version of glibc, as in the names of symbol versions (`GLIBC_2.31`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glibc(pub(super) u32, pub(super) u32);

impl Glibc {
    /// Nothing for other symbol versions. A patch level (`GLIBC_2.2.5`) is left out.
    fn parse(symbol_version: &[u8]) -> Option<Self> {
        let version = std::str::from_utf8(symbol_version).ok()?.strip_prefix("GLIBC_")?;
        let mut parts = version.split('.').map(str::parse);
        Some(Self(parts.next()?.ok()?, parts.next()?.ok()?))
    }
}

impl fmt::Display for Glibc {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

/// The oldest glibc that has all symbols that a library needs; nothing if it needs none of glibc's.
pub(super) fn needed_glibc(library: &[u8]) -> Result<Option<Glibc>> {
    let header = FileHeader64::<Endianness>::parse(library).context("not a 64-bit ELF file")?;
    let endian = header.endian().context("not an ELF file")?;
    let sections = header.sections(endian, library).context("the ELF file has no sections")?;
    let mut newest = None;
    if let Some((mut files, strings)) =
        sections.gnu_verneed(endian, library).context("bad symbol versions")?
    {
        let strings = sections.strings(endian, library, strings).context("bad names of symbol versions")?;
        while let Some((_, mut versions)) = files.next().context("bad symbol versions")? {
            while let Some(version) = versions.next().context("bad symbol versions")? {
                let name = version.name(endian, strings).context("a symbol version without a name")?;
                newest = newest.max(Glibc::parse(name));
            }
        }
    }
    Ok(newest)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    /// A library with this code.
    fn library(code: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let [source, library] = ["code.c", "libcode.so"].map(|name| folder.path().join(name));
        std::fs::write(&source, code).unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-nostartfiles", "-fPIC", "-Wl,--no-as-needed"]);
        assert!(compiler.arg("-o").arg(&library).arg(&source).status().unwrap().success());
        std::fs::read(&library).unwrap()
    }

    #[test]
    fn the_newest_symbol_of_glibc_decides() {
        let code = "#include <sys/random.h>\n#include <stdlib.h>\n\
                    int f(void *p) { free(p); return getrandom(p, 1, 0); }";
        assert_eq!(needed_glibc(&library(code)).unwrap(), Some(Glibc(2, 25)));
        assert_eq!(needed_glibc(&library("int f(void) { return 1; }")).unwrap(), None);
        needed_glibc(b"no library").unwrap_err();
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(Glibc::parse(b"GLIBC_2.2.5"), Some(Glibc(2, 2)));
        assert_eq!((Glibc::parse(b"GLIBC_PRIVATE"), Glibc::parse(b"GCC_3.0")), (None, None));
        assert!(Glibc::parse(b"GLIBC_2.4") < Glibc::parse(b"GLIBC_2.31"));
    }
}
