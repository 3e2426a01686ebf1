//! What cannot be read: each file is named, with the place and a hint; what can be read is audited; exit 2.

use std::fs;
use std::io::Write;

use serde_json::Value;

use super::capture::Capture;
use super::harness::{Sample, folder, for_each_sample, pktaudit, project, same, write};

pub(super) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

pub(super) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Findings, requirements and flows of an audit that was made, in whole or in part.
fn verdicts(sample: &Sample, capture: &str, status: i32) -> Value {
    let mut arguments = sample.audit("json");
    arguments.push(capture.to_owned());
    let mut report = pktaudit(&arguments).exits(status).json();
    let keep = ["findings", "intents", "requirements", "flows"];
    report
        .as_object_mut()
        .unwrap()
        .retain(|part, _| keep.contains(&part.as_str()));
    report
}

#[test]
fn what_is_no_capture_is_named_with_a_reason() {
    let folder = folder();
    fs::create_dir(folder.path().join("hollow")).unwrap();
    fs::create_dir(folder.path().join("papers")).unwrap();
    fs::write(folder.path().join("papers/note.txt"), "hello").unwrap();
    write(&folder, "empty.pcap", "");
    write(&folder, "note.txt", "hello, this is no capture");
    write(&folder, "page.pcap", "<!DOCTYPE html><html></html>");
    for (argument, reason) in [
        ("missing.pcap", "not found; is the path right"),
        ("empty.pcap", "is empty"),
        (
            "note.txt",
            "is no pcap or pcapng file; it starts with 68 65 6c 6c",
        ),
        ("page.pcap", "is no pcap or pcapng file"),
        ("hollow", "no captures in this folder"),
        ("papers", "no captures in this folder; 1 file"),
        ("no*such.pcap", "no file matches this pattern"),
    ] {
        for command in ["audit", "flows"] {
            let ran = pktaudit([command, argument]).within(folder.path()).exits(2);
            ran.complains_of(&[&format!("{argument}: "), reason]);
            assert_eq!(ran.stdout, "", "nothing was read, so nothing is reported");
        }
    }
}

#[test]
fn a_good_file_beside_bad_ones_is_audited_all_the_same() {
    let sample = Sample::named("blocked-rst");
    let folder = folder();
    let good = sample.capture.display().to_string();
    let wanted = verdicts(&sample, &good, 1);
    let note = write(&folder, "note.txt", "hello");
    let mut arguments = sample.audit("json");
    arguments.extend([note.clone(), good, "missing.pcap".to_owned()]);
    let ran = pktaudit(&arguments).within(folder.path()).exits(2);
    ran.complains_of(&["note.txt: is no pcap", "missing.pcap: not found"]);
    let report = ran.json();
    assert_eq!(report["summary"]["exit"], 2);
    assert_eq!(report["summary"]["incomplete"].as_array().unwrap().len(), 2);
    assert_eq!(report["findings"], wanted["findings"]);
    assert_eq!(report["flows"], wanted["flows"]);
}

#[test]
fn every_sample_cut_inside_a_record_is_audited_up_to_there() {
    for_each_sample(|sample| {
        let folder = folder();
        let bytes = fs::read(&sample.capture).unwrap();
        // Records are no multiples of this many bytes, so the end lies within one.
        let cut = write(&folder, "cut", &bytes[..bytes.len() - 9]);
        let mut arguments = sample.audit("json");
        arguments.push(cut.clone());
        let ran = pktaudit(&arguments).run();
        let report = ran.json();
        let all = Capture::read(&sample.capture).frames.len() as u64;
        let read = report["capture"]["frames"]["read"].as_u64().unwrap();
        let told = ran.stderr.contains(&format!("{cut}: at byte "));
        // pcapng may end with a block that holds no frame.
        match ran.status == 2 && told && (all - 1..=all).contains(&read) {
            true => Ok(()),
            false => Err(format!(
                "exit {}, {read} of {all} frames\n{}",
                ran.status, ran.stderr
            )),
        }
    });
}

