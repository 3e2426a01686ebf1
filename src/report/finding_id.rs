//! Names for findings that hold from one run to the next.

use foldhash::HashMap;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::judge::Finding;
use crate::rules::RuleSet;

/// Hexadecimal digits of an id, two a byte: enough that two findings of a report seldom share them, few enough to type.
const DIGITS: usize = 8;

/// One id for each finding, in their order: the code, `-`, and digits worked out from what the finding is about (who,
/// to what, port, transport, requirements), never from when it was seen or where it stands in the list. So the same
/// finding has the same id in the next capture. Of findings about the same thing the second ends in `-2`, and so on.
pub(super) fn finding_ids(findings: &[Finding], rules: &RuleSet) -> Vec<String> {
    let mut times: HashMap<String, u32> = HashMap::default();
    let all: Vec<String> = findings
        .par_iter()
        .with_min_len(256)
        .map(|finding| format!("{}-{}", finding.code, digits(finding, rules)))
        .collect();
    all.into_iter()
        .map(|id| {
            let time = times.entry(id.clone()).or_default();
            *time += 1;
            if *time > 1 {
                format!("{id}-{time}")
            } else {
                id
            }
        })
        .collect()
}

fn digits(finding: &Finding, rules: &RuleSet) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    part(finding.code.as_str());
    part(&finding.initiator.map_or(String::new(), |ip| ip.to_string()));
    part(&finding.target);
    part(&finding.port.map_or(String::new(), |port| port.to_string()));
    part(&finding.transport.map_or(String::new(), |t| t.to_string()));
    for index in &finding.requirements {
        let row = rules.library().requirement(*index);
        part(row.map_or("", |row| row.id.as_str()));
    }
    let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
    format!("{:0DIGITS$x}", u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::*;

    #[test]
    fn ids_are_of_the_thing_and_not_of_the_time() {
        let sample = sample();
        let mut findings = sample.judgement.findings.clone();
        let ids = finding_ids(&findings, &sample.rules);
        assert!(ids[0].starts_with("blocked-") && ids[0].len() == "blocked-".len() + DIGITS);
        assert_eq!(
            ids.iter().collect::<std::collections::HashSet<_>>().len(),
            ids.len()
        );
        for finding in &mut findings {
            finding.span = None;
            finding.flows.clear();
            finding.message = crate::wording::Phrase::default();
        }
        assert_eq!(finding_ids(&findings, &sample.rules), ids);
        findings.insert(1, findings[0].clone());
        let again = finding_ids(&findings, &sample.rules);
        assert_eq!(again[1], format!("{}-2", ids[0]));
        assert_eq!(again[2], ids[1]);
    }
}
