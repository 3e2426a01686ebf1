//! Entries against what a target can say: said as it is, in part, wider, or not at all; never in silence.

use std::collections::BTreeSet;
use std::io::Write;

use ipnet::IpNet;

use super::target::{ExportTarget, LooksAt, NameAbility, PatternForm, Word};
use super::{Addresses, Entry, Table, Wishes};
use crate::model::Transport;
use crate::report::text::cell;
use crate::rules::{Aim, Direction, NamePattern, PatternKind};

/// How much of an entry an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    /// Nothing.
    NotSaid,
    /// Less than the requirement has.
    Narrower,
    /// More than the requirement has, as was wished.
    Wider,
    /// All of it, and whatever differs in something that the target does not see.
    Unseen,
    /// Nothing is to be let through for it: a remark, a negative row, what stays within a host.
    NoTraffic,
    /// The requirement does not count at this site.
    NotInForce,
}

impl Extent {
    /// The word for it.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotSaid => "not-said",
            Self::Narrower => "narrower",
            Self::Wider => "wider",
            Self::Unseen => "not-looked-at",
            Self::NoTraffic => "no-traffic",
            Self::NotInForce => "not-in-force",
        }
    }
}

/// Something that an export does not hold as the requirement has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rest {
    /// `document/id`, several joined by a blank.
    pub(crate) requirements: String,
    /// The destination; empty where the whole row is meant.
    pub(crate) to: String,
    /// How much is said.
    pub(crate) extent: Extent,
    /// Why.
    pub(crate) why: String,
}

impl Rest {
    pub(super) fn row(id: &str, extent: Extent, why: &str) -> Self {
        Self {
            requirements: id.to_owned(),
            to: String::new(),
            extent,
            why: why.to_owned(),
        }
    }

    pub(super) fn entry(entry: &Entry, extent: Extent, why: &str) -> Self {
        Self {
            requirements: entry.requirements.join(" "),
            to: entry.flow(),
            extent,
            why: why.to_owned(),
        }
    }
}

/// Writes the rest as CSV (RFC 4180): requirement, destination, extent, why.
///
/// # Errors
/// Those of the writer.
pub(crate) fn rest_csv(rest: &[Rest], out: impl Write) -> Result<(), csv::Error> {
    let mut table = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    table.write_record(["requirement", "to", "extent", "why"])?;
    for row in rest {
        let cells = [&row.requirements, &row.to, row.extent.as_str(), &row.why];
        table.write_record(cells.map(|text| cell(text).into_owned()))?;
    }
    Ok(table.flush()?)
}

/// An entry as the target says it.
#[derive(Clone, Debug)]
pub(super) struct SaidEntry<'t> {
    pub(super) entry: &'t Entry,
    pub(super) to: To,
}

/// A destination in a target's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// Names, one of which fits.
    Words(Vec<Word>),
    /// Networks, one of which fits.
    Networks(Vec<IpNet>),
    /// Anywhere.
    Anywhere,
}

/// What of a table a target can say, in the table's order, and the rest.
pub(super) fn say<'t>(
    table: &'t Table,
    target: &ExportTarget,
    wishes: &Wishes,
) -> (Vec<SaidEntry<'t>>, Vec<Rest>) {
    let (mut said, mut rest) = (Vec::new(), table.rest.clone());
    for entry in &table.entries {
        if let Some(why) = unspeakable(entry, &target.looks_at) {
            rest.push(Rest::entry(entry, Extent::NotSaid, why));
            continue;
        }
        let spoken = match &entry.aim {
            Aim::Name(name) => by_name(name, target, wishes),
            Aim::Network(network) => Spoken::same(To::Networks(vec![*network])),
            Aim::Anywhere | Aim::Unbound(_) => Spoken::same(To::Anywhere),
        };
        if let Some((extent, why)) = &spoken.remark {
            rest.push(Rest::entry(entry, *extent, why));
        }
        let Some(to) = spoken.to else { continue };
        let also = entry
            .transports
            .iter()
            .any(|transport| *transport != Transport::Tcp);
        if target.looks_at.tcp_only && also {
            rest.push(Rest::entry(entry, Extent::Narrower, "over TCP only"));
        }
        if entry.path.is_some() && !target.looks_at.paths {
            rest.push(Rest::entry(
                entry,
                Extent::Unseen,
                "the path; the whole host is let through",
            ));
        }
        said.push(SaidEntry { entry, to });
    }
    (said, rest)
}

