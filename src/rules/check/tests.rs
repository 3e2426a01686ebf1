//! Each problem code with the smallest file that shows it.

use std::collections::BTreeSet;

use super::super::{CODES, Choices, Problem, ProblemSeverity, Profile, RuleText, check_site, code};
use super::check;

const HEAD: &str = "format = 1\n[document]\nid = \"d\"\nunstated-ports = [443]\n";

fn file(body: &str) -> RuleText {
    RuleText {
        name: "d.toml".into(),
        text: format!("{HEAD}{body}"),
    }
}

fn raw(text: &str) -> RuleText {
    RuleText {
        name: "d.toml".into(),
        text: text.into(),
    }
}

fn row(keys: &str) -> RuleText {
    file(&format!(
        "[roles.agent]\naliases = [\"sensor\"]\n[features]\nscan = {{}}\n[[requirement]]\nid = \"a\"\n{keys}\n"
    ))
}

fn problems(texts: &[RuleText]) -> Vec<Problem> {
    match check(texts) {
        Ok((_, problems)) | Err(problems) => problems,
    }
}

/// What site file and command line bring up with a sound rule file.
fn site_problems(site: &str, choices: &Choices) -> Vec<Problem> {
    let rules = file(
        "[regions]\nus-1 = { aliases = [\"usa\"] }\n[roles.agent]\naliases = [\"sensor\"]\n[roles.idp]\nplaceholder = true\n\
         [features]\nscan = {}\n[[requirement]]\nid = \"a\"\nfrom = [\"agent\"]\nto = [\"x.example.com\"]\n\
         when = [{ version = { of = \"agent\", from = \"20.0\" } }]\nvalid = { until = \"2022-12-31\" }\n\
         [[requirement]]\nid = \"b\"\nto = [\"role:idp\"]\nports = [514]\nconfigurable-port = true\n",
    );
    let (library, _) = check(&[rules]).unwrap();
    let text = RuleText {
        name: "site.toml".into(),
        text: site.into(),
    };
    let (site, mut found) = match check_site(&text, &library) {
        Ok(found) => found,
        Err(problems) => return problems,
    };
    match Profile::new(&library, Some(&site), choices) {
        Ok(profile) => found.extend_from_slice(profile.problems()),
        Err(problems) => found.extend(problems),
    }
    found
}

