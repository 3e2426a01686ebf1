//! Conversations as lines of a scenario: what an agent and its peers say, with the bytes that make it readable.

use super::capture::Capture;

/// A scenario that grows; each conversation takes a tenth of a second.
#[derive(Default)]
pub(crate) struct Traffic {
    /// Lines with their milliseconds.
    script: Vec<(u64, String)>,
    conversations: u32,
    /// From which port the next conversation comes, and in which second, where that is told.
    from: Option<u16>,
    second: Option<u64>,
}

impl Traffic {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The frames.
    #[track_caller]
    pub(crate) fn capture(&self) -> Capture {
        let mut lines = self.script.clone();
        lines.sort_by_key(|(millis, _)| *millis);
        let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
        Capture::scripted(&lines.join("\n"))
    }

    /// The next conversation comes from this port, and in this second.
    pub(crate) fn next_is(mut self, from: Option<u16>, second: Option<u64>) -> Self {
        (self.from, self.second) = (from, second);
        self
    }

    /// Time passes.
    pub(crate) fn wait(mut self, seconds: u32) -> Self {
        self.conversations += seconds * 10;
        self
    }

    /// `client` asks for an address of `name` and is told that it does not exist.
    pub(crate) fn denied(mut self, client: &str, server: &str, name: &str) -> Self {
        let (time, port) = self.next();
        let (client, server) = (format!("{client}:{port}"), format!("{server}:53"));
        let query = dns(port, name, None);
        let mut answer = query.clone();
        // An answer, recursion available, NXDOMAIN.
        (answer[2], answer[3]) = (0x81, 0x83);
        self.line(time, &client, &server, &format!("udp hex:{}", hex(&query)));
        let answer = format!("udp hex:{}", hex(&answer));
        self.line(time + 2, &server, &client, &answer);
        self
    }

    /// `client` sends one SYN to `server`, and nobody answers.
    pub(crate) fn syn(mut self, client: &str, server: &str, server_port: u16) -> Self {
        let (time, port) = self.next();
        let (client, server) = (
            format!("{client}:{port}"),
            format!("{server}:{server_port}"),
        );
        self.line(time, &client, &server, "tcp S seq=1000");
        self
    }

    /// `client` opens TCP to `server`, again and again, and nobody answers.
    pub(crate) fn silent(mut self, client: &str, server: &str, server_port: u16) -> Self {
        let (time, port) = self.next();
        let (client, server) = (
            format!("{client}:{port}"),
            format!("{server}:{server_port}"),
        );
        for later in [0, 1000, 3000, 7000] {
            self.line(time + later, &client, &server, "tcp S seq=1000");
        }
        self
    }

    /// `client` asks `server` for an address of `name` over UDP and is told `answer`.
    pub(crate) fn lookup(
        mut self,
        client: &str,
        server: &str,
        name: &str,
        answer: [u8; 4],
    ) -> Self {
        let (time, port) = self.next();
        let (client, server) = (format!("{client}:{port}"), format!("{server}:53"));
        let query = hex(&dns(port, name, None));
        let response = hex(&dns(port, name, Some(answer)));
        self.line(time, &client, &server, &format!("udp hex:{query}"));
        self.line(time + 2, &server, &client, &format!("udp hex:{response}"));
        self
    }

    /// The same over TCP.
    pub(crate) fn lookup_over_tcp(
        self,
        client: &str,
        server: &str,
        name: &str,
        answer: [u8; 4],
    ) -> Self {
        let framed =
            |message: Vec<u8>| [&(message.len() as u16).to_be_bytes()[..], &message].concat();
        let (query, response) = (
            framed(dns(7, name, None)),
            framed(dns(7, name, Some(answer))),
        );
        self.tcp(client, server, 53, &[&query], &[&response])
    }

    /// `client` opens TLS to `server` and all goes well; with a name in the ClientHello or without one.
    pub(crate) fn tls(self, client: &str, server: &str, port: u16, name: Option<&str>) -> Self {
        self.tls_after(client, server, port, &client_hello(name, false))
    }

    /// The same with a ClientHello that has an encrypted part (ECH), behind an outer name.
    pub(crate) fn tls_with_ech(self, client: &str, server: &str, port: u16, outer: &str) -> Self {
        self.tls_after(client, server, port, &client_hello(Some(outer), true))
    }

    fn tls_after(self, client: &str, server: &str, port: u16, hello: &[u8]) -> Self {
        let hello = record(0x16, hello);
        // Behind the ServerHello the rest of the server's flight is encrypted (RFC 8446 section 2).
        let flight = record(0x17, &[0xbb; 700]);
        let server_hello = [record(0x16, &server_hello()), flight].concat();
        let data = record(0x17, &[0xaa; 64]);
        // The client's Finished, and a request.
        let request = [data.clone(), record(0x17, &[0xcc; 90])].concat();
        self.tcp(
            client,
            server,
            port,
            &[&hello, &request],
            &[&server_hello, &data],
        )
    }

