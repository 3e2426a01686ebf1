//! Cross-references: texts to requirements, over all documents, transitively.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::code;
use super::super::problem::{Problems, did_you_mean};
use super::super::{Library, RequirementIndex, RoleIndex, Source};
use super::Written;
use super::entries::ReferenceText;

/// The most resolved references of all requirements together. The shipped pages have some hundreds.
const MOST_REFERENCES: usize = 300_000;

/// A requirement's references as written; `at` is the requirement's place.
pub(super) struct Pending {
    pub(super) at: RequirementIndex,
    pub(super) references: Vec<(ReferenceText, Range<usize>)>,
}

/// Fills [`super::super::Requirement::refers_to`] and [`super::super::Document::names_from`].
pub(super) fn resolve(
    library: &mut Library,
    pending: Vec<Pending>,
    files: &[Written],
    problems: &mut Problems,
) {
    let mut direct: Vec<(RequirementIndex, Vec<RequirementIndex>)> = Vec::new();
    let mut total = 0;
    for entry in pending {
        let Some(requirement) = library.requirement(entry.at) else {
            continue;
        };
        let document = requirement.document;
        let source = &files[document.index()].source;
        let mut found = BTreeSet::new();
        for (reference, span) in &entry.references {
            match find(library, document.index(), entry.at, reference) {
                Ok(rows) => {
                    total += rows.len();
                    found.extend(rows);
                }
                Err((code, message, hint)) => {
                    problems.error(source, code, span.clone(), message, hint)
                }
            }
            if total > MOST_REFERENCES {
                problems.error(
                    source,
                    code::REFERENCE_TOO_WIDE,
                    span.clone(),
                    format!("more than {MOST_REFERENCES} references"),
                    None,
                );
                return;
            }
        }
        found.remove(&entry.at);
        direct.push((entry.at, found.into_iter().collect()));
    }
    close(library, &direct, files, problems);
    names_from(library, files, problems);
}

