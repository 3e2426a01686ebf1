//! What is wrong, worst first. Findings that differ only in who had them are told once.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::net::IpAddr;

use super::look::{Ink, Look, Table, counted, frames, grouped};
use super::{severity_ink, title};
use crate::judge::{Code, FindingCode, NotSeen, Outcome, Stage};
use crate::model::Transport;
use crate::report::text::{shorten, visible};
use crate::report::view::{FindingView, Span};
use crate::report::{Report, ReportError};

/// Groups shown of findings that are told at length, and of those told in a table, unless all are wanted.
const CARDS: usize = 8;
const ROWS: usize = 12;

/// Why something was never seen.
const REASONS: [NotSeen; 4] = [
    NotSeen::NeverResolved,
    NotSeen::ResolvedNeverTried,
    NotSeen::NeverTried,
    NotSeen::NoInitiator,
];

/// Hosts named in a group.
const HOSTS: usize = 4;

pub(super) fn write(
    report: &Report<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let mut codes: Vec<FindingCode> = FindingCode::ALL.to_vec();
    codes.sort_by_key(|code| code.severity());
    for code in codes {
        let groups = groups(
            report
                .findings
                .iter()
                .filter(|finding| finding.code == code),
        );
        if groups.is_empty() {
            continue;
        }
        if look.quiet {
            one_liners(code, &groups, look, out)?;
            continue;
        }
        let findings = report.summary.finding_codes.of(&code);
        let heading = format!("{} ({})", heading(code), grouped(findings));
        title(&heading, severity_ink(code.severity()), look, out)?;
        match code {
            FindingCode::Blocked
            | FindingCode::Failed
            | FindingCode::Forbidden
            | FindingCode::NameContradicted => {
                cards(code, &groups, look, out)?;
            }
            FindingCode::NeverSeen => absences(report, &groups, look, out)?,
            FindingCode::BothAlternatives => alternatives(&groups, look, out)?,

            _ => table(code, &groups, look, out)?,
        }
    }
    Ok(())
}

const fn heading(code: FindingCode) -> &'static str {
    match code {
        FindingCode::Blocked => "Stopped on the path",
        FindingCode::Failed => "Failed, and who did it cannot be told",
        FindingCode::Forbidden => "Must not be, and is",
        FindingCode::NameContradicted => {
            "Asks for a name that is on no list, at the address of one that is"
        }
        FindingCode::WrongPort => "Right destination, wrong port",
        FindingCode::WrongRole => "Right destination, but not for this host",
        FindingCode::SwitchedOff => "Covered only by what is off at this site",
        FindingCode::Expired => "Covered only by an entry that is not valid",
        FindingCode::ListGap => "Under a vendor's domain, but on no list",
        FindingCode::UnexpectedName => "On no list",
        FindingCode::Unnamed => "Without a name, and the address is on no list",
        FindingCode::BothAlternatives => "Two alternatives that exclude each other",
        FindingCode::NeverSeen => "Required, but never seen",
        FindingCode::Intercepted => "Reached, but TLS is opened on the path",
        FindingCode::Degraded => "Reached, but one way to it always fails",
    }
}

/// Findings that say the same of several hosts.
struct Group<'f> {
    first: &'f FindingView,
    hosts: Vec<String>,
    flows: u64,
    span: Option<Span>,
    frames: Vec<u64>,
    omitted: usize,
}

type Key<'f> = (
    &'f str,
    Option<u16>,
    Option<Transport>,
    Option<Outcome>,
    Option<Stage>,
    Option<Code>,
    &'f [String],
);

