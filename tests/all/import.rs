//! `rules import` and `rules diff` on made-up pages and lists of many shapes: what is taken, what is told as not
//! understood, and that nothing is invented.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::harness::{Ran, pktaudit};

/// An import in a folder of its own.
pub(crate) struct Imported {
    pub(crate) folder: TempDir,
    pub(crate) ran: Ran,
}

impl Imported {
    pub(crate) fn of(name: &str, bytes: impl AsRef<[u8]>, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let mut arguments = vec![
            "rules".to_owned(),
            "import".to_owned(),
            path.display().to_string(),
        ];
        arguments.extend(more.iter().map(|word| (*word).to_owned()));
        let ran = pktaudit(&arguments).run();
        Self { folder, ran }
    }

    pub(crate) fn text(self) -> Self {
        assert_eq!(self.ran.status, 0, "{}", self.ran.stderr);
        self
    }

    /// The rows of the draft as `rules list` has them, after it passed `rules check`.
    fn rows(&self) -> Vec<Value> {
        let path = self.folder.path().join("draft.toml");
        fs::write(&path, &self.ran.stdout).unwrap();
        let path = path.display().to_string();
        let check = pktaudit(["rules", "check", path.as_str()]).run();
        assert!(
            !check.stderr.contains("error["),
            "{}\n{}",
            check.stderr,
            self.ran.stdout
        );
        let list = pktaudit(["rules", "list", "--format", "json", path.as_str()]).exits(0);
        serde_json::from_str(&list.stdout).unwrap()
    }

    /// Rows in words: `from > to :ports/transport [region] service`.
    pub(crate) fn told(&self) -> BTreeSet<String> {
        let words = |value: &Value| {
            let list = value.as_array().unwrap().iter();
            list.map(|one| {
                one.as_str().map_or_else(
                    || {
                        let value = one["value"].as_str().unwrap();
                        let text = if value.is_empty() {
                            one["kind"].as_str().unwrap()
                        } else {
                            value
                        };
                        format!("{text}{}", one["path"].as_str().unwrap_or_default())
                    },
                    str::to_owned,
                )
            })
            .collect::<Vec<_>>()
            .join(",")
        };
        let rows = self.rows();
        rows.iter()
            .flat_map(|row| {
                let each = row["to"].as_array().unwrap().iter();
                each.map(|to| {
                    let implied = if row["ports_implied"] == true {
                        "~"
                    } else {
                        ""
                    };
                    format!(
                        "{} > {} :{implied}{}/{} [{}] {}",
                        words(&row["from"]),
                        words(&Value::Array(vec![to.clone()])),
                        words(&row["ports"]),
                        words(&row["transport"]),
                        words(&row["region"]),
                        row["service"].as_str().unwrap()
                    )
                })
                .collect::<Vec<_>>()
            })
            .collect()
    }

    pub(crate) fn holds(&self, expected: &[&str]) {
        let told = self.told();
        let expected: BTreeSet<String> = expected.iter().map(|row| (*row).to_owned()).collect();
        assert_eq!(told, expected, "{}\n{}", self.ran.stdout, self.ran.stderr);
    }

    pub(crate) fn complains(&self, words: &[&str]) {
        for word in words {
            assert!(
                self.ran.stderr.contains(word),
                "no {word:?} in {}",
                self.ran.stderr
            );
        }
    }
}

