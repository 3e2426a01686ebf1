//! `pktaudit flows`: what flowed, under which names.

use super::args::{Common, FlowsCommand};
use super::exit::Exit;
use super::{input, output, seeds};
use crate::drive::Observed;
use crate::judge::unread;
use crate::observe::attribute_with;
use crate::report::{write_dns, write_flows};
use crate::source::InputRecord;

pub(super) fn run(command: &FlowsCommand, common: &Common) -> anyhow::Result<Exit> {
    let format = common.format.try_into()?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    let Some(observed) = input::read(&command.captures, false, common) else {
        return Ok(Exit::NotAudited);
    };
    let mut exit = completeness(&observed);
    let capture = attribute_with(observed.observation, &seeds);
    for what in unread(&capture) {
        exit = Exit::NotAudited;
        output::complain(&what);
    }
    let look = output::look(common);
    output::to_stdout(|out| {
        if command.dns {
            write_dns(&capture, format, &look, out)
        } else {
            write_flows(&capture, format, &look, out)
        }
    })?;
    Ok(exit)
}

/// Clean, unless something could not be read or was lost.
pub(super) fn completeness(observed: &Observed) -> Exit {
    match observed.inputs.iter().all(InputRecord::is_whole) {
        true => Exit::Clean,
        false => Exit::NotAudited,
    }
}
