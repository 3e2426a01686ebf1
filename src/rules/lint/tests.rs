use super::super::{Problem, check};
use super::*;

fn linted(rows: &str, facts: &Facts) -> Vec<Problem> {
    let texts = [RuleText {
        name: "d.toml".into(),
        text: format!(
            "format = 1\n[document]\nid = \"d\"\nvendor = \"V\"\n[roles.a]\n[roles.b]\n[features.f]\n{rows}"
        ),
    }];
    let (library, _) = check(&texts).unwrap();
    lint(&texts, &library, facts)
}

fn row(id: &str, to: &str, more: &str) -> String {
    format!("[[requirement]]\nid = \"{id}\"\nto = {to}\nports = 443\n{more}\n")
}

fn codes(rows: &str) -> Vec<&'static str> {
    linted(rows, &Facts::default())
        .iter()
        .map(|problem| problem.code)
        .collect()
}

#[test]
fn rows_that_others_cover_are_told_and_those_that_say_more_are_not() {
    let wide = row("r1", "\"*.x.example\"", "from = \"a\"");
    let narrow = |more: &str| wide.clone() + &row("r2", "\"n.x.example\"", more);
    assert_eq!(codes(&narrow("from = \"a\"")), ["shadowed-row"]);
    assert_eq!(codes(&narrow("from = \"b\"")), [""; 0]);
    assert_eq!(codes(&narrow("from = \"a\"\ntransport = \"udp\"")), [""; 0]);
    assert_eq!(
        codes(&narrow("from = \"a\"").replace("to = \"n.x", "to = \"n.y")),
        [""; 0]
    );
    assert_eq!(
        codes(&narrow("from = \"a\"").replacen(
            "from = \"a\"",
            "from = \"a\"\nwhen = [{ feature = \"f\" }]",
            1
        )),
        [""; 0]
    );
    let with = |more: &str| {
        wide.replacen("ports", &format!("{more}\nports"), 1)
            + &row("r2", "\"n.x.example\"", "from = \"a\"")
    };
    assert_eq!(codes(&with("need = \"optional\"")), [""; 0]);
    let path = with("").replacen(
        "\"*.x.example\"",
        "{ host = \"*.x.example\", path = \"/p\" }",
        1,
    );
    assert_eq!(codes(&path), [""; 0]);
    // The wildcard does not hold the name itself.
    assert_eq!(
        codes(&(wide.clone() + &row("r2", "\"x.example\"", "from = \"a\""))),
        [""; 0]
    );
    let some = linted(
        &(wide + &row("r2", "[\"n.x.example\", \"z.example\"]", "from = \"a\"")),
        &Facts::default(),
    );
    assert!(
        some[0]
            .message
            .starts_with("1 of the 2 destinations of `r2`"),
        "{some:?}"
    );
}

#[test]
fn rows_that_say_the_same_are_told_once() {
    let rows = row("r1", "\"n.x.example\"", "") + &row("r2", "\"n.x.example\"", "");
    assert_eq!(codes(&rows), ["double-row"]);
    assert_eq!(codes(&rows.replacen("443", "80", 1)), [""; 0]);
}

#[test]
fn pages_of_one_vendor_that_disagree_are_told() {
    let page = |id: &str, vendor: &str, port: u16| RuleText {
        name: format!("{id}.toml"),
        text: format!(
            "format = 1\n[document]\nid = \"{id}\"\nvendor = \"{vendor}\"\n[[requirement]]\nid = \"r\"\nto = \"n.x.example\"\nports = {port}\n"
        ),
    };
    let told = |pages: &[RuleText]| lint(pages, &check(pages).unwrap().0, &Facts::default()).len();
    assert_eq!(told(&[page("p", "V", 443), page("q", "V", 80)]), 1);
    assert_eq!(told(&[page("p", "V", 443), page("q", "V", 443)]), 0);
    assert_eq!(told(&[page("p", "V", 443), page("q", "W", 80)]), 0);
}

#[test]
fn wildcards_over_providers_are_told_and_over_ones_own_are_not() {
    for (name, wanted) in [
        ("*.amazonaws.com", 1),
        ("*.xx-new-9.amazonaws.com", 1),
        ("*.core.windows.net", 1),
        ("*.vendor.blob.core.windows.net", 0),
        ("*.x.example", 0),
        ("a.us-east-1.amazonaws.com", 0),
    ] {
        let found = codes(&row("r", &format!("\"{name}\""), ""));
        let told = found
            .iter()
            .filter(|code| **code == "wildcard-shared-hosting")
            .count();
        assert_eq!(told, wanted, "{name} {found:?}");
    }
}

