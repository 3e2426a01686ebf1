//! pktaudit: from packets to verdicts against vendors' firewall-exception requirements.
//!
//! An audit in another program: captures, a site file and the shipped rules in; findings out, each with its frames and its
//! place on the vendor's page.
//!
//! ```
//! use pktaudit::audit::{Audited, Plan, Read, Selection};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let plan = Plan::read(&Selection {
//!     site: Some("samples/blocked-syn-dropped/site.toml".into()),
//!     ..Selection::default()
//! })?;
//! let read = Read::files(&["samples/blocked-syn-dropped/capture.pcap".into()]);
//! let audited = Audited::new(&read, &plan);
//! let report = audited.report();
//! for finding in &report.findings {
//!     println!("{} {}: {}", finding.severity, finding.code, finding.message);
//! }
//! # let blocked = pktaudit::judge::FindingCode::Blocked;
//! # assert!(report.findings.iter().any(|finding| finding.code == blocked));
//! # Ok(())
//! # }
//! ```
//!
//! `examples/audit.rs` is the same as a program, and `examples/flows.rs` names flows without any requirements. The features
//! `cli` and `live` are the program; neither is needed for this (`default-features = false`).
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
//! | [`wording`] | what is said to people, in the languages of reports |
//! | [`source`] | where frames come from |
//! | [`decode`] | bytes to facts, pure |
//! | [`observe`] | facts to mergeable evidence, and the merged whole to named flows |
//! | [`rules`] | requirements, the site, the compiled matcher |
//! | [`judge`] | evidence against requirements |
//! | [`report`] | one file a format |
//! | [`audit`] | one audit, from what is asked to what is reported |
//! | [`drive`] | the fold: threads, partial files |
//! | `live` | capturing while it happens, and the screen (feature `live`) |
//! | `cli` | the program (feature `cli`), with rooms of its own: `import`, `export`, `diff` and `learn` |
//!
//! Arrows run one way only; `tests/all/layering.rs` keeps the table of who may import whom.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod audit;
#[cfg(feature = "cli")]
pub mod cli;
pub mod decode;
#[cfg(feature = "cli")]
mod diff;
pub mod drive;
#[cfg(feature = "cli")]
mod export;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "cli")]
mod import;
pub mod judge;
#[cfg(feature = "cli")]
mod learn;
#[cfg(feature = "live")]
pub mod live;
pub mod model;
pub mod observe;
pub mod report;
pub mod rules;
pub mod source;
pub mod wording;
