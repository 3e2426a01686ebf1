//! Tables on one line, without any mark between cells: `Source Address Destination Address Port Protocol Agents DNS
//! server 53 DNS over UDP NTP server 123 NTP over UDP ...`
//!
//! What can be told for sure comes first: a port with its protocol, or an endpoint, ends a row. What stands before is
//! source and destination, or service and region, and where the one ends shows from words that other rows have too.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::columns::{self, ColumnKind};
use super::super::endpoint::{self, WordReading};
use super::super::page::{Block, Cell, Page, PageLine, PageRow, PageTable};
use super::super::{traffic, vocabulary};

/// Headers as they stand in run-on text, the longer first.
const HEADERS: &[&str] = &[
    "Source Address",
    "Source IP Address",
    "Source Component",
    "Source",
    "From",
    "Destination Address",
    "Destination IP Address",
    "Destination Host",
    "Destination",
    "To",
    "Host FQDN",
    "FQDN",
    "URL",
    "URLs",
    "Hostname",
    "Host name",
    "Host",
    "Domain",
    "Endpoint",
    "IP Address",
    "Port (Default)",
    "Port(Default)",
    "Port Number",
    "Port",
    "Ports",
    "Protocols",
    "Protocol",
    "Service",
    "Feature",
    "Component",
    "Region",
    "Direction",
    "Purpose",
    "Description",
    "Notes",
];

/// The most words of a row; what is longer is no row.
const MOST_WORDS: usize = 400;

/// Whether the text has a header of such a table.
pub(super) fn is_there(text: &str) -> bool {
    super::lines(text).any(|(_, line)| find_header(&words(line), 0).is_some())
}

/// Reads a page.
pub(super) fn page(text: &str) -> Page {
    let mut page = Page::default();
    for (number, line) in super::lines(text) {
        read_line(line, number, &mut page);
    }
    page
}

fn read_line(line: &str, number: u32, page: &mut Page) {
    let words = words(line);
    let mut at = 0;
    while let Some((start, header, body)) = find_header(&words, at) {
        paragraph(&words[at..start], number, page);
        let end = find_header(&words, body).map_or(words.len(), |(next, ..)| next);
        let (table, read) = table(&words[body..end], header, number);
        if let Some(heading) = heading(&words[..start]) {
            page.blocks
                .extend(PageLine::new(&heading, number).map(|line| Block::Heading(2, line)));
        }
        page.blocks.push(Block::Table(table));
        at = body + read;
        if at <= start {
            break;
        }
    }
    paragraph(&words[at..], number, page);
}

fn paragraph(words: &[String], number: u32, page: &mut Page) {
    // Sentence by sentence, so that what is told of one is short.
    for sentence in words.split_inclusive(|word| word.ends_with(['.', '。'])) {
        let line = PageLine::new(&sentence.join(" "), number);
        page.blocks.extend(line.map(Block::Paragraph));
    }
}

/// Capitalised words at the start of the text, which copies of pages have as their title.
fn heading(words: &[String]) -> Option<String> {
    let title = words.iter().take(12).take_while(|word| {
        word.chars()
            .next()
            .is_some_and(|c| c.is_uppercase() || c == '&')
            || matches!(word.as_str(), "and" | "for" | "of" | "numbers" | "port")
    });
    let title: Vec<&str> = title.map(String::as_str).collect();
    (title.len() >= 2).then(|| title.join(" "))
}

/// Words, with what is in parentheses as part of the word before.
fn words(line: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut depth = 0_i32;
    let mut length = 0;
    for word in line.split_whitespace() {
        let opens = word.matches('(').count() as i32 - word.matches(')').count() as i32;
        let header = word == "(Default)";
        match out.last_mut() {
            Some(last) if (depth > 0 || (word.starts_with('(') && !header)) && length < 80 => {
                last.push(' ');
                last.push_str(word);
                length += 1;
            }
            _ => {
                out.push(word.to_owned());
                length = 0;
            }
        }
        depth = if length >= 80 {
            0
        } else {
            (depth + opens).max(0)
        };
    }
    out
}

