//! What each target can express, as data. What is said here of other programs was tried on them or is from their makers' pages.

use super::matching::expression;
use super::targets::{self, Job, WrittenList};
use crate::rules::NamePattern;

/// A program, or a format, that an export is for.
#[derive(Debug)]
pub(crate) struct ExportTarget {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) about: &'static str,
    /// What of a flow it looks at.
    pub(crate) looks_at: LooksAt,
    /// What it does with names.
    pub(super) names: NameAbility,
    /// How comments begin; `None` where there are none.
    pub(super) comment: Option<&'static str>,
    pub(super) write: fn(&Job<'_>) -> WrittenList,
}

/// What of a flow a target looks at; what it does not is let through whatever it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LooksAt {
    /// Who opens it.
    pub(crate) initiators: bool,
    /// Addresses of destinations.
    pub(crate) addresses: bool,
    /// Destination ports.
    pub(crate) ports: bool,
    /// Paths.
    pub(crate) paths: bool,
    /// It can be told to let a flow go anywhere.
    pub(crate) anywhere: bool,
    /// It passes on TCP only.
    pub(crate) tcp_only: bool,
    /// It looks at the name in TLS handshakes only.
    pub(crate) tls_only: bool,
    /// It knows a name from TLS handshakes and HTTP requests only.
    pub(crate) names_of_web: bool,
}

impl LooksAt {
    /// What it does not look at, in words.
    #[must_use]
    pub(crate) fn blind_to(&self) -> Vec<&'static str> {
        let parts = [
            (self.initiators, "who opens a flow"),
            (self.ports, "ports"),
            (self.paths, "paths"),
        ];
        parts
            .iter()
            .filter(|(looks, _)| !looks)
            .map(|(_, what)| *what)
            .collect()
    }
}

/// A name in a target's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Word {
    /// This text, whatever it means there.
    Plain(String),
    /// Names that end so.
    Ends(String),
    /// Names that a regular expression fits.
    Matches(String),
}

