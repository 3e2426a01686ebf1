//! Floods of rules: a file of very many requirements, right or wrong.

use std::io;
use std::net::Ipv4Addr;

use super::packets::{Packets, scattered};

const HEAD: &str = "format = 1\n\n[document]\nid = \"flood\"\nvendor = \"Example\"\nproduct = \"Flood\"\n\n\
    [roles.agent]\nabout = \"host with the agent\"\n\n";

/// Requirements of about 200 bytes: a name, a wildcard, an address and a port each.
pub(crate) fn rules(packets: &mut Packets, count: u64) -> io::Result<()> {
    packets.out.raw(HEAD.as_bytes())?;
    for i in 0..count {
        let (name, domain) = (packets.dice.label(), packets.dice.label());
        let address = outside(i);
        let port = 1 + packets.dice.roll(60_000);
        let row = format!(
            "[[requirement]]\nid = \"r{i}\"\nservice = \"Service {}\"\nfrom = \"agent\"\n\
             to = [\"{name}.{domain}.example\", \"*.{domain}.example\", \"{address}\"]\nports = {port}\n\
             transport = \"tcp\"\ncite = {{ row = \"{i}\", line = {i} }}\n\n",
            i / 10
        );
        packets.out.raw(row.as_bytes())?;
    }
    Ok(())
}

/// Requirements with a key that there is not, and a role that nobody has.
pub(crate) fn mistakes(packets: &mut Packets, count: u64) -> io::Result<()> {
    packets.out.raw(HEAD.as_bytes())?;
    for i in 0..count {
        let name = packets.dice.label();
        let row = format!(
            "[[requirement]]\nid = \"r{i}\"\nfrom = \"{name}\"\nto = \"{name}.example\"\n{name} = 1\n\n"
        );
        packets.out.raw(row.as_bytes())?;
    }
    Ok(())
}

/// An address of the first half that is neither 0/8 nor 127/8.
fn outside(i: u64) -> Ipv4Addr {
    let [first, rest @ ..] = scattered(i).octets();
    let [a, b, c] = rest;
    Ipv4Addr::new(first % 100 + 11, a, b, c)
}
