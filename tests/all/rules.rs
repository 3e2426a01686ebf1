//! The shipped rule sets: what is in them, what is doubted, and what is answered about them.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde_json::Value;

use super::harness::{Sample, folder, pktaudit, project, write};

fn listed() -> Vec<Value> {
    pktaudit(["rules", "list", "--format", "ndjson"])
        .exits(0)
        .lines()
}

fn texts<'a>(row: &'a Value, field: &str) -> Vec<&'a str> {
    let list = row[field].as_array().unwrap().iter();
    list.map(|value| value.as_str().unwrap()).collect()
}

fn parties<'a>(row: &'a Value, field: &str) -> Vec<(&'a str, &'a str)> {
    let list = row[field].as_array().unwrap().iter();
    list.map(|party| {
        (
            party["kind"].as_str().unwrap(),
            party["value"].as_str().unwrap(),
        )
    })
    .collect()
}

/// Rows of a document whose id starts so.
fn rows<'a>(listed: &'a [Value], prefix: &str) -> Vec<&'a Value> {
    let starts = |row: &&Value| row["id"].as_str().unwrap().starts_with(prefix);
    listed.iter().filter(starts).collect()
}

#[test]
fn every_row_has_the_fixed_fields_and_an_id_of_its_own() {
    let listed = listed();
    let mut ids = BTreeSet::new();
    for row in &listed {
        let fields: Vec<&str> = row
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        for field in [
            "id",
            "document",
            "service",
            "from",
            "to",
            "ports",
            "transport",
            "app",
            "direction",
            "region",
            "need",
            "when",
            "any_of",
            "valid",
            "cite",
        ] {
            assert!(fields.contains(&field), "{field} is not in {row}");
        }
        let (id, document) = (
            row["id"].as_str().unwrap(),
            row["document"].as_str().unwrap(),
        );
        assert!(
            id.strip_prefix(document)
                .is_some_and(|rest| rest.starts_with('/')),
            "{id}"
        );
        assert!(ids.insert(id), "{id} is there twice");
        let need = row["need"].as_str().unwrap();
        assert!(
            ["required", "optional", "conditional"].contains(&need),
            "{need}"
        );
        for party in row["to"].as_array().unwrap() {
            assert!(party.get("path").is_some(), "{party}");
        }
        assert!(!row["service"].as_str().unwrap().is_empty(), "{id}");
        assert!(
            row["cite"]["line"].as_u64().is_some_and(|line| line > 0),
            "{id}"
        );
    }
}

#[test]
fn each_document_holds_what_its_page_lists() {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in listed() {
        let document = row["document"].as_str().unwrap().to_owned();
        *counts
            .entry((document.clone(), "rows".to_owned()))
            .or_default() += 1;
        for (kind, _) in parties(&row, "to") {
            *counts
                .entry((document.clone(), format!("to {kind}")))
                .or_default() += 1;
        }
        for (kind, _) in parties(&row, "from") {
            *counts
                .entry((document.clone(), format!("from {kind}")))
                .or_default() += 1;
        }
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|((document, kind), count)| format!("{document}: {kind} {count}"))
        .collect();
    let wanted = [
        "server-workload-protection: from any 3",
        "server-workload-protection: from cidr 36",
        "server-workload-protection: from role 36",
        "server-workload-protection: rows 74",
        "server-workload-protection: to localhost 2",
        "server-workload-protection: to role 68",
        "vision-one-jp-cloud-extension: from role 68",
        "vision-one-jp-cloud-extension: rows 68",
        "vision-one-jp-cloud-extension: to cidr 7",
        "vision-one-jp-cloud-extension: to fqdn 57",
        "vision-one-jp-cloud-extension: to role 2",
        "workload-security-en: from any 4",
        "workload-security-en: from role 94",
        "workload-security-en: rows 78",
        "workload-security-en: to fqdn 2",
        "workload-security-en: to localhost 2",
        "workload-security-en: to role 65",
        "workload-security-en: to wildcard 6",
        "workload-security-ja: from any 3",
        "workload-security-ja: from cidr 3",
        "workload-security-ja: from role 87",
        "workload-security-ja: rows 71",
        "workload-security-ja: to fqdn 102",
        "workload-security-ja: to ip 106",
        "workload-security-ja: to localhost 2",
        "workload-security-ja: to role 34",
        "workload-security-ja: to wildcard 2",
    ];
    assert_eq!(counts, wanted);
}

