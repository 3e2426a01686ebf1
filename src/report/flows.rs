//! Flows as `pktaudit flows` prints them: what was seen, under which names, judged by nobody.

use std::io::Write;
use std::net::IpAddr;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

use super::csv::{CsvTable, columns};
use super::human::{Look, TableColumns, TextRow};
use super::json::{json_line, json_list};
use super::pieces::{MANY, in_pieces};
use super::schema;
use super::view::word;
use super::{Format, ReportError};
use crate::model::{CaptureTime, Endpoint, Fqdn, Transport};
use crate::observe::{Capture, ConnState, Flow, NameSource};

/// A flow. Field names and order are fixed.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct FlowView<'a> {
    /// First packet.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::time")]
    pub start: CaptureTime,
    /// Last packet.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::time")]
    pub end: CaptureTime,
    /// Who opened.
    pub initiator: End,
    /// Who was addressed.
    pub responder: End,
    /// What runs on IP.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::text")]
    pub transport: Transport,
    /// Application, told by content.
    pub app: Option<&'static str>,
    /// Zeek's state.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::text")]
    pub conn_state: ConnState,
    /// Zeek's history.
    pub history: &'a str,
    /// Packets.
    pub packets: Sides,
    /// Bytes of IP packets on the wire.
    pub bytes: Sides,
    /// Names, best source first.
    pub names: Vec<NameView<'a>>,
    /// VLAN tags, outermost first, of the flow's first stack.
    pub vlan: &'a [u16],
    /// Tunnels, outermost first, of the flow's first stack: `vxlan:42`.
    pub tunnel: Vec<String>,
    /// Numbers of the first and the last frame.
    pub frames: FirstLast,
    /// Whether the opening was captured; otherwise the direction is inferred.
    pub opened: bool,
    /// Payload bytes.
    pub payload: Sides,
    /// The name in the ClientHello is only the outer one of an encrypted one.
    pub encrypted_hello: bool,
}

/// One end of a flow.
#[derive(Clone, Copy, Debug, JsonSchema, Serialize)]
pub struct End {
    /// Address.
    pub ip: IpAddr,
    /// Port; null where the transport has none.
    pub port: Option<u16>,
}

/// A figure for each direction.
#[derive(Clone, Copy, Debug, JsonSchema, Serialize)]
pub struct Sides {
    /// Sent by the initiator.
    pub out: u64,
    /// Sent by the responder.
    #[serde(rename = "in")]
    pub back: u64,
}

/// First and last frame number.
#[derive(Clone, Copy, Debug, JsonSchema, Serialize)]
pub struct FirstLast {
    /// Of the earliest packet.
    pub first: u64,
    /// Of the latest packet.
    pub last: u64,
}

/// A name put to a flow.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct NameView<'a> {
    /// The name.
    pub fqdn: &'a str,
    /// Where it was taken from.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::name_source")]
    pub source: NameSource,
    /// When.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::time")]
    pub at: CaptureTime,
    /// In which frame.
    pub frame: u64,
    /// The port said with it.
    pub port: Option<u16>,
    /// Of a DNS answer: whether the initiator itself had asked.
    pub same_client: bool,
    /// Of a DNS answer: whether it had run out when the flow began.
    pub stale: bool,
    /// Of a DNS answer that was an alias alone: the name that was asked for next and got the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<&'a str>,
}

impl End {
    fn of(endpoint: Endpoint, transport: Transport) -> Self {
        Self {
            ip: endpoint.ip,
            port: transport.has_ports().then_some(endpoint.port),
        }
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.ip, self.port) {
            (ip, None) => write!(f, "{ip}"),
            (IpAddr::V4(ip), Some(port)) => write!(f, "{ip}:{port}"),
            (IpAddr::V6(ip), Some(port)) => write!(f, "[{ip}]:{port}"),
        }
    }
}

