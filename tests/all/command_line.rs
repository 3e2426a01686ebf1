//! What the command line promises: exit statuses, formats, files, help.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use pktaudit::decode::{Decoded, Segment, decode};
use pktaudit::source::OwnedFrame;
use serde_json::Value;

use super::capture::Capture;
use super::harness::{Sample, folder, for_each_sample, pktaudit, program, project, write};

fn audited(sample: &Sample, more: &[&str]) -> super::harness::Run {
    let mut arguments = sample.audit("human");
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    arguments.push(sample.capture.display().to_string());
    // The last of two `--format` would be an error, so the first is taken out where another is asked for.
    if more.contains(&"--format") {
        arguments.drain(1..3);
    }
    pktaudit(&arguments)
}

#[test]
fn the_exit_status_says_how_it_ended() {
    for (name, status) in [
        ("activation-ok", 0),
        ("relay-in-place", 0),
        ("blocked-rst", 1),
        ("unexpected-traffic", 1),
        ("not-seen", 1),
    ] {
        let sample = Sample::named(name);
        let ran = audited(&sample, &["--format", "json"]).exits(status);
        assert_eq!(ran.json()["summary"]["exit"], status, "{name}");
        assert_eq!(ran.stderr, "", "{name}");
        audited(&sample, &[]).exits(status);
    }
    pktaudit([
        "flows",
        &Sample::named("blocked-rst").capture.display().to_string(),
    ])
    .exits(0);
    pktaudit(["audit", "missing.pcap"]).exits(2);
    pktaudit(["--help"]).exits(0);
    pktaudit(["--version"]).exits(0);
    pktaudit::<[&str; 0]>([]).exits(2);
}

#[test]
fn every_format_of_the_audit_can_be_read() {
    for_each_sample(|sample| {
        let json = sample.report();
        let outside = sample.outside();
        let outside: Vec<&str> = outside.iter().map(String::as_str).collect();
        let told = |format| audited(sample, &[&["--format", format], &outside[..]].concat()).run();
        let findings = json["findings"].as_array().ok_or("no findings")?.len();
        let parts: Vec<&str> = json
            .as_object()
            .ok_or("no object")?
            .keys()
            .map(String::as_str)
            .collect();
        let wanted = [
            "summary",
            "findings",
            "intents",
            "requirements",
            "flows",
            "capture",
            "rules",
        ];
        if parts != wanted {
            return Err(format!("JSON has {parts:?}"));
        }
        let lines = told("ndjson").lines();
        for (kind, part) in [
            ("finding", "findings"),
            ("intent", "intents"),
            ("flow", "flows"),
        ] {
            let of_kind = lines.iter().filter(|line| line["kind"] == kind).count();
            if of_kind != json[part].as_array().ok_or(part)?.len() {
                return Err(format!("NDJSON has {of_kind} of {part}"));
            }
        }
        let table = told("csv").stdout;
        let rows = csv::Reader::from_reader(table.as_bytes())
            .records()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        match rows.len() == findings {
            true => Ok(()),
            false => Err(format!(
                "{} rows of CSV for {findings} findings",
                rows.len()
            )),
        }
    });
}

#[test]
fn the_summary_for_people_names_what_is_wrong_and_fits() {
    let sample = Sample::named("blocked-rst");
    let text = audited(&sample, &[]).exits(1).stdout;
    for word in [
        "dsaas.url.trendmicro.com",
        "443",
        "10.20.0.10",
        "workload-security-ja/a04",
    ] {
        assert!(text.contains(word), "`{word}` is not in:\n{text}");
    }
    let narrow = audited(&sample, &[])
        .variable("COLUMNS", "60")
        .exits(1)
        .stdout;
    assert_ne!(narrow, text);
    assert!(
        text.find("dsaas.url").unwrap() < text.find("/a04").unwrap(),
        "what is wrong comes first"
    );
}

