//! Which names an address had, for whom and when, as DNS answers told.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::dns_log::{DnsData, DnsFacts, DnsRecord, DnsTransaction};
use super::seed::Seed;
use crate::model::{BoxedList, CaptureTime, Fqdn, Stamp};

/// How long after its TTL an answer may still be in use: applications and resolvers keep answers longer than told.
pub(super) const SLACK: Duration = Duration::from_secs(300);

/// Frames out of order by less than this are so for other reasons than a clock that was set back.
const SET_BACK: Duration = Duration::from_secs(2);

/// The most names told of one flow.
pub(super) const MAX_NAMES: usize = 16;

/// How many answers of an address are looked at: one with very many tells no more by all of them.
const MAX_LOOKUPS: usize = 4096;

/// An address learnt for a name.
#[derive(Clone, Debug)]
struct LearntAddress {
    stamp: Stamp,
    client: IpAddr,
    asked: Fqdn,
    /// The name that was asked for next, where the asked one was an alias alone.
    via: Option<Fqdn>,
    ttl: u32,
    /// When it and all that lie before it will have run out. Known once all are there.
    all_until: CaptureTime,
}

/// So many transactions are worked on by one thread at a time.
const SOME: usize = 4096;

impl LearntAddress {
    /// Until when it may be in use.
    fn until(&self) -> CaptureTime {
        let life = Duration::from_secs(u64::from(self.ttl)) + SLACK;
        self.stamp.time.plus(life)
    }

    /// Whether it has run out at a moment, slack included.
    fn is_stale(&self, time: CaptureTime) -> bool {
        self.until() < time
    }
}

impl LearntAddress {
    /// Whether it lies before a frame although it is later by the clock, which was set back in between. Inputs are in the
    /// order of their beginnings, so a capture that was cut at the step is in the order that it had.
    fn lies_before(&self, start: Stamp) -> bool {
        let ahead = self.stamp.time.since(start.time);
        self.stamp.frame < start.frame && ahead >= SET_BACK && ahead <= SLACK
    }
}

/// All that was learnt of an address.
#[derive(Debug, Default)]
struct LearntAddresses {
    /// Ascending by time.
    all: Vec<LearntAddress>,
    /// Who asked, and the place in `all`; ascending.
    by_client: Vec<(IpAddr, u32)>,
    /// How many names there are.
    names: usize,
    /// Whether frames ascend with the times, so that the first of some is the earliest frame of them.
    in_order: bool,
}

impl LearntAddresses {
    /// Puts them into their order, once all are there.
    fn arrange(&mut self) {
        self.all
            .sort_by(|a, b| (a.stamp, a.client, &a.asked).cmp(&(b.stamp, b.client, &b.asked)));
        let mut all_until = None;
        for lookup in &mut self.all {
            lookup.all_until = all_until.max(Some(lookup.until())).unwrap_or_default();
            all_until = Some(lookup.all_until);
        }
        let clients = self.all.iter().map(|lookup| lookup.client);
        self.by_client = clients.zip(0..).collect();
        self.by_client.sort_unstable();
        let mut names: Vec<&Fqdn> = self.all.iter().map(|lookup| &lookup.asked).collect();
        names.sort_unstable();
        names.dedup();
        self.names = names.len();
        self.in_order = self.all.is_sorted_by_key(|lookup| lookup.stamp.frame);
    }

    /// The last of those from a place on that lie before a frame although they are later by the clock.
    fn set_back(&self, from: usize, start: Stamp) -> Option<&LearntAddress> {
        let later = self.all.get(from..)?;
        if self.in_order && later.first()?.stamp.frame >= start.frame {
            return None;
        }
        let mut near = later.iter().take(MAX_LOOKUPS).rev();
        near.find(|lookup| lookup.lies_before(start))
    }

    /// What a client asked itself, as far as it lies in a range of `all`; the latest first.
    fn of_client(
        &self,
        client: IpAddr,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = &LearntAddress> {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let from = (client, place(range.start));
        let to = (client, place(range.end));
        let start = self.by_client.partition_point(|own| *own < from);
        let end = self.by_client.partition_point(|own| *own < to);
        let own = self.by_client[start..end].iter().rev();
        own.filter_map(|(_, place)| self.all.get(*place as usize))
    }
}

/// A name that an address may have at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The asked name, not the end of its CNAME chain.
    pub(super) asked: Fqdn,
    /// The name that was asked for next, where the asked one was an alias alone.
    pub(super) via: Option<Fqdn>,
    /// When the answer came.
    pub(super) stamp: Stamp,
    /// Whether the answer went to the client in question.
    pub(super) same_client: bool,
    /// Whether the answer had run out, slack included.
    pub(super) stale: bool,
}

