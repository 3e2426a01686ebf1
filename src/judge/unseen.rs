//! Which requirements did the capture never exercise, and why? Judged only on the whole.

use std::cell::LazyCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::{HashMap, HashSet};

use super::WholeCase;
use super::attempt::TAIL;
use super::evidence::{Code, Evidence, Grade};
use super::finding::{Finding, FindingCode, Severity};
use super::requirement_verdict::{NotSeen, RequirementStatus, RequirementVerdict};
use super::rows;
use super::share::JudgedShare;
use super::whole::merged;
use crate::model::{Merge, PortSet, Stamp, Transport};
use crate::observe::NameSource;
use crate::rules::{Group, GroupKind, Member, PatternKind, Requirement, RequirementIndex, Target};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

/// One finding for each requirement whose absence proves something.
pub(super) fn never_seen(case: &WholeCase<'_>, out: &mut Vec<Finding>) {
    let mut told: BTreeMap<&str, &str> = BTreeMap::new();
    let untried = LazyCell::new(|| merged(case.shares, |share| Untried::of(share)));
    let proxied = case
        .intents
        .iter()
        .any(|i| i.source == Some(NameSource::HttpConnect));
    for verdict in case.requirements {
        let RequirementStatus::NotSeen(why) = verdict.standing else {
            continue;
        };
        let Some(row) = case.rules.library().requirement(verdict.requirement) else {
            continue;
        };
        // A forward proxy resolves names itself: its clients need not ask.
        if proxied && row.app.len() == 1 && row.app[0] == "dns" {
            continue;
        }
        // Where nobody in the role sent anything, there is nobody to miss it.
        if !verdict.must_see || verdict.excused_by.is_some() || proves_nothing(why) {
            continue;
        }
        let group = row.any_of.iter().find_map(|(group, alternative)| {
            let group = case.rules.groups().get(group.index())?;
            (group.kind != GroupKind::SameFlow).then_some((group, alternative.as_str()))
        });
        if let Some((group, alternative)) = group
            && is_told(case, row, group, alternative, &mut told)
        {
            continue;
        }
        out.push(Finding {
            message: absence_message(verdict, row, why, group.map(|(group, _)| group)),
            advice: advice(why).into(),
            severity: match why {
                NotSeen::SharedConnection | NotSeen::OtherWay => Severity::Low,
                _ => FindingCode::NeverSeen.severity(),
            },
            evidence: match why {
                NotSeen::SharedConnection => Vec::new(),
                _ => never_tried(verdict, || &untried).into_iter().collect(),
            },
            requirements: vec![verdict.requirement],
            port: single_port(&row.ports),
            transport: single(&row.transport),
            ..Finding::new(
                FindingCode::NeverSeen,
                rows::summary(case.rules, verdict.requirement),
            )
        });
    }
}

/// Whether another row of a group speaks for this one: the members of a pool are one absence, and so are the
/// alternatives of one need; but each row of the alternative that is told is wanted by itself. `told` are the groups
/// that have spoken, with their alternatives.
fn is_told<'a>(
    case: &WholeCase<'a>,
    row: &Requirement,
    group: &'a Group,
    alternative: &'a str,
    told: &mut BTreeMap<&'a str, &'a str>,
) -> bool {
    // Of a wildcard and its list, the wildcard says it shortest.
    let is_wanted = |at: RequirementIndex| {
        let verdict = case.requirements.get(at.index());
        verdict.is_some_and(|verdict| verdict.must_see)
    };
    let says_it = |member: &Member| {
        let row = case.rules.library().requirement(member.requirement);
        is_wanted(member.requirement) && row.is_some_and(has_wildcard)
    };
    if group.kind == GroupKind::WildcardOrList
        && !has_wildcard(row)
        && group.members.iter().any(says_it)
    {
        return true;
    }
    match told.entry(&group.id) {
        Entry::Occupied(first) => group.kind == GroupKind::Pool || *first.get() != alternative,
        Entry::Vacant(first) => {
            first.insert(alternative);
            false
        }
    }
}

/// What is said of a requirement that was never seen.
fn absence_message(
    verdict: &RequirementVerdict,
    row: &Requirement,
    why: NotSeen,
    group: Option<&Group>,
) -> Phrase {
    let mut message = Phrase::from(why.words());
    if let (NotSeen::ResolvedNeverTried, Some(port)) = (why, single_port(&row.ports)) {
        message = phrase!(never_on_port, "{message} on port {port}", message, port);
    }
    if !verdict.resolved.is_empty() {
        message = message.about(verdict.resolved.join(", "));
    }
    if let Some(note) = &verdict.note {
        message = message.about(note);
    }
    if let Some(group) = group {
        let group = &group.id;
        message = phrase!(
            nor_alternative,
            "{message}, nor for any alternative of {group}",
            message,
            group
        );
    }
    message
}

/// Whether an absence is none that the capture could show otherwise.
const fn proves_nothing(why: NotSeen) -> bool {
    matches!(
        why,
        NotSeen::NoInitiator | NotSeen::Sampled | NotSeen::NotCarried
    )
}

/// Whether a row lists names by a wildcard.
fn has_wildcard(row: &Requirement) -> bool {
    row.to.iter().any(|to| match &to.target {
        Target::Template(_) => true,
        Target::Name(name) => name.kind() != PatternKind::Exact,
        _ => false,
    })
}

/// The lookups of names that nobody tried, where there was time enough to try them. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Untried<'a> {
    /// By name, ascending by client: the frames.
    by_name: HashMap<&'a str, Vec<(IpAddr, &'a [Stamp])>>,
}

