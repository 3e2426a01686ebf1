//! `pktaudit man` and `pktaudit completions`: what a package installs beside the program.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use clap::{Command, CommandFactory};

use super::args::{Arguments, Common, CompletionsCommand, ManCommand};
use super::exit::Exit;
use super::output;
use crate::report::write_whole;

pub(super) fn man(command: &ManCommand, common: &Common) -> anyhow::Result<Exit> {
    let program = built();
    if let Some(folder) = &command.dir {
        fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot be made", folder.display()))?;
        let mut pages = Vec::new();
        all_pages(&program, &mut pages)?;
        for (name, page) in &pages {
            write_page(&folder.join(format!("{name}.1")), page)?;
        }
        let pages = output::counted(pages.len() as u64, "page");
        output::note(common, &format!("wrote {pages} into {}", folder.display()));
        return Ok(Exit::Clean);
    }
    let mut asked = &program;
    for word in &command.commands {
        let Some(found) = asked.find_subcommand(word) else {
            bail!("there is no command {word}");
        };
        asked = found;
    }
    let page = page(asked)?;
    output::to_stdout(|out| Ok(out.write_all(&page)?))?;
    Ok(Exit::Clean)
}

pub(super) fn completions(command: &CompletionsCommand) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(
        command.shell,
        &mut Arguments::command(),
        "pktaudit",
        &mut script,
    );
    output::to_stdout(|out| Ok(out.write_all(&script)?))?;
    Ok(Exit::Clean)
}

/// The commands with the flags that all of them take, and with the names that their pages have (`pktaudit-audit`).
fn built() -> Command {
    let mut program = Arguments::command();
    program.build();
    program
}

fn all_pages(command: &Command, out: &mut Vec<(String, Vec<u8>)>) -> anyhow::Result<()> {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    out.push((name.to_owned(), page(command)?));
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        all_pages(sub, out)?;
    }
    Ok(())
}

fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}

fn write_page(path: &Path, page: &[u8]) -> anyhow::Result<()> {
    Ok(write_whole(path, |out| Ok(out.write_all(page)?))?)
}
