//! Which frames show the findings, and what is to be said of each: the contents of `evidence.pcapng`.

use std::collections::BTreeMap;

use super::Report;
use super::text::visible;
use super::view::FindingView;
use crate::model::{FrameId, Stamp};

/// Comments on one frame; what is beyond is counted in the last one.
const MOST_COMMENTS: usize = 8;

/// A frame that a finding names, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedFrame {
    /// Which one, and when it was captured.
    pub stamp: Stamp,
    /// One line for each finding that names it, harmless to show.
    pub comments: Vec<String>,
}

impl Report<'_> {
    /// The frames that the findings name, ascending by where they lie in the inputs, each once: exactly those of
    /// [`FindingView::frames`]. With `only`, those of the findings with these ids.
    #[must_use]
    pub fn marked_frames(&self, only: Option<&[&FindingView]>) -> Vec<MarkedFrame> {
        let mut marked: BTreeMap<FrameId, (Stamp, Vec<String>, usize)> = BTreeMap::new();
        let all: Vec<&FindingView<'_>> = match only {
            Some(list) => list.to_vec(),
            None => self.findings.iter().collect(),
        };
        for finding in all {
            for stamp in &finding.stamps {
                let (_, comments, more) =
                    marked.entry(stamp.frame).or_insert((*stamp, Vec::new(), 0));
                if comments.len() < MOST_COMMENTS {
                    comments.push(comment(finding, *stamp));
                } else {
                    *more += 1;
                }
            }
        }
        marked
            .into_values()
            .map(|(stamp, mut comments, more)| {
                if more > 0 {
                    comments.push(format!("and {more} more findings"));
                }
                MarkedFrame { stamp, comments }
            })
            .collect()
    }
}

/// Which finding names the frame, and what the frame shows of it.
fn comment(finding: &FindingView<'_>, stamp: Stamp) -> String {
    let shows = finding.proof.iter().zip(&finding.evidence_details);
    let shown = shows
        .filter(|(stamps, _)| stamps.contains(&stamp))
        .map(|(_, evidence)| format!("{} {}", evidence.code, evidence.words))
        .next()
        .unwrap_or_else(|| format!("first packet of a flow of it; {}", finding.message));
    let text = format!("{}: {}: {shown}", finding.id, finding.aim());
    visible(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::super::text::is_harmful;
    use super::*;

    #[test]
    fn exactly_the_frames_that_findings_name_are_marked() {
        let sample = sample();
        let report = sample.report();
        let marked = report.marked_frames(None);
        let number = |frame: &MarkedFrame| sample.capture.number(frame.stamp);
        let got: Vec<u64> = marked.iter().map(number).collect();
        let mut named: Vec<u64> = report
            .findings
            .iter()
            .flat_map(|f| f.frames.clone())
            .collect();
        named.sort_unstable();
        named.dedup();
        assert_eq!(got, named);
        let proof = marked.iter().find(|frame| number(frame) == 4).unwrap();
        assert_eq!(proof.comments.len(), 2, "two hosts share it");
        assert!(proof.comments[0].contains("update.example.com:443/tcp: L-RST RST 12 ms after"));
        let comments = marked.iter().flat_map(|frame| &frame.comments);
        assert!(comments.clone().all(|text| !text.chars().any(is_harmful)));
        assert!(comments.clone().any(|text| text.contains("<script>")));
    }

    #[test]
    fn one_finding_can_be_picked() {
        let sample = sample();
        let report = sample.report();
        let picked = report.marked_frames(Some(&[&report.findings[2]]));
        let numbers: Vec<u64> = picked
            .iter()
            .map(|f| sample.capture.number(f.stamp))
            .collect();
        assert_eq!(numbers, report.findings[2].frames);
        assert_eq!(picked[0].comments.len(), 1);
        assert!(picked[0].comments[0].starts_with(&report.findings[2].id));
    }
}
