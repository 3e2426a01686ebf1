//! The neutral view: what all formats say, in the words and the order in which JSON says it.

use std::fmt::Display;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{Loss, schema};
use crate::judge::{
    Code, FindingCode, Grade, NoNeed, Outcome, RequirementStatus, Severity, Stage, StatusKind,
};
use crate::model::{CaptureTime, Stamp, Transport};
use crate::observe::NameSource;
use crate::rules::{ChosenKind, ListedRequirement};
use crate::wording::{Phrase, SaidTemplate, phrase};

/// Counts by word, in a fixed order, zeros included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts<K>(pub Vec<(K, u64)>);

impl<K> Default for Counts<K> {
    /// Of no words.
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Counts<K> {
    /// The count of a word, 0 where there is none.
    pub fn of(&self, word: &K) -> u64 {
        self.0
            .iter()
            .find(|(known, _)| known == word)
            .map_or(0, |(_, count)| *count)
    }

    pub(crate) fn add(&mut self, word: &K) {
        if let Some((_, count)) = self.0.iter_mut().find(|(known, _)| known == word) {
            *count += 1;
        }
    }
}

impl<K: Copy> Counts<K> {
    /// Of all words, none of which was counted yet.
    pub(crate) fn of_all(words: &[K]) -> Self {
        Self(words.iter().map(|word| (*word, 0)).collect())
    }
}

impl<K: Display> Serialize for Counts<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (word, count) in &self.0 {
            map.serialize_entry(&word.to_string(), count)?;
        }
        map.end()
    }
}

pub(crate) fn word<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(super) fn word_or_null<T: Display, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

pub(super) fn words<T: Display, S: Serializer>(
    values: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(ToString::to_string))
}

fn standing_word<S: Serializer>(
    standing: &RequirementStatus,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&standing.kind())
}

/// Counts, exit status, and what was asked.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Summary {
    /// This program.
    pub tool: &'static str,
    /// Its version.
    pub version: String,
    /// The commit that it was built from; null where that is not known.
    pub commit: Option<String>,
    /// Version of the fields of the report; it grows when a field changes its meaning or goes away.
    pub schema: u32,
    /// The arguments that decide what is reported.
    pub arguments: Vec<String>,
    /// The site's name, empty where none was given.
    pub site: String,
    /// SHA-256 of the site file; null without one.
    pub site_sha256: Option<String>,
    /// No role has an address: every private address was audited as every role.
    pub site_is_default: bool,
    /// The chosen regions; empty = every region.
    pub regions: Vec<String>,
    /// The day on which dated requirements were judged; null = each packet's own day.
    pub as_of: Option<String>,
    /// 0 nothing to report, 1 findings or required traffic that ended inconclusive, 2 nothing audited, or only a part.
    pub exit: u8,
    /// What the exit status means.
    pub meaning: &'static SaidTemplate,
    /// Why the audit is only a part; empty unless the exit status is 2.
    pub incomplete: Vec<Phrase>,
    /// Why nothing was audited at all, in a sentence; null where something was.
    pub nothing_audited: Option<Phrase>,
    /// Ids of requirements that had to be seen and were, but how they went cannot be told, ascending.
    pub inconclusive_required: Vec<String>,
    /// Findings by severity.
    #[schemars(schema_with = "schema::counts")]
    pub findings: Counts<Severity>,
    /// Findings by code.
    #[schemars(schema_with = "schema::counts")]
    pub finding_codes: Counts<FindingCode>,
    /// Intents by outcome.
    #[schemars(schema_with = "schema::counts")]
    pub intents: Counts<Outcome>,
    /// Requirements by outcome.
    #[schemars(schema_with = "schema::counts")]
    pub requirements: Counts<StatusKind>,
    /// Requirements of the documents that are in force.
    pub requirements_in_force: u64,
    /// Of these: those that need no traffic and had none, by why.
    #[schemars(schema_with = "schema::counts")]
    pub no_traffic_needed: Counts<NoNeed>,
    /// Something had to be seen, and all of that was seen and reached its aim.
    pub all_required_seen: bool,
    /// Flows seen.
    pub flows: u64,
    /// Of these: audited.
    pub flows_audited: u64,
}

