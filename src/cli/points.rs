//! `--outside`: captures or interfaces on the outer side of what may stop traffic.

use std::ffi::OsString;
use std::path::Path;

use super::args::{Captures, Common};
use super::{input, output};
use crate::audit::{Read, attribute_points};
use crate::drive::{Observed, Point, interfaces_in, two_points};
use crate::model::TwoPoint;
use crate::observe::Seed;
use crate::source::InputRecord;

/// What was read at the inner point, and at the outer one where there is one.
pub(super) struct Points(TwoPoint<Observed>);

impl Points {
    /// Names the flows; what became of each input beside, in the order by which frames are numbered.
    pub(super) fn named(self, seeds: &[Seed]) -> Read {
        let Self(mut points) = self;
        let own_files = own_files(&points);
        let mut inputs = std::mem::take(&mut points.inside.inputs);
        inputs.extend(own_files);
        let seen = points.map(|point| point.observation);
        Read {
            captures: attribute_points(seen, seeds),
            inputs,
        }
    }
}

/// The captures of the outer point where they are files of their own.
fn own_files(points: &TwoPoint<Observed>) -> Vec<InputRecord> {
    let same = |input: &&InputRecord| {
        let mut inner = points.inside.inputs.iter();
        inner.any(|inner| inner.input.path == input.input.path)
    };
    let outside = points.outside.iter().flat_map(|outside| &outside.inputs);
    let own = outside.filter(|input| !same(input)).cloned();
    own.map(|input| InputRecord {
        outside: true,
        ..input
    })
    .collect()
}

/// What is no file is the name of an interface.
pub(super) fn is_capture(what: &OsString) -> bool {
    Path::new(what).exists()
}

/// Reads all captures. `None` where nothing can be read at all.
///
/// # Errors
/// An outer point that is neither a file nor an interface of the captures.
pub(super) fn read(
    captures: &Captures,
    outside: &[OsString],
    digests: bool,
    common: &Common,
) -> anyhow::Result<Option<Points>> {
    if outside.is_empty() {
        return Ok(one_point(captures, digests, common));
    }
    let files: Vec<OsString> = outside
        .iter()
        .filter(|what| is_capture(what))
        .cloned()
        .collect();
    let names: Vec<String> = outside
        .iter()
        .filter(|what| !is_capture(what))
        .map(|what| what.to_string_lossy().into_owned())
        .collect();
    if names.is_empty() {
        let Some(inside) = input::read(captures, digests, common) else {
            return Ok(None);
        };
        let outside = input::read(&Captures::plain(&files), digests, common);
        return Ok(Some(Points(TwoPoint { inside, outside })));
    }
    anyhow::ensure!(
        files.is_empty(),
        "--outside {}: name captures or interfaces of the captures, not both; is there a file of that name?",
        names[0]
    );
    anyhow::ensure!(
        captures.captures.iter().all(|capture| capture != "-"),
        "--outside {}: standard input cannot be read for two points; write it to a file",
        names[0]
    );
    let Some(inside) = input::read_at(captures, Point::NotAt(names.clone()), digests, common)
    else {
        return Ok(None);
    };
    let described = inside.inputs.iter().flat_map(|input| &input.interfaces);
    let mut known: Vec<String> = described.map(|known| known.name.clone()).collect();
    // Frames are read once more only where their file does not say it.
    if names.iter().any(|name| !known.contains(name)) {
        let inputs = inside.inputs.iter().map(|report| &report.input);
        known.extend(interfaces_in(inputs));
    }
    for name in &names {
        anyhow::ensure!(
            known.contains(name),
            "--outside {name}: no such file, and no interface of that name in the captures; {}",
            listed(&known)
        );
    }
    let quiet = input::read_quietly(captures, Point::At(names), common);
    Ok(Some(Points(TwoPoint {
        inside,
        outside: Some(quiet),
    })))
}

/// Reads captures of which nobody said what lies outside. Where packets are forwarded from one interface to another and
/// lose a hop by it, a note says what could be proved; it is not done unasked, since parts of a capture that are read
/// apart could not tell it.
fn one_point(captures: &Captures, digests: bool, common: &Common) -> Option<Points> {
    let inside = input::read(captures, digests, common)?;
    let piped = captures.captures.iter().any(|capture| capture == "-");
    if !(piped || common.quiet)
        && let Some(outer) = two_points(
            inside
                .inputs
                .iter()
                .map(|report| &report.input)
                .filter(|input| input.path.can_be_read_again()),
        )
    {
        let outer = outer.escape_debug();
        output::note(
            common,
            &format!(
                "packets come out at the interface {outer} with a hop less: --outside {outer} tells what does not"
            ),
        );
    }
    Some(Points(TwoPoint::alone(inside)))
}

fn listed(names: &[String]) -> String {
    let mut names: Vec<String> = names
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| name.escape_debug().to_string())
        .collect();
    names.sort();
    names.dedup();
    match names.len() {
        0 => "they name no interfaces".to_owned(),
        _ => format!("they name {}", names.join(", ")),
    }
}