/// The addresses that a transaction tells, each with the names that lead to it by the aliases asked for before, then with
/// the one asked for.
fn learnt<'a>(
    transaction: &'a DnsTransaction,
    aliases: &'a Aliases<'_>,
) -> impl Iterator<Item = (IpAddr, LearntAddress)> + 'a {
    named_addresses(transaction).flat_map(move |named| {
        let address = named.address.to_canonical();
        let learnt = move |asked: &Fqdn, via: Option<&Fqdn>| LearntAddress {
            stamp: named.stamp,
            client: transaction.client.ip,
            asked: asked.clone(),
            via: via.cloned(),
            ttl: named.ttl,
            all_until: CaptureTime::default(),
        };
        let roots = aliases.roots(transaction, named.stamp).into_iter();
        let by_alias = roots.map(move |root| learnt(root, Some(named.asked)));
        let itself = learnt(named.asked, None);
        by_alias
            .chain(std::iter::once(itself))
            .map(move |learnt| (address, learnt))
    })
}

/// All answers by address.
#[derive(Debug, Default)]
pub(super) struct Directory {
    by_address: HashMap<IpAddr, LearntAddresses, foldhash::fast::RandomState>,
    /// By address: for whom, and the name.
    seeds: HashMap<IpAddr, Vec<(Option<IpAddr>, Fqdn)>, foldhash::fast::RandomState>,
    /// How often aliases were not followed to their end.
    cut_aliases: u64,
}

impl Directory {
    /// Reads all answers. Sinkhole addresses name nothing, nor do addresses that the asked name does not lead to.
    pub(super) fn of(transactions: &BoxedList<DnsTransaction>) -> Self {
        let mut directory = Self::default();
        let aliases = Aliases::of(transactions);
        let some = transactions.par_iter().with_min_len(SOME);
        let learnt: Vec<_> = some.flat_map_iter(|one| learnt(one, &aliases)).collect();
        directory.cut_aliases = aliases.cut.load(Ordering::Relaxed);
        for (address, learnt) in learnt {
            let lookups = directory.by_address.entry(address).or_default();
            lookups.all.push(learnt);
        }
        let mut all: Vec<&mut LearntAddresses> = directory.by_address.values_mut().collect();
        all.par_iter_mut().for_each(|lookups| lookups.arrange());
        directory
    }

    /// Adds names told before the capture began.
    pub(super) fn seed(&mut self, seeds: &[Seed]) {
        for seed in seeds.iter().filter(|seed| !is_sinkhole(seed.address)) {
            let told = self.seeds.entry(seed.address.to_canonical()).or_default();
            told.push((seed.client, seed.name.clone()));
        }
        for told in self.seeds.values_mut() {
            told.sort();
            told.dedup();
        }
    }

    /// The names that `address` was told to have for `client`, and whether for it alone: if any were, those only.
    pub(super) fn told(&self, client: IpAddr, address: IpAddr) -> Vec<(bool, &Fqdn)> {
        if self.seeds.is_empty() {
            return Vec::new();
        }
        let told = self.seeds.get(&address.to_canonical());
        let of = |who: Option<IpAddr>| {
            let told = told.into_iter().flatten();
            let names = told.filter(move |(client, _)| *client == who);
            names
                .take(MAX_NAMES)
                .map(move |(_, name)| (who.is_some(), name))
        };
        let own: Vec<_> = of(Some(client)).collect();
        if own.is_empty() {
            of(None).collect()
        } else {
            own
        }
    }

    /// How often an address was learnt that may have been asked for under more names, by aliases, than are known.
    pub(super) const fn cut_aliases(&self) -> u64 {
        self.cut_aliases
    }

    /// Whether an address has more names than a flow is told: its other ones may be among those of a flow that has as many.
    pub(super) fn has_more_names(&self, address: IpAddr) -> bool {
        let lookups = self.by_address.get(&address.to_canonical());
        lookups.is_some_and(|lookups| lookups.names > MAX_NAMES)
    }

