//! What resolvers said, transaction by transaction: an address, something else instead of it, and what that proves.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use super::attempt::{InconclusiveReason, TAIL};
use super::evidence::{Code, Evidence, Grade};
use super::resolvers::Resolvers;
use crate::model::{CaptureTime, Fqdn, Stamp, Transport};
use crate::observe::{DnsData, DnsFacts, DnsRecord, DnsSection, DnsTransaction, is_sinkhole};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

/// Record types.
const CNAME: u16 = 5;
const NS: u16 = 2;
const SOA: u16 = 6;

/// What came of one transaction.
pub(super) enum Said {
    /// An address that leads somewhere.
    Good,
    /// Addresses that lead somewhere, that a policy made them, and whether it says no more than that.
    Made(Evidence, Vec<IpAddr>, bool),
    /// No address, and why.
    Failed(Evidence),
    /// No address but another name to ask for, and that nothing else came.
    Alias(Evidence, Fqdn),
    /// The first fragment of an answer with an address.
    Part(Evidence),
    /// It cannot be told.
    Open(InconclusiveReason),
    /// Nothing that counts.
    Nothing,
}

impl Said {
    /// What shows a failure, where it is one.
    pub(super) fn into_evidence(self) -> Option<Evidence> {
        match self {
            Self::Failed(evidence)
            | Self::Made(evidence, ..)
            | Self::Alias(evidence, _)
            | Self::Part(evidence) => Some(evidence),
            Self::Good | Self::Open(_) | Self::Nothing => None,
        }
    }
}

/// The addresses that an answer gives to the name that was asked for, sinkholes too.
pub(super) fn addresses<'a>(
    transaction: &'a DnsTransaction,
    facts: &'a DnsFacts,
) -> impl Iterator<Item = IpAddr> + 'a {
    let asked = transaction.query.as_ref();
    let aliased = facts.records.iter().any(|record| record.kind == CNAME);
    let chain = aliased.then(|| transaction.chain(facts));
    facts.records.iter().filter_map(move |record| {
        let owner = record.name.as_ref();
        let of_name = || match &chain {
            Some(chain) => owner.is_some_and(|owner| chain.contains(&owner)),
            None => owner == asked,
        };
        match record.data {
            DnsData::Address(ip) if record.is_answer() && of_name() => Some(ip),
            _ => None,
        }
    })
}

/// How much of what came of a transaction is wanted: most of it is cleared by what came of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Its kind and grade.
    Kind,
    /// With words and controls.
    Whole,
}

impl Detail {
    fn words(self, words: impl FnOnce() -> Phrase) -> Phrase {
        match self {
            Self::Kind => Phrase::default(),
            Self::Whole => words(),
        }
    }
}

/// What came of a transaction. `end` is when the capture ends.
pub(super) fn said<'a>(
    transaction: &'a DnsTransaction,
    resolvers: &Resolvers<'a>,
    (end, one_way): (CaptureTime, bool),
    detail: Detail,
) -> Said {
    if transaction.answers.is_empty() {
        return if one_way {
            Said::Open(InconclusiveReason::OneWay)
        } else {
            silence(transaction, resolvers, end)
        };
    }
    if let Some(asked) = resolvers.asked_instead(transaction) {
        let stamps = transaction.stamps();
        let words = phrase!(
            answered_by_another,
            "{asked} was asked, and {ip} answers: hosts drop such answers",
            asked,
            ip = transaction.server.ip
        );
        return Said::Failed(Evidence::new(Code::DnsSilent, Grade::C, stamps, words));
    }
    // A good answer counts, whatever else came: what contradicts it is told apart.
    let mut first = None;
    for (stamp, facts) in &transaction.answers {
        match answered(transaction, (*stamp, facts), resolvers, end, detail) {
            Said::Good => return Said::Good,
            other => {
                first.get_or_insert(other);
            }
        }
    }
    first.unwrap_or(Said::Nothing)
}

