//! Flags of `live` as typed.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::args::{Choices, Names, ReportLanguage};
use crate::cli::times::{period, time};
use crate::source::live::Timestamps;

#[derive(Debug, Args)]
#[command(after_help = "\
Opening an interface needs rights: run it as root, or allow the program once with\n  \
setcap cap_net_raw,cap_net_admin=eip PATH-OF-PKTAUDIT\n\
Once the interfaces are open the rights are given up: root becomes the user who called sudo, or nobody (see --user).\n\n\
On a terminal a screen shows the requirements; ? lists its keys. Elsewhere each change is one line on standard\n\
output (--format human or ndjson). At the end comes the report, as audit prints it.\n\n\
With a COMMAND there is no screen, and lines of changes with -v alone. Exit status 3 says that the command failed, or did\n\
not end; that of the audit is 0, 1 or 2, and 2 comes before 3.\n\n\
Examples:\n  \
sudo pktaudit live -i eth0 --site site.toml --write activation.pcapng --out report\n  \
sudo pktaudit live -i eth0 --site site.toml --format junit -- ./activate.sh > pktaudit.xml\n  \
sudo pktaudit live -i eth0 --site site.toml --until-complete --duration 15m --format ndjson\n  \
pktaudit live -i eth0 -i eth1 --every 1h --out /var/lib/pktaudit --metrics 127.0.0.1:9100")]
pub(in crate::cli) struct LiveCommand {
    /// Interface to capture from; may be given more than once. `any` is all of them on Linux.
    #[arg(short, long = "interface", required = true, value_name = "IFACE")]
    pub(super) interfaces: Vec<String>,
    /// Interface on the outer side of the firewall, captured from too: what passes -i and does not come out there was
    /// stopped in between. May be given more than once.
    #[arg(long, value_name = "IFACE")]
    pub(super) outside: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) choices: Choices,
    #[command(flatten)]
    pub(super) names: Names,
    #[command(flatten)]
    pub(super) said_in: ReportLanguage,
    /// End after this time, such as 90s, 15m, 1h30m.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) duration: Option<Duration>,
    /// End as soon as every requirement that has to be seen is satisfied or blocked.
    #[arg(long)]
    pub(super) until_complete: bool,
    /// Write findings.csv, requirements.csv, flows.csv, report.json and report.html into this folder, and
    /// evidence.pcapng where packets are kept; with --every into a folder in it for each period.
    #[arg(short, long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Keep the packets in this file (pcapng); with --every, and once --max-flows was reached, in FILE_00002 and so on.
    #[arg(short, long, value_name = "FILE")]
    pub(super) write: Option<PathBuf>,
    /// Keep only the packets that findings name, each with a comment that says why, in this file (pcapng). Until the
    /// end all packets wait in FILE.packets, unless --write keeps them.
    #[arg(long, value_name = "FILE")]
    pub(super) write_evidence: Option<PathBuf>,
    /// Go on in another file (FILE_00002 and so on) before one gets larger than this, such as 500M.
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "write")]
    pub(super) rotate_size: Option<u64>,
    /// Go on in another file once one spans this time.
    #[arg(long, value_name = "TIME", value_parser = time, requires = "write")]
    pub(super) rotate_time: Option<Duration>,
    /// A report set for each period of this length; flows and names go on across their borders.
    #[arg(long, value_name = "TIME", value_parser = period)]
    pub(super) every: Option<Duration>,
    /// A period ends early once it has this many flows or DNS messages: the bound on memory. Without --every the report
    /// is one in parts then, each in a folder of its own.
    #[arg(long, value_name = "N", default_value_t = 500_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_flows: u64,
    /// How long an open connection may be silent, and a name unused, and still go on into the next period; by default 2h
    /// and 24h.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) remember: Option<Duration>,
    /// Serve counts for Prometheus here; a port alone means loopback.
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    pub(super) metrics: Option<SocketAddr>,
    /// Only packets that this filter takes, in the syntax of pcap-filter(7).
    #[arg(long, value_name = "EXPRESSION", default_value = "")]
    pub(super) filter: String,
    /// Take frames for others too, as on a mirror port.
    #[arg(long)]
    pub(super) promiscuous: bool,
    /// The most bytes captured of a frame.
    #[arg(long, value_name = "BYTES", default_value_t = 256 * 1024)]
    pub(super) snaplen: u32,
    /// Size of the kernel's buffer for each interface.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "64M")]
    pub(super) buffer: u64,
    /// The most memory for packets that wait to be absorbed; what does not fit is dropped and counted.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256M")]
    pub(super) queue: u64,
    /// Have each frame at once and not within 100 ms; needs a large --buffer or a small --snaplen.
    #[arg(long)]
    pub(super) immediate: bool,
    /// Who stamps frames with their time, where an interface offers more than the kernel's own stamps.
    #[arg(long, value_name = "WHO", value_enum, default_value_t = StampedBy::Host)]
    pub(super) timestamps: StampedBy,
    /// As whom root goes on once the interfaces are open; `root` stays root, without its capabilities.
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// Lines instead of the screen, on a terminal too.
    #[arg(long)]
    pub(super) no_screen: bool,
    /// How long to go on after COMMAND has ended: what it left open is still to be seen.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "10s", requires = "command")]
    pub(super) settle: Duration,
    /// Run this while capturing, with the rights that pktaudit was called with, and end soon after it has ended. What it writes
    /// passes through; where --format asks for a document, to standard error.
    #[arg(last = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum StampedBy {
    /// The kernel, when it gets the frame
    Host,
    /// The interface, by a clock that goes with the system's
    Adapter,
    /// The interface, by a clock of its own
    AdapterUnsynced,
}

impl From<StampedBy> for Timestamps {
    fn from(by: StampedBy) -> Self {
        match by {
            StampedBy::Host => Self::Host,
            StampedBy::Adapter => Self::Adapter,
            StampedBy::AdapterUnsynced => Self::AdapterUnsynced,
        }
    }
}

fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(end) => text.split_at(end),
        None => (text, ""),
    };
    let shift = match unit.to_ascii_lowercase().trim_end_matches('b') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return Err("write it like 65536, 64K, 500M or 2G".to_owned()),
    };
    let number: Option<u64> = number.parse().ok();
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .filter(|size| *size > 0)
        .ok_or_else(|| "write it like 65536, 64K, 500M or 2G".to_owned())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix(':').unwrap_or(text);
    match port.parse::<u16>() {
        Ok(port) => Ok(SocketAddr::from(([127, 0, 0, 1], port))),
        Err(_) => text
            .parse()
            .map_err(|_| "write it like 127.0.0.1:9100 or [::1]:9100".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_addresses_are_as_people_write_them() {
        assert_eq!(size("500M"), Ok(500 << 20));
        assert_eq!(size("64kB"), Ok(65_536));
        assert_eq!(size("7"), Ok(7));
        assert!(size("0").is_err() && size("1T").is_err() && size("").is_err());
        assert!(size("99999999999G").is_err());
        assert_eq!(address("9100").unwrap().to_string(), "127.0.0.1:9100");
        assert_eq!(address(":9100").unwrap().to_string(), "127.0.0.1:9100");
        assert_eq!(address("[::1]:1").unwrap().to_string(), "[::1]:1");
        assert!(address("example").is_err());
    }
}
