//! Ports, transports and protocols as pages write them, in one cell or in two: `TCP 80, 443`, `443/tcp`,
//! `HTTPS over TCP`, `8801 - 8810`, `53 / DNS over TCPまたはUDP`.

use crate::model::Transport;

/// What a text says of ports and protocols.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    /// First and last port, and the transport that stands with them.
    pub(super) ports: Vec<Ports>,
    /// Transports that stand by themselves.
    pub(super) transports: Vec<Transport>,
    /// Protocols on top, by the names that rule files know.
    pub(super) apps: Vec<&'static str>,
    /// Protocols that rule files have no name for.
    pub(super) others: Vec<&'static str>,
    /// Any port.
    pub(super) any: bool,
    /// "N/A", "none": nothing is stated, and the page says so.
    pub(super) none: bool,
}

/// A run of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) first: u16,
    pub(super) last: u16,
    /// TCP, UDP, both, or neither stated.
    pub(super) tcp: bool,
    pub(super) udp: bool,
}

/// Protocols: how pages call them, how rule files do, and the port that they imply, with UDP where that is meant.
const PROTOCOLS: &[(&str, &str, Option<u16>, Transport)] = &[
    ("https", "https", Some(443), Transport::Tcp),
    ("http", "http", Some(80), Transport::Tcp),
    ("dns", "dns", Some(53), Transport::Udp),
    ("ntp", "ntp", Some(123), Transport::Udp),
    ("syslog", "syslog", Some(514), Transport::Udp),
    ("syslog-tls", "syslog-tls", Some(6514), Transport::Tcp),
    ("ldaps", "ldaps", Some(636), Transport::Tcp),
    ("ldap", "ldap", Some(389), Transport::Tcp),
    ("starttls", "starttls", None, Transport::Tcp),
    ("tls", "tls", None, Transport::Tcp),
    ("ssl", "tls", None, Transport::Tcp),
    ("quic", "quic", Some(443), Transport::Udp),
    ("dtls", "dtls", None, Transport::Udp),
    ("smtp", "smtp", Some(25), Transport::Tcp),
    ("ssh", "ssh", Some(22), Transport::Tcp),
    ("sftp", "ssh", Some(22), Transport::Tcp),
    ("wss", "https", Some(443), Transport::Tcp),
    ("icmp", "icmp", None, Transport::Icmp),
    ("ping", "icmp", None, Transport::Icmp),
];

/// Protocols without a name in rule files.
const OTHERS: &[(&str, Option<u16>, Transport)] = &[
    ("rdp", Some(3389), Transport::Tcp),
    ("ftp", Some(21), Transport::Tcp),
    ("ftps", Some(990), Transport::Tcp),
    ("smtps", Some(465), Transport::Tcp),
    ("imap", Some(143), Transport::Tcp),
    ("imaps", Some(993), Transport::Tcp),
    ("pop3", Some(110), Transport::Tcp),
    ("smb", Some(445), Transport::Tcp),
    ("snmp", Some(161), Transport::Udp),
    ("kerberos", Some(88), Transport::Tcp),
    ("mqtt", Some(1883), Transport::Tcp),
    ("mqtts", Some(8883), Transport::Tcp),
    ("amqp", Some(5672), Transport::Tcp),
    ("amqps", Some(5671), Transport::Tcp),
    ("winrm", Some(5985), Transport::Tcp),
    ("radius", Some(1812), Transport::Udp),
    ("ike", Some(500), Transport::Udp),
    ("ws", Some(80), Transport::Tcp),
    ("websocket", None, Transport::Tcp),
    ("rpc", Some(135), Transport::Tcp),
    ("stun", Some(3478), Transport::Udp),
    ("grpc", None, Transport::Tcp),
    ("tacacs", Some(49), Transport::Tcp),
    ("netbios", Some(139), Transport::Tcp),
];

/// Words that say nothing of their own.
const FILLERS: &[&str] = &[
    "port",
    "ports",
    "over",
    "and",
    "or",
    "on",
    "the",
    "a",
    "outbound",
    "inbound",
    "default",
    "default:",
    "secure",
    "protocol",
    "protocols",
    "number",
    "numbers",
    "ポート",
    "および",
    "または",
    "と",
    "初期設定",
    "プロトコル",
    "番号",
    "&",
    "+",
    "both",
    "only",
    "via",
    "using",
    "destination",
    "standard",
    "encrypted",
    "unencrypted",
    "traffic",
    "connection",
    "connections",
];

