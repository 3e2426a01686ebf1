//! What the columns of a table are for: by the words of their headers, and by what is in them.

use super::line;
use super::page::Table;
use super::traffic;
use super::vocabulary::{self, RegionWord};
use crate::model::Transport;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
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
const HEADERS: &[(&[&str], Column)] = &[
    (
        &["direction", "方向", "inbound/outbound", "ingress/egress"],
        Column::Direction,
    ),
    (&["source port", "送信元ポート"], Column::Notes),
    (&["destination port", "port", "ポート"], Column::Ports),
    (&["protocol", "プロトコル", "transport"], Column::Protocol),
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
        Column::Source,
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
        Column::Endpoints,
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
        Column::Endpoints,
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
        Column::Region,
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
        Column::Service,
    ),
    (
        &["required", "optional", "mandatory", "必須", "要否", "need"],
        Column::Need,
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
        Column::Notes,
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
pub(super) fn kinds(table: &Table) -> Vec<Column> {
    let mut kinds: Vec<Column> = table.header.iter().map(|text| by_header(text)).collect();
    let contents: Vec<Content> = (0..kinds.len()).map(|at| content(table, at)).collect();
    by_content(table, &mut kinds, &contents);
    a_source(table, &mut kinds);
    one_service(table, &mut kinds);
    kinds
}

/// Whether a text is a known header; for tables whose first row is one without saying so.
pub(super) fn is_header(text: &str) -> bool {
    by_header(text) != Column::Unknown && text.chars().count() <= 60
}

/// What a column is for, by its header alone.
pub(super) fn by_header(text: &str) -> Column {
    let lower = text.to_lowercase();
    if lower.trim().is_empty() {
        return Column::Unknown;
    }
    // "送信先コンポーネント、ポート、およびプロトコル" is all of them in one.
    if lower.contains("ポート") && lower.contains("コンポーネント") {
        return Column::Role;
    }
    if let Some(RegionWord::One(region)) = vocabulary::region(&lower) {
        return Column::EndpointsOf(region);
    }
    let found = HEADERS
        .iter()
        .find(|(words, _)| words.iter().any(|word| has_word(&lower, word)));
    found.map_or(Column::Unknown, |(_, column)| column.clone())
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

fn content(table: &Table, at: usize) -> Content {
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
fn counts_rows(table: &Table, at: usize) -> bool {
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
fn by_content(table: &Table, kinds: &mut [Column], contents: &[Content]) {
    for (at, kind) in kinds.iter_mut().enumerate() {
        if *kind == Column::Unknown && counts_rows(table, at) {
            *kind = Column::Number;
        }
    }
    let most = |part: usize, content: &Content| content.cells > 0 && part * 2 > content.cells;
    for (kind, content) in kinds.iter_mut().zip(contents) {
        let open = matches!(
            kind,
            Column::Unknown | Column::Service | Column::Notes | Column::Need
        );
        if open && most(content.endpoints, content) {
            *kind = Column::Endpoints;
        } else if *kind == Column::Service && most(content.ports, content) {
            // Policies of firewalls call it so: `tcp/443`.
            *kind = Column::Ports;
        } else if *kind == Column::Unknown && most(content.ports, content) {
            *kind = Column::Ports;
        } else if *kind == Column::Unknown && most(content.protocols, content) {
            *kind = Column::Protocol;
        } else if matches!(kind, Column::EndpointsOf(_)) && content.endpoints == 0 {
            *kind = Column::Unknown;
        } else if *kind == Column::Endpoints && most(content.ports, content) {
            *kind = Column::Ports;
        } else if *kind == Column::Region && most(content.endpoints, content) {
            *kind = Column::Endpoints;
        }
    }
    // Of several destination columns, those without one endpoint name roles.
    let has_ports = kinds
        .iter()
        .any(|kind| matches!(kind, Column::Ports | Column::Protocol));
    for (at, kind) in kinds.iter_mut().enumerate() {
        if *kind == Column::Endpoints && contents[at].endpoints == 0 && has_ports {
            let header = table.header[at].to_lowercase();
            let names = ["fqdn", "url", "domain"]
                .iter()
                .any(|word| header.contains(word));
            if !names {
                *kind = Column::Role;
            }
        }
    }
}

/// Of two columns that say what rows are for, one whose cells all name machines says who opens them: "Component: Agents,
/// Relays".
fn a_source(table: &Table, kinds: &mut [Column]) {
    let services: Vec<usize> = (0..kinds.len())
        .filter(|at| kinds[*at] == Column::Service)
        .collect();
    if services.len() < 2 || kinds.contains(&Column::Source) {
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
        kinds[at] = Column::Source;
    }
}

/// One column is the service; others that look like it are remarks.
fn one_service(table: &Table, kinds: &mut [Column]) {
    let has = |kinds: &[Column], column: &Column| kinds.contains(column);
    if !has(kinds, &Column::Service) && !has(kinds, &Column::Role) {
        // The first column without a meaning, or else the remarks, say what a row is for.
        let first = kinds.iter().position(|kind| *kind == Column::Unknown);
        let first = first.or_else(|| {
            let notes = kinds.iter().position(|kind| *kind == Column::Notes)?;
            let short = table.rows.iter().all(|row| {
                row.cells
                    .get(notes)
                    .is_none_or(|cell| cell.text().chars().count() <= 60)
            });
            short.then_some(notes)
        });
        if let Some(at) = first {
            kinds[at] = Column::Service;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_in_both_languages() {
        let table = [
            ("Service / Agent", Column::Service),
            ("Region", Column::Region),
            ("Exceptions", Column::Endpoints),
            ("SourceAddress", Column::Source),
            ("Source Address", Column::Source),
            ("Destination Address", Column::Endpoints),
            ("DestinationAddress", Column::Endpoints),
            ("Port(Default)", Column::Ports),
            ("Destination port", Column::Ports),
            ("Protocols", Column::Protocol),
            ("Host FQDN", Column::Endpoints),
            ("送信元", Column::Source),
            ("送信先の完全修飾ドメイン名(FQDN)", Column::Endpoints),
            ("サポートされているプロトコル", Column::Protocol),
            ("備考", Column::Notes),
            ("Japan", Column::EndpointsOf("japan".to_owned())),
            ("Direction", Column::Direction),
            ("Support", Column::Unknown),
        ];
        for (text, kind) in table {
            assert_eq!(by_header(text), kind, "{text}");
        }
    }
}