/// Why a target has no words for an entry, whatever its name.
fn unspeakable(entry: &Entry, looks_at: &LooksAt) -> Option<&'static str> {
    if !looks_at.initiators && entry.direction == Direction::Inbound {
        return Some(
            "opened from outside; this target lists destinations of the site's own traffic",
        );
    }
    let tcp = entry.transports.is_empty() || entry.transports.contains(&Transport::Tcp);
    if looks_at.tcp_only && !tcp {
        return Some("not over TCP, which is all that this target passes on");
    }
    if looks_at.tls_only && !may_be_tls(entry) {
        return Some("not over TLS, and this target looks at the name in the TLS handshake");
    }
    if looks_at.names_of_web && matches!(entry.aim, Aim::Name(_)) && !(tcp && may_be_web(entry)) {
        return Some("a name over neither TLS nor HTTP, where this target sees no names");
    }
    match entry.aim {
        Aim::Network(_) if !looks_at.addresses => Some("an address; this target lists names"),
        Aim::Anywhere if !looks_at.anywhere => Some("goes anywhere, which no list holds"),
        _ => None,
    }
}

/// What has no TLS around it, HTTP aside.
const NO_TLS: [&str; 5] = ["dns", "ntp", "syslog", "ssh", "smtp"];

/// Whether TLS may run there: the page says so, or says nothing and the port is not that of clear HTTP alone.
fn may_be_tls(entry: &Entry) -> bool {
    let in_clear = |app: &String| app == "http" || NO_TLS.contains(&app.as_str());
    match entry.apps.is_empty() {
        true => entry.ports.ranges() != [(80, 80)],
        false => !entry.apps.iter().all(in_clear),
    }
}

/// Whether TLS or HTTP may run there.
fn may_be_web(entry: &Entry) -> bool {
    entry.apps.is_empty() || !entry.apps.iter().all(|app| NO_TLS.contains(&app.as_str()))
}

struct Spoken {
    to: Option<To>,
    remark: Option<(Extent, String)>,
}

impl Spoken {
    fn same(to: To) -> Self {
        Self {
            to: Some(to),
            remark: None,
        }
    }
}

fn by_name(name: &NamePattern, target: &ExportTarget, wishes: &Wishes) -> Spoken {
    let forms = match &target.names {
        NameAbility::ByAddress => return by_address(name, &wishes.addresses),
        NameAbility::InWords(forms) => forms,
    };
    let form = match name.kind() {
        PatternKind::Exact => &forms.exact,
        PatternKind::SubdomainsOf => &forms.below,
        PatternKind::EndingWith => &forms.ending,
        PatternKind::Labels => &forms.inner,
    };
    in_form(name, form, wishes)
}

fn in_form(name: &NamePattern, form: &PatternForm, wishes: &Wishes) -> Spoken {
    let words = |say: &fn(&NamePattern) -> Vec<Word>| Some(To::Words(say(name)));
    match form {
        PatternForm::Same(say) => Spoken {
            to: words(say),
            remark: None,
        },
        PatternForm::Narrower(say, why) => Spoken {
            to: words(say),
            remark: Some((Extent::Narrower, (*why).to_owned())),
        },
        PatternForm::Wider(say, why)
        | PatternForm::Either {
            wider: (say, why), ..
        } if wishes.widen => match name.literal_tail().contains('.') {
            true => Spoken {
                to: words(say),
                remark: Some((Extent::Wider, (*why).to_owned())),
            },
            false => not_said("what would say it holds a whole top-level domain"),
        },
        PatternForm::Wider(_, why) => not_said(&format!(
            "could only be said wider ({why}), which --widen does"
        )),
        PatternForm::Either {
            narrower: (say, why),
            ..
        } => Spoken {
            to: words(say),
            remark: Some((Extent::Narrower, (*why).to_owned())),
        },
        PatternForm::Never(why) => not_said(why),
    }
}

fn not_said(why: &str) -> Spoken {
    Spoken {
        to: None,
        remark: Some((Extent::NotSaid, why.to_owned())),
    }
}

/// The addresses that a name had; those of all known names under a wildcard, which may be fewer than there are.
fn by_address(name: &NamePattern, known: &Addresses) -> Spoken {
    let of: Vec<_> = match name.kind() {
        PatternKind::Exact => known.get_key_value(name.as_str()).into_iter().collect(),
        _ => known
            .iter()
            .filter(|(known, _)| name.matches(known))
            .collect(),
    };
    let addresses: BTreeSet<IpNet> = of
        .iter()
        .flat_map(|(_, addresses)| *addresses)
        .map(|ip| IpNet::from(*ip))
        .collect();
    if addresses.is_empty() {
        return not_said("no address is known for it; --dns-seed tells addresses");
    }
    let narrower = (name.kind() != PatternKind::Exact).then(|| {
        let names: Vec<&str> = of.iter().map(|(name, _)| name.as_str()).collect();
        let more = names.len().saturating_sub(4);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let first: Vec<&str> = names.into_iter().take(4).collect();
        (
            Extent::Narrower,
            format!("only the addresses of {}{more}", first.join(", ")),
        )
    });
    Spoken {
        to: Some(To::Networks(addresses.into_iter().collect())),
        remark: narrower,
    }
}
