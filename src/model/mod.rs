//! Nouns that all rooms share: time, endpoints, flow keys, names, and how work merges and is shared. No I/O, no policy.

mod arrange;
mod boxed_list;
mod endpoint;
mod flow_key;
mod fqdn;
mod frame;
mod link_name;
mod loss;
mod merge;
mod share;
mod time;
mod tunnel;
mod two_point;
mod words;

pub(crate) use arrange::arrange;
pub use boxed_list::{BoxedItems, BoxedList};
pub use endpoint::{Endpoint, PortSet, PortSetError, Transport, is_group};
pub(crate) use flow_key::address_bits;
pub use flow_key::{FlowKey, Side};
pub use fqdn::{Fqdn, FqdnError};
pub use frame::{FrameId, Stamp};
#[cfg(test)]
pub(crate) use link_name::named_links;
pub use link_name::{HIDING, link_type_name};
pub use loss::Loss;
pub use merge::Merge;
#[cfg(test)]
pub(crate) use merge::laws;
pub use share::Share;
pub use time::{CaptureTime, TimeSpan};
pub use tunnel::{Tunnel, TunnelKind};
pub use two_point::TwoPoint;
pub use words::UnknownWord;
pub(crate) use words::words;
