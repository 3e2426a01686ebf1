//! What the capture says of every requirement: satisfied, blocked, never seen and why, not active and why.

use std::hash::BuildHasher;
use std::net::IpAddr;

use foldhash::HashSet;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use rayon::prelude::*;

use super::absence::{Absence, Mirror, shade_note};
use super::census::Census;
use super::intent::Intent;
use super::outcome::Outcome;
use super::requirement_tally::{Present, RequirementTally, ResolvedNames};
use super::row_facts::Shortfall;
use super::share::JudgedShare;
use super::whole::{WholeFacts, merged};
use crate::model::{CaptureTime, Transport, words};
use crate::rules::{Activity, Direction, GroupKind, Need, RequirementIndex, RuleSet};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

words! {
    /// Why a requirement was not exercised.
    pub enum NotSeen {
        /// Nobody asked DNS for any of its names.
        NeverResolved = "never_resolved",
        /// Somebody asked DNS for a name of it, and no address was seen.
        NoAddress = "asked_without_address",
        /// A name was resolved, but nobody went there.
        ResolvedNeverTried = "resolved_never_tried",
        /// No host in the source role sent anything.
        NoInitiator = "no_initiator",
        /// It lists no name that DNS could tell of: nobody went to its addresses.
        NeverTried = "never_tried",
        /// A port that has to stay closed was tried, and refused or silent.
        ClosedAsAsked = "closed_as_asked",
        /// Nothing of what it forbids was seen.
        NothingForbidden = "nothing_forbidden",
        /// No name of it was seen, but names of a host that may go there are hidden.
        NamesHidden = "names_hidden",
        /// Its name server was asked in another way than in clear.
        OtherWay = "other_way",
        /// A name was resolved, and a connection that serves another name may serve it too.
        SharedConnection = "shared_connection",
        /// Of the hosts that may go there only samples of packets are there.
        Sampled = "sampled",
        /// The mirror that the capture comes from never carries it.
        NotCarried = "not_carried",
    }
}

/// How a requirement fared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequirementStatus {
    /// What the page says must not be, is.
    Violated,
    /// Some covered intent was blocked and none of that initiator's reached the aim.
    Blocked,
    /// A covered intent failed; who did it cannot be told.
    Failed,
    /// Covered intents were seen, but how they went cannot be told.
    Inconclusive,
    /// A covered intent reached its aim.
    Satisfied,
    /// Not exercised.
    NotSeen(NotSeen),
    /// The site's choices switch it off, or it cannot be audited: with the reason.
    NotActive(Phrase),
}

impl RequirementStatus {
    /// Without its reason.
    #[must_use]
    pub const fn kind(&self) -> StatusKind {
        match self {
            Self::Violated => StatusKind::Violated,
            Self::Blocked => StatusKind::Blocked,
            Self::Failed => StatusKind::Failed,
            Self::Inconclusive => StatusKind::Inconclusive,
            Self::Satisfied => StatusKind::Satisfied,
            Self::NotSeen(_) => StatusKind::NotSeen,
            Self::NotActive(_) => StatusKind::NotActive,
        }
    }

    /// What keeps it off.
    #[must_use]
    pub const fn off(&self) -> Option<&Phrase> {
        match self {
            Self::NotActive(why) => Some(why),
            _ => None,
        }
    }

    /// The reason, where the word alone does not say it.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::NotSeen(why) => Some(why.as_str()),
            Self::NotActive(why) => Some(why),
            _ => None,
        }
    }
}

words! {
    /// How a requirement fared, without the reason; worst first.
    pub enum StatusKind {
        /// What the page says must not be, is.
        Violated = "violated",
        /// A host's last tries were stopped.
        Blocked = "blocked",
        /// A host's last tries failed; who did it cannot be told.
        Failed = "failed",
        /// How it went cannot be told.
        Inconclusive = "inconclusive",
        /// Not exercised.
        NotSeen = "not_seen",
        /// A covered intent reached its aim.
        Satisfied = "satisfied",
        /// Off at this site.
        NotActive = "not_active",
    }
}

