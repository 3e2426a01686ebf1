//! How far a capture can be trusted: what it does not show, and what may not be concluded for that.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::HashMap;

use super::evidence::{Evidence, Grade};
use super::whole::WholeFacts;
use crate::model::{BoxedList, Merge, Transport, Tunnel, TunnelKind};
use crate::observe::{App, Bound, Capture, EventKind, Flow, Undecoded};
use crate::wording::{Phrase, phrase, word};

/// From this share of frames lost, or of TCP flows with gaps, on, patterns prove nothing: one in so many.
const LOST_ONE_IN: u64 = 100;
const GAPS_ONE_IN: u64 = 20;
/// Fewer flows with gaps than this are chance.
const GAPS: u64 = 3;
/// From this share of one-way flows on the head of the report says so, in percent.
const ONE_WAY: u64 = 50;
/// A server heard in one direction only, in at least so many flows, is told.
const SERVER_FLOWS: u64 = 3;
/// The most servers named.
const SERVERS: usize = 3;

/// What a capture lacks. Each lowers what can be concluded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// TCP and UDP flows.
    pub flows: u64,
    /// Of these: only the initiator was heard.
    pub only_initiator: u64,
    /// Of these: only the responder was heard.
    pub only_responder: u64,
    /// TCP flows whose opening was not captured.
    pub midstream: u64,
    /// TCP flows in which bytes are missing that must have been sent.
    pub with_gaps: u64,
    /// Frames that a snaplen cut.
    pub cut_by_snaplen: u64,
    /// Why patterns prove nothing in this capture, so that grade B is told as C; `None` where they do.
    pub lossy: Option<Phrase>,
    /// Why times prove nothing in this capture, so that grade B, which rests on waiting and on what happens at about the same
    /// time, is told as C; `None` where they do.
    pub clock: Option<Phrase>,
    /// Every flow was heard in one direction only.
    pub one_way: bool,
    /// All frames, and there are several, have one and the same time.
    pub one_time: bool,
    /// What was not read for its format, in words: the capture was audited only in part.
    pub unread: Vec<Phrase>,
    /// In words, for the head of the report.
    pub notes: Vec<Phrase>,
}

impl Trust {
    /// Lowers evidence to what a capture that lost frames can show: what a device said stands, a pattern does not.
    pub(super) fn lower(&self, evidence: &mut Evidence) {
        let why = self.lossy.as_ref().or(self.clock.as_ref());
        if let (Some(why), Grade::B) = (why, evidence.grade) {
            evidence.grade = Grade::C;
            evidence.words = phrase!(
                grade_c_only,
                "{words} (grade C only: {why})",
                words = evidence.words,
                why
            );
        }
    }
}

/// What flows tell of how far a capture can be trusted. Merges by sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TrustTally {
    flows: u64,
    only_initiator: u64,
    only_responder: u64,
    midstream: u64,
    with_gaps: u64,
    tcp: u64,
    /// TCP flows by server, and those of which data without an answer, or no data at all, was heard.
    servers: HashMap<IpAddr, (u64, u64)>,
}

impl TrustTally {
    pub(super) fn of(flows: &BoxedList<Flow>) -> Self {
        let mut tally = Self::default();
        let talks = |flow: &&Flow| matches!(flow.transport, Transport::Tcp | Transport::Udp);
        // What a log or samples do not hold of a flow tells nothing of the capture.
        let told = flows.iter().filter(talks).filter(|f| !f.only_logged);
        for flow in told {
            tally.flows += 1;
            let (out, back) = (flow.out.packets == 0, flow.back.packets == 0);
            tally.only_initiator += u64::from(back);
            tally.only_responder += u64::from(out);
            if flow.transport == Transport::Tcp {
                tally.tcp += 1;
                tally.midstream += u64::from(!flow.opened);
                tally.with_gaps += u64::from(has_gap(flow));
                // An opening without an answer is no sign: data without one is.
                let server = tally.servers.entry(flow.responder.ip).or_default();
                server.0 += 1;
                server.1 += u64::from(out || back && flow.out.payload_bytes > 0);
            }
        }
        tally
    }
}

impl Merge for TrustTally {
    fn merge(&mut self, other: Self) {
        self.flows += other.flows;
        self.only_initiator += other.only_initiator;
        self.only_responder += other.only_responder;
        self.midstream += other.midstream;
        self.with_gaps += other.with_gaps;
        self.tcp += other.tcp;
        for (server, (flows, one_way)) in other.servers {
            let known = self.servers.entry(server).or_default();
            known.0 += flows;
            known.1 += one_way;
        }
    }
}

