//! An exchange as a drawing: two lines of life, an arrow for each packet, time downwards.

use std::io::{self, Write};

use super::exchange::{Exchange, Sender, Step};
use super::page::Page;
use crate::report::text::{shorten, visible};

const WIDTH: usize = 680;
const LEFT: usize = 160;
const RIGHT: usize = 520;
const TOP: usize = 52;
const ROW: usize = 28;
/// Characters of a label that fit between the lines.
const LABEL: usize = 48;

/// Draws one exchange.
pub(super) fn draw(exchange: &Exchange, page: &mut Page<impl Write>) -> io::Result<()> {
    let rows = exchange.steps.len() + usize::from(exchange.unanswered);
    let height = TOP + ROW * rows + 14;
    page.markup("<svg class=\"ladder\" role=\"img\"")?;
    page.attribute("viewBox", format_args!("0 0 {WIDTH} {height}"))?;
    page.attribute(
        "aria-label",
        format_args!(
            "packets between {} and {}",
            exchange.initiator, exchange.responder
        ),
    )?;
    page.markup(">")?;
    life(page, LEFT, &exchange.initiator, 16, height)?;
    life(page, RIGHT, &exchange.responder, 16, height)?;
    let device = exchange.steps.iter().find_map(|step| match step.sender {
        Sender::Device(ip) => Some(ip),
        _ => None,
    });
    let middle = (LEFT + RIGHT) / 2;
    if let Some(device) = device {
        life(page, middle, &format!("device {device}"), 34, height)?;
    }
    let start = exchange.steps.first().map(|step| step.at);
    for (row, step) in exchange.steps.iter().enumerate() {
        let y = TOP + ROW * row + ROW / 2;
        let after = start.map_or(0.0, |start| step.at.since(start).as_secs_f64());
        let after = match after {
            0.0..1.0 => format!("+{:.2} ms", after * 1000.0),
            _ => format!("+{after:.3} s"),
        };
        words(page, "time", 4, y + 4, &after)?;
        words(
            page,
            "frame",
            WIDTH - 4,
            y + 4,
            &format!("frame {}", step.frame),
        )?;
        arrow(page, step, middle, y)?;
    }
    if exchange.unanswered {
        let y = TOP + ROW * exchange.steps.len() + ROW / 2;
        cross(page, RIGHT, y)?;
        words(page, "label bad", middle, y + 4, "nothing came back")?;
    }
    page.markup("</svg>")
}

fn life(
    page: &mut Page<impl Write>,
    x: usize,
    who: &str,
    y: usize,
    height: usize,
) -> io::Result<()> {
    words(page, "who", x, y, who)?;
    line(page, "life", (x, y + 6), (x, height - 4))
}

fn arrow(page: &mut Page<impl Write>, step: &Step, middle: usize, y: usize) -> io::Result<()> {
    let (from, to) = match step.sender {
        Sender::Initiator => (LEFT, RIGHT),
        Sender::Responder => (RIGHT, LEFT),
        Sender::Device(_) => (middle, LEFT),
    };
    let class = if step.refuses { "arrow bad" } else { "arrow" };
    line(page, class, (from, y + 4), (to, y + 4))?;
    let tip = if to > from { to - 7 } else { to + 7 };
    page.markup("<path")?;
    page.attribute("class", if step.refuses { "tip bad" } else { "tip" })?;
    let (up, down) = (y, y + 8);
    page.attribute(
        "d",
        format_args!("M{to} {} L{tip} {up} L{tip} {down} Z", y + 4),
    )?;
    page.markup("/>")?;
    let place = (from + to) / 2;
    let room = if matches!(step.sender, Sender::Device(_)) {
        LABEL / 2
    } else {
        LABEL
    };
    page.markup("<g>")?;
    let whole = visible(&step.text);
    let label = shorten(&whole, room);
    if label != whole {
        page.element("title", "", &whole)?;
    }
    words(
        page,
        if step.refuses { "label bad" } else { "label" },
        place,
        y - 1,
        &label,
    )?;
    page.markup("</g>")
}

fn cross(page: &mut Page<impl Write>, x: usize, y: usize) -> io::Result<()> {
    line(page, "arrow bad", (x - 6, y - 6), (x + 6, y + 6))?;
    line(page, "arrow bad", (x - 6, y + 6), (x + 6, y - 6))
}

fn line(
    page: &mut Page<impl Write>,
    class: &'static str,
    from: (usize, usize),
    to: (usize, usize),
) -> io::Result<()> {
    page.markup("<line")?;
    page.attribute("class", class)?;
    for (name, value) in [("x1", from.0), ("y1", from.1), ("x2", to.0), ("y2", to.1)] {
        page.attribute(name, value)?;
    }
    page.markup("/>")
}

fn words(
    page: &mut Page<impl Write>,
    class: &'static str,
    x: usize,
    y: usize,
    text: &str,
) -> io::Result<()> {
    page.markup("<text")?;
    page.attribute("class", class)?;
    page.attribute("x", x)?;
    page.attribute("y", y)?;
    page.markup(">")?;
    page.text(text)?;
    page.markup("</text>")
}
