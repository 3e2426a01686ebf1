//! `pktaudit rules import`: a vendor's page or a published list to a draft rule file.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::args::{Common, RulesImport};
use super::exit::Exit;
use super::output::{self, counted};
use super::outputs::Inputs;
use crate::import::{self, ImportSource, Imported, Leftover, Options};
use crate::report::{self, text};

/// What was not understood is told one by one up to here; `--rest` has all of it.
const MOST_TOLD: usize = 200;

pub(super) fn run(command: &RulesImport, common: &Common) -> anyhow::Result<Exit> {
    if let Some(path) = &command.rest {
        let beside = [&command.against, &command.minus, &command.mapping];
        Inputs::default()
            .and([&command.source])
            .and(beside.into_iter().flatten())
            .allow_file("--rest", path)?;
    }
    let imported = import_file(&command.source, &options(command)?)?;
    if let Some(path) = &command.rest {
        write_rest(path, &imported.rest)?;
    }
    tell(&imported, command, common);
    output::to_stdout(|out| Ok(out.write_all(imported.text.as_bytes())?))?;
    Ok(Exit::Clean)
}

fn options(command: &RulesImport) -> anyhow::Result<Options> {
    let text = |path: &PathBuf| {
        fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))
    };
    let bytes = |path: &Path| {
        read_bounded(path).with_context(|| format!("{}: cannot be read", path.display()))
    };
    Ok(Options {
        id: command.id.clone(),
        ports: command.ports.clone(),
        against: command.against.as_ref().map(text).transpose()?,
        minus: command.minus.as_deref().map(bytes).transpose()?,
        mapping: command.mapping.as_ref().map(text).transpose()?,
    })
}

/// Imports a file, or standard input.
pub(super) fn import_file(path: &Path, options: &Options) -> anyhow::Result<Imported> {
    let name = path.display().to_string();
    let bytes = read_bounded(path).with_context(|| format!("{name}: cannot be read"))?;
    let source = ImportSource {
        name: if name == "-" { "imported" } else { &name },
        bytes: &bytes,
    };
    import::import(&source, options).with_context(|| name.clone())
}

/// One byte more than may be imported, so that what is too large shows.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let most = u64::try_from(import::MOST_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    match path.as_os_str() == "-" {
        true => io::stdin().lock().take(most + 1).read_to_end(&mut bytes)?,
        false => File::open(path)?.take(most + 1).read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}

fn write_rest(path: &Path, rest: &[Leftover]) -> anyhow::Result<()> {
    report::write_whole(path, |out| report::write_import_rest(rest, out))?;
    Ok(())
}

fn tell(imported: &Imported, command: &RulesImport, common: &Common) {
    for note in &imported.notes {
        output::note(common, &text::visible(note));
    }
    let count = |number: usize, what: &str| counted(number as u64, what);
    output::note(
        common,
        &format!(
            "{}: {}, {} taken; {} not understood",
            text::visible(&command.source.display().to_string()),
            count(imported.rows, "row"),
            count(imported.endpoints, "name or address")
                .replace("name or addresss", "names or addresses"),
            count(imported.rest.len(), "cell or line").replace("cell or lines", "cells or lines"),
        ),
    );
    // What was asked for as a file need not be told twice.
    let most = if command.rest.is_some() { 0 } else { MOST_TOLD };
    for one in imported.rest.iter().take(most) {
        output::complain(&text::visible(&in_words(one)));
    }
    let more = imported.rest.len().saturating_sub(most);
    if more > 0 && command.rest.is_none() {
        output::complain(&format!(
            "{more} more were not understood; --rest FILE writes all of them"
        ));
    }
}

fn in_words(one: &Leftover) -> String {
    let mut place = Vec::new();
    if one.line > 0 {
        place.push(format!("line {}", one.line));
    }
    if !one.table.is_empty() {
        place.push(format!("\"{}\"", shortened(&one.table)));
    }
    if !one.row.is_empty() {
        place.push(format!("row {}", one.row));
    }
    if !one.column.is_empty() {
        place.push(format!("\"{}\"", shortened(&one.column)));
    }
    let what = match one.text.is_empty() {
        true => String::new(),
        false => format!("`{}`: ", shortened(&one.text)),
    };
    format!("not understood: {}: {what}{}", place.join(", "), one.why)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
