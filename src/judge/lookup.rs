//! How lookups went: what resolvers said of a name to a client.

use std::net::IpAddr;
use std::time::Duration;

use foldhash::HashMap;

use rayon::prelude::*;

use super::attempt::InconclusiveReason;
use super::evidence::{Code, Evidence, Grade};
use super::hosts::Hosts;
use super::lookup_failure::{Detail, Said, addresses, injected, said};
use super::resolvers::Resolvers;
use super::trust::Trust;
use crate::model::{BoxedList, CaptureTime, Fqdn, Share, Stamp};
use crate::observe::{DnsData, DnsTransaction, is_sinkhole};

/// What a client learnt of a name.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// Frames of the queries and answers, ascending, at most [`Lookup::MAX_STAMPS`].
    pub stamps: Vec<Stamp>,
    /// Transactions.
    pub attempts: usize,
    /// Addresses that were answered and lead somewhere.
    pub addresses: Vec<IpAddr>,
    /// The first answer with such an address.
    pub resolved_at: Option<Stamp>,
    /// Why it failed in the end, where the last answers were of no use.
    pub failure: Option<Box<Failure>>,
    /// Where it failed in the end and had worked before: the last good answer.
    pub resolved_until: Option<Stamp>,
    /// Why it failed before it was resolved, where that lasted; the best evidence.
    pub overcome: Option<Box<Failure>>,
    /// One family has an address and the other one fails again and again, which some resolver libraries take for a
    /// failure of both.
    pub half: Option<Box<Failure>>,
    /// Addresses that a policy made.
    pub made: Option<Box<Made>>,
    /// That two answers to one query contradict each other, and the addresses in them.
    pub injected: Option<Box<(Evidence, Vec<IpAddr>)>>,
    /// Nothing came of it, and it cannot be told why.
    pub doubt: Option<InconclusiveReason>,
    /// What has to be asked for next, where the answers were an alias alone.
    alias: Option<Fqdn>,
}

/// Addresses that a policy made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// That it did.
    pub evidence: Evidence,
    /// Which.
    pub addresses: Vec<IpAddr>,
    /// Whether the resolver calls all of them forged, and none blocked.
    pub forged: bool,
}

/// Tries of a lookup that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The best evidence.
    pub evidence: Evidence,
    /// When the first of them began, and what was seen last of them.
    pub span: (Stamp, Stamp),
    /// How many.
    pub tries: usize,
}

impl Lookup {
    /// The most frames kept.
    pub const MAX_STAMPS: usize = 16;
}

/// A try that fails so soon after one that succeeds is the same try: another resolver, or a repetition.
const ONE_TRY: Duration = Duration::from_secs(5);
/// One family's failures count beside the other's success from this number on.
const AGAIN: usize = 3;

/// What tells how a transaction went.
#[derive(Clone, Copy)]
struct LookupGround<'a> {
    resolvers: &'a Resolvers<'a>,
    end: CaptureTime,
    trust: &'a Trust,
}

/// Failed tries, without words as long as nobody asks for them, and the transaction that speaks for all.
#[derive(Clone)]
struct TriedName<'a> {
    failure: Failure,
    of: &'a DnsTransaction,
}

impl<'a> TriedName<'a> {
    /// One try.
    fn of(of: &'a DnsTransaction, mut evidence: Evidence, ground: LookupGround<'_>) -> Self {
        ground.trust.lower(&mut evidence);
        let last = of.stamps().max().unwrap_or_default();
        let failure = Failure {
            evidence,
            span: (of.at(), last),
            tries: 1,
        };
        Self { failure, of }
    }

    /// With words.
    fn told(mut self, ground: LookupGround<'_>) -> Box<Failure> {
        let known = &mut self.failure.evidence;
        let when = (ground.end, ground.trust.one_way);
        if let Some(mut whole) =
            said(self.of, ground.resolvers, when, Detail::Whole).into_evidence()
        {
            ground.trust.lower(&mut whole);
            (whole.code, whole.grade) = (known.code, known.grade);
            *known = whole;
        }
        Box::new(self.failure)
    }
}

