//! Requirements one by one: written to checked, references still as text.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::code;
use super::super::problem::did_you_mean;
use super::super::syntax::{
    CiteText, FromTable, OneOrMany, Placed, RequirementText, TextOr, ToTable,
};
use super::super::{
    Cite, Destination, DocumentIndex, GroupIndex, Region, Requirement, RoleIndex, Source, Target,
};
use super::{Values, values};
use crate::model::Fqdn;

/// Application protocols that rules may name.
const APPS: &[&str] = &[
    "https",
    "http",
    "dns",
    "ntp",
    "syslog",
    "syslog-tls",
    "ldap",
    "starttls",
    "ldaps",
    "tls",
    "quic",
    "dtls",
    "smtp",
    "ssh",
    "icmp",
];

/// A reference as written.
#[derive(Clone, Debug)]
pub(super) enum ReferenceText {
    Word(String),
    RequirementsOf(RoleIndex),
}

/// A requirement whose references are not resolved yet.
pub(super) struct DraftRequirement {
    pub(super) requirement: Requirement,
    pub(super) references: Vec<(ReferenceText, Range<usize>)>,
    pub(super) id_span: Range<usize>,
    /// Places of the destinations, as many as the requirement has.
    pub(super) to_spans: Vec<Range<usize>>,
}

/// What a requirement needs to know of its file.
pub(super) struct Surroundings<'a> {
    pub(super) document: DocumentIndex,
    pub(super) document_id: &'a str,
    pub(super) regions: &'a [Region],
    /// Ids of the document's groups without the document, and their places.
    pub(super) groups: &'a BTreeMap<String, GroupIndex>,
}

/// Checks a row; `expand` gives one requirement for each destination.
pub(super) fn requirement(
    text: &RequirementText,
    around: &Surroundings<'_>,
    values: &mut Values<'_>,
) -> Vec<DraftRequirement> {
    values.id(&text.id, false);
    let (to, to_spans) = destinations(text, values);
    destinations_agree(text, &to, values);
    let references = references(text, values);
    let id = format!("{}/{}", around.document_id, text.id.value);
    let requirement = Requirement {
        id: id.clone(),
        row_id: id,
        document: around.document,
        service: text.service.clone(),
        from: sources(&text.from, values),
        from_stated: text.from_stated,
        to: Vec::new(),
        ports: values.ports(&text.ports),
        ports_implied: text.ports_implied,
        transport: values::transports(&text.transport),
        app: apps(&text.app, values),
        direction: text.direction,
        region: super::declarations::region_places(&text.region, around.regions, values),
        need: text.need,
        when: values.conditions(&text.when),
        any_of: groups(text, around, values),
        pool: text.pool,
        valid: values.validity(&text.valid),
        refers_to: Vec::new(),
        refers_as: text.refers_as,
        deny: text.deny,
        must_see: text.must_see,
        configurable_port: text.configurable_port,
        lost: text.lost,
        join: text.join,
        forward_proxy: text.forward_proxy,
        example_port: text.example_port,
        on: text.on.as_ref().and_then(|on| values.role(on, &on.span)),
        hint: text.hint.clone(),
        cite: cite(&text.cite),
    };
    let draft = DraftRequirement {
        requirement,
        references,
        id_span: text.id.span.clone(),
        to_spans,
    };
    if text.expand {
        return expand(draft, to);
    }
    let requirement = Requirement {
        to,
        ..draft.requirement
    };
    vec![DraftRequirement {
        requirement,
        ..draft
    }]
}

/// The destinations of a row that could be read, with their places.
fn destinations(
    text: &RequirementText,
    values: &mut Values<'_>,
) -> (Vec<Destination>, Vec<Range<usize>>) {
    let entries = text.to.entries(&text.to.span);
    let read = entries.filter_map(|(entry, span)| {
        let mut destination = destination(entry, &span, values)?;
        destination.shared_host |= text.shared_host;
        Some((destination, span))
    });
    read.unzip()
}

fn cite(text: &CiteText) -> Cite {
    Cite {
        table: text.table.clone(),
        row: text.row.clone(),
        line: text.line,
    }
}

/// Says where a row contradicts its destinations.
fn destinations_agree(text: &RequirementText, to: &[Destination], values: &mut Values<'_>) {
    if !text.expand && to.iter().any(|destination| !destination.must_see) {
        let message = format!(
            "`{}` takes its destinations as one need: only with `expand` may one of them be absent by itself",
            text.id.value
        );
        let hint = "put `expand = true`, or `must-see = false` on the row".to_owned();
        values.error(code::CONTRADICTION, &text.to.span, message, hint);
    }
    if let Some(on) = text
        .on
        .as_ref()
        .filter(|_| to.iter().any(|d| d.target != Target::Localhost))
    {
        let message = "`on` belongs to rows to `localhost` only";
        let hint = "write `to = [\"role:NAME\"]` for hosts in a role".to_owned();
        values.error(code::CONTRADICTION, &on.span, message, hint);
    }
    // A remark of the page, and a row whose names are lost, have no destination, and nobody may miss them.
    let goes_nowhere = text.to.is_empty() && text.refers_to.is_empty();
    if goes_nowhere && !text.lost && text.must_see {
        let message = format!(
            "`{}` goes nowhere: it has neither `to` nor `refers-to`",
            text.id.value
        );
        let hint = "a remark has `must-see = false`, a row whose names are lost has `lost = true`"
            .to_owned();
        values.error(code::NO_DESTINATION, &text.id.span, message, hint);
    }
}

