//! The flows as compact JSON for the script: one list a column, and each text once.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::HashMap;
use serde::Serialize;

use crate::judge::Outcome;
use crate::report::text::visible;
use crate::report::{JudgedFlow, Report};
use crate::rules::RequirementIndex;
use crate::wording::{Language, Phrase, SaidTemplate};

/// Flows that the page holds; flows.csv has all.
const MOST: usize = 200_000;
/// Reasons that it holds in Japanese too: others are in English alone, since each takes some microseconds and 200 bytes.
const MOST_SAID: usize = 20_000;

/// Columns of equal length, one entry a flow. Texts are places in `texts`, of which the first is empty.
#[derive(Debug, Default, Serialize)]
pub(super) struct FlowData {
    /// Every text once, harmless to show.
    texts: Vec<String>,
    /// In Japanese, by places in `texts`, what is said otherwise there.
    japanese: BTreeMap<u32, String>,
    /// Microseconds since the epoch of the start of the capture.
    base: i64,
    /// Flows that were left out.
    omitted: usize,
    /// Findings with the flows that they are about.
    findings: Vec<FindingFlows>,
    columns: Columns,
}

#[derive(Debug, Serialize)]
struct FindingFlows {
    id: String,
    flows: Vec<u32>,
}

#[derive(Debug, Default, Serialize)]
struct Columns {
    /// Place in `flows` of report.json.
    id: Vec<usize>,
    /// Microseconds since the base, and to the end.
    start: Vec<i64>,
    lasted: Vec<i64>,
    initiator: Vec<u32>,
    initiator_port: Vec<Option<u16>>,
    responder: Vec<u32>,
    responder_port: Vec<Option<u16>>,
    transport: Vec<u32>,
    app: Vec<u32>,
    state: Vec<u32>,
    history: Vec<u32>,
    name: Vec<u32>,
    name_source: Vec<u32>,
    sent: Vec<u64>,
    received: Vec<u64>,
    packets_sent: Vec<u64>,
    packets_received: Vec<u64>,
    outcome: Vec<u32>,
    stage: Vec<u32>,
    confidence: Vec<u32>,
    evidence: Vec<u32>,
    reason: Vec<u32>,
    requirements: Vec<u32>,
    first_frame: Vec<u64>,
    last_frame: Vec<u64>,
}

impl FlowData {
    /// All flows up to the bound. Where there are more, those that are as they should be are left out first.
    pub(super) fn of(report: &Report<'_>) -> Self {
        let all = report.capture.flows as usize;
        let mut data = Self {
            base: report.capture.span.map_or(0, |span| micros(span.first)),
            ..Self::default()
        };
        let mut texts = Texts::default();
        texts.place("");
        let mut room = MOST;
        let plain = |outcome| matches!(outcome, Outcome::Ok | Outcome::OutOfScope);
        let odd = if all > MOST {
            report
                .outcomes()
                .filter(|(_, outcome)| !plain(*outcome))
                .count()
        } else {
            0
        };
        let mut room_for_plain = MOST.saturating_sub(odd);
        for flow in report.flows() {
            let wanted = if all <= MOST {
                true
            } else if plain(flow.outcome.0) {
                let wanted = room_for_plain > 0;
                room_for_plain = room_for_plain.saturating_sub(1);
                wanted
            } else {
                true
            };
            if wanted && room > 0 {
                room -= 1;
                data.columns.push(&flow, data.base, &mut texts);
            }
        }
        data.omitted = all.saturating_sub(data.columns.id.len());
        data.texts = texts.list;
        data.japanese = texts.japanese;
        data.findings = report
            .findings
            .iter()
            .filter(|finding| !finding.flows.is_empty())
            .map(|finding| FindingFlows {
                id: finding.id.clone(),
                flows: finding.flows.clone(),
            })
            .collect();
        data
    }
}

