//! The laws of the design, each on every shipped sample.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use pktaudit::drive::{Progress, observe};
use pktaudit::judge::{Intent, Outcome, judge};
use pktaudit::observe::attribute;
use pktaudit::rules::{self, Choices, Library, Profile, RuleSet, RuleText};
use pktaudit::source::resolve;
use serde_json::Value;

use super::capture::Capture;
use super::harness::{Kept, Sample, folder, for_each_sample, pktaudit, same, write};

/// The audit of a sample as it is shipped, as [`audit`] tells it. Nearly each law holds another one to it, so the program is
/// asked once.
fn audit_of_whole(sample: &Sample) -> Result<Arc<str>, String> {
    static TOLD: Kept<Result<Arc<str>, String>> = Kept::new();
    TOLD.of(sample, || audit(sample, &whole(sample)).map(Arc::from))
}

/// An audit, taken apart.
fn parsed(audit: &str) -> Result<Value, String> {
    serde_json::from_str(audit).map_err(|error| error.to_string())
}

/// The audit as JSON, but for the list of files.
fn audit(sample: &Sample, captures: &[String]) -> Result<String, String> {
    let mut arguments = sample.audit("json");
    arguments.extend_from_slice(captures);
    let ran = pktaudit(&arguments).run();
    if ran.status == 2 {
        return Err(format!("not audited: {}", ran.stderr));
    }
    let start = "\n\"capture\": ";
    let parts = ran.stdout.split_once(start);
    let (before, rest) = parts.ok_or("the report says nothing of the capture")?;
    let (capture, after) = rest.split_once(",\n").ok_or("it ends with the capture")?;
    let mut capture: Value = serde_json::from_str(capture).map_err(|error| error.to_string())?;
    capture["inputs"].take();
    Ok(format!("{before}{start}{capture},\n{after}"))
}

fn flows(captures: &[String], dns: bool) -> Result<String, String> {
    let mut arguments = vec![
        "flows".to_owned(),
        "--format".to_owned(),
        "ndjson".to_owned(),
    ];
    arguments.extend(dns.then(|| "--dns".to_owned()));
    arguments.extend_from_slice(captures);
    let ran = pktaudit(&arguments).run();
    match ran.status {
        0 => Ok(ran.stdout),
        _ => Err(format!("not read: {}", ran.stderr)),
    }
}

/// All that is told of some files.
struct Told {
    audit: Arc<str>,
    flows: String,
    dns: String,
}

impl Told {
    fn of(audit: Arc<str>, captures: &[String]) -> Result<Self, String> {
        Ok(Self {
            audit,
            flows: flows(captures, false)?,
            dns: flows(captures, true)?,
        })
    }

    /// The same is told of other files.
    fn is_told_of(&self, what: &str, sample: &Sample, captures: &[String]) -> Result<(), String> {
        let other = Self::of(audit(sample, captures)?.into(), captures)?;
        same(what, &self.audit, &other.audit)?;
        same(&format!("{what}: flows"), &self.flows, &other.flows)?;
        same(&format!("{what}: flows --dns"), &self.dns, &other.dns)
    }
}

fn same_audit(what: &str, wanted: &Value, got: &Value) -> Result<(), String> {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
    same(what, &pretty(wanted), &pretty(got))
}

/// Places to cut, from a seed: pseudo-random, ascending, each once, never at an end.
fn cuts(seed: u64, frames: usize, parts: usize) -> Vec<usize> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut places = BTreeSet::new();
    while places.len() < parts - 1 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        places.insert(1 + (state % (frames as u64 - 1)) as usize);
    }
    places.into_iter().collect()
}

/// The same places, or the next ones at which the parts' first frames ascend in time: files are ordered by these, and
/// one sample's two taps were read by two threads, so that its frames lie slightly out of order.
fn in_time(capture: &Capture, places: Vec<usize>) -> Vec<usize> {
    let mut latest = capture.frames[0].time;
    let mut moved: Vec<usize> = Vec::new();
    for place in places {
        let from = moved.last().map_or(place, |last| place.max(last + 1));
        let place = (from..capture.frames.len()).find(|i| capture.frames[*i].time > latest);
        let Some(place) = place else { break };
        latest = capture.frames[place].time;
        moved.push(place);
    }
    moved
}

/// Files of the parts, named in their order as what splits captures names them: parts that start close together are
/// ordered by name, since frames may lie slightly out of order in time.
fn files(folder: &tempfile::TempDir, parts: &[Capture]) -> Vec<String> {
    let part = |(number, part): (usize, &Capture)| {
        write(folder, &format!("part-{number}"), part.to_bytes())
    };
    (8..).zip(parts).map(part).collect()
}

