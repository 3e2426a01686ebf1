//! DNS messages as they were seen, and the transactions that they make up.
//!
//! Every message is kept with its stamp, so that parts merge by concatenation; queries and answers are paired only
//! in the whole.

use std::cmp::Ordering;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::{HashSet, HashTable};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use thin_vec::ThinVec;

use crate::decode::dns;
use crate::model::{BoxedList, Endpoint, Fqdn, FrameId, Merge, Share, Stamp, Transport, words};

/// The most messages kept; beyond it they are counted only.
const MAX_MESSAGES: usize = 20_000_000;

/// Messages of a block.
const BLOCK: usize = 1024;

/// How long after a query its repetition belongs to the same transaction, and how long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a DNS message says beside its identifier: many messages say the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DnsFacts {
    /// Whether it is a response.
    pub response: bool,
    /// The first question's name; `None` for the root or without a question.
    pub query: Option<Fqdn>,
    /// The first question's type, 0 without a question.
    pub query_type: u16,
    /// Response code, extended by EDNS.
    pub rcode: u16,
    /// Whether the message was cut for UDP.
    pub truncated: bool,
    /// Whether it could be read to its end.
    pub whole: bool,
    /// Records of all sections that carry something of use, in the order of the message.
    pub records: ThinVec<DnsRecord>,
    /// Extended DNS errors (RFC 8914): code and text.
    pub extended_errors: ThinVec<(u16, String)>,
}

/// A resource record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DnsRecord {
    /// Owner.
    pub name: Option<Fqdn>,
    /// Type.
    pub kind: u16,
    /// Seconds to live.
    pub ttl: u32,
    /// Where in the message it stood.
    pub section: DnsSection,
    /// Content.
    pub data: DnsData,
}

impl DnsRecord {
    /// Whether it stood in the answer section.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        self.section == DnsSection::Answer
    }
}

words! {
    /// The sections of a message that hold records.
    #[derive(Serialize, Deserialize)]
    pub enum DnsSection {
        /// What was asked for.
        Answer = "answer",
        /// Who is responsible.
        Authority = "authority",
        /// What may be of use besides.
        Additional = "additional",
    }
}

/// What hellos say in clear that are encrypted with the keys of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Outer {
    /// The name in clear.
    pub name: Fqdn,
    /// Which key they are encrypted with: one of these, ascending.
    pub key_ids: Vec<u8>,
}

/// Content of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DnsData {
    /// A or AAAA.
    Address(IpAddr),
    /// CNAME, PTR, NS and the like.
    Name(Option<Fqdn>),
    /// HTTPS or SVCB: target, address hints, and what hellos that are encrypted for it say in clear.
    Service(Option<Fqdn>, Vec<IpAddr>, Option<Box<Outer>>),
    /// Anything else, as text.
    Text(String),
}

/// A message with when, where, and between whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct DnsSeen {
    /// When and where.
    pub stamp: Stamp,
    /// Sender.
    pub source: Endpoint,
    /// Receiver.
    pub destination: Endpoint,
    /// UDP or TCP.
    pub transport: Transport,
    /// Identifier, which an answer repeats.
    pub id: u16,
    /// Whether it was read from a first fragment alone.
    pub part: bool,
    /// TTL or hop limit that it came with; 0 where that is not known.
    pub ttl: u8,
    /// What it says.
    pub facts: Arc<DnsFacts>,
}

/// What pairs an answer with its query (RFC 5452 section 9.1): client, server, transport, identifier, name, type.
type DnsExchange<'a> = (Endpoint, Endpoint, Transport, u16, Option<&'a Fqdn>, u16);

impl DnsSeen {
    /// What one message is told by wherever it is captured: ends, transport, identifier, and whether it is an answer.
    pub(super) fn place(&self) -> (Endpoint, Endpoint, Transport, u16, bool) {
        let facts = &self.facts;
        let (source, destination) = (self.source, self.destination);
        (source, destination, self.transport, self.id, facts.response)
    }