/// What was said of one family of addresses, as time went on.
#[derive(Default)]
struct LookupWay<'a> {
    asked: bool,
    /// The last good answer.
    good: Option<Stamp>,
    /// Failures since then.
    since: Option<Box<TriedName<'a>>>,
    overcome: Option<Box<TriedName<'a>>>,
    /// First fragments of good answers since then.
    parts: Option<Box<TriedName<'a>>>,
    open: Option<InconclusiveReason>,
}

impl<'a> LookupWay<'a> {
    fn succeed(&mut self, stamp: Stamp) {
        if let Some(tried) = self.since.take()
            && stamp.time.since(tried.failure.span.0.time) >= ONE_TRY
        {
            join(&mut self.overcome, *tried);
        }
        self.parts = None;
        self.open = None;
        self.good = self.good.max(Some(stamp));
    }

    fn fail(&mut self, tried: TriedName<'a>) {
        let at = tried.failure.span.0.time;
        if self.good.is_none_or(|good| at.since(good.time) >= ONE_TRY) {
            join(&mut self.since, tried);
        }
    }

    /// The kind of what failed since the last good answer.
    fn code(&self) -> Option<Code> {
        Some(self.since.as_deref()?.failure.evidence.code)
    }

    fn is_good(&self) -> bool {
        self.good.is_some() && self.since.is_none()
    }

    /// Once all is in: first fragments alone, again and again, are no answers; one of them may be all that a tap sees.
    fn settle(&mut self) {
        match self.parts.take() {
            Some(parts) if parts.failure.tries > 1 => self.fail(*parts),
            Some(parts) => self.succeed(parts.failure.span.1),
            None => {}
        }
    }
}

/// Adds tries to tries: the best evidence speaks for all, of equals what says most.
fn join<'a>(known: &mut Option<Box<TriedName<'a>>>, other: TriedName<'a>) {
    let Some(known) = known else {
        *known = Some(Box::new(other));
        return;
    };
    let (all, more) = (&mut known.failure, other.failure);
    all.tries += more.tries;
    all.span = (all.span.0.min(more.span.0), all.span.1.max(more.span.1));
    if rank(&more.evidence) < rank(&all.evidence) {
        all.evidence = more.evidence;
        known.of = other.of;
    }
}

fn rank(evidence: &Evidence) -> (Grade, bool, bool) {
    let code = evidence.code;
    (
        evidence.grade,
        matches!(code, Code::DnsNoData | Code::DnsAlias),
        matches!(code, Code::DnsTruncated | Code::DnsSilent),
    )
}

/// A lookup while its transactions come in.
#[derive(Default)]
struct Gathered<'a> {
    lookup: Lookup,
    /// IPv4, IPv6, and what gives neither by itself.
    ways: [LookupWay<'a>; 3],
}

impl<'a> Gathered<'a> {
    /// Takes what one transaction tells; they come ascending by time.
    fn take(&mut self, transaction: &'a DnsTransaction, ground: LookupGround<'a>) {
        let lookup = &mut self.lookup;
        lookup.attempts += 1;
        let room = Lookup::MAX_STAMPS.saturating_sub(lookup.stamps.len());
        let stamps = transaction.stamps().take(room);
        lookup.stamps.reserve_exact(stamps.size_hint().0);
        lookup.stamps.extend(stamps);
        if lookup.injected.is_none() {
            lookup.injected = injected(transaction).map(Box::new);
        }
        let way = &mut self.ways[way(transaction.query_type)];
        way.asked = true;
        let failure = |evidence| TriedName::of(transaction, evidence, ground);
        let when = (ground.end, ground.trust.one_way);
        match said(transaction, ground.resolvers, when, Detail::Kind) {
            Said::Good => {
                lookup.learn(transaction);
                way.succeed(
                    transaction
                        .answers
                        .first()
                        .map_or(transaction.at(), |(at, _)| *at),
                );
            }
            Said::Made(evidence, addresses, forged) => {
                lookup.learn(transaction);
                let tried = failure(evidence);
                let made = lookup.made.get_or_insert_with(|| {
                    Box::new(Made {
                        evidence: tried.failure.evidence.clone(),
                        addresses: Vec::new(),
                        forged: true,
                    })
                });
                made.addresses.extend(addresses);
                made.forged &= forged;
                way.fail(tried);
            }
            Said::Failed(evidence) => way.fail(failure(evidence)),
            Said::Alias(evidence, target) => {
                lookup.alias = Some(target);
                way.fail(failure(evidence));
            }
            Said::Part(evidence) => {
                lookup.learn(transaction);
                join(&mut way.parts, failure(evidence));
            }
            Said::Open(doubt) => way.open = Some(doubt),
            Said::Nothing => {}
        }
    }

