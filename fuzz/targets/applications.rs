//! The readers of application bytes, each on bytes alone.

use pktaudit::decode::http::hpack::HeaderTable;
use pktaudit::decode::http::http2::{
    Http2Content, Http2Read, read_frame, read_headers, starts_server,
};
use pktaudit::decode::http::{
    RequestRead, block_page, may_be_block_page, read_request, read_response, starts_http2,
    starts_request,
};
use pktaudit::decode::quic::{Sender, join, open_initial, packets, read_google_hello};
use pktaudit::decode::tls::{
    Certificate, HelloRead, read_datagram_hello, read_handshake_hello, read_hello,
    read_server_flight, records, starts_hello,
};
use pktaudit::decode::{dns as dns_reader, preamble, quic as quic_reader};
use pktaudit::fuzzing;
use pktaudit::observe::read_seeds;

pub(crate) fn dns(bytes: &[u8]) {
    let _ = dns_reader::looks_like_dns(bytes);
    message(bytes);
    let mut stream = dns_reader::split_tcp(bytes);
    for one in stream.by_ref() {
        message(one);
    }
    assert!(stream.wanted() <= usize::from(u16::MAX));
    message(stream.begun());
}

fn message(bytes: &[u8]) {
    let Some(message) = dns_reader::Message::read(bytes) else {
        return;
    };
    for question in &message.questions {
        let _ = dns_reader::type_name(question.kind);
    }
    for record in &message.records {
        let _ = format!("{record:?}");
    }
    // Each record takes at least the root's name, type, class, TTL and length.
    assert!(message.records.len() <= bytes.len() / 11);
    if let Some(stop) = message.stop {
        assert!(stop.offset as usize <= bytes.len());
    }
    let _ = dns_reader::rcode_name(message.rcode);
}

pub(crate) fn dns_seed(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = read_seeds(&text);
    assert!(read.seeds.is_sorted() && read.not_read.is_sorted());
    let lines = text.lines().count();
    assert!(read.not_read.iter().all(|line| (1..=lines).contains(line)));
}

pub(crate) fn tls(bytes: &[u8]) {
    let _ = starts_hello(bytes);
    for read in [
        read_hello(bytes),
        read_handshake_hello(bytes),
        read_datagram_hello(bytes),
    ] {
        if let HelloRead::Hello(hello) = read {
            let _ = hello.highest_version();
        }
    }
    let within: usize = records(bytes).map(|record| record.payload.len()).sum();
    assert!(within <= bytes.len());
    let _ = read_server_flight(bytes);
    let _ = Certificate::read(bytes);
    let _ = preamble::starts_proxy_protocol(bytes);
    let _ = preamble::read_preamble(bytes);
    let _ = preamble::read_socks_reply(bytes);
}

pub(crate) fn quic(bytes: &[u8]) {
    for google in [false, true] {
        // What anybody can encrypt, and no change of encrypted bytes makes.
        let joined = join(&fuzzing::quic_payload(bytes, google).crypto);
        let _ = (read_handshake_hello(&joined), read_google_hello(&joined));
    }
    let _ = quic_reader::starts_quic(bytes);
    let _ = read_google_hello(bytes);
    for packet in packets(bytes) {
        assert!(packet.bytes().len() <= bytes.len());
        for sender in [Sender::Client, Sender::Server] {
            let id = packet.destination;
            if let Some(initial) = open_initial(&packet, id, sender) {
                let _ = read_handshake_hello(&join(&initial.crypto));
            }
        }
    }
}

pub(crate) fn http(bytes: &[u8]) {
    let _ = (
        starts_request(bytes),
        starts_http2(bytes),
        starts_server(bytes),
    );
    if let RequestRead::Request(request) = read_request(bytes) {
        assert!(request.head_length <= bytes.len());
        let _ = request.is_connect();
    }
    if let Some(response) = read_response(bytes) {
        assert!(response.head_length <= bytes.len());
        let _ = (response.redirect(), response.is_passed_on());
        if may_be_block_page(response.status, response.html) {
            let _ = block_page(bytes, response.status);
        }
    }
    let mut table = HeaderTable::default();
    let mut rest = bytes;
    while let Http2Read::Frame(frame) = read_frame(rest) {
        if let Http2Content::Headers(block, _) = frame.content {
            let _ = read_headers(block, &mut table);
        }
        match rest.get(frame.length..) {
            Some(after) => rest = after,
            None => break,
        }
    }
    let _ = read_headers(bytes, &mut table);
}
