use etherparse::NetSlice;
use etherparse::SlicedPacket;
use etherparse::TransportSlice;
use proptest::prelude::*;

use super::super::LinkType;
use super::super::samples::drain;
use super::*;

const SCENARIO: &str = r#"
# a lookup, an attempt, and a refusal
0.000 10.0.0.5:40000 > 10.0.0.53:53 udp hex:0aFF "\x00hi" # data in parts
1.25 10.0.0.5:40001 > 93.184.216.34:443 tcp S seq=1000 ip_id=77 window=1024
1.250000001 93.184.216.34:443 > 10.0.0.5:40001 tcp SA seq=9 ack=1001 ttl=57
1.5 10.0.0.5:40001 > 93.184.216.34:443 tcp PA seq=1001 ack=10 "GET / \"x\"\r\n" fill:400 snap=60
2 10.0.0.1 > 10.0.0.5 icmp unreachable code=13 quoting 2
3 [2001:db8::5]:40000 > [2001:db8::1]:53 udp vlan=7 vlan=8 interface=3 "x"
4 2001:db8::9 > 2001:db8::5 icmp unreachable code=1 quoting 6 keep=48
5 10.0.0.5 > 10.0.0.6 icmp echo-request echo_id=5 echo_seq=6
6 10.0.0.5 > 10.0.0.6 ip protocol=47 hex:0000
"#;

fn scenario() -> Vec<OwnedFrame> {
    Script::parse(SCENARIO).unwrap().into_frames()
}

