//! Tables to entries: what each row says, and every cell of it accounted for.

use std::sync::Arc;

use super::cells::{self, FoundEndpoint};
use super::columns::{self, ColumnKind};
use super::draft::{Choice, DraftDestination, DraftEntry, DraftParty, Leftover, Place};
use super::page::{Cell, PageRow, PageTable};
use super::parties;
use super::traffic::{self, Traffic};
use super::vocabulary::{self, RegionWord};
use crate::rules::{Direction, Need};

/// The most rows of a table that are read; published lists of all clouds have a fifth of it.
const MOST_ROWS: usize = 500_000;

/// A table with where it stands.
pub(super) struct Context<'a> {
    pub(super) table: &'a PageTable,
    /// Counted from 1 over the page.
    pub(super) number: usize,
    /// The nearest heading.
    pub(super) heading: &'a str,
    /// The paragraph before it.
    pub(super) intro: &'a str,
    /// The region that a heading over it names.
    pub(super) region: Option<&'a str>,
    /// Ports that text over it states for all rows.
    pub(super) traffic: Option<&'a Traffic>,
}

/// What came of a table.
#[derive(Default)]
pub(super) struct ReadRows {
    pub(super) entries: Vec<DraftEntry>,
    pub(super) rest: Vec<Leftover>,
}

impl Context<'_> {
    pub(super) fn name(&self) -> String {
        let caption = self.table.caption.as_deref().unwrap_or_default();
        match (caption.is_empty(), self.heading.is_empty()) {
            (false, _) => caption.to_owned(),
            (true, false) => self.heading.to_owned(),
            (true, true) => format!("table {}", self.number),
        }
    }

    fn place(&self, row: &str, line: Option<u32>) -> Place {
        Place {
            table: self.name(),
            row: row.to_owned(),
            line,
        }
    }

    fn leftover(&self, row: &PageRow, column: usize, line: u32, text: &str, why: &str) -> Leftover {
        let header = self.table.header.get(column).map_or("", String::as_str);
        Leftover {
            line: if line == 0 { row.line } else { line },
            table: self.name(),
            row: row.number.to_string(),
            column: match header.is_empty() {
                true => format!("column {}", column + 1),
                false => header.to_owned(),
            },
            text: text.to_owned(),
            why: why.to_owned(),
        }
    }
}

/// Reads a table.
pub(super) fn read(context: &Context<'_>) -> ReadRows {
    let table = with_header(context.table);
    let context = &Context {
        table: &table,
        ..*context
    };
    let kinds = columns::kinds(&table);
    let mut out = ReadRows::default();
    let useful = kinds.iter().any(|kind| {
        matches!(
            kind,
            ColumnKind::Endpoints | ColumnKind::EndpointsOf(_) | ColumnKind::Role
        )
    });
    let states = |kind: &ColumnKind| {
        matches!(
            kind,
            ColumnKind::Ports
                | ColumnKind::Protocol
                | ColumnKind::Endpoints
                | ColumnKind::EndpointsOf(_)
        )
    };
    if !useful || !kinds.iter().any(states) {
        for row in &table.rows {
            every_cell(
                context,
                row,
                "the table has no column of destinations that is known",
                &mut out,
            );
        }
        return out;
    }
    let direction = direction_of(&[context.heading, context.intro].join(" "));
    for row in table.rows.iter().take(MOST_ROWS) {
        read_row(context, &kinds, direction, row, &mut out);
    }
    if let Some(row) = table.rows.get(MOST_ROWS) {
        let more = format!("{} more rows", table.rows.len() - MOST_ROWS);
        let why = "no table of requirements has so many";
        out.rest
            .push(context.leftover(row, 0, row.line, &more, why));
    }
    out
}

/// Tables whose first row is the header without saying so.
fn with_header(table: &PageTable) -> PageTable {
    let mut table = table.clone();
    let none = table.header.iter().all(String::is_empty);
    if let (true, Some(first)) = (none, table.rows.first()) {
        let texts: Vec<String> = first.cells.iter().map(|cell| cell.text()).collect();
        let known = texts.iter().filter(|text| columns::is_header(text)).count();
        if known * 2 >= texts.len().max(1)
            && known > 0
            && texts.iter().all(|t| t.chars().count() <= 60)
        {
            table.header = texts;
            table.rows.remove(0);
            for (at, row) in table.rows.iter_mut().enumerate() {
                row.number = at + 1;
            }
        }
    }
    let columns = table
        .rows
        .iter()
        .map(|row| row.cells.len())
        .max()
        .unwrap_or(0);
    if table.header.len() < columns {
        table.header.resize(columns, String::new());
    }
    table
}