    /// The names that `address` may have for `client` from `start` on: what the client asked itself first, then what others
    /// asked; within each what has not run out, newest first. Answers that come later name nothing, but where the clock
    /// was set back since.
    pub(super) fn candidates(
        &self,
        client: IpAddr,
        address: IpAddr,
        start: Stamp,
    ) -> Vec<Candidate> {
        let Some(lookups) = self.by_address.get(&address.to_canonical()) else {
            return Vec::new();
        };
        let time = start.time;
        let known = lookups.all.partition_point(|l| l.stamp.time <= time);
        let range = known.saturating_sub(MAX_LOOKUPS)..known;
        let mut found = AddressNames::new(time);
        let before = lookups.set_back(known, start);
        if let Some(lookup) = before.filter(|lookup| lookup.client == client) {
            found.take(lookup);
        }
        for lookup in lookups.of_client(client, range.clone()) {
            if found.are_enough_before(lookup) {
                break;
            }
            found.take(lookup);
        }
        let same_client = !found.best.is_empty();
        if !same_client {
            for lookup in lookups.all[range].iter().rev() {
                if found.are_enough_before(lookup) {
                    break;
                }
                found.take(lookup);
                // Whatever is earlier is another answer for a name that has a fresh one.
                if found.fresh == lookups.names {
                    break;
                }
            }
        }
        found.into_candidates(same_client)
    }
}

/// The best answer for each name, gathered from the latest one back.
struct AddressNames<'a> {
    time: CaptureTime,
    /// Whether it has run out, and the answer.
    best: Vec<(bool, &'a LearntAddress)>,
    /// Places in `best`, once they are many.
    places: HashMap<&'a Fqdn, usize, foldhash::fast::RandomState>,
    /// Names that have an answer which has not run out.
    fresh: usize,
    /// The earliest answer that was taken, and the earliest of those that have not run out.
    earliest: [Option<Stamp>; 2],
}

impl<'a> AddressNames<'a> {
    /// So many names are looked for one by one.
    const FEW: usize = 8;

    fn new(time: CaptureTime) -> Self {
        Self {
            time,
            best: Vec::new(),
            places: HashMap::default(),
            fresh: 0,
            earliest: [None; 2],
        }
    }

    /// Whether neither the next answer nor any before it can be among those that are told. Of an address with thousands of
    /// names each flow would else go through all of them.
    fn are_enough_before(&self, next: &LearntAddress) -> bool {
        let has_place_for = |count: usize, earliest: Option<Stamp>| {
            count < MAX_NAMES || earliest.is_none_or(|earliest| next.stamp >= earliest)
        };
        let [any, fresh] = self.earliest;
        if next.all_until < self.time {
            self.fresh > 0 || !has_place_for(self.best.len(), any)
        } else {
            !has_place_for(self.fresh, fresh)
        }
    }

    /// An answer that has not run out is better than one that has; else the later one is.
    fn take(&mut self, lookup: &'a LearntAddress) {
        let stale = lookup.is_stale(self.time);
        match self.place(&lookup.asked) {
            Some(i) if stale || !self.best[i].0 => return,
            Some(i) => self.best[i] = (stale, lookup),
            None => {
                self.best.push((stale, lookup));
                if !self.places.is_empty() {
                    self.places.insert(&lookup.asked, self.best.len() - 1);
                }
            }
        }
        self.fresh += usize::from(!stale);
        self.earliest[0] = Some(lookup.stamp);
        if !stale {
            self.earliest[1] = Some(lookup.stamp);
        }
    }

    fn place(&mut self, name: &Fqdn) -> Option<usize> {
        if self.best.len() <= Self::FEW {
            return self.best.iter().position(|(_, known)| known.asked == *name);
        }
        if self.places.is_empty() {
            let names = self.best.iter().map(|(_, known)| &known.asked);
            self.places = names.zip(0..).collect();
        }
        self.places.get(name).copied()
    }

