//! A requirement as `rules list` prints it: one JSON object with fixed fields.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Destination, Direction, Library, Need, Requirement, Source, Target};

/// A requirement, ready to be written. Field names and order are fixed.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ListedRequirement<'a> {
    /// `document/id`
    pub id: &'a str,
    /// The document's id.
    pub document: &'a str,
    /// What the flow is for.
    pub service: &'a str,
    /// Who may open it.
    pub from: Vec<Party<'a>>,
    /// Where to.
    pub to: Vec<Party<'a>>,
    /// Ports as text, ranges as `a-b`; empty = not stated by the page.
    pub ports: Vec<String>,
    /// The ports follow from the protocol's name only.
    pub ports_implied: bool,
    /// Transports; empty = not stated.
    pub transport: Vec<String>,
    /// Application protocols.
    pub app: &'a [String],
    /// Which way.
    pub direction: Direction,
    /// Regions, or `all`.
    pub region: Vec<&'a str>,
    /// Whether the page calls it required.
    pub need: Need,
    /// Conditions as text, the document's first.
    pub when: Vec<String>,
    /// `document/group/alternative` of each group.
    pub any_of: Vec<String>,
    /// First and last day.
    pub valid: Days,
    /// Where on which page.
    pub cite: ListedCite<'a>,
    /// A negative fact.
    pub deny: bool,
    /// Whether its absence may be reported.
    pub must_see: bool,
    /// Its destinations are a pool.
    pub pool: bool,
    /// The copy of the page has lost this row's names.
    pub lost: bool,
    /// Names from a sibling page fill the row.
    pub join: bool,
    /// A third party's hosts.
    pub shared_host: bool,
    /// Doubts about destinations.
    pub doubtful: Vec<&'a str>,
}

/// A source or destination.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Party<'a> {
    /// `fqdn`, `wildcard`, `ip`, `cidr`, `role`, `any` or `localhost`; a template is a wildcard.
    pub kind: &'static str,
    /// Its text; empty for `any` and `localhost`.
    pub value: String,
    /// Path with query; never there for a source.
    #[serde(skip_serializing_if = "Skip::skip")]
    pub path: Option<Path<'a>>,
}

/// A path: `null` in JSON where a destination has none, left out for sources.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Path<'a> {
    /// None stated.
    None(()),
    /// As stated.
    Text(&'a str),
    /// With its query.
    WithQuery(String),
}

trait Skip {
    fn skip(&self) -> bool;
}

impl Skip for Option<Path<'_>> {
    fn skip(&self) -> bool {
        self.is_none()
    }
}

/// Days as `YYYY-MM-DD`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Days {
    /// First.
    pub from: Option<String>,
    /// Last.
    pub until: Option<String>,
}

/// Where a requirement rests.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ListedCite<'a> {
    /// The document's id.
    pub document: &'a str,
    /// How a person finds the page.
    pub page: &'a str,
    /// Table or heading.
    pub table: &'a str,
    /// Row.
    pub row: &'a str,
    /// Line of the text copy, from 1.
    pub line: Option<u32>,
}

impl Requirement {
    /// The requirement as `rules list` prints it; `library` is the one that it is from.
    #[must_use]
    pub fn listed<'a>(&'a self, library: &'a Library) -> ListedRequirement<'a> {
        let document = library.document(self.document);
        let regions = document.map_or(&[][..], |d| &d.regions);
        let conditions = document
            .map_or(&[][..], |d| &d.when)
            .iter()
            .chain(&self.when);
        let named: Vec<&str> = self
            .region
            .iter()
            .filter_map(|r| regions.get(*r))
            .map(|r| r.name.as_str())
            .collect();
        let id = document.map_or("", |d| &d.id);
        let group = |(group, alternative): &(super::GroupIndex, String)| {
            library
                .groups
                .get(group.index())
                .map(|g| format!("{}/{alternative}", g.id))
        };
        ListedRequirement {
            id: &self.id,
            document: id,
            service: &self.service,
            from: self.from.iter().map(|s| source(s, library)).collect(),
            to: self.to.iter().map(|d| destination(d, library)).collect(),
            ports: self.ports.ranges().iter().map(range).collect(),
            ports_implied: self.ports_implied,
            transport: self.transport.iter().map(ToString::to_string).collect(),
            app: &self.app,
            direction: self.direction,
            region: if named.is_empty() { vec!["all"] } else { named },
            need: self.need,
            when: conditions.map(ToString::to_string).collect(),
            any_of: self.any_of.iter().filter_map(group).collect(),
            valid: Days {
                from: self.valid.from.map(|d| d.to_string()),
                until: self.valid.until.map(|d| d.to_string()),
            },
            cite: ListedCite {
                document: id,
                page: document.map_or("", |d| &d.page),
                table: &self.cite.table,
                row: &self.cite.row,
                line: self.cite.line,
            },
            deny: self.deny,
            must_see: self.must_see,
            pool: self.pool,
            lost: self.lost,
            join: self.join,
            shared_host: !self.to.is_empty() && self.to.iter().all(|d| d.shared_host),
            doubtful: self
                .to
                .iter()
                .filter_map(|d| d.doubtful.as_deref())
                .collect(),
        }
    }
}

fn range((first, last): &(u16, u16)) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    }
}

/// Ports as a list in a rule file has them, without its brackets: `443, "5000-5010"`.
pub(crate) fn ports_in_toml<'p>(ports: impl IntoIterator<Item = &'p (u16, u16)>) -> String {
    let one = |ports: &(u16, u16)| match ports.0 == ports.1 {
        true => range(ports),
        false => format!("\"{}\"", range(ports)),
    };
    ports.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn source<'a>(source: &Source, library: &Library) -> Party<'a> {
    let (kind, value) = match source {
        Source::Any => ("any", String::new()),
        Source::Role(role) => ("role", library.role_name(*role).to_owned()),
        Source::Network(network) => address(network),
    };
    Party {
        kind,
        value,
        path: None,
    }
}

fn destination<'a>(destination: &'a Destination, library: &Library) -> Party<'a> {
    let (kind, value) = match &destination.target {
        Target::Name(name) if name.kind() == super::PatternKind::Exact => {
            ("fqdn", name.to_string())
        }
        Target::Name(name) => ("wildcard", name.to_string()),
        Target::Template(template) => ("wildcard", template.as_str().to_owned()),
        Target::Network(network) => address(network),
        Target::Role(role) => ("role", library.role_name(*role).to_owned()),
        Target::Any => ("any", String::new()),
        Target::Localhost => ("localhost", String::new()),
    };
    let path = match (&destination.path, &destination.query) {
        (None, None) => Path::None(()),
        (Some(path), None) => Path::Text(path),
        (path, Some(query)) => {
            Path::WithQuery(format!("{}?{query}", path.as_deref().unwrap_or("/")))
        }
    };
    Party {
        kind,
        value,
        path: Some(path),
    }
}

fn address(network: &ipnet::IpNet) -> (&'static str, String) {
    if network.prefix_len() == network.max_prefix_len() {
        ("ip", network.addr().to_string())
    } else {
        ("cidr", network.to_string())
    }
}
