//! Rows of one document that another one covers as they are, or that say the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::code;
use super::super::problem::Problems;
use super::super::{DocumentIndex, GroupKind, Need, PatternKind, Requirement, Source, Target};
use super::{Item, Lists, short};
use crate::model::PortSet;

/// The most rows over one destination that are looked at; more would be rows that differ in their sources only.
const MOST: usize = 64;

pub(super) fn overlaps(lists: &Lists<'_>, items: &[Item<'_>], problems: &mut Problems) {
    let by_suffix = wildcards(items);
    let by_text = same_text(items);
    let mut covered = CoveredRows::new();
    for (at, item) in items.iter().enumerate() {
        let above = covering(item, &by_suffix)
            .chain(by_text.get(&key(item)).into_iter().flatten().copied());
        for other in above.take(MOST).filter_map(|other| items.get(other)) {
            let paths =
                other.destination.path.is_none() || other.destination.path == item.destination.path;
            if std::ptr::eq(item.row, other.row)
                || !paths
                || !lets_all_through(other.row, item.row, lists)
            {
                continue;
            }
            let text = text(other);
            let entry = covered
                .entry((&item.row.id, &other.row.id))
                .or_insert_with(|| (BTreeSet::new(), text));
            entry.0.insert(at);
        }
    }
    tell(&covered, items, problems);
}

/// By row and the row that covers destinations of it: which of them, and one of the covering wildcards.
type CoveredRows<'a> = BTreeMap<(&'a str, &'a str), (BTreeSet<usize>, String)>;

fn tell(covered: &CoveredRows<'_>, items: &[Item<'_>], problems: &mut Problems) {
    let mut told = BTreeSet::new();
    for ((row, other), (which, wildcard)) in covered {
        let Some(item) = which.iter().next().and_then(|at| items.get(*at)) else {
            continue;
        };
        let whole = which.len() == item.row.to.len() && item.row.refers_to.is_empty();
        let both_ways = covered
            .get(&(*other, *row))
            .is_some_and(|(back, _)| back.len() == which.len());
        let (source, span, id) = (item.source, item.span.clone(), short(item.row));
        if both_ways && whole {
            if told.insert((row.min(other), row.max(other))) {
                let other = other.split_once('/').map_or(*other, |(_, id)| id);
                let message = format!("`{id}` says what `{other}` says");
                problems.warning(source, code::DOUBLE_ROW, span, message, None);
            }
        } else if whole {
            let message = format!("`{id}` adds nothing: `{wildcard}` of `{other}` covers it");
            problems.warning(source, code::SHADOWED_ROW, span, message, None);
        } else {
            let (covers, of) = (which.len(), item.row.to.len());
            let message = format!(
                "{covers} of the {of} destinations of `{id}` are covered by `{wildcard}` of `{other}`"
            );
            problems.note(source, code::SHADOWED_ROW, span, message, None);
        }
    }
}

/// What one row lets through and another one of the document forbids, under the same conditions and for the same sources.
pub(super) fn denied(lists: &Lists<'_>, items: &[Item<'_>], problems: &mut Problems) {
    let by_suffix = wildcards(items);
    let by_text = same_text(items);
    let mut told = BTreeSet::new();
    for item in items {
        let above = covering(item, &by_suffix)
            .chain(by_text.get(&key(item)).into_iter().flatten().copied());
        for other in above.take(MOST).filter_map(|other| items.get(other)) {
            let against = other.row.deny != item.row.deny
                && contradict(other.row, item.row)
                && !are_alternatives(other.row, item.row, lists);
            let pair = (
                (&item.row.id).min(&other.row.id),
                (&item.row.id).max(&other.row.id),
            );
            if !against || !told.insert(pair) {
                continue;
            }
            let (does, did) = match item.row.deny {
                true => ("forbids", "lets through"),
                false => ("lets through", "forbids"),
            };
            let message = format!(
                "`{}` {does} what `{}` of `{}` {did}",
                short(item.row),
                text(other),
                short(other.row)
            );
            problems.warning(
                item.source,
                code::DENIED_AND_ALLOWED,
                item.span.clone(),
                message,
                "conditions of both rows say when which of them holds".to_owned(),
            );
        }
    }
}

