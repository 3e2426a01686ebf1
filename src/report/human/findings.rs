//! What is wrong, worst first.

use std::io::Write;

use super::absences::absences;
use super::cards::cards;
use super::group::{FindingGroup, groups};
use super::look::{Ink, Look, grouped};
use super::table::Table;
use super::{severity_ink, title};
use crate::judge::FindingCode;
use crate::report::text::visible;
use crate::report::{Report, ReportError};

/// Groups shown in a table, unless all are wanted.
pub(super) const ROWS: usize = 12;

/// Lines of findings, where one is printed for each: with the head they fit a screen.
const LINES: usize = 20;

/// Hosts named in a group.
pub(super) const HOSTS: usize = 4;

pub(super) fn write(
    report: &Report<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let mut codes: Vec<FindingCode> = FindingCode::ALL.to_vec();
    codes.sort_by_key(|code| code.severity());
    // That nothing was audited is told in the first line.
    codes.retain(|code| *code != FindingCode::NothingAudited);
    if look.quiet {
        return one_liners(report, &codes, look, out);
    }
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
        FindingCode::NothingAudited => "Nothing was audited",
        FindingCode::Blocked => "Stopped on the path",
        FindingCode::Failed => "Failed, and who did it cannot be told",
        FindingCode::Forbidden => "Must not be, and is",
        FindingCode::NameContradicted => {
            "Asks for a name that is on no list, at the address of one that is"
        }
        FindingCode::OtherApplication => "Right destination, another application",
        FindingCode::EncryptedHello => "Perhaps tried in an encrypted hello",
        FindingCode::EncryptedDns => "DNS, but not in clear",
        FindingCode::WrongPort => "Right destination, wrong port",
        FindingCode::WrongPath => "Right destination, wrong path",
        FindingCode::PortUnstated => "Right destination; the page states no port",
        FindingCode::NotTls => "Reached, but not with TLS",
        FindingCode::DoubtfulEntry => "Covered by an entry that is doubtful",
        FindingCode::WrongRole => "Right destination, but not for this host",
        FindingCode::SwitchedOff => "Covered only by what is off at this site",
        FindingCode::Expired => "Covered only by an entry that is not valid",
        FindingCode::ListGap => "Under a vendor's domain, but on no list",
        FindingCode::HidesNames => "On no list, and seems to hide names",
        FindingCode::UnexpectedName => "On no list",
        FindingCode::OtherAddress => "Other addresses of audited hosts, in no role",
        FindingCode::Unnamed => "Without a name, and the address is on no list",
        FindingCode::BothAlternatives => "Two alternatives that exclude each other",
        FindingCode::NeverSeen => "Required, but never seen",
        FindingCode::Recovered => "Stopped at first, reached later",
        FindingCode::Intercepted => "Reached, but TLS is opened on the path",
        FindingCode::Degraded => "Reached, but one way always fails, or all stall later",
    }
}

fn table(
    code: FindingCode,
    groups: &[FindingGroup<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { ROWS };
    let reasons: Vec<String> = groups.iter().take(most).map(why).collect();
    let frame =
        |group: &FindingGroup<'_>| group.frames.first().map_or(String::new(), u64::to_string);
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
fn why(group: &FindingGroup<'_>) -> String {
    let finding = group.first;
    let Some((first, rest)) = finding.requirements.split_first() else {
        return finding.message.to_owned();
    };
    let more = if rest.is_empty() {
        String::new()
    } else {
        format!(" and {} more", rest.len())
    };
    format!("{} [{first}{more}]", finding.message)
}

/// Alternatives that exclude each other, and which of them were used.
fn alternatives(
    groups: &[FindingGroup<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { ROWS };
    let mut table = Table::new(["group", "why"]);
    for group in groups.iter().take(most) {
        table.row([group.first.target, group.first.message].map(ToOwned::to_owned));
    }
    table.write(look, out)?;
    more(groups.len(), most, look, out)?;
    advice(FindingCode::BothAlternatives, groups.iter(), look, out)
}

/// What to do, each advice once.
pub(super) fn advice<'g, 'f: 'g>(
    code: FindingCode,
    groups: impl Iterator<Item = &'g FindingGroup<'f>>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let mut told: Vec<String> = Vec::new();
    for advice in groups.flat_map(FindingGroup::advice) {
        if !told.contains(&advice) && told.len() < 4 {
            look.labelled(out, "do", Ink::Good, &advice)?;
            told.push(advice);
        }
    }
    if told.is_empty() {
        look.labelled(out, "means", Ink::Faint, code.about())?;
    }
    Ok(())
}

pub(super) fn more(
    all: usize,
    most: usize,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    if all > most {
        let text = format!(
            "  and {} more; -v shows them, --format json|csv has all",
            all - most
        );
        writeln!(out, "{}", look.ink(Ink::Faint, &text))?;
    }
    Ok(())
}

/// A line for each group of findings, worst first; how many there are beyond a screen.
fn one_liners(
    report: &Report<'_>,
    codes: &[FindingCode],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { LINES };
    let (mut lines, mut left_out) = (0, 0);
    for code in codes {
        let findings = report.findings.iter();
        for group in groups(findings.filter(|finding| finding.code == *code)) {
            lines += 1;
            match lines <= most {
                true => one_liner(*code, &group, look, out)?,
                false => left_out += 1,
            }
        }
    }
    if left_out > 0 {
        let words = format!(
            "and {} more {}; -v prints a line for each, --format csv all findings",
            grouped(left_out),
            if left_out == 1 { "line" } else { "lines" }
        );
        writeln!(out, "{}", look.ink(Ink::Faint, &words))?;
    }
    Ok(())
}

fn one_liner(
    code: FindingCode,
    group: &FindingGroup<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let who = match group.hosts.is_empty() {
        true => String::new(),
        false => format!("{} \u{2192} ", group.who()),
    };
    let text = format!("{who}{}: {}", group.what(), group.first.message);
    let ink = severity_ink(code.severity());
    writeln!(out, "{} {}", look.ink(ink, code.as_str()), visible(&text))?;
    Ok(())
}
