//! Unbound: everything is refused but the zones that are let through. A zone holds all below it.

use std::fmt::Write as _;

use super::{Job, WrittenList, text};
use crate::export::group::groups;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut out = job.head_comment();
    out.push_str("server:\n  local-zone: \".\" always_refuse\n");
    let mut zones: Vec<String> = Vec::new();
    for group in groups(job.said) {
        zones.extend(group.words.iter().map(|word| text(word).to_owned()));
    }
    zones.sort();
    zones.dedup();
    for zone in zones {
        let _ = writeln!(out, "  local-zone: \"{zone}.\" always_transparent");
    }
    out.into()
}