fn every_cell(context: &Context<'_>, row: &PageRow, why: &str, out: &mut ReadRows) {
    for (column, cell) in own_cells(row) {
        let line = cell.line().unwrap_or(0);
        out.rest
            .push(context.leftover(row, column, line, &cell.text(), why));
    }
}

/// Cells that begin in this row, each once.
fn own_cells(row: &PageRow) -> impl Iterator<Item = (usize, &Arc<Cell>)> {
    let cells = row.cells.iter().enumerate();
    cells.filter(|(at, cell)| {
        !cell.lines.is_empty() && (cell.row == row.number || cell.row == 0) && cell.column == *at
    })
}

/// What the cells of a row say.
#[derive(Default)]
struct SaidByRow {
    service: String,
    sources: Vec<DraftParty>,
    networks: Vec<FoundEndpoint>,
    roles: Vec<DraftParty>,
    needs_of: Option<DraftParty>,
    traffic: Traffic,
    regions: Vec<String>,
    direction: Option<Direction>,
    need: Option<Need>,
    hints: Vec<String>,
    found: Vec<FoundEndpoint>,
    /// There is a column for endpoints, and its cell is empty.
    empty: bool,
    /// Words over lists that the source has lost, with their lines.
    bare: Vec<(u32, String)>,
}

fn read_row(
    context: &Context<'_>,
    kinds: &[ColumnKind],
    direction: Option<Direction>,
    row: &PageRow,
    out: &mut ReadRows,
) {
    let mut said = SaidByRow {
        direction,
        ..SaidByRow::default()
    };
    let typed = |kind: &ColumnKind| matches!(kind, ColumnKind::Ports | ColumnKind::Protocol);
    if let (Some(traffic), false) = (context.traffic, kinds.iter().any(typed)) {
        said.traffic = traffic.clone();
    }
    let before = out.rest.len();
    let mut seen: Vec<*const Cell> = Vec::new();
    for (column, (cell, kind)) in row.cells.iter().zip(kinds).enumerate() {
        let twice = seen.contains(&Arc::as_ptr(cell));
        seen.push(Arc::as_ptr(cell));
        if twice && !matches!(kind, ColumnKind::EndpointsOf(_)) {
            continue;
        }
        let at = CellAt {
            context,
            row,
            column,
            cell,
        };
        at.take(kind, &mut said, out);
    }
    if let Some(section) = &row.section {
        match vocabulary::region(section) {
            Some(RegionWord::One(region)) => said.regions.push(region),
            Some(RegionWord::All) => {}
            None if said.service.is_empty() => said.service.clone_from(section),
            None => said.hints.push(section.clone()),
        }
    }
    // Cells that reach in from above were listed there.
    let own: Vec<usize> = own_cells(row).map(|(at, _)| at).collect();
    let headers: Vec<String> = own
        .iter()
        .filter_map(|at| {
            let header = context.table.header.get(*at)?;
            Some(if header.is_empty() {
                format!("column {}", at + 1)
            } else {
                header.clone()
            })
        })
        .collect();
    let late: Vec<Leftover> = out.rest.drain(before..).collect();
    out.rest
        .extend(late.into_iter().filter(|l| headers.contains(&l.column)));
    if row.cells.iter().all(|cell| cell.lines.is_empty()) {
        return;
    }
    finish_row(context, row, said, out);
}

/// A cell with where it stands.
struct CellAt<'a> {
    context: &'a Context<'a>,
    row: &'a PageRow,
    column: usize,
    cell: &'a Arc<Cell>,
}

