//! What Valve's headers declare: functions, versions of interfaces, and the order of virtual functions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::sdk;

/// A function that Valve's library exports.
pub(crate) struct Function {
    pub(crate) name: String,
    /// The type of its result, as the headers write it.
    pub(crate) result: String,
    pub(crate) arguments: Vec<String>,
}

/// An interface that can be asked for by its version.
pub(crate) struct Interface {
    pub(crate) class: String,
    /// What is asked for, such as `SteamUser023`.
    pub(crate) version: String,
    /// Its virtual functions in the order of declaration.
    pub(crate) methods: Vec<Method>,
}

/// A virtual function.
pub(crate) struct Method {
    /// Its name in C++, which overloads share.
    pub(crate) name: String,
    /// Its name in the flat API.
    pub(crate) flat: String,
}

/// The headers.
pub(crate) struct Headers {
    /// All of them, without comments.
    text: String,
}

impl Headers {
    /// Reads those that `steamworks-sys` carries.
    pub(crate) fn read() -> Self {
        let host = std::env::var("HOST").expect("set by cargo");
        let folder = sdk::folder(&host).join("public/steam");
        println!("cargo::rerun-if-changed={}", folder.display());
        let files =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<PathBuf> =
            files.map(|entry| entry.expect("an entry of the folder").path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "h"));
        // Those are in a library of their own.
        files.retain(|file| !file.ends_with("steamencryptedappticket.h"));
        files.sort();
        let text = files.iter().map(|file| {
            let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            without_comments(&String::from_utf8_lossy(&bytes))
        });
        Self { text: text.collect() }
    }

    /// Every exported function, by its name.
    pub(crate) fn functions(&self) -> BTreeMap<String, Function> {
        let lines = self.text.lines().filter_map(|line| line.strip_prefix("S_API "));
        let functions = lines.filter_map(|line| {
            let (head, tail) = line.split_once('(')?;
            let (result, name) = head.trim().rsplit_once([' ', '*'])?;
            // The star stays with the result.
            let result = &head[..head.find(result)? + result.len() + usize::from(head.contains('*'))];
            let arguments = tail.split(')').next()?.split(',').map(str::trim);
            Some(Function {
                name: name.to_owned(),
                result: result.replace("S_CALLTYPE", "").trim().to_owned(),
                arguments: arguments.filter(|text| !text.is_empty()).map(str::to_owned).collect(),
            })
        });
        functions.map(|function| (function.name.clone(), function)).collect()
    }

    /// Every interface that has an accessor, by its class.
    pub(crate) fn interfaces(&self) -> BTreeMap<String, Interface> {
        let accessors = self.text.split("_INTERFACE_ACCESSOR(").skip(1);
        let classes = accessors.filter_map(|rest| {
            let (class, rest) = rest.split_once('*')?;
            let mut arguments = rest.split([',', '(', ')', '\n', ';']).map(str::trim);
            let version = arguments.find(|text| text.ends_with("_INTERFACE_VERSION"))?;
            Some((class.trim(), version)).filter(|(class, _)| class.starts_with("ISteam"))
        });
        let interfaces = classes.filter_map(|(class, version)| {
            let methods = self.methods(class)?;
            Some(Interface { class: class.to_owned(), version: self.version(version), methods })
        });
        interfaces.map(|interface| (interface.class.clone(), interface)).collect()
    }

    /// The value of a macro that names a version.
    fn version(&self, name: &str) -> String {
        let define =
            self.text.split(&format!("#define {name}")).find(|rest| rest.trim_start().starts_with('"'));
        let value = define.and_then(|rest| rest.split('"').nth(1));
        value.unwrap_or_else(|| panic!("no version {name}")).to_owned()
    }

    /// The virtual functions of a class, the private ones too; `None` if there is no such class.
    fn methods(&self, class: &str) -> Option<Vec<Method>> {
        let body = self.text.split(&format!("\nclass {class}\n")).nth(1)?.split("\n};").next()?;
        let declarations = body.split("virtual ").collect::<Vec<_>>();
        let methods = declarations.windows(2).map(|pair| {
            let name = pair[1].split('(').next().and_then(|head| head.rsplit([' ', '*', '\t']).next());
            let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| panic!("{class}: {}", pair[1]));
            // Overloads have names of their own in the flat API, which stand before the declaration.
            let annotation =
                pair[0].rsplit(';').next().and_then(|text| text.split("STEAM_FLAT_NAME(").nth(1));
            let flat = annotation.and_then(|text| text.split(')').next()).map_or(name, str::trim);
            Method {
                name: name.to_owned(),
                flat: format!("SteamAPI_{class}_{}", flat.replace('~', "Destroy_")),
            }
        });
        Some(methods.collect())
    }

    /// Whether a type is a structure, not an integer, an enumeration or a pointer.
    pub(crate) fn is_structure(&self, name: &str) -> bool {
        self.text.contains(&format!("struct {name}\n"))
    }
}

fn without_comments(text: &str) -> String {
    let lines =
        text.lines().map(|line| line.split("//").next().unwrap_or_default().trim_end().to_owned() + "\n");
    let text = lines.collect::<String>().replace('\t', " ");
    let mut parts = text.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once("*/").map_or("", |(_, rest)| rest))
}
