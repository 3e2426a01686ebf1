//! Taking the protection off Initial packets (RFC 9001 sections 5.3 and 5.4).

use ring::aead;

use super::frame;
use super::keys::{self, Keys, Sender};
use super::{CryptoFrame, LongHeader, PacketKind};

/// What an Initial packet says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Initial {
    /// Its packet number, truncated to the bytes sent.
    pub number: u32,
    /// Parts of the handshake, in the packet's order.
    pub crypto: Vec<CryptoFrame>,
    /// The error code with which the sender closes the connection: 0x100 and above are TLS alerts.
    pub close: Option<u64>,
}

/// Opens an Initial packet with the keys of `key_connection_id`: the destination connection id of the client's first
/// packet, or, after a Retry, of the first packet that answers it.
///
/// `None` where it is no whole Initial packet of a known version, or those are not its keys. Costs a few microseconds.
#[must_use]
pub fn open_initial(
    packet: &LongHeader<'_>,
    key_connection_id: &[u8],
    sender: Sender,
) -> Option<Initial> {
    if packet.kind != PacketKind::Initial || !packet.whole {
        return None;
    }
    keys::schemes(packet.version).iter().find_map(|scheme| {
        let keys = Keys::derive(scheme, key_connection_id, sender)?;
        let (number, payload) = unprotect(packet, &keys)?;
        let mut initial = Initial {
            number,
            ..Initial::default()
        };
        frame::read(&payload, keys::is_google(packet.version), &mut initial);
        Some(initial)
    })
}

/// The packet number and the frames.
fn unprotect(packet: &LongHeader<'_>, keys: &Keys) -> Option<(u32, Vec<u8>)> {
    const SAMPLE: usize = 16;
    let at = packet.number_at;
    let sample = packet.packet.get(at + 4..at + 4 + SAMPLE)?;
    let [first_mask, number_mask @ ..] = keys.header.new_mask(sample).ok()?;
    let first = packet.packet.first()? ^ (first_mask & 0x0f);
    let number_length = usize::from(first & 0x03) + 1;
    let (header, payload) = packet.packet.split_at_checked(at + number_length)?;

    let mut header = header.to_vec();
    *header.first_mut()? = first;
    let mut number = 0;
    for (byte, mask) in header.get_mut(at..)?.iter_mut().zip(number_mask) {
        *byte ^= mask;
        number = number << 8 | u32::from(*byte);
    }
    let mut nonce = keys.vector;
    for (byte, number_byte) in nonce[8..].iter_mut().zip(number.to_be_bytes()) {
        *byte ^= number_byte;
    }
    let mut payload = payload.to_vec();
    let nonce = aead::Nonce::assume_unique_for_key(nonce);
    let length = keys
        .packet
        .open_in_place(nonce, aead::Aad::from(&header), &mut payload)
        .ok()?
        .len();
    payload.truncate(length);
    Some((number, payload))
}
