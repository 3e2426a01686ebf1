//! What clients and servers say, to be put into segments whole, cut or changed.

use arbitrary::{Result, Unstructured};

/// Bytes as they are said, as they are damaged, or any.
pub(super) fn payload(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut said = match u.int_in_range(0..=19_u8)? {
        0..=4 => return Ok(Vec::new()),
        5 => {
            let length = u.int_in_range(0..=400_usize)?;
            return Ok(u.bytes(length.min(u.len()))?.to_vec());
        }
        6 => vec![b'x'; u.int_in_range(1..=1460_usize)?],
        7 | 8 => hello(u.choose(NAMES)?),
        9 => server_hello(),
        10 => vec![21, 3, 3, 0, 2, 2, *u.choose(&[40, 42, 46, 48, 112])?],
        11 | 12 => dns(u.arbitrary()?, u.choose(NAMES)?, None, 0),
        13 => dns(
            u.arbitrary()?,
            u.choose(NAMES)?,
            None,
            u.int_in_range(0..=5)?,
        ),
        14 | 15 => {
            let answer = [198, 51, 100, u.int_in_range(1..=3)?];
            dns(u.arbitrary()?, u.choose(NAMES)?, Some(answer), 0)
        }
        _ => u.choose(LINES)?.to_vec(),
    };
    match u.int_in_range(0..=7_u8)? {
        0 => said.truncate(u.int_in_range(0..=said.len())?),
        1 if !said.is_empty() => {
            let at = u.choose_index(said.len())?;
            said[at] = u.arbitrary()?;
        }
        2 => {
            said.drain(..u.int_in_range(0..=said.len())?);
        }
        _ => {}
    }
    Ok(said)
}

const NAMES: &[&str] = &[
    "a.example",
    "agents.workload.us-1.cloudone.trendmicro.com",
    "b.a.example",
];

const LINES: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
    b"POST /path HTTP/1.1\r\nHost: a.example:8080\r\nContent-Length: 5\r\n\r\nhello",
    b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
    b"HTTP/1.1 200 Connection established\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n<h1>URL blocked</h1>",
    b"HTTP/1.1 302 Found\r\nLocation: https://b.a.example/login\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    b"\0\0\0\x04\0\0\0\0\0",
    b"\0\0\x0d\x01\x05\0\0\0\x01\x82\x87\x84\x41\x09a.example",
    b"\x05\x01\0",
    b"\x05\0",
    b"\x05\x01\0\x03\x09a.example\x01\xbb",
    b"\x05\0\0\x01\0\0\0\0\0\0",
    b"PROXY TCP4 10.0.0.5 198.51.100.1 40000 443\r\n",
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"220 mail.a.example ESMTP\r\n",
    b"STARTTLS\r\n",
    b"<134>Jan  1 00:00:00 host app: text",
    // NTP, from a client and from a server.
    b"\x23\0\x06\xec\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01",
    b"\x24\x02\x06\xec\0\0\0\0\0\0\0\0\x0a\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03",
];

/// A client hello of TLS 1.2 with a name.
fn hello(name: &str) -> Vec<u8> {
    let name = name.as_bytes();
    let list = [&[0][..], &short(name.len()), name].concat();
    let names = [&short(list.len())[..], &list].concat();
    let extension = [&[0, 0][..], &short(names.len()), &names].concat();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 0x01, 1, 0]);
    body.extend(short(extension.len()));
    body.extend(extension);
    handshake(1, &body)
}

fn server_hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([9; 32]);
    body.extend([0, 0x13, 0x01, 0, 0, 0]);
    handshake(2, &body)
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let message = [&[kind, 0][..], &short(body.len()), body].concat();
    [&[22, 3, 1][..], &short(message.len()), &message].concat()
}

fn short(length: usize) -> [u8; 2] {
    (length as u16).to_be_bytes()
}

/// A question for an address, or an answer to one: an address, or a code where there is none.
fn dns(id: u8, name: &str, address: Option<[u8; 4]>, code: u8) -> Vec<u8> {
    let answers = u8::from(address.is_some());
    let is_answer = answers == 1 || code > 0;
    let flags = if is_answer {
        [0x81, 0x80 | code]
    } else {
        [1, 0]
    };
    let mut message = vec![0, id, flags[0], flags[1], 0, 1, 0, answers, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    if let Some(address) = address {
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        message.extend(address);
    }
    message
}
