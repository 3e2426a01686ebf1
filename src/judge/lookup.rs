//! How lookups went: what resolvers said of a name to a client.

use std::net::IpAddr;

use foldhash::HashMap;

use rayon::prelude::*;

use super::evidence::Evidence;
use super::lookup_failure::{Servers, addresses, failure, injected};
use super::trust::Trust;
use crate::model::{CaptureTime, Fqdn, Share, Stamp};
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
    pub failure: Option<Box<Evidence>>,
    /// That two answers to one query contradict each other, and the addresses in them.
    pub injected: Option<Box<(Evidence, Vec<IpAddr>)>>,
}

impl Lookup {
    /// The most frames kept.
    pub const MAX_STAMPS: usize = 16;

    /// Takes what one transaction tells; they come ascending by time.
    fn take(
        &mut self,
        transaction: &DnsTransaction,
        servers: &Servers,
        end: CaptureTime,
        trust: &Trust,
    ) {
        self.attempts += 1;
        let room = Self::MAX_STAMPS.saturating_sub(self.stamps.len());
        let stamps = transaction.stamps().take(room);
        self.stamps.reserve_exact(stamps.size_hint().0);
        self.stamps.extend(stamps);
        for (stamp, facts) in &transaction.answers {
            let live = addresses(facts).filter(|ip| !is_sinkhole(*ip));
            let before = self.addresses.len();
            self.addresses.extend(live);
            if self.addresses.len() > before {
                self.resolved_at.get_or_insert(*stamp);
            }
        }
        if self.injected.is_none() {
            self.injected = injected(transaction).map(Box::new);
        }
        let heard = !(trust.one_way && transaction.answers.is_empty());
        if let Some(mut evidence) = failure(transaction, servers, end).filter(|_| heard) {
            trust.lower(&mut evidence);
            let known = self.failure.as_ref();
            if known.is_none_or(|known| evidence.grade < known.grade) {
                self.failure = Some(Box::new(evidence));
            }
        }
    }

    /// Once all transactions are in.
    fn settled(mut self) -> Self {
        self.stamps.sort_unstable();
        self.stamps.dedup();
        self.addresses.sort_unstable();
        self.addresses.dedup();
        if !self.addresses.is_empty() {
            self.failure = None;
        }
        self
    }
}

/// Lookups by client and name.
#[derive(Debug, Default)]
pub struct Lookups {
    /// Ascending by client and name.
    all: Vec<(IpAddr, Fqdn, Lookup)>,
    places: HashMap<(IpAddr, Fqdn), usize>,
}

impl Lookups {
    /// Gathers all transactions. `end` is when the capture ends; `trust` lowers what a lossy one shows.
    #[must_use]
    pub fn of(transactions: &[DnsTransaction], end: CaptureTime, trust: &Trust) -> Self {
        let servers = Servers::of(transactions);
        let asked = transactions
            .iter()
            .filter(|t| t.server.port == 53 && leads_to_addresses(t.query_type))
            .filter_map(|t| Some((t.client.ip, t.query.as_ref()?, t)));
        // Lookups of one client are gathered by one thread.
        let gather = |share: Share| {
            let mut places: HashMap<(IpAddr, &Fqdn), usize> = HashMap::default();
            let mut all: Vec<(IpAddr, &Fqdn, Lookup)> = Vec::new();
            for (client, query, transaction) in
                asked.clone().filter(|(client, ..)| share.has(client))
            {
                let place = *places.entry((client, query)).or_insert(all.len());
                if place == all.len() {
                    all.push((client, query, Lookup::default()));
                }
                let (_, _, lookup) = &mut all[place];
                lookup.take(transaction, &servers, end, trust);
            }
            all
        };
        let mut all: Vec<(IpAddr, &Fqdn, Lookup)> = Share::each(gather).collect();
        all.par_sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let all: Vec<(IpAddr, Fqdn, Lookup)> = all
            .into_par_iter()
            .map(|(client, name, lookup)| (client, name.clone(), lookup.settled()))
            .collect();
        let keys = all.iter().map(|(client, name, _)| (*client, name.clone()));
        let places = keys.zip(0..).collect();
        Self { all, places }
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
