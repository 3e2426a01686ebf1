//! Lists of very many entries: ten times the entries take about ten times the time, not a hundred times.

use std::fmt::Write;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::harness::{folder, pktaudit, write};

const FEW: usize = 1_000;
/// Linear work is 10 times that of a tenth, quadratic work 100 times. Between them there is room for a busy machine.
const MOST_TIMES: u32 = 40;

fn entries(count: usize) -> impl Iterator<Item = (String, String)> {
    let region = ["Japan", "Europe", "US"];
    (0..count).map(move |at| {
        let entry = match at % 2 {
            0 => format!("h{at}.svc{}.acme-{}.example.com", at % 97, at % 21),
            _ => format!("198.{}.{}.{}", 18 + at / 65_536, at / 256 % 256, at % 256),
        };
        (entry, region[at % 3].to_owned())
    })
}

fn lines(count: usize) -> String {
    entries(count).map(|(entry, _)| entry + "\n").collect()
}

fn csv(count: usize) -> String {
    let mut text = String::from("name,port,protocol,service,region\n");
    for (at, (entry, region)) in entries(count).enumerate() {
        let _ = writeln!(text, "{entry},443,TCP,Service {at},{region}");
    }
    text
}

fn json(count: usize) -> String {
    let item = |at: usize| {
        let urls: Vec<String> = entries(count)
            .skip(at * 20)
            .take(20)
            .map(|(e, _)| format!("\"{e}\""))
            .step_by(2)
            .collect();
        format!(
            "{{\"id\":{at},\"serviceArea\":\"A\",\"urls\":[{}],\"tcpPorts\":\"443\",\"required\":true}}",
            urls.join(",")
        )
    };
    let items: Vec<String> = (0..count / 20).map(item).collect();
    format!("[{}]", items.join(",\n"))
}

fn html(count: usize) -> String {
    let mut text = String::from(
        "<html><table><tr><th>Service</th><th>Region</th><th>FQDN</th><th>Port</th></tr>\n",
    );
    for (at, (entry, region)) in entries(count).enumerate() {
        let _ = writeln!(
            text,
            "<tr><td>Service {at}</td><td>{region}</td><td>{entry}</td><td>443</td></tr>"
        );
    }
    text + "</table></html>"
}

/// The time that a command takes, the best of some tries.
fn time(arguments: &[&str], tries: usize) -> Duration {
    let once = |_| {
        let begun = Instant::now();
        let ran = pktaudit(arguments).run();
        assert!(ran.status < 2, "{arguments:?}: {}", ran.stderr);
        begun.elapsed()
    };
    (0..tries).map(once).min().unwrap()
}

/// Held to what few entries take; measured again where a busy machine may be the reason.
#[track_caller]
fn grows_with_its_entries(what: &str, few: &[&str], many: &[&str]) {
    let mut worst = (Duration::ZERO, Duration::ZERO);
    for tries in [1, 2, 4] {
        worst = (time(few, tries + 1), time(many, tries));
        // What starting the program takes is not much of it.
        if worst.1 <= worst.0.max(Duration::from_millis(50)) * MOST_TIMES {
            return;
        }
    }
    panic!(
        "{what}: {:?} for {FEW} entries, {:?} for ten times as many",
        worst.0, worst.1
    );
}

fn import(folder: &TempDir, name: &str, text: &str) -> (String, String) {
    let source = write(folder, name, text);
    let draft = pktaudit(["rules", "import", "-q", &source]).exits(0);
    let draft = write(folder, &format!("{name}.toml"), draft.stdout);
    (source, draft)
}