/// Rule files, with the code and severity that they bring up.
fn rule_examples() -> Vec<(&'static str, ProblemSeverity, Vec<RuleText>)> {
    use ProblemSeverity::{Error, Note, Warning};
    let often = "\"a.shop-example.com\", \"b.shop-example.com\", \"c.shop-example.com\"";
    let wide = {
        let rows: String = (0..600).map(|i| format!("[[requirement]]\nid = \"r{i}\"\nto = [\"x.example.com\"]\nrefers-to = [\"r*\"]\n")).collect();
        file(&rows)
    };
    let many_roles: String = (0..1001).map(|i| format!("[roles.r{i}]\n")).collect();
    let many_problems: String = (0..600)
        .map(|i| format!("[[requirement]]\nid = \"r{i}\"\n"))
        .collect();
    vec![
        (code::TOML_SYNTAX, Error, vec![raw("format =")]),
        (
            code::UNKNOWN_KEY,
            Error,
            vec![row("to = [\"x.example.com\"]\nprots = [1]")],
        ),
        (
            code::MISSING_KEY,
            Error,
            vec![raw("format = 1\n[document]\nvendor = \"x\"\n")],
        ),
        (
            code::WRONG_TYPE,
            Error,
            vec![row("to = [\"x.example.com\"]\npool = 1")],
        ),
        (
            code::UNKNOWN_VALUE,
            Error,
            vec![row("to = [\"x.example.com\"]\nneed = \"requird\"")],
        ),
        (
            code::UNKNOWN_FORMAT,
            Error,
            vec![raw("format = 2\n[document]\nid = \"d\"\n")],
        ),
        (code::TOO_MANY_PROBLEMS, Error, vec![file(&many_problems)]),
        (code::TOO_MANY_ROLES, Error, vec![file(&many_roles)]),
        (
            code::BAD_ID,
            Error,
            vec![file(
                "[[requirement]]\nid = \"A b\"\nto = [\"x.example.com\"]\n",
            )],
        ),
        (
            code::DUPLICATE_ID,
            Error,
            vec![file(
                "[[requirement]]\nid = \"a\"\nto = [\"x.example.com\"]\n[[requirement]]\nid = \"a\"\nto = [\"y.example.com\"]\n",
            )],
        ),
        (
            code::DUPLICATE_DOCUMENT,
            Error,
            vec![
                file(""),
                RuleText {
                    name: "e.toml".into(),
                    ..file("")
                },
            ],
        ),
        (
            code::BAD_NAME,
            Error,
            vec![row("to = [\"a..example.com\"]")],
        ),
        (
            code::BAD_WILDCARD,
            Error,
            vec![row("to = [\"**.example.com\"]")],
        ),
        (code::BAD_ADDRESS, Error, vec![row("to = [\"300.1.2.3\"]")]),
        (
            code::HOST_BITS_SET,
            Warning,
            vec![row("to = [\"10.0.0.1/8\"]")],
        ),
        (
            code::BAD_PORT,
            Error,
            vec![row("to = [\"x.example.com\"]\nports = [70000]")],
        ),
        (
            code::BAD_PATH,
            Error,
            vec![row("to = [\"x.example.com/api\"]")],
        ),
        (
            code::BAD_DATE,
            Error,
            vec![row(
                "to = [\"x.example.com\"]\nvalid = { until = \"31.12.2022\" }",
            )],
        ),
        (
            code::BAD_VERSION,
            Error,
            vec![row(
                "to = [\"x.example.com\"]\nwhen = [{ version = { of = \"agent\", from = \"7\", until = \"6\" } }]",
            )],
        ),
        (
            code::BAD_CONDITION,
            Error,
            vec![row(
                "to = [\"x.example.com\"]\nwhen = [{ feature = \"scan\", feature-off = \"scan\" }]",
            )],
        ),
        (code::NO_DESTINATION, Error, vec![row("service = \"x\"")]),
        (
            code::UNKNOWN_ROLE,
            Error,
            vec![row("from = [\"agnet\"]\nto = [\"x.example.com\"]")],
        ),
        (
            code::UNKNOWN_FEATURE,
            Error,
            vec![row(
                "to = [\"x.example.com\"]\nwhen = [{ feature = \"scam\" }]",
            )],
        ),
        (
            code::UNKNOWN_REGION,
            Error,
            vec![row("to = [\"x.example.com\"]\nregion = [\"japan\"]")],
        ),
        (
            code::UNKNOWN_GROUP,
            Error,
            vec![row("to = [\"x.example.com\"]\nany-of = \"g/one\"")],
        ),
        (
            code::ROLE_LOOP,
            Error,
            vec![file(
                "[roles.a]\ninherits = [\"b\"]\n[roles.b]\ninherits = [\"a\"]\n",
            )],
        ),
        (
            code::ALIAS_CLASH,
            Error,
            vec![file("[roles.a]\naliases = [\"b\"]\n[roles.b]\n")],
        ),
        (
            code::CONTRADICTION,
            Error,
            vec![
                file("[features]\nscan = { component = \"agent\" }\n"),
                raw(
                    "format = 1\n[document]\nid = \"e\"\n[features]\nscan = { component = \"relay\" }\n",
                ),
            ],
        ),
        (
            code::OVERLAPPING_REGIONS,
            Error,
            vec![file(
                "[regions]\na = { aliases = [\"x\"] }\nb = { aliases = [\"x\"] }\n",
            )],
        ),
        (
            code::DANGLING_REFERENCE,
            Error,
            vec![row("refers-to = [\"b\"]")],
        ),
        (
            code::EMPTY_REFERENCE,
            Error,
            vec![row("refers-to = [{ requirements-of = \"agent\" }]")],
        ),
        (
            code::AMBIGUOUS_REFERENCE,
            Error,
            vec![row(
                "refers-to = [\"agent\"]\n[[requirement]]\nid = \"agent\"\nfrom = [\"agent\"]\nto = [\"x.example.com\"]",
            )],
        ),
        (code::REFERENCE_TOO_WIDE, Error, vec![wide]),
        (
            code::GROUP_OF_ONE,
            Warning,
            vec![row(
                "to = [\"x.example.com\"]\nany-of = \"g/one\"\n[[group]]\nid = \"g\"\nkind = \"one-of\"",
            )],
        ),
        (
            code::WILDCARD_TOO_BROAD,
            Error,
            vec![row("to = [\"*.co.jp\"]")],
        ),
        (
            code::WILDCARD_SHARED_HOSTING,
            Warning,
            vec![row("to = [\"*.blob.core.windows.net\"]")],
        ),
        (
            code::WILDCARD_CROSSES_DOMAIN,
            Warning,
            vec![row("to = [\"*example.com\"]")],
        ),
        (
            code::NEAR_TWIN_DOMAIN,
            Warning,
            vec![row(&format!("to = [{often}, \"d.shop-exampel.com\"]"))],
        ),
        (
            code::DOUBTFUL_DESTINATION,
            Warning,
            vec![row(
                "to = [{ host = \"x.example.com\", doubtful = \"odd\" }]",
            )],
        ),
        (
            code::UNSTATED_PORT,
            Note,
            vec![row("to = [\"x.example.com\"]")],
        ),
        (
            code::DATED_REQUIREMENT,
            Note,
            vec![row(
                "to = [\"x.example.com\"]\nvalid = { until = \"2022-12-31\" }",
            )],
        ),
        (
            code::UNFILLED_TEMPLATE,
            Warning,
            vec![row("to = [\"a.<region>.example.com\"]")],
        ),
    ]
}

