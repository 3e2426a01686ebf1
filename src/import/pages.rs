//! A page to entries: its tables, its lists, and what its prose has that looks like endpoints.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{self, ColumnKind};
use super::draft::{DraftDestination, DraftEntry, DraftParty, ImportDraft, Leftover, Place};
use super::endpoint::{self, WordReading};
use super::line;
use super::page::{Block, Cell, Page, PageLine, PageRow, PageTable};
use super::prose;
use super::rows::{self, Context};
use super::traffic::{self, Traffic};
use super::vocabulary;
use crate::rules::Need;

/// Sentences with endpoints that are told one by one; of more the number is.
const MOST_PROSE_TOLD: usize = 500;

/// Reads a page into a draft.
pub(super) fn read(page: Page, draft: &mut ImportDraft, rest: &mut Vec<Leftover>) {
    let mut reader = PageReader {
        draft,
        rest,
        headings: Vec::new(),
        intro: None,
        items: Vec::new(),
        tables: 0,
        prose: 0,
        demands: Vec::new(),
        of_all: Vec::new(),
    };
    for (line, why) in &page.lost {
        reader.leftover(*line, "", "", why);
    }
    for block in page.blocks {
        reader.block(block);
    }
    reader.end_list();
    in_place_of_wildcards(&mut reader.draft.entries);
    reader.end_demands();
    if reader.prose > MOST_PROSE_TOLD {
        let more = reader.prose - MOST_PROSE_TOLD;
        reader.leftover(0, "", &format!("{more} more"), "endpoints in sentences");
    }
}

struct PageReader<'a> {
    draft: &'a mut ImportDraft,
    rest: &'a mut Vec<Leftover>,
    headings: Vec<(u8, String)>,
    intro: Option<PageLine>,
    items: Vec<PageLine>,
    tables: usize,
    prose: usize,
    /// Sentences that demand something, with their heading.
    demands: Vec<(String, PageLine)>,
    /// Ports that text states for all that follows, with the level of the heading that it stands under.
    of_all: Vec<(u8, Traffic)>,
}