/// A word of a text on ports.
#[derive(Clone, Debug, PartialEq, Eq)]
enum TrafficWord {
    Ports(u16, u16),
    Transport(Transport),
    Protocol(&'static str),
    Other(&'static str),
    Any,
    None,
}

/// Reads a text of which every word is about ports and protocols; `None` if one is not, or nothing is said.
pub(super) fn read(text: &str) -> Option<Traffic> {
    let words = words(text)?;
    let mut traffic = assemble(&words);
    let over_tls = traffic.apps.contains(&"syslog") && traffic.apps.contains(&"tls");
    if over_tls {
        traffic.apps.retain(|app| *app != "tls" && *app != "syslog");
        traffic.apps.push("syslog-tls");
        // RFC 5425 is over TCP.
        if traffic.transports.is_empty() {
            traffic.transports.push(Transport::Tcp);
        }
    }
    Some(traffic)
}

/// Reads `port 443`, `ports 80 and 443 (TCP)` out of a sentence: only what follows the word "port".
pub(super) fn in_sentence(text: &str) -> Option<Traffic> {
    let lower = text.to_lowercase();
    // "All ports except 25" states none.
    if lower.contains("except ") || lower.contains("以外") {
        return None;
    }
    let all: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || ",;()".contains(c))
        .filter(|word| !word.is_empty())
        .map(|word| word.trim_end_matches(['.', ':', '。']))
        .collect();
    let is_transport = |word: &TrafficWord| matches!(word, TrafficWord::Transport(_));
    let is_number = |word: &TrafficWord| matches!(word, TrafficWord::Ports(..));
    let mut found = Vec::new();
    for (at, word) in all.iter().enumerate() {
        let following = all[at + 1..].iter().map_while(|word| word_of(word));
        // "over TCP 443" says it too.
        let number = all.get(at + 1).is_some_and(|next| is_only(next, is_number));
        if number && is_only(word, is_transport) {
            found.extend(word_of(word).into_iter().flatten());
            found.extend(following.clone().flatten());
        }
        if matches!(*word, "port" | "ports" | "ポート") {
            found.extend(following.flatten());
            // "TCP port 443"
            let before = at.checked_sub(1).and_then(|before| word_of(all[before]));
            found.extend(before.into_iter().flatten().filter(is_transport));
        }
    }
    found.extend(protocols_with_ports(&lower));
    let traffic = assemble(&found);
    (!traffic.ports.is_empty()).then_some(traffic)
}

/// Whether a word says one thing, and that is such a one.
fn is_only(word: &str, is: impl Fn(&TrafficWord) -> bool) -> bool {
    word_of(word).is_some_and(|all| matches!(&all[..], [only] if is(only)))
}

/// "HTTPS (443)"
fn protocols_with_ports(lower: &str) -> Vec<TrafficWord> {
    let words: Vec<&str> = lower.split_whitespace().collect();
    let mut found = Vec::new();
    for pair in words.windows(2) {
        let number = pair[1]
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'));
        let (Some(protocol), Some(port)) = (word_of(pair[0]), number.and_then(|(n, _)| numbers(n)))
        else {
            continue;
        };
        if matches!(protocol[..], [TrafficWord::Protocol(_)]) {
            found.extend(protocol);
            found.push(port);
        }
    }
    found
}

/// Ports that a sentence states for everything below it: "All connections are outbound on TCP 443."
pub(super) fn of_all(sentence: &str) -> Option<Traffic> {
    let lower = sentence.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let unless = has(&[
        "unless otherwise",
        "unless noted",
        "unless stated",
        "unless specified",
    ]);
    let all = unless
        || has(&["すべて", "全て"])
        || [
            "connections",
            "traffic",
            "communication",
            "endpoints",
            "hosts",
            "hostnames",
            "domains",
            "urls",
            "addresses",
            "destinations",
            "services",
            "requests",
            "of",
            "on",
            "over",
            "outbound",
            "use",
            "are",
            "entries",
        ]
        .iter()
        .any(|word| {
            has(&[
                &format!("all {word}"),
                &format!("all the {word}"),
                &format!("all these {word}"),
            ])
        });
    let against = has(&["block", "not ", "n't", "ません"]) && !unless;
    (all && !against).then(|| in_sentence(sentence))?
}

/// The words, or `None` if one of them is not about ports.
fn words(text: &str) -> Option<Vec<TrafficWord>> {
    if text.len() > 2000 {
        return None;
    }
    let text = spaced(&text.to_lowercase());
    let mut out: Vec<TrafficWord> = Vec::new();
    let parts: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || "(),;/、|[]・".contains(c))
        .filter(|part| !part.is_empty())
        .collect();
    if !text.contains("n/a") && parts.is_empty() {
        return None;
    }
    if text.trim() == "n/a" {
        return Some(vec![TrafficWord::None]);
    }
    for part in parts {
        out.extend(word_of(part)?);
    }
    (!out.is_empty()).then_some(out)
}

