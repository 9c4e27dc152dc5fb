//! The licences of the packages whose code is in the addon's library.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::metadata::Package;

/// Names that files with a licence begin with.
const FILES: [&str; 5] = ["COPYING", "LICENCE", "LICENSE", "NOTICE", "UNLICENSE"];

/// The notice for all of them: who they are, then each licence's text once.
pub(crate) fn notice(packages: &[Package]) -> Result<String> {
    let mut texts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for package in packages {
        for text in licence_texts(&package.folder)? {
            texts.entry(text).or_default().push(&package.name);
        }
    }
    Ok(format(packages, texts))
}

fn format(packages: &[Package], texts: BTreeMap<String, Vec<&str>>) -> String {
    let mut notice =
        "The library of this addon contains code of the packages below, unchanged.\nTheir sources are \
                      where the addresses say; their licences follow.\n\n"
            .to_owned();
    for package in packages {
        let licence = package.licence.as_deref().unwrap_or("see its licence below");
        let repository = package.repository.as_deref().unwrap_or("no address given");
        let Package { name, version, .. } = package;
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

    fn package(name: &str, licence: Option<&str>) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.map(str::to_owned),
            repository: Some(format!("https://example.org/{name}")),
            folder: "/nowhere".into(),
        }
    }

    #[test]
    fn every_package_is_named_and_every_text_stands_once() {
        let packages = [package("a", Some("MIT")), package("b", None), package("c", Some("MIT"))];
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
    fn licences_are_known_by_their_files_names() {
        assert!(is_licence(Path::new("/p/LICENSE-MIT")));
        assert!(is_licence(Path::new("/p/license.txt")));
        assert!(is_licence(Path::new("/p/COPYING")));
        assert!(!is_licence(Path::new("/p/README.md")));
    }

    #[test]
    fn a_folders_licences_are_found() {
        let texts = licence_texts(crate::run::root()).unwrap();
        // The workspace has MIT's and Apache's, the latter being the addon's own.
        assert_eq!(texts.len(), 1);
        assert!(texts[0].contains("Permission is hereby granted"));
    }
}