impl Summary {
    /// How many requirements need no traffic, and why: `16 of 47 need no traffic: 9 optional, 7 stood in for by others`.
    #[must_use]
    pub fn no_need(&self) -> Option<Phrase> {
        let why = self.no_traffic_needed.0.iter().filter(|(_, n)| *n > 0);
        let parts =
            why.map(|(why, n)| phrase!(count_and_reason, "{n} {why}", n, why = why.words()));
        let all: u64 = self.no_traffic_needed.0.iter().map(|(_, n)| n).sum();
        (all > 0).then(|| {
            let (of, parts) = (self.requirements_in_force, Phrase::list(parts));
            phrase!(
                need_no_traffic,
                "{all} of {of} need no traffic: {parts}",
                all,
                of,
                parts
            )
        })
    }
}

/// A piece of evidence.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct EvidenceView<'a> {
    /// What kind.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::evidence_code")]
    pub code: Code,
    /// What the code means.
    pub about: &'static SaidTemplate,
    /// How sure.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::grade")]
    pub grade: Grade,
    /// What was seen, with its figures.
    pub words: &'a Phrase,
    /// Who said no, where that was a device other than the destination.
    pub by: Option<IpAddr>,
    /// What works nearby.
    pub control: Option<&'a Phrase>,
    /// The frames that show it, ascending.
    pub frames: Vec<u64>,
}

/// What people or programs wrote to a packet in the capture file.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct CommentView {
    /// The frame.
    pub frame: u64,
    /// As it stands there.
    pub text: String,
}

/// Where on which page a requirement rests.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct CiteView<'a> {
    /// `document/id`.
    pub requirement: &'a str,
    /// The document's id.
    pub document: &'a str,
    /// What the flow is for.
    pub service: &'a str,
    /// How a person finds the page.
    pub page: &'a str,
    /// Table or heading.
    pub table: &'a str,
    /// Row.
    pub row: &'a str,
    /// Line of the text copy, from 1.
    pub line: Option<u32>,
    /// What the page itself has there: the destinations that fit what was tried; where none does, all, eight at the most.
    pub entries: Vec<String>,
}

/// One thing that the report tells.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct FindingView<'a> {
    /// Its name, the same in every run that finds the same thing: `blocked-3fa4c1d2`.
    pub id: String,
    /// What kind.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::finding_code")]
    pub code: FindingCode,
    /// How much it matters.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::severity")]
    pub severity: Severity,
    /// What became of the intent.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::outcome_or_null")]
    pub outcome: Option<Outcome>,
    /// Where it was stopped.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::stage_or_null")]
    pub stage: Option<Stage>,
    /// How sure that is.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::grade_or_null")]
    pub confidence: Option<Grade>,
    /// Who.
    pub initiator: Option<IpAddr>,
    /// What the site file calls that host.
    pub host: Option<&'a str>,
    /// Whom or what.
    pub target: &'a str,
    /// Addresses that were tried, ascending.
    pub addresses: Vec<IpAddr>,
    /// Responder port.
    pub port: Option<u16>,
    /// Transport.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::text_or_null")]
    pub transport: Option<Transport>,
    /// In one sentence.
    pub message: &'a Phrase,
    /// When the aim was last reached, where it was stopped after that and never reached again.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::time_or_null")]
    pub reached_until: Option<CaptureTime>,
    /// What to do about it.
    pub advice: &'a Phrase,
    /// Codes of what shows it, best first.
    #[serde(serialize_with = "words")]
    #[schemars(schema_with = "schema::evidence_codes")]
    pub evidence: Vec<Code>,
    /// What shows it, best first.
    pub evidence_details: Vec<EvidenceView<'a>>,
    /// What works nearby and so tells the cause from others.
    pub control: Option<&'a Phrase>,
    /// What was written to packets of its flows, the earliest; it proves nothing.
    pub comments: Vec<CommentView>,
    /// Ids of the requirements that it rests on, ascending.
    pub requirements: Vec<&'a str>,
    /// Where these stand.
    pub cites: Vec<CiteView<'a>>,
    /// First and last time.
    pub span: Option<Span>,
    /// Frames to look at: the evidence, and the first frame of each flow; ascending.
    pub frames: Vec<u64>,
    /// How many more such frames there are than are listed.
    pub frames_omitted: usize,
    /// Places in `flows`.
    pub flows: Vec<u32>,
    /// Places in `intents`.
    pub intents: &'a [usize],
    /// The frames of `frames`, in the same order.
    #[serde(skip)]
    pub(super) stamps: Vec<Stamp>,
    /// The frames of each piece of `evidence_details`, in their order.
    #[serde(skip)]
    pub(super) proof: Vec<&'a [Stamp]>,
}