fn errors(text: &str) -> Vec<String> {
    Script::parse(text)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn times_lengths_and_interfaces_are_those_of_the_text() {
    let frames = scenario();
    let base = Script::BASE.as_nanos();
    let times: Vec<_> = frames
        .iter()
        .map(|frame| frame.time.as_nanos() - base)
        .collect();
    assert_eq!(times[..4], [0, 1_250_000_000, 1_250_000_001, 1_500_000_000]);
    assert_eq!(
        (frames[3].bytes.len(), frames[3].wire_length),
        (60, 14 + 20 + 20 + 11 + 400)
    );
    assert_eq!(frames[5].interface, 3);
    assert!(
        frames
            .iter()
            .all(|frame| frame.link_type == LinkType::ETHERNET)
    );
    assert_eq!(Script::BASE.to_string(), "2026-01-01T00:00:00.000000000Z");
}

#[test]
fn another_parser_reads_what_was_written() {
    let frames = scenario();
    let slice = |index: usize| SlicedPacket::from_ethernet(&frames[index].bytes).unwrap();
    let Some(TransportSlice::Udp(udp)) = slice(0).transport else {
        panic!("no UDP")
    };
    assert_eq!((udp.source_port(), udp.destination_port()), (40000, 53));
    assert_eq!(udp.payload(), b"\x0a\xff\x00hi");
    let Some(NetSlice::Ipv4(ip)) = slice(1).net else {
        panic!("no IPv4")
    };
    assert_eq!((ip.header().identification(), ip.header().ttl()), (77, 64));
    let Some(TransportSlice::Tcp(syn)) = slice(1).transport else {
        panic!("no TCP")
    };
    assert_eq!(
        (
            syn.syn(),
            syn.ack(),
            syn.sequence_number(),
            syn.window_size()
        ),
        (true, false, 1000, 1024)
    );
    let Some(TransportSlice::Tcp(answer)) = slice(2).transport else {
        panic!("no TCP")
    };
    assert_eq!(
        (answer.syn(), answer.ack(), answer.acknowledgment_number()),
        (true, true, 1001)
    );
    assert_eq!(
        slice(5)
            .vlan_ids()
            .iter()
            .map(|id| id.value())
            .collect::<Vec<_>>(),
        [7, 8]
    );
    assert!(matches!(slice(5).net, Some(NetSlice::Ipv6(_))));
    assert_eq!(frames[8].bytes[23], 47);
}

#[test]
fn errors_of_icmp_quote_the_whole_packet_or_its_start() {
    let frames = scenario();
    let icmp = &frames[4].bytes[34..];
    assert_eq!(icmp[..2], [3, 13]);
    assert_eq!(icmp[8..], frames[1].bytes[14..]);
    let icmp = &frames[6].bytes[54..];
    assert_eq!(icmp[..2], [1, 1]);
    assert_eq!(icmp[8..], frames[5].bytes[22..22 + 48]);
    let echo = &frames[7].bytes[34..];
    assert_eq!((echo[0], &echo[4..]), (8, &[0, 5, 0, 6][..]));
}

#[test]
fn checksums_are_right() {
    let frames = scenario();
    for frame in [&frames[1], &frames[4]] {
        let headers = etherparse::PacketHeaders::from_ethernet_slice(&frame.bytes).unwrap();
        let Some(etherparse::NetHeaders::Ipv4(ip, _)) = headers.net else {
            panic!("no IPv4")
        };
        assert_eq!(ip.header_checksum, ip.calc_header_checksum());
        if let Some(etherparse::TransportHeader::Tcp(tcp)) = headers.transport {
            assert_eq!(
                tcp.checksum,
                tcp.calc_checksum_ipv4(&ip, headers.payload.slice())
                    .unwrap()
            );
        }
    }
}

#[test]
fn a_script_is_a_source_of_its_frames() {
    let mut script = Script::parse(SCENARIO).unwrap();
    assert_eq!(drain(&mut script), scenario());
    assert!(script.next_frame().is_none());
    assert_eq!(script.frames().len(), 9);
}

#[test]
fn all_wrong_lines_are_told_with_their_numbers() {
    let text = "x 10.0.0.1:1 > 10.0.0.2:2 udp\n\
                0 10.0.0.1:1 > 10.0.0.2:2 udp\n\
                0 10.0.0.1 > 10.0.0.2:2 udp\n\
                0 10.0.0.1:1 < 10.0.0.2:2 udp\n\
                0 10.0.0.1:1 > [::1]:2 udp\n\
                0 10.0.0.1:1 > 10.0.0.2:2 tcp SX\n\
                0 10.0.0.1:1 > 10.0.0.2:2 udp ttl=256\n\
                0 10.0.0.1:1 > 10.0.0.2:2 udp hex:abc\n\
                0 10.0.0.1:1 > 10.0.0.2:2 udp \"open\n\
                0 10.0.0.1 > 10.0.0.2 icmp unreachable quoting 99\n\
                0 10.0.0.1 > 10.0.0.2 icmp packet-too-big\n\
                0 10.0.0.1:1 > 10.0.0.2:2 udp wat=1\n\
                0 10.0.0.1:1\n";
    let told = errors(text);
    assert_eq!(told.len(), 12, "{told:#?}");
    assert_eq!(
        told[0],
        "line 1: `x` is no time: seconds with up to nine decimals are wanted"
    );
    assert_eq!(told[1], "line 3: `10.0.0.1` lacks a port");
    assert!(told[5].starts_with("line 7: `ttl=256`: a number up to 255"));
    assert_eq!(told[7], "line 9: a string that does not end");
    assert_eq!(
        told[8],
        "line 10: there is no frame 99 before this one to quote"
    );
    assert_eq!(told[11], "line 13: `>` is missing");
}

#[test]
fn numbered_icmp_kinds_are_taken() {
    let script = Script::parse("0 10.0.0.1 > 10.0.0.2 icmp type=13 code=2 fill:12").unwrap();
    assert_eq!(script.frames()[0].bytes[34..36], [13, 2]);
}

proptest! {
    #[test]
    fn no_text_panics(text in "[0-9.:> a-z=\"\\\\#\\[\\]\n]{0,200}") {
        let frames = Script::parse(&text).map(|script| script.frames().len()).unwrap_or(0);
        prop_assert!(frames <= text.lines().count());
    }
}