impl PageReader<'_> {
    fn block(&mut self, block: Block) {
        match block {
            Block::Heading(level, line) => {
                self.end_list();
                self.intro = None;
                self.headings.retain(|(above, _)| *above < level);
                self.of_all.retain(|(above, _)| *above < level);
                if self.draft.page.is_empty() && level == 1 {
                    self.draft.page.clone_from(&line.text);
                }
                self.headings.push((level, line.text));
            }
            Block::Paragraph(line) => self.paragraph(line),
            Block::Item(line) => self.items.push(line),
            Block::Code(line) => self.code(line),
            Block::Table(table) => {
                self.end_list();
                self.table(&table);
                self.intro = None;
            }
        }
    }

    /// The nearest heading that is no region.
    fn heading(&self) -> &str {
        let mut above = self.headings.iter().rev();
        let named = above.find(|(_, text)| region_of(text).is_none());
        named.or(self.headings.last()).map_or("", |(_, text)| text)
    }

    /// A heading or the text below one says that what follows is to be allowed.
    fn section_asks(&self) -> bool {
        let mut headings = self.headings.iter();
        headings.any(|(_, text)| vocabulary::asks_to_allow(text))
    }

    /// The region that the nearest heading names.
    fn region(&self) -> Option<String> {
        self.headings.last().and_then(|(_, text)| region_of(text))
    }

    fn table(&mut self, table: &PageTable) {
        self.tables += 1;
        let heading = self.heading().to_owned();
        let intro = self.intro.as_ref().map_or("", |line| &line.text);
        let region = self.region();
        let stated = traffic::in_sentence(intro);
        let outcome = rows::read(&Context {
            table,
            number: self.tables,
            heading: &heading,
            intro,
            region: region.as_deref(),
            traffic: stated.as_ref().or_else(|| self.stated()),
        });
        self.draft.entries.extend(outcome.entries);
        self.rest.extend(outcome.rest);
    }

    /// Ports that text above states for all that follows it.
    fn stated(&self) -> Option<&Traffic> {
        self.of_all.last().map(|(_, traffic)| traffic)
    }

    /// A paragraph that is nothing but endpoints belongs to a list; others are over lists, or prose.
    fn paragraph(&mut self, line: PageLine) {
        let reading = line::read(&line.text);
        let plain = !reading.found.is_empty() && !reading.prose && reading.note.is_none();
        if plain {
            self.items.push(PageLine { depth: 1, ..line });
            return;
        }
        self.end_list();
        if !reading.found.is_empty() || !reading.wrong.is_empty() && reading.prose {
            self.tell_prose(&line, "endpoints in a sentence");
        } else {
            self.tell_hidden(&line);
        }
        if let Some(traffic) = traffic::of_all(&line.text) {
            let level = self.headings.last().map_or(0, |(level, _)| *level);
            self.of_all.push((level, traffic));
        }
        self.intro = Some(line);
    }

    /// Endpoints that a sentence has in parentheses or behind its words.
    fn tell_hidden(&mut self, line: &PageLine) {
        let hidden = line
            .text
            .split(|c: char| c.is_whitespace() || "()（）、,「」".contains(c))
            .any(|word| matches!(endpoint::read(word), WordReading::Endpoints(_)));
        if hidden {
            self.tell_prose(line, "endpoints in a sentence");
        }
    }

    /// A block of code that is a list of endpoints is one; commands are not.
    fn code(&mut self, line: PageLine) {
        let reading = line::read(&line.text);
        let plain = !reading.found.is_empty() && !reading.prose && reading.note.is_none();
        let above = self.intro.as_ref().map_or("", |intro| &intro.text);
        let asked = (vocabulary::asks_to_allow(above) || self.section_asks())
            && !vocabulary::is_example(above);
        if plain && asked {
            self.items.push(PageLine { depth: 1, ..line });
        } else if !reading.found.is_empty() {
            self.tell_prose(&line, "endpoints in a sample of commands");
        }
    }

    fn tell_prose(&mut self, line: &PageLine, why: &str) {
        self.prose += 1;
        if self.demands.len() < MOST_PROSE_TOLD {
            self.demands.push((self.heading().to_owned(), line.clone()));
        }
        if self.prose <= MOST_PROSE_TOLD {
            self.leftover(line.line, "", &line.text, why);
        }
    }

    /// A sentence that demands a name of the vendor's own is a row; of others it is an example.
    fn end_demands(&mut self) {
        let own: BTreeSet<String> = self
            .draft
            .entries
            .iter()
            .flat_map(|entry| &entry.to)
            .filter_map(|to| registrable(&to.endpoint.host))
            .collect();
        for (heading, line) in std::mem::take(&mut self.demands) {
            for sentence in line.text.split_inclusive(". ") {
                let Some((mut endpoints, traffic)) = prose::demanded(sentence) else {
                    continue;
                };
                let example = vocabulary::is_example(sentence);
                endpoints.retain(|endpoint| {
                    let mut known = self.draft.entries.iter().flat_map(|entry| &entry.to);
                    let vendors = match own.is_empty() {
                        true => !example,
                        false => registrable(&endpoint.host).is_some_and(|d| own.contains(&d)),
                    };
                    vendors && !known.any(|to| to.endpoint.host == endpoint.host)
                });
                if endpoints.is_empty() {
                    continue;
                }
                let to = endpoints.into_iter().map(|mut endpoint| {
                    endpoint.doubtful = Some("it stands in a sentence, in no table".to_owned());
                    DraftDestination {
                        endpoint,
                        line: line.line,
                    }
                });
                let to = to.collect();
                self.draft.entries.push(DraftEntry {
                    service: prose::purpose(sentence).unwrap_or_else(|| heading.clone()),
                    to,
                    traffic,
                    must_see: true,
                    hints: vec![sentence.trim().to_owned()],
                    place: Place {
                        table: heading.clone(),
                        row: "sentence".to_owned(),
                        line: Some(line.line),
                    },
                    ..DraftEntry::default()
                });
            }
        }
    }

    fn leftover(&mut self, line: u32, row: &str, text: &str, why: &str) {
        let table = self.heading().to_owned();
        self.rest.push(Leftover {
            line,
            table,
            row: row.to_owned(),
            column: String::new(),
            text: text.to_owned(),
            why: why.to_owned(),
        });
    }

    /// A list outside of tables: a table of one cell, with what stands over it.
    fn end_list(&mut self) {
        let items = std::mem::take(&mut self.items);
        if items.is_empty() {
            return;
        }
        let endpoints = items.iter().any(|item| {
            let reading = line::read(&item.text);
            !reading.found.is_empty()
        });
        if !endpoints {
            return;
        }
        let intro = self.intro.clone();
        let heading = self.heading().to_owned();
        let above = intro.as_ref().map_or("", |line| line.text.as_str());
        if let Some(why) = why_no_list(&heading, above) {
            for item in &items {
                self.leftover(item.line, "", &item.text, why);
            }
            return;
        }
        self.tables += 1;
        let (service, traffic) = over(&heading, above);
        let table = list_table(items, &service, &traffic);
        let region = self.region();
        let outcome = rows::read(&Context {
            table: &table,
            number: self.tables,
            heading: &heading,
            intro: above,
            region: region.as_deref(),
            traffic: None,
        });
        let named = is_wildcards(above);
        let doubts = !vocabulary::asks_to_allow(&heading)
            && !vocabulary::asks_to_allow(above)
            && !self.section_asks();
        for mut entry in outcome.entries {
            entry.place.row = "list".to_owned();
            if entry.traffic.is_silent() {
                if named {
                    entry.hints.push(above.to_owned());
                } else if let Some(traffic) = self.stated() {
                    entry.traffic = traffic.clone();
                }
            }
            if doubts {
                for to in &mut entry.to {
                    let why = "a list that does not say that it is to be allowed";
                    to.endpoint.doubtful.get_or_insert_with(|| why.to_owned());
                }
            }
            self.draft.entries.push(entry);
        }
        self.rest.extend(outcome.rest);
    }
}

