//! An audit in another program: captures and a site file in, findings out, with the frames that show each.
//!
//! `cargo run --example audit -- samples/blocked-syn-dropped/site.toml samples/blocked-syn-dropped/capture.pcap`

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use pktaudit::audit::{Audited, Plan, Read, Selection};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let plan = Plan::read(&Selection {
        site: arguments.next().map(Into::into),
        ..Selection::default()
    })?;
    let captures: Vec<_> = arguments.collect();
    let read = Read::files(&captures);
    let audited = Audited::new(&read, &plan);
    let report = audited.report();
    let mut out = io::stdout().lock();
    for finding in &report.findings {
        // Names and messages hold what packets say, which may be meant for a terminal to obey.
        let (target, message) = (
            finding.target.escape_debug(),
            finding.message.escape_debug(),
        );
        let (severity, code) = (finding.severity, finding.code);
        writeln!(
            out,
            "{severity} {code} {target}: {message}, frames {:?}",
            finding.frames
        )?;
        for cite in &finding.cites {
            writeln!(out, "  needed by {}, row {}", cite.requirement, cite.row)?;
        }
    }
    Ok(report.exit().into())
}