/// In the order of the first finding of each group.
fn groups<'f>(findings: impl Iterator<Item = &'f FindingView>) -> Vec<Group<'f>> {
    let mut places: HashMap<Key<'f>, usize> = HashMap::new();
    let mut out: Vec<Group<'f>> = Vec::new();
    for finding in findings {
        let key = (
            finding.target.as_str(),
            finding.port,
            finding.transport,
            finding.outcome,
            finding.stage,
            finding.evidence.first().copied(),
            finding.requirements.as_slice(),
        );
        let place = *places.entry(key).or_insert(out.len());
        if place == out.len() {
            out.push(Group {
                first: finding,
                hosts: Vec::new(),
                flows: 0,
                span: None,
                frames: Vec::new(),
                omitted: 0,
            });
        }
        if let Some(group) = out.get_mut(place) {
            group.add(finding);
        }
    }
    for group in &mut out {
        group.hosts.sort();
        group.hosts.dedup();
        group.frames.sort_unstable();
        group.frames.dedup();
    }
    out
}

impl Group<'_> {
    fn add(&mut self, finding: &FindingView) {
        self.hosts.extend(
            finding
                .initiator
                .map(|ip| host(ip, finding.host.as_deref())),
        );
        self.flows += finding.flows.len() as u64;
        self.span = match (self.span, finding.span) {
            (Some(a), Some(b)) => Some(Span {
                first: a.first.min(b.first),
                last: a.last.max(b.last),
            }),
            (a, b) => a.or(b),
        };
        self.frames.extend(&finding.frames);
        self.omitted += finding.frames_omitted;
    }

    fn who(&self) -> String {
        match self.hosts.as_slice() {
            [] => "any host".to_owned(),
            [one] => one.clone(),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        }
    }

    /// `name:443/tcp`
    fn what(&self) -> String {
        let finding = self.first;
        let target = match (finding.target.contains(':'), finding.port) {
            (true, Some(_)) => format!("[{}]", finding.target),
            _ => finding.target.clone(),
        };
        let port = finding
            .port
            .map_or(String::new(), |port| format!(":{port}"));
        let transport = finding
            .transport
            .map_or(String::new(), |transport| format!("/{transport}"));
        format!("{target}{port}{transport}")
    }

    fn when(&self) -> String {
        let Some(span) = self.span else {
            return String::new();
        };
        let clock = |text: String| text.get(11..19).map_or(text.clone(), ToOwned::to_owned);
        let (first, last) = (clock(span.first.to_string()), clock(span.last.to_string()));
        if first == last {
            first
        } else {
            format!("{first} to {last}")
        }
    }
}

fn host(ip: IpAddr, name: Option<&str>) -> String {
    name.map_or_else(|| ip.to_string(), |name| format!("{ip} ({name})"))
}

fn cards(
    code: FindingCode,
    groups: &[Group<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { CARDS };
    for (i, group) in groups.iter().take(most).enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        card(code, group, look, out)?;
    }
    more(groups.len(), most, look, out)
}

fn card(
    code: FindingCode,
    group: &Group<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let finding = group.first;
    let ink = severity_ink(code.severity());
    let (who, what) = (group.who(), group.what());
    let aim = format!("{} \u{2192} {}", visible(&who), visible(&what));
    writeln!(
        out,
        "  {} {}",
        look.ink(ink, "\u{25cf}"),
        look.ink(Ink::Strong, &aim)
    )?;
    if group.hosts.len() > 1 {
        let named: Vec<&str> = group.hosts.iter().take(HOSTS).map(String::as_str).collect();
        let rest = group.hosts.len().saturating_sub(HOSTS);
        let rest = if rest > 0 {
            format!(" and {rest} more")
        } else {
            String::new()
        };
        look.labelled(
            out,
            "hosts",
            Ink::Plain,
            &format!("{}{rest}", named.join(", ")),
        )?;
    }
    look.labelled(out, "verdict", ink, &verdict(finding, group))?;
    if finding.evidence_details.is_empty() {
        let seen = format!(
            "{}; {}",
            finding.message,
            frames(&group.frames, group.omitted)
        );
        look.labelled(out, "seen", Ink::Plain, seen.trim_end_matches("; "))?;
    }
    let shown = if look.all { usize::MAX } else { 2 };
    for evidence in finding.evidence_details.iter().take(shown) {
        let where_ = frames(&evidence.frames, 0);
        let text = format!("{} [{}] {where_}", evidence.words, evidence.code);
        look.labelled(out, "seen", Ink::Plain, text.trim_end())?;
    }
    if let Some(control) = &finding.control {
        look.labelled(out, "control", Ink::Plain, control)?;
    }
    needed(finding, look, out)?;
    if !finding.advice.is_empty() {
        look.labelled(out, "do", Ink::Good, &finding.advice)?;
    }
    Ok(())
}

