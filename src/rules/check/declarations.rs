//! What files declare and all files share: roles, features, groups, regions.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::super::code;
use super::super::problem::{Problems, SourceText, did_you_mean};
use super::super::syntax::{DefaultText, OneOrMany, Placed, RegionText, RoleText};
use super::super::{Feature, FeatureIndex, Group, Region, Role, RoleIndex, RoleSet, Truth};
use super::{Values, Written};
use crate::model::Fqdn;
use crate::rules::DocumentIndex;

/// The most roles of all files together; sets of roles are bits.
const MOST_ROLES: usize = 1_000;

/// Roles of all files, merged by name, and for each file the words that it may use for them.
pub(super) fn roles(
    files: &[Written],
    problems: &mut Problems,
) -> (Vec<Role>, Vec<BTreeMap<String, RoleIndex>>) {
    let declared = files.iter().flat_map(|f| f.file.roles.keys());
    let mut names: Vec<&str> = declared.map(|name| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if let (true, Some(file)) = (names.len() > MOST_ROLES, files.first()) {
        let message = format!(
            "{} roles are declared; {MOST_ROLES} are the most",
            names.len()
        );
        problems.error(&file.source, code::TOO_MANY_ROLES, 0..0, message, None);
        names.truncate(MOST_ROLES);
    }
    let place = names.iter().enumerate();
    let mut declared = DeclaredRoles {
        place: place.map(|(i, n)| (*n, RoleIndex::at(i))).collect(),
        roles: names.iter().map(|name| empty_role(name)).collect(),
        parents: vec![Vec::new(); names.len()],
        alias_owner: BTreeMap::new(),
    };
    for file in files {
        for (name, text) in &file.file.roles {
            let mut values = Values {
                source: &file.source,
                problems,
                roles: &BTreeMap::new(),
                features: &BTreeMap::new(),
            };
            values.id(name, false);
            if let Some(index) = declared.place.get(name.as_str()).copied() {
                declared.merge(index, text);
                declared.take_aliases(index, text, &mut values);
                declared.take_parents(index, text, &file.source, &mut values);
            }
        }
    }
    let DeclaredRoles {
        place,
        mut roles,
        parents,
        ..
    } = declared;
    close_inheritance(&mut roles, &parents, problems);
    let words = files
        .iter()
        .map(|file| role_words(file, &place, &roles))
        .collect();
    (roles, words)
}

/// Roles of all files while they are read.
struct DeclaredRoles<'a> {
    place: BTreeMap<&'a str, RoleIndex>,
    roles: Vec<Role>,
    /// By role.
    parents: Vec<Vec<Parent<'a>>>,
    alias_owner: BTreeMap<String, RoleIndex>,
}

impl<'a> DeclaredRoles<'a> {
    fn merge(&mut self, index: RoleIndex, text: &RoleText) {
        let role = &mut self.roles[index.index()];
        if role.about.is_empty() {
            role.about.clone_from(&text.about);
        }
        role.optional |= text.optional;
        role.placeholder |= text.placeholder;
        role.external |=
            text.external || !text.names_from.is_empty() || !text.networks_from.is_empty();
    }

    fn take_aliases(&mut self, index: RoleIndex, text: &RoleText, values: &mut Values<'_>) {
        for alias in &text.aliases {
            if !values.id(alias, false) {
                continue;
            }
            let name = self.place.get(alias.as_str());
            let owner = || self.alias_owner.get(&alias.value);
            let another = |role: &&RoleIndex| **role != index;
            if let Some(other) = name.filter(another).or_else(|| owner().filter(another)) {
                let message = format!(
                    "the alias `{}` is the role `{}` already",
                    alias.value,
                    self.roles[other.index()].name
                );
                values.error(code::ALIAS_CLASH, &alias.span, message, None);
            } else if self
                .alias_owner
                .insert(alias.value.clone(), index)
                .is_none()
            {
                self.roles[index.index()].aliases.push(alias.value.clone());
            }
        }
    }

    fn take_parents(
        &mut self,
        index: RoleIndex,
        text: &'a RoleText,
        source: &'a Arc<SourceText>,
        values: &mut Values<'_>,
    ) {
        for parent in &text.inherits {
            if let Some(role) = self.place.get(parent.as_str()) {
                self.parents[index.index()].push((*role, source, parent.span.clone()));
                continue;
            }
            let hint = did_you_mean(parent, self.place.keys().copied());
            let message = format!("the role `{}` is not declared", parent.value);
            values.error(code::UNKNOWN_ROLE, &parent.span, message, hint);
        }
    }
}

/// A role that another inherits from, and where that is written.
type Parent<'a> = (RoleIndex, &'a Arc<SourceText>, Range<usize>);

fn empty_role(name: &str) -> Role {
    Role {
        name: name.to_owned(),
        about: String::new(),
        aliases: Vec::new(),
        is_a: RoleSet::default(),
        optional: false,
        placeholder: false,
        external: false,
    }
}

