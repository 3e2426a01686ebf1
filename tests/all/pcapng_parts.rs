//! pcapng files that threads read side by side, or in slices: interfaces that are described late, sections that follow,
//! blocks that are no packets, and a pcapng file that is carried in packets.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use pktaudit::drive::{FrameChoice, Point, Progress, Reading, observe_at};
use pktaudit::observe::attribute;
use pktaudit::source::resolve;

use super::observing::{Dice, render};
use super::side_by_side::{datagram, in_slices, same_in_parts, same_in_slices};

/// A file as it is written, in one byte order.
struct File {
    bytes: Vec<u8>,
    big: bool,
}

impl File {
    fn new(big: bool) -> Self {
        let bytes = Vec::new();
        let mut file = Self { bytes, big };
        file.section();
        file
    }

    fn u16(&self, number: u16) -> [u8; 2] {
        match self.big {
            true => number.to_be_bytes(),
            false => number.to_le_bytes(),
        }
    }

    fn u32(&self, number: u32) -> [u8; 4] {
        match self.big {
            true => number.to_be_bytes(),
            false => number.to_le_bytes(),
        }
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let padded = body.len().next_multiple_of(4);
        let length = self.u32(padded as u32 + 12);
        self.bytes.extend(self.u32(kind));
        self.bytes.extend(length);
        self.bytes.extend(body);
        self.bytes.extend(&[0; 3][..padded - body.len()]);
        self.bytes.extend(length);
    }

    fn section(&mut self) {
        let magic = self.u32(0x1a2b_3c4d);
        let body = [&magic[..], &self.u16(1), &self.u16(0), &[0xff; 8]].concat();
        self.block(0x0a0d_0d0a, &body);
    }

    /// An interface of raw IP with times in microseconds, or in nanoseconds.
    fn interface(&mut self, nanoseconds: bool) {
        let mut body = [&self.u16(101)[..], &[0; 6]].concat();
        if nanoseconds {
            body.extend([self.u16(9), self.u16(1)].concat());
            body.extend([9, 0, 0, 0, 0, 0, 0, 0]);
        }
        self.block(1, &body);
    }

    fn packet(&mut self, interface: u32, ticks: u64, packet: &[u8], options: &[u8]) {
        let mut body = Vec::new();
        let length = packet.len() as u32;
        let (high, low) = ((ticks >> 32) as u32, ticks as u32);
        for field in [interface, high, low, length, length] {
            body.extend(self.u32(field));
        }
        body.extend(packet);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(options);
        self.block(6, &body);
    }

    fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut option = [self.u16(code), self.u16(value.len() as u16)].concat();
        option.extend(value);
        option.resize(option.len().next_multiple_of(4), 0);
        option.extend([0; 4]);
        option
    }

    fn statistics(&mut self, interface: u32, dropped: u8) {
        let mut body = [&self.u32(interface)[..], &[0; 8]].concat();
        let count = match self.big {
            true => [0, 0, 0, 0, 0, 0, 0, dropped],
            false => [dropped, 0, 0, 0, 0, 0, 0, 0],
        };
        body.extend(self.option(5, &count));
        self.block(5, &body);
    }

    fn written(&self, folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("capture.pcapng");
        fs::write(&path, &self.bytes).unwrap();
        path
    }
}

const START: u64 = 1_700_000_000_000_000;

/// A file of packets, with what `beside` puts between them: each packet's number is given.
fn file(big: bool, mut beside: impl FnMut(&mut File, u32)) -> File {
    let mut file = File::new(big);
    file.interface(false);
    for n in 0..400 {
        beside(&mut file, n);
        let packet = datagram((1000 + n as u16, 9), &[7; 60]);
        file.packet(0, START + u64::from(n) * 1000, &packet, &[]);
    }
    file
}

#[test]
fn all_kinds_of_blocks_between_packets_leave_no_trace_of_the_parts() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(7);
    let (mut parts, mut slices) = (0, 0);
    for round in 0..40 {
        let mut told_loss = false;
        let file = file(round % 3 == 0, |file, n| match dice.roll(120) {
            0 => {
                let interface = dice.roll(2) as u32;
                file.packet(interface, 0, b"too short for anything", &[]);
            }
            1 => file.block(10, b"secrets of some kind, which are counted"),
            2 => file.block(0x7777, b"nobody knows this kind"),
            3 => {
                let comment = file.option(1, format!("comment {n}").as_bytes());
                let packet = datagram((5000, 9), &[1; 20]);
                file.packet(0, START + u64::from(n) * 1000, &packet, &comment);
            }
            4 if round % 4 == 0 => {
                told_loss = true;
                file.statistics(0, dice.roll(5) as u8);
            }
            5 if round % 4 == 1 => {
                told_loss = true;
                let drops = file.option(4, &[0, 0, 0, 0, 0, 0, 0, 1]);
                let packet = datagram((5001, 9), &[1; 20]);
                file.packet(0, START + u64::from(n) * 1000, &packet, &drops);
            }
            _ => {}
        });
        let path = file.written(&folder);
        parts += same_in_parts(&path).unwrap();
        let same = same_in_slices(&path, 7, 100).unwrap();
        slices += usize::from(same || told_loss);
    }
    assert!(parts > 40 * 8, "{parts}");
    assert!(slices > 10, "{slices}");
}