/// Names in their order, each once: a flow has few.
fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut out: Vec<&str> = Vec::new();
    for name in names {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

impl<'a> FlowView<'a> {
    /// What a capture says of one of its flows.
    #[must_use]
    pub fn new(flow: &'a Flow, capture: &Capture) -> Self {
        let names = flow.names.iter().map(|name| NameView {
            fqdn: name.fqdn.as_str(),
            source: name.source,
            at: name.at.time,
            frame: capture.number(name.at),
            port: (name.port > 0).then_some(name.port),
            same_client: name.same_client,
            stale: name.stale,
            via: name.via.as_ref().map(Fqdn::as_str),
        });
        let tunnel = flow.tunnels.first().map_or(&[][..], Vec::as_slice);
        Self {
            start: flow.span.0.time,
            end: flow.span.1.time,
            initiator: End::of(flow.initiator, flow.transport),
            responder: End::of(flow.responder, flow.transport),
            transport: flow.transport,
            app: flow.app_name(),
            conn_state: flow.conn_state,
            history: flow.history.as_str(),
            packets: Sides {
                out: flow.out.packets,
                back: flow.back.packets,
            },
            bytes: Sides {
                out: flow.out.bytes,
                back: flow.back.bytes,
            },
            names: names.collect(),
            vlan: flow.vlans.first().map_or(&[][..], Vec::as_slice),
            tunnel: tunnel.iter().map(ToString::to_string).collect(),
            frames: FirstLast {
                first: capture.number(flow.span.0),
                last: capture.number(flow.span.1),
            },
            opened: flow.opened,
            payload: Sides {
                out: flow.out.payload_bytes,
                back: flow.back.payload_bytes,
            },
            encrypted_hello: flow.has_encrypted_hello(),
        }
    }

    /// The names in their order, each once.
    pub(super) fn name_list(&self) -> Vec<&'a str> {
        each_once(self.names.iter().map(|name| name.fqdn))
    }

    /// Writes the first cells of a row, in the order of [`FLOW_COLUMNS`].
    pub(super) fn cells<W: Write>(&self, table: &mut CsvTable<W>) -> Result<(), ReportError> {
        cells(self, table)
    }
}