type Refusal = (&'static str, String, Option<String>);

fn find(
    library: &Library,
    document: usize,
    own: RequirementIndex,
    reference: &ReferenceText,
) -> Result<Vec<RequirementIndex>, Refusal> {
    match reference {
        ReferenceText::RequirementsOf(role) => of_role(library, document, own, *role),
        ReferenceText::Word(word) => {
            let rows = rows(library, document, word);
            let whole = library.documents.iter().position(|d| d.id == *word);
            let role = library.role(word);
            let meanings = usize::from(!rows.is_empty())
                + usize::from(whole.is_some())
                + usize::from(role.is_some());
            if meanings > 1 {
                let message = format!("`{word}` can mean a requirement, a document or a role");
                return Err((code::AMBIGUOUS_REFERENCE, message, Some("write { requirements-of = .. } for a role, `document/id*` for requirements".to_owned())));
            }
            match (rows.is_empty(), whole, role) {
                (false, ..) => Ok(rows),
                (_, Some(at), _) => Ok(all_of(library, |r| r.document.index() == at && !r.deny)),
                (_, _, Some(role)) => of_role(library, document, own, role),
                _ => Err(dangling(library, document, word)),
            }
        }
    }
}

fn of_role(
    library: &Library,
    document: usize,
    own: RequirementIndex,
    role: RoleIndex,
) -> Result<Vec<RequirementIndex>, Refusal> {
    let Some(is_a) = library.roles.get(role.index()).map(|r| &r.is_a) else {
        return Ok(Vec::new());
    };
    let rows = all_of(library, |r| {
        r.document.index() == document
            && !r.deny
            && r.from
                .iter()
                .any(|s| matches!(s, Source::Role(from) if is_a.contains(*from)))
    });
    let rows: Vec<_> = rows.into_iter().filter(|r| *r != own).collect();
    if rows.is_empty() {
        let message = format!(
            "no requirement of this document starts from the role `{}`",
            library.role_name(role)
        );
        return Err((code::EMPTY_REFERENCE, message, None));
    }
    Ok(rows)
}

fn all_of(
    library: &Library,
    wanted: impl Fn(&super::super::Requirement) -> bool,
) -> Vec<RequirementIndex> {
    library
        .requirements
        .iter()
        .enumerate()
        .filter(|(_, r)| wanted(r))
        .map(|(i, _)| RequirementIndex::at(i))
        .collect()
}

/// Requirements by `id`, `prefix*`, `document/id` or `document/prefix*`. An id also stands for the rows expanded from it.
fn rows(library: &Library, document: usize, word: &str) -> Vec<RequirementIndex> {
    let own = &library.documents[document].id;
    let full = if word.contains('/') {
        word.to_owned()
    } else {
        format!("{own}/{word}")
    };
    match full.strip_suffix('*') {
        None => library.rows(&full).collect(),
        Some(prefix) => {
            let start = library
                .requirements
                .partition_point(|r| r.id.as_str() < prefix);
            let count = library.requirements[start..]
                .iter()
                .take_while(|r| r.id.starts_with(prefix))
                .count();
            (start..start + count).map(RequirementIndex::at).collect()
        }
    }
}

fn dangling(library: &Library, document: usize, word: &str) -> Refusal {
    let own = &library.documents[document].id;
    let local = library
        .requirements
        .iter()
        .filter_map(|r| r.id.strip_prefix(own.as_str())?.strip_prefix('/'));
    let elsewhere = library.documents.iter().map(|d| d.id.as_str());
    let roles = library.roles.iter().map(|r| r.name.as_str());
    let hint = did_you_mean(word, local.chain(elsewhere).chain(roles));
    (
        code::DANGLING_REFERENCE,
        format!("`{word}` is no requirement, document or role"),
        hint,
    )
}

/// Follows references of references; circles are harmless, since each requirement is taken once.
fn close(
    library: &mut Library,
    direct: &[(RequirementIndex, Vec<RequirementIndex>)],
    files: &[Written],
    problems: &mut Problems,
) {
    let mut total = 0;
    for (at, rows) in direct {
        let mut seen = BTreeSet::from([*at]);
        let mut open = rows.clone();
        while let Some(row) = open.pop() {
            if !seen.insert(row) {
                continue;
            }
            total += 1;
            if total > MOST_REFERENCES {
                let document = library.requirements[at.index()].document.index();
                problems.error(
                    &files[document].source,
                    code::REFERENCE_TOO_WIDE,
                    0..0,
                    format!("more than {MOST_REFERENCES} references"),
                    None,
                );
                return;
            }
            if let Ok(next) = direct.binary_search_by(|(r, _)| r.cmp(&row)) {
                open.extend_from_slice(&direct[next].1);
            }
        }
        seen.remove(at);
        library.requirements[at.index()].refers_to = seen.into_iter().collect();
    }
}

fn names_from(library: &mut Library, files: &[Written], problems: &mut Problems) {
    let mut total = 0;
    for (at, file) in files.iter().enumerate() {
        let mut bound = Vec::new();
        for (name, role) in &file.file.roles {
            let mut found = BTreeSet::new();
            for word in &role.names_from {
                let rows = rows(library, at, word);
                let named = |r: &RequirementIndex| {
                    library.requirement(*r).is_some_and(|r| !r.to.is_empty())
                };
                if rows.is_empty() {
                    let (code, message, hint) = dangling(library, at, word);
                    problems.error(&file.source, code, word.span.clone(), message, hint);
                } else if !rows.iter().any(named) {
                    let message = format!(
                        "`{}` has no destinations that could be names of `{}`",
                        word.value, name.value
                    );
                    problems.error(
                        &file.source,
                        code::EMPTY_REFERENCE,
                        word.span.clone(),
                        message,
                        None,
                    );
                }
                total += rows.len();
                if total > MOST_REFERENCES {
                    problems.error(
                        &file.source,
                        code::REFERENCE_TOO_WIDE,
                        word.span.clone(),
                        format!("more than {MOST_REFERENCES} references"),
                        None,
                    );
                    return;
                }
                found.extend(rows);
            }
            if let (false, Some(index)) = (found.is_empty(), library.role(name)) {
                bound.push((index, found.into_iter().collect()));
            }
        }
        library.documents[at].names_from = bound;
    }
}