impl StatusKind {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::Violated => word!(status_violated, "violated"),
            Self::Blocked => word!(status_blocked, "blocked"),
            Self::Failed => word!(status_failed, "failed"),
            Self::Inconclusive => word!(status_inconclusive, "inconclusive"),
            Self::NotSeen => word!(status_not_seen, "not seen"),
            Self::Satisfied => word!(status_satisfied, "satisfied"),
            Self::NotActive => word!(status_not_active, "not active"),
        }
    }

    /// Whether something that the page asks for does not work, or something that it forbids happens.
    #[must_use]
    pub const fn is_broken(self) -> bool {
        matches!(self, Self::Violated | Self::Blocked | Self::Failed)
    }
}

impl NotSeen {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::NeverResolved => {
                word!(never_resolved, "no host asked DNS for any of its names")
            }
            Self::NoAddress => word!(
                asked_without_address,
                "a host asked DNS for a name, and no address was seen"
            ),
            Self::ResolvedNeverTried => word!(
                resolved_never_tried,
                "a name was resolved, but no host went there"
            ),
            Self::NoInitiator => word!(no_initiator, "no host in the source role sent anything"),
            Self::NeverTried => word!(never_tried, "no host went there"),
            Self::ClosedAsAsked => word!(
                closed_as_asked,
                "closed as asked: who tried was refused, or got no answer"
            ),
            Self::NothingForbidden => {
                word!(nothing_forbidden, "nothing of what it forbids was seen")
            }
            Self::NamesHidden => word!(
                names_hidden,
                "names are hidden, so whether a host went there cannot be told"
            ),
            Self::OtherWay => word!(
                asked_other_way,
                "its name server was asked over TLS, QUIC or HTTPS instead"
            ),
            Self::SharedConnection => word!(
                may_share_connection,
                "may have gone over a connection to another name"
            ),
            Self::Sampled => word!(
                only_samples,
                "of hosts in the source role only samples of packets are there"
            ),
            Self::NotCarried => word!(not_carried, "this mirror never carries it"),
        }
    }
}

/// What the capture says of one requirement.
#[derive(Clone, Debug)]
pub struct RequirementVerdict {
    /// Which.
    pub requirement: RequirementIndex,
    /// How it fared.
    pub standing: RequirementStatus,
    /// Whether its absence proves something: required, active, its roles bound.
    pub must_see: bool,
    /// Another member of its group was seen, so its own absence is no finding: the group's id.
    pub excused_by: Option<String>,
    /// Intents that it covers, by their place in the list, ascending.
    pub intents: Vec<u32>,
    /// Initiators that reached the aim, ascending.
    pub reached_by: Vec<IpAddr>,
    /// Names that were resolved but never tried; where none was, those that were asked for.
    pub resolved: Vec<String>,
    /// What the row asks for and was not had, although its host was reached.
    pub shortfall: Option<Shortfall>,
    /// What is to be known beside the standing: why it is not certain, or what may hide it.
    pub note: Option<Phrase>,
}

