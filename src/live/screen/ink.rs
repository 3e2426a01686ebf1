//! Colours, and none where none are wanted: every state has a word and a mark as well.

use ratatui::style::{Color, Modifier, Style};

use crate::judge::{NotSeen, RequirementStatus, Severity};

/// What the eye should tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Good,
    Bad,
    InconclusiveReason,
    Hint,
    Quiet,
    Strong,
}

impl Ink {
    pub(super) fn style(self, color: bool) -> Style {
        let style = Style::new();
        let paint = |style: Style, paint| if color { style.fg(paint) } else { style };
        match self {
            Self::Good => paint(style, Color::Green),
            Self::Bad => paint(style, Color::Red).add_modifier(Modifier::BOLD),
            Self::InconclusiveReason => paint(style, Color::Yellow),
            Self::Hint => paint(style, Color::Cyan),
            Self::Quiet => style.add_modifier(Modifier::DIM),
            Self::Strong => style.add_modifier(Modifier::BOLD),
        }
    }
}

/// A requirement's mark and ink.
pub(super) fn mark(standing: &RequirementStatus) -> (&'static str, Ink) {
    match standing {
        RequirementStatus::Satisfied => ("✔", Ink::Good),
        RequirementStatus::Violated | RequirementStatus::Blocked => ("✘", Ink::Bad),
        RequirementStatus::Failed => ("!", Ink::Bad),
        RequirementStatus::Inconclusive => ("?", Ink::InconclusiveReason),
        RequirementStatus::NotSeen(NotSeen::ResolvedNeverTried) => ("~", Ink::Hint),
        RequirementStatus::NotSeen(_) | RequirementStatus::NotActive(_) => ("·", Ink::Quiet),
    }
}

pub(super) const fn severity(severity: Severity) -> Ink {
    match severity {
        Severity::High => Ink::Bad,
        Severity::Medium => Ink::InconclusiveReason,
        Severity::Low => Ink::Quiet,
    }
}
