//! Written to checked: every problem of every file, or a library with its cross-references resolved.

mod declarations;
mod domains;
mod entries;
mod references;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

pub(super) use values::{Values, transports};

use super::code;
use super::in_parts::read_in_parts;
use super::problem::{Problem, Problems, SourceText};
use super::read::Sections;
use super::syntax::{RequirementText, RuleFile};
use super::{
    Document, DocumentIndex, GroupIndex, Library, Member, Need, RequirementIndex, RuleText, Target,
};
use domains::Mention;
use entries::{DraftRequirement, Surroundings};
use references::PendingReferences;

/// The number of the format that this version reads.
const FORMAT: i64 = 1;

/// The most destinations of all requirements together, roles and references followed.
const MOST_DESTINATIONS: usize = 4_000_000;

/// A file that could be read.
pub(super) struct Written {
    pub(super) source: Arc<SourceText>,
    sha256: String,
    /// All but its rows.
    pub(super) file: RuleFile,
    pub(super) rows: Parts,
}

/// Rows as written, some in a part.
pub(super) type Parts = Vec<Vec<RequirementText>>;

/// Files as written, those that can be read; for whoever needs places after all was checked.
pub(super) fn written(texts: &[RuleText]) -> Vec<Written> {
    let mut problems = Problems::default();
    texts
        .iter()
        .filter_map(|text| read(text, &mut problems))
        .collect()
}

/// Checks rule files together.
///
/// The library has all documents, requirements ascending by id, references resolved; beside it come warnings and
/// notes, ascending by file and place. The same texts in any order give the same library.
///
/// # Errors
/// All problems of all files, where one of them is an error.
pub fn check(texts: &[RuleText]) -> Result<(Library, Vec<Problem>), Vec<Problem>> {
    let mut problems = Problems::default();
    let read: Vec<(Option<Written>, Problems)> = texts
        .par_iter()
        .map(|text| {
            let mut problems = Problems::default();
            (read(text, &mut problems), problems)
        })
        .collect();
    let mut files = Vec::new();
    for (file, own) in read {
        problems.append(own);
        files.extend(file);
    }
    files.sort_by(|a, b| {
        (&a.file.document.id, &a.source.name).cmp(&(&b.file.document.id, &b.source.name))
    });
    for pair in files.windows(2) {
        if let [a, b] = pair
            && a.file.document.id == b.file.document.id
        {
            let id = &b.file.document.id;
            let message = format!(
                "the document `{}` is already in `{}`",
                id.value, a.source.name
            );
            problems.error(
                &b.source,
                code::DUPLICATE_DOCUMENT,
                id.span.clone(),
                message,
                None,
            );
        }
    }
    files.dedup_by(|b, a| a.file.document.id == b.file.document.id);
    // Rows as written are let go as they are checked: there may be very many.
    let rows = files.iter_mut().map(|file| std::mem::take(&mut file.rows));
    let rows = rows.collect();
    let library = assemble(&files, rows, &mut problems);
    if problems.has_errors() {
        Err(problems.finish())
    } else {
        Ok((library, problems.finish()))
    }
}

fn read(text: &RuleText, problems: &mut Problems) -> Option<Written> {
    let source = SourceText::new(&text.name, &text.text);
    let (mut long, rest) = read_in_parts("requirement", &source).unzip();
    let left = rest.as_deref().unwrap_or(&source.text);
    let mut sections = Sections::parse(left, &source, problems)?;
    if long.is_some() && sections.has("requirement") {
        // It stands there in two ways, which the whole tells.
        long = None;
        sections = Sections::parse(&source.text, &source, problems)?;
    }
    let group = sections.list("group", &source, problems);
    let rows = long.unwrap_or_else(|| vec![sections.list("requirement", &source, problems)]);
    let rest: RuleFile = sections.rest(&source, problems)?;
    let file = RuleFile { group, ..rest };
    if file.format.value != FORMAT {
        let message = format!(
            "format {} is not known; this version reads format {FORMAT}",
            file.format.value
        );
        problems.error(
            &source,
            code::UNKNOWN_FORMAT,
            file.format.span.clone(),
            message,
            None,
        );
    }
    let sha256 = sha256_of(&text.text);
    Some(Written {
        source,
        sha256,
        file,
        rows,
    })
}

