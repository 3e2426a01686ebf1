//! What a row needs to stand by itself: in which files its frames lie, in which roles its ends are.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::Stamp;
use crate::observe::{Flow, FlowId};
use crate::report::Report;

/// `file: 3 4 5`, numbers as in the file itself, of each file with such frames.
pub(super) fn frames_in_files(report: &Report<'_>, stamps: &[Stamp]) -> String {
    let mut by_input: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for stamp in stamps {
        let (input, number) = report.audit.capture.numbering.place(stamp.frame);
        by_input.entry(input).or_default().push(number.to_string());
    }
    let files = by_input.into_iter();
    let files =
        files.map(|(input, numbers)| format!("{}: {}", path(report, input), numbers.join(" ")));
    files.collect::<Vec<_>>().join(" | ")
}

/// The file with a frame.
pub(super) fn file<'r>(report: &'r Report<'_>, stamp: Stamp) -> &'r str {
    path(report, report.audit.capture.numbering.place(stamp.frame).0)
}

fn path<'r>(report: &'r Report<'_>, input: u32) -> &'r str {
    report.files.get(input as usize).map_or("", String::as_str)
}

/// The roles that the site file gives an address, with those that they inherit from; none without a site file, since
/// then every private address stands for every role.
pub(in crate::report) fn roles(report: &Report<'_>, ip: IpAddr) -> Vec<String> {
    let (profile, library) = (report.audit.rules.profile(), report.audit.rules.library());
    if profile.is_default() {
        return Vec::new();
    }
    let roles = profile.roles_of(ip);
    let names = roles
        .iter()
        .filter_map(|role| library.roles.get(role.index()));
    names.map(|role| role.name.clone()).collect()
}

/// Flows of a report by their places.
pub(super) fn flows<'r>(
    report: &'r Report<'_>,
    places: impl IntoIterator<Item = FlowId>,
) -> Vec<&'r Flow> {
    let capture = report.audit.capture;
    let places = places.into_iter();
    places.filter_map(|place| capture.flow(place)).collect()
}

/// Bytes out and in of some flows.
pub(super) fn bytes(flows: &[&Flow]) -> [u64; 2] {
    let sum = |of: fn(&Flow) -> u64| flows.iter().map(|flow| of(flow)).sum();
    [sum(|flow| flow.out.bytes), sum(|flow| flow.back.bytes)]
}
