//! What a page itself has where a finding rests on it.

use std::net::IpAddr;

use crate::rules::{Library, Requirement, Target};

/// The most destinations where none of them fits what was tried.
const MOST: usize = 8;

/// The destinations of a row that fit a name or one of some addresses; where none does, the first few.
pub(super) fn entries(
    row: &Requirement,
    library: &Library,
    target: &str,
    addresses: &[IpAddr],
) -> Vec<String> {
    let fits = |to: &Target| match to {
        Target::Name(pattern) => pattern.matches(target),
        Target::Network(network) => addresses.iter().any(|ip| network.contains(ip)),
        _ => false,
    };
    let all = || row.to.iter().map(|to| &to.target);
    // Said in words only where it is told.
    let some_fit = all().any(fits);
    let told = all().filter(|to| !some_fit || fits(to));
    let mut out: Vec<String> = Vec::with_capacity(1);
    for text in told.map(|to| text(to, library)) {
        if !out.contains(&text) && out.len() < MOST {
            out.push(text);
        }
    }
    out
}

fn text(target: &Target, library: &Library) -> String {
    match target {
        Target::Name(pattern) => pattern.to_string(),
        Target::Template(template) => template.as_str().to_owned(),
        Target::Network(network) if network.prefix_len() == network.max_prefix_len() => {
            network.addr().to_string()
        }
        Target::Network(network) => network.to_string(),
        Target::Role(role) => format!("role:{}", library.role_name(*role)),
        Target::Any => "any".to_owned(),
        Target::Localhost => "localhost".to_owned(),
    }
}
