//! One kind of destination test each: all give the legs whose destination fits, at a cost that does not grow with
//! the number of legs that do not.

mod exact_name;
mod name_suffix;
mod network;
mod pattern;
mod service;

pub(super) use exact_name::ExactNames;
pub(super) use name_suffix::NameSuffixes;
pub(super) use network::Networks;
pub(super) use pattern::OddPatterns;
pub(super) use service::Services;

use smallvec::SmallVec;

/// Places of legs in the compiled set, ascending. Most tests have one.
pub(super) type Legs = SmallVec<[u32; 2]>;