impl FindingView<'_> {
    /// `name:443/tcp`, as [`destination`] writes it.
    pub(super) fn destination(&self) -> String {
        let transport = self.transport.map(|transport| transport.to_string());
        destination(self.target, self.port, transport.as_deref())
    }

    /// `10.0.0.5 to name:443/tcp`
    pub(super) fn aim(&self) -> String {
        let who = self
            .initiator
            .map_or(String::new(), |ip| format!("{ip} to "));
        format!("{who}{}", self.destination())
    }
}

/// `name:443/tcp`, `[2001:db8::1]:443/tcp`; without what is not known.
pub(crate) fn destination(target: &str, port: Option<u16>, transport: Option<&str>) -> String {
    let bare_v6 = port.is_some() && target.parse::<std::net::Ipv6Addr>().is_ok();
    let target = if bare_v6 {
        format!("[{target}]")
    } else {
        target.to_owned()
    };
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    let transport = transport.map_or(String::new(), |transport| format!("/{transport}"));
    format!("{target}{port}{transport}")
}

/// First and last time of something; both belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Span {
    /// Earliest.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::time")]
    pub first: CaptureTime,
    /// Latest.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::time")]
    pub last: CaptureTime,
}

/// One initiator's wish to reach one aim.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct IntentView<'a> {
    /// Who.
    pub initiator: IpAddr,
    /// What the site file calls that host.
    pub host: Option<&'a str>,
    /// The aim's name.
    pub fqdn: Option<&'a str>,
    /// Other names that the aim may have instead.
    pub or_names: Vec<&'a str>,
    /// Where the name was taken from.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::name_source_or_null")]
    pub name_source: Option<NameSource>,
    /// Addresses tried, ascending.
    pub addresses: &'a [IpAddr],
    /// Port aimed at.
    pub port: Option<u16>,
    /// Transport of the first attempt.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::text")]
    pub transport: Transport,
    /// What became of it.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::outcome")]
    pub outcome: Outcome,
    /// Where it was stopped.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::stage_or_null")]
    pub stage: Option<Stage>,
    /// How sure that is.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::grade_or_null")]
    pub confidence: Option<Grade>,
    /// Codes of what shows it, best first.
    #[serde(serialize_with = "words")]
    #[schemars(schema_with = "schema::evidence_codes")]
    pub evidence: Vec<Code>,
    /// What shows it, best first.
    pub evidence_details: Vec<EvidenceView<'a>>,
    /// What works nearby and so tells the cause from others.
    pub control: Option<&'a Phrase>,
    /// Why it cannot be told how it went.
    pub doubt: Option<&'static SaidTemplate>,
    /// When the aim was last reached, where it was stopped after that and never reached again.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::time_or_null")]
    pub reached_until: Option<CaptureTime>,
    /// Ids of the requirements that cover it, ascending.
    pub requirements: Vec<&'a str>,
    /// Its attempts: places in `flows`, ascending.
    pub attempts: Vec<u32>,
    /// Frames to look at: the evidence, and the first frame of each attempt; ascending.
    pub frames: Vec<u64>,
    /// How many more such frames there are than are listed.
    pub frames_omitted: usize,
    /// First and last time.
    #[serde(flatten)]
    pub span: Span,
}

/// What the capture says of one requirement.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct RequirementView<'a> {
    /// The requirement, as `rules list` prints it.
    #[serde(flatten)]
    pub listed: ListedRequirement<'a>,
    /// How it fared.
    #[serde(serialize_with = "standing_word")]
    #[schemars(schema_with = "schema::standing")]
    pub outcome: RequirementStatus,
    /// Why it was not seen, as a stable word, or the condition that keeps it off.
    pub reason: Option<String>,
    /// The outcome as a sentence.
    pub message: Phrase,
    /// Why it is not certain, or what may hide it.
    pub note: Option<&'a Phrase>,
    /// Whether its absence proves something.
    pub absence_counts: bool,
    /// The group of which another member was seen, so that its own absence is no finding.
    pub excused_by: Option<String>,
    /// Hosts that reached the aim, ascending.
    pub reached_by: &'a [IpAddr],
    /// Hosts that tried and did not reach it, ascending.
    pub missed_by: Vec<IpAddr>,
    /// Names that were resolved but never tried.
    pub resolved: &'a [String],
    /// Places in `intents`.
    pub intents: &'a [u32],
    /// Frames to look at, ascending.
    pub frames: Vec<u64>,
    /// How many more such frames there are than are listed.
    pub frames_omitted: usize,
    /// The frames of `frames`, in the same order.
    #[serde(skip)]
    pub(super) stamps: Vec<Stamp>,
}

