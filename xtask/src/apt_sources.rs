//! Which mirrors of Debian a machine's apt is set to use.

/// Debian's own, which every network of Debian's mirrors stands behind.
const DEBIAN: &str = "http://deb.debian.org/debian";

/// A file of apt's sources.
#[derive(Debug)]
pub(crate) enum Text {
    /// `sources.list` and `*.list`: one source a line.
    Lines(String),
    /// `*.sources`: stanzas of fields, as in a package's description.
    Stanzas(String),
}

/// The mirrors of Debian in use, in their order and each once, then Debian's own.
///
/// A mirror's address ends in `/debian`, by which those of other distributions and the archive of security
/// updates are passed over. Some vendors' addresses end so, too: such a one does not have the package.
pub(crate) fn mirrors(texts: &[Text]) -> Vec<String> {
    let in_use = texts.iter().flat_map(|text| match text {
        Text::Lines(text) => text.lines().filter_map(line_address).collect(),
        Text::Stanzas(text) => stanza_addresses(text),
    });
    let mut mirrors: Vec<String> = Vec::new();
    for address in in_use.filter(|address| is_mirror(address)).chain([DEBIAN]) {
        let address = address.trim_end_matches('/');
        if !mirrors.iter().any(|known| known == address) {
            mirrors.push(address.to_owned());
        }
    }
    mirrors
}

fn is_mirror(address: &str) -> bool {
    let remote = address.starts_with("http://") || address.starts_with("https://");
    remote && address.trim_end_matches('/').ends_with("/debian")
}

/// The address in `deb [option=value option=value] address suite component...`.
fn line_address(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("deb")?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(options) => options.split_once(']')?.1,
        None => rest,
    };
    rest.split_whitespace().next()
}

/// The addresses of every stanza that is for binary packages and not switched off.
fn stanza_addresses(text: &str) -> Vec<&str> {
    let mut addresses = Vec::new();
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for stanza in lines.split(|line| line.trim().is_empty()) {
        let has =
            |name, value: &str| field(stanza, name).iter().any(|found| found.eq_ignore_ascii_case(value));
        if has("Types", "deb") && !has("Enabled", "no") {
            addresses.extend(field(stanza, "URIs"));
        }
    }
    addresses
}

/// The words of a field, which goes on in the lines below it that begin with a blank.
fn field<'a>(stanza: &[&'a str], name: &str) -> Vec<&'a str> {
    let mut words = Vec::new();
    let mut inside = false;
    for line in stanza {
        if line.starts_with([' ', '\t']) {
            if inside {
                words.extend(line.split_whitespace());
            }
        } else if let Some((found, value)) = line.split_once(':') {
            inside = found.trim().eq_ignore_ascii_case(name);
            if inside {
                words.extend(value.split_whitespace());
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_lines(text: &str) -> Vec<String> {
        mirrors(&[Text::Lines(text.to_owned())])
    }

    fn of_stanzas(text: &str) -> Vec<String> {
        mirrors(&[Text::Stanzas(text.to_owned())])
    }

    #[test]
    fn without_sources_it_is_debians_own() {
        assert_eq!(mirrors(&[]), [DEBIAN]);
    }

    #[test]
    fn lines_name_their_mirror_with_and_without_options() {
        let text = "# deb http://off.example/debian bookworm main\n\
                    deb-src http://source.example/debian bookworm main\n\
                    deb [ arch=amd64 signed-by=/a/key.gpg ] https://one.example/debian/ bookworm main\n\
                    \tdeb  http://two.example/mirrors/debian bookworm main contrib # near\n\
                    deb cdrom:[Debian 12]/debian bookworm main\n";
        assert_eq!(
            of_lines(text),
            ["https://one.example/debian", "http://two.example/mirrors/debian", DEBIAN]
        );
    }

    #[test]
    fn stanzas_name_their_mirrors_over_several_lines() {
        let text = "# debian\nTypes: deb deb-src\nURIs: http://one.example/debian\n# a note\n  \
                    https://two.example/debian/\nSuites: bookworm\n bookworm-updates\nComponents: main\n";
        assert_eq!(of_stanzas(text), ["http://one.example/debian", "https://two.example/debian", DEBIAN]);
    }

    #[test]
    fn stanzas_that_are_switched_off_or_for_source_code_are_passed_over() {
        let text = "Types: deb\nEnabled: no\nURIs: http://off.example/debian\n\n\
                    Types: deb-src\nURIs: http://source.example/debian\n";
        assert_eq!(of_stanzas(text), [DEBIAN]);
    }

    #[test]
    fn other_archives_are_passed_over() {
        let text = "deb http://security.example/debian-security bookworm-security main\n\
                    deb http://archive.example/ubuntu noble main\n\
                    deb file:/srv/debian bookworm main\n";
        assert_eq!(of_lines(text), [DEBIAN]);
    }

    #[test]
    fn a_mirror_is_tried_once() {
        let text =
            "deb http://deb.debian.org/debian/ bookworm main\ndeb http://deb.debian.org/debian sid main\n";
        assert_eq!(of_lines(text), [DEBIAN]);
    }
}