/// Judges all requirements, ascending by id, by the intents of all shares.
#[must_use]
pub(super) fn requirement_verdicts(
    shares: &[JudgedShare<'_>],
    intents: &[Intent],
    tally: RequirementTally,
    (whole, rules): (&WholeFacts<'_>, &RuleSet),
    census: &Census,
) -> Vec<RequirementVerdict> {
    let covered = intents_by_requirement(intents, rules);
    let [present, captured, hidden] =
        [tally.senders, tally.captured, tally.hidden].map(|senders| Present::of(senders, rules));
    let absence = Absence {
        present: &present,
        captured: &captured,
        mirror: whole.mirror.is_cloud_mirror().then_some(Mirror {
            has_dns: whole.has_dns,
        }),
        census,
        rules,
        other_way: tally.other_way,
        shared: tally.shared,
    };
    let unseen: Vec<bool> = covered.iter().map(Vec::is_empty).collect();
    let seen = Exercised {
        span: (whole.head.start(), whole.head.end()),
        intents,
        hidden: &hidden,
        absence: &absence,
        resolved: merged(shares, |share| {
            ResolvedNames::of(&share.lookups, rules, &unseen)
        }),
    };
    let mut verdicts: Vec<RequirementVerdict> = covered
        .into_par_iter()
        .enumerate()
        .map(|(place, intents_of)| {
            let requirement = RequirementIndex::new(u32::try_from(place).unwrap_or(u32::MAX));
            seen.verdict(requirement, intents_of, rules)
        })
        .collect();
    excuse(&mut verdicts, rules);
    tally.rows.settle(&mut verdicts, rules);
    verdicts
}

/// The places of the intents that each requirement covers, ascending.
fn intents_by_requirement(intents: &[Intent], rules: &RuleSet) -> Vec<Vec<u32>> {
    let mut counts = vec![0; rules.requirements().len()];
    for requirement in intents.iter().flat_map(|intent| intent.requirements.iter()) {
        if let Some(count) = counts.get_mut(requirement.index()) {
            *count += 1;
        }
    }
    let mut covered: Vec<Vec<u32>> = counts.into_iter().map(Vec::with_capacity).collect();
    for (i, intent) in (0..).zip(intents) {
        for requirement in intent.requirements.iter() {
            if let Some(of) = covered.get_mut(requirement.index()) {
                of.push(i);
            }
        }
    }
    covered
}

/// What a requirement is held against.
struct Exercised<'a> {
    /// When the capture begins and ends.
    span: (CaptureTime, CaptureTime),
    intents: &'a [Intent],
    /// Who asked behind an encrypted connection to a proxy.
    hidden: &'a Present,
    absence: &'a Absence<'a>,
    resolved: ResolvedNames<'a>,
}

impl Exercised<'_> {
    fn verdict(
        &self,
        requirement: RequirementIndex,
        intents: Vec<u32>,
        rules: &RuleSet,
    ) -> RequirementVerdict {
        let activity = rules.activity_between(requirement, self.span.0, self.span.1);
        let ended = matches!(activity, Activity::Ended(_) | Activity::NotBegun(_));
        let mut names = Vec::new();
        let mut note = None;
        let standing = match not_active(&activity) {
            Some(why) if intents.is_empty() => RequirementStatus::NotActive(why),
            // Whatever was asked behind an encrypted connection to a proxy, none of it shows.
            None if intents.is_empty() && self.hidden.may_hide(requirement, rules) => {
                note = self.absence.hidden_by_proxy(requirement);
                RequirementStatus::NotSeen(NotSeen::NamesHidden)
            }
            _ if intents.is_empty() => {
                let found = || self.resolved.of_row(requirement);
                let had = found().any(|(had, _)| *had);
                let found = found().filter(|(one, _)| *one == had);
                names = found.map(|(_, name)| name.to_string()).collect();
                let why;
                (why, note) = self.absence.why(requirement, had, &names);
                RequirementStatus::NotSeen(why)
            }
            _ => {
                let inbound = is_inbound(requirement, rules);
                let standing = standing(requirement, &intents, self.intents, inbound);
                note = shade_note(requirement, &standing, &intents, self.intents);
                standing
            }
        };
        RequirementVerdict {
            requirement,
            standing,
            must_see: !ended && rules.must_see(requirement),
            excused_by: None,
            reached_by: self.reached_by(requirement, &intents),
            intents,
            resolved: names,
            shortfall: None,
            note,
        }
    }

    /// Initiators that reached the aim for certain, ascending.
    fn reached_by(&self, requirement: RequirementIndex, intents: &[u32]) -> Vec<IpAddr> {
        let mut reached_by: Vec<IpAddr> = intents
            .iter()
            .map(|place| &self.intents[*place as usize])
            .filter(|intent| intent.outcome.is_reached() && !is_shaded(intent, requirement))
            .map(|intent| intent.initiator)
            .collect();
        reached_by.sort_unstable();
        reached_by.dedup();
        reached_by
    }
}