fn whole(sample: &Sample) -> [String; 1] {
    [sample.capture.display().to_string()]
}

#[test]
fn law_1_a_cut_capture_gives_the_same_report() {
    for_each_sample(|sample| {
        let told = Told::of(audit_of_whole(sample)?, &whole(sample))?;
        let capture = Capture::read(&sample.capture);
        let folder = folder();
        let places = in_time(&capture, cuts(3, capture.frames.len(), 5));
        let files = files(&folder, &capture.cut(&places));
        told.is_told_of(&format!("cut at {places:?}"), sample, &files)
    });
}

#[test]
fn law_2_the_order_of_files_does_not_matter() {
    for_each_sample(|sample| {
        let told = audit_of_whole(sample)?;
        let folder = folder();
        let capture = Capture::read(&sample.capture);
        let places = in_time(&capture, cuts(7, capture.frames.len(), 4));
        let files = files(&folder, &capture.cut(&places));
        let order = [2, 0, 3, 1];
        let files = order.map(|place| files[place].clone());
        let what = format!("cut at {places:?}, in the order {order:?}");
        same(&what, &told, &audit(sample, &files)?)
    });
}

#[test]
fn law_2_names_do_not_matter_where_files_are_apart_in_time() {
    for_each_sample(|sample| {
        let folder = folder();
        let capture = Capture::read(&sample.capture);
        let mut start = capture.frames[0].time;
        let mut places = Vec::new();
        for (place, frame) in capture.frames.iter().enumerate() {
            if places.len() < 4 && frame.time.since(start) > Duration::from_millis(1500) {
                start = frame.time;
                places.push(place);
            }
        }
        let parts = capture.cut(&places);
        let named = parts.iter().enumerate();
        let files: Vec<String> = named
            .map(|(i, part)| write(&folder, &format!("part-{}", 9 - i), part.to_bytes()))
            .collect();
        let what = format!("cut at {places:?}, named backwards");
        same(&what, &audit_of_whole(sample)?, &audit(sample, &files)?)
    });
}

#[test]
fn law_3_each_direction_in_a_file_of_its_own() {
    for_each_sample(|sample| {
        let folder = folder();
        let capture = Capture::read(&sample.capture);
        let sides = files(&folder, &capture.sides());
        let mut one = parsed(&audit_of_whole(sample)?)?;
        let mut two = parsed(&audit(sample, &sides)?)?;
        // Frames are numbered file by file, and of equal times the first file's comes first.
        drop_frame_numbers(&mut one);
        drop_frame_numbers(&mut two);
        same_audit("the audit", &one, &two)
    });
}

fn drop_frame_numbers(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields
                .retain(|key, value| !matches!(key.as_str(), "frames" | "frame") || value.is_u64());
            fields.remove("frame");
            fields.values_mut().for_each(drop_frame_numbers);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_frame_numbers),
        _ => {}
    }
}

#[test]
fn law_4_threads_leave_no_trace() {
    for_each_sample(|sample| {
        let told = audit_of_whole(sample)?;
        ["1", "4"].into_iter().try_for_each(|threads| {
            let choice = ["--threads", threads].map(str::to_owned);
            let captures = [&choice[..], &whole(sample)].concat();
            same(
                &format!("threads: {threads}"),
                &told,
                &audit(sample, &captures)?,
            )
        })
    });
}

#[test]
fn law_4_map_and_reduce_over_partial_files_leave_no_trace() {
    for_each_sample(|sample| {
        let folder = folder();
        let capture = Capture::read(&sample.capture);
        let places = in_time(&capture, cuts(11, capture.frames.len(), 3));
        let files = files(&folder, &capture.cut(&places));
        let partials: Vec<String> = (0..files.len())
            .map(|i| {
                folder
                    .path()
                    .join(format!("partial-{i}"))
                    .display()
                    .to_string()
            })
            .collect();
        for (file, partial) in files.iter().zip(&partials) {
            pktaudit(["observe", "--partial", partial, file]).exits(0);
        }
        let mut arguments = sample.audit("json");
        arguments.extend_from_slice(&files);
        let wanted = pktaudit(&arguments).run();
        let judged = |partials: &[&String]| {
            let mut arguments = sample.audit("json");
            arguments[0] = "judge".to_owned();
            arguments.extend(partials.iter().map(|partial| (*partial).clone()));
            let ran = pktaudit(&arguments).run();
            match ran.status == wanted.status {
                true => Ok(ran.stdout),
                false => Err(format!("exit {}: {}", ran.status, ran.stderr)),
            }
        };
        let [a, b, c] = &partials[..] else {
            return Err("three parts were wanted".to_owned());
        };
        same(
            "judged in another order",
            &wanted.stdout,
            &judged(&[c, a, b])?,
        )?;
        let merged = folder.path().join("merged").display().to_string();
        pktaudit(["merge", "--partial", &merged, c, b]).exits(0);
        same(
            "merged, then judged",
            &wanted.stdout,
            &judged(&[&merged, a])?,
        )
    });
}

