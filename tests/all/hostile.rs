//! Names from packets that mean harm to a terminal, a spreadsheet, a browser, a pipeline or a file system: in every
//! output they are shown, and inert.

use std::fs;
use std::sync::LazyLock;

use pktaudit::report::text::is_harmful;
use serde_json::Value;
use tempfile::TempDir;

use super::harness::{folder, pktaudit, write};
use super::traffic::Traffic;

const AGENT: &str = "10.0.0.5";
const DNS: &str = "10.0.0.53";

/// What each would do where it is taken for more than text.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    [
        "=cmd|'/c_calc'!a1.example",
        "+sum(1).example",
        "-1+1.example",
        "@sum(1)*cmd.example",
        "<script>alert(1)</script>.example",
        "\"><img/src=x/onerror=alert(1)>.example",
        "</script><svg/onload=alert(1)>.example",
        "\u{1b}[2j\u{1b}]0;owned\u{7}.example",
        "line\r\nbreak,\"quoted\";tab\t.example",
        "moc.\u{202e}elpmaxe\u{2066}.example",
        "zero\u{200b}width\u{feff}.example",
        "]]>&amp;</failure><testcase/>.example",
        "[here](http://evil.example)",
        "../../../etc/passwd",
        "$(touch_owned)`id`.example",
        "nul\0.example",
    ]
    .map(ToOwned::to_owned)
    .into_iter()
    .chain(["a".repeat(255), "\u{202e}".repeat(85), "<b>".repeat(85)])
    .collect()
});

/// A capture in which each name is asked for, said in a ClientHello, and said as a Host; and where it lies.
struct Hostile {
    _folder: TempDir,
    out: std::path::PathBuf,
    capture: String,
    site: String,
}

static HOSTILE: LazyLock<Hostile> = LazyLock::new(|| {
    let folder = folder();
    let mut traffic = Traffic::new();
    for (i, name) in (1..).zip(NAMES.iter()) {
        let server = format!("203.0.113.{i}");
        if name.split('.').all(|label| label.len() < 64) {
            traffic = traffic.lookup(AGENT, DNS, name, [203, 0, 113, i]);
        }
        traffic = traffic.tls(AGENT, &server, 443, Some(name));
        let request = format!("GET /{name} HTTP/1.1\r\nHost: {name}\r\n\r\n");
        let answer: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        traffic = traffic.tcp(AGENT, &server, 80, &[request.as_bytes()], &[answer]);
    }
    let capture = write(&folder, "capture.pcap", traffic.capture().to_bytes());
    let site = write(
        &folder,
        "site.toml",
        format!("[site]\nname = \"h\"\n[roles]\nagent = [\"{AGENT}\"]\ndns-server = [\"{DNS}\"]\n"),
    );
    let out = folder.path().join("out");
    let at = out.display().to_string();
    pktaudit(["audit", "--site", &site, "--out", &at, &capture]).exits(1);
    Hostile {
        _folder: folder,
        out,
        capture,
        site,
    }
});

fn audit(format: &str, more: &[&str]) -> String {
    let (site, capture) = (&HOSTILE.site, &HOSTILE.capture);
    let mut arguments = vec!["audit", "--format", format, "--site", site, capture];
    arguments.extend(more);
    pktaudit(arguments).exits(1).stdout
}

fn file(name: &str) -> String {
    fs::read_to_string(HOSTILE.out.join(name)).unwrap()
}

/// No character but these two line ends moves a cursor, turns a line round, or hides.
#[track_caller]
fn is_tame(what: &str, text: &str) {
    let harmful = |c: char| !matches!(c, '\n' | '\r') && is_harmful(c);
    let found = text.chars().find(|c| harmful(*c));
    assert_eq!(found, None, "{what}");
}

fn report() -> Value {
    serde_json::from_str(&file("report.json")).unwrap()
}

#[test]
fn every_name_is_found_and_told() {
    let report = report();
    let names: Vec<&str> = report["flows"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|flow| flow["names"].as_array().unwrap())
        .map(|name| name["fqdn"].as_str().unwrap())
        .collect();
    for wanted in [
        "=cmd|'/c_calc'!a1.example",
        "<script>alert(1)</script>.example",
        "\\027[2j\\027]0;owned\\007.example",
        "[here](http://evil.example)",
        "../../../etc/passwd",
        &NAMES[16],
    ] {
        assert!(names.contains(&wanted), "{wanted}");
    }
    assert!(report["findings"].as_array().unwrap().len() > NAMES.len());
}

#[test]
fn terminals_show_and_do_not_obey() {
    for more in [
        &[][..],
        &["-v"],
        &["-q"],
        &["--lang", "ja"],
        &["--lang", "ja", "-v"],
        &["--lang", "ja", "-q"],
    ] {
        let text = audit("human", more);
        is_tame("audit", &text);
        assert!(!text.contains('\r') && text.contains("=cmd|"));
    }
    for more in [&[][..], &["--dns"]] {
        for format in ["human", "json", "ndjson", "csv"] {
            let mut arguments = vec!["flows", "--format", format, &HOSTILE.capture];
            arguments.extend(more);
            is_tame("flows", &pktaudit(arguments).exits(0).stdout);
        }
    }
    is_tame(
        "site init",
        &pktaudit(["site", "init", &HOSTILE.capture]).run().stdout,
    );
}