#[test]
fn colour_is_as_asked_for() {
    let sample = Sample::named("blocked-rst");
    let escapes = |text: &str| text.contains('\x1b');
    assert!(!escapes(
        &audited(&sample, &["--color", "never"]).exits(1).stdout
    ));
    assert!(
        !escapes(&audited(&sample, &[]).exits(1).stdout),
        "a pipe is no terminal"
    );
    assert!(escapes(
        &audited(&sample, &["--color", "always"]).exits(1).stdout
    ));
    let json = audited(&sample, &["--color", "always", "--format", "json"])
        .exits(1)
        .stdout;
    assert!(!escapes(&json), "JSON has no colours");
    let check = pktaudit(["rules", "check", "--color", "never"]).exits(1);
    assert!(!escapes(&check.stderr));
    assert!(escapes(
        &pktaudit(["rules", "check", "--color", "always"])
            .exits(1)
            .stderr
    ));
}

#[test]
fn out_writes_whole_files_and_nothing_else() {
    let sample = Sample::named("unexpected-traffic");
    let folder = folder();
    let out = folder.path().join("new/report");
    let words = out.display().to_string();
    let printed = audited(&sample, &["--format", "json", "--out", &words]).exits(1);
    let report = fs::read_to_string(out.join("report.json")).unwrap();
    assert_eq!(report, printed.stdout);
    let report: Value = serde_json::from_str(&report).unwrap();
    for (file, part) in [
        ("findings.csv", "findings"),
        ("requirements.csv", "requirements"),
        ("flows.csv", "flows"),
    ] {
        let mut table = csv::Reader::from_path(out.join(file)).unwrap();
        let rows = table.records().map(Result::unwrap).count();
        assert_eq!(rows, report[part].as_array().unwrap().len(), "{file}");
    }
    let mut names: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let wanted = [
        "findings.csv",
        "flows.csv",
        "report.json",
        "requirements.csv",
    ];
    for name in wanted {
        assert!(
            names.iter().any(|known| known == name),
            "{name} is not in {names:?}"
        );
    }
    assert!(
        names
            .iter()
            .all(|name| !name.starts_with('.') && !name.contains("tmp")),
        "{names:?}"
    );
    // A second run takes the place of the first.
    let again = audited(
        &Sample::named("blocked-rst"),
        &["--format", "json", "--out", &words],
    )
    .exits(1);
    assert_eq!(
        fs::read_to_string(out.join("report.json")).unwrap(),
        again.stdout
    );
}