#[test]
fn an_input_that_could_not_be_read_is_not_forgotten_in_a_partial() {
    let folder = folder();
    let sample = Sample::named("not-seen");
    let capture = sample.capture.display().to_string();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (text, part, merged) = (at("a.pcap"), at("part"), at("merged"));
    std::fs::write(&text, "no capture").unwrap();
    let arguments = |command: &str, inputs: &[&String]| {
        let mut arguments = sample.audit("json");
        arguments[0] = command.to_owned();
        arguments.extend(inputs.iter().map(|input| (*input).clone()));
        arguments
    };
    let wanted = pktaudit(arguments("audit", &[&text, &capture])).exits(2);
    pktaudit(["observe", "--partial", &part, &text, &capture]).exits(2);
    pktaudit(["merge", "--partial", &merged, &part]).exits(0);
    for partial in [&part, &merged] {
        let judged = pktaudit(arguments("judge", &[partial])).exits(2);
        judged.complains_of(&["a.pcap: is no pcap"]);
        same("judged", &wanted.stdout, &judged.stdout).unwrap();
    }
}

#[test]
fn a_partial_that_is_merged_twice_is_refused() {
    let folder = folder();
    let sample = Sample::named("not-seen");
    let partial = folder.path().join("partial").display().to_string();
    pktaudit(["observe", "--partial", &partial, &whole(&sample)[0]]).exits(0);
    let both = folder.path().join("both").display().to_string();
    let ran = pktaudit(["merge", "--partial", &both, &partial, &partial]).exits(2);
    ran.complains_of(&["partial"]);
    assert!(
        !std::path::Path::new(&both).exists(),
        "half a result was left"
    );
}

#[test]
fn law_5_copies_change_no_finding_and_are_counted() {
    for_each_sample(|sample| {
        let folder = folder();
        let doubled = Capture::read(&sample.capture).doubled();
        let file = write(&folder, "doubled", doubled.to_bytes());
        let findings = |report: &Value| -> Value {
            let list = report["findings"].as_array().unwrap();
            let fields = ["code", "outcome", "stage", "initiator", "target", "port"];
            let row =
                |finding: &Value| -> Value { fields.iter().map(|f| finding[*f].clone()).collect() };
            list.iter().map(row).collect()
        };
        let (one, two) = (
            parsed(&audit_of_whole(sample)?)?,
            parsed(&audit(sample, &[file])?)?,
        );
        let count = |report: &Value, field: &str| report["capture"]["frames"][field].as_u64();
        let copies = count(&one, "copies").zip(count(&one, "decoded"));
        if count(&two, "copies") != copies.map(|(copies, decoded)| copies + decoded) {
            return Err(format!(
                "{}, of {}",
                two["capture"]["frames"], one["capture"]["frames"]
            ));
        }
        same_audit("the list of findings", &findings(&one), &findings(&two))
    });
}

#[test]
fn law_7_nothing_vanishes() {
    for_each_sample(|sample| {
        let report = parsed(&audit_of_whole(sample)?)?;
        let frames = &report["capture"]["frames"];
        let count = |field: &str| frames[field].as_u64().unwrap_or(u64::MAX);
        let lying = Capture::read(&sample.capture).frames.len() as u64;
        let by_reason = frames["set_aside_by_reason"].as_object().unwrap();
        let reasons: u64 = by_reason.values().filter_map(Value::as_u64).sum();
        let sum = count("decoded") + count("set_aside");
        match (count("read"), sum, reasons) == (lying, lying, count("set_aside")) {
            true => Ok(()),
            false => Err(format!("{lying} frames in the file, but {frames}")),
        }
    });
}

/// An intent that was judged blocked: who, which names, which addresses, which port.
type Blocked = (String, Vec<String>, Vec<String>, Option<u16>);

/// The shipped rules, checked once for many small audits.
pub(crate) static LIBRARY: LazyLock<Library> =
    LazyLock::new(|| rules::check(&rules::embedded()).unwrap().0);

/// A sample's rules under its site.
pub(crate) fn rules_of(sample: &Sample) -> RuleSet {
    let text = RuleText {
        name: sample.site.display().to_string(),
        text: std::fs::read_to_string(&sample.site).unwrap(),
    };
    let library = match sample.rules() {
        Some(path) => {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.display().to_string();
            rules::check(&[RuleText { name, text }]).unwrap().0
        }
        None => LIBRARY.clone(),
    };
    let (site, _) = rules::check_site(&text, &library).unwrap();
    let profile = Profile::new(&library, Some(&site), &Choices::default()).unwrap();
    RuleSet::compile(library, &profile)
}