fn assemble(files: &[Written], rows: Vec<Parts>, problems: &mut Problems) -> Library {
    let (roles, role_words) = declarations::roles(files, problems);
    let (features, feature_words) = declarations::features(files, problems);
    let (groups, group_places) = declarations::groups(files, problems);
    let mut library = Library {
        documents: Vec::new(),
        requirements: Vec::new(),
        groups,
        roles,
        features,
    };
    // Room for all at once: what grows by doubling keeps twice as much.
    let count = rows.iter().flatten().map(Vec::len).sum();
    let mut drafts: Vec<(usize, DraftRequirement)> = Vec::with_capacity(count);
    for (at, (file, rows)) in files.iter().zip(rows).enumerate() {
        let mut values = Values {
            source: &file.source,
            problems,
            roles: &role_words[at],
            features: &feature_words[at],
        };
        values.id(&file.file.document.id, false);
        let document = document(file, &mut values);
        let groups = groups_of(&document, &library.groups);
        let around = Surroundings {
            document: DocumentIndex::at(at),
            document_id: &document.id,
            regions: &document.regions,
            groups: &groups,
        };
        for text in rows.into_iter().flatten() {
            drafts.extend(
                entries::requirement(&text, &around, &mut values)
                    .into_iter()
                    .map(|d| (at, d)),
            );
        }
        library.documents.push(document);
    }
    let mentions = settle(&mut library, drafts, files, problems);
    finish_groups(&mut library, &group_places, files, problems);
    domains::broad_wildcards(&mentions, files, problems);
    domains::near_twins(&mentions, files, problems);
    for (document, own) in library
        .documents
        .iter_mut()
        .zip(domains::vendor_domains(&mentions, files))
    {
        document.vendor_domains = own;
    }
    note_assumptions(&library, files, problems);
    library
}

/// The places of a document's groups, by their ids without it.
fn groups_of(document: &Document, groups: &[super::Group]) -> BTreeMap<String, GroupIndex> {
    let prefix = format!("{}/", document.id);
    let own = groups.iter().enumerate().filter_map(|(i, group)| {
        let id = group.id.strip_prefix(&prefix)?;
        Some((id.to_owned(), GroupIndex::at(i)))
    });
    own.collect()
}

fn document(file: &Written, values: &mut Values<'_>) -> Document {
    let text = &file.file.document;
    let regions = declarations::regions(&file.file.regions, values);
    Document {
        id: text.id.value.clone(),
        vendor: text.vendor.clone(),
        product: text.product.clone(),
        page: text.page.clone(),
        language: text.language.clone(),
        sha256: file.sha256.clone(),
        file: file.source.name.clone(),
        region_scope: declarations::region_places(&text.region_scope, &regions, values),
        when: values.conditions(&text.when),
        unstated_ports: values.ports(&text.unstated_ports),
        unstated_transport: transports(&text.unstated_transport),
        supersedes: text.supersedes.clone(),
        notes: text.notes.clone(),
        regions,
        names_from: Vec::new(),
        networks_from: Vec::new(),
        vendor_domains: Vec::new(),
    }
}

