//! TLS handshakes that stop on the way, packet by packet: rows of `docs/VERDICTS.md` and what looks alike.

use serde_json::Value;

use super::traffic::{client_hello, record};
use super::verdicts::{Packets, hex, looked_up, said};

const NAME: &str = "a.acme.com";
const CLIENT: &str = "10.0.0.5:40000";
const SERVER: &str = "203.0.113.10:443";

/// One connection to the server: what each side has said so far.
struct Connection {
    packets: Packets,
    client: String,
    out: usize,
    back: usize,
}

impl Connection {
    /// The name is looked up, and the connection opens: a round trip of 20 ms, TTL 57.
    fn open(packets: Packets, client: &str, at: u64) -> Self {
        let packets = packets
            .at(at, client, SERVER, "tcp S seq=1000")
            .at(at + 20, SERVER, client, "tcp SA seq=5000 ack=1001 ttl=57")
            .at(at + 21, client, SERVER, "tcp A seq=1001 ack=5001");
        Self {
            packets,
            client: client.to_owned(),
            out: 1001,
            back: 5001,
        }
    }

    fn say(mut self, at: u64, bytes: &[u8]) -> Self {
        let what = format!(
            "tcp PA seq={} ack={} hex:{}",
            self.out,
            self.back,
            hex(bytes)
        );
        self.packets = self.packets.at(at, &self.client, SERVER, &what);
        self.out += bytes.len();
        self
    }

    fn answer(mut self, at: u64, bytes: &[u8]) -> Self {
        let what = format!(
            "tcp PA seq={} ack={} ttl=57 hex:{}",
            self.back,
            self.out,
            hex(bytes)
        );
        self.packets = self.packets.at(at, SERVER, &self.client, &what);
        self.back += bytes.len();
        let what = format!("tcp A seq={} ack={}", self.out, self.back);
        self.packets = self.packets.at(at + 1, &self.client, SERVER, &what);
        self
    }

    /// A packet without data from the server, at its place.
    fn server(mut self, at: u64, flags: &str, ttl: u8) -> Self {
        let what = format!("tcp {flags} seq={} ack={} ttl={ttl}", self.back, self.out);
        self.packets = self.packets.at(at, SERVER, &self.client, &what);
        self
    }

    fn client(mut self, at: u64, flags: &str) -> Self {
        let what = format!("tcp {flags} seq={} ack={}", self.out, self.back);
        self.packets = self.packets.at(at, &self.client, SERVER, &what);
        self
    }
}

fn opened() -> Connection {
    Connection::open(looked_up(), CLIENT, 100)
}

fn hello() -> Vec<u8> {
    record(0x16, &client_hello(Some(NAME), false))
}

/// A ServerHello of a version: of TLS 1.3 with its extension, and a retry with the random that says so.
fn server_hello(version: u8, retry: bool) -> Vec<u8> {
    let mut body = vec![3, 3];
    match retry {
        true => body.extend([
            0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65,
            0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2,
            0xc8, 0xa8, 0x33, 0x9c,
        ]),
        false => body.extend([7; 32]),
    }
    body.extend([0, 0x13, 1, 0]);
    if version == 4 {
        body.extend([0, 6, 0, 43, 0, 2, 3, 4]);
    }
    let length = u8::try_from(body.len()).unwrap();
    record(0x16, &[&[2, 0, 0, length][..], &body].concat())
}

fn flight_12() -> Vec<u8> {
    [server_hello(3, false), record(0x16, &[14, 0, 0, 0])].concat()
}

/// The server's part of a handshake of TLS 1.3.
pub(crate) fn flight_13() -> Vec<u8> {
    [
        server_hello(4, false),
        record(0x14, &[1]),
        record(0x17, &[9; 700]),
    ]
    .concat()
}

fn key_exchange() -> Vec<u8> {
    let exchange = [&[16, 0, 0, 33][..], &[5; 33]].concat();
    [
        record(0x16, &exchange),
        record(0x14, &[1]),
        record(0x16, &[8; 40]),
    ]
    .concat()
}

/// The client's part of it.
pub(crate) fn finished_13() -> Vec<u8> {
    [record(0x14, &[1]), record(0x17, &[8; 53])].concat()
}

#[track_caller]
fn expect(connection: Connection, wanted: [&str; 4]) -> Value {
    let report = connection.packets.audited();
    assert_eq!(said(&report, NAME), wanted);
    report
}