#[test]
fn html_with_spans_lists_choices_and_notes() {
    let page = r#"<!DOCTYPE html><html><head><title>x</title><style>td{}</style></head><body>
<h1>Acme ports</h1><p>Before you begin run <code>curl https://status.acme.example:8443/health</code> on agent 20.0.0.15.</p>
<h2>Cloud services</h2>
<table><thead><tr><th>Service</th><th>Region</th><th>FQDN</th><th>Port</th><th>Notes</th></tr></thead>
<tr><td rowspan=2>Updates</td><td>Japan</td><td>u.jp.acme.example</td><td rowspan=2>443/tcp</td><td>Only required if updates are on</td></tr>
<tr><td>Europe</td><td>u.eu.acme.example<br>cdn.eu.acme.example</td></tr>
<tr><td>Login</td><td>All</td><td><ul><li>login.acme.example</li><li>Any IdP of yours</li><li>Plus one of the following:
<ul><li>www.captcha-a.example (recommended)</li><li>www.captcha-b.example</li></ul></li></ul></td><td>TCP 80, 443</td><td></td></tr>
<tr><td>Telemetry</td><td>All</td><td><del>old.acme.example</del><br>https://t.acme.example/v1/in</td><td></td><td></td></tr>
</table>
<h2>See also</h2><ul><li>https://docs.acme.example/guide</li></ul>
<script>var host = "tracker.acme.example";</script></body></html>"#;
    let imported = Imported::of("acme.html", page, &[]).text();
    imported.holds(&[
        "any > u.jp.acme.example :443/tcp [japan] Updates",
        "any > u.eu.acme.example :443/tcp [europe] Updates",
        "any > cdn.eu.acme.example :443/tcp [europe] Updates",
        "any > login.acme.example :80,443/tcp [all] Login",
        "any > www.captcha-a.example :80,443/tcp [all] Login",
        "any > www.captcha-b.example :80,443/tcp [all] Login",
        "any > t.acme.example/v1/in :~443/ [all] Telemetry",
    ]);
    imported.complains(&[
        "Any IdP of yours",
        "struck out",
        "docs.acme.example",
        "status.acme.example",
    ]);
    assert!(
        imported
            .ran
            .stdout
            .contains("recommended = \"www-captcha-a-example\"")
    );
    assert!(
        imported.ran.stdout.contains("line = 9"),
        "{}",
        imported.ran.stdout
    );
}

#[test]
fn markdown_with_region_columns_and_lists() {
    let page = "# Acme\n\n## Hosts\n\n| Component | US | EU | Japan |\n|---|:--:|---|---|\n| Console | us.acme.example | eu.acme.example | jp.acme.example |\n\
        | Data | d.us.acme.example, d2.us.acme.example | | |\n\n## Installer downloads\n\nAllow access to these hosts on TCP port 443:\n\n\
        - dl.acme.example\n- *.cdn.acme.example\n\nFor example, a proxy at `proxy.corp.example:3128` is fine.\n\n\
        ## Addresses\n\n| IP range | Ports |\n|---|---|\n| 192.0.2.77/24 | 8801 - 8810 |\n| 198.51.100.1-198.51.100.2 | UDP 3478, 3479 |\n";
    let imported = Imported::of("acme.md", page, &[]).text();
    imported.holds(&[
        "any > us.acme.example :/ [us] Console",
        "any > eu.acme.example :/ [eu] Console",
        "any > jp.acme.example :/ [japan] Console",
        "any > d.us.acme.example :/ [us] Data",
        "any > d2.us.acme.example :/ [us] Data",
        "any > dl.acme.example :443/tcp [all] Installer downloads",
        "any > *.cdn.acme.example :443/tcp [all] Installer downloads",
        "any > 192.0.2.0/24 :8801-8810/ [all] Addresses",
        "any > 198.51.100.1 :3478-3479/udp [all] Addresses",
        "any > 198.51.100.2 :3478-3479/udp [all] Addresses",
    ]);
    imported.complains(&["proxy.corp.example"]);
}

