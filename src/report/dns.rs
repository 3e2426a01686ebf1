//! DNS transactions as `pktaudit flows --dns` prints them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write;
use std::net::IpAddr;

use serde::Serialize;

use super::csv::CsvTable;
use super::human::{Look, Table};
use super::json::{json_line, json_list};
use super::view::word;
use super::{Format, ReportError};
use crate::decode::dns::{rcode_name, type_name};
use crate::model::{CaptureTime, Fqdn, Transport};
use crate::observe::{Capture, DnsData, DnsRecord, DnsSection, DnsTransaction};
use crate::wording::word;

/// A question and what came back. Field names and order are fixed.
#[derive(Clone, Debug, Serialize)]
pub struct DnsView<'a> {
    /// The first query; where none was seen, the first answer.
    #[serde(serialize_with = "word")]
    pub at: CaptureTime,
    /// Who asked.
    pub client: IpAddr,
    /// Who was asked.
    pub server: IpAddr,
    /// UDP or TCP.
    #[serde(serialize_with = "word")]
    pub transport: Transport,
    /// Name asked for; `.` is the root, null stands for no question.
    pub query: Option<&'a str>,
    /// Type asked for, by name.
    pub qtype: Option<Cow<'static, str>>,
    /// Response code of the first answer, by name; null without an answer.
    pub rcode: Option<Cow<'static, str>>,
    /// Records of all sections of all answers, each once.
    pub answers: Vec<AnswerView<'a>>,
    /// Extended errors of all answers (RFC 8914), each once.
    pub ede: Vec<ExtendedErrorView<'a>>,
    /// Numbers of all frames, ascending.
    pub frames: Vec<u64>,
    /// Identifier.
    pub id: u16,
    /// Who asked, the port.
    pub client_port: u16,
    /// Who was asked, the port.
    pub server_port: u16,
    /// How often it was asked, repetitions included.
    pub queries: usize,
    /// How many messages answered.
    pub responses: usize,
}

/// A record of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AnswerView<'a> {
    /// Owner.
    pub name: &'a str,
    /// Type, by name.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// Content in presentation form.
    pub data: Cow<'a, str>,
    /// Seconds to live.
    pub ttl: u32,
    /// `answer`, `authority` or `additional`.
    #[serde(serialize_with = "word")]
    pub section: DnsSection,
}

/// An extended DNS error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ExtendedErrorView<'a> {
    /// Its code.
    pub code: u16,
    /// Its text as sent, may be empty.
    pub text: &'a str,
}

impl<'a> DnsView<'a> {
    /// What a capture says of one of its transactions.
    #[must_use]
    pub fn new(transaction: &'a DnsTransaction, capture: &Capture) -> Self {
        let messages = || transaction.answers.iter().map(|(_, facts)| facts.as_ref());
        let records = messages().flat_map(|facts| &facts.records);
        let answers = each_once(records.map(answer));
        let errors = messages().flat_map(|facts| &facts.extended_errors);
        let ede = each_once(errors.map(|(code, text)| ExtendedErrorView { code: *code, text }));
        let asked = transaction.query.is_some() || transaction.query_type != 0;
        let stamps = || {
            transaction
                .queries
                .iter()
                .chain(transaction.answers.iter().map(|(at, _)| at))
        };
        let mut frames: Vec<u64> = stamps().map(|stamp| capture.number(*stamp)).collect();
        frames.sort_unstable();
        frames.dedup();
        Self {
            at: stamps().min().map(|stamp| stamp.time).unwrap_or_default(),
            client: transaction.client.ip,
            server: transaction.server.ip,
            transport: transaction.transport,
            query: asked.then(|| name(transaction.query.as_ref())),
            qtype: asked.then(|| type_name(transaction.query_type)),
            rcode: messages().next().map(|facts| rcode_name(facts.rcode)),
            answers,
            ede,
            frames,
            id: transaction.id,
            client_port: transaction.client.port,
            server_port: transaction.server.port,
            queries: transaction.queries.len(),
            responses: transaction.answers.len(),
        }
    }

    fn of_answer_sections(&self) -> impl Iterator<Item = &AnswerView<'a>> {
        self.answers
            .iter()
            .filter(|answer| answer.section == DnsSection::Answer)
    }

    fn cells(&self) -> Vec<String> {
        let answers: Vec<String> = self
            .of_answer_sections()
            .map(|a| format!("{} {} {} {}", a.name, a.ttl, a.kind, a.data))
            .collect();
        let ede: Vec<String> = self
            .ede
            .iter()
            .map(|e| format!("{} {}", e.code, e.text))
            .collect();
        let frames: Vec<String> = self.frames.iter().map(u64::to_string).collect();
        vec![
            self.at.to_string(),
            self.client.to_string(),
            self.server.to_string(),
            self.transport.to_string(),
            self.query.unwrap_or_default().to_owned(),
            self.qtype.as_deref().unwrap_or_default().to_owned(),
            self.rcode.as_deref().unwrap_or_default().to_owned(),
            answers.join("; "),
            ede.join("; "),
            frames.join(" "),
        ]
    }

    const COLUMNS: [&'static str; 10] = [
        "at",
        "client",
        "server",
        "transport",
        "query",
        "qtype",
        "rcode",
        "answers",
        "ede",
        "frames",
    ];
}