impl CellAt<'_> {
    fn take(&self, kind: &ColumnKind, said: &mut SaidByRow, out: &mut ReadRows) {
        let text = self.cell.text();
        if text.is_empty() {
            said.empty |= *kind == ColumnKind::Endpoints;
            return;
        }
        match kind {
            ColumnKind::Service => match need_word(&text).filter(|_| self.is_in_notes()) {
                Some(need) => said.need = Some(need),
                None => {
                    if !said.service.is_empty() {
                        said.service.push_str(", ");
                    }
                    said.service.push_str(text.trim_end_matches([':', '：']));
                }
            },
            ColumnKind::Endpoints => self.take_endpoints(None, said, out),
            ColumnKind::EndpointsOf(region) => self.take_endpoints(Some(region), said, out),
            ColumnKind::Source => self.take_sources(said),
            ColumnKind::Role => self.take_role(said, out),
            ColumnKind::Ports | ColumnKind::Protocol => self.take_traffic(said, out),
            ColumnKind::Direction => match direction_of(&text) {
                Some(direction) => said.direction = Some(direction),
                None => self.leave("no direction", out),
            },
            ColumnKind::Region => said.regions.extend(regions_of(&text)),
            ColumnKind::Need => said.need = need_of(&text),
            // The place of the row says it.
            ColumnKind::Number => {}
            ColumnKind::Notes => match need_word(&text) {
                Some(need) => said.need = Some(need),
                None => said.hints.push(text),
            },
            ColumnKind::Unknown => self.leave("the column's header is not known", out),
        }
    }

    /// The whole cell was not understood.
    fn leave(&self, why: &str, out: &mut ReadRows) {
        let line = self.cell.line().unwrap_or(0);
        self.leave_line(line, &self.cell.text(), why, out);
    }

    fn leave_line(&self, line: u32, text: &str, why: &str, out: &mut ReadRows) {
        let leftover = self
            .context
            .leftover(self.row, self.column, line, text, why);
        out.rest.push(leftover);
    }

    /// Remarks that say what rows are for, where no other column does.
    fn is_in_notes(&self) -> bool {
        let header = self.context.table.header.get(self.column);
        header.is_some_and(|header| columns::by_header(header) == ColumnKind::Notes)
    }

    fn take_endpoints(&self, region: Option<&String>, said: &mut SaidByRow, out: &mut ReadRows) {
        let read = cells::read(self.cell);
        let with_ports = self.row.cells.len() > 2 && region.is_none();
        if read.found.is_empty() && with_ports && vocabulary::is_machine(&self.cell.text()) {
            let service = std::mem::take(&mut said.service);
            self.take_role(said, out);
            said.service = service;
            return;
        }
        said.found.extend(read.found.into_iter().map(|mut found| {
            if found.region.is_none() {
                found.region = region.cloned();
            }
            found
        }));
        said.hints.extend(read.hints);
        if said.found.is_empty() && read.bare.len() > 1 {
            said.bare = read.bare;
        } else {
            let why = "nothing follows it that is an endpoint";
            for (line, text) in read.bare {
                self.leave_line(line, &text, why, out);
            }
        }
        for (line, text, why) in read.rest {
            self.leave_line(line, &text, &why, out);
        }
    }

    fn take_sources(&self, said: &mut SaidByRow) {
        let read = cells::read(self.cell);
        if read.found.is_empty() {
            let (all, hints) = parties::read(&self.cell.text());
            said.sources.extend(all);
            said.hints.extend(hints);
        } else {
            said.networks.extend(read.found);
            let words: Vec<String> = read.rest.into_iter().map(|(_, text, _)| text).collect();
            said.hints
                .extend((!words.is_empty()).then(|| format!("source: {}", words.join(" "))));
        }
    }

    fn take_traffic(&self, said: &mut SaidByRow, out: &mut ReadRows) {
        let Some(mut told) = traffic_of(self.cell) else {
            self.leave("no ports and no protocol", out);
            return;
        };
        let header = self.context.table.header.get(self.column);
        told.over(header.and_then(|header| columns::transport_in(header)));
        said.traffic.join(&told);
    }

    fn take_role(&self, said: &mut SaidByRow, out: &mut ReadRows) {
        // Ports and protocols may stand in the same cell, line by line: "ポート:443".
        let mut words = String::new();
        for line in &self.cell.lines {
            let bare = line.text.trim();
            match traffic::read(bare).filter(|told| !told.any || !told.ports.is_empty()) {
                Some(told) if self.cell.lines.len() > 1 => said.traffic.join(&told),
                _ => {
                    if !words.is_empty() {
                        words.push(' ');
                    }
                    words.push_str(bare);
                }
            }
        }
        if let Some(party) = parties::needs_of(&words) {
            said.needs_of = Some(party);
            if said.service.is_empty() {
                said.service = words;
            }
            return;
        }
        let (all, hints) = parties::read(&words);
        if all.is_empty() && !words.is_empty() {
            let line = self.cell.line().unwrap_or(0);
            self.leave_line(line, &words, "no destination", out);
        }
        if said.service.is_empty() {
            said.service = parties::service(&words, &all);
        }
        said.roles.extend(all);
        said.hints.extend(hints);
    }
}

