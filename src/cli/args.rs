//! Flags as typed.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

use crate::audit::Selection;
use crate::drive::{FrameChoice, Point, SliceChoice};
use crate::model::CaptureTime;
use crate::source::{Filter, Inputs, resolve_beside};
use crate::wording::Language;

/// Audits packet captures against vendors' firewall-exception requirements.
#[derive(Debug, Parser)]
#[command(
    name = "pktaudit",
    version = env!("PKTAUDIT_VERSION"),
    about,
    after_help = "Exit status: 0 nothing to report, 1 findings, 2 the audit could not be made or only in part (3: see live).\n\n\
                  Examples:\n  \
                  pktaudit site init tap.pcap.zst > site.toml\n  \
                  pktaudit audit --site site.toml --out report tap.pcap.zst\n  \
                  pktaudit extract --site site.toml --finding blocked --out why.pcapng tap.pcap.zst\n  \
                  pktaudit compare --site site.toml before.pcap after.pcap\n  \
                  pktaudit flows --format ndjson tap.pcap.zst\n  \
                  pktaudit rules explain agents.example.com:443"
)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Flags of all commands.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// How to print the result.
    #[arg(short, long, value_enum, default_value_t = Format::Human, global = true)]
    pub(super) format: Format,
    /// The same as --format json.
    #[arg(long, global = true, conflicts_with_all = ["format", "csv"])]
    pub(super) json: bool,
    /// The same as --format csv.
    #[arg(long, global = true, conflicts_with = "format")]
    pub(super) csv: bool,
    /// When to colour; NO_COLOR is honoured.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub(super) color: Color,
    /// Say only what was asked for: no progress, no notes.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say more: every finding, every note.
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// Print what is longer than the screen as it is. Else it goes through the pager that PKTAUDIT_PAGER or PAGER names, or less.
    #[arg(long, global = true)]
    pub(super) no_pager: bool,
    /// Threads to work with, at most 256; 0 means one for each processor.
    #[arg(long, default_value_t = 0, global = true, value_name = "N")]
    pub(super) threads: usize,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// SARIF 2.1.0, one result a finding (audit and judge only).
    Sarif,
    /// JUnit XML, one test a requirement and a finding (audit and judge only).
    Junit,
    /// Markdown, for a change ticket (rules diff only).
    Markdown,
}

impl Format {
    /// Whether others read it later as a record of the audit, with the digests of the inputs. They cost time.
    pub(super) const fn is_for_record(self) -> bool {
        match self {
            Self::Human | Self::Csv | Self::Junit => false,
            Self::Json | Self::Ndjson | Self::Sarif | Self::Markdown => true,
        }
    }
}

/// The languages of reports for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    /// English.
    En,
    /// Japanese.
    Ja,
}

/// In which language to report.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct ReportLanguage {
    /// Language of what people read; else that of LC_ALL, LC_MESSAGES or LANG. JSON, CSV, SARIF and JUnit stay English.
    #[arg(long, value_enum, value_name = "LANG")]
    lang: Option<Lang>,
}

