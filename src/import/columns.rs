//! What the columns of a table are for: by the words of their headers, and by what is in them.

use super::line;
use super::page::PageTable;
use super::traffic;
use super::vocabulary::{self, RegionWord};
use crate::model::Transport;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// What a row is for.
    Service,
    /// Who opens the connection.
    Source,
    /// Names and addresses.
    Endpoints,
    /// Names and addresses for one region, which the header names.
    EndpointsOf(String),
    /// Where to, by role.
    Role,
    Ports,
    Protocol,
    Direction,
    Region,
    /// Whether it is required.
    Need,
    /// Remarks.
    Notes,
    /// Numbers of the rows.
    Number,
    /// The header says nothing that is known.
    Unknown,
}

/// Words of headers, in the order in which they are looked for: the more telling first.
const HEADERS: &[(&[&str], ColumnKind)] = &[
    (
        &["direction", "方向", "inbound/outbound", "ingress/egress"],
        ColumnKind::Direction,
    ),
    (&["source port", "送信元ポート"], ColumnKind::Notes),
    (&["destination port", "port", "ポート"], ColumnKind::Ports),
    (
        &["protocol", "プロトコル", "transport"],
        ColumnKind::Protocol,
    ),
    (
        &[
            "source",
            "from",
            "initiator",
            "送信元",
            "ソース",
            "接続元",
            "originat",
        ],
        ColumnKind::Source,
    ),
    (
        &[
            "fqdn",
            "url",
            "hostname",
            "host name",
            "host",
            "domain",
            "endpoint",
            "exception",
            "ip address",
            "address",
            "cidr",
            "subnet",
            "network",
            "ドメイン",
            "ホスト",
            "アドレス",
            "例外",
            "ipv4",
            "ipv6",
            "ip range",
            "ips",
            "site",
            "allowlist",
            "whitelist",
        ],
        ColumnKind::Endpoints,
    ),
    (
        &[
            "destination",
            "target",
            "宛先",
            "送信先",
            "接続先",
            "remote",
            "to",
        ],
        ColumnKind::Endpoints,
    ),
    (
        &[
            "region",
            "location",
            "country",
            "geograph",
            "geo",
            "リージョン",
            "地域",
            "国",
            "data center",
            "datacenter",
        ],
        ColumnKind::Region,
    ),
    (
        &[
            "service",
            "feature",
            "component",
            "product",
            "purpose",
            "function",
            "application",
            "agent",
            "category",
            "usage",
            "used for",
            "サービス",
            "機能",
            "目的",
            "用途",
            "コンポーネント",
            "製品",
            "名前",
            "名称",
            "module",
            "capability",
            "workload",
            "role",
            "name",
            "use case",
        ],
        ColumnKind::Service,
    ),
    (
        &["required", "optional", "mandatory", "必須", "要否", "need"],
        ColumnKind::Need,
    ),
    (
        &[
            "note",
            "comment",
            "remark",
            "description",
            "detail",
            "備考",
            "説明",
            "注",
            "reason",
            "why",
            "explanation",
        ],
        ColumnKind::Notes,
    ),
];

/// How many cells of a column are looked at.
const LOOKED_AT: usize = 200;

/// What a column's cells have in them.
#[derive(Default)]
struct Content {
    cells: usize,
    endpoints: usize,
    ports: usize,
    protocols: usize,
}

/// What each column holds.
pub(super) fn kinds(table: &PageTable) -> Vec<ColumnKind> {
    let mut kinds: Vec<ColumnKind> = table.header.iter().map(|text| by_header(text)).collect();
    let contents: Vec<Content> = (0..kinds.len()).map(|at| content(table, at)).collect();
    by_content(table, &mut kinds, &contents);
    a_source(table, &mut kinds);
    one_service(table, &mut kinds);
    kinds
}

/// Whether a text is a known header; for tables whose first row is one without saying so.
pub(super) fn is_header(text: &str) -> bool {
    by_header(text) != ColumnKind::Unknown && text.chars().count() <= 60
}

