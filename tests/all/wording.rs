//! What reports say: the catalogues are held to the source, and reports are in one language only.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use pktaudit::audit::{Audited, Plan, Read, Selection};
use pktaudit::judge::{Code, FindingCode};
use pktaudit::report::text::width;
use pktaudit::report::{Look, write_human};
use pktaudit::wording::{ENGLISH_CATALOGUE, Language, Phrase};

use super::harness::{pktaudit, project, rust_files};

/// A text of the source: its id, the text, and the file that says it first.
type SourceText = (String, String, String);

/// The texts of the source, each once, file by file.
fn of_source() -> Vec<SourceText> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut all = Vec::new();
    let mut put = |id: &str, text: &str, place: &str| match known.get(id) {
        Some(known) => assert_eq!(known, text, "{place}: {id} is another text elsewhere"),
        None => {
            known.insert(id.to_owned(), text.to_owned());
            all.push((id.to_owned(), text.to_owned(), place.to_owned()));
        }
    };
    let mut files = rust_files("src");
    files.sort();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let place = path
            .strip_prefix(project("src"))
            .unwrap()
            .display()
            .to_string();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = code.lines();
        let code: Vec<&str> = lines
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let code = code.join("\n");
        for (at, name) in code.match_indices("!(") {
            let rest = code[at + name.len()..].trim_start();
            if !code[..at].ends_with("word") && !code[..at].ends_with("phrase") {
                continue;
            }
            let is_id = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let (id, rest) = rest.split_at(rest.find(|c| !is_id(c)).unwrap());
            let literal = rest.trim_start().strip_prefix(',').map(str::trim_start);
            // What is put together of literals is listed below.
            if let Some(literal) = literal.and_then(|rest| rest.strip_prefix('"')) {
                put(id, &unescaped(literal), &place);
            }
        }
    }
    for code in FindingCode::ALL {
        for text in [code.label(), code.about()] {
            put(text.id(), text.english(), "judge/finding.rs");
        }
    }
    for code in Code::ALL {
        put(
            code.about().id(),
            code.about().english(),
            "judge/evidence.rs",
        );
    }
    // The last ones stand with the others of their file.
    all.sort_by(|(.., a), (.., b)| a.cmp(b));
    all
}

/// The text of a literal, up to the quote that ends it.
fn unescaped(literal: &str) -> String {
    let mut out = String::new();
    let mut rest = literal.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return out,
            '\\' => match rest.next().unwrap() {
                '\n' => rest = rest.as_str().trim_start().chars(),
                '"' => out.push('"'),
                other => panic!("\\{other} in {literal:.60}"),
            },
            c => out.push(c),
        }
    }
    panic!("{literal:.60} has no end");
}

/// The English catalogue as the source has it.
fn made(source: &[SourceText]) -> String {
    let (head, _) = ENGLISH_CATALOGUE.split_once("\n## ").unwrap();
    let mut out = head.to_owned();
    for file in source.chunk_by(|(.., a), (.., b)| a == b) {
        out.push_str(&format!("\n## {}\n\n", file[0].2));
        for (id, text, _) in file {
            let text = text.replace('{', "{ $").replace('}', " }");
            let bare = text.trim_matches(' ');
            let (before, behind) = text.split_once(bare).unwrap();
            let quoted = |blank: &str| match blank {
                "" => String::new(),
                blank => format!("{{\"{blank}\"}}"),
            };
            out.push_str(&format!(
                "{id} = {}{bare}{}\n",
                quoted(before),
                quoted(behind)
            ));
        }
    }
    out
}

#[test]
fn the_english_catalogue_is_what_the_source_says() {
    let made = made(&of_source());
    if std::env::var_os("PKTAUDIT_BLESS").is_some() {
        fs::write(project("src/wording/en.ftl"), made).unwrap();
        return;
    }
    let lines = |text: &str| -> BTreeSet<String> { text.lines().map(ToOwned::to_owned).collect() };
    let (wanted, there) = (lines(&made), lines(ENGLISH_CATALOGUE));
    assert!(
        made == ENGLISH_CATALOGUE,
        "PKTAUDIT_BLESS=1 cargo test --test all english_catalogue writes src/wording/en.ftl anew; \
         other catalogues follow by hand.\nnew: {:#?}\ngone: {:#?}",
        wanted.difference(&there).collect::<Vec<_>>(),
        there.difference(&wanted).collect::<Vec<_>>()
    );
}

