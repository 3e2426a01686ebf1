//! How lookups went: what resolvers said of a name to a client.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::HashMap;

use super::evidence::{Code, Evidence, Grade};
use crate::model::{CaptureTime, Fqdn, Stamp};
use crate::observe::{DnsData, DnsFacts, DnsTransaction, is_sinkhole};

/// An answer may come this long after the capture's end.
const TAIL: Duration = Duration::from_secs(10);

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
    /// Gathers all transactions. `end` is when the capture ends.
    #[must_use]
    pub fn of(transactions: &[DnsTransaction], end: CaptureTime) -> Self {
        let servers = Servers::of(transactions);
        let mut by_client: BTreeMap<(IpAddr, Fqdn), Lookup> = BTreeMap::new();
        for transaction in transactions.iter().filter(|t| t.server.port == 53) {
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
            if let Some(evidence) = failure(transaction, &servers, end)
                && lookup
                    .failure
                    .as_ref()
                    .is_none_or(|known| evidence.grade < known.grade)
            {
                lookup.failure = Some(evidence);
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

/// Which resolvers gave useful answers, as a control.
struct Servers {
    works: HashMap<IpAddr, Stamp>,
}

impl Servers {
    fn of(transactions: &[DnsTransaction]) -> Self {
        let mut works: HashMap<IpAddr, Stamp> = HashMap::default();
        for transaction in transactions {
            for (stamp, facts) in &transaction.answers {
                if facts.rcode == 0 && addresses(facts).any(|ip| !is_sinkhole(ip)) {
                    let at = works.entry(transaction.server.ip).or_insert(*stamp);
                    *at = (*at).min(*stamp);
                }
            }
        }
        Self { works }
    }

    fn control(&self, server: IpAddr) -> Option<String> {
        self.works
            .contains_key(&server)
            .then(|| format!("the same resolver {server} resolves other names"))
    }
}

fn addresses(facts: &DnsFacts) -> impl Iterator<Item = IpAddr> + '_ {
    facts.records.iter().filter_map(|record| match record.data {
        DnsData::Address(ip) if record.is_answer() => Some(ip),
        _ => None,
    })
}

fn failure(transaction: &DnsTransaction, servers: &Servers, end: CaptureTime) -> Option<Evidence> {
    let server = transaction.server.ip;
    let control = servers.control(server);
    let evidence = |code, grade, stamps, words, by| Evidence {
        code,
        grade,
        stamps,
        words,
        by,
        control: control.clone(),
    };
    let Some((stamp, facts)) = transaction.answers.first() else {
        let last = transaction.queries.last()?;
        if transaction.queries.len() < 2 && end.since(last.time) < TAIL {
            return None;
        }
        let grade = if control.is_some() && transaction.queries.len() >= 2 {
            Grade::B
        } else {
            Grade::C
        };
        let words = format!(
            "{} queries to {server}, no answer",
            transaction.queries.len()
        );
        return Some(evidence(
            Code::DnsSilent,
            grade,
            transaction.queries.clone(),
            words,
            None,
        ));
    };
    let stamps: Vec<Stamp> = transaction
        .queries
        .first()
        .copied()
        .into_iter()
        .chain([*stamp])
        .collect();
    let said = facts
        .extended_errors
        .iter()
        .find(|(code, _)| matches!(code, 4 | 15..=18));
    if let Some((code, text)) = said {
        let words = format!("extended DNS error {code} from {server}{}", quoted(text));
        return Some(evidence(
            Code::DnsExtendedError,
            Grade::A,
            stamps,
            words,
            Some(server),
        ));
    }
    let with_control = if control.is_some() {
        Grade::B
    } else {
        Grade::C
    };
    let (code, grade, words) = match facts.rcode {
        0 => {
            let all: Vec<IpAddr> = addresses(facts).collect();
            if all.is_empty() || all.iter().any(|ip| !is_sinkhole(*ip)) {
                return None; // an answer of use, or no data of this type: the other family may have some
            }
            (
                Code::DnsSinkhole,
                Grade::B,
                format!("{server} answers {}", all[0]),
            )
        }
        2 => (
            Code::DnsServfail,
            Grade::C,
            format!("SERVFAIL from {server}"),
        ),
        3 => (
            Code::DnsNxdomain,
            with_control,
            format!("NXDOMAIN from {server}"),
        ),
        5 => (Code::DnsRefused, Grade::C, format!("REFUSED from {server}")),
        _ => return None,
    };
    Some(evidence(code, grade, stamps, words, Some(server)))
}

fn quoted(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {text:?}")
    }
}
