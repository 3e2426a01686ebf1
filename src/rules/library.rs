//! The checked nouns that requirements stand in: library, document, region, role, feature, group.

use super::{
    Condition, DocumentIndex, FeatureIndex, Requirement, RequirementIndex, RoleIndex, RoleSet,
    Truth,
};
use crate::model::{PortSet, Transport};

/// Everything that was loaded: checked, merged, with cross-references resolved. Immutable.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// The documents, ascending by id.
    pub documents: Vec<Document>,
    /// All requirements, ascending by [`Requirement::id`].
    pub requirements: Vec<Requirement>,
    /// All groups, ascending by id.
    pub groups: Vec<Group>,
    /// Roles of all documents, merged by name, ascending.
    pub roles: Vec<Role>,
    /// Features of all documents, merged by key, ascending.
    pub features: Vec<Feature>,
}

impl Library {
    /// The requirement with an id (`document/id`).
    #[must_use]
    pub fn find(&self, id: &str) -> Option<RequirementIndex> {
        self.requirements
            .binary_search_by(|r| r.id.as_str().cmp(id))
            .ok()
            .map(RequirementIndex::at)
    }

    /// The requirements whose id is `document/id`, or that stand for one entry each of that row.
    pub fn rows<'a>(&'a self, id: &'a str) -> impl Iterator<Item = RequirementIndex> + 'a {
        let start = self.requirements.partition_point(|r| r.id.as_str() < id);
        self.requirements
            .iter()
            .enumerate()
            .skip(start)
            .take_while(move |(_, r)| r.id.starts_with(id))
            .filter(move |(_, r)| r.id == id || r.row_id == id)
            .map(|(i, _)| RequirementIndex::at(i))
    }

    /// The requirement at a place.
    #[must_use]
    pub fn requirement(&self, index: RequirementIndex) -> Option<&Requirement> {
        self.requirements.get(index.index())
    }

    /// The document at a place.
    #[must_use]
    pub fn document(&self, index: DocumentIndex) -> Option<&Document> {
        self.documents.get(index.index())
    }

    /// The name of a role; empty where there is none.
    #[must_use]
    pub fn role_name(&self, index: RoleIndex) -> &str {
        self.roles.get(index.index()).map_or("", |r| &r.name)
    }

    /// The role with a name or alias.
    #[must_use]
    pub fn role(&self, word: &str) -> Option<RoleIndex> {
        let by_name = self
            .roles
            .binary_search_by(|r| r.name.as_str().cmp(word))
            .ok();
        let by_alias = || {
            self.roles
                .iter()
                .position(|r| r.aliases.iter().any(|a| a == word))
        };
        by_name.or_else(by_alias).map(RoleIndex::at)
    }

    /// The feature with a key.
    #[must_use]
    pub fn feature(&self, key: &str) -> Option<FeatureIndex> {
        self.features
            .binary_search_by(|f| f.key.as_str().cmp(key))
            .ok()
            .map(FeatureIndex::at)
    }

    /// A document's requirements, ascending by id.
    #[must_use]
    pub fn requirements_of(&self, document: DocumentIndex) -> &[Requirement] {
        let Some(document) = self.document(document) else {
            return &[];
        };
        // `/` sorts before `0`, and an id goes on after it, so this range is the document's own.
        let bounds = (format!("{}/", document.id), format!("{}0", document.id));
        let start = self.requirements.partition_point(|r| r.id < bounds.0);
        let end = self.requirements.partition_point(|r| r.id < bounds.1);
        self.requirements.get(start..end).unwrap_or_default()
    }

