//! Colours, and none where none are wanted: every state has a word and a mark as well.

use ratatui::style::{Color, Modifier, Style};

use crate::judge::{NotSeen, Severity, Standing};

/// What the eye should tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Good,
    Bad,
    Doubt,
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
            Self::Doubt => paint(style, Color::Yellow),
            Self::Hint => paint(style, Color::Cyan),
            Self::Quiet => style.add_modifier(Modifier::DIM),
            Self::Strong => style.add_modifier(Modifier::BOLD),
        }
    }
}

/// A requirement's mark and ink.
pub(super) fn mark(standing: &Standing) -> (&'static str, Ink) {
    match standing {
        Standing::Satisfied => ("✔", Ink::Good),
        Standing::Violated | Standing::Blocked => ("✘", Ink::Bad),
        Standing::Failed => ("!", Ink::Bad),
        Standing::Inconclusive => ("?", Ink::Doubt),
        Standing::NotSeen(NotSeen::ResolvedNeverTried) => ("~", Ink::Hint),
        Standing::NotSeen(_) | Standing::NotActive(_) => ("·", Ink::Quiet),
    }
}

pub(super) const fn severity(severity: Severity) -> Ink {
    match severity {
        Severity::High => Ink::Bad,
        Severity::Medium => Ink::Doubt,
        Severity::Low => Ink::Quiet,
    }
}
