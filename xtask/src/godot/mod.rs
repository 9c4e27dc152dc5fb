//! `cargo xtask godot`: builds the addon and lays it out as Godot expects it.

mod elf;
mod gdextension;
mod imports;
mod licences;
mod platform;
mod project;
mod toolchain;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, output, root, step, target_dir};
use elf::Glibc;
use licences::Folders;
pub(crate) use platform::{PLATFORMS, Platform};
pub(crate) use project::Project;

/// The package that the addon's library is built from.
const PACKAGE: &str = "peer-godot";

/// The C library of Steam's runtime 3, sniper, in which Linux games run.
const STEAMS_GLIBC: Glibc = Glibc(2, 31);

/// The package that Valve's libraries come with.
const STEAM_PACKAGE: &str = "steamworks-sys";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Optimised, as for a release
    #[arg(long)]
    release: bool,
    /// Put the addon into this Godot project, where it is known from the next start on
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Build for another target of Rust's than this machine's
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
}

/// Builds, lays out, and prints the addon's folder.
pub(crate) fn run(args: &Args) -> Result<()> {
    let target = args.target.as_deref();
    let folder = if let Some(project) = &args.project {
        build_into(&Project::open(project)?, target, args.release)?
    } else {
        let folder = default_folder(args.release)?;
        build(target, args.release, &folder)?;
        folder
    };
    if args.release {
        for platform in PLATFORMS.iter().filter(|platform| platform.system == "linux") {
            let library = folder.join(platform.folder()).join(platform.library);
            if library.is_file()
                && let Err(error) = check_glibc(&library)
            {
                eprintln!("==> not to be shipped: {error:#}");
            }
        }
    }
    println!("{}", folder.display());
    Ok(())
}

/// Builds the addon for a target, or else for this machine, and puts it into a project; returns its folder there.
pub(crate) fn build_into(project: &Project, target: Option<&str>, release: bool) -> Result<PathBuf> {
    let folder = project.addon();
    build(target, release, &folder)?;
    project.register(&format!("res://addons/steam_peer/{}", gdextension::FILE))?;
    Ok(folder)
}

/// Builds the addon for this machine, optimised and with the benchmarks' own class, and puts it into a project.
pub(crate) fn build_for_bench(project: &Project) -> Result<()> {
    build_with(&["floor"], None, true, &project.addon())?;
    project.register(&format!("res://addons/steam_peer/{}", gdextension::FILE))
}

/// Where the addon is laid out if it goes into no project. The two kinds of build are apart, so that nothing
/// unoptimised gets into a release.
pub(crate) fn default_folder(release: bool) -> Result<PathBuf> {
    let kind = if release { "release" } else { "debug" };
    Ok(target_dir()?.join("godot").join(kind).join("addons").join("steam_peer"))
}

/// Builds the addon for a target, or else for this machine, and lays it out in `folder`, where what was built
/// for other platforms stays. Files that a running Godot has open are replaced, not written to.
pub(crate) fn build(target: Option<&str>, release: bool, folder: &Path) -> Result<()> {
    build_with(&[], target, release, folder)
}

/// The same with features of the package.
fn build_with(features: &[&str], target: Option<&str>, release: bool, folder: &Path) -> Result<()> {
    let host = toolchain::host()?;
    let target = target.unwrap_or(&host);
    let platform = Platform::of(target)
        .with_context(|| format!("no addon for {target}, only for {}", Platform::all_targets().join(", ")))?;
    let mut libraries = Vec::new();
    for target in platform.builds(target) {
        libraries.push(compile(target, &host, release, platform, features)?);
    }
    let library = join(&libraries, platform)?;
    let bin = folder.join(platform.folder());
    place(&bin.join(platform.library), &read(&library)?)?;
    place(&bin.join(platform.steam_library), &read(&steam_library(&Folders::read()?, platform)?)?)?;
    for (name, content) in common_files()? {
        place(&folder.join(name), &content)?;
    }
    Ok(())
}

/// The files that are the same for every platform, by their paths within the addon, sorted.
pub(crate) fn common_files() -> Result<Vec<(String, Vec<u8>)>> {
    let sources = root().join(PACKAGE).join("addon");
    let mut files = vec![
        ("LICENSE-APACHE".to_owned(), read(&root().join("LICENSE-APACHE"))?),
        ("LICENSE-MIT".to_owned(), read(&root().join("LICENSE-MIT"))?),
        ("LICENSES-THIRD-PARTY.txt".to_owned(), licences::notice(PACKAGE)?.into_bytes()),
        ("NOTICE-VALVE.txt".to_owned(), read(&sources.join("NOTICE-VALVE.txt"))?),
        ("README.md".to_owned(), read(&sources.join("README.md"))?),
    ];
    for class in gdextension::ICONS {
        let icon = format!("icons/{class}.svg");
        let content = read(&sources.join(&icon))?;
        files.push((icon, content));
    }
    files.push((gdextension::FILE.to_owned(), gdextension::text().into_bytes()));
    Ok(files)
}

