//! Which packages a package of the workspace is built from, and where they lie.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::platform::Platform;
use crate::run::{cargo, output};

/// What `cargo metadata` says for the addon's platforms.
#[derive(Debug)]
pub(crate) struct Metadata(Value);

/// A package of somebody else.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The licence's expression, as `MIT OR Apache-2.0`.
    pub(crate) licence: Option<String>,
    pub(crate) repository: Option<String>,
    /// Where its sources lie.
    pub(crate) folder: PathBuf,
}

impl Metadata {
    pub(crate) fn read() -> Result<Self> {
        let mut command = cargo(&["metadata", "--format-version=1"]);
        for target in Platform::all_targets() {
            command.args(["--filter-platform", target]);
        }
        let text = output(&mut command)?;
        Ok(Self(serde_json::from_str(&text).context("cannot read cargo metadata")?))
    }

    /// The package of somebody else with this name.
    pub(crate) fn package(&self, name: &str) -> Result<Package> {
        let found = self.packages().find(|package| package["name"] == name && !package["source"].is_null());
        package(found.with_context(|| format!("the project is not built from {name}"))?)
    }

    /// The packages of others whose code is in the library that `root` builds, on any of the platforms, sorted.
    /// Procedural macros and what build scripts use are not in it.
    pub(crate) fn linked(&self, root: &str) -> Result<Vec<Package>> {
        let root = self.packages().find(|package| package["name"] == root && package["source"].is_null());
        let root = root.context("cargo metadata does not know the package")?;
        let mut seen = BTreeSet::new();
        let mut open = vec![id(root)?];
        let mut linked = Vec::new();
        while let Some(next) = open.pop() {
            if !seen.insert(next) {
                continue;
            }
            let found = self.packages().find(|package| package["id"] == next);
            let found = found.context("cargo metadata resolves to an unknown package")?;
            if is_macro(found) {
                continue;
            }
            if !found["source"].is_null() {
                linked.push(package(found)?);
            }
            let node = array(&self.0["resolve"]["nodes"]).find(|node| node["id"] == next);
            let node = node.context("cargo metadata resolves a package to nothing")?;
            for dependency in array(&node["deps"]) {
                // The normal kind is the one without a name.
                if array(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null()) {
                    open.push(dependency["pkg"].as_str().context("a dependency without a package")?);
                }
            }
        }
        linked.sort();
        Ok(linked)
    }

    fn packages(&self) -> impl Iterator<Item = &Value> {
        array(&self.0["packages"])
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn id(package: &Value) -> Result<&str> {
    package["id"].as_str().context("a package without an id")
}

fn is_macro(package: &Value) -> bool {
    array(&package["targets"]).any(|target| array(&target["kind"]).any(|kind| kind == "proc-macro"))
}

fn package(package: &Value) -> Result<Package> {
    let text = |field: &str| package[field].as_str().map(str::to_owned);
    let manifest = PathBuf::from(text("manifest_path").context("a package without a manifest")?);
    Ok(Package {
        name: text("name").context("a package without a name")?,
        version: text("version").context("a package without a version")?,
        licence: text("license"),
        repository: text("repository"),
        folder: manifest.parent().context("a manifest without a folder")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Ours uses `used`, a macro, a build tool and a test tool; `used` uses `deep`, the macro `parser`.
    fn example() -> Metadata {
        let package = |name: &str, kind: &str, source: Value| {
            let manifest = format!("/packages/{name}/Cargo.toml");
            json!({ "name": name, "id": name, "version": "1.2.3", "license": "MIT", "repository": null,
                    "source": source, "manifest_path": manifest, "targets": [{ "kind": [kind] }] })
        };
        let depends = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let foreign = || json!("registry");
        Metadata(json!({
            "packages": [
                package("ours", "cdylib", Value::Null),
                package("used", "lib", foreign()),
                package("deep", "lib", foreign()),
                package("macro", "proc-macro", foreign()),
                package("parser", "lib", foreign()),
                package("build-tool", "lib", foreign()),
                package("test-tool", "lib", foreign()),
            ],
            "resolve": { "nodes": [
                { "id": "ours", "deps": [
                    depends("used", Value::Null), depends("macro", Value::Null),
                    depends("build-tool", json!("build")), depends("test-tool", json!("dev")),
                ] },
                { "id": "used", "deps": [depends("deep", Value::Null)] },
                { "id": "deep", "deps": [depends("used", json!("dev"))] },
                { "id": "macro", "deps": [depends("parser", Value::Null)] },
                { "id": "parser", "deps": [] },
                { "id": "build-tool", "deps": [] },
                { "id": "test-tool", "deps": [] },
            ] },
        }))
    }

    #[test]
    fn only_what_ends_in_the_library_is_linked() {
        let linked = example().linked("ours").unwrap();
        let names: Vec<_> = linked.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["deep", "used"]);
    }

    #[test]
    fn a_package_is_found_by_its_name() {
        let package = example().package("deep").unwrap();
        assert_eq!(package.folder, PathBuf::from("/packages/deep"));
        assert_eq!(package.version, "1.2.3");
    }

    #[test]
    fn a_package_of_ours_is_none_of_somebody_else() {
        let error = example().package("ours").unwrap_err().to_string();
        assert_eq!(error, "the project is not built from ours");
    }
}