#[test]
fn rows_to_anywhere_on_any_port_are_told() {
    let row = |ports: &str| format!("[[requirement]]\nid = \"r\"\nto = \"any\"\n{ports}\n");
    assert_eq!(codes(&row("")), ["row-too-wide"]);
    assert_eq!(codes(&row("ports = 123")), [""; 0]);
}

#[test]
fn addresses_that_are_nobodys_are_told_where_they_are_outside_services() {
    assert_eq!(
        codes(&row(
            "r",
            "[\"10.1.2.3\", \"224.0.0.9\", \"198.51.100.1\"]",
            ""
        )),
        ["private-address"; 2]
    );
    assert_eq!(
        codes(&row("r", "\"10.1.2.3\"", "direction = \"internal\"")),
        [""; 0]
    );
}

#[test]
fn what_was_looked_up_is_held_against_names_and_addresses() {
    let addresses = BTreeMap::from([(
        "n.x.example".to_owned(),
        BTreeSet::from([IpAddr::from([198, 51, 100, 7])]),
    )]);
    let facts = Facts {
        addresses,
        ..Facts::default()
    };
    let found = linted(
        &row(
            "r",
            "[\"n.x.example\", \"gone.x.example\", \"*.y.example\", \"198.51.100.0/24\", \"203.0.113.1\"]",
            "",
        ),
        &facts,
    );
    let codes: Vec<&str> = found.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["never-resolved", "address-of-name"], "{found:?}");
}

#[test]
fn rows_that_ended_are_told_by_day() {
    let rows = row(
        "r1",
        "\"n.x.example\"",
        "valid = { until = \"2022-12-31\" }",
    ) + &row(
        "r2",
        "\"m.x.example\"",
        "valid = { until = \"2030-12-31\" }",
    );
    let on = |today: Date| {
        linted(
            &rows,
            &Facts {
                today: Some(today),
                ..Facts::default()
            },
        )
        .len()
    };
    assert_eq!(
        (
            on(jiff::civil::date(2022, 12, 31)),
            on(jiff::civil::date(2023, 1, 1))
        ),
        (0, 1)
    );
}

#[test]
fn domains_that_look_like_others_are_told() {
    let names = |name: &str| {
        row(
            "r",
            &format!("[\"a.trendmicro.com\", \"b.trendmicro.com\", \"{name}\"]"),
            "",
        )
    };
    for (name, wanted) in [
        ("a.trendmicr0.com", true),
        ("a.trendrnicro.com", true),
        ("a.trendmicr\u{43e}.com", true),
        ("a.vendor.example", false),
    ] {
        let found = codes(&names(name));
        assert_eq!(
            found.contains(&"lookalike-domain"),
            wanted,
            "{name} {found:?}"
        );
    }
}

#[test]
fn rows_that_forbid_what_others_let_through_are_told() {
    let allow = row("r1", "\"*.x.example\"", "from = \"a\"");
    let deny = |more: &str| allow.clone() + &row("r2", "\"n.x.example\"", more);
    assert_eq!(
        codes(&deny("from = \"a\"\ndeny = true")),
        ["denied-and-allowed"]
    );
    let told = linted(&deny("from = \"a\"\ndeny = true"), &Facts::default());
    assert!(
        told[0].message.contains("`r2` forbids"),
        "{}",
        told[0].message
    );
    // Other sources, other ports, or other conditions: a mode in which the port stays shut.
    for more in [
        "from = \"b\"\ndeny = true",
        "from = \"a\"\ndeny = true\nwhen = [{ feature = \"f\" }]",
        "from = \"a\"\ndeny = true\ntransport = \"udp\"",
    ] {
        let rows = deny(more).replacen("ports = 443", "ports = 443\ntransport = \"tcp\"", 1);
        let rows = match more.contains("udp") {
            true => rows,
            false => deny(more),
        };
        assert_eq!(codes(&rows), [""; 0], "{more}");
    }
    let other = deny("from = \"a\"\ndeny = true").replacen("ports = 443", "ports = 80", 1);
    assert_eq!(codes(&other), [""; 0]);
}
