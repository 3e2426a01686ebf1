//! Words of pages, in English and Japanese: regions, roles, and words that say what a text is for.

/// A region by the words that pages have for it; the first is its id.
const REGIONS: &[&[&str]] = &[
    &["australia", "au", "オーストラリア", "豪州"],
    &["brazil", "br", "ブラジル"],
    &["canada", "ca", "カナダ"],
    &["china", "cn", "中国", "mainland china"],
    &["europe", "eu", "european union", "欧州", "ヨーロッパ"],
    &["france", "fr", "フランス"],
    &["germany", "de", "ドイツ"],
    &["hong-kong", "hong kong", "hk", "香港"],
    &["india", "in", "インド"],
    &["indonesia", "インドネシア"],
    &["ireland", "ie", "アイルランド"],
    &["israel", "il", "イスラエル"],
    &["italy", "it", "イタリア"],
    &["japan", "jp", "日本"],
    &["korea", "kr", "south korea", "韓国"],
    &["middle-east", "middle east", "中東"],
    &["netherlands", "nl", "オランダ"],
    &["singapore", "sg", "シンガポール"],
    &["south-africa", "south africa", "za", "南アフリカ"],
    &["spain", "es", "スペイン"],
    &["sweden", "se", "スウェーデン"],
    &["switzerland", "ch", "スイス"],
    &["taiwan", "tw", "台湾"],
    &["uae", "united arab emirates", "アラブ首長国連邦"],
    &[
        "uk",
        "united kingdom",
        "gb",
        "great britain",
        "英国",
        "イギリス",
    ],
    &[
        "united-states",
        "united states",
        "us",
        "usa",
        "u.s.",
        "united states of america",
        "米国",
        "アメリカ",
    ],
    &[
        "us-government",
        "us government",
        "us gov",
        "usgov",
        "gcc high",
        "government",
    ],
    &["americas", "南北アメリカ"],
    &["north-america", "north america", "北米"],
    &["south-america", "south america", "latin america", "南米"],
    &["asia", "アジア"],
    &["asia-pacific", "asia pacific", "apac", "アジア太平洋"],
    &["emea"],
    &["africa", "アフリカ"],
];

/// Words for every region.
const EVERYWHERE: &[&str] = &[
    "all",
    "any",
    "global",
    "worldwide",
    "world wide",
    "ww",
    "all regions",
    "common",
    "every region",
    "すべて",
    "全て",
    "全リージョン",
    "すべてのリージョン",
    "グローバル",
    "全世界",
    "共通",
    "-",
    "n/a",
];

/// A word of a region column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RegionWord {
    /// Every region.
    All,
    /// One, by its id.
    One(String),
}

/// A region by one of its words; `None` for words that are none.
pub(super) fn region(text: &str) -> Option<RegionWord> {
    let word = text
        .trim()
        .trim_end_matches([':', '：'])
        .trim()
        .to_lowercase();
    if word.is_empty() || word.len() > 60 {
        return None;
    }
    if EVERYWHERE.contains(&word.as_str()) {
        return Some(RegionWord::All);
    }
    let bare = word
        .trim_end_matches(" region")
        .trim_end_matches(" data center")
        .trim_end_matches(" data centre")
        .trim_end_matches(" datacenter")
        .trim_end_matches("リージョン")
        .trim_start_matches("region ")
        .trim();
    // The page's own word, where it can be an id.
    let known = REGIONS.iter().find(|words| words.contains(&bare));
    if let Some([id, ..]) = known.copied() {
        let own = if bare.is_ascii() {
            slug(bare)
        } else {
            (*id).to_owned()
        };
        return Some(RegionWord::One(own));
    }
    is_code(bare).then(|| RegionWord::One(bare.to_owned()))
}

/// `us-east-1`, `eu-1`, `eastus2`: the codes that clouds have; at least a letter run, a dash and a number.
fn is_code(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let digits = |part: &str| {
        !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit())
    };
    let letters = |part: &str| {
        !part.is_empty() && part.len() <= 12 && part.bytes().all(|b| b.is_ascii_lowercase())
    };
    match parts.as_slice() {
        [area, number] => area.len() == 2 && letters(area) && digits(number),
        [area, middle @ .., number] => {
            area.len() == 2 && letters(area) && middle.iter().all(|m| letters(m)) && digits(number)
        }
        _ => false,
    }
}

/// The region of a tenant that a name has as a label: `us-1`, `eu-2`. Regions of clouds (`us-east-1`) tell where a server
/// stands, and every tenant may need it.
pub(super) fn region_in_name(host: &str) -> Option<String> {
    let mut labels = host.split('.');
    let found = labels.find(|label| {
        let bytes = label.as_bytes();
        matches!(bytes, [a, b, b'-', digit] if a.is_ascii_lowercase() && b.is_ascii_lowercase() && digit.is_ascii_digit())
    });
    found.map(str::to_owned)
}