/// Whether some traffic, destination aside, is in both rows, whatever holds at a site.
fn contradict(a: &Requirement, b: &Requirement) -> bool {
    let both = |a: &PortSet, b: &PortSet| {
        let meets = |(from, to): &(u16, u16)| {
            b.ranges()
                .iter()
                .any(|(first, last)| from <= last && first <= to)
        };
        a.is_empty() || b.is_empty() || a.ranges().iter().any(meets)
    };
    let transport = a.transport.is_empty()
        || b.transport.is_empty()
        || a.transport.iter().any(|one| b.transport.contains(one));
    let any = |row: &Requirement| row.from.contains(&Source::Any);
    let sources = any(a) || any(b) || a.from.iter().any(|source| b.from.contains(source));
    let regions = a.region.is_empty()
        || b.region.is_empty()
        || a.region.iter().any(|one| b.region.contains(one));
    a.when == b.when
        && a.valid == b.valid
        && both(&a.ports, &b.ports)
        && transport
        && sources
        && regions
}

type OverlapKey = (DocumentIndex, String);

fn text(item: &Item<'_>) -> String {
    match &item.destination.target {
        Target::Name(name) => name.to_string(),
        Target::Network(network) => network.to_string(),
        _ => String::new(),
    }
}

fn key(item: &Item<'_>) -> OverlapKey {
    (item.row.document, text(item))
}

/// Destinations by their text, in their order.
fn same_text(items: &[Item<'_>]) -> HashMap<OverlapKey, Vec<usize>> {
    let mut out: HashMap<OverlapKey, Vec<usize>> = HashMap::new();
    for (at, item) in items
        .iter()
        .enumerate()
        .filter(|(_, item)| !text(item).is_empty())
    {
        out.entry(key(item)).or_default().push(at);
    }
    out
}

/// Wildcards over whole labels by what is below their star.
fn wildcards(items: &[Item<'_>]) -> HashMap<OverlapKey, Vec<usize>> {
    let mut out: HashMap<OverlapKey, Vec<usize>> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        if let Target::Name(name) = &item.destination.target
            && name.kind() == PatternKind::SubdomainsOf
        {
            out.entry((item.row.document, name.literal_tail().to_owned()))
                .or_default()
                .push(at);
        }
    }
    out
}

/// Wildcards that a name is below, the nearest first.
fn covering<'i>(
    item: &'i Item<'_>,
    by_suffix: &'i HashMap<OverlapKey, Vec<usize>>,
) -> impl Iterator<Item = usize> + 'i {
    let name = match &item.destination.target {
        Target::Name(name) => name.as_str(),
        _ => "",
    };
    // `*.a.x` is below `*.x` and not below itself.
    let name = name.strip_prefix("*.").unwrap_or(name);
    let above = name
        .match_indices('.')
        .map(move |(dot, _)| &name[dot + 1..]);
    above.flat_map(move |suffix| {
        by_suffix
            .get(&(item.row.document, suffix.to_owned()))
            .into_iter()
            .flatten()
            .copied()
    })
}

/// Whether whatever may pass by `inner`, destination aside, may pass by `outer`.
fn lets_all_through(outer: &Requirement, inner: &Requirement, lists: &Lists<'_>) -> bool {
    let unconditional = outer
        .when
        .iter()
        .all(|condition| inner.when.contains(condition));
    let always = outer.valid == Default::default() || outer.valid == inner.valid;
    let everywhere = outer.region.is_empty() || outer.region == inner.region;
    // What is required beside something optional says that much more.
    let as_needed = inner.need == Need::Optional || outer.need == inner.need;
    outer.deny == inner.deny
        && as_needed
        && unconditional
        && always
        && everywhere
        && outer.direction == inner.direction
        && holds_ports(&outer.ports, &inner.ports)
        && (outer.transport == inner.transport
            || !inner.transport.is_empty()
                && inner
                    .transport
                    .iter()
                    .all(|one| outer.transport.contains(one)))
        && (outer.from.contains(&Source::Any)
            || inner.from.iter().all(|source| outer.from.contains(source)))
        && !are_alternatives(outer, inner, lists)
}

fn holds_ports(outer: &PortSet, inner: &PortSet) -> bool {
    let within = |(a, b): &(u16, u16)| outer.ranges().iter().any(|(from, to)| from <= a && b <= to);
    outer == inner || (!inner.is_empty() && inner.ranges().iter().all(within))
}

/// A wildcard, or the list that stands for it: the page says so.
fn are_alternatives(a: &Requirement, b: &Requirement, lists: &Lists<'_>) -> bool {
    a.any_of.iter().any(|(group, one)| {
        let kind = lists
            .library
            .groups
            .get(group.index())
            .map(|group| group.kind);
        let other = b
            .any_of
            .iter()
            .any(|(same, other)| same == group && other != one);
        other && kind != Some(GroupKind::Pool)
    })
}