/// Fills [`Role::is_a`]; a circle is a problem of each role in it.
fn close_inheritance(roles: &mut [Role], parents: &[Vec<Parent<'_>>], problems: &mut Problems) {
    for start in 0..roles.len() {
        let mut set = RoleSet::default();
        let mut open = vec![RoleIndex::at(start)];
        let mut looped = false;
        while let Some(role) = open.pop() {
            if set.contains(role) {
                continue;
            }
            set.insert(role);
            for (parent, ..) in &parents[role.index()] {
                looped |= parent.index() == start;
                open.push(*parent);
            }
        }
        if let (true, Some((_, source, span))) = (looped, parents[start].first()) {
            let message = format!("the role `{}` inherits from itself", roles[start].name);
            problems.error(source, code::ROLE_LOOP, span.clone(), message, None);
        }
        roles[start].is_a = set;
    }
}

/// Names and aliases of the roles that a file declares.
fn role_words(
    file: &Written,
    place: &BTreeMap<&str, RoleIndex>,
    roles: &[Role],
) -> BTreeMap<String, RoleIndex> {
    let mut words = BTreeMap::new();
    for name in file.file.roles.keys() {
        let Some(index) = place.get(name.as_str()) else {
            continue;
        };
        words.insert(name.value.clone(), *index);
        words.extend(
            roles[index.index()]
                .aliases
                .iter()
                .map(|a| (a.clone(), *index)),
        );
    }
    words
}

/// Features of all files, merged by key, and for each file the keys that it may use.
pub(super) fn features(
    files: &[Written],
    problems: &mut Problems,
) -> (Vec<Feature>, Vec<BTreeMap<String, FeatureIndex>>) {
    let mut merged: BTreeMap<&str, Feature> = BTreeMap::new();
    for file in files {
        for (key, text) in &file.file.features {
            Values {
                source: &file.source,
                problems,
                roles: &BTreeMap::new(),
                features: &BTreeMap::new(),
            }
            .id(key, true);
            let default = match text.default {
                DefaultText::On => Truth::On,
                DefaultText::Off => Truth::Off,
                DefaultText::Unknown => Truth::Unknown,
            };
            let feature = merged.entry(key.as_str()).or_insert_with(|| Feature {
                key: key.value.clone(),
                component: text.component.clone(),
                about: text.about.clone(),
                default,
            });
            if feature.component != text.component || feature.default != default {
                let message = format!(
                    "`{}` is another switch in another file: component or default differ",
                    key.value
                );
                let hint = "scope the key: `component/name`".to_owned();
                problems.error(
                    &file.source,
                    code::CONTRADICTION,
                    key.span.clone(),
                    message,
                    hint,
                );
            }
        }
    }
    let keys: Vec<&str> = merged.keys().copied().collect();
    let at = |key: &str| keys.binary_search(&key).map(FeatureIndex::at).ok();
    let words = files
        .iter()
        .map(|f| {
            f.file
                .features
                .keys()
                .filter_map(|k| at(k).map(|i| (k.value.clone(), i)))
                .collect()
        })
        .collect();
    (merged.into_values().collect(), words)
}

/// Groups of all files with their places, ascending by id; members are filled in later.
pub(super) fn groups(
    files: &[Written],
    problems: &mut Problems,
) -> (Vec<Group>, Vec<(usize, Range<usize>)>) {
    let mut out: Vec<(Group, (usize, Range<usize>))> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        for text in &file.file.group {
            let mut values = Values {
                source: &file.source,
                problems,
                roles: &BTreeMap::new(),
                features: &BTreeMap::new(),
            };
            values.id(&text.id, false);
            let group = Group {
                id: format!("{}/{}", file.file.document.id.value, text.id.value),
                document: DocumentIndex::at(at),
                kind: text.kind,
                about: text.about.clone(),
                recommended: text.recommended.as_ref().map(|r| r.value.clone()),
                members: Vec::new(),
            };
            out.push((group, (at, text.id.span.clone())));
        }
    }
    out.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    for pair in out.windows(2) {
        if let [(a, _), (b, (file, span))] = pair
            && a.id == b.id
        {
            problems.error(
                &files[*file].source,
                code::DUPLICATE_ID,
                span.clone(),
                format!("the group `{}` is there twice", b.id),
                None,
            );
        }
    }
    out.dedup_by(|b, a| a.0.id == b.0.id);
    out.into_iter().unzip()
}

/// The regions of a file, ascending by name; words that two of them share are problems.
pub(super) fn regions(
    texts: &BTreeMap<Placed<String>, RegionText>,
    values: &mut Values<'_>,
) -> Vec<Region> {
    let mut owner: BTreeMap<String, usize> = BTreeMap::new();
    let mut out: Vec<Region> = Vec::new();
    for (name, text) in texts {
        values.id(name, false);
        let label = text.label.as_ref().unwrap_or(name);
        let told = label.value != Region::ANY_LABEL;
        if let (true, Err(error)) = (told, Fqdn::parse(label)) {
            values.error(code::BAD_NAME, &label.span, error.to_string(), None);
        }
        let label_word = told.then_some(label);
        let words = [name].into_iter().chain(label_word).chain(&text.aliases);
        for word in words {
            let at = out.len();
            if *owner.entry(word.to_ascii_lowercase()).or_insert(at) != at {
                let message = format!("two regions are called `{}`", word.value);
                values.error(
                    code::OVERLAPPING_REGIONS,
                    &word.span,
                    message,
                    "a word must mean one region of a page".to_owned(),
                );
            }
        }
        out.push(Region {
            name: name.value.clone(),
            label: label.value.clone(),
            aliases: text.aliases.iter().map(|a| a.value.clone()).collect(),
        });
    }
    out
}

/// Region words as places in a document's regions; `all` or nothing gives an empty list, which means all.
pub(super) fn region_places(
    words: &Placed<OneOrMany<String>>,
    regions: &[Region],
    values: &mut Values<'_>,
) -> Vec<usize> {
    let mut places = Vec::new();
    for (word, span) in words.entries(&words.span) {
        if word.eq_ignore_ascii_case("all") {
            return Vec::new();
        }
        match regions.iter().position(|r| r.is_called(word)) {
            Some(at) => places.push(at),
            None => {
                let hint = did_you_mean(word, regions.iter().flat_map(Region::words));
                values.error(
                    code::UNKNOWN_REGION,
                    &span,
                    format!("the region `{word}` is not declared"),
                    hint,
                );
            }
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}