fn verdict(finding: &FindingView, group: &Group<'_>) -> String {
    let mut parts = Vec::new();
    parts.extend(
        finding
            .outcome
            .map(|outcome| outcome.to_string().replace('_', " ")),
    );
    parts.extend(finding.stage.map(|stage| format!("at {stage}")));
    let mut text = parts.join(" ");
    if let Some(grade) = finding.confidence {
        text.push_str(&format!(", grade {grade}"));
    }
    if group.flows > 0 {
        text.push_str(&format!(", {}", counted(group.flows, "attempt")));
    }
    let when = group.when();
    if !when.is_empty() {
        text.push_str(&format!(", {when}"));
    }
    text.trim_start_matches(", ").to_owned()
}

/// The requirements that a finding rests on, with their place on the page.
fn needed(finding: &FindingView, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let shown = if look.all { usize::MAX } else { 2 };
    for cite in finding.cites.iter().take(shown) {
        let mut text = cite.requirement.clone();
        for (name, part) in [
            ("", &cite.service),
            ("page ", &cite.page),
            ("table ", &cite.table),
            ("row ", &cite.row),
        ] {
            if !part.is_empty() {
                text.push_str(&format!("; {name}{part}"));
            }
        }
        if let Some(line) = cite.line {
            text.push_str(&format!(", line {line}"));
        }
        look.labelled(out, "needed by", Ink::Plain, &text)?;
    }
    let more = finding.cites.len().saturating_sub(shown);
    if more > 0 {
        look.labelled(
            out,
            "",
            Ink::Faint,
            &format!("and {}", counted(more as u64, "more requirement")),
        )?;
    }
    Ok(())
}

