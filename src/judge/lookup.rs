//! How lookups went: what resolvers said of a name to a client.

use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::HashMap;

use super::evidence::Evidence;
use super::lookup_failure::{Servers, addresses, failure, injected};
use super::trust::Trust;
use crate::model::{CaptureTime, Fqdn, Stamp};
use crate::observe::{DnsTransaction, is_sinkhole};

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
    /// Why it failed, where no answer was of use; the best evidence.
    pub failure: Option<Evidence>,
    /// That two answers to one query contradict each other, and the addresses in them.
    pub injected: Option<(Evidence, Vec<IpAddr>)>,
}

impl Lookup {
    /// The most frames kept.
    pub const MAX_STAMPS: usize = 16;
}

/// Lookups by client and name.
#[derive(Debug, Default)]
pub struct Lookups {
    by_client: BTreeMap<(IpAddr, Fqdn), Lookup>,
    by_name: HashMap<Fqdn, Vec<IpAddr>>,
}

impl Lookups {
    /// Gathers all transactions. `end` is when the capture ends; `trust` lowers what a lossy one shows.
    #[must_use]
    pub fn of(transactions: &[DnsTransaction], end: CaptureTime, trust: &Trust) -> Self {
        let servers = Servers::of(transactions);
        let mut by_client: BTreeMap<(IpAddr, Fqdn), Lookup> = BTreeMap::new();
        let asked = |t: &&DnsTransaction| t.server.port == 53 && leads_to_addresses(t.query_type);
        for transaction in transactions.iter().filter(asked) {
            let Some(query) = &transaction.query else {
                continue;
            };
            let lookup = by_client
                .entry((transaction.client.ip, query.clone()))
                .or_default();
            lookup.attempts += 1;
            let room = Lookup::MAX_STAMPS.saturating_sub(lookup.stamps.len());
            lookup.stamps.extend(transaction.stamps().take(room));
            for (stamp, facts) in &transaction.answers {
                let live: Vec<IpAddr> = addresses(facts).filter(|ip| !is_sinkhole(*ip)).collect();
                if !live.is_empty() {
                    lookup.resolved_at.get_or_insert(*stamp);
                }
                lookup.addresses.extend(live);
            }
            if lookup.injected.is_none() {
                lookup.injected = injected(transaction);
            }
            let heard = !(trust.one_way && transaction.answers.is_empty());
            if let Some(mut evidence) = failure(transaction, &servers, end).filter(|_| heard) {
                trust.lower(&mut evidence);
                let known = lookup.failure.as_ref();
                if known.is_none_or(|known| evidence.grade < known.grade) {
                    lookup.failure = Some(evidence);
                }
            }
        }
        let mut by_name: HashMap<Fqdn, Vec<IpAddr>> = HashMap::default();
        for ((client, name), lookup) in &mut by_client {
            lookup.stamps.sort_unstable();
            lookup.stamps.dedup();
            lookup.addresses.sort_unstable();
            lookup.addresses.dedup();
            if !lookup.addresses.is_empty() {
                lookup.failure = None;
            }
            by_name.entry(name.clone()).or_default().push(*client);
        }
        Self { by_client, by_name }
    }

    /// All lookups, ascending by client and name.
    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, &Fqdn, &Lookup)> {
        self.by_client
            .iter()
            .map(|((client, name), lookup)| (*client, name, lookup))
    }

    /// What a client learnt of a name.
    #[must_use]
    pub fn get(&self, client: IpAddr, name: &Fqdn) -> Option<&Lookup> {
        self.by_client.get(&(client, name.clone()))
    }

    /// All names that anybody asked for.
    pub fn names(&self) -> impl Iterator<Item = &Fqdn> {
        self.by_name.keys()
    }

    /// Who asked for a name, ascending.
    #[must_use]
    pub fn clients(&self, name: &Fqdn) -> &[IpAddr] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Whether a type is asked for in order to connect: A, CNAME, AAAA, SVCB, HTTPS, ANY.
const fn leads_to_addresses(query_type: u16) -> bool {
    matches!(query_type, 1 | 5 | 28 | 64 | 65 | 255)
}