    /// `client` opens TCP to `server`, each side says its parts in turn, and both close.
    pub(crate) fn tcp(
        mut self,
        client: &str,
        server: &str,
        server_port: u16,
        out: &[&[u8]],
        back: &[&[u8]],
    ) -> Self {
        let (mut time, port) = self.next();
        let client = format!("{client}:{port}");
        let server = format!("{server}:{server_port}");
        let (mut seq, mut ack) = (1001, 5001);
        self.line(time, &client, &server, "tcp S seq=1000");
        self.line(
            time + 2,
            &server,
            &client,
            "tcp SA seq=5000 ack=1001 ttl=57",
        );
        self.line(time + 3, &client, &server, "tcp A seq=1001 ack=5001");
        for (said, answered) in out.iter().zip(back) {
            time += 10;
            let what = format!("tcp PA seq={seq} ack={ack} hex:{}", hex(said));
            self.line(time, &client, &server, &what);
            seq += said.len();
            let what = format!("tcp PA seq={ack} ack={seq} ttl=57 hex:{}", hex(answered));
            self.line(time + 2, &server, &client, &what);
            ack += answered.len();
        }
        time += 10;
        self.line(
            time,
            &client,
            &server,
            &format!("tcp FA seq={seq} ack={ack}"),
        );
        let what = format!("tcp FA seq={ack} ack={} ttl=57", seq + 1);
        self.line(time + 2, &server, &client, &what);
        let what = format!("tcp A seq={} ack={}", seq + 1, ack + 1);
        self.line(time + 3, &client, &server, &what);
        self
    }

    /// A datagram and its answer.
    pub(crate) fn exchange(
        mut self,
        client: &str,
        server: &str,
        server_port: u16,
        out: &[u8],
        back: &[u8],
    ) -> Self {
        let (time, port) = self.next();
        let client = format!("{client}:{port}");
        let server = format!("{server}:{server_port}");
        self.line(time, &client, &server, &format!("udp hex:{}", hex(out)));
        self.line(
            time + 2,
            &server,
            &client,
            &format!("udp hex:{}", hex(back)),
        );
        self
    }

    /// The server's part of a handshake, as one record.
    pub(crate) fn server_flight() -> Vec<u8> {
        record(0x16, &server_hello())
    }

    /// `client` opens TCP to `server`, which refuses.
    pub(crate) fn refused(mut self, client: &str, server: &str, server_port: u16) -> Self {
        let (time, port) = self.next();
        let client = format!("{client}:{port}");
        let server = format!("{server}:{server_port}");
        self.line(time, &client, &server, "tcp S seq=1000");
        self.line(time + 1, &server, &client, "tcp RA seq=0 ack=1001");
        self
    }

    /// `client` sends a datagram to which nobody answers.
    pub(crate) fn datagram(
        mut self,
        client: &str,
        server: &str,
        server_port: u16,
        text: &str,
    ) -> Self {
        let (time, port) = self.next();
        let (client, server) = (
            format!("{client}:{port}"),
            format!("{server}:{server_port}"),
        );
        self.line(
            time,
            &client,
            &server,
            &format!("udp hex:{}", hex(text.as_bytes())),
        );
        self
    }

    /// Milliseconds of the next conversation, and its client port.
    pub(crate) fn next(&mut self) -> (u64, u16) {
        self.conversations += 1;
        let millis = u64::from(self.conversations) * 100;
        let port = 40_000 + (self.conversations % 20_000) as u16;
        let second = self.second.take().map(|second| second * 1000);
        (second.unwrap_or(millis), self.from.take().unwrap_or(port))
    }

    /// One packet, at its milliseconds.
    pub(crate) fn line(&mut self, millis: u64, from: &str, to: &str, what: &str) {
        let (seconds, rest) = (millis / 1000, millis % 1000);
        let line = format!("{seconds}.{rest:03} {from} > {to} {what}");
        self.script.push((millis, line));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A query for the A record of a name, or the answer to it (RFC 1035 section 4.1).
pub(crate) fn dns(id: u16, name: &str, answer: Option<[u8; 4]>) -> Vec<u8> {
    let flags: u16 = if answer.is_some() { 0x8180 } else { 0x0100 };
    let counts = [1, u16::from(answer.is_some()), 0, 0];
    let mut out: Vec<u8> = [id, flags]
        .into_iter()
        .chain(counts)
        .flat_map(u16::to_be_bytes)
        .collect();
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend(label.bytes());
    }
    out.extend([0, 0, 1, 0, 1]);
    if let Some(address) = answer {
        // A pointer to the question's name, type A, class IN, a minute to live, four bytes.
        out.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        out.extend(address);
    }
    out
}

/// A TLS record (RFC 8446 section 5.1).
pub(crate) fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 3, 3];
    out.extend((body.len() as u16).to_be_bytes());
    out.extend(body);
    out
}

/// A handshake message (RFC 8446 section 4).
fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend(&(body.len() as u32).to_be_bytes()[1..]);
    out.extend(body);
    out
}

pub(crate) fn client_hello(name: Option<&str>, ech: bool) -> Vec<u8> {
    let mut extensions = Vec::new();
    if let Some(name) = name {
        // RFC 6066 section 3: a list with one entry of type host_name.
        let length = name.len() as u16;
        extensions.extend([0, 0]);
        extensions.extend((length + 5).to_be_bytes());
        extensions.extend((length + 3).to_be_bytes());
        extensions.push(0);
        extensions.extend(length.to_be_bytes());
        extensions.extend(name.bytes());
    }
    extensions.extend([0, 43, 0, 3, 2, 3, 4]); // supported_versions: 1.3
    if ech {
        extensions.extend([0xfe, 0x0d, 0, 16]); // encrypted_client_hello, of no real content
        extensions.extend([0; 16]);
    }
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]); // no session, one cipher suite, no compression
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    handshake(1, &body)
}

fn server_hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([9; 32]);
    body.extend([0, 0x13, 1, 0]);
    body.extend([0, 6, 0, 43, 0, 2, 3, 4]);
    handshake(2, &body)
}
