use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::*;
use crate::judge::StatusKind;
use crate::judge::{FindingCode, NotSeen, Severity};
use crate::model::{CaptureTime, Transport};
use crate::report::Counts;

fn at(seconds: i64) -> CaptureTime {
    CaptureTime::from_secs_nanos(1_795_296_421 + seconds, 164_000_000)
}

fn row(id: &str, service: &str, standing: RequirementStatus) -> Row {
    let seen = !matches!(standing, RequirementStatus::NotSeen(_));
    let satisfied = standing == RequirementStatus::Satisfied;
    let blocked = standing == RequirementStatus::Blocked;
    Row {
        id: format!("vendor/{id}"),
        document: "vendor".to_owned(),
        service: service.to_owned(),
        to: format!("{id}.example.com"),
        ports: "443/tcp".to_owned(),
        message: "as it is".to_owned(),
        must_see: true,
        excused: false,
        first_success: satisfied.then(|| at(3)),
        last_aim: satisfied.then(|| at(3)),
        last: seen.then(|| at(9)),
        reached_by: if satisfied {
            vec!["10.0.0.5".parse().unwrap()]
        } else {
            vec![]
        },
        missed_by: if blocked {
            vec!["10.0.0.6".parse().unwrap()]
        } else {
            vec![]
        },
        resolved: vec![],
        evidence: if blocked {
            vec!["SYN sent 7 times, nothing came back [T-SYN0, grade B]".to_owned()]
        } else {
            vec![]
        },
        advice: if blocked {
            vec!["allow 10.0.0.6 to it in the firewalls on the path".to_owned()]
        } else {
            vec![]
        },
        cite: "page Ports; table Outgoing; row Updates, line 7".to_owned(),
        frames: vec![4, 8, 15],
        frames_omitted: 2,
        standing,
    }
}

fn sight(target: &str, seconds: i64) -> FindingRow {
    FindingRow {
        code: FindingCode::UnexpectedName,
        severity: Severity::Medium,
        span: Some((at(seconds), at(seconds + 1))),
        initiator: Some("10.0.0.5".parse().unwrap()),
        host: None,
        target: target.to_owned(),
        port: Some(443),
        transport: Some(Transport::Tcp),
        message: "no requirement covers it".to_owned(),
        advice: "find the program".to_owned(),
        evidence: vec![],
        cites: vec![],
        frames: vec![23],
        frames_omitted: 0,
    }
}

fn board() -> Snapshot {
    let not_seen = RequirementStatus::NotSeen(NotSeen::NeverResolved);
    let resolved = RequirementStatus::NotSeen(NotSeen::ResolvedNeverTried);
    let mut rows = vec![
        row("a01", "Updates", RequirementStatus::Satisfied),
        row("a02", "Updates", not_seen.clone()),
        row("b01", "Reputation", RequirementStatus::Blocked),
        row("c01", "Census", resolved),
    ];
    rows.extend((0..40).map(|n| row(&format!("d{n:02}"), "Zeta", not_seen.clone())));
    Snapshot {
        rows,
        sights: vec![
            sight("newest.example.net", 8),
            sight("\u{1b}[31mhostile\u{202e}", 7),
            sight("oldest.example.net", 1),
        ],
        standings: Counts(vec![
            (StatusKind::Blocked, 1),
            (StatusKind::Failed, 0),
            (StatusKind::Inconclusive, 0),
            (StatusKind::NotSeen, 42),
            (StatusKind::Satisfied, 1),
            (StatusKind::NotActive, 0),
        ]),
        frames: 1234,
        flows: 5,
        ..Snapshot::default()
    }
}

fn screen(color: bool) -> Screen {
    let mut screen = Screen::new("eth0   site lab".to_owned(), color);
    screen.update(Arc::new(board()));
    let measure = |seconds, frames| Measure {
        elapsed: Duration::from_secs(seconds),
        frames,
        bytes: frames * 100,
        loss: Loss::default(),
    };
    screen.measure(measure(3723, 1000));
    screen.measure(measure(3725, 2000));
    screen
}

