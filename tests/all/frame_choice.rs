//! `--since`, `--until`, `--host` and `--filter`: what is left out is counted, and the rest is judged as if it were all.

use pktaudit::decode::{Decoded, decode};
use pktaudit::source::OwnedFrame;
use serde_json::Value;

use super::capture::Capture;
use super::harness::{Sample, folder, for_each_of, pktaudit, same, samples, write};

/// The verdicts of an audit, but for numbers of frames and what is told of the input.
fn verdicts(sample: &Sample, arguments: &[String]) -> Result<(Value, Value), String> {
    let mut all = sample.audit("json");
    all.extend_from_slice(arguments);
    let ran = pktaudit(&all).run();
    let mut report: Value = serde_json::from_str(&ran.stdout)
        .map_err(|error| format!("{error}: {} {}", ran.status, ran.stderr))?;
    let capture = report["capture"].take();
    let judged = ["findings", "requirements", "flows", "dns"].map(|key| {
        let mut judged = report[key].take();
        drop_numbers(&mut judged);
        judged
    });
    Ok((Value::from(judged.to_vec()), capture))
}

fn drop_numbers(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !matches!(key.as_str(), "frames" | "frame" | "id" | "finding"));
            fields.values_mut().for_each(drop_numbers);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_numbers),
        _ => {}
    }
}

/// A capture in the format of the sample's own file, since pcapng says more beside.
fn file_of(capture: &Capture, sample: &Sample) -> Vec<u8> {
    match sample.capture.extension() {
        Some(extension) if extension == "pcapng" => capture.to_pcapng(),
        _ => capture.to_bytes(),
    }
}

/// What is judged of the whole capture with a choice is what is judged of a capture of those frames alone.
fn same_as_alone(
    sample: &Sample,
    choice: &[String],
    counts: impl Fn(&OwnedFrame) -> bool,
) -> Result<(), String> {
    let capture = Capture::read(&sample.capture);
    let frames = capture.frames.iter().filter(|frame| counts(frame));
    let alone = capture.with(frames.cloned());
    if alone.frames.is_empty() {
        return Ok(());
    }
    let folder = folder();
    let alone_file = write(&folder, "alone", file_of(&alone, sample));
    let (wanted, _) = verdicts(sample, &[alone_file])?;
    let mut arguments = choice.to_vec();
    arguments.push(sample.capture.display().to_string());
    let (got, told) = verdicts(sample, &arguments)?;
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
    same(&choice.join(" "), &pretty(&wanted), &pretty(&got))?;
    let left_out = (capture.frames.len() - alone.frames.len()) as u64;
    let counted = told["frames"]["set_aside_by_reason"]["left-out"]
        .as_u64()
        .unwrap_or(0);
    match counted == left_out && told["frames"]["read"] == capture.frames.len() as u64 {
        true => Ok(()),
        false => Err(format!(
            "{counted} of {left_out} frames are counted: {told}"
        )),
    }
}

/// Enough of them: each is audited twice.
fn some_samples() -> Vec<Sample> {
    samples().into_iter().step_by(5).collect()
}

#[test]
fn times_cut_a_capture_as_a_file_would() {
    for_each_of(some_samples(), |sample| {
        let capture = Capture::read(&sample.capture);
        let mut times: Vec<i64> = capture.frames.iter().map(|f| f.time.as_nanos()).collect();
        times.sort_unstable();
        let (since, until) = (times[times.len() / 3], times[times.len() * 2 / 3]);
        let seconds = |nanos: i64| {
            let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
            format!("{whole}.{rest:09}")
        };
        let choice = ["--since", &seconds(since), "--until", &seconds(until)].map(str::to_owned);
        same_as_alone(sample, &choice, |frame| {
            (since..until).contains(&frame.time.as_nanos())
        })
    });
}

#[test]
fn one_host_is_judged_by_its_own_packets() {
    for_each_of(some_samples(), |sample| {
        let capture = Capture::read(&sample.capture);
        let ends =
            |frame: &OwnedFrame| match decode(frame.link_type.0, &frame.bytes, frame.wire_length) {
                Decoded::Packet(packet) => Some([packet.source, packet.destination]),
                _ => None,
            };
        let Some([host, _]) = capture.frames.iter().find_map(ends) else {
            return Ok(());
        };
        let choice = ["--host".to_owned(), host.to_string()];
        same_as_alone(sample, &choice, |frame| {
            ends(frame).is_some_and(|ends| ends.contains(&host))
        })
    });
}

#[cfg(feature = "live")]
#[test]
fn a_filter_lets_through_what_tcpdump_does() {
    let sample = Sample::named("activation-ok");
    let capture = sample.capture.display().to_string();
    let frames = |filter: &[&str]| {
        let arguments = ["flows", "--format", "ndjson"].iter().chain(filter);
        let ran = pktaudit(arguments.chain([&capture.as_str()])).exits(0);
        let transport = |flow: &Value| flow["transport"].as_str().unwrap().to_owned();
        ran.lines().iter().map(transport).collect::<Vec<_>>()
    };
    let all = frames(&[]);
    let of = |kind: &str| all.iter().filter(|one| *one == kind).count();
    assert!(of("udp") > 0 && of("tcp") > 0);
    assert_eq!(frames(&["--filter", "udp"]), vec!["udp"; of("udp")]);
    assert_eq!(frames(&["--filter", "tcp"]), vec!["tcp"; of("tcp")]);
    let wrong = pktaudit(["flows", "--filter", "tcp prot 443", &capture]).exits(2);
    wrong.complains_of(&["--filter", "syntax error"]);
}

#[cfg(feature = "live")]
#[test]
fn what_a_filter_left_out_is_not_missing() {
    let sample = Sample::named("activation-ok");
    let mut arguments = sample.audit("human");
    arguments.extend(["--filter", "tcp port 443"].map(str::to_owned));
    arguments.push(sample.capture.display().to_string());
    let ran = pktaudit(&arguments).run();
    assert!(
        ran.stdout.contains("tcp port 443") && ran.stdout.contains("DNS cannot be judged"),
        "{}",
        ran.stdout
    );
}

#[cfg(not(feature = "live"))]
#[test]
fn without_libpcap_a_filter_is_refused_with_what_works() {
    let capture = Sample::named("activation-ok").capture.display().to_string();
    let ran = pktaudit(["flows", "--filter", "udp", &capture]).exits(2);
    ran.complains_of(&["--filter", "without libpcap", "--host"]);
}

#[test]
fn periods_begin_with_the_first_frame_that_counts() {
    let sample = Sample::named("activation-ok");
    let capture = Capture::read(&sample.capture);
    let times: Vec<i64> = capture.frames.iter().map(|f| f.time.as_nanos()).collect();
    let (first, last) = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
    let middle = (first + (last - first) / 2) / 1_000_000_000;
    let folders = |choice: &[&str]| {
        let place = folder();
        let out = place.path().join("out").display().to_string();
        let mut arguments = sample.audit("human");
        arguments.extend(["--every", "1s", "--out", &out].map(str::to_owned));
        arguments.extend(choice.iter().map(|word| (*word).to_owned()));
        arguments.push(sample.capture.display().to_string());
        let ran = pktaudit(&arguments).run();
        assert!(ran.status < 2, "{}", ran.stderr);
        std::fs::read_dir(&out).unwrap().count()
    };
    let (all, middle) = (folders(&[]), middle.to_string());
    let (before, after) = (
        folders(&["--until", &middle]),
        folders(&["--since", &middle]),
    );
    assert!(
        all > 2 && before < all && after < all,
        "{before} {after} {all}"
    );
}
