//! Pages as blocks of text: a cell a line, blank lines between, bullets, `key: value` lines.
//!
//! A line that names the columns opens a table. In it, a row is what stands before (labels), what is typed (endpoints,
//! ports, protocols), and sentences, which are its remarks; a label behind what closes a row opens the next.

use std::sync::Arc;

use super::super::columns::{self, ColumnKind};
use super::super::page::{Block, Cell, Page, PageLine, PageRow, PageTable};
use super::super::pages::is_wildcards;
use super::super::{line, traffic, vocabulary};
use super::port_items::{self, PortItem};

/// A line longer than this is a sentence.
const SENTENCE: usize = 70;

/// The columns of the tables that come of it.
const HEADER: [&str; 7] = [
    "Source",
    "Destination",
    "Service",
    "FQDN",
    "Port",
    "Protocol",
    "Notes",
];

/// Reads a page.
pub(super) fn page(text: &str) -> Page {
    let mut reader = BlockReader::new();
    let lines: Vec<(u32, &str)> = super::lines(text).collect();
    for (at, (number, text)) in lines.iter().enumerate() {
        let next = lines.get(at + 1).map_or("", |(_, next)| *next);
        reader.line(*number, text, next);
    }
    reader.end_table();
    told_apart(&mut reader.page);
    for table in tables(&mut reader.page) {
        *table = std::mem::take(table).without_empty_columns();
    }
    reader.page
}

/// What a line is.
enum BlockKind {
    Header(Vec<ColumnKind>),
    Endpoints,
    Traffic,
    PortItem(PortItem),
    /// A line `key: value`, by what its key is.
    Pair(ColumnKind, String),
    /// A label over what follows.
    Over,
    Sentence,
    Item,
    Label,
}

fn kind(text: &str, bullet: bool) -> BlockKind {
    if let Some(kinds) = header(text) {
        return BlockKind::Header(kinds);
    }
    if let Some(item) = port_items::read(text) {
        return BlockKind::PortItem(item);
    }
    if let Some((key, value)) = pair(text) {
        return BlockKind::Pair(key, value);
    }
    let reading = line::read(text);
    if !reading.found.is_empty()
        && !reading.prose
        && reading
            .note
            .as_ref()
            .is_none_or(|n| n.chars().count() <= 40)
    {
        return BlockKind::Endpoints;
    }
    if traffic::read(text).is_some() && text.chars().count() <= 60 {
        // "80" alone is a port only where one is asked for; a bare number is seldom anything else here.
        return BlockKind::Traffic;
    }
    let ends = text.ends_with([':', '：']);
    let long = text.chars().count() > SENTENCE || text.ends_with(['。', '.', '!', '?']);
    match () {
        () if ends && !long => BlockKind::Over,
        () if long => BlockKind::Sentence,
        () if bullet => BlockKind::Item,
        () => BlockKind::Label,
    }
}

/// A long line without an end that stands right over endpoints names what they are for, and is no sentence.
fn is_over(text: &str, next: &str) -> bool {
    let reads = |text: &str| !line::read(&line::without_bullet(text)).found.is_empty();
    text.chars().count() <= 2 * SENTENCE
        && !text.ends_with(['。', '.', '!', '?'])
        && !vocabulary::asks_to_allow(text)
        && !vocabulary::is_condition(text)
        && is_bullet(next)
        && reads(next)
        && !reads(text)
}

fn is_bullet(raw: &str) -> bool {
    let text = raw.trim_start();
    text.starts_with(['•', '●', '▪', '■', '○', '◦', '‣', '・', '*']) || text.starts_with("- ")
}

/// Signs that Japanese pages put before headings.
fn is_heading_mark(raw: &str) -> bool {
    raw.trim_start().starts_with(['■', '◆', '▼', '□'])
}

