//! What is wrong, worst first. Findings that differ only in who had them are told once.

use std::collections::HashMap;
use std::io::Write;
use std::net::IpAddr;

use super::look::{Ink, Look, Table, counted, frames, grouped};
use super::{severity_ink, title};
use crate::judge::{Code, FindingCode, Outcome, Stage};
use crate::model::Transport;
use crate::report::text::visible;
use crate::report::view::{FindingView, Span};
use crate::report::{Report, ReportError};

/// Groups shown of findings that are told at length, and of those told in a table, unless all are wanted.
const CARDS: usize = 8;
const ROWS: usize = 12;

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
            FindingCode::NeverSeen | FindingCode::BothAlternatives => {
                absences(code, &groups, look, out)?
            }
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
    let mut table = Table::new(["who", "what", "flows", "first frame", "why"]);
    table.right_aligned(2).right_aligned(3);
    for group in groups.iter().take(most) {
        let frame = group.frames.first().map_or(String::new(), u64::to_string);
        let mut why = group.first.message.clone();
        if let (Some(first), more) = (
            group.first.requirements.first(),
            group.first.requirements.len().saturating_sub(1),
        ) {
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            why.push_str(&format!(" [{first}{more}]"));
        }
        table.row([group.who(), group.what(), grouped(group.flows), frame, why]);
    }
    table.write(look, out)?;
    more(groups.len(), most, look, out)?;
    advice(code, groups, look, out)
}

fn absences(
    code: FindingCode,
    groups: &[Group<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { ROWS };
    let mut table = Table::new(["requirement", "what", "why"]);
    for group in groups.iter().take(most) {
        let id = group
            .first
            .requirements
            .first()
            .cloned()
            .unwrap_or_default();
        table.row([id, group.first.target.clone(), group.first.message.clone()]);
    }
    table.write(look, out)?;
    more(groups.len(), most, look, out)?;
    advice(code, groups, look, out)
}

/// What to do, each advice once.
fn advice(
    code: FindingCode,
    groups: &[Group<'_>],
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
