//! One word of a page to an endpoint: names, wildcards, URLs, addresses, networks and ranges, as vendors write them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use crate::rules::{NamePattern, NameTemplate};

/// The most networks that one range of addresses may become.
const MOST_OF_RANGE: usize = 128;

/// The most names that one character range (`cdn0[1-3]`) may become.
const MOST_OF_CHARACTERS: usize = 64;

/// An endpoint that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ListedEndpoint {
    /// As rule files write it: a name, wildcard, template, address or network.
    pub(super) host: String,
    /// It is an address or a network.
    pub(super) is_address: bool,
    /// First and last port, where they stand with it.
    pub(super) ports: Option<(u16, u16)>,
    /// `http`, `https` or another scheme, lower case.
    pub(super) scheme: Option<String>,
    /// With its slash; never `/` alone.
    pub(super) path: Option<String>,
    /// Without its question mark.
    pub(super) query: Option<String>,
    /// As the page prints it, where that differs in more than case, scheme, port and path.
    pub(super) printed: Option<String>,
    /// Why it is a guess.
    pub(super) doubtful: Option<String>,
    /// A fact about it.
    pub(super) note: Option<String>,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WordReading {
    /// One endpoint or, for ranges, several.
    Endpoints(Vec<ListedEndpoint>),
    /// Not meant as one.
    Word,
    /// Looks like one and is none; the reason.
    Wrong(String),
}

/// Reads one word, without white space in it.
pub(super) fn read(word: &str) -> WordReading {
    let cleaned = clean(word);
    let cleaned = cleaned.as_str();
    if cleaned.len() < 3 || cleaned.len() > 2000 {
        return WordReading::Word;
    }
    if let Some(range) = address_range(cleaned) {
        return range;
    }
    let (scheme, rest) = split_scheme(cleaned);
    if scheme
        .as_deref()
        .is_some_and(|s| s == "mailto" || s == "file")
    {
        return WordReading::Word;
    }
    if scheme.is_none() && rest.contains('@') {
        return WordReading::Word;
    }
    let (authority, path) = split_path(rest);
    let (host, ports) = match split_port(authority) {
        Ok(split) => split,
        Err(why) => return WordReading::Wrong(why),
    };
    let base = ListedEndpoint {
        ports,
        scheme,
        ..with_path(path)
    };
    if let Some(address) = address(host, path) {
        return match address {
            Ok((network, note)) => WordReading::Endpoints(vec![ListedEndpoint {
                host: shown(network),
                is_address: true,
                printed: note.as_ref().map(|_| cleaned.to_owned()),
                note,
                // `/24` was no path.
                path: base.path.clone().filter(|_| !host_has_prefix(host, path)),
                query: None,
                ..base
            }]),
            Err(why) => WordReading::Wrong(why),
        };
    }
    names(host, base)
}

/// The most layers of quotes and brackets around a word.
const MOST_AROUND: usize = 16;

/// Takes off what surrounds a word: quotes, brackets, full stops; and what keeps it from being clicked.
fn clean(word: &str) -> String {
    let mut word = match word.contains(['\\', '[', '(', '。', '／', '：']) {
        // Nearly every word.
        false => word.to_owned(),
        true => word
            .replace('\\', "")
            .replace("[.]", ".")
            .replace("(.)", ".")
            .replace('。', ".")
            .replace('／', "/")
            .replace('：', ":"),
    };
    let scheme = |text: &str, bad: &str| {
        let start = text.get(..bad.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(bad))
    };
    for (bad, good) in [("hxxps://", "https://"), ("hxxp://", "http://")] {
        if scheme(&word, bad) {
            word.replace_range(..bad.len(), good);
        }
    }
    let around: &[char] = &[
        '"', '\'', '`', '“', '”', '‘', '’', '「', '」', '『', '』', ',', ';', '、', '!',
    ];
    let mut text = word.trim_matches(around);
    // Nobody writes more of them around a name; endless brackets would be looked through again and again.
    for _ in 0..MOST_AROUND {
        let before = text;
        text = text.trim_end_matches(['.', ':', ',', ';', '、', '"', '\'']);
        for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
            if text.ends_with(close) && !text.contains(open) {
                text = &text[..text.len() - close.len_utf8()];
            }
            if text.starts_with(open) && !text.contains(close) {
                text = &text[open.len_utf8()..];
            }
        }
        if let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
            text = inner;
        }
        // `<https://x>`, but not `<region>.x`.
        if let Some(inner) = text.strip_prefix('<').and_then(|t| t.strip_suffix('>'))
            && inner.contains("://")
        {
            text = inner;
        }
        if text == before {
            break;
        }
    }
    text.to_owned()
}

