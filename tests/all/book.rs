//! README.md, CONTRIBUTING.md, SECURITY.md and the book under `docs/`: pages are listed, links and paths lead somewhere,
//! commands that are shown are taken and print what is shown, and words of the glossary are types of the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::bad_input::{gz, xz, zst};
use super::harness::{Sample, folder, pktaudit, program, project, write};

/// Pages beside the book.
const FRONT: &[&str] = &["README.md", "CONTRIBUTING.md", "SECURITY.md"];

/// A page's path from the project's folder, and its text.
struct Page {
    path: PathBuf,
    text: String,
}

/// A fenced block.
struct Block<'a> {
    language: &'a str,
    lines: Vec<&'a str>,
}

impl Page {
    fn read(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let text =
            fs::read_to_string(project(&path)).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        Self { path, text }
    }

    /// Lines outside of fenced blocks, and the blocks.
    fn parts(&self) -> (Vec<&str>, Vec<Block<'_>>) {
        let (mut prose, mut blocks, mut open) = (Vec::new(), Vec::new(), None::<Block<'_>>);
        for line in self.text.lines() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(language), None) => {
                    open = Some(Block {
                        language,
                        lines: Vec::new(),
                    });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => block.lines.push(line),
                (None, None) => prose.push(line),
            }
        }
        assert!(
            open.is_none(),
            "{}: a block does not end",
            self.path.display()
        );
        (prose, blocks)
    }

    /// What links of a page may name behind `#`: headings as renderers of Markdown write them.
    fn anchors(&self) -> BTreeSet<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let (prose, _) = self.parts();
        let headings = prose.iter().filter(|line| line.starts_with('#'));
        let slugs = headings.map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            let kept = words
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        });
        slugs
            .map(|slug: String| {
                let times = seen.entry(slug.clone()).or_default();
                *times += 1;
                if *times == 1 {
                    slug
                } else {
                    format!("{slug}-{}", *times - 1)
                }
            })
            .collect()
    }
}

