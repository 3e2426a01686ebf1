//! Floods of TCP (and one of UDP): openings, ports, sequence numbers, times.

use std::io;
use std::net::Ipv4Addr;

use super::dns;
use super::packets::{CLIENT, Packets, RESOLVER, SERVER, Tcp, WANTED, data, port, scattered};

/// SYNs from everywhere to one service that the rules name.
pub(crate) fn syn(packets: &mut Packets, count: u64) -> io::Result<()> {
    dns::resolve(packets, CLIENT, WANTED, SERVER)?;
    for i in 0..count {
        let syn = Tcp {
            syn: true,
            sequence: packets.dice.roll(1 << 32) as u32,
            ..Tcp::default()
        };
        packets.tcp((scattered(i), port(i)), (SERVER, 443), syn, &[])?;
    }
    Ok(())
}

/// One host tries all ports of one host after another; each is refused.
pub(crate) fn scan(packets: &mut Packets, count: u64) -> io::Result<()> {
    for i in 0..count {
        let target = Ipv4Addr::from(0x0a64_0000 + (i / 65_535) as u32);
        let (from, to) = ((CLIENT, 40_000), (target, (i % 65_535) as u16 + 1));
        let sequence = packets.dice.roll(1 << 32) as u32;
        let syn = Tcp {
            syn: true,
            sequence,
            ..Tcp::default()
        };
        packets.tcp(from, to, syn, &[])?;
        let refused = Tcp {
            rst: true,
            acknowledgment: Some(sequence.wrapping_add(1)),
            ..Tcp::default()
        };
        packets.tcp(to, from, refused, &[])?;
    }
    Ok(())
}

/// One 5-tuple is opened again and again.
pub(crate) fn runs(packets: &mut Packets, count: u64) -> io::Result<()> {
    for _ in 0..count {
        let syn = Tcp {
            syn: true,
            sequence: packets.dice.roll(1 << 32) as u32,
            ..Tcp::default()
        };
        packets.tcp((CLIENT, 40_000), (SERVER, 443), syn, &[])?;
    }
    Ok(())
}

/// A hello that says to be long, and an answer of HTTP, both in segments that come in blocks from back to front and
/// overlap.
pub(crate) fn disorder(packets: &mut Packets, count: u64) -> io::Result<()> {
    const BLOCK: u64 = 128;
    let (client, server) = ((CLIENT, 40_000), (SERVER, 443));
    packets.open(client, server)?;
    let mut payload = [0; 300];
    for i in 0..count / 2 {
        let place = i / BLOCK * BLOCK + (BLOCK - 1 - i % BLOCK);
        packets.dice.fill(&mut payload);
        if place == 0 {
            // A record of 16 KiB with the beginning of a client hello of 48 KiB.
            payload[..9].copy_from_slice(&[22, 3, 1, 0x40, 0, 1, 0, 0xc0, 0]);
        }
        let at = (place as u32).wrapping_mul(250);
        let (mine, theirs) = (1001_u32.wrapping_add(at), 9001_u32.wrapping_add(at));
        packets.tcp(client, server, data(mine, 9001), &payload)?;
        if place == 0 {
            payload[..17].copy_from_slice(b"HTTP/1.1 200 OK\r\n");
        }
        packets.tcp(server, client, data(theirs, 1001), &payload)?;
    }
    Ok(())
}

/// Client hellos in segments of one byte, one connection after another.
pub(crate) fn hello(packets: &mut Packets, count: u64) -> io::Result<()> {
    let hello = client_hello(WANTED);
    let record = [
        &[22, 3, 1, (hello.len() >> 8) as u8, hello.len() as u8],
        &hello[..],
    ]
    .concat();
    let mut left = count;
    for connection in 0.. {
        let (client, server) = ((CLIENT, port(connection)), (SERVER, 443));
        packets.open(client, server)?;
        for (i, byte) in (0..left).zip(&record) {
            packets.tcp(client, server, data(1001 + i as u32, 9001), &[*byte])?;
        }
        left = left.saturating_sub(record.len() as u64);
        if left == 0 {
            break;
        }
    }
    Ok(())
}

/// Datagrams of one 5-tuple, each of another hour in no order: every one is a flow of its own.
pub(crate) fn clocks(packets: &mut Packets, count: u64) -> io::Result<()> {
    let start = packets.time;
    for _ in 0..count {
        packets.time = start + packets.dice.roll(100_000) * 3_600_000_000_000;
        packets.udp((CLIENT, 40_000), (RESOLVER.0, 5000), b"tick")?;
    }
    Ok(())
}

/// A ClientHello for a name (RFC 8446 section 4.1.2), padded to about 520 bytes.
pub(crate) fn client_hello(name: &str) -> Vec<u8> {
    let length = name.len() as u16;
    let mut extensions = vec![0, 0];
    for (more, by) in [(length + 5, 2), (length + 3, 2)] {
        extensions.extend(&more.to_be_bytes()[..by]);
    }
    extensions.push(0);
    extensions.extend(length.to_be_bytes());
    extensions.extend(name.bytes());
    extensions.extend([0, 43, 0, 3, 2, 3, 4]);
    // Padding (RFC 7685).
    extensions.extend([0, 21, 1, 0x80]);
    extensions.extend([0; 0x180]);
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    let mut hello = vec![1];
    hello.extend(&(body.len() as u32).to_be_bytes()[1..]);
    hello.extend(body);
    hello
}