impl Trust {
    /// Takes stock of a whole capture.
    pub(super) fn of(whole: &WholeFacts<'_>, tally: &TrustTally) -> Self {
        let capture = whole.head;
        let mut trust = Self {
            flows: tally.flows,
            only_initiator: tally.only_initiator,
            only_responder: tally.only_responder,
            midstream: tally.midstream,
            with_gaps: tally.with_gaps,
            cut_by_snaplen: capture.tally.cut_by_snaplen,
            ..Self::default()
        };
        let one_way = trust.only_initiator + trust.only_responder;
        trust.one_way = trust.flows > 1 && one_way == trust.flows;
        // Several packets of a handshake at one moment have no order either; two frames may be chance.
        trust.one_time = capture.tally.frames > 4 && capture.span.first == capture.span.last
            || capture.tally.beside.untimed > 0;
        trust.lossy = lossy(capture, &trust, tally.tcp);
        trust.clock = whole.set_back.told().map(|(flows, most)| {
            let connections = match flows {
                1 => word!(one_tcp_connection, "1 TCP connection has").into(),
                _ => phrase!(tcp_connections, "{flows} TCP connections have", flows),
            };
            let seconds = most.as_secs_f64();
            phrase!(
                clock_earlier,
                "{connections} packets earlier than the opening, by up to {seconds} s",
                connections,
                seconds = format_args!("{seconds:.1}")
            )
        });
        trust.unread = whole.unread.told(capture);
        trust.notes = notes(whole, &trust, &tally.servers);
        trust
    }
}

/// Whether a side's sequence numbers went on without the bytes, or bytes were acknowledged that are not there.
fn has_gap(flow: &Flow) -> bool {
    let marks = |own: bool| {
        let opening = if own {
            EventKind::Syn
        } else {
            EventKind::SynAck
        };
        let seen = |kind| u32::from(flow.events_of(kind, own).next().is_some());
        seen(opening) + seen(EventKind::Fin)
    };
    let unseen = |said: Option<u32>, heard: Option<u32>| {
        // An ACK may count a FIN or a SYN that was not kept apart: two numbers of grace.
        matches!((said, heard), (Some(said), Some(heard))
            if (3..1 << 30).contains(&heard.wrapping_sub(said)))
    };
    // Resets may carry any sequence number.
    let reset = [true, false].map(|own| flow.events_of(EventKind::Rst, own).next().is_some());
    !reset[0] && flow.out.missing_bytes(marks(true)) > 0
        || !reset[1] && flow.back.missing_bytes(marks(false)) > 0
        || flow.out.packets > 0
            && flow.back.packets > 0
            && (unseen(flow.out.next_sequence(), flow.back.highest_ack())
                || unseen(flow.back.next_sequence(), flow.out.highest_ack()))
}

fn lossy(capture: &Capture, trust: &Trust, tcp: u64) -> Option<Phrase> {
    let (lost, frames) = (capture.tally.lost, capture.tally.frames);
    if lost > 0 && lost * LOST_ONE_IN >= lost + frames {
        return Some(phrase!(
            lossy_frames,
            "{lost} of {frames} frames were lost by the capture",
            lost,
            frames = lost + frames
        ));
    }
    let gaps = trust.with_gaps;
    (gaps >= GAPS && gaps * GAPS_ONE_IN >= tcp).then(|| {
        phrase!(
            lossy_gaps,
            "{gaps} of {tcp} TCP flows have gaps that the capture left",
            gaps,
            tcp
        )
    })
}

/// What captures say beside their packets.
fn beside(whole: &WholeFacts<'_>, notes: &mut Vec<Phrase>) {
    let beside = &whole.head.tally.beside;
    if beside.link_errors > 0 {
        notes.push(phrase!(
            note_link_errors,
            "{link_errors} frames came with an error of the link, as the capture says",
            link_errors = beside.link_errors
        ));
    }
    if beside.secrets > 0 {
        notes.push(phrase!(
            note_secrets,
            "the capture holds {secrets} blocks of secrets for decryption; they are not used",
            secrets = beside.secrets
        ));
    }
    for comment in &beside.comments {
        notes.push(phrase!(
            note_comment,
            "a comment in the capture: {comment}",
            comment = format_args!("{comment:?}")
        ));
    }
    for filter in &beside.filters {
        let hidden = match hides_dns(filter) {
            true => word!(
                filter_hides_dns,
                "DNS cannot be judged, and what it leaves out is not missing"
            ),
            false => word!(filter_leaves_out, "what it leaves out is not missing"),
        };
        notes.push(phrase!(
            note_filter,
            "captured with the filter {filter}: {hidden}",
            filter = format_args!("{filter:?}"),
            hidden
        ));
    }
    if whole.mirror.is_cloud_mirror() {
        notes.push(
            word!(note_cloud_mirror, "every packet came in one-way VXLAN or GENEVE, as mirrors of clouds send it: those leave out ARP, DHCP, NTP and instance metadata, so that their absence proves nothing").into(),
        );
    }
}