    /// Once all transactions are in.
    fn settled(mut self, ground: LookupGround<'a>) -> Lookup {
        self.ways.iter_mut().for_each(LookupWay::settle);
        let mut lookup = self.lookup;
        lookup.stamps.sort_unstable();
        lookup.stamps.dedup();
        lookup.addresses.sort_unstable();
        lookup.addresses.dedup();
        let [v4, v6, other] = self.ways;
        let resolved = v4.is_good() || v6.is_good() || other.is_good();
        lookup.doubt = [&v4, &v6, &other]
            .into_iter()
            .filter(|way| !way.is_good())
            .find_map(|way| way.open)
            .filter(|_| !resolved);
        let mut overcome = None;
        for way in [&v4, &v6] {
            if let Some(of_way) = way.overcome.as_deref().filter(|_| way.is_good()) {
                join(&mut overcome, of_way.clone());
            }
        }
        lookup.overcome = overcome.map(|overcome| overcome.told(ground));
        lookup.resolved_until = [&v4, &v6, &other]
            .into_iter()
            .filter_map(|way| way.good)
            .max();
        let alone = is_empty_alone(&v4, &v6, &other);
        let failures = [v4, v6, other].map(|way| way.since);
        if resolved {
            lookup.fail_in_part(failures, ground);
        } else if !alone {
            lookup.fail(failures, ground);
        }
        lookup
    }
}

/// Whether all that failed is that there are no addresses of a family, which is no failure where nothing is known of the
/// other.
fn is_empty_alone(v4: &LookupWay<'_>, v6: &LookupWay<'_>, other: &LookupWay<'_>) -> bool {
    let empty = |way: &LookupWay<'_>| way.code() == Some(Code::DnsNoData);
    let unknown = |way: &LookupWay<'_>| way.asked && way.good.is_none() && way.since.is_none();
    empty(v6) && v4.since.is_none()
        || empty(v4) && unknown(v6)
        || !v4.asked && !v6.asked && empty(other)
}

/// What failed at last, by way of a lookup.
type WayFailures<'a> = [Option<Box<TriedName<'a>>>; 3];

