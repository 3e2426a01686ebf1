//! A capture judged as `live` judges: after each of some windows of frames, all that was seen so far.
//!
//! `cargo run --example windows -- CAPTURE FRAMES`, where FRAMES is how many frames a window has. What the last board says is
//! printed: windows, flows, requirements that are active, the exit status that a report would have. `scripts/instructions`
//! counts with it what windows cost.

use std::env;
use std::error::Error;
use std::io::{self, Write as _};

use pktaudit::audit::{Plan, Selection};
use pktaudit::drive::absorb;
use pktaudit::live::Snapshot;
use pktaudit::model::{Merge, TwoPoint};
use pktaudit::observe::Observation;
use pktaudit::source::{Batch, BatchLimits, InputPath, open};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let path = arguments.next().ok_or("which capture?")?;
    let frames = arguments.next().ok_or("how many frames a window?")?;
    let limits = BatchLimits {
        frames: frames.to_string_lossy().parse()?,
        ..BatchLimits::default()
    };
    let plan = Plan::read(&Selection::default())?;
    let mut source = open(&InputPath::from_argument(&path))?;
    let mut seen = Observation::default();
    let mut batch = Batch::default();
    let mut windows = 0;
    let mut board = None;
    while batch.fill(&mut source, limits) > 0 {
        seen.merge(absorb(&batch, 0, windows, &[]));
        windows += 1;
        board = Some(Snapshot::judge(
            TwoPoint::alone(seen.clone()),
            &[],
            &plan,
            &[],
        ));
    }
    let Some(board) = board else {
        return Err("there is no frame in it".into());
    };
    let (flows, requirements) = (board.flows, board.rows.len());
    writeln!(
        io::stdout(),
        "{windows} windows, {flows} flows, {requirements} requirements, exit status {}",
        board.exit
    )?;
    Ok(())
}
