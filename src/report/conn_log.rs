//! Flows as Zeek's `conn.log`, in its own tab-separated form, for the tools that read that
//! (<https://docs.zeek.org/en/master/log-formats.html>, <https://docs.zeek.org/en/master/logs/conn.html>).
//!
//! What Zeek knows and packets judged by nobody do not say is unset (`-`): whether an end is local, and bytes missed. A flow's
//! `uid` is made of its ends and its first packet's time, so that a capture gives the same ones whenever it is read.

use std::io::Write;

use data_encoding::HEXUPPER;
use sha2::{Digest, Sha256};

use super::ReportError;
use super::text::visible;
use crate::model::{CaptureTime, Transport};
use crate::observe::{App, Flow};

const UNSET: &str = "-";

/// Name and Zeek's type of each field, in its order.
const FIELDS: [(&str, &str); 21] = [
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("proto", "enum"),
    ("service", "string"),
    ("duration", "interval"),
    ("orig_bytes", "count"),
    ("resp_bytes", "count"),
    ("conn_state", "string"),
    ("local_orig", "bool"),
    ("local_resp", "bool"),
    ("missed_bytes", "count"),
    ("history", "string"),
    ("orig_pkts", "count"),
    ("orig_ip_bytes", "count"),
    ("resp_pkts", "count"),
    ("resp_ip_bytes", "count"),
    ("tunnel_parents", "set[string]"),
];

/// Writes flows in the order in which they come.
///
/// # Errors
/// Those of the writer.
pub fn write_conn_log<'a>(
    flows: impl IntoIterator<Item = &'a Flow>,
    mut out: impl Write,
) -> Result<(), ReportError> {
    out.write_all(
        b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n",
    )?;
    for (head, of) in [("#fields", 0), ("#types", 1)] {
        out.write_all(head.as_bytes())?;
        for (name, kind) in FIELDS {
            write!(out, "\t{}", [name, kind][of])?;
        }
        out.write_all(b"\n")?;
    }
    for flow in flows {
        line(flow, &mut out)?;
    }
    Ok(out.flush()?)
}

fn line(flow: &Flow, out: &mut impl Write) -> Result<(), ReportError> {
    let (start, end) = (flow.span.0.time, flow.span.1.time);
    let port = |port: u16| match flow.transport.has_ports() {
        true => port.to_string(),
        false => UNSET.to_owned(),
    };
    let duration = match flow.out.packets + flow.back.packets {
        0 | 1 => UNSET.to_owned(),
        _ => format!("{:.6}", end.since(start).as_secs_f64()),
    };
    let cells: [String; FIELDS.len()] = [
        seconds(start),
        uid(flow),
        flow.initiator.ip.to_string(),
        port(flow.initiator.port),
        flow.responder.ip.to_string(),
        port(flow.responder.port),
        proto(flow.transport).to_owned(),
        service(flow).to_owned(),
        duration,
        flow.out.payload_bytes.to_string(),
        flow.back.payload_bytes.to_string(),
        flow.conn_state.to_string(),
        UNSET.to_owned(),
        UNSET.to_owned(),
        UNSET.to_owned(),
        match flow.history.as_str() {
            "" => UNSET.to_owned(),
            history => visible(history).into_owned(),
        },
        flow.out.packets.to_string(),
        flow.out.bytes.to_string(),
        flow.back.packets.to_string(),
        flow.back.bytes.to_string(),
        "(empty)".to_owned(),
    ];
    writeln!(out, "{}", cells.join("\t"))?;
    Ok(())
}

/// Seconds since 1970 with six digits behind the point, as Zeek writes them.
fn seconds(time: CaptureTime) -> String {
    let micros = time.as_nanos().div_euclid(1000);
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// `C` and 17 more characters, as Zeek's are.
fn uid(flow: &Flow) -> String {
    let text = format!(
        "{} {} {} {}",
        flow.initiator,
        flow.responder,
        flow.transport,
        flow.span.0.time.as_nanos()
    );
    let digest = HEXUPPER.encode(&Sha256::digest(text.as_bytes()));
    format!("C{}", digest.get(..17).unwrap_or(&digest))
}

/// Zeek's `transport_proto`.
fn proto(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
        Transport::Icmp | Transport::Icmpv6 => "icmp",
        Transport::Other(_) => "unknown_transport",
    }
}

/// The application, as Zeek calls it.
fn service(flow: &Flow) -> &'static str {
    match flow.app.main() {
        Some(App::TLS) => "ssl",
        Some(App::MDNS) => "dns",
        _ => flow.app_name().unwrap_or(UNSET),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::*;

    #[test]
    fn every_line_has_every_field_and_no_character_too_much() {
        let sample = sample();
        let mut bytes = Vec::new();
        write_conn_log(sample.capture.flows.iter(), &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, rows): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with('#'));
        assert_eq!(rows.len(), sample.capture.flows.len());
        let fields = head
            .iter()
            .find(|line| line.starts_with("#fields\t"))
            .unwrap();
        let types = head
            .iter()
            .find(|line| line.starts_with("#types\t"))
            .unwrap();
        assert_eq!(fields.split('\t').count(), types.split('\t').count());
        for row in &rows {
            assert_eq!(row.split('\t').count(), FIELDS.len(), "{row}");
        }
        let first: Vec<&str> = rows[0].split('\t').collect();
        assert_eq!(
            first[..1],
            ["1795000002.000000"],
            "the time is the first packet's"
        );
        assert_eq!(
            first[2..12],
            [
                "10.0.0.10",
                "50000",
                "203.0.113.5",
                "443",
                "tcp",
                "ssl",
                "8.000000",
                "0",
                "0",
                "SF"
            ]
        );
        assert_eq!(first[15..], ["ShADadFf", "5", "300", "4", "240", "(empty)"]);
        let mut uids: Vec<&str> = rows
            .iter()
            .filter_map(|row| row.split('\t').nth(1))
            .collect();
        assert!(uids.iter().all(|uid| uid.len() == 18));
        uids.sort_unstable();
        uids.dedup();
        assert_eq!(uids.len(), rows.len());
    }

    #[test]
    fn times_before_1970_have_a_sign() {
        assert_eq!(seconds(CaptureTime::from_nanos(-1)), "-0.000001");
        assert_eq!(seconds(CaptureTime::from_nanos(1_500_000_999)), "1.500000");
    }
}
