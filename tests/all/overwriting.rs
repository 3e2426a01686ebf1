//! An output that is one of the inputs is refused before anything is written, by whatever name it goes; and what cannot be
//! written is noticed before anything is read.

use std::fs;
use std::os::unix::fs::symlink;

use super::harness::{Sample, folder, pktaudit};

/// Runs a command that would write over an input; holds that it says so and leaves the file as it was.
fn refused<'a>(input: &str, arguments: impl IntoIterator<Item = &'a str>) {
    let before = fs::read(input).unwrap();
    let arguments: Vec<&str> = arguments.into_iter().collect();
    let ran = pktaudit(&arguments).exits(2);
    assert!(
        ran.stderr.contains("inputs are never written to"),
        "{arguments:?}\n{}",
        ran.stderr
    );
    assert!(ran.stdout.is_empty(), "{arguments:?}\n{}", ran.stdout);
    assert_eq!(fs::read(input).unwrap(), before, "{arguments:?}");
}

#[test]
fn no_input_is_written_over_by_whatever_name_it_goes() {
    let sample = Sample::named("blocked-syn-dropped");
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let capture = at("before.pcap");
    fs::copy(&sample.capture, &capture).unwrap();
    symlink(&capture, at("link.pcap")).unwrap();
    fs::hard_link(&capture, at("other.pcap")).unwrap();
    fs::create_dir(at("sub")).unwrap();
    for name in [
        "before.pcap",
        "link.pcap",
        "other.pcap",
        "sub/../before.pcap",
    ] {
        refused(&capture, ["extract", "--out", &at(name), &capture]);
        refused(&capture, ["observe", "--partial", &at(name), &capture]);
    }
    // All of a folder are inputs too.
    refused(&capture, ["extract", "--out", &capture, &at("")]);
    let evidence = at("sub/evidence.pcapng");
    fs::copy(&sample.capture, &evidence).unwrap();
    refused(&evidence, ["audit", "--out", &at("sub"), &evidence]);
    let (every, hour) = ("--every", "1h");
    refused(
        &evidence,
        ["audit", every, hour, "--out", &at("sub"), &evidence],
    );
}

#[test]
fn nothing_else_that_is_read_is_written_over() {
    let sample = Sample::named("blocked-syn-dropped");
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let capture = sample.capture.display().to_string();
    let site = at("site.toml");
    fs::copy(&sample.site, &site).unwrap();
    refused(
        &site,
        ["extract", "--site", &site, "--out", &site, &capture],
    );
    refused(
        &site,
        [
            "rules",
            "learn",
            "--site",
            &site,
            "--site-out",
            &site,
            &capture,
        ],
    );
    let names = at("hosts.txt");
    fs::write(&names, "192.0.2.1 one.example\n").unwrap();
    refused(
        &names,
        ["extract", "--dns-seed", &names, "--out", &names, &capture],
    );
    let partial = at("a.partial");
    pktaudit(["observe", "--partial", &partial, &capture]).exits(0);
    refused(&partial, ["merge", "--partial", &partial, &partial]);
    let list = at("list.txt");
    fs::write(&list, "one.example\n").unwrap();
    refused(&list, ["rules", "import", "--rest", &list, &list]);
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_read() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let within = file.join("report").display().to_string();
    // The capture is not there either, which is told later.
    let ran = pktaudit(["audit", "--out", &within, "/nonexistent.pcap"]).exits(2);
    assert!(ran.stderr.contains("cannot be written"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("nonexistent"), "{}", ran.stderr);
    let ran = pktaudit(["extract", "--out", &within, "/nonexistent.pcap"]).exits(2);
    assert!(ran.stderr.contains("cannot be written"), "{}", ran.stderr);
    // What is not there yet is made, and only once there is something to write.
    let new = folder.path().join("new/deep");
    let path = new.display().to_string();
    pktaudit(["audit", "--out", &path, "/nonexistent.pcap"]).exits(2);
    assert!(!new.exists());
    let sample = Sample::named("blocked-syn-dropped");
    let capture = sample.capture.display().to_string();
    let site = sample.site.display().to_string();
    pktaudit(["audit", "--site", &site, "--out", &path, &capture]).exits(1);
    assert!(new.join("report.json").exists());
}

#[test]
fn so_many_threads_as_nobody_has_are_no_harm() {
    let sample = Sample::named("blocked-syn-dropped");
    let mut arguments = sample.audit("json");
    arguments.push(sample.capture.display().to_string());
    let one = pktaudit(&arguments).exits(1).stdout;
    arguments.extend(["--threads".to_owned(), "100000".to_owned()]);
    assert_eq!(pktaudit(&arguments).exits(1).stdout, one);
}
