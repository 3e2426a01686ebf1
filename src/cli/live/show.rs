//! The screen, drawn as things change, until the capture ends.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::Ending;
use super::metrics::{Newest, publish};
use super::terminal;
use crate::cli::exit::Exit;
use crate::live::screen::{Action, Key, Measure, Screen};
use crate::live::{Engine, Snapshot, Update};

/// How long a key is waited for before it is looked what else is new.
const TICK: Duration = Duration::from_millis(100);
/// How often the counts are drawn anew where nothing else changes.
const REDRAW: Duration = Duration::from_millis(500);

/// Shows what happens until the capture ends.
pub(super) fn show(
    engine: &Engine,
    ending: &Ending,
    newest: &Newest,
    title: &str,
) -> io::Result<()> {
    let color = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut screen = Screen::new(title.to_owned(), color);
    let mut board = Arc::new(Snapshot::default());
    let counts = engine.counts();
    let start = Instant::now();
    let mut drawn: Option<Instant> = None;
    let mut ready = terminal::ready()?;
    let keys = read_keys()?;
    loop {
        let mut changed = take_keys(&keys, &mut screen, ending);
        loop {
            match engine.updates.try_recv() {
                Ok(update) => {
                    changed = true;
                    take_update(update, &mut screen, &mut board, newest)?;
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        }
        if ending.is_due(&board) {
            screen.end();
            engine.stop();
        }
        if terminal::has_failed() {
            return Ok(());
        }
        if changed || drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
            let interfaces = counts.interfaces.iter();
            screen.measure(Measure {
                elapsed: start.elapsed(),
                frames: interfaces
                    .clone()
                    .map(|i| i.frames.load(Ordering::Relaxed))
                    .sum(),
                bytes: interfaces.map(|i| i.bytes.load(Ordering::Relaxed)).sum(),
                loss: counts.loss(),
            });
            if ready.terminal.draw(|frame| screen.draw(frame)).is_err() {
                // The terminal is gone; the reports are still to be written. Dropping what draws on it would complain on
                // it, and fail.
                terminal::restore();
                std::mem::forget(ready);
                return Ok(());
            }
            drawn = Some(Instant::now());
        }
    }
}

/// Shows the last event and the newest board.
fn take_update(
    update: Update,
    screen: &mut Screen,
    board: &mut Arc<Snapshot>,
    newest: &Newest,
) -> io::Result<()> {
    if let Some(last) = update.events.last() {
        let mut line = Vec::new();
        last.write_human(&mut line)?;
        screen.say(String::from_utf8_lossy(&line).trim_end().to_owned());
    }
    if let Some(newer) = update.board {
        *board = newer;
        publish(newest, board);
        screen.update(Arc::clone(board));
    }
    Ok(())
}

/// Waits for keys on a thread of its own: where the terminal goes away, reading from it may never come back, and the
/// capture has to end all the same.
fn read_keys() -> io::Result<Receiver<Event>> {
    let (keys, received) = channel();
    Builder::new().name("keys".to_owned()).spawn(move || {
        while let Ok(event) = event::read() {
            if keys.send(event).is_err() {
                break;
            }
        }
    })?;
    Ok(received)
}

/// Takes the keys that were pressed; whether something is to be drawn anew.
fn take_keys(keys: &Receiver<Event>, screen: &mut Screen, ending: &Ending) -> bool {
    let mut changed = false;
    let mut patience = TICK;
    loop {
        let event = match keys.recv_timeout(patience) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => return changed,
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(patience);
                return changed;
            }
        };
        patience = Duration::ZERO;
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                changed = true;
                if is_interrupt(key) {
                    interrupt(ending);
                } else if let Some(key) = key_of(key.code)
                    && screen.press(key) == Action::Quit
                {
                    ending.asked.store(true, Ordering::Release);
                }
            }
            Event::Resize(..) => changed = true,
            _ => {}
        }
    }
}

/// In raw mode the terminal sends no signal for Ctrl-C.
fn is_interrupt(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

fn interrupt(ending: &Ending) {
    if ending.asked.swap(true, Ordering::AcqRel) {
        terminal::restore();
        std::process::exit(Exit::NotAudited.status().into());
    }
}

fn key_of(code: KeyCode) -> Option<Key> {
    Some(match code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Tab | KeyCode::BackTab => Key::Tab,
        KeyCode::Backspace => Key::Backspace,
        _ => return None,
    })
}
