//! The checked requirement and what it is made of.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::civil::Date;

use super::{Condition, NamePattern, NameTemplate};
use crate::model::{CaptureTime, Fqdn, PortSet, Transport};

macro_rules! index {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The place as an index newtype.
            #[must_use]
            pub const fn new(index: u32) -> Self {
                Self(index)
            }

            /// The place in its list.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// From a place in a list; lists are bounded well below 2^32 by the check.
            pub(super) fn at(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }
        }
    };
}

index!(
    /// A requirement's place in [`super::Library::requirements`].
    RequirementIndex
);
index!(
    /// A document's place in [`super::Library::documents`].
    DocumentIndex
);
index!(
    /// A role's place in [`super::Library::roles`].
    RoleIndex
);
index!(
    /// A feature's place in [`super::Library::features`].
    FeatureIndex
);
index!(
    /// A group's place in [`super::Library::groups`].
    GroupIndex
);

/// Whether a page calls a row required.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Need {
    /// It is.
    #[default]
    Required,
    /// Never "required but not seen".
    Optional,
    /// Required while its condition holds.
    Conditional,
}

/// What of the rows counts that a requirement refers to.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RefersAs {
    /// The rows as they stand: each with its own source, document, region, dates and conditions.
    #[default]
    Rows,
    /// Their destinations, ports and switches only, for the sources of the row that refers to them; whether their document
    /// is in force and for which region it counts does not matter.
    Destinations,
}

/// Which way a flow goes, as seen from the site. Informational: who opened a flow is told by packets.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Direction {
    /// From the site to the outside.
    #[default]
    Outbound,
    /// From the outside to the site.
    Inbound,
    /// Between hosts of the site.
    Internal,
    /// Within one host.
    Local,
}

/// Who may open a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Anybody.
    Any,
    /// A host in a role, or in one that inherits from it.
    Role(RoleIndex),
    /// An address of a network.
    Network(IpNet),
}

/// What a flow may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// A name or wildcard.
    Name(NamePattern),
    /// Names over regions.
    Template(NameTemplate),
    /// An address or a network.
    Network(IpNet),
    /// A host in a role, bound by the site or by other rows.
    Role(RoleIndex),
    /// Anything.
    Any,
    /// The host itself; traffic between two hosts is not covered.
    Localhost,
}

/// One destination of a requirement.
#[derive(Clone, Debug)]
pub struct Destination {
    /// What it is.
    pub target: Target,
    /// Path prefix, starting with a slash; a prefix ends at a segment's border.
    pub path: Option<String>,
    /// Query string.
    pub query: Option<String>,
    /// A third party's host: a hit is weak evidence of the service.
    pub shared_host: bool,
    /// A fact about it.
    pub note: Option<String>,
    /// Why the entry is doubted.
    pub doubtful: Option<String>,
    /// As the page prints it, where that differs.
    pub printed: Option<String>,
    /// What a doubtful entry is probably meant to be.
    pub twin: Option<Fqdn>,
    /// Whether its absence means something, in a row that is expanded.
    pub must_see: bool,
}

/// Days on which a requirement is valid, both included, in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub until: Option<Date>,
}

impl Validity {
    /// Nanoseconds since the epoch of the first moment that is valid and of the last one.
    pub(super) fn bounds(&self) -> (CaptureTime, CaptureTime) {
        let nanos = |day: Date| {
            let start = day
                .to_zoned(jiff::tz::TimeZone::UTC)
                .ok()?
                .timestamp()
                .as_nanosecond();
            i64::try_from(start).ok()
        };
        let first = self
            .from
            .and_then(nanos)
            .map_or(CaptureTime::MIN, CaptureTime::from_nanos);
        let next = self.until.and_then(|d| d.tomorrow().ok()).and_then(nanos);
        (
            first,
            next.map_or(CaptureTime::MAX, |n| CaptureTime::from_nanos(n - 1)),
        )
    }
}

/// Where on a page a requirement rests.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Cite {
    /// The table or heading.
    pub table: String,
    /// The row.
    pub row: String,
    /// First line in the text copy of the page, counted from 1.
    pub line: Option<u32>,
}

