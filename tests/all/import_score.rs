//! How much of a page comes back out of its import: the shipped lists are written as pages of many shapes, each is imported, and
//! every name, network and port is held against what the page said of it: service, region, ports, protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use super::harness::{folder, pktaudit, write};

/// A row of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    source: String,
    service: String,
    region: String,
    names: Vec<String>,
    ports: String,
    protocol: String,
}

/// What a page says of a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    name: String,
    service: String,
    region: String,
    ports: String,
    transport: String,
}

/// How many facts were taken, and how many of these with the right service, region, ports, and all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Score {
    all: usize,
    taken: usize,
    service: usize,
    region: usize,
    ports: usize,
    right: usize,
    invented: usize,
}

fn list(paths: &[&str]) -> Vec<Value> {
    let arguments = ["rules", "list", "--format", "json"];
    let ran = pktaudit(arguments.iter().chain(paths)).exits(0);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn words(value: &Value) -> Vec<String> {
    let list = value.as_array().unwrap().iter();
    list.map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// Names and networks of a row; roles are none.
fn names(row: &Value) -> Vec<String> {
    let to = row["to"].as_array().unwrap().iter();
    let named =
        to.filter(|to| !["role", "any", "localhost"].contains(&to["kind"].as_str().unwrap()));
    named
        .map(|to| to["value"].as_str().unwrap().to_owned())
        .collect()
}

/// The rows of a shipped set that have names and ports, as a page has them.
fn rows_of(set: &str) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::new();
    for row in list(&["--rules", set]) {
        let ports = words(&row["ports"]).join(", ");
        let transport = words(&row["transport"]);
        let names: Vec<String> = names(&row)
            .into_iter()
            .filter(|n| !n.contains('<'))
            .collect();
        if names.is_empty() || ports.is_empty() || row["deny"] == true {
            continue;
        }
        let region = match words(&row["region"]).as_slice() {
            [one] if one != "all" => one.clone(),
            _ => String::new(),
        };
        out.push(Row {
            source: "Agents".to_owned(),
            service: row["service"].as_str().unwrap().to_owned(),
            region,
            names,
            ports,
            protocol: match transport.as_slice() {
                [one] => one.to_uppercase(),
                _ => "TCP".to_owned(),
            },
        });
    }
    // One after the other, as pages have them.
    out.sort_by(|a, b| (&a.service, &a.region).cmp(&(&b.service, &b.region)));
    out
}

fn plain(text: &str) -> String {
    let letters = |c: char| {
        if c.is_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            ' '
        }
    };
    let text: String = text.chars().map(letters).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The regions that people know by a word of their own.
fn region(text: &str) -> String {
    match plain(text).as_str() {
        "all" => String::new(),
        "eu" | "europe" => "europe".to_owned(),
        "uk" | "united kingdom" => "uk".to_owned(),
        "us" | "usa" | "united states" => "us".to_owned(),
        "au" | "australia" => "australia".to_owned(),
        "ae" | "uae" | "united arab emirates" => "uae".to_owned(),
        other => other.to_owned(),
    }
}

fn facts(rows: &[Row]) -> BTreeSet<Fact> {
    let each = |row: &Row| -> Vec<Fact> {
        let fact = |name: &String| Fact {
            name: name.to_ascii_lowercase(),
            service: plain(&row.service),
            region: region(&row.region),
            ports: row.ports.clone(),
            transport: row.protocol.to_lowercase(),
        };
        row.names.iter().map(fact).collect()
    };
    rows.iter().flat_map(each).collect()
}

/// Imports a page and holds it against what was written into it.
fn score(page: &str, file: &str, wanted: &BTreeSet<Fact>) -> (Score, String) {
    let folder = folder();
    let source = write(&folder, file, page);
    let draft = pktaudit(["rules", "import", &source]).exits(0);
    let path = write(&folder, "draft.toml", &draft.stdout);
    let mut drafted: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for row in list(&["--rules", &path]) {
        let transport = words(&row["transport"]).join(" ");
        for name in names(&row) {
            drafted.entry(name.clone()).or_default().push(Fact {
                name,
                service: plain(row["service"].as_str().unwrap()),
                region: region(&words(&row["region"]).join(" ")),
                ports: words(&row["ports"]).join(", "),
                transport: transport.clone(),
            });
        }
    }
    let mut score = Score {
        all: wanted.len(),
        ..Score::default()
    };
    let mut told = String::new();
    for fact in wanted {
        let found = drafted.get(&fact.name).map_or(&[][..], Vec::as_slice);
        let same_ports = |f: &Fact| f.ports == fact.ports && f.transport == fact.transport;
        let all = |f: &Fact| f.service == fact.service && f.region == fact.region && same_ports(f);
        score.taken += usize::from(!found.is_empty());
        score.service += usize::from(found.iter().any(|f| f.service == fact.service));
        score.region += usize::from(found.iter().any(|f| f.region == fact.region));
        score.ports += usize::from(found.iter().any(same_ports));
        score.right += usize::from(found.iter().any(all));
        if !found.iter().any(all) && told.len() < 4000 {
            let _ = writeln!(told, "wanted {fact:?}\n   got {found:?}");
        }
    }
    let known: BTreeSet<&String> = wanted.iter().map(|fact| &fact.name).collect();
    let invented: Vec<&String> = drafted.keys().filter(|n| !known.contains(n)).collect();
    score.invented = invented.len();
    let _ = writeln!(told, "invented {invented:?}\n{}", draft.stderr);
    (score, told)
}

/// At least so many of a hundred facts are right in all, and nothing is invented.
#[track_caller]
fn comes_back(shape: &str, file: &str, render: impl Fn(&[Row]) -> String, least: usize) {
    for set in [
        "@microsoft-365",
        "@defender-endpoint",
        "@openshift",
        "@crowdstrike-falcon",
    ] {
        let rows = rows_of(set);
        assert!(!rows.is_empty(), "{set}");
        let page = render(&rows);
        let (score, told) = score(&page, file, &facts(&rows));
        assert!(
            score.right * 100 >= score.all * least && score.invented == 0,
            "{shape}, {set}: {score:?}\n{told}\n{}",
            &page.chars().take(1500).collect::<String>()
        );
    }
}

/// Rows of a service, of a region of it.
fn grouped(rows: &[Row]) -> Vec<(String, Vec<Row>)> {
    let mut out: Vec<(String, Vec<Row>)> = Vec::new();
    for row in rows {
        match out.last_mut() {
            Some((service, list)) if *service == row.service => list.push(row.clone()),
            _ => out.push((row.service.clone(), vec![row.clone()])),
        }
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn shown(region: &str) -> &str {
    if region.is_empty() { "All" } else { region }
}

#[test]
fn tables_of_html_with_spans() {
    let render = |rows: &[Row]| {
        let mut page = String::from(
            "<html><body><h1>Acme: allow these</h1><p>Your firewall must let these through.</p>\n<table><thead><tr><th>Service</th><th>Region</th>\
             <th>FQDN</th><th>Port</th><th>Protocol</th></tr></thead><tbody>\n",
        );
        for (service, rows) in grouped(rows) {
            for (at, row) in rows.iter().enumerate() {
                page.push_str("<tr>");
                if at == 0 {
                    let _ = write!(
                        page,
                        "<td rowspan=\"{}\"><p>{}</p></td>",
                        rows.len(),
                        escaped(&service)
                    );
                }
                let items: String = row
                    .names
                    .iter()
                    .map(|n| format!("<li><p>{n}</p></li>\n"))
                    .collect();
                let _ = writeln!(
                    page,
                    "<td>{}</td><td><ul>{items}</ul></td><td>{}</td><td>{}</td></tr>",
                    shown(&row.region),
                    row.ports,
                    row.protocol
                );
            }
        }
        page + "</tbody></table></body></html>"
    };
    comes_back("HTML with spans", "acme.html", render, 98);
}

#[test]
fn pipe_tables_of_markdown() {
    let render = |rows: &[Row]| {
        let mut page = String::from(
            "# Acme: allow these\n\nAllow them on the firewall.\n\n| Region | Purpose | URL | Protocol | Ports |\n|---|---|---|---|---|\n",
        );
        for row in rows {
            let names: Vec<String> = row.names.iter().map(|n| format!("`{n}`")).collect();
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} |",
                shown(&row.region),
                row.service.replace('|', "\\|"),
                names.join("<br>"),
                row.protocol,
                row.ports
            );
        }
        page
    };
    comes_back("Markdown", "acme.md", render, 98);
}

#[test]
fn a_section_for_each_service_and_a_list_below() {
    let render = |rows: &[Row]| {
        let mut page = String::from("# Acme: allow these\n");
        for (service, rows) in grouped(rows) {
            let _ = writeln!(page, "\n## {service}\n");
            for row in rows {
                let of = match row.region.as_str() {
                    "" => String::new(),
                    region => format!("\n### {region}\n\n"),
                };
                let ports = row.ports.replace(", ", " and ");
                let _ = writeln!(
                    page,
                    "{of}Allow access to the following on {} port {ports}:\n",
                    row.protocol
                );
                for name in &row.names {
                    let _ = writeln!(page, "- {name}");
                }
                page.push('\n');
            }
        }
        page
    };
    comes_back("sections", "acme.md", render, 98);
}

#[test]
fn a_table_for_each_service() {
    let render = |rows: &[Row]| {
        let mut page = String::from("<html><body><h1>Acme: allow these</h1>\n");
        for (service, rows) in grouped(rows) {
            let _ = writeln!(
                page,
                "<h2>{}</h2><table><tr><td><b>Geography</b></td><td><b>Host</b></td><td><b>Port and protocol</b></td></tr>",
                escaped(&service)
            );
            for row in rows {
                let _ = writeln!(
                    page,
                    "<tr><td>{}</td><td>{}</td><td>{} {}</td></tr>",
                    shown(&row.region),
                    row.names.join("<br/>\n"),
                    row.protocol,
                    row.ports
                );
            }
            page.push_str("</table>\n");
        }
        page + "</body></html>"
    };
    comes_back("a table a service", "acme.html", render, 98);
}

#[test]
fn cells_that_a_browser_leaves_with_tabs() {
    let render = |rows: &[Row]| {
        let mut page = String::from(
            "Acme: allow these\n\nSource\tService\tRegion\tDestination FQDN\tPort\tProtocol\n",
        );
        for row in rows {
            let _ = writeln!(
                page,
                "{}\t{}\t{}\t{}\t{}\t{}",
                row.source,
                row.service,
                shown(&row.region),
                row.names.join(", "),
                row.ports,
                row.protocol
            );
        }
        page
    };
    comes_back("tabs", "acme.txt", render, 90);
}

#[test]
fn cells_that_a_browser_leaves_with_signs() {
    let render = |rows: &[Row]| {
        let mut page =
            String::from("Acme: allow these\nService | Region | Host FQDN | Port | Protocol | |\n");
        for row in rows {
            let _ = writeln!(
                page,
                "{} | {} |\n{}\n| {} | {} | ||",
                row.service,
                shown(&row.region),
                row.names.join("\n"),
                row.ports,
                row.protocol
            );
        }
        page
    };
    comes_back("signs", "acme.txt", render, 90);
}

#[test]
fn blocks_of_text_in_japanese() {
    let render = |rows: &[Row]| {
        let mut page = String::from(
            "ポート番号とURL\n\n許可するURLは次のとおりです。\n\n送信元 送信先のサービスの名前 送信先の完全修飾ドメイン名(FQDN) ポートとプロトコル\n",
        );
        for row in rows.iter().filter(|row| row.region.is_empty()) {
            let _ = writeln!(page, "エージェント\n\n{}\n", row.service);
            for name in &row.names {
                let _ = writeln!(page, "  • {name}");
            }
            for port in row.ports.split(", ") {
                let _ = writeln!(page, "\n{port}/{}", row.protocol.to_lowercase());
            }
            page.push('\n');
        }
        page
    };
    let only = |set: &str| -> Vec<Row> {
        rows_of(set)
            .into_iter()
            .filter(|row| row.region.is_empty())
            .collect()
    };
    for set in ["@microsoft-365", "@openshift", "@defender-endpoint"] {
        let rows = only(set);
        let (score, told) = score(&render(&rows), "acme.txt", &facts(&rows));
        assert!(
            score.right * 100 >= score.all * 85 && score.invented == 0,
            "{set}: {score:?}\n{told}"
        );
    }
}

#[test]
fn tables_of_comma_separated_values() {
    let render = |rows: &[Row]| {
        let mut page = String::from("Service,Location,Domain,Port,Protocol\n");
        for row in rows {
            for name in &row.names {
                let _ = writeln!(
                    page,
                    "\"{}\",{},{name},\"{}\",{}",
                    row.service,
                    shown(&row.region),
                    row.ports,
                    row.protocol
                );
            }
        }
        page
    };
    comes_back("CSV", "acme.csv", render, 98);
}
