//! What was never seen, first by why: hundreds of rows come from few causes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::findings::{HOSTS, ROWS, WHY, advice, more};
use super::group::FindingGroup;
use super::look::{Ink, Look, grouped};
use super::table::Table;
use crate::judge::{FindingCode, NotSeen, RequirementStatus};
use crate::report::text::shorten;
use crate::report::{Report, ReportError};
use crate::wording::{Phrase, word};

/// Requirements without their document's id, by document and service.
type MissedServices<'f> = BTreeMap<(&'f str, &'f str), Vec<&'f str>>;
/// What is missed for one reason.
type Missed<'g, 'f> = (MissedServices<'f>, Vec<&'g FindingGroup<'f>>);
/// The same by the reason, in the order of the words.
type ByReason<'g, 'f> = BTreeMap<(&'static str, Option<NotSeen>), Missed<'g, 'f>>;

/// What was never seen, first by why, then by document and service: hundreds of rows come from few causes.
pub(super) fn absences(
    report: &Report<'_>,
    groups: &[FindingGroup<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    for (i, ((_, why), (services, members))) in by_reason(report, groups).iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        let why = why.map_or("", |why| look.word(why.words()));
        let line = format!("  {why} ({})", grouped(members.len() as u64));
        writeln!(out, "{}", look.ink(Ink::Strong, &line))?;
        for note in notes(report, members).into_iter().take(HOSTS) {
            look.labelled(out, look.word(WHY), Ink::Plain, &look.say(note))?;
        }
        table(services, look, out)?;
        advice(FindingCode::NeverSeen, members.iter().copied(), look, out)?;
    }
    Ok(())
}

fn by_reason<'g, 'f>(report: &Report<'_>, groups: &'g [FindingGroup<'f>]) -> ByReason<'g, 'f> {
    let mut out = ByReason::new();
    for group in groups {
        let Some(cite) = group.first.cites.first() else {
            continue;
        };
        let id = cite.requirement;
        let known = report
            .requirements
            .binary_search_by(|row| row.listed.id.cmp(id))
            .ok();
        let why = match known.map(|at| &report.requirements[at].outcome) {
            Some(RequirementStatus::NotSeen(why)) => Some(*why),
            _ => None,
        };
        let reason = (why.map_or("", NotSeen::as_str), why);
        let (services, members) = out.entry(reason).or_default();
        let short = id.strip_prefix(cite.document).unwrap_or(id);
        let ids = services.entry((cite.document, cite.service)).or_default();
        ids.push(short.trim_start_matches('/'));
        members.push(group);
    }
    out
}

fn table(
    services: &MissedServices<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { ROWS };
    let mut table = Table::new(
        [
            word!(column_document, "document"),
            word!(column_service, "service"),
            word!(column_requirements, "requirements"),
        ]
        .map(|word| look.word(word)),
    );
    for ((document, service), ids) in services.iter().take(most) {
        let named = if look.all {
            ids.len()
        } else {
            HOSTS.min(ids.len())
        };
        let rest = ids.len() - named;
        let ids = Phrase::from(ids[..named].join(", ")).and_more(rest);
        table.row([
            (*document).to_owned(),
            shorten(service, 48).into_owned(),
            look.say(&ids).into_owned(),
        ]);
    }
    table.write(look, out)?;
    more(services.len(), most, look, out)
}

/// What is to be known beside the reason, each once.
fn notes<'r>(report: &'r Report<'_>, members: &[&FindingGroup<'_>]) -> BTreeSet<&'r Phrase> {
    let cites = members.iter().filter_map(|group| group.first.cites.first());
    let rows = cites.filter_map(|cite| {
        let id = cite.requirement;
        let place = report
            .requirements
            .binary_search_by(|row| row.listed.id.cmp(id));
        report.requirements.get(place.ok()?)
    });
    rows.filter_map(|row| row.note).collect()
}
