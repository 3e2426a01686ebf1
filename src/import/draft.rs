//! What was understood of a source, before it is written as a rule file.

use std::collections::BTreeMap;

use super::endpoint::ListedEndpoint;
use super::traffic::Traffic;
use crate::rules::{Direction, Need};

/// A rule file in the making.
#[derive(Debug, Default)]
pub(super) struct ImportDraft {
    /// Kebab id.
    pub(super) id: String,
    pub(super) vendor: String,
    pub(super) product: String,
    /// How a person finds the page.
    pub(super) page: String,
    pub(super) language: String,
    /// Short facts for the reader of the file.
    pub(super) notes: Vec<String>,
    /// The regions that the whole is of; none for every one.
    pub(super) scope: Vec<String>,
    /// Ports to assume where none are stated, and over what.
    pub(super) unstated_ports: Vec<String>,
    pub(super) unstated_transport: Vec<String>,
    /// Switches of the source, with what they are about.
    pub(super) features: BTreeMap<String, String>,
    /// The rows.
    pub(super) entries: Vec<DraftEntry>,
}

/// Who or where, by role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DraftParty {
    /// As the page calls it.
    pub(super) text: String,
    /// The role's id; `any` and `localhost` stand for themselves.
    pub(super) role: String,
    /// "if any".
    pub(super) optional: bool,
}

/// A destination by name or address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DraftDestination {
    pub(super) endpoint: ListedEndpoint,
    pub(super) line: u32,
}

/// Rows of which one is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Unique in the draft.
    pub(super) id: String,
    pub(super) about: String,
    pub(super) alternative: String,
    pub(super) recommended: bool,
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) table: String,
    pub(super) row: String,
    pub(super) line: Option<u32>,
}

/// One row in the making; becomes a requirement, or several where ports differ by transport.
#[derive(Clone, Debug, Default)]
pub(super) struct DraftEntry {
    /// What the id is made of, where the service is not the best word.
    pub(super) key: Option<String>,
    pub(super) service: String,
    pub(super) sources: Vec<DraftParty>,
    /// Sources by address.
    pub(super) networks: Vec<String>,
    pub(super) to: Vec<DraftDestination>,
    pub(super) roles: Vec<DraftParty>,
    /// The roles whose names the endpoints are, where the page has both.
    pub(super) names_of: Vec<DraftParty>,
    /// All that this role needs.
    pub(super) needs_of: Option<DraftParty>,
    pub(super) traffic: Traffic,
    pub(super) regions: Vec<String>,
    /// The regions say where the far side stands, and the row holds in every one.
    pub(super) far_region: bool,
    pub(super) direction: Direction,
    pub(super) need: Need,
    /// Feature key that must be on.
    pub(super) feature: Option<String>,
    pub(super) hints: Vec<String>,
    pub(super) choice: Option<Choice>,
    /// Members of one pool: any one seen is enough.
    pub(super) pool: bool,
    pub(super) must_see: bool,
    /// The source has lost the names.
    pub(super) lost: bool,
    /// First and last day.
    pub(super) valid: (Option<String>, Option<String>),
    pub(super) place: Place,
}

/// Something that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leftover {
    /// Line of the source, counted from 1; 0 where there are no lines.
    pub(crate) line: u32,
    /// Table or heading.
    pub(crate) table: String,
    /// Row, counted from 1, or its key.
    pub(crate) row: String,
    /// Column's header, or its place.
    pub(crate) column: String,
    /// What stands there.
    pub(crate) text: String,
    /// Why it was not taken.
    pub(crate) why: String,
}
