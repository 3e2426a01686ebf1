//! A line of a cell or list to endpoints with what stands around them: labels, remarks, ports.

use super::endpoint::{self, ListedEndpoint, WordReading};
use super::traffic::{self, Traffic};
use super::vocabulary;

/// What a line says.
#[derive(Debug, Default)]
pub(super) struct Reading1 {
    /// Endpoints with the label that stands before them (`Japan: x.test`), in the line's order.
    pub(super) found: Vec<(Option<String>, ListedEndpoint)>,
    /// Ports that stand beside the endpoints.
    pub(super) traffic: Option<Traffic>,
    /// Words beside the endpoints.
    pub(super) note: Option<String>,
    /// What looks like an endpoint and is none, with the reason.
    pub(super) wrong: Vec<String>,
    /// The endpoints stand in a sentence, so that they may be examples.
    pub(super) prose: bool,
    /// Nothing but addresses in parentheses: those of what stands before, as of today.
    pub(super) aside: bool,
    /// One of the endpoints is enough: "a or b".
    pub(super) either: bool,
}

/// Words between endpoints that only join them.
const JOINERS: &[&str] = &[
    "and",
    "or",
    "&",
    "/",
    "+",
    "および",
    "または",
    "と",
    "-",
    "–",
    "|",
    "plus",
    "・",
    "*",
    "•",
    "&&",
];

/// Signs between a label and what it is of.
const DASHES: &[&str] = &["-", "–", "—", "→", "=>", "->"];

/// Reads a line.
pub(super) fn read(text: &str) -> Reading1 {
    let text = without_bullet(text);
    let (outside, inside) = split_parentheses(&text);
    let mut reading = words(&outside);
    let note = inside.join("; ");
    if reading.found.is_empty() {
        // "Update server (update.example.com)"
        let inner = words(&note);
        let label = outside.trim().trim_end_matches([':', '：']);
        if !inner.found.is_empty() && !inner.prose && outside.split_whitespace().count() <= 6 {
            let aside = label.is_empty() && inner.found.iter().all(|(_, e)| e.is_address);
            let found = inner
                .found
                .into_iter()
                .map(|(_, e)| (Some(label.to_owned()), e));
            return Reading1 {
                aside,
                found: found.collect(),
                ..inner
            };
        }
        reading.wrong.extend(inner.wrong);
        return reading;
    }
    if let Some(told) = traffic::read(&note) {
        join(&mut reading.traffic, told);
        return reading;
    }
    // "TCP 443, optional"
    let says = |told: &Traffic| {
        !told.transports.is_empty() || told.ports.iter().any(|ports| ports.tcp || ports.udp)
    };
    let of = |part: &str| traffic::read(part).filter(says);
    let parts = note.split(['；', ';', ',', '、']).map(str::trim);
    let (ports, words): (Vec<&str>, Vec<&str>) = parts.partition(|part| of(part).is_some());
    for told in ports.iter().filter_map(|part| of(part)) {
        join(&mut reading.traffic, told);
    }
    let note = match ports.is_empty() {
        true => note,
        false => words.join("; "),
    };
    if !note.is_empty() {
        reading.note = Some(match reading.note.take() {
            Some(before) => format!("{before}; {note}"),
            None => note,
        });
    }
    reading
}

fn join(traffic: &mut Option<Traffic>, told: Traffic) {
    match traffic {
        Some(traffic) => traffic.join(&told),
        None => *traffic = Some(told),
    }
}

/// The line without the sign that makes it an item.
pub(super) fn without_bullet(text: &str) -> String {
    let text = text.trim();
    let rest = text.trim_start_matches(['•', '●', '▪', '■', '○', '◦', '‣', '·', '‐']);
    let rest = match rest.strip_prefix("- ").or_else(|| rest.strip_prefix("– ")) {
        Some(rest) => rest,
        None => match rest.strip_prefix("* ") {
            Some(rest) => rest,
            None => rest,
        },
    };
    // What copying leaves of a tag that was cut: "p> 192.0.2.1".
    let rest = match rest.split_once("> ") {
        Some((tag, rest)) if tag.len() <= 3 && tag.bytes().all(|b| b.is_ascii_lowercase()) => rest,
        _ => rest,
    };
    rest.trim().to_owned()
}