/// Puts blanks around what is written together, and takes them out of ranges.
fn spaced(text: &str) -> String {
    // Nothing of this is in texts of ASCII, which nearly all are.
    let mut text = text.to_owned();
    if !text.is_ascii() {
        text = text
            .replace(['–', '—', '−', '〜', '～', '‐'], "-")
            .replace('：', ":")
            .replace('（', " ( ")
            .replace('）', " ) ");
        for word in ["または", "および", "ポート", "初期設定", "プロトコル"] {
            text = text.replace(word, &format!(" {word} "));
        }
    }
    let mut out = String::new();
    let all: Vec<&str> = text.split_whitespace().collect();
    for (at, part) in all.iter().enumerate() {
        let digits = |part: Option<&&str>, last: bool| {
            part.and_then(|part| {
                if last {
                    part.chars().last()
                } else {
                    part.chars().next()
                }
            })
            .is_some_and(|c| c.is_ascii_digit())
        };
        let joins = matches!(*part, "-" | "to" | "through" | "から")
            && digits(at.checked_sub(1).and_then(|b| all.get(b)), true)
            && digits(all.get(at + 1), false);
        if joins {
            out.truncate(out.trim_end().len());
            out.push('-');
        } else {
            out.push_str(part);
            out.push(' ');
        }
    }
    out
}

/// What one word means; an empty list for fillers, `None` if it is about something else.
fn word_of(part: &str) -> Option<Vec<TrafficWord>> {
    let part = part.trim_matches(['.', ':', '*', '"', '\'', '`']);
    if part.is_empty() {
        return Some(Vec::new());
    }
    if FILLERS.contains(&part) {
        return Some(Vec::new());
    }
    if let Some(ports) = numbers(part) {
        return Some(vec![ports]);
    }
    let one = match part {
        "tcp" | "tcpv4" | "tcp4" | "tcp6" => TrafficWord::Transport(Transport::Tcp),
        "udp" | "udp4" | "udp6" => TrafficWord::Transport(Transport::Udp),
        "any" | "all" | "すべて" | "全て" | "任意" => TrafficWord::Any,
        "none" | "n/a" | "na" | "-" | "なし" => TrafficWord::None,
        "http(s)" => {
            return Some(vec![
                TrafficWord::Protocol("http"),
                TrafficWord::Protocol("https"),
            ]);
        }
        _ => {
            if let Some((_, app, ..)) = PROTOCOLS.iter().find(|(word, ..)| *word == part) {
                TrafficWord::Protocol(app)
            } else if let Some((word, ..)) = OTHERS.iter().find(|(word, ..)| *word == part) {
                TrafficWord::Other(word)
            } else if part.starts_with("tls1") || part.starts_with("tlsv") {
                TrafficWord::Protocol("tls")
            } else {
                return joined(part);
            }
        }
    };
    Some(vec![one])
}

/// `tcp443`, `443tcp`, `tcp:443`, `tcp-443`.
fn joined(part: &str) -> Option<Vec<TrafficWord>> {
    let (letters, digits) = match part.find(|c: char| c.is_ascii_digit()) {
        Some(0) => {
            let end = part.find(|c: char| c.is_ascii_alphabetic())?;
            (&part[end..], &part[..end])
        }
        Some(at) => (&part[..at], &part[at..]),
        None => {
            let (a, b) = part.split_once(['+', '&', '-', '_'])?;
            if a.is_empty() || b.is_empty() {
                return None;
            }
            return Some([word_of(a)?, word_of(b)?].concat());
        }
    };
    let letters = letters.trim_matches([':', '-', '_', '=']);
    let digits = digits.trim_matches([':', '-', '_', '=']);
    if letters.is_empty() || digits.is_empty() || letters.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some([word_of(letters)?, vec![numbers(digits)?]].concat())
}

