//! Makes captures and rule files as an attacker would write them, each against another bound, so that time and memory
//! under attack can be measured by anybody.
//!
//! `cargo run --release --example flood -- KIND OUT COUNT [SEED]`
//!
//! OUT ends in `.pcap` or `.pcapng`, with `.gz` or `.zst` behind it where it shall be compressed; of a rule file in `.toml`.
//! COUNT is how many of what the kind is about, such as `200k`. Nothing is held in memory but the packet that is being
//! written, and the same arguments give the same bytes. Without arguments the kinds are listed.

mod dns;
mod files;
mod ip;
mod out;
mod packets;
mod quic;
mod rows;
mod tcp;
mod web;

use std::env;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use out::Out;
use packets::{Dice, Packets};

/// Writes so many of something.
type Make = fn(&mut Packets, u64) -> io::Result<()>;

/// By name, with what is counted.
const KINDS: [(&str, Make, &str); 26] = [
    ("syn", tcp::syn, "SYNs, each of another client"),
    ("scan", tcp::scan, "ports tried by one host, all refused"),
    ("runs", tcp::runs, "openings of one 5-tuple"),
    (
        "disorder",
        tcp::disorder,
        "segments of one connection, out of order",
    ),
    ("hello", tcp::hello, "segments of one byte of client hellos"),
    (
        "clocks",
        tcp::clocks,
        "datagrams of one 5-tuple whose times jump",
    ),
    ("dns", dns::random, "lookups of names that nobody has"),
    ("aliases", dns::aliases, "lookups along chains of aliases"),
    (
        "fans",
        dns::fans,
        "aliases of one name, which is asked for behind each",
    ),
    (
        "names",
        dns::names,
        "names of one address, with a connection to each",
    ),
    ("answers", dns::answers, "answers to one query"),
    (
        "fragments",
        ip::fragments,
        "fragments of packets that never become whole",
    ),
    (
        "holes",
        ip::holes,
        "overlapping fragments of one packet with a hole",
    ),
    (
        "extensions",
        ip::extensions,
        "IPv6 packets of a hundred extension headers",
    ),
    ("tunnels", ip::tunnels, "packets in eight tunnels each"),
    (
        "errors",
        ip::errors,
        "ICMP errors about packets that were never sent",
    ),
    (
        "http",
        web::requests,
        "requests of one connection, each for another host",
    ),
    ("http2", web::streams, "streams of HTTP/2 in clear"),
    (
        "quic",
        quic::initials,
        "QUIC Initials, each of another connection",
    ),
    ("interfaces", files::interfaces, "interface blocks"),
    (
        "sections",
        files::sections,
        "sections with an interface and a packet",
    ),
    ("comments", files::comments, "packets with eight comments"),
    ("damage", files::damage, "damaged blocks between packets"),
    (
        "bomb",
        files::bomb,
        "bytes of zeros behind the header of a file",
    ),
    ("rules", rows::rules, "requirements"),
    ("mistakes", rows::mistakes, "requirements that are wrong"),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Where even standard error is closed, the status says it.
            let _ = writeln!(io::stderr(), "flood: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // `cargo test` builds examples and does not run them; without arguments nothing is made.
    let [kind, path, count, seed @ ..] = &arguments[..] else {
        return list();
    };
    let make = KINDS.iter().find(|(name, ..)| name == kind);
    let (_, make, _) = make.ok_or_else(|| bad(format!("no kind {kind}")))?;
    let count = number(count)?;
    let seed = seed.first().map_or(Ok(1), |seed| number(seed))?;
    let mut packets = Packets::new(Out::create(Path::new(path))?, Dice::new(seed))?;
    make(&mut packets, count)?;
    packets.finish()
}

fn list() -> io::Result<()> {
    let mut out = io::stderr().lock();
    writeln!(
        out,
        "usage: flood KIND OUT COUNT [SEED]; COUNT such as 200k, of the KIND:"
    )?;
    KINDS
        .iter()
        .try_for_each(|(name, _, what)| writeln!(out, "  {name:<11} {what}"))
}

/// A number, with `k`, `M` or `G` behind it.
fn number(text: &str) -> io::Result<u64> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'k') => (&text[..text.len() - 1], 1_000),
        Some(b'M') => (&text[..text.len() - 1], 1_000_000),
        Some(b'G') => (&text[..text.len() - 1], 1_000_000_000),
        _ => (text, 1),
    };
    let number = digits.parse().ok().and_then(|n: u64| n.checked_mul(unit));
    number.ok_or_else(|| bad(format!("no number: {text}")))
}

/// An error of who calls.
fn bad(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what.into())
}
