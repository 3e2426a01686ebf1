//! The regions that a page is of, by its title, and what that makes of the regions of its rows.

use std::collections::BTreeMap;

use super::draft::ImportDraft;
use super::html;
use super::marks::MarkKind;
use super::vocabulary::{self, RegionWord};

/// How much of a source is looked through for its title.
const LOOKED_AT: usize = 1 << 16;

/// What a source calls itself: the `title` of its block of metadata, or of its HTML.
pub(super) fn title(text: &str) -> Option<String> {
    let metadata = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map(|(metadata, _)| metadata);
    let stated = metadata.and_then(|lines| lines.lines().find_map(|l| l.strip_prefix("title:")));
    let title = match stated {
        Some(stated) => stated.trim().trim_matches(['"', '\'']).to_owned(),
        None => html_title(text)?,
    };
    let title = super::page::collapse(&title);
    (!title.is_empty() && title.chars().count() <= 300).then_some(title)
}

fn html_title(text: &str) -> Option<String> {
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = text[..end].to_ascii_lowercase();
    let tag = head.find("<title")?;
    let from = tag + head[tag..].find('>')? + 1;
    let to = from + head[from..].find("</title")?;
    let marks = html::marks(&text[from..to], 1).into_iter();
    let words = marks.filter_map(|mark| match mark.kind {
        MarkKind::Text(text) => Some(text),
        _ => None,
    });
    Some(words.collect())
}

/// The regions that a title names as a part of its own: "Firewall exceptions: Japan - extension", "Ports for Europe".
fn regions_in(title: &str) -> Vec<String> {
    let title = title.replace(" - ", "|");
    let parts = title.split([
        '|', ':', '–', '—', '(', ')', ',', '/', '：', '（', '）', '、', '・',
    ]);
    let found = parts.filter_map(|part| {
        let part = part.trim();
        let behind = [" for ", " in "]
            .iter()
            .find_map(|word| part.rsplit_once(word).map(|(_, behind)| behind));
        let words = [Some(part), behind].into_iter().flatten();
        words.filter(|words| is_plain(words)).find_map(region)
    });
    found.collect()
}

/// Two letters are as often another word (`it`, `in`).
fn is_plain(words: &str) -> bool {
    let words = words.trim_start_matches("the ");
    words.chars().count() > 3
        || !words.is_ascii()
        || ["US", "USA", "UK", "EU", "UAE"].contains(&words)
}

fn region(words: &str) -> Option<String> {
    match vocabulary::region(words.trim_start_matches("the ")) {
        Some(RegionWord::One(region)) => Some(region),
        _ => None,
    }
}

/// Settles the regions of a draft: one word for each, and those that the page is of.
///
/// A page that is of one region, and has rows of a service for others, names with these where the far side stands: at a
/// site of the page's region each of them holds, or they would hold nowhere.
pub(super) fn settle(draft: &mut ImportDraft, title: Option<&str>) {
    let mut words = RegionNames::default();
    for region in draft
        .entries
        .iter_mut()
        .flat_map(|entry| &mut entry.regions)
    {
        words.settle(region);
    }
    let mut scope = regions_in(&draft.page);
    if scope.is_empty() {
        scope = title.map(regions_in).unwrap_or_default();
    }
    scope.iter_mut().for_each(|region| words.settle(region));
    scope.sort();
    scope.dedup();
    if scope.is_empty() {
        return;
    }
    let others = draft.entries.iter().filter(|entry| {
        let mut regions = entry.regions.iter();
        regions.any(|region| !scope.contains(region))
    });
    let mut far: Vec<(String, String)> = others
        .map(|entry| (entry.place.table.clone(), entry.service.clone()))
        .collect();
    far.sort();
    far.dedup();
    let mut count = 0;
    for entry in &mut draft.entries {
        let place = (entry.place.table.clone(), entry.service.clone());
        entry.far_region = !entry.regions.is_empty() && far.binary_search(&place).is_ok();
        count += usize::from(entry.far_region);
    }
    if count > 0 {
        draft.notes.push(format!(
            "rows of a service that has other regions than the page ({}): {count}; where the far side stands, and in force for every site of the page",
            scope.join(", ")
        ));
    }
    draft.scope = scope;
}

/// The page's words for its regions: the first of those that mean the same.
#[derive(Default)]
struct RegionNames {
    /// By what they mean.
    first: BTreeMap<String, String>,
    /// By word, as looked up before.
    settled: BTreeMap<String, String>,
}

impl RegionNames {
    fn settle(&mut self, region: &mut String) {
        if let Some(known) = self.settled.get(region) {
            region.clone_from(known);
            return;
        }
        let means = vocabulary::same_region(region);
        let known = self.first.entry(means).or_insert_with(|| region.clone());
        self.settled.insert(region.clone(), known.clone());
        region.clone_from(known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_metadata_and_html() {
        let table = [
            (
                "---\nslug: x\ntitle: 'Ports: Japan'\n---\ntext",
                Some("Ports: Japan"),
            ),
            (
                "<!doctype html>\n<TITLE lang=en>\n Ports &amp; names </TITLE>",
                Some("Ports & names"),
            ),
            ("<title>never closed", None),
            ("title: no metadata", None),
        ];
        for (text, wanted) in table {
            assert_eq!(title(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn regions_of_titles_are_parts_of_their_own() {
        let table = [
            (
                "Firewall exceptions: Japan - cloud service extension",
                vec!["japan"],
            ),
            (
                "Ports and names for the United States",
                vec!["united-states"],
            ),
            ("Allow lists (Europe, UK)", vec!["europe", "uk"]),
            ("Acme | us-1", vec!["us-1"]),
            ("ファイアウォールの例外：日本", vec!["japan"]),
            ("Acme Japan ports", vec![]),
            ("Ports (IT)", vec![]),
            ("Ports: all regions", vec![]),
        ];
        for (title, wanted) in table {
            assert_eq!(regions_in(title), wanted, "{title}");
        }
    }
}