impl Lookup {
    /// Takes what failed beside a way that gave an address.
    fn fail_in_part(&mut self, mut failures: WayFailures<'_>, ground: LookupGround<'_>) {
        let sunk = failures[0].as_deref().is_some_and(|tried| {
            let evidence = &tried.failure.evidence;
            matches!(evidence.code, Code::DnsSinkhole)
                || evidence.grade < Grade::C && evidence.code != Code::DnsNoData
        });
        let again = |tried: &&TriedName<'_>| {
            tried.failure.tries >= AGAIN
                && matches!(
                    tried.failure.evidence.code,
                    Code::DnsServfail | Code::DnsSilent | Code::DnsRefused
                )
        };
        let half = failures.iter().filter_map(Option::as_deref).find(again);
        self.half = half.map(|half| half.clone().told(ground));
        // Whether the other family's address is of use to this client is not known here.
        if sunk {
            self.failure = failures[0].take().map(|tried| tried.told(ground));
        }
    }

    /// Takes what failed where no way gave an address.
    fn fail(&mut self, failures: WayFailures<'_>, ground: LookupGround<'_>) {
        // One family in the words of the zone is the zone's word for both; beside another failure it says little.
        let of_both = failures[..2].iter().flatten();
        let grade = of_both.map(|tried| match tried.failure.evidence.code {
            Code::DnsNoData => tried.failure.evidence.grade,
            _ => Grade::C,
        });
        let grade = grade.max();
        // One family may never have had an address: the name is gone since the other one's is.
        let starts = failures.iter().flatten().map(|tried| tried.failure.span.0);
        let gone = starts.filter(|start| self.resolved_until.is_some_and(|until| *start > until));
        let gone = gone.min();
        let mut joined = None;
        for mut tried in failures.into_iter().flatten() {
            let failure = &mut tried.failure;
            failure.span.0 = failure.span.0.max(gone.unwrap_or(failure.span.0));
            if failure.evidence.code == Code::DnsNoData {
                failure.evidence.grade = grade.unwrap_or(Grade::C);
            }
            join(&mut joined, *tried);
        }
        // What may still come decides over what says little.
        let says_little =
            |failure: &Failure| matches!(failure.evidence.code, Code::DnsNoData | Code::DnsAlias);
        let failure = joined.map(|tried| tried.told(ground));
        self.failure = failure.filter(|failure| self.doubt.is_none() || !says_little(failure));
    }

    /// Takes the addresses of an answer.
    fn learn(&mut self, transaction: &DnsTransaction) {
        for (stamp, facts) in transaction
            .answers
            .iter()
            .filter(|(_, facts)| !facts.truncated)
        {
            let hints = facts.records.iter().flat_map(|record| match &record.data {
                DnsData::Service(_, hints, _) if record.is_answer() => hints.as_slice(),
                _ => &[],
            });
            let live = addresses(transaction, facts).chain(hints.copied());
            let before = self.addresses.len();
            self.addresses.extend(live.filter(|ip| !is_sinkhole(*ip)));
            if self.addresses.len() > before {
                self.resolved_at.get_or_insert(*stamp);
            }
        }
    }

    /// Whether the last tries gave an address.
    fn is_resolved(&self) -> bool {
        self.resolved_at.is_some() && self.failure.is_none()
    }
}

/// The place of a query type among the ways of a lookup.
const fn way(query_type: u16) -> usize {
    match query_type {
        1 | 255 => 0,
        28 => 1,
        _ => 2,
    }
}

/// Aliases are followed over so many lookups.
const MAX_ALIASES: usize = 8;

/// Lookups by client and name.
#[derive(Debug, Default)]
pub struct Lookups {
    /// Ascending by client and name.
    all: Vec<(IpAddr, Fqdn, Lookup)>,
    places: HashMap<(IpAddr, Fqdn), usize>,
}

