//! UDP datagrams, each by itself.

use super::super::app::App;
use super::super::dns_log::DnsLog;
use super::super::run::{FlowRecord, SaidBy};
use super::{Arrival, Listener};
use crate::decode::hides_packet;
use crate::decode::http::{self, RequestRead};
use crate::decode::tls::{self, HelloRead};
use crate::decode::{dns, quic, sflow};
use crate::model::{Side, Stamp, Transport};

/// Reads a UDP datagram.
pub(in super::super) fn datagram(
    run: &mut FlowRecord,
    side: Side,
    stamp: Stamp,
    payload: &[u8],
    arrival: Arrival,
    dns: &mut DnsLog,
) {
    if payload.is_empty() {
        return;
    }
    let key = run.key;
    let ports = [key.endpoint(Side::Low).port, key.endpoint(Side::High).port];
    let on = |port: u16| ports.contains(&port);
    let mut listener = Listener::new(run, side, dns);
    listener.last = true;
    listener.arrival = arrival;
    let multicast = on(5353) || on(5355);
    if multicast || on(53) || !on(137) && dns::looks_like_dns(payload) {
        listener.dns_message(stamp, payload, multicast, Transport::Udp);
    } else if quic::starts_quic(payload) {
        listener.quic(stamp, payload, on(443));
    } else if (on(443) || on(80)) && listener.google_quic(stamp, payload) {
    } else if matches!(payload, [0x16, 0xfe, 0xff | 0xfd, ..] | [0x16, 1, 0, ..]) {
        listener.datagram_hello(stamp, payload);
    } else if on(123) && payload.len() >= 48 && matches!(payload[0] >> 3 & 7, 1..=4) {
        listener.run.app.insert(App::NTP);
        if matches!(payload[0] & 7, 3 | 4) {
            listener.client(if payload[0] & 7 == 3 {
                side
            } else {
                side.other()
            });
        }
    } else if on(514) && payload[0] == b'<' {
        listener.run.app.insert(App::SYSLOG);
        listener.client(side);
    } else if (on(67) || on(68)) && payload.get(236..240) == Some(&[0x63, 0x82, 0x53, 0x63]) {
        listener.run.app.insert(App::DHCP);
        listener.client(if payload[0] == 1 { side } else { side.other() });
    } else if http::starts_request(payload)
        && let RequestRead::Request(request) = http::read_request(payload)
    {
        listener.request(stamp, &request);
    } else if on(6343) && sflow::is_datagram(payload) {
        listener.run.app.insert(App::SFLOW);
    } else if !on(443) && hides_packet(payload, u32::try_from(payload.len()).unwrap_or(u32::MAX)) {
        listener.run.app.insert(App::MIRROR);
    } else if payload[0] & 0xc0 == 0x40 {
        // It may be a short header of QUIC's.
        let ids = listener.run.ids.get_or_insert_default();
        ids.absorb(side, stamp, payload);
    }
}

impl Listener<'_> {
    /// Packets with long headers. Reserved version numbers and version 0 look like much else, so those count only on
    /// QUIC's port, or where a packet could be opened.
    fn quic(&mut self, stamp: Stamp, payload: &[u8], on_port: bool) {
        let certain = quic::packets(payload).any(|packet| {
            quic::is_known_version(packet.version) && !quic::is_reserved_version(packet.version)
        });
        if certain || on_port {
            self.run.app.insert(App::QUIC);
        }
        let side = self.side;
        let ids = self.run.ids.get_or_insert_default();
        ids.absorb(side, stamp, payload);
        self.run
            .quic
            .get_or_insert_default()
            .absorb(side, stamp, payload);
    }

    /// Google's QUIC before the standard; whether it is that.
    fn google_quic(&mut self, stamp: Stamp, payload: &[u8]) -> bool {
        // Flags and version, with a connection id of 8 bytes between them or behind them.
        let versioned = matches!(
            payload,
            [_, b'Q', b'0', b'0'..=b'9', b'0'..=b'9', ..]
                | [
                    _,
                    _,
                    _,
                    _,
                    _,
                    _,
                    _,
                    _,
                    _,
                    b'Q',
                    b'0',
                    b'0'..=b'9',
                    b'0'..=b'9',
                    ..
                ]
        );
        if !versioned {
            return false;
        }
        self.run.app.insert(App::QUIC);
        self.client(self.side);
        if let Some(name) = quic::read_google_hello(payload).and_then(|hello| hello.server_name) {
            self.name(stamp, SaidBy::QuicSni, name, 0);
        }
        true
    }

    fn datagram_hello(&mut self, stamp: Stamp, payload: &[u8]) {
        match tls::read_datagram_hello(payload) {
            HelloRead::Hello(hello) => self.hello(stamp, &hello, App::DTLS),
            HelloRead::NeedMore(_) => self.run.app.insert(App::DTLS),
            HelloRead::NotTls if payload[1] == 0xfe => self.run.app.insert(App::DTLS),
            HelloRead::NotTls | HelloRead::Malformed(_) => {}
        }
    }
}
