//! SIGINT, SIGTERM and SIGHUP ask for an orderly end; a second SIGINT or SIGTERM ends at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::terminal;
use crate::cli::exit::Exit;

/// Watches for signals from now on. The flag is set by the first one.
pub(super) fn watch() -> io::Result<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&asked);
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                // A terminal that goes away may send several; nobody is impatient then.
                if flag.swap(true, Ordering::AcqRel) && signal != SIGHUP {
                    terminal::restore();
                    std::process::exit(Exit::NotAudited.status().into());
                }
            }
        })?;
    Ok(asked)
}