/// What stands outside of parentheses, and each text within. Parentheses inside a word stay.
fn split_parentheses(text: &str) -> (String, Vec<String>) {
    let (mut outside, mut inside) = (String::new(), Vec::new());
    let mut depth = 0_usize;
    let mut inner = String::new();
    for c in text.chars() {
        match c {
            '(' | '（' => {
                if depth > 0 {
                    inner.push(c);
                }
                depth += 1;
            }
            ')' | '）' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    inside.push(std::mem::take(&mut inner).trim().to_owned());
                    outside.push(' ');
                } else {
                    inner.push(c);
                }
            }
            _ if depth > 0 => inner.push(c),
            _ => outside.push(c),
        }
    }
    // Never closed: it is text like the rest.
    if depth > 0 {
        outside.push_str(" ( ");
        outside.push_str(&inner);
    }
    inside.retain(|text| !text.is_empty());
    (outside, inside)
}

fn words(text: &str) -> Reading1 {
    let mut reading = Reading1::default();
    let (mut before, mut after): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut label: Option<String> = None;
    let ranges = joined_ranges(text);
    let separators = |c: char| c.is_whitespace() || ",;、|，；".contains(c);
    // A label that no endpoint follows, and those before it: words like others.
    let (mut pending, mut spent): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for word in ranges.split(separators).filter(|word| !word.is_empty()) {
        let (head, word) = split_glued(word);
        if let Some(head) = head {
            label = Some(head.trim_end_matches([':', '：']).to_owned());
        }
        match endpoint::read(word) {
            WordReading::Endpoints(all) => {
                if !before.is_empty() && reading.found.is_empty() {
                    opening(&mut reading, &before, &mut label);
                }
                pending.clear();
                let found = all.into_iter().map(|e| (label.clone(), e));
                reading.found.extend(found);
            }
            WordReading::Wrong(why) => reading.wrong.push(why),
            WordReading::Word if reading.found.is_empty() => before.push(word),
            // "Japan: x Canada: y"
            WordReading::Word if word.ends_with([':', '：']) => {
                after.push(word);
                let words = after.join(" ");
                label = Some(words.trim_end_matches([':', '：']).to_owned());
                spent.append(&mut pending);
                pending = std::mem::take(&mut after);
            }
            WordReading::Word => {
                reading.either |= matches!(word, "or" | "または");
                if !JOINERS.contains(&word) {
                    after.push(word);
                }
            }
        }
    }
    if reading.found.is_empty() {
        return reading;
    }
    let note = [spent, pending, after].concat().join(" ");
    let note = note.trim_matches(['-', '–', ':', ' ', '.']);
    if !note.is_empty() {
        match traffic::read(note) {
            Some(told) => join(&mut reading.traffic, told),
            None => {
                if let Some(told) = traffic::in_sentence(note) {
                    join(&mut reading.traffic, told);
                }
                reading.note = Some(note.to_owned());
            }
        }
    }
    reading
}

/// Words before the first endpoint: a label, ports, or the beginning of a sentence.
fn opening(reading: &mut Reading1, before: &[&str], label: &mut Option<String>) {
    let text = before.join(" ");
    let told = text.trim_end_matches([':', '：', '-', '–', '—', ' ']);
    let ends = text.ends_with([':', '：']);
    let meaning: Vec<&&str> = before.iter().filter(|w| !JOINERS.contains(*w)).collect();
    if meaning.is_empty() || told.is_empty() || is_number(told) {
        return;
    }
    if vocabulary::is_example(&text) {
        reading.prose = true;
        return;
    }
    if let Some(traffic) = traffic::read(told) {
        join(&mut reading.traffic, traffic);
    } else if (ends || before.last().is_some_and(|last| DASHES.contains(last)))
        && before.len() <= 12
    {
        // "Subnets: Japan:" has the label last.
        *label = Some(
            told.rsplit([':', '：'])
                .next()
                .unwrap_or(told)
                .trim()
                .to_owned(),
        );
    } else if let Some(vocabulary::RegionWord::One(_)) = vocabulary::region(told) {
        *label = Some(told.to_owned());
    } else {
        reading.prose = true;
        reading.note = Some(told.to_owned());
    }
}