#[test]
fn compressed_files_that_are_cut_say_so() {
    let sample = Sample::named("activation-ok");
    let folder = folder();
    let plain = fs::read(&sample.capture).unwrap();
    for (name, packed, format) in [
        ("cut.gz", gz(&plain), "gzip"),
        ("cut.zst", zst(&plain), "zstd"),
        ("cut.xz", xz(&plain), "xz"),
    ] {
        let cut = write(&folder, name, &packed[..packed.len() / 2]);
        let ran = pktaudit(["audit", "--format", "json", &cut]).exits(2);
        ran.complains_of(&[name, &format!("the {format} stream is cut short")]);
    }
}

#[test]
fn damage_in_the_middle_is_told_with_its_offset() {
    let sample = Sample::named("activation-ok");
    let folder = folder();
    let mut bytes = fs::read(&sample.capture).unwrap();
    let first = u32::from_le_bytes(bytes[32..36].try_into().unwrap()) as usize;
    let second = 24 + 16 + first;
    bytes[second + 8..second + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    let file = write(&folder, "damaged.pcap", bytes);
    let ran = pktaudit(["flows", &file]).exits(2);
    ran.complains_of(&["damaged.pcap: at byte", &second.to_string()]);
}

#[test]
fn standard_input_folders_and_patterns_are_captures_too() {
    let sample = Sample::named("blocked-syn-dropped");
    let wanted = verdicts(&sample, &sample.capture.display().to_string(), 1);
    let bytes = fs::read(&sample.capture).unwrap();
    let mut arguments = sample.audit("json");
    arguments.push("-".to_owned());
    let piped = pktaudit(&arguments).input(&bytes).exits(1).json();
    assert_eq!(piped["findings"], wanted["findings"]);
    assert_eq!(piped["flows"], wanted["flows"]);

    let folder = folder();
    let whole = Capture::read(&sample.capture);
    for (i, part) in whole.cut(&[100, 300]).iter().enumerate() {
        write(&folder, &format!("tap-{}.dat", 7 + i), part.to_bytes());
    }
    write(
        &folder,
        "README",
        "not a capture, and passed over in a folder",
    );
    let all = folder.path().display().to_string();
    for argument in [
        all.clone(),
        format!("{all}/tap-*.dat"),
        format!("{all}/tap-[789].*"),
    ] {
        assert_eq!(verdicts(&sample, &argument, 1), wanted, "{argument}");
    }
}

#[test]
fn formats_and_compressions_are_told_by_content() {
    let sample = Sample::named("blocked-after-hello");
    let wanted = verdicts(&sample, &sample.capture.display().to_string(), 1);
    let wanted = serde_json::to_string_pretty(&wanted).unwrap();
    let plain = fs::read(&sample.capture).unwrap();
    let ng = Capture::read(&sample.capture).to_pcapng();
    let folder = folder();
    // All under one name that says nothing, and one that lies.
    for (what, bytes) in [
        ("pcap", plain.clone()),
        ("pcap in gzip", gz(&plain)),
        ("pcap in zstd", zst(&plain)),
        ("pcap in xz", xz(&plain)),
        ("pcapng", ng.clone()),
        ("pcapng in gzip", gz(&ng)),
        ("pcapng in zstd", zst(&ng)),
        ("pcapng in xz", xz(&ng)),
    ] {
        for name in ["capture", "capture.zip"] {
            let file = write(&folder, name, &bytes);
            let got = serde_json::to_string_pretty(&verdicts(&sample, &file, 1)).unwrap();
            same(what, &wanted, &got).unwrap();
        }
    }
}

/// Root may read everything, so the program is run as nobody where the test itself is root.
#[cfg(unix)]
#[test]
fn a_file_that_this_user_may_not_read_is_named() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::process::Command;

    let folder = folder();
    let file = write(
        &folder,
        "secret.pcap",
        fs::read(Sample::named("not-seen").capture).unwrap(),
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    let own = fs::metadata(folder.path()).unwrap().uid();
    if own != 0 {
        pktaudit(["flows", &file])
            .exits(2)
            .complains_of(&["secret.pcap: permission denied"]);
        return;
    }
    // The program lies in a folder that nobody may not enter, perhaps, so it is copied to one that everybody may.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("pktaudit");
    fs::copy(super::harness::program(), &program).unwrap();
    let nobody = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["flows", &file])
        .output();
    let Ok(output) = nobody else {
        // No setpriv: what the reader says is left to the unit test of the error.
        let denied = pktaudit::source::SourceError::PermissionDenied {
            path: pktaudit::source::InputPath::File(file.into()),
        };
        assert!(
            denied
                .to_string()
                .contains("secret.pcap: permission denied")
        );
        return;
    };
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("secret.pcap: permission denied"), "{words}");
}

