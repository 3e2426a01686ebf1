//! Requests and responses as they come, and as they should not.

use proptest::prelude::*;

use super::*;

fn request(bytes: &[u8]) -> Request {
    match read_request(bytes) {
        RequestRead::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

fn shown(authority: Option<&Authority>) -> (String, Option<u16>) {
    authority
        .map(|authority| (authority.host.to_string(), authority.port))
        .unwrap()
}

#[test]
fn a_request_tells_its_host() {
    let bytes = b"GET /a?b=c HTTP/1.1\r\nUser-Agent: x\r\nhOsT:  WWW.Example.com:8080 \r\n\r\nbody";
    let request = request(bytes);
    assert_eq!(
        (
            request.method.as_str(),
            request.target.as_str(),
            request.version
        ),
        ("GET", "/a?b=c", (1, 1))
    );
    assert_eq!(
        shown(request.host.as_ref()),
        ("www.example.com".to_owned(), Some(8080))
    );
    assert_eq!(
        (request.authority, request.complete, request.head_length),
        (None, true, bytes.len() - 4)
    );
}

#[test]
fn proxies_are_told_the_authority_in_the_target() {
    let connect = request(b"CONNECT a.example:443 HTTP/1.1\r\nHost: proxy.example\r\n\r\n");
    assert!(connect.is_connect());
    assert_eq!(
        shown(connect.authority.as_ref()),
        ("a.example".to_owned(), Some(443))
    );
    let absolute = request(b"GET http://user:pw@b.example:81/x HTTP/1.0\nHost: other\n\n");
    assert_eq!(
        shown(absolute.authority.as_ref()),
        ("b.example".to_owned(), Some(81))
    );
    assert_eq!(shown(absolute.host.as_ref()), ("other".to_owned(), None));
    let literal = request(b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\n\r\n");
    assert_eq!(
        shown(literal.authority.as_ref()),
        ("2001:db8::1".to_owned(), Some(443))
    );
}

#[test]
fn hosts_are_names_or_addresses() {
    let read = |text: &str| Authority::read(text.as_bytes());
    assert!(matches!(
        read("192.0.2.1:80").unwrap().host,
        Host::Address(_)
    ));
    assert!(matches!(
        read("2001:db8::1").unwrap().host,
        Host::Address(_)
    ));
    assert_eq!(
        read("a.example:http"),
        Some(Authority {
            host: read("a.example").unwrap().host,
            port: None
        })
    );
    assert_eq!(read("a.example:99999").unwrap().port, None);
    assert_eq!(
        read("a.example.").unwrap().host.name().unwrap().as_str(),
        "a.example"
    );
    assert_eq!(
        [read(""), read("[::1"), read(":80"), read("x@")],
        [None, None, None, None]
    );
}

#[test]
fn protocols_that_borrow_the_form_are_not_http() {
    for bytes in [
        &b"OPTIONS rtsp://a/ RTSP/1.0\r\n\r\n"[..],
        b"INVITE sip:a@b SIP/2.0\r\nHost: x\r\n\r\n",
        b"REQMOD icap://a/ ICAP/1.0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"220 mail ESMTP\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"EHLO example.com\r\n",
        b" GET / HTTP/1.1\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"THISMETHODISFARTOOLONGTOBEAMETHODOFHTTP / HTTP/1.1\r\n\r\n",
    ] {
        assert_eq!(
            read_request(bytes),
            RequestRead::NotHttp,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
    assert_eq!(
        request(b"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n").method,
        "PROPFIND"
    );
    assert_eq!(
        request(b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n").method,
        "M-SEARCH"
    );
    assert_eq!(request(b"\r\nGET / HTTP/1.1\n\n").version, (1, 1));
}

#[test]
fn every_prefix_asks_for_more_until_the_host_is_there() {
    let bytes = b"POST /x HTTP/1.1\r\nHost: a.example\r\nLong: y\r\n\r\n";
    let host_end = 35;
    for length in 0..bytes.len() {
        match read_request(&bytes[..length]) {
            RequestRead::NeedMore => assert!(length < host_end),
            RequestRead::Request(request) => {
                assert!(length >= host_end);
                assert_eq!((request.complete, request.head_length), (false, length));
            }
            RequestRead::NotHttp => panic!("at {length}"),
        }
    }
    let endless = [b"GET /".to_vec(), vec![b'x'; MAX_HEAD]].concat();
    assert_eq!(read_request(&endless), RequestRead::NotHttp);
}

#[test]
fn folded_and_broken_header_lines_are_stepped_over() {
    let request =
        request(b"GET / HTTP/1.1\r\nX: 1\r\n Host: folded\r\nnonsense\r\nHost : a.example\r\n\r\n");
    assert_eq!(shown(request.host.as_ref()).0, "a.example");
}

#[test]
fn a_response_tells_status_and_who_sent_it() {
    let bytes = b"HTTP/1.1 407 Proxy Authentication Required\r\nVia: 1.1 gate\r\nserver: squid\r\n\
        Proxy-Authenticate: Basic\r\nLocation: http://x/\r\n\r\nbody";
    let response = read_response(bytes).unwrap();
    assert_eq!(
        (
            response.status,
            response.version,
            response.proxy_authenticate
        ),
        (407, (1, 1), true)
    );
    let texts = [
        response.via.as_deref(),
        response.server.as_deref(),
        response.location.as_deref(),
    ];
    assert_eq!(texts, [Some("1.1 gate"), Some("squid"), Some("http://x/")]);
    assert_eq!(
        (response.complete, response.head_length),
        (true, bytes.len() - 4)
    );
    for length in 0..bytes.len() {
        let cut = read_response(&bytes[..length]);
        assert_eq!(cut.is_some(), length >= 12);
        assert!(cut.is_none_or(|cut| cut.status == 407));
    }
}

#[test]
fn what_is_no_response_is_none() {
    for bytes in [
        &b"HTTP/1.1 2000 x"[..],
        b"HTTP/1.1 099 x",
        b"HTTP/1.1x200",
        b"RTSP/1.0 200 OK",
        b"GET / HTTP/1.1",
    ] {
        assert_eq!(
            read_response(bytes),
            None,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn starts_are_told_by_method_and_target() {
    for bytes in [
        &b"GET /"[..],
        b"CONNECT a:1",
        b"OPTIONS *",
        b"RPC_IN_DATA /rpc",
    ] {
        assert!(starts_request(bytes));
    }
    for bytes in [
        &b"GET"[..],
        b"GET ",
        b"GETS /",
        b"get /",
        b"HTTP/1.1 200",
        b"",
    ] {
        assert!(!starts_request(bytes));
    }
    assert!(starts_http2(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0"));
    assert!(!starts_http2(b"PRI * HTTP/2.0\r\n"));
}

proptest! {
    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300), method in 0..36_usize) {
        let request = [head::METHODS[method].as_bytes(), b" / HTTP/1.1\r\n", &bytes].concat();
        for bytes in [&bytes, &request] {
            if let RequestRead::Request(request) = read_request(bytes) {
                prop_assert!(request.head_length <= bytes.len());
            }
            let _ = (starts_request(bytes), Authority::read(bytes));
        }
        let response = [b"HTTP/1.1 200 OK\n", &bytes[..]].concat();
        prop_assert!(read_response(&response).is_some_and(|read| read.head_length <= response.len()));
    }
}