/// Frames by what became of them: `read` is `decoded` plus `set_aside`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct FrameCounts {
    /// All.
    pub read: u64,
    /// With an IP packet in it.
    pub decoded: u64,
    /// Without.
    pub set_aside: u64,
    /// The latter by reason.
    pub set_aside_by_reason: std::collections::BTreeMap<String, u64>,
    /// Of the decoded: read in part, by reason.
    pub partly_decoded_by_reason: std::collections::BTreeMap<String, u64>,
    /// Cut by a snaplen.
    pub cut_by_snaplen: u64,
    /// Of the decoded: IP fragments other than the first.
    pub fragments: u64,
    /// Of the decoded: packets that a mirror port sent again, which are in no flow.
    pub copies: u64,
}

/// How far the capture can be trusted.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct CaptureView {
    /// Everything could be read and nothing was lost on the way.
    pub complete: bool,
    /// Frames by what became of them.
    pub frames: FrameCounts,
    /// Bytes of all frames on the wire.
    pub wire_bytes: u64,
    /// First and last time; null without frames.
    pub span: Option<Span>,
    /// Flows seen.
    pub flows: u64,
    /// Of the TCP and UDP flows: only the initiator was heard.
    pub only_initiator: u64,
    /// Of the TCP and UDP flows: only the responder was heard.
    pub only_responder: u64,
    /// TCP flows whose opening was not captured.
    pub midstream: u64,
    /// DNS transactions seen.
    pub dns_transactions: u64,
    /// Frames lost before they were captured.
    pub lost: Loss,
    /// Evidence dropped at a bound, by what was bounded.
    pub bounded: std::collections::BTreeMap<&'static str, u64>,
    /// How the site's hosts have their names, and where these are hidden.
    pub names: NamesView,
    /// What was read, in order.
    pub inputs: Vec<InputView>,
    /// What to keep in mind, in words.
    pub notes: Vec<Phrase>,
}

/// How the site's hosts have their names, and where these are hidden.
#[derive(Clone, Debug, Default, JsonSchema, Serialize)]
pub struct NamesView {
    /// In one sentence; null where nothing was looked up and nothing is hidden.
    pub words: Option<Phrase>,
    /// The ways that were gone, in a fixed order.
    pub ways: Vec<NameWayView>,
    /// Hosts whose names are hidden, or may be, ascending; no more than a thousand.
    pub hidden: Vec<HiddenHostView>,
}

/// A way to have names, or to hide them.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct NameWayView {
    /// Its stable word.
    pub way: &'static str,
    /// What it means.
    pub about: &'static SaidTemplate,
    /// Whether names are hidden by it, or may be.
    pub hides: bool,
    /// Lookups, or connections.
    pub count: u64,
    /// Hosts that went it.
    pub hosts: usize,
    /// Some of the responders, by name where one is known.
    pub to: Vec<String>,
}

/// A host whose names are hidden.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct HiddenHostView {
    /// Which.
    pub host: IpAddr,
    /// Words of the ways.
    pub by: Vec<&'static str>,
}

/// What became of one input.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct InputView {
    /// The file or interface.
    pub path: String,
    /// Bytes as they are stored, compressed or not; null where that is not known.
    pub bytes: Option<u64>,
    /// SHA-256 of these bytes; null where it was not worked out.
    pub sha256: Option<String>,
    /// Frames read.
    pub frames: u64,
    /// First and last time.
    pub span: Option<Span>,
    /// What is wrong with it.
    pub damage: Vec<String>,
    /// Frames lost before they were captured.
    pub lost: Loss,
    /// What is to be known of it beside that: that its clock was set back.
    pub notes: Vec<Phrase>,
}

/// A rule document that was used.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct DocumentView {
    /// Its id.
    pub id: String,
    /// Who publishes the page.
    pub vendor: String,
    /// The product.
    pub product: String,
    /// How a person finds the page.
    pub page: String,
    /// The rule file.
    pub file: String,
    /// SHA-256 of the rule file.
    pub sha256: String,
    /// Whether the site uses it.
    pub in_force: bool,
    /// Its requirements.
    pub requirements: usize,
    /// The shipped set that it is of; null for other rules.
    pub set: Option<&'static str>,
    /// Why it was taken: `named` by `--rules`, named by the `site` file, the capture `fits` it, or by `default`.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::chosen")]
    pub chosen: ChosenKind,
    /// The same in words.
    pub why: Phrase,
}
