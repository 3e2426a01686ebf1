//! `pktaudit rules diff`: two sets of requirements, whatever they are written in.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, bail};

use super::args::{Common, Format, RulesDiff};
use super::exit::Exit;
use super::{import, output};
use crate::audit::{rule_texts, shipped_texts};
use crate::diff::{self, Difference, Openings, Side};
use crate::import::Options;
use crate::report::{self, text};
use crate::rules::{self, Library, ProblemSeverity, RuleText};

pub(super) fn run(command: &RulesDiff, common: &Common) -> anyhow::Result<Exit> {
    let old = side(&command.old, common)?;
    let new = side(&command.new, common)?;
    let mut difference = diff::diff(old, &new);
    if let Some(path) = &command.report {
        mark_used(&mut difference, path)?;
    }
    let look = output::look(common);
    if common.format == Format::Markdown {
        output::to_reader(common, |out| {
            report::write_rules_diff_markdown(&difference, out)
        })?;
    } else {
        let format = common.format.try_into()?;
        output::to_reader(common, |out| {
            report::write_rules_diff(&difference, format, &look, out)
        })?;
    }
    Ok(match difference.opens() {
        true => Exit::Findings,
        false => Exit::Clean,
    })
}

fn mark_used(difference: &mut Difference, path: &Path) -> anyhow::Result<()> {
    let inside = path.join("report.json");
    let path = if path.is_dir() {
        inside.as_path()
    } else {
        path
    };
    let file = File::open(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    diff::mark_used(difference, BufReader::with_capacity(1 << 18, file))
        .with_context(|| path.display().to_string())
}

/// Rule files, a folder of them, a page or list, or with `@` the shipped ones.
fn side(name: &str, common: &Common) -> anyhow::Result<Openings> {
    let openings = |library: &Library, files: &[String]| {
        Openings::of(&Side {
            name,
            library,
            files,
        })
    };
    let own = match name.strip_prefix('@') {
        Some(id) => shipped(id)?,
        None => written(Path::new(name), common)?,
    };
    let files: Vec<String> = own.iter().map(|text| text.name.clone()).collect();
    if let Ok((library, _)) = rules::check(&own) {
        return Ok(openings(&library, &files));
    }
    // A file may refer to rows of the shipped ones.
    let ids: Vec<Option<&str>> = own.iter().map(|text| document_id(&text.text)).collect();
    let others = rules::embedded().into_iter().filter(|text| {
        let id = document_id(&text.text);
        !ids.contains(&id)
    });
    let all: Vec<RuleText> = own.iter().cloned().chain(others).collect();
    match rules::check(&all) {
        Ok((library, _)) => Ok(openings(&library, &files)),
        Err(problems) => {
            let errors = problems
                .into_iter()
                .filter(|p| p.severity == ProblemSeverity::Error);
            super::plan::show(&errors.collect::<Vec<_>>(), common);
            bail!("{}: has errors; nothing was compared", text::visible(name))
        }
    }
}

/// The id that stands under `[document]`.
fn document_id(text: &str) -> Option<&str> {
    let (_, below) = text.split_once("[document]")?;
    let line = below
        .lines()
        .find(|line| line.trim_start().starts_with("id"))?;
    line.split('"').nth(1)
}

/// The shipped rule file of that id, a shipped set, or the four pages.
fn shipped(id: &str) -> anyhow::Result<Vec<RuleText>> {
    let pages = rules::embedded();
    let found: Vec<RuleText> = pages
        .into_iter()
        .filter(|text| id.is_empty() || text.name.strip_suffix(".toml") == Some(id))
        .collect();
    match found.is_empty() {
        true => Ok(shipped_texts(id)?),
        false => Ok(found),
    }
}

fn written(path: &Path, common: &Common) -> anyhow::Result<Vec<RuleText>> {
    if path.is_dir()
        || path
            .extension()
            .is_some_and(|extension| extension == "toml")
    {
        return Ok(rule_texts(path)?);
    }
    let looks_like_rules = |text: &str| {
        let starts = |line: &str| line.starts_with("format = ") || line.starts_with("[document]");
        text.lines().take(200).any(starts) && text.contains("[document]")
    };
    if let Ok(text) = fs::read_to_string(path)
        && looks_like_rules(&text)
    {
        let name = path.display().to_string();
        return Ok(vec![RuleText { name, text }]);
    }
    let imported = import::import_file(path, &Options::default())?;
    if !imported.rest.is_empty() {
        let words = format!(
            "{}: {} not understood, and not compared; `pktaudit rules import` tells them",
            text::visible(&path.display().to_string()),
            output::counted(imported.rest.len() as u64, "cell or line")
                .replace("cell or lines", "cells or lines")
        );
        output::note(common, &words);
    }
    Ok(vec![RuleText {
        name: path.display().to_string(),
        text: imported.text,
    }])
}
