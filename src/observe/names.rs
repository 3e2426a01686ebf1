//! Which names an address had, for whom and when, as DNS answers told.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::dns_log::{DnsData, DnsTransaction};
use super::seed::Seed;
use crate::model::{CaptureTime, Fqdn, Stamp};

/// How long after its TTL an answer may still be in use: applications and resolvers keep answers longer than told.
const SLACK: Duration = Duration::from_secs(300);

/// The most names told of one flow.
const MAX_NAMES: usize = 16;

/// An address learnt for a name.
#[derive(Clone, Debug)]
struct Lookup {
    stamp: Stamp,
    client: IpAddr,
    asked: Fqdn,
    ttl: u32,
}

/// A name that an address may have at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The asked name, not the end of its CNAME chain.
    pub(super) asked: Fqdn,
    /// When the answer came.
    pub(super) stamp: Stamp,
    /// Whether the answer went to the client in question.
    pub(super) same_client: bool,
    /// Whether the answer had run out, slack included.
    pub(super) stale: bool,
}

/// All answers by address.
#[derive(Debug, Default)]
pub(super) struct Directory {
    by_address: HashMap<IpAddr, Vec<Lookup>>,
    /// By address: for whom, and the name.
    seeds: HashMap<IpAddr, Vec<(Option<IpAddr>, Fqdn)>>,
}

impl Directory {
    /// Reads all answers. Sinkhole addresses name nothing, nor do addresses that the asked name does not lead to.
    pub(super) fn of(transactions: &[DnsTransaction]) -> Self {
        let mut by_address: HashMap<IpAddr, Vec<Lookup>> = HashMap::new();
        for transaction in transactions {
            for named in named_addresses(transaction) {
                let lookups = by_address.entry(named.address.to_canonical()).or_default();
                lookups.push(Lookup {
                    stamp: named.stamp,
                    client: transaction.client.ip,
                    asked: named.asked.clone(),
                    ttl: named.ttl,
                });
            }
        }
        for lookups in by_address.values_mut() {
            lookups
                .sort_by(|a, b| (a.stamp, a.client, &a.asked).cmp(&(b.stamp, b.client, &b.asked)));
        }
        Self {
            by_address,
            seeds: HashMap::new(),
        }
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

    /// The names that `address` may have for `client` at `time`: what the client asked itself first, then what others
    /// asked; within each what has not run out, newest first. Answers that come later name nothing.
    pub(super) fn candidates(
        &self,
        client: IpAddr,
        address: IpAddr,
        time: CaptureTime,
    ) -> Vec<Candidate> {
        let Some(lookups) = self.by_address.get(&address.to_canonical()) else {
            return Vec::new();
        };
        let known = lookups.partition_point(|lookup| lookup.stamp.time <= time);
        let mut out: Vec<Candidate> = Vec::new();
        let mut best: HashMap<&Fqdn, usize> = HashMap::new();
        // Bounded: an address with very many answers tells no more by looking at all of them.
        for lookup in lookups[..known].iter().rev().take(4096) {
            let ends = lookup
                .stamp
                .time
                .plus(Duration::from_secs(u64::from(lookup.ttl)) + SLACK);
            let candidate = Candidate {
                asked: lookup.asked.clone(),
                stamp: lookup.stamp,
                same_client: lookup.client == client,
                stale: ends < time,
            };
            match best.get(&lookup.asked) {
                Some(&i) if rank(&out[i]) <= rank(&candidate) => {}
                Some(&i) => out[i] = candidate,
                None => {
                    best.insert(&lookup.asked, out.len());
                    out.push(candidate);
                }
            }
        }
        let own = out.iter().any(|c| c.same_client);
        let fresh = out.iter().any(|c| c.same_client == own && !c.stale);
        out.retain(|c| c.same_client == own && c.stale != fresh);
        out.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.asked.cmp(&b.asked)));
        out.truncate(MAX_NAMES);
        out
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

/// The addresses to which a transaction's answers lead from the asked name, sinkholes left out.
pub(super) fn named_addresses(
    transaction: &DnsTransaction,
) -> impl Iterator<Item = NamedAddress<'_>> {
    transaction.answers.iter().flat_map(move |(stamp, facts)| {
        let chain = transaction.chain(facts);
        let records = facts.records.iter().filter(|record| record.is_answer());
        records.flat_map(move |record| {
            // Without a question (mDNS) the record's own name is all that there is.
            let asked = match (&transaction.query, &record.name) {
                (Some(query), Some(owner)) if chain.contains(&owner) => Some(query),
                (None, Some(owner)) if transaction.query_type == 0 => Some(owner),
                _ => None,
            };
            let addresses: &[IpAddr] = match &record.data {
                DnsData::Address(ip) => std::slice::from_ref(ip),
                DnsData::Service(_, hints) => hints,
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

fn rank(candidate: &Candidate) -> (bool, bool, std::cmp::Reverse<Stamp>) {
    (
        !candidate.same_client,
        candidate.stale,
        std::cmp::Reverse(candidate.stamp),
    )
}

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

    use super::super::dns_log::{DnsFacts, DnsRecord, DnsSection};
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
            id: 1,
            response: true,
            query: query.clone(),
            query_type: 1,
            rcode: 0,
            truncated: false,
            whole: true,
            records: vec![DnsRecord {
                name: query.clone(),
                kind: 1,
                ttl,
                section: DnsSection::Answer,
                data: DnsData::Address(address.parse().unwrap()),
            }],
            extended_errors: Vec::new(),
        };
        DnsTransaction {
            client: Endpoint::new(client.parse().unwrap(), 5353),
            server: Endpoint::new("10.0.0.53".parse().unwrap(), 53),
            transport: Transport::Udp,
            id: 1,
            query,
            query_type: 1,
            queries: Vec::new(),
            answer_ttls: Vec::new(),
            answers: vec![(stamp(at), Arc::new(facts))],
        }
    }

    fn names(directory: &Directory, client: &str, address: &str, at: i64) -> Vec<String> {
        let time = CaptureTime::from_secs_nanos(at, 0);
        let all = directory.candidates(client.parse().unwrap(), address.parse().unwrap(), time);
        all.iter().map(|c| c.asked.to_string()).collect()
    }

    #[test]
    fn a_shared_address_has_all_its_names() {
        let directory = Directory::of(&[
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
        let directory = Directory::of(&[
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
        let directory = Directory::of(&[answer("10.0.0.1", "a.example", "127.0.0.1", 1, 60)]);
        assert!(names(&directory, "10.0.0.1", "127.0.0.1", 2).is_empty());
        assert!(is_sinkhole("::ffff:0.0.0.0".parse().unwrap()));
        assert!(!is_sinkhole("10.0.0.1".parse().unwrap()));
    }
}