#[test]
fn text_that_a_browser_leaves_by_signs_tabs_and_none() {
    let signs = "Required ports\nSource | Destination | Port | Protocol | |\nAgents | DNS server | 53 | DNS over UDP | |\n\
        Acme cloud\n|\n443 | HTTPS over TCP | ||\n80 | HTTP over TCP | |||\nRelays(if any) | Other relays | 4122 | HTTPS over TCP | |\n";
    let expected = [
        "agent > dns-server :53/udp [all] DNS server",
        "agent > acme-cloud :443/tcp [all] Acme cloud",
        "agent > acme-cloud :80/tcp [all] Acme cloud",
        "relay > relay :4122/tcp [all] Other relays",
    ];
    Imported::of("a.txt", signs, &[]).text().holds(&expected);
    let tabs = "Required ports\nSource\tDestination\tPort\tProtocol\nAgents\tDNS server\t53\tDNS over UDP\n\
        Agents\tAcme cloud\t443\tHTTPS over TCP\nAgents\tAcme cloud\t80\tHTTP over TCP\nRelays(if any)\tOther relays\t4122\tHTTPS over TCP\n";
    Imported::of("b.txt", tabs, &[]).text().holds(&expected);
    let long = "All ports are destination ports. ".repeat(20);
    let none = format!(
        "{long}Source Address Destination Address Port Protocol Agents DNS server 53 DNS over UDP Acme cloud 443 HTTPS over TCP \
         80 HTTP over TCP Relays(if any) DNS server 53 DNS over UDP Other relays 4122 HTTPS over TCP All rights reserved."
    );
    let imported = Imported::of("c.txt", none, &[]).text();
    let told = imported.told();
    for row in expected {
        assert!(told.contains(row), "{row}: {told:?}");
    }
    assert_eq!(told.len(), 5, "{told:?}");
}

#[test]
fn japanese_blocks_in_shift_jis_and_with_crlf() {
    let page = "ポート番号\r\n\r\n送信元 送信先のサービスの名前 送信先のドメイン名(FQDN) プロトコル\r\nエージェント クラウド ハートビート\r\n  • a.acme.example\r\n  • *.b.acme.example\r\n\r\nHTTPS\r\n\r\n\
        エージェント\r\n\r\nダウンロード\r\n\r\n  • ゲートウェイ-1.b.acme.example\r\n\r\nHTTPS\r\n\r\nHTTP\r\n";
    let (bytes, ..) = encoding_rs_like_shift_jis(page);
    let imported = Imported::of("ja.txt", bytes, &[]).text();
    imported.complains(&["Shift_JIS"]);
    let told = imported.told();
    let names: BTreeSet<&str> = told
        .iter()
        .filter_map(|row| row.split(' ').nth(2))
        .collect();
    assert_eq!(
        names,
        BTreeSet::from([
            "a.acme.example",
            "*.b.acme.example",
            "gateway-1.b.acme.example"
        ]),
        "{told:?}"
    );
    assert!(
        told.iter().all(|row| row.starts_with("agent >")),
        "{told:?}"
    );
    assert!(
        imported
            .ran
            .stdout
            .contains("printed = \"ゲートウェイ-1.b.acme.example\"")
    );
}

/// Shift_JIS of the letters that the page above has; the program's own decoder is not asked.
fn encoding_rs_like_shift_jis(text: &str) -> (Vec<u8>, ()) {
    let mut out = Vec::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii() => out.push(c as u8),
            // Katakana: rows 0x8340 to 0x8396.
            c @ '\u{30a1}'..='\u{30f6}' => {
                let at = c as u32 - 0x30a1;
                let at = if at >= 63 { at + 1 } else { at };
                out.extend([0x83, 0x40 + at as u8]);
            }
            'ー' => out.extend([0x81, 0x5b]),
            'の' => out.extend([0x82, 0xcc]),
            '番' => out.extend([0x94, 0xd4]),
            '号' => out.extend([0x8d, 0x86]),
            '送' => out.extend([0x91, 0x97]),
            '信' => out.extend([0x90, 0x4d]),
            '元' => out.extend([0x8c, 0xb3]),
            '先' => out.extend([0x90, 0xe6]),
            '名' => out.extend([0x96, 0xbc]),
            '前' => out.extend([0x91, 0x4f]),
            '•' => out.extend([0x81, 0x45]),
            other => panic!("{other}"),
        }
    }
    (out, ())
}