impl Columns {
    fn push(&mut self, judged: &JudgedFlow<'_>, base: i64, texts: &mut Texts) {
        let flow = &judged.flow;
        let name = flow.names.first();
        let start = micros(flow.start);
        self.id.push(judged.id);
        self.start.push(start - base);
        self.lasted.push(micros(flow.end) - start);
        self.initiator
            .push(texts.place_of_address(flow.initiator.ip));
        self.initiator_port.push(flow.initiator.port);
        self.responder
            .push(texts.place_of_address(flow.responder.ip));
        self.responder_port.push(flow.responder.port);
        self.transport.push(texts.place_of(Some(flow.transport)));
        self.app.push(texts.place(flow.app.unwrap_or_default()));
        self.state.push(texts.place_of(Some(flow.conn_state)));
        self.history.push(texts.place(flow.history));
        self.name
            .push(texts.place(name.map_or("", |name| name.fqdn)));
        self.name_source
            .push(texts.place_of(name.map(|name| name.source)));
        self.sent.push(flow.bytes.out);
        self.received.push(flow.bytes.back);
        self.packets_sent.push(flow.packets.out);
        self.packets_received.push(flow.packets.back);
        let outcome = judged.outcome.0;
        self.outcome
            .push(texts.place_of_word(outcome.as_str(), outcome.words()));
        let stage = judged.stage;
        self.stage.push(stage.map_or(0, |stage| {
            texts.place_of_word(stage.as_str(), stage.words())
        }));
        self.confidence.push(texts.place_of(judged.confidence));
        self.evidence.push(texts.place_of(judged.evidence));
        let reason = judged.reason.as_deref();
        self.reason
            .push(reason.map_or(0, |reason| texts.place_of_phrase(reason)));
        self.requirements.push(texts.place_of_ids(judged));
        self.first_frame.push(flow.frames.first);
        self.last_frame.push(flow.frames.last);
    }
}

fn micros(time: crate::model::CaptureTime) -> i64 {
    time.as_nanos().div_euclid(1000)
}

/// Texts by place, each once.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    places: HashMap<String, u32>,
    addresses: HashMap<IpAddr, u32>,
    /// Lists of requirements by where they lie: flows share them.
    ids: HashMap<*const RequirementIndex, u32>,
    /// Room for what is put into words.
    words: String,
    /// In Japanese, by places.
    japanese: BTreeMap<u32, String>,
}

impl Texts {
    fn place(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(visible(text).into_owned());
        self.places.insert(text.to_owned(), place);
        place
    }

    /// A word that is another one in Japanese.
    fn place_of_word(&mut self, text: &str, word: &'static SaidTemplate) -> u32 {
        let place = self.place(text);
        let japanese = || Language::Japanese.word(word).to_owned();
        self.japanese.entry(place).or_insert_with(japanese);
        place
    }

    /// A phrase, as far as there is room in Japanese too.
    fn place_of_phrase(&mut self, phrase: &Phrase) -> u32 {
        let known = self.list.len();
        let place = self.place(phrase);
        if self.list.len() > known && self.japanese.len() < MOST_SAID {
            let japanese = Language::Japanese.say(phrase);
            if japanese != phrase.as_str() {
                self.japanese.insert(place, visible(&japanese).into_owned());
            }
        }
        place
    }

    fn place_of(&mut self, value: Option<impl Display>) -> u32 {
        let Some(value) = value else { return 0 };
        let mut words = std::mem::take(&mut self.words);
        words.clear();
        // Writing to a string does not fail.
        let _ = write!(words, "{value}");
        let place = self.place(&words);
        self.words = words;
        place
    }

    fn place_of_address(&mut self, ip: IpAddr) -> u32 {
        if let Some(place) = self.addresses.get(&ip) {
            return *place;
        }
        let place = self.place_of(Some(ip));
        self.addresses.insert(ip, place);
        place
    }

    fn place_of_ids(&mut self, judged: &JudgedFlow<'_>) -> u32 {
        let list = Arc::as_ptr(judged.covers).cast::<RequirementIndex>();
        if let Some(place) = self.ids.get(&list) {
            return *place;
        }
        let place = self.place(&judged.requirements.join(" "));
        self.ids.insert(list, place);
        place
    }
}
