//! On which lines of JSON entries stand. Its reader does not keep places, so texts are looked up where they stand between
//! quotes.

use std::collections::HashMap;

use super::super::draft::{DraftEntry, ImportDraft};

/// Gives each entry without a line that of the first of its texts that stands in the source once; of texts that stand in it
/// more often, the first place behind the entry before it.
pub(super) fn cite(text: &str, draft: &mut ImportDraft) {
    let lines = lines_of(text);
    let mut before = 0;
    for entry in draft.entries.iter_mut().filter(|e| e.place.line.is_none()) {
        let line = {
            let mut all = texts(entry)
                .filter_map(|text| known(&lines, text))
                .peekable();
            let first = all.peek().copied();
            let once = all.find(|places| places.len() == 1);
            once.or(first).and_then(|places| {
                let behind = places.iter().find(|line| **line >= before);
                behind.or(places.first()).copied()
            })
        };
        before = line.unwrap_or(before);
        entry.place.line = line;
    }
}

/// Texts between quotes, with the lines that they stand on.
fn lines_of(text: &str) -> HashMap<&str, Vec<u32>> {
    let mut out: HashMap<&str, Vec<u32>> = HashMap::new();
    for (line, text) in (1_u32..).zip(text.split('\n')) {
        for part in text.split('"').skip(1).step_by(2) {
            out.entry(part).or_default().push(line);
        }
    }
    out
}

fn texts(entry: &DraftEntry) -> impl Iterator<Item = &str> {
    let named = entry.to.iter().map(|to| {
        let printed = to.endpoint.printed.as_deref();
        printed.unwrap_or(to.endpoint.host.as_str())
    });
    named.chain(entry.networks.iter().map(String::as_str))
}

/// An address may have been written as a network of one.
fn known<'l>(lines: &'l HashMap<&str, Vec<u32>>, text: &str) -> Option<&'l Vec<u32>> {
    let of_one = |length: &str| lines.get(format!("{text}/{length}").as_str());
    lines
        .get(text)
        .or_else(|| of_one("32"))
        .or_else(|| of_one("128"))
}

#[cfg(test)]
mod tests {
    use super::super::super::draft::DraftDestination;
    use super::*;

    fn entry(hosts: &[&str]) -> DraftEntry {
        let to = hosts.iter().map(|host| {
            let mut to = DraftDestination::default();
            to.endpoint.host = (*host).to_owned();
            to
        });
        DraftEntry {
            to: to.collect(),
            ..DraftEntry::default()
        }
    }

    #[test]
    fn what_stands_once_tells_the_line() {
        let text = "[\n{\"a\": [\"x.test\", \"y.test\"]},\n{\"a\": [\"x.test\",\n\"192.0.2.1/32\"]},\n{\"a\": [\"x.test\"]}]";
        let mut draft = ImportDraft {
            entries: vec![
                entry(&["x.test", "y.test"]),
                entry(&["x.test", "192.0.2.1"]),
                entry(&["x.test"]),
                entry(&["none.test"]),
            ],
            ..ImportDraft::default()
        };
        cite(text, &mut draft);
        let lines: Vec<Option<u32>> = draft.entries.iter().map(|e| e.place.line).collect();
        assert_eq!(lines, [Some(2), Some(4), Some(5), None]);
    }
}