fn table(
    code: FindingCode,
    groups: &[Group<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { ROWS };
    let reasons: Vec<String> = groups.iter().take(most).map(why).collect();
    let frame = |group: &Group<'_>| group.frames.first().map_or(String::new(), u64::to_string);
    let same = reasons.iter().all(|reason| Some(reason) == reasons.first());
    if let (true, Some(reason), false) = (same, reasons.first(), reasons.len() < 2) {
        // A column that says the same in every row says it once.
        look.labelled(out, "why", Ink::Plain, reason)?;
        let mut table = Table::new(["who", "flows", "first frame", "what"]);
        table.right_aligned(1).right_aligned(2);
        for group in groups.iter().take(most) {
            table.row([
                group.who(),
                grouped(group.flows),
                frame(group),
                group.what(),
            ]);
        }
        table.write(look, out)?;
    } else {
        let mut table = Table::new(["who", "what", "flows", "first frame", "why"]);
        table.right_aligned(2).right_aligned(3);
        for (group, reason) in groups.iter().zip(reasons) {
            let (who, what) = (group.who(), group.what());
            table.row([who, what, grouped(group.flows), frame(group), reason]);
        }
        table.write(look, out)?;
    }
    more(groups.len(), most, look, out)?;
    advice(code, groups.iter(), look, out)
}

/// The message of a group with the requirements that it names.
fn why(group: &Group<'_>) -> String {
    let finding = group.first;
    let Some((first, rest)) = finding.requirements.split_first() else {
        return finding.message.clone();
    };
    let more = if rest.is_empty() {
        String::new()
    } else {
        format!(" and {} more", rest.len())
    };
    format!("{} [{first}{more}]", finding.message)
}

/// What was never seen, first by why, then by document and service: hundreds of rows come from few causes.
fn absences(
    report: &Report<'_>,
    groups: &[Group<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    type Services<'f> = BTreeMap<(&'f str, &'f str), Vec<&'f str>>;
    let mut by_reason: BTreeMap<&str, (Services<'_>, Vec<&Group<'_>>)> = BTreeMap::new();
    for group in groups {
        let Some(cite) = group.first.cites.first() else {
            continue;
        };
        let id = cite.requirement.as_str();
        let known = report
            .requirements
            .binary_search_by(|row| row.listed.id.cmp(id))
            .ok();
        let reason = known.and_then(|at| report.requirements[at].reason.as_deref());
        let (services, members) = by_reason.entry(reason.unwrap_or_default()).or_default();
        let short = id
            .strip_prefix(cite.document.as_str())
            .unwrap_or(id)
            .trim_start_matches('/');
        services
            .entry((&cite.document, &cite.service))
            .or_default()
            .push(short);
        members.push(group);
    }
    for (i, (reason, (services, members))) in by_reason.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        let why = REASONS.iter().find(|why| why.as_str() == *reason);
        let why = why.map_or_else(|| (*reason).to_owned(), ToString::to_string);
        let line = format!("  {} ({})", visible(&why), grouped(members.len() as u64));
        writeln!(out, "{}", look.ink(Ink::Strong, &line))?;
        let most = if look.all { usize::MAX } else { ROWS };
        let mut table = Table::new(["document", "service", "requirements"]);
        for ((document, service), ids) in services.iter().take(most) {
            let named = if look.all {
                ids.len()
            } else {
                HOSTS.min(ids.len())
            };
            let rest = ids.len() - named;
            let rest = if rest > 0 {
                format!(" and {rest} more")
            } else {
                String::new()
            };
            let ids = format!("{}{rest}", ids[..named].join(", "));
            table.row([
                (*document).to_owned(),
                shorten(service, 48).into_owned(),
                ids,
            ]);
        }
        table.write(look, out)?;
        more(services.len(), most, look, out)?;
        advice(FindingCode::NeverSeen, members.iter().copied(), look, out)?;
    }
    Ok(())
}

/// Alternatives that exclude each other, and which of them were used.
fn alternatives(
    groups: &[Group<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { ROWS };
    let mut table = Table::new(["group", "why"]);
    for group in groups.iter().take(most) {
        table.row([group.first.target.clone(), group.first.message.clone()]);
    }
    table.write(look, out)?;
    more(groups.len(), most, look, out)?;
    advice(FindingCode::BothAlternatives, groups.iter(), look, out)
}

/// What to do, each advice once.
fn advice<'g, 'f: 'g>(
    code: FindingCode,
    groups: impl Iterator<Item = &'g Group<'f>>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let mut told: Vec<&str> = Vec::new();
    for group in groups {
        let advice = group.first.advice.as_str();
        if !advice.is_empty() && !told.contains(&advice) && told.len() < 4 {
            told.push(advice);
            look.labelled(out, "do", Ink::Good, advice)?;
        }
    }
    if told.is_empty() {
        look.labelled(out, "means", Ink::Faint, code.about())?;
    }
    Ok(())
}

fn more(all: usize, most: usize, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    if all > most {
        let text = format!(
            "  and {} more; -v shows them, --format json|csv has all",
            all - most
        );
        writeln!(out, "{}", look.ink(Ink::Faint, &text))?;
    }
    Ok(())
}

fn one_liners(
    code: FindingCode,
    groups: &[Group<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let ink = severity_ink(code.severity());
    for group in groups {
        let who = if group.hosts.is_empty() {
            String::new()
        } else {
            format!("{} \u{2192} ", group.who())
        };
        let text = format!("{who}{}: {}", group.what(), group.first.message);
        writeln!(out, "{} {}", look.ink(ink, code.as_str()), visible(&text))?;
    }
    Ok(())
}