/// Columns named side by side: two at least, and nothing else on the line.
fn header(text: &str) -> Option<Vec<ColumnKind>> {
    if text.chars().count() > 200 || text.ends_with(['。', '.', ':', '：']) {
        return None;
    }
    let parts: Vec<&str> = match text.contains("  ") {
        true => text
            .split("  ")
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect(),
        false => text.split(' ').filter(|part| !part.is_empty()).collect(),
    };
    let mut kinds: Vec<ColumnKind> = parts.iter().map(|part| columns::by_header(part)).collect();
    // "送信先IP アドレス" is one header with a blank in it.
    kinds.dedup();
    let asian = parts.iter().filter(|part| !part.is_ascii()).count() * 2 > parts.len();
    let open = |kind: &ColumnKind| matches!(kind, ColumnKind::Unknown | ColumnKind::EndpointsOf(_));
    let known = !kinds.iter().any(open);
    let typed = kinds.iter().any(|kind| {
        matches!(
            kind,
            ColumnKind::Ports | ColumnKind::Protocol | ColumnKind::Endpoints | ColumnKind::Role
        )
    });
    // In Latin letters two of a kind side by side are rather a heading: "Port numbers".
    let distinct = kinds.len() >= 2 || (asian && parts.len() >= 2);
    let fits = known && typed && distinct && (asian || parts.len() <= 6);
    fits.then_some(kinds)
}

fn pair(text: &str) -> Option<(ColumnKind, String)> {
    let (key, value) = text.split_once([':', '：'])?;
    let (key, value) = (key.trim(), value.trim());
    if key.is_empty() || value.is_empty() || key.chars().count() > 24 || value.starts_with("//") {
        return None;
    }
    let kind = columns::by_header(key);
    let known = !matches!(
        kind,
        ColumnKind::Unknown | ColumnKind::EndpointsOf(_) | ColumnKind::Need | ColumnKind::Notes
    );
    known.then(|| (kind, value.to_owned()))
}

/// A row in the making.
#[derive(Default)]
struct BlockRecord {
    labels: Vec<PageLine>,
    /// What is told by key.
    roles: Vec<PageLine>,
    services: Vec<PageLine>,
    sources: Vec<PageLine>,
    endpoints: Vec<PageLine>,
    ports: Vec<PageLine>,
    protocol: Vec<PageLine>,
    notes: Vec<PageLine>,
    items: Vec<(PageLine, PortItem)>,
}

impl BlockRecord {
    fn is_typed(&self) -> bool {
        !self.endpoints.is_empty()
            || !self.ports.is_empty()
            || !self.protocol.is_empty()
            || !self.items.is_empty()
    }

    fn has_traffic(&self) -> bool {
        !self.ports.is_empty() || !self.protocol.is_empty() || !self.items.is_empty()
    }
}

struct BlockReader {
    page: Page,
    /// Columns of the table that is open.
    kinds: Vec<ColumnKind>,
    record: BlockRecord,
    rows: Vec<PageRow>,
    heading: Option<PageLine>,
    /// The heading of the table that is open.
    title: Option<PageLine>,
    /// Whose ports a list of ports is about, until another is named.
    owner: Option<PageLine>,
    /// Where the table began.
    begun: u32,
    blank: bool,
    /// The source by address that holds for the rows below.
    standing: Vec<PageLine>,
}

impl BlockReader {
    fn new() -> Self {
        Self {
            page: Page::default(),
            kinds: Vec::new(),
            record: BlockRecord::default(),
            rows: Vec::new(),
            heading: None,
            title: None,
            owner: None,
            begun: 0,
            blank: true,
            standing: Vec::new(),
        }
    }

    fn line(&mut self, number: u32, raw: &str, next: &str) {
        let bullet = is_bullet(raw);
        let text = super::super::page::collapse(&line::without_bullet(raw));
        if text.is_empty() {
            self.blank = true;
            return;
        }
        let kind = match kind(&text, bullet) {
            BlockKind::Sentence if self.in_table() && !bullet && is_over(&text, next) => {
                BlockKind::Label
            }
            BlockKind::Item if is_heading_mark(raw) => BlockKind::Label,
            kind => kind,
        };
        let indent = raw.len() - raw.trim_start().len();
        let line = PageLine {
            text,
            line: number,
            depth: match bullet {
                true => 1 + u8::try_from((indent / 4).min(8)).unwrap_or(8),
                false => 0,
            },
            struck: false,
        };
        self.take(kind, line);
        self.blank = false;
    }