#[test]
fn out_that_cannot_be_written_is_told() {
    let folder = folder();
    let file = write(&folder, "taken", "a file");
    let sample = Sample::named("not-seen");
    audited(&sample, &["--out", &file])
        .exits(2)
        .complains_of(&["taken"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "a file");
}

// The page has all commands.
#[cfg(feature = "live")]
#[test]
fn the_page_of_commands_shows_the_help_as_it_is() {
    let page = fs::read_to_string(project("docs/COMMANDS.md")).unwrap();
    let (_, rest) = page
        .split_once("<!-- help -->")
        .expect("docs/COMMANDS.md has no <!-- help --> marker");
    let (_, rest) = rest
        .split_once("```")
        .expect("no fenced block after the first marker");
    let (_, rest) = rest.split_once('\n').unwrap();
    let (block, rest) = rest
        .split_once("```")
        .expect("the fenced block does not end");
    assert!(
        rest.trim_start().starts_with("<!-- /help -->"),
        "no <!-- /help --> after the block"
    );
    let help = pktaudit(["--help"]).exits(0).stdout;
    if std::env::var_os("PKTAUDIT_BLESS").is_some() {
        let anew = page.replacen(block, &format!("{}\n", help.trim_end()), 1);
        fs::write(project("docs/COMMANDS.md"), anew).unwrap();
        return;
    }
    let trimmed = |text: &str| {
        let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
        lines.join("\n")
    };
    let (block, help) = (trimmed(block), trimmed(&help));
    let lines = block.lines().zip(help.lines());
    let other = lines.into_iter().find(|(page, help)| page != help);
    assert!(
        block == help,
        "docs/COMMANDS.md is not the help; the first line that differs, in the page and in the help: {other:#?}\n\
         PKTAUDIT_BLESS=1 cargo test --test all page_of_commands writes it anew"
    );
}

#[test]
fn every_command_explains_itself() {
    for command in [
        vec!["audit"],
        #[cfg(feature = "live")]
        vec!["live"],
        vec!["extract"],
        vec!["flows"],
        vec!["compare"],
        vec!["rules"],
        vec!["rules", "init"],
        vec!["rules", "check"],
        vec!["rules", "lint"],
        vec!["rules", "list"],
        vec!["rules", "explain"],
        vec!["rules", "import"],
        vec!["rules", "learn"],
        vec!["rules", "diff"],
        vec!["rules", "export"],
        vec!["rules", "schema"],
        vec!["site"],
        vec!["site", "init"],
        vec!["explain"],
        vec!["observe"],
        vec!["merge"],
        vec!["judge"],
        vec!["man"],
        vec!["completions"],
    ] {
        let ran = pktaudit(command.iter().chain(&["--help"])).exits(0);
        assert!(
            ran.stdout.contains("Usage: pktaudit"),
            "{command:?}: {}",
            ran.stdout
        );
        let widest = ran
            .stdout
            .lines()
            .map(|line| line.chars().count())
            .max()
            .unwrap();
        assert!(widest <= 100, "{command:?}: a line of {widest} columns");
    }
}

#[test]
fn every_finding_and_evidence_code_in_the_samples_is_explained() {
    let mut codes = std::collections::BTreeSet::new();
    for sample in super::harness::samples() {
        let report = sample.report();
        for finding in report["findings"].as_array().unwrap() {
            codes.insert(finding["code"].as_str().unwrap().to_owned());
            let evidence = finding["evidence"].as_array().unwrap();
            codes.extend(
                evidence
                    .iter()
                    .map(|code| code.as_str().unwrap().to_owned()),
            );
        }
    }
    assert!(codes.len() >= 15, "{codes:?}");
    for code in codes {
        let text = pktaudit(["explain", &code]).exits(0).stdout;
        assert!(
            text.contains(&code) && text.lines().count() > 2,
            "{code}: {text}"
        );
    }
    pktaudit(["explain", "no-such-code"])
        .exits(2)
        .complains_of(&["no-such-code"]);
}

#[test]
fn a_first_site_file_from_a_sample_loads_and_audits() {
    for_each_sample(|sample| {
        // Without names, or with global addresses alone, no role can be guessed.
        let nameless = [
            "blocked-dns-client-refused",
            "dns-over-tls-dropped",
            "blocked-reject-kinds-ipv6",
            "snaplen-96",
            "address-rotates",
            "translated",
            "translated-alone",
        ];
        if nameless.contains(&sample.name.as_str()) {
            return Ok(());
        }
        let folder = folder();
        let capture = sample.capture.display().to_string();
        // By the rules that it is audited by, as somebody with that vendor's agents would.
        let rules = sample.rules().map(|rules| rules.display().to_string());
        let rules: Vec<&str> = rules.iter().flat_map(|rules| ["--rules", rules]).collect();
        let init = ["site", "init", &capture]
            .into_iter()
            .chain(rules.iter().copied());
        let text = pktaudit(init).exits(0).stdout;
        let site = write(&folder, "site.toml", &text);
        let audit = ["audit", "--format", "json", "--site", &site, &capture];
        let ran = pktaudit(audit.into_iter().chain(rules.iter().copied())).run();
        if !(0..=1).contains(&ran.status) {
            return Err(format!("exit {}: {}", ran.status, ran.stderr));
        }
        let report = ran.json();
        match report["summary"]["site_is_default"] == false
            && ["10.20.0.10", "2001:db8:20::10"]
                .iter()
                .any(|agent| text.contains(agent))
        {
            true => Ok(()),
            false => Err("the agent is in no role".to_owned()),
        }
    });
}

#[test]
fn without_a_site_file_every_private_address_is_audited_and_the_report_says_so() {
    let capture = Sample::named("unexpected-traffic")
        .capture
        .display()
        .to_string();
    let report = pktaudit(["audit", "--format", "json", &capture])
        .exits(1)
        .json();
    assert_eq!(report["summary"]["site_is_default"], true);
    let human = pktaudit(["audit", &capture]).exits(1).stdout;
    assert!(human.contains("private address"), "{human}");
}

#[test]
fn flows_have_the_fixed_fields() {
    for_each_sample(|sample| {
        let capture = sample.capture.display().to_string();
        let flows = pktaudit(["flows", "--format", "ndjson", &capture])
            .exits(0)
            .lines();
        let fields = [
            "start",
            "end",
            "initiator",
            "responder",
            "transport",
            "app",
            "conn_state",
            "history",
            "packets",
            "bytes",
            "names",
            "vlan",
            "tunnel",
            "frames",
        ];
        let time = |value: &Value| {
            // RFC 3339 in UTC with nanoseconds.
            let text = value.as_str().unwrap_or_default();
            text.len() == 30 && text.ends_with('Z') && text.as_bytes()[19] == b'.'
        };
        for flow in &flows {
            let keys: Vec<&str> = flow
                .as_object()
                .ok_or("no object")?
                .keys()
                .map(String::as_str)
                .collect();
            let right = keys.starts_with(&fields)
                && time(&flow["start"])
                && time(&flow["end"])
                && flow["initiator"]["ip"].is_string()
                && flow["responder"]["ip"].is_string()
                && flow["packets"]["out"].is_u64()
                && flow["bytes"]["in"].is_u64()
                && flow["frames"]["first"].as_u64() <= flow["frames"]["last"].as_u64()
                && flow["names"]
                    .as_array()
                    .ok_or("no names")?
                    .iter()
                    .all(|name| {
                        name["fqdn"].is_string() && name["source"].is_string() && time(&name["at"])
                    });
            if !right {
                return Err(format!("{flow}"));
            }
        }
        let dns = pktaudit(["flows", "--dns", "--format", "ndjson", &capture])
            .exits(0)
            .lines();
        let fields = [
            "at",
            "client",
            "server",
            "transport",
            "query",
            "qtype",
            "rcode",
            "answers",
            "ede",
            "frames",
        ];
        for transaction in &dns {
            let keys: Vec<&str> = transaction
                .as_object()
                .ok_or("no object")?
                .keys()
                .map(String::as_str)
                .collect();
            if !keys.starts_with(&fields) || !time(&transaction["at"]) {
                return Err(format!("{transaction}"));
            }
        }
        match flows.is_empty() {
            true => Err("no flows".to_owned()),
            false => Ok(()),
        }
    });
}

#[test]
fn tables_of_flows_can_be_read() {
    let capture = Sample::named("activation-ok").capture.display().to_string();
    for dns in [false, true] {
        let run = |format: &str| {
            let mut arguments = vec!["flows", "--format", format, &capture];
            arguments.extend(dns.then_some("--dns"));
            pktaudit(&arguments).exits(0)
        };
        let count = run("ndjson").lines().len();
        assert!(count > 20);
        assert_eq!(run("json").json().as_array().unwrap().len(), count);
        let table = run("csv").stdout;
        let mut table = csv::Reader::from_reader(table.as_bytes());
        assert_eq!(table.records().map(Result::unwrap).count(), count);
        assert!(run("human").stdout.lines().count() >= count);
    }
}

/// `pktaudit .. | head -c 100`.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sample = Sample::named("activation-ok");
    let capture = sample.capture.display().to_string();
    let site = sample.site.display().to_string();
    for arguments in [
        vec!["flows", "--format", "ndjson", &capture],
        vec!["rules", "list", "--format", "csv"],
        vec!["audit", "--format", "json", "--site", &site, &capture],
        vec!["rules", "list", "--format", "ndjson"],
    ] {
        let mut child = Command::new(program())
            .args(&arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut start = [0; 100];
        stdout.read_exact(&mut start).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), words.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}

/// What a firewall owner has to do when the capture began after the lookups.
#[test]
fn names_from_before_the_capture_are_taken_from_captures_hosts_files_and_dig() {
    let sample = Sample::named("blocked-syn-dropped");
    let whole = Capture::read(&sample.capture);
    let is_dns = |frame: &OwnedFrame| {
        matches!(decode(frame.link_type.0, &frame.bytes, frame.wire_length),
            Decoded::Packet(packet) if matches!(&packet.segment,
                Segment::Udp(datagram) if datagram.source_port == 53 || datagram.destination_port == 53))
    };
    let late = whole.with(whole.frames.iter().filter(|frame| !is_dns(frame)).cloned());
    let folder = folder();
    let late = write(&folder, "late.pcap", late.to_bytes());
    let blocked = |seed: Option<&str>| {
        let mut arguments = sample.audit("json");
        arguments.extend(
            seed.iter()
                .flat_map(|seed| ["--dns-seed".to_owned(), (*seed).to_owned()]),
        );
        arguments.push(late.clone());
        let report = pktaudit(&arguments).exits(1).json();
        let intents = report["intents"].as_array().unwrap();
        let blocked = intents
            .iter()
            .filter(|intent| intent["outcome"] == "blocked_likely");
        let names = blocked.map(|intent| {
            if seed.is_some() {
                assert_eq!(intent["name_source"], "seed");
            }
            intent["fqdn"].as_str().unwrap_or("-").to_owned()
        });
        names.collect::<Vec<_>>()
    };
    let name = "dsaas.url.trendmicro.com";
    let alias = "edge.example";
    assert_eq!(blocked(None), [""; 0]);
    assert_eq!(blocked(Some(&sample.capture.display().to_string())), [name]);
    let hosts = write(&folder, "hosts", format!("203.0.113.42 {name} # staging\n"));
    assert_eq!(blocked(Some(&hosts)), [name]);
    let dig = format!(
        ";; ANSWER SECTION:\n{name}. 60 IN CNAME {alias}.\n{alias}. 60 IN A 203.0.113.42\n"
    );
    assert_eq!(blocked(Some(&write(&folder, "dig", dig))), [name]);

    let flows = |seed: &str| pktaudit(["flows", "--dns-seed", seed, &late]);
    flows(&write(&folder, "prose", "no names here\n"))
        .exits(2)
        .complains_of(&["prose", "neither a capture nor a hosts file"]);
    flows("missing")
        .exits(2)
        .complains_of(&["missing", "not found"]);
}

#[test]
fn the_page_of_formats_has_every_application() {
    let page = fs::read_to_string(project("docs/FORMATS.md")).unwrap();
    let row = page.lines().find(|line| line.starts_with("| `app` | "));
    let names = pktaudit::observe::App::NAMES.iter();
    let names: Vec<String> = names.map(|(_, name)| format!("`{name}`")).collect();
    let row = row.expect("docs/FORMATS.md has no row `app`");
    let listed: Vec<&str> = row.split(['`', ',']).map(str::trim).collect();
    for name in &names {
        let bare = name.trim_matches('`');
        assert!(
            listed.contains(&bare),
            "docs/FORMATS.md, row `app`: {bare} is not listed"
        );
    }
    assert_eq!(
        row,
        format!("| `app` | told by content: {}, or null |", names.join(", ")),
        "docs/FORMATS.md, row `app`: it lists App::NAMES in their order"
    );
}

#[test]
fn the_page_of_formats_has_every_kind_of_change() {
    let page = fs::read_to_string(project("docs/FORMATS.md")).unwrap();
    let kinds = pktaudit::audit::ChangeKind::ALL.iter();
    let rows = kinds.map(|kind| {
        let worse = if kind.is_worse() { "yes" } else { "no" };
        format!("| `{kind}` | {worse} | {} |", kind.about())
    });
    let missing: Vec<String> = rows.filter(|row| !page.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn what_was_mixed_up_is_said() {
    let sample = Sample::named("blocked-syn-dropped");
    let capture = sample.capture.display().to_string();
    let site = sample.site.display().to_string();
    let rules = project("rules/workload-security-en.toml");
    let rules = rules.display().to_string();
    for (arguments, wanted) in [
        (
            vec!["audit", "--site", &rules, &capture],
            "is a rule file, where a site file is wanted; --rules takes it",
        ),
        (
            vec!["audit", "--rules", &site, &capture],
            "is a site file, where a rule file is wanted; --site takes it",
        ),
        (
            vec!["rules", "check", &site],
            "is a site file, where a rule file is wanted",
        ),
        (
            vec!["audit", "--site", &capture, &capture],
            "is a capture, where a site file is wanted",
        ),
        (
            vec!["audit", &site],
            "a site or rule file; --site and --rules take these",
        ),
        (
            vec!["audit", "--as-of", "28.11.2026", &capture],
            "write it like 2026-11-28",
        ),
        (vec!["explain", "blocekd"], "did you mean `blocked`?"),
        (vec!["explain", "t-sin0"], "did you mean `T-SYN0`?"),
    ] {
        let ran = pktaudit(&arguments).exits(2);
        assert!(ran.stderr.contains(wanted), "{arguments:?}\n{}", ran.stderr);
        assert_eq!(ran.stderr.matches(wanted).count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn an_address_of_a_page_is_taken_for_its_host() {
    let of = |what: &str| pktaudit(["rules", "explain", what]).exits(0).stdout;
    for (typed, meant) in [
        (
            "https://files.trendmicro.com/",
            "files.trendmicro.com/ port 443:",
        ),
        (
            "http://files.trendmicro.com/",
            "files.trendmicro.com/ port 80:",
        ),
        (
            "https://files.trendmicro.com:8443/",
            "files.trendmicro.com/ port 8443:",
        ),
    ] {
        let told = of(typed);
        assert!(told.starts_with(meant), "{typed}\n{told}");
        assert!(
            told.contains("files.trendmicro.com is listed"),
            "{typed}\n{told}"
        );
    }
}

/// What a command prints on a terminal of its own, and its exit status.
#[cfg(target_os = "linux")]
fn on_a_terminal(before: &str, arguments: &str) -> (String, i32) {
    let words = format!("{before} {} {arguments}", program());
    let ran = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &words, "/dev/null"])
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("script is a part of util-linux");
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    (printed, ran.status.code().unwrap_or(-1))
}

#[test]
#[cfg(target_os = "linux")]
fn a_pager_shows_what_somebody_reads_on_a_terminal() {
    let sample = Sample::named("blocked-rst");
    let capture = sample.capture.display();
    let marked = "PKTAUDIT_PAGER='sed s/^/paged:/'";
    let audit = format!("audit --no-site {capture}");
    for arguments in [&audit, &format!("flows {capture}"), "rules list"] {
        let (plain, status) = on_a_terminal("PKTAUDIT_PAGER=cat", arguments);
        let (paged, paged_status) = on_a_terminal(marked, arguments);
        assert_eq!(status, paged_status, "{arguments}");
        assert!(!plain.contains("paged:"), "{plain}");
        let lines = paged.lines().filter(|line| !line.is_empty());
        assert!(
            lines.clone().count() > 5 && lines.clone().all(|line| line.contains("paged:")),
            "{paged}"
        );
        assert_eq!(paged.replace("paged:", ""), plain, "{arguments}");
    }
    let (plain, status) = on_a_terminal("PAGER=", &audit);
    assert_eq!(status, 1, "{plain}");
    // Unwanted, not to be had, or of other terminals.
    for (before, more) in [
        (marked, " --no-pager"),
        ("PATH=/none", ""),
        ("TERM=dumb", ""),
    ] {
        let (printed, status) = on_a_terminal(before, &format!("{audit}{more}"));
        assert_eq!(
            (printed.contains("paged:"), status),
            (false, 1),
            "{before}{more}"
        );
        assert_eq!(printed, plain, "{before}{more}");
    }
    // One that reads nothing has no say in how it went, and what nobody reads on a terminal is not shown by any.
    assert_eq!(on_a_terminal("PAGER=true", &audit).1, 1);
    let piped = on_a_terminal(marked, &format!("{audit} | cat")).0;
    assert!(!piped.contains("paged:"), "{piped}");
}
