//! Where cargo has the sources of packages, such as `steamworks-sys`, which carries Valve's SDK. Local Steam's build uses
//! this file, too.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The SDK's folder.
pub(crate) fn folder(platform: &str) -> PathBuf {
    package("steamworks-sys", platform).join("lib/steam")
}

/// The folder of a package.
///
/// Cargo is asked for the packages of one platform: of all of them, which no build has downloaded, it would want every package.
pub(crate) fn package(name: &str, platform: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform", platform])
        .output()
        .expect("cargo");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut manifests =
        metadata.split("\"manifest_path\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    let folder = format!("{name}-");
    let manifest = manifests.find(|path| path.contains(&folder));
    let manifest = manifest.unwrap_or_else(|| panic!("{name} is no dependency"));
    Path::new(&manifest.replace("\\\\", "\\")).with_file_name("")
}