    fn take(&mut self, kind: BlockKind, line: PageLine) {
        match kind {
            BlockKind::Header(kinds) => self.begin_table(kinds, line),
            BlockKind::Endpoints => self.endpoints(line),
            BlockKind::Traffic => self.record.protocol.push(line),
            BlockKind::PortItem(item) => self.record.items.push((line, item)),
            BlockKind::Pair(column, value) => self.pair(column, &value, line),
            BlockKind::Over => self.over(line),
            BlockKind::Sentence => self.sentence(line),
            BlockKind::Item if self.record.is_typed() || !self.record.labels.is_empty() => {
                self.record.notes.push(line)
            }
            BlockKind::Item => self.page.blocks.push(Block::Item(line)),
            BlockKind::Label
                if self.is_fresh() && columns::by_header(&line.text) == ColumnKind::Notes =>
            {
                self.kinds.push(ColumnKind::Notes);
            }
            BlockKind::Label => self.label(line),
        }
    }

    /// The header has just been read, so that it may go on.
    fn is_fresh(&self) -> bool {
        self.in_table()
            && self.rows.is_empty()
            && self.record.labels.is_empty()
            && !self.record.is_typed()
            && !self.blank
    }

    fn in_table(&self) -> bool {
        !self.kinds.is_empty()
    }

    fn begin_table(&mut self, kinds: Vec<ColumnKind>, line: PageLine) {
        // A header goes on in the next line.
        if self.is_fresh() {
            self.kinds.extend(kinds);
            return;
        }
        self.end_table();
        self.title = self.heading.take();
        self.kinds = kinds;
        self.begun = line.line;
    }

    /// Endpoints belong to the row that is open, unless it is closed by its protocol already.
    fn endpoints(&mut self, line: PageLine) {
        let closed =
            self.record.has_traffic() && !self.record.endpoints.is_empty() && !self.ports_first();
        if closed {
            self.end_record();
        }
        self.record.endpoints.push(line);
    }

    /// Ports stand before the endpoints in this table.
    fn ports_first(&self) -> bool {
        let at = |wanted: &[ColumnKind]| self.kinds.iter().position(|kind| wanted.contains(kind));
        let ports = at(&[ColumnKind::Ports, ColumnKind::Protocol, ColumnKind::Role]);
        matches!((ports, at(&[ColumnKind::Endpoints])), (Some(p), Some(e)) if p < e)
    }

    fn pair(&mut self, column: ColumnKind, value: &str, line: PageLine) {
        let value = PageLine {
            text: value.to_owned(),
            ..line.clone()
        };
        // What a row is for may also stand last, right below its ports.
        let opens = match column {
            ColumnKind::Service => self.blank || !self.record.services.is_empty(),
            ColumnKind::Source | ColumnKind::Endpoints => true,
            _ => false,
        };
        if opens && self.record.has_traffic() && !self.record.endpoints.is_empty() {
            self.end_record();
        }
        match column {
            ColumnKind::Ports => self.record.ports.push(value),
            ColumnKind::Protocol => self.record.protocol.push(value),
            ColumnKind::Service => match self.kinds.contains(&ColumnKind::Role) {
                true => self.record.roles.push(value),
                false => self.record.services.push(value),
            },
            ColumnKind::Role => self.record.roles.push(value),
            ColumnKind::Source => self.record.sources.push(value),
            ColumnKind::Endpoints => match line::read(&value.text).found.is_empty() {
                true => self.record.roles.push(value),
                false => self.record.endpoints.push(value),
            },
            _ => self.record.notes.push(line),
        }
    }

    fn over(&mut self, line: PageLine) {
        if self.record.has_traffic() && !self.record.endpoints.is_empty() {
            self.end_record();
        }
        // Over endpoints: what they are for. In a list of ports: whether they are needed.
        match self.record.labels.is_empty() && self.record.endpoints.is_empty() {
            true => self.record.labels.push(line),
            false => self.record.endpoints.push(line),
        }
    }