/// Site files and choices, with the code that they bring up.
fn site_examples() -> Vec<(&'static str, ProblemSeverity, &'static str, Choices)> {
    use ProblemSeverity::{Error, Note, Warning};
    let none = Choices::default;
    let feature = || vec!["scan".to_owned()];
    vec![
        (
            code::UNKNOWN_DOCUMENT,
            Error,
            "[site]\ndocuments = [\"e\"]",
            none(),
        ),
        (
            code::UNKNOWN_REQUIREMENT,
            Error,
            "[ports]\n\"d/z\" = [1]",
            none(),
        ),
        (
            code::UNKNOWN_COMPONENT,
            Warning,
            "[versions]\nagnet = \"20\"",
            none(),
        ),
        (
            code::ALIAS_USED,
            Note,
            "[roles]\nsensor = [\"10.0.0.1\"]",
            none(),
        ),
        (
            code::EXPIRED_REQUIREMENT,
            Note,
            "[site]\nas-of = \"2026-11-21\"",
            none(),
        ),
        (
            code::PLACEHOLDER_UNBOUND,
            Note,
            "[roles]\nagent = [\"10.0.0.1\"]",
            none(),
        ),
        (code::SITE_BINDS_NOTHING, Warning, "", none()),
        (
            code::PORT_NOT_CONFIGURABLE,
            Warning,
            "[ports]\n\"d/a\" = [8443]",
            none(),
        ),
        (
            code::CONTRADICTION,
            Error,
            "",
            Choices {
                features_on: feature(),
                features_off: feature(),
                ..none()
            },
        ),
        (
            code::UNKNOWN_FEATURE,
            Error,
            "",
            Choices {
                features_on: vec!["scam".into()],
                ..none()
            },
        ),
        (
            code::UNKNOWN_REGION,
            Error,
            "",
            Choices {
                regions: vec!["us-2".into()],
                ..none()
            },
        ),
        (
            code::UNKNOWN_REGION,
            Error,
            "[site]\nregion = \"us-2\"",
            none(),
        ),
        (
            code::UNKNOWN_FEATURE,
            Error,
            "[features]\nscam = true",
            none(),
        ),
        (
            code::UNKNOWN_ROLE,
            Error,
            "[roles]\nagnet = [\"10.0.0.1\"]",
            none(),
        ),
        (
            code::BAD_VERSION,
            Error,
            "[versions]\nagent = \"new\"",
            none(),
        ),
        (
            code::BAD_ADDRESS,
            Error,
            "[[host]]\naddress = \"10.0.0.0/8\"",
            none(),
        ),
        (
            code::HOST_BITS_SET,
            Warning,
            "[roles]\nagent = [\"10.0.0.1/8\"]",
            none(),
        ),
        (
            code::MISSING_KEY,
            Error,
            "[[ignore]]\nabout = \"all\"",
            none(),
        ),
        (code::BAD_PORT, Error, "[ports]\n\"d/b\" = []", none()),
        (code::UNKNOWN_KEY, Error, "[site]\nregoin = \"usa\"", none()),
    ]
}

