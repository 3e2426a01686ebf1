//! What is wrong, worst first.

use std::io::Write;

use super::absences::absences;
use super::cards::cards;
use super::group::{FindingGroup, groups};
use super::look::{Ink, Look, grouped};
use super::table::Table;
use super::{DO, severity_ink, title};
use crate::judge::FindingCode;
use crate::report::text::visible;
use crate::report::{Report, ReportError};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

/// Groups shown in a table, unless all are wanted.
pub(super) const ROWS: usize = 12;

/// Lines of findings, where one is printed for each: with the head they fit a screen.
const LINES: usize = 20;

/// What is said of a finding.
pub(super) const WHY: &SaidTemplate = word!(label_why, "why");
const WHO: &SaidTemplate = word!(column_who, "who");
const WHAT: &SaidTemplate = word!(column_what, "what");
const FLOWS: &SaidTemplate = word!(column_flows, "flows");
const FIRST_FRAME: &SaidTemplate = word!(column_first_frame, "first frame");

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
        let heading = format!("{} ({})", look.word(heading(code)), grouped(findings));
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

const fn heading(code: FindingCode) -> &'static SaidTemplate {
    match code {
        FindingCode::NothingAudited => word!(heading_nothing_audited, "Nothing was audited"),
        FindingCode::Blocked => word!(heading_blocked, "Stopped on the path"),
        FindingCode::Failed => word!(heading_failed, "Failed, and who did it cannot be told"),
        FindingCode::Forbidden => word!(heading_forbidden, "Must not be, and is"),
        FindingCode::NameContradicted => word!(
            heading_name_contradicted,
            "Asks for a name that is on no list, at the address of one that is"
        ),
        FindingCode::OtherApplication => word!(
            heading_other_application,
            "Right destination, another application"
        ),
        FindingCode::EncryptedHello => word!(
            heading_encrypted_hello,
            "Perhaps tried in an encrypted hello"
        ),
        FindingCode::EncryptedDns => word!(heading_encrypted_dns, "DNS, but not in clear"),
        FindingCode::WrongPort => word!(heading_wrong_port, "Right destination, wrong port"),
        FindingCode::WrongPath => word!(heading_wrong_path, "Right destination, wrong path"),
        FindingCode::PortUnstated => word!(
            heading_port_unstated,
            "Right destination; the page states no port"
        ),
        FindingCode::NotTls => word!(heading_not_tls, "Reached, but not with TLS"),
        FindingCode::DoubtfulEntry => word!(
            heading_doubtful_entry,
            "Covered by an entry that is doubtful"
        ),
        FindingCode::WrongRole => word!(
            heading_wrong_role,
            "Right destination, but not for this host"
        ),
        FindingCode::SwitchedOff => word!(
            heading_switched_off,
            "Covered only by what is off at this site"
        ),
        FindingCode::Expired => word!(
            heading_expired,
            "Covered only by an entry that is not valid"
        ),
        FindingCode::ListGap => word!(heading_list_gap, "Under a vendor's domain, but on no list"),
        FindingCode::HidesNames => {
            word!(heading_hides_names, "On no list, and seems to hide names")
        }
        FindingCode::UnexpectedName => word!(heading_unexpected_name, "On no list"),
        FindingCode::OtherAddress => word!(
            heading_other_address,
            "Other addresses of audited hosts, in no role"
        ),
        FindingCode::Unnamed => word!(
            heading_unnamed,
            "Without a name, and the address is on no list"
        ),
        FindingCode::BothAlternatives => word!(
            heading_both_alternatives,
            "Two alternatives that exclude each other"
        ),
        FindingCode::NeverSeen => word!(heading_never_seen, "Required, but never seen"),
        FindingCode::Recovered => word!(heading_recovered, "Stopped at first, reached later"),
        FindingCode::Intercepted => word!(
            heading_intercepted,
            "Reached, but TLS is opened on the path"
        ),
        FindingCode::Degraded => word!(
            heading_degraded,
            "Reached, but one way always fails, or all stall later"
        ),
    }
}

fn table(
    code: FindingCode,
    groups: &[FindingGroup<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { ROWS };
    let reasons = groups.iter().take(most);
    let reasons: Vec<String> = reasons.map(|group| why(group, look)).collect();
    let frame =
        |group: &FindingGroup<'_>| group.frames.first().map_or(String::new(), u64::to_string);
    let same = reasons.iter().all(|reason| Some(reason) == reasons.first());
    if let (true, Some(reason), false) = (same, reasons.first(), reasons.len() < 2) {
        // A column that says the same in every row says it once.
        look.labelled(out, look.word(WHY), Ink::Plain, reason)?;
        let mut table = Table::new([WHO, FLOWS, FIRST_FRAME, WHAT].map(|word| look.word(word)));
        table.right_aligned(1).right_aligned(2);
        for group in groups.iter().take(most) {
            table.row([
                group.who(look),
                grouped(group.flows),
                frame(group),
                group.what(),
            ]);
        }
        table.write(look, out)?;
    } else {
        let mut table =
            Table::new([WHO, WHAT, FLOWS, FIRST_FRAME, WHY].map(|word| look.word(word)));
        table.right_aligned(2).right_aligned(3);
        for (group, reason) in groups.iter().zip(reasons) {
            let (who, what) = (group.who(look), group.what());
            table.row([who, what, grouped(group.flows), frame(group), reason]);
        }
        table.write(look, out)?;
    }
    more(groups.len(), most, look, out)?;
    advice(code, groups.iter(), look, out)
}

/// The message of a group with the requirements that it names.
fn why(group: &FindingGroup<'_>, look: &Look) -> String {
    let finding = group.first;
    let message = finding.message;
    let Some((first, rest)) = finding.requirements.split_first() else {
        return look.say(message).into_owned();
    };
    let ids = Phrase::from(*first).and_more(rest.len());
    look.say(&phrase!(reason_and_ids, "{message} [{ids}]", message, ids))
        .into_owned()
}

/// Alternatives that exclude each other, and which of them were used.
fn alternatives(
    groups: &[FindingGroup<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { ROWS };
    let mut table = Table::new([word!(column_group, "group"), WHY].map(|word| look.word(word)));
    for group in groups.iter().take(most) {
        let message = look.say(group.first.message).into_owned();
        table.row([group.first.target.to_owned(), message]);
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
    for advice in groups.flat_map(|group| group.advice(look)) {
        if !told.contains(&advice) && told.len() < 4 {
            look.labelled(out, look.word(DO), Ink::Good, &advice)?;
            told.push(advice);
        }
    }
    if told.is_empty() {
        let label = look.word(word!(label_means, "means"));
        look.labelled(out, label, Ink::Faint, look.word(code.about()))?;
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
        let more = phrase!(
            more_with_v_or_formats,
            "and {more} more; -v shows them, --format json|csv has all",
            more = all - most
        );
        let text = format!("  {}", look.say(&more));
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
        let words = match left_out {
            1 => word!(
                one_more_line,
                "and 1 more line; -v prints a line for each, --format csv all findings"
            )
            .into(),
            _ => phrase!(
                more_lines,
                "and {more} more lines; -v prints a line for each, --format csv all findings",
                more = grouped(left_out)
            ),
        };
        let words = look.say(&words);
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
        false => format!("{} \u{2192} ", group.who(look)),
    };
    let text = format!("{who}{}: {}", group.what(), look.say(group.first.message));
    let ink = severity_ink(code.severity());
    writeln!(out, "{} {}", look.ink(ink, code.as_str()), visible(&text))?;
    Ok(())
}
