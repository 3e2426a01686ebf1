//! A cell of endpoints: labels over lists, choices, remarks; every line of it accounted for.

use super::endpoint::ListedEndpoint;
use super::line;
use super::page::{Cell, PageLine};
use super::traffic::{self, Traffic};
use super::vocabulary::{self, RegionWord};

/// An endpoint with what the cell says of it.
#[derive(Clone, Debug)]
pub(super) struct FoundEndpoint {
    pub(super) endpoint: ListedEndpoint,
    pub(super) line: u32,
    pub(super) region: Option<String>,
    pub(super) label: Option<String>,
    /// Ports that stand beside it.
    pub(super) traffic: Option<Traffic>,
    /// One of several: the words that say so, and whether the page recommends this one.
    pub(super) choice: Option<(String, bool)>,
}

/// What came of a cell.
#[derive(Default)]
pub(super) struct ReadCell {
    pub(super) found: Vec<FoundEndpoint>,
    /// Sentences that say when the row holds.
    pub(super) hints: Vec<String>,
    /// Line and text of words over nothing, unless they say that they are over all.
    pub(super) bare: Vec<(u32, String)>,
    /// Line, text and reason of what was not understood.
    pub(super) rest: Vec<(u32, String, String)>,
}

/// A line over others.
struct Label {
    text: String,
    line: u32,
    depth: u8,
    region: Option<String>,
    traffic: Option<Traffic>,
    used: bool,
}

/// Reads a cell.
pub(super) fn read(cell: &Cell) -> ReadCell {
    let mut reader = CellReader {
        out: ReadCell::default(),
        labels: Vec::new(),
        choice: None,
        prose: Vec::new(),
        in_sentence: false,
    };
    for (at, line) in cell.lines.iter().enumerate() {
        reader.in_sentence = at
            .checked_sub(1)
            .is_some_and(|before| goes_on(&cell.lines[before].text));
        let deeper = cell
            .lines
            .get(at + 1)
            .is_some_and(|next| next.depth > line.depth);
        reader.line(line, deeper);
    }
    reader.finish()
}

struct CellReader {
    out: ReadCell,
    labels: Vec<Label>,
    choice: Option<(String, u8)>,
    /// Endpoints in sentences.
    prose: Vec<(FoundEndpoint, String)>,
    /// The line goes on with a sentence of the line before.
    in_sentence: bool,
}

impl CellReader {
    fn line(&mut self, line: &PageLine, deeper: bool) {
        if line.struck {
            self.rest(line, "struck out on the page");
            return;
        }
        if self
            .choice
            .as_ref()
            .is_some_and(|(_, depth)| line.depth < *depth)
        {
            self.choice = None;
        }
        let mut reading = line::read(&line.text);
        for why in reading.wrong.drain(..) {
            self.rest(line, &why);
        }
        if reading.found.is_empty() {
            self.words(line, deeper);
            return;
        }
        if reading.aside && self.take_aside(line) {
            return;
        }
        self.forget_labels(line.depth, false);
        let either = reading.either && reading.found.len() > 1;
        for (label, endpoint) in std::mem::take(&mut reading.found) {
            let mut found = self.found(line, label, endpoint, &reading);
            if either && found.choice.is_none() {
                found.choice = Some(("one of the two".to_owned(), false));
            }
            match reading.prose || self.in_sentence {
                true => self.prose.push((found, line.text.clone())),
                false => self.out.found.push(found),
            }
        }
    }

    /// Addresses in parentheses below a name are those that it has today: a hint, and no second requirement.
    fn take_aside(&mut self, line: &PageLine) -> bool {
        let Some(named) = self.out.found.last_mut() else {
            return false;
        };
        let endpoint = &mut named.endpoint;
        if endpoint.is_address || endpoint.note.is_some() {
            return false;
        }
        let text = line::without_bullet(&line.text);
        endpoint.note = Some(text.trim_matches(['(', ')', '（', '）', ' ']).to_owned());
        true
    }

    fn found(
        &mut self,
        line: &PageLine,
        label: Option<String>,
        mut endpoint: ListedEndpoint,
        reading: &line::Reading1,
    ) -> FoundEndpoint {
        let note = reading.note.as_deref();
        let mut found = FoundEndpoint {
            endpoint: ListedEndpoint::default(),
            line: line.line,
            region: None,
            label: None,
            traffic: reading.traffic.clone(),
            choice: None,
        };
        for label in &mut self.labels {
            label.used = true;
            match &label.region {
                Some(region) => found.region = Some(region.clone()),
                None if label.text.is_empty() => {}
                None if !is_empty_label(&label.text) => found.label = Some(label.text.clone()),
                None => {}
            }
            if found.traffic.is_none() {
                found.traffic.clone_from(&label.traffic);
            }
        }
        if let Some(label) = label {
            match vocabulary::region(&label) {
                Some(RegionWord::One(region)) => found.region = Some(region),
                Some(RegionWord::All) => {}
                None if !is_empty_label(&label) => found.label = Some(label),
                None => {}
            }
        }
        if let Some((about, _)) = &self.choice {
            let recommended =
                note.is_some_and(|n| n.to_lowercase().contains("recommend") || n.contains("推奨"));
            found.choice = Some((about.clone(), recommended));
        }
        if let Some(note) = note {
            match vocabulary::region(note) {
                Some(RegionWord::One(region)) if found.region.is_none() => {
                    found.region = Some(region)
                }
                _ if vocabulary::is_withdrawn(note) => {
                    endpoint.doubtful = Some(format!("the page says of it: {note}"));
                }
                _ if endpoint.note.is_none() => endpoint.note = Some(note.to_owned()),
                _ => {}
            }
        }
        found.endpoint = endpoint;
        found
    }