#[test]
fn every_endpoint_can_be_read() {
    let label = |label: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        (1..=63).contains(&label.len())
            && label.chars().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = |text: &str| {
        text.len() <= 253 && text.split('.').count() >= 2 && text.split('.').all(label)
    };
    for row in listed() {
        let id = &row["id"];
        for (kind, value) in parties(&row, "to").into_iter().chain(parties(&row, "from")) {
            let right = match kind {
                "fqdn" => name(value),
                "wildcard" => {
                    let bare = value.trim_start_matches("*.").trim_start_matches('*');
                    (value.contains('*') || value.contains("<region>"))
                        && name(&bare.replace("<region>", "us-1"))
                }
                "ip" => value.parse::<std::net::IpAddr>().is_ok(),
                "cidr" => value
                    .parse::<IpNet>()
                    .is_ok_and(|net| net.trunc() == net && !value.ends_with("/32")),
                "role" => label(value),
                "any" | "localhost" => value.is_empty(),
                other => panic!("{id}: kind {other}"),
            };
            assert!(right, "{id}: {kind} `{value}`");
        }
        for port in texts(&row, "ports") {
            assert!(
                port.parse::<u16>().is_ok_and(|port| port > 0),
                "{id}: port {port}"
            );
        }
        for transport in texts(&row, "transport") {
            assert!(["tcp", "udp"].contains(&transport), "{id}: {transport}");
        }
    }
}

#[test]
fn repaired_names_are_whole() {
    let listed = listed();
    let [agents] = rows(&listed, "workload-security-ja/u14-agent")[..] else {
        panic!("one row holds the agent hosts");
    };
    let names: Vec<&str> = parties(agents, "to")
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    let wanted: Vec<String> = (1..=67)
        .map(|n| format!("agent-{n:03}.workload.us-1.cloudone.trendmicro.com"))
        .collect();
    assert_eq!(names, wanted);
    let all: BTreeSet<&str> = listed
        .iter()
        .flat_map(|row| parties(row, "to"))
        .map(|(_, value)| value)
        .collect();
    assert!(all.iter().all(|name| name.is_ascii()));
    for name in [
        "gateway-control.workload.us-1.cloudone.trendmicro.com",
        "workload.us-1.cloudone.trendmicro.com",
        "*.workload.us-1.cloudone.trendmicro.com",
        "sg-tmsps10-en-wis.trendmicro.com",
        "api-ni.xdr.trendmicro.com.jp",
        "sgi-iot.xdr.trendmicro.co.jp",
        "api.xdr.trendmicro.co.jp",
        "api.ddcloud.trendmicro.com",
        "api.jp.ddcloud.trendmicro.com",
        "ipv6-iaus.trendmicro.com",
        "ipv6-iaus.activeupdate.trendmicro.com",
    ] {
        assert!(all.contains(name), "{name}");
    }
    // What a machine's translation or a flattened table would make of the page.
    for name in [
        "001.workload.us-1.cloudone.trendmicro.com",
        "control.workload.us-1.cloudone.trendmicro.com",
        "us-1.cloudone.trendmicro.com",
        "cloudone.trendmicro.com",
        "store.example.com",
    ] {
        assert!(!all.contains(name), "{name}");
    }
}

#[test]
fn addresses_that_ended_have_their_last_day() {
    let listed = listed();
    let mut addresses = BTreeSet::new();
    let mut sizes = Vec::new();
    for row in listed.iter().filter(|row| !row["valid"]["until"].is_null()) {
        assert_eq!(row["valid"]["until"], "2022-12-31", "{}", row["id"]);
        let when = texts(row, "when").join(" ");
        assert!(when.contains("2020-11-23"), "{}: {when}", row["id"]);
        sizes.push(parties(row, "to").len());
        for (kind, value) in parties(row, "to") {
            assert_eq!(kind, "ip");
            assert!(addresses.insert(value), "{value} is there twice");
        }
    }
    sizes.sort_unstable();
    assert_eq!((addresses.len(), sizes), (106, vec![12, 24, 33, 37]));
}

