//! Where cargo has the source of `steamworks-sys`, which carries Valve's SDK. Local Steam's build uses this file, too.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The SDK's folder.
///
/// Cargo is asked for the packages of one platform: of all of them, which no build has downloaded, it would want every package.
pub(crate) fn folder(platform: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform", platform])
        .output()
        .expect("cargo");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut manifests =
        metadata.split("\"manifest_path\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    let manifest =
        manifests.find(|path| path.contains("steamworks-sys-")).expect("steamworks-sys, a dependency");
    Path::new(&manifest.replace("\\\\", "\\")).with_file_name("lib").join("steam")
}