/// A transaction without an answer.
fn silence<'a>(
    transaction: &'a DnsTransaction,
    resolvers: &Resolvers<'a>,
    end: CaptureTime,
) -> Said {
    let (client, server) = (transaction.client.ip, transaction.server.ip);
    let name = transaction.query.as_ref();
    let known = name.and_then(|name| resolvers.silence(client, server, name));
    let (Some(known), Some(last)) = (known, transaction.queries.last()) else {
        return Said::Nothing;
    };
    if known.tries < 2 && end.since(last.time) < TAIL {
        return Said::Open(InconclusiveReason::CaptureEnd);
    }
    let over = match transaction.transport {
        Transport::Tcp => word!(over_tcp, " over TCP").into(),
        _ => Phrase::default(),
    };
    let words = match known.count {
        1 => phrase!(
            one_query_unanswered,
            "1 query to {server}{over}, no answer",
            server,
            over
        ),
        count => phrase!(
            queries_unanswered,
            "{count} queries to {server}{over}, no answer",
            count,
            server,
            over
        ),
    };
    let several = resolvers.lacks_several(client, server);
    let works = resolvers.work(client, server);
    let grade = match known.tries > 1 && works && several.is_some() {
        true => Grade::B,
        false => Grade::C,
    };
    let control = several.filter(|_| grade == Grade::B).or_else(|| {
        works.then(|| {
            phrase!(control_resolver_but_servers, "the same resolver {server} resolves other names for this client; the name servers behind it may be dead", server)
        })
    });
    let stamps = known.queries.iter().copied();
    Said::Failed(Evidence {
        control,
        ..Evidence::new(Code::DnsSilent, grade, stamps, words)
    })
}

/// What one answer says.
fn answered(
    transaction: &DnsTransaction,
    (stamp, facts): (Stamp, &DnsFacts),
    resolvers: &Resolvers<'_>,
    end: CaptureTime,
    detail: Detail,
) -> Said {
    let server = transaction.server.ip;
    let whole = |detail, what| of_answer(transaction, stamp, resolvers, detail, what);
    let evidence = |code, grade, words| whole(detail, (code, grade, words));
    let live = || addresses(transaction, facts).filter(|ip| !is_sinkhole(*ip));
    // Rare, and told even where it makes no failure.
    let policy = policy(transaction, facts);
    if let Some((code, grade, words)) = policy {
        let policy = whole(Detail::Whole, (code, grade, words));
        return match live().next() {
            Some(_) => Said::Made(policy, live().collect(), is_forged(facts)),
            None => Said::Failed(policy),
        };
    }
    if facts.truncated {
        let early = end.since(stamp.time) < TAIL;
        let words = phrase!(
            answer_truncated,
            "the answer of {server} is cut for UDP, and no whole one came over TCP",
            server
        );
        return match early {
            true => Said::Open(InconclusiveReason::CaptureEnd),
            false => Said::Failed(evidence(Code::DnsTruncated, Grade::C, words)),
        };
    }
    if facts.rcode == 0 && (live().next().is_some() || hints(facts)) {
        return match transaction.answers_in_part {
            0 => Said::Good,
            _ => Said::Part(evidence(
                Code::DnsFragments,
                Grade::C,
                phrase!(
                    answer_in_fragments,
                    "{server} answers in fragments, and only the first one is there",
                    server
                ),
            )),
        };
    }
    match denial(transaction, facts, resolvers, detail) {
        Some((Code::DnsAlias, grade, words)) => {
            let evidence = evidence(Code::DnsAlias, grade, words);
            match alias(transaction, facts) {
                Some(target) => Said::Alias(evidence, target.clone()),
                None => Said::Failed(evidence),
            }
        }
        Some((code, grade, words)) => Said::Failed(evidence(code, grade, words)),
        None => Said::Nothing,
    }
}

/// What one answer shows; in all detail with what works beside it.
fn of_answer(
    transaction: &DnsTransaction,
    stamp: Stamp,
    resolvers: &Resolvers<'_>,
    detail: Detail,
    (code, grade, words): (Code, Grade, Phrase),
) -> Evidence {
    let (client, server) = (transaction.client.ip, transaction.server.ip);
    let works = detail == Detail::Whole && resolvers.work(client, server);
    let query = transaction.queries.first().copied();
    Evidence {
        by: Some(server),
        control: works.then(|| {
            phrase!(
                control_resolver,
                "the same resolver {server} resolves other names for this client",
                server
            )
        }),
        ..Evidence::new(code, grade, query.into_iter().chain([stamp]), words)
    }
}

/// Whether an HTTPS or SVCB record carries addresses itself.
fn hints(facts: &DnsFacts) -> bool {
    facts.records.iter().any(|record| {
        matches!(&record.data, DnsData::Service(_, hints, _)
            if record.is_answer() && hints.iter().any(|ip| !is_sinkhole(*ip)))
    })
}