/// Place of the first header at or after `from`, its columns, and where the rows begin.
fn find_header(words: &[String], from: usize) -> Option<(usize, Vec<String>, usize)> {
    (from..words.len()).find_map(|start| {
        let mut at = start;
        let mut found: Vec<String> = Vec::new();
        while let Some((header, length)) = header_at(&words[at..]) {
            found.push(header.to_owned());
            at += length;
        }
        let kinds: Vec<ColumnKind> = found.iter().map(|text| columns::by_header(text)).collect();
        let typed = kinds
            .iter()
            .any(|kind| matches!(kind, ColumnKind::Ports | ColumnKind::Protocol))
            || kinds.contains(&ColumnKind::Endpoints);
        (found.len() >= 3 && typed).then_some((start, found, at))
    })
}

fn header_at(words: &[String]) -> Option<(&'static str, usize)> {
    let first = words.first()?;
    HEADERS
        .iter()
        // Asked of every word of what may be a very long line.
        .filter(|header| first.starts_with(&header[..2.min(header.len())]))
        .filter_map(|header| {
            let parts = header.split(' ');
            let length = parts.clone().count();
            let fits = words.len() >= length && parts.zip(words).all(|(part, word)| part == word);
            fits.then_some((*header, length))
        })
        .max_by_key(|(_, length)| *length)
}

/// What ends a row: its ports and protocol.
struct CellEnd {
    ports: String,
    protocol: String,
}

/// A row as far as it can be told: the words before its ports.
struct Chunk {
    words: Vec<String>,
    end: CellEnd,
}

/// The rows, and how many words they took.
fn table(words: &[String], header: Vec<String>, line: u32) -> (PageTable, usize) {
    let kinds: Vec<ColumnKind> = header.iter().map(|text| columns::by_header(text)).collect();
    let has = |kind: &ColumnKind| kinds.contains(kind);
    let (with_ports, with_protocol) = (has(&ColumnKind::Ports), has(&ColumnKind::Protocol));
    let mut chunks: Vec<Chunk> = Vec::new();
    let (mut at, mut start, mut read) = (0, 0, 0);
    while at < words.len() && at - start < MOST_WORDS {
        match end_at(&words[at..], with_ports, with_protocol) {
            Some((end, length)) if with_ports || with_protocol => {
                let words = words[start..at].to_vec();
                chunks.push(Chunk { words, end });
                at += length;
                start = at;
                read = at;
            }
            _ => at += 1,
        }
    }
    let rows = rows(chunks, &kinds, line);
    let header = [
        "Source",
        "Destination",
        "Service",
        "Region",
        "FQDN",
        "Port",
        "Protocol",
    ];
    let table = PageTable {
        caption: None,
        header: header.map(str::to_owned).to_vec(),
        rows,
    };
    (table.without_empty_columns(), read)
}

/// Ports and protocol at the start of `words`.
fn end_at(words: &[String], with_ports: bool, with_protocol: bool) -> Option<(CellEnd, usize)> {
    let ports = if with_ports { ports_at(words) } else { 0 };
    if with_ports && ports == 0 {
        return None;
    }
    let protocol = if with_protocol {
        protocol_at(&words[ports..])
    } else {
        0
    };
    if with_protocol && protocol == 0 {
        return None;
    }
    let join = |words: &[String]| words.join(" ");
    let end = CellEnd {
        ports: join(&words[..ports]),
        protocol: join(&words[ports..ports + protocol]),
    };
    Some((end, ports + protocol))
}

/// How many words are ports: `443`, `80, 443`, `TCP 443`, `8801 - 8810`.
fn ports_at(words: &[String]) -> usize {
    let mut taken = 0;
    let begins = words.first().is_some_and(|word| {
        word.starts_with(|c: char| c.is_ascii_digit())
            || matches!(
                word.to_ascii_lowercase().as_str(),
                "tcp" | "udp" | "tcp:" | "udp:"
            )
    });
    if !begins {
        return 0;
    }
    for length in 1..=words.len().min(8) {
        let text = words[..length].join(" ");
        let told = traffic::read(&text);
        let ends = words[length - 1]
            .chars()
            .last()
            .is_some_and(|c| c.is_ascii_digit());
        if told.is_some_and(|told| !told.ports.is_empty() && told.apps.is_empty()) && ends {
            taken = length;
        }
    }
    taken
}