/// What a column is for, by its header alone.
pub(super) fn by_header(text: &str) -> ColumnKind {
    let lower = text.to_lowercase();
    if lower.trim().is_empty() {
        return ColumnKind::Unknown;
    }
    // "送信先コンポーネント、ポート、およびプロトコル" is all of them in one.
    if lower.contains("ポート") && lower.contains("コンポーネント") {
        return ColumnKind::Role;
    }
    if let Some(RegionWord::One(region)) = vocabulary::region(&lower) {
        return ColumnKind::EndpointsOf(region);
    }
    let found = HEADERS
        .iter()
        .find(|(words, _)| words.iter().any(|word| has_word(&lower, word)));
    found.map_or(ColumnKind::Unknown, |(_, column)| column.clone())
}

/// Whole words for Latin letters (with a plural), anywhere for others.
fn has_word(text: &str, word: &str) -> bool {
    if !word.is_ascii() {
        // "サポート" (support) ends as "ポート" (port) does.
        return text.replace("サポート", "").contains(word);
    }
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..]
            .trim_start_matches(['e'])
            .trim_start_matches('s');
        let long = word.len() >= 6;
        let starts = before.is_none_or(|c| !c.is_ascii_alphanumeric());
        let ends = long
            || after
                .chars()
                .next()
                .is_none_or(|c| !c.is_ascii_alphanumeric());
        starts && ends
    })
}

fn content(table: &PageTable, at: usize) -> Content {
    let mut content = Content::default();
    for row in table.rows.iter().take(LOOKED_AT) {
        let Some(cell) = row.cells.get(at).filter(|cell| !cell.lines.is_empty()) else {
            continue;
        };
        content.cells += 1;
        let plain = |text: &str| {
            let reading = line::read(text);
            !reading.found.is_empty() && !reading.prose
        };
        let text = cell.text();
        if let Some(told) = traffic::read(&text) {
            content.ports += usize::from(!told.ports.is_empty() || told.any);
            content.protocols += usize::from(told.ports.is_empty());
        } else if cell.lines.iter().any(|line| plain(&line.text)) {
            content.endpoints += 1;
        }
    }
    content
}

/// A column that numbers its rows: 1, 2, 3, or any numbers under a header that says so.
fn counts_rows(table: &PageTable, at: usize) -> bool {
    let header = table
        .header
        .get(at)
        .map_or("", |header| header.trim_end_matches('.'));
    let says = [
        "#", "no", "nr", "№", "id", "rule", "row", "seq", "番号", "項番",
    ]
    .contains(&header.to_lowercase().as_str());
    let cells = table.rows.iter().filter_map(|row| row.cells.get(at));
    let numbers: Vec<Option<usize>> = cells
        .filter(|cell| !cell.lines.is_empty())
        .take(LOOKED_AT)
        .map(|cell| cell.text().parse().ok())
        .collect();
    let numbered = numbers
        .iter()
        .zip(1..)
        .all(|(number, row)| *number == Some(row));
    let count = numbers.len();
    (says && count > 0 && numbers.iter().all(Option::is_some)) || (numbered && count > 1)
}

/// The one transport that a header of ports names: "TCP port".
pub(super) fn transport_in(header: &str) -> Option<Transport> {
    let lower = header.to_lowercase();
    match (has_word(&lower, "tcp"), has_word(&lower, "udp")) {
        (true, false) => Some(Transport::Tcp),
        (false, true) => Some(Transport::Udp),
        _ => None,
    }
}