#[test]
fn json_loses_nothing_and_does_no_harm() {
    for text in [
        file("report.json"),
        audit("json", &[]),
        audit("ndjson", &[]),
    ] {
        is_tame("json", &text);
        assert!(!text.contains('\r'));
    }
}

#[test]
fn no_cell_starts_a_formula_or_a_line() {
    for name in ["findings.csv", "requirements.csv", "flows.csv"] {
        let text = file(name);
        is_tame(name, &text);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(false)
            .from_reader(text.as_bytes());
        let mut guarded = 0;
        for row in reader.records() {
            for cell in &row.unwrap() {
                let starts = cell.trim_start().chars().next();
                assert!(
                    !matches!(starts, Some('=' | '+' | '-' | '@')),
                    "{name}: {cell}"
                );
                assert!(!cell.contains(['\n', '\r', '\t']), "{name}: {cell}");
                guarded += usize::from(cell.starts_with("'="));
            }
        }
        assert!(guarded > 0 || name == "requirements.csv", "{name}");
    }
}

#[test]
fn the_page_has_no_markup_but_its_own() {
    has_no_markup_but_its_own(&file("report.html"));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    audit("human", &["--lang", "ja", "--out", &out]);
    let japanese = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(japanese.contains("<html lang=\"ja\">"));
    has_no_markup_but_its_own(&japanese);
}

fn has_no_markup_but_its_own(text: &str) {
    is_tame("report.html", text);
    // The flows, the texts of the other language, and the program.
    assert_eq!(text.matches("<script").count(), 3);
    assert_eq!(text.matches("</script").count(), 3);
    for word in [
        "<img",
        "<svg/",
        "<b>",
        "onerror=alert(1)>",
        "href=\"http",
        "src=",
    ] {
        let (markup, data) = text.split_once("id=\"flow-data\">").unwrap();
        assert!(
            !markup.contains(word) || word == "src=" && !markup.contains(" src="),
            "{word}"
        );
        assert!(!data.contains("<b>") && !data.contains("<img"));
    }
    assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;.example"));
    // Every attribute's value ends where this program ended it: outside of tags no quote is left as it is.
    let (markup, _) = text.split_once("<script type").unwrap();
    let (_, body) = markup.split_once("</style>").unwrap();
    for tag in body.split('<').skip(1) {
        let (inside, outside) = tag.split_once('>').unwrap();
        assert_eq!(inside.matches('"').count() % 2, 0, "<{inside}>");
        assert!(!outside.contains(['"', '>', '\'']), "{outside}");
    }
}

#[test]
fn pipelines_get_data_and_no_markup_or_links() {
    let junit = audit("junit", &[]);
    is_tame("junit", &junit);
    assert!(!junit.contains("<script") && !junit.contains("]]>") && !junit.contains("<testcase/>"));
    let opened = junit.matches("<testcase ").count();
    let closed = junit.matches("</testcase>").count();
    let empty = junit
        .lines()
        .filter(|l| l.contains("<testcase ") && l.ends_with("/>"))
        .count();
    assert_eq!(opened, closed + empty);
    let sarif = audit("sarif", &[]);
    is_tame("sarif", &sarif);
    let log: Value = serde_json::from_str(&sarif).unwrap();
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.replace("\\]", "").contains("]("), "{text}");
    }
}

#[test]
fn comments_on_packets_are_tame() {
    let bytes = fs::read(HOSTILE.out.join("evidence.pcapng")).unwrap();
    let comments = super::evidence::comments(&bytes).concat();
    assert!(comments.len() > NAMES.len());
    for comment in &comments {
        is_tame("comment", comment);
        assert!(!comment.contains(['\n', '\r']), "{comment}");
    }
}

#[test]
fn a_comparison_is_tame_too() {
    let empty = folder();
    let nothing = write(&empty, "none.pcap", Traffic::new().capture().to_bytes());
    for format in ["human", "json", "ndjson", "csv"] {
        let ran = pktaudit([
            "compare",
            "--format",
            format,
            "--site",
            &HOSTILE.site,
            &nothing,
            &HOSTILE.capture,
        ]);
        // One side is an audit of nothing.
        is_tame(format, &ran.exits(2).stdout);
    }
}

#[test]
fn no_name_becomes_a_file() {
    let mut names: Vec<String> = fs::read_dir(&HOSTILE.out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let wanted = [
        "evidence.pcapng",
        "findings.csv",
        "flows.csv",
        "report.html",
        "report.json",
        "requirements.csv",
    ];
    assert_eq!(names, wanted);
}
