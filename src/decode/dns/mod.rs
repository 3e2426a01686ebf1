//! DNS messages (RFC 1035), read leniently: what comes before a fault survives it.

mod code;
mod frame;
mod name;
mod recognise;
mod record;
mod second_opinion;
#[cfg(test)]
mod tests;

pub use code::{rcode_name, type_name};
pub use frame::{TcpMessages, split_tcp};
pub use recognise::looks_like_dns;
pub use record::{RecordData, ResourceRecord, Section, ServiceBinding};

use crate::model::Fqdn;

use name::Reader;

/// A DNS message, of DNS, mDNS, LLMNR or NetBIOS alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Identifier that a response repeats.
    pub id: u16,
    /// Whether this is a response.
    pub response: bool,
    /// Kind of query, 4 bits: 0 is a standard query.
    pub opcode: u8,
    /// Whether the responder owns the name.
    pub authoritative: bool,
    /// Whether the message was cut by its sender.
    pub truncated: bool,
    /// Response code, with the upper 8 bits of EDNS (RFC 6891 section 6.1.3) where they are there.
    pub rcode: u16,
    /// Questions, in the message's order.
    pub questions: Vec<Question>,
    /// Records of all sections but EDNS options, in the message's order.
    pub records: Vec<ResourceRecord>,
    /// Extended errors (RFC 8914): code and text, in the message's order.
    pub ede: Vec<(u16, String)>,
    /// Where reading had to end before the message's counts were met.
    pub stop: Option<MessageStop>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Name asked for; `None` is the root.
    pub name: Option<Fqdn>,
    /// Type asked for; [`type_name`] names it.
    pub kind: u16,
    /// Class without the top bit, which mDNS uses as a flag (RFC 6762 section 5.4).
    pub class: u16,
}

/// Where and why reading a message ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageStop {
    /// Offset in the message of the question or record at fault.
    pub offset: u32,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Message {
    /// Reads the message that starts at the first byte; bytes after its end are left alone.
    ///
    /// `None` where not even the 12 bytes of the header are there. A message that is cut or wrong further on yields
    /// what came before, and [`Message::stop`]. Time and memory are bounded by the message's length, since names are
    /// followed over at most 64 pointers and 255 bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (header, _) = bytes.split_first_chunk::<12>()?;
        let be16 = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let mut message = Self {
            id: be16(0),
            response: header[2] & 0x80 != 0,
            opcode: header[2] >> 3 & 0x0f,
            authoritative: header[2] & 0x04 != 0,
            truncated: header[2] & 0x02 != 0,
            rcode: u16::from(header[3] & 0x0f),
            ..Self::default()
        };
        let mut reader = Reader::new(bytes, 12);
        let counts = [be16(4), be16(6), be16(8), be16(10)];
        message.stop = message.walk(&mut reader, counts).err();
        if message.stop.is_some() && message.questions.is_empty() && message.records.is_empty() {
            second_opinion::complete(&mut message, bytes);
        }
        Some(message)
    }

    /// Records of one section.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &ResourceRecord> {
        self.records
            .iter()
            .filter(move |record| record.section == section)
    }

    fn walk(&mut self, reader: &mut Reader<'_>, counts: [u16; 4]) -> Result<(), MessageStop> {
        let [questions, answers, authorities, additionals] = counts;
        for _ in 0..questions {
            let offset = reader.at as u32;
            let question = question(reader).map_err(|what| MessageStop { offset, what })?;
            self.questions.push(question);
        }
        let sections = [
            (Section::Answer, answers),
            (Section::Authority, authorities),
            (Section::Additional, additionals),
        ];
        for (section, count) in sections {
            for _ in 0..count {
                let offset = reader.at as u32;
                self.record(reader, section)
                    .map_err(|what| MessageStop { offset, what })?;
            }
        }
        Ok(())
    }

    fn record(&mut self, reader: &mut Reader<'_>, section: Section) -> Result<(), &'static str> {
        let raw = record::Raw::read(reader)?;
        if raw.kind == code::OPT {
            self.rcode |= (raw.ttl >> 24 << 4) as u16;
            record::extended_errors(raw.data, &mut self.ede);
        } else {
            self.records.push(raw.interpret(reader, section));
        }
        Ok(())
    }
}

fn question(reader: &mut Reader<'_>) -> Result<Question, &'static str> {
    let name = reader.name()?;
    let kind = reader.be16().ok_or("question cut")?;
    let class = reader.be16().ok_or("question cut")? & 0x7fff;
    Ok(Question { name, kind, class })
}
