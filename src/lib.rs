//! pktaudit: from packets to verdicts against vendors' firewall-exception requirements.
//!
//! ```text
//! source -> decode -> observe -> (merge) -> attribute -> judge -> report
//!  frames    facts     evidence              names        verdicts  bytes on a writer
//!                                rules: text -> checked -> compiled set, which judge matches against
//! ```
//!
//! | room | what is in it |
//! |---|---|
//! | [`model`] | nouns that all rooms share |
//! | [`source`] | where frames come from |
//! | [`decode`] | bytes to facts, pure |
//! | [`observe`] | facts to mergeable evidence, and the merged whole to named flows |
//! | [`rules`] | requirements, the site, the compiled matcher |
//! | [`diff`] | two sets of requirements: what must be opened, what may be closed |
//! | [`import`] | vendors' pages and published lists to draft rule files |
//! | [`judge`] | evidence against requirements |
//! | [`learn`] | a draft of requirements from what was observed |
//! | [`report`] | one file a format |
//! | [`export`] | requirements in the words of firewalls, proxies and name servers |
//! | [`audit`] | one audit, from what is asked to what is reported |
//! | [`drive`] | the fold: threads, partial files |
//! | `live` | capturing while it happens, and the screen (feature `live`) |
//! | [`cli`] | thin wiring |
//!
//! Arrows run one way only; `tests/all/layering.rs` keeps the table of who may import whom.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod audit;
pub mod cli;
pub mod decode;
pub mod diff;
pub mod drive;
pub mod export;
pub mod import;
pub mod judge;
pub mod learn;
#[cfg(feature = "live")]
pub mod live;
pub mod model;
pub mod observe;
pub mod report;
pub mod rules;
pub mod source;