/// One requirement for each destination; the ids end in the place, counted from 1, in two digits or as many as needed.
fn expand(draft: DraftRequirement, to: Vec<Destination>) -> Vec<DraftRequirement> {
    let width = to.len().to_string().len().max(2);
    let spans = draft.to_spans.clone();
    to.into_iter()
        .zip(spans)
        .enumerate()
        .map(|(at, (destination, span))| {
            let id = format!("{}-{:0width$}", draft.requirement.row_id, at + 1);
            DraftRequirement {
                requirement: Requirement {
                    id,
                    must_see: draft.requirement.must_see && destination.must_see,
                    to: vec![destination],
                    ..draft.requirement.clone()
                },
                references: draft.references.clone(),
                id_span: draft.id_span.clone(),
                to_spans: vec![span],
            }
        })
        .collect()
}

fn destination(
    entry: &TextOr<ToTable>,
    span: &Range<usize>,
    values: &mut Values<'_>,
) -> Option<Destination> {
    let table = match entry {
        TextOr::Text(text) => return target(text, span, values).map(Destination::plain),
        TextOr::Table(table) => table,
    };
    let target = target(&table.host, &table.host.span, values);
    let path = table.path.as_ref().filter(|path| {
        let good = path.starts_with('/') && !path.contains(['?', '#', ' ']);
        if !good {
            let hint = "a path starts with `/`; a query goes under `query`".to_owned();
            values.error(
                code::BAD_PATH,
                &path.span,
                format!("`{}` is no path", path.value),
                hint,
            );
        }
        good
    });
    if let Some(why) = &table.doubtful {
        values.warning(
            code::DOUBTFUL_DESTINATION,
            &table.host.span,
            format!("`{}` is doubtful: {why}", table.host.value),
            None,
        );
    }
    Some(Destination {
        target: target?,
        path: path.map(|p| p.value.clone()),
        query: table
            .query
            .as_ref()
            .map(|q| q.trim_start_matches('?').to_owned()),
        shared_host: table.shared_host,
        note: table.note.clone(),
        doubtful: table.doubtful.clone(),
        printed: table.printed.clone(),
        twin: table.twin.as_ref().and_then(|twin| {
            let Some(Target::Name(name)) = values.host(twin, &twin.span) else {
                return None;
            };
            Fqdn::parse(name.as_str()).ok()
        }),
        must_see: table.must_see,
    })
}

fn target(text: &str, span: &Range<usize>, values: &mut Values<'_>) -> Option<Target> {
    match (text, text.strip_prefix("role:")) {
        ("any", _) => Some(Target::Any),
        ("localhost", _) => Some(Target::Localhost),
        (_, Some(role)) => values.role(role, span).map(Target::Role),
        _ => values.host(text, span),
    }
}

fn sources(from: &Placed<OneOrMany<TextOr<FromTable>>>, values: &mut Values<'_>) -> Vec<Source> {
    let mut out = Vec::new();
    for (entry, span) in from.entries(&from.span) {
        match entry {
            TextOr::Text(text) if text == "any" => out.push(Source::Any),
            TextOr::Text(text) => {
                let role = text.strip_prefix("role:").unwrap_or(text);
                out.extend(values.role(role, &span).map(Source::Role));
            }
            TextOr::Table(table) => {
                let FromTable { cidr, ip, role } = &**table;
                for network in [cidr, ip].into_iter().flatten() {
                    out.extend(values.network(network, &network.span).map(Source::Network));
                }
                if let Some(role) = role {
                    out.extend(values.role(role, &role.span).map(Source::Role));
                }
                if cidr.is_none() && ip.is_none() && role.is_none() {
                    values.error(
                        code::MISSING_KEY,
                        &span,
                        "the source says neither `cidr` nor `ip` nor `role`",
                        None,
                    );
                }
            }
        }
    }
    // No source stated at all stands for anybody.
    if from.is_empty() {
        vec![Source::Any]
    } else {
        out
    }
}

fn apps(app: &Placed<OneOrMany<String>>, values: &mut Values<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for (word, span) in app.entries(&app.span) {
        if APPS.contains(&word.as_str()) {
            out.push(word.clone());
        } else {
            let hint = did_you_mean(word, APPS.iter().copied())
                .unwrap_or_else(|| format!("one of: {}", APPS.join(", ")));
            values.error(
                code::UNKNOWN_VALUE,
                &span,
                format!("`{word}` is no known protocol"),
                hint,
            );
        }
    }
    out
}

fn groups(
    text: &RequirementText,
    around: &Surroundings<'_>,
    values: &mut Values<'_>,
) -> Vec<(GroupIndex, String)> {
    let mut out = Vec::new();
    for (word, span) in text.any_of.entries(&text.any_of.span) {
        let (group, alternative) = word.split_once('/').unwrap_or((word, &text.id));
        match around.groups.get(group) {
            Some(index) => out.push((*index, alternative.to_owned())),
            None => {
                let hint = did_you_mean(group, around.groups.keys().map(String::as_str));
                values.error(
                    code::UNKNOWN_GROUP,
                    &span,
                    format!("the group `{group}` is not declared"),
                    hint,
                );
            }
        }
    }
    out
}

fn references(
    text: &RequirementText,
    values: &mut Values<'_>,
) -> Vec<(ReferenceText, Range<usize>)> {
    let mut out = Vec::new();
    for (entry, span) in text.refers_to.entries(&text.refers_to.span) {
        match entry {
            TextOr::Text(word) => out.push((ReferenceText::Word(word.clone()), span)),
            TextOr::Table(table) => {
                let role = values.role(&table.requirements_of, &table.requirements_of.span);
                out.extend(role.map(|r| (ReferenceText::RequirementsOf(r), span)));
            }
        }
    }
    out
}
