//! The shipped rule sets, built into the binary.

use super::RuleText;

/// File name and text of each shipped rule file, ascending by name.
const FILES: &[(&str, &str)] = &[
    (
        "server-workload-protection.toml",
        include_str!("../../rules/server-workload-protection.toml"),
    ),
    (
        "vision-one-jp-cloud-extension.toml",
        include_str!("../../rules/vision-one-jp-cloud-extension.toml"),
    ),
    (
        "workload-security-en.toml",
        include_str!("../../rules/workload-security-en.toml"),
    ),
    (
        "workload-security-ja.toml",
        include_str!("../../rules/workload-security-ja.toml"),
    ),
];

/// The shipped rule sets: what is used where no rules are named.
#[must_use]
pub fn embedded() -> Vec<RuleText> {
    FILES
        .iter()
        .map(|(name, text)| RuleText {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect()
}

/// A first rule file of five rows, to be changed by a person.
pub const FIRST_RULES: &str = include_str!("init.toml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rules_have_five_rows_and_nothing_wrong() {
        let text = RuleText {
            name: "init.toml".to_owned(),
            text: FIRST_RULES.to_owned(),
        };
        let (library, problems) = super::super::check(&[text]).unwrap();
        assert_eq!(library.requirements.len(), 5);
        let loud: Vec<_> = problems
            .iter()
            .filter(|problem| problem.severity < super::super::Severity::Note)
            .collect();
        assert!(loud.is_empty(), "{loud:?}");
    }
}