/// How many words are a protocol: `HTTPS over TCP`, `STARTTLS and LDAP over TCP and UDP`, `N/A`.
fn protocol_at(words: &[String]) -> usize {
    if words.first().is_some_and(|word| word == "N/A") {
        return 1;
    }
    let is = |at: usize| {
        words.get(at).is_some_and(|word| {
            let bare = word.trim_end_matches(',');
            bare.chars().next().is_some_and(|c| c.is_uppercase())
                && traffic::read(bare)
                    .is_some_and(|told| told.ports.is_empty() && !told.any && !told.none)
        })
    };
    let joins = |at: usize, with: &[&str]| {
        words
            .get(at)
            .is_some_and(|word| with.contains(&word.as_str()))
    };
    if !is(0) {
        return 0;
    }
    let mut at = 1;
    loop {
        if joins(at, &["and", "or", "over", "/", "&"]) && is(at + 1) {
            at += 2;
        } else if is(at) && (words[at - 1].ends_with(',') || stands_alone(words, at)) {
            at += 1;
        } else {
            return at;
        }
    }
}

/// A protocol beside another without a word between: "HTTPS HTTP", but not the first word of "NTP server".
fn stands_alone(words: &[String], at: usize) -> bool {
    let plain = matches!(words[at].as_str(), "HTTP" | "HTTPS" | "TCP" | "UDP");
    let next = words.get(at + 1).and_then(|next| next.chars().next());
    plain && !next.is_some_and(char::is_lowercase) && !words[..at].iter().any(|word| word == "over")
}

fn is_endpoint(word: &str) -> bool {
    let bare = word.split(" (").next().unwrap_or(word);
    matches!(endpoint::read(bare), WordReading::Endpoints(_))
}

/// The words of a row, told apart.
#[derive(Clone, Default)]
struct Parts {
    source: String,
    role: String,
    service: String,
    region: String,
    endpoints: String,
}

fn rows(chunks: Vec<Chunk>, kinds: &[ColumnKind], line: u32) -> Vec<PageRow> {
    let with_source = kinds.contains(&ColumnKind::Source);
    let known = KnownCell::of(&chunks);
    let mut out: Vec<PageRow> = Vec::new();
    let mut last = Parts::default();
    for chunk in chunks {
        let mut words = chunk.words.as_slice();
        // "Relays (if any) All destinations required by agents (...) Other relays": a row without ports of its own.
        if let Some((source, all, after)) = all_needed(words) {
            let parts = Parts {
                source: if source.is_empty() {
                    last.source.clone()
                } else {
                    source
                },
                role: all,
                ..Parts::default()
            };
            push(&mut out, &parts, None, line);
            last.source = parts.source;
            words = after;
        }
        let parts = told_apart(words, &last, &known, kinds, with_source);
        push(&mut out, &parts, Some(&chunk.end), line);
        last = parts;
    }
    out
}

fn all_needed(words: &[String]) -> Option<(String, String, &[String])> {
    let start = words
        .windows(2)
        .position(|pair| pair[0] == "All" && pair[1].starts_with("destination"))?;
    let by = words[start..]
        .windows(2)
        .position(|pair| pair[0] == "required" && pair[1] == "by")?;
    let end = (start + by + 3).min(words.len());
    Some((
        words[..start].join(" "),
        words[start..end].join(" "),
        &words[end..],
    ))
}