    fn into_candidates(mut self, same_client: bool) -> Vec<Candidate> {
        if self.fresh > 0 {
            self.best.retain(|(stale, _)| !stale);
        }
        // Of an alias and its target that were asked for one after the other, the alias is what was wanted.
        self.best.sort_by(|(_, a), (_, b)| {
            let way = || a.via.is_none().cmp(&b.via.is_none());
            b.stamp
                .cmp(&a.stamp)
                .then_with(way)
                .then_with(|| a.asked.cmp(&b.asked))
        });
        self.best.truncate(MAX_NAMES);
        let best = self.best.into_iter();
        best.map(|(stale, lookup)| Candidate {
            asked: lookup.asked.clone(),
            via: lookup.via.clone(),
            stamp: lookup.stamp,
            same_client,
            stale,
        })
        .collect()
    }
}

/// An address that an answer gives to a name.
pub(super) struct NamedAddress<'a> {
    pub(super) address: IpAddr,
    /// The asked name.
    pub(super) asked: &'a Fqdn,
    pub(super) stamp: Stamp,
    pub(super) ttl: u32,
}

/// The addresses to which a transaction's answers lead from the asked name, sinkholes left out. Of SRV, the names are
/// those of the targets, with the addresses that stand beside them (RFC 2782) under the domain that was asked.
pub(super) fn named_addresses(
    transaction: &DnsTransaction,
) -> impl Iterator<Item = NamedAddress<'_>> {
    transaction.answers.iter().flat_map(move |(stamp, facts)| {
        let chain = transaction.chain(facts);
        let targets = targets(transaction, facts);
        facts.records.iter().flat_map(move |record| {
            // Without a question (mDNS) the record's own name is all that there is.
            let asked = match (&transaction.query, &record.name) {
                (Some(query), Some(owner)) if record.is_answer() && chain.contains(&owner) => {
                    Some(query)
                }
                (None, Some(owner)) if record.is_answer() && transaction.query_type == 0 => {
                    Some(owner)
                }
                (Some(_), Some(owner)) => targets.contains(owner).then_some(owner),
                _ => None,
            };
            let addresses: &[IpAddr] = match &record.data {
                DnsData::Address(ip) => std::slice::from_ref(ip),
                DnsData::Service(_, hints, _) => hints,
                _ => &[],
            };
            let addresses = addresses.iter().filter(|ip| !is_sinkhole(**ip));
            addresses.filter_map(move |address| {
                Some(NamedAddress {
                    address: *address,
                    asked: asked?,
                    stamp: *stamp,
                    ttl: record.ttl,
                })
            })
        })
    })
}

/// Type of the records that say where a service is.
const SRV: u16 = 33;

/// The hosts that an answer about a service names as its targets, and may speak for: both lie under one registrable
/// domain. Empty for other answers.
fn targets(transaction: &DnsTransaction, facts: &DnsFacts) -> HashSet<Fqdn> {
    let Some(query) = transaction
        .query
        .as_ref()
        .filter(|_| transaction.query_type == SRV)
    else {
        return HashSet::new();
    };
    let records = facts.records.iter();
    let targets = records.filter_map(|record| match &record.data {
        // Priority, weight, port, target.
        DnsData::Text(text) if record.kind == SRV && record.is_answer() => {
            Fqdn::parse(text.split(' ').nth(3)?).ok()
        }
        _ => None,
    });
    let asked = query.registrable();
    targets
        .filter(|host| asked.is_some() && asked == host.registrable())
        .collect()
}

/// Names that were answered with an alias alone: CNAME, or HTTPS and SVCB with another host (RFC 9460 section 2.4).
#[derive(Default)]
struct Aliases<'a> {
    /// By who asked and the target: when, for how long, and the asked name.
    by_target: HashMap<(IpAddr, &'a Fqdn), Vec<Alias<'a>>, foldhash::fast::RandomState>,
    /// How often they were not followed to their end.
    cut: AtomicU64,
}

struct Alias<'a> {
    stamp: Stamp,
    ttl: u32,
    asked: &'a Fqdn,
}

impl<'a> Aliases<'a> {
    /// How long after its TTL an alias is still followed: the target is asked for at once.
    const GRACE: Duration = Duration::from_secs(5);
    /// Aliases are followed over so many transactions, and so many names are found by them.
    const MAX_STEPS: usize = 8;
    const MAX_ROOTS: usize = 16;
    /// The most aliases of one name that are looked at, the latest: one that is asked for behind each of very many aliases
    /// would otherwise cost quadratic time.
    const MAX_LOOKED_AT: usize = 256;

