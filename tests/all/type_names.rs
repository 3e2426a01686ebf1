//! One word, one type: no two public types in `src/` share a name, and fewer and fewer of the others do.

use std::collections::BTreeMap;
use std::fs;

use super::harness::{project, rust_files};

/// How many names two or more types have of which not all are public. It only goes down.
const SHARED: usize = 33;

/// Where a type is declared, and whether it is public.
type Places = Vec<(String, bool)>;

/// The type that a line declares, also within a macro, and whether it is public. An associated type is none.
fn declared(line: &str) -> Option<(&str, bool)> {
    let code = line.trim_start();
    let (public, code) = match code.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => (false, rest.split_once(") ")?.1),
        Some(rest) => (true, rest.strip_prefix(' ')?),
        None => (false, code),
    };
    let (kind, rest) = code.split_once(' ')?;
    let own = line.starts_with(|first: char| first != ' ');
    let is_type = matches!(kind, "struct" | "enum" | "union" | "trait") || kind == "type" && own;
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    (is_type && end > 0).then_some((&rest[..end], public))
}

fn shared() -> BTreeMap<String, Places> {
    let mut all: BTreeMap<String, Places> = BTreeMap::new();
    for path in rust_files("src") {
        if path.ends_with("tests.rs") || path.ends_with("sample.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for (name, public) in code.lines().filter_map(declared) {
            let places = all.entry(name.to_owned()).or_default();
            places.push((path.display().to_string(), public));
        }
    }
    assert!(all.len() > 500, "{}", all.len());
    all.retain(|_, places| places.iter().any(|(path, _)| *path != places[0].0));
    all
}

#[test]
fn no_two_public_types_share_a_name() {
    let mut twice = shared();
    twice.retain(|_, places| places.iter().filter(|(_, public)| *public).count() > 1);
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn fewer_and_fewer_types_share_a_name() {
    let shared = shared();
    assert!(
        shared.len() <= SHARED,
        "{} names have two types, {SHARED} at most may: {:?}",
        shared.len(),
        shared.keys().collect::<Vec<_>>()
    );
}

/// Whether the enum that a line declares may get more variants without breaking other programs; those of a macro's list
/// have it from the macro.
fn may_grow(lines: &[&str], place: usize) -> bool {
    for line in lines[..place].iter().rev().map(|line| line.trim()) {
        match line {
            "#[non_exhaustive]" => return true,
            line if line.starts_with("//") || line.starts_with('#') => {}
            line => return line.ends_with("! {"),
        }
    }
    false
}

#[test]
fn public_enums_may_grow() {
    let (mut enums, mut fixed) = (0, Vec::new());
    // The program is no library.
    let program = project("src/cli");
    for path in rust_files("src") {
        if path.starts_with(&program) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (place, line) in lines.iter().enumerate() {
            if line.trim_start().starts_with("pub enum ") {
                enums += 1;
                if !may_grow(&lines, place) {
                    fixed.push(format!("{}: {line}", path.display()));
                }
            }
        }
    }
    assert!(enums > 50, "{enums}");
    assert!(fixed.is_empty(), "{}", fixed.join("\n"));
}

#[test]
fn types_are_told_from_other_lines() {
    assert_eq!(declared("pub struct Flow {"), Some(("Flow", true)));
    assert_eq!(declared("    pub enum Stage {"), Some(("Stage", true)));
    assert_eq!(
        declared("pub(super) type Found<'a> ="),
        Some(("Found", false))
    );
    assert_eq!(declared("trait Skip: Sized {"), Some(("Skip", false)));
    assert_eq!(declared("    type Target = T;"), None);
    assert_eq!(declared("/// struct of"), None);
    assert_eq!(declared("pub fn stage() {"), None);
}
