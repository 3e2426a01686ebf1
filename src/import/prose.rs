//! The one kind of sentence that states a requirement by itself: "must be able to reach x.example on port 443".

use super::endpoint::{self, Endpoint, Reading};
use super::traffic::{self, Traffic};

/// Words that make a sentence a demand.
const DEMANDS: &[&str] = &["must", "allow", "open", "require", "permit", "need"];

/// The endpoint that a sentence demands, with its ports: it is followed by the word "port" and by numbers.
pub(super) fn demanded(sentence: &str) -> Option<(Endpoint, Traffic)> {
    let lower = sentence.to_lowercase();
    if !DEMANDS.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let words: Vec<&str> = sentence.split_whitespace().collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let Reading::Endpoints(mut all) = endpoint::read(word) else {
            return None;
        };
        let behind = &words[at + 1..];
        let says_port = matches!(behind, [on, port, ..]
            if matches!(*on, "on" | "over" | "through" | "via") && port.to_lowercase().starts_with("port"));
        let told = says_port.then(|| traffic::in_sentence(&behind[..behind.len().min(8)].join(" ")))??;
        let plain = all.len() == 1 && all[0].scheme.is_none() && all[0].ports.is_none();
        plain.then(|| (all.remove(0), told))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_name_their_ports() {
        let told = |text| {
            demanded(text)
                .map(|(e, t)| (e.host, t.ports.iter().map(|p| p.first).collect::<Vec<_>>()))
        };
        assert_eq!(
            told("agents must be able to download from files.example.com on port 80 or 443."),
            Some(("files.example.com".to_owned(), vec![80, 443]))
        );
        for text in [
            "see docs.example.com on how to allow it",
            "files.example.com on port 443 is where it was",
            "you must run curl https://a.example.com:8443 on port 443",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
