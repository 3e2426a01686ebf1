use super::super::digest_of;
use super::super::samples::drain;
use super::super::samples::small_pcap;
use super::*;

fn error_of(bytes: &[u8]) -> String {
    match open_reader(
        io::Cursor::new(bytes.to_vec()),
        &InputPath::File("x".into()),
    ) {
        Ok(_) => panic!("this opened: {bytes:02x?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_no_capture_is_told_with_its_bytes() {
    assert_eq!(
        error_of(b""),
        "x: is empty; even a capture without packets has a header"
    );
    assert_eq!(
        error_of(b"PK\x03\x04rest of it"),
        "x: is no pcap or pcapng file; it starts with 50 4b 03 04 72 65 73 74: this looks like a ZIP archive; \
         unpack it first"
    );
    assert_eq!(
        error_of(&[1, 2, 3]),
        "x: is no pcap or pcapng file; it starts with 01 02 03"
    );
    assert_eq!(
        error_of(&[0xd4, 0xc3]),
        "x: is no pcap or pcapng file; it starts with d4 c3"
    );
}

#[test]
fn compression_is_undone_twice_and_no_more() {
    let mut bytes = small_pcap().0;
    for layers in 1..=3 {
        bytes = zstd::encode_all(&bytes[..], 1).unwrap();
        let opened = open_reader(io::Cursor::new(bytes.clone()), &InputPath::Stdin);
        assert_eq!(opened.is_ok(), layers <= 2, "{layers} layers");
    }
    assert!(error_of(&bytes).ends_with("compressed more than twice; unpack it first"));
}

#[test]
fn paths_that_cannot_be_opened_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = |path: PathBuf| match open(&InputPath::File(path)) {
        Ok(_) => panic!("this opened"),
        Err(error) => error,
    };
    let missing = error(folder.path().join("no\x1b[31m.pcap"));
    assert!(matches!(missing, SourceError::NotFound { .. }));
    let odd = SourceError::NotFound {
        path: InputPath::File("taps: two/a: b.pcap".into()),
    };
    let name = odd.path().map(ToString::to_string);
    assert_eq!(name.as_deref(), Some("taps: two/a: b.pcap"));
    let reason = "not found; is the path right, seen from the current folder?";
    assert_eq!(odd.reason(), reason);
    assert!(
        missing
            .to_string()
            .contains("no\\u{1b}[31m.pcap: not found"),
        "{missing}"
    );
    assert!(matches!(
        error(folder.path().into()),
        SourceError::Folder { .. }
    ));
}

#[test]
fn refusals_of_the_system_become_errors_that_say_so() {
    let path = || InputPath::File("x".into());
    let denied = SourceError::refused(path(), io::ErrorKind::PermissionDenied.into());
    assert_eq!(
        denied.to_string(),
        "x: permission denied; may this user read it and pass its folders?"
    );
    let other = SourceError::refused(path(), io::Error::other("device gone"));
    assert_eq!(
        other.to_string(),
        "x: cannot be read at byte 0: device gone"
    );
}

#[test]
fn progress_and_digest_are_of_the_stored_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcap.zst");
    let stored = zstd::encode_all(&small_pcap().0[..], 1).unwrap();
    std::fs::write(&path, &stored).unwrap();
    let read = Arc::new(AtomicU64::new(0));
    let digest = Digest::default();
    let path = InputPath::File(path);
    let mut source = open_counting(&path, Arc::clone(&read), Some(&digest), 1 << 20).unwrap();
    assert_eq!(drain(&mut source).len(), 3);
    assert_eq!(read.load(Ordering::Relaxed), stored.len() as u64);
    let InputPath::File(path) = &path else {
        panic!("{path} is a file")
    };
    assert_eq!(digest.finish(false), digest_of(path).ok());
}

/// Gives the file header, then fails the test when it is asked for more.
struct LivePipe(io::Cursor<Vec<u8>>);

impl Read for LivePipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        assert!(count > 0, "opening waited for more than the file header");
        Ok(count)
    }
}

#[test]
fn opening_a_live_pipe_waits_for_the_file_header_only() {
    let header = small_pcap().0[..24].to_vec();
    assert!(open_reader(LivePipe(io::Cursor::new(header)), &InputPath::Stdin).is_ok());
}
