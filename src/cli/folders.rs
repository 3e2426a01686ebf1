//! Where the report sets of periods go.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::model::CaptureTime;
use crate::source::InputRecord;

/// When the first frame of an input was captured.
pub(super) fn first_of(record: &InputRecord) -> Option<CaptureTime> {
    (record.frames > 0).then_some(record.span.first)
}

/// Names folders by the time of a period's first packet; those of one second are numbered, whatever came between them.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// How many there were of a name.
    used: HashMap<String, u32>,
}

impl Folders {
    /// The folder of the next period, whose first packet came at `first`.
    pub(super) fn next(&mut self, out: &Path, first: Option<CaptureTime>) -> PathBuf {
        let name = first.map_or_else(
            || "no-packets".to_owned(),
            |first| {
                let text = first.to_string();
                format!("{}Z", text.get(..19).unwrap_or(&text).replace(':', "-"))
            },
        );
        let count = self.used.entry(name.clone()).or_default();
        *count += 1;
        match count {
            1 => out.join(name),
            number => out.join(format!("{name}-{number}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_by_time_and_no_two_are_one() {
        let (mut folders, out) = (Folders::default(), Path::new("out"));
        let at = |seconds| Some(CaptureTime::from_secs_nanos(seconds, 5));
        let mut name = |first| folders.next(out, first).display().to_string();
        assert_eq!(name(at(0)), "out/1970-01-01T00-00-00Z");
        assert_eq!(name(at(0)), "out/1970-01-01T00-00-00Z-2");
        assert_eq!(name(at(3600)), "out/1970-01-01T01-00-00Z");
        assert_eq!(name(at(0)), "out/1970-01-01T00-00-00Z-3");
        assert_eq!(name(None), "out/no-packets");
    }
}
