//! Requirements: text, checked, compiled to an immutable matcher.
//!
//! ```text
//! rule files  -> check      -> Library  \
//! site file   -> check_site -> Site      -> Profile -> RuleSet::compile -> RuleSet::assess(subject)
//! choices     ------------------------- /
//! ```
//!
//! | file | what |
//! |---|---|
//! | `syntax`, `read`, `in_parts` | files as written, every problem found; long ones by all threads |
//! | `check` | written to checked; all problems together |
//! | `lint` | what is allowed and likely not meant |
//! | `library`, `requirement`, `condition`, `version`, `pattern`, `role_set` | the checked nouns |
//! | `site_file`, `site`, `profile`, `view`, `by_address` | what the site says: roles of addresses, features, versions, regions |
//! | `compile`, `strategy`, `candidate`, `assess`, `activity` | the matcher |
//! | `passes` | what is let pass at the site, for exports |
//! | `list`, `explain`, `schema`, `reference` | views for people and editors |

mod activity;
mod assess;
mod by_address;
mod candidate;
mod check;
mod code;
mod compile;
mod condition;
#[cfg(any(test, feature = "cli"))]
mod drawn;
mod embedded;
mod explain;
mod fit;
mod in_parts;
mod known;
mod library;
mod lint;
mod list;
mod passes;
mod pattern;
mod problem;
mod profile;
mod read;
mod reference;
mod reference_keys;
mod requirement;
mod role_set;
mod schema;
mod site;
mod site_file;
mod strategy;
mod syntax;
#[cfg(test)]
mod tests;
mod version;
mod view;

pub use activity::Activity;
pub use candidate::{Assessment, Cover, Denied, Fit, Mismatch, Miss, Scratch, Subject, Via};
pub use check::{check, sha256_of};
pub use code::CODES;
pub use compile::RuleSet;
pub use condition::{Circumstances, Condition, Truth};
#[cfg(any(test, feature = "cli"))]
pub use drawn::render_all;
pub use embedded::{
    FIRST_RULES, SHIPPED_SETS, ShippedSet, embedded, sets_named_by_site, shipped_set,
};
pub use explain::no_names;
pub use explain::{Check, Explanation};
pub use fit::{Chosen, ChosenKind, SetChoice, sets_fitting};
pub use library::{Document, Feature, Group, GroupKind, Library, Member, Region, Role};
pub use lint::{Facts, lint};
pub(crate) use list::ports_in_toml;
pub use list::{ListedRequirement, Party};
pub use passes::{Aim, Initiators, Pass};
pub use pattern::{NamePattern, NameTemplate, PatternError, PatternKind};
pub(crate) use problem::nearest;
pub use problem::{Problem, ProblemSeverity};
pub use profile::{Choices, Profile, is_private};
pub use reference::reference;
pub use requirement::{
    Cite, Destination, Direction, DocumentIndex, FeatureIndex, GroupIndex, Need, RefersAs,
    Requirement, RequirementIndex, RoleIndex, Source, Target, Validity,
};
pub use role_set::RoleSet;
pub use schema::{rule_file_schema, site_file_schema};
pub use site::{Hidden, Ignore, Proxy, Site, check_site};
pub use version::{Version, VersionError, VersionRange};

/// A rule or site file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// File name as shown.
    pub name: String,
    /// What is in it.
    pub text: String,
}
