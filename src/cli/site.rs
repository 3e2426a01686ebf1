//! `pktaudit site`: work on site files.

use super::args::{Common, SiteCommand, SiteInit};
use super::exit::Exit;
use super::flows::completeness;
use super::plan;
use super::{input, output, seeds};
use crate::observe::{Capture, attribute_with};
use crate::report::propose_site;
use crate::rules;

pub(super) fn run(command: &SiteCommand, common: &Common) -> anyhow::Result<Exit> {
    match command {
        SiteCommand::Init(command) => init(command, common),
    }
}

fn init(command: &SiteInit, common: &Common) -> anyhow::Result<Exit> {
    let (library, _) = plan::library(&command.choices.rules, common, false)?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    let Some(observed) = input::read(&command.captures, false, common) else {
        return Ok(Exit::NotAudited);
    };
    let exit = completeness(&observed);
    let capture = attribute_with(observed.observation, &seeds);
    let text = propose_site(&capture, &library) + &other_sets(&capture);
    output::to_stdout(|out| Ok(std::io::Write::write_all(out, text.as_bytes())?))?;
    Ok(exit)
}

/// Comments on shipped sets whose names were seen; nothing where none were.
fn other_sets(capture: &Capture) -> String {
    let asked = capture
        .dns
        .iter()
        .filter_map(|lookup| lookup.query.as_ref());
    let said = capture
        .flows
        .iter()
        .filter_map(|flow| flow.names.first())
        .map(|name| &name.fqdn);
    let mut out = String::new();
    for (set, names) in rules::sets_fitting(asked.chain(said)) {
        let line = format!(
            "# The capture has {names} of the names of the shipped set @{}: {}.\n# To hold it against that too: --rules +@{}, or its documents in [site] documents.\n",
            set.name, set.about, set.name
        );
        out.push('\n');
        out.push_str(&line);
    }
    out
}
