//! SIGINT, SIGTERM and SIGHUP ask for an orderly end; a second SIGINT or SIGTERM ends at once. Under `nohup` SIGHUP asks for
//! nothing.

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
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !is_ignored(SIGHUP, &status) {
        signals.add_signal(SIGHUP)?;
    }
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

/// Whether whoever started the program had a signal ignored: proc(5), where there is one.
fn is_ignored(signal: i32, status: &str) -> bool {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (signal - 1) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nohup_has_ignored_is_told_from_what_rust_has() {
        let of_nohup =
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000440\n";
        assert!(is_ignored(SIGHUP, of_nohup));
        assert!(!is_ignored(SIGINT, of_nohup));
        assert!(!is_ignored(SIGHUP, &of_nohup.replace("1001", "1000")));
        assert!(!is_ignored(SIGHUP, ""));
    }
}
