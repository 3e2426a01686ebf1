//! Each change as a line on standard output, for pipes and unit files.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use super::Ending;
use super::metrics::Newest;
use crate::cli::args::{Common, Format};
use crate::cli::clock::now;
use crate::live::{Engine, LiveEvent, Snapshot};

/// How often it is looked whether to come to an end.
const TICK: Duration = Duration::from_millis(100);

/// Prints what happens until the capture ends.
pub(super) fn print(
    engine: &Engine,
    ending: &Ending,
    newest: &Newest,
    common: &Common,
) -> io::Result<()> {
    let mut board = Arc::new(Snapshot::default());
    loop {
        match engine.updates.recv_timeout(TICK) {
            Ok(update) => {
                let beside = ending.command.is_some();
                if write(&update.events, beside, common).is_err() {
                    // Nobody reads any more: nothing is left to do but to come to an end.
                    ending.asked.store(true, Ordering::Release);
                }
                if let Some(newer) = update.board {
                    board = newer;
                    super::metrics::publish(newest, &board);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if ending.is_due(&board) {
            engine.stop();
        }
    }
}

/// `beside` a command of which the output is, lines for people are wanted where more is to be said.
fn write(events: &[LiveEvent], beside: bool, common: &Common) -> io::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut text = Vec::new();
    for event in events {
        match common.format {
            Format::Human if common.quiet || beside && !common.verbose => {}
            Format::Human => event.write_human(&mut text)?,
            Format::Ndjson => event.write_ndjson(now(), &mut text)?,
            // One document, which comes at the end.
            Format::Json | Format::Csv | Format::Sarif | Format::Junit | Format::Markdown => {}
        }
    }
    let mut out = io::stdout().lock();
    out.write_all(&text)?;
    out.flush()
}
