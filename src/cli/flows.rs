//! `pktaudit flows`: what flowed, under which names.

use std::cmp::Reverse;

use super::args::{Common, FlowsCommand, SortBy};
use super::exit::Exit;
use super::stages::Stages;
use super::{input, output, seeds};
use crate::judge::unread;
use crate::observe::{Capture, Flow, attribute_with};
use crate::report::{write_conn_log, write_dns, write_flows};
use crate::source::InputRecord;

pub(super) fn run(command: &FlowsCommand, common: &Common) -> anyhow::Result<Exit> {
    let format = common.format.try_into()?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    let Some(observed) = input::read(&command.captures, false, common) else {
        return Ok(Exit::NotAudited);
    };
    let mut exit = wholeness(&observed.inputs);
    let stages = Stages::new(common);
    stages.begin("putting names to flows");
    let capture = attribute_with(observed.observation, &seeds);
    drop(stages);
    for what in unread(&capture) {
        exit = Exit::NotAudited;
        output::complain(&what);
    }
    let look = output::look_in(command.said_in.language(), common);
    output::to_reader(common, |out| {
        if command.dns {
            return write_dns(&capture, format, &look, out);
        }
        let flows = wanted(&capture, command);
        if command.conn_log {
            write_conn_log(flows, out)
        } else {
            write_flows(&capture, &flows, format, &look, out)
        }
    })?;
    // Nothing follows, and giving back what millions of flows hold takes a twentieth of the time.
    std::mem::forget(capture);
    Ok(exit)
}

/// The flows that are printed, in their order. Equal ones stay in the order of the capture.
fn wanted<'a>(capture: &'a Capture, command: &FlowsCommand) -> Vec<&'a Flow> {
    let mut flows: Vec<&Flow> = capture.flows.iter().collect();
    if let Some(by) = command.sort {
        flows.sort_by_key(|flow| Reverse(by.of(flow)));
    }
    flows.truncate(command.top.unwrap_or(usize::MAX));
    flows
}

impl SortBy {
    fn of(self, flow: &Flow) -> u64 {
        let (out, back) = (&flow.out, &flow.back);
        match self {
            Self::Bytes => out.bytes.saturating_add(back.bytes),
            Self::Packets => out.packets.saturating_add(back.packets),
            Self::Duration => {
                let lasted = flow.span.1.time.since(flow.span.0.time);
                u64::try_from(lasted.as_nanos()).unwrap_or(u64::MAX)
            }
        }
    }
}

/// Clean, unless something could not be read or was lost.
pub(super) fn wholeness(inputs: &[InputRecord]) -> Exit {
    match inputs.iter().all(InputRecord::is_whole) {
        true => Exit::Clean,
        false => Exit::NotAudited,
    }
}