fn split_scheme(word: &str) -> (Option<String>, &str) {
    match word.split_once("://") {
        Some((scheme, rest))
            if !scheme.is_empty()
                && scheme.len() <= 12
                && scheme
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'+') =>
        {
            // A name and a password before the host are nobody's requirement.
            let end = rest.find('/').unwrap_or(rest.len());
            let rest = rest[..end].rfind('@').map_or(rest, |at| &rest[at + 1..]);
            (Some(scheme.to_ascii_lowercase()), rest)
        }
        _ => {
            let mail = word.strip_prefix("mailto:");
            (mail.map(|_| "mailto".to_owned()), mail.unwrap_or(word))
        }
    }
}

fn split_path(rest: &str) -> (&str, Option<&str>) {
    match rest.find(['/', '?', '#']) {
        Some(at) => (&rest[..at], Some(&rest[at..])),
        None => (rest, None),
    }
}

/// Host, and first and last port where they stand with it.
type HostAndPorts<'a> = (&'a str, Option<(u16, u16)>);

/// `host:443`, `host:8000-8010`, `[2001:db8::1]:443`; `host:*` is every port, which is none stated.
fn split_port(authority: &str) -> Result<HostAndPorts<'_>, String> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest
            .split_once(']')
            .ok_or_else(|| format!("`{authority}` has no closing bracket"))?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port_range(port)?))),
            None => Ok((host, None)),
        };
    }
    if authority.matches(':').count() != 1 {
        return Ok((authority, None));
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    if port == "*" || port.is_empty() {
        return Ok((host, None));
    }
    if !port.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok((authority, None));
    }
    Ok((host, Some(port_range(port)?)))
}

fn port_range(text: &str) -> Result<(u16, u16), String> {
    let port = |text: &str| {
        let number = text.parse::<u16>().ok().filter(|port| *port > 0);
        number.ok_or_else(|| format!("`{text}` is no port"))
    };
    match text.split_once(['-', '–']) {
        Some((first, last)) => {
            let (first, last) = (port(first)?, port(last)?);
            match first <= last {
                true => Ok((first, last)),
                false => Err(format!("the range of ports `{text}` runs backwards")),
            }
        }
        None => port(text).map(|port| (port, port)),
    }
}

fn with_path(path: Option<&str>) -> ListedEndpoint {
    let path = path.map(|path| path.split('#').next().unwrap_or(path));
    let (path, query) = match path.and_then(|path| path.split_once('?')) {
        Some((path, query)) => (Some(path), Some(query.to_owned())),
        None => (path, None),
    };
    // A star at the end of a path is what a prefix says anyway.
    let path = path.map(|path| path.trim_end_matches('*'));
    let path = path.filter(|path| path.len() > 1 && path.starts_with('/'));
    ListedEndpoint {
        path: path.filter(|p| !p.contains(' ')).map(str::to_owned),
        query: query.filter(|query| !query.is_empty()),
        ..ListedEndpoint::default()
    }
}

fn host_has_prefix(host: &str, path: Option<&str>) -> bool {
    path.is_some_and(|path| prefix_of(host, path).is_some())
}

fn prefix_of<'a>(host: &str, path: &'a str) -> Option<&'a str> {
    host.parse::<IpAddr>().ok()?;
    let prefix = path.strip_prefix('/')?;
    let fits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    fits.then_some(prefix)
}

