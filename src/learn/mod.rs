//! From observed traffic to a draft of a requirement file.
//!
//! ```text
//! Capture -> judge without rules -> Rows -> siblings -> TOML -> judge with it -> what was blocked, what is left -> TOML
//! ```
//!
//! | file | what |
//! |---|---|
//! | `roles` | who the hosts are: roles of a site file, or one role for all |
//! | `rows` | intents to rows, with their evidence |
//! | `siblings` | names that are alike become a wildcard |
//! | `outcome` | rows held against the same capture: what was reached, blocked, or never answered |
//! | `write` | rows as a rule file |

mod outcome;
mod roles;
mod rows;
mod siblings;
#[cfg(test)]
mod tests;
mod write;

use crate::observe::Capture;

pub(crate) use roles::Roles;

/// A draft of a rule file.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The rule file; ends with a line break.
    pub(crate) text: String,
    /// A site file that binds its roles, where these are a site's; ends with a line break.
    pub(crate) site: Option<String>,
    /// How many rows it has.
    pub(crate) rows: usize,
    /// How many flows were looked at: those that an audit would look at.
    pub(crate) flows: usize,
    /// Aims that no row can be written for: names that no rule file can hold.
    pub(crate) unwritten: Vec<String>,
    /// How many aims are unexpected under the draft; 0 unless something is unwritten.
    pub(crate) unexpected: usize,
}

/// How often what is left unexpected is put into rows of its own.
const ROUNDS: usize = 3;

/// Drafts a rule file from a capture. The same capture gives the same text, whatever order its files came in.
#[must_use]
pub(crate) fn learn(capture: &Capture, roles: &Roles) -> Draft {
    let skeleton = write::skeleton(roles);
    let site = roles.site_file();
    let Some(found) = outcome::Trial::of(capture, &skeleton, site.as_deref()) else {
        return empty(skeleton, site);
    };
    let mut rows = rows::Rows::default();
    rows.take_unexpected(&found, capture, roles);
    rows.take_lookups(capture, roles);
    let flows = found.audited_flows();
    let mut list = siblings::generalised(rows.list());
    let mut unexpected = 0;
    for _ in 0..ROUNDS {
        write::number(&mut list);
        let text = write::text(&list, roles, capture, flows, &rows);
        let Some(trial) = outcome::Trial::of(capture, &text, site.as_deref()) else {
            break;
        };
        outcome::settle(&mut list, &trial);
        unexpected = trial.unexpected();
        if unexpected == 0 {
            break;
        }
        let mut more = rows::Rows::default();
        more.take_unexpected(&trial, capture, roles);
        more.take_addresses(&trial, roles);
        rows.unwritten.append(&mut more.unwritten);
        list.extend(more.list());
        list.sort();
        list.dedup_by(|a, b| a.is_same(b));
    }
    rows.unwritten.sort();
    rows.unwritten.dedup();
    list.sort();
    write::number(&mut list);
    rows::drop_idle_lookups(&mut list, &mut rows.never_resolved);
    Draft {
        text: write::text(&list, roles, capture, flows, &rows),
        site,
        rows: list.len(),
        flows,
        unwritten: rows.unwritten,
        unexpected,
    }
}

fn empty(text: String, site: Option<String>) -> Draft {
    Draft {
        text,
        site,
        rows: 0,
        flows: 0,
        unwritten: Vec::new(),
        unexpected: 0,
    }
}