    fn sentence(&mut self, line: PageLine) {
        let with_endpoints = !self.in_table() || self.kinds.contains(&ColumnKind::Endpoints);
        let closed =
            self.record.has_traffic() && !self.record.endpoints.is_empty() && with_endpoints;
        if closed && vocabulary::asks_to_allow(&line.text) && !self.ports_first() {
            // It is over the list that follows, or prose between tables.
            self.end_record();
            if is_wildcards(&line.text) {
                self.record.notes.push(line.clone());
            }
            self.page.blocks.push(Block::Paragraph(line));
            return;
        }
        if !self.in_table() && !self.record.is_typed() {
            // What stood over a sentence is a heading.
            self.end_record();
        }
        match self.in_table() && (self.record.is_typed() || !self.record.labels.is_empty()) {
            true => self.record.notes.push(line),
            false => self.page.blocks.push(Block::Paragraph(line)),
        }
    }

    fn label(&mut self, line: PageLine) {
        let with_endpoints = !self.in_table() || self.kinds.contains(&ColumnKind::Endpoints);
        let waits = self.ports_first() && self.record.endpoints.is_empty();
        let closes = match () {
            () if !self.record.items.is_empty() => true,
            () if self.record.has_traffic() => !waits,
            () => !self.record.endpoints.is_empty() && with_endpoints,
        };
        // Lines of one cell stand without a blank line between, and follow a dash.
        if closes {
            self.end_record();
        }
        match self.record.labels.last_mut() {
            Some(last) if !self.blank && last.text.ends_with(['-', '、', ',']) => {
                last.text.push(' ');
                last.text.push_str(&line.text);
            }
            _ => self.record.labels.push(line),
        }
    }

    fn end_record(&mut self) {
        let mut record = std::mem::take(&mut self.record);
        if !record.is_typed() {
            // Headings and prose between tables.
            for label in record.labels {
                self.heading = Some(label);
            }
            return;
        }
        // Labels in front of a last one that belongs to the row are headings that stood between.
        let wanted = self.label_columns();
        if self.in_table() && record.labels.len() > wanted.max(1) + 1 {
            let spare = record.labels.len() - wanted.max(1);
            let last = record.labels.drain(..spare).next_back();
            self.heading = last.or(self.heading.take());
        }
        let sources_by_address = self.kinds.contains(&ColumnKind::Source)
            && self.kinds.contains(&ColumnKind::Role)
            && !self.kinds.contains(&ColumnKind::Endpoints);
        if sources_by_address {
            match record.endpoints.is_empty() {
                true => record.sources.extend(self.standing.iter().cloned()),
                false => {
                    self.standing = std::mem::take(&mut record.endpoints);
                    record.sources.extend(self.standing.iter().cloned());
                    // The first label is the source's name, the last the destination.
                    if record.labels.len() > 1 {
                        record.labels.remove(0);
                    }
                }
            }
        }
        self.rows_of(record);
    }

    /// How many columns hold labels.
    fn label_columns(&self) -> usize {
        let labels = |kind: &&ColumnKind| {
            matches!(
                kind,
                ColumnKind::Source | ColumnKind::Role | ColumnKind::Service
            )
        };
        let first_endpoints = self
            .kinds
            .iter()
            .filter(|kind| **kind == ColumnKind::Endpoints)
            .count();
        self.kinds.iter().filter(labels).count() + first_endpoints.saturating_sub(1)
    }

    fn rows_of(&mut self, mut record: BlockRecord) {
        let first = record
            .labels
            .iter()
            .chain(&record.endpoints)
            .chain(&record.protocol)
            .chain(record.items.iter().map(|(line, _)| line))
            .map(|line| line.line)
            .min()
            .unwrap_or(self.begun);
        let items = std::mem::take(&mut record.items);
        if !items.is_empty() {
            self.rows_of_items(&record, items);
            return;
        }
        let (mut source, mut role, mut service) = (record.sources, record.roles, record.services);
        let mut labels = record.labels;
        let with_source = self.kinds.contains(&ColumnKind::Source);
        let needs_role = self.kinds.contains(&ColumnKind::Role)
            || self
                .kinds
                .iter()
                .filter(|k| **k == ColumnKind::Endpoints)
                .count()
                > 1;
        if with_source && source.is_empty() && labels.len() > 1 {
            source.push(labels.remove(0));
        } else if with_source && source.is_empty() && !labels.is_empty() {
            // Source and service on one line; what is which shows once all rows are known.
            source.push(labels.remove(0));
        }
        for label in labels {
            match needs_role && role.is_empty() {
                true => role.push(label),
                false => service.push(label),
            }
        }
        if !needs_role && service.is_empty() {
            service.append(&mut role);
        }
        self.push(
            [
                source,
                role,
                service,
                record.endpoints,
                record.ports,
                record.protocol,
                record.notes,
            ],
            first,
        );
    }