fn draw(screen: &Screen, columns: u16, lines: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    terminal.draw(|frame| screen.draw(frame)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let cells: Vec<&str> = buffer.content().iter().map(|cell| cell.symbol()).collect();
    let lines = cells
        .chunks(width)
        .map(|line| line.concat().trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

fn shown(screen: &Screen, columns: u16, lines: u16) -> String {
    text(&draw(screen, columns, lines))
}

#[track_caller]
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is not in\n{text}");
    }
}

#[test]
fn eighty_by_twenty_four_shows_what_matters() {
    let text = shown(&screen(true), 80, 24);
    has(
        &text,
        &[
            "pktaudit live   eth0   site lab                                         01:02:05",
            "✔ 1 satisfied ✘ 1 blocked ! 0 failed ? 0 unclear ~ 1 resolved · 41 untried",
            "2,000 frames  500/s  400 kbit/s  5 flows  no frame lost",
            "Requirements (44), 42 left to be seen",
            "│ 0/1 Reputation  vendor",
            "│  ✘ blocked     b01          21:27:10.164 SYN sent 7 times, nothing came back",
            "│ 0/1 Census  vendor",
            "│  ~ resolved    c01                       c01.example.com",
            "Findings in traffic (3)",
            "│21:27:09.164 unexpected-name   10.0.0.5        newest.example.net:443/tcp  no",
            "? help  q end",
        ],
    );
    assert!(
        text.find("b01") < text.find("a01"),
        "what goes wrong comes first\n{text}"
    );
}

#[test]
fn two_hundred_by_fifty_shows_details_beside_the_lists() {
    let text = shown(&screen(true), 200, 50);
    has(
        &text,
        &[
            " Details ",
            "vendor/b01 Reputation",
            "state    ✘ blocked: as it is",
            "missed   10.0.0.6",
            "why      SYN sent 7 times, nothing came back [T-SYN0, grade B]",
            "do       allow 10.0.0.6 to it in the firewalls on the path",
            "frames   4 8 15 and 2 more",
            "cited    page Ports; table Outgoing; row Updates, line 7",
            "✔ satisfied   a01          21:27:04.164 a01.example.com",
        ],
    );
}

#[test]
fn the_cursor_stays_on_its_row_and_in_sight() {
    let mut screen = screen(false);
    for _ in 0..30 {
        screen.press(Key::Char('j'));
    }
    let id = screen.row.clone().unwrap();
    let text = shown(&screen, 80, 24);
    has(&text, &[id.rsplit('/').next().unwrap()]);
    let mut newer = board();
    newer
        .rows
        .insert(0, row("a00", "Updates", RequirementStatus::Failed));
    screen.update(Arc::new(newer));
    screen.press(Key::Enter);
    has(
        &shown(&screen, 80, 24),
        &[&id, "nothing yet: no host has tried it"],
    );
    screen.press(Key::Char('G'));
    has(&shown(&screen, 80, 24), &["vendor/d39"]);
    screen.press(Key::Char('g'));
    has(&shown(&screen, 80, 24), &["vendor/b01"]);
}

#[test]
fn traffic_has_details_too_and_obeys_nothing() {
    let mut screen = screen(true);
    screen.press(Key::Tab);
    screen.press(Key::Down);
    screen.press(Key::Enter);
    let text = shown(&screen, 80, 24);
    has(
        &text,
        &[
            "unexpected-name: a named destination that no requirement covers",
            "who      10.0.0.5 → \\u{1b}[31mhostile\\u{202e}:443/tcp",
            "do       find the program",
            "frames   23",
        ],
    );
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn a_filter_takes_what_is_typed_and_goes_away() {
    let mut screen = screen(true);
    "/blocke"
        .chars()
        .for_each(|c| assert_eq!(screen.press(Key::Char(c)), Action::Stay));
    screen.press(Key::Char('q'));
    screen.press(Key::Backspace);
    has(&shown(&screen, 80, 24), &["/blocke▏"]);
    screen.press(Key::Enter);
    let text = shown(&screen, 80, 24);
    has(&text, &["b01", "none matches the filter", "filter: blocke"]);
    assert!(!text.contains("c01"));
    screen.press(Key::Escape);
    has(&shown(&screen, 80, 24), &["c01"]);
}

#[test]
fn keys_end_it_or_explain_themselves() {
    let mut screen = screen(true);
    screen.press(Key::Char('?'));
    has(
        &shown(&screen, 80, 24),
        &["Keys and marks", "PgUp PgDn a page", "satisfied: reached"],
    );
    assert_eq!(
        screen.press(Key::Char('q')),
        Action::Stay,
        "any key closes the help"
    );
    assert_eq!(screen.press(Key::Char('q')), Action::Quit);
    screen.end();
    has(
        &shown(&screen, 80, 24),
        &["ending, and writing the reports"],
    );
}

#[test]
fn lost_frames_are_told_apart_on_the_screen() {
    let mut screen = screen(true);
    screen.measure(Measure {
        loss: Loss {
            interface: 1,
            kernel: 2222,
            own: 3,
        },
        ..Measure::default()
    });
    has(
        &shown(&screen, 100, 24),
        &["LOST 1 interface, 2,222 kernel, 3 pktaudit"],
    );
}

#[test]
fn without_colour_there_is_none() {
    let painted = |buffer: &Buffer| {
        let cells = buffer.content().iter();
        cells
            .filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
            .count()
    };
    assert!(painted(&draw(&screen(true), 80, 24)) > 0);
    assert_eq!(painted(&draw(&screen(false), 80, 24)), 0);
    assert_eq!(painted(&draw(&screen(false), 200, 50)), 0);
}

#[test]
fn no_size_is_too_small_to_draw() {
    let mut screen = screen(true);
    for mode in [Key::Enter, Key::Tab, Key::Char('?')] {
        for (columns, lines) in [(1, 1), (20, 8), (21, 9), (40, 10), (131, 9), (300, 100)] {
            assert_eq!(draw(&screen, columns, lines).area.width, columns);
        }
        screen.press(mode);
    }
    screen.update(Arc::new(Snapshot::default()));
    has(&shown(&screen, 80, 24), &["Keys and marks"]);
}