/// What a target does with names.
#[derive(Debug)]
pub(super) enum NameAbility {
    /// It knows addresses only.
    ByAddress,
    /// It knows names.
    InWords(&'static Forms),
}

/// How a target says the kinds of name patterns.
#[derive(Debug)]
pub(super) struct Forms {
    /// `x`
    pub(super) exact: PatternForm,
    /// `*.x`: below it at any depth, not `x`.
    pub(super) below: PatternForm,
    /// `*x`: whatever ends so, also in the middle of a label.
    pub(super) ending: PatternForm,
    /// Stars elsewhere.
    pub(super) inner: PatternForm,
}

type Say = fn(&NamePattern) -> Vec<Word>;

/// How a target says one kind of name pattern.
#[derive(Debug)]
pub(super) enum PatternForm {
    /// As it is.
    Same(Say),
    /// Less: what is lost.
    Narrower(Say, &'static str),
    /// More: what comes in.
    Wider(Say, &'static str),
    /// Less, or more where that is wished.
    Either {
        narrower: (Say, &'static str),
        wider: (Say, &'static str),
    },
    /// Not at all: why.
    Never(&'static str),
}

impl Forms {
    /// Each kind as it is.
    const fn all(exact: Say, below: Say, ending: Say, inner: Say) -> Self {
        Self {
            exact: PatternForm::Same(exact),
            below: PatternForm::Same(below),
            ending: PatternForm::Same(ending),
            inner: PatternForm::Same(inner),
        }
    }
}

fn plain(text: String) -> Vec<Word> {
    vec![Word::Plain(text)]
}

fn as_is(name: &NamePattern) -> Vec<Word> {
    plain(name.to_string())
}

/// `.x` of `*.x`
fn dot_suffix(name: &NamePattern) -> Vec<Word> {
    vec![Word::Ends(format!(".{}", name.literal_tail()))]
}

/// `x` of `*x`
fn suffix(name: &NamePattern) -> Vec<Word> {
    vec![Word::Ends(name.as_str()[1..].to_owned())]
}

fn matches(name: &NamePattern) -> Vec<Word> {
    vec![Word::Matches(expression(name))]
}

/// `*.x`, `x` the whole labels at the end.
fn below_tail(name: &NamePattern) -> Vec<Word> {
    plain(format!("*.{}", name.literal_tail()))
}

/// `.x`, `x` the whole labels at the end.
fn dot_tail(name: &NamePattern) -> Vec<Word> {
    plain(format!(".{}", name.literal_tail()))
}

fn tail(name: &NamePattern) -> Vec<Word> {
    plain(name.literal_tail().to_owned())
}

/// `x` and `*.x` of `*x`
fn apex_and_below(name: &NamePattern) -> Vec<Word> {
    let rest = &name.as_str()[1..];
    vec![
        Word::Plain(rest.to_owned()),
        Word::Plain(format!("*.{rest}")),
    ]
}

fn with_slash(name: &NamePattern) -> Vec<Word> {
    plain(format!("{name}/"))
}

fn apex_and_below_with_slash(name: &NamePattern) -> Vec<Word> {
    let rest = &name.as_str()[1..];
    vec![
        Word::Plain(format!("{rest}/")),
        Word::Plain(format!("*.{rest}/")),
    ]
}

fn below_tail_with_slash(name: &NamePattern) -> Vec<Word> {
    plain(format!("*.{}/", name.literal_tail()))
}

const LABEL_ENDINGS: &str = "names in which the text is the end of a longer label are not held";
const ALL_BELOW: &str = "all names below the last labels that have no star";
const APEX_TOO: &str = "the name without a label before it comes in too";
const NO_WILDCARD: &str = "a wildcard, and this target knows whole names only";
const BELOW_TOO: &str = "all names below it come in too";

const FILTER: LooksAt = LooksAt {
    initiators: true,
    addresses: true,
    ports: true,
    paths: false,
    anywhere: true,
    tcp_only: false,
    tls_only: false,
    names_of_web: false,
};
const LIST: LooksAt = LooksAt {
    initiators: false,
    ports: false,
    anywhere: false,
    ..FILTER
};
const NAME_LIST: LooksAt = LooksAt {
    addresses: false,
    ..LIST
};

const RPZ: Forms = Forms {
    exact: PatternForm::Same(as_is),
    below: PatternForm::Same(as_is),
    ending: PatternForm::Either {
        narrower: (apex_and_below, LABEL_ENDINGS),
        wider: (below_tail, ALL_BELOW),
    },
    inner: PatternForm::Wider(below_tail, ALL_BELOW),
};

const SUFFIX_ONLY: Forms = Forms {
    exact: PatternForm::Same(as_is),
    below: PatternForm::Wider(dot_tail, APEX_TOO),
    ending: PatternForm::Wider(dot_tail, ALL_BELOW),
    inner: PatternForm::Wider(dot_tail, ALL_BELOW),
};

/// All targets, in the order in which help shows them.
pub(crate) static TARGETS: &[ExportTarget] = &[
    ExportTarget {
        name: "nftables",
        about: "nftables: a chain with interval sets, to jump to",
        looks_at: FILTER,
        names: NameAbility::ByAddress,
        comment: Some("#"),
        write: targets::nftables::write,
    },
    ExportTarget {
        name: "ipset",
        about: "ipset restore: the sets of the targets iptables and ip6tables",
        looks_at: FILTER,
        names: NameAbility::ByAddress,
        comment: Some("#"),
        write: targets::iptables::write_sets,
    },
    ExportTarget {
        name: "iptables",
        about: "iptables-restore: a chain that uses the sets of the target ipset, IPv4",
        looks_at: FILTER,
        names: NameAbility::ByAddress,
        comment: Some("#"),
        write: targets::iptables::write_v4,
    },
    ExportTarget {
        name: "ip6tables",
        about: "ip6tables-restore: as iptables, IPv6",
        looks_at: FILTER,
        names: NameAbility::ByAddress,
        comment: Some("#"),
        write: targets::iptables::write_v6,
    },
    ExportTarget {
        name: "pf",
        about: "pf: an anchor with tables",
        looks_at: FILTER,
        names: NameAbility::ByAddress,
        comment: Some("#"),
        write: targets::pf::write,
    },
    ExportTarget {
        name: "opnsense",
        about: "OPNsense: aliases for import, JSON; host aliases are resolved by the firewall itself",
        looks_at: LooksAt {
            ports: true,
            ..LIST
        },
        names: NameAbility::InWords(&Forms {
            exact: PatternForm::Same(as_is),
            below: PatternForm::Never(NO_WILDCARD),
            ending: PatternForm::Never(NO_WILDCARD),
            inner: PatternForm::Never(NO_WILDCARD),
        }),
        comment: None,
        write: targets::opnsense::write,
    },
    ExportTarget {
        name: "suricata",
        about: "Suricata: pass rules on tls.sni, http.host and addresses",
        looks_at: LooksAt {
            names_of_web: true,
            ..FILTER
        },
        names: NameAbility::InWords(&Forms::all(as_is, dot_suffix, suffix, matches)),
        comment: Some("#"),
        write: targets::suricata::write,
    },
    ExportTarget {
        name: "squid",
        about: "Squid: dstdomain, dstdom_regex, dst and port lists with http_access lines",
        looks_at: LooksAt {
            tcp_only: true,
            ..FILTER
        },
        names: NameAbility::InWords(&Forms::all(as_is, matches, matches, matches)),
        comment: Some("#"),
        write: targets::squid::write,
    },
    ExportTarget {
        name: "haproxy",
        about: "HAProxy: SNI lists of a frontend in TCP mode",
        looks_at: LooksAt {
            tcp_only: true,
            tls_only: true,
            addresses: false,
            anywhere: false,
            ..FILTER
        },
        names: NameAbility::InWords(&Forms::all(as_is, dot_suffix, suffix, matches)),
        comment: Some("#"),
        write: targets::haproxy::write,
    },
    ExportTarget {
        name: "unbound",
        about: "Unbound: allowed zones, all others refused; a zone always holds all below it, so most needs --widen (rpz does not)",
        looks_at: NAME_LIST,
        names: NameAbility::InWords(&Forms {
            exact: PatternForm::Wider(tail, BELOW_TOO),
            below: PatternForm::Wider(tail, APEX_TOO),
            ending: PatternForm::Wider(tail, ALL_BELOW),
            inner: PatternForm::Wider(tail, ALL_BELOW),
        }),
        comment: Some("#"),
        write: targets::unbound::write,
    },
    ExportTarget {
        name: "rpz",
        about: "response policy zone (BIND, Unbound, Knot, PowerDNS): passthru for what is listed, NXDOMAIN for the rest",
        looks_at: NAME_LIST,
        names: NameAbility::InWords(&RPZ),
        comment: Some(";"),
        write: targets::rpz::write,
    },
    ExportTarget {
        name: "paloalto-url",
        about: "Palo Alto Networks: external dynamic list of URLs",
        looks_at: NAME_LIST,
        names: NameAbility::InWords(&Forms {
            exact: PatternForm::Same(with_slash),
            below: PatternForm::Same(with_slash),
            ending: PatternForm::Either {
                narrower: (apex_and_below_with_slash, LABEL_ENDINGS),
                wider: (below_tail_with_slash, ALL_BELOW),
            },
            inner: PatternForm::Wider(below_tail_with_slash, ALL_BELOW),
        }),
        comment: None,
        write: targets::lists::write,
    },
    ExportTarget {
        name: "paloalto-ip",
        about: "Palo Alto Networks: external dynamic list of addresses; any plain list of networks",
        looks_at: LIST,
        names: NameAbility::ByAddress,
        comment: None,
        write: targets::lists::write,
    },
    ExportTarget {
        name: "fortigate",
        about: "FortiGate: addresses, services and policies, to paste into the command line",
        looks_at: FILTER,
        names: NameAbility::InWords(&Forms {
            exact: PatternForm::Same(as_is),
            below: PatternForm::Same(as_is),
            ending: PatternForm::Either {
                narrower: (apex_and_below, LABEL_ENDINGS),
                wider: (below_tail, ALL_BELOW),
            },
            inner: PatternForm::Wider(below_tail, ALL_BELOW),
        }),
        comment: Some("#"),
        write: targets::fortigate::write,
    },
    ExportTarget {
        name: "asa",
        about: "Cisco ASA: objects and an access list",
        looks_at: FILTER,
        names: NameAbility::InWords(&Forms {
            exact: PatternForm::Same(as_is),
            below: PatternForm::Never(NO_WILDCARD),
            ending: PatternForm::Never(NO_WILDCARD),
            inner: PatternForm::Never(NO_WILDCARD),
        }),
        comment: Some("!"),
        write: targets::asa::write,
    },
    ExportTarget {
        name: "aws",
        about: "AWS Network Firewall: a stateful rule group, JSON, with the pass rules of the target suricata",
        looks_at: LooksAt {
            names_of_web: true,
            ..FILTER
        },
        names: NameAbility::InWords(&Forms::all(as_is, dot_suffix, suffix, matches)),
        comment: None,
        write: targets::aws::write_rules,
    },
    ExportTarget {
        name: "aws-domains",
        about: "AWS Network Firewall: a domain list rule group, JSON",
        looks_at: LooksAt {
            tcp_only: true,
            ..NAME_LIST
        },
        names: NameAbility::InWords(&SUFFIX_ONLY),
        comment: None,
        write: targets::aws::write_domains,
    },
    ExportTarget {
        name: "azure",
        about: "Azure Firewall: a rule collection group, JSON; wildcards over HTTP and HTTPS only",
        looks_at: FILTER,
        names: NameAbility::InWords(&Forms {
            exact: PatternForm::Same(as_is),
            below: PatternForm::Same(as_is),
            ending: PatternForm::Same(as_is),
            inner: PatternForm::Wider(below_tail, ALL_BELOW),
        }),
        comment: None,
        write: targets::azure::write,
    },
    ExportTarget {
        name: "cilium",
        about: "Cilium: a network policy for egress, YAML; a star there is one label",
        looks_at: LooksAt {
            initiators: false,
            ..FILTER
        },
        names: NameAbility::InWords(&Forms {
            exact: PatternForm::Same(as_is),
            below: PatternForm::Narrower(
                as_is,
                "a star stands for one label there; names with more labels are not held",
            ),
            ending: PatternForm::Narrower(
                as_is,
                "a star does not span dots there; names with more labels are not held",
            ),
            inner: PatternForm::Never("a star in the middle of a name"),
        }),
        comment: Some("#"),
        write: targets::cilium::write,
    },
    ExportTarget {
        name: "csv",
        about: "a table of all of it, for spreadsheets",
        looks_at: LooksAt {
            paths: true,
            ..FILTER
        },
        names: NameAbility::InWords(&Forms::all(as_is, as_is, as_is, as_is)),
        comment: None,
        write: targets::tables::write_csv,
    },
    ExportTarget {
        name: "json",
        about: "all of it, for programs",
        looks_at: LooksAt {
            paths: true,
            ..FILTER
        },
        names: NameAbility::InWords(&Forms::all(as_is, as_is, as_is, as_is)),
        comment: None,
        write: targets::tables::write_json,
    },
];

/// The target of a name.
#[must_use]
pub(crate) fn target(name: &str) -> Option<&'static ExportTarget> {
    TARGETS.iter().find(|target| target.name == name)
}