    /// A line without endpoints: over others, a condition, or not understood.
    fn words(&mut self, line: &PageLine, deeper: bool) {
        let text = line::without_bullet(&line.text);
        if vocabulary::is_one_of(&text) {
            self.choice = Some((text, line.depth));
            return;
        }
        let ends = text.ends_with([':', '：']);
        let region = match vocabulary::region(&text) {
            Some(RegionWord::One(region)) => Some(region),
            _ => None,
        };
        let all = vocabulary::region(&text) == Some(RegionWord::All);
        let short = text.chars().count() <= 80;
        if (ends || deeper || region.is_some()) && (short || ends) {
            self.forget_labels(line.depth, true);
            let bare = text.trim_end_matches([':', '：']);
            self.labels.push(Label {
                traffic: traffic::read(bare).or_else(|| traffic::in_sentence(&text)),
                // "All regions" says nothing of what is below it.
                text: if all { String::new() } else { bare.to_owned() },
                line: line.line,
                depth: line.depth,
                region,
                used: all,
            });
            return;
        }
        if vocabulary::is_condition(&text) && text.chars().count() > 8 {
            self.out.hints.push(text);
            return;
        }
        self.rest(line, "no endpoint in it");
    }

    /// Labels count for what is deeper, and on their own level for what is no label.
    fn forget_labels(&mut self, depth: u8, is_label: bool) {
        let keeps = |label: &Label| match is_label {
            true => label.depth < depth,
            false => label.depth <= depth,
        };
        let (kept, gone) = std::mem::take(&mut self.labels)
            .into_iter()
            .partition::<Vec<_>, _>(keeps);
        self.labels = kept;
        for label in gone {
            self.unused(label);
        }
    }

    fn unused(&mut self, label: Label) {
        if label.used {
            return;
        }
        if is_empty_label(&label.text) {
            let why = "nothing follows it that is an endpoint".to_owned();
            self.out.rest.push((label.line, label.text, why));
        } else if vocabulary::is_condition(&label.text) {
            self.out.hints.push(label.text);
        } else {
            self.out.bare.push((label.line, label.text));
        }
    }

    fn rest(&mut self, line: &PageLine, why: &str) {
        self.out
            .rest
            .push((line.line, line.text.clone(), why.to_owned()));
    }

    fn finish(mut self) -> ReadCell {
        for label in std::mem::take(&mut self.labels) {
            self.unused(label);
        }
        // A cell that has nothing but a sentence means the names in it; else they are examples.
        let alone = self.out.found.is_empty();
        for (mut found, text) in std::mem::take(&mut self.prose) {
            if alone && !vocabulary::is_example(&text) {
                found.endpoint.doubtful = Some("it stands in a sentence of the cell".to_owned());
                self.out.found.push(found);
            } else {
                self.out
                    .rest
                    .push((found.line, text, "endpoints in a sentence".to_owned()));
            }
        }
        self.out.rest.dedup();
        self.out
    }
}

/// Whether a line breaks off in a sentence: "... (such as".
fn goes_on(text: &str) -> bool {
    let lower = text.trim_end().to_lowercase();
    [
        "such as",
        "like",
        "(",
        "e.g.",
        "for example",
        "to",
        "on",
        "of",
        "the",
        "from",
        "allow",
    ]
    .iter()
    .any(|word| lower.ends_with(word) && (lower.len() > word.len() || *word == "("))
}

/// "The FQDNs for your region:" is over all of a cell's names and tells nothing of them.
fn is_empty_label(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = [
        "fqdn",
        "following",
        "url",
        "host",
        "domain",
        "address",
        "サブネット",
        "subnet",
        "endpoint",
        "接続先",
    ];
    // "Allow outbound HTTPS to:" is no purpose.
    let asks = ["allow ", "open ", "permit "];
    if asks.iter().any(|word| lower.starts_with(word)) {
        return true;
    }
    lower.chars().count() <= 40
        && words.iter().any(|word| lower.contains(word))
        && !lower.contains("agent")
}
