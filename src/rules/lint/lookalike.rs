//! Registrable domains that a person reads as another one of the list: letters of other scripts, digits for letters.
//! `check` compares domains letter by letter; here they are compared as they look.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Target;
use super::super::code;
use super::super::problem::Problems;
use super::{Item, Lists};

/// Letters of other scripts that look like Latin ones (Unicode confusables, those of domain names).
const LOOK_LIKE: &[(char, char)] = &[
    ('а', 'a'),
    ('в', 'b'),
    ('с', 'c'),
    ('ԁ', 'd'),
    ('е', 'e'),
    ('һ', 'h'),
    ('і', 'i'),
    ('ј', 'j'),
    ('к', 'k'),
    ('ӏ', 'l'),
    ('м', 'm'),
    ('п', 'n'),
    ('о', 'o'),
    ('р', 'p'),
    ('ԛ', 'q'),
    ('г', 'r'),
    ('ѕ', 's'),
    ('т', 't'),
    ('у', 'y'),
    ('ѵ', 'v'),
    ('ԝ', 'w'),
    ('х', 'x'),
    ('α', 'a'),
    ('β', 'b'),
    ('ε', 'e'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('ν', 'v'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('τ', 't'),
    ('υ', 'u'),
    ('χ', 'x'),
    ('ı', 'i'),
    ('ɡ', 'g'),
    ('ⅼ', 'l'),
    ('0', 'o'),
    ('1', 'l'),
    ('5', 's'),
];

pub(super) fn lookalikes(lists: &Lists<'_>, items: &[Item<'_>], problems: &mut Problems) {
    // How a domain looks: the domains that look so, with how many names are under each.
    let mut by_look: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    for domain in lists
        .library
        .documents
        .iter()
        .flat_map(|document| &document.vendor_domains)
    {
        by_look
            .entry(look(domain))
            .or_default()
            .entry(domain)
            .or_default();
    }
    let domains: Vec<(&Item<'_>, &str)> = items
        .iter()
        .filter_map(|item| Some((item, domain(item)?)))
        .collect();
    for (_, domain) in &domains {
        *by_look
            .entry(look(domain))
            .or_default()
            .entry(domain)
            .or_default() += 1;
    }
    let mut told = BTreeSet::new();
    for (item, domain) in domains {
        let Some(alike) = by_look.get(&look(domain)).filter(|alike| alike.len() > 1) else {
            continue;
        };
        let own = alike.get(domain).copied().unwrap_or_default();
        let other = alike
            .iter()
            .filter(|(other, _)| **other != domain)
            .max_by_key(|(_, count)| **count);
        let Some((other, count)) = other else {
            continue;
        };
        // The one with more names is the one that is meant.
        if own <= *count && told.insert(domain) {
            let message = format!(
                "`{}` looks like `{other}` and is another domain",
                shown(domain)
            );
            problems.warning(
                item.source,
                code::LOOKALIKE_DOMAIN,
                item.span.clone(),
                message,
                None,
            );
        }
    }
}

fn domain<'a>(item: &'a Item<'_>) -> Option<&'a str> {
    match &item.destination.target {
        Target::Name(name) => psl::domain_str(name.literal_tail()),
        _ => None,
    }
}

/// With letters of other scripts as people see them.
fn shown(domain: &str) -> String {
    match idna::domain_to_unicode(domain) {
        (text, Ok(())) if text != domain => format!("{text} ({domain})"),
        _ => domain.to_owned(),
    }
}

fn look(domain: &str) -> String {
    let (text, _) = idna::domain_to_unicode(domain);
    let letter = |c: char| {
        LOOK_LIKE
            .iter()
            .find(|(other, _)| *other == c)
            .map_or(c, |(_, latin)| *latin)
    };
    let text: String = text.chars().map(letter).collect();
    text.replace("rn", "m").replace("vv", "w").replace('l', "i")
}
