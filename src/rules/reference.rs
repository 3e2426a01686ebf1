//! What each key of rule and site files takes: for the reference, and for problems that speak of keys.
//!
//! What a key means is said once, at the type that reads it, and comes from the schema. Tests hold the keys to the schema
//! and each example to the reader.

use std::fmt::Write as _;

use serde_json::Value;

use super::reference_keys::{RULE_KEYS, SITE_KEYS};
use super::schema::{rule_file_schema, site_file_schema};

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The table that it stands in; empty for the file itself.
    pub(super) table: &'static str,
    pub(super) key: &'static str,
    /// What it takes.
    pub(super) wants: &'static str,
    /// What holds where it is absent.
    pub(super) default: &'static str,
    pub(super) example: &'static str,
}

/// Tables of a file: name, heading, and the schema's word for it; empty for the file itself.
type Tables = [(&'static str, &'static str, &'static str)];

const RULE_TABLES: &Tables = &[
    ("", "The file", ""),
    ("document", "`[document]`: the page", "DocumentText"),
    ("region", "`[regions.NAME]`: a region", "RegionText"),
    (
        "role",
        "`[roles.NAME]`: who may be source or destination",
        "RoleText",
    ),
    ("feature", "`[features.NAME]`: a switch", "FeatureText"),
    (
        "group",
        "`[[group]]`: what rows mean to each other",
        "GroupText",
    ),
    ("requirement", "`[[requirement]]`: a row", "RequirementText"),
    (
        "from",
        "`from = { .. }`: a source that is no role",
        "FromTable",
    ),
    (
        "to",
        "`to = { .. }`: a destination with more to say",
        "ToTable",
    ),
    (
        "refers-to",
        "`refers-to = { .. }`: what a role needs",
        "ReferenceTable",
    ),
    (
        "condition",
        "`when = [{ .. }]`: a condition, one key each",
        "ConditionText",
    ),
    (
        "version",
        "`version = { .. }`: a range of versions",
        "VersionText",
    ),
    (
        "valid",
        "`valid = { .. }`: days, both included, UTC",
        "ValidText",
    ),
    ("cite", "`cite = { .. }`: a place on the page", "CiteText"),
];

const SITE_TABLES: &Tables = &[
    ("", "The file", ""),
    ("site", "`[site]`: the site as a whole", "SiteText"),
    ("host", "`[[host]]`: a host", "HostText"),
    ("proxies", "`[proxies]`: web proxies", "ProxiesText"),
    ("dns", "`[dns]`: how hosts learn addresses", "DnsText"),
    ("ech", "`[ech]`: encrypted client hellos", "EchText"),
    ("ignore", "`[[ignore]]`: traffic to leave out", "IgnoreText"),
];

/// The key that a value stands under: by the keys above it, from the outermost on, and the `[[list]]` that it is an entry
/// of, if it is.
pub(super) fn key_at(list: Option<&str>, path: &[String]) -> Option<&'static Key> {
    let (name, above) = path.split_last()?;
    let table = match (
        above.last().map(String::as_str).or(list),
        path.first()?.as_str(),
    ) {
        (None, _) => "",
        (Some("when" | "any" | "all" | "not"), _) => "condition",
        // Under a name that a person chose.
        (_, "regions") if list.is_none() => "region",
        (_, "roles") if list.is_none() => "role",
        (_, "features") if list.is_none() => "feature",
        (Some(above), _) => above,
    };
    let mut keys = RULE_KEYS.iter().chain(SITE_KEYS);
    keys.find(|key| key.table == table && key.key == name)
}

/// The reference of rule files and site files, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    for (title, keys, tables, schema) in [
        ("Rule files", RULE_KEYS, RULE_TABLES, rule_file_schema()),
        ("Site files", SITE_KEYS, SITE_TABLES, site_file_schema()),
    ] {
        let _ = writeln!(out, "## {title}");
        for (table, heading, name) in tables {
            let _ = write!(
                out,
                "\n### {heading}\n\n| key | takes | where absent | what it is | example |\n|---|---|---|---|---|\n"
            );
            let properties = properties(&schema, name);
            for key in keys.iter().filter(|key| key.table == *table) {
                line(
                    key,
                    properties[key.key]["description"]
                        .as_str()
                        .unwrap_or_default(),
                    &mut out,
                );
            }
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn line(key: &Key, about: &str, out: &mut String) {
    let cells =
        [key.wants, key.default, about].map(|text| text.replace('\n', " ").replace('|', "\\|"));
    let example: Vec<String> = key
        .example
        .lines()
        .map(|line| format!("`{line}`"))
        .collect();
    let _ = writeln!(
        out,
        "| `{}` | {} | {} |",
        key.key,
        cells.join(" | "),
        example.join("<br>")
    );
}

/// The properties of a table in a schema.
fn properties<'a>(schema: &'a Value, name: &str) -> &'a Value {
    match name {
        "" => &schema["properties"],
        name => &schema["$defs"][name]["properties"],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::reference_keys::MUST;
    use super::super::{RuleText, check, check_site, render_all};
    use super::*;

    fn text(text: String) -> RuleText {
        RuleText {
            name: "example.toml".to_owned(),
            text,
        }
    }

    fn listed(keys: &[Key], table: &str, must: bool) -> Vec<&'static str> {
        let of = keys
            .iter()
            .filter(|key| key.table == table && (!must || key.default == MUST));
        of.map(|key| key.key).collect()
    }

    #[test]
    fn the_keys_are_those_of_the_schema() {
        for (keys, tables, schema) in [
            (RULE_KEYS, RULE_TABLES, rule_file_schema()),
            (SITE_KEYS, SITE_TABLES, site_file_schema()),
        ] {
            for (table, _, name) in tables {
                let known = properties(&schema, name).as_object().unwrap().keys();
                let known: BTreeSet<&str> = known.map(String::as_str).collect();
                let all = listed(keys, table, false);
                assert_eq!(all.len(), known.len(), "{table}");
                assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), known, "{table}");
                let required = if name.is_empty() {
                    &schema["required"]
                } else {
                    &schema["$defs"][name]["required"]
                };
                let required: BTreeSet<&str> = required
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                assert_eq!(
                    listed(keys, table, true)
                        .into_iter()
                        .collect::<BTreeSet<_>>(),
                    required,
                    "{table}"
                );
            }
        }
    }

    /// A file in which all is declared that examples name, with an example put into its place.
    fn rules_with(key: &Key) -> String {
        let of = |table: &str| if key.table == table { key.example } else { "" };
        let unless = |name: &str, tables: &[&str], line: &'static str| {
            let taken = tables.contains(&key.table) && (key.key == name || key.table == name);
            if taken { "" } else { line }
        };
        let inner = [
            "requirement",
            "from",
            "to",
            "refers-to",
            "condition",
            "version",
            "valid",
            "cite",
        ];
        let row = if inner.contains(&key.table) {
            key.example
        } else {
            ""
        };
        [
            "format = 1\n[document]",
            unless("id", &["document"], "id = \"page\""),
            of("document"),
            "[regions.us-1]",
            of("region"),
            "[roles.agent]\n[roles.relay]",
            of("role"),
            "[features.xdr]",
            of("feature"),
            "[[group]]",
            unless("id", &["group"], "id = \"update-ways\""),
            unless("kind", &["group"], "kind = \"one-of\""),
            of("group"),
            "[[requirement]]\nid = \"a02\"\nto = \"a02.vendor.example\"\nany-of = \"update-ways/relay\"\nconfigurable-port = true\nfrom = [\"relay\", { cidr = \"192.0.2.0/24\" }]",
            "[[requirement]]\nid = \"a03\"\nto = \"a03.vendor.example\"\nany-of = \"update-ways/direct\"",
            "when = [{ version = { of = \"agent\", from = \"1\" } }]",
            "[[requirement]]",
            unless("id", &["requirement"], "id = \"a01\""),
            match key.key {
                // Of such rows only.
                "on" => "to = \"localhost\"\ndeny = true",
                _ => unless(
                    "to",
                    &["requirement", "to"],
                    "to = \"a01.vendor.example\"",
                ),
            },
            row,
            if (key.table, key.key) == ("to", "must-see") { "expand = true" } else { "" },
        ]
        .join("\n")
    }

    #[test]
    fn every_example_of_rule_files_is_taken() {
        for key in RULE_KEYS.iter().filter(|key| !key.table.is_empty()) {
            let text = text(rules_with(key));
            if let Err(problems) = check(std::slice::from_ref(&text)) {
                panic!("{key:?}\n{}\n{}", text.text, render_all(&problems, false));
            }
        }
        let whole: Vec<&str> = RULE_KEYS
            .iter()
            .filter(|key| key.table.is_empty())
            .map(|key| key.example)
            .collect();
        assert!(check(&[text(whole.join("\n"))]).is_ok(), "{whole:?}");
    }

    #[test]
    fn every_example_of_site_files_is_taken() {
        let (library, _) = check(&[text(rules_with(&RULE_KEYS[0]))]).unwrap();
        let bound = "[roles]\nrelay = \"10.9.0.0/16\"\n";
        for key in SITE_KEYS {
            let example = key.example;
            let site = match (key.table, key.key) {
                ("", "roles") => example.to_owned(),
                ("ignore", "about") => {
                    format!("{bound}[[ignore]]\nport = 1\n{example}\n")
                }
                ("", _) => format!("{bound}{example}\n"),
                ("host", "address") | ("ignore", _) => {
                    format!("{bound}[[{}]]\n{example}\n", key.table)
                }
                ("host", _) => format!("{bound}[[host]]\naddress = \"10.0.0.5\"\n{example}\n"),
                (table, _) => format!("{bound}[{table}]\n{example}\n"),
            };
            if let Err(problems) = check_site(&text(site.clone()), &library) {
                panic!("{key:?}\n{site}\n{}", render_all(&problems, false));
            }
        }
    }

    #[test]
    fn keys_are_found_by_what_stands_above_them() {
        for (list, path, wanted) in [
            (
                Some("requirement"),
                &["when"][..],
                Some(("requirement", "when")),
            ),
            (
                Some("requirement"),
                &["when", "version"],
                Some(("condition", "version")),
            ),
            (
                Some("requirement"),
                &["when", "version", "of"],
                Some(("version", "of")),
            ),
            (
                Some("requirement"),
                &["valid", "until"],
                Some(("valid", "until")),
            ),
            (None, &["document", "vendor"], Some(("document", "vendor"))),
            (None, &["roles", "agent", "about"], Some(("role", "about"))),
            (None, &["site", "as-of"], Some(("site", "as-of"))),
            (Some("host"), &["address"], Some(("host", "address"))),
            (Some("requirement"), &["bogus"], None),
        ] {
            let path: Vec<String> = path.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(
                key_at(list, &path).map(|key| (key.table, key.key)),
                wanted,
                "{path:?}"
            );
        }
    }

    #[test]
    fn the_page_is_as_it_is_made() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/RULES.md");
        let page = std::fs::read_to_string(path).unwrap();
        let mark = "<!-- from here on: pktaudit rules reference -->\n\n";
        let (written, made) = page.split_once(mark).unwrap();
        if std::env::var_os("PKTAUDIT_BLESS").is_some() {
            std::fs::write(path, format!("{written}{mark}{}", reference())).unwrap();
            return;
        }
        assert!(
            made == reference(),
            "PKTAUDIT_BLESS=1 cargo test --lib reference writes docs/RULES.md anew"
        );
    }
}
