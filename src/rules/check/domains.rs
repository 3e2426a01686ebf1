//! Names looked at together: wildcards that reach too far, near twins of registrable domains, vendors' own domains.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use strsim::osa_distance;

use super::super::code;
use super::super::problem::Problems;
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

/// Registrable domains with this many names are sure enough to be the twin that was meant.
const OFTEN: usize = 3;

/// The most often-seen domains that are compared letter by letter; a page has a handful.
const MOST_COMPARED: usize = 64;

/// Flags names whose registrable domain is seen once, while one much like it is seen often.
pub(super) fn near_twins(mentions: &[Mention], files: &[Written], problems: &mut Problems) {
    let domains = Domains::of(mentions);
    let mut done = BTreeSet::new();
    for mention in mentions {
        let Some(domain) = mention.registrable() else {
            continue;
        };
        if domains
            .names
            .get(domain)
            .is_none_or(|names| names.len() != 1)
            || !done.insert(mention.name.as_str())
        {
            continue;
        }
        let tail = domains.brand_tail(mention.tail(), domain);
        let Some(twin) = domains.twin(tail) else {
            continue;
        };
        let message = format!("`{tail}` occurs once and looks much like `{twin}`");
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

/// Registrable domains with their names.
struct Domains<'a> {
    names: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Domains of more than one name by their first label, for labels that also have an often-seen domain.
    brands: BTreeMap<&'a str, Vec<&'a str>>,
    /// The first [`MOST_COMPARED`] of those with [`OFTEN`] names or more.
    often: Vec<&'a str>,
}

impl<'a> Domains<'a> {
    fn of(mentions: &'a [Mention]) -> Self {
        let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for mention in mentions {
            if let Some(domain) = mention.registrable() {
                names
                    .entry(domain)
                    .or_default()
                    .insert(mention.name.as_str());
            }
        }
        let often: Vec<&str> = names
            .iter()
            .filter(|(_, n)| n.len() >= OFTEN)
            .map(|(d, _)| *d)
            .collect();
        let mut brands: BTreeMap<&str, Vec<&str>> =
            often.iter().map(|d| (first_label(d), Vec::new())).collect();
        for (domain, _) in names.iter().filter(|(_, n)| n.len() > 1) {
            if let Some(list) = brands.get_mut(first_label(domain)) {
                list.push(domain);
            }
        }
        let often = often
            .into_iter()
            .filter(|d| d.len() >= 6)
            .take(MOST_COMPARED)
            .collect();
        Self {
            names,
            brands,
            often,
        }
    }

    /// From the label that an often-seen domain begins with, where the name has it, else the registrable domain.
    ///
    /// `api.example.com.jp` has the registrable domain `com.jp`; what looks like its owner is `example.com.jp`.
    fn brand_tail<'n>(&self, tail: &'n str, domain: &'n str) -> &'n str {
        let mut rest = tail;
        loop {
            if self.brands.contains_key(first_label(rest)) {
                return rest;
            }
            match rest.split_once('.') {
                Some((_, after)) if rest != domain => rest = after,
                _ => return domain,
            }
        }
    }

    /// The known domain that was likely meant: of the same owner's label where there is one, else at most two edits
    /// away. Domains seen twice count too once an often-seen one vouches for the label.
    fn twin(&self, tail: &str) -> Option<&'a str> {
        let near = self.often.iter().filter(|d| osa_distance(tail, d) <= 2);
        let candidates: Vec<&'a str> = match self.brands.get(first_label(tail)) {
            Some(list) => list.iter().take(MOST_COMPARED).copied().collect(),
            None => near.copied().collect(),
        };
        candidates
            .into_iter()
            .filter(|d| *d != tail)
            .min_by_key(|d| (osa_distance(tail, d), *d))
    }
}

fn first_label(domain: &str) -> &str {
    domain.split('.').next().unwrap_or_default()
}

fn same_brand(a: &str, b: &str) -> bool {
    first_label(a) == first_label(b)
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