#[test]
fn networks_are_destinations_or_sources_as_the_pages_say() {
    let listed = listed();
    let pac = rows(&listed, "vision-one-jp-cloud-extension/ztsa-pac-");
    let networks: Vec<&str> = pac
        .iter()
        .flat_map(|row| parties(row, "to"))
        .map(|(_, net)| net)
        .collect();
    let wanted = [
        "20.5.69.128/28",
        "20.4.51.32/28",
        "20.219.254.160/28",
        "52.140.246.128/28",
        "52.187.118.64/28",
        "20.7.52.240/28",
        "4.228.193.144/28",
    ];
    assert_eq!(networks, wanted);
    assert!(
        pac.iter().all(|row| texts(row, "ports").is_empty()),
        "the page states no port"
    );

    let regional: Vec<&Value> = rows(&listed, "server-workload-protection/")
        .into_iter()
        .filter(|row| parties(row, "from").iter().any(|(kind, _)| *kind == "cidr"))
        .collect();
    assert_eq!(regional.len(), 36, "nine regions, four flows each");
    let mut by_port: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for row in &regional {
        assert_eq!(row["direction"], "inbound", "{}", row["id"]);
        let to = parties(row, "to")[0].1;
        let port = texts(row, "ports").join(",");
        by_port
            .entry(format!("{to} {port}"))
            .or_default()
            .insert(parties(row, "from")[0].1);
    }
    let ports: Vec<&str> = by_port.keys().map(String::as_str).collect();
    assert_eq!(
        ports,
        [
            "agent 4118",
            "relay 4118",
            "siem-server 514",
            "siem-server 6514"
        ]
    );
    let sets: BTreeSet<&BTreeSet<&str>> = by_port.values().collect();
    assert_eq!(sets.len(), 1, "the same nine subnets each time");
    assert_eq!(sets.first().unwrap().len(), 9);

    let ja: Vec<String> = rows(&listed, "workload-security-ja/i0")
        .iter()
        .map(|row| {
            format!(
                "{} {}",
                parties(row, "from")[0].1,
                texts(row, "ports").join(",")
            )
        })
        .collect();
    assert_eq!(
        ja,
        [
            "34.205.5.0/27 514",
            "34.205.5.0/27 4118",
            "34.205.5.0/27 4122"
        ]
    );
    for (kind, value) in listed.iter().flat_map(|row| parties(row, "to")) {
        assert!(
            !(kind == "cidr" && value.ends_with("/27")),
            "{value} is a source only"
        );
    }
}

#[test]
fn region_templates_stay_templates_in_the_list() {
    let listed = listed();
    let templates: Vec<&str> = rows(&listed, "workload-security-en/")
        .into_iter()
        .flat_map(|row| parties(row, "to"))
        .filter(|(kind, _)| *kind == "wildcard")
        .map(|(_, value)| value)
        .collect();
    let mut wanted = vec!["*workload.<region>.cloudone.trendmicro.com"; 5];
    wanted.push("c1ws-notification.<region>.cloudone.trendmicro.com");
    assert_eq!(templates, wanted);
}