#[test]
fn asciidoc_and_wide_text() {
    let page = "= Firewall\n\n.Registries\n[cols=\"3,1,4\",options=\"header\"]\n|===\n|URL | Port | Function\n\n|`registry.acme.example`\n|443, 80\n|Core images\n\n\
        |`cdn0[1-2].acme.example` |443 |Content\n|===\n\nDo not deny `*.acme.example`.\n";
    let imported = Imported::of("acme.adoc", page, &[]).text();
    imported.holds(&[
        "any > registry.acme.example :80,443/ [all] Core images",
        "any > cdn01.acme.example :443/ [all] Content",
        "any > cdn02.acme.example :443/ [all] Content",
    ]);
    imported.complains(&["Do not deny"]);
    let wide: Vec<u8> = "updates.acme.example\n192.0.2.0/24\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let imported = Imported::of("wide.txt", wide, &[]).text();
    imported.complains(&["UTF-16LE"]);
    imported.holds(&[
        "any > updates.acme.example :/ [all] wide",
        "any > 192.0.2.0/24 :/ [all] wide",
    ]);
}

#[test]
fn addresses_of_callers_are_sources_and_kept_apart() {
    let page = "<h1>Webhooks</h1><h2>Inbound calls</h2><table><tr><th>Region</th><th>IP address</th></tr>\
        <tr><td>Japan</td><td>192.0.2.0/27</td></tr></table>\
        <h2>Ports</h2><table><tr><th>Source</th><th>Destination</th><th>Port</th><th>Protocol</th></tr>\
        <tr><td>Acme subnets:<br>Japan: 198.51.100.0/27<br>UK: 203.0.113.0/27</td><td>SIEM server (if any)</td><td>514</td><td>Syslog over UDP</td></tr></table>";
    Imported::of("in.html", page, &[]).text().holds(&[
        "192.0.2.0/27 > inbound-receiver :/ [japan] Inbound calls",
        "198.51.100.0/27 > siem-server :514/udp [japan] SIEM server",
        "203.0.113.0/27 > siem-server :514/udp [uk] SIEM server",
    ]);
}

#[test]
fn machines_among_addresses_and_regions_as_headings() {
    let page = "# Network\n\n| Direction | Source | Destination | Port | Protocol | Description |\n|---|---|---|---|---|---|\n\
        | Outbound | Sensor | api.acme.example | 443 | TCP | API |\n| Inbound | 203.0.113.0/24 | Sensor | 22 | TCP | Support |\n\
        | Outbound | Sensor | NTP server | 123 | UDP | Time |\n\n## Regional endpoints\n\n### US-1\n\n- us1.acme.example\n- 198.51.100.10\n\n\
        ### EU-1\n\n- eu1.acme.example:8443\n";
    Imported::of("acme.md", page, &[]).text().holds(&[
        "sensor > api.acme.example :443/tcp [all] API",
        "203.0.113.0/24 > sensor :22/tcp [all] Support",
        "sensor > ntp-server :123/udp [all] Time",
        "any > us1.acme.example :/ [us-1] Regional endpoints",
        "any > 198.51.100.10 :/ [us-1] Regional endpoints",
        "any > eu1.acme.example :8443/ [eu-1] Regional endpoints",
    ]);
}

