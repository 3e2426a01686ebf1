//! `pktaudit rules` and `pktaudit explain`: look at requirements and at what codes mean.

use std::io::Write;
use std::net::IpAddr;

use anyhow::{Context, bail};

use super::args::{
    Common, ExplainCommand, RulesCommand, RulesExplain, RulesSchema, RulesSelection,
};
use super::exit::Exit;
use super::output;
use super::plan::{self, plan};
use crate::model::{CaptureTime, Fqdn, Transport};
use crate::report::{self, Format};
use crate::rules::{self, RequirementIndex, RuleSet, Scratch, Subject};

pub(super) fn run(command: &RulesCommand, common: &Common) -> anyhow::Result<Exit> {
    match command {
        RulesCommand::Check(command) => check(command, common),
        RulesCommand::List(command) => list(command, common),
        RulesCommand::Explain(command) => explain(command, common),
        RulesCommand::Export(command) => super::export::run(command, common),
        RulesCommand::Lint(command) => super::lint::run(command, common),
        RulesCommand::Learn(command) => super::learn::run(command, common),
        RulesCommand::Init => text(rules::FIRST_RULES),
        RulesCommand::Reference => text(&rules::reference()),
        RulesCommand::Schema(command) => schema(command),
        RulesCommand::Diff(command) => super::diff::run(command, common),
        RulesCommand::Import(command) => super::import::run(command, common),
    }
}

/// Shows all problems; errors make it exit 2, warnings 1.
fn check(command: &RulesSelection, common: &Common) -> anyhow::Result<Exit> {
    let paths =
        plan::with_sets_of_site(&selected(command), command.choices.site.as_deref(), common)?;
    let (library, mut problems) = plan::library(&paths, common, true)?;
    let profile = plan::profile(&library, &command.choices.selection(), common, true)?;
    plan::show(profile.problems(), common);
    problems.extend(profile.problems().iter().cloned());
    plan::sum_up(&library, &problems)
}