/// `1.`, `(a)`: numbering.
fn is_number(text: &str) -> bool {
    let bare = text.trim_matches(['.', ')', '(']);
    let digits = bare.len() <= 3 && bare.bytes().all(|b| b.is_ascii_digit());
    digits || (bare.chars().count() == 1 && bare != text)
}

/// `192.0.2.1 - 192.0.2.9` with its blanks taken out.
fn joined_ranges(text: &str) -> String {
    if !text.contains([' ', '\u{3000}']) || !text.contains(['-', '–', '~', '〜']) {
        return text.to_owned();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_address = |word: Option<&&str>| {
        word.is_some_and(|w| {
            w.trim_end_matches([',', ';'])
                .parse::<std::net::IpAddr>()
                .is_ok()
        })
    };
    let mut out = String::new();
    for (at, word) in words.iter().enumerate() {
        let joins = matches!(*word, "-" | "–" | "~" | "〜")
            && is_address(at.checked_sub(1).and_then(|b| words.get(b)))
            && is_address(words.get(at + 1));
        if joins {
            out.truncate(out.trim_end().len());
            out.push('-');
        } else {
            out.push_str(word);
            out.push(' ');
        }
    }
    out
}

/// `サブネット34.205.5.0/27`: a word of a language without blanks, and the address behind it.
fn split_glued(word: &str) -> (Option<&str>, &str) {
    let Some(at) = word.find(|c: char| c.is_ascii_digit()) else {
        return (None, word);
    };
    let (head, rest) = word.split_at(at);
    let glued = !head.is_empty()
        && head.chars().all(|c| !c.is_ascii() || c == ':')
        && rest
            .split('/')
            .next()
            .is_some_and(|a| a.parse::<std::net::IpAddr>().is_ok());
    match glued {
        true => (Some(head), rest),
        false => (None, word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let reading = read(text);
        let mut out: Vec<String> = reading
            .found
            .iter()
            .map(|(label, e)| match label {
                Some(label) => format!("{label}={}", e.host),
                None => e.host.clone(),
            })
            .collect();
        if let Some(traffic) = &reading.traffic {
            out.extend(traffic.ports.iter().map(|p| format!(":{}", p.first)));
        }
        out.extend(reading.note.iter().map(|note| format!("[{note}]")));
        out.extend(reading.prose.then(|| "prose".to_owned()));
        out.extend(reading.wrong.iter().map(|_| "wrong".to_owned()));
        out.join(" ")
    }

    #[test]
    fn lines_as_pages_have_them() {
        let table = [
            ("a.example.com", "a.example.com"),
            ("• a.example.com", "a.example.com"),
            (
                "a.example.com, b.example.com",
                "a.example.com b.example.com",
            ),
            (
                "a.example.com and b.example.com",
                "a.example.com b.example.com",
            ),
            ("a.example.com (recommended)", "a.example.com [recommended]"),
            ("a.example.com (TCP 443)", "a.example.com :443"),
            ("a.example.com 443/tcp", "a.example.com :443"),
            ("a.example.com - for updates", "a.example.com [for updates]"),
            ("Japan: 192.0.2.0/27", "Japan=192.0.2.0/27"),
            (
                "Australia: 192.0.2.0/27 New Zealand: 192.0.2.32/27 UK: 192.0.2.64/27",
                "Australia=192.0.2.0/27 New Zealand=192.0.2.32/27 UK=192.0.2.64/27",
            ),
            ("サブネット192.0.2.0/27", "サブネット=192.0.2.0/27"),
            ("p> 192.0.2.1", "192.0.2.1"),
            ("192.0.2.0 - 192.0.2.1", "192.0.2.0/31"),
            (
                "Update server (u.example.com)",
                "Update server=u.example.com",
            ),
            (
                "If it does not support names (such as *.example.com ), then",
                "",
            ),
            (
                "Run curl https://a.example.com/x to test",
                "a.example.com [Run curl; to test] prose",
            ),
            ("version 20.0.0.1540", "wrong"),
            ("foo bar.example.com", "bar.example.com [foo] prose"),
        ];
        for (text, expected) in table {
            let told = told(text);
            let told = told.replace("[Run curl] ", "");
            let expected = expected.replace("[Run curl; to test]", "[to test]");
            assert_eq!(told, expected, "{text}");
        }
    }
}
