//! What a process has printed, and whether that is what its scenario declares.

use std::fmt;

/// The lines of one process, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    lines: Vec<String>,
}

impl Transcript {
    pub(crate) fn push(&mut self, line: &str) {
        self.lines.push(without_colours(line));
    }

    /// Whether the script went wrong so that nothing more will come of it.
    pub(crate) fn is_broken(&self) -> bool {
        self.faults().iter().any(|fault| fault.starts_with("not declared: SCRIPT ERROR"))
    }

    /// The value of the last line that starts with this word.
    pub(crate) fn tagged(&self, tag: &str) -> Option<&str> {
        self.lines.iter().rev().find_map(|line| line.strip_prefix(tag))
    }

    /// What is wrong with it, line by line: failed checks, errors that were not declared, and declared ones that were not
    /// printed so often.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut declared: Vec<(&str, i32)> = Vec::new();
        for line in &self.lines {
            let words = line.strip_prefix("@expect ").and_then(|rest| rest.split_once(' '));
            if let Some((times, text)) = words {
                let times: i32 = times.parse().expect("a count in @expect");
                match declared.iter_mut().find(|(other, _)| *other == text) {
                    Some((_, count)) => *count += times,
                    None => declared.push((text, times)),
                }
            }
        }
        let mut faults = Vec::new();
        for line in &self.lines {
            if line.starts_with("@fail ") {
                faults.push(line.clone());
            } else if is_complaint(line) {
                match declared.iter_mut().find(|(text, count)| *count > 0 && line.contains(text)) {
                    Some((_, count)) => *count -= 1,
                    None => faults.push(format!("not declared: {line}")),
                }
            }
        }
        for (text, count) in declared.into_iter().filter(|(_, count)| *count != 0) {
            faults.push(format!("declared, and {count} times not printed: {text}"));
        }
        faults
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "    {line}"))
    }
}

/// Whether the engine complains of something in this line.
fn is_complaint(line: &str) -> bool {
    const STARTS: [&str; 7] = [
        "ERROR:",
        "WARNING:",
        "SCRIPT ERROR:",
        "USER ERROR:",
        "USER WARNING:",
        "USER SCRIPT ERROR:",
        "Leaked instance:",
    ];
    const PARTS: [&str; 5] =
        ["Orphan StringName", "StringName: ", "panicked at", "handle_crash:", "AddressSanitizer"];
    STARTS.iter().any(|start| line.starts_with(start)) || PARTS.iter().any(|part| line.contains(part))
}

/// A line as a terminal shows it.
fn without_colours(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once('m').map_or(part, |(_, text)| text));
    std::iter::once(first).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(lines: &[&str]) -> Vec<String> {
        let mut transcript = Transcript::default();
        for line in lines {
            transcript.push(line);
        }
        transcript.faults()
    }

    #[test]
    fn complaints_are_faults_unless_they_are_declared() {
        assert_eq!(faults(&["hello", "@done 3"]), [""; 0]);
        assert_eq!(faults(&["ERROR: no"]), ["not declared: ERROR: no"]);
        assert_eq!(faults(&["\u{1b}[1;31mERROR:\u{1b}[0;91m no"]), ["not declared: ERROR: no"]);
        assert_eq!(faults(&["@expect 1 no", "ERROR: no"]), [""; 0]);
        assert_eq!(faults(&["@expect 1 no", "ERROR: no", "ERROR: no"]), ["not declared: ERROR: no"]);
        assert_eq!(faults(&["@expect 1 no", "@expect 1 no", "ERROR: no", "ERROR: no"]), [""; 0]);
    }

    #[test]
    fn what_is_declared_must_be_printed() {
        assert_eq!(faults(&["@expect 2 no", "ERROR: no"]), ["declared, and 1 times not printed: no"]);
    }

    #[test]
    fn failed_checks_are_faults() {
        assert_eq!(faults(&["@fail one is not two"]), ["@fail one is not two"]);
    }
}
