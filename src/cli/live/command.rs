//! `live ... -- COMMAND`: the program whose traffic is audited, run while interfaces are captured from.
//!
//! It has the rights that pktaudit was called with, so it is started before these are given up; but it must not begin before
//! capturing has. A shell in its place waits for a line from a pipe. Where pktaudit ends before that, the pipe ends, and the
//! command is never run.

use std::ffi::OsString;
use std::io::{self, PipeWriter, Write};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process};

use super::output;
use crate::cli::exit::Exit;

/// Shells know descriptors of one digit.
const HIGHEST_DESCRIPTOR: i32 = 9;

/// A command that waits for its start.
pub(super) struct WaitingCommand {
    child: Child,
    start: PipeWriter,
    words: String,
}

impl WaitingCommand {
    /// Starts the shell that waits. `document` says that standard output is to be a document of pktaudit's alone: what the
    /// command writes goes to standard error then.
    pub(super) fn new(words: &[OsString], document: bool) -> anyhow::Result<Self> {
        let (gate, start) = io::pipe().context("no pipe can be made for the command")?;
        let number = gate.as_raw_fd();
        ensure!(
            number <= HIGHEST_DESCRIPTOR,
            "the command cannot be started: too many files are open"
        );
        fcntl_setfd(&gate, FdFlags::empty()).context("the pipe cannot be handed to the command")?;
        let script = format!("read -r _ <&{number} || exit 125; exec {number}<&-; exec \"$@\"");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script, "pktaudit"]).args(words);
        if document {
            command.stdout(Stdio::from(io::stderr()));
        }
        let shown: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        Ok(Self {
            child: command.spawn().context("/bin/sh cannot be started")?,
            start,
            words: shown.join(" "),
        })
    }

    /// Lets it begin.
    pub(super) fn start(mut self) -> anyhow::Result<RunningCommand> {
        self.start
            .write_all(b"\n")
            .with_context(|| format!("{}: ended before it was to begin", self.words))?;
        let ended = Arc::new(Mutex::new(None));
        let process = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let (mut child, told) = (self.child, Arc::clone(&ended));
        std::thread::Builder::new()
            .name("command".to_owned())
            .spawn(move || {
                let status = child.wait();
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(End {
                    at: Instant::now(),
                    status,
                });
            })
            .context("the thread that waits for the command cannot be started")?;
        Ok(RunningCommand {
            ended,
            process,
            words: self.words,
        })
    }
}

/// When a command ended, and how.
#[derive(Debug)]
struct End {
    at: Instant,
    status: io::Result<ExitStatus>,
}

/// A command that was started.
pub(super) struct RunningCommand {
    ended: Arc<Mutex<Option<End>>>,
    process: Option<Pid>,
    words: String,
}

impl RunningCommand {
    /// Whether it ended so long ago.
    pub(super) fn ended_before(&self, settle: Duration) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.as_ref().is_some_and(|end| end.at.elapsed() >= settle)
    }

    /// Asks it to end, as pktaudit itself was asked. It may have rights that pktaudit gave up; then it goes on.
    pub(super) fn ask_to_end(&self) {
        if let (Some(process), false) = (self.process, self.ended_before(Duration::ZERO)) {
            let _ = kill_process(process, Signal::TERM);
        }
    }

    /// Tells how it ended, where that is not well; what that means for the exit status.
    pub(super) fn told(&self) -> Exit {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let words = match ended.as_ref().map(|end| &end.status) {
            None => "still runs, and was not waited for".to_owned(),
            Some(Ok(status)) if status.success() => return Exit::Clean,
            Some(Ok(status)) => format!("ended with {status}"),
            Some(Err(error)) => format!("cannot be waited for: {error}"),
        };
        output::complain(&format!("{}: {words}", self.words));
        Exit::CommandFailed
    }
}