/// A rule file that is right, but for what a test adds.
const RULES: &str = r#"format = 1
[document]
id = "example"
[roles.agent]
[[requirement]]
id = "r1"
from = ["agent"]
to = ["update.example.com"]
ports = [443]
"#;

/// Checks a rule file with these lines added; wants exit 2, each code, and its line.
#[track_caller]
fn refused(added: &str, problems: &[(&str, &str)]) {
    let folder = folder();
    let file = write(&folder, "mine.toml", format!("{RULES}{added}"));
    let sample = Sample::named("not-seen");
    let capture = sample.capture.display().to_string();
    let check = pktaudit(["rules", "check", &file]).exits(2);
    let audit = pktaudit(["audit", "--rules", &file, &capture]).exits(2);
    assert_eq!(audit.stdout, "", "wrong rules judge nothing");
    for ran in [check, audit] {
        for (code, line) in problems {
            let number = 1 + format!("{RULES}{added}")
                .lines()
                .position(|text| text == *line)
                .unwrap_or_else(|| panic!("there is no line `{line}`"));
            ran.complains_of(&[
                &format!("error[{code}]"),
                &format!("{file}:{number}:"),
                line,
            ]);
        }
    }
}

#[test]
fn a_rule_file_that_is_right_is_taken() {
    let folder = folder();
    let file = write(&folder, "mine.toml", RULES);
    pktaudit(["rules", "check", &file]).exits(0);
}

#[test]
fn wrong_rule_files_are_refused_with_their_place() {
    refused("to = [", &[("toml-syntax", "to = [")]);
    refused("colour = \"red\"\n", &[("unknown-key", "colour = \"red\"")]);
    let row = |to: &str| format!("[[requirement]]\nid = \"r2\"\nports = [443]\nto = [{to}]\n");
    for (to, code) in [
        ("\"10.0.0.0/33\"", "bad-address"),
        ("\"10.0.0.256/24\"", "bad-address"),
        ("\"up date.example.com\"", "bad-name"),
        ("\"-.example..com\"", "bad-name"),
        ("\"*.com\"", "wildcard-too-broad"),
        ("\"role:agnet\"", "unknown-role"),
    ] {
        refused(&row(to), &[(code, &format!("to = [{to}]"))]);
    }
    refused(
        "[[requirement]]\nid  = \"r1\"\nto = [\"a.example.com\"]\n",
        &[("duplicate-id", "id  = \"r1\"")],
    );
    refused(
        "[[requirement]]\nid = \"r2\"\nrefers-to = [\"r9\"]\n",
        &[("dangling-reference", "refers-to = [\"r9\"]")],
    );
    refused(
        "[[requirement]]\nid = \"r2\"\nfrom = [\"agnet\"]\nto = [\"b.example.com\"]\n",
        &[("unknown-role", "from = [\"agnet\"]")],
    );
}