    /// Every region word (label, alias, filled-in label) of all documents, ascending, each once.
    #[must_use]
    pub fn region_words(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self
            .documents
            .iter()
            .flat_map(|d| d.regions.iter().flat_map(Region::words))
            .collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

/// One vendor page.
#[derive(Clone, Debug)]
pub struct Document {
    /// Kebab id; the first part of its requirements' ids.
    pub id: String,
    /// Who publishes the page.
    pub vendor: String,
    /// The product that it is about.
    pub product: String,
    /// How a person finds the page.
    pub page: String,
    /// Language of the page, as a language tag.
    pub language: String,
    /// SHA-256 of the rule file's bytes, lower-case hex.
    pub sha256: String,
    /// The rule file's name as shown.
    pub file: String,
    /// Places in [`Self::regions`] that the page is about; empty = all.
    pub region_scope: Vec<usize>,
    /// What must hold for all of its requirements.
    pub when: Vec<Condition>,
    /// Ports that are assumed where the page states none; empty = any.
    pub unstated_ports: PortSet,
    /// Transports that are assumed where the page states none; empty = any.
    pub unstated_transport: Vec<Transport>,
    /// Ids of older documents.
    pub supersedes: Vec<String>,
    /// Short facts.
    pub notes: Vec<String>,
    /// The regions that the page knows, ascending by name.
    pub regions: Vec<Region>,
    /// Role destinations that other rows bind: role and the rows whose destinations are its names.
    pub names_from: Vec<(RoleIndex, Vec<RequirementIndex>)>,
    /// Role sources whose networks other rows print: role and the rows whose sources they are.
    pub networks_from: Vec<(RoleIndex, Vec<RequirementIndex>)>,
    /// Registrable domains that are the vendor's own, ascending.
    pub vendor_domains: Vec<String>,
}

/// A region as one page knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its key in the file.
    pub name: String,
    /// What the page's templates print for it; [`Region::ANY_LABEL`] where nobody knows.
    pub label: String,
    /// Other words for it.
    pub aliases: Vec<String>,
}

impl Region {
    /// A label that says that the page does not tell it: a template then takes any.
    pub const ANY_LABEL: &str = "*";

    /// Whether the page tells what its templates print for it.
    #[must_use]
    pub fn has_label(&self) -> bool {
        self.label != Self::ANY_LABEL
    }

    /// All words for it.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let label = self.has_label().then_some(self.label.as_str());
        [self.name.as_str()]
            .into_iter()
            .chain(label)
            .chain(self.aliases.iter().map(String::as_str))
    }

    /// Whether a word means this region; ASCII case is ignored.
    #[must_use]
    pub fn is_called(&self, word: &str) -> bool {
        self.words().any(|w| w.eq_ignore_ascii_case(word))
    }
}

/// A role that hosts and services can be in.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// The role itself and all that it inherits from, directly or not.
    pub is_a: RoleSet,
    /// May be absent from a site.
    pub optional: bool,
    /// Zero or more names that only the site knows.
    pub placeholder: bool,
    /// A service outside of the site: no private address is it by default.
    pub external: bool,
}

/// A switch of a product.
#[derive(Clone, Debug)]
pub struct Feature {
    /// Its key, scoped by component where it must be.
    pub key: String,
    /// The component that has it.
    pub component: String,
    /// What it is.
    pub about: String,
    /// What holds where the site does not say.
    pub default: Truth,
}

/// How the members of a group stand to each other.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GroupKind {
    /// All are allowed, one must be seen; blocked only if all fail.
    OneOf,
    /// Exclusive alternatives: all are allowed, one must be seen, two seen hint at a misconfiguration.
    InsteadOf,
    /// One alternative must be allowed whole; any row seen satisfies.
    WildcardOrList,
    /// Each member must be reachable, none must individually be seen.
    Pool,
    /// Any one port suffices.
    PortAlternative,
    /// Directly or through a proxy.
    DirectOrProxy,
    /// The same flow described from both ends: reported once, both provenances kept.
    SameFlow,
}

/// Requirements that belong together.
#[derive(Clone, Debug)]
pub struct Group {
    /// `document/id`.
    pub id: String,
    /// The document that declares it.
    pub document: DocumentIndex,
    /// What its members mean to each other.
    pub kind: GroupKind,
    /// What it is about.
    pub about: String,
    /// The alternative that the page recommends.
    pub recommended: Option<String>,
    /// Its members, ascending by requirement.
    pub members: Vec<Member>,
}

/// A requirement in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which requirement.
    pub requirement: RequirementIndex,
    /// The alternative that it belongs to.
    pub alternative: String,
}