/// An address or network, with a note where it is not as printed; `None` if it is meant as none.
fn address(host: &str, path: Option<&str>) -> Option<Result<(IpNet, Option<String>), String>> {
    let dotted = host.split('.').count() == 4;
    if dotted && let Some(short) = starred(host) {
        return Some(short);
    }
    let Ok(ip) = host.parse::<IpAddr>() else {
        let digits = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let looks = digits && host.matches('.').count() >= 2;
        return looks.then(|| Err(format!("`{host}` is no address; it may be a version")));
    };
    let whole = if ip.is_ipv4() { 32_u8 } else { 128 };
    let length = match path.and_then(|path| prefix_of(host, path)) {
        None => whole,
        Some(mask) if mask.contains('.') => match mask_length(mask) {
            Some(length) if ip.is_ipv4() => length,
            _ => return Some(Err(format!("`{mask}` is no network mask"))),
        },
        Some(prefix) => match prefix.parse::<u8>().ok().filter(|length| *length <= whole) {
            Some(length) => length,
            None => return Some(Err(format!("`/{prefix}` is no prefix length"))),
        },
    };
    if length == 0 {
        return Some(Err(format!("`{host}/0` is every address")));
    }
    let (ip, length) = match ip.to_canonical() {
        v4 @ IpAddr::V4(_) if ip.is_ipv6() && length >= 96 => (v4, length - 96),
        _ => (ip, length),
    };
    let network = IpNet::new(ip, length).map_err(|why| why.to_string());
    Some(network.map(|network| {
        let cut = network.trunc();
        let note = (cut != network).then(|| format!("printed with host bits: {network}"));
        (cut, note)
    }))
}

/// `192.0.2.*` and `192.0.2.x`.
fn starred(host: &str) -> Option<Result<(IpNet, Option<String>), String>> {
    let parts: Vec<&str> = host.split('.').collect();
    let open = parts
        .iter()
        .position(|part| matches!(*part, "*" | "x" | "X" | "xxx"))?;
    let rest_is_open = parts[open..]
        .iter()
        .all(|part| matches!(*part, "*" | "x" | "X" | "xxx"));
    let known: Option<Vec<u8>> = parts[..open].iter().map(|part| part.parse().ok()).collect();
    let (true, Some(mut known)) = (rest_is_open && open > 0, known) else {
        return None;
    };
    let length = u8::try_from(open * 8).ok()?;
    known.resize(4, 0);
    let ip = Ipv4Addr::new(known[0], known[1], known[2], known[3]);
    let network = IpNet::new(ip.into(), length).map_err(|why| why.to_string());
    Some(network.map(|network| (network, Some(format!("printed as {host}")))))
}

fn mask_length(mask: &str) -> Option<u8> {
    let bits = u32::from(mask.parse::<Ipv4Addr>().ok()?);
    let length = bits.leading_ones();
    let whole = bits.checked_shl(length).unwrap_or(0) == 0;
    whole.then(|| u8::try_from(length).ok()).flatten()
}

/// `192.0.2.1-192.0.2.9` and `192.0.2.1-9`.
fn address_range(word: &str) -> Option<WordReading> {
    let (first, last) = word.split_once(['-', '–', '~', '〜'])?;
    let (first, last) = (first.trim(), last.trim());
    let networks: Vec<IpNet> = match first.parse::<IpAddr>().ok()? {
        IpAddr::V4(first) => {
            let last = match last.parse::<u8>() {
                Ok(octet) => {
                    let [a, b, c, _] = first.octets();
                    Ipv4Addr::new(a, b, c, octet)
                }
                Err(_) => last.parse::<Ipv4Addr>().ok()?,
            };
            if last < first {
                return Some(WordReading::Wrong(format!(
                    "the range `{word}` runs backwards"
                )));
            }
            let nets = Ipv4Subnets::new(first, last, 0).take(MOST_OF_RANGE + 1);
            nets.map(IpNet::V4).collect()
        }
        IpAddr::V6(first) => {
            let last = last.parse::<Ipv6Addr>().ok()?;
            if last < first {
                return Some(WordReading::Wrong(format!(
                    "the range `{word}` runs backwards"
                )));
            }
            let nets = Ipv6Subnets::new(first, last, 0).take(MOST_OF_RANGE + 1);
            nets.map(IpNet::V6).collect()
        }
    };
    if networks.len() > MOST_OF_RANGE || networks.iter().any(|n| n.prefix_len() == 0) {
        return Some(WordReading::Wrong(format!(
            "the range `{word}` is too wide"
        )));
    }
    let one = |network| ListedEndpoint {
        host: shown(network),
        is_address: true,
        printed: Some(word.to_owned()),
        ..ListedEndpoint::default()
    };
    Some(WordReading::Endpoints(
        networks.into_iter().map(one).collect(),
    ))
}

