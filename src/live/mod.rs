//! Capturing while it happens: the same fold as over files, in windows, judged again and again.
//!
//! ```text
//! interface ─ capture thread ─┐                 ┌─> kept file (pcapng)
//! interface ─ capture thread ─┴─ bounded queue ─┴─> observation of a window ─ judge thread ─> Update
//! ```
//!
//! | file | what |
//! |---|---|
//! | `feed` | what frames come from, and the thread that waits for them |
//! | `queue` | batches on their way, bounded in bytes; what does not fit is dropped and counted |
//! | `window` | batches of all interfaces in one order of time |
//! | `seen` | what was seen at one point or at two |
//! | `keep` | the pcapng files that `--write` keeps |
//! | `engine` | the threads wired together |
//! | `judging` | the whole so far to verdicts, as often as it is cheap |
//! | `board`, `ledger`, `event` | what a screen or a log line shows of the verdicts, and what changed |
//! | `metrics` | the same for Prometheus |
//! | `screen` | the terminal |
//!
//! Verdicts on the way are provisional. The last ones are those of `audit` over the packets that were kept, since
//! the same observation goes through the same code.

mod board;
mod engine;
mod event;
mod feed;
mod judging;
mod keep;
mod ledger;
mod metrics;
mod queue;
pub mod screen;
mod seen;
mod window;

pub use board::{FindingRow, Row, Snapshot};
pub use engine::{Engine, EngineOptions, Finished, Judge, LiveCounts, OnPeriod, Update, Work};
pub use event::{LiveEvent, LiveEventKind};
pub use feed::{Clock, Feed, LiveInterface, Polled};
pub use keep::{KeepOptions, Rotation, numbered_path};
pub use metrics::write_metrics;
