//! The packages whose code is in the addon's library, and their licences.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::platform::Platform;
use crate::run::{cargo, metadata, output};

/// Names that files with a licence begin with.
const FILES: [&str; 5] = ["COPYING", "LICENCE", "LICENSE", "NOTICE", "UNLICENSE"];

/// The notice for all packages that a package of the workspace is built from: who they are, then each licence's text once.
pub(super) fn notice(package: &str) -> Result<String> {
    let packages = linked(package)?;
    let folders = Folders::read()?;
    let mut texts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for package in &packages {
        for text in licence_texts(folders.of(&package.name, Some(&package.version))?)? {
            texts.entry(text).or_default().push(&package.name);
        }
    }
    Ok(format(&packages, texts))
}

/// A package from elsewhere.
#[derive(Debug)]
struct Package {
    name: String,
    version: String,
    /// The licence's expression, as `MIT OR Apache-2.0`, and the sources' address; either may be empty.
    licence: String,
    repository: String,
}

/// Where the sources of each package of the workspace's lie, by name and version.
#[derive(Debug)]
pub(super) struct Folders(BTreeMap<(String, String), PathBuf>);

impl Folders {
    /// Reads those that any of the addon's platforms needs; only these does cargo download.
    pub(super) fn read() -> Result<Self> {
        let platforms = Platform::all_targets();
        let platforms = platforms.into_iter().flat_map(|target| ["--filter-platform", target]);
        let metadata = metadata(&platforms.collect::<Vec<_>>())?;
        let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
        let folder = |package: &serde_json::Value| {
            let text = |field: &str| package[field].as_str().map(str::to_owned);
            let manifest = PathBuf::from(text("manifest_path")?);
            Some(((text("name")?, text("version")?), manifest.parent()?.to_owned()))
        };
        let folders: Option<_> = packages.iter().map(folder).collect();
        Ok(Self(folders.context("cargo metadata describes a package incompletely")?))
    }

    /// The folder of a package, in this version or in the only one.
    pub(super) fn of(&self, name: &str, version: Option<&str>) -> Result<&Path> {
        let is_it = |key: &(String, String)| key.0 == name && version.is_none_or(|version| key.1 == version);
        let found = self.0.iter().find(|(key, _)| is_it(key));
        Ok(found.with_context(|| format!("the project is not built from {name}"))?.1)
    }
}

/// The packages from elsewhere whose code is in the library that `root` builds, on any of the platforms, sorted.
/// Procedural macros and what build scripts use are not in it.
fn linked(root: &str) -> Result<Vec<Package>> {
    let mut tree = cargo(&["tree", "--package", root, "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    tree.args(["--no-dedupe", "--format", "{p}\t{l}\t{r}"]);
    for target in Platform::all_targets() {
        tree.args(["--target", target]);
    }
    let printed = output(&mut tree)?;
    let mut lines: Vec<_> = printed.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    Ok(lines.into_iter().filter_map(parse).collect())
}

/// A line of the tree, `NAME vVERSION<tab>LICENCE<tab>REPOSITORY`; nothing for a package of the workspace, whose version
/// is followed by its folder.
fn parse(line: &str) -> Option<Package> {
    let mut fields = line.split('\t').map(str::to_owned);
    let package = fields.next()?;
    let (name, version) = package.split_once(" v")?;
    if version.contains(' ') {
        return None;
    }
    let (name, version) = (name.to_owned(), version.to_owned());
    Some(Package { name, version, licence: fields.next()?, repository: fields.next()? })
}

fn format(packages: &[Package], texts: BTreeMap<String, Vec<&str>>) -> String {
    let mut notice =
        "The library of this addon contains code of the packages below, unchanged.\nTheir sources are \
                      where the addresses say; their licences follow.\n\n"
            .to_owned();
    for package in packages {
        let Package { name, version, licence, repository } = package;
        let licence = if licence.is_empty() { "see its licence below" } else { licence };
        let repository = if repository.is_empty() { "no address given" } else { repository };
        writeln!(notice, "- {name} {version}: {licence}; {repository}").expect("a String takes everything");
    }
    notice.push_str(
        "- Rust's standard library: MIT OR Apache-2.0; https://github.com/rust-lang/rust\n\n\
         The text of the Mozilla Public License 2.0 (MPL-2.0) is at https://www.mozilla.org/MPL/2.0/, that of the\n\
         Apache License 2.0 (Apache-2.0) in LICENSE-APACHE beside this file.\n",
    );
    // In the order of the packages, whatever their texts begin with.
    let mut texts: Vec<_> = texts.into_iter().map(|(text, names)| (names, text)).collect();
    texts.sort();
    for (names, text) in texts {
        write!(notice, "\n{}\n{}\n\n{text}\n", "-".repeat(80), names.join(", "))
            .expect("a String takes everything");
    }
    notice
}

/// The texts of the files with a licence in a package's folder, without those that the addon has anyway.
fn licence_texts(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry.with_context(|| format!("cannot list {}", folder.display()))?.path();
        if path.is_file() && is_licence(&path) {
            let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let lines: Vec<_> =
                String::from_utf8_lossy(&text).lines().map(|line| line.trim_end().to_owned()).collect();
            let text = lines.join("\n").trim_matches('\n').to_owned();
            if !is_apache(&text) {
                texts.push(text);
            }
        }
    }
    texts.sort();
    texts.dedup();
    Ok(texts)
}

/// Whether this is the Apache License, which is under its own name in the addon: packages have it in a dozen
/// shapes that differ in their blanks.
fn is_apache(text: &str) -> bool {
    text.trim_start().starts_with("Apache License")
}

fn is_licence(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
    FILES.into_iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, licence: &str) -> Package {
        parse(&format!("{name} v1.0.0\t{licence}\thttps://example.org/{name}")).unwrap()
    }

    #[test]
    fn every_package_is_named_and_every_text_stands_once() {
        let packages = [package("a", "MIT"), package("b", ""), package("c", "MIT")];
        let texts = BTreeMap::from([
            ("Licence of b".to_owned(), vec!["b"]),
            ("The MIT licence".to_owned(), vec!["a", "c"]),
        ]);
        let notice = format(&packages, texts);
        assert!(notice.contains("\n- a 1.0.0: MIT; https://example.org/a\n"), "{notice}");
        assert!(notice.contains("\n- b 1.0.0: see its licence below; https://example.org/b\n"), "{notice}");
        assert!(notice.contains("\na, c\n\nThe MIT licence\n"), "{notice}");
        assert_eq!(notice.matches("The MIT licence").count(), 1);
        assert!(notice.find("The MIT licence") < notice.find("Licence of b"), "{notice}");
    }

    #[test]
    fn the_library_is_linked_from_the_engine_binding_but_not_from_macros_and_packages_of_ours() {
        let linked = linked(super::super::PACKAGE).unwrap();
        let is_linked = |name| linked.iter().any(|package| package.name == name);
        assert!(is_linked("godot") && is_linked("godot-ffi") && is_linked("steamworks-sys"));
        assert!(!is_linked("godot-macros") && !is_linked("godot-bindings") && !is_linked("peer-core"));
    }

    #[test]
    fn a_folders_licences_are_found_by_their_names() {
        for (name, expected) in
            [("LICENSE-MIT", true), ("license.txt", true), ("COPYING", true), ("README.md", false)]
        {
            assert_eq!(is_licence(Path::new(name)), expected, "{name}");
        }
        let texts = licence_texts(crate::run::root()).unwrap();
        // The workspace has MIT's and Apache's, the latter being the addon's own.
        assert!(texts.len() == 1 && texts[0].contains("Permission is hereby granted"));
    }
}