    fn of(transactions: &'a BoxedList<DnsTransaction>) -> Self {
        let mut all = Self::default();
        let some = transactions.par_iter().with_min_len(SOME);
        let alone = some.flat_map_iter(|transaction| {
            let answers = transaction.answers.iter();
            answers.filter_map(move |(stamp, facts)| {
                let (target, ttl) = alias_alone(transaction, facts)?;
                Some((
                    transaction,
                    *stamp,
                    transaction.query.as_ref()?,
                    target,
                    ttl,
                ))
            })
        });
        let alone: Vec<_> = alone.collect();
        if alone.is_empty() {
            return all;
        }
        // Where the name itself gets an address, the other family has none, and the target is nobody's next question.
        let aliases = alone
            .iter()
            .map(|(transaction, _, asked, ..)| (transaction.client.ip, *asked));
        let aliases: HashSet<_, foldhash::fast::RandomState> = aliases.collect();
        let has_address: HashSet<_, foldhash::fast::RandomState> = transactions
            .iter()
            .filter_map(|transaction| {
                Some((
                    transaction,
                    (transaction.client.ip, transaction.query.as_ref()?),
                ))
            })
            .filter(|(_, key)| aliases.contains(key))
            .filter(|(transaction, _)| named_addresses(transaction).next().is_some())
            .map(|(_, key)| key)
            .collect();
        for (transaction, stamp, asked, target, ttl) in alone {
            if !has_address.contains(&(transaction.client.ip, asked)) {
                let key = (transaction.client.ip, target);
                all.by_target
                    .entry(key)
                    .or_default()
                    .push(Alias { stamp, ttl, asked });
            }
        }
        let lists = all.by_target.values_mut();
        lists.for_each(|list| list.sort_by_key(|alias| alias.stamp));
        all
    }

    /// The aliases of a name for a client that have not run out at a moment, the latest first.
    fn fresh(
        &self,
        client: IpAddr,
        target: &'a Fqdn,
        at: Stamp,
    ) -> impl Iterator<Item = &Alias<'a>> {
        let all = self.by_target.get(&(client, target));
        let all = all.map_or(&[][..], Vec::as_slice);
        let known = all.partition_point(|alias| alias.stamp <= at);
        let latest = all[..known].iter().rev().take(Self::MAX_LOOKED_AT);
        latest.filter(move |alias| {
            let life = Duration::from_secs(u64::from(alias.ttl)) + Self::GRACE;
            alias.stamp.time.plus(life) >= at.time
        })
    }

    /// The names that this one was asked for in place of, by the same client.
    fn roots(&self, transaction: &'a DnsTransaction, stamp: Stamp) -> Vec<&'a Fqdn> {
        let mut roots: Vec<&Fqdn> = Vec::new();
        if self.by_target.is_empty() {
            return roots;
        }
        let mut targets: Vec<&Fqdn> = transaction.query.iter().collect();
        for _ in 0..Self::MAX_STEPS {
            let mut next = Vec::new();
            for target in targets {
                for alias in self.fresh(transaction.client.ip, target, stamp) {
                    if Some(alias.asked) == transaction.query.as_ref()
                        || roots.contains(&alias.asked)
                    {
                        continue;
                    }
                    if roots.len() == Self::MAX_ROOTS {
                        self.note_cut();
                        return roots;
                    }
                    roots.push(alias.asked);
                    next.push(alias.asked);
                }
            }
            if next.is_empty() {
                return roots;
            }
            targets = next;
        }
        self.note_cut();
        roots
    }

    /// Notes that an address may have been asked for under more names than are found.
    fn note_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }
}

/// The target of an answer that holds an alias and no address, and how long it holds.
fn alias_alone<'a>(
    transaction: &'a DnsTransaction,
    facts: &'a DnsFacts,
) -> Option<(&'a Fqdn, u32)> {
    let aliases = |record: &&DnsRecord| {
        record.is_answer() && (record.kind == CNAME || matches!(record.data, DnsData::Service(..)))
    };
    let ttl = facts.records.iter().filter(aliases).map(|r| r.ttl).min()?;
    let chain = transaction.chain(facts);
    let last = *chain.last()?;
    let has_address = facts.records.iter().any(|record| {
        let owner = record.name.as_ref() == Some(last);
        owner && record.is_answer() && matches!(record.data, DnsData::Address(_))
    });
    let service = facts.records.iter().find_map(|record| match &record.data {
        DnsData::Service(Some(target), _, _)
            if record.is_answer() && record.name.as_ref() == Some(last) =>
        {
            Some(target)
        }
        _ => None,
    });
    let target = service.unwrap_or(last);
    (!has_address && Some(target) != transaction.query.as_ref()).then_some((target, ttl))
}

