//! From a line of a scenario to the bytes of a frame.

use std::net::IpAddr;

use etherparse::IpHeaders;
use etherparse::IpNumber;
use etherparse::Ipv4Extensions;
use etherparse::Ipv4Header;
use etherparse::Ipv6Extensions;
use etherparse::Ipv6FlowLabel;
use etherparse::Ipv6Header;
use etherparse::PacketBuilder;
use etherparse::PacketBuilderStep;
use etherparse::TcpHeader;
use etherparse::VlanId;

use super::super::LinkType;
use super::super::OwnedFrame;
use super::line::IcmpKind;
use super::line::Line;
use super::line::Name;
use super::line::What;
use crate::model::CaptureTime;

/// Builds frames one after another; keeps the whole ones, since a later line may quote them.
#[derive(Debug, Default)]
pub(super) struct Builder {
    pub(super) frames: Vec<OwnedFrame>,
    /// The IP packets of the frames, uncut.
    packets: Vec<Vec<u8>>,
}

impl Builder {
    /// Adds the frame of a line.
    pub(super) fn add(&mut self, line: &Line, base: CaptureTime) -> Result<(), String> {
        let mut bytes = Vec::new();
        let payload = self.payload(line)?;
        let link_bytes = 14 + 4 * line.vlans.len();
        write_frame(line, &payload, &mut bytes)?;
        self.packets
            .push(bytes.get(link_bytes..).unwrap_or_default().to_vec());
        let wire_length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if let Some(snap) = line.number(Name::Snap) {
            bytes.truncate(snap as usize);
        }
        self.frames.push(OwnedFrame {
            time: base.plus(line.time),
            link_type: LinkType::ETHERNET,
            interface: line.number(Name::Interface).unwrap_or(0),
            wire_length,
            bytes,
        });
        Ok(())
    }

    /// Keeps the place of a line that could not be read.
    pub(super) fn add_nothing(&mut self) {
        self.packets.push(Vec::new());
    }

    /// The quoted packet, if any, then the line's data.
    fn payload(&self, line: &Line) -> Result<Vec<u8>, String> {
        let mut payload = Vec::new();
        if let Some(number) = line.quoting {
            let quoted = number
                .checked_sub(1)
                .and_then(|index| self.packets.get(index));
            let quoted = quoted
                .ok_or_else(|| format!("there is no frame {number} before this one to quote"))?;
            // An error must fit the least MTU: RFC 1812 section 4.3.2.3, RFC 4443 section 2.4.
            let most = if line.source.ip.is_ipv4() { 548 } else { 1232 };
            let most = line
                .number(Name::Keep)
                .map_or(most, |keep| keep as usize)
                .min(quoted.len());
            payload.extend_from_slice(&quoted[..most]);
        }
        payload.extend_from_slice(&line.data);
        Ok(payload)
    }
}

fn write_frame(line: &Line, payload: &[u8], bytes: &mut Vec<u8>) -> Result<(), String> {
    let ip = ip_headers(line)?;
    let (source, destination) = (line.source.port, line.destination.port);
    match &line.what {
        What::Udp => write(
            link(line, ip)?
                .udp(source, destination)
                .write(bytes, payload),
        ),
        What::Tcp(letters) => {
            let header = tcp_header(line, letters)?;
            write(link(line, ip)?.tcp_header(header).write(bytes, payload))
        }
        What::Icmp(kind) => {
            let v6 = line.source.ip.is_ipv6();
            let kind = icmp_type(line, *kind, v6)?;
            let (code, rest) = (line.number8(Name::Code).unwrap_or(0), rest_of_header(line));
            let step = link(line, ip)?;
            if v6 {
                write(step.icmpv6_raw(kind, code, rest).write(bytes, payload))
            } else {
                write(step.icmpv4_raw(kind, code, rest).write(bytes, payload))
            }
        }
        What::Ip => {
            let protocol = line
                .number8(Name::Protocol)
                .ok_or("`protocol=N` is missing")?;
            write(link(line, ip)?.write(bytes, IpNumber(protocol), payload))
        }
    }
}

fn write<E: std::fmt::Display>(result: Result<(), E>) -> Result<(), String> {
    result.map_err(|error| format!("no packet can be made of this: {error}"))
}

