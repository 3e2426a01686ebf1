//! `pktaudit observe`, `merge` and `judge`: the same audit as map and reduce over partial files.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::args::{Common, JudgeCommand, MergeCommand, ObserveCommand};
use super::exit::Exit;
use super::flows::wholeness;
use super::outputs::Inputs;
use super::plan::plan;
use super::{audit, input, seeds};
use crate::audit::{Read, attribute_points};
use crate::drive::{Partial, SliceChoice};
use crate::model::TwoPoint;
use crate::report::{ReportError, write_whole};
use crate::source::Input;

pub(super) fn observe(command: &ObserveCommand, common: &Common) -> anyhow::Result<Exit> {
    let captures = &command.captures;
    Inputs::of(&captures.resolve().inputs).allow_file("--partial", &command.partial)?;
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

pub(super) fn merge(command: &MergeCommand) -> anyhow::Result<Exit> {
    Inputs::default()
        .and(&command.partials)
        .allow_file("--partial", &command.partial)?;
    write(read(&command.partials)?, &command.partial)?;
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
    input::tell(&partial.inputs);
    let captures: Vec<Input> = partial.inputs.iter().map(|r| r.input.clone()).collect();
    let read = Read {
        inputs: partial.inputs,
        captures: attribute_points(TwoPoint::alone(partial.observation), &seeds),
    };
    let out = command.out.as_deref();
    audit::conclude(read, &captures, plan, &command.choices, out, common)
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