#[test]
fn an_end_that_comes_too_soon_is_not_the_servers() {
    let asked = || opened().say(130, &hello());
    expect(
        asked().server(131, "FA", 57),
        ["blocked_likely", "tls", "B", "L-FIN"],
    );
    expect(
        asked().server(131, "RA", 57),
        ["blocked_likely", "tls", "B", "L-RST"],
    );
    expect(
        asked().server(151, "FA", 57),
        ["failed_unattributed", "tls", "C", "L-FIN"],
    );
    expect(
        asked().server(151, "RA", 57),
        ["failed_unattributed", "tls", "C", "L-RST"],
    );
    let on = || asked().answer(151, &flight_12()).say(160, &key_exchange());
    expect(
        on().server(161, "RA", 57),
        ["blocked_likely", "tls", "B", "L-CUT"],
    );
    expect(
        on().server(181, "RA", 57),
        ["failed_unattributed", "tls", "C", "L-CUT"],
    );
}

#[test]
fn what_does_not_acknowledge_the_hello_does_not_answer_it() {
    let closed = opened().server(125, "FA", 57).say(130, &hello());
    expect(closed, ["failed_unattributed", "connect", "C", "T-SAC-RST"]);
    // Silence, the client's own end, and a reset that answers that.
    let silent = opened()
        .say(130, &hello())
        .server(150, "A", 57)
        .client(9130, "FA")
        .server(9150, "RA", 57);
    expect(silent, ["failed_unattributed", "tls", "C", "L-SILENT"]);
}

#[test]
fn a_retry_is_no_answer() {
    let retried = || {
        opened()
            .say(130, &hello())
            .answer(151, &server_hello(4, true))
    };
    let mut again = retried();
    for millis in [160, 400, 900, 2000, 6000] {
        again = again.say(millis, &hello());
        again.out -= hello().len();
    }
    expect(again, ["failed_unattributed", "tls", "C", "L-SILENT"]);
    let reached = retried()
        .say(160, &hello())
        .answer(181, &flight_13())
        .say(190, &finished_13())
        .say(191, &record(0x17, &[7; 90]))
        .answer(211, &record(0x17, &[7; 90]));
    expect(reached, ["ok", "-", "-", "-"]);
}

#[test]
fn a_client_that_sends_no_finished_has_reached_nothing() {
    let shown = || opened().say(130, &hello()).answer(151, &flight_13());
    expect(
        shown().client(160, "FA"),
        ["failed_unattributed", "tls", "C", "L-LEFT"],
    );
    let finished = || shown().say(160, &finished_13());
    // Some look at the certificate only now, and leave without a word.
    expect(
        finished().client(161, "FA"),
        ["inconclusive", "-", "-", "-"],
    );
    // Closed in good order.
    expect(
        finished()
            .say(161, &record(0x17, &[7; 19]))
            .client(162, "FA"),
        ["ok", "-", "-", "-"],
    );
    // What the capture's end hides is no failure.
    let cut = shown();
    expect(cut, ["inconclusive", "-", "-", "-"]);
}

#[test]
fn a_session_taken_up_again_is_reached() {
    let resumed = [
        server_hello(3, false),
        record(0x14, &[1]),
        record(0x16, &[8; 40]),
    ]
    .concat();
    let reached = opened()
        .say(130, &hello())
        .answer(151, &resumed)
        .say(160, &[record(0x14, &[1]), record(0x16, &[8; 40])].concat())
        .say(161, &record(0x17, &[7; 90]))
        .answer(181, &record(0x17, &[7; 90]));
    expect(reached, ["ok", "-", "-", "-"]);
}

#[test]
fn a_reset_in_the_middle_with_another_ttl_is_not_the_servers() {
    let shown = || opened().say(130, &hello()).answer(151, &flight_12());
    expect(
        shown().server(152, "RA", 120),
        ["blocked_likely", "tls", "B", "L-INJECT"],
    );
    expect(
        shown().server(175, "RA", 57),
        ["failed_unattributed", "tls", "C", "L-CUT"],
    );
}

#[test]
fn a_key_exchange_that_is_lost_again_and_again() {
    let lost = |packets: Packets| {
        let mut on = Connection::open(packets, CLIENT, 100)
            .say(130, &hello())
            .answer(151, &flight_12());
        for millis in [160, 400, 900, 2000, 6000] {
            on = on.say(millis, &key_exchange());
            on.out -= key_exchange().len();
        }
        on
    };
    expect(
        lost(looked_up()),
        ["failed_unattributed", "tls", "C", "L-KEYS"],
    );
    // The other host gets on with the same name at the same address.
    let other = Connection::open(looked_up(), "10.0.0.6:40000", 10_000)
        .say(10_030, &hello())
        .answer(10_051, &flight_12())
        .say(10_060, &key_exchange())
        .answer(
            10_081,
            &[record(0x14, &[1]), record(0x16, &[8; 40])].concat(),
        )
        .say(10_090, &record(0x17, &[7; 90]))
        .answer(10_111, &record(0x17, &[7; 90]));
    expect(
        lost(other.packets),
        ["blocked_likely", "tls", "B", "L-KEYS"],
    );
}