impl Lookups {
    /// Gathers all transactions of a share. `end` is when the capture ends; `trust` lowers what a lossy one shows.
    #[must_use]
    pub(super) fn of<'a>(
        transactions: &'a BoxedList<DnsTransaction>,
        resolvers: &Resolvers<'a>,
        (end, trust): (CaptureTime, &Trust),
        hosts: &Hosts,
    ) -> Self {
        let ground = LookupGround {
            resolvers,
            end,
            trust,
        };
        let asked = transactions
            .iter()
            .filter(|t| t.server.port == 53 && leads_to_addresses(t.query_type))
            .filter_map(|t| Some((hosts.host(t.client.ip), t.query.as_ref()?, t)));
        // Lookups of one client are gathered by one thread.
        let gather = |share: Share| {
            let mut places: HashMap<(IpAddr, &Fqdn), usize> = HashMap::default();
            let mut all: Vec<(IpAddr, &Fqdn, Gathered<'_>)> = Vec::new();
            for (client, query, transaction) in
                asked.clone().filter(|(client, ..)| share.has(client))
            {
                let place = *places.entry((client, query)).or_insert(all.len());
                if place == all.len() {
                    all.push((client, query, Gathered::default()));
                }
                let (_, _, lookup) = &mut all[place];
                lookup.take(transaction, ground);
            }
            all
        };
        let mut all: Vec<(IpAddr, &Fqdn, Gathered<'_>)> = Share::each(gather).collect();
        all.par_sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let all: Vec<(IpAddr, Fqdn, Lookup)> = all
            .into_par_iter()
            .map(|(client, name, lookup)| (client, name.clone(), lookup.settled(ground)))
            .collect();
        let keys = all.iter().map(|(client, name, _)| (*client, name.clone()));
        let places = keys.zip(0..).collect();
        let mut lookups = Self { all, places };
        lookups.follow_aliases();
        lookups
    }

    /// What was asked for as an alias and then by the target's name is one lookup.
    fn follow_aliases(&mut self) {
        let mut found: Vec<(usize, Lookup)> = Vec::new();
        for (place, (client, _, lookup)) in self.all.iter().enumerate() {
            let alone = |failure: &Failure| failure.evidence.code == Code::DnsAlias;
            if !lookup.failure.as_deref().is_some_and(alone) {
                continue;
            }
            let mut end = lookup;
            for _ in 0..MAX_ALIASES {
                let next = end.alias.as_ref().filter(|_| !end.is_resolved());
                let Some(next) = next.and_then(|name| self.get(*client, name)) else {
                    break;
                };
                end = next;
            }
            if !std::ptr::eq(end, lookup) {
                found.push((place, end.clone()));
            }
        }
        for (place, end) in found {
            let (_, _, lookup) = &mut self.all[place];
            let way = lookup.alias.as_ref().map_or("", Fqdn::as_str);
            if let Some(mut failure) = end.failure {
                failure.evidence.words = format!("alias {way}: {}", failure.evidence.words);
                lookup.failure = Some(failure);
                continue;
            }
            lookup.failure = None;
            lookup.addresses = end.addresses;
            lookup.resolved_at = end.resolved_at;
            lookup.doubt = end.doubt;
        }
    }

    /// What a client learnt of a name with a search suffix behind it.
    pub fn with_suffix<'a>(
        &'a self,
        client: IpAddr,
        name: &'a Fqdn,
    ) -> impl Iterator<Item = &'a Lookup> {
        let start = self
            .all
            .partition_point(|(who, known, _)| (who, known) <= (&client, name));
        let behind = self.all[start..].iter().take_while(move |(who, known, _)| {
            *who == client && known.as_str().starts_with(name.as_str())
        });
        let suffixed =
            behind.filter(|(_, known, _)| known.as_str()[name.as_str().len()..].starts_with('.'));
        suffixed.map(|(.., lookup)| lookup)
    }

    /// All lookups, ascending by client and name.
    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, &Fqdn, &Lookup)> {
        let all = self.all.iter();
        all.map(|(client, name, lookup)| (*client, name, lookup))
    }

    /// What a client learnt of a name.
    #[must_use]
    pub fn get(&self, client: IpAddr, name: &Fqdn) -> Option<&Lookup> {
        let place = self.places.get(&(client, name.clone()))?;
        self.all.get(*place).map(|(_, _, lookup)| lookup)
    }
}

