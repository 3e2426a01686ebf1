//! What `dns-parser` makes of a message that our walker could read nothing of.

use dns_parser::{Packet, RData};

use crate::model::Fqdn;

use super::{Message, Question, RecordData, ResourceRecord, Section, code};

/// The longest message that is asked about: printing a name there takes time with the square of the message.
const MAX_BYTES: usize = 512;

/// Adds questions, addresses and aliases of the message, where `dns-parser` can read it whole.
pub(super) fn complete(message: &mut Message, bytes: &[u8]) {
    if bytes.len() > MAX_BYTES {
        return;
    }
    let Ok(packet) = Packet::parse(bytes) else {
        return;
    };
    let name = |name: &dns_parser::Name<'_>| Fqdn::from_packet(name.to_string().as_bytes());
    for question in &packet.questions {
        message.questions.push(Question {
            name: name(&question.qname),
            kind: question.qtype as u16,
            class: question.qclass as u16,
        });
    }
    for answer in &packet.answers {
        let (kind, data) = match &answer.data {
            RData::A(address) => (code::A, RecordData::Address(address.0.into())),
            RData::AAAA(address) => (code::AAAA, RecordData::Address(address.0.into())),
            RData::CNAME(target) => (code::CNAME, RecordData::Name(name(&target.0))),
            _ => continue,
        };
        message.records.push(ResourceRecord {
            section: Section::Answer,
            name: name(&answer.name),
            kind,
            class: answer.cls as u16,
            ttl: answer.ttl,
            data,
        });
    }
}