fn numbers(part: &str) -> Option<TrafficWord> {
    let port = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits
            .then(|| text.parse::<u16>().ok().filter(|p| *p > 0))
            .flatten()
    };
    match part.split_once(['-', ':', '~']) {
        Some((first, last)) => {
            let (first, last) = (port(first)?, port(last)?);
            (first <= last).then_some(TrafficWord::Ports(first, last))
        }
        None => port(part).map(|port| TrafficWord::Ports(port, port)),
    }
}

/// Transports stand before their ports (`TCP 80, 443; UDP 53`) or behind them (`443/tcp, 53/udp`).
fn assemble(words: &[TrafficWord]) -> Traffic {
    let first = |is: fn(&TrafficWord) -> bool| words.iter().position(is);
    let transport = first(|word| matches!(word, TrafficWord::Transport(_)));
    let ports = first(|word| matches!(word, TrafficWord::Ports(..)));
    let mut assembly = Assembly {
        before: matches!((transport, ports), (Some(t), Some(p)) if t < p),
        fresh: true,
        ..Assembly::default()
    };
    for word in words {
        let traffic = &mut assembly.traffic;
        match word {
            TrafficWord::Ports(first, last) => assembly.take_ports(*first, *last),
            TrafficWord::Transport(transport) if ports.is_some() => {
                assembly.take_transport(*transport == Transport::Tcp);
            }
            TrafficWord::Transport(transport) => traffic.transports.push(*transport),
            TrafficWord::Protocol(app) if !traffic.apps.contains(app) => traffic.apps.push(app),
            TrafficWord::Other(other) if !traffic.others.contains(other) => {
                traffic.others.push(other)
            }
            TrafficWord::Any => traffic.any = true,
            TrafficWord::None => traffic.none = true,
            TrafficWord::Protocol(_) | TrafficWord::Other(_) => {}
        }
    }
    let mut traffic = assembly.traffic;
    traffic.transports.sort_unstable();
    traffic.transports.dedup();
    traffic
}

/// Traffic as its words come in.
#[derive(Default)]
struct Assembly {
    traffic: Traffic,
    /// Transports stand before their ports.
    before: bool,
    /// Of the transports since the last ports, or of those ports.
    tcp: bool,
    udp: bool,
    /// Ports stand behind the last transport.
    fresh: bool,
    /// Where the ports begin that a transport behind them is of.
    open: usize,
}

impl Assembly {
    fn take_ports(&mut self, first: u16, last: u16) {
        let ports = &mut self.traffic.ports;
        // A new run of ports begins once a transport closed the one before.
        if !self.before && ports[self.open..].iter().any(|p| p.tcp || p.udp) {
            self.open = ports.len();
        }
        ports.push(Ports {
            first,
            last,
            tcp: self.before && self.tcp,
            udp: self.before && self.udp,
        });
        self.fresh = true;
    }

    fn take_transport(&mut self, is_tcp: bool) {
        if self.fresh {
            (self.tcp, self.udp) = (false, false);
        }
        self.tcp |= is_tcp;
        self.udp |= !is_tcp;
        self.fresh = false;
        if !self.before {
            for ports in &mut self.traffic.ports[self.open..] {
                ports.tcp |= is_tcp;
                ports.udp |= !is_tcp;
            }
        }
    }
}

impl Traffic {
    /// Nothing is said of ports or protocols.
    pub(super) fn is_silent(&self) -> bool {
        *self == Self::default()
    }

    /// What has no transport of its own goes over this one, where none is stated.
    pub(super) fn over(&mut self, transport: Option<Transport>) {
        let Some(transport) = transport.filter(|_| self.transports.is_empty()) else {
            return;
        };
        for ports in self
            .ports
            .iter_mut()
            .filter(|ports| !ports.tcp && !ports.udp)
        {
            ports.tcp = transport == Transport::Tcp;
            ports.udp = transport == Transport::Udp;
        }
        if self.ports.is_empty() && !self.none {
            self.transports.push(transport);
        }
    }