    fn exchange(&self) -> DnsExchange<'_> {
        let facts = &self.facts;
        let (client, server) = if facts.response {
            (self.destination, self.source)
        } else {
            (self.source, self.destination)
        };
        let query = facts.query.as_ref();
        (
            client,
            server,
            self.transport,
            self.id,
            query,
            facts.query_type,
        )
    }
}

/// All DNS messages of a capture or a part of it.
#[derive(Clone, Debug, Default)]
pub struct DnsLog {
    /// In blocks, so that nothing is moved when more come: a capture may have millions.
    blocks: Vec<Vec<DnsSeen>>,
    /// Messages in all blocks.
    len: usize,
    dropped: u64,
    names: Names,
    recent: KnownMessages,
}

/// Names as they were first seen: hosts ask for the same few again and again, and each is kept once.
#[derive(Clone, Debug, Default)]
struct Names(HashSet<Fqdn, RandomState>);

impl Names {
    /// The same name, as it is kept.
    fn kept(&mut self, name: &Fqdn) -> Fqdn {
        self.0.get_or_insert_with(name, Fqdn::clone).clone()
    }
}

/// Messages as they were read lately, by their bytes behind the identifier. Hosts ask for the same few names again and again
/// and get the same answers, so that most messages need not be read, and what they say is kept once.
#[derive(Clone, Debug, Default)]
struct KnownMessages {
    messages: HashTable<(Box<[u8]>, Arc<DnsFacts>)>,
    hasher: RandomState,
}

impl KnownMessages {
    /// The most messages kept; with one more it begins anew.
    const MOST: usize = 4096;
    /// The longest that are kept, in bytes.
    const LONGEST: usize = 1024;

    /// What a message says that is kept, or else as it is read.
    fn kept(
        &mut self,
        said: &[u8],
        read: impl FnOnce() -> Option<Arc<DnsFacts>>,
    ) -> Option<Arc<DnsFacts>> {
        if said.len() > Self::LONGEST {
            return read();
        }
        let hash = self.hasher.hash_one(said);
        if let Some((_, facts)) = self.messages.find(hash, |(known, _)| **known == *said) {
            return Some(Arc::clone(facts));
        }
        let facts = read()?;
        if self.messages.len() >= Self::MOST {
            self.messages.clear();
        }
        let hasher = &self.hasher;
        let kept = (said.into(), Arc::clone(&facts));
        self.messages
            .insert_unique(hash, kept, |(known, _)| hasher.hash_one(&**known));
        Some(facts)
    }
}

