//! `pktaudit live`: interfaces to an engine, its updates to a screen or to lines, its end to reports.

mod args;
mod command;
mod confine;
mod lines;
mod metrics;
mod periods;
mod priority;
mod privileges;
mod show;
mod signals;
mod terminal;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;

pub(super) use args::LiveCommand;

use super::args::{Common, Format};
use super::exit::Exit;
use super::outputs::writable;
use super::plan::plan;
use super::{audit, output, seeds, start_threads, with_passing_threads};
use crate::audit::Plan;
use crate::live::{Engine, EngineOptions, Feed, Finished, KeepOptions, Rotation, Snapshot};
use crate::observe::CarryLimits;
use crate::source::InputRecord;
use crate::source::live::{LiveCapture, LiveOptions};
use crate::wording::Language;
use command::{RunningCommand, WaitingCommand};
use confine::Confinement;
use periods::{LastPeriod, Periods};
use privileges::Identity;

/// How often it is looked whether a command has ended.
const TICK: Duration = Duration::from_millis(50);
/// How long a command that was asked to end is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// When to come to an end.
struct Ending {
    asked: Arc<AtomicBool>,
    deadline: Option<Instant>,
    until_complete: bool,
    /// The command that is run meanwhile, and how long to go on once it has ended.
    command: Option<(RunningCommand, Duration)>,
}

pub(super) fn run(command: &LiveCommand, common: &Common) -> anyhow::Result<Exit> {
    // No thread is left when rights are given up: it would keep them.
    let selection = command.choices.selection();
    let plan = Arc::new(with_passing_threads(common, || plan(&selection, common))??);
    let identity = Identity::choose(command.user.as_deref())?;
    // Before any right is given up, and before descriptors run out.
    let waiting = match &command.command[..] {
        [] => None,
        words => Some(WaitingCommand::new(words, common.format != Format::Human)?),
    };
    let feeds = open(command)?;
    let listener = command.metrics.map(metrics::listen).transpose()?;
    let confined = give_up_rights(command, &identity)?;
    let seeds = with_passing_threads(common, || seeds::read(&command.names.seeds, common))??;
    let seeds = Arc::new(seeds);
    let confined = confined.and_reading(places(command));
    confined.tell(common);
    start_threads(common, priority::as_others)?;
    let asked = signals::watch().context("signals cannot be watched")?;

    let screen = wants_screen(command, common);
    let periods = Periods::start(
        command,
        common,
        Arc::clone(&plan),
        Arc::clone(&seeds),
        confined.clone(),
        screen,
    )
    .context("the thread for the reports cannot be started")?;
    let keep = keep_options(command);
    let kept = keep.as_ref().map(|keep| keep.path.clone());
    let engine = {
        let judging = Arc::clone(&plan);
        let judge =
            move |seen, inputs: &[InputRecord]| Snapshot::judge(seen, inputs, &judging, &seeds);
        let options = engine_options(command, keep);
        Engine::start(feeds, options, Box::new(judge), Box::new(periods.taker()))
            .map_err(|error| identity.explain(kept.as_deref(), error))?
    };
    let newest = Arc::new(Mutex::new(Arc::new(Snapshot::default())));
    if let Some(listener) = listener {
        metrics::serve(listener, Arc::clone(&newest), engine.counts())
            .context("the thread for --metrics cannot be started")?;
    }
    let running = waiting.map(WaitingCommand::start).transpose()?;
    let ending = Ending {
        command: running.map(|running| (running, command.settle)),
        asked,
        deadline: command.duration.map(|duration| Instant::now() + duration),
        until_complete: command.until_complete,
    };
    if screen {
        show::show(&engine, &ending, &newest, &title(&plan, command))?;
    } else {
        lines::print(&engine, &ending, &newest, common)?;
    }
    let finished = engine
        .finish()
        .map_err(|words| anyhow::anyhow!("{words}; nothing can be said of what was captured"))?;
    let language = command.said_in.language();
    let audited = end(finished, &periods.finish()?, &plan, (language, common));
    let audited = audited.map_err(|error| confined.explain(error))?;
    Ok(audited.and(ending.of_command()))
}

/// Makes the folders and goes on without rights. What can be told to be in vain is told before an hour of traffic went by.
fn give_up_rights(command: &LiveCommand, identity: &Identity) -> anyhow::Result<Confinement> {
    for folder in folders(command) {
        identity.make_folder(folder)?;
    }
    priority::packets_first();
    identity.assume()?;
    let confined = Confinement::of_writing(places(command));
    for folder in folders(command) {
        writable(folder).map_err(|error| identity.explain(Some(folder), error))?;
    }
    Ok(confined)
}

impl Ending {
    /// Whether to come to an end now.
    fn is_due(&self, board: &Snapshot) -> bool {
        self.asked.load(Ordering::Acquire)
            || self.deadline.is_some_and(|at| Instant::now() >= at)
            || self.until_complete && board.is_complete()
            || self.command_is_over()
            || terminal::has_failed()
    }

    /// How the command ended. Where the audit was complete before, it is waited for; where pktaudit was asked to end, so is it.
    fn of_command(&self) -> Exit {
        let Some((command, _)) = &self.command else {
            return Exit::Clean;
        };
        let is_asked = || self.asked.load(Ordering::Acquire);
        let in_time = |at: Option<Instant>| at.is_none_or(|at| Instant::now() < at);
        while !is_asked() && in_time(self.deadline) && !command.ended_before(Duration::ZERO) {
            std::thread::sleep(TICK);
        }
        if is_asked() {
            command.ask_to_end();
            let patience = Some(Instant::now() + PATIENCE);
            while in_time(patience) && !command.ended_before(Duration::ZERO) {
                std::thread::sleep(TICK);
            }
        }
        command.told()
    }

