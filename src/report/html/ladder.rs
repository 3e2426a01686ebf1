//! An exchange as a drawing: two lines of life, an arrow for each packet, time downwards.

use maud::{Markup, html};

use super::exchange::{DrawnExchange, Step, StepSender};
use crate::report::text::{shorten, visible};

const WIDTH: usize = 680;
const LEFT: usize = 160;
const MIDDLE: usize = (LEFT + RIGHT) / 2;
const RIGHT: usize = 520;
const TOP: usize = 52;
const ROW: usize = 28;
/// Characters of a label that fit between the lines.
const LABEL: usize = 48;

/// Draws one exchange.
pub(super) fn draw(exchange: &DrawnExchange) -> Markup {
    let rows = exchange.steps.len() + usize::from(exchange.unanswered);
    let height = TOP + ROW * rows + 14;
    let (initiator, responder) = (&exchange.initiator, &exchange.responder);
    let device = exchange.steps.iter().find_map(|step| match step.sender {
        StepSender::Device(ip) => Some(ip),
        _ => None,
    });
    let middle = |row: usize| TOP + ROW * row + ROW / 2;
    html! {
        svg.ladder role="img" viewBox={ "0 0 " (WIDTH) " " (height) }
            aria-label={ "packets between " (initiator) " and " (responder) }
        {
            (life(LEFT, initiator, 16, height))
            (life(RIGHT, responder, 16, height))
            @if let Some(device) = device {
                (life(MIDDLE, &format!("device {device}"), 34, height))
            }
            @for (row, step) in exchange.steps.iter().enumerate() {
                @let y = middle(row);
                (words("time", 4, y + 4, &after(&exchange.steps[0], step)))
                (words("frame", WIDTH - 4, y + 4, &format!("frame {}", step.frame)))
                (arrow(step, y))
            }
            @if exchange.unanswered {
                @let y = middle(exchange.steps.len());
                (line("arrow bad", (RIGHT - 6, y - 6), (RIGHT + 6, y + 6)))
                (line("arrow bad", (RIGHT - 6, y + 6), (RIGHT + 6, y - 6)))
                (words("label bad", MIDDLE, y + 4, "nothing came back"))
            }
        }
    }
}

fn after(first: &Step, step: &Step) -> String {
    match step.at.since(first.at).as_secs_f64() {
        after @ 0.0..1.0 => format!("+{:.2} ms", after * 1000.0),
        after => format!("+{after:.3} s"),
    }
}

fn life(x: usize, who: &str, y: usize, height: usize) -> Markup {
    html! { (words("who", x, y, who)) (line("life", (x, y + 6), (x, height - 4))) }
}

fn arrow(step: &Step, y: usize) -> Markup {
    let (from, to, room) = match step.sender {
        StepSender::Initiator => (LEFT, RIGHT, LABEL),
        StepSender::Responder => (RIGHT, LEFT, LABEL),
        StepSender::Device(_) => (MIDDLE, LEFT, LABEL / 2),
    };
    let tip = if to > from { to - 7 } else { to + 7 };
    let [arrow, point, label] = match step.refuses {
        true => ["arrow bad", "tip bad", "label bad"],
        false => ["arrow", "tip", "label"],
    };
    let text = visible(&step.text);
    let short = shorten(&text, room);
    html! {
        (line(arrow, (from, y + 4), (to, y + 4)))
        path class=(point) d=(format_args!("M{to} {} L{tip} {y} L{tip} {} Z", y + 4, y + 8)) {}
        g {
            @if short != text { title { (text) } }
            (words(label, (from + to) / 2, y - 1, &short))
        }
    }
}

fn line(class: &str, from: (usize, usize), to: (usize, usize)) -> Markup {
    html! { line class=(class) x1=(from.0) y1=(from.1) x2=(to.0) y2=(to.1) {} }
}

fn words(class: &str, x: usize, y: usize, text: &str) -> Markup {
    html! { text class=(class) x=(x) y=(y) { (text) } }
}
