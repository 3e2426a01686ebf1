//! Who and where by role: "Agents, Relays (if any)", "SIEM or Syslog server(if any)".

use super::draft::DraftParty;
use super::vocabulary;

/// The most words of a party's name; what is longer is a sentence.
const MOST_WORDS: usize = 10;

/// Reads a cell that names roles; beside them come its remarks.
pub(super) fn read(text: &str) -> (Vec<DraftParty>, Vec<String>) {
    // "Download Center (if any) Accounts created before 2020-11-23:"
    let (text, behind) = match (
        text.rfind([')', '）']),
        text.trim_end().ends_with([':', '：']),
    ) {
        (Some(at), true) => text.split_at(at + text[at..].chars().next().map_or(1, char::len_utf8)),
        _ => (text, ""),
    };
    let (name, mut hints) = without_remarks(text);
    hints.extend(
        Some(behind.trim().trim_end_matches([':', '：']).to_owned()).filter(|b| !b.is_empty()),
    );
    let optional = hints.iter().any(|hint| is_optional(hint));
    let mut out: Vec<DraftParty> = Vec::new();
    for part in parts(&name) {
        let lower = part.to_lowercase();
        let role = match lower.as_str() {
            "any" | "anywhere" | "internet" | "all" | "すべて" | "インターネット" => {
                "any".to_owned()
            }
            "localhost" | "loopback" => "localhost".to_owned(),
            _ if lower.starts_with("localhost") => "localhost".to_owned(),
            _ => vocabulary::role(&part),
        };
        if role.is_empty() || part.split_whitespace().count() > MOST_WORDS {
            hints.push(part);
            continue;
        }
        if !out.iter().any(|party| party.role == role) {
            out.push(DraftParty {
                text: part,
                role,
                optional,
            });
        }
    }
    (out, hints)
}

/// "All destination addresses, ports, and protocols required by agents": whose.
pub(super) fn needs_of(text: &str) -> Option<DraftParty> {
    let lower = text.to_lowercase();
    if !lower.trim_start().starts_with("all ") || !lower.contains("required by") {
        return None;
    }
    let at = lower.find("required by")? + "required by".len();
    let whose = lower[at..].split(['(', '.', ',']).next()?.trim();
    let role = vocabulary::role(whose);
    (!role.is_empty()).then(|| DraftParty {
        text: whose.to_owned(),
        role,
        optional: false,
    })
}

/// A service's name out of a cell that names roles: without "(if any)", with "for X feature".
pub(super) fn service(text: &str, parties: &[DraftParty]) -> String {
    let (name, hints) = without_remarks(text);
    let mut name = match parties {
        [one] => one.text.clone(),
        _ => name.trim().to_owned(),
    };
    for hint in &hints {
        let lower = hint.to_lowercase();
        for (start, end) in [("for ", " feature"), ("only required for ", ".")] {
            let Some(at) = lower.find(start) else {
                continue;
            };
            let rest = &hint[at + start.len()..];
            let feature = match rest.to_lowercase().find(end) {
                Some(end) => &rest[..end],
                None => continue,
            };
            let feature = feature.trim().trim_start_matches("the ");
            if !feature.is_empty() && feature.chars().count() <= 60 && !name.contains(feature) {
                name = format!("{name}, {feature}");
                break;
            }
        }
    }
    name
}

/// A name as it is shown: blanks and ends tidied.
pub(super) fn tidy(text: &str) -> String {
    let text = text.replace("(if any)", " ").replace("(任意)", " ");
    let text = super::page::collapse(&text);
    text.trim_matches([',', ';', ':', '-', '、', ' ', '：', '。'])
        .to_owned()
}

fn is_optional(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.contains("if any") || lower.contains("optional") || lower.contains("only required if")
}

/// The text without what stands in parentheses and after "Note" or "Only", which come beside it.
fn without_remarks(text: &str) -> (String, Vec<String>) {
    let (mut out, mut hints) = (String::new(), Vec::new());
    let mut depth = 0_usize;
    let mut inner = String::new();
    for c in text.chars() {
        match c {
            '(' | '（' => depth += 1,
            ')' | '）' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    hints.push(std::mem::take(&mut inner));
                    out.push(' ');
                }
            }
            _ if depth > 0 => inner.push(c),
            _ => out.push(c),
        }
    }
    out.push_str(&inner);
    for opener in ["Note ", "Note: ", "NOTE", "Only ", "注意", "メモ"] {
        if let Some(at) = out.find(opener) {
            let remark = out.split_off(at);
            hints.push(remark.trim().to_owned());
        }
    }
    (out, hints)
}

/// The names that a list joins.
fn parts(text: &str) -> Vec<String> {
    let text = text
        .replace(", or ", ",")
        .replace(", and ", ",")
        .replace(" and/or ", ",");
    let split = text.split([',', '、', ';', '\n']);
    let split = split.map(|part| part.trim().trim_end_matches([':', '：', '.']).trim());
    split
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_of_cells() {
        let roles = |text| {
            let (parties, _) = read(text);
            let words = parties.into_iter();
            words
                .map(|p| format!("{}{}", p.role, if p.optional { "?" } else { "" }))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let table = [
            ("Agents, Relays(if any)", "agent? relay?"),
            ("SIEM or Syslog server(if any)", "siem-server?"),
            ("DNS server", "dns-server"),
            (
                "Localhost (on relays) Only configure if the port conflicts.",
                "localhost",
            ),
            (
                "Deep Security Agent、 Deep Security Relay",
                "deep-security-agent deep-security-relay",
            ),
            ("Any", "any"),
        ];
        for (text, expected) in table {
            assert_eq!(roles(text), expected, "{text}");
        }
        let text = "Smart Protection Server(if any, instead of Smart Protection Network, for File Reputation feature)";
        let (parties, _) = read(text);
        assert_eq!(
            service(text, &parties),
            "Smart Protection Server, File Reputation"
        );
        assert_eq!(
            needs_of("All destination addresses required by agents (each)")
                .unwrap()
                .role,
            "agent"
        );
    }
}
