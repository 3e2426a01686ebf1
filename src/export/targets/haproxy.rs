//! HAProxy: conditions on the name in the TLS handshake. `-m end .x` is below `x` at any depth; `-m dom` would fit in the
//! middle of other names.

use std::fmt::Write as _;

use super::{Job, WrittenList};
use crate::export::group::{AimGroup, groups, ports_as};
use crate::export::target::Word;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut out = job.head_comment();
    out.push_str("# Stands in a frontend with: mode tcp\n");
    out.push_str("tcp-request inspect-delay 5s\n");
    for (number, group) in (1..).zip(groups(job.said)) {
        rule(number, &group, &mut out);
    }
    out.push_str("tcp-request content reject if { req.ssl_hello_type 1 }\n");
    out.into()
}

fn rule(number: usize, group: &AimGroup<'_>, out: &mut String) {
    let mut conditions = String::new();
    let _ = writeln!(out, "# {}", group.because(300));
    if let Some(sources) = group.sources() {
        for network in sources {
            let _ = writeln!(out, "acl pa_{number}_from src {network}");
        }
        let _ = write!(conditions, " pa_{number}_from");
    }
    if !group.ports.is_empty() {
        let _ = writeln!(
            out,
            "acl pa_{number}_port dst_port {}",
            ports_as(group.ports, ":", " ")
        );
        let _ = write!(conditions, " pa_{number}_port");
    }
    for word in &group.words {
        let (method, text) = match word {
            Word::Plain(text) => ("str", text.clone()),
            Word::Ends(text) => ("end", text.clone()),
            // A backslash is eaten by the file's own reading.
            Word::Matches(text) => ("reg", text.replace('\\', "\\\\")),
        };
        let _ = writeln!(
            out,
            "acl pa_{number}_name req.ssl_sni -i -m {method} {text}"
        );
    }
    let _ = writeln!(
        out,
        "tcp-request content accept if{conditions} pa_{number}_name"
    );
}
