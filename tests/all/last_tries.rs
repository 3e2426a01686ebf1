//! A host's last tries decide: what was reached and then stopped to the end is stopped.

use serde_json::Value;

use super::traffic::{client_hello, record};
use super::verdicts::{Packets, address, hex, said};

const SERVER: &str = "203.0.113.10:443";
const NAME: &str = "a.acme.com";

/// A scenario about one name at one server; every connection has a port of its own.
struct Tries(Packets);

impl Tries {
    fn new() -> Self {
        let known = address([203, 0, 113, 10]);
        Self(Packets::new().lookup(0, NAME, 0x8180, [1, 0, 0], &known))
    }

    fn at(self, millis: u64, to_server: bool, port: u16, what: &str) -> Self {
        let client = format!("10.0.0.5:{port}");
        Self(match to_server {
            true => self.0.at(millis, &client, SERVER, what),
            false => self.0.at(millis, SERVER, &client, what),
        })
    }

    /// HTTP over a connection of its own, with answer and close.
    fn reached(self, millis: u64, port: u16) -> Self {
        self.opened(millis, port)
            .at(
                millis + 70,
                true,
                port,
                &format!("tcp FA seq={} ack=5201", ends()),
            )
            .at(
                millis + 90,
                false,
                port,
                &format!("tcp FA seq=5201 ack={}", ends() + 1),
            )
            .at(
                millis + 91,
                true,
                port,
                &format!("tcp A seq={} ack=5202", ends() + 1),
            )
    }

    /// The same without a close: TLS 1.2, both sides change ciphers and say something.
    fn opened(self, millis: u64, port: u16) -> Self {
        let hello = hex(&record(0x16, &client_hello(Some(NAME), false)));
        let hello_end = ends() - 100;
        self.at(millis, true, port, "tcp S seq=1000")
            .at(millis + 20, false, port, "tcp SA seq=5000 ack=1001 ttl=57")
            .at(millis + 21, true, port, "tcp A seq=1001 ack=5001")
            .at(
                millis + 22,
                true,
                port,
                &format!("tcp PA seq=1001 ack=5001 hex:{hello}"),
            )
            .at(
                millis + 42,
                false,
                port,
                &format!(
                    "tcp PA seq=5001 ack={hello_end} ttl=57 hex:{}",
                    server_part()
                ),
            )
            .at(
                millis + 43,
                true,
                port,
                &format!("tcp PA seq={hello_end} ack=5101 hex:{}", finish()),
            )
            .at(
                millis + 63,
                false,
                port,
                &format!("tcp PA seq=5101 ack={} ttl=57 hex:{}", ends(), finish()),
            )
    }

    /// Four SYNs over seven seconds.
    fn silent(mut self, millis: u64, port: u16) -> Self {
        for after in [0, 1000, 3000, 7000] {
            self = self.at(millis + after, true, port, "tcp S seq=1000");
        }
        self
    }

    fn refused(self, millis: u64, port: u16) -> Self {
        self.at(millis, true, port, "tcp S seq=1000").at(
            millis + 20,
            false,
            port,
            "tcp RA seq=0 ack=1001 ttl=57",
        )
    }

    fn audited(self) -> Value {
        self.0.audited()
    }
}

/// Behind the client's last number.
fn ends() -> usize {
    1001 + record(0x16, &client_hello(Some(NAME), false)).len() + 100
}

/// A ServerHello of TLS 1.2, and ServerHelloDone: 100 bytes.
fn server_part() -> String {
    let mut hello = vec![0x02, 0, 0, 82, 3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0xc0, 0x2f, 0, 0, 42, 0, 0x15, 0, 38]);
    hello.extend([0; 38]);
    let mut out = record(0x16, &hello);
    out.extend(record(0x16, &[0x0e, 0, 0, 0]));
    out.truncate(100);
    assert_eq!(out.len(), 100);
    hex(&out)
}

/// ChangeCipherSpec, Finished, application data: 100 bytes.
fn finish() -> String {
    let mut out = record(0x14, &[1]);
    out.extend(record(0x16, &[9; 40]));
    out.extend(record(0x17, &[9; 44]));
    assert_eq!(out.len(), 100);
    hex(&out)
}

/// The finding of a kind about the name: its message.
fn told(report: &Value, code: &str) -> Option<String> {
    let all = report["findings"].as_array().unwrap().iter();
    let mut of = all.filter(|finding| finding["code"] == code && finding["target"] == NAME);
    Some(of.next()?["message"].as_str().unwrap().to_owned())
}

#[test]
fn reached_and_then_stopped_to_the_end_is_stopped() {
    let report = Tries::new()
        .reached(1_000, 40_001)
        .silent(5_000, 40_002)
        .audited();
    let wanted = ["failed_unattributed", "connect", "C", "T-SYN0"];
    assert_eq!(said(&report, NAME), wanted);
    let message = told(&report, "failed").unwrap();
    assert!(message.contains("reached until 2"), "{message}");
    assert_eq!(requirement(&report, "acme/manager"), "failed", "{message}");
}

#[test]
fn what_is_reached_again_is_reached() {
    let report = Tries::new()
        .reached(1_000, 40_001)
        .silent(5_000, 40_002)
        .reached(20_000, 40_003)
        .audited();
    assert_eq!(said(&report, NAME)[0], "ok_after_retry");
    assert_eq!(requirement(&report, "acme/manager"), "satisfied");
}

#[test]
fn one_refusal_beside_many_connections_is_chance() {
    let report = Tries::new()
        .reached(1_000, 40_001)
        .reached(1_001, 40_002)
        .refused(1_002, 40_003)
        .reached(1_003, 40_004)
        .audited();
    assert_eq!(said(&report, NAME)[0], "ok");
    // And one behind them.
    let report = Tries::new()
        .reached(1_000, 40_001)
        .refused(5_000, 40_002)
        .audited();
    assert_eq!(said(&report, NAME)[0], "ok");
    // But not three.
    let report = Tries::new()
        .reached(1_000, 40_001)
        .refused(5_000, 40_002)
        .refused(7_000, 40_003)
        .refused(9_000, 40_004)
        .audited();
    let wanted = ["failed_unattributed", "connect", "C", "T-RST"];
    assert_eq!(said(&report, NAME), wanted);
}

#[test]
fn a_connection_that_goes_on_shows_that_the_aim_is_reached() {
    let more = format!("tcp PA seq=5201 ack={} ttl=57 hex:170303000109", ends());
    let report = Tries::new()
        .opened(1_000, 40_001)
        .silent(5_000, 40_002)
        .at(30_000, false, 40_001, &more)
        .audited();
    assert_eq!(said(&report, NAME)[0], "ok");
}

fn requirement(report: &Value, id: &str) -> String {
    let mut all = report["requirements"].as_array().unwrap().iter();
    let row = all.find(|row| row["id"] == id).unwrap();
    row["outcome"].as_str().unwrap().to_owned()
}