#[test]
fn a_flight_that_never_arrives_is_no_success() {
    let asked = opened().say(130, &hello());
    let (out, back) = (asked.out, asked.back);
    let last = format!(
        "tcp PA seq={} ack={out} ttl=57 hex:{}",
        back + 1400,
        hex(&[9; 60])
    );
    let mut lost = Connection {
        packets: asked.packets.at(151, SERVER, CLIENT, &last),
        ..opened()
    };
    (lost.out, lost.back) = (out, back);
    let lost = lost.client(152, "A").client(5_200, "A").client(9_000, "FA");
    expect(lost, ["failed_unattributed", "tls", "C", "L-FLIGHT"]);
}

/// The client's Finished and its request are sent again and again, and the server acknowledges neither: it never had the
/// client's last message. Where it does, all is well.
#[test]
fn a_finished_that_never_arrives_is_no_success() {
    let said = [finished_13(), record(0x17, &[6; 120])].concat();
    let sent = || opened().say(130, &hello()).answer(150, &flight_13());
    let mut lost = sent();
    for at in [160, 360, 760, 1_560, 3_160, 6_360] {
        let place = lost.out;
        lost = lost.say(at, &said);
        lost.out = place;
    }
    expect(lost, ["failed_unattributed", "tls", "C", "L-KEYS"]);
    let heard = sent().say(160, &said).answer(180, &record(0x17, &[1; 90]));
    let heard = heard.client(400, "FA");
    expect(heard, ["ok", "-", "-", "-"]);
}

/// A connection of before the capture whose answers the client sends away with RST has answered nobody.
#[test]
fn what_the_client_sends_away_is_no_answer() {
    let late = |flags: &str| {
        let packets = looked_up()
            .at(
                500,
                CLIENT,
                SERVER,
                "tcp PA seq=1000 ack=5000 hex:170303000411223344",
            )
            .at(
                520,
                SERVER,
                CLIENT,
                "tcp PA seq=5000 ack=1009 ttl=57 hex:170303000411223344",
            );
        let answer = format!("tcp {flags}");
        packets.at(521, CLIENT, SERVER, &answer)
    };
    // What such a connection is to is doubtful in any case; how it went stands with the flow.
    let went = |flags: &str| {
        let report = late(flags).audited();
        let mut flows = report["flows"].as_array().unwrap().iter();
        let flow = flows.find(|flow| flow["responder"]["ip"] == "203.0.113.10");
        flow.unwrap().clone()
    };
    assert_eq!(went("R seq=1009")["outcome"], "inconclusive");
    assert_eq!(went("A seq=1009 ack=5009")["outcome"], "ok");
}

#[test]
fn early_data_hides_no_handshake_that_ended_halfway() {
    // TLS 1.3 with 0-RTT (RFC 8446 section 2.3): data behind the hello, before the server has answered.
    let early = || {
        let asked = opened()
            .say(130, &hello())
            .say(131, &record(0x17, &[0; 80]));
        asked.answer(150, &server_hello(4, false))
    };
    let report = early().server(160, "RA", 57).packets.audited();
    let wanted = ["failed_unattributed", "tls", "C", "L-CUT"];
    assert_eq!(said(&report, NAME), wanted);
    // What the client says behind the server's hello may be its Finished.
    let report = early()
        .say(160, &record(0x17, &[0; 60]))
        .server(180, "RA", 57)
        .packets
        .audited();
    assert_eq!(said(&report, NAME)[0], "ok");
}

#[test]
fn a_load_balancer_in_front_of_the_server_is_as_far_away_as_the_server() {
    let reset = |ttl| {
        let report = opened().say(130, &hello()).server(150, "RA", ttl);
        said(&report.packets.audited(), NAME)
    };
    // The server's packets have passed 7 routers: 64 - 57, and 255 - 248.
    assert_eq!(reset(248), ["failed_unattributed", "tls", "C", "L-RST"]);
    assert_eq!(reset(250), ["blocked_likely", "tls", "B", "L-RST"]);
}
