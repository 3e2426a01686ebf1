//! Who may import whom in `src/`, kept as data; and what only the command line may do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::harness::rust_files;

/// Room, and the rooms that it may import from.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("wording", &["model"]),
    ("source", &["model", "wording"]),
    ("decode", &["model"]),
    ("rules", &["model", "wording"]),
    ("import", &["model", "rules"]),
    ("diff", &["model", "rules"]),
    ("observe", &["model", "decode"]),
    ("judge", &["model", "wording", "observe", "rules"]),
    (
        "report",
        &[
            "model", "wording", "source", "decode", "observe", "rules", "import", "diff", "judge",
        ],
    ),
    ("export", &["model", "rules", "report"]),
    ("learn", &["model", "observe", "rules", "judge", "report"]),
    ("drive", &["model", "source", "decode", "observe"]),
    (
        "audit",
        &[
            "model", "wording", "source", "observe", "rules", "judge", "report", "drive",
        ],
    ),
    (
        "live",
        &[
            "model", "wording", "source", "observe", "rules", "judge", "report", "drive", "audit",
        ],
    ),
    (
        "cli",
        &[
            "model", "wording", "source", "decode", "observe", "rules", "import", "diff", "judge",
            "report", "export", "learn", "drive", "audit", "live",
        ],
    ),
];

/// What no room but `cli` may name: the machine's clock, the terminal, the process.
const ONLY_IN_CLI: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "println!",
    "eprintln!",
    "print!",
    "process::exit",
];

fn sources(room: &str) -> Vec<(PathBuf, String)> {
    let files = rust_files(&format!("src/{room}")).into_iter();
    files
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

/// Code without comments, so that a doc link to another room is no import.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate();
    lines
        .map(|(i, line)| (i + 1, line.split("//").next().unwrap_or("")))
        .filter(|(_, line)| !line.is_empty())
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let rooms: BTreeSet<&str> = MAY_IMPORT.iter().map(|(room, _)| *room).collect();
    let mut wrong = Vec::new();
    for (room, allowed) in MAY_IMPORT {
        for (path, text) in sources(room) {
            for (number, line) in code(&text) {
                for (at, _) in line.match_indices("crate::") {
                    let rest = &line[at + "crate::".len()..];
                    let end = rest
                        .find(|c: char| !c.is_alphanumeric() && c != '_')
                        .unwrap_or(rest.len());
                    let target = &rest[..end];
                    if rooms.contains(target) && target != *room && !allowed.contains(&target) {
                        wrong.push(format!(
                            "{}:{number}: {room} imports {target}",
                            path.display()
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_is_in_the_table() {
    let listed: BTreeSet<String> = MAY_IMPORT
        .iter()
        .map(|(room, _)| (*room).to_owned())
        .collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folders = fs::read_dir(source).unwrap().map(|entry| entry.unwrap());
    let rooms: BTreeSet<String> = folders
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(rooms, listed);
}

#[test]
fn the_page_of_rooms_is_the_table() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ARCHITECTURE.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<(&str, &str)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].trim_matches('`'), cells[2])
        })
        .collect();
    let wanted = MAY_IMPORT.iter().map(|(room, imports)| match imports {
        [] => (*room, "none".to_owned()),
        imports => (*room, imports.join(", ")),
    });
    let wanted: Vec<(&str, String)> = wanted.collect();
    let rows: Vec<(&str, String)> = rows
        .iter()
        .map(|(room, imports)| (*room, (*imports).to_owned()))
        .collect();
    assert_eq!(rows, wanted);
}

#[test]
fn clock_terminal_and_process_are_left_to_the_command_line() {
    let mut wrong = Vec::new();
    for (room, _) in MAY_IMPORT.iter().filter(|(room, _)| *room != "cli") {
        for (path, text) in sources(room) {
            wrong.extend(code(&text).flat_map(|(number, line)| {
                let found = ONLY_IN_CLI.iter().filter(move |word| line.contains(**word));
                let path = path.display().to_string();
                found.map(move |word| format!("{path}:{number}: {word}"))
            }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