/// What keeps a requirement from being asked for, as a phrase; `None` where nothing does.
fn not_active(activity: &Activity) -> Option<Phrase> {
    Some(match activity {
        Activity::NotInForce(document) => phrase!(
            off_document,
            "off: document {document} is not in force",
            document
        ),
        Activity::NoDestination => word!(off_no_destination, "it has no destination").into(),
        Activity::Off(why) => phrase!(off_condition, "off: needs {why}", why),
        Activity::NotAuditable(role) => {
            phrase!(
                off_role_unbound,
                "the site file binds no address or name to the role {role}",
                role
            )
        }
        Activity::NoNames(regions) => phrase!(
            off_no_names,
            "off: names are known for {regions} only, and no page prints those of the site's region",
            regions = regions.join(", ")
        ),
        Activity::Ended(day) => phrase!(ended_on, "ended on {day}", day),
        Activity::NotBegun(day) => phrase!(begins_on, "begins on {day}", day),
        Activity::On | Activity::Unknown(_) => return None,
    })
}

/// Whether a row is about flows into the site: then each destination is a need of its own.
fn is_inbound(requirement: RequirementIndex, rules: &RuleSet) -> bool {
    let row = rules.library().requirement(requirement);
    row.is_some_and(|row| row.direction == Direction::Inbound)
}

/// Whether no attempt of an intent is certain to be for a requirement.
fn is_shaded(intent: &Intent, requirement: RequirementIndex) -> bool {
    intent
        .shades
        .iter()
        .any(|(shaded, _)| *shaded == requirement)
}

/// The worst of its intents, initiator by initiator, and of inbound rows destination by destination: one that reached
/// the aim at last is content.
fn standing(
    requirement: RequirementIndex,
    places: &[u32],
    intents: &[Intent],
    inbound: bool,
) -> RequirementStatus {
    let shaded = |place: &&u32| is_shaded(&intents[**place as usize], requirement);
    // What is not certain to be for it says nothing beside what is.
    let certain: Vec<u32> = places
        .iter()
        .filter(|place| !shaded(place))
        .copied()
        .collect();
    if !certain.is_empty() && certain.len() < places.len() {
        return standing(requirement, &certain, intents, inbound);
    }
    // To none of the aims that it may have been for.
    let failed = |place: &u32| intents[*place as usize].outcome.is_failure();
    if certain.is_empty() && !places.iter().all(failed) {
        return RequirementStatus::Inconclusive;
    }
    let aim = |place: &u32| {
        let intent = &intents[*place as usize];
        // UDP and TCP are two ways of DNS, and both are needed.
        let over_tcp = intent.port == Some(53) && intent.transport == Transport::Tcp;
        let to = inbound.then_some(&intent.addresses);
        let name = intent.fqdn.as_ref();
        // What works from other source ports does not make good what dies.
        let by_source = intent.is_of_source_port();
        (intent.initiator, name, to, intent.port, over_tcp, by_source)
    };
    // Nearly all are reached, and an aim of which every intent is says nothing more. An aim is known by one of its intents:
    // where nothing is reached there are as many aims as flows.
    let reached = |place: &&u32| intents[**place as usize].outcome.is_reached();
    let state = RandomState::default();
    let hash = |place: &u32| state.hash_one(aim(place));
    let mut doubtful: HashTable<(u32, AtLast)> = HashTable::new();
    let mut initiators: HashSet<IpAddr> = HashSet::default();
    for place in places.iter().filter(|place| !reached(place)) {
        initiators.insert(intents[*place as usize].initiator);
        doubtful
            .entry(
                hash(place),
                |(known, _)| aim(known) == aim(place),
                |(known, _)| hash(known),
            )
            .or_insert((*place, AtLast::default()));
    }
    if doubtful.is_empty() {
        return RequirementStatus::Satisfied;
    }
    for place in places {
        let intent = &intents[*place as usize];
        if initiators.contains(&intent.initiator)
            && let Some((_, at_last)) =
                doubtful.find_mut(hash(place), |(known, _)| aim(known) == aim(place))
        {
            at_last.then(intent.outcome);
        }
    }
    let aims = doubtful.into_iter().map(|(_, at_last)| at_last.status());
    aims.min_by_key(rank)
        .unwrap_or(RequirementStatus::Satisfied)
}

