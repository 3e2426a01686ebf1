use super::*;
use crate::model::Transport::{Tcp, Udp};
use crate::observe::{App, NameSource};
use crate::report::sample::{HOSTILE, RULES, flow, lookup, named, plain_capture};
use crate::report::text::is_harmful;
use crate::rules::{RuleText, Site, check, check_site};

fn library() -> Library {
    check(&[RuleText {
        name: "sample.toml".into(),
        text: RULES.into(),
    }])
    .unwrap()
    .0
}

fn load(text: &str) -> Site {
    let library = library();
    let file = RuleText {
        name: "site.toml".into(),
        text: text.to_owned(),
    };
    match check_site(&file, &library) {
        Ok((site, _)) => site,
        Err(problems) => panic!("{}\n{text}", crate::rules::render_all(&problems, false)),
    }
}

fn bound(site: &Site, role: &str) -> Vec<String> {
    let role = library().role(role).unwrap();
    site.addresses
        .iter()
        .filter(|(r, _)| *r == role)
        .map(|(_, network)| network.addr().to_string())
        .collect()
}

#[test]
fn roles_come_from_what_hosts_do() {
    let mut proxied = flow("10.0.0.12", ("10.0.0.80", 3128), Tcp, (7, 8));
    proxied.app = App::HTTP;
    let flows = vec![
        named(
            flow("10.0.0.10", ("203.0.113.5", 443), Tcp, (1, 2)),
            "update.example.com",
            NameSource::TlsSni,
        ),
        named(
            flow("10.0.0.11", ("203.0.113.6", 443), Tcp, (3, 4)),
            "a.files.example.com",
            NameSource::DnsAnswer,
        ),
        flow("10.0.0.10", ("10.0.0.99", 4122), Tcp, (5, 6)),
        flow("10.0.0.10", ("9.9.9.9", 53), Udp, (5, 6)),
        flow("10.0.0.99", ("10.0.0.70", 514), Udp, (9, 9)),
        named(
            flow("10.0.0.66", ("198.51.100.1", 443), Tcp, (9, 9)),
            "other.example",
            NameSource::TlsSni,
        ),
        proxied,
    ];
    let dns = vec![lookup(
        "10.0.0.10",
        "update.example.com",
        Some("203.0.113.5"),
        0,
    )];
    let text = propose_site(&plain_capture(flows, dns), &library(), DraftExtent::All);
    let site = load(&text);
    assert_eq!(bound(&site, "agent"), ["10.0.0.10", "10.0.0.11"]);
    assert_eq!(bound(&site, "relay"), ["10.0.0.99"]);
    assert_eq!(bound(&site, "dns-server"), ["9.9.9.9"]);
    assert_eq!(bound(&site, "siem"), ["10.0.0.70"]);
    assert_eq!(site.proxies.len(), 1);
    assert!(
        text.contains("update.example.com") && text.contains("first frame 2"),
        "{text}"
    );
    assert!(
        text.contains("# smart-scan = true # agent; Smart Scan"),
        "{text}"
    );
    assert!(
        text.contains("# \"sample/a03\" = [4122] # to relay")
            || text.contains("\"sample/a03\" = [4122]"),
        "{text}"
    );
}

#[test]
fn an_empty_capture_gives_a_file_that_loads() {
    let text = propose_site(
        &plain_capture(Vec::new(), Vec::new()),
        &library(),
        DraftExtent::All,
    );
    assert!(load(&text).addresses.is_empty());
    let uncommented: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    assert_eq!(
        uncommented,
        [
            "[site]",
            "name = \"site\"",
            "[roles]",
            "[features]",
            "[versions]",
            "[ports]",
            "[proxies]"
        ]
    );
}

#[test]
fn what_needs_no_decision_is_counted_and_listed_where_it_is_asked_for() {
    let told = |extent| {
        let text = propose_site(&plain_capture(Vec::new(), Vec::new()), &library(), extent);
        load(&text);
        text
    };
    let (needed, all) = (told(DraftExtent::Needed), told(DraftExtent::All));
    assert!(!all.contains("Not listed"), "{all}");
    assert!(needed.lines().count() < all.lines().count(), "{needed}");
    let count = |what: &str| {
        let line = needed
            .lines()
            .find(|line| line.starts_with("# Not listed without --all: ") && line.contains(what));
        let line = line.unwrap_or_else(|| panic!("{what} is not in:\n{needed}"));
        let number = line
            .trim_start_matches("# Not listed without --all: ")
            .split(' ')
            .next();
        number.unwrap().parse::<usize>().unwrap()
    };
    let roles = |text: &str| {
        let lines = text.lines();
        lines.filter(|line| line.ends_with(" = []")).count() - 1
    };
    assert_eq!(roles(&needed) + count("nobody was seen"), roles(&all));
}

#[test]
fn hostile_names_cannot_write_lines_of_their_own() {
    let to = |name: &str| {
        let name = format!("{name}.files.example.com");
        named(
            flow("10.0.0.10", ("203.0.113.5", 443), Tcp, (1, 2)),
            &name,
            NameSource::HttpHost,
        )
    };
    let mut flows: Vec<_> = HOSTILE.iter().map(|name| to(name)).collect();
    flows.push(to("x\"\n[roles]\nagent = [\"0.0.0.0/0\"]\n#"));
    let text = propose_site(
        &plain_capture(flows, Vec::new()),
        &library(),
        DraftExtent::All,
    );
    assert_eq!(bound(&load(&text), "agent"), ["10.0.0.10"]);
    assert!(
        !text.chars().any(|c| c != '\n' && is_harmful(c)),
        "{text:?}"
    );
}

#[test]
fn many_hosts_are_listed_by_network() {
    let flows = (0..60u32).map(|i| {
        let host = format!("10.0.{}.{}", i % 2, 1 + i);
        named(
            flow(&host, ("203.0.113.5", 443), Tcp, (i, i)),
            "update.example.com",
            NameSource::TlsSni,
        )
    });
    let text = propose_site(
        &plain_capture(flows.collect(), Vec::new()),
        &library(),
        DraftExtent::All,
    );
    assert_eq!(bound(&load(&text), "agent"), ["10.0.0.0", "10.0.1.0"]);
    assert!(text.contains("# 30 hosts, 30 flows"), "{text}");
}