/// Ethernet with addresses made of the last bytes of the IP addresses, and VLAN tags.
fn link(line: &Line, ip: IpHeaders) -> Result<PacketBuilderStep<IpHeaders>, String> {
    let ethernet = PacketBuilder::ethernet2(mac(line.source.ip), mac(line.destination.ip));
    let id = |id: u16| VlanId::try_new(id).map_err(|error| error.to_string());
    Ok(match line.vlans[..] {
        [] => ethernet.ip(ip),
        [single] => ethernet.single_vlan(id(single)?).ip(ip),
        [outer, inner, ..] => ethernet.double_vlan(id(outer)?, id(inner)?).ip(ip),
    })
}

fn mac(ip: IpAddr) -> [u8; 6] {
    let [.., a, b, c, d] = match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    };
    [2, 0, a, b, c, d]
}

fn ip_headers(line: &Line) -> Result<IpHeaders, String> {
    let ttl = line.number8(Name::Ttl).unwrap_or(64);
    match (line.source.ip, line.destination.ip) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let (source, destination) = (source.octets(), destination.octets());
            let mut header = Ipv4Header::new(0, ttl, IpNumber::UDP, source, destination)
                .map_err(|error| error.to_string())?;
            header.identification = line.number16(Name::IpId).unwrap_or(0);
            Ok(IpHeaders::Ipv4(header, Ipv4Extensions::default()))
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let header = Ipv6Header {
                traffic_class: 0,
                flow_label: Ipv6FlowLabel::ZERO,
                payload_length: 0,
                next_header: IpNumber::UDP,
                hop_limit: ttl,
                source: source.octets(),
                destination: destination.octets(),
            };
            Ok(IpHeaders::Ipv6(header, Ipv6Extensions::default()))
        }
        _ => Err("source and destination are of different IP versions".to_owned()),
    }
}

fn tcp_header(line: &Line, letters: &str) -> Result<TcpHeader, String> {
    let (sequence, window) = (line.number(Name::Seq), line.number16(Name::Window));
    let mut header = TcpHeader::new(
        line.source.port,
        line.destination.port,
        sequence.unwrap_or(0),
        window.unwrap_or(64_240),
    );
    header.acknowledgment_number = line.number(Name::Ack).unwrap_or(0);
    for letter in letters.chars() {
        match letter {
            'S' => header.syn = true,
            'A' => header.ack = true,
            'F' => header.fin = true,
            'R' => header.rst = true,
            'P' => header.psh = true,
            'U' => header.urg = true,
            'E' => header.ece = true,
            'C' => header.cwr = true,
            _ => {}
        }
    }
    header
        .set_options_raw(&line.tcp_options)
        .map_err(|error| error.to_string())?;
    Ok(header)
}

/// RFC 792, RFC 4443, RFC 4861.
fn icmp_type(line: &Line, kind: IcmpKind, v6: bool) -> Result<u8, String> {
    Ok(match (kind, v6) {
        (IcmpKind::Unreachable, false) => 3,
        (IcmpKind::Unreachable, true) => 1,
        (IcmpKind::TimeExceeded, false) => 11,
        (IcmpKind::TimeExceeded, true) => 3,
        (IcmpKind::PacketTooBig, false) => {
            return Err("IPv4 has no packet-too-big; write `unreachable code=4 mtu=N`".to_owned());
        }
        (IcmpKind::PacketTooBig, true) => 2,
        (IcmpKind::Redirect, false) => 5,
        (IcmpKind::Redirect, true) => 137,
        (IcmpKind::EchoRequest, false) => 8,
        (IcmpKind::EchoRequest, true) => 128,
        (IcmpKind::EchoReply, false) => 0,
        (IcmpKind::EchoReply, true) => 129,
        (IcmpKind::Numbered, _) => line.number8(Name::Type).ok_or("`type=N` is missing")?,
    })
}

/// Bytes 5 to 8: an echo's identifier and sequence number, or the MTU in the lower half.
fn rest_of_header(line: &Line) -> [u8; 4] {
    let high = line.number16(Name::EchoId).unwrap_or(0).to_be_bytes();
    let low = line
        .number16(Name::EchoSeq)
        .or(line.number16(Name::Mtu))
        .unwrap_or(0)
        .to_be_bytes();
    [high[0], high[1], low[0], low[1]]
}
