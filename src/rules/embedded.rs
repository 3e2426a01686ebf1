//! The shipped rule sets, built into the binary.

use super::RuleText;

/// File name and text of each shipped rule file, ascending by name.
const FILES: &[(&str, &str)] = &[];

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
