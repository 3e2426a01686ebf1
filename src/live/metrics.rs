//! Counts in the text format of Prometheus.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::Ordering;

use super::board::Snapshot;
use super::engine::LiveCounts;
use super::feed::LiveInterface;
use crate::report::Counts;

/// Writes all counts. Counters are those since the start; gauges are those of the current period.
///
/// # Errors
/// Those of the writer.
pub fn write_metrics(
    board: &Snapshot,
    counts: &LiveCounts,
    out: &mut impl Write,
) -> io::Result<()> {
    of_interfaces(&counts.interfaces, out)?;
    of_verdicts(board, out)?;
    let last = match board.frames {
        0 => 0.0,
        _ => board.span.last.as_nanos() as f64 / 1e9,
    };
    let about = "Time of the last packet, since 1970.";
    one(("last_packet_seconds", "gauge", about), last, out)?;
    let (times, took) = counts.judging();
    let about = "How often the capture was judged.";
    one(("judgings_total", "counter", about), times, out)?;
    let about = "How long judging took.";
    let took = took.as_secs_f64();
    one(("judging_seconds_total", "counter", about), took, out)
}

/// What was captured of each interface.
fn of_interfaces(interfaces: &[LiveInterface], out: &mut impl Write) -> io::Result<()> {
    let labelled = || {
        let interfaces = interfaces.iter();
        interfaces.map(|one| (format!("interface=\"{}\"", label(&one.name)), one))
    };
    let frames = labelled().map(|(label, one)| (label, one.frames.load(Ordering::Relaxed)));
    let about = "Packets captured.";
    metric(("packets_total", "counter", about), frames, out)?;
    let bytes = labelled().map(|(label, one)| (label, one.bytes.load(Ordering::Relaxed)));
    let about = "Bytes on the wire of captured packets.";
    metric(("bytes_total", "counter", about), bytes, out)?;
    let lost = labelled().flat_map(|(label, one)| {
        let loss = one.loss();
        let by = [
            ("interface", loss.interface),
            ("kernel", loss.kernel),
            ("pktaudit", loss.own),
        ];
        by.map(|(by, lost)| (format!("{label},by=\"{by}\""), lost))
    });
    let about = "Packets lost, by who lost them.";
    metric(("dropped_total", "counter", about), lost, out)?;
    let up = labelled().map(|(label, one)| (label, u8::from(one.ended().is_none())));
    let about = "1 while packets can come from the interface.";
    metric(("interface_up", "gauge", about), up, out)
}

/// What is judged of the current period.
fn of_verdicts(board: &Snapshot, out: &mut impl Write) -> io::Result<()> {
    let about = "Requirements by outcome.";
    let counts = by("outcome", &board.standings);
    metric(("requirements", "gauge", about), counts, out)?;
    let about = "Intents by outcome.";
    metric(
        ("intents", "gauge", about),
        by("outcome", &board.outcomes),
        out,
    )?;
    let about = "Findings by code.";
    metric(
        ("findings", "gauge", about),
        by("code", &board.findings),
        out,
    )?;
    let about = "Flows of the current period.";
    one(("flows", "gauge", about), board.flows, out)?;
    let about = "DNS transactions of the current period.";
    one(("dns_transactions", "gauge", about), board.dns, out)
}

/// Counts by the word of a label.
fn by<K: Display>(label: &str, counts: &Counts<K>) -> impl Iterator<Item = (String, u64)> {
    let counts = counts.0.iter();
    counts.map(move |(word, count)| (format!("{label}=\"{word}\""), *count))
}

/// Name, type, and what it is.
type Head<'h> = (&'h str, &'h str, &'h str);

/// Writes a metric with one value for each set of labels.
fn metric<T: Display>(
    head: Head<'_>,
    values: impl Iterator<Item = (String, T)>,
    out: &mut impl Write,
) -> io::Result<()> {
    write_head(head, out)?;
    for (labels, value) in values {
        writeln!(out, "pktaudit_{}{{{labels}}} {value}", head.0)?;
    }
    Ok(())
}

/// Writes a metric with one value.
fn one(head: Head<'_>, value: impl Display, out: &mut impl Write) -> io::Result<()> {
    write_head(head, out)?;
    writeln!(out, "pktaudit_{} {value}", head.0)
}

fn write_head((name, kind, about): Head<'_>, out: &mut impl Write) -> io::Result<()> {
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