/// A remark that says nothing but whether the row is needed.
fn need_word(text: &str) -> Option<Need> {
    match text.trim().trim_end_matches('.').to_lowercase().as_str() {
        "required" | "mandatory" | "必須" => Some(Need::Required),
        "optional" | "recommended" | "任意" | "オプション" => Some(Need::Optional),
        "conditional" => Some(Need::Conditional),
        _ => None,
    }
}

/// The whole cell, or line by line where one of them is a remark.
fn traffic_of(cell: &Cell) -> Option<Traffic> {
    if let Some(told) = traffic::read(&cell.text()) {
        return Some(told);
    }
    let mut whole: Option<Traffic> = None;
    for line in &cell.lines {
        let told = traffic::read(&line.text).or_else(|| {
            // "443 (or as configured)"
            let bare = line
                .text
                .split(['(', '（', '*', '['])
                .next()
                .unwrap_or_default();
            traffic::read(bare)
        });
        if let Some(told) = told {
            whole.get_or_insert_default().join(&told);
        }
    }
    whole
}

fn direction_of(text: &str) -> Option<Direction> {
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let inward = has(&[
        "inbound",
        "incoming",
        "ingress",
        "受信",
        "インバウンド",
        "webhook",
        "sent from",
        "come from",
        "comes from",
        "originate from",
        "originates from",
        "originating from",
    ]);
    let outward = has(&["outbound", "outgoing", "egress", "送信", "アウトバウンド"])
        && !lower.contains("送信元");
    match (inward, outward) {
        (true, false) => Some(Direction::Inbound),
        (false, true) => Some(Direction::Outbound),
        _ => None,
    }
}

fn regions_of(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if vocabulary::region(text).is_some_and(|word| word == RegionWord::All) {
        return out;
    }
    let parts = text
        .split([',', '、', '/', ';', '\n', '・'])
        .flat_map(|part| part.split(" and "));
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        match vocabulary::region(part) {
            Some(RegionWord::One(region)) => out.push(region),
            Some(RegionWord::All) => return Vec::new(),
            None => out.extend(Some(vocabulary::slug(part)).filter(|id| !id.is_empty())),
        }
    }
    out.dedup();
    out
}

fn need_of(text: &str) -> Option<Need> {
    let lower = text.to_lowercase();
    match () {
        () if lower.contains("optional") || lower.starts_with("no") || lower.contains("任意") => {
            Some(Need::Optional)
        }
        () if lower.contains("if ") || lower.contains("場合") => Some(Need::Conditional),
        () => Some(Need::Required),
    }
}

impl SaidByRow {
    fn service(&self, context: &Context<'_>) -> String {
        match (self.service.is_empty(), self.roles.first()) {
            (false, _) => self.service.clone(),
            (true, Some(role)) => role.text.clone(),
            (true, None) => context.name(),
        }
    }

    fn need(&self, service: &str) -> Need {
        let mut parties = self.roles.iter().chain(&self.sources);
        let conditional = vocabulary::is_condition(service)
            || self.hints.iter().any(|hint| vocabulary::is_condition(hint))
            || parties.any(|party| party.optional);
        match self.need {
            Some(need) => need,
            None if conditional => Need::Conditional,
            None => Need::Required,
        }
    }

    /// Whether the endpoints are who calls in.
    fn has_only_callers(&self) -> bool {
        self.direction == Some(Direction::Inbound)
            && self.networks.is_empty()
            && self.found.iter().all(|f| f.endpoint.is_address)
            && self.roles.iter().all(|r| r.role != "localhost")
    }

