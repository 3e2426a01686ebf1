//! The terminal made ready for the screen, and left as it was: also after a panic or a signal.

use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Whether the screen is shown.
static SHOWN: AtomicBool = AtomicBool::new(false);
/// Whether some thread failed: then nothing more is drawn.
static FAILED: AtomicBool = AtomicBool::new(false);

/// A terminal that is made ready; left as it was when dropped.
pub(super) struct Ready {
    pub(super) terminal: Terminal<CrosstermBackend<Stdout>>,
}

/// Makes the terminal ready.
pub(super) fn ready() -> io::Result<Ready> {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        FAILED.store(true, Ordering::Release);
        restore();
        before(panic);
    }));
    enable_raw_mode()?;
    SHOWN.store(true, Ordering::Release);
    let mut out = io::stdout();
    execute!(out, EnterAlternateScreen).inspect_err(|_| restore())?;
    let terminal = Terminal::new(CrosstermBackend::new(out)).inspect_err(|_| restore())?;
    Ok(Ready { terminal })
}

/// Leaves the terminal as it was. Does nothing where the screen is not shown.
pub(super) fn restore() {
    if SHOWN.swap(false, Ordering::AcqRel) {
        // Nobody is left to be told of an error.
        let _ = disable_raw_mode();
        let mut out = io::stdout();
        let _ = execute!(out, LeaveAlternateScreen, Show);
        let _ = out.flush();
    }
}

/// Whether some thread failed.
pub(super) fn has_failed() -> bool {
    FAILED.load(Ordering::Acquire)
}

impl Drop for Ready {
    fn drop(&mut self) {
        restore();
    }
}
