//! Cross-references: texts to requirements, over all documents, transitively.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::code;
use super::super::problem::{Problems, did_you_mean};
use super::super::syntax::{Placed, RoleText};
use super::super::{DocumentIndex, Library, Requirement, RequirementIndex, RoleIndex, Source};
use super::Written;
use super::entries::ReferenceText;

/// The most resolved references of all requirements together. The shipped pages have some hundreds.
const MOST_REFERENCES: usize = 300_000;

/// A requirement's references as written; `at` is the requirement's place.
pub(super) struct PendingReferences {
    pub(super) at: RequirementIndex,
    pub(super) references: Vec<(ReferenceText, Range<usize>)>,
}

/// Fills [`super::super::Requirement::refers_to`] and [`super::super::Document::names_from`],
/// [`super::super::Document::networks_from`].
pub(super) fn resolve(
    library: &mut Library,
    pending: Vec<PendingReferences>,
    files: &[Written],
    problems: &mut Problems,
) {
    let mut direct: Vec<(RequirementIndex, Vec<RequirementIndex>)> = Vec::new();
    let mut finder = Finder::new(library);
    let mut total = 0;
    for entry in pending {
        let Some(requirement) = library.requirement(entry.at) else {
            continue;
        };
        let document = requirement.document;
        let source = &files[document.index()].source;
        let mut found = BTreeSet::new();
        for (reference, span) in &entry.references {
            match finder.find(document, entry.at, reference) {
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
    let names = bound(&finder, Binds::Names, files, problems);
    let networks = bound(&finder, Binds::Networks, files, problems);
    let bound = names.into_iter().zip(networks);
    for (document, (names, networks)) in library.documents.iter_mut().zip(bound) {
        document.names_from = names;
        document.networks_from = networks;
    }
    close(library, &direct, files, problems);
}

type Refusal = (&'static str, String, Option<String>);

/// Finds what references mean; what costs a walk over all requirements is remembered.
struct Finder<'a> {
    library: &'a Library,
    /// Places by row id: the row itself, or all that it was expanded to.
    by_row: BTreeMap<&'a str, Vec<RequirementIndex>>,
    of_role: BTreeMap<(DocumentIndex, RoleIndex), Vec<RequirementIndex>>,
}

impl<'a> Finder<'a> {
    fn new(library: &'a Library) -> Self {
        let mut by_row: BTreeMap<&str, Vec<RequirementIndex>> = BTreeMap::new();
        for (at, requirement) in library.requirements.iter().enumerate() {
            by_row
                .entry(&requirement.row_id)
                .or_default()
                .push(RequirementIndex::at(at));
        }
        Self {
            library,
            by_row,
            of_role: BTreeMap::new(),
        }
    }

    fn find(
        &mut self,
        document: DocumentIndex,
        own: RequirementIndex,
        reference: &ReferenceText,
    ) -> Result<Vec<RequirementIndex>, Refusal> {
        let word = match reference {
            ReferenceText::RequirementsOf(role) => return self.needs_of(document, own, *role),
            ReferenceText::Word(word) => word,
        };
        let rows = self.rows(document, word);
        let whole = self
            .library
            .documents
            .binary_search_by(|d| d.id.as_str().cmp(word))
            .ok()
            .map(DocumentIndex::at);
        let role = self.library.role(word);
        let meanings = usize::from(!rows.is_empty())
            + usize::from(whole.is_some())
            + usize::from(role.is_some());
        if meanings > 1 {
            let message = format!("`{word}` can mean a requirement, a document or a role");
            let hint = "write { requirements-of = .. } for a role, `document/id*` for requirements"
                .to_owned();
            return Err((code::AMBIGUOUS_REFERENCE, message, Some(hint)));
        }
        match (rows.is_empty(), whole, role) {
            (false, ..) => Ok(rows),
            (_, Some(whole), _) => Ok(self.positive(whole, |_| true)),
            (_, _, Some(role)) => self.needs_of(document, own, role),
            _ => Err(dangling(self.library, document, word)),
        }
    }

    /// The document's requirements that wanted ones are among, negative facts left out.
    fn positive(
        &self,
        document: DocumentIndex,
        wanted: impl Fn(&Requirement) -> bool,
    ) -> Vec<RequirementIndex> {
        let list = self.library.requirements_of(document);
        let start = list
            .first()
            .and_then(|r| self.library.find(&r.id))
            .map_or(0, RequirementIndex::index);
        let places = list
            .iter()
            .enumerate()
            .filter(|(_, r)| !r.deny && wanted(r));
        places
            .map(|(i, _)| RequirementIndex::at(start + i))
            .collect()
    }

    /// All destinations that a role needs: requirements of the document that start from it, or from what it inherits from.
    fn needs_of(
        &mut self,
        document: DocumentIndex,
        own: RequirementIndex,
        role: RoleIndex,
    ) -> Result<Vec<RequirementIndex>, Refusal> {
        if !self.of_role.contains_key(&(document, role)) {
            let is_a = self
                .library
                .roles
                .get(role.index())
                .map(|r| r.is_a.clone())
                .unwrap_or_default();
            let starts = |r: &Requirement| {
                r.from
                    .iter()
                    .any(|s| matches!(s, Source::Role(from) if is_a.contains(*from)))
            };
            let rows = self.positive(document, starts);
            self.of_role.insert((document, role), rows);
        }
        let rows = self
            .of_role
            .get(&(document, role))
            .map_or(&[][..], |rows| rows);
        let others: Vec<_> = rows.iter().copied().filter(|r| *r != own).collect();
        if others.is_empty() {
            let message = format!(
                "no other requirement of this document starts from the role `{}`",
                self.library.role_name(role)
            );
            return Err((code::EMPTY_REFERENCE, message, None));
        }
        Ok(others)
    }

    /// Requirements by `id`, `prefix*`, `document/id` or `document/prefix*`. An id also stands for the rows expanded
    /// from it.
    fn rows(&self, document: DocumentIndex, word: &str) -> Vec<RequirementIndex> {
        let own = self.library.document(document).map_or("", |d| &d.id);
        let full = if word.contains('/') {
            word.to_owned()
        } else {
            format!("{own}/{word}")
        };
        match full.strip_suffix('*') {
            None => match self.by_row.get(full.as_str()) {
                Some(rows) => rows.clone(),
                None => self.library.find(&full).into_iter().collect(),
            },
            Some(prefix) => {
                let start = self
                    .library
                    .requirements
                    .partition_point(|r| r.id.as_str() < prefix);
                let list = self.library.requirements.get(start..).unwrap_or_default();
                let count = list
                    .iter()
                    .take_while(|r| r.id.starts_with(prefix))
                    .take(MOST_REFERENCES + 1)
                    .count();
                (start..start + count).map(RequirementIndex::at).collect()
            }
        }
    }
}

fn dangling(library: &Library, document: DocumentIndex, word: &str) -> Refusal {
    let own = library.document(document).map_or("", |d| &d.id);
    let local = library
        .requirements_of(document)
        .iter()
        .filter_map(|r| r.id.strip_prefix(own)?.strip_prefix('/'));
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

/// What rows bind of a role.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binds {
    /// Their destinations are its names.
    Names,
    /// Their sources are its networks.
    Networks,
}

impl Binds {
    fn words(self, role: &RoleText) -> &[Placed<String>] {
        match self {
            Self::Names => &role.names_from,
            Self::Networks => &role.networks_from,
        }
    }

    fn has(self, row: &Requirement) -> bool {
        let network = |source: &Source| matches!(source, Source::Network(_));
        match self {
            Self::Names => !row.to.is_empty(),
            Self::Networks => row.from.iter().any(network),
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Names => "destinations that could be names",
            Self::Networks => "sources that could be networks",
        }
    }
}

/// For each document its roles with the rows that bind them.
fn bound(
    finder: &Finder<'_>,
    binds: Binds,
    files: &[Written],
    problems: &mut Problems,
) -> Vec<Vec<(RoleIndex, Vec<RequirementIndex>)>> {
    let mut total = 0;
    let mut all = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let document = DocumentIndex::at(at);
        let mut bound = Vec::new();
        for (name, role) in &file.file.roles {
            let mut found = BTreeSet::new();
            for word in binds.words(role) {
                let rows = finder.rows(document, word);
                let named = |r: &RequirementIndex| {
                    let row = finder.library.requirement(*r);
                    row.is_some_and(|row| binds.has(row))
                };
                if rows.is_empty() {
                    let (code, message, hint) = dangling(finder.library, document, word);
                    problems.error(&file.source, code, word.span.clone(), message, hint);
                } else if !rows.iter().any(named) {
                    let message = format!(
                        "`{}` has no {} of `{}`",
                        word.value,
                        binds.what(),
                        name.value
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
                    let message = format!("more than {MOST_REFERENCES} references");
                    problems.error(
                        &file.source,
                        code::REFERENCE_TOO_WIDE,
                        word.span.clone(),
                        message,
                        None,
                    );
                    return all;
                }
                found.extend(rows);
            }
            if let (false, Some(index)) = (found.is_empty(), finder.library.role(name)) {
                bound.push((index, found.into_iter().collect()));
            }
        }
        all.push(bound);
    }
    all
}
