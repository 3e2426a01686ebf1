//! Lines that begin with ports and say for what: `80 / HTTP、443 / HTTPS - Update server ポート、 Relay ポート`.

use super::super::traffic;

/// A line of that kind.
pub(super) struct PortItem {
    /// The ports with their protocols, as written.
    pub(super) ports: Vec<String>,
    /// Where to, as written; at least one.
    pub(super) to: Vec<String>,
    /// What else it says.
    pub(super) remark: String,
}

/// Reads a line; `None` if it is none.
pub(super) fn read(text: &str) -> Option<PortItem> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // "2001:db8::1" begins with digits and a colon too.
    let first = text.split([' ', ',', '、', '(']).next().unwrap_or_default();
    let bare = first.split('/').next().unwrap_or_default();
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    // The first dash that is no range.
    let at = text.char_indices().find(|(at, c)| {
        matches!(c, '-' | '–' | ':' | '：')
            && (text[..*at].ends_with([' ', '\u{a0}']) || matches!(c, ':' | '：'))
    });
    let (at, dash) = at?;
    let (ports, words) = (&text[..at], &text[at + dash.len_utf8()..]);
    let ports: Vec<String> = ports
        .split(['、', ',', ';'])
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect();
    let all = ports
        .iter()
        .all(|part| traffic::read(part).is_some_and(|told| !told.ports.is_empty()));
    let words = words.trim();
    if !all || ports.is_empty() || words.is_empty() {
        return None;
    }
    let (first, remark) = first_sentence(words);
    let to: Vec<String> = split_outside(first)
        .into_iter()
        .map(|part| destination(&part))
        .filter(|part| !part.is_empty())
        .collect();
    (!to.is_empty()).then(|| PortItem {
        ports,
        to,
        remark: remark.trim().to_owned(),
    })
}

/// The first sentence, and the rest with what follows its subject.
fn first_sentence(text: &str) -> (&str, &str) {
    match text.find(['。', '.']) {
        Some(at)
            if text[at..].starts_with('。')
                || text[at..].starts_with(". ")
                || at + 1 == text.len() =>
        {
            let end = at + text[at..].chars().next().map_or(1, char::len_utf8);
            (&text[..at], &text[end..])
        }
        _ => (text, ""),
    }
}

/// Parts of a list, not cut within parentheses.
fn split_outside(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '（' => depth += 1,
            ')' | '）' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (depth, c, out.last_mut()) {
            // "は、" is behind a subject, in no list.
            (0, '、' | ',', Some(last)) if !last.ends_with('は') => out.push(String::new()),
            (_, c, Some(last)) => last.push(c),
            _ => {}
        }
    }
    out
}

/// "DNSサーバポートです" is about the DNS server, "vCenter Serverとの通信に..." about vCenter.
fn destination(text: &str) -> String {
    let text = text.trim();
    if text.contains("自身の") || text.to_lowercase().contains("localhost") {
        return "localhost".to_owned();
    }
    let ends = [
        "の通信",
        "との通信",
        "のポート",
        "ポート",
        "は、",
        "です",
        "として",
        " port",
        " Port",
    ];
    let cut = ends
        .iter()
        .filter_map(|end| text.find(end))
        .filter(|at| *at > 0)
        .min();
    let text = cut.map_or(text, |at| &text[..at]);
    let text = text.trim().trim_end_matches(['の', 'と', '用']);
    text.trim_end_matches("および").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_first_then_words() {
        let told = |text| {
            read(text).map(|item| {
                format!(
                    "{} > {} > {}",
                    item.ports.join(" + "),
                    item.to.join(" + "),
                    item.remark
                )
            })
        };
        let table = [
            (
                "80 / HTTP、443 / HTTPS - Smart Network ポート、 Smart Server (ファイル)、 Cloud ポート",
                "80 / HTTP + 443 / HTTPS > Smart Network + Smart Server (ファイル) + Cloud > ",
            ),
            (
                "53 / DNS over TCPまたはUDP - DNSサーバポート",
                "53 / DNS over TCPまたはUDP > DNSサーバ > ",
            ),
            (
                "514 / Syslog over UDP - SIEMまたはSyslogサーバポートです。ポート514を許可します。",
                "514 / Syslog over UDP > SIEMまたはSyslogサーバ > ポート514を許可します。",
            ),
            ("4122 - 他のリレーのポート番号", "4122 > 他のリレー > "),
            (
                "4123 -エージェントと自身の内部リレー間の通信用ポートです。",
                "4123 > localhost > ",
            ),
            ("443/tcp - Update server", "443/tcp > Update server > "),
        ];
        for (text, expected) in table {
            assert_eq!(told(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "2020-11-23 - a date",
            "20.0 - agents",
            "agents - 443",
            "3 - steps",
        ] {
            assert!(read(text).is_none_or(|item| item.ports == ["3"]), "{text}");
        }
    }
}
