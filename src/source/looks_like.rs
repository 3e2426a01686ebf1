//! What a file that is no capture looks like, so that the error can say what to do.

/// What bytes look like, as a noun phrase with a hint; `None` where nothing known fits.
pub(super) fn looks_like(start: &[u8]) -> Option<&'static str> {
    let known = SIGNATURES
        .iter()
        .find(|(magic, _)| start.starts_with(magic));
    known
        .map(|(_, what)| *what)
        .or_else(|| archive(start))
        .or_else(|| trace_of_appliance(start))
        .or_else(|| text(start))
}

/// First bytes of formats that people hand over as captures.
const SIGNATURES: [(&[u8], &str); 25] = [
    (b"PK\x03\x04", "a ZIP archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"BZh", "a bzip2 file; unpack it with bunzip2 first"),
    (
        b"\x04\x22\x4d\x18",
        "an LZ4 file; unpack it with unlz4 first",
    ),
    (
        b"\x1f\x9d",
        "a file of compress(1); unpack it with uncompress first",
    ),
    (
        b"\x1f\x8b",
        "a capture compressed more than twice; unpack it first",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "a capture compressed more than twice; unpack it first",
    ),
    (
        b"\xfd7zXZ\0",
        "a capture compressed more than twice; unpack it first",
    ),
    (
        b"btsnoop\0",
        "a Bluetooth log: it holds no IP traffic of a firewall",
    ),
    (
        b"TRSNIFF data",
        "a Sniffer capture; convert it with `editcap -F pcapng`",
    ),
    (
        b"XCP\0",
        "a NetXray or Sniffer capture; convert it with `editcap -F pcapng`",
    ),
    (
        b"ObserverPktBuffer",
        "an Observer capture; save it as pcap there",
    ),
    (
        b"iptrace ",
        "an AIX iptrace capture; convert it with `editcap -F pcapng`",
    ),
    (
        b"\x7fver",
        "an OmniPeek capture; convert it with `editcap -F pcapng`",
    ),
    (
        b"\xac\x01\x00\x1c",
        "an IXIA capture; convert it with `editcap -F pcapng`",
    ),
    (
        b"\x0d\x0a\x0d\x0a",
        "a pcapng file that a text-mode transfer damaged; copy it again in binary mode",
    ),
    (
        b"\x0a\x0a",
        "text, or a pcapng file that a text-mode transfer damaged",
    ),
    (
        b"version https://git-lfs",
        "a Git LFS pointer: the file itself was not fetched",
    ),
    (b"ElfFile\0", "a Windows event log"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a Windows program"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
];

/// tar has its magic further in.
fn archive(start: &[u8]) -> Option<&'static str> {
    start
        .get(257..262)
        .filter(|magic| *magic == b"ustar")
        .map(|_| "a tar archive; unpack it first")
}

/// NetScaler's traces have their signature a few bytes in.
fn trace_of_appliance(start: &[u8]) -> Option<&'static str> {
    let signature = b" Performance Data";
    let said = start.windows(signature.len()).any(|at| at == signature)
        && start.windows(9).any(|at| at == b"NetScaler");
    said.then_some("a NetScaler trace; record it as pcap there: `start nstrace -traceformat PCAP`")
}

fn text(start: &[u8]) -> Option<&'static str> {
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = start {
        return Some("text in UTF-16, perhaps a log");
    }
    let whole = match std::str::from_utf8(start) {
        Ok(whole) => whole,
        // The bytes looked at may end within a character.
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return None,
    };
    if whole.contains(|c: char| c.is_control() && !c.is_ascii_whitespace()) {
        return None;
    }
    let lower = whole
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase();
    let starts = |beginnings: &[&str]| {
        beginnings
            .iter()
            .any(|beginning| lower.starts_with(beginning))
    };
    Some(if starts(&["<!doctype html", "<html"]) {
        "HTML, perhaps a login page in place of the download"
    } else if starts(&["<?xml", "<pdml", "<psml"]) {
        "XML; export packets as pcapng, not as text"
    } else if starts(&["[site]", "[roles]", "[document]", "format = "]) {
        "a site or rule file; --site and --rules take these"
    } else if starts(&["{", "["]) {
        "JSON; export packets as pcapng, not as text"
    } else if starts(&["interfaces=["]) {
        "what FortiGate's `diagnose sniffer packet` prints; convert it with `fgt2eth` (it must be verbose 3 or 6)"
    } else if starts(&["0000 ", "000000 ", "0x0000", "00000000"]) {
        "a hex dump; convert it with `text2pcap`"
    } else if lower.contains(" ip ") && lower.contains(" > ") {
        "packets printed as text; capture them with `tcpdump -w FILE`"
    } else {
        "text"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_hand_over_is_named() {
        let named = |bytes: &[u8], word: &str| {
            let what = looks_like(bytes).unwrap_or("nothing");
            assert!(what.contains(word), "{bytes:?} looks like {what}");
        };
        named(b"PK\x03\x04rest", "ZIP");
        named(b"<!DOCTYPE html><html>", "HTML");
        named(b"\xef\xbb\xbf <html lang=en>", "HTML");
        named(b"{\"a\":1}", "JSON");
        named(b"0000  45 00 00 3c", "hex dump");
        named(
            b"12:00:01.5 IP 10.0.0.1.53 > 10.0.0.2.99: UDP",
            "tcpdump -w",
        );
        named(b"version https://git-lfs.github.com/spec/v1\n", "Git LFS");
        named(b"dear all,\n", "text");
        named(b"interfaces=[port1]\nfilters=[none]\n", "fgt2eth");
        named(b"\x01\x22\x00NetScaler V20 Performance Data", "nstrace");
        let mut tar = vec![0; 512];
        tar[..5].copy_from_slice(b"a.pca");
        tar[257..262].copy_from_slice(b"ustar");
        named(&tar, "tar");
        assert_eq!(looks_like(&[0, 1, 2, 3]), None);
    }
}