#[test]
fn published_lists_by_their_keys() {
    let m365 = r#"[{"id":1,"serviceArea":"Exchange","serviceAreaDisplayName":"Exchange Online","urls":["outlook.acme.example","*cdn.acme.example","auto.*.acme.example"],"ips":["192.0.2.0/24"],"tcpPorts":"80,443","category":"Optimize","required":true},
        {"id":5,"serviceArea":"Exchange","urls":["outlook.acme.example"],"tcpPorts":"143,993","category":"Allow","required":false,"notes":"IMAP only","new-key":1}]"#;
    let imported = Imported::of("m365.json", m365, &[]).text();
    imported.holds(&[
        "any > outlook.acme.example :80,443/tcp [all] Exchange Online",
        "any > *cdn.acme.example :80,443/tcp [all] Exchange Online",
        "any > auto.*.acme.example :80,443/tcp [all] Exchange Online",
        "any > 192.0.2.0/24 :80,443/tcp [all] Exchange Online",
        "any > outlook.acme.example :143,993/tcp [all] Exchange",
    ]);
    imported.complains(&["new-key"]);
    assert!(
        imported
            .ran
            .stdout
            .contains("when = [{ feature = \"endpoint-set-5\" }]")
    );

    let aws = r#"{"syncToken":"1","prefixes":[{"ip_prefix":"192.0.2.0/24","region":"us-east-1","service":"AMAZON"},{"ip_prefix":"198.51.100.0/24","region":"GLOBAL","service":"EDGE"}],"ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/40","region":"us-east-1","service":"AMAZON"}]}"#;
    Imported::of("aws.json", aws, &[]).text().holds(&[
        "any > 192.0.2.0/24 :/ [us-east-1] AMAZON",
        "any > 2001:db8::/40 :/ [us-east-1] AMAZON",
        "any > 198.51.100.0/24 :/ [all] EDGE",
    ]);
    let azure = r#"{"changeNumber":5,"values":[{"name":"AzureX","properties":{"region":"","addressPrefixes":["192.0.2.0/25"]}},{"name":"AzureX.West","properties":{"region":"westeurope","addressPrefixes":["192.0.2.0/26"]}}]}"#;
    Imported::of("azure.json", azure, &[]).text().holds(&[
        "any > 192.0.2.0/25 :/ [all] AzureX",
        "any > 192.0.2.0/26 :/ [westeurope] AzureX.West",
    ]);
    let google = r#"{"syncToken":"1","prefixes":[{"ipv4Prefix":"192.0.2.0/24","service":"Google Cloud","scope":"asia-east1"},{"ipv6Prefix":"2001:db8::/40"}]}"#;
    Imported::of("goog.json", google, &[]).text().holds(&[
        "any > 192.0.2.0/24 :/ [asia-east1] Google Cloud",
        "any > 2001:db8::/40 :/ [all] the ranges of Google",
    ]);
    let github = r#"{"verifiable_password_authentication":false,"ssh_keys":["ssh-ed25519 AAAA"],"hooks":["192.0.2.0/24"],"web":["198.51.100.0/24"],"domains":{"website":["*.acme.example"],"actions_inbound":{"full_domains":["a.acme.example"]}}}"#;
    let imported = Imported::of("meta.json", github, &[]).text();
    imported.holds(&[
        "192.0.2.0/24 > inbound-receiver :/ [all] hooks",
        "any > 198.51.100.0/24 :/ [all] web",
        "any > *.acme.example :/ [all] domains.website",
        "any > a.acme.example :/ [all] domains.actions_inbound.full_domains",
    ]);
    imported.complains(&["ssh_keys"]);
}

#[test]
fn any_other_list_by_a_mapping_file() {
    let folder = tempfile::tempdir().unwrap();
    let mapping = folder.path().join("map.toml");
    let with = |text: &str, name: &str, list: &str| {
        fs::write(&mapping, text).unwrap();
        Imported::of(name, list, &["--mapping", mapping.to_str().unwrap()])
    };
    let list = r#"{"data":{"eu":{"hosts":[{"fqdn":"a.acme.example","tcp":443,"what":"Updates"},{"fqdn":"not one","tcp":443}]}}}"#;
    let imported = with(
        "rows = \"data.*.hosts\"\nname = \"fqdn\"\nport = \"tcp\"\nservice = \"what\"\n[defaults]\nprotocol = \"TCP\"\nregion = \"eu\"\n",
        "list.json",
        list,
    )
    .text();
    imported.holds(&["any > a.acme.example :443/tcp [eu] Updates"]);
    imported.complains(&["not one", "data.eu.hosts[1]"]);
    with(
        "delimiter = \";\"\ncolumns = [\"net\", \"use\", \"p\"]\naddress = \"net\"\nservice = \"use\"\nport = \"p\"\n",
        "list.csv",
        "192.0.2.0/24;Backup;9000-9010/tcp\n",
    )
    .text()
    .holds(&["any > 192.0.2.0/24 :9000-9010/tcp [all] Backup"]);
    let wrong = with("nam = \"x\"\n", "list.json", list);
    assert_eq!(wrong.ran.status, 2);
}