impl<'a> Untried<'a> {
    fn of(share: &'a JudgedShare<'_>) -> Self {
        let capture = share.share.capture();
        let flows = capture.flows.iter().zip(&share.flows);
        let opened: HashSet<(IpAddr, IpAddr)> = flows
            .map(|(flow, verdict)| (verdict.host, flow.responder.ip))
            .collect();
        let mut by_name: HashMap<&str, Vec<(IpAddr, &[Stamp])>> = HashMap::default();
        for (client, name, lookup) in share.lookups.iter() {
            let untried = |ip: &IpAddr| !opened.contains(&(client, *ip));
            let early = |at: Stamp| capture.end().since(at.time) >= TAIL;
            if lookup.resolved_at.is_some_and(early) && lookup.addresses.iter().all(untried) {
                let of_name = by_name.entry(name.as_str()).or_default();
                of_name.push((client, &lookup.stamps));
            }
        }
        Self { by_name }
    }
}

impl Merge for Untried<'_> {
    fn merge(&mut self, other: Self) {
        for (name, lookups) in other.by_name {
            let known = self.by_name.entry(name).or_default();
            known.extend(lookups);
            known.sort_unstable();
        }
    }
}

fn never_tried<'a, 'u: 'a>(
    verdict: &RequirementVerdict,
    untried: impl FnOnce() -> &'a Untried<'u>,
) -> Option<Evidence> {
    const FRAMES: usize = 8;
    if verdict.resolved.is_empty() {
        return None;
    }
    let by_name = &untried().by_name;
    let names = verdict.resolved.iter();
    let mut lookups: Vec<(IpAddr, &str, &[Stamp])> = names
        .filter_map(|name| by_name.get_key_value(name.as_str()))
        .flat_map(|(name, all)| all.iter().map(|(client, stamps)| (*client, *name, *stamps)))
        .collect();
    lookups.sort_unstable();
    let stamps: Vec<Stamp> = lookups
        .into_iter()
        .flat_map(|(.., stamps)| stamps.iter().copied())
        .take(FRAMES)
        .collect();
    (!stamps.is_empty()).then(|| {
        let words = word!(
            resolved_not_opened,
            "resolved, and nothing was opened to its addresses"
        )
        .into();
        Evidence::new(Code::DnsNeverTried, Grade::C, stamps, words)
    })
}

/// Exclusive alternatives of which two were used.
pub(super) fn both_alternatives(case: &WholeCase<'_>, out: &mut Vec<Finding>) {
    for group in case
        .rules
        .groups()
        .iter()
        .filter(|group| group.kind == GroupKind::InsteadOf)
    {
        let used = group.members.iter().filter(|member| {
            let verdict = case.requirements.get(member.requirement.index());
            verdict.is_some_and(|verdict| verdict.standing == RequirementStatus::Satisfied)
        });
        let used: Vec<_> = used.collect();
        let alternatives: BTreeSet<&str> = used
            .iter()
            .map(|member| member.alternative.as_str())
            .collect();
        if alternatives.len() < 2 {
            continue;
        }
        let list: Vec<&str> = alternatives.into_iter().collect();
        out.push(Finding {
            message: phrase!(
                both_used,
                "{about}: both {list} were used",
                about = group.about,
                list = list
                    .iter()
                    .map(|one| Phrase::from(*one))
                    .reduce(Phrase::both)
                    .unwrap_or_default()
            ),
            advice: word!(
                do_find_alternative,
                "find out which of them is meant; some hosts may be configured otherwise"
            )
            .into(),
            requirements: used.iter().map(|member| member.requirement).collect(),
            ..Finding::new(FindingCode::BothAlternatives, group.id.clone())
        });
    }
}

fn single_port(ports: &PortSet) -> Option<u16> {
    match ports.ranges() {
        [(first, last)] if first == last => Some(*first),
        _ => None,
    }
}

fn single(transports: &[Transport]) -> Option<Transport> {
    match transports {
        [one] => Some(*one),
        _ => None,
    }
}

const fn advice(why: NotSeen) -> &'static SaidTemplate {
    match why {
        NotSeen::NeverResolved => {
            word!(
                do_capture_longer,
                "capture longer, or switch the feature off in the site file if it is not in use"
            )
        }
        NotSeen::NoAddress => word!(
            do_see_answer,
            "see what the resolver answers for it, and capture longer"
        ),
        NotSeen::ResolvedNeverTried => {
            word!(
                do_see_before_tap,
                "see whether something before the tap stops it, or the host keeps a connection from before"
            )
        }
        NotSeen::ClosedAsAsked | NotSeen::NothingForbidden => {
            word!(do_nothing, "nothing: it is as the page asks")
        }
        NotSeen::NamesHidden => {
            word!(
                do_tell_names,
                "tell the names with --dns-seed, look into the resolver's log, or switch hidden DNS off on the host for the test"
            )
        }
        NotSeen::OtherWay => {
            word!(
                do_say_encrypted,
                "if that is how the site resolves, say encrypted = true under [dns] in the site file; else switch it off on the host"
            )
        }
        NotSeen::SharedConnection => {
            word!(
                do_nothing_shared,
                "nothing says that it is stopped: HTTP/2 and HTTP/3 serve several names over one connection"
            )
        }
        NotSeen::NoInitiator => word!(do_bind_role, "bind the role in the site file"),
        NotSeen::Sampled => word!(do_capture_all, "capture all packets beside the samples"),
        NotSeen::NotCarried => word!(do_capture_on_host, "capture on the host itself"),
        NotSeen::NeverTried => {
            word!(
                do_bind_to_real,
                "capture longer, or bind the role in the site file to what is really there"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn lookups_that_led_nowhere_merge_in_any_order() {
        let untried = |client: u8| Untried {
            by_name: [("a.test", vec![([10, 0, 0, client].into(), &[][..])])]
                .into_iter()
                .collect(),
        };
        hold(&[untried(2), untried(1), untried(3)]);
    }
}
