//! AWS Network Firewall: what `aws network-firewall create-rule-group --rule-group` takes. The list form has names only, any
//! port; `.x` there is `x` and all below. The other form is Suricata's language.

use serde_json::json;

use super::{Job, WrittenList, suricata, text};
use crate::export::group::groups;

pub(in crate::export) fn write_rules(job: &Job<'_>) -> WrittenList {
    let rules = suricata::rules(job);
    let group = json!({
        "RulesSource": { "RulesString": rules },
        "StatefulRuleOptions": { "RuleOrder": "STRICT_ORDER" },
    });
    format!("{group:#}\n").into()
}

pub(in crate::export) fn write_domains(job: &Job<'_>) -> WrittenList {
    let mut names: Vec<String> = Vec::new();
    for group in groups(job.said) {
        names.extend(group.words.iter().map(|word| text(word).to_owned()));
    }
    names.sort();
    names.dedup();
    let group = json!({
        "RulesSource": {
            "RulesSourceList": {
                "Targets": names,
                "TargetTypes": ["TLS_SNI", "HTTP_HOST"],
                "GeneratedRulesType": "ALLOWLIST",
            },
        },
    });
    format!("{group:#}\n").into()
}
