//! What is asked of the matcher, and what it answers.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bitflags::bitflags;
use foldhash::HashSet;
use ipnet::IpNet;
use thin_vec::ThinVec;

use super::known::Known;
use super::{RequirementIndex, RoleIndex, Truth};
use crate::model::{CaptureTime, Fqdn, PortSet, Transport};
use crate::wording::{Phrase, phrase};

/// A flow, or a lookup, as requirements see it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Who opened it.
    pub initiator: IpAddr,
    /// Who was addressed.
    pub responder: IpAddr,
    /// The responder's port.
    pub port: u16,
    /// The transport.
    pub transport: Transport,
    /// Names of the flow that count; any of them may fit.
    pub names: &'a [&'a Fqdn],
    /// Path with query of a cleartext HTTP request; `None` = not observable.
    pub path: Option<&'a str>,
    /// When it was opened.
    pub time: CaptureTime,
}

/// What requirements say about a subject. Each list is ascending by requirement, each requirement in it once, and no
/// requirement is in both `covers` and `misses`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Requirements that allow it.
    pub covers: Vec<Cover>,
    /// Requirements whose destination fits while something else does not. A destination that fits by the responder's
    /// role only says little, so there at most two things may differ.
    pub misses: Vec<Miss>,
    /// Negative facts that it goes against.
    pub denied: Vec<Denied>,
    /// Requirements for the responder's role that were not looked at for near misses, since there were too many.
    pub unlisted_misses: usize,
}

impl Assessment {
    /// The miss with the fewest misfits; the first of several.
    #[must_use]
    pub fn nearest(&self) -> Option<&Miss> {
        self.misses.iter().min_by_key(|miss| miss.misfits.len())
    }
}

/// The part of an [`Assessment`] that verdicts need, which is less than people want to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// Requirements that allow the subject, ascending. Very many subjects have the same ones, so the list is shared.
    pub covers: Arc<[RequirementIndex]>,
    /// As those of the assessment where nothing allows the subject; else none, since they would say nothing.
    pub misses: ThinVec<Miss>,
    /// As those of the assessment.
    pub denied: ThinVec<Denied>,
}

/// A requirement that allows a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Which one.
    pub requirement: RequirementIndex,
    /// By what its destination fits.
    pub via: Via,
    /// It wants a path, and none could be seen.
    pub path_unobserved: bool,
    /// The page states no port (`port not stated by the page`); the document's assumption was used.
    pub port_unstated: bool,
    /// Whether its condition holds: on, or unknown.
    pub condition: Truth,
}

/// A requirement that nearly allows a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// Which one.
    pub requirement: RequirementIndex,
    /// By what its destination fits.
    pub via: Via,
    /// What does not fit; at least one.
    pub misfits: Vec<Mismatch>,
}

/// A negative fact that a subject goes against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Which requirement.
    pub requirement: RequirementIndex,
    /// By what its destination fits.
    pub via: Via,
    /// Whether its condition is known to hold; false where the site does not say.
    pub certain: bool,
}

/// By what a destination fits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Via {
    /// A name.
    Name {
        /// The subject's name.
        fqdn: Fqdn,
        /// The pattern that covers it, region filled in.
        pattern: Arc<str>,
    },
    /// The responder's address.
    Address {
        /// The listed network.
        prefix: IpNet,
    },
    /// The responder's role.
    Role {
        /// The listed role.
        role: RoleIndex,
    },
    /// The requirement takes any destination.
    Any,
    /// The requirement is about traffic within one host.
    Localhost,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// Another port.
    Port {
        /// The ports that would do.
        listed: PortSet,
        /// Whether the page states them.
        stated: bool,
    },
    /// Another transport.
    Transport {
        /// Those that would do.
        listed: Vec<Transport>,
        /// Whether the page states them.
        stated: bool,
    },
    /// Opened by somebody else.
    Source {
        /// Role names and networks that would do.
        wanted: Vec<String>,
    },
    /// Only within one host.
    Destination {
        /// What would do.
        wanted: String,
    },
    /// Switched off.
    Inactive {
        /// The condition that keeps it off.
        condition: String,
    },
    /// For other regions.
    Region {
        /// Those that would do.
        listed: Vec<String>,
    },
    /// Past its last day.
    Expired {
        /// That day.
        until: jiff::civil::Date,
    },
    /// Before its first day.
    NotYetValid {
        /// That day.
        from: jiff::civil::Date,
    },
    /// Another path.
    Path {
        /// The prefix that would do.
        listed: String,
    },
    /// The site does not use the document.
    DocumentNotInForce {
        /// Its id.
        document: String,
    },
}