/// All pages of the book, its summary left out.
fn book() -> Vec<Page> {
    let entries = fs::read_dir(project("docs")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
        .collect();
    names.sort();
    assert!(names.len() > 10, "{names:?}");
    let pages = names.iter().map(|name| Page::read(format!("docs/{name}")));
    pages.collect()
}

fn pages() -> Vec<Page> {
    let front = FRONT.iter().map(Page::read);
    front.chain(book()).collect()
}

/// Code spans of a line, and the line without them.
fn code_spans(line: &str) -> (Vec<&str>, String) {
    let pieces: Vec<&str> = line.split('`').collect();
    let code = pieces.iter().skip(1).step_by(2).copied().collect();
    let prose: Vec<&str> = pieces.iter().step_by(2).copied().collect();
    (code, prose.join("`"))
}

/// Targets of the links of a line, code spans left out.
fn links(line: &str) -> Vec<String> {
    let (_, prose) = code_spans(line);
    let after = prose.split("](").skip(1);
    after
        .map(|rest| rest.split(')').next().unwrap_or_default().to_owned())
        .collect()
}

/// A path without `.` and `..`, by its words alone.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

#[test]
fn the_readme_is_short_and_its_two_commands_are_what_they_were() {
    let readme = Page::read("README.md");
    assert!(readme.text.lines().count() <= 200);
    let (_, blocks) = readme.parts();
    for command in ["sh scripts/demo", "sh scripts/test"] {
        let alone = blocks
            .iter()
            .filter(|block| block.language == "sh" && block.lines == [command]);
        assert_eq!(alone.count(), 1, "{command}");
    }
}

#[test]
fn the_summary_lists_each_page_once() {
    let summary = Page::read("docs/SUMMARY.md");
    let mut listed: Vec<String> = summary.text.lines().flat_map(links).collect();
    listed.sort();
    let pages = book();
    let there: Vec<&str> = pages
        .iter()
        .map(|page| page.path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(listed, there, "docs/SUMMARY.md");
}

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    let more = [
        "rules/README.md",
        "samples/README.md",
        "samples/lab/README.md",
        "findings/README.md",
        "CHANGELOG.md",
    ];
    for page in pages().into_iter().chain(more.map(Page::read)) {
        let in_book = page.path.starts_with("docs");
        let (prose, _) = page.parts();
        for link in prose.into_iter().flat_map(links) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => page.path.clone(),
                file => plain(&page.path.parent().unwrap().join(file)),
            };
            let mut say =
                |what: &str| wrong.push(format!("{}: {link}: {what}", page.path.display()));
            if !project(&target).exists() {
                say("there is no such file");
            } else if in_book && !target.starts_with("docs") {
                say("leads out of the book; name the path in backquotes instead");
            } else if !anchor.is_empty() && !Page::read(target).anchors().contains(anchor) {
                say("there is no such heading");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn paths_of_the_project_that_pages_name_are_there() {
    let folders = [
        "src/",
        "tests/",
        "docs/",
        "scripts/",
        "rules/",
        "samples/",
        "benches/",
        "examples/",
        "schema/",
        "findings/",
        ".ci/",
    ];
    let mut wrong = Vec::new();
    for page in pages() {
        let (prose, _) = page.parts();
        for line in prose {
            for code in code_spans(line).0 {
                let is_path = folders.iter().any(|folder| code.starts_with(folder))
                    && code.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c))
                    // A name that the reader chooses.
                    && !code.contains("NAME") && !code.contains("new");
                if is_path && !project(code).exists() {
                    wrong.push(format!("{}: {code}", page.path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A folder as the pages have it: the samples, a site file, and a tap's files, which are a sample in three pieces.
fn desk() -> TempDir {
    let desk = folder();
    let path = |name: &str| desk.path().join(name);
    std::os::unix::fs::symlink(project("samples"), path("samples")).unwrap();
    let sample = project("samples/blocked-syn-dropped");
    fs::copy(sample.join("site.toml"), path("site.toml")).unwrap();
    fs::create_dir(path("tap")).unwrap();
    fs::write(
        path("tap/notes.txt"),
        "on the mirror port of the core switch\n",
    )
    .unwrap();
    let capture = fs::read(sample.join("capture.pcap")).unwrap();
    let (header, mut records) = capture.split_at(24);
    let mut piece = |frames: usize| {
        let mut out = header.to_vec();
        for _ in 0..frames {
            let length = u32::from_le_bytes(records[8..12].try_into().unwrap());
            let (record, rest) = records.split_at(16 + usize::try_from(length).unwrap());
            out.extend(record);
            records = rest;
        }
        out
    };
    let (first, second, third) = (piece(200), piece(200), piece(110));
    fs::write(
        path("tap/perimeter_00000_20261121211828.pcap.gz"),
        gz(&first),
    )
    .unwrap();
    fs::write(
        path("tap/perimeter_00001_20261121211829.pcap.zst"),
        zst(&second),
    )
    .unwrap();
    fs::write(
        path("tap/perimeter_00002_20261121211831.pcap.xz"),
        xz(&third),
    )
    .unwrap();
    desk
}

/// A shell's answer, standard error among it, and its status.
fn shell(desk: &TempDir, command: &str) -> (String, i32) {
    let programs = Path::new(program()).parent().unwrap().display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(desk.path())
        .env_clear()
        .env("PATH", format!("{programs}:{path}"))
        .env("COLUMNS", "100")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (text, output.status.code().unwrap_or(-1))
}

/// Whether a line is as it is shown, where `[...]` stands for any text.
fn is_line(shown: &str, got: &str) -> bool {
    let Some((start, end)) = shown.split_once("[...]") else {
        return shown.trim_end() == got.trim_end();
    };
    got.starts_with(start) && got[start.len()..].ends_with(end)
}

/// Whether lines are as they are shown, where a line `[...]` stands for any number of lines.
fn are_lines(shown: &[&str], got: &[&str]) -> bool {
    match shown.split_first() {
        None => got.is_empty(),
        Some((first, rest)) if first.trim() == "[...]" => {
            (0..=got.len()).any(|skipped| are_lines(rest, &got[skipped..]))
        }
        Some((first, rest)) => got
            .split_first()
            .is_some_and(|(line, after)| is_line(first, line) && are_lines(rest, after)),
    }
}

/// Commands of a `console` block, each with the lines that it prints.
fn dialogue<'a>(block: &Block<'a>) -> Vec<(String, Vec<&'a str>)> {
    let mut out: Vec<(String, Vec<&str>)> = Vec::new();
    let mut goes_on = false;
    for line in &block.lines {
        if let Some(command) = line.strip_prefix("$ ") {
            out.push((command.to_owned(), Vec::new()));
            goes_on = command.ends_with(['\\', '|']);
        } else if goes_on {
            let (command, _) = out.last_mut().unwrap();
            command.push('\n');
            command.push_str(line);
            goes_on = line.ends_with(['\\', '|']);
        } else {
            let (_, printed) = out.last_mut().expect("a block begins with a command");
            printed.push(line);
        }
    }
    // A blank line before the next command is for the eye.
    for (_, printed) in &mut out {
        while printed.last().is_some_and(|line| line.is_empty()) {
            printed.pop();
        }
    }
    out
}

/// Whether all of a command's programs are here, and print the same in every version.
fn can_be_asked(command: &str) -> bool {
    let programs = command
        .split('|')
        .filter_map(|part| part.split_whitespace().next());
    let programs: Vec<&str> = programs.collect();
    let quoted = command.contains('\'');
    let first = programs.first().copied().unwrap_or_default();
    if quoted && command.contains("jq ") {
        return Command::new("jq").arg("--version").output().is_ok();
    }
    ["pktaudit", "ls", "echo"].contains(&first)
}

#[test]
fn commands_print_what_pages_show() {
    let mut asked = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        let (_, blocks) = page.parts();
        let desk = desk();
        for block in blocks.iter().filter(|block| block.language == "console") {
            let mut last = 0;
            for (command, shown) in dialogue(block) {
                if !can_be_asked(&command) {
                    continue;
                }
                asked += 1;
                let command_line = command.replace("echo $?", &format!("echo {last}"));
                let (printed, status) = shell(&desk, &command_line);
                last = status;
                let mut got: Vec<&str> = printed.lines().collect();
                while got.last().is_some_and(|line| line.is_empty()) {
                    got.pop();
                }
                if !are_lines(&shown, &got) {
                    wrong.push(format!("{}: {command}\n{printed}", page.path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked >= 15, "only {asked}");
}

#[test]
fn the_site_file_of_the_page_is_taken() {
    let page = Page::read("docs/SITE.md");
    let (_, blocks) = page.parts();
    let block = blocks
        .iter()
        .find(|block| block.language == "toml")
        .unwrap();
    let folder = folder();
    let site = write(&folder, "site.toml", block.lines.join("\n"));
    // Shipped rules have warnings of their own; an error makes it 2.
    pktaudit(["rules", "check", "--site", &site]).exits(1);
}

/// The row of a CSV file that the page for reviewers has, turned on its side.
#[test]
fn the_row_of_findings_is_the_samples() {
    let sample = Sample::named("blocked-syn-dropped");
    let mut arguments = sample.audit("csv");
    arguments.push(sample.capture.display().to_string());
    let table = pktaudit(&arguments).exits(1).stdout;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let page = Page::read("docs/REVIEW.md");
    let shown = page.text.lines().filter_map(|line| {
        let (column, value) = line
            .strip_prefix("| `")?
            .strip_suffix(" |")?
            .split_once("` | ")?;
        Some((column, value.replace("\\|", "|")))
    });
    let shown: Vec<(&str, String)> = shown.collect();
    assert!(shown.len() > 10, "{shown:?}");
    for (column, value) in shown {
        let at = columns.iter().position(|name| name == column).unwrap();
        assert!(is_line(&value, &row[at]), "{column}: {}", &row[at]);
    }
}

#[test]
fn commands_that_pages_show_are_taken() {
    let desk = desk();
    let mut asked = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        let (_, blocks) = page.parts();
        let shells = blocks.iter().filter(|block| block.language == "sh");
        for line in shells.flat_map(|block| &block.lines) {
            let line = line.trim_start();
            let line = line.strip_prefix("sudo ").unwrap_or(line);
            if !line.starts_with("pktaudit ")
                || cfg!(not(feature = "live")) && line.starts_with("pktaudit live")
            {
                continue;
            }
            asked += 1;
            let end = [" #", " >", " |", " -- "]
                .iter()
                .filter_map(|sign| line.find(sign))
                .min();
            let (printed, status) = shell(
                &desk,
                &format!("{} --help", &line[..end.unwrap_or(line.len())]),
            );
            if status != 0 {
                wrong.push(format!("{}: {line}\n{printed}", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked >= 15, "only {asked}");
}

/// All code of a room.
fn code_of(room: &str) -> String {
    fn gather(folder: &Path, out: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                out.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut out = String::new();
    gather(&project("src").join(room), &mut out);
    out
}

#[test]
fn each_word_of_the_glossary_stands_once_and_its_type_is_there() {
    let glossary = Page::read("docs/GLOSSARY.md");
    let rows = glossary.text.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<Vec<&str>> = rows
        .skip(1)
        .map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() > 50, "{}", rows.len());
    let word = |row: &Vec<&str>| row[0].trim_matches('`').to_lowercase();
    for pair in rows.windows(2) {
        assert!(
            word(&pair[0]) < word(&pair[1]),
            "{} is not before {}",
            pair[0][0],
            pair[1][0]
        );
    }
    for row in &rows {
        assert_eq!(row.len(), 3, "{row:?}");
        if row[2] == "-" {
            continue;
        }
        let path = row[2].trim_matches('`');
        let (room, name) = path.split_once("::").unwrap_or_else(|| panic!("{row:?}"));
        let code = code_of(room);
        let declared = ["struct", "enum", "trait", "type"].iter().any(|kind| {
            let start = format!("{kind} {name}");
            let after = code
                .match_indices(&start)
                .map(|(at, _)| code[at + start.len()..].chars().next());
            after
                .flatten()
                .any(|next| !next.is_alphanumeric() && next != '_')
        });
        assert!(declared, "{}: no type {path}", row[0]);
    }
}
