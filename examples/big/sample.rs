//! The shipped samples as lists of frames whose clients are known.

use std::collections::BTreeMap;
use std::path::Path;

use pktaudit::decode::{Decoded, Segment, TcpFlags, decode};
use pktaudit::source::{FrameSource, InputPath, LinkType, open};

/// One sample, its frames in the order of the file.
pub(crate) struct Sample {
    pub(crate) frames: Vec<SampleFrame>,
    /// The client's own addresses as bytes, 4 or 16 of them.
    pub(crate) clients: Vec<Vec<u8>>,
}

pub(crate) struct SampleFrame {
    /// Nanoseconds since the sample's first frame.
    pub(crate) time: u64,
    pub(crate) bytes: Vec<u8>,
    /// Offset of the IP header; `None` where there is none.
    pub(crate) ip_at: Option<usize>,
    /// Of TCP.
    pub(crate) tcp: Option<TcpPlace>,
}

/// Where a segment stands in its connection.
pub(crate) struct TcpPlace {
    /// The connection within the sample.
    pub(crate) connection: usize,
    /// Whether the client sent it.
    pub(crate) by_client: bool,
    /// The place of the TCP header.
    pub(crate) at: usize,
    /// Where more data of the server fits, at the first FIN or RST after data of it: the places in
    /// [`Sample::frames`] of the last frames of server and client.
    pub(crate) more_fits: Option<(usize, usize)>,
}

/// All samples that are plain Ethernet without tunnels, whose clients are 10.20.0.x and 2001:db8:20::x.
pub(crate) fn all() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("capture.pcap"))
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let samples = paths.into_iter().map(|path| read(InputPath::File(path)));
    samples.flatten().collect()
}

fn read(path: InputPath) -> Option<Sample> {
    let mut source = open(&path).unwrap();
    let mut frames = Vec::new();
    let mut clients: Vec<Vec<u8>> = Vec::new();
    let mut connections = Connections::default();
    let mut first = None;
    while let Some(frame) = source.next_frame() {
        if frame.link_type != LinkType::ETHERNET {
            return None;
        }
        let time = frame.time.as_nanos();
        let time = time.saturating_sub(*first.get_or_insert(time)).max(0) as u64;
        let ip_at = ip_offset(frame.bytes);
        let mut tcp = None;
        if let Decoded::Packet(packet) = decode(1, frame.bytes, frame.wire_length) {
            if !packet.tunnels.is_empty() {
                return None;
            }
            let ends = [packet.source, packet.destination].map(octets);
            let of_client = ends.each_ref().map(|end| is_client(end));
            for (end, _) in ends.iter().zip(of_client).filter(|(_, client)| *client) {
                if !clients.contains(end) {
                    clients.push(end.clone());
                }
            }
            if !of_client.contains(&true) {
                // Between servers: the same again and again would be one flow.
                continue;
            }
            if let (Segment::Tcp(segment), Some(ip_at)) = (&packet.segment, ip_at) {
                let by_client = of_client[0];
                let mut ends = [
                    (ends[0].clone(), segment.source_port),
                    (ends[1].clone(), segment.destination_port),
                ];
                ends.sort();
                let ends_here = segment.flags.0 & (TcpFlags::FIN | TcpFlags::RST) != 0;
                let data = !by_client && segment.payload_length > 0;
                let (connection, more_fits) =
                    connections.see(ends, frames.len(), by_client, data, ends_here);
                let header = match frame.bytes[ip_at] >> 4 {
                    4 => usize::from(frame.bytes[ip_at] & 15) * 4,
                    _ => 40,
                };
                tcp = Some(TcpPlace {
                    connection,
                    by_client,
                    at: ip_at + header,
                    more_fits,
                });
            }
        }
        frames.push(SampleFrame {
            time,
            bytes: frame.bytes.to_vec(),
            ip_at,
            tcp,
        });
    }
    (!clients.is_empty()).then_some(Sample { frames, clients })
}

/// Connections by their ends.
#[derive(Default)]
struct Connections(BTreeMap<[(Vec<u8>, u16); 2], Connection>);

struct Connection {
    number: usize,
    /// The last frame of the server that carried data, and the last one of the client.
    last: [Option<usize>; 2],
    ended: bool,
}

impl Connections {
    /// The connection's number, and, where more data fits before this frame, the frames to make it like.
    fn see(
        &mut self,
        ends: [(Vec<u8>, u16); 2],
        frame: usize,
        by_client: bool,
        data: bool,
        ends_here: bool,
    ) -> (usize, Option<(usize, usize)>) {
        let number = self.0.len();
        let known = self.0.entry(ends).or_insert(Connection {
            number,
            last: [None; 2],
            ended: false,
        });
        let fits = match known.last {
            [Some(server), Some(client)] if ends_here && !known.ended && !data => {
                Some((server, client))
            }
            _ => None,
        };
        known.ended |= ends_here;
        if data {
            known.last[0] = Some(frame);
        }
        if by_client {
            known.last[1] = Some(frame);
        }
        (known.number, fits)
    }
}

fn octets(ip: std::net::IpAddr) -> Vec<u8> {
    match ip {
        std::net::IpAddr::V4(ip) => ip.octets().to_vec(),
        std::net::IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn is_client(address: &[u8]) -> bool {
    address.starts_with(&[10, 20, 0]) || address.starts_with(&[0x20, 1, 0xd, 0xb8, 0, 0x20])
}

/// Behind Ethernet and VLAN tags.
fn ip_offset(frame: &[u8]) -> Option<usize> {
    let mut at = 12;
    loop {
        match frame.get(at..at + 2)? {
            [0x81, 0] | [0x88, 0xa8] => at += 4,
            [8, 0] | [0x86, 0xdd] => return Some(at + 2),
            _ => return None,
        }
    }
}