impl DnsLog {
    /// What a message says, and its identifier; `None` where not even its header is whole.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<(u16, Arc<DnsFacts>)> {
        let names = &mut self.names;
        let (id, said) = bytes.split_first_chunk()?;
        let facts = self.recent.kept(said, || {
            let message = dns::Message::read(bytes)?;
            Some(Arc::new(facts(&message, names)))
        });
        Some((u16::from_be_bytes(*id), facts?))
    }

    /// Puts a message in, as a partial file lists it.
    pub(super) fn add(&mut self, seen: DnsSeen) {
        if self.len >= MAX_MESSAGES {
            self.dropped += 1;
            return;
        }
        self.len += 1;
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(seen),
            _ => self.blocks.push(vec![seen]),
        }
    }

    /// The messages.
    pub(super) fn seen(&self) -> impl Iterator<Item = &DnsSeen> {
        self.blocks.iter().flatten()
    }

    /// Messages in here.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The latest `most` of the messages that `wanted` names, and how many of these that leaves out.
    pub(super) fn latest(&self, most: usize, wanted: impl Fn(&DnsSeen) -> bool) -> (Self, u64) {
        let mut seen: Vec<&DnsSeen> = self.seen().filter(|seen| wanted(seen)).collect();
        let cut = seen.len().saturating_sub(most);
        seen.sort_unstable_by_key(|seen| std::cmp::Reverse(seen.stamp));
        seen.truncate(most);
        let mut latest = Self::default();
        seen.into_iter().for_each(|seen| latest.add(seen.clone()));
        (latest, cut as u64)
    }

    /// Hands out each place of a frame that is noted in here.
    pub(super) fn for_each_frame(&mut self, note: &mut impl FnMut(&mut FrameId)) {
        let seen = self.blocks.iter_mut().flatten();
        seen.for_each(|seen| note(&mut seen.stamp.frame));
    }

    /// All messages, in no order.
    pub(super) fn into_seen(self) -> Vec<DnsSeen> {
        self.blocks.into_iter().flatten().collect()
    }

    /// Counts messages that another part dropped.
    pub(super) const fn drop_more(&mut self, count: u64) {
        self.dropped = self.dropped.saturating_add(count);
    }

    /// Messages dropped at the bound.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Queries paired with their answers, ascending by time.
    pub(super) fn into_transactions(self) -> BoxedList<DnsTransaction> {
        let mut seen: Vec<&DnsSeen> = self.seen().collect();
        // They nearly are in it already, which this sort makes use of.
        seen.par_sort_by(|a, b| in_order(a, b));
        seen.dedup();
        drop_parts(&mut seen);
        // Exchanges have nothing to do with one another, so each thread takes some of them.
        let hasher = RandomState::default();
        let hashes: Vec<u64> = seen
            .par_iter()
            .map(|seen| hasher.hash_one(seen.exchange()))
            .collect();
        let of_share = |share: Share| transactions(&seen, &hashes, share);
        let mut all: BoxedList<DnsTransaction> = Share::each(of_share).collect();
        all.sort_by_key(|transaction| transaction.place);
        all
    }
}

/// Transactions of a share out of messages in their order, which have the hashes of their exchanges beside them.
fn transactions(all: &[&DnsSeen], hashes: &[u64], share: Share) -> BoxedList<DnsTransaction> {
    let mut out: BoxedList<DnsTransaction> = BoxedList::default();
    // The latest transaction of each exchange, by its place in `out`: that is where the exchange stands.
    let mut open: HashTable<usize> = HashTable::new();
    let messages = (0_u32..).zip(all).zip(hashes);
    for ((first, seen), hash) in messages.filter(|(_, hash)| share.has_hash(**hash)) {
        let exchange = seen.exchange();
        let known = open.find_mut(*hash, |place| out[*place].exchange() == exchange);
        let begin = || DnsTransaction::new(seen, first);
        let place = match known {
            Some(place) if out[*place].goes_on_with(seen) => *place,
            Some(place) => {
                *place = out.len();
                out.push(begin());
                *place
            }
            None => {
                let place = out.len();
                out.push(begin());
                open.insert_unique(*hash, place, |place| hashes[out[*place].place as usize]);
                place
            }
        };
        out[place].take(seen);
    }
    out
}

impl Merge for DnsLog {
    fn merge(&mut self, other: Self) {
        self.dropped = self.dropped.saturating_add(other.dropped);
        let few = other.len <= BLOCK || self.len + other.len > MAX_MESSAGES;
        if self.len == 0 {
            (self.blocks, self.len) = (other.blocks, other.len);
        } else if few {
            let seen = other.blocks.into_iter().flatten();
            seen.for_each(|seen| self.add(seen));
        } else {
            self.blocks.extend(other.blocks);
            self.len += other.len;
        }
    }
}

/// A question and what came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsTransaction {
    /// Who asked; of an answer to nobody in particular (mDNS), who it was sent to.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// UDP or TCP.
    pub transport: Transport,
    /// Identifier.
    pub id: u16,
    /// Name asked for.
    pub query: Option<Fqdn>,
    /// Type asked for.
    pub query_type: u16,
    /// The query and its repetitions, ascending; empty where only the answer was seen.
    pub queries: SmallVec<[Stamp; 1]>,
    /// Answers, ascending; more than one where a copy, a second server or an injection answered too.
    pub answers: SmallVec<[(Stamp, Arc<DnsFacts>); 1]>,
    /// TTLs or hop limits of the answers, in their order; 0 where one is not known.
    pub answer_ttls: SmallVec<[u8; 1]>,
    /// How many of the answers were read from a first fragment alone, since the others are not there.
    pub answers_in_part: u32,
    /// The place of its first message among all of the capture.
    pub(crate) place: u32,
}