    /// One row for each port and destination of a list of ports.
    fn rows_of_items(&mut self, record: &BlockRecord, items: Vec<(PageLine, PortItem)>) {
        let mut labels = record.labels.iter();
        let owner = labels.rfind(|label| !label.text.ends_with([':', '：']));
        if owner.is_some() {
            self.owner = owner.cloned();
        }
        let words = self.owner.as_ref().map_or("", |line| line.text.as_str());
        let inward = words.contains("受信")
            || words.to_lowercase().contains("incoming")
            || words.to_lowercase().contains("inbound")
            || words.to_lowercase().contains("listening");
        let name = owner_name(words);
        let (conditions, others): (Vec<&PageLine>, Vec<&PageLine>) = record
            .notes
            .iter()
            .partition(|note| vocabulary::is_condition(&note.text));
        for item in others.iter().filter(|note| note.depth > 0) {
            let why = format!("no port in an item of a list of ports: {}", item.text);
            self.page.lost.push((item.line, why));
        }
        for (line, item) in items {
            let text = |text: &str| {
                PageLine::new(text, line.line)
                    .into_iter()
                    .collect::<Vec<_>>()
            };
            for to in &item.to {
                for ports in &item.ports {
                    let source = if inward || name.is_empty() {
                        Vec::new()
                    } else {
                        text(&name)
                    };
                    let mut notes = text(&item.remark);
                    notes.extend(conditions.iter().map(|note| (*note).clone()));
                    self.push(
                        [
                            source,
                            text(to),
                            Vec::new(),
                            Vec::new(),
                            text(ports),
                            Vec::new(),
                            notes,
                        ],
                        line.line,
                    );
                }
            }
        }
    }

    fn push(&mut self, cells: [Vec<PageLine>; 7], line: u32) {
        if self.rows.is_empty() && !self.in_table() {
            self.title = self.heading.take();
        }
        let number = self.rows.len() + 1;
        let cells = cells.into_iter().enumerate().map(|(column, lines)| {
            Arc::new(Cell {
                row: number,
                column,
                lines,
            })
        });
        self.rows.push(PageRow {
            number,
            line,
            section: None,
            cells: cells.collect(),
        });
        if self.begun == 0 {
            self.begun = line;
        }
    }

    fn end_table(&mut self) {
        self.end_record();
        let rows = std::mem::take(&mut self.rows);
        self.kinds.clear();
        self.standing.clear();
        self.owner = None;
        let title = self.title.take();
        if rows.is_empty() {
            return;
        }
        if let Some(title) = title {
            self.page.blocks.push(Block::Heading(2, title));
        }
        let table = PageTable {
            caption: None,
            header: HEADER.map(str::to_owned).to_vec(),
            rows,
        };
        self.page.blocks.push(Block::Table(table));
    }
}

/// "Agentの送信ポート" is about the agent.
fn owner_name(text: &str) -> String {
    let mut text = text.to_owned();
    for word in [
        "の送信ポート",
        "の受信ポート",
        "送信ポート",
        "受信ポート",
        "待機",
        " outbound ports",
        " inbound ports",
        " outgoing ports",
        " incoming ports",
        " listening ports",
        " ports",
    ] {
        if let Some(at) = text.to_lowercase().find(&word.to_lowercase()) {
            text.truncate(at);
        }
    }
    text.trim().to_owned()
}

