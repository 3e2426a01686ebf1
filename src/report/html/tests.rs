use super::super::sample::{HOSTILE, sample};
use super::super::text::is_harmful;
use super::page::digest;
use super::*;
use crate::wording::Language;

fn written() -> String {
    let mut bytes = Vec::new();
    write_html(&sample().report(), Language::English, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn nothing_hostile_gets_into_the_markup() {
    let text = written();
    assert!(!text.chars().any(|c| c != '\n' && is_harmful(c)));
    assert_eq!(
        text.matches("<script").count(),
        3,
        "the flows, the languages and the program"
    );
    assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(text.contains("\\u003cscript>alert(1)\\u003c/script>"));
    assert!(text.contains("moc.\\u{202e}elpmaxe"));
    let named = HOSTILE
        .iter()
        .filter(|name| name.is_ascii() && !name.contains(['<', '"', '\x1b', '\'']));
    named.for_each(|name| assert!(text.contains(name), "{name}"));
}

#[test]
fn the_policy_names_style_and_script_and_nothing_else() {
    let text = written();
    let (_, rest) = text
        .split_once("Content-Security-Policy\" content=\"")
        .unwrap();
    let (policy, _) = rest.split_once('"').unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(policy.contains(&format!("script-src '{}'", digest(SCRIPT))));
    assert!(!policy.contains("unsafe") && !policy.contains("http"));
    for word in [
        "http://",
        "https://",
        " src=",
        "@import",
        "url(",
        "innerHTML",
        " style=",
        " onclick=",
    ] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn the_flow_data_has_every_flow_and_every_finding() {
    let sample = sample();
    let report = sample.report();
    let data = serde_json::to_string(&flow_data::FlowData::of(&report)).unwrap();
    let data: serde_json::Value = serde_json::from_str(&data).unwrap();
    let columns = data["columns"].as_object().unwrap();
    for (name, column) in columns {
        assert_eq!(
            column.as_array().unwrap().len(),
            report.flows().count(),
            "{name}"
        );
    }
    assert_eq!(
        data["findings"].as_array().unwrap().len(),
        report.findings.len()
    );
    let text = |column: &str, row: usize| {
        let place = columns[column][row].as_u64().unwrap();
        data["texts"][usize::try_from(place).unwrap()]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(text("initiator", 0), "10.0.0.10");
    assert_eq!(text("name", 0), "update.example.com");
    assert_eq!(text("outcome", 0), "unnamed");
    assert_eq!(columns["initiator_port"][8], serde_json::Value::Null);
}

#[test]
fn every_finding_can_be_linked_to() {
    let sample = sample();
    let report = sample.report();
    let text = written();
    for finding in &report.findings {
        assert_eq!(
            text.matches(&format!("<article id=\"{}\"", finding.id))
                .count(),
            1
        );
    }
    assert!(
        text.contains("href=\"#requirement-sample.a01\"")
            && text.contains("<tr id=\"requirement-sample.a01\"")
    );
}