/// One row of a vendor page, checked.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// `document/id`, unique over all documents.
    pub id: String,
    /// `document/id` of the row that was expanded into this; the same as [`Self::id`] where none was.
    pub row_id: String,
    /// Its document.
    pub document: DocumentIndex,
    /// What the flow is for.
    pub service: String,
    /// Who may open it; any of them.
    pub from: Vec<Source>,
    /// Whether the page states the source.
    pub from_stated: bool,
    /// Where to; any of them.
    pub to: Vec<Destination>,
    /// Destination ports; empty = not stated.
    pub ports: PortSet,
    /// The ports follow from the protocol's name only.
    pub ports_implied: bool,
    /// Transports; empty = not stated.
    pub transport: Vec<Transport>,
    /// Application protocols, all of them supported.
    pub app: Vec<String>,
    /// Which way.
    pub direction: Direction,
    /// Places in the document's regions; empty = all.
    pub region: Vec<usize>,
    /// Whether the page calls it required.
    pub need: Need,
    /// What must hold, all of it, besides the document's own conditions.
    pub when: Vec<Condition>,
    /// Groups that it is in, with its alternative.
    pub any_of: Vec<(GroupIndex, String)>,
    /// Its destinations are a pool: none must individually be seen.
    pub pool: bool,
    /// When it is valid.
    pub valid: Validity,
    /// Requirements whose destinations are its own too, ascending; ports are theirs where it states none.
    pub refers_to: Vec<RequirementIndex>,
    /// What of them counts.
    pub refers_as: RefersAs,
    /// A negative fact: traffic like this is a finding. With the destination `localhost`: such traffic between two
    /// different hosts is.
    pub deny: bool,
    /// Whether its absence may be reported.
    pub must_see: bool,
    /// The site may move its port.
    pub configurable_port: bool,
    /// The copy of the page has lost this row's names.
    pub lost: bool,
    /// Names from a sibling page fill the row.
    pub join: bool,
    /// Its destinations are forward proxies: what is inside their CONNECT needs no row of its own.
    pub forward_proxy: bool,
    /// Its ports are an example; those of the site's proxies count.
    pub example_port: bool,
    /// Of a row to localhost: the role that it is about.
    pub on: Option<RoleIndex>,
    /// A fact of the rule file's author.
    pub hint: Option<String>,
    /// Where on the page.
    pub cite: Cite,
}

/// A path as far as it was seen, against a destination's path and query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathFit {
    Fits,
    Differs,
    NotObservable,
}

impl Destination {
    /// A destination without path, note or doubt.
    pub(super) fn plain(target: Target) -> Self {
        Self {
            target,
            path: None,
            query: None,
            shared_host: false,
            note: None,
            doubtful: None,
            printed: None,
            twin: None,
            must_see: true,
        }
    }

    /// `seen` starts with a slash and may have a query after `?`.
    pub(super) fn fits_path(&self, seen: Option<&str>) -> PathFit {
        if self.path.as_deref().is_none_or(|p| p == "/") && self.query.is_none() {
            return PathFit::Fits;
        }
        let Some(seen) = seen else {
            return PathFit::NotObservable;
        };
        let (path, query) = seen
            .split_once('?')
            .map_or((seen, None), |(p, q)| (p, Some(q)));
        let prefix = self.path.as_deref().unwrap_or("/").trim_end_matches('/');
        let path_fits = path
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let query_fits = self.query.as_deref().is_none_or(|wanted| {
            query.is_some_and(|q| {
                q.split('&').any(|part| part.eq_ignore_ascii_case(wanted)) || q == wanted
            })
        });
        if path_fits && query_fits {
            PathFit::Fits
        } else {
            PathFit::Differs
        }
    }
}

/// An address in the form in which addresses are compared: IPv4-mapped IPv6 as IPv4.
pub(super) fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.until) {
            (Some(from), Some(until)) => write!(f, "{from} to {until}"),
            (Some(from), None) => write!(f, "from {from}"),
            (None, Some(until)) => write!(f, "until {until}"),
            (None, None) => f.write_str("always"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(path: &str, query: Option<&str>) -> Destination {
        Destination {
            path: Some(path.into()),
            query: query.map(Into::into),
            ..Destination::plain(Target::Any)
        }
    }

    #[test]
    fn paths_fit_at_segment_borders() {
        use PathFit::{Differs, Fits, NotObservable};
        let table = [
            (with("/api", None), Some("/api"), Fits),
            (with("/api", None), Some("/api/v1?x=1"), Fits),
            (with("/api/", None), Some("/api"), Fits),
            (with("/api", None), Some("/apiary"), Differs),
            (with("/api", None), None, NotObservable),
            (with("/", None), None, Fits),
            (
                with("/webservice/Manager", Some("WSDL")),
                Some("/webservice/Manager?WSDL"),
                Fits,
            ),
            (
                with("/webservice/Manager", Some("WSDL")),
                Some("/webservice/Manager?wsdl&a=b"),
                Fits,
            ),
            (
                with("/webservice/Manager", Some("WSDL")),
                Some("/webservice/Manager"),
                Differs,
            ),
        ];
        for (destination, seen, fit) in table {
            assert_eq!(destination.fits_path(seen), fit, "{destination:?} {seen:?}");
        }
    }

    #[test]
    fn validity_takes_both_days_whole() {
        let day = |y, m, d| Some(jiff::civil::date(y, m, d));
        let (first, last) = Validity {
            from: day(2020, 1, 1),
            until: day(2022, 12, 31),
        }
        .bounds();
        assert_eq!(first.to_string(), "2020-01-01T00:00:00.000000000Z");
        assert_eq!(last.to_string(), "2022-12-31T23:59:59.999999999Z");
        assert_eq!(
            Validity::default().bounds(),
            (CaptureTime::MIN, CaptureTime::MAX)
        );
    }
}