    /// What all entries of the row have in common.
    fn entry(&self, context: &Context<'_>, row: &PageRow, service: &str) -> DraftEntry {
        DraftEntry {
            service: parties::tidy(service),
            sources: self.sources.clone(),
            traffic: self.traffic.clone(),
            regions: self.regions.clone(),
            direction: match (self.networks.is_empty(), self.direction) {
                (false, _) => Direction::Inbound,
                (true, Some(direction)) => direction,
                (true, None) => Direction::Outbound,
            },
            need: self.need(service),
            must_see: true,
            hints: hints(&self.hints),
            place: context.place(&row_words(row, service), Some(row.line)),
            ..DraftEntry::default()
        }
    }

    fn has_traffic(&self) -> bool {
        let traffic = &self.traffic;
        !(traffic.ports.is_empty() && traffic.apps.is_empty() && traffic.transports.is_empty())
    }
}

/// Entries of one row: those that differ in region, label, ports or choice stand apart.
fn finish_row(context: &Context<'_>, row: &PageRow, mut said: SaidByRow, out: &mut ReadRows) {
    if said.regions.is_empty() {
        said.regions.extend(context.region.map(str::to_owned));
    }
    if said.has_only_callers() {
        said.networks = std::mem::take(&mut said.found);
    }
    let service = said.service(context);
    let base = said.entry(context, row, &service);
    if !said.found.is_empty() {
        let base = DraftEntry {
            names_of: said.roles,
            ..base
        };
        out.entries.extend(split(&base, said.found));
    } else if !said.networks.is_empty() {
        for entry in split(&base, said.networks) {
            let entry = turned_round(entry, &said.roles);
            out.entries.extend(by_role(&entry));
        }
    } else if let Some(needs_of) = said.needs_of {
        out.entries.push(DraftEntry {
            needs_of: Some(needs_of),
            ..base
        });
    } else if !said.roles.is_empty() && said.has_traffic() {
        if said.empty {
            let why = "the cell of names is empty: the copy of the page has lost them";
            out.rest
                .push(context.leftover(row, 0, row.line, &service, why));
        }
        let whole = DraftEntry {
            roles: said.roles,
            lost: said.empty || !said.bare.is_empty(),
            ..base
        };
        if said.bare.is_empty() {
            out.entries.extend(by_role(&whole));
        }
        for (line, label) in &said.bare {
            let entry = lost_under(&whole, label, *line);
            out.entries.extend(by_role(&entry));
        }
    } else if !out.rest.iter().any(|left| is_of(left, row)) {
        let why = "the row has no destination that is known";
        every_cell(context, row, why, out);
    }
}

fn is_of(left: &Leftover, row: &PageRow) -> bool {
    left.row == row.number.to_string() && left.line >= row.line
}

/// A row for a word over a list that the source has lost.
fn lost_under(whole: &DraftEntry, label: &str, line: u32) -> DraftEntry {
    let mut entry = whole.clone();
    entry.place.line = Some(line);
    if let Some(RegionWord::One(region)) = vocabulary::region(label) {
        entry.regions = vec![region];
        return entry;
    }
    entry.service = format!("{}, {}", entry.service, parties::tidy(label));
    entry
}

/// One row for each destination: one may be there and another not.
fn by_role(entry: &DraftEntry) -> Vec<DraftEntry> {
    let several = entry.roles.len() > 1;
    let each = entry.roles.iter().map(|role| {
        let localhost = role.role == "localhost";
        DraftEntry {
            service: match several {
                true => parties::tidy(&role.text),
                false => entry.service.clone(),
            },
            roles: vec![role.clone()],
            direction: if localhost {
                Direction::Local
            } else {
                entry.direction
            },
            must_see: entry.must_see && !localhost,
            ..entry.clone()
        }
    });
    each.collect()
}

/// Sources by address: who is called stands in the roles, or only the site knows.
fn turned_round(entry: DraftEntry, roles: &[DraftParty]) -> DraftEntry {
    let networks = entry.to.iter().map(|to| to.endpoint.host.clone()).collect();
    let receiver = DraftParty {
        text: format!("host of the site that takes calls of {}", entry.service),
        role: "inbound-receiver".to_owned(),
        optional: true,
    };
    let stated = !roles.is_empty();
    let mut hints = entry.hints.clone();
    if !stated {
        hints.push("the addresses are sources of calls into the site, no destinations".to_owned());
    }
    DraftEntry {
        networks,
        sources: Vec::new(),
        to: Vec::new(),
        roles: if stated {
            roles.to_vec()
        } else {
            vec![receiver]
        },
        must_see: entry.must_see && stated,
        need: if stated { entry.need } else { Need::Optional },
        hints,
        pool: false,
        ..entry
    }
}