#[test]
fn pages_keep_their_contradictions() {
    let listed = listed();
    let one = |id: &str| {
        let found = listed.iter().find(|row| row["id"] == id);
        found.unwrap_or_else(|| panic!("there is no {id}"))
    };
    let transports = |id: &str| texts(one(id), "transport").join("+");
    assert_eq!(transports("workload-security-ja/a02"), "tcp+udp");
    assert_eq!(transports("workload-security-en/p07"), "udp");
    assert_eq!(transports("server-workload-protection/p07"), "udp");
    let aim = |id: &str| parties(one(id), "to")[0].1.to_owned();
    assert_eq!(aim("workload-security-en/p14"), "smart-protection-server");
    assert_eq!(aim("server-workload-protection/p14"), "service-gateway");
    for id in [
        "workload-security-ja/u02-1",
        "workload-security-ja/u02-2",
        "workload-security-ja/u02-3",
    ] {
        assert_eq!(
            parties(one(id), "to"),
            [("fqdn", "app.deepsecurity.trendmicro.com")]
        );
    }
    assert_eq!(
        one("workload-security-ja/u02-1")["to"][0]["path"],
        "/webservice/Manager?WSDL"
    );
    let denied: Vec<&str> = listed
        .iter()
        .filter(|row| row["deny"] == true)
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    let wanted = [
        "server-workload-protection/p20-closed",
        "workload-security-en/p20-closed",
        "workload-security-ja/a01-closed",
        "workload-security-ja/r03-closed",
    ];
    assert_eq!(denied, wanted);
}

#[test]
fn other_formats_list_the_same_rows() {
    let ids: Vec<String> = listed()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    let json = pktaudit(["rules", "list", "--format", "json"])
        .exits(0)
        .json();
    let in_json: Vec<&str> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    assert_eq!(in_json, ids);
    let table = pktaudit(["rules", "list", "--format", "csv"])
        .exits(0)
        .stdout;
    let mut table = csv::Reader::from_reader(table.as_bytes());
    let in_csv: Vec<String> = table
        .records()
        .map(|row| row.unwrap()[0].to_owned())
        .collect();
    assert_eq!(in_csv, ids);
    let human = pktaudit(["rules", "list"]).exits(0).stdout;
    let (mut document, mut in_human) = ("", Vec::new());
    for line in human.lines() {
        match line.split_once(": ") {
            Some((heading, _)) if !line.starts_with(' ') => document = heading,
            _ if line.starts_with("  ") && !line.starts_with("   ") => {
                in_human.push(format!(
                    "{document}/{}",
                    line.split_whitespace().next().unwrap()
                ));
            }
            _ => {}
        }
    }
    in_human.retain(|id| !id.ends_with("/row"));
    assert_eq!(in_human, ids);
    assert!(human.lines().all(|line| line.chars().count() <= 100));
    // Rule files on disk are those that are built in, beside those of vendors that are asked for by name.
    let folder = project("rules").display().to_string();
    let on_disk = pktaudit(["rules", "list", "--format", "ndjson", &folder])
        .exits(0)
        .lines();
    let documents: Vec<Value> = listed().iter().map(|row| row["document"].clone()).collect();
    let (own, others): (Vec<Value>, Vec<Value>) = on_disk
        .into_iter()
        .partition(|row| documents.contains(&row["document"]));
    assert_eq!(own, listed());
    assert!(others.len() > 100, "{}", others.len());
}

#[test]
fn check_flags_the_doubtful_name_and_nothing_is_an_error() {
    let ran = pktaudit(["rules", "check"]).exits(1);
    ran.complains_of(&[
        "warning[near-twin-domain]",
        "warning[doubtful-destination]: `api-ni.xdr.trendmicro.com.jp`",
        "vision-one-jp-cloud-extension.toml:",
        "did the page mean `api-ni.xdr.trendmicro.co.jp`?",
    ]);
    assert!(!ran.stderr.contains("error["), "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with("4 documents, 291 requirements: "),
        "{}",
        ran.stdout
    );
}

/// What is answered about one thing, at the site of the samples.
fn explained(arguments: &[&str]) -> String {
    let site = Sample::named("activation-ok").site.display().to_string();
    let mut all = vec!["rules", "explain", "--site", &site];
    all.extend(arguments);
    pktaudit(&all).exits(0).stdout
}

/// The lines about one requirement, verdict first.
#[track_caller]
fn about<'a>(text: &'a str, id: &str) -> Vec<&'a str> {
    let mut lines = text.lines().map(str::trim);
    let first = lines
        .by_ref()
        .find(|line| line.ends_with(&format!(" {id}")));
    let first = first.unwrap_or_else(|| panic!("{id} is not in:\n{text}"));
    let reasons = lines.take_while(|line| !line.starts_with("yes ") && !line.starts_with("no "));
    std::iter::once(first).chain(reasons).collect()
}

