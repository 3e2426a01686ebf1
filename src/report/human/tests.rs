use super::super::sample::sample;
use super::super::text::{is_harmful, width};
use super::*;
use crate::judge::Finding;
use crate::source::Damage;

fn written(report: &Report<'_>, look: &Look) -> String {
    let mut bytes = Vec::new();
    write_human(report, look, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_block_is_told_with_who_what_evidence_page_and_what_to_do() {
    let sample = sample();
    let text = written(&sample.report(), &Look::default());
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "2 blocked 6 unexpected",
        "1 of 3 active requirements satisfied",
        "10.0.0.10 (-web) and 1 more \u{2192} update.example.com:443/tcp",
        "blocked likely at tls, grade B, 2 attempts, 11:06:42 to 11:06:51",
        "[L-RST] frames 4, 5",
        "the same address answers this client under the name ok.example",
        "sample/a01",
        "row @row, line 7",
        "allow the name update.example.com",
        "100 read = 97 decoded + 3 set aside (not-ip:arp 3)",
    ] {
        assert!(flat.contains(part), "`{part}` is not in:\n{text}");
    }
    let order = [
        "Stopped on the path",
        "On no list",
        "Requirements",
        "The capture",
    ];
    let places: Vec<usize> = order
        .iter()
        .map(|title| text.find(title).unwrap())
        .collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn nothing_untrusted_drives_the_terminal() {
    let sample = sample();
    let text = written(
        &sample.report(),
        &Look {
            all: true,
            ..Look::default()
        },
    );
    assert!(
        !text.chars().any(|c| c != '\n' && is_harmful(c)),
        "{text:?}"
    );
    let colored = written(
        &sample.report(),
        &Look {
            paint: Paint::Color,
            all: true,
            ..Look::default()
        },
    );
    let plain: String = colored
        .split('\u{1b}')
        .enumerate()
        .map(|(i, part)| {
            if i == 0 {
                part
            } else {
                part.split_once('m').map_or("", |(_, rest)| rest)
            }
        })
        .collect();
    assert_eq!(plain, text);
}

#[test]
fn lines_keep_to_the_width() {
    let sample = sample();
    for columns in [72, 80, 100, 140] {
        let look = Look {
            width: columns,
            ..Look::default()
        };
        let text = written(&sample.report(), &look);
        // Names in tables are shown whole, also where that takes more than a narrow terminal has.
        let sentence = |line: &&str| columns >= 100 || line.starts_with("    ");
        let long: Vec<&str> = text
            .lines()
            .filter(sentence)
            .filter(|line| width(line) > columns)
            .collect();
        assert!(long.is_empty(), "{columns}: {long:#?}");
    }
}

#[test]
fn hundreds_of_findings_stay_readable_and_none_is_hidden_from_v() {
    let mut sample = sample();
    for i in 0..300 {
        sample.judgement.findings.push(Finding {
            message: "on no list".into(),
            ..Finding::new(FindingCode::UnexpectedName, format!("name-{i}.example"))
        });
    }
    let text = written(&sample.report(), &Look::default());
    assert!(text.lines().count() < 80, "{text}");
    assert!(text.contains("and 294 more; -v shows them"), "{text}");
    let all = written(
        &sample.report(),
        &Look {
            all: true,
            ..Look::default()
        },
    );
    assert!((0..300).all(|i| all.contains(&format!("name-{i}.example"))));
}

#[test]
fn quiet_says_one_line_a_group() {
    let sample = sample();
    let text = written(
        &sample.report(),
        &Look {
            quiet: true,
            ..Look::default()
        },
    );
    assert_eq!(text.lines().count(), 1 + 1 + 6, "{text}");
}

#[test]
fn quiet_is_a_screen_at_most_and_says_how_many_more_there_are() {
    let mut sample = sample();
    for number in 0..100 {
        let aim = format!("10.0.0.5:{number}");
        sample.judgement.findings.push(Finding {
            message: format!("reason {number}").into(),
            ..Finding::new(FindingCode::Unnamed, aim)
        });
    }
    let quiet = Look {
        quiet: true,
        ..Look::default()
    };
    let text = written(&sample.report(), &quiet);
    assert_eq!(text.lines().count(), 1 + 20 + 1, "{text}");
    let all = written(&sample.report(), &Look { all: true, ..quiet });
    let lines = all.lines().count() - 1;
    let more = format!("and {} more lines; -v", lines - 20);
    assert!(text.lines().last().unwrap().starts_with(&more), "{text}");
    assert!(lines > 100, "{all}");
}

#[test]
fn a_partial_audit_says_so_at_the_top() {
    let mut sample = sample();
    sample.inputs[0].damage.push(Damage {
        offset: 24,
        fatal: true,
        what: "record of 1514 bytes, but the file ends after 200 of them".to_owned(),
    });
    sample.inputs[0].loss.kernel = 5;
    let report = sample.report();
    assert_eq!(report.exit(), 2);
    let text = written(&report, &Look::default());
    let top: Vec<&str> = text.lines().take(10).collect();
    assert!(top.iter().any(|line| line.contains("in part")), "{text}");
    assert!(text.contains("5 by the kernel"), "{text}");
}

#[test]
fn nothing_audited_is_not_told_as_nothing_wrong() {
    let mut sample = sample();
    sample.judgement.findings.clear();
    let clean = written(&sample.report(), &Look::default());
    assert!(clean.contains("nothing to report"), "{clean}");
    sample.judgement.findings.push(Finding {
        message: "nothing was audited: there is no frame".into(),
        advice: "see whether it is the right interface".into(),
        ..Finding::new(FindingCode::NothingAudited, "no_frame".to_owned())
    });
    let report = sample.report();
    assert_eq!(report.exit(), 2);
    let deaf = written(&report, &Look::default());
    let line = |text: &str| text.lines().nth(3).unwrap_or_default().to_owned();
    assert!(
        line(&deaf).starts_with("nothing was audited: there is no frame"),
        "{deaf}"
    );
    assert!(!deaf.contains("nothing to report"), "{deaf}");
    assert!(deaf.contains("the right interface"), "{deaf}");
}

#[test]
fn what_is_required_and_unclear_comes_first() {
    let mut sample = sample();
    sample.judgement.findings.clear();
    sample.judgement.unclear = vec![sample.judgement.requirements[0].requirement];
    let report = sample.report();
    assert_eq!(report.exit(), 1);
    let text = written(&report, &Look::default());
    let first = text.lines().nth(3).unwrap_or_default();
    assert!(
        first.starts_with("1 required could not be judged"),
        "{text}"
    );
    assert!(text.contains("cannot be told: sample/a01"), "{text}");
}

#[test]
fn the_advice_of_a_group_names_all_of_its_hosts() {
    let mut sample = sample();
    sample.judgement.findings.clear();
    for host in 1..=40_u8 {
        let ip = std::net::IpAddr::from([10, 0, 0, host]);
        sample.judgement.findings.push(Finding {
            initiator: Some(ip),
            advice: format!("allow {ip} to 203.0.113.5 port 443/tcp in the firewalls on the path")
                .into(),
            ..Finding::new(FindingCode::Blocked, "203.0.113.5".to_owned())
        });
    }
    // Another device stops this one: that is another advice.
    let ip = std::net::IpAddr::from([10, 0, 0, 77]);
    sample.judgement.findings.push(Finding {
        initiator: Some(ip),
        advice: format!(
            "allow {ip} to 203.0.113.5 port 443/tcp on the device 10.0.0.1, which refuses it"
        )
        .into(),
        ..Finding::new(FindingCode::Blocked, "203.0.113.5".to_owned())
    });
    let text = written(&sample.report(), &Look::default());
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "do allow 10.0.0.1-10.0.0.40 to 203.0.113.5 port 443/tcp in the firewalls on the path",
        "do allow 10.0.0.77 to 203.0.113.5 port 443/tcp on the device 10.0.0.1, which refuses it",
    ] {
        assert!(flat.contains(part), "`{part}` is not in:\n{text}");
    }
}
