//! Counts for Prometheus over HTTP: one small answer to each request, whatever it asks for.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;

use crate::live::{LiveCounts, Snapshot, write_metrics};

/// How long a client may take to ask and to read.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most bytes of a request that are looked at.
const REQUEST: usize = 8192;

/// The newest board, for whoever asks.
pub(super) type Newest = Arc<Mutex<Arc<Snapshot>>>;

/// Takes the address; done before rights are given up, since ports below 1024 need some.
pub(super) fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("--metrics {address}: cannot listen there"))
}

/// Answers from now on. One client at a time: a scrape takes microseconds, and a slow client two seconds.
pub(super) fn serve(
    listener: TcpListener,
    newest: Newest,
    counts: Arc<LiveCounts>,
) -> io::Result<()> {
    std::thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(move || {
            for stream in listener.incoming() {
                // A client that went away is its own problem.
                let _ = stream.and_then(|stream| answer(stream, &newest, &counts));
            }
        })?;
    Ok(())
}

fn answer(mut stream: TcpStream, newest: &Newest, counts: &LiveCounts) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = request(&mut stream)?;
    let first = request.split(|byte| *byte == b'\r').next();
    let is_asked =
        first.is_some_and(|line| line.starts_with(b"GET /metrics ") || line.starts_with(b"GET / "));
    let mut body = Vec::new();
    let status = if is_asked {
        let board = Arc::clone(
            &newest
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        write_metrics(&board, counts, &mut body)?;
        "200 OK"
    } else {
        body.extend_from_slice(b"only GET /metrics is served\n");
        "404 Not Found"
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}

/// The request up to its empty line.
fn request(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    while request.len() < REQUEST && !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part)? {
            0 => break,
            count => request.extend_from_slice(&part[..count]),
        }
    }
    Ok(request)
}

/// Puts a newer board in its place.
pub(super) fn publish(newest: &Newest, board: &Arc<Snapshot>) {
    *newest
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::clone(board);
}