#[test]
fn all_problems_of_a_rule_file_are_told_together() {
    refused(
        r#"any-of = "nogroup/x"
[[requirement]]
id = "r2"
from = ["agnet"]
to = ["10.0.0.0/33", "up date.example.com"]
ports = [99999]
when = [{ feature = "smart" }]
[[requirement]]
id  = "r1"
colour = "red"
to = ["c.example.com"]
"#,
        &[
            ("unknown-group", "any-of = \"nogroup/x\""),
            ("unknown-role", "from = [\"agnet\"]"),
            (
                "bad-address",
                "to = [\"10.0.0.0/33\", \"up date.example.com\"]",
            ),
            (
                "bad-name",
                "to = [\"10.0.0.0/33\", \"up date.example.com\"]",
            ),
            ("bad-port", "ports = [99999]"),
            ("unknown-feature", "when = [{ feature = \"smart\" }]"),
            ("duplicate-id", "id  = \"r1\""),
            ("unknown-key", "colour = \"red\""),
        ],
    );
}

#[test]
fn a_slip_of_the_pen_gets_a_hint() {
    let folder = folder();
    let file = write(
        &folder,
        "mine.toml",
        format!(
            "{RULES}tranport = \"tcp\"\n[[requirement]]\nid = \"r2\"\nfrom = [\"agnet\"]\nto = [\"*.com\"]\n"
        ),
    );
    pktaudit(["rules", "check", &file]).exits(2).complains_of(&[
        "did you mean `transport`?",
        "did you mean `agent`?",
        "name the registrable domain at least",
    ]);
}

#[test]
fn rule_and_site_files_without_an_end_are_refused() {
    let folder = folder();
    let sample = Sample::named("not-seen");
    let capture = sample.capture.display().to_string();
    let long = folder.path().join("long.toml").display().to_string();
    // All of it is a hole: nothing is written.
    let file = fs::File::create(&long).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    for flag in ["--rules", "--site"] {
        pktaudit(["audit", flag, &long, &capture])
            .exits(2)
            .complains_of(&["long.toml", "larger than 64 MiB"]);
    }
}

#[test]
fn rule_files_that_cannot_be_found_or_read_are_named() {
    let folder = folder();
    let capture = Sample::named("not-seen").capture.display().to_string();
    fs::create_dir(folder.path().join("hollow")).unwrap();
    write(&folder, "latin.toml", b"about = \"caf\xe9\"\n");
    for (path, words) in [
        ("missing.toml", "missing.toml: cannot be read"),
        ("hollow", "hollow: no rule files (*.toml) in this folder"),
        (
            "latin.toml",
            "latin.toml: cannot be read as a rule file (TOML, UTF-8)",
        ),
    ] {
        for arguments in [
            vec!["rules", "check", path],
            vec!["audit", "--rules", path, &capture],
        ] {
            let ran = pktaudit(&arguments).within(folder.path()).exits(2);
            ran.complains_of(&[words]);
        }
    }
}

/// Audits with a site file; wants exit 2, each code and its line.
#[track_caller]
fn site_refused(site: &str, problems: &[(&str, usize)]) {
    let folder = folder();
    let file = write(&folder, "mine.toml", site);
    let capture = Sample::named("not-seen").capture.display().to_string();
    for arguments in [
        vec!["audit", "--site", &file, &capture],
        vec!["rules", "check", "--site", &file],
    ] {
        let ran = pktaudit(&arguments).exits(2);
        for (code, line) in problems {
            ran.complains_of(&[&format!("[{code}]"), &format!("{file}:{line}:")]);
        }
    }
}