fn told_apart(
    words: &[String],
    last: &Parts,
    known: &KnownCell,
    kinds: &[ColumnKind],
    with_source: bool,
) -> Parts {
    if words.is_empty() {
        return last.clone();
    }
    if let Some(end) = words.iter().rposition(|word| is_endpoint(word)) {
        let (before, after) = words.split_at(end + 1);
        if with_source && !after.is_empty() {
            return Parts {
                source: before.join(" "),
                role: after.join(" "),
                ..Parts::default()
            };
        }
        return up_to_endpoints(words, last, kinds, with_source);
    }
    if !with_source {
        let (service, region) = region_behind(words);
        return Parts {
            service,
            region,
            ..Parts::default()
        };
    }
    match known.split(words) {
        Some(at) => Parts {
            source: words[..at].join(" "),
            role: words[at..].join(" "),
            ..Parts::default()
        },
        None => Parts {
            source: last.source.clone(),
            role: words.join(" "),
            ..Parts::default()
        },
    }
}

/// A source or a service, and a region, before the first endpoint; what is not there is as it was last.
fn up_to_endpoints(
    words: &[String],
    last: &Parts,
    kinds: &[ColumnKind],
    with_source: bool,
) -> Parts {
    let first = words.iter().position(|word| is_endpoint(word));
    let (text, endpoints) = words.split_at(first.unwrap_or_default());
    let (named, region) = match kinds.contains(&ColumnKind::Region) {
        true => region_behind(text),
        false => (text.join(" "), String::new()),
    };
    let or = |now: String, last: &String| if now.is_empty() { last.clone() } else { now };
    let (source, service) = match with_source {
        true => (or(named, &last.source), String::new()),
        false => (String::new(), or(named, &last.service)),
    };
    Parts {
        source,
        service,
        region: match text.is_empty() {
            true => last.region.clone(),
            false => region,
        },
        endpoints: endpoints.join(" "),
        ..Parts::default()
    }
}

/// A region at the end of the words, of up to three of them.
fn region_behind(words: &[String]) -> (String, String) {
    for length in (1..=words.len().min(3)).rev() {
        let (before, region) = words.split_at(words.len() - length);
        let region = region.join(" ");
        if vocabulary::region(&region).is_some() {
            return (before.join(" "), region);
        }
    }
    (words.join(" "), String::new())
}

/// Words at the ends of rows, and how many different rows have them.
struct KnownCell {
    ends: BTreeMap<String, usize>,
    whole: BTreeMap<String, usize>,
}

/// Words for machines and people, which sources end with.
const SOURCES: &[&str] = &[
    "agent",
    "agents",
    "relay",
    "relays",
    "computer",
    "computers",
    "gateway",
    "gateways",
    "client",
    "clients",
    "server",
    "servers",
    "host",
    "hosts",
    "user",
    "users",
    "appliance",
    "sensor",
    "sensors",
    "connector",
    "workstation",
    "workstations",
    "console",
    "browser",
    "browsers",
    "endpoint",
    "endpoints",
    "device",
    "devices",
    "node",
    "nodes",
    "manager",
    "collector",
    "scanner",
    "proxy",
    "machine",
    "machines",
];

impl KnownCell {
    fn of(chunks: &[Chunk]) -> Self {
        let mut ends: BTreeMap<String, std::collections::BTreeSet<String>> = BTreeMap::new();
        let mut whole: BTreeMap<String, usize> = BTreeMap::new();
        for chunk in chunks {
            let words = plain(&chunk.words);
            *whole.entry(words.join(" ")).or_default() += 1;
            for at in 1..words.len() {
                ends.entry(words[at..].join(" "))
                    .or_default()
                    .insert(words[..at].join(" "));
            }
        }
        Self {
            ends: ends
                .into_iter()
                .map(|(end, starts)| (end, starts.len()))
                .collect(),
            whole,
        }
    }

    /// Where the destination begins, if a source stands before it.
    fn split(&self, words: &[String]) -> Option<usize> {
        let plain = plain(words);
        (1..plain.len()).find(|at| {
            let end = plain[*at..].join(" ");
            let known =
                self.whole.contains_key(&end) || self.ends.get(&end).is_some_and(|n| *n >= 2);
            known && is_source(&words[..*at]) && !is_start(&plain[*at..])
        })
    }
}

/// A destination does not begin with a joining word.
fn is_start(words: &[String]) -> bool {
    words.first().is_some_and(|word| {
        matches!(
            word.as_str(),
            "or" | "and" | "&" | "on" | "for" | "its" | "of" | "a" | "the"
        )
    })
}