/// Writes all DNS transactions of a capture, in its order.
///
/// # Errors
/// Those of the writer.
pub fn write_dns(
    capture: &Capture,
    format: Format,
    look: &Look,
    mut out: impl Write,
) -> Result<(), ReportError> {
    let all = || {
        capture
            .dns
            .iter()
            .map(|transaction| DnsView::new(transaction, capture))
    };
    match format {
        Format::Ndjson => {
            for transaction in all() {
                json_line(&mut out, &transaction)?;
            }
        }
        Format::Json => json_list(&mut out, all())?,
        Format::Csv => {
            let mut table = CsvTable::new(&mut out, &DnsView::COLUMNS)?;
            for transaction in all() {
                table.row(transaction.cells())?;
            }
            table.finish()?;
        }
        Format::Human => human(all(), look, &mut out)?,
    }
    Ok(out.flush()?)
}

fn human<'a>(
    all: impl Iterator<Item = DnsView<'a>>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let header = [
        word!(column_at, "at"),
        word!(column_client, "client"),
        word!(column_server, "server"),
        word!(column_query, "query"),
        word!(column_type, "type"),
        word!(column_answer, "answer"),
        word!(column_data, "data"),
    ];
    let mut table = Table::new(header.map(|word| look.word(word)));
    for transaction in all {
        let mut said: Vec<String> = transaction
            .of_answer_sections()
            .map(|a| a.data.to_string())
            .collect();
        said.extend(
            transaction
                .ede
                .iter()
                .map(|e| format!("EDE {} {}", e.code, e.text)),
        );
        let at = transaction.at.to_string();
        table.row([
            at.get(11..23).unwrap_or(&at).to_owned(),
            transaction.client.to_string(),
            transaction.server.to_string(),
            transaction.query.unwrap_or("-").to_owned(),
            transaction.qtype.as_deref().unwrap_or("-").to_owned(),
            transaction
                .rcode
                .as_deref()
                .unwrap_or(look.word(word!(no_dns_answer, "no answer")))
                .to_owned(),
            said.join(", "),
        ]);
    }
    table.write(look, out)
}

fn answer(record: &DnsRecord) -> AnswerView<'_> {
    let data = match &record.data {
        DnsData::Address(ip) => Cow::Owned(ip.to_string()),
        DnsData::Name(target) => Cow::Borrowed(name(target.as_ref())),
        DnsData::Service(target, hints, _) if hints.is_empty() => {
            Cow::Borrowed(name(target.as_ref()))
        }
        DnsData::Service(target, hints, _) => {
            let hints: Vec<String> = hints.iter().map(ToString::to_string).collect();
            Cow::Owned(format!("{} {}", name(target.as_ref()), hints.join(",")))
        }
        DnsData::Text(text) => Cow::Borrowed(text.as_str()),
    };
    AnswerView {
        name: name(record.name.as_ref()),
        kind: type_name(record.kind),
        data,
        ttl: record.ttl,
        section: record.section,
    }
}

fn name(name: Option<&Fqdn>) -> &str {
    name.map_or(".", Fqdn::as_str)
}

fn each_once<T: Clone + Eq + std::hash::Hash>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::sample::{HOSTILE, sample};
    use super::super::text::is_harmful;
    use super::*;

    fn written(format: Format) -> String {
        let mut bytes = Vec::new();
        write_dns(&sample().capture, format, &Look::default(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_transaction_has_its_fixed_fields_and_each_answer_once() {
        let read: Value = serde_json::from_str(&written(Format::Ndjson)).unwrap();
        let expected = json!({
            "at": "2026-11-18T11:06:40.000000005Z",
            "client": "10.0.0.10",
            "server": "10.0.0.53",
            "transport": "udp",
            "query": "update.example.com",
            "qtype": "A",
            "rcode": "NOERROR",
            "answers": [{"name": "update.example.com", "type": "A", "data": "203.0.113.5", "ttl": 60, "section": "answer"}],
            "ede": [{"code": 15, "text": HOSTILE[2]}],
            "frames": [1, 2, 3],
        });
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&read[key], value, "{key}");
        }
    }

    #[test]
    fn error_texts_of_resolvers_do_no_harm() {
        for format in [Format::Human, Format::Csv, Format::Json, Format::Ndjson] {
            let text = written(format);
            assert!(
                !text
                    .chars()
                    .any(|c| !matches!(c, '\n' | '\r') && is_harmful(c)),
                "{format:?}"
            );
        }
    }

    #[test]
    fn unknown_numbers_keep_their_number() {
        assert_eq!(type_name(65), "HTTPS");
        assert_eq!(type_name(65_280), "TYPE65280");
        assert_eq!(rcode_name(3), "NXDOMAIN");
        assert_eq!(rcode_name(3841), "RCODE3841");
    }
}