impl ReportLanguage {
    /// The language that is asked for, else that of the environment, whose first variable that says something counts (POSIX,
    /// XBD 8.2).
    pub(super) fn language(self) -> Language {
        match self.lang {
            Some(Lang::En) => Language::English,
            Some(Lang::Ja) => Language::Japanese,
            None => {
                let variables = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter();
                let mut said = variables.filter_map(std::env::var_os);
                let locale = said.find(|locale| !locale.is_empty());
                locale
                    .and_then(|locale| Some(Language::of_locale(locale.to_str()?)))
                    .unwrap_or_default()
            }
        }
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Audit captures: what is unexpected, blocked, or never seen.
    #[command(after_help = "Examples:\n  \
        pktaudit audit --site site.toml tap/\n  \
        pktaudit audit --site site.toml --out report tap-*.pcap.zst\n  \
        pktaudit audit --region us-1 --feature smart-scan --format json capture.pcapng\n  \
        pktaudit audit --site site.toml --every 1h --max-flows 1000000 --out reports tap/\n  \
        pktaudit audit --site site.toml --format junit capture.pcap > audit.xml")]
    Audit(AuditCommand),
    /// Audit while it happens: watch requirements turn green, from one or several interfaces.
    #[cfg(feature = "live")]
    Live(Box<super::live::LiveCommand>),
    /// Audit while it happens: watch requirements turn green, from one or several interfaces.
    #[cfg(not(feature = "live"))]
    Live(WithoutLive),
    /// Copy the packets that show a finding into a pcapng file, each with a comment that says why it is there.
    #[command(after_help = "Examples:\n  \
        pktaudit extract --site site.toml --finding blocked-3fa4c1d2 --out why.pcapng tap.pcap.zst\n  \
        pktaudit extract --site site.toml --finding blocked tap/ | tshark -r - -T fields -e frame.comment")]
    Extract(ExtractCommand),
    /// What flowed, under which names; no requirements.
    #[command(after_help = "Examples:\n  \
        pktaudit flows capture.pcap\n  \
        pktaudit flows --format ndjson tap/ | grep '\"conn_state\":\"S0\"'\n  \
        pktaudit flows --dns --format csv capture.pcap > dns.csv\n  \
        tcpdump -i any -w - | pktaudit flows -")]
    Flows(FlowsCommand),
    /// Compare two audits, for example before and after a firewall was changed; exits 1 when something got worse.
    #[command(after_help = "Examples:\n  \
        pktaudit compare --site site.toml before.pcap after.pcap\n  \
        pktaudit compare before/report.json after/report.json\n  \
        pktaudit compare --format csv before after > changes.csv")]
    Compare(CompareCommand),
    /// Look at requirements.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Work on site files.
    #[command(subcommand)]
    Site(SiteCommand),
    /// The interfaces that `live` can capture from, with their addresses.
    Interfaces,
    /// Explain a word of a report: a finding code, an evidence code, an outcome, a reason, such as `wrong-port` or `T-SYN0`.
    #[command(after_help = "Examples:\n  \
        pktaudit explain\n  \
        pktaudit explain blocked T-SYN0")]
    Explain(ExplainCommand),
    /// Print the man page, or that of a command.
    #[command(after_help = "Examples:\n  \
        pktaudit man | man -l -\n  \
        pktaudit man rules list | man -l -\n  \
        pktaudit man --dir /usr/local/share/man/man1")]
    Man(ManCommand),
    /// Print completions for a shell.
    #[command(after_help = "Examples:\n  \
        pktaudit completions bash > ~/.local/share/bash-completion/completions/pktaudit\n  \
        pktaudit completions zsh > \"${fpath[1]}/_pktaudit\"\n  \
        pktaudit completions fish > ~/.config/fish/completions/pktaudit.fish\n  \
        pktaudit completions powershell >> $PROFILE")]
    Completions(CompletionsCommand),
    /// First part of a distributed audit: captures to a partial file.
    #[command(after_help = "Examples:\n  \
        pktaudit observe --partial a.part tap/monday/\n  \
        pktaudit observe --partial b.part tap/tuesday/\n  \
        pktaudit judge --site site.toml a.part b.part")]
    Observe(ObserveCommand),
    /// Second part: partial files to one.
    Merge(MergeCommand),
    /// Last part: partial files to verdicts, as `audit` gives them.
    Judge(JudgeCommand),
}

impl Common {
    /// Takes --json and --csv as the formats that they stand for.
    pub(super) fn settle_format(&mut self) {
        match (self.json, self.csv) {
            (true, _) => self.format = Format::Json,
            (_, true) => self.format = Format::Csv,
            _ => {}
        }
    }
}

impl Command {
    /// Which requirements an audit holds captures against; `None` of commands that audit nothing.
    pub(super) fn audited_choices(&mut self) -> Option<&mut Choices> {
        match self {
            Self::Audit(command) => Some(&mut command.choices),
            #[cfg(feature = "live")]
            Self::Live(command) => Some(&mut command.choices),
            Self::Extract(command) => Some(&mut command.choices),
            Self::Compare(command) => Some(&mut command.choices),
            Self::Judge(command) => Some(&mut command.choices),
            _ => None,
        }
    }

    /// Whether it can write Markdown.
    pub(super) fn takes_markdown(&self) -> bool {
        matches!(self, Self::Rules(RulesCommand::Diff(_)))
    }
}

/// Whatever is typed after `live` where the program was built without it.
#[cfg(not(feature = "live"))]
#[derive(Debug, Args)]
pub(super) struct WithoutLive {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _ignored: Vec<OsString>,
}