/// The name that has to be asked for next, where an answer is an alias without an address.
fn alias<'a>(transaction: &'a DnsTransaction, facts: &'a DnsFacts) -> Option<&'a Fqdn> {
    let chain = transaction.chain(facts);
    let last = *chain.last()?;
    let service = facts.records.iter().find_map(|record| match &record.data {
        DnsData::Service(Some(target), _, _)
            if record.is_answer() && record.name.as_ref() == Some(last) =>
        {
            Some(target)
        }
        _ => None,
    });
    service.or_else(|| (chain.len() > 1).then_some(last))
}

/// Whether the resolver calls an answer forged, and nothing worse (RFC 8914 section 4.5): sites that send names to hosts
/// of their own have their resolvers say so too.
fn is_forged(facts: &DnsFacts) -> bool {
    let errors = || facts.extended_errors.iter().map(|(code, _)| *code);
    errors().any(|code| code == 4) && !errors().any(|code| matches!(code, 15..=18))
}

/// Whether a policy made an answer, by its own word or by what only a policy zone leaves behind.
fn policy(transaction: &DnsTransaction, facts: &DnsFacts) -> Option<(Code, Grade, Phrase)> {
    let server = transaction.server.ip;
    let errors = &facts.extended_errors;
    let said = errors.iter().find(|(code, _)| matches!(code, 4 | 15..=18));
    // "Prohibited" beside "network error" or "no reachable authority" is a resolver that others do not serve.
    let unreachable = errors.iter().any(|(code, _)| matches!(code, 22 | 23));
    if let Some((code, text)) = said.filter(|_| !unreachable) {
        let words = phrase!(
            extended_dns_error,
            "extended DNS error {code} from {server}{text}",
            code,
            server,
            text = quoted(text)
        );
        return Some((Code::DnsExtendedError, Grade::A, words));
    }
    let what = match facts.rcode {
        0 if facts.records.iter().any(DnsRecord::is_answer) => word!(policy_answer, "an answer"),
        0 => word!(policy_no_data, "no data"),
        3 => word!(policy_nxdomain, "NXDOMAIN"),
        _ => return None,
    };
    let (zone, why) = policy_zone(transaction, facts)?;
    let words = phrase!(
        policy_from_zone,
        "{what} from {server} out of the zone {zone}, {why}",
        what,
        server,
        zone,
        why
    );
    Some((Code::DnsPolicyZone, Grade::B, words))
}