/// SHA-256 of a text, in hexadecimal digits.
#[must_use]
pub fn sha256_of(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

/// Puts the requirements in order, finds ids that are there twice, and resolves references.
fn settle(
    library: &mut Library,
    mut drafts: Vec<(usize, DraftRequirement)>,
    files: &[Written],
    problems: &mut Problems,
) -> Vec<Mention> {
    drafts.sort_by(|a, b| a.1.requirement.id.cmp(&b.1.requirement.id));
    for pair in drafts.windows(2) {
        if let [(_, a), (file, b)] = pair
            && a.requirement.id == b.requirement.id
        {
            let message = format!("the requirement `{}` is there twice", b.requirement.id);
            problems.error(
                &files[*file].source,
                code::DUPLICATE_ID,
                b.id_span.clone(),
                message,
                None,
            );
        }
    }
    drafts.dedup_by(|b, a| a.1.requirement.id == b.1.requirement.id);
    let (mut pending, mut mentions) = (Vec::new(), Vec::with_capacity(drafts.len()));
    library.requirements.reserve_exact(drafts.len());
    for (i, (file, draft)) in drafts.into_iter().enumerate() {
        let at = RequirementIndex::at(i);
        let places = draft.requirement.to.iter().zip(draft.to_spans);
        mentions.extend(places.filter_map(|(to, span)| Mention::of(file, span, &to.target)));
        for (group, alternative) in &draft.requirement.any_of {
            if let Some(group) = library.groups.get_mut(group.index()) {
                group.members.push(Member {
                    requirement: at,
                    alternative: alternative.clone(),
                });
            }
        }
        if !draft.references.is_empty() {
            pending.push(PendingReferences {
                at,
                references: draft.references,
            });
        }
        library.requirements.push(draft.requirement);
    }
    references::resolve(library, pending, files, problems);
    bound_destinations(library, files, problems);
    mentions
}

/// Roles and references multiply destinations; what is beyond the bound is refused.
fn bound_destinations(library: &Library, files: &[Written], problems: &mut Problems) {
    let own = |r: &super::Requirement| {
        let names = |role| {
            library.documents[r.document.index()]
                .names_from
                .iter()
                .find(|(n, _)| n == role)
        };
        let rows = |rows: &[RequirementIndex]| {
            rows.iter()
                .map(|i| library.requirements[i.index()].to.len())
                .sum::<usize>()
        };
        let each = r.to.iter().map(|d| match &d.target {
            Target::Role(role) => 1 + names(role).map_or(0, |(_, list)| rows(list)),
            Target::Template(_) => library.documents[r.document.index()].regions.len().max(1),
            _ => 1,
        });
        each.sum::<usize>()
    };
    let each: Vec<usize> = library.requirements.iter().map(own).collect();
    let mut total = 0_usize;
    for requirement in &library.requirements {
        total = total.saturating_add(requirement.refers_to.iter().map(|i| each[i.index()]).sum());
    }
    if let (true, Some(file)) = (
        total + each.iter().sum::<usize>() > MOST_DESTINATIONS,
        files.first(),
    ) {
        let message = format!(
            "more than {MOST_DESTINATIONS} destinations, with roles and references followed"
        );
        problems.error(&file.source, code::REFERENCE_TOO_WIDE, 0..0, message, None);
    }
}

fn finish_groups(
    library: &mut Library,
    places: &[(usize, Range<usize>)],
    files: &[Written],
    problems: &mut Problems,
) {
    for (group, (file, span)) in library.groups.iter().zip(places) {
        let mut alternatives: Vec<&str> = group
            .members
            .iter()
            .map(|m| m.alternative.as_str())
            .collect();
        alternatives.sort_unstable();
        alternatives.dedup();
        let whole = matches!(
            group.kind,
            super::GroupKind::Pool | super::GroupKind::SameFlow
        );
        let count = if whole {
            group.members.len()
        } else {
            alternatives.len()
        };
        if count < 2 {
            let what = if whole { "member" } else { "alternative" };
            let message = format!(
                "the group `{}` has {count} {what}{}",
                group.id,
                if count == 1 { "" } else { "s" }
            );
            problems.warning(
                &files[*file].source,
                code::GROUP_OF_ONE,
                span.clone(),
                message,
                None,
            );
        }
        let Some(recommended) = &group.recommended else {
            continue;
        };
        if !alternatives.contains(&recommended.as_str()) {
            let hint = super::problem::did_you_mean(recommended, alternatives.iter().copied());
            let message = format!(
                "no member of `{}` has the alternative `{recommended}`",
                group.id
            );
            problems.error(
                &files[*file].source,
                code::UNKNOWN_GROUP,
                span.clone(),
                message,
                hint,
            );
        }
    }
}

/// One note a document for what is assumed or dated, so that 106 rows do not make 106 notes.
fn note_assumptions(library: &Library, files: &[Written], problems: &mut Problems) {
    for (at, (document, file)) in library.documents.iter().zip(files).enumerate() {
        let own = library.requirements_of(DocumentIndex::at(at));
        let span = &file.file.document.id.span;
        let unstated = own
            .iter()
            .filter(|r| r.ports.is_empty() && !r.to.is_empty() && !r.deny)
            .count();
        if unstated > 0 {
            let assumed = match &document.unstated_ports {
                set if set.is_empty() => "any port is allowed".to_owned(),
                set => format!("{set} is assumed"),
            };
            let message = format!(
                "`{}`: requirements that state no port: {unstated}; {assumed}",
                document.id
            );
            problems.note(
                &file.source,
                code::UNSTATED_PORT,
                span.clone(),
                message,
                "document key `unstated-ports`".to_owned(),
            );
        }
        let dated = own
            .iter()
            .filter(|r| r.valid.until.is_some() || r.valid.from.is_some());
        let mut days: Vec<String> = dated.map(|r| r.valid.to_string()).collect();
        days.sort_unstable();
        for run in days.chunk_by(|a, b| a == b) {
            let message = format!(
                "`{}`: requirements that are valid {} only: {}",
                document.id,
                run[0],
                run.len()
            );
            problems.note(
                &file.source,
                code::DATED_REQUIREMENT,
                span.clone(),
                message,
                None,
            );
        }
        check_templates(document, own, file, problems);
    }
}

/// Templates need regions, and the longest label must still make names of them.
fn check_templates(
    document: &Document,
    own: &[super::Requirement],
    file: &Written,
    problems: &mut Problems,
) {
    let span = &file.file.document.id.span;
    let templates: BTreeSet<&super::NameTemplate> = own
        .iter()
        .flat_map(|r| &r.to)
        .filter_map(|d| {
            if let Target::Template(template) = &d.target {
                Some(template)
            } else {
                None
            }
        })
        .collect();
    if templates.is_empty() {
        return;
    }
    let Some(longest) = document.regions.iter().max_by_key(|r| r.label.len()) else {
        let message = format!(
            "`{}` has region placeholders, but knows no region: each stands for one label",
            document.id
        );
        problems.warning(
            &file.source,
            code::UNFILLED_TEMPLATE,
            span.clone(),
            message,
            "add [regions]".to_owned(),
        );
        return;
    };
    if let Some(error) = templates.iter().find_map(|t| t.fill(&longest.label).err()) {
        let message = format!(
            "the label of the region `{}` does not fit: {error}",
            longest.name
        );
        problems.error(
            &file.source,
            code::BAD_WILDCARD,
            span.clone(),
            message,
            None,
        );
    }
}

/// Whether a requirement may be missed at all, whatever the site says.
pub(super) fn can_be_missed(requirement: &super::Requirement) -> bool {
    let local =
        !requirement.to.is_empty() && requirement.to.iter().all(|d| d.target == Target::Localhost);
    requirement.must_see && !requirement.deny && requirement.need != Need::Optional && !local
}