/// A sample's folder with its captures.
fn samples() -> Vec<(PathBuf, Vec<OsString>)> {
    let folders = fs::read_dir(project("samples")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path());
    let mut samples: Vec<_> = folders
        .filter(|folder| folder.join("site.toml").is_file())
        .map(|folder| {
            let files = fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().path());
            let is_capture = |path: &PathBuf| path.to_string_lossy().contains(".pcap");
            let mut captures: Vec<OsString> = files.filter(is_capture).map(Into::into).collect();
            captures.sort();
            (folder, captures)
        })
        .collect();
    samples.sort();
    assert!(samples.len() > 100);
    samples
}

/// Three English words in a row.
fn has_english(text: &str) -> bool {
    let word = |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let words: Vec<&str> = text.split([' ', ',', ';']).collect();
    words
        .windows(3)
        .any(|three| three.iter().all(|one| word(one)))
}

#[test]
fn nothing_in_english_is_left_in_what_is_said_of_the_samples_in_japanese() {
    let mut said = 0;
    let mut left = Vec::new();
    let mut look_at = |phrase: &Phrase| {
        // What pages, packets and devices say stays as it is.
        let own = Language::Japanese.say_with(phrase, &|_| "".into());
        said += 1;
        if has_english(&own) {
            left.push(format!("{phrase}\n  {own}"));
        }
    };
    for (folder, captures) in samples() {
        let own_rules = Some(folder.join("rules.toml")).filter(|path| path.is_file());
        let plan = Plan::read(&Selection {
            site: Some(folder.join("site.toml")),
            rules: own_rules.into_iter().map(Into::into).collect(),
            ..Selection::default()
        });
        let read = Read::files(&captures);
        let plan = plan.unwrap();
        let audited = Audited::new(&read, &plan);
        let report = audited.report();
        for finding in &report.findings {
            look_at(finding.message);
            look_at(finding.advice);
            for evidence in &finding.evidence_details {
                look_at(evidence.words);
                evidence.control.into_iter().for_each(&mut look_at);
            }
        }
        for requirement in &report.requirements {
            look_at(&requirement.message);
        }
        for flow in report.flows() {
            flow.reason.iter().for_each(|reason| look_at(reason));
        }
        let notes = report
            .capture
            .notes
            .iter()
            .chain(&report.summary.incomplete);
        notes.for_each(&mut look_at);
        report.capture.names.words.iter().for_each(&mut look_at);
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
    assert!(said > 10_000, "{said}");
}

/// The sample on which most is shown.
fn audit(arguments: &[&str]) -> super::harness::Run {
    let sample = project("samples/blocked-syn-dropped");
    let mut all = vec!["audit".to_owned(), "--site".to_owned()];
    all.push(sample.join("site.toml").display().to_string());
    all.push(sample.join("capture.pcap").display().to_string());
    all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    pktaudit(all)
}

#[test]
fn the_language_is_asked_for_or_that_of_the_environment() {
    let japanese = |run: super::harness::Run| run.run().stdout.contains("経路上で遮断");
    assert!(!japanese(audit(&[])));
    assert!(japanese(audit(&["--lang", "ja"])));
    // LC_ALL before LC_MESSAGES before LANG; one that is empty says nothing (POSIX, XBD 8.2).
    let with = |all: &str, messages: &str, lang: &str, arguments: &[&str]| {
        let run = audit(arguments).variable("LC_ALL", all);
        japanese(run.variable("LC_MESSAGES", messages).variable("LANG", lang))
    };
    assert!(with("", "", "ja_JP.UTF-8", &[]));
    assert!(with("", "ja_JP.UTF-8", "en_US.UTF-8", &[]));
    assert!(with("ja_JP.UTF-8", "C", "C", &[]));
    assert!(!with("C", "ja_JP.UTF-8", "ja_JP.UTF-8", &[]));
    assert!(!with("", "de_DE.UTF-8", "ja_JP.UTF-8", &[]));
    assert!(!with("ja_JP.UTF-8", "", "", &["--lang", "en"]));
    let refused = audit(&["--lang", "de"]).run();
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("ja"), "{}", refused.stderr);
}

