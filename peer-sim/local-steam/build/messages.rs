//! Writes the C++ classes for the messages that `.proto` files declare, as far as Valve's sockets use protobuf:
//! proto2 with optional and repeated fields, nested messages and enums. What the classes do is in `native/message.h`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What a name of a type stands for.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Enum,
    Message,
}

/// The types that the files so far have declared, by their names in C++.
#[derive(Default)]
pub(crate) struct Types(BTreeMap<String, Kind>);

struct Field {
    number: u32,
    name: String,
    declaration: String,
}

/// A header with the classes of one file. Files come after those that they import.
pub(crate) fn header(proto: &str, types: &mut Types) -> String {
    let mut tokens = Tokens(tokens(proto).into_iter().peekable());
    let mut out = String::from("#pragma once\n#include \"message.h\"\n");
    while let Some(token) = tokens.0.next() {
        match token.as_str() {
            "import" => {
                let file = tokens.next().replace(".proto", ".pb.h");
                writeln!(out, "#include {file}").unwrap();
                tokens.expect(";");
            }
            "enum" => {
                enumeration(&mut tokens, "", types, &mut out);
            }
            "message" => message(&mut tokens, "", types, &mut out),
            ";" => {}
            "syntax" | "option" => tokens.skip_statement(),
            other => panic!("`{other}` is not understood outside messages"),
        }
    }
    out
}

fn enumeration(tokens: &mut Tokens, scope: &str, types: &mut Types, out: &mut String) -> String {
    let name = tokens.next();
    let full = format!("{scope}{name}");
    // Values of a nested enum carry its name, those of one outside stand for themselves.
    let prefix = if scope.is_empty() { String::new() } else { format!("{full}_") };
    types.0.insert(full.clone(), Kind::Enum);
    tokens.expect("{");
    let (mut values, mut aliases) = (Vec::new(), format!("    typedef {full} {name};\n"));
    while let Some(value) = tokens.until_brace() {
        tokens.expect("=");
        values.push((format!("{prefix}{value}"), tokens.next()));
        writeln!(aliases, "    static const {full} {value} = {prefix}{value};").unwrap();
        tokens.skip_statement();
    }
    let list: Vec<_> = values.iter().map(|(value, number)| format!("{value} = {number}")).collect();
    let cases: Vec<_> = values.iter().map(|(_, number)| format!("case {number}:")).collect();
    writeln!(out, "enum {full} {{ {} }};", list.join(", ")).unwrap();
    writeln!(out, "inline bool {full}_IsValid(int value) {{ switch (value) {{ {} return true; default: return false; }} }}", cases.join(" ")).unwrap();
    aliases
}

fn message(tokens: &mut Tokens, scope: &str, types: &mut Types, out: &mut String) {
    let name = format!("{scope}{}", tokens.next());
    let inner = format!("{name}_");
    types.0.insert(name.clone(), Kind::Message);
    tokens.expect("{");
    let (mut aliases, mut fields) = (String::new(), Vec::new());
    while let Some(token) = tokens.until_brace() {
        match token.as_str() {
            "enum" => aliases += &enumeration(tokens, &inner, types, out),
            "message" => {
                let nested = tokens.0.peek().expect("a message has a name").clone();
                message(tokens, &inner, types, out);
                writeln!(aliases, "    typedef {inner}{nested} {nested};").unwrap();
            }
            "optional" | "repeated" => fields.push(field(tokens, token == "repeated", &inner, types)),
            "option" | "reserved" => tokens.skip_statement(),
            ";" => {}
            other => panic!("`{other}` is not understood in a message"),
        }
    }
    fields.sort_by_key(|field| field.number);
    writeln!(
        out,
        "class {name} final : public google::protobuf::wire::Base<{name}> {{\n  public:\n{aliases}"
    )
    .unwrap();
    for field in &fields {
        writeln!(out, "    {}", field.declaration).unwrap();
    }
    writeln!(out, "    template <class M, class V> static void Visit(M &message, V &visitor) {{").unwrap();
    for Field { number, name, .. } in &fields {
        writeln!(out, "        visitor({number}, \"{name}\", message.{name}_);").unwrap();
    }
    if fields.is_empty() {
        writeln!(out, "        (void)message, (void)visitor;").unwrap();
    }
    writeln!(out, "    }}\n}};").unwrap();
}

fn field(tokens: &mut Tokens, repeated: bool, scope: &str, types: &Types) -> Field {
    let (declared, name) = (tokens.next(), tokens.next());
    tokens.expect("=");
    let number = tokens.next().parse().expect("a field has a number");
    tokens.skip_statement();
    let (shape, kind) = match declared.as_str() {
        "uint32" => ("SCALAR", "Varint<uint32_t>".to_owned()),
        "uint64" => ("SCALAR", "Varint<uint64_t>".to_owned()),
        "bool" => ("SCALAR", "Varint<bool>".to_owned()),
        "fixed32" => ("SCALAR", "Fixed<uint32_t>".to_owned()),
        "fixed64" => ("SCALAR", "Fixed<uint64_t>".to_owned()),
        "string" => ("STRING", "Text".to_owned()),
        "bytes" => ("STRING", "Bytes".to_owned()),
        _ => {
            let known = |name: &String| types.0.get(name).map(|kind| (name.clone(), *kind));
            match known(&format!("{scope}{declared}")).or_else(|| known(&declared)) {
                Some((full, Kind::Enum)) => ("SCALAR", format!("Enum<{full}, {full}_IsValid>")),
                Some((full, Kind::Message)) => ("NESTED", format!("Message<{full}>")),
                None => panic!("the type {declared} of {name} is not understood"),
            }
        }
    };
    let many = if repeated { "REPEATED_" } else { "" };
    let declaration = format!("MESSAGE_{many}{shape}({name}, google::protobuf::wire::{kind})");
    Field { number, name, declaration }
}

struct Tokens(std::iter::Peekable<std::vec::IntoIter<String>>);

impl Tokens {
    fn next(&mut self) -> String {
        self.0.next().expect("the file ends in the middle of a declaration")
    }

    fn expect(&mut self, expected: &str) {
        let token = self.next();
        assert_eq!(token, expected, "not understood");
    }

    /// The next token, or none if it closes the block.
    fn until_brace(&mut self) -> Option<String> {
        Some(self.next()).filter(|token| token != "}")
    }

    fn skip_statement(&mut self) {
        while self.next() != ";" {}
    }
}

/// Names, numbers, quoted strings and single signs, without comments.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for line in text.lines() {
        let mut rest = line.split("//").next().unwrap_or_default().trim_start();
        while let Some(first) = rest.chars().next() {
            let is_word = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '.' | '-');
            let length = match first {
                '"' => 2 + rest[1..].find('"').expect("a string ends on its line"),
                _ if is_word(first) => rest.find(|sign| !is_word(sign)).unwrap_or(rest.len()),
                _ => first.len_utf8(),
            };
            tokens.push(rest[..length].to_owned());
            rest = rest[length..].trim_start();
        }
    }
    tokens
}