    /// Puts what another cell says to it.
    pub(super) fn join(&mut self, other: &Self) {
        self.ports.extend(other.ports.iter().copied());
        for transport in &other.transports {
            if !self.transports.contains(transport) {
                self.transports.push(*transport);
            }
        }
        for app in &other.apps {
            if !self.apps.contains(app) {
                self.apps.push(app);
            }
        }
        for word in &other.others {
            if !self.others.contains(word) {
                self.others.push(word);
            }
        }
        self.any |= other.any;
        self.none |= other.none;
    }

    /// Ports that follow from the protocols' names, where none are stated.
    pub(super) fn implied(&self) -> Vec<u16> {
        let own = PROTOCOLS
            .iter()
            .filter(|(_, app, ..)| self.apps.contains(app));
        let others = OTHERS
            .iter()
            .filter(|(word, ..)| self.others.contains(word));
        let mut ports: Vec<u16> = own
            .filter_map(|(_, _, port, _)| *port)
            .chain(others.filter_map(|(_, port, _)| *port))
            .collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let Some(traffic) = read(text) else {
            return "-".to_owned();
        };
        let mut out: Vec<String> = traffic
            .ports
            .iter()
            .map(|p| {
                let range = match p.first == p.last {
                    true => p.first.to_string(),
                    false => format!("{}-{}", p.first, p.last),
                };
                let transport = match (p.tcp, p.udp) {
                    (true, true) => "/both",
                    (true, false) => "/tcp",
                    (false, true) => "/udp",
                    (false, false) => "",
                };
                format!("{range}{transport}")
            })
            .collect();
        out.extend(traffic.transports.iter().map(ToString::to_string));
        out.extend(traffic.apps.iter().map(|app| (*app).to_owned()));
        out.extend(traffic.others.iter().map(|app| (*app).to_owned()));
        out.extend(traffic.any.then(|| "any".to_owned()));
        out.extend(traffic.none.then(|| "none".to_owned()));
        out.join(" ")
    }

    #[test]
    fn ports_and_protocols_as_pages_write_them() {
        let table = [
            ("443", "443"),
            ("80, 443", "80 443"),
            ("80 and 443", "80 443"),
            ("TCP 443", "443/tcp"),
            ("443/TCP", "443/tcp"),
            ("443 (TCP)", "443/tcp"),
            ("TCP: 80, 443; UDP: 53", "80/tcp 443/tcp 53/udp"),
            ("443/tcp, 53/udp", "443/tcp 53/udp"),
            ("80, 443/tcp, 53/udp", "80/tcp 443/tcp 53/udp"),
            ("TCP/UDP 53", "53/both"),
            ("53/tcp/udp", "53/both"),
            (
                "UDP 3478, 3479, 8801 - 8810",
                "3478/udp 3479/udp 8801-8810/udp",
            ),
            ("49152–65535", "49152-65535"),
            ("1024 to 2048 TCP", "1024-2048/tcp"),
            ("HTTPS (443)", "443 https"),
            ("HTTPS over TCP", "TCP https"),
            (
                "STARTTLS and LDAP over TCP and UDP",
                "TCP UDP starttls ldap",
            ),
            ("Syslog over TLS", "TCP syslog-tls"),
            ("HTTPS HTTP", "https http"),
            ("N/A", "none"),
            ("any", "any"),
            ("53 / DNS over TCPまたはUDP", "53/both dns"),
            ("80および443", "80 443"),
            ("tcp443", "443/tcp"),
            ("RDP", "rdp"),
            ("443 and later", "-"),
            ("70000", "-"),
            ("443-80", "-"),
            ("", "-"),
            ("20.0.0.1540", "-"),
        ];
        for (text, expected) in table {
            assert_eq!(told(text).to_lowercase(), expected.to_lowercase(), "{text}");
        }
    }

    #[test]
    fn ports_in_sentences_need_the_word() {
        let ports =
            |text| in_sentence(text).map(|t| t.ports.iter().map(|p| p.first).collect::<Vec<_>>());
        assert_eq!(ports("Allow these hosts on TCP port 443."), Some(vec![443]));
        assert_eq!(
            ports("must be open on ports 80 and 443 (TCP):"),
            Some(vec![80, 443])
        );
        assert_eq!(ports("Agent 20.0 build 1541 and later"), None);
        assert_eq!(ports("all ports in the table"), None);
    }

    #[test]
    fn names_of_protocols_imply_ports() {
        assert_eq!(read("HTTPS HTTP").unwrap().implied(), [80, 443]);
        assert_eq!(read("TLS").unwrap().implied(), [] as [u16; 0]);
    }
}