fn hints(all: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for hint in all {
        let hint = hint.trim();
        if !hint.is_empty() && !out.iter().any(|h| h == hint) {
            out.push(hint.to_owned());
        }
    }
    out
}

/// What a person looks for on the page: the row's number and its first words.
fn row_words(row: &PageRow, service: &str) -> String {
    let mut words: String = service.chars().take(80).collect();
    if words.len() < service.len() {
        words.push('…');
    }
    match row.number {
        0 => words,
        number => format!("{number}: {words}"),
    }
}

/// What keeps endpoints of one row apart: region, label, ports and scheme.
type MergedRowKey = (
    Option<String>,
    Option<String>,
    Option<(u16, u16)>,
    Option<Traffic>,
    Option<String>,
);

fn split(base: &DraftEntry, found: Vec<FoundEndpoint>) -> Vec<DraftEntry> {
    let mut keyed: Vec<(MergedRowKey, Vec<FoundEndpoint>)> = Vec::new();
    let mut chosen: Vec<FoundEndpoint> = Vec::new();
    for mut one in found {
        if one.region.is_none() && base.regions.is_empty() {
            one.region = vocabulary::region_in_name(&one.endpoint.host);
        }
        if one.choice.is_some() {
            chosen.push(one);
            continue;
        }
        let key: MergedRowKey = (
            one.region.clone(),
            one.label.clone(),
            one.endpoint.ports,
            one.traffic.clone(),
            one.endpoint.scheme.clone(),
        );
        match keyed.iter_mut().rev().take(64).find(|(k, _)| *k == key) {
            Some((_, list)) => list.push(one),
            None => keyed.push((key, vec![one])),
        }
    }
    let mut out: Vec<DraftEntry> = keyed
        .into_iter()
        .map(|(_, list)| entry(base, list))
        .collect();
    for one in chosen {
        let choice = one.choice.clone().map(|(about, recommended)| Choice {
            id: format!("{}@{}", base.place.line.unwrap_or(0), about),
            about: format!("{}: {}", base.service, about.trim_end_matches([':', '：'])),
            alternative: vocabulary::slug(&one.endpoint.host),
            recommended,
        });
        let mut made = entry(base, vec![one]);
        made.choice = choice;
        out.push(made);
    }
    out
}

fn entry(base: &DraftEntry, list: Vec<FoundEndpoint>) -> DraftEntry {
    let mut made = base.clone();
    let Some(first) = list.first() else {
        return made;
    };
    made.place.line = Some(first.line);
    if let Some(region) = &first.region {
        made.regions = vec![region.clone()];
    }
    if let Some(label) = &first.label {
        let label = parties::tidy(label);
        if !made.service.contains(&label) && !label.is_empty() && label.chars().count() <= 80 {
            made.service = format!("{}, {label}", made.service);
        }
        if vocabulary::is_condition(&label) && made.need == Need::Required {
            made.need = Need::Conditional;
        }
    }
    if let Some(traffic) = &first.traffic {
        // What stands beside the endpoint is nearer than what the row says.
        if !traffic.ports.is_empty() {
            made.traffic.ports.clear();
        }
        made.traffic.join(traffic);
    }
    if let Some((first, last)) = first.endpoint.ports {
        made.traffic.ports = vec![traffic::Ports {
            first,
            last,
            tcp: false,
            udp: false,
        }];
    }
    if let Some(told) = first.endpoint.scheme.as_deref().and_then(traffic::read)
        && made.traffic.ports.is_empty()
    {
        made.traffic.join(&told);
    }
    let addresses = list.iter().all(|found| found.endpoint.is_address);
    made.pool = addresses && list.len() > 1;
    made.to = list
        .into_iter()
        .map(|found| DraftDestination {
            endpoint: found.endpoint,
            line: found.line,
        })
        .collect();
    made
}