/// Whether a filter of pcap surely leaves out DNS: it asks for ports, or for TCP, and gives DNS no way past that.
fn hides_dns(filter: &str) -> bool {
    let words: Vec<&str> = filter
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let negated = has(&["not"]) || filter.contains('!');
    if has(&["53", "domain"]) {
        return negated && !has(&["or"]) && !filter.contains("||");
    }
    let alternatives = has(&["or"]) || filter.contains("||");
    let other_way = has(&["udp", "ip", "ip6", "host", "net"]);
    if negated || has(&["portrange"]) || alternatives && other_way {
        return false;
    }
    has(&["port"]) || has(&["tcp"]) && !has(&["udp"])
}

/// Whether all flows came in the one-way tunnels of which mirrors of clouds are made: who receives them sends none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MirrorTally {
    /// Whether some flow came in such a tunnel.
    mirrored: bool,
    /// Whether some flow came otherwise. Then nothing is kept of the rest.
    other: bool,
    /// Who sends such tunnels, and to whom.
    senders: BTreeSet<IpAddr>,
    receivers: BTreeSet<IpAddr>,
}

impl MirrorTally {
    pub(super) fn of(flows: &BoxedList<Flow>) -> Self {
        let carries = |flow: &&Flow| matches!(flow.app.main(), Some(App::VXLAN | App::GENEVE));
        let mirrored = |stack: &Vec<Tunnel>| {
            let outermost = stack.first().map(|tunnel| tunnel.kind);
            matches!(outermost, Some(TunnelKind::Vxlan | TunnelKind::Geneve))
        };
        // The first flow of nearly all captures says no.
        let mut inside = flows.iter().filter(|flow| !carries(flow)).peekable();
        let mut tally = Self {
            mirrored: inside.peek().is_some(),
            ..Self::default()
        };
        if !inside.all(|flow| flow.tunnels.iter().any(mirrored)) {
            return Self::otherwise();
        }
        for flow in flows.iter().filter(carries) {
            if flow.back.packets > 0 {
                return Self::otherwise();
            }
            tally.senders.insert(flow.initiator.ip);
            tally.receivers.insert(flow.responder.ip);
        }
        tally
    }

    fn otherwise() -> Self {
        Self {
            other: true,
            ..Self::default()
        }
    }

    /// Whether it is such a mirror.
    pub(super) fn is_cloud_mirror(&self) -> bool {
        let one_way = || self.senders.is_disjoint(&self.receivers);
        !self.other && self.mirrored && !self.senders.is_empty() && one_way()
    }
}

impl Merge for MirrorTally {
    fn merge(&mut self, other: Self) {
        if self.other || other.other {
            *self = Self::otherwise();
            return;
        }
        self.mirrored |= other.mirrored;
        self.senders.extend(other.senders);
        self.receivers.extend(other.receivers);
    }
}

fn notes(
    whole: &WholeFacts<'_>,
    trust: &Trust,
    servers: &HashMap<IpAddr, (u64, u64)>,
) -> Vec<Phrase> {
    let capture = whole.head;
    let mut notes = Vec::new();
    times(capture, trust, &mut notes);
    ways(trust, servers, &mut notes);
    if let Some(why) = &trust.lossy {
        notes.push(phrase!(
            note_lossy,
            "{why}: what is not there proves nothing, so only what a device said counts as blocked",
            why
        ));
    }
    if trust.cut_by_snaplen > 0 {
        notes.push(phrase!(
            note_snaplen,
            "{cut_by_snaplen} frames were cut by a snaplen: names may be missing",
            cut_by_snaplen = trust.cut_by_snaplen
        ));
    }
    if trust.midstream > 0 {
        notes.push(phrase!(
            note_midstream,
            "{midstream} TCP flows were under way when the capture began",
            midstream = trust.midstream
        ));
    }
    records(whole, &mut notes);
    notes
}