#[test]
fn bad_input_is_told_and_never_a_crash() {
    let half_json = Imported::of("half.json", "{\"prefixes\":[{\"ip_prefix\":\"192.0.2", &[]);
    assert!(
        half_json.ran.stderr.contains("line 1"),
        "{}",
        half_json.ran.stderr
    );
    assert_eq!(half_json.ran.status, 2);
    for (name, bytes) in [
        ("empty.txt", &b""[..]),
        ("prose.md", b"# Title\n\nNothing to allow here.\n"),
        ("binary.bin", &[0, 159, 146, 150, 255, 254, 0, 1]),
        (
            "tags.html",
            b"<table><tr><td><table><tr><td rowspan=99999 colspan=99999>",
        ),
    ] {
        let imported = Imported::of(name, bytes, &[]);
        assert!(
            imported.ran.stderr.contains("no requirement was found"),
            "{name}: {}",
            imported.ran.stderr
        );
        assert_eq!(imported.ran.status, 2);
    }
    let odd = "<table><tr><th>Host</th><th>Port</th></tr><tr><td>a.acme.example</td><td>https</td></tr>\
        <tr><td>b c.acme.example</td><td>443</td></tr><tr><td>c.acme.example:8443</td><td></td></tr>\
        <tr><td>10.1.2.3/8</td><td>ninety</td></tr><tr><td>d.acme.example</td><td>443-80</td></tr><tr><td>300.1.1.1</td><td>22";
    let imported = Imported::of("odd.html", odd, &[]).text();
    imported.complains(&["b c.acme.example", "ninety", "443-80", "300.1.1.1"]);
    let told = imported.told();
    assert!(
        told.iter().any(|row| row.contains("a.acme.example :~443/")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|row| row.contains("c.acme.example :8443/")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|row| row.contains("> 10.0.0.0/8 :/")),
        "{told:?}"
    );
}

#[test]
fn every_cell_is_taken_or_in_the_table_of_the_rest() {
    let page = "| Service | FQDN | Port |\n|---|---|---|\n| A | a.acme.example | 443 |\n| B | see the other page | 443 |\n| C | c.acme.example | later |\n";
    let folder = tempfile::tempdir().unwrap();
    let rest = folder.path().join("rest.csv");
    let imported = Imported::of("page.md", page, &["--rest", rest.to_str().unwrap()]).text();
    assert_eq!(imported.told().len(), 2);
    let rest = fs::read_to_string(rest).unwrap();
    assert!(rest.starts_with("line,table,row,column,text,why\r\n"));
    assert!(
        rest.contains("4,table 1,2,FQDN,see the other page"),
        "{rest}"
    );
    assert!(rest.contains("5,table 1,3,Port,later"), "{rest}");
}

#[test]
fn a_diff_of_pages_tells_exactly_the_edits() {
    let page = "| Service | Region | FQDN | Port |\n|---|---|---|---|\n| A | All | a.acme.example | 443 |\n| B | Japan | b.acme.example | 443 |\n| C | All | 192.0.2.0/24 | 9000 |\n";
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("old.md"), page).unwrap();
    let moved = "| Service | Region | FQDN | Port |\n|---|---|---|---|\n| C | All | 192.0.2.0/24 | 9000 |\n| B | Japan | b.acme.example | 443 |\n| A | All | a.acme.example | 443 |\n";
    fs::write(path("moved.md"), moved).unwrap();
    let same = pktaudit([
        "rules",
        "diff",
        "-q",
        "--format",
        "json",
        &path("old.md"),
        &path("moved.md"),
    ])
    .exits(0);
    assert_eq!(same.json()["changes"].as_array().unwrap().len(), 0);
    let edited = page
        .replace("a.acme.example", "a2.acme.example")
        .replace("9000", "9001");
    fs::write(path("new.md"), edited).unwrap();
    let ran = pktaudit([
        "rules",
        "diff",
        "-q",
        "--format",
        "csv",
        &path("old.md"),
        &path("new.md"),
    ])
    .exits(1);
    let rows: Vec<&str> = ran.stdout.lines().skip(1).collect();
    assert_eq!(rows.len(), 3, "{}", ran.stdout);
    assert!(
        rows[0].starts_with("open,name,a2.acme.example,,443"),
        "{}",
        ran.stdout
    );
    assert!(
        rows[1].starts_with("change,network,192.0.2.0/24,9000,9001"),
        "{}",
        ran.stdout
    );
    assert!(
        rows[2].starts_with("close,name,a.acme.example,443"),
        "{}",
        ran.stdout
    );
    let ticket = pktaudit([
        "rules",
        "diff",
        "-q",
        "--format",
        "markdown",
        &path("old.md"),
        &path("new.md"),
    ])
    .exits(1);
    assert!(
        ticket.stdout.contains("| `a2.acme.example` |"),
        "{}",
        ticket.stdout
    );
    pktaudit([
        "rules",
        "diff",
        "-q",
        "@workload-security-en",
        "@workload-security-en",
    ])
    .exits(0);
    pktaudit(["rules", "diff", "@nothing", "@"]).exits(2);
}