#[test]
fn wrong_site_files_are_refused_with_all_their_problems() {
    site_refused("[site\n", &[("toml-syntax", 1)]);
    site_refused("[site]\nnmae = \"x\"\n", &[("unknown-key", 2)]);
    site_refused(
        r#"[site]
region = "atlantis"
documents = ["no-such-page"]
[roles]
agent = ["10.0.0.300"]
agnet = ["10.0.0.1"]
[features]
smart-scam = true
[versions]
agent = "20.0.x"
[ports]
"workload-security-ja/a99" = [4123]
"#,
        &[
            ("unknown-region", 2),
            ("unknown-document", 3),
            ("bad-address", 5),
            ("unknown-role", 6),
            ("unknown-feature", 8),
            ("bad-version", 10),
            ("unknown-requirement", 12),
        ],
    );
    let folder = folder();
    let file = write(
        &folder,
        "mine.toml",
        "[roles]\nagnet = [\"10.0.0.1\"]\n[features]\nsmart-scam = true\n",
    );
    let ran = pktaudit(["rules", "check", "--site", &file]).exits(2);
    ran.complains_of(&["did you mean `agent`?", "did you mean `smart-scan`?"]);
    let ran = pktaudit(["audit", "--site", "nowhere.toml", "x"]).exits(2);
    ran.complains_of(&["nowhere.toml: cannot be read"]);
}

#[test]
fn wrong_choices_on_the_command_line_are_refused() {
    let capture = project("samples/not-seen/capture.pcap")
        .display()
        .to_string();
    for (arguments, words) in [
        (["--region", "atlantis"], "atlantis"),
        (["--feature", "smart-scam"], "smart-scam"),
        (["--as-of", "yesterday"], "yesterday"),
        (["--threads", "many"], "many"),
        (["--format", "xml"], "xml"),
    ] {
        let all = ["audit", arguments[0], arguments[1], &capture];
        pktaudit(all).exits(2).complains_of(&[words]);
    }
    pktaudit(["audit"]).exits(2).complains_of(&["<CAPTURE>"]);
    pktaudit(["adit"]).exits(2).complains_of(&["adit"]);
}

#[test]
fn partial_files_that_are_none_are_refused() {
    let folder = folder();
    let sample = Sample::named("not-seen");
    let partial = folder.path().join("partial").display().to_string();
    let capture = sample.capture.display().to_string();
    pktaudit(["observe", "--partial", &partial, &capture]).exits(0);
    let bytes = fs::read(&partial).unwrap();
    let mut flipped = bytes.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 0x40;
    for (name, bytes) in [
        ("hollow", Vec::new()),
        ("text", b"hello, this is no partial file".to_vec()),
        ("cut", bytes[..bytes.len() / 2].to_vec()),
        ("longer", [bytes.as_slice(), b"x"].concat()),
    ] {
        let file = write(&folder, name, bytes);
        pktaudit(["judge", &file]).exits(2).complains_of(&[name]);
    }
    pktaudit(["judge", "missing"])
        .exits(2)
        .complains_of(&["missing: cannot be read"]);
    // A flipped bit may make another good file, or none; it must not make a crash.
    let file = write(&folder, "flipped", flipped);
    assert!((0..=2).contains(&pktaudit(["judge", &file]).run().status));
}

#[test]
fn references_to_nothing_are_told_together_with_the_rest() {
    refused(
        "[[requirement]]\nid = \"r2\"\nrefers-to = [\"r9\"]\nports = [99999]\n",
        &[
            ("dangling-reference", "refers-to = [\"r9\"]"),
            ("bad-port", "ports = [99999]"),
        ],
    );
}

#[test]
fn rows_name_the_file_of_their_frames_beside_files_that_cannot_be_read() {
    let sample = Sample::named("blocked-rst");
    let folder = folder();
    let out = folder.path().join("out");
    let good = fs::read(&sample.capture).unwrap();
    let files = [
        write(&folder, "a.pcap", "no capture at all"),
        write(&folder, "b.pcap", &good),
        write(&folder, "c.pcap", "nor this"),
    ];
    let mut arguments = sample.audit("human");
    arguments.extend(["--out".to_owned(), out.display().to_string()]);
    arguments.extend(files);
    pktaudit(&arguments).exits(2);
    let flows = fs::read_to_string(out.join("flows.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(flows.as_bytes());
    let place = rows
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "file");
    let files: Vec<String> = rows
        .records()
        .map(|row| row.unwrap()[place.unwrap()].to_owned())
        .collect();
    assert!(
        !files.is_empty() && files.iter().all(|file| file.ends_with("b.pcap")),
        "{files:?}"
    );
}