/// The zone that an answer names as its own without being able to be: what response policies leave behind.
fn policy_zone(
    transaction: &DnsTransaction,
    facts: &DnsFacts,
) -> Option<(Fqdn, &'static SaidTemplate)> {
    let mut zones = facts
        .records
        .iter()
        .filter(|record| record.kind == SOA)
        .peekable();
    zones.peek()?;
    // Who asks for the record itself gets it.
    if matches!(transaction.query_type, 6 | 255) {
        return None;
    }
    let chain = transaction.chain(facts);
    let lies_in = |zone: &Fqdn| {
        chain.iter().any(|name| {
            let rest = name.as_str().strip_suffix(zone.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    };
    let asked = *chain.last()?;
    // The root, which has no name here, is above all names.
    zones.find_map(|record| {
        let zone = record.name.as_ref()?;
        let why = if !lies_in(zone) {
            word!(zone_not_of_name, "in which the name does not lie")
        } else if record.section == DnsSection::Additional {
            word!(
                zone_additional,
                "whose SOA record no zone sends in the additional section"
            )
        } else if facts.rcode == 3 && zone == asked {
            word!(
                zone_is_name,
                "which is the very name that is said not to exist"
            )
        } else {
            return None;
        };
        Some((zone.clone(), why))
    })
}

/// Whether an answer says in the words of the name's own zone (RFC 2308 section 3) that the name does not exist, as far as one
/// can see.
pub(super) fn is_denied_by_zone(transaction: &DnsTransaction, facts: &DnsFacts) -> bool {
    let has_soa = facts.records.iter().any(|record| record.kind == SOA);
    facts.rcode == 3 && has_soa && policy_zone(transaction, facts).is_none()
}

/// What an answer without a live address denies.
fn denial(
    transaction: &DnsTransaction,
    facts: &DnsFacts,
    resolvers: &Resolvers<'_>,
    detail: Detail,
) -> Option<(Code, Grade, Phrase)> {
    let (client, server) = (transaction.client.ip, transaction.server.ip);
    let soa = facts.records.iter().any(|record| record.kind == SOA);
    match facts.rcode {
        0 => {
            if let Some(first) = addresses(transaction, facts).next() {
                // Names of a site's own may lead to the host itself on purpose.
                let name = transaction.query.as_ref().map_or("", Fqdn::as_str);
                let public = psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known());
                let grade = if public { Grade::B } else { Grade::C };
                return Some((
                    Code::DnsSinkhole,
                    grade,
                    phrase!(answers_sinkhole, "{server} answers {first}", server, first),
                ));
            }
            let whole = facts.whole.then_some(facts)?;
            without_address(transaction, whole, soa, resolvers, detail)
        }
        2 => Some((
            Code::DnsServfail,
            Grade::C,
            phrase!(servfail_from, "SERVFAIL from {server}", server),
        )),
        // With the SOA of a zone above the name it is that zone's own word (RFC 2308 section 3), as far as one can see.
        3 if !facts.whole || soa => Some((
            Code::DnsNxdomain,
            Grade::C,
            phrase!(
                nxdomain_of_own_zone,
                "NXDOMAIN from {server}, as far as one can see in the words of the name's own zone",
                server
            ),
        )),
        3 => {
            let name = transaction.query.as_ref();
            let by_zone = name.is_some_and(|name| resolvers.denied(client, server, name));
            let works = resolvers.work(client, server) && !by_zone;
            let grade = if works { Grade::B } else { Grade::C };
            Some((
                Code::DnsNxdomain,
                grade,
                phrase!(nxdomain_from, "NXDOMAIN from {server}", server),
            ))
        }
        5 => Some((
            Code::DnsRefused,
            Grade::C,
            phrase!(refused_from, "REFUSED from {server}", server),
        )),
        _ => None,
    }
}

/// What an answer without an error and without an address denies, with the SOA of a zone or without.
fn without_address(
    transaction: &DnsTransaction,
    facts: &DnsFacts,
    soa: bool,
    resolvers: &Resolvers<'_>,
    detail: Detail,
) -> Option<(Code, Grade, Phrase)> {
    let (client, server) = (transaction.client.ip, transaction.server.ip);
    if let Some(target) = alias(transaction, facts) {
        let words = phrase!(
            answers_alias,
            "{server} answers with the alias {target}, without an address",
            server,
            target
        );
        return Some((Code::DnsAlias, Grade::C, words));
    }
    // A referral to other servers (RFC 1034 section 4.3.1) is no answer.
    let is_referral = |r: &DnsRecord| r.kind == NS && r.section == DnsSection::Authority;
    if !soa && facts.records.iter().any(is_referral) {
        return None;
    }
    let other = facts.records.iter().any(DnsRecord::is_answer);
    let name = transaction.query.as_ref()?;
    let works = !soa && !other && resolvers.work_for_vendor(client, server, name);
    let grade = if works { Grade::B } else { Grade::C };
    let words = || match (soa, other) {
        (true, _) => phrase!(
            no_address_of_own_zone,
            "{server} gives no address for it, as far as one can see in the words of its own zone",
            server
        ),
        (_, true) => phrase!(
            answers_other_names,
            "{server} answers with records of other names only",
            server
        ),
        _ => phrase!(
            answers_without_address,
            "{server} answers without an address",
            server
        ),
    };
    Some((Code::DnsNoData, grade, detail.words(words)))
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
    let says = |facts: &DnsFacts| -> (u16, BTreeSet<IpAddr>) {
        (facts.rcode, addresses(transaction, facts).collect())
    };
    let place = transaction.answers.iter().position(|(stamp, other)| {
        stamp.time.since(first.time) <= CLOSE && says(other) != says(facts) && !other.truncated
    })?;
    let (second, other) = transaction.answers.get(place)?;
    let ttl = |i: usize| transaction.answer_ttls.get(i).copied().unwrap_or(0);
    let (one, two) = (ttl(0), ttl(place));
    let (grade, ttls) = match one != 0 && two != 0 && one.abs_diff(two) > 1 {
        true => (
            Grade::A,
            phrase!(with_ttls, ", with TTL {one} and {two}", one, two),
        ),
        false => (Grade::B, Phrase::default()),
    };
    let words = phrase!(
        two_answers,
        "one query to {ip}, two answers that differ{ttls}",
        ip = transaction.server.ip,
        ttls
    );
    let mut all: Vec<IpAddr> = addresses(transaction, facts)
        .chain(addresses(transaction, other))
        .collect();
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
