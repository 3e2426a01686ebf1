//! What is longer than the screen goes through a pager, as git has it: the one that PKTAUDIT_PAGER or PAGER names, else `less`.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGINT;
use signal_hook::{SigId, flag, low_level};

/// Where a result goes.
pub(super) enum Printout {
    /// To standard output as it is.
    Direct(io::StdoutLock<'static>),
    /// To a pager that shows it there.
    Paged(Pager),
}

/// A pager under way.
pub(super) struct Pager {
    child: Child,
    /// Ctrl-C is the pager's own meanwhile: it stays on the screen, and so does the program behind it.
    interrupts: Option<SigId>,
}

impl Printout {
    pub(super) fn direct() -> Self {
        Self::Direct(io::stdout().lock())
    }

    /// Through a pager, where somebody sits before a terminal and wants one.
    pub(super) fn paged(wanted: bool) -> Self {
        let on_screen = io::stdout().is_terminal() && env::var_os("TERM").is_some_and(is_no_dumb);
        let pager = (wanted && on_screen).then(chosen).flatten();
        pager
            .and_then(started)
            .map_or_else(Self::direct, Self::Paged)
    }

    /// Ends the page; a pager is waited for.
    pub(super) fn end(self) -> io::Result<()> {
        let Self::Paged(mut pager) = self else {
            return Ok(());
        };
        // By this it knows that there is no more.
        drop(pager.child.stdin.take());
        pager.child.wait()?;
        if let Some(id) = pager.interrupts {
            low_level::unregister(id);
        }
        Ok(())
    }
}

impl Write for Printout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(out) => out.write(bytes),
            Self::Paged(pager) => match &mut pager.child.stdin {
                Some(to) => to.write(bytes),
                None => Err(io::ErrorKind::BrokenPipe.into()),
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Direct(out) => out.flush(),
            Self::Paged(pager) => pager.child.stdin.as_mut().map_or(Ok(()), Write::flush),
        }
    }
}

fn is_no_dumb(terminal: OsString) -> bool {
    terminal != "dumb"
}

/// The pager that is named, in words of a shell, or `less`; `None` where none is wanted.
fn chosen() -> Option<Command> {
    let named = ["PKTAUDIT_PAGER", "PAGER"]
        .into_iter()
        .find_map(env::var_os);
    match named {
        Some(words) if words.is_empty() || words == "cat" => None,
        Some(words) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(words);
            Some(shell)
        }
        None => Some(Command::new("less")),
    }
}

/// Starts a pager; `None` where it is not to be had. Of `less` is asked, unless somebody asks it for other things, to leave
/// at once where all fits the screen, to show colours, and to leave the text there at its end.
fn started(mut pager: Command) -> Option<Pager> {
    if env::var_os("LESS").is_none() {
        pager.env("LESS", "FRX");
    }
    let child = pager.stdin(Stdio::piped()).spawn().ok()?;
    let interrupts = flag::register(SIGINT, Arc::new(AtomicBool::new(false))).ok();
    Some(Pager { child, interrupts })
}