#[test]
fn what_machines_read_is_the_same_in_every_language() {
    for format in ["json", "ndjson", "csv", "sarif", "junit"] {
        let of = |language| {
            audit(&["--format", format, "--lang", language])
                .run()
                .stdout
        };
        assert!(!of("en").is_empty() && of("en") == of("ja"), "{format}");
    }
}

#[test]
fn commands_that_print_for_people_have_both_languages() {
    let sample = project("samples/blocked-syn-dropped");
    let path = |name: &str| sample.join(name).display().to_string();
    let (site, capture) = (path("site.toml"), path("capture.pcap"));
    let fixed = project("samples/activation-ok/capture.pcap")
        .display()
        .to_string();
    for (arguments, said) in [
        (vec!["flows", &capture], "宛先"),
        (vec!["flows", "--dns", &capture], "問い合わせ"),
        (vec!["compare", "--site", &site, &capture, &fixed], "変更前"),
    ] {
        let in_language = |language| {
            let all = arguments.iter().copied().chain(["--lang", language]);
            pktaudit(all).run().stdout
        };
        assert!(in_language("ja").contains(said), "{}", in_language("ja"));
        let english = in_language("en");
        assert!(english.is_ascii() || !english.contains(said), "{english}");
    }
}

#[test]
fn japanese_columns_line_up_and_lines_keep_to_the_width() {
    for columns in ["80", "120"] {
        let text = audit(&["--lang", "ja"])
            .variable("COLUMNS", columns)
            .run()
            .stdout;
        let most: usize = columns.parse().unwrap();
        let sentences = text
            .lines()
            .filter(|line| line.starts_with("    ") && !line.ends_with('-'));
        let long: Vec<&str> = sentences.filter(|line| width(line) > most).collect();
        assert!(long.is_empty(), "{long:#?}");
        let table = text.lines().skip_while(|line| !line.starts_with("  文書"));
        let rows: Vec<&str> = table.take_while(|line| !line.contains("不要")).collect();
        assert!(rows.len() > 5, "{text}");
        for row in &rows {
            assert_eq!(width(row), width(rows[0]), "{}", rows.join("\n"));
        }
    }
}

#[test]
fn the_page_begins_in_the_language_and_has_the_other_one() {
    for (language, here, there) in [
        ("en", "Findings", "指摘事項"),
        ("ja", "指摘事項", "Findings"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().display().to_string();
        audit(&["--lang", language, "--out", &out]).run();
        let page = fs::read_to_string(Path::new(&out).join("report.html")).unwrap();
        assert!(page.contains(&format!("<html lang=\"{language}\">")));
        let (markup, rest) = page.split_once("<script type").unwrap();
        let (_, languages) = rest.split_once("id=\"page-languages\">").unwrap();
        let (languages, _) = languages.split_once("</script>").unwrap();
        assert!(markup.contains(&format!(">{here}</span>")), "{language}");
        assert!(!markup.contains(there) && languages.contains(&format!("\"{there}\"")));
        let data: serde_json::Value = serde_json::from_str(languages).unwrap();
        let texts = data["there"].as_array().unwrap().len();
        // Every place that an element names is there.
        for part in markup.split("data-w").skip(1) {
            let (_, value) = part.split_once("=\"").unwrap();
            let place: usize = value.split('"').next().unwrap().parse().unwrap();
            assert!(place < texts, "{place} of {texts}");
        }
    }
}

#[test]
fn a_report_is_written_in_both_languages_from_one_audit() {
    let sample = project("samples/blocked-syn-dropped");
    let plan = Plan::read(&Selection {
        site: Some(sample.join("site.toml")),
        ..Selection::default()
    })
    .unwrap();
    let read = Read::files(&[sample.join("capture.pcap").into()]);
    let audited = Audited::new(&read, &plan);
    let report = audited.report();
    let written = |language| {
        let mut bytes = Vec::new();
        let look = Look {
            language,
            ..Look::default()
        };
        write_human(&report, &look, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert!(written(Language::English).contains("Stopped on the path (1)"));
    assert!(written(Language::Japanese).contains("経路上で遮断 (1)"));
}
