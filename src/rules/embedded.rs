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