#[test]
fn every_code_has_an_example() {
    let mut shown = BTreeSet::new();
    for (code, severity, texts) in rule_examples() {
        let found = problems(&texts);
        assert!(
            found
                .iter()
                .any(|p| p.code == code && p.severity == severity),
            "{code}: {found:#?}"
        );
        shown.insert(code);
    }
    for (code, severity, site, choices) in site_examples() {
        let found = site_problems(site, &choices);
        assert!(
            found
                .iter()
                .any(|p| p.code == code && p.severity == severity),
            "{code}: {found:#?}"
        );
        shown.insert(code);
    }
    // Those that `lint` alone finds have their tests there.
    shown.extend([
        code::SHADOWED_ROW,
        code::DOUBLE_ROW,
        code::DENIED_AND_ALLOWED,
        code::PAGES_DISAGREE,
        code::ROW_TOO_WIDE,
        code::PRIVATE_ADDRESS,
        code::ADDRESS_OF_NAME,
        code::NEVER_RESOLVED,
        code::LOOKALIKE_DOMAIN,
    ]);
    let all: BTreeSet<&str> = CODES.iter().map(|(code, _)| *code).collect();
    assert_eq!(shown, all);
    assert_eq!(all.len(), CODES.len());
}

#[test]
fn sound_files_have_no_problem() {
    let sound = row(
        "from = [\"agent\"]\nto = [\"x.example.com\", \"*.y.example.com\"]\nports = [443]\nwhen = [{ feature = \"scan\" }]",
    );
    assert!(problems(&[sound]).is_empty());
    assert!(site_problems("[roles]\nagent = [\"10.0.0.0/8\"]\nidp = [\"idp.example.com\"]\n[features]\nscan = true", &Choices::default()).is_empty());
}

#[test]
fn hints_name_what_was_likely_meant() {
    let hint = |texts: &[RuleText], code: &str| {
        problems(texts)
            .into_iter()
            .find(|p| p.code == code)
            .and_then(|p| p.hint)
            .unwrap()
    };
    assert!(
        hint(
            &[row("from = [\"agnet\"]\nto = [\"x.example.com\"]")],
            code::UNKNOWN_ROLE
        )
        .contains("`agent`")
    );
    assert!(hint(&[row("to = [\"agent\"]")], code::BAD_NAME).contains("`role:agent`"));
    assert!(hint(&[row("to = [\"https://x.example.com/\"]")], code::BAD_NAME).contains("path"));
    assert!(
        hint(
            &[row("to = [\"x.example.com\"]\nprots = [1]")],
            code::UNKNOWN_KEY
        )
        .contains("`ports`")
    );
    assert!(hint(&[row("to = [\"10.0.0.1/8\"]")], code::HOST_BITS_SET).contains("10.0.0.0/8"));
}

#[test]
fn a_twin_under_another_public_suffix_is_flagged_and_its_brothers_are_not() {
    let names = "\"a.vendor.com\", \"b.vendor.com\", \"c.vendor.com\", \"api.xdr.vendor.co.jp\", \"iot.xdr.vendor.co.jp\", \"api-ni.xdr.vendor.com.jp\"";
    let found = problems(&[row(&format!("to = [{names}]"))]);
    let twins: Vec<&Problem> = found
        .iter()
        .filter(|p| p.code == code::NEAR_TWIN_DOMAIN)
        .collect();
    assert_eq!(twins.len(), 1, "{found:#?}");
    assert!(
        twins[0].message.contains("vendor.com.jp"),
        "{}",
        twins[0].message
    );
    assert!(
        twins[0]
            .hint
            .as_deref()
            .unwrap()
            .contains("api-ni.xdr.vendor.co.jp")
    );
}

#[test]
fn the_order_of_files_does_not_count() {
    let other = RuleText { name: "c.toml".into(), text: "format = 1\n[document]\nid = \"c\"\n[roles.agent]\n[[requirement]]\nid = \"z\"\nto = [\"z.example.com\"]\n".into() };
    let this = row("to = [\"x.example.com\"]");
    let ids = |texts: &[RuleText]| {
        check(texts)
            .unwrap()
            .0
            .requirements
            .iter()
            .map(|r| r.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&[this.clone(), other.clone()]), ["c/z", "d/a"]);
    assert_eq!(ids(&[other, this]), ["c/z", "d/a"]);
}

#[test]
fn expanded_rows_are_numbered_and_still_found_by_their_row() {
    let text = row(
        "expand = true\nto = [\"x.example.com\", \"y.example.com\"]\n[[requirement]]\nid = \"b\"\nrefers-to = [\"a\"]\n[[requirement]]\nid = \"a-1\"\nto = [\"z.example.com\"]",
    );
    let (library, _) = check(&[text]).unwrap();
    let ids: Vec<&str> = library.requirements.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["d/a-01", "d/a-02", "d/a-1", "d/b"]);
    let referred: Vec<usize> = library.requirements[3]
        .refers_to
        .iter()
        .map(|r| r.index())
        .collect();
    assert_eq!(referred, [0, 1]);
    assert_eq!(library.rows("d/a").count(), 2);
    assert_eq!(library.rows("d/a-02").count(), 1);
}