/// Why a list is none of what to allow, by what stands over it.
fn why_no_list(heading: &str, above: &str) -> Option<&'static str> {
    if vocabulary::is_reading_list(heading) || vocabulary::is_reading_list(above) {
        return Some("links to read");
    }
    vocabulary::is_example(above).then_some("examples")
}

/// Whether a text names a wildcard.
pub(super) fn is_wildcards(text: &str) -> bool {
    text.contains('*') && !wildcards(text).is_empty()
}

/// The wildcards that a text names.
fn wildcards(text: &str) -> Vec<String> {
    // Japanese has no blanks around them.
    let words = text.split(|c: char| c.is_whitespace() || !c.is_ascii() || "(),".contains(c));
    let found = words.filter_map(|word| match endpoint::read(word) {
        WordReading::Endpoints(all) => Some(all),
        _ => None,
    });
    let hosts = found.flatten().map(|endpoint| endpoint.host);
    hosts.filter(|host| host.contains('*')).collect()
}

/// Names that are listed in place of a wildcard ("if `*.x` is not permitted, allow these") go where it goes: from the
/// same hosts, on the same ports.
fn in_place_of_wildcards(entries: &mut [DraftEntry]) {
    let mut of_wildcard: BTreeMap<&str, (Vec<DraftParty>, Traffic)> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| !entry.traffic.is_silent()) {
        for to in entry.to.iter().filter(|to| to.endpoint.host.contains('*')) {
            let (sources, traffic) = of_wildcard.entry(&to.endpoint.host).or_default();
            for source in &entry.sources {
                if !sources.contains(source) {
                    sources.push(source.clone());
                }
            }
            traffic.join(&entry.traffic);
        }
    }
    let mut taken: Vec<(usize, (Vec<DraftParty>, Traffic))> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        if !entry.traffic.is_silent() || entry.to.is_empty() {
            continue;
        }
        let named = entry.hints.iter().flat_map(|hint| wildcards(hint));
        let found = named.filter_map(|host| of_wildcard.get(host.as_str()));
        taken.extend(found.take(1).map(|found| (at, found.clone())));
    }
    for (at, (sources, traffic)) in taken {
        let entry = &mut entries[at];
        if entry.sources.is_empty() {
            entry.sources = sources;
        }
        entry.traffic = traffic;
        entry.need = Need::Conditional;
    }
}

fn region_of(heading: &str) -> Option<String> {
    match vocabulary::region(heading) {
        Some(vocabulary::RegionWord::One(region)) => Some(region),
        _ => None,
    }
}

/// The domain that somebody owns, of a name or wildcard.
fn registrable(host: &str) -> Option<String> {
    let tail = host
        .rsplit(['*', '>'])
        .next()
        .unwrap_or(host)
        .trim_start_matches('.');
    psl::domain_str(tail).map(str::to_owned)
}

/// What a list is for, and the ports that the sentence over it states.
fn over(heading: &str, intro: &str) -> (String, String) {
    let short = intro.chars().count() <= 80 && !intro.is_empty();
    let service = match (heading.is_empty(), short) {
        (false, _) => heading.to_owned(),
        (true, true) => intro.trim_end_matches([':', '：', '.']).to_owned(),
        (true, false) => String::new(),
    };
    let told = traffic::in_sentence(intro).or_else(|| traffic::in_sentence(heading));
    let told = told.map(|told| {
        let ports = told.ports.iter().map(|p| {
            let transport = match (p.tcp, p.udp) {
                (true, true) => "/tcp/udp",
                (true, false) => "/tcp",
                (false, true) => "/udp",
                (false, false) => "",
            };
            format!("{}-{}{transport}", p.first, p.last)
        });
        ports.collect::<Vec<_>>().join(", ")
    });
    (service, told.unwrap_or_default())
}

fn list_table(items: Vec<PageLine>, service: &str, traffic: &str) -> PageTable {
    let line = items.first().map_or(0, |item| item.line);
    let cell = |column, lines| {
        std::sync::Arc::new(Cell {
            row: 1,
            column,
            lines,
        })
    };
    let text = |text: &str| PageLine::new(text, line).into_iter().collect::<Vec<_>>();
    PageTable {
        caption: None,
        header: ["Service", "Endpoints", "Ports"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![PageRow {
            number: 1,
            line,
            section: None,
            cells: vec![
                cell(0, text(service)),
                cell(1, items),
                cell(2, text(traffic)),
            ],
        }],
    }
}

/// Whether a table has a header that is known; for readers of flat text.
pub(super) fn has_known_header(texts: &[String]) -> bool {
    let mut kinds: Vec<ColumnKind> = texts
        .iter()
        .filter(|text| columns::is_header(text) && !text.ends_with([':', '：']))
        .map(|text| columns::by_header(text))
        .collect();
    let typed = kinds.iter().any(|kind| {
        matches!(
            kind,
            ColumnKind::Endpoints | ColumnKind::Ports | ColumnKind::Protocol
        )
    });
    let known = kinds.len();
    kinds.dedup();
    typed && kinds.len() >= 2 && known * 2 >= texts.len()
}
