//! `pktaudit live`: interfaces to an engine, its updates to a screen or to lines, its end to reports.

mod args;
mod lines;
mod metrics;
mod periods;
mod privileges;
mod show;
mod signals;
mod terminal;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::Context;

pub(super) use args::LiveCommand;

use super::args::{Common, Format};
use super::exit::Exit;
use super::plan::{Plan, plan};
use super::{audit, output, seeds};
use crate::drive::digest_of;
use crate::live::{Board, Engine, EngineOptions, Feed, Finished, KeepOptions, Rotation};
use crate::report::InputSummary;
use crate::source::live::{LiveCapture, LiveOptions};
use crate::source::{Input, InputPath};
use periods::Periods;
use privileges::Identity;

/// When to come to an end.
struct Ending {
    asked: Arc<AtomicBool>,
    deadline: Option<Instant>,
    until_complete: bool,
}

pub(super) fn run(command: &LiveCommand, common: &Common) -> anyhow::Result<Exit> {
    let plan = Arc::new(plan(&command.choices, common)?);
    let identity = Identity::choose(command.user.as_deref())?;
    let feeds = open(command)?;
    let listener = command.metrics.map(metrics::listen).transpose()?;
    for folder in folders(command) {
        identity.make_folder(folder)?;
    }
    identity.assume()?;
    // What can be told to be in vain is told before an hour of traffic went by.
    for folder in folders(command) {
        try_folder(folder).with_context(|| identity.explain(folder))?;
    }
    // Reads captures on many threads, which is why it comes after rights were given up.
    let seeds = Arc::new(seeds::read(&command.names.seeds, common)?);
    let asked = signals::watch().context("signals cannot be watched")?;

    let periods = Arc::new(Periods::new(command, Arc::clone(&plan), Arc::clone(&seeds)));
    let keep = keep_options(command);
    let engine = {
        let (judging, reporting) = (Arc::clone(&plan), Arc::clone(&periods));
        let kept = keep.as_ref().map(|keep| keep.path.clone());
        Engine::start(
            feeds,
            EngineOptions {
                queue_bytes: usize::try_from(command.queue).unwrap_or(usize::MAX),
                keep,
                every: command.every,
                most_flows: command.max_flows,
                clock: Instant::now,
            },
            Box::new(move |observation, inputs| {
                let Plan { rules, profile, .. } = &*judging;
                Board::judge(observation, inputs, rules, profile, &seeds)
            }),
            Box::new(move |period| reporting.report(period)),
        )
        .with_context(|| kept.map_or_else(String::new, |path| identity.explain(&path)))?
    };
    let newest = Arc::new(Mutex::new(Arc::new(Board::default())));
    if let Some(listener) = listener {
        metrics::serve(listener, Arc::clone(&newest), engine.counts())
            .context("the thread for --metrics cannot be started")?;
    }
    let ending = Ending {
        asked,
        deadline: command.duration.map(|duration| Instant::now() + duration),
        until_complete: command.until_complete,
    };
    if wants_screen(command, common) {
        show::show(&engine, &ending, &newest, &title(&plan, command))?;
    } else {
        lines::print(&engine, &ending, &newest, common)?;
    }
    let finished = engine
        .finish()
        .map_err(|words| anyhow::anyhow!("{words}; nothing can be said of what was captured"))?;
    end(finished, &periods, &plan, command, common)
}

impl Ending {
    /// Whether to come to an end now.
    fn is_due(&self, board: &Board) -> bool {
        self.asked.load(Ordering::Acquire)
            || self.deadline.is_some_and(|at| Instant::now() >= at)
            || self.until_complete && board.is_complete()
            || terminal::has_failed()
    }
}

/// The last reports, which are those of `audit` over the packets that were kept.
fn end(
    finished: Finished,
    periods: &Periods,
    plan: &Plan,
    command: &LiveCommand,
    common: &Common,
) -> anyhow::Result<Exit> {
    for (interface, why) in &finished.ended {
        output::complain(&format!(
            "{interface}: {why}; no packets came from it any more"
        ));
    }
    let mut captures = periods.captures();
    let kept = command.write.is_some() || command.write_evidence.is_some();
    if kept {
        captures.extend(finished.last.inputs.iter().map(|input| Input {
            path: InputPath::File(PathBuf::from(&input.path)),
            first_time: input.first,
            stored_bytes: None,
        }));
    }
    let out = command.out.as_ref().map(|out| match command.every {
        Some(_) => periods.folder(out, &finished.last.inputs),
        None => out.clone(),
    });
    let evidence = command.write_evidence.as_deref();
    let mut inputs = finished.last.inputs;
    if kept {
        inputs
            .iter_mut()
            .for_each(|input| describe(input, command, common));
    }
    let exit = audit::report(
        &periods.sighted(finished.last.observation),
        &inputs,
        &captures,
        plan,
        audit::Destination {
            folder: out.as_deref(),
            evidence,
        },
        common,
    )?;
    if command.write.is_none() && kept {
        for input in &inputs {
            // Kept only until the evidence was copied.
            std::fs::remove_file(&input.path)
                .with_context(|| format!("{}: cannot be removed", input.path))?;
        }
    }
    Ok(exit.and(periods.worst()))
}

/// Puts to a kept file what `audit` would tell of it.
fn describe(input: &mut InputSummary, command: &LiveCommand, common: &Common) {
    let path = Path::new(&input.path);
    input.bytes = std::fs::metadata(path).ok().map(|metadata| metadata.len());
    let for_record = !matches!(common.format, Format::Human | Format::Csv | Format::Junit);
    if command.out.is_some() || for_record {
        input.sha256 = digest_of(path).ok();
    }
}

fn open(command: &LiveCommand) -> anyhow::Result<Vec<Box<dyn Feed>>> {
    let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
    for (interface, ordinal) in command.interfaces.iter().zip(0..) {
        let buffer = u32::try_from(command.buffer).unwrap_or(u32::MAX);
        feeds.push(Box::new(LiveCapture::open(&LiveOptions {
            interface: interface.clone(),
            promiscuous: command.promiscuous,
            snaplen: command.snaplen,
            buffer_bytes: buffer,
            filter: command.filter.clone(),
            immediate: command.immediate,
            ordinal,
        })?));
    }
    Ok(feeds)
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
            name.push(".packets");
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

fn try_folder(folder: &Path) -> io::Result<()> {
    let probe = folder.join(format!(".pktaudit-{}", std::process::id()));
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe)?;
    std::fs::remove_file(&probe)
}

fn wants_screen(command: &LiveCommand, common: &Common) -> bool {
    let human = matches!(common.format, Format::Human);
    let terminals = io::stdout().is_terminal() && io::stdin().is_terminal();
    human && terminals && !command.no_screen && !common.quiet
}

/// What the screen's first line says: where, for which site.
fn title(plan: &Plan, command: &LiveCommand) -> String {
    let interfaces = command.interfaces.join(", ");
    match plan.profile.site_name() {
        "" => interfaces,
        site => format!("{interfaces}   site {site}"),
    }
}