/// What the times of frames are worth.
fn times(capture: &Capture, trust: &Trust, notes: &mut Vec<Phrase>) {
    let untimed = capture.tally.beside.untimed;
    if untimed > 0 {
        notes.push(phrase!(note_untimed, "{untimed} of {frames} frames have no time: retries, waiting and order cannot be judged", untimed, frames = capture.tally.frames));
    } else if trust.one_time {
        notes.push(phrase!(note_one_time, "all {frames} frames have one and the same time: retries, waiting and order cannot be judged", frames = capture.tally.frames));
    }
    if let Some(why) = &trust.clock {
        notes.push(phrase!(note_clock, "{why}: a clock was set back, or clocks of captures differ, so waiting and order prove nothing, and only what a device said counts as blocked", why));
    }
}

/// Which ways of connections were captured.
fn ways(trust: &Trust, servers: &HashMap<IpAddr, (u64, u64)>, notes: &mut Vec<Phrase>) {
    let one_way = trust.only_initiator + trust.only_responder;
    if trust.one_way {
        notes.push(
            word!(
                note_one_way,
                "only one direction of every flow was captured: nothing can be called blocked"
            )
            .into(),
        );
    } else if one_way * 100 >= trust.flows * ONE_WAY && one_way > 0 {
        notes.push(phrase!(
            note_one_way_share,
            "{flows} % of the flows were heard in one direction only: the tap may miss a way",
            flows = one_way * 100 / trust.flows
        ));
    }
    let deaf = servers
        .iter()
        .filter(|(_, (flows, one_way))| *flows >= SERVER_FLOWS && flows == one_way);
    let deaf: BTreeSet<IpAddr> = deaf.map(|(ip, _)| *ip).collect();
    let deaf: Vec<String> = deaf.iter().map(IpAddr::to_string).collect();
    if !deaf.is_empty() && one_way < trust.flows {
        let more = deaf.len().saturating_sub(SERVERS);
        let named = Phrase::from(deaf[..deaf.len().min(SERVERS)].join(", ")).and_more(more);
        notes.push(phrase!(note_deaf_servers, "only one direction was captured of all connections with {named}: nothing can be said of these", named));
    }
}

/// What records, samples, remarks of the capture and bounds leave out.
fn records(whole: &WholeFacts<'_>, notes: &mut Vec<Phrase>) {
    let capture = whole.head;
    let untimed = Undecoded::Untimed("nflog".into());
    if let Some(count) = capture.tally.partly_decoded.get(&untimed) {
        notes.push(phrase!(note_nflog_times, "{count} packets of netfilter's log have no time of their own: theirs is that of the log's buffer, which is emptied once a second, so order and delays prove nothing there", count));
    }
    let sampled = capture.tally.sampled;
    if sampled.packets > 0 {
        let one_in = match sampled.one_in {
            (least, most) if least == most => most.to_string().into(),
            (least, most) => phrase!(least_to_most, "{least} to {most}", least, most),
        };
        notes.push(phrase!(note_samples, "{packets} packets are samples (sFlow), one of {one_in} each: what is not among them is not missing, and none of them is called blocked", packets = sampled.packets, one_in));
    }
    beside(whole, notes);
    for (what, count) in &capture.tally.bounded {
        if *what == Bound::DeviceWords {
            notes.push(phrase!(note_device_words, "{count} records of a device's log may be of several flows behind address translation: their words are taken for none", count));
            continue;
        }
        notes.push(phrase!(
            note_bound,
            "a bound on {what} cut evidence {count} times",
            what = what.as_str(),
            count
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    fn ip(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn tallies_of_shares_merge_in_any_order() {
        let tally = |flows, server| TrustTally {
            flows,
            only_responder: flows / 2,
            tcp: flows / 3,
            servers: [(ip(server), (flows, 1)), (ip(9), (1, 1))]
                .into_iter()
                .collect(),
            ..TrustTally::default()
        };
        hold(&[tally(7, 1), tally(4, 2), tally(1, 1)]);
    }

    #[test]
    fn a_mirror_is_one_in_all_shares() {
        let mirror = |sender, receiver| MirrorTally {
            mirrored: true,
            other: false,
            senders: [ip(sender)].into(),
            receivers: [ip(receiver)].into(),
        };
        let of = |parts: [MirrorTally; 2]| {
            let [mut one, other] = parts;
            one.merge(other);
            one.is_cloud_mirror()
        };
        hold(&[mirror(1, 5), mirror(2, 5), MirrorTally::otherwise()]);
        hold(&[mirror(1, 5), mirror(2, 6), mirror(5, 1)]);
        assert!(of([mirror(1, 5), mirror(2, 5)]));
        // Who receives in one share sends in the other.
        assert!(!of([mirror(1, 5), mirror(5, 6)]));
        assert!(!of([mirror(1, 5), MirrorTally::otherwise()]));
    }
}