/// Whether a type is asked for in order to connect: A, CNAME, AAAA, SVCB, HTTPS, ANY.
const fn leads_to_addresses(query_type: u16) -> bool {
    matches!(query_type, 1 | 5 | 28 | 64 | 65 | 255)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use smallvec::smallvec;
    use thin_vec::{ThinVec, thin_vec};

    use super::*;
    use crate::model::{Endpoint, FrameId, Transport};
    use crate::observe::{DnsFacts, DnsRecord, DnsSection};

    fn stamp(seconds: i64) -> Stamp {
        Stamp {
            time: CaptureTime::from_secs_nanos(seconds, 0),
            frame: FrameId::new(0, 0, seconds as u32),
        }
    }

    /// A query of a type and its answer: a code and an address.
    fn asked(at: i64, kind: u16, rcode: u16, address: Option<&str>) -> DnsTransaction {
        let query = Fqdn::parse("a.acme.com").ok();
        let records: ThinVec<DnsRecord> = address
            .map(|address| DnsRecord {
                name: query.clone(),
                kind,
                ttl: 60,
                section: DnsSection::Answer,
                data: DnsData::Address(address.parse().unwrap()),
            })
            .into_iter()
            .collect();
        let facts = DnsFacts {
            response: true,
            query: query.clone(),
            query_type: kind,
            rcode,
            truncated: false,
            whole: true,
            records,
            extended_errors: thin_vec![],
        };
        DnsTransaction {
            client: Endpoint::new("10.0.0.5".parse().unwrap(), 5353),
            server: Endpoint::new("10.0.0.53".parse().unwrap(), 53),
            transport: Transport::Udp,
            id: 1,
            query,
            query_type: kind,
            queries: smallvec![stamp(at)],
            answers: smallvec![(stamp(at), Arc::new(facts))],
            answer_ttls: smallvec![64],
            answers_in_part: 0,
            place: 0,
        }
    }

    fn lookup(transactions: &[DnsTransaction]) -> Lookup {
        let transactions: BoxedList<DnsTransaction> = transactions.iter().cloned().collect();
        let end = CaptureTime::from_secs_nanos(1000, 0);
        let (resolvers, trust) = (Resolvers::of(&transactions), Trust::default());
        let lookups = Lookups::of(&transactions, &resolvers, (end, &trust), &Hosts::default());
        let (.., lookup) = lookups.iter().next().unwrap();
        lookup.clone()
    }

    fn code(failure: &Option<Box<Failure>>) -> Option<Code> {
        failure.as_deref().map(|failure| failure.evidence.code)
    }

    #[test]
    fn first_fragments_alone_are_no_answers() {
        let part = |at| DnsTransaction {
            answers_in_part: 1,
            ..asked(at, 1, 0, Some("192.0.2.1"))
        };
        let again = lookup(&[part(0), part(3), part(6)]);
        assert_eq!(code(&again.failure), Some(Code::DnsFragments));
        // A tap may see no later fragments, so one alone is taken for an answer; and so is a whole one behind them.
        assert_eq!(lookup(&[part(0)]).failure, None);
        let whole = asked(9, 1, 0, Some("192.0.2.1"));
        assert_eq!(lookup(&[part(0), part(3), whole]).failure, None);
    }

    #[test]
    fn one_family_alone_is_innocent() {
        let fine = lookup(&[asked(0, 1, 0, Some("192.0.2.1")), asked(0, 28, 0, None)]);
        assert_eq!(fine.failure, None);
        assert_eq!(lookup(&[asked(0, 28, 0, None)]).failure, None);
        let none = lookup(&[asked(0, 1, 0, None), asked(0, 28, 0, None)]);
        assert_eq!(code(&none.failure), Some(Code::DnsNoData));
    }

    #[test]
    fn one_family_that_fails_again_and_again_is_told() {
        let good = || asked(0, 1, 0, Some("192.0.2.1"));
        let failing = |times| (0..times).map(|at| asked(at, 28, 2, None));
        let mut all: Vec<_> = [good()].into_iter().chain(failing(10)).collect();
        all.sort_by_key(DnsTransaction::at);
        let told = lookup(&all);
        assert_eq!(told.failure, None);
        assert_eq!(code(&told.half), Some(Code::DnsServfail));
        assert_eq!(lookup(&[good(), asked(0, 28, 2, None)]).half, None);
    }

    #[test]
    fn the_last_tries_decide() {
        let good = |at| asked(at, 1, 0, Some("192.0.2.1"));
        let denied = |at| asked(at, 1, 3, None);
        assert_eq!(
            code(&lookup(&[good(0), denied(60)]).failure),
            Some(Code::DnsNxdomain)
        );
        let recovered = lookup(&[denied(0), good(60)]);
        assert_eq!(recovered.failure, None);
        assert_eq!(code(&recovered.overcome), Some(Code::DnsNxdomain));
        // The other family never had an address.
        let all = [
            good(0),
            asked(0, 28, 0, None),
            denied(60),
            asked(60, 28, 3, None),
        ];
        let failure = lookup(&all).failure.unwrap();
        assert_eq!(failure.span.0, stamp(60));
        // Another resolver, in the same moment.
        let other = lookup(&[denied(0), good(1), denied(2)]);
        assert_eq!((other.failure, other.overcome), (None, None));
    }

    #[test]
    fn the_family_without_a_route_does_not_clear_a_sinkhole() {
        let sunk = lookup(&[
            asked(0, 1, 0, Some("0.0.0.0")),
            asked(0, 28, 0, Some("2001:db8::1")),
        ]);
        assert_eq!(code(&sunk.failure), Some(Code::DnsSinkhole));
        assert!(sunk.addresses.iter().all(IpAddr::is_ipv6));
    }
}