/// One word for all ids that mean a region; the id itself where it is not known.
pub(super) fn same_region(id: &str) -> String {
    let known = REGIONS
        .iter()
        .find(|words| words.iter().any(|word| slug(word) == id));
    known.map_or(id, |words| words[0]).to_owned()
}

/// The other words for a region that is known.
pub(super) fn region_aliases(id: &str) -> Vec<&'static str> {
    let known = REGIONS
        .iter()
        .find(|words| words.iter().any(|word| slug(word) == id));
    let words = known.map_or(&[][..], |words| words);
    words
        .iter()
        .copied()
        .filter(|word| word.is_ascii() && *word != id)
        .collect()
}

/// Roles that pages call by many names: what a text must have, and the id.
const ROLES: &[(&[&str], &str)] = &[
    (&["dns server"], "dns-server"),
    (&["dnsサーバ"], "dns-server"),
    (&["name server"], "dns-server"),
    (&["ntp server"], "ntp-server"),
    (&["ntpサーバ"], "ntp-server"),
    (&["time server"], "ntp-server"),
    (&["siem"], "siem-server"),
    (&["syslog server"], "siem-server"),
    (&["syslogサーバ"], "siem-server"),
    (&["vcenter"], "vcenter"),
    (&["active directory"], "active-directory"),
    (&["administrator", "computer"], "admin-computer"),
    (&["管理者", "コンピュータ"], "admin-computer"),
    (&["web proxy"], "web-proxy"),
    (&["forward proxy"], "web-proxy"),
    (&["webプロキシ"], "web-proxy"),
];

/// Words that stand for a role by themselves.
const WHOLE_ROLES: &[(&str, &str)] = &[
    ("dns", "dns-server"),
    ("ntp", "ntp-server"),
    ("syslog", "siem-server"),
    ("proxy", "web-proxy"),
    ("プロキシ", "web-proxy"),
    ("other relay", "relay"),
    ("他のdeep securityリレー", "relay"),
];

/// Kana and kanji words in names of roles and services.
const WORDS: &[(&str, &str)] = &[
    ("データセンターゲートウェイ", " data center gateway "),
    ("データセンター", " data center "),
    ("クライアント", " client "),
    ("エージェント", " agent "),
    ("ゲートウェイ", " gateway "),
    ("コンピュータ", " computer "),
    ("プロキシ", " proxy "),
    ("サーバー", " server "),
    ("サーバ", " server "),
    ("リレー", " relay "),
    ("センサー", " sensor "),
    ("コネクタ", " connector "),
    ("管理者", " admin "),
    ("管理コンソール", " console "),
    ("マネージャ", " manager "),
    ("アップデート", " update "),
    ("ダウンロード", " download "),
    ("センター", " center "),
    ("サービス", " service "),
    ("レピュテーション", " reputation "),
    ("ファイル", " file "),
    ("スキャン", " scan "),
    ("イベント", " event "),
    ("チャネル", " channel "),
    ("コントロール", " control "),
    ("データ", " data "),
    ("ハートビート", " heartbeat "),
    ("アクティベーション", " activation "),
    ("フィードバック", " feedback "),
    ("スマート", " smart "),
    ("機械学習", " machine learning "),
    ("受信", " inbound "),
    ("送信", " outbound "),
    ("ネットワーク", " network "),
    ("クラウド", " cloud "),
    ("認証", " authentication "),
    ("更新", " update "),
    ("ライセンス", " license "),
    ("ログ", " log "),
];

/// Plurals of words for machines.
const PLURALS: &[&str] = &[
    "agents",
    "relays",
    "clients",
    "servers",
    "gateways",
    "computers",
    "hosts",
    "users",
    "endpoints",
    "nodes",
    "clusters",
    "sensors",
    "connectors",
    "devices",
    "machines",
    "workstations",
    "appliances",
    "collectors",
    "brokers",
    "browsers",
    "consoles",
    "scanners",
    "controllers",
    "managers",
    "runners",
];

/// A text as an id: lower-case words with dashes; empty if it has none that can be written so.
pub(super) fn slug(text: &str) -> String {
    let mut text = text.to_lowercase();
    if !text.is_ascii() {
        for (word, english) in WORDS {
            if text.contains(word) {
                text = text.replace(word, english);
            }
        }
    }
    let text = text.replace(['\'', '’'], "");
    let mut out = String::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        if word.is_empty() || out.len() + word.len() > 48 {
            continue;
        }
        if !out.is_empty() {
            out.push('-');
        }
        out.push_str(word);
    }
    out
}