#[test]
fn ten_times_the_entries_take_ten_times_the_time() {
    let folder = folder();
    for (ending, make) in [
        ("txt", lines as fn(usize) -> String),
        ("csv", csv),
        ("json", json),
        ("html", html),
    ] {
        let (few, few_draft) = import(&folder, &format!("few.{ending}"), &make(FEW));
        let (many, many_draft) = import(&folder, &format!("many.{ending}"), &make(10 * FEW));
        let rest = folder.path().join("rest.csv").display().to_string();
        let command = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        for (few, many) in [
            (
                command(&["rules", "import", "-q", "--rest", &rest, &few]),
                command(&["rules", "import", "-q", "--rest", &rest, &many]),
            ),
            (
                command(&["rules", "check", &few_draft]),
                command(&["rules", "check", &many_draft]),
            ),
            (
                command(&["rules", "diff", &few_draft, &few_draft]),
                command(&["rules", "diff", &many_draft, &many_draft]),
            ),
            (
                command(&["rules", "import", "-q", "--against", &few_draft, &few]),
                command(&["rules", "import", "-q", "--against", &many_draft, &many]),
            ),
        ] {
            let (few, many): (Vec<&str>, Vec<&str>) = (
                few.iter().map(String::as_str).collect(),
                many.iter().map(String::as_str).collect(),
            );
            grows_with_its_entries(&many.join(" "), &few, &many);
        }
    }
}

#[test]
fn half_of_very_many_entries_go_and_come_in_one_pass() {
    let folder = folder();
    let half = |count: usize| -> String {
        lines(count)
            .lines()
            .step_by(3)
            .map(|l| format!("{l}\n"))
            .collect()
    };
    let (_, few) = import(&folder, "few.txt", &lines(FEW));
    let (_, many) = import(&folder, "many.txt", &lines(10 * FEW));
    let few_half = write(&folder, "few-half.txt", half(FEW));
    let many_half = write(&folder, "many-half.txt", half(10 * FEW));
    grows_with_its_entries(
        "--against",
        &["rules", "import", "-q", "--against", &few, &few_half],
        &["rules", "import", "-q", "--against", &many, &many_half],
    );
    let renewed = pktaudit(["rules", "import", "-q", "--against", &many, &many_half]).exits(0);
    assert_eq!(
        renewed.stdout.matches("example.com\"").count() + renewed.stdout.matches("\"198.").count(),
        10 * FEW / 3 + 1
    );
}

#[test]
fn broken_markup_and_endless_lines_end() {
    let folder = folder();
    for (name, unit) in [
        ("tags.html", "<table><tr><td>a.example.com"),
        ("lists.html", "<ul><li>"),
        ("open.html", "<"),
        ("comment.html", "<!--"),
        ("entities.html", "&lt;&#x41;"),
        ("spans.html", "<td rowspan=65535 colspan=1000>x.example.com"),
        ("pre.html", "<pre>"),
        ("words.txt", "host.example.com 443 "),
        ("letters.txt", "a"),
        ("pipes.txt", "a.example.com | "),
        ("runs.txt", "Agents Server 443 HTTPS over TCP "),
        ("dashes.txt", "1-"),
        ("stars.txt", "*."),
        ("brackets.txt", "("),
        ("list.json", "["),
        ("quotes.csv", "\","),
    ] {
        let head = match name {
            _ if name.ends_with("html") => "<html><body><table><tr>",
            _ if name.ends_with("csv") => "name,port\n",
            "runs.txt" => "Source Address Destination Address Port Protocol ",
            _ => "",
        };
        let text = |bytes: usize| format!("{head}{}", unit.repeat(bytes / unit.len()));
        let few = write(&folder, &format!("few-{name}"), text(30_000));
        let many = write(&folder, &format!("many-{name}"), text(300_000));
        let rest = folder.path().join("rest.csv").display().to_string();
        let run = |path: &str| {
            let begun = Instant::now();
            let ran = pktaudit(["rules", "import", "-q", "--rest", &rest, path]).run();
            assert!(ran.status <= 2, "{name}: {}", ran.stderr);
            begun.elapsed()
        };
        let best = |path: &str| (0..3).map(|_| run(path)).min().unwrap();
        let (few, many) = (best(&few), best(&many));
        assert!(
            many <= few.max(Duration::from_millis(50)) * MOST_TIMES,
            "{name}: {few:?}, and {many:?} for ten times the bytes"
        );
    }
}