#[test]
fn interfaces_and_sections_that_are_described_late_are_known_behind() {
    let folder = tempfile::tempdir().unwrap();
    for (big, at) in [(false, 10), (true, 130), (false, 399)] {
        // A second interface has times of another kind, and is the one that packets behind it came by.
        let mut late = file(big, |file, n| {
            if n == at {
                file.interface(true);
            }
            if n > at {
                let packet = datagram((9, 2000 + n as u16), &[3; 40]);
                file.packet(1, (START + u64::from(n) * 1000) * 1000, &packet, &[]);
            }
        });
        let path = late.written(&folder);
        assert_eq!(same_in_parts(&path).unwrap(), 16);
        // What is described before the second slice, all of them know.
        assert_eq!(same_in_slices(&path, 7, 100), Ok(at == 10));
        if at > 10 {
            let told = &in_slices(&path, 7, 100).inputs[0].troubles;
            assert!(
                told[0].contains("interfaces are described in slice"),
                "{told:?}"
            );
        }
        // In a section that follows, number 0 is another interface.
        late.section();
        late.interface(true);
        for n in 0..200_u32 {
            let packet = datagram((9, 3000 + n as u16), &[4; 40]);
            late.packet(
                0,
                (START + 1_000_000 + u64::from(n) * 1000) * 1000,
                &packet,
                &[],
            );
        }
        let path = late.written(&folder);
        assert_eq!(same_in_parts(&path).unwrap(), 16);
    }
}

#[test]
fn which_interfaces_count_is_known_in_all_parts() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = File::new(false);
    for name in ["inner", "outer"] {
        let body = [
            &file.u16(101)[..],
            &[0; 6],
            &file.option(2, name.as_bytes()),
        ]
        .concat();
        file.block(1, &body);
    }
    for n in 0..400_u32 {
        let packet = datagram((1000 + n as u16, 9), &[7; 60]);
        file.packet(n % 2, START + u64::from(n) * 1000, &packet, &[]);
    }
    let path = file.written(&folder);
    let size = fs::metadata(&path).unwrap().len();
    let inputs = resolve(&[OsString::from(path)]).inputs;
    let chosen = FrameChoice::default().at(Point::At(vec!["inner".to_owned()]));
    let flows = |threads, part_bytes| {
        let reading = Reading {
            chosen: &chosen,
            threads,
            digests: false,
            part_bytes,
        };
        let observed = observe_at(&inputs, reading, &Progress::default());
        render(&attribute(observed.observation), true)
    };
    let whole = flows(1, u64::MAX);
    assert_eq!(whole.len(), 200);
    for (threads, part_bytes) in [(2, size / 2), (16, size / 16)] {
        assert_eq!(flows(threads, part_bytes), whole, "{threads} threads");
    }
}

#[test]
fn statistics_at_the_end_are_told_once_in_slices() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = file(false, |_, _| {});
    file.statistics(0, 5);
    let path = file.written(&folder);
    assert_eq!(same_in_parts(&path), Ok(16));
    assert_eq!(same_in_slices(&path, 16, 100), Ok(true));
    let mut twice = self::file(true, |file, n| {
        if n == 200 {
            file.statistics(0, 3);
        }
    });
    twice.statistics(0, 5);
    let path = twice.written(&folder);
    assert_eq!(same_in_parts(&path), Ok(16));
    let told = &in_slices(&path, 16, 100).inputs[0].troubles;
    assert!(
        told[0].contains("loss is told in several slices"),
        "{told:?}"
    );
}

#[test]
fn a_pcapng_file_that_is_carried_in_packets_is_not_taken_for_the_blocks_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let within = file(false, |_, _| {}).bytes;
    let mut file = File::new(false);
    file.interface(false);
    for (n, piece) in within.chunks(1400).cycle().take(200).enumerate() {
        let packet = datagram((7, 7), piece);
        file.packet(0, START + n as u64 * 1000, &packet, &[]);
    }
    let path = file.written(&folder);
    assert_eq!(same_in_parts(&path), Ok(16));
}
