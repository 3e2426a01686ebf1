//! One writer a target: each takes what [`super::say`] found sayable.

pub(super) mod asa;
pub(super) mod aws;
pub(super) mod azure;
pub(super) mod cilium;
pub(super) mod fortigate;
pub(super) mod haproxy;
pub(super) mod iptables;
pub(super) mod lists;
pub(super) mod nftables;
pub(super) mod opnsense;
pub(super) mod pf;
pub(super) mod rpz;
pub(super) mod squid;
pub(super) mod suricata;
pub(super) mod tables;
pub(super) mod unbound;

use std::fmt::Write as _;

use super::say::SaidEntry;
use super::target::{ExportTarget, NameAbility, Word};
use super::{Rest, Table};
use crate::report::text::visible;

/// What is to be written.
pub(super) struct Job<'t> {
    pub(super) target: &'t ExportTarget,
    pub(super) table: &'t Table,
    pub(super) said: &'t [SaidEntry<'t>],
}

/// What a writer gives.
#[derive(Debug, Default)]
pub(super) struct WrittenList {
    pub(super) text: String,
    /// What it found that it cannot say after all.
    pub(super) rest: Vec<Rest>,
}

impl From<String> for WrittenList {
    fn from(text: String) -> Self {
        Self {
            text,
            rest: Vec::new(),
        }
    }
}

impl Job<'_> {
    /// What a reader of the file should know, one line each, without marks of a comment.
    pub(super) fn head(&self) -> Vec<String> {
        let mut out = vec![format!("pktaudit rules export --to {}", self.target.name)];
        let documents = &self.table.documents;
        out.extend(
            documents
                .iter()
                .map(|(id, sha256)| format!("rules: {} sha256 {sha256}", visible(id))),
        );
        out.push(format!(
            "{} of {} destinations in force are held",
            self.said.len(),
            self.table.entries.len()
        ));
        let blind = self.target.looks_at.blind_to();
        if !blind.is_empty() {
            out.push(format!("not looked at: {}", blind.join(", ")));
        }
        if matches!(self.target.names, NameAbility::ByAddress) {
            out.push("names stand with the addresses of --dns-seed: they must be looked up again when these change".to_owned());
        }
        out
    }

    /// The head as comments.
    pub(super) fn head_comment(&self) -> String {
        let Some(mark) = self.target.comment else {
            return String::new();
        };
        let mut out = String::new();
        for line in self.head() {
            let _ = writeln!(out, "{mark} {line}");
        }
        out
    }
}

/// The text of a word that stands as it is.
pub(super) fn text(word: &Word) -> &str {
    match word {
        Word::Plain(text) | Word::Ends(text) | Word::Matches(text) => text,
    }
}