/// Which captures.
#[derive(Clone, Debug, Args)]
pub(super) struct Captures {
    /// Capture files, folders of them, patterns, or `-` for standard input; pcap or pcapng, plain or .gz, .zst, .xz.
    #[arg(required = true, value_name = "CAPTURE")]
    pub(super) captures: Vec<OsString>,
    /// A capture that holds nothing but what a device dropped (ASA asp-drop, the drop stage of PAN-OS), beside the others;
    /// may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub(super) dropped: Vec<OsString>,
    /// Look at frames from this time on only, such as 2026-11-28T10:00 (UTC) or seconds since 1970; what was asked of DNS before
    /// is not known then.
    #[arg(long, value_name = "TIME", value_parser = super::times::moment)]
    since: Option<CaptureTime>,
    /// Look at frames before this time only.
    #[arg(long, value_name = "TIME", value_parser = super::times::moment)]
    until: Option<CaptureTime>,
    /// Look at packets from or to this address or network only; may be given more than once.
    #[arg(long = "host", value_name = "ADDRESS", value_parser = host)]
    hosts: Vec<IpNet>,
    /// Look at frames only that this filter lets through, in the words of tcpdump.
    #[arg(long, value_name = "FILTER")]
    filter: Option<Filter>,
}

impl Captures {
    /// Captures of which nobody says that a device dropped what is in them.
    pub(super) fn plain(captures: &[OsString]) -> Self {
        Self {
            captures: captures.to_vec(),
            dropped: Vec::new(),
            since: None,
            until: None,
            hosts: Vec::new(),
            filter: None,
        }
    }

    /// Which of their frames count at a point.
    pub(super) fn chosen(&self, point: Point) -> FrameChoice {
        FrameChoice {
            point,
            since: self.since,
            until: self.until,
            hosts: self.hosts.clone(),
            filter: self.filter.clone(),
        }
    }

    /// The inputs that they stand for.
    pub(super) fn resolve(&self) -> Inputs {
        resolve_beside(&self.captures, &self.dropped)
    }
}

/// An address, or a network with its length.
fn host(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).map_err(|_| {
        "write an address such as 10.0.0.5, or a network such as 10.0.0.0/24".to_owned()
    })
}

/// Names from outside the captures.
#[derive(Debug, Args)]
pub(super) struct Names {
    /// What was resolved before the capture began: a hosts file, the output of dig, or a capture with DNS answers; may
    /// be given more than once. Such names rank behind all that the packets say.
    #[arg(long = "dns-seed", value_name = "FILE")]
    pub(super) seeds: Vec<OsString>,
}

/// Which requirements, and what the site says of them.
#[derive(Debug, Args)]
pub(super) struct Choices {
    /// Rule files or folders of them, instead of the shipped ones; `@NAME` is a shipped set, `+PATH` and `+@NAME` add to
    /// those of @trend-micro, and so does a site file that names a document of another set.
    #[arg(short, long, value_name = "PATH")]
    pub(super) rules: Vec<OsString>,
    /// Site file: which hosts are in which role, regions, features, versions. Where none is named, audits take
    /// `pktaudit.toml` of this folder or of the nearest one above.
    #[arg(short, long, value_name = "FILE")]
    pub(super) site: Option<PathBuf>,
    /// Take no site file, also where there is a `pktaudit.toml`.
    #[arg(long, conflicts_with = "site")]
    pub(super) no_site: bool,
    /// Region, by any of its names; may be given more than once.
    #[arg(long = "region", value_name = "REGION")]
    pub(super) regions: Vec<String>,
    /// Feature that is on; `no-FEATURE` is off.
    #[arg(long = "feature", value_name = "FEATURE")]
    pub(super) features: Vec<String>,
    /// Judge validity as of this day instead of the packets' own time.
    #[arg(long, value_name = "DATE", value_parser = super::times::day)]
    pub(super) as_of: Option<jiff::civil::Date>,
}

