//! What resolvers do for others and at other times: controls for what they do not do for a name.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::{HashMap, HashSet};

use super::lookup_failure::{addresses, is_denied_by_zone};
use crate::model::{BoxedList, Endpoint, Fqdn, Merge, Stamp};
use crate::observe::{DnsTransaction, is_sinkhole};
use crate::wording::{Phrase, phrase};

/// Queries closer than this are one try: A and AAAA, several resolvers at once, a copy.
pub(super) const ONE_TRY: Duration = Duration::from_millis(900);

/// Queries of a client for a name to a resolver that nothing answers.
#[derive(Default)]
pub(super) struct Silence {
    /// Ascending; in the end the first and last of them.
    pub(super) queries: Vec<Stamp>,
    /// How many there were.
    pub(super) count: usize,
    /// How often that was, those of one moment taken as one.
    pub(super) tries: usize,
}

impl Silence {
    /// The most queries kept.
    const MAX: usize = 16;

    /// Once all queries are in.
    fn settle(&mut self) {
        self.queries.sort_unstable();
        self.queries.dedup();
        self.count = self.queries.len();
        let mut last: Option<Stamp> = None;
        for query in &self.queries {
            if last.is_none_or(|last| query.time.since(last.time) >= ONE_TRY) {
                self.tries += 1;
                last = Some(*query);
            }
        }
        if let (true, Some(last)) = (self.count > Self::MAX, last) {
            self.queries.truncate(Self::MAX - 1);
            self.queries.push(last);
        }
    }
}

/// What pairs a query with an answer that comes from somewhere else.
type Question<'a> = (Endpoint, u16, &'a Fqdn, u16);

/// Which resolvers gave useful answers, and what they are silent on.
#[derive(Default)]
pub(super) struct Resolvers<'a> {
    /// Client and resolver: the registrable domains of which it gave useful answers.
    works: HashMap<(IpAddr, IpAddr), HashSet<&'a str>>,
    /// Client, resolver and name that it denied with the SOA record of a zone: what a cache says of it later has none.
    denied: HashSet<(IpAddr, IpAddr, &'a Fqdn)>,
    /// Client, resolver and name: queries that nothing answers.
    silent: HashMap<(IpAddr, IpAddr, &'a Fqdn), Silence>,
    /// Names on which a resolver is silent to a client, of which others get answers: their registrable domains.
    lacking: HashMap<(IpAddr, IpAddr), BTreeSet<&'a str>>,
    /// Queries without an answer, where there are answers without a query: who was asked.
    unanswered: HashMap<Question<'a>, IpAddr>,
}

impl<'a> Resolvers<'a> {
    pub(super) fn of(transactions: &'a BoxedList<DnsTransaction>) -> Self {
        let mut all = Self::default();
        let mut stray = false;
        for transaction in transactions.iter().filter(|t| t.server.port == 53) {
            let Some(name) = &transaction.query else {
                continue;
            };
            let (client, server) = (transaction.client.ip, transaction.server.ip);
            stray |= transaction.queries.is_empty();
            if transaction.answers.is_empty() {
                let silence = all.silent.entry((client, server, name)).or_default();
                silence.queries.extend(&transaction.queries);
                continue;
            }
            let mut said = transaction.answers.iter().map(|(_, facts)| facts);
            if said.any(|facts| is_denied_by_zone(transaction, facts)) {
                all.denied.insert((client, server, name));
            }
            if is_useful(transaction) {
                let domains = all.works.entry((client, server)).or_default();
                domains.insert(domain(name));
            }
        }
        all.silent.values_mut().for_each(Silence::settle);
        if stray {
            all.unanswered = transactions
                .iter()
                .filter(|t| t.answers.is_empty())
                .filter_map(|t| Some((question(t)?, t.server.ip)))
                .collect();
        }
        all
    }

    /// The names that somebody gets no answer for.
    pub(super) fn unanswered_names(&self) -> UnansweredNames<'a> {
        UnansweredNames(self.silent.keys().map(|(.., name)| *name).collect())
    }

    /// Takes who gets answers for such names, of the whole capture.
    pub(super) fn compare(&mut self, given: &GivenNames<'a>) {
        for ((client, server, name), silence) in &self.silent {
            let pairs = given.0.get(name).into_iter().flatten();
            let mut others = pairs.filter(|pair| **pair != (*client, *server));
            if others.next().is_some() && silence.tries > 1 {
                let domains = self.lacking.entry((*client, *server)).or_default();
                domains.insert(domain(name));
            }
        }
    }

    /// Whether a resolver gave a client useful answers.
    pub(super) fn work(&self, client: IpAddr, server: IpAddr) -> bool {
        self.works.contains_key(&(client, server))
    }

    /// Whether a resolver told a client that a name does not exist in the words of a zone.
    pub(super) fn denied(&self, client: IpAddr, server: IpAddr, name: &'a Fqdn) -> bool {
        self.denied.contains(&(client, server, name))
    }

    /// Whether a resolver gave a client useful answers for another name under the same registrable domain.
    pub(super) fn work_for_vendor(&self, client: IpAddr, server: IpAddr, name: &Fqdn) -> bool {
        let works = self.works.get(&(client, server));
        works.is_some_and(|domains| domains.contains(domain(name)))
    }

    /// A client's queries for a name that a resolver does not answer.
    pub(super) fn silence(
        &self,
        client: IpAddr,
        server: IpAddr,
        name: &'a Fqdn,
    ) -> Option<&Silence> {
        self.silent.get(&(client, server, name))
    }

    /// Domains of several owners on which a resolver is silent to a client while others get answers for the names: the
    /// name servers of one zone may be dead, those of several that work for others are not.
    pub(super) fn lacks_several(&self, client: IpAddr, server: IpAddr) -> Option<Phrase> {
        let domains = self.lacking.get(&(client, server))?;
        let list: Vec<&str> = domains.iter().copied().take(3).collect();
        (domains.len() > 1).then(|| {
            phrase!(
                control_lacks_several,
                "{server} is silent to this client on names of {list}, which others get",
                server,
                list = list
                    .iter()
                    .map(|one| Phrase::from(*one))
                    .reduce(Phrase::both)
                    .unwrap_or_default()
            )
        })
    }

    /// Who was asked instead, of an answer that came from somewhere else.
    pub(super) fn asked_instead(&self, transaction: &'a DnsTransaction) -> Option<IpAddr> {
        if !transaction.queries.is_empty() {
            return None;
        }
        self.unanswered.get(&question(transaction)?).copied()
    }
}

