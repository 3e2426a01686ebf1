//! Floods of DNS: random names, aliases in chains and fans, one address of many names.

use std::io;
use std::net::Ipv4Addr;

use super::packets::{CLIENT, Packets, RESOLVER, SERVER, Tcp, port, scattered};

const A: u16 = 1;
const CNAME: u16 = 5;

/// What an answer says of a name: an alias or an address.
enum Said<'a> {
    Alias(&'a str),
    Address(Ipv4Addr),
}

/// Names that nobody has, every second one under a domain of the shipped rules.
pub(crate) fn random(packets: &mut Packets, count: u64) -> io::Result<()> {
    for i in 0..count {
        let domain = ["example.com", "trendmicro.com"][(i % 2) as usize];
        let name = format!("{}.{domain}", packets.dice.label());
        ask(packets, CLIENT, i, &name)?;
        // NXDOMAIN.
        answer(packets, CLIENT, i, 3, &name, &[])?;
    }
    Ok(())
}

/// Chains of 40 names. Each answer has twenty aliases and no address, and the last of them is asked for next.
pub(crate) fn aliases(packets: &mut Packets, count: u64) -> io::Result<()> {
    let mut name = String::new();
    for i in 0..count {
        if i % 40 == 0 {
            name = format!("{}.example.com", packets.dice.label());
        }
        let chain: Vec<String> = (0..20)
            .map(|_| format!("{}.example.net", packets.dice.label()))
            .collect();
        ask(packets, CLIENT, i, &name)?;
        let mut said = Vec::new();
        let mut owner = &name;
        for target in &chain {
            said.push((owner.as_str(), Said::Alias(target)));
            owner = target;
        }
        if i % 40 == 39 {
            said.push((owner, Said::Address(scattered(i))));
        }
        answer(packets, CLIENT, i, 0, &name, &said)?;
        if i % 40 == 39 {
            knock(packets, i, scattered(i))?;
        }
        name = chain.last().cloned().unwrap_or_default();
    }
    Ok(())
}

/// One name after another is an alias of the same one, which is asked for behind each.
pub(crate) fn fans(packets: &mut Packets, count: u64) -> io::Result<()> {
    const TARGET: &str = "target.example.net";
    for i in 0..count {
        let name = format!("{}.example.com", packets.dice.label());
        ask(packets, CLIENT, 2 * i, &name)?;
        answer(
            packets,
            CLIENT,
            2 * i,
            0,
            &name,
            &[(&name, Said::Alias(TARGET))],
        )?;
        ask(packets, CLIENT, 2 * i + 1, TARGET)?;
        let said = [(TARGET, Said::Address(SERVER))];
        answer(packets, CLIENT, 2 * i + 1, 0, TARGET, &said)?;
    }
    Ok(())
}

/// All names have one address, and each lookup is followed by a connection to it.
pub(crate) fn names(packets: &mut Packets, count: u64) -> io::Result<()> {
    for i in 0..count {
        let name = format!("{}.example.com", packets.dice.label());
        let client = Ipv4Addr::from(0x0a40_0000 + (i / 60_000) as u32);
        ask(packets, client, i, &name)?;
        answer(
            packets,
            client,
            i,
            0,
            &name,
            &[(&name, Said::Address(SERVER))],
        )?;
        let syn = Tcp {
            syn: true,
            sequence: i as u32,
            ..Tcp::default()
        };
        packets.tcp((client, port(i)), (SERVER, 443), syn, &[])?;
    }
    Ok(())
}

/// Answers to one query, each with another address.
pub(crate) fn answers(packets: &mut Packets, count: u64) -> io::Result<()> {
    const NAME: &str = "asked.example.com";
    ask(packets, CLIENT, 0, NAME)?;
    for i in 0..count {
        let said = [(NAME, Said::Address(scattered(i)))];
        answer(packets, CLIENT, 0, 0, NAME, &said)?;
    }
    Ok(())
}

/// A lookup of a name that has an address.
pub(crate) fn resolve(
    packets: &mut Packets,
    client: Ipv4Addr,
    name: &str,
    address: Ipv4Addr,
) -> io::Result<()> {
    ask(packets, client, 0, name)?;
    answer(
        packets,
        client,
        0,
        0,
        name,
        &[(name, Said::Address(address))],
    )
}

fn knock(packets: &mut Packets, i: u64, address: Ipv4Addr) -> io::Result<()> {
    let syn = Tcp {
        syn: true,
        ..Tcp::default()
    };
    packets.tcp((CLIENT, port(i)), (address, 443), syn, &[])
}

fn ask(packets: &mut Packets, client: Ipv4Addr, i: u64, name: &str) -> io::Result<()> {
    let message = message(i as u16, 0x0100, name, &[]);
    packets.udp((client, port(i)), RESOLVER, &message)
}

fn answer(
    packets: &mut Packets,
    client: Ipv4Addr,
    i: u64,
    code: u16,
    name: &str,
    said: &[(&str, Said<'_>)],
) -> io::Result<()> {
    let message = message(i as u16, 0x8180 | code, name, said);
    packets.udp(RESOLVER, (client, port(i)), &message)
}

/// A message (RFC 1035 section 4.1) with a question of type A and its answers.
fn message(id: u16, flags: u16, name: &str, said: &[(&str, Said<'_>)]) -> Vec<u8> {
    let mut out: Vec<u8> = [id, flags, 1, said.len() as u16, 0, 0]
        .into_iter()
        .flat_map(u16::to_be_bytes)
        .collect();
    put_name(&mut out, name);
    out.extend([0, 1, 0, 1]);
    for (owner, said) in said {
        put_name(&mut out, owner);
        let kind = match said {
            Said::Alias(_) => CNAME,
            Said::Address(_) => A,
        };
        out.extend(kind.to_be_bytes());
        // Class IN, for a day.
        out.extend([0, 1, 0, 1, 0x51, 0x80]);
        let mut content = Vec::new();
        match said {
            Said::Alias(target) => put_name(&mut content, target),
            Said::Address(address) => content.extend(address.octets()),
        }
        out.extend((content.len() as u16).to_be_bytes());
        out.extend(content);
    }
    out
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend(label.bytes());
    }
    out.push(0);
}
