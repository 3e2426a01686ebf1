//! What a crash, a full disk or a second process may do: reports are whole or not there, and inputs are as they were.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::harness::{Sample, folder, pktaudit, program};

/// The files of a report set by name, with what tells that one is whole.
fn whole(folder: &Path) -> usize {
    let mut found = 0;
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Half of a file has a name that nobody takes for a report.
        if name.ends_with(".part") {
            assert!(name.starts_with('.'), "{name}");
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let is_whole = match name.rsplit_once('.').unwrap().1 {
            "json" => serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(),
            "csv" => bytes.ends_with(b"\n"),
            "html" => bytes.trim_ascii_end().ends_with(b"</html>"),
            "pcapng" => bytes.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]),
            "partial" => true,
            other => panic!("{other}: no file of a report set"),
        };
        assert!(is_whole, "{name}: {} bytes", bytes.len());
        found += 1;
    }
    found
}

fn start(arguments: &[&str]) -> std::process::Child {
    Command::new(program())
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_at_any_moment_it_leaves_whole_files_or_none() {
    let sample = Sample::named("blocked-syn-dropped");
    let capture = sample.capture.display().to_string();
    let site = sample.site.display().to_string();
    let before = fs::read(&sample.capture).unwrap();
    let folder = folder();
    let audit = |out: &str| start(&["audit", "-q", "--site", &site, "--out", out, &capture]);
    let out = folder.path().join("whole").display().to_string();
    let began = Instant::now();
    assert_eq!(audit(&out).wait().unwrap().code(), Some(1));
    let took = began.elapsed();
    let all = whole(Path::new(&out));
    assert_eq!(all, 6, "what a run that is let be leaves");
    let mut counts = Vec::new();
    for moment in 0..24 {
        let out = folder.path().join(moment.to_string()).display().to_string();
        let mut child = audit(&out);
        // The files are written at the end of a run, so that is where most of the moments lie.
        sleep(took.mul_f64(0.4 + 0.03 * f64::from(moment)));
        child.kill().unwrap();
        child.wait().unwrap();
        counts.push(whole(Path::new(&out)));
        // A second run in the same place makes it whole.
        if moment % 6 == 0 {
            assert_eq!(audit(&out).wait().unwrap().code(), Some(1));
            assert_eq!(whole(Path::new(&out)), all);
        }
    }
    assert!(
        counts.iter().any(|count| *count < all),
        "{counts:?}: nothing was killed in time"
    );
    assert_eq!(fs::read(&sample.capture).unwrap(), before);
}

#[test]
fn a_partial_file_is_replaced_whole_or_not_at_all() {
    let sample = Sample::named("blocked-syn-dropped");
    let capture = sample.capture.display().to_string();
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (one, all) = (at("one.partial"), at("all.partial"));
    pktaudit(["observe", "--partial", &one, &capture]).exits(0);
    fs::write(&all, "what was there before").unwrap();
    let merged = fs::read(&one).unwrap();
    for moment in 0..12 {
        let mut child = start(&["merge", "--partial", &all, &one]);
        sleep(Duration::from_millis(2 * moment));
        // It may be over already.
        let _ = child.kill();
        child.wait().unwrap();
        let now = fs::read(&all).unwrap();
        assert!(
            now == b"what was there before" || now == merged,
            "{} bytes",
            now.len()
        );
    }
}

#[test]
fn where_no_more_fits_nothing_is_there_in_part_and_it_is_said() {
    let sample = Sample::named("blocked-syn-dropped");
    let folder = folder();
    let out = folder.path().join("report");
    let older = Sample::named("unexpected-traffic");
    let [site, capture, into] =
        [&older.site, &older.capture, &out].map(|p| p.display().to_string());
    pktaudit(["audit", "--site", &site, "--out", &into, &capture]).exits(1);
    let before = contents(&out);
    // A limit on the size of files, as a quota or a full disk has: less than report.json needs.
    let limited = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let ran = Command::new("sh")
        .args(["-c", limited, "sh", program(), "audit", "--site"])
        .arg(&sample.site)
        .arg("--out")
        .arg(&out)
        .arg(&sample.capture)
        .env_clear()
        .output()
        .unwrap();
    let told = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(2), "{told}");
    assert!(
        told.contains("cannot write") && told.matches("File too large").count() == 1,
        "{told}"
    );
    // What was read is not in vain.
    assert!(ran.stdout.starts_with(b"pktaudit "), "{told}");
    // Nor is a set of two runs, and nothing else is there.
    assert!(contents(&out) == before, "{told}");
}

/// What is in a folder, by name.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read(path).unwrap())
    });
    files.collect()
}

/// In a container every run has the same number.
#[test]
fn what_a_killed_run_of_the_same_number_left_is_in_nobodys_way() {
    let sample = Sample::named("blocked-syn-dropped");
    let folder = folder();
    let ran = Command::new("sh")
        .args(["-c", ": >\"$0/.pktaudit-$$\"; exec \"$@\""])
        .arg(folder.path())
        .args([program(), "audit", "--out"])
        .arg(folder.path())
        .arg("--site")
        .arg(&sample.site)
        .arg(&sample.capture)
        .output()
        .unwrap();
    let told = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{told}");
}

/// A device that takes nothing stands for a disk without room.
#[test]
#[cfg(target_os = "linux")]
fn an_error_names_what_could_not_be_written() {
    let sample = Sample::named("blocked-syn-dropped");
    let capture = sample.capture.display().to_string();
    for arguments in [
        vec!["audit", "--no-site", &capture],
        vec!["flows", "--format", "csv", &capture],
        vec!["extract", "--no-site", &capture],
        vec!["extract", "--no-site", "--out", "/dev/full", &capture],
        vec!["observe", "--partial", "/dev/full", &capture],
    ] {
        let ran = Command::new(program())
            .args(&arguments)
            .env_clear()
            .stdout(
                fs::OpenOptions::new()
                    .write(true)
                    .open("/dev/full")
                    .unwrap(),
            )
            .output()
            .unwrap();
        let told = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {told}");
        let place = match arguments.contains(&"/dev/full") {
            true => "cannot write /dev/full: No space left",
            false => "cannot write to standard output: No space left",
        };
        assert!(told.contains(place), "{arguments:?}: {told}");
    }
}

#[test]
fn two_at_once_in_one_place_leave_whole_files() {
    let folder = folder();
    let out = folder.path().join("report").display().to_string();
    let samples = ["blocked-syn-dropped", "unexpected-traffic"].map(Sample::named);
    let mut both: Vec<_> = samples
        .iter()
        .map(|sample| {
            let (site, capture) = (
                sample.site.display().to_string(),
                sample.capture.display().to_string(),
            );
            start(&["audit", "-q", "--site", &site, "--out", &out, &capture])
        })
        .collect();
    for child in &mut both {
        assert_eq!(child.wait().unwrap().code(), Some(1));
    }
    assert_eq!(whole(Path::new(&out)), 6);
}
