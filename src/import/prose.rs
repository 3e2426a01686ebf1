//! The one kind of sentence that states a requirement by itself: "must be able to reach x.example on port 443".

use super::endpoint::{self, ListedEndpoint, WordReading};
use super::traffic::{self, Traffic};

/// Words that make a sentence a demand.
const DEMANDS: &[&str] = &["must", "allow", "open", "require", "permit", "need"];

/// Words that join endpoints of one demand.
const JOINERS: &[&str] = &["and", "or", "&", "plus"];

/// Words between endpoints and their ports.
const ON: &[&str] = &["on", "over", "through", "via"];

/// How far behind endpoints their ports are looked for.
const NEAR: usize = 8;

/// The endpoints that a sentence demands, with their ports: these stand behind the endpoints ("x.example on port 443"), or
/// before them ("allow TCP 443 to x.example").
pub(super) fn demanded(sentence: &str) -> Option<(Vec<ListedEndpoint>, Traffic)> {
    let lower = sentence.to_lowercase();
    if !DEMANDS.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let mut at = 0;
    while at < words.len() {
        let (mut all, mut end) = (Vec::new(), at);
        while let Some(word) = words.get(end) {
            match endpoint::read(word.trim_end_matches([',', ';'])) {
                WordReading::Endpoints(found) => all.extend(found),
                _ if !all.is_empty() && JOINERS.contains(word) => {}
                _ => break,
            }
            end += 1;
        }
        if all.is_empty() {
            at += 1;
            continue;
        }
        let behind = &words[end..];
        let told = match behind.first() {
            Some(on) if ON.contains(on) => {
                traffic::in_sentence(&behind[..behind.len().min(NEAR)].join(" "))
            }
            _ => before(&words[..at]),
        };
        let plain = all.iter().all(|e| e.scheme.is_none() && e.ports.is_none());
        if let (Some(told), true) = (told, plain) {
            return Some((all, told));
        }
        at = end;
    }
    None
}

/// Ports in "allow TCP 443 to".
fn before(words: &[&str]) -> Option<Traffic> {
    let to = words.last()?.trim_end_matches(':');
    let text = words.join(" ");
    let lower = text.to_lowercase();
    let asks = ["allow", "open", "permit"]
        .iter()
        .any(|word| lower.contains(word));
    (to == "to" && asks).then(|| traffic::in_sentence(&text))?
}

/// What a sentence says that it is for: "For live response, allow ...".
pub(super) fn purpose(sentence: &str) -> Option<String> {
    let (before, _) = sentence.trim().split_once(',')?;
    let words = before.strip_prefix("For ")?.trim();
    let fits = words.split_whitespace().count() <= 5 && !words.eq_ignore_ascii_case("example");
    (fits && !words.to_lowercase().starts_with("more ")).then(|| words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_name_their_ports() {
        let told = |text| {
            demanded(text).map(|(all, traffic)| {
                let hosts: Vec<String> = all.into_iter().map(|e| e.host).collect();
                let ports = traffic.ports.iter().map(|p| p.first);
                (hosts.join(" "), ports.collect::<Vec<_>>())
            })
        };
        let table = [
            (
                "agents must be able to download from files.example.com on port 80 or 443.",
                "files.example.com",
                vec![80, 443],
            ),
            (
                "The agent must reach `sync.example.com` on TCP port 8443.",
                "sync.example.com",
                vec![8443],
            ),
            (
                "Allow outbound HTTPS (443) to: a.example.com, b.example.com and *.c.example.com.",
                "a.example.com b.example.com *.c.example.com",
                vec![443],
            ),
            (
                "For live response, allow TCP 4433 to lr.example.com.",
                "lr.example.com",
                vec![4433],
            ),
        ];
        for (text, hosts, ports) in table {
            assert_eq!(told(text), Some((hosts.to_owned(), ports)), "{text}");
        }
        for text in [
            "see docs.example.com on how to allow it",
            "files.example.com on port 443 is where it was",
            "you must run curl https://a.example.com:8443 on port 443",
            "allow what docs.example.com says of port 443",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    #[test]
    fn purposes_stand_first() {
        assert_eq!(
            purpose("For live response, allow it").as_deref(),
            Some("live response")
        );
        assert_eq!(purpose("For example, allow it"), None);
        assert_eq!(purpose("Allow it, for all"), None);
    }
}