/// The id of a role by a page's words for it; empty if nothing of them can be written so.
pub(super) fn role(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    let singular = lower.strip_suffix('s').unwrap_or(&lower);
    let whole = WHOLE_ROLES
        .iter()
        .find(|(word, _)| *word == lower || *word == singular);
    if let Some((_, id)) = whole {
        return (*id).to_owned();
    }
    let known = ROLES
        .iter()
        .find(|(words, _)| words.iter().all(|word| lower.contains(word)));
    if let Some((_, id)) = known {
        return (*id).to_owned();
    }
    let mut id = slug(text);
    let last = id.rsplit('-').next().unwrap_or_default();
    if PLURALS.contains(&last) {
        id.pop();
    } else if last == "proxies" {
        id.truncate(id.len() - 3);
        id.push('y');
    }
    for article in [
        "all-", "any-", "every-", "each-", "the-", "a-", "an-", "your-", "its-",
    ] {
        if let Some(rest) = id.strip_prefix(article) {
            id = rest.to_owned();
        }
    }
    id
}

/// Whether a text names a machine or a role, as destinations that only the site knows are named.
pub(super) fn is_machine(text: &str) -> bool {
    let lower = text.to_lowercase();
    let bare = lower.split(['(', '（']).next().unwrap_or_default().trim();
    if bare.is_empty() || bare.split_whitespace().count() > 5 {
        return false;
    }
    let known = ROLES
        .iter()
        .any(|(words, _)| words.iter().all(|word| bare.contains(word)));
    let last = bare.rsplit([' ', '　']).next().unwrap_or_default();
    let plural = format!("{last}s");
    let machine = PLURALS.contains(&last) || PLURALS.contains(&plural.as_str());
    let kana = [
        "サーバ",
        "サーバー",
        "エージェント",
        "ゲートウェイ",
        "リレー",
        "プロキシ",
    ];
    known
        || machine
        || last == "proxy"
        || last == "database"
        || kana.iter().any(|word| bare.ends_with(word))
}

/// Whether a text is about examples.
pub(super) fn is_example(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "example",
        "e.g",
        "such as",
        "sample",
        "for instance",
        "例えば",
        "たとえば",
        "例:",
        "例：",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Whether a heading is over things to read rather than to open.
pub(super) fn is_reading_list(heading: &str) -> bool {
    let lower = heading.to_lowercase();
    [
        "see also",
        "related",
        "reference",
        "learn more",
        "further reading",
        "resources",
        "documentation",
        "more information",
        "next steps",
        "関連",
        "参照",
        "参考",
        "詳細",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Whether a sentence asks that something be let through.
pub(super) fn asks_to_allow(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "allow",
        "permit",
        "open",
        "whitelist",
        "firewall",
        "must",
        "required",
        "require",
        "following",
        "access to",
        "connect to",
        "communicat",
        "reach",
        "exception",
        "endpoints",
        "domains",
        "hosts",
        "fqdn",
        "url",
        "許可",
        "必要",
        "次の",
        "以下",
        "通信",
        "アクセス",
        "接続",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Whether a text says that one of several is enough.
pub(super) fn is_one_of(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "one of the following",
        "one of these",
        "either of",
        "at least one",
        "any one of",
        "いずれか",
        "どちらか",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Whether a text makes its row depend on something.
pub(super) fn is_condition(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "if any",
        "only if",
        "only required",
        "only when",
        "if you",
        "optional",
        "required for",
        "when using",
        "instead of",
        "if enabled",
        "if used",
        "or later",
        "or earlier",
        "and later",
        "and earlier",
        ": on",
        ": off",
        "場合",
        "オプション",
        "任意",
        "以降",
        "以前",
        "required if",
        "not required",
        "unless",
        "created before",
        "recommended",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Whether a text takes an endpoint back.
pub(super) fn is_withdrawn(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "no longer",
        "deprecated",
        "obsolete",
        "retired",
        "removed",
        "do not allow",
        "not supported",
        "legacy only",
        "廃止",
        "使用されなく",
        "不要",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_their_words() {
        let one = |id: &str| Some(RegionWord::One(id.to_owned()));
        assert_eq!(region("Japan:"), one("japan"));
        assert_eq!(region("日本"), one("japan"));
        assert_eq!(region("us-east-1"), one("us-east-1"));
        assert_eq!(region("All"), Some(RegionWord::All));
        assert_eq!(region("port-443"), None);
        assert_eq!(region("Note"), None);
    }

    #[test]
    fn roles_by_their_words() {
        let table = [
            ("Agents", "agent"),
            ("Administrator's computer", "admin-computer"),
            ("SIEMまたはSyslogサーバ", "siem-server"),
            ("Smart Protection Network", "smart-protection-network"),
            ("データセンターゲートウェイ", "data-center-gateway"),
            ("Other relays", "relay"),
            ("Service Gateway", "service-gateway"),
            ("漢字", ""),
        ];
        for (text, id) in table {
            assert_eq!(role(text), id, "{text}");
        }
    }
}
