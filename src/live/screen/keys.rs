//! Keys to what they do.

use super::{Mode, Pane, Screen};

/// A key, as far as the screen knows any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Key {
    /// A character.
    Char(char),
    /// Up.
    Up,
    /// Down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first row.
    Home,
    /// To the last row.
    End,
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
}

/// What the caller has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Nothing.
    Stay,
    /// End the capture.
    Quit,
}

/// Rows that a page key moves by.
const PAGE: isize = 10;

impl Screen {
    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Action {
        match self.mode {
            Mode::Filter => self.press_in_filter(key),
            Mode::Help => self.mode = Mode::Browse,
            Mode::Browse => return self.press_in_lists(key),
        }
        Action::Stay
    }

    fn press_in_filter(&mut self, key: Key) {
        match key {
            Key::Enter => self.mode = Mode::Browse,
            Key::Escape => {
                self.filter.clear();
                self.mode = Mode::Browse;
            }
            Key::Backspace => drop(self.filter.pop()),
            Key::Char(c) if self.filter.chars().count() < 64 => self.filter.push(c),
            Key::Up => self.walk(-1),
            Key::Down => self.walk(1),
            _ => {}
        }
    }

    fn press_in_lists(&mut self, key: Key) -> Action {
        match key {
            Key::Char('q') => return Action::Quit,
            Key::Char('?') => self.mode = Mode::Help,
            Key::Char('/') => self.mode = Mode::Filter,
            Key::Char('k') | Key::Up => self.walk(-1),
            Key::Char('j') | Key::Down => self.walk(1),
            Key::Char('g') | Key::Home => self.walk(isize::MIN),
            Key::Char('G') | Key::End => self.walk(isize::MAX),
            Key::PageUp if self.details => self.scrolled = self.scrolled.saturating_sub(5),
            Key::PageDown if self.details => self.scrolled = self.scrolled.saturating_add(5),
            Key::PageUp => self.walk(-PAGE),
            Key::PageDown => self.walk(PAGE),
            Key::Tab => {
                self.scrolled = 0;
                self.pane = match self.pane {
                    Pane::Checklist => Pane::Traffic,
                    Pane::Traffic => Pane::Checklist,
                };
            }
            Key::Enter => self.details = !self.details,
            Key::Escape if self.details => self.details = false,
            Key::Escape => self.filter.clear(),
            _ => {}
        }
        Action::Stay
    }
}