#[test]
fn explain_says_what_covers_and_why_the_rest_does_not() {
    let agent = ["--from", "10.20.0.10"];
    let with = |what: &str| explained(&[agent[0], agent[1], what]);

    let text = with("agents.deepsecurity.trendmicro.com:443");
    let covered = about(&text, "workload-security-ja/u01-agents");
    assert!(covered[0].starts_with("yes "), "{covered:?}");
    let other_port = about(&text, "workload-security-ja/a07").join("\n");
    assert!(
        other_port.starts_with("no ") && other_port.contains("wrong port: 80 is listed"),
        "{other_port}"
    );

    let text = with("files.trendmicro.com:8443");
    let wrong_port = about(&text, "workload-security-ja/u03-files").join("\n");
    assert!(
        wrong_port.starts_with("no ") && wrong_port.contains("wrong port: 80,443 is listed"),
        "{wrong_port}"
    );
    let role = about(&text, "workload-security-ja/r06").join("\n");
    assert!(
        role.contains("covered for relay, and this host is none"),
        "{role}"
    );
    let document = about(&text, "workload-security-en/u03-files-1").join("\n");
    assert!(
        document.contains("the document workload-security-en is not in force"),
        "{document}"
    );

    let expired = with("34.192.145.157:443");
    assert!(
        expired.contains("no  workload-security-ja/ip-"),
        "{expired}"
    );
    assert!(
        expired.contains("expired: valid until 2022-12-31"),
        "{expired}"
    );
    let then = explained(&["--as-of", "2022-06-01", "34.192.145.157"]);
    assert!(then.contains("yes workload-security-ja/ip-"), "{then}");

    let gap = with("newservice.trendmicro.com:443");
    assert!(
        gap.contains("on no list, though") && gap.contains("workload-security-ja"),
        "{gap}"
    );
    let nobody = with("telemetry.example.net:443");
    assert!(
        nobody.contains("on no list") && !nobody.contains("though"),
        "{nobody}"
    );

    let dns = with("10.20.1.53:53/tcp");
    assert!(
        about(&dns, "workload-security-ja/a02")[0].starts_with("yes "),
        "{dns}"
    );
    let wildcard = with("agent-004.workload.us-1.cloudone.trendmicro.com:443");
    assert!(
        about(&wildcard, "workload-security-ja/u01-wild")[0].starts_with("yes "),
        "{wildcard}"
    );
}

#[test]
fn schemas_are_json() {
    for arguments in [vec!["rules", "schema"], vec!["rules", "schema", "--site"]] {
        let schema = pktaudit(&arguments).exits(0).json();
        assert!(
            schema["properties"]
                .as_object()
                .is_some_and(|p| p.len() >= 5),
            "{schema}"
        );
    }
}

#[test]
fn what_lint_finds_is_data_too() {
    let folder = folder();
    let rules = "format = 1\n[document]\nid = \"d\"\nvendor = \"V\"\n[[requirement]]\nid = \"a\"\nto = \"10.0.0.1\"\nports = 443\n";
    let path = write(&folder, "d.toml", rules);
    let json = pktaudit(["rules", "lint", "--format", "json", &path]).exits(1);
    let problems: Value = serde_json::from_str(&json.stdout).unwrap();
    let private = problems
        .as_array()
        .unwrap()
        .iter()
        .find(|problem| problem["code"] == "private-address")
        .unwrap();
    assert_eq!(private["line"], 7);
    assert_eq!(private["severity"], "warning");
    let csv = pktaudit(["rules", "lint", "--format", "csv", &path]).exits(1);
    assert!(
        csv.stdout
            .starts_with("code,severity,file,line,column,message,hint\r\n"),
        "{}",
        csv.stdout
    );
    assert!(csv.stdout.contains("private-address,warning,"));
    let lines = pktaudit(["rules", "lint", "--format", "ndjson", &path]).exits(1);
    assert_eq!(lines.lines().len(), problems.as_array().unwrap().len());
    pktaudit(["rules", "lint", "--format", "sarif", &path]).exits(2);
}
