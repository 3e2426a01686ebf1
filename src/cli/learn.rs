//! `pktaudit rules learn`: a draft of a rule file from captures.

use std::io::Write as _;

use anyhow::Context;

use super::args::{Common, RulesLearn};
use super::exit::Exit;
use super::flows::wholeness;
use super::outputs::Inputs;
use super::{input, output, plan, seeds};
use crate::learn::{Draft, Roles, learn};
use crate::observe::attribute_with;
use crate::report::{text::visible, write_whole};

pub(super) fn run(command: &RulesLearn, common: &Common) -> anyhow::Result<Exit> {
    let roles = roles(command, common)?;
    if let Some(path) = &command.site_out {
        Inputs::of(&command.captures.resolve().inputs)
            .and_choices(&command.choices, &command.names)
            .allow_file("--site-out", path)?;
    }
    let seeds = seeds::read(&command.names.seeds, common)?;
    let Some(observed) = input::read(&command.captures, false, common) else {
        return Ok(Exit::NotAudited);
    };
    let exit = wholeness(&observed.inputs);
    let capture = attribute_with(observed.observation, &seeds);
    let draft = learn(&capture, &roles);
    if let Some(path) = &command.site_out {
        let Some(site) = &draft.site else {
            anyhow::bail!(
                "--site-out writes the roles of a --site file, and none with addresses was given"
            );
        };
        write_whole(path, |out| Ok(out.write_all(site.as_bytes())?))
            .with_context(|| format!("--site-out {}", path.display()))?;
    }
    tell(&draft, common);
    output::to_stdout(|out| Ok(out.write_all(draft.text.as_bytes())?))?;
    Ok(exit)
}

/// The site's roles; none without a site file.
fn roles(command: &RulesLearn, common: &Common) -> anyhow::Result<Roles> {
    if command.choices.site.is_none() {
        return Ok(Roles::default());
    }
    let rules = plan::with_sets_of_site(
        &command.choices.rules,
        command.choices.site.as_deref(),
        common,
    )?;
    let (library, _) = plan::library(&rules, common, false)?;
    let profile = plan::profile(&library, &command.choices.selection(), common, false)?;
    Ok(Roles::of(&library, &profile))
}

fn tell(draft: &Draft, common: &Common) {
    let rows = output::counted(draft.rows as u64, "row");
    let flows = output::counted(draft.flows as u64, "flow");
    output::note(common, &format!("{rows} from {flows}"));
    if let Some(first) = draft.unwritten.first() {
        let more = draft.unwritten.len() - 1;
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        output::note(
            common,
            &visible(&format!(
                "no rule file can hold the name {first}{more}; their rows are by address"
            )),
        );
    }
    if draft.unexpected > 0 {
        let aims = output::counted(draft.unexpected as u64, "aim");
        output::complain(&format!("{aims} would still be unexpected under it"));
    }
}