fn shown(network: IpNet) -> String {
    match network.prefix_len() == network.max_prefix_len() {
        true => network.addr().to_string(),
        false => network.to_string(),
    }
}

/// A host that is no address.
fn names(host: &str, base: ListedEndpoint) -> WordReading {
    let printed = host.to_owned();
    let host = host.trim_end_matches('.');
    if !host.contains('.') || host.contains("..") || host.contains(char::is_whitespace) {
        return match base.scheme.is_some() && host.contains('.') {
            true => WordReading::Wrong(format!("`{host}` is no name")),
            false => WordReading::Word,
        };
    }
    if let Some(all) = character_range(host) {
        let all = all.into_iter().map(|host| ListedEndpoint {
            host,
            printed: Some(printed.clone()),
            ..base.clone()
        });
        return WordReading::Endpoints(all.collect());
    }
    // Squid's `.x` is x and all below it.
    if let Some(rest) = host.strip_prefix('.')
        && let Some(one) = name(rest, &base)
    {
        let below = ListedEndpoint {
            host: format!("*.{}", one.host),
            printed: Some(printed.clone()),
            ..one.clone()
        };
        let itself = ListedEndpoint {
            printed: Some(printed),
            ..one
        };
        return WordReading::Endpoints(vec![itself, below]);
    }
    if host.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return WordReading::Word;
    }
    match name(host, &base) {
        Some(one) => match refused(&one.host, base.scheme.is_some() || base.ports.is_some()) {
            Some(why) => WordReading::Wrong(why),
            None => WordReading::Endpoints(vec![one]),
        },
        None if looks_like_name(host) => WordReading::Wrong(format!("`{host}` is no name")),
        None => WordReading::Word,
    }
}

/// A name, wildcard or template, repaired where a page's placeholders or translations ask for it.
fn name(host: &str, base: &ListedEndpoint) -> Option<ListedEndpoint> {
    let mut one = ListedEndpoint {
        host: host.to_ascii_lowercase(),
        ..base.clone()
    };
    if !host.is_ascii() {
        let (repaired, whole) = translated_back(&one.host);
        if !whole && has_sentence_letters(&repaired) {
            return None;
        }
        if repaired != one.host {
            one.printed = Some(host.to_owned());
            one.note = Some("labels that were translated, put back".to_owned());
            one.host = repaired;
        }
        if !whole {
            one.doubtful = Some("a name with letters that are not ASCII".to_owned());
        }
    }
    if let Some(filled) = without_placeholders(&one.host) {
        one.printed = Some(host.to_owned());
        if filled.contains('*') {
            one.doubtful = Some("a placeholder of the page, read as a wildcard".to_owned());
        }
        one.host = filled;
    }
    let fits = match one.host.contains("<region>") {
        true => NameTemplate::parse(&one.host).is_ok(),
        false => NamePattern::parse(&one.host).is_ok(),
    };
    fits.then_some(one)
}