impl DnsTransaction {
    /// Whether it told an address, sinkholes left out.
    #[must_use]
    pub fn tells_address(&self) -> bool {
        super::names::named_addresses(self).next().is_some()
    }

    /// The addresses that its answers give to names, each with the name and when: sinkholes left out.
    pub fn named(&self) -> impl Iterator<Item = (IpAddr, &Fqdn, Stamp)> {
        let all = super::names::named_addresses(self);
        all.map(|named| (named.address, named.asked, named.stamp))
    }

    fn new(seen: &DnsSeen, place: u32) -> Self {
        let (client, server, transport, id, query, query_type) = seen.exchange();
        Self {
            client,
            server,
            transport,
            id,
            query: query.cloned(),
            query_type,
            queries: SmallVec::new(),
            answers: SmallVec::new(),
            answer_ttls: SmallVec::new(),
            answers_in_part: 0,
            place,
        }
    }

    fn exchange(&self) -> DnsExchange<'_> {
        (
            self.client,
            self.server,
            self.transport,
            self.id,
            self.query.as_ref(),
            self.query_type,
        )
    }

    /// Whether a later message of the same exchange belongs to it.
    fn goes_on_with(&self, seen: &DnsSeen) -> bool {
        seen.stamp.time.since(self.last_activity().time) <= PATIENCE
            && (seen.facts.response || self.answers.is_empty())
    }

    fn take(&mut self, seen: &DnsSeen) {
        if seen.facts.response {
            self.answers.push((seen.stamp, Arc::clone(&seen.facts)));
            self.answer_ttls.push(seen.ttl);
            self.answers_in_part += u32::from(seen.part);
        } else {
            self.queries.push(seen.stamp);
        }
    }

    /// When it began.
    #[must_use]
    pub fn at(&self) -> Stamp {
        let first_answer = self.answers.first().map(|(stamp, _)| *stamp);
        let mut first = self.queries.first().copied();
        Merge::merge(&mut first, first_answer);
        first.unwrap_or_default()
    }

    /// All frames of it, ascending.
    pub fn stamps(&self) -> impl Iterator<Item = Stamp> + '_ {
        self.queries
            .iter()
            .copied()
            .chain(self.answers.iter().map(|(stamp, _)| *stamp))
    }

    /// Response code of the first answer, where there is one.
    #[must_use]
    pub fn rcode(&self) -> Option<u16> {
        self.answers.first().map(|(_, facts)| facts.rcode)
    }

    /// Names from the asked one along the CNAME chain of an answer, the asked one first.
    #[must_use]
    pub fn chain<'a>(&'a self, facts: &'a DnsFacts) -> SmallVec<[&'a Fqdn; 4]> {
        let mut chain: SmallVec<[&Fqdn; 4]> = self.query.iter().collect();
        while let Some(last) = chain.last().copied() {
            let next = facts.records.iter().find_map(|record| match &record.data {
                DnsData::Name(Some(target))
                    if record.kind == 5
                        && record.is_answer()
                        && record.name.as_ref() == Some(last) =>
                {
                    Some(target)
                }
                _ => None,
            });
            match next {
                Some(next) if !chain.contains(&next) && chain.len() < 32 => chain.push(next),
                _ => break,
            }
        }
        chain
    }

    /// Both lists ascend; going through them for each message would take quadratic time of a flood of answers.
    fn last_activity(&self) -> Stamp {
        let answer = self.answers.last().map(|(stamp, _)| *stamp);
        let last = self.queries.last().copied().max(answer);
        last.unwrap_or_default()
    }
}