#[test]
fn a_list_without_what_another_list_has() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = folder.path().join("cloud.json");
    fs::write(
        &cloud,
        r#"{"syncToken":"1","prefixes":[{"ipv4Prefix":"192.0.2.64/26","service":"Google Cloud","scope":"us"},{"ipv6Prefix":"2001:db8::/32","service":"Google Cloud","scope":"us"}]}"#,
    )
    .unwrap();
    let all = r#"{"syncToken":"1","prefixes":[{"ipv4Prefix":"192.0.2.0/24"},{"ipv4Prefix":"198.51.100.0/24"},
{"ipv6Prefix":"2001:db8:1::/48"}]}"#;
    let cloud = cloud.display().to_string();
    let imported = Imported::of("goog.json", all, &["--minus", &cloud]).text();
    let told: Vec<String> = imported.told().into_iter().collect();
    let networks: Vec<&str> = told
        .iter()
        .filter_map(|row| row.split(' ').nth(2))
        .collect();
    assert_eq!(
        networks,
        ["192.0.2.0/26", "192.0.2.128/25", "198.51.100.0/24"]
    );
    assert!(imported.ran.stdout.contains("printed = \"192.0.2.0/24\""));
    imported.complains(&["another list was taken out"]);
}

#[test]
fn rows_of_json_cite_their_lines() {
    let list = "[\n  {\"id\": 1, \"serviceArea\": \"Exchange\", \"urls\": [\"a.acme.example\"], \"tcpPorts\": \"443\", \"required\": true},\n  \
                {\"id\": 2, \"serviceArea\": \"Exchange\",\n   \"urls\": [\"a.acme.example\", \"b.acme.example\"], \"tcpPorts\": \"25\", \"required\": true}\n]\n";
    let imported = Imported::of("m365.json", list, &[]).text();
    let lines: Vec<u64> = imported
        .rows()
        .iter()
        .filter_map(|row| row["cite"]["line"].as_u64())
        .collect();
    assert_eq!(lines, [2, 4], "{}", imported.ran.stdout);
}

#[test]
fn a_row_to_a_role_that_the_page_has_no_more_is_told() {
    let page = |row: &str| {
        format!(
            "<table><tr><th>Source</th><th>Destination</th><th>Port</th><th>Protocol</th></tr>\
             <tr><td>Agents</td><td>DNS server</td><td>53</td><td>UDP</td></tr>{row}</table>"
        )
    };
    let gone = "<tr><td>Agents</td><td>Syslog server</td><td>514</td><td>UDP</td></tr>";
    let first = Imported::of("old.html", page(gone), &[]).text();
    let path = first.folder.path().join("old.toml");
    fs::write(&path, &first.ran.stdout).unwrap();
    let path = path.display().to_string();
    let renewed = Imported::of("new.html", page(""), &["--against", &path]).text();
    renewed.complains(&["syslog-server", "no row like it any more"]);
    let same = Imported::of("new.html", page(gone), &["--against", &path]).text();
    assert!(!same.ran.stderr.contains("any more"), "{}", same.ran.stderr);
}