columns! {
    /// Columns of `flows --format csv`, and the first ones of `flows.csv`.
    pub const FLOW_COLUMNS;
    fn cells(flow => &FlowView<'_>, table);
    "start" "time" "first packet" => table.cell(flow.start);
    "end" "time" "last packet" => table.cell(flow.end);
    "initiator" "text" "address of who opened" => table.cell(flow.initiator.ip);
    "initiator_port" "number" "its port; empty where the transport has none" => table.cell_or_empty(flow.initiator.port);
    "responder" "text" "address of who was addressed" => table.cell(flow.responder.ip);
    "responder_port" "number" "its port; empty where the transport has none" => table.cell_or_empty(flow.responder.port);
    "transport" "word" "`tcp`, `udp`, `icmp`, ..." => table.cell(flow.transport);
    "app" "word" "application, told by content" => table.text(flow.app.unwrap_or_default());
    "conn_state" "word" "Zeek's state" => table.cell(flow.conn_state);
    "history" "text" "Zeek's history" => table.text(flow.history);
    "packets_out" "number" "packets that the initiator sent" => table.cell(flow.packets.out);
    "packets_in" "number" "packets that came back" => table.cell(flow.packets.back);
    "bytes_out" "number" "bytes of IP packets that the initiator sent" => table.cell(flow.bytes.out);
    "bytes_in" "number" "bytes of IP packets that came back" => table.cell(flow.bytes.back);
    "name" "text" "best name" => table.text(flow.names.first().map_or("", |name| name.fqdn));
    "name_source" "word" "where it was taken from" => table.cell_or_empty(flow.names.first().map(|name| name.source));
    "names" "list" "all names, best source first" => table.words(flow.name_list());
    "vlan" "list" "VLAN tags, outermost first" => table.words(flow.vlan);
    "tunnel" "list" "tunnels, outermost first, such as `vxlan:2000`" => table.words(&flow.tunnel);
    "first_frame" "number" "frame of the first packet, counted through all inputs" => table.cell(flow.frames.first);
    "last_frame" "number" "frame of the last packet" => table.cell(flow.frames.last);
}

/// Writes flows of a capture in the order in which they come.
///
/// # Errors
/// Those of the writer.
pub fn write_flows(
    capture: &Capture,
    flows: &[&Flow],
    format: Format,
    look: &Look,
    mut out: impl Write,
) -> Result<(), ReportError> {
    let out = &mut out;
    let views = |of: Range<usize>| flows[of].iter().map(|flow| FlowView::new(flow, capture));
    match format {
        Format::Ndjson => {
            let some = |of| {
                let mut lines = Vec::new();
                views(of).try_for_each(|flow| json_line(&mut lines, &flow))?;
                Ok(lines)
            };
            in_pieces(flows.len(), MANY, some, |lines| Ok(out.write_all(lines)?))?;
        }
        Format::Json => json_list(&mut *out, views(0..flows.len()))?,
        Format::Csv => {
            CsvTable::documented(&mut *out, FLOW_COLUMNS)?.finish()?;
            let some = |of| {
                let mut rows = Vec::new();
                let mut table = CsvTable::go_on(&mut rows);
                for flow in views(of) {
                    flow.cells(&mut table)?;
                    table.end_row()?;
                }
                table.finish()?;
                Ok(rows)
            };
            in_pieces(flows.len(), MANY, some, |rows| Ok(out.write_all(rows)?))?;
        }
        Format::Human => human(flows, look, out)?,
    }
    Ok(out.flush()?)
}

fn human(flows: &[&Flow], look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let mut columns = TableColumns::new([
        "start",
        "initiator",
        "responder",
        "app",
        "state",
        "bytes out",
        "in",
        "name",
    ]);
    columns.right_aligned(5).right_aligned(6);
    let fill = |place: usize, row: &mut TextRow<8>| {
        let Some(flow) = flows.get(place) else {
            return;
        };
        // The time of day, in milliseconds.
        row.part(flow.span.0.time, 11..23);
        row.cell(End::of(flow.initiator, flow.transport));
        row.cell(End::of(flow.responder, flow.transport));
        match flow.app_name() {
            Some(app) => row.cell(format_args!("{}/{app}", flow.transport)),
            None => row.cell(flow.transport),
        }
        row.cell(flow.conn_state);
        row.cell(flow.out.bytes);
        row.cell(flow.back.bytes);
        if !row.wants_last() {
            return;
        }
        let names = flow.names.iter().map(|name| name.fqdn.as_str());
        match (flow.names.first(), each_once(names).len()) {
            (None, _) => row.cell("-"),
            (Some(name), 1) => row.cell(format_args!("{} ({})", name.fqdn, name.source)),
            (Some(name), all) => {
                row.cell(format_args!("{} ({}, 1 of {all})", name.fqdn, name.source));
            }
        }
    };
    columns.write(flows.len(), fill, look, out)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::sample::{HOSTILE, sample};
    use super::super::text::is_harmful;
    use super::*;

    fn written(format: Format) -> String {
        let mut bytes = Vec::new();
        let capture = sample().capture;
        let flows: Vec<&Flow> = capture.flows.iter().collect();
        write_flows(&capture, &flows, format, &Look::default(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn fields_are_those_that_are_fixed() {
        let text = written(Format::Ndjson);
        let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        let expected = json!({
            "start": "2026-11-18T11:06:42.000000005Z",
            "end": "2026-11-18T11:06:50.000000005Z",
            "initiator": {"ip": "10.0.0.10", "port": 50000},
            "responder": {"ip": "203.0.113.5", "port": 443},
            "transport": "tcp",
            "app": "tls",
            "conn_state": "SF",
            "history": "ShADadFf",
            "packets": {"out": 5, "in": 4},
            "bytes": {"out": 300, "in": 240},
            "vlan": [100, 7],
            "tunnel": ["vxlan:42"],
            "frames": {"first": 3, "last": 11},
        });
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&first[key], value, "{key}");
        }
        assert_eq!(first["names"][0]["fqdn"], "update.example.com");
        assert_eq!(first["names"][0]["source"], "tls_sni");
        assert_eq!(first["names"][0]["at"], "2026-11-18T11:06:42.000000005Z");
        let icmp: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(
            (&icmp["transport"], &icmp["responder"]["port"]),
            (&json!("icmp"), &Value::Null)
        );
    }

    #[test]
    fn all_formats_have_all_flows_and_none_does_harm() {
        let flows = sample().capture.flows.len();
        assert_eq!(written(Format::Ndjson).lines().count(), flows);
        assert_eq!(
            serde_json::from_str::<Value>(&written(Format::Json))
                .unwrap()
                .as_array()
                .unwrap()
                .len(),
            flows
        );
        assert_eq!(written(Format::Csv).lines().count(), flows + 1);
        assert!(written(Format::Human).lines().count() > flows);
        for format in [Format::Human, Format::Csv, Format::Json, Format::Ndjson] {
            let text = written(format);
            assert!(
                !text
                    .chars()
                    .any(|c| !matches!(c, '\n' | '\r') && is_harmful(c)),
                "{format:?}"
            );
        }
        assert!(
            written(Format::Human).contains("<script>"),
            "{}",
            HOSTILE[1]
        );
    }
}
