//! One audit, from what is asked to what is reported: the room that knows the whole way. Whoever wants an audit comes here;
//! the command line and live capture do, and so can another program, as the front page of the library shows.
//!
//! | file | what |
//! |---|---|
//! | `selection` | rule files, shipped sets, site, regions, features: what is asked |
//! | `rule_files` | where rules are read from |
//! | `plan` | what is asked, read and compiled |
//! | `read` | captures under the names of their flows, and what became of each input |
//! | `audited` | both together: verdicts and their report |
//! | `period` | a capture in parts, of which each is audited as soon as it is over |
//! | `file_periods` | captures in files so |
//! | `compare` | two audits side by side |
//! | `site_proposal` | a first site file from what a capture shows |

mod audited;
mod compare;
mod file_periods;
mod period;
mod plan;
mod read;
mod rule_files;
mod selection;
mod site_proposal;

pub use audited::{Audited, with_report};
pub use compare::{
    AuditDigest, Change, ChangeKind, Comparison, RunError, Side, compare, write_comparison,
};
pub use file_periods::{PeriodLimits, observe_in_periods};
pub use period::{OpenPeriod, Period};
pub use plan::{Plan, PlanError, ReadSite, check_rules, profile, read_site, sets_fitting};
pub use read::{Read, attribute_points};
#[cfg(feature = "cli")]
pub(crate) use rule_files::without_plus;
pub use rule_files::{rule_texts, shipped_texts, texts, with_sets_of_site};
pub use selection::Selection;
pub use site_proposal::{DraftExtent, propose_site};
