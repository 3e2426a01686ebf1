//! What resolvers answered instead of an address, and what that proves.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::HashSet;

use super::evidence::{Code, Evidence, Grade};
use crate::model::{CaptureTime, Fqdn};
use crate::observe::{DnsData, DnsFacts, DnsTransaction, is_sinkhole};

/// Start of authority: the zone that denies a name.
const SOA: u16 = 6;

/// An answer may come this long after the capture's end.
const TAIL: Duration = Duration::from_secs(10);

/// Which resolvers gave useful answers, as a control.
pub(super) struct Servers {
    /// Client and resolver.
    works: HashSet<(IpAddr, IpAddr)>,
}

impl Servers {
    pub(super) fn of(transactions: &[DnsTransaction]) -> Self {
        let useful =
            |facts: &DnsFacts| facts.rcode == 0 && addresses(facts).any(|ip| !is_sinkhole(ip));
        let works = transactions
            .iter()
            .filter(|t| t.answers.iter().any(|(_, facts)| useful(facts)))
            .map(|t| (t.client.ip, t.server.ip))
            .collect();
        Self { works }
    }

    fn work(&self, client: IpAddr, server: IpAddr) -> bool {
        self.works.contains(&(client, server))
    }
}

pub(super) fn addresses(facts: &DnsFacts) -> impl Iterator<Item = IpAddr> + '_ {
    facts.records.iter().filter_map(|record| match record.data {
        DnsData::Address(ip) if record.is_answer() => Some(ip),
        _ => None,
    })
}

/// Why a transaction was of no use; `None` where it was, or where that cannot be told.
pub(super) fn failure(
    transaction: &DnsTransaction,
    servers: &Servers,
    end: CaptureTime,
) -> Option<Evidence> {
    let server = transaction.server.ip;
    let works = servers.work(transaction.client.ip, server);
    let with_control = if works { Grade::B } else { Grade::C };
    let control = || {
        works.then(|| format!("the same resolver {server} resolves other names for this client"))
    };
    let Some((stamp, facts)) = transaction.answers.first() else {
        let queries = &transaction.queries;
        let last = queries.last()?;
        if queries.len() < 2 && end.since(last.time) < TAIL {
            return None;
        }
        let (grade, words) = match queries.len() {
            1 => (Grade::C, format!("1 query to {server}, no answer")),
            count => (
                with_control,
                format!("{count} queries to {server}, no answer"),
            ),
        };
        return Some(Evidence {
            control: control(),
            ..Evidence::new(Code::DnsSilent, grade, queries.iter().copied(), words)
        });
    };
    let (code, grade, words) = denial(transaction, facts, with_control)?;
    let stamps = transaction.queries.first().into_iter().chain([stamp]);
    Some(Evidence {
        by: Some(server),
        control: control(),
        ..Evidence::new(code, grade, stamps.copied(), words)
    })
}

/// What an answer denies, and how sure it is that a policy does.
fn denial(
    transaction: &DnsTransaction,
    facts: &DnsFacts,
    with_control: Grade,
) -> Option<(Code, Grade, String)> {
    let server = transaction.server.ip;
    let said = facts
        .extended_errors
        .iter()
        .find(|(code, _)| matches!(code, 4 | 15..=18));
    if let Some((code, text)) = said {
        let words = format!("extended DNS error {code} from {server}{}", quoted(text));
        return Some((Code::DnsExtendedError, Grade::A, words));
    }
    if let Some(zone) = policy_zone(transaction, facts) {
        let what = if facts.rcode == 3 {
            "NXDOMAIN"
        } else {
            "no data"
        };
        let words =
            format!("{what} from {server} out of the zone {zone}, in which the name does not lie");
        return Some((Code::DnsPolicyZone, Grade::B, words));
    }
    match facts.rcode {
        0 => {
            let all: Vec<IpAddr> = addresses(facts).collect();
            // An answer of use, or no data of this type: the other family may have some.
            let sinkhole = all.iter().all(|ip| is_sinkhole(*ip));
            let first = all.first().filter(|_| sinkhole)?;
            // Names of a site's own may lead to the host itself on purpose.
            let name = transaction.query.as_ref().map_or("", Fqdn::as_str);
            let public = psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known());
            let grade = if public { Grade::B } else { Grade::C };
            Some((
                Code::DnsSinkhole,
                grade,
                format!("{server} answers {first}"),
            ))
        }
        2 => Some((
            Code::DnsServfail,
            Grade::C,
            format!("SERVFAIL from {server}"),
        )),
        // With the SOA of a zone above the name it is that zone's own word (RFC 2308 section 3), as far as one can see.
        3 if !facts.whole || facts.records.iter().any(|record| record.kind == SOA) => Some((
            Code::DnsNxdomain,
            Grade::C,
            format!(
                "NXDOMAIN from {server}, as far as one can see in the words of the name's own zone"
            ),
        )),
        3 => Some((
            Code::DnsNxdomain,
            with_control,
            format!("NXDOMAIN from {server}"),
        )),
        5 => Some((Code::DnsRefused, Grade::C, format!("REFUSED from {server}"))),
        _ => None,
    }
}

/// The zone out of which a name is denied that does not lie in it: what response policy zones leave behind.
fn policy_zone(transaction: &DnsTransaction, facts: &DnsFacts) -> Option<Fqdn> {
    let denied =
        facts.rcode == 3 || facts.rcode == 0 && !facts.records.iter().any(|r| r.is_answer());
    if !denied {
        return None;
    }
    let chain = transaction.chain(facts);
    let lies_in = |zone: &Fqdn| {
        chain.iter().any(|name| {
            let rest = name.as_str().strip_suffix(zone.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    };
    let zones = facts.records.iter().filter(|record| record.kind == SOA);
    // The root, which has no name here, is above all names.
    let mut zones = zones.filter_map(|record| record.name.as_ref());
    zones
        .find(|zone| !chain.is_empty() && !lies_in(zone))
        .cloned()
}

/// Two answers to one query that do not say the same: one of them was made on the path. The addresses in them beside.
pub(super) fn injected(transaction: &DnsTransaction) -> Option<(Evidence, Vec<IpAddr>)> {
    const CLOSE: Duration = Duration::from_secs(2);
    let [query] = transaction.queries.as_slice() else {
        return None;
    };
    let (first, facts) = transaction
        .answers
        .first()
        .filter(|_| transaction.answers.len() > 1)?;
    let says =
        |facts: &DnsFacts| -> (u16, BTreeSet<IpAddr>) { (facts.rcode, addresses(facts).collect()) };
    let place = transaction.answers.iter().position(|(stamp, other)| {
        stamp.time.since(first.time) <= CLOSE && says(other) != says(facts) && !other.truncated
    })?;
    let (second, other) = transaction.answers.get(place)?;
    let ttl = |i: usize| transaction.answer_ttls.get(i).copied().unwrap_or(0);
    let (one, two) = (ttl(0), ttl(place));
    let (grade, ttls) = match one != 0 && two != 0 && one.abs_diff(two) > 1 {
        true => (Grade::A, format!(", with TTL {one} and {two}")),
        false => (Grade::B, String::new()),
    };
    let words = format!(
        "one query to {}, two answers that differ{ttls}",
        transaction.server.ip
    );
    let mut all: Vec<IpAddr> = addresses(facts).chain(addresses(other)).collect();
    all.sort_unstable();
    all.dedup();
    let stamps = [*query, *first, *second];
    Some((Evidence::new(Code::DnsInjected, grade, stamps, words), all))
}

fn quoted(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {text:?}")
    }
}
