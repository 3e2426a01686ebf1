//! Makes a big capture out of the shipped samples, so that figures on speed can be repeated by anybody.
//!
//! `cargo run --release --example big -- OUT.pcap [BYTES] [SEED]`, with BYTES such as `10M`, `1100M`, `4G`.
//!
//! Every sample becomes the doings of many clients: each has addresses of its own, the clients start one after another,
//! and their packets lie in each other's, as at a tap. Names and DNS answers stay as they are, since only clients get
//! other addresses; checksums stay right. Connections that carry data get some more of it, so that packets and bytes
//! to a flow are those of a perimeter (about 24 and 430). The same arguments give the same bytes.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a bench may fail loudly, and says what it made"
)]

mod client;
mod sample;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufWriter, Write};

use client::Client;
use sample::Sample;

/// How many clients begin in a second.
const CLIENTS_A_SECOND: u64 = 50;

fn main() {
    // `cargo test` builds examples and does not run them; without arguments nothing is made.
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: big OUT.pcap [BYTES, such as 10M or 4G] [SEED]");
        return;
    };
    let wanted = arguments.next().map_or(1_100_000_000, |text| bytes(&text));
    let mut dice = Dice(arguments.next().map_or(1, |seed| seed.parse().unwrap()));
    dice.0 = dice.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;

    let samples = sample::all();
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
    let made = write(&samples, wanted, &mut dice, &mut out);
    out.flush().unwrap();
    eprintln!(
        "{path}: {} bytes, {} packets of {} clients",
        made.bytes, made.packets, made.clients
    );
}

/// What was written.
struct Made {
    bytes: u64,
    packets: u64,
    clients: u64,
}

fn write(samples: &[Sample], wanted: u64, dice: &mut Dice, out: &mut impl Write) -> Made {
    let mut header = Vec::new();
    header.extend(0xa1b2_c3d4_u32.to_le_bytes());
    header.extend([2, 0, 4, 0]);
    header.extend([0; 8]);
    header.extend(262_144_u32.to_le_bytes());
    header.extend(1_u32.to_le_bytes());
    out.write_all(&header).unwrap();
    let mut made = Made {
        bytes: header.len() as u64,
        packets: 0,
        clients: 0,
    };
    // The bytes of clients that have begun and are not written yet count, so that the file ends when all have ended.
    let mut planned = made.bytes;
    let mut active: BinaryHeap<Reverse<Client>> = BinaryHeap::new();
    loop {
        let next = 1_700_000_000_000_000_000 + made.clients * 1_000_000_000 / CLIENTS_A_SECOND;
        let due = active
            .peek()
            .is_none_or(|Reverse(first)| first.time() >= next);
        if planned < wanted && due {
            let sample = &samples[dice.roll(samples.len() as u64) as usize];
            let client = Client::new(sample, made.clients, next, dice);
            planned += client.bytes();
            made.clients += 1;
            active.push(Reverse(client));
            continue;
        }
        let Some(Reverse(mut client)) = active.pop() else {
            return made;
        };
        made.bytes += client.write_next(out) as u64;
        made.packets += 1;
        if !client.has_ended() {
            active.push(Reverse(client));
        }
    }
}

fn bytes(text: &str) -> u64 {
    let (number, unit) = match text.as_bytes().last() {
        Some(b'k') => (&text[..text.len() - 1], 1_000),
        Some(b'M') => (&text[..text.len() - 1], 1_000_000),
        Some(b'G') => (&text[..text.len() - 1], 1_000_000_000),
        _ => (text, 1),
    };
    number.parse::<u64>().unwrap() * unit
}

/// Numbers that are the same in every run (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides.max(1)
    }
}
