//! What is in force at a site, in the words of firewalls, proxies and name servers.
//!
//! ```text
//! RuleSet -> Table (one entry a destination) -> say (what the target can express) -> writer (bytes)
//!                                                  \-> Rest (what it cannot, row by row)
//! ```
//!
//! | file | what |
//! |---|---|
//! | `table` | the entries in force, each once, with the requirements behind it |
//! | `missing` | only those that a report calls blocked |
//! | `target` | what each target can say, as data |
//! | `say` | entries against a target's means |
//! | `group` | entries that differ in their destination only, with networks merged |
//! | `matching` | name patterns as regular expressions |
//! | `targets/` | one writer a target |

mod group;
mod matching;
mod missing;
mod say;
mod table;
mod target;
mod targets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub(crate) use missing::Missing;
pub(crate) use say::{Extent, Rest, rest_csv};
pub(crate) use table::{Entry, Table};
pub(crate) use target::{ExportTarget, TARGETS, target};

/// Names and the addresses that they had when somebody asked.
pub(crate) type Addresses = BTreeMap<String, BTreeSet<IpAddr>>;

/// What the person wants of an export.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    /// Where a target cannot say a wildcard, say more than it.
    pub(crate) widen: bool,
    /// For targets that know addresses only.
    pub(crate) addresses: Addresses,
}

/// An export: what to load, and what it does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Export {
    /// The text to load; ends with a line break.
    pub(crate) text: String,
    /// How many entries it holds, those that are said in part among them.
    pub(crate) said: usize,
    /// What is not said, or not as the requirement has it; in the order of the requirements.
    pub(crate) rest: Vec<Rest>,
}

/// Writes a table for a target.
#[must_use]
pub(crate) fn export(table: &Table, target: &ExportTarget, wishes: &Wishes) -> Export {
    let (said, mut rest) = say::say(table, target, wishes);
    let job = targets::Job {
        target,
        table,
        said: &said,
    };
    let written = (target.write)(&job);
    rest.extend(written.rest);
    rest.sort();
    rest.dedup();
    Export {
        text: written.text,
        said: said.len(),
        rest,
    }
}