/// Compiles the library for one target; returns where cargo put it.
fn compile(
    target: &str,
    host: &str,
    release: bool,
    platform: &Platform,
    features: &[&str],
) -> Result<PathBuf> {
    let mut command = if release && platform.system == "linux" && toolchain::has_zig() {
        toolchain::need_standard_library(target)?;
        let mut command = cargo(&["zigbuild", "--target", &format!("{target}.{STEAMS_GLIBC}")]);
        command.args(["--package", PACKAGE]);
        command
    } else {
        let linker = toolchain::need(target)?;
        let mut command = cargo(&["build", "--package", PACKAGE]);
        if target != host {
            command.args(["--target", target]);
        }
        command.envs(linker);
        command
    };
    command.arg("--message-format=json-render-diagnostics");
    if release {
        command.arg("--release");
    }
    for feature in features {
        command.args(["--features", feature]);
    }
    eprintln!("==> building {PACKAGE} for {target}");
    let messages = output(&mut command)?;
    let library = library_in(&messages, platform.library);
    let library = library.with_context(|| format!("cargo built no {} for {target}", platform.library))?;
    check_imports(&library)?;
    Ok(library)
}

/// The path of the file with this name among those that cargo says it built.
fn library_in(messages: &str, name: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let files = message["filenames"].as_array()?.iter().filter_map(|file| file.as_str());
        files.map(PathBuf::from).find(|file| file.file_name().is_some_and(|found| found == name))
    })
}

/// One library of those for each processor.
fn join(libraries: &[PathBuf], platform: &Platform) -> Result<PathBuf> {
    if let [library] = libraries {
        return Ok(library.clone());
    }
    let joined = target_dir()?.join("godot");
    fs::create_dir_all(&joined).with_context(|| format!("cannot make {}", joined.display()))?;
    let joined = joined.join(platform.library);
    let mut lipo = Command::new("lipo");
    lipo.arg("-create").args(libraries).arg("-output").arg(&joined);
    // What it prints would mix with the addon's folder.
    step("one library for all processors", lipo.stdout(io::stderr()))?;
    Ok(joined)
}

/// The addon is linked against no Steam, on no system: it takes the library that the process has, or finds one at run time.
fn check_imports(library: &Path) -> Result<()> {
    let names = imports::of(&read(library)?).with_context(|| format!("cannot read {}", library.display()))?;
    let mut steams = names.iter().filter(|name| name.to_lowercase().contains("steam"));
    match steams.next() {
        Some(name) => bail!("{} must not be linked against Steam, but asks for {name}", library.display()),
        None if names.is_empty() => bail!("{} asks for nothing at all", library.display()),
        None => Ok(()),
    }
}

/// Checks that a Linux library runs in Steam's runtime, whatever system it was linked on.
pub(crate) fn check_glibc(library: &Path) -> Result<()> {
    let needed = elf::needed_glibc(&read(library)?);
    match needed.with_context(|| format!("cannot read {}", library.display()))? {
        Some(glibc) if glibc > STEAMS_GLIBC => bail!(
            "{} needs GLIBC_{glibc}, but Steam's runtime has {STEAMS_GLIBC}: `pip install cargo-zigbuild` (which brings zig), \
             with which it is linked for that version, and build again",
            library.display()
        ),
        _ => Ok(()),
    }
}

/// Valve's library for a platform.
fn steam_library(folders: &Folders, platform: &Platform) -> Result<PathBuf> {
    let redistributables = folders.of(STEAM_PACKAGE, None)?.join("lib/steam/redistributable_bin");
    Ok(redistributables.join(platform.steam_folder).join(platform.steam_library))
}

/// Puts a file in its place, if it is not the same already: under another name first, because writing into a
/// library that a process has loaded ends that process.
fn place(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let folder = path.parent().context("a file in the addon has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    fs::write(&fresh, content).with_context(|| format!("cannot write into {}", folder.display()))?;
    fs::rename(&fresh, path).with_context(|| format!("cannot replace {}: is it in use?", path.display()))
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_found_in_what_cargo_says() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","filenames":["/t/libpeer_core.rlib","/t/libpeer_core.rmeta"]}"#,
            "\n",
            r#"{"reason":"build-script-executed","package_id":"a"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","filenames":["/t/peer_godot.dll.lib","/t/peer_godot.dll"]}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(library_in(messages, "peer_godot.dll"), Some("/t/peer_godot.dll".into()));
        assert_eq!(library_in(messages, "libpeer_godot.so"), None);
    }

    #[test]
    fn valves_library_is_there_for_every_platform_and_its_imports_can_be_read() {
        let folders = Folders::read().unwrap();
        for platform in &PLATFORMS {
            let library = steam_library(&folders, platform).unwrap();
            assert!(imports::of(&read(&library).unwrap()).unwrap().len() > 20, "{}", library.display());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_library_that_is_linked_against_steam_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let link = |code: &str, flags: &[&str]| {
            let [source, library] = ["code.c", "libcode.so"].map(|name| folder.path().join(name));
            fs::write(&source, code).unwrap();
            let mut compiler = Command::new("cc");
            compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-L").arg(folder.path());
            assert!(compiler.args(flags).status().unwrap().success());
            check_imports(&library)
        };
        link("int puts(const char *); int f(void) { return puts(\"\"); }", &[]).unwrap();
        link("int SteamAPI_Init(void); int f(void) { return SteamAPI_Init(); }", &[]).unwrap_err();
        fs::copy(folder.path().join("libcode.so"), folder.path().join("libsteam_api.so")).unwrap();
        let needed = ["-Wl,--no-as-needed", "-lsteam_api", "-Wl,--unresolved-symbols=ignore-all"];
        link("int g(void) { return 1; }", &needed).unwrap_err();
    }

    #[test]
    fn a_file_that_is_open_is_replaced_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bin/library");
        place(&path, b"old").unwrap();
        let open = fs::File::open(&path).unwrap();
        place(&path, b"new").unwrap();
        assert_eq!(io::read_to_string(open).unwrap(), "old");
        assert_eq!(read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