fn list(command: &RulesSelection, common: &Common) -> anyhow::Result<Exit> {
    let paths =
        plan::with_sets_of_site(&selected(command), command.choices.site.as_deref(), common)?;
    let (library, _) = plan::library(&paths, common, false)?;
    let listed = || {
        library
            .requirements
            .iter()
            .map(|requirement| requirement.listed(&library))
    };
    let format = common.format.try_into()?;
    output::to_reader(common, |out| {
        match format {
            Format::Ndjson => {
                for row in listed() {
                    serde_json::to_writer(&mut *out, &row)?;
                    out.write_all(b"\n")?;
                }
            }
            Format::Json => {
                serde_json::to_writer_pretty(&mut *out, &listed().collect::<Vec<_>>())?;
                out.write_all(b"\n")?;
            }
            Format::Csv => report::write_rules_csv(&library, out)?,
            Format::Human => report::write_rules_human(&library, &output::look(common), out)?,
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}

fn explain(command: &RulesExplain, common: &Common) -> anyhow::Result<Exit> {
    let plan = plan(&command.choices.selection(), common)?;
    for what in &command.what {
        let asked = Asked::parse(what)?;
        let lines = explain_one(&plan.rules, &asked, command);
        output::to_stdout(|out| {
            writeln!(out, "{}", asked.words())?;
            lines
                .iter()
                .try_for_each(|line| Ok(writeln!(out, "{line}")?))
        })?;
    }
    Ok(Exit::Clean)
}

fn text(text: &str) -> anyhow::Result<Exit> {
    output::to_stdout(|out| Ok(out.write_all(text.as_bytes())?))?;
    Ok(Exit::Clean)
}

fn schema(command: &RulesSchema) -> anyhow::Result<Exit> {
    let schema = if command.site {
        rules::site_file_schema()
    } else {
        rules::rule_file_schema()
    };
    output::to_stdout(|out| {
        serde_json::to_writer_pretty(&mut *out, &schema)?;
        Ok(out.write_all(b"\n")?)
    })?;
    Ok(Exit::Clean)
}

/// `pktaudit explain WORD`; without one, a line a word, for whoever does not know yet what to ask for.
pub(super) fn explain_code(command: &ExplainCommand) -> anyhow::Result<Exit> {
    if command.codes.is_empty() {
        return text(&report::explained());
    }
    for code in &command.codes {
        let Some(text) = report::explain(code) else {
            let near = report::nearest_word(code);
            let meant = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
            bail!(
                "no report has the word `{code}`; {meant}`pktaudit explain` lists all that there are"
            );
        };
        output::to_stdout(|out| Ok(writeln!(out, "{text}")?))?;
    }
    Ok(Exit::Clean)
}

fn selected(command: &RulesSelection) -> Vec<std::ffi::OsString> {
    command
        .paths
        .iter()
        .chain(&command.choices.rules)
        .cloned()
        .collect()
}

/// What is asked about: a name or an address, with port and transport where given.
struct Asked {
    name: Option<Fqdn>,
    address: Option<IpAddr>,
    port: Option<u16>,
    transport: Option<Transport>,
    /// With its slash, and a query where one was given.
    path: Option<String>,
}

impl Asked {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (text, implied) = match text.split_once("://") {
            Some((scheme, rest)) => (rest, scheme_port(scheme)),
            None => (text, None),
        };
        let (rest, transport) = match text.rsplit_once('/') {
            Some((rest, "tcp")) => (rest, Some(Transport::Tcp)),
            Some((rest, "udp")) => (rest, Some(Transport::Udp)),
            _ => (text, None),
        };
        let (rest, path) = match rest.find('/') {
            Some(at) => (&rest[..at], Some(rest[at..].to_owned())),
            None => (rest, None),
        };
        // `address/word` and `name:port/word` are a transport that is not known, and no path.
        if let Some(path) = &path
            && (rest.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() || rest.contains(':'))
            && transport.is_none()
            && !path[1..].contains(['/', '?'])
            && (2..=6).contains(&path.len())
        {
            bail!("`{}` is no transport; tcp and udp are known", &path[1..]);
        }
        if let Ok(address) = rest.trim_matches(['[', ']']).parse() {
            return Ok(Self {
                name: None,
                address: Some(address),
                port: implied,
                transport,
                path,
            });
        }
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (
                host,
                Some(
                    port.parse()
                        .with_context(|| format!("`{port}` is no port"))?,
                ),
            ),
            None => (rest, implied),
        };
        let address = host.trim_matches(['[', ']']).parse().ok();
        let name = match address {
            Some(_) => None,
            None => Some(
                Fqdn::parse(host).with_context(|| format!("`{host}` is no address and no name"))?,
            ),
        };
        Ok(Self {
            name,
            address,
            port,
            transport,
            path,
        })
    }

    fn words(&self) -> String {
        let aim = match (&self.name, self.address) {
            (Some(name), _) => name.to_string(),
            (None, Some(address)) => address.to_string(),
            (None, None) => String::new(),
        };
        let aim = format!("{aim}{}", self.path.as_deref().unwrap_or_default());
        let port = self
            .port
            .map_or(" on any port".to_owned(), |port| format!(" port {port}"));
        let transport = self
            .transport
            .map_or(String::new(), |transport| format!("/{transport}"));
        format!("{aim}{port}{transport}:")
    }
}

/// The port that a scheme of a URL stands for.
fn scheme_port(scheme: &str) -> Option<u16> {
    match scheme {
        "https" | "wss" => Some(443),
        "http" | "ws" => Some(80),
        _ => None,
    }
}

/// One line for each requirement whose destination fits, with the reason why it covers or does not.
fn explain_one(rules: &RuleSet, asked: &Asked, command: &RulesExplain) -> Vec<String> {
    let nobody = IpAddr::from([0, 0, 0, 0]);
    let names: Vec<&Fqdn> = asked.name.iter().collect();
    let now = command
        .choices
        .as_of
        .and_then(midnight)
        .unwrap_or_else(super::clock::now);
    let subject = Subject {
        initiator: command.from.unwrap_or(nobody),
        responder: asked.address.unwrap_or(nobody),
        port: asked.port.unwrap_or(0),
        transport: asked.transport.unwrap_or(Transport::Tcp),
        names: &names,
        path: asked.path.as_deref(),
        time: now,
    };
    let found = rules.assess(&subject, &mut Scratch::default());
    let covers = found.covers.iter().map(|cover| cover.requirement);
    let near = found.misses.iter().map(|miss| miss.requirement);
    let denied = found.denied.iter().map(|denied| denied.requirement);
    let mut all: Vec<RequirementIndex> = covers.chain(near).chain(denied).collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        let domain = asked
            .name
            .as_ref()
            .and_then(|name| rules.nearest_by_vendor_domain(name));
        return vec![match domain {
            Some(documents) => format!(
                "  on no list, though {} lists names under its domain",
                documents.join(", ")
            ),
            None => "  on no list".to_owned(),
        }];
    }
    // What covers comes first, then what is in force, then the rest.
    let rank = |requirement: &RequirementIndex| {
        let covers = found.covers.iter().any(|c| c.requirement == *requirement);
        let row = rules.library().requirement(*requirement);
        let in_force = row.is_some_and(|row| rules.profile().is_in_force(row.document));
        (!covers, !in_force)
    };
    all.sort_by_key(rank);
    all.into_iter()
        .flat_map(|requirement| explanation(rules, requirement, &subject, asked, command))
        .collect()
}

fn explanation(
    rules: &RuleSet,
    requirement: RequirementIndex,
    subject: &Subject<'_>,
    asked: &Asked,
    command: &RulesExplain,
) -> Vec<String> {
    let Some(explanation) = rules.explain(requirement, subject) else {
        return Vec::new();
    };
    // What was not asked about cannot be wrong.
    let asked_about = |what: &str| match what {
        "port" => asked.port.is_some(),
        "transport" => asked.transport.is_some(),
        "source" => command.from.is_some(),
        _ => true,
    };
    let wrong = explanation
        .checks
        .iter()
        .any(|check| check.fits == Some(false) && asked_about(check.what));
    let mut lines = vec![format!(
        "  {} {}",
        if wrong { "no " } else { "yes" },
        explanation.requirement
    )];
    lines.extend(explanation.checks.iter().map(|check| {
        let sign = match check.fits {
            Some(false) if asked_about(check.what) => "✗",
            Some(true) if asked_about(check.what) => "✓",
            _ => "·",
        };
        format!("        {sign} {}: {}", check.what, check.text)
    }));
    lines
}

pub(super) fn midnight(day: jiff::civil::Date) -> Option<CaptureTime> {
    let start = day
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()?
        .timestamp()
        .as_nanosecond();
    i64::try_from(start).ok().map(CaptureTime::from_nanos)
}