/// Source and service that stand on one line: sources are those that other rows have as a line of their own.
fn told_apart(page: &mut Page) {
    let mut known: Vec<String> = Vec::new();
    for table in tables(page) {
        for row in &table.rows {
            let alone = row.cells.get(2).is_some_and(|cell| !cell.lines.is_empty())
                || row.cells.get(1).is_some_and(|cell| !cell.lines.is_empty());
            if let (Some(line), true) = (row.cells[0].lines.first(), alone) {
                known.push(line.text.clone());
            }
        }
    }
    known.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    known.dedup();
    for table in tables(page) {
        for row in &mut table.rows {
            let alone = row.cells[1].lines.is_empty()
                && row.cells[2].lines.is_empty()
                && !row.cells[3].lines.is_empty();
            let Some(line) = row.cells[0].lines.first().filter(|_| alone).cloned() else {
                continue;
            };
            let at = known
                .iter()
                .find(|source| line.text.starts_with(&format!("{source} ")))
                .map(String::len)
                .or_else(|| first_word(&line.text));
            let (source, service) = match at {
                Some(at) => line.text.split_at(at),
                // One name: what it is for.
                None if known.contains(&line.text) => continue,
                None => ("", line.text.as_str()),
            };
            let cell = |column: usize, text: &str| {
                Arc::new(Cell {
                    row: row.number,
                    column,
                    lines: PageLine::new(text, line.line).into_iter().collect(),
                })
            };
            let (source, service) = (cell(0, source), cell(2, service));
            row.cells[0] = source;
            row.cells[2] = service;
        }
    }
}

fn tables(page: &mut Page) -> impl Iterator<Item = &mut PageTable> {
    page.blocks.iter_mut().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    })
}

/// A first word that can be a source: kana, or a word for machines.
fn first_word(text: &str) -> Option<usize> {
    let at = text.find(' ')?;
    let word = &text[..at];
    let kana = word.chars().any(|c| ('\u{30a0}'..='\u{30ff}').contains(&c));
    kana.then_some(at)
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
                row.cells
                    .iter()
                    .map(|cell| cell.text())
                    .collect::<Vec<_>>()
                    .join("|")
            })
            .collect()
    }

    #[test]
    fn a_table_of_names_in_blocks() {
        let text = "送信元 送信先のサーバまたはサービスの名前 送信先の完全修飾ドメイン名(FQDN) プロトコル\n\
            エージェント、 リレー Cloud ハートビート\n  • a.example.com\n  • b.example.com\n\n古い場合は、次を参照してください。\n\nHTTPS\n\n\
            エージェント、 リレー\n\nファイル\n\n  • c.example.com\n\nHTTPS\n\nHTTP\n\n\
            エージェント\n\n評価 -\nスキャン\n\n12.0以降の接続先:\n\n  • d.example.com\n\nHTTPS\n";
        assert_eq!(
            rows(text),
            [
                "エージェント、 リレー|Cloud ハートビート|a.example.com b.example.com|HTTPS|古い場合は、次を参照してください。",
                "エージェント、 リレー|ファイル|c.example.com|HTTPS HTTP|",
                "エージェント|評価 - スキャン|12.0以降の接続先: d.example.com|HTTPS|",
            ]
        );
    }

    #[test]
    fn a_list_of_ports_and_a_table_of_addresses() {
        let text = "ポートの種類 ポート番号とプロトコル\nAgentの送信ポート\n\n必須ポート:\n\n  • 53 / DNS over UDP - DNSサーバポート\n\n\
            送信元 送信先コンポーネント、ポート、およびプロトコル\n備考\n\nCloud\n\nサブネット192.0.2.0/27\n\nSyslogサーバ\n\n\
            初期設定ポート:514\n\nプロトコル: Syslog over UDP\n\n設定した場合にのみ、許可します。\n\nAgent\n\n初期設定ポート: 4118\n\nプロトコル:HTTPS over TCP\n";
        assert_eq!(
            rows(text),
            [
                "Agent|DNSサーバ|53 / DNS over UDP",
                "サブネット192.0.2.0/27|Syslogサーバ|514|Syslog over UDP|設定した場合にのみ、許可します。",
                "サブネット192.0.2.0/27|Agent|4118|HTTPS over TCP|",
            ]
        );
    }

    #[test]
    fn pairs_by_key_without_a_header() {
        let text = "Service: Updates\nHost: a.example.com\nPort: 443\nProtocol: TCP\n\nService: Licences\nHost: b.example.com\nPort: 443\n";
        assert_eq!(
            rows(text),
            [
                "Updates|a.example.com|443|TCP",
                "Licences|b.example.com|443|"
            ]
        );
    }
}