impl Mismatch {
    /// In words.
    #[must_use]
    pub fn words(&self) -> Phrase {
        match self {
            Self::Port {
                listed,
                stated: true,
            } => phrase!(
                miss_port,
                "wrong port: {listed} is listed",
                listed = format_args!("{listed}")
            ),
            Self::Port { listed, .. } => {
                let listed = format_args!("{listed}");
                phrase!(
                    miss_port_unstated,
                    "wrong port: {listed} is listed (port not stated by the page)",
                    listed
                )
            }
            Self::Transport { listed, stated } => {
                let listed: Vec<String> = listed.iter().map(Transport::to_string).collect();
                let listed = listed.join(", ");
                match stated {
                    true => phrase!(
                        miss_transport,
                        "wrong transport: {listed} is listed",
                        listed
                    ),
                    false => phrase!(
                        miss_transport_unstated,
                        "wrong transport: {listed} is listed (transport not stated by the page)",
                        listed
                    ),
                }
            }
            Self::Source { wanted } => {
                phrase!(
                    miss_source,
                    "covered for {wanted}, and this host is none",
                    wanted = wanted.join(", ")
                )
            }
            Self::Destination { wanted } => {
                phrase!(miss_destination, "covered for {wanted} only", wanted)
            }
            Self::Inactive { condition } => {
                phrase!(miss_inactive, "off: needs {condition}", condition)
            }
            Self::Region { listed } => {
                phrase!(
                    miss_region,
                    "for another region: {listed}",
                    listed = listed.join(", ")
                )
            }
            Self::Expired { until } => {
                phrase!(
                    miss_expired,
                    "expired: valid until {until}",
                    until = format_args!("{until}")
                )
            }
            Self::NotYetValid { from } => {
                phrase!(
                    miss_not_yet,
                    "not yet valid: from {from}",
                    from = format_args!("{from}")
                )
            }
            Self::Path { listed } => {
                phrase!(
                    miss_path,
                    "wrong path: {listed} is listed",
                    listed = format_args!("{listed}")
                )
            }
            Self::DocumentNotInForce { document } => {
                phrase!(
                    miss_document,
                    "the document {document} is not in force",
                    document
                )
            }
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words())
    }
}

/// Room for one thread's work, used again from call to call.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    pub(super) found: Vec<FoundLeg>,
    pub(super) covers: Vec<RequirementIndex>,
    /// Lists that were made before, so that equal ones are one.
    pub(super) shared: HashSet<Arc<[RequirementIndex]>>,
    pub(super) known: Known,
    /// What covers subjects on any port.
    pub(super) known_on_any_port: Known,
}

impl Scratch {
    /// How many of some subjects a thread had better take in a row: it remembers what it worked out.
    #[must_use]
    pub fn stretch(subjects: usize) -> usize {
        (subjects / (8 * rayon::current_num_threads())).max(256)
    }
}

/// A leg whose destination fits, with how the rest fits.
#[derive(Clone, Copy, Debug)]
pub(super) struct FoundLeg {
    pub(super) requirement: u32,
    /// What does not fit, as bits.
    pub(super) misfits: Mismatches,
    /// How good the destination's fit is as evidence; 0 is best.
    pub(super) rank: u8,
    pub(super) leg: u32,
    /// Place of the name in the subject.
    pub(super) name: u32,
    pub(super) path_unobserved: bool,
    pub(super) truth: Truth,
}

impl FoundLeg {
    /// The best of a requirement's legs comes first.
    pub(super) fn order(&self) -> (u32, u32, u8, bool, u32, u32) {
        (
            self.requirement,
            self.misfits.count(),
            self.rank,
            self.path_unobserved,
            self.leg,
            self.name,
        )
    }
}

bitflags! {
    /// Kinds of misfits.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Mismatches: u16 {
        const PORT = 1;
        const TRANSPORT = 1 << 1;
        const SOURCE = 1 << 2;
        const DESTINATION = 1 << 3;
        const INACTIVE = 1 << 4;
        const REGION = 1 << 5;
        const EXPIRED = 1 << 6;
        const NOT_YET = 1 << 7;
        const PATH = 1 << 8;
        const DOCUMENT = 1 << 9;
    }
}

impl Mismatches {
    /// Adds one where it is one; what was added before stays.
    pub(super) fn add(&mut self, kind: Self, misfit: bool) {
        if misfit {
            self.insert(kind);
        }
    }

    pub(super) fn count(self) -> u32 {
        self.bits().count_ones()
    }

    /// Whether it is of a document that is not in force and would not fit if it were.
    pub(super) fn is_elsewhere(self) -> bool {
        let fits = Self::PORT | Self::TRANSPORT | Self::SOURCE | Self::DESTINATION | Self::PATH;
        self.contains(Self::DOCUMENT) && self.intersects(fits)
    }
}
