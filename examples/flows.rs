//! The names of flows without any requirements: who opened what, under which name, and how it went.
//!
//! `cargo run --example flows -- samples/blocked-syn-dropped/capture.pcap`

use std::env;
use std::io::{self, Write as _};

use pktaudit::audit::Read;

fn main() -> io::Result<()> {
    let captures: Vec<_> = env::args_os().skip(1).collect();
    let read = Read::files(&captures);
    let mut out = io::stdout().lock();
    for flow in &read.captures.inside.flows {
        let name = flow.names.first().map_or("-", |name| name.fqdn.as_str());
        let (from, to, transport) = (flow.initiator, flow.responder, flow.transport);
        writeln!(out, "{from} {to}/{transport} {name} {}", flow.conn_state)?;
    }
    for input in &read.inputs {
        for fault in input.faults() {
            writeln!(io::stderr(), "{}: {fault}", input.input.path)?;
        }
    }
    Ok(())
}
