use std::fs::File;
use std::os::unix::fs::symlink;

use super::super::byte_order::ByteOrder;
use super::super::samples::Bytes;
use super::*;

/// A capture with one frame at a time in seconds, or none.
fn capture(second: Option<u32>) -> Vec<u8> {
    let file = Bytes::new(ByteOrder::Little).pcap_header(0xa1b2_c3d4, (2, 4), 1);
    second
        .map_or_else(
            || file.clone(),
            |second| file.clone().record(second, 0, b"x", 1),
        )
        .bytes
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn names(inputs: &Inputs, folder: &Path) -> Vec<String> {
    let name = |input: &Input| match &input.path {
        InputPath::File(path) => path
            .strip_prefix(folder)
            .unwrap()
            .to_string_lossy()
            .into_owned(),
        InputPath::Stdin => "-".to_owned(),
        InputPath::Interfaces(names) => names.clone(),
    };
    inputs.inputs.iter().map(name).collect()
}

#[test]
fn inputs_are_sorted_by_time_then_by_number_whatever_the_order_of_arguments() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let zipped = zstd::encode_all(&capture(Some(20))[..], 1).unwrap();
    let mut arguments = vec![
        write(folder, "late", &capture(Some(30))),
        write(folder, "part10", &capture(Some(20))),
        write(folder, "part9", &zipped),
        write(folder, "early", &capture(Some(10))),
        write(folder, "void", &capture(None)),
        "-".into(),
    ];
    let wanted = ["void", "early", "part9", "part10", "late", "-"];
    for _ in 0..arguments.len() {
        arguments.rotate_left(1);
        let found = resolve(&arguments);
        assert_eq!(names(&found, folder), wanted);
        let time = |input: &Input| input.first_time.map(|time| time.as_nanos() / 1_000_000_000);
        let times: Vec<_> = found.inputs.iter().map(time).collect();
        assert_eq!(times, [None, Some(10), Some(20), Some(20), Some(30), None]);
        assert_eq!(found.inputs[1].stored_bytes, Some(41));
    }
}

#[test]
fn folders_are_searched_by_content() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    write(folder, "a/deep/b.bin", &capture(Some(1)));
    write(folder, "a/readme.pcap", b"dear all, this is text");
    write(folder, "a/empty.pcap", b"");
    write(folder, "a/broken.gz", b"\x1f\x8b\x08junkjunkjunkjunkjunk");
    symlink(folder.join("a"), folder.join("a/loop")).unwrap();
    let found = resolve(&[folder.join("a")]);
    assert_eq!(names(&found, folder), ["a/deep/b.bin"]);
    let skipped: Vec<_> = found.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(skipped.len(), 3, "{skipped:?}");
    assert!(
        skipped
            .iter()
            .any(|s| s.contains("readme.pcap") && s.ends_with("looks like text"))
    );
}

#[test]
fn a_file_reached_twice_is_taken_once() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let file = write(folder, "x.pcap", &capture(Some(1)));
    symlink(&file, folder.join("link.pcap")).unwrap();
    let arguments = [
        file.clone(),
        folder.to_owned(),
        folder.join("./x.pcap"),
        folder.join("*.pcap"),
    ];
    assert_eq!(names(&resolve(&arguments), folder), ["link.pcap"]);
    let dashes = resolve(&["-", "-"]);
    assert_eq!(dashes.inputs.len(), 1);
}

#[test]
fn patterns_are_expanded() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    for name in [
        "day1/a1.pcap",
        "day2/a2.pcap",
        "day2/b.pcap",
        "day2/.hidden.pcap",
        "[odd]*.pcap",
    ] {
        write(folder, name, &capture(Some(1)));
    }
    let find = |pattern: &str| names(&resolve(&[folder.join(pattern)]), folder);
    assert_eq!(find("day?/a[0-9].pcap"), ["day1/a1.pcap", "day2/a2.pcap"]);
    assert_eq!(find("day2/*"), ["day2/a2.pcap", "day2/b.pcap"]);
    assert_eq!(find("**/a*.pcap"), ["day1/a1.pcap", "day2/a2.pcap"]);
    assert_eq!(
        find("d*1"),
        ["day1/a1.pcap"],
        "a folder that matches is searched"
    );
    assert_eq!(
        find("[odd]*.pcap"),
        ["[odd]*.pcap"],
        "a file of that very name comes first"
    );
}

#[test]
fn all_problems_are_told_together() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    fs::create_dir(folder.join("void")).unwrap();
    let text = write(folder, "text", b"hello there, this is text");
    let fine = write(folder, "fine", &capture(Some(1)));
    let arguments = [
        fine,
        folder.join("missing"),
        folder.join("*.cap"),
        folder.join("[a"),
        text,
        folder.join("void"),
    ];
    let problems = resolve(&arguments).problems;
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 5, "{told:#?}");
    assert!(
        told[0].ends_with("missing: not found; is the path right, seen from the current folder?")
    );
    assert!(told[1].ends_with("*.cap: no file matches this pattern"));
    assert!(told[2].contains("[a: not a pattern: "));
    assert!(told[3].contains("text: is no pcap or pcapng file"));
    assert!(told[4].ends_with("void: no captures in this folder; 0 files were looked at"));
}

#[test]
fn pipes_are_not_looked_into_and_come_last() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let fine = write(folder, "z", &capture(Some(1)));
    let null = PathBuf::from("/dev/null");
    assert!(File::open(&null).is_ok());
    let found = resolve(&[null.clone(), fine]);
    assert_eq!(found.inputs.len(), 2);
    assert_eq!(found.inputs[1].path, InputPath::File(null));
}