/// How an aim fared by its intents, which are told ascending by time: a block that came after a success still is one.
#[derive(Clone, Copy, Debug, Default)]
struct AtLast {
    /// It was reached.
    reached: bool,
    /// Blocked since it was reached last.
    blocked: bool,
    /// Failed since then, and not known why.
    failed: bool,
    /// Something else than a lost race.
    tried: bool,
}

impl AtLast {
    fn then(&mut self, outcome: Outcome) {
        if outcome.is_reached() {
            *self = Self {
                reached: true,
                ..Self::default()
            };
            return;
        }
        self.blocked |= outcome.is_blocked();
        self.failed |= outcome == Outcome::FailedUnattributed;
        self.tried |= outcome != Outcome::RaceLost;
    }

    const fn status(self) -> RequirementStatus {
        match self {
            Self { blocked: true, .. } => RequirementStatus::Blocked,
            Self { failed: true, .. } => RequirementStatus::Failed,
            // Who won a race is an initiator of its own, and answers for both.
            Self { reached: true, .. } | Self { tried: false, .. } => RequirementStatus::Satisfied,
            _ => RequirementStatus::Inconclusive,
        }
    }
}

const fn rank(standing: &RequirementStatus) -> u8 {
    match standing {
        RequirementStatus::Violated | RequirementStatus::Blocked => 0,
        RequirementStatus::Failed => 1,
        RequirementStatus::Inconclusive => 2,
        RequirementStatus::Satisfied => 3,
        RequirementStatus::NotSeen(_) => 4,
        RequirementStatus::NotActive(_) => 5,
    }
}

/// Members of a group stand in for each other: where one was exercised, the absence of the others proves nothing.
fn excuse(verdicts: &mut [RequirementVerdict], rules: &RuleSet) {
    for group in rules.groups() {
        let stands_in = !matches!(group.kind, GroupKind::SameFlow);
        let exercised = |verdict: &RequirementVerdict| !verdict.intents.is_empty();
        let members = || {
            group
                .members
                .iter()
                .map(|member| member.requirement.index())
        };
        let seen = members().any(|i| verdicts.get(i).is_some_and(exercised));
        if !(stands_in && seen) {
            continue;
        }
        for i in members() {
            if let Some(verdict) = verdicts.get_mut(i)
                && !exercised(verdict)
            {
                verdict.excused_by.get_or_insert_with(|| group.id.clone());
            }
        }
    }
    excuse_joined(verdicts, rules);
}

/// A row that prints the same need as another exercised one (the same flow told from both ends) is no second absence.
fn excuse_joined(verdicts: &mut [RequirementVerdict], rules: &RuleSet) {
    for group in rules
        .groups()
        .iter()
        .filter(|group| group.kind == GroupKind::SameFlow)
    {
        let first = group
            .members
            .iter()
            .map(|member| member.requirement.index())
            .min();
        // Where one of the rows calls the flow optional, none of them asks for it.
        let optional = group.members.iter().any(|member| {
            let row = rules.library().requirement(member.requirement);
            row.is_some_and(|row| row.need == Need::Optional)
        });
        for member in &group.members {
            let i = member.requirement.index();
            if (optional || Some(i) != first)
                && let Some(verdict) = verdicts.get_mut(i)
                && verdict.intents.is_empty()
            {
                verdict.excused_by.get_or_insert_with(|| group.id.clone());
            }
        }
    }
}
