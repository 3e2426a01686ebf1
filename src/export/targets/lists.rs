//! Plain lists, one entry a line.

use super::{Job, WrittenList, text};
use crate::export::group::groups;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut lines: Vec<String> = Vec::new();
    let mut networks = Vec::new();
    for group in groups(job.said) {
        lines.extend(group.words.iter().map(|word| text(word).to_owned()));
        networks.extend(group.networks());
    }
    lines.sort();
    lines.dedup();
    lines.extend(
        ipnet::IpNet::aggregate(&networks)
            .iter()
            .map(ToString::to_string),
    );
    lines
        .into_iter()
        .map(|line| line + "\n")
        .collect::<String>()
        .into()
}