/// Placeholders other than `<region>` as stars; `{region}` and `[region]` as `<region>`.
fn without_placeholders(host: &str) -> Option<String> {
    if !host.contains(['<', '>', '{', '}', '[', ']', '$', '%']) {
        return None;
    }
    let mut out = String::new();
    let mut rest = host;
    while let Some(at) = rest.find(['<', '{', '[', '$', '%']) {
        out.push_str(&rest[..at]);
        rest = rest[at..].trim_start_matches('$');
        let close = match rest.chars().next()? {
            '<' => '>',
            '{' => '}',
            '[' => ']',
            '%' => '%',
            _ => return None,
        };
        let end = rest[1..].find(close)? + 1;
        let word = &rest[1..end];
        if word.len() > 40 || word.contains('.') {
            return None;
        }
        out.push_str(
            if matches!(
                word,
                "region" | "regionid" | "region-id" | "region_id" | "aws-region" | "your-region"
            ) {
                "<region>"
            } else {
                "*"
            },
        );
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    // One region a name; what stands for more is a star.
    if out.matches("<region>").count() > 1 {
        out = out.replace("<region>", "*");
    }
    (out != host).then_some(out)
}

/// `cdn0[1-3].x` as three names.
fn character_range(host: &str) -> Option<Vec<String>> {
    let (before, rest) = host.split_once('[')?;
    let (range, after) = rest.split_once(']')?;
    let (first, last) = range.split_once('-')?;
    let name = |middle: &str| format!("{before}{middle}{after}").to_ascii_lowercase();
    let fits = |name: &String| NamePattern::parse(name).is_ok();
    let all: Vec<String> = match (first.parse::<u32>(), last.parse::<u32>()) {
        (Ok(a), Ok(b)) if a <= b && (b - a) < MOST_OF_CHARACTERS as u32 => {
            let width = first.len();
            (a..=b).map(|n| name(&format!("{n:0width$}"))).collect()
        }
        _ => {
            let (a, b) = (first.chars().next()?, last.chars().next()?);
            let letters = first.len() == 1 && last.len() == 1 && a.is_ascii_lowercase();
            if !letters || !b.is_ascii_lowercase() || a > b {
                return None;
            }
            (a..=b).map(|c| name(&c.to_string())).collect()
        }
    };
    all.iter().all(fits).then_some(all)
}

/// English words that translating machines put into kana, and which are labels of host names.
const TRANSLATED: &[(&str, &str)] = &[
    ("エージェント", "agent"),
    ("ゲートウェイ", "gateway"),
    ("ワークロード", "workload"),
    ("リレー", "relay"),
    ("サーバー", "server"),
    ("サーバ", "server"),
    ("マネージャー", "manager"),
    ("マネージャ", "manager"),
    ("コントロール", "control"),
    ("コンソール", "console"),
    ("クラウド", "cloud"),
    ("アップデート", "update"),
    ("ダウンロード", "download"),
    ("ポータル", "portal"),
    ("プロキシ", "proxy"),
    ("センサー", "sensor"),
    ("サービス", "service"),
    ("イベント", "event"),
    ("データ", "data"),
    ("サポート", "support"),
    ("ストレージ", "storage"),
    ("ネットワーク", "network"),
    ("セキュリティ", "security"),
];

/// The name with known words put back, and whether nothing but ASCII is left.
fn translated_back(host: &str) -> (String, bool) {
    let mut out = host.to_owned();
    for (kana, word) in TRANSLATED {
        if out.contains(kana) {
            out = out.replace(kana, word);
        }
    }
    let whole = out.is_ascii();
    (out, whole)
}

/// Hiragana and punctuation: a sentence that ran into a name.
fn has_sentence_letters(text: &str) -> bool {
    text.chars().any(
        |c| matches!(c, '\u{3041}'..='\u{309f}' | '\u{3000}'..='\u{303f}' | '（' | '）' | '・'),
    )
}

fn looks_like_name(host: &str) -> bool {
    let known = psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
    known && host.is_ascii() && host.split('.').count() >= 2
}

/// Endings of files that are no top-level domains, or are so seldom that a page means the file.
const FILES: &[&str] = &[
    "exe", "msi", "dll", "zip", "json", "xml", "yaml", "yml", "txt", "pdf", "html", "htm", "php",
    "asp", "aspx", "js", "css", "png", "jpg", "gif", "svg", "log", "conf", "cfg", "ini", "toml",
    "sh", "ps1", "bat", "cmd", "py", "rpm", "deb", "tar", "gz", "iso", "pem", "crt", "cer", "key",
    "csv", "xlsx", "docx", "md", "jar", "so", "plist", "pkg", "dmg", "cab", "sys", "dat", "db",
];

/// Top-level names that are kept for local use, documentation and tests.
const LOCAL: &[&str] = &[
    "local",
    "lan",
    "internal",
    "corp",
    "home",
    "intranet",
    "private",
    "test",
    "example",
    "invalid",
    "localdomain",
    "arpa",
];

/// Why a well-formed name is still none.
fn refused(host: &str, marked: bool) -> Option<String> {
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Some(format!("`{host}` ends in a number; it may be a version"));
    }
    if marked {
        return None;
    }
    if FILES.contains(&last) && host.split('.').count() <= 2 {
        return Some(format!("`{host}` looks like the name of a file"));
    }
    let known = psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
    if !known && !LOCAL.contains(&last) && !host.contains("xn--") {
        return Some(format!("`.{last}` is no top-level domain"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(word: &str) -> Vec<String> {
        match read(word) {
            WordReading::Endpoints(all) => all.into_iter().map(|e| e.host).collect(),
            _ => Vec::new(),
        }
    }

    fn one(word: &str) -> ListedEndpoint {
        match read(word) {
            WordReading::Endpoints(mut all) if all.len() == 1 => all.remove(0),
            other => panic!("{word}: {other:?}"),
        }
    }

    #[test]
    fn names_as_vendors_write_them() {
        let table: &[(&str, &[&str])] = &[
            ("A.Example.COM.", &["a.example.com"]),
            ("`a.example.com`,", &["a.example.com"]),
            ("(a.example.com)", &["a.example.com"]),
            (r"\*.example.com", &["*.example.com"]),
            ("*cdn.example.net", &["*cdn.example.net"]),
            ("auto.*.example.com", &["auto.*.example.com"]),
            (".example.com", &["example.com", "*.example.com"]),
            ("a.<region>.example.com", &["a.<region>.example.com"]),
            ("a.{region}.example.com", &["a.<region>.example.com"]),
            ("<tenant>.example.com", &["*.example.com"]),
            (
                "cdn0[1-3].example.com",
                &[
                    "cdn01.example.com",
                    "cdn02.example.com",
                    "cdn03.example.com",
                ],
            ),
            ("hxxps://a[.]example[.]com", &["a.example.com"]),
            (
                "エージェント-001.x.example.com",
                &["agent-001.x.example.com"],
            ),
            ("a.example.com/", &["a.example.com"]),
            ("user@example.com", &[]),
            ("20.0.0.1540", &[]),
            ("20.0", &[]),
            ("setup.exe", &[]),
            ("e.g.", &[]),
            ("3.x", &[]),
            ("a.example.comが許可されていない", &[]),
            ("*.com.", &["*.com"]),
        ];
        for (word, expected) in table {
            assert_eq!(hosts(word), *expected, "{word}");
        }
    }

    #[test]
    fn urls_keep_port_scheme_and_path() {
        let url = one("https://a.example.com:8443/api/v1?x=1#top");
        assert_eq!(url.host, "a.example.com");
        assert_eq!(url.ports, Some((8443, 8443)));
        assert_eq!(url.scheme.as_deref(), Some("https"));
        assert_eq!(url.path.as_deref(), Some("/api/v1"));
        assert_eq!(url.query.as_deref(), Some("x=1"));
        assert_eq!(one("a.example.com:8000-8010").ports, Some((8000, 8010)));
        assert_eq!(
            one("https://user:secret@a.example.com/x").host,
            "a.example.com"
        );
        assert_eq!(one("a.example.com/x/*").path.as_deref(), Some("/x/"));
        assert!(matches!(read("a.example.com:99999"), WordReading::Wrong(_)));
    }

    #[test]
    fn addresses_networks_and_ranges() {
        let table: &[(&str, &[&str])] = &[
            ("192.0.2.7", &["192.0.2.7"]),
            ("192.0.2.0/24", &["192.0.2.0/24"]),
            ("192.0.2.9/24", &["192.0.2.0/24"]),
            ("192.0.2.0/255.255.255.0", &["192.0.2.0/24"]),
            ("192.0.2.*", &["192.0.2.0/24"]),
            ("192.0.2.0-192.0.2.3", &["192.0.2.0/30"]),
            ("192.0.2.4-5", &["192.0.2.4/31"]),
            ("2001:db8::/32", &["2001:db8::/32"]),
            ("[2001:db8::1]:443", &["2001:db8::1"]),
            ("::ffff:192.0.2.0/120", &["192.0.2.0/24"]),
            ("https://192.0.2.7/x", &["192.0.2.7"]),
        ];
        for (word, expected) in table {
            assert_eq!(hosts(word), *expected, "{word}");
        }
        assert!(one("192.0.2.9/24").note.is_some());
        for word in [
            "192.0.2.300",
            "192.0.2.0/33",
            "192.0.2.9-192.0.2.1",
            "0.0.0.0/0",
            "1.2.3.4-200.0.0.1x",
        ] {
            assert!(!matches!(read(word), WordReading::Endpoints(_)), "{word}");
        }
    }
}