/// Names that somebody gets no answer for. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UnansweredNames<'a>(HashSet<&'a Fqdn>);

impl Merge for UnansweredNames<'_> {
    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// Who gets answers for the names that somebody gets none for: client and resolver, two of a name, the smallest. Of two,
/// one at least is another pair than the one that is asked about. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GivenNames<'a>(HashMap<&'a Fqdn, BTreeSet<(IpAddr, IpAddr)>>);

impl<'a> GivenNames<'a> {
    pub(super) fn of(
        transactions: &'a BoxedList<DnsTransaction>,
        unanswered: &UnansweredNames<'_>,
    ) -> Self {
        let mut given = Self::default();
        if unanswered.0.is_empty() {
            return given;
        }
        for transaction in transactions {
            let Some(name) = &transaction.query else {
                continue;
            };
            if unanswered.0.contains(name) && is_useful(transaction) {
                given.take(name, [(transaction.client.ip, transaction.server.ip)]);
            }
        }
        given
    }

    fn take(&mut self, name: &'a Fqdn, pairs: impl IntoIterator<Item = (IpAddr, IpAddr)>) {
        let known = self.0.entry(name).or_default();
        known.extend(pairs);
        while known.len() > 2 {
            known.pop_last();
        }
    }
}

impl Merge for GivenNames<'_> {
    fn merge(&mut self, other: Self) {
        for (name, pairs) in other.0 {
            self.take(name, pairs);
        }
    }
}

fn question(transaction: &DnsTransaction) -> Option<Question<'_>> {
    let name = transaction.query.as_ref()?;
    Some((
        transaction.client,
        transaction.id,
        name,
        transaction.query_type,
    ))
}

fn is_useful(transaction: &DnsTransaction) -> bool {
    transaction.answers.iter().any(|(_, facts)| {
        facts.rcode == 0 && addresses(transaction, facts).any(|ip| !is_sinkhole(ip))
    })
}

/// The registrable domain of a name, or the name itself where it has none.
pub(super) fn domain(name: &Fqdn) -> &str {
    name.registrable().unwrap_or(name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn who_is_given_names_merges_in_any_order() {
        let names = [
            Fqdn::parse("a.test").unwrap(),
            Fqdn::parse("b.test").unwrap(),
        ];
        let ip = |last: u8| IpAddr::from([10, 0, 0, last]);
        let given = |clients: &[u8]| {
            let mut given = GivenNames::default();
            // Three pairs are more than are kept.
            let pairs = clients.iter().map(|client| (ip(*client), ip(53)));
            given.take(&names[0], pairs);
            given
        };
        hold(&[given(&[3, 5]), given(&[1, 4]), given(&[2])]);
        let unanswered =
            |of: &'static [usize]| UnansweredNames(of.iter().map(|place| &names[*place]).collect());
        hold(&[unanswered(&[0]), unanswered(&[0, 1]), unanswered(&[])]);
    }
}