/// Drops what was read from a first fragment where the whole message is there too.
fn drop_parts(seen: &mut Vec<&DnsSeen>) {
    if seen.iter().all(|seen| !seen.part) {
        return;
    }
    let place = |seen: &DnsSeen| (seen.stamp, seen.source, seen.destination);
    let whole: HashSet<_> = seen.iter().filter(|s| !s.part).map(|s| place(s)).collect();
    seen.retain(|seen| !(seen.part && whole.contains(&place(seen))));
}

/// By time, queries before answers of the same moment, then by everything else so that no order is left to chance.
fn in_order(a: &DnsSeen, b: &DnsSeen) -> Ordering {
    let by_time = a.stamp.time.cmp(&b.stamp.time);
    by_time
        .then_with(|| a.facts.response.cmp(&b.facts.response))
        .then_with(|| a.stamp.cmp(&b.stamp))
        .then_with(|| (a.source, a.destination, a.id).cmp(&(b.source, b.destination, b.id)))
        .then_with(|| a.facts.cmp(&b.facts))
}

fn facts(message: &dns::Message, names: &mut Names) -> DnsFacts {
    let question = message.questions.first();
    let query = question.and_then(|q| Some(names.kept(q.name.as_ref()?)));
    let records = message.records.iter();
    let mut records: ThinVec<DnsRecord> = records.filter_map(|r| record(r, names)).collect();
    // Messages are kept to the end, so their lists are no longer than they must be.
    records.shrink_to_fit();
    DnsFacts {
        response: message.response,
        query,
        query_type: question.map_or(0, |q| q.kind),
        rcode: message.rcode,
        truncated: message.truncated,
        whole: message.stop.is_none(),
        records,
        extended_errors: message.ede.as_slice().into(),
    }
}

fn record(record: &dns::ResourceRecord, names: &mut Names) -> Option<DnsRecord> {
    use dns::RecordData;
    let mut kept = |name: &Option<Fqdn>| name.as_ref().map(|name| names.kept(name));
    let data = match &record.data {
        RecordData::Address(ip) => DnsData::Address(*ip),
        RecordData::Name(name) => DnsData::Name(kept(name)),
        RecordData::Binding(binding) => {
            let outer = kept(&binding.outer_name).map(|name| {
                let key_ids = binding.key_ids.clone();
                Box::new(Outer { name, key_ids })
            });
            DnsData::Service(kept(&binding.target), binding.addresses.clone(), outer)
        }
        RecordData::Other | RecordData::Unreadable(_) => return None,
        other => DnsData::Text(other.to_string()),
    };
    Some(DnsRecord {
        name: kept(&record.name),
        kind: record.kind,
        ttl: record.ttl,
        section: match record.section {
            dns::Section::Answer => DnsSection::Answer,
            dns::Section::Authority => DnsSection::Authority,
            dns::Section::Additional => DnsSection::Additional,
        },
        data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CaptureTime;

    #[test]
    fn very_many_answers_to_one_query_cost_no_quadratic_time() {
        let mut log = DnsLog::default();
        let client = Endpoint::new("10.0.0.1".parse().unwrap(), 5353);
        let server = Endpoint::new("10.0.0.53".parse().unwrap(), 53);
        for i in 0..100_000_u32 {
            let facts = DnsFacts {
                response: i > 0,
                query: Fqdn::parse("a.example").ok(),
                query_type: 1,
                rcode: 0,
                truncated: false,
                whole: true,
                records: ThinVec::new(),
                extended_errors: ThinVec::new(),
            };
            let (source, destination) = if i > 0 {
                (server, client)
            } else {
                (client, server)
            };
            log.add(DnsSeen {
                stamp: Stamp {
                    time: CaptureTime::from_nanos(i64::from(i)),
                    frame: FrameId::new(0, 0, i),
                },
                source,
                destination,
                transport: Transport::Udp,
                id: 1,
                part: false,
                ttl: 64,
                facts: Arc::new(facts),
            });
        }
        let transactions = log.into_transactions();
        assert_eq!(transactions.len(), 1);
        assert_eq!(transactions[0].answers.len(), 99_999);
    }
}