/// Headers that say nothing, and headers that say what is not there.
fn by_content(table: &PageTable, kinds: &mut [ColumnKind], contents: &[Content]) {
    for (at, kind) in kinds.iter_mut().enumerate() {
        if *kind == ColumnKind::Unknown && counts_rows(table, at) {
            *kind = ColumnKind::Number;
        }
    }
    let most = |part: usize, content: &Content| content.cells > 0 && part * 2 > content.cells;
    for (kind, content) in kinds.iter_mut().zip(contents) {
        let open = matches!(
            kind,
            ColumnKind::Unknown | ColumnKind::Service | ColumnKind::Notes | ColumnKind::Need
        );
        if open && most(content.endpoints, content) {
            *kind = ColumnKind::Endpoints;
        } else if *kind == ColumnKind::Service && most(content.ports, content) {
            // Policies of firewalls call it so: `tcp/443`.
            *kind = ColumnKind::Ports;
        } else if *kind == ColumnKind::Unknown && most(content.ports, content) {
            *kind = ColumnKind::Ports;
        } else if *kind == ColumnKind::Unknown && most(content.protocols, content) {
            *kind = ColumnKind::Protocol;
        } else if matches!(kind, ColumnKind::EndpointsOf(_)) && content.endpoints == 0 {
            *kind = ColumnKind::Unknown;
        } else if *kind == ColumnKind::Endpoints && most(content.ports, content) {
            *kind = ColumnKind::Ports;
        } else if *kind == ColumnKind::Region && most(content.endpoints, content) {
            *kind = ColumnKind::Endpoints;
        }
    }
    // Of several destination columns, those without one endpoint name roles.
    let has_ports = kinds
        .iter()
        .any(|kind| matches!(kind, ColumnKind::Ports | ColumnKind::Protocol));
    for (at, kind) in kinds.iter_mut().enumerate() {
        if *kind == ColumnKind::Endpoints && contents[at].endpoints == 0 && has_ports {
            let header = table.header[at].to_lowercase();
            let names = ["fqdn", "url", "domain"]
                .iter()
                .any(|word| header.contains(word));
            if !names {
                *kind = ColumnKind::Role;
            }
        }
    }
}

/// Of two columns that say what rows are for, one whose cells all name machines says who opens them: "Component: Agents,
/// Relays".
fn a_source(table: &PageTable, kinds: &mut [ColumnKind]) {
    let services: Vec<usize> = (0..kinds.len())
        .filter(|at| kinds[*at] == ColumnKind::Service)
        .collect();
    if services.len() < 2 || kinds.contains(&ColumnKind::Source) {
        return;
    }
    let all_machines = |at: &usize| {
        let cells = table.rows.iter().take(LOOKED_AT);
        let mut cells = cells
            .filter_map(|row| row.cells.get(*at))
            .filter(|cell| !cell.lines.is_empty());
        let machine = |text: &str| {
            text.split([',', '、', '/'])
                .all(|part| vocabulary::is_machine(part.trim()))
        };
        cells.all(|cell| cell.lines.iter().all(|line| machine(&line.text)))
    };
    if let Some(at) = services.into_iter().find(all_machines) {
        kinds[at] = ColumnKind::Source;
    }
}

/// One column is the service; others that look like it are remarks.
fn one_service(table: &PageTable, kinds: &mut [ColumnKind]) {
    let has = |kinds: &[ColumnKind], column: &ColumnKind| kinds.contains(column);
    if !has(kinds, &ColumnKind::Service) && !has(kinds, &ColumnKind::Role) {
        // The first column without a meaning, or else the remarks, say what a row is for.
        let first = kinds.iter().position(|kind| *kind == ColumnKind::Unknown);
        let first = first.or_else(|| {
            let notes = kinds.iter().position(|kind| *kind == ColumnKind::Notes)?;
            let short = table.rows.iter().all(|row| {
                row.cells
                    .get(notes)
                    .is_none_or(|cell| cell.text().chars().count() <= 60)
            });
            short.then_some(notes)
        });
        if let Some(at) = first {
            kinds[at] = ColumnKind::Service;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_in_both_languages() {
        let table = [
            ("Service / Agent", ColumnKind::Service),
            ("Region", ColumnKind::Region),
            ("Exceptions", ColumnKind::Endpoints),
            ("SourceAddress", ColumnKind::Source),
            ("Source Address", ColumnKind::Source),
            ("Destination Address", ColumnKind::Endpoints),
            ("DestinationAddress", ColumnKind::Endpoints),
            ("Port(Default)", ColumnKind::Ports),
            ("Destination port", ColumnKind::Ports),
            ("Protocols", ColumnKind::Protocol),
            ("Host FQDN", ColumnKind::Endpoints),
            ("送信元", ColumnKind::Source),
            ("送信先の完全修飾ドメイン名(FQDN)", ColumnKind::Endpoints),
            ("サポートされているプロトコル", ColumnKind::Protocol),
            ("備考", ColumnKind::Notes),
            ("Japan", ColumnKind::EndpointsOf("japan".to_owned())),
            ("Direction", ColumnKind::Direction),
            ("Support", ColumnKind::Unknown),
        ];
        for (text, kind) in table {
            assert_eq!(by_header(text), kind, "{text}");
        }
    }
}
