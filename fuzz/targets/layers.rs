//! One frame of any link type, down to its innermost packet.

use pktaudit::decode::{
    Decoded, Packet, Segment, decode as decode_frame, decode_rejoined, device, sflow,
};

/// Link type, then how many bytes the wire had more than are there, then the frame.
pub(crate) fn decode(bytes: &[u8]) {
    let Some(([high, low, more], frame)) = bytes.split_first_chunk::<3>() else {
        return;
    };
    let link_type = u16::from_be_bytes([*high, *low]);
    let wire_length = frame.len() as u32 + u32::from(*more);
    if let Decoded::Packet(packet) = decode_frame(link_type, frame, wire_length) {
        sound(&packet, frame);
    }
    if device::may_have_word(link_type, frame)
        && let Some(word) = device::device_word(link_type, frame)
    {
        let _ = word.verdict();
    }
    let _ = device::interface_in(link_type, frame);
    let _ = device::reset_cause(frame);
    let _ = sflow::is_datagram(frame);
    for sample in sflow::samples(frame) {
        if let Decoded::Packet(packet) = sample.decode() {
            sound(&packet, frame);
        }
    }
}

/// No payload is longer than the frame or than it says itself.
fn sound(packet: &Packet<'_>, frame: &[u8]) {
    let (payload, said) = match &packet.segment {
        Segment::Tcp(segment) => (segment.payload, segment.payload_length as usize),
        Segment::Udp(datagram) => (datagram.payload, datagram.payload_length as usize),
        Segment::Other { payload, .. } => (*payload, payload.len()),
        Segment::Icmp(message) => (message.payload, message.payload.len()),
        Segment::Fragment(fragment) => (fragment.payload, fragment.payload.len()),
        _ => return,
    };
    assert!(payload.len() <= frame.len(), "{packet:?}");
    assert!(payload.len() <= said, "{packet:?}");
    if packet.fragment.is_some() {
        let _ = decode_rejoined(packet, frame);
    }
}
