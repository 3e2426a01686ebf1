//! `pktaudit site`: work on site files.

use std::fmt::Write as _;

use super::args::{Choices, Common, SiteCommand, SiteInit};
use super::exit::Exit;
use super::flows::wholeness;
use super::plan;
use super::{input, output, seeds};
use crate::audit::{DraftExtent, propose_site, sets_fitting};
use crate::observe::attribute_with;
use crate::rules::{Chosen, SetChoice};

/// What a site file is called that is found by itself.
const FOUND: &str = "pktaudit.toml";

/// Where no site file is named, that of this folder or of the nearest one above.
pub(super) fn find(choices: &mut Choices, common: &Common) {
    if choices.site.is_some() || choices.no_site {
        return;
    }
    let Ok(folder) = std::env::current_dir() else {
        return;
    };
    let mut above = folder.ancestors().map(|folder| folder.join(FOUND));
    if let Some(site) = above.find(|path| path.is_file()) {
        output::note(common, &format!("site file: {}", site.display()));
        choices.site = Some(site);
    }
}

pub(super) fn run(command: &SiteCommand, common: &Common) -> anyhow::Result<Exit> {
    match command {
        SiteCommand::Init(command) => init(command, common),
    }
}

fn init(command: &SiteInit, common: &Common) -> anyhow::Result<Exit> {
    let seeds = seeds::read(&command.names.seeds, common)?;
    let Some(observed) = input::read(&command.captures, false, common) else {
        return Ok(Exit::NotAudited);
    };
    let exit = wholeness(&observed.inputs);
    let capture = attribute_with(observed.observation, &seeds);
    let named = &command.choices.rules;
    let (library, sets) = match named.is_empty() {
        false => (plan::library(named, common, false)?.0, Vec::new()),
        true => {
            let sets = sets_fitting(&capture, false);
            let texts: Vec<_> = sets.iter().flat_map(|choice| choice.set.texts()).collect();
            (plan::checked(&texts, common)?.0, sets)
        }
    };
    let extent = match command.all {
        true => DraftExtent::All,
        false => DraftExtent::Needed,
    };
    let mut text = propose_site(&capture, &library, extent) + &in_force(&sets);
    if sets.iter().any(|choice| choice.chosen != Chosen::Default) {
        // Roles of a set that a capture chose are known only while it is in force.
        text = text.replacen("\n# documents = [", "\ndocuments = [", 1);
    }
    output::to_stdout(|out| Ok(std::io::Write::write_all(out, text.as_bytes())?))?;
    Ok(exit)
}

/// Comments on the shipped sets that the capture chose.
fn in_force(sets: &[SetChoice]) -> String {
    let mut out = String::new();
    for SetChoice { set, chosen } in sets {
        if *chosen != Chosen::Default {
            let (name, why) = (set.name, chosen.words());
            let _ = write!(
                out,
                "\n# Of the shipped sets: @{name} ({}), since {why}.\n",
                set.about
            );
        }
    }
    out
}
