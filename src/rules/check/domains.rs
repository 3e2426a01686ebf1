//! Names looked at together: wildcards that reach too far, near twins of registrable domains, vendors' own domains.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::code;
use super::super::problem::{Problems, edit_distance};
use super::super::{NamePattern, PatternKind, Target};
use super::Written;

/// A name in a file.
pub(super) struct Mention {
    /// Place of the file.
    pub(super) file: usize,
    pub(super) span: Range<usize>,
    pub(super) name: NamePattern,
}

impl Mention {
    /// The name of a destination, if it has one.
    pub(super) fn of(file: usize, span: Range<usize>, target: &Target) -> Option<Self> {
        let name = match target {
            Target::Name(name) => name.clone(),
            Target::Template(template) => template.any_region(),
            _ => return None,
        };
        Some(Self { file, span, name })
    }

    /// The whole labels at the end that are sure.
    fn tail(&self) -> &str {
        match self.name.kind() {
            PatternKind::EndingWith => self.name.suffix(),
            _ => self.name.literal_tail(),
        }
    }

    fn registrable(&self) -> Option<&str> {
        psl::domain_str(self.tail())
    }
}

/// Flags wildcards over public suffixes, over shared hosting, and across owners.
pub(super) fn broad_wildcards(mentions: &[Mention], files: &[Written], problems: &mut Problems) {
    for mention in mentions
        .iter()
        .filter(|m| m.name.kind() != PatternKind::Exact)
    {
        let source = &files[mention.file].source;
        let tail = mention.tail();
        let suffix = psl::suffix(tail.as_bytes());
        let is_suffix = suffix.is_none_or(|s| s.as_bytes() == tail.as_bytes());
        let private = suffix.is_some_and(|s| s.typ() == Some(psl::Type::Private));
        let name = mention.name.as_str();
        if is_suffix && private {
            let message = format!(
                "anybody can have names under `{tail}`, so `{name}` covers strangers' servers"
            );
            problems.warning(
                source,
                code::WILDCARD_SHARED_HOSTING,
                mention.span.clone(),
                message,
                None,
            );
        } else if is_suffix {
            let message = format!("`{name}` covers everything under the public suffix `{tail}`");
            problems.error(
                source,
                code::WILDCARD_TOO_BROAD,
                mention.span.clone(),
                message,
                "name the registrable domain at least".to_owned(),
            );
        } else if mention.name.kind() == PatternKind::EndingWith
            && mention.registrable() == Some(tail)
        {
            let message =
                format!("`{name}` also covers other owners' domains that end with `{tail}`");
            let hint = format!("`*.{tail}` covers the names below the domain only");
            problems.warning(
                source,
                code::WILDCARD_CROSSES_DOMAIN,
                mention.span.clone(),
                message,
                hint,
            );
        }
    }
}

/// Registrable domains seen this often are sure enough to be the twin that was meant.
const OFTEN: usize = 3;

/// Flags names whose registrable domain is seen once, while one much like it is seen often.
pub(super) fn near_twins(mentions: &[Mention], files: &[Written], problems: &mut Problems) {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for mention in mentions {
        if let Some(domain) = mention.registrable() {
            let list = names.entry(domain).or_default();
            if !list.contains(&mention.name.as_str()) && list.len() < OFTEN {
                list.push(mention.name.as_str());
            }
        }
    }
    let known: Vec<(&str, usize)> = names
        .iter()
        .map(|(domain, list)| (*domain, list.len()))
        .collect();
    let often: Vec<&str> = known
        .iter()
        .filter(|(_, n)| *n >= OFTEN)
        .map(|(d, _)| *d)
        .collect();
    let labels: Vec<&str> = often.iter().filter_map(|d| d.split('.').next()).collect();
    let mut done: Vec<&str> = Vec::new();
    for mention in mentions {
        let Some(domain) = mention.registrable() else {
            continue;
        };
        if names.get(domain).is_none_or(|list| list.len() != 1)
            || done.contains(&mention.name.as_str())
        {
            continue;
        }
        let tail = brand_tail(mention.tail(), domain, &labels);
        let Some(twin) = twin(tail, &often, &known) else {
            continue;
        };
        done.push(mention.name.as_str());
        let message = format!(
            "`{tail}` occurs once, while `{}` and the like occur often",
            often.iter().find(|d| same_brand(d, tail)).unwrap_or(&twin)
        );
        let meant = mention.name.as_str().strip_suffix(tail).unwrap_or_default();
        let hint = format!("did the page mean `{meant}{twin}`? it is used as written");
        problems.warning(
            &files[mention.file].source,
            code::NEAR_TWIN_DOMAIN,
            mention.span.clone(),
            message,
            hint,
        );
    }
}

/// From the label that an often-seen domain begins with, where the name has it, else the registrable domain.
///
/// `api.example.com.jp` has the registrable domain `com.jp`; what looks like its owner is `example.com.jp`.
fn brand_tail<'a>(tail: &'a str, domain: &'a str, labels: &[&str]) -> &'a str {
    let mut rest = tail;
    loop {
        let first = rest.split('.').next().unwrap_or_default();
        if labels.contains(&first) {
            return rest;
        }
        match rest.split_once('.') {
            Some((_, after)) if rest != domain => rest = after,
            _ => return domain,
        }
    }
}

fn same_brand(a: &str, b: &str) -> bool {
    a.split('.').next() == b.split('.').next()
}

/// The known domain that was likely meant: of the same owner's label where there is one, else at most two edits away.
/// Domains seen twice count too once an often-seen one vouches for the label.
fn twin<'a>(tail: &str, often: &[&'a str], known: &[(&'a str, usize)]) -> Option<&'a str> {
    let branded = often.iter().any(|d| same_brand(d, tail) && *d != tail);
    let candidates: Vec<&'a str> = if branded {
        known
            .iter()
            .filter(|(d, n)| *n > 1 && same_brand(d, tail))
            .map(|(d, _)| *d)
            .collect()
    } else {
        often
            .iter()
            .copied()
            .filter(|d| d.len() >= 6 && edit_distance(tail, d, 2) <= 2)
            .collect()
    };
    candidates
        .into_iter()
        .filter(|d| *d != tail)
        .min_by_key(|d| (edit_distance(tail, d, 16), *d))
}

/// For each file the registrable domains that are its vendor's own, ascending: the one that most of its names are
/// under, and those that begin with the same label.
pub(super) fn vendor_domains(mentions: &[Mention], files: &[Written]) -> Vec<Vec<String>> {
    let mut counts: Vec<BTreeMap<&str, usize>> = vec![BTreeMap::new(); files.len()];
    for mention in mentions {
        if let Some(domain) = mention.registrable() {
            *counts[mention.file].entry(domain).or_default() += 1;
        }
    }
    let own = |(count, file): (BTreeMap<&str, usize>, &Written)| {
        if !file.file.document.vendor_domains.is_empty() {
            let mut stated: Vec<String> = file
                .file
                .document
                .vendor_domains
                .iter()
                .map(|d| d.to_ascii_lowercase())
                .collect();
            stated.sort_unstable();
            stated.dedup();
            return stated;
        }
        let Some(most) = count.iter().max_by_key(|(_, n)| **n).map(|(d, _)| *d) else {
            return Vec::new();
        };
        count
            .keys()
            .filter(|d| same_brand(d, most))
            .map(|d| (*d).to_owned())
            .collect()
    };
    counts.into_iter().zip(files).map(own).collect()
}
