//! `pktaudit site`: work on site files.

use super::args::{Common, SiteCommand, SiteInit};
use super::exit::Exit;
use super::flows::completeness;
use super::plan;
use super::{input, output, seeds};
use crate::observe::attribute_with;
use crate::report::propose_site;

pub(super) fn run(command: &SiteCommand, common: &Common) -> anyhow::Result<Exit> {
    match command {
        SiteCommand::Init(command) => init(command, common),
    }
}

fn init(command: &SiteInit, common: &Common) -> anyhow::Result<Exit> {
    let (library, _) = plan::library(&command.choices.rules, common, false)?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    let Some(observed) = input::read(&command.captures.captures, false, common) else {
        return Ok(Exit::NotAudited);
    };
    let exit = completeness(&observed);
    let capture = attribute_with(observed.observation, &seeds);
    let text = propose_site(&capture, &library);
    output::to_stdout(|out| Ok(std::io::Write::write_all(out, text.as_bytes())?))?;
    Ok(exit)
}