    fn command_is_over(&self) -> bool {
        let command = self.command.as_ref();
        command.is_some_and(|(command, settle)| command.ended_before(*settle))
    }
}

/// The last reports, which are those of `audit` over the packets that were kept.
fn end(
    finished: Finished,
    periods: &LastPeriod,
    plan: &Plan,
    (language, common): (Language, &Common),
) -> anyhow::Result<Exit> {
    for (interface, why) in &finished.ended {
        output::complain(&format!(
            "{interface}: {why}; no packets came from it any more"
        ));
    }
    let mut inputs = finished.last.inputs;
    let captures = periods.captures(&inputs);
    periods.describe(&mut inputs);
    let (folder, evidence) = (periods.folder(&inputs), periods.evidence());
    let exit = audit::report(
        &periods.named(finished.last.seen, inputs),
        &captures,
        plan,
        audit::Destination {
            folder: folder.as_deref(),
            evidence: evidence.as_deref(),
            paged: false,
            language,
        },
        common,
    )?;
    periods.clear()?;
    Ok(exit.and(periods.worst()))
}

fn engine_options(command: &LiveCommand, keep: Option<KeepOptions>) -> EngineOptions {
    EngineOptions {
        queue_bytes: usize::try_from(command.queue).unwrap_or(usize::MAX),
        keep,
        every: command.every,
        most_flows: command.max_flows,
        carry: carry_limits(command),
        outside: command.outside.clone(),
        clock: Instant::now,
        prepare: priority::prepare,
    }
}

fn carry_limits(command: &LiveCommand) -> CarryLimits {
    let limits = CarryLimits::default();
    CarryLimits {
        connection: command.remember.unwrap_or(limits.connection),
        name: command.remember.unwrap_or(limits.name),
        ..limits
    }
}

fn open(command: &LiveCommand) -> anyhow::Result<Vec<Box<dyn Feed>>> {
    let is_outer = |interface| command.outside.contains(interface);
    anyhow::ensure!(
        !command.interfaces.iter().all(is_outer),
        "--outside {}: nothing is left on the inner side; name its interface with -i",
        command.outside.join(" --outside ")
    );
    anyhow::ensure!(
        !command.promiscuous || all_interfaces(command).iter().all(|name| *name != "any"),
        "--promiscuous: `any` cannot be promiscuous; name the interfaces, each with an -i of its own"
    );
    let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
    for (interface, ordinal) in all_interfaces(command).into_iter().zip(0..) {
        let buffer = u32::try_from(command.buffer).unwrap_or(u32::MAX);
        feeds.push(Box::new(LiveCapture::open(&LiveOptions {
            interface: interface.to_owned(),
            promiscuous: command.promiscuous,
            snaplen: command.snaplen,
            buffer_bytes: buffer,
            filter: command.filter.clone(),
            immediate: command.immediate,
            timestamps: command.timestamps.into(),
            ordinal,
        })?));
    }
    Ok(feeds)
}

/// Those of `-i`, then those of `--outside`, each once.
fn all_interfaces(command: &LiveCommand) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for interface in command.interfaces.iter().chain(&command.outside) {
        if !all.contains(&interface.as_str()) {
            all.push(interface);
        }
    }
    all
}

fn keep_options(command: &LiveCommand) -> Option<KeepOptions> {
    let rotation = Rotation {
        bytes: command.rotate_size,
        time: command.rotate_time,
    };
    let numbered = command.every.is_some();
    match (&command.write, &command.write_evidence) {
        (Some(path), _) => Some(KeepOptions {
            path: path.clone(),
            rotation,
            numbered,
        }),
        (None, Some(path)) => {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(periods::PASSING);
            Some(KeepOptions {
                path: path.with_file_name(name),
                rotation,
                numbered,
            })
        }
        (None, None) => None,
    }
}

/// Folders that have to be there and to take files.
fn folders(command: &LiveCommand) -> impl Iterator<Item = &Path> {
    let files = [&command.write, &command.write_evidence];
    let parents = files.into_iter().flatten().filter_map(|file| {
        let parent = file.parent()?;
        Some(if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        })
    });
    parents.chain(command.out.as_deref())
}

/// All that is written to from now on: these folders, and devices and pipes, which may be links to other places.
fn places(command: &LiveCommand) -> impl Iterator<Item = &Path> {
    let files = [&command.write, &command.write_evidence];
    let is_special = |path: &&Path| path.metadata().is_ok_and(|there| !there.is_file());
    let special = files.into_iter().flatten().map(PathBuf::as_path);
    folders(command).chain(special.filter(is_special))
}

fn wants_screen(command: &LiveCommand, common: &Common) -> bool {
    let human = matches!(common.format, Format::Human);
    let terminals = io::stdout().is_terminal() && io::stdin().is_terminal();
    let alone = command.command.is_empty() && !command.no_screen;
    human && terminals && alone && !common.quiet
}

/// What the screen's first line says: where, for which site.
fn title(plan: &Plan, command: &LiveCommand) -> String {
    let mut interfaces = command.interfaces.join(", ");
    if !command.outside.is_empty() {
        interfaces.push_str(&format!(", outside {}", command.outside.join(", ")));
    }
    match plan.rules.profile().site_name() {
        "" => interfaces,
        site => format!("{interfaces}   site {site}"),
    }
}
