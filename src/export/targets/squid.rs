//! Squid: lists that are let through. `*.x` stands as an expression: `.x` would let `x` in too, and `*.x` is taken by
//! `dstdomain` and never fits.

use std::fmt::Write as _;

use super::{Job, WrittenList, text};
use crate::export::group::{AimGroup, groups, ports_as};
use crate::export::target::Word;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut out = job.head_comment();
    out.push_str("# Stands before: http_access deny all\n");
    for (number, group) in (1..).zip(groups(job.said)) {
        rule(number, &group, &mut out);
    }
    out.into()
}

fn rule(number: usize, group: &AimGroup<'_>, out: &mut String) {
    let _ = writeln!(out, "# {}", group.because(300));
    let mut conditions = String::new();
    if let Some(sources) = group.sources() {
        for network in sources {
            let _ = writeln!(out, "acl pa_{number}_from src {network}");
        }
        let _ = write!(conditions, " pa_{number}_from");
    }
    if !group.ports.is_empty() {
        let _ = writeln!(
            out,
            "acl pa_{number}_port port {}",
            ports_as(group.ports, "-", " ")
        );
        let _ = write!(conditions, " pa_{number}_port");
    }
    let mut ways = Vec::new();
    let exact = |word: &&Word| matches!(word, Word::Plain(_));
    // -n: no lookups of addresses that a client asks for.
    for name in group.words.iter().filter(exact) {
        let _ = writeln!(out, "acl pa_{number}_name dstdomain -n {}", text(name));
    }
    if group.words.iter().any(|word| exact(&word)) {
        ways.push("name");
    }
    for expression in group.words.iter().filter(|word| !exact(word)) {
        let _ = writeln!(
            out,
            "acl pa_{number}_like dstdom_regex -n -i {}",
            text(expression)
        );
    }
    if group.words.iter().any(|word| !exact(&word)) {
        ways.push("like");
    }
    for network in group.networks() {
        let _ = writeln!(out, "acl pa_{number}_net dst {network}");
    }
    if group.networks().next().is_some() {
        ways.push("net");
    }
    for way in &ways {
        let _ = writeln!(out, "http_access allow{conditions} pa_{number}_{way}");
    }
    if group.anywhere {
        let _ = writeln!(
            out,
            "http_access allow{}",
            if conditions.is_empty() {
                " all"
            } else {
                &conditions
            }
        );
    }
}
