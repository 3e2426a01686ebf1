//! The engine of `live`, fed from files instead of interfaces: what is said at the end is what `audit` says of the
//! packets that were kept.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pktaudit::audit::{Audited, Period, Plan, attribute_points};
use pktaudit::drive::{FrameChoice, Point, Progress, Reading, observe, observe_at};
use pktaudit::judge::{FindingCode, RequirementStatus, StatusKind, judge};
use pktaudit::live::{
    Engine, EngineOptions, Feed, Finished, KeepOptions, LiveEventKind, Polled, Rotation, Snapshot,
    Update,
};
use pktaudit::model::{Loss, TwoPoint};
use pktaudit::observe::{CarryLimits, Observation, attribute};
use pktaudit::report::write_json;
use pktaudit::rules::{self, Choices, Profile, RuleSet, RuleText};
use pktaudit::source::{
    self, Batch, BatchLimits, FileParts, FrameSource, InputPath, InputRecord, LinkType, OwnedFrame,
    Script, SetBack, resolve,
};

use super::harness::{Ran, Sample, folder, pktaudit, same, samples};

/// A file that behaves like an interface: some frames at a time, then nothing, then more.
struct Played {
    name: String,
    source: Script,
    /// Frames handed over at once.
    at_once: usize,
    /// A pause after each of these.
    pause: Duration,
    /// What the last wait ends with.
    end: Result<Polled, String>,
    link_type: LinkType,
    lost: Loss,
}

impl Played {
    fn of(capture: &Path, at_once: usize) -> Self {
        Self::some_of(capture, at_once, |_| true)
    }

    /// Those frames that one interface of the capture would give, as the interface `ordinal` of the live capture.
    fn interface(capture: &Path, at_once: usize, ordinal: u32, name: &str) -> Self {
        let mut played = Self::some_of(capture, at_once, |frame| frame.interface == ordinal);
        name.clone_into(&mut played.name);
        played
    }

    fn some_of(capture: &Path, at_once: usize, wanted: impl Fn(&OwnedFrame) -> bool) -> Self {
        let mut source = source::open(&InputPath::File(capture.to_owned())).unwrap();
        let mut frames: Vec<OwnedFrame> = Vec::new();
        while let Some(frame) = source.next_frame() {
            frames.push(frame.into());
        }
        frames.retain(wanted);
        // The kernel hands frames over as they come; recorders of several interfaces write them in blocks.
        frames.sort_by_key(|frame| frame.time);
        Self {
            name: "played0".to_owned(),
            source: Script::of(frames),
            at_once,
            pause: Duration::ZERO,
            end: Ok(Polled::Ended),
            link_type: LinkType::ETHERNET,
            lost: Loss::default(),
        }
    }
}

impl Feed for Played {
    fn name(&self) -> &str {
        &self.name
    }

    fn link_type(&self) -> LinkType {
        self.link_type
    }

    fn poll(&mut self, _: Duration, batch: &mut Batch, _: BatchLimits) -> Result<Polled, String> {
        std::thread::sleep(self.pause);
        let limits = BatchLimits {
            bytes: 1 << 20,
            frames: self.at_once,
        };
        match batch.fill(&mut self.source, limits) {
            0 => self.end.clone(),
            _ => Ok(Polled::Frames),
        }
    }

    fn loss(&mut self) -> Option<Loss> {
        Some(self.lost)
    }
}

/// What a sample is judged by.
struct Site(Plan);

fn site(sample: &Sample) -> Site {
    let read = |path: &Path| RuleText {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: std::fs::read_to_string(path).unwrap(),
    };
    let own = sample.rules().map(|rules| vec![read(&rules)]);
    let (library, _) = rules::check(&own.unwrap_or_else(rules::embedded)).unwrap();
    let text = read(&sample.site);
    let (site, _) = rules::check_site(&text, &library).unwrap();
    let profile = Profile::new(&library, Some(&site), &Choices::default()).unwrap();
    Site(Plan::of(RuleSet::compile(library, &profile)))
}