#[test]
fn references_in_a_circle_end() {
    let text = row(
        "to = [\"x.example.com\"]\nrefers-to = [\"b\"]\n[[requirement]]\nid = \"b\"\nto = [\"y.example.com\"]\nrefers-to = [\"c\"]\n[[requirement]]\nid = \"c\"\nto = [\"z.example.com\"]\nrefers-to = [\"a\"]",
    );
    let (library, _) = check(&[text]).unwrap();
    for requirement in &library.requirements {
        assert_eq!(requirement.refers_to.len(), 2, "{}", requirement.id);
    }
}

#[test]
fn values_of_the_wrong_kind_are_told_by_key_and_not_by_type() {
    for (line, wanted) in [
        (
            "when = [\"telemetry\"]",
            "`when` takes a list of conditions; a text stands here",
        ),
        (
            "cite = { line = \"3\" }",
            "`line` takes a number; a text stands here",
        ),
        (
            "pool = 1",
            "`pool` takes true or false; a number stands here",
        ),
        (
            "direction = 3",
            "`direction` takes `outbound`, `inbound`, `internal` or `local`",
        ),
    ] {
        let found = problems(&[row(&format!(
            "to = [\"x.example.com\"]\nports = [443]\n{line}"
        ))]);
        assert_eq!(found[0].message, wanted, "{line}");
        assert!(
            found[0]
                .hint
                .as_deref()
                .unwrap()
                .starts_with("for example: "),
            "{line}"
        );
    }
}

#[test]
fn dates_without_quotes_are_told_so() {
    let found = problems(&[row(
        "to = [\"x.example.com\"]\nports = [443]\nvalid = { until = 2022-12-31 }",
    )]);
    assert_eq!(found.len(), 1, "{found:#?}");
    let hint = found[0].hint.as_deref().unwrap();
    assert!(hint.starts_with("write dates between quotes"), "{found:#?}");
    assert!(
        found[0].message.starts_with("`until` takes a day"),
        "{found:#?}"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// Whatever a file holds, it is answered with problems and drawn, never with a panic.
    #[test]
    fn damaged_files_are_answered(cuts in proptest::collection::vec((0..900_usize, 0..12_usize, "[\\PC\n\"\\[\\]{}=#*<>.\u{0}\u{202e}]{0,6}"), 1..6)) {
        let mut text = format!(
            "{HEAD}[regions]\nus-1 = {{ aliases = [\"usa\"] }}\n[roles.agent]\nnames-from = [\"a*\"]\n[roles.relay]\ninherits = [\"agent\"]\n\
             [features]\nscan = {{ default = \"off\" }}\n[[group]]\nid = \"g\"\nkind = \"one-of\"\n[[requirement]]\nid = \"a\"\nfrom = [\"agent\", {{ cidr = \"10.0.0.0/8\" }}]\n\
             to = [\"x.<region>.example.com\", {{ host = \"*.y.example.com\", path = \"/p\" }}, \"role:relay\"]\nports = [443, \"1-9\"]\nexpand = true\nany-of = \"g/x\"\n\
             when = [{{ any = [{{ feature = \"scan\" }}, {{ not = {{ version = {{ of = \"agent\", from = \"20.0\" }} }} }}] }}]\nvalid = {{ until = \"2022-12-31\" }}\n\
             [[requirement]]\nid = \"b\"\nrefers-to = [\"a\", {{ requirements-of = \"agent\" }}]\n"
        );
        for (at, length, with) in cuts {
            let mut start = at.min(text.len());
            while !text.is_char_boundary(start) { start -= 1; }
            let mut end = (start + length).min(text.len());
            while !text.is_char_boundary(end) { end += 1; }
            text.replace_range(start..end, &with);
        }
        let drawn = super::super::render_all(&problems(&[raw(&text)]), true);
        let override_mark = '\u{202e}';
        proptest::prop_assert!(!drawn.contains(override_mark), "drawn as it came");
        if let Ok((library, _)) = check(&[raw(&text)]) {
            let profile = Profile::new(&library, None, &Choices::default()).unwrap();
            let set = super::super::RuleSet::compile(library, &profile);
            for at in 0..set.requirements().len() {
                let _ = set.activity(super::super::RequirementIndex::at(at));
            }
        }
    }
}