/// Words as they are compared: without what stands in parentheses, lower case, remarks cut off.
fn plain(words: &[String]) -> Vec<String> {
    let bare = words
        .iter()
        .map(|word| word.split('(').next().unwrap_or("").trim().to_lowercase());
    let remark = words
        .iter()
        .position(|word| matches!(word.as_str(), "Note" | "Only"));
    bare.take(remark.unwrap_or(words.len())).collect()
}

fn is_source(words: &[String]) -> bool {
    let Some(last) = words.last() else {
        return false;
    };
    if last.ends_with([',', ':']) || matches!(last.as_str(), "and" | "or") {
        return false;
    }
    let bare = last.split('(').next().unwrap_or("").trim().to_lowercase();
    last.contains("(if any") || SOURCES.contains(&bare.as_str())
}

fn push(out: &mut Vec<PageRow>, parts: &Parts, end: Option<&CellEnd>, line: u32) {
    let number = out.len() + 1;
    let none = String::new();
    let texts = [
        &parts.source,
        &parts.role,
        &parts.service,
        &parts.region,
        &parts.endpoints,
        end.map_or(&none, |end| &end.ports),
        end.map_or(&none, |end| &end.protocol),
    ];
    let cells = texts.iter().enumerate().map(|(column, text)| {
        Arc::new(Cell {
            row: number,
            column,
            lines: PageLine::new(text, line).into_iter().collect(),
        })
    });
    out.push(PageRow {
        number,
        line,
        section: None,
        cells: cells.collect(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<String> {
        let page = page(text);
        let tables = page.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
        tables
            .flat_map(|table| &table.rows)
            .map(|row| {
                let cells: Vec<String> = row.cells.iter().map(|cell| cell.text()).collect();
                cells
                    .into_iter()
                    .filter(|text| !text.is_empty())
                    .collect::<Vec<_>>()
                    .join(" | ")
            })
            .collect()
    }

    #[test]
    fn sources_show_from_what_rows_share() {
        let text = "Some words. Source Address Destination Address Port (Default) Protocol Admin computer DNS server 53 \
            DNS over UDP NTP server 123 NTP over UDP Cloud service 443 HTTPS over TCP Agents DNS server 53 DNS over UDP \
            Reputation network 80 HTTP over TCP 443 HTTPS over TCP Relays (if any) All destination addresses required by \
            agents (each has one) Other relays(if any) 4122 HTTPS over TCP Gateway(if any) Cloud service 443 HTTPS over \
            TCP Active Directory 389 STARTTLS and LDAP over TCP and UDP More words here.";
        assert_eq!(
            rows(text),
            [
                "Admin computer | DNS server | 53 | DNS over UDP",
                "Admin computer | NTP server | 123 | NTP over UDP",
                "Admin computer | Cloud service | 443 | HTTPS over TCP",
                "Agents | DNS server | 53 | DNS over UDP",
                "Agents | Reputation network | 80 | HTTP over TCP",
                "Agents | Reputation network | 443 | HTTPS over TCP",
                "Relays (if any) | All destination addresses required by agents (each has one)",
                "Relays (if any) | Other relays(if any) | 4122 | HTTPS over TCP",
                "Gateway(if any) | Cloud service | 443 | HTTPS over TCP",
                "Gateway(if any) | Active Directory | 389 | STARTTLS and LDAP over TCP and UDP",
            ]
        );
    }

    #[test]
    fn endpoints_end_what_a_row_is_for() {
        let text = "Service Region FQDN Port Protocol Updates Japan a.example.com b.example.com 443 HTTPS Updates All \
            c.example.com 80, 443 HTTP d.example.com 443 HTTPS";
        assert_eq!(
            rows(text),
            [
                "Updates | Japan | a.example.com b.example.com | 443 | HTTPS",
                "Updates | All | c.example.com | 80, 443 | HTTP",
                "Updates | All | d.example.com | 443 | HTTPS",
            ]
        );
    }
}
