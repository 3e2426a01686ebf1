//! The JSON Schema of report.json, made from the types that write it.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::judged_flow::JudgedFlow;
use super::view::{CaptureView, DocumentView, FindingView, IntentView, RequirementView, Summary};
use crate::judge::{Code, FindingCode, Grade, Outcome, Severity, Stage, StatusKind};
use crate::observe::NameSource;
use crate::rules::ChosenKind;

/// The report of an audit of packet captures against firewall-exception requirements, as `pktaudit audit --format
/// json` prints it and `--out` writes it.
#[derive(JsonSchema)]
#[schemars(title = "report.json of pktaudit")]
#[allow(dead_code, reason = "only its schema is used")]
struct ReportDocument<'a> {
    /// Counts, exit status, and what was asked.
    summary: Summary,
    /// What is wrong, worst first.
    findings: Vec<FindingView<'a>>,
    /// Who tried to reach what, ascending by start.
    intents: Vec<IntentView<'a>>,
    /// How each requirement fared, ascending by id.
    requirements: Vec<RequirementView<'a>>,
    /// What flowed, ascending by start.
    flows: Vec<JudgedFlow<'a>>,
    /// How far the capture can be trusted.
    capture: CaptureView,
    /// The rule documents, ascending by id.
    rules: Vec<DocumentView>,
}

/// The JSON Schema (draft 2020-12) of report.json. New fields may follow in reports, so it allows others than it names.
#[must_use]
pub fn report_schema() -> Value {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    generator
        .into_root_schema_for::<ReportDocument<'_>>()
        .to_value()
}

/// Words that are written as texts: the schema of one, and of one that may be missing.
macro_rules! words {
    ($($name:ident $or_null:ident: $list:expr;)*) => {
        $(
            #[allow(dead_code, reason = "not every word is always there")]
            pub(super) fn $name(_: &mut SchemaGenerator) -> Schema {
                let words: Vec<String> = $list.iter().map(ToString::to_string).collect();
                json_schema!({"type": "string", "enum": words})
            }

            #[allow(dead_code, reason = "not every word may be missing")]
            pub(super) fn $or_null(_: &mut SchemaGenerator) -> Schema {
                let words = $list.iter().map(|word| Value::from(word.to_string()));
                let words: Vec<Value> = words.chain([Value::Null]).collect();
                json_schema!({"enum": words})
            }
        )*
    };
}

words! {
    outcome outcome_or_null: Outcome::ALL;
    standing standing_or_null: StatusKind::ALL;
    stage stage_or_null: Stage::ALL;
    grade grade_or_null: Grade::ALL;
    severity severity_or_null: Severity::ALL;
    finding_code finding_code_or_null: FindingCode::ALL;
    evidence_code evidence_code_or_null: Code::ALL;
    name_source name_source_or_null: NameSource::ALL;
    chosen chosen_or_null: ChosenKind::ALL;
}

pub(super) fn evidence_codes(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": evidence_code(generator)})
}

/// RFC 3339 with nanoseconds, in UTC.
pub(super) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date-time"})
}

pub(super) fn time_or_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["string", "null"], "format": "date-time"})
}

pub(super) fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string"})
}

pub(super) fn text_or_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["string", "null"]})
}

/// Counts by word.
pub(super) fn counts(_: &mut SchemaGenerator) -> Schema {
    Schema::try_from(json!({
        "type": "object",
        "additionalProperties": {"type": "integer", "minimum": 0},
    }))
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::super::write_json;
    use super::*;

    /// The schema, but with no field allowed that it does not name.
    fn strict(mut schema: Value) -> Value {
        fn close(value: &mut Value) {
            match value {
                Value::Object(map) => {
                    if map.contains_key("properties") && !map.contains_key("additionalProperties") {
                        map.insert("additionalProperties".to_owned(), false.into());
                    }
                    map.values_mut().for_each(close);
                }
                Value::Array(list) => list.iter_mut().for_each(close),
                _ => {}
            }
        }
        close(&mut schema);
        schema
    }

    fn written() -> Value {
        let mut bytes = Vec::new();
        write_json(&sample().report(), &mut bytes).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    fn problems(schema: &Value, document: &Value) -> Vec<String> {
        let validator = jsonschema::validator_for(schema).unwrap();
        validator
            .iter_errors(document)
            .map(|e| format!("{} at {}", e, e.instance_path()))
            .collect()
    }

    #[test]
    fn a_report_has_all_fields_of_the_schema_and_no_others() {
        assert_eq!(
            problems(&strict(report_schema()), &written()),
            Vec::<String>::new()
        );
        for (part, field) in [("summary", "exit"), ("capture", "inputs")] {
            let mut less = written();
            less[part].as_object_mut().unwrap().remove(field);
            assert_eq!(problems(&report_schema(), &less).len(), 1, "{part}.{field}");
        }
        let mut wrong = written();
        wrong["findings"][0]["outcome"] = "perhaps".into();
        wrong["findings"][0]["frames"] = "3".into();
        assert_eq!(problems(&report_schema(), &wrong).len(), 2);
    }

    #[test]
    fn the_schema_that_is_shipped_is_that_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/report.schema.json");
        let made = serde_json::to_string_pretty(&report_schema()).unwrap() + "\n";
        if std::env::var_os("PKTAUDIT_BLESS").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        let shipped = std::fs::read_to_string(path).unwrap();
        assert!(
            made == shipped,
            "PKTAUDIT_BLESS=1 cargo test --lib schema writes {path} anew"
        );
    }
}