/// A sample's rules, ready to judge many captures. Law 6 asks for thousands of audits, too many for processes.
struct Bench {
    rules: Arc<RuleSet>,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(sample: &Sample) -> Self {
        static RULES: Kept<Arc<RuleSet>> = Kept::new();
        Self {
            rules: RULES.of(sample, || Arc::new(rules_of(sample))),
            folder: folder(),
        }
    }

    fn blocked(&self, capture: &Capture) -> Vec<Blocked> {
        self.intents(capture, Outcome::is_blocked)
    }

    fn intents(&self, capture: &Capture, wanted: impl Fn(Outcome) -> bool) -> Vec<Blocked> {
        let file = write(&self.folder, "capture", capture.to_bytes());
        let observed = observe(&resolve(&[file]).inputs, 1, &Progress::default());
        assert!(observed.failures.is_empty(), "{:?}", observed.failures);
        let capture = attribute(observed.observation);
        let judgement = judge(&capture, &self.rules);
        let intents = judgement.intents.iter().filter(|i| wanted(i.outcome));
        intents.map(describe).collect()
    }

    /// What is blocked in the less, was blocked in the more.
    fn softer(&self, what: &str, more: &[Blocked], less: &Capture) -> Result<(), String> {
        let new: Vec<String> = self
            .blocked(less)
            .into_iter()
            .filter(|blocked| !more.iter().any(|known| is_same(known, blocked)))
            .map(|blocked| format!("{blocked:?}"))
            .collect();
        match new.is_empty() {
            true => Ok(()),
            false => Err(format!("{what}: blocked of a sudden: {}", new.join(", "))),
        }
    }
}

fn describe(intent: &Intent) -> Blocked {
    (
        intent.initiator.to_string(),
        intent.fqdn.iter().map(ToString::to_string).collect(),
        intent.addresses.iter().map(ToString::to_string).collect(),
        intent.port,
    )
}

/// The same initiator and port, and a name or an address in common: without DNS answers an aim loses its name.
fn is_same(a: &Blocked, b: &Blocked) -> bool {
    let shares = |a: &[String], b: &[String]| a.iter().any(|x| b.contains(x));
    a.0 == b.0 && a.3 == b.3 && (shares(&a.1, &b.1) || shares(&a.2, &b.2))
}

#[test]
fn law_6_without_one_direction_nothing_becomes_blocked() {
    for_each_sample(|sample| {
        let bench = Bench::new(sample);
        let capture = Capture::read(&sample.capture);
        let known = bench.blocked(&capture);
        let [one, other] = capture.sides();
        bench.softer("only the smaller addresses' frames", &known, &one)?;
        bench.softer("only the larger addresses' frames", &known, &other)
    });
}

#[test]
fn law_6_without_the_tail_nothing_becomes_blocked() {
    for_each_sample(|sample| {
        let bench = Bench::new(sample);
        let capture = Capture::read(&sample.capture);
        // What was blocked and then reached, by another way or later, is blocked in a capture that ends before that.
        let known = bench.intents(&capture, |outcome| {
            outcome.is_blocked() || matches!(outcome, Outcome::OkAfterRetry | Outcome::Degraded)
        });
        (10..capture.frames.len()).step_by(15).try_for_each(|end| {
            let cut = capture.with(capture.frames[..end].iter().cloned());
            bench.softer(&format!("the first {end} frames"), &known, &cut)
        })
    });
}

#[test]
fn law_6_under_a_snaplen_nothing_becomes_blocked() {
    for_each_sample(|sample| {
        let bench = Bench::new(sample);
        let capture = Capture::read(&sample.capture);
        let known = bench.blocked(&capture);
        [96, 128].into_iter().try_for_each(|bytes| {
            bench.softer(
                &format!("{bytes} bytes a frame"),
                &known,
                &capture.snapped(bytes),
            )
        })
    });
}

#[test]
fn law_6_with_a_hundredth_lost_nothing_becomes_blocked() {
    for_each_sample(|sample| {
        let bench = Bench::new(sample);
        let capture = Capture::read(&sample.capture);
        let known = bench.blocked(&capture);
        (1..=4).try_for_each(|seed| {
            let lost = cuts(seed, capture.frames.len(), capture.frames.len() / 100 + 2);
            let kept = capture.frames.iter().enumerate();
            let kept = kept.filter(|(i, _)| lost.binary_search(i).is_err());
            let kept = capture.with(kept.map(|(_, frame)| frame.clone()));
            bench.softer(&format!("without the frames {lost:?}"), &known, &kept)
        })
    });
}
