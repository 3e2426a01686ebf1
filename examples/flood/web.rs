//! Floods of HTTP: many hosts in one connection, many streams.

use std::io;

use super::packets::{CLIENT, Packets, SERVER, data, port};

/// Requests in one connection, each for another host and path, each answered.
pub(crate) fn requests(packets: &mut Packets, count: u64) -> io::Result<()> {
    let (client, server) = ((CLIENT, 40_000), (SERVER, 80));
    packets.open(client, server)?;
    let (mut mine, mut theirs) = (1001_u32, 9001_u32);
    for _ in 0..count {
        let (host, path) = (packets.dice.label(), packets.dice.label());
        let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}.example.com\r\n\r\n");
        packets.tcp(client, server, data(mine, theirs), request.as_bytes())?;
        mine = mine.wrapping_add(request.len() as u32);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        packets.tcp(server, client, data(theirs, mine), answer)?;
        theirs = theirs.wrapping_add(answer.len() as u32);
    }
    Ok(())
}

/// Streams of HTTP/2 in clear, a thousand a connection, each with headers for the table (RFC 7541 section 6.2.1).
pub(crate) fn streams(packets: &mut Packets, count: u64) -> io::Result<()> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    const EACH: u64 = 1000;
    let mut sequence = 1001_u32;
    for i in 0..count {
        let (client, server) = ((CLIENT, port(i / EACH)), (SERVER, 80));
        if i % EACH == 0 {
            packets.open(client, server)?;
            packets.tcp(client, server, data(1001, 9001), PREFACE)?;
            sequence = 1001 + PREFACE.len() as u32;
        }
        // GET, http, / of the static table; then the host, and a field of its own, both to be remembered.
        let mut block = vec![0x82, 0x86, 0x84, 0x41];
        string(&mut block, &format!("{}.example.com", packets.dice.label()));
        block.push(0x40);
        string(&mut block, &packets.dice.label());
        string(&mut block, &packets.dice.label());
        let mut frame = (block.len() as u32).to_be_bytes()[1..].to_vec();
        // HEADERS that are whole and end their stream.
        frame.extend([1, 5]);
        frame.extend(((i % EACH * 2 + 1) as u32).to_be_bytes());
        frame.extend(block);
        packets.tcp(client, server, data(sequence, 9001), &frame)?;
        sequence = sequence.wrapping_add(frame.len() as u32);
    }
    Ok(())
}

/// A string as it is (RFC 7541 section 5.2), of less than 127 bytes.
fn string(out: &mut Vec<u8>, text: &str) {
    out.push(text.len() as u8);
    out.extend(text.bytes());
}