impl Site {
    fn json(&self, seen: TwoPoint<Observation>, inputs: &[InputRecord]) -> String {
        let captures = attribute_points(seen, &[]);
        let audited = Audited::of(&captures, inputs, &self.0);
        let mut out = Vec::new();
        write_json(&audited.report(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The report on files, as `audit` makes it.
    fn audited(&self, captures: &[PathBuf]) -> String {
        self.audited_at(captures, &Point::Everywhere, None)
    }

    /// The report on what lies at one point, and at another outside of it.
    fn audited_at(&self, captures: &[PathBuf], inside: &Point, outside: Option<&Point>) -> String {
        let captures: Vec<_> = captures
            .iter()
            .map(|path| path.as_os_str().to_owned())
            .collect();
        let inputs = resolve(&captures).inputs;
        let points = TwoPoint { inside, outside };
        let read = points.map(|point| {
            let reading = Reading {
                chosen: &FrameChoice::default().at(point.clone()),
                threads: 1,
                digests: false,
                part_bytes: FileParts::LEAST_BYTES,
            };
            observe_at(&inputs, reading, &Progress::default())
        });
        let mut inputs = read.inside.inputs.clone();
        // What live capture does not know of the files that it writes.
        for record in &mut inputs {
            record.input.stored_bytes = None;
            record.set_back = SetBack::default();
        }
        self.json(read.map(|read| read.observation), &inputs)
    }
}

/// A run of the engine to its end.
struct Run {
    finished: Finished,
    updates: Vec<Update>,
    periods: Vec<Period>,
    lost: Loss,
}

fn options() -> EngineOptions {
    EngineOptions {
        queue_bytes: 64 << 20,
        keep: None,
        every: None,
        most_flows: u64::MAX,
        carry: CarryLimits::default(),
        outside: Vec::new(),
        clock: Instant::now,
        prepare: |_| {},
    }
}

fn run(feeds: Vec<Box<dyn Feed>>, options: EngineOptions, site: &Arc<Site>) -> Run {
    let periods = Arc::new(Mutex::new(Vec::new()));
    let (judging, ended) = (Arc::clone(site), Arc::clone(&periods));
    let engine = Engine::start(
        feeds,
        options,
        Box::new(move |seen, inputs| Snapshot::judge(seen, inputs, &judging.0, &[])),
        Box::new(move |period| ended.lock().unwrap().push(period)),
    )
    .unwrap();
    let counts = engine.counts();
    let updates: Vec<Update> = engine.updates.iter().collect();
    let finished = engine.finish().unwrap();
    let periods = std::mem::take(&mut *periods.lock().unwrap());
    Run {
        finished,
        updates,
        periods,
        lost: counts.loss(),
    }
}

impl Run {
    fn last_board(&self) -> &Snapshot {
        let boards = self.updates.iter().rev();
        boards
            .filter_map(|update| update.board.as_deref())
            .next()
            .unwrap()
    }

    fn events(&self) -> impl Iterator<Item = &LiveEventKind> {
        let events = self.updates.iter().flat_map(|update| &update.events);
        events.map(|event| &event.kind)
    }
}

fn keep(path: PathBuf, bytes: Option<u64>) -> Option<KeepOptions> {
    let rotation = Rotation { bytes, time: None };
    Some(KeepOptions {
        path,
        rotation,
        numbered: false,
    })
}

#[test]
fn what_is_said_at_the_end_is_what_audit_says_of_the_packets_kept() {
    // On threads of their own: judging uses the pool of threads that other questions to all samples wait on.
    let samples = samples();
    let ask = |samples: &[Sample]| -> Vec<String> {
        let wrong = samples.iter().filter_map(|sample| {
            let wrong = live_equals_audit(sample).err()?;
            Some(format!("{}: {wrong}", sample.name))
        });
        wrong.collect()
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let asked = samples.chunks(samples.len().div_ceil(4));
        let asked: Vec<_> = asked.map(|part| scope.spawn(move || ask(part))).collect();
        asked
            .into_iter()
            .flat_map(|part| part.join().unwrap())
            .collect()
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn live_equals_audit(sample: &Sample) -> Result<(), String> {
    let folder = folder();
    let kept = folder.path().join("kept.pcapng");
    let site = Arc::new(site(sample));
    let options = EngineOptions {
        keep: keep(kept.clone(), None),
        ..options()
    };
    let run = run(
        vec![Box::new(Played::of(&sample.capture, 7))],
        options,
        &site,
    );
    let last = run.finished.last;
    let live = site.json(last.seen, &last.inputs);
    same("the report", &site.audited(&[kept]), &live)
}

#[test]
fn files_that_go_round_make_the_same_report_as_one() {
    let sample = Sample::named("unexpected-traffic");
    let folder = folder();
    let site = Arc::new(site(&sample));
    let options = EngineOptions {
        keep: keep(folder.path().join("kept.pcapng"), Some(40_000)),
        ..options()
    };
    let mut played = Played::of(&sample.capture, 25);
    // Windows are closed by the clock; each burst is one.
    played.pause = Duration::from_millis(120);
    let run = run(vec![Box::new(played)], options, &site);
    let last = run.finished.last;
    let files: Vec<PathBuf> = last.inputs.iter().map(file_of).collect();
    assert!(files.len() > 2, "{files:?}");
    assert!(files[1].ends_with("kept_00002.pcapng"));
    let sizes = files
        .iter()
        .map(|file| std::fs::metadata(file).unwrap().len());
    assert!(sizes.max().unwrap() <= 40_000);
    let live = site.json(last.seen, &last.inputs);
    same("the report", &site.audited(&files), &live).unwrap();
}

#[test]
fn requirements_turn_green_one_after_another() {
    let sample = Sample::named("activation-ok");
    let site = Arc::new(site(&sample));
    let mut played = Played::of(&sample.capture, 60);
    played.pause = Duration::from_millis(150);
    let run = run(vec![Box::new(played)], options(), &site);
    let mut satisfied: Vec<u64> = Vec::new();
    for board in run
        .updates
        .iter()
        .filter_map(|update| update.board.as_ref())
    {
        satisfied.push(board.standings.of(&StatusKind::Satisfied));
    }
    let steps: BTreeSet<u64> = satisfied.iter().copied().collect();
    assert!(steps.len() > 3, "{satisfied:?}");
    assert!(
        satisfied.is_sorted(),
        "what was green stays so: {satisfied:?}"
    );
    let mut told: Vec<&str> = run
        .events()
        .filter_map(|event| match event {
            LiveEventKind::Requirement { id, now, .. } => {
                assert_eq!(*now, StatusKind::Satisfied, "{id}");
                Some(id.as_str())
            }
            _ => None,
        })
        .collect();
    told.sort_unstable();
    let board = run.last_board();
    let green = board
        .rows
        .iter()
        .filter(|row| row.standing == RequirementStatus::Satisfied);
    let green: Vec<&str> = green.map(|row| row.id.as_str()).collect();
    assert_eq!(told, green, "each is told once");
    let times: Vec<_> = board
        .rows
        .iter()
        .filter_map(|row| row.first_success)
        .collect();
    assert_eq!(times.len(), green.len());
    assert!(
        times
            .iter()
            .all(|at| *at >= board.span.first && *at <= board.span.last)
    );
    assert!(board.is_complete());
    assert!(run.events().any(|event| *event == LiveEventKind::Complete));
}

#[test]
fn what_is_blocked_says_what_shows_it_and_what_to_open() {
    let sample = Sample::named("blocked-syn-dropped");
    let site = Arc::new(site(&sample));
    let run = run(
        vec![Box::new(Played::of(&sample.capture, 100))],
        options(),
        &site,
    );
    let rows = &run.last_board().rows;
    let blocked = rows
        .iter()
        .find(|row| row.standing == RequirementStatus::Blocked)
        .unwrap();
    assert!(
        blocked
            .evidence
            .iter()
            .any(|words| words.contains("T-SYN0"))
    );
    assert!(
        blocked
            .advice
            .iter()
            .any(|words| words.contains("allow 10.20.0.10"))
    );
    assert!(!blocked.frames.is_empty());
}

#[test]
fn unexpected_traffic_is_told_newest_first() {
    let sample = Sample::named("unexpected-traffic");
    let site = Arc::new(site(&sample));
    let run = run(
        vec![Box::new(Played::of(&sample.capture, 100))],
        options(),
        &site,
    );
    let board = run.last_board();
    let times: Vec<_> = board
        .sights
        .iter()
        .map(|sight| sight.span.unwrap().0)
        .collect();
    assert!(
        times.len() >= 5 && times.is_sorted_by(|a, b| a >= b),
        "{times:?}"
    );
    let codes: BTreeSet<FindingCode> = board.sights.iter().map(|sight| sight.code).collect();
    assert!(codes.contains(&FindingCode::WrongPort) && codes.contains(&FindingCode::ListGap));
    let told = run
        .events()
        .filter(|event| matches!(event, LiveEventKind::Finding { .. }));
    assert_eq!(told.count(), board.sights.len());
}

#[test]
fn a_full_queue_drops_and_says_so() {
    let sample = Sample::named("activation-ok");
    let site = Arc::new(site(&sample));
    let folder = folder();
    let kept = folder.path().join("kept.pcapng");
    let options = EngineOptions {
        queue_bytes: 1,
        keep: keep(kept.clone(), None),
        ..options()
    };
    let run = run(
        vec![Box::new(Played::of(&sample.capture, 1))],
        options,
        &site,
    );
    let told = run.events().filter_map(|event| match event {
        LiveEventKind::Lost(loss) => Some(loss.own),
        _ => None,
    });
    assert!(run.lost.own > 0 && (run.lost.kernel, run.lost.interface) == (0, 0));
    assert_eq!(told.last(), Some(run.lost.own));
    assert_eq!(run.last_board().exit, 2);
    let last = run.finished.last;
    let input = &last.inputs[0];
    assert_eq!(input.loss.own, run.lost.own);
    let mut source = source::open(&InputPath::File(sample.capture)).unwrap();
    let all = std::iter::from_fn(|| source.next_frame().map(drop)).count() as u64;
    assert_eq!(run.lost.own + input.frames, all);
    let mut source = source::open(&InputPath::File(kept)).unwrap();
    let all = std::iter::from_fn(|| source.next_frame().map(drop)).count() as u64;
    assert_eq!(input.frames, all);
    assert_eq!(
        source.loss().kernel,
        run.lost.own,
        "the file says that frames are missing"
    );
}

#[test]
fn losses_of_the_kernel_make_the_audit_one_in_part() {
    let sample = Sample::named("activation-ok");
    let site = Arc::new(site(&sample));
    let mut played = Played::of(&sample.capture, 100);
    played.lost.kernel = 7;
    played.lost.interface = 2;
    let run = run(vec![Box::new(played)], options(), &site);
    assert_eq!(
        (run.lost.kernel, run.lost.interface, run.lost.own),
        (7, 2, 0)
    );
    assert_eq!(run.last_board().exit, 2);
    let loss = run.finished.last.inputs[0].loss;
    assert_eq!((loss.kernel, loss.interface, loss.own), (7, 2, 0));
}

#[test]
fn a_run_without_a_packet_is_an_audit_of_nothing() {
    let sample = Sample::named("activation-ok");
    let site = Arc::new(site(&sample));
    let said = |played: Played| {
        let last = run(vec![Box::new(played)], options(), &site).finished.last;
        let report: serde_json::Value =
            serde_json::from_str(&site.json(last.seen, &last.inputs)).unwrap();
        report["summary"].clone()
    };
    let silent = Played::some_of(&sample.capture, 100, |_| false);
    let nothing = said(silent);
    assert_eq!(nothing["exit"], 2);
    assert!(nothing["nothing_audited"].is_string());
    let heard = said(Played::of(&sample.capture, 100));
    assert!(heard["nothing_audited"].is_null());
}

#[test]
fn an_interface_that_goes_away_ends_the_capture_with_what_there_is() {
    let sample = Sample::named("activation-ok");
    let site = Arc::new(site(&sample));
    let mut played = Played::of(&sample.capture, 100);
    played.end = Err("the interface is gone".to_owned());
    let run = run(vec![Box::new(played)], options(), &site);
    let (name, why) = ("played0".to_owned(), "the interface is gone".to_owned());
    let gone = [(name.clone(), why.clone())];
    assert_eq!(run.finished.ended, gone);
    let told = LiveEventKind::Interface { name, why };
    assert!(run.events().any(|event| *event == told));
    let last = run.finished.last;
    assert!(last.inputs[0].troubles[0].contains("the interface is gone"));
    let json = site.json(last.seen, &last.inputs);
    assert!(json.contains("\"exit\":2") && json.contains("played0"));
}

#[test]
fn flows_and_names_go_on_from_one_period_to_the_next() {
    let sample = Sample::named("activation-ok");
    let site = Arc::new(site(&sample));
    let whole = run(
        vec![Box::new(Played::of(&sample.capture, 50))],
        options(),
        &site,
    );
    let whole = attribute(whole.finished.last.seen.inside);

    let mut played = Played::of(&sample.capture, 40);
    played.pause = Duration::from_millis(200);
    let options = EngineOptions {
        every: Some(Duration::from_millis(700)),
        ..options()
    };
    let run = run(vec![Box::new(played)], options, &site);
    assert!(run.periods.len() >= 2, "{}", run.periods.len());
    let mut frames = 0;
    let mut flows = BTreeSet::new();
    let mut findings = 0;
    for period in run.periods.into_iter().chain([run.finished.last]) {
        let counted: u64 = period.inputs.iter().map(|input| input.frames).sum();
        frames += counted;
        let capture = attribute(period.seen.inside);
        assert_eq!(
            capture.tally.frames, counted,
            "a period counts its own frames"
        );
        let judgement = judge(&capture, &site.0.rules);
        let in_traffic = judgement
            .findings
            .iter()
            .filter(|finding| finding.span.is_some());
        findings += in_traffic.count();
        flows.extend(capture.flows.iter().map(|flow| {
            let name = flow.names.first().map(|name| name.fqdn.to_string());
            let first = capture.number(flow.span.0);
            (flow.initiator, flow.responder, flow.opened, name, first)
        }));
    }
    assert_eq!(frames, whole.tally.frames);
    assert_eq!(findings, 0, "a border makes nothing look unexpected");
    let wanted: BTreeSet<_> = whole
        .flows
        .iter()
        .map(|flow| {
            let name = flow.names.first().map(|name| name.fqdn.to_string());
            (
                flow.initiator,
                flow.responder,
                flow.opened,
                name,
                whole.number(flow.span.0),
            )
        })
        .collect();
    assert_eq!(
        flows, wanted,
        "each flow is whole, with its name and its frame's number"
    );
}

#[test]
fn too_many_flows_end_a_period() {
    let sample = Sample::named("activation-ok");
    let site = Arc::new(site(&sample));
    let mut played = Played::of(&sample.capture, 60);
    played.pause = Duration::from_millis(150);
    let folder = folder();
    let kept = folder.path().join("kept.pcapng");
    let options = EngineOptions {
        most_flows: 10,
        keep: keep(kept.clone(), None),
        ..options()
    };
    let run = run(vec![Box::new(played)], options, &site);
    assert!(!run.periods.is_empty());
    assert!(run.periods.iter().all(|period| period.early));
    let told = run.events().filter(|event| {
        matches!(event, LiveEventKind::Trouble(words) if words.contains("a period ends before its time"))
    });
    assert_eq!(told.count(), run.periods.len());
    // No file takes the place of one before it.
    let inputs: Vec<InputRecord> = run
        .periods
        .iter()
        .flat_map(|period| period.inputs.clone())
        .chain(run.finished.last.inputs)
        .collect();
    assert_eq!(file_of(&inputs[0]), kept);
    assert!(file_of(&inputs[1]).ends_with("kept_00002.pcapng"));
    let files: Vec<_> = inputs
        .iter()
        .map(|input| file_of(input).into_os_string())
        .collect();
    let observed = observe(&resolve(&files).inputs, 1, &Progress::default());
    let frames: u64 = inputs.iter().map(|input| input.frames).sum();
    assert_eq!(observed.observation.tally().frames, frames);
    assert_eq!(frames, count_of(&sample.capture));
    // What goes on from one to the next is bounded too, and what that cuts away is told.
    let cut = |period: &Period| period.seen.inside.tally().bounded.values().sum::<u64>();
    assert!(run.periods.iter().map(cut).sum::<u64>() > 0);
}

fn file_of(record: &InputRecord) -> PathBuf {
    match &record.input.path {
        InputPath::File(path) => path.clone(),
        other => panic!("{other} is no file"),
    }
}

fn count_of(capture: &Path) -> u64 {
    let mut source = source::open(&InputPath::File(capture.to_owned())).unwrap();
    std::iter::from_fn(|| source.next_frame().map(drop)).count() as u64
}

#[test]
fn an_outer_interface_tells_what_was_stopped_in_between() {
    let sample = Sample::named("blocked-two-point");
    let folder = folder();
    let kept = folder.path().join("kept.pcapng");
    let site = Arc::new(site(&sample));
    let options = EngineOptions {
        keep: keep(kept.clone(), None),
        outside: vec!["wan0".to_owned()],
        ..options()
    };
    let interface = |ordinal, name| -> Box<dyn Feed> {
        Box::new(Played::interface(&sample.capture, 9, ordinal, name))
    };
    let run = run(
        vec![interface(0, "lan0"), interface(1, "wan0")],
        options,
        &site,
    );
    let blocked = run
        .last_board()
        .rows
        .iter()
        .filter(|row| row.standing == RequirementStatus::Blocked);
    let evidence: Vec<&String> = blocked.flat_map(|row| &row.evidence).collect();
    assert!(
        evidence
            .iter()
            .any(|words| words.contains("nothing of it came out at the outer point")),
        "{evidence:?}"
    );
    let last = run.finished.last;
    let live = site.json(last.seen, &last.inputs);
    let wan = || vec!["wan0".to_owned()];
    let audited = site.audited_at(&[kept], &Point::NotAt(wan()), Some(&Point::At(wan())));
    same("the report", &audited, &live).unwrap();
}

#[test]
fn what_nobody_reads_does_not_pile_up() {
    let sample = Sample::named("unexpected-traffic");
    let site = Arc::new(site(&sample));
    let judging = Arc::clone(&site);
    let mut played = Played::of(&sample.capture, 3);
    played.pause = Duration::from_millis(2);
    let engine = Engine::start(
        vec![Box::new(played)],
        options(),
        Box::new(move |seen, inputs| Snapshot::judge(seen, inputs, &judging.0, &[])),
        Box::new(drop),
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    // Ends although no update was ever taken.
    let finished = engine.finish().unwrap();
    assert!(finished.last.inputs[0].frames > 0);
}

#[test]
fn an_interface_that_is_not_there_is_an_error_that_says_what_to_do() {
    let ran = pktaudit(["live", "-i", "nosuch0"]).exits(2);
    assert!(
        ran.stderr.contains("no interface `nosuch0`") || ran.stderr.contains("setcap cap_net_raw"),
        "{}",
        ran.stderr
    );
    let ran = pktaudit(["live", "-i", "pflog0"]).exits(2);
    assert!(
        ran.stderr
            .contains("on Linux take the log of netfilter, nflog:GROUP")
            || ran.stderr.contains("setcap cap_net_raw")
            || !cfg!(target_os = "linux"),
        "{}",
        ran.stderr
    );
    let ran = pktaudit(["live"]).exits(2);
    ran.complains_of(&["--interface <IFACE>"]);
    let ran = pktaudit(["live", "-i", "any", "--promiscuous"]).exits(2);
    ran.complains_of(&["`any` cannot be promiscuous"]);
    let ran = pktaudit(["live", "-i", "lo", "--outside", "lo"]).exits(2);
    ran.complains_of(&["nothing is left on the inner side"]);
    let ran = pktaudit(["live", "-i", "lo", "--duration", "soon"]).exits(2);
    ran.complains_of(&["write it like 90s, 15m or 1h30m"]);
}

#[test]
fn metrics_need_an_address_that_is_free() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = pktaudit([
        "live",
        "-i",
        "lo",
        "--duration",
        "1s",
        "--metrics",
        &address,
    ])
    .exits(2);
    // Without rights the interface comes first.
    assert!(
        ran.stderr.contains("cannot listen there") || ran.stderr.contains("setcap"),
        "{}",
        ran.stderr
    );
}

/// A run of `live` on the loopback interface with a command; `None` where this user may not capture, and the command never ran.
fn with_command(arguments: &[&str], command: &[&str]) -> Option<Ran> {
    let folder = folder();
    let site = "[roles]\nagent = [\"127.0.0.1\"]\n";
    std::fs::write(folder.path().join("site.toml"), site).unwrap();
    let mut all = vec![
        "live",
        "-i",
        "lo",
        "--site",
        "site.toml",
        "--settle",
        "100ms",
    ];
    if folder.path().metadata().unwrap().uid() == 0 {
        all.extend(["--user", "root"]);
    }
    all.extend(arguments.iter().chain(&["--"]).chain(command));
    let ran = pktaudit(all)
        .within(folder.path())
        .variable("PATH", "/usr/bin:/bin")
        .run();
    if ran.stderr.contains("setcap cap_net_raw") {
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
        return None;
    }
    Some(ran)
}

#[test]
fn a_command_is_run_while_capturing_and_its_end_is_the_end() {
    let speak = "echo said; echo cried >&2";
    let Some(ran) = with_command(&["--duration", "60s"], &["sh", "-c", speak]) else {
        return;
    };
    assert!(
        ran.status < 3 && ran.stdout.starts_with("said\n"),
        "{ran:?}"
    );
    ran.complains_of(&["cried"]);
    // A document is alone on standard output.
    let ran = with_command(&["--format", "json"], &["sh", "-c", speak]).unwrap();
    assert!(ran.json()["summary"].is_object());
    ran.complains_of(&["said", "cried"]);
    // An audit of no traffic is not made, and that comes first; with some, what the command ended with is told.
    let send = "exec 3<>/dev/tcp/127.0.0.1/9; exit 5";
    let ran = with_command(&[], &["bash", "-c", send]).unwrap();
    ran.complains_of(&["bash -c", "exit status: 5"]);
    assert!(matches!(ran.status, 2 | 3), "{ran:?}");
    let ran = with_command(&["--duration", "500ms"], &["sleep", "4"]).unwrap();
    ran.complains_of(&["sleep 4: still runs"]);
    // Pktaudit itself may neither write there nor run programs.
    let write = "echo made >elsewhere && cat elsewhere";
    let ran = with_command(&["--out", "reports"], &["sh", "-c", write]).unwrap();
    assert!(ran.stdout.starts_with("made\n"), "{ran:?}");
    let ran = with_command(&[], &["no-such-command-here"]).unwrap();
    ran.complains_of(&["no-such-command-here", "exit status: 127"]);
}

/// `live` on the loopback interface, which only some may capture from.
struct OnLoopback {
    child: Child,
    folder: tempfile::TempDir,
}

impl OnLoopback {
    /// Starts it and waits until it captures; `None` where it may not, after it has said what to do.
    fn start(arguments: &[&str]) -> Option<Self> {
        let folder = folder();
        let site = "[roles]\nagent = [\"127.0.0.1\"]\n";
        std::fs::write(folder.path().join("site.toml"), site).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pktaudit"));
        command.args([
            "live",
            "-i",
            "lo",
            "--site",
            "site.toml",
            "--out",
            "reports",
        ]);
        if folder.path().metadata().unwrap().uid() == 0 {
            command.args(["--user", "root"]);
        }
        command.args(arguments).current_dir(folder.path());
        // Nobody reads what it prints: a full pipe would hold it up.
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let begun = || {
            let files = std::fs::read_dir(folder.path()).unwrap();
            let mut names = files.map(|file| file.unwrap().file_name());
            names.any(|name| name.to_string_lossy().contains("kept"))
                // A folder of that name is there before.
                && (!folder.path().join("kept").is_dir()
                    || folder.path().join("kept/packets.pcapng").exists())
        };
        for _ in 0..400 {
            if begun() {
                return Some(Self { child, folder });
            }
            if child.try_wait().unwrap().is_some() {
                let mut words = String::new();
                child
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut words)
                    .unwrap();
                assert!(words.contains("setcap cap_net_raw"), "{words}");
                return None;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("it neither captures nor ends");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    fn end(&mut self) -> ExitStatus {
        for _ in 0..800 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("it does not end");
    }

    fn stderr(&mut self) -> String {
        let mut words = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut words)
            .unwrap();
        words
    }

    fn report_sets(&self) -> Vec<PathBuf> {
        let folders = std::fs::read_dir(self.folder.path().join("reports"));
        let mut folders: Vec<PathBuf> = folders.unwrap().map(|f| f.unwrap().path()).collect();
        folders.sort();
        folders
    }
}

impl Drop for OnLoopback {
    fn drop(&mut self) {
        // It has ended already, but for a test that failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn one_interrupt_ends_with_reports_and_the_second_at_once_without() {
    let arguments = ["--write", "kept.pcapng", "--format", "ndjson"];
    let Some(mut live) = OnLoopback::start(&arguments) else {
        return;
    };
    live.signal("-INT");
    assert!(live.end().code().is_some(), "{}", live.stderr());
    assert_eq!(live.report_sets().len(), 6, "{:?}", live.report_sets());

    let mut live = OnLoopback::start(&arguments).unwrap();
    live.signal("-INT");
    // The end takes longer than this: what the kernel holds back is still waited for.
    std::thread::sleep(Duration::from_millis(20));
    live.signal("-INT");
    assert_eq!(live.end().code(), Some(2));
    let sets = live.report_sets();
    assert!(sets.is_empty(), "{sets:?}");
    assert_eq!(live.stderr(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn no_thread_has_rights_left() {
    let arguments = ["--write", "kept.pcapng", "--threads", "3"];
    let Some(mut live) = OnLoopback::start(&arguments) else {
        return;
    };
    let threads = format!("/proc/{}/task", live.child.id());
    let mut names = Vec::new();
    for thread in std::fs::read_dir(threads).unwrap() {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let of = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            line.unwrap().trim().to_owned()
        };
        let name = of("Name:");
        assert_eq!(of("NoNewPrivs:"), "1", "{name}");
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            assert_eq!(of(set), "0000000000000000", "{name}: {set}");
        }
        names.push(name);
    }
    // Those that judge, and those of the capture.
    assert!(names.len() >= 3 + 4, "{names:?}");
    assert!(names.iter().any(|name| name == "judge"), "{names:?}");
    live.signal("-INT");
    live.end();
    // It is confined while it has one thread, and says where it has more.
    let told = live.stderr();
    assert!(!told.contains("another thread"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_leads_elsewhere_after_the_start_is_not_written_to() {
    let Some(mut live) = OnLoopback::start(&["--write", "kept/packets.pcapng"]) else {
        return;
    };
    let at = |name: &str| live.folder.path().join(name);
    let (outside, reports, kept) = (at("outside"), at("reports"), at("kept/packets.pcapng"));
    std::fs::create_dir(&outside).unwrap();
    std::fs::rename(&reports, at("moved")).unwrap();
    std::os::unix::fs::symlink(&outside, &reports).unwrap();
    live.signal("-INT");
    let status = live.end();
    let told = live.stderr();
    assert!(kept.metadata().unwrap().len() > 0);
    let written = std::fs::read_dir(&outside).unwrap().count();
    if told.contains("not confined: ") {
        assert!(told.contains("Landlock") && written > 0, "{told}");
        return;
    }
    assert_eq!((status.code(), written), (Some(2), 0), "{told}");
    assert!(
        told.contains("reports/") && told.contains("may write beneath the folders"),
        "{told}"
    );
}

#[test]
fn each_period_has_its_report_set_with_the_packets_of_its_findings() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = receiver.local_addr().unwrap().port();
    let filter = format!("udp dst port {port}");
    let Some(mut live) = OnLoopback::start(&[
        "--every",
        "1s",
        "--duration",
        "4s",
        "--filter",
        &filter,
        "--write-evidence",
        "kept.pcapng",
        "--quiet",
    ]) else {
        return;
    };
    // One flow over several periods: its first packet lies in the file of the first one.
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    while live.child.try_wait().unwrap().is_none() {
        sender
            .send_to(b"hello there", receiver.local_addr().unwrap())
            .unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(live.end().code(), Some(1), "{}", live.stderr());
    let sets = live.report_sets();
    assert!(sets.len() >= 3, "{sets:?}");
    for set in &sets {
        let json = std::fs::read_to_string(set.join("report.json")).unwrap();
        assert!(json.contains("\"unnamed\""), "{}", set.display());
        assert!(
            count_of(&set.join("evidence.pcapng")) > 0,
            "{}",
            set.display()
        );
    }
    // The evidence by itself too, and no packets that were kept only for it.
    let files = std::fs::read_dir(live.folder.path()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.contains("kept")).collect();
    names.sort();
    let wanted: Vec<String> = (1..=sets.len())
        .map(|n| format!("kept_{n:05}.pcapng"))
        .collect();
    assert_eq!(names, wanted);
}
