//! `pktaudit observe`, `merge` and `judge`: the same audit as map and reduce over partial files.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use super::args::{Common, JudgeCommand, MergeCommand, ObserveCommand};
use super::audit::Destination;
use super::exit::Exit;
use super::flows::wholeness;
use super::folders::Folders;
use super::outputs::Inputs;
use super::plan::plan;
use super::{audit, input, seeds};
use crate::audit::{PeriodLimits, Read, attribute_points, observe_in_periods};
use crate::drive::{Partial, Point, Progress, SliceChoice};
use crate::model::{CaptureTime, TwoPoint};
use crate::observe::CarryLimits;
use crate::report::{ReportError, write_whole};
use crate::source::{Input, InputRecord};

pub(super) fn observe(command: &ObserveCommand, common: &Common) -> anyhow::Result<Exit> {
    let captures = &command.captures;
    let inputs = Inputs::of(&captures.resolve().inputs);
    if let Some(every) = command.every {
        inputs.allow_new_folder("--partial", &command.partial)?;
        return observe_periods(command, every, common);
    }
    inputs.allow_file("--partial", &command.partial)?;
    if let Some(slice) = command.slice {
        return observe_slice(command, slice, common);
    }
    let Some(observed) = input::read(captures, true, common) else {
        return Ok(Exit::NotAudited);
    };
    let exit = wholeness(&observed.inputs);
    write(observed.into(), &command.partial)?;
    Ok(exit)
}

fn observe_slice(
    command: &ObserveCommand,
    slice: SliceChoice,
    common: &Common,
) -> anyhow::Result<Exit> {
    let inputs = input::resolved(&command.captures, common).inputs;
    let [input] = &inputs[..] else {
        anyhow::bail!(
            "--slice {slice} is of one file, and {} captures are named",
            inputs.len()
        );
    };
    let partial = input::read_slice(input, slice, (&command.captures, command.digest), common)?;
    input::tell(&partial.inputs);
    let exit = wholeness(&partial.inputs);
    write(partial, &command.partial)?;
    Ok(exit)
}

/// A partial file for each period, and one for captures that have no frame or cannot be read: in which period these are
/// told is not known here.
fn observe_periods(
    command: &ObserveCommand,
    every: Duration,
    common: &Common,
) -> anyhow::Result<Exit> {
    let found = input::resolved(&command.captures, common);
    let unread: Vec<InputRecord> = found.problems.iter().map(InputRecord::unread).collect();
    let (empty, inputs): (Vec<Input>, Vec<Input>) =
        found.inputs.into_iter().partition(Input::is_empty);
    std::fs::create_dir_all(&command.partial)
        .with_context(|| format!("--partial {}: cannot be made", command.partial.display()))?;
    let (mut exit, mut folders) = (Exit::Clean, Folders::default());
    let mut put = |partial: Partial, from: Option<CaptureTime>| {
        exit = exit.and(wholeness(&partial.inputs));
        let path = folders.next(&command.partial, from);
        write(partial, &path.with_extension("part"))
    };
    let chosen = command.captures.chosen(Point::Everywhere);
    if !empty.is_empty() || !unread.is_empty() {
        let mut observed = input::read_all(&empty, &chosen, common);
        input::tell(&observed.inputs);
        observed.inputs.extend(unread);
        put(observed.into(), None)?;
    }
    if inputs.is_empty() {
        return Ok(exit);
    }
    let limits = PeriodLimits {
        every: Some(every),
        most: None,
        apart: true,
    };
    let (progress, threads) = (Progress::default(), input::threads(common));
    let of = (&chosen, threads);
    input::watched(common, &inputs, &progress, || {
        observe_in_periods(&inputs, limits, of, &progress, |period| {
            input::tell(&period.inputs);
            let seen = period.seen.inside;
            let from = period.from.unwrap_or(CaptureTime::MIN);
            let partial = Partial::of_period((from, every), seen, period.inputs, &inputs);
            put(partial, period.from)
        })
    })?;
    Ok(exit)
}

pub(super) fn merge(command: &MergeCommand) -> anyhow::Result<Exit> {
    Inputs::default()
        .and(&command.partials)
        .allow_file("--partial", &command.partial)?;
    let mut partial = read(&command.partials)?;
    if command.carry {
        let carried = partial.carry(CarryLimits::default());
        partial = carried.map_err(anyhow::Error::msg)?;
    }
    write(partial, &command.partial)?;
    Ok(Exit::Clean)
}

pub(super) fn judge(command: &JudgeCommand, common: &Common) -> anyhow::Result<Exit> {
    let plan = plan(&command.choices.selection(), common)?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    Inputs::default()
        .and(&command.partials)
        .and_choices(&command.choices, &command.names)
        .allow_set(command.out.as_deref())?;
    let mut partial = read(&command.partials)?;
    partial.conclude();
    let of_period = partial.is_of_period();
    let (captures, inputs) = partial.take_records();
    input::tell(&inputs);
    let read = Read {
        inputs,
        captures: attribute_points(TwoPoint::alone(partial.observation), &seeds),
    };
    let to = Destination {
        folder: command.out.as_deref(),
        evidence: None,
        paged: true,
        language: command.said_in.language(),
    };
    if of_period {
        // What rules fit is not asked of each hour anew: reports of one capture are made by the same ones.
        return audit::report(&read, &captures, &plan, to, common);
    }
    audit::conclude(read, &captures, plan, &command.choices, to, common)
}

fn read(paths: &[PathBuf]) -> anyhow::Result<Partial> {
    let files = paths.iter().map(|path| {
        File::open(path).with_context(|| format!("{}: cannot be read", path.display()))
    });
    let files: Vec<BufReader<File>> = files
        .map(|file| file.map(BufReader::new))
        .collect::<anyhow::Result<_>>()?;
    Partial::read_all(files).map_err(|(place, error)| {
        let path = paths
            .get(place)
            .map_or(String::new(), |path| path.display().to_string());
        anyhow::Error::new(error).context(path)
    })
}

fn write(partial: Partial, path: &Path) -> anyhow::Result<()> {
    Ok(write_whole(path, |out| {
        partial
            .write(out)
            .map_err(|error| ReportError::Write(std::io::Error::other(error)))
    })?)
}
