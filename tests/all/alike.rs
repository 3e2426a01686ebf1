//! One name that is stopped in one way at several addresses, and servers that end connections by themselves.

use super::traffic::{client_hello, record};
use super::verdicts::{Packets, address, hex, said};

const NAME: &str = "a.acme.com";
const OTHER: &str = "b.acme.com";

/// How the server's side ends, or does not answer, a ClientHello.
#[derive(Clone, Copy)]
enum End {
    Reset(u8),
    Fin(u8),
    Lost,
}

struct Scene {
    packets: Packets,
    port: u16,
}

impl Scene {
    fn new() -> Self {
        let packets =
            Packets::new().lookup(0, NAME, 0x8180, [1, 0, 0], &address([203, 0, 113, 10]));
        let port = 42_000;
        Self { packets, port }
    }

    /// Connects, 20 ms away, and says the hello; `times` of it.
    fn hello(mut self, at: u64, server: &str, name: &str, times: u64) -> (Self, String, usize) {
        self.port += 1;
        let client = format!("10.0.0.5:{}", self.port);
        let hello = record(0x16, &client_hello(Some(name), false));
        let what = format!("tcp PA seq=1001 ack=5001 hex:{}", hex(&hello));
        self.packets = self
            .packets
            .at(at, &client, server, "tcp S seq=1000")
            .at(at + 20, server, &client, "tcp SA seq=5000 ack=1001 ttl=57")
            .at(at + 21, &client, server, "tcp A seq=1001 ack=5001");
        for time in 0..times {
            self.packets = self
                .packets
                .at(at + 22 + time * time * 700, &client, server, &what);
        }
        (self, client, 1001 + hello.len())
    }

    fn stopped(self, at: u64, server: &str, end: End) -> Self {
        let times = if matches!(end, End::Lost) { 5 } else { 1 };
        let (mut scene, client, next) = self.hello(at, server, NAME, times);
        let (flags, ttl) = match end {
            End::Reset(ttl) => ("RA", ttl),
            End::Fin(ttl) => ("FA", ttl),
            End::Lost => return scene,
        };
        let what = format!("tcp {flags} seq=5001 ack={next} ttl={ttl}");
        scene.packets = scene.packets.at(at + 43, server, &client, &what);
        scene
    }

    fn reached(self, at: u64, server: &str, name: &str) -> Self {
        let (mut scene, client, next) = self.hello(at, server, name, 1);
        let flight = [
            record(
                0x16,
                &[&[2, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0x13, 1, 0]].concat(),
            ),
            record(0x16, &[14, 0, 0, 0]),
        ]
        .concat();
        let keys = [
            record(0x16, &[16, 0, 0, 4, 1, 1, 1, 1]),
            record(0x14, &[1]),
            record(0x16, &[8; 40]),
        ]
        .concat();
        let done = [record(0x14, &[1]), record(0x16, &[8; 40])].concat();
        let data = record(0x17, &[7; 90]);
        let (mut out, mut back) = (next, 5001);
        let turns: [(bool, &[u8]); 5] = [
            (false, &flight),
            (true, &keys),
            (false, &done),
            (true, &data),
            (false, &data),
        ];
        for (time, (own, bytes)) in (1..).zip(turns) {
            let time = at + 22 + time * 21;
            let bytes_hex = hex(bytes);
            scene.packets = if own {
                let what = format!("tcp PA seq={out} ack={back} hex:{bytes_hex}");
                out += bytes.len();
                scene.packets.at(time, &client, server, &what)
            } else {
                let what = format!("tcp PA seq={back} ack={out} ttl=57 hex:{bytes_hex}");
                back += bytes.len();
                scene.packets.at(time, server, &client, &what)
            };
        }
        scene
    }

    fn said(self) -> [String; 4] {
        said(&self.packets.audited(), NAME)
    }
}

const ONE: &str = "203.0.113.10:443";
const NEAR: &str = "203.0.113.11:443";
const FAR: &str = "198.51.100.20:443";
const BLOCKED: [&str; 3] = ["blocked_likely", "tls", "B"];
const FAILED: [&str; 3] = ["failed_unattributed", "tls", "C"];

#[test]
fn a_name_stopped_alike_at_unrelated_addresses_is_filtered() {
    let both = |one, far, other| {
        let scene = Scene::new()
            .stopped(100, ONE, one)
            .stopped(300, far, other)
            .reached(20_000, ONE, OTHER)
            .reached(20_300, far, OTHER);
        scene.said()
    };
    assert_eq!(both(End::Reset(57), FAR, End::Reset(57))[..3], BLOCKED);
    assert_eq!(both(End::Fin(57), FAR, End::Fin(57))[..3], BLOCKED);
    // Of one network: fronts of one owner, whose server is down.
    assert_eq!(both(End::Reset(57), NEAR, End::Reset(57))[..3], FAILED);
    let last = "203.0.255.10:443";
    assert_eq!(both(End::Reset(57), last, End::Reset(57))[..3], FAILED);
    let next = "203.1.0.10:443";
    assert_eq!(both(End::Reset(57), next, End::Reset(57))[..3], BLOCKED);
    // Not in one way.
    assert_eq!(both(End::Reset(57), FAR, End::Fin(57))[..3], FAILED);
}

#[test]
fn what_one_address_does_is_the_servers() {
    let scene = Scene::new().stopped(100, ONE, End::Reset(57));
    let scene = scene.stopped(300, FAR, End::Reset(57));
    // Nothing else works at one of them.
    let scene = scene.reached(20_000, ONE, OTHER);
    assert_eq!(scene.said()[..3], FAILED);
}

#[test]
fn hellos_with_one_name_that_nobody_acknowledges() {
    let lost = || {
        let scene = Scene::new().stopped(100, ONE, End::Lost);
        scene.stopped(300, FAR, End::Lost)
    };
    // Neighbours of both are reached under another name.
    let near = lost().reached(20_000, NEAR, OTHER);
    let both = near.reached(20_300, "198.51.100.21:443", OTHER);
    assert_eq!(both.said()[..3], BLOCKED);
    let one = lost().reached(20_000, NEAR, OTHER);
    assert_eq!(one.said()[..3], FAILED);
}