impl Choices {
    /// As an audit takes them.
    pub(super) fn selection(&self) -> Selection {
        Selection {
            rules: self.rules.clone(),
            site: self.site.clone(),
            regions: self.regions.clone(),
            features: self.features.clone(),
            as_of: self.as_of,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct AuditCommand {
    /// What was captured on the outer side of the firewall at the same time: a capture, or the name of an interface in
    /// the CAPTUREs (a number where frames of `tcpdump -i any` name it so). What enters inside and does not come out there was stopped between. May be given more than once.
    #[arg(long, value_name = "CAPTURE|INTERFACE", conflicts_with_all = ["every", "max_flows"])]
    pub(super) outside: Vec<OsString>,
    /// A report set for each period of this length, such as 1h, in a folder of its own in --out; periods begin at its
    /// multiples in UTC. Flows and names go on across their borders.
    #[arg(long, value_name = "TIME", value_parser = super::times::period, requires = "out")]
    pub(super) every: Option<Duration>,
    /// A period ends early once it has this many flows and DNS messages: the bound on memory (about 4 KB for each).
    /// Without --every the report is one in parts then, each in a folder of its own in --out.
    #[arg(long, value_name = "N", requires = "out", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_flows: Option<u64>,
    #[command(flatten)]
    pub(super) choices: Choices,
    /// Write findings.csv, requirements.csv, flows.csv, report.json, report.html and evidence.pcapng into this folder.
    #[arg(short, long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) names: Names,
    #[command(flatten)]
    pub(super) said_in: ReportLanguage,
    #[command(flatten)]
    pub(super) captures: Captures,
}

impl AuditCommand {
    /// Whether the captures are audited piece by piece.
    pub(super) fn is_in_periods(&self) -> bool {
        self.every.is_some() || self.max_flows.is_some()
    }
}

#[derive(Debug, Args)]
pub(super) struct CompareCommand {
    #[command(flatten)]
    pub(super) choices: Choices,
    #[command(flatten)]
    pub(super) names: Names,
    #[command(flatten)]
    pub(super) said_in: ReportLanguage,
    /// How it was: a report.json, a folder that --out wrote, or captures, which are audited first.
    #[arg(value_name = "BEFORE")]
    pub(super) before: OsString,
    /// How it is, in the same forms.
    #[arg(value_name = "AFTER")]
    pub(super) after: OsString,
}

#[derive(Debug, Args)]
pub(super) struct ExtractCommand {
    #[command(flatten)]
    pub(super) choices: Choices,
    /// Id of a finding, or how ids begin: `blocked` means every finding of that kind; all findings where none is named.
    #[arg(long = "finding", value_name = "ID")]
    pub(super) findings: Vec<String>,
    /// Copy all packets of the findings' flows, and not only those that show them.
    #[arg(long)]
    pub(super) flows: bool,
    /// The file to write; standard output where none is named.
    #[arg(short, long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// What was captured on the outer side of the firewall, as for `audit`.
    #[arg(long, value_name = "CAPTURE|INTERFACE")]
    pub(super) outside: Vec<OsString>,
    #[command(flatten)]
    pub(super) names: Names,
    #[command(flatten)]
    pub(super) captures: Captures,
}

#[derive(Debug, Args)]
pub(super) struct FlowsCommand {
    /// Print DNS transactions instead of flows.
    #[arg(long)]
    pub(super) dns: bool,
    /// Print flows as Zeek's conn.log, tab-separated, for zeek-cut and what else reads that.
    #[arg(long, conflicts_with_all = ["dns", "format", "json", "csv"])]
    pub(super) conn_log: bool,
    /// The largest first, by this; without it flows come in the order of their first packets.
    #[arg(long, value_name = "WHAT", conflicts_with = "dns")]
    pub(super) sort: Option<SortBy>,
    /// So many flows at most, the first ones in their order.
    #[arg(long, value_name = "N", conflicts_with = "dns")]
    pub(super) top: Option<usize>,
    #[command(flatten)]
    pub(super) names: Names,
    #[command(flatten)]
    pub(super) said_in: ReportLanguage,
    #[command(flatten)]
    pub(super) captures: Captures,
}

/// What flows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SortBy {
    /// Bytes of IP packets, both ways.
    Bytes,
    /// Packets, both ways.
    Packets,
    /// From the first packet to the last.
    Duration,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Check rule files, and a site file against them; all problems at once.
    Check(RulesSelection),
    /// List requirements.
    List(RulesSelection),
    /// Which requirements could cover a name, an address or a flow, and why each does or does not.
    Explain(RulesExplain),
    /// Write what is in force at a site for a firewall, proxy or name server, to standard output; what the target cannot
    /// say is listed on standard error, and makes it exit 1.
    #[command(after_help = "Examples:\n  \
        pktaudit rules export --to squid --site site.toml > allow.conf\n  \
        pktaudit rules export --to nftables --site site.toml --dns-seed answers.txt --rest rest.csv > allow.nft\n  \
        pktaudit rules export --to csv --site site.toml --only-missing report/report.json")]
    Export(RulesExport),
    /// Draft a rule file from what captures show, to standard output: rows with the evidence beside them.
    #[command(after_help = "Examples:\n  \
        pktaudit rules learn tap.pcap.zst > learned.toml\n  \
        pktaudit rules learn --site site.toml --site-out learned-site.toml tap/ > learned.toml\n  \
        pktaudit audit --rules learned.toml tap.pcap.zst")]
    Learn(RulesLearn),
    /// Look for what a list says and likely does not mean: rows that others cover, pages that disagree, wildcards over
    /// providers, look-alike domains, private addresses, rows that ended; warnings make it exit 1.
    #[command(after_help = "Examples:\n  \
        pktaudit rules lint vendor-agent.toml\n  \
        pktaudit rules lint --dns-seed answers.txt vendor-agent.toml")]
    Lint(RulesLint),
    /// Write a first rule file, to standard output: five rows that show how a page becomes one.
    #[command(after_help = "Examples:\n  \
        pktaudit rules init > vendor-agent.toml\n  \
        pktaudit rules check vendor-agent.toml")]
    Init,
    /// Every key of rule and site files, with what it takes and one example, as Markdown.
    Reference,
    /// The JSON Schema of rule files (or of site files), for editors.
    Schema(RulesSchema),
    /// Write a draft rule file from a vendor's page or a published list, to standard output.
    #[command(after_help = "Examples:\n  \
        pktaudit rules import ports.html > ports.toml\n  \
        pktaudit rules import --rest not-understood.csv page.md > page.toml\n  \
        pktaudit rules import --ports 443 ip-ranges.json > ranges.toml")]
    Import(RulesImport),
    /// What must be opened, may be closed and changes between two sets of requirements; exits 1 if something must be
    /// opened.
    #[command(after_help = "Examples:\n  \
        pktaudit rules diff page-of-march.html page-of-june.html\n  \
        pktaudit rules diff --format markdown rules/ours.toml page.md > ticket.md\n  \
        pktaudit rules diff --report report/report.json @workload-security-en page.txt")]
    Diff(RulesDiff),
}

#[derive(Debug, Args)]
pub(super) struct RulesLint {
    /// Rule files or folders; the shipped ones where none is named.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<OsString>,
    #[command(flatten)]
    pub(super) choices: Choices,
    #[command(flatten)]
    pub(super) names: Names,
}

#[derive(Debug, Args)]
pub(super) struct RulesLearn {
    /// Write a site file that binds the roles of the draft to the addresses that --site gives them.
    #[arg(long, value_name = "FILE", requires = "site")]
    pub(super) site_out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) choices: Choices,
    #[command(flatten)]
    pub(super) names: Names,
    #[command(flatten)]
    pub(super) captures: Captures,
}

#[derive(Debug, Args)]
pub(super) struct RulesExport {
    /// For what.
    #[arg(long, value_name = "TARGET", value_parser = targets())]
    pub(super) to: String,
    /// Where the target cannot say a wildcard, say more than it; without this such a row is left out and listed.
    #[arg(long)]
    pub(super) widen: bool,
    /// Only what this report.json calls blocked.
    #[arg(long, value_name = "FILE")]
    pub(super) only_missing: Option<PathBuf>,
    /// Write what is not said, and what is not in force, into this file as CSV.
    #[arg(long, value_name = "FILE")]
    pub(super) rest: Option<PathBuf>,
    #[command(flatten)]
    pub(super) choices: Choices,
    #[command(flatten)]
    pub(super) names: Names,
}

fn targets() -> clap::builder::PossibleValuesParser {
    let targets = crate::export::TARGETS.iter();
    targets
        .map(|target| clap::builder::PossibleValue::new(target.name).help(target.about))
        .collect::<Vec<_>>()
        .into()
}

#[derive(Debug, Args)]
pub(super) struct RulesSelection {
    /// Rule files or folders; the shipped ones where none is named.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<OsString>,
    #[command(flatten)]
    pub(super) choices: Choices,
}

#[derive(Debug, Args)]
pub(super) struct RulesExplain {
    #[command(flatten)]
    pub(super) choices: Choices,
    /// From which host.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) from: Option<std::net::IpAddr>,
    /// Name or address, with `:PORT` and `/udp` where wanted: `files.example.com:443`, `10.0.0.5:53/udp`.
    #[arg(required = true, value_name = "WHAT")]
    pub(super) what: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct RulesImport {
    /// A page (HTML, Markdown, or text as copied from a browser) or a list (JSON, CSV, one entry a line); `-` reads
    /// standard input.
    #[arg(value_name = "SOURCE")]
    pub(super) source: PathBuf,
    /// Write what was not understood to this file, as CSV.
    #[arg(long, value_name = "FILE")]
    pub(super) rest: Option<PathBuf>,
    /// The document's id; made of the file's name where none is given.
    #[arg(long, value_name = "ID")]
    pub(super) id: Option<String>,
    /// An existing rule file of the same source: its ids, roles, conditions, comments and hand-made rows are kept, and only
    /// what the source changed is changed.
    #[arg(long, value_name = "FILE")]
    pub(super) against: Option<PathBuf>,
    /// Take out the networks and names that this other list has: Google's own are goog.json without cloud.json.
    #[arg(long, value_name = "FILE")]
    pub(super) minus: Option<PathBuf>,
    /// For JSON or CSV of other shapes: a TOML file that says which key or column is the name, port, service or region.
    #[arg(long, value_name = "FILE")]
    pub(super) mapping: Option<PathBuf>,
    /// Ports to assume where the source states none; 443 is assumed otherwise.
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    pub(super) ports: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct RulesDiff {
    /// The older set: a rule file or a folder of them, a page or list as `rules import` takes it, or `@NAME` for a
    /// shipped one (`@` alone for all).
    #[arg(value_name = "OLD")]
    pub(super) old: String,
    /// The newer set, of any of these kinds.
    #[arg(value_name = "NEW")]
    pub(super) new: String,
    /// A report.json of the older rules: tells which of the closed destinations were still used, and by whom.
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RulesSchema {
    /// The schema of site files.
    #[arg(long)]
    pub(super) site: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum SiteCommand {
    /// Write a first site file from what captures show, to standard output.
    Init(SiteInit),
}

#[derive(Debug, Args)]
pub(super) struct SiteInit {
    /// List also what needs no decision: roles that nobody was seen in, features that have a default, ports that can be moved.
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) choices: Choices,
    #[command(flatten)]
    pub(super) names: Names,
    #[command(flatten)]
    pub(super) captures: Captures,
}

#[derive(Debug, Args)]
pub(super) struct ExplainCommand {
    /// The words; a list of all of them where none is named.
    #[arg(value_name = "CODE")]
    pub(super) codes: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ManCommand {
    /// Write the pages of the program and of all commands into this folder instead.
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// The command, such as `audit` or `rules list`; the program itself where none is named.
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub(super) commands: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsCommand {
    /// Which shell.
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct ObserveCommand {
    /// Where to write the partial file; with --every a new folder for one of each period.
    #[arg(long, value_name = "FILE|DIR")]
    pub(super) partial: PathBuf,
    /// A partial file for each period of this length, such as 1h, named by when it begins; periods begin at its multiples in
    /// UTC. Captures without a frame, and what cannot be read, are in `no-packets.part`, which belongs to the first one.
    #[arg(long, value_name = "TIME", value_parser = super::times::period, conflicts_with_all = ["slice", "until"])]
    pub(super) every: Option<Duration>,
    /// Read only this slice of one plain pcap or pcapng file, such as 3/8 for the third of eight, so that several machines read it.
    #[arg(long, value_name = "I/N")]
    pub(super) slice: Option<SliceChoice>,
    /// With --slice: work out the digest of the whole file too. One of its slices has to, or reports have none.
    #[arg(long, requires = "slice")]
    pub(super) digest: bool,
    #[command(flatten)]
    pub(super) captures: Captures,
}

#[derive(Debug, Args)]
pub(super) struct MergeCommand {
    /// Where to write the merged partial file.
    #[arg(long, value_name = "FILE")]
    pub(super) partial: PathBuf,
    /// Keep only what goes on into the next period, for its judge: flows that are not over and names that may still be in
    /// use. The PARTIALs are all of one period, with what went on from the one before.
    #[arg(long)]
    pub(super) carry: bool,
    /// Partial files, in any order.
    #[arg(required = true, value_name = "PARTIAL")]
    pub(super) partials: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct JudgeCommand {
    #[command(flatten)]
    pub(super) choices: Choices,
    /// Write findings.csv, requirements.csv, flows.csv, report.json, report.html and evidence.pcapng into this folder.
    #[arg(short, long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) names: Names,
    #[command(flatten)]
    pub(super) said_in: ReportLanguage,
    /// Partial files, in any order.
    #[arg(required = true, value_name = "PARTIAL")]
    pub(super) partials: Vec<PathBuf>,
}
