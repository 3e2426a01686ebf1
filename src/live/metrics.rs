//! Counts in the text format of Prometheus.

use std::io::{self, Write};
use std::sync::atomic::Ordering;

use super::board::Snapshot;
use super::engine::LiveCounts;

/// Writes all counts. Counters are those since the start; gauges are those of the current period.
///
/// # Errors
/// Those of the writer.
pub fn write_metrics(
    board: &Snapshot,
    counts: &LiveCounts,
    out: &mut impl Write,
) -> io::Result<()> {
    head(out, "packets_total", "counter", "Packets captured.")?;
    for interface in &counts.interfaces {
        let name = label(&interface.name);
        let value = interface.frames.load(Ordering::Relaxed);
        writeln!(
            out,
            "pktaudit_packets_total{{interface=\"{name}\"}} {value}"
        )?;
    }
    head(
        out,
        "bytes_total",
        "counter",
        "Bytes on the wire of captured packets.",
    )?;
    for interface in &counts.interfaces {
        let name = label(&interface.name);
        let value = interface.bytes.load(Ordering::Relaxed);
        writeln!(out, "pktaudit_bytes_total{{interface=\"{name}\"}} {value}")?;
    }
    head(
        out,
        "dropped_total",
        "counter",
        "Packets lost, by who lost them.",
    )?;
    for interface in &counts.interfaces {
        let (name, loss) = (label(&interface.name), interface.loss());
        for (by, value) in [
            ("interface", loss.interface),
            ("kernel", loss.kernel),
            ("pktaudit", loss.own),
        ] {
            writeln!(
                out,
                "pktaudit_dropped_total{{interface=\"{name}\",by=\"{by}\"}} {value}"
            )?;
        }
    }
    head(
        out,
        "interface_up",
        "gauge",
        "1 while packets can come from the interface.",
    )?;
    for interface in &counts.interfaces {
        let (name, up) = (
            label(&interface.name),
            u8::from(interface.ended().is_none()),
        );
        writeln!(out, "pktaudit_interface_up{{interface=\"{name}\"}} {up}")?;
    }
    head(out, "requirements", "gauge", "Requirements by outcome.")?;
    for (word, value) in &board.standings.0 {
        writeln!(out, "pktaudit_requirements{{outcome=\"{word}\"}} {value}")?;
    }
    head(out, "intents", "gauge", "Intents by outcome.")?;
    for (word, value) in &board.outcomes.0 {
        writeln!(out, "pktaudit_intents{{outcome=\"{word}\"}} {value}")?;
    }
    head(out, "findings", "gauge", "Findings by code.")?;
    for (code, value) in &board.findings.0 {
        writeln!(out, "pktaudit_findings{{code=\"{code}\"}} {value}")?;
    }
    head(out, "flows", "gauge", "Flows of the current period.")?;
    writeln!(out, "pktaudit_flows {}", board.flows)?;
    head(
        out,
        "dns_transactions",
        "gauge",
        "DNS transactions of the current period.",
    )?;
    writeln!(out, "pktaudit_dns_transactions {}", board.dns)?;
    head(
        out,
        "last_packet_seconds",
        "gauge",
        "Time of the last packet, since 1970.",
    )?;
    let last = board.span.last.as_nanos() as f64 / 1e9;
    writeln!(
        out,
        "pktaudit_last_packet_seconds {}",
        if board.frames > 0 { last } else { 0.0 }
    )?;
    let (times, took) = counts.judging();
    head(
        out,
        "judgings_total",
        "counter",
        "How often the capture was judged.",
    )?;
    writeln!(out, "pktaudit_judgings_total {times}")?;
    head(
        out,
        "judging_seconds_total",
        "counter",
        "How long judging took.",
    )?;
    writeln!(out, "pktaudit_judging_seconds_total {}", took.as_secs_f64())
}

fn head(out: &mut impl Write, name: &str, kind: &str, about: &str) -> io::Result<()> {
    writeln!(
        out,
        "# HELP pktaudit_{name} {about}\n# TYPE pktaudit_{name} {kind}"
    )
}

/// A label's value as the format wants it.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::super::feed::LiveInterface;
    use super::*;

    #[test]
    fn every_sample_line_belongs_to_the_type_line_before_it() {
        let mut counts = LiveCounts::default();
        counts.interfaces.push(LiveInterface::new("eth\"0"));
        counts.interfaces[0].frames.store(7, Ordering::Relaxed);
        let mut out = Vec::new();
        write_metrics(&Snapshot::default(), &counts, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("pktaudit_packets_total{interface=\"eth\\\"0\"} 7\n"));
        assert!(
            text.contains("pktaudit_dropped_total{interface=\"eth\\\"0\",by=\"pktaudit\"} 0\n")
        );
        let mut name = "";
        for line in text.lines() {
            if let Some(typed) = line.strip_prefix("# TYPE ") {
                name = typed.split(' ').next().unwrap();
            } else if !line.starts_with('#') {
                assert!(line.starts_with(name) && !name.is_empty(), "{line}");
                let value = line.rsplit(' ').next().unwrap();
                assert!(value.parse::<f64>().is_ok(), "{line}");
            }
        }
    }
}