/// Type of an alias.
const CNAME: u16 = 5;

/// Addresses that resolvers give instead of the real one: 0/8, 127/8, `::`, `::1`, `::ffff:` of those.
#[must_use]
pub fn is_sinkhole(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => matches!(ip.octets()[0], 0 | 127),
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::dns_log::DnsSection;
    use smallvec::smallvec;

    use super::*;
    use crate::model::{Endpoint, FrameId, Transport};

    fn stamp(seconds: i64) -> Stamp {
        Stamp {
            time: CaptureTime::from_secs_nanos(seconds, 0),
            frame: FrameId::new(0, 0, seconds as u32),
        }
    }

    fn answer(client: &str, name: &str, address: &str, at: i64, ttl: u32) -> DnsTransaction {
        let query = Fqdn::parse(name).ok();
        let facts = DnsFacts {
            response: true,
            query: query.clone(),
            query_type: 1,
            rcode: 0,
            truncated: false,
            whole: true,
            records: thin_vec::thin_vec![DnsRecord {
                name: query.clone(),
                kind: 1,
                ttl,
                section: DnsSection::Answer,
                data: DnsData::Address(address.parse().unwrap()),
            }],
            extended_errors: thin_vec::ThinVec::new(),
        };
        DnsTransaction {
            client: Endpoint::new(client.parse().unwrap(), 5353),
            server: Endpoint::new("10.0.0.53".parse().unwrap(), 53),
            transport: Transport::Udp,
            id: 1,
            query,
            query_type: 1,
            queries: smallvec![],
            answer_ttls: smallvec![],
            answers_in_part: 0,
            place: 0,
            answers: smallvec![(stamp(at), Arc::new(facts))],
        }
    }

    fn names(directory: &Directory, client: &str, address: &str, at: i64) -> Vec<String> {
        let start = stamp(at);
        let all = directory.candidates(client.parse().unwrap(), address.parse().unwrap(), start);
        all.iter().map(|c| c.asked.to_string()).collect()
    }

    fn directory_of(transactions: &[DnsTransaction]) -> Directory {
        Directory::of(&transactions.iter().cloned().collect())
    }

    #[test]
    fn an_answer_before_the_clock_was_set_back_names_what_follows() {
        let directory = directory_of(&[answer("10.0.0.1", "a.example", "192.0.2.1", 100, 60)]);
        let candidates = |seconds, frame| {
            let start = Stamp {
                time: CaptureTime::from_secs_nanos(seconds, 0),
                frame: FrameId::new(0, 0, frame),
            };
            let client = "10.0.0.1".parse().unwrap();
            directory
                .candidates(client, "192.0.2.1".parse().unwrap(), start)
                .len()
        };
        // The answer stands in frame 100. Behind it in the file and 39 seconds before it by the clock: named.
        assert_eq!(candidates(61, 101), 1);
        // The file was cut at the step.
        let start = Stamp {
            time: CaptureTime::from_secs_nanos(61, 0),
            frame: FrameId::new(1, 0, 0),
        };
        let (client, address) = ("10.0.0.1".parse().unwrap(), "192.0.2.1".parse().unwrap());
        assert_eq!(directory.candidates(client, address, start).len(), 1);
        // Before it in the file, or in disorder for another reason: not.
        assert_eq!(candidates(61, 99), 0);
        assert_eq!(candidates(99, 101), 0);
    }

    #[test]
    fn a_shared_address_has_all_its_names() {
        let directory = directory_of(&[
            answer("10.0.0.1", "a.example", "192.0.2.1", 10, 60),
            answer("10.0.0.1", "b.example", "192.0.2.1", 20, 60),
            answer("10.0.0.2", "c.example", "192.0.2.1", 21, 60),
        ]);
        assert_eq!(
            names(&directory, "10.0.0.1", "192.0.2.1", 30),
            ["b.example", "a.example"]
        );
        assert_eq!(
            names(&directory, "10.0.0.1", "192.0.2.1", 15),
            ["a.example"]
        );
        assert_eq!(
            names(&directory, "10.0.0.3", "192.0.2.1", 30),
            ["c.example", "b.example", "a.example"]
        );
        assert!(names(&directory, "10.0.0.1", "192.0.2.1", 5).is_empty());
    }

    #[test]
    fn a_fresh_answer_outranks_one_that_ran_out() {
        let directory = directory_of(&[
            answer("10.0.0.1", "old.example", "192.0.2.1", 0, 1),
            answer("10.0.0.1", "new.example", "192.0.2.1", 1000, 60),
        ]);
        assert_eq!(
            names(&directory, "10.0.0.1", "192.0.2.1", 1010),
            ["new.example"]
        );
        assert_eq!(
            names(&directory, "10.0.0.1", "192.0.2.1", 900),
            ["old.example"]
        );
    }

    #[test]
    fn sinkholes_name_nothing() {
        let directory = directory_of(&[answer("10.0.0.1", "a.example", "127.0.0.1", 1, 60)]);
        assert!(names(&directory, "10.0.0.1", "127.0.0.1", 2).is_empty());
        assert!(is_sinkhole("::ffff:0.0.0.0".parse().unwrap()));
        assert!(!is_sinkhole("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_left_out_of_many_names_is_what_would_not_be_told() {
        // Every fourth is used for 300 seconds longer than the others; some names come again.
        let answers: Vec<DnsTransaction> = (0..600)
            .map(|i: i64| {
                let name = format!("n{}.example", i * 7 % 90);
                let ttl = if i % 4 == 0 { 300 } else { (i % 50) as u32 };
                answer("10.0.0.1", &name, "192.0.2.1", 2 * i, ttl)
            })
            .collect();
        let directory = directory_of(&answers);
        for at in [10, 200, 700, 1190, 1500, 1700, 3000] {
            let time = CaptureTime::from_secs_nanos(at, 0);
            let mut best: Vec<(bool, &DnsTransaction)> = Vec::new();
            for answer in answers.iter().rev().filter(|a| a.answers[0].0.time <= time) {
                let life = u64::from(answer.answers[0].1.records[0].ttl);
                let until = answer.answers[0]
                    .0
                    .time
                    .plus(Duration::from_secs(life) + SLACK);
                let stale = until < time;
                match best
                    .iter_mut()
                    .find(|(_, known)| known.query == answer.query)
                {
                    Some(known) if known.0 && !stale => *known = (stale, answer),
                    Some(_) => {}
                    None => best.push((stale, answer)),
                }
            }
            if best.iter().any(|(stale, _)| !stale) {
                best.retain(|(stale, _)| !stale);
            }
            best.sort_by_key(|(_, answer)| std::cmp::Reverse(answer.answers[0].0));
            let told = best.iter().take(MAX_NAMES);
            let told: Vec<String> = told
                .map(|(_, answer)| answer.query.as_ref().unwrap().to_string())
                .collect();
            assert_eq!(names(&directory, "10.0.0.1", "192.0.2.1", at), told);
            assert_eq!(names(&directory, "10.0.0.9", "192.0.2.1", at), told);
        }
    }

    #[test]
    fn a_name_of_very_many_aliases_costs_no_quadratic_time() {
        let mut all = Vec::new();
        for i in 0..20_000 {
            let mut alias = answer("10.0.0.1", &format!("a{i}.example"), "192.0.2.1", i, 0);
            let target = Fqdn::parse("target.example").ok();
            if let Some(facts) = Arc::get_mut(&mut alias.answers[0].1) {
                facts.records[0].kind = CNAME;
                facts.records[0].ttl = 100_000;
                facts.records[0].data = DnsData::Name(target);
            }
            all.push(alias);
            all.push(answer("10.0.0.1", "target.example", "192.0.2.1", i, 0));
        }
        let directory = directory_of(&all);
        let candidates = names(&directory, "10.0.0.1", "192.0.2.1", 20_000);
        assert_eq!(candidates.len(), MAX_NAMES);
        let has_more = |address: &str| directory.has_more_names(address.parse().unwrap());
        assert!(has_more("192.0.2.1") && !has_more("192.0.2.2"));
        assert!(directory.cut_aliases() > 0);
        assert_eq!(directory_of(&all[..10]).cut_aliases(), 0);
        assert!(
            candidates.contains(&"a19999.example".to_owned()),
            "{candidates:?}"
        );
    }
}
