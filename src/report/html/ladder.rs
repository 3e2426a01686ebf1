//! An exchange as a drawing: two lines of life, an arrow for each packet, time downwards.

use std::borrow::Cow;

use maud::{Markup, html};

use super::exchange::{DrawnExchange, Step, StepSender};
use super::texts::{PageText, PageTexts};
use crate::wording::{phrase, word};

const WIDTH: usize = 680;
const LEFT: usize = 160;
const MIDDLE: usize = (LEFT + RIGHT) / 2;
const RIGHT: usize = 520;
const TOP: usize = 52;
const ROW: usize = 28;
/// Characters of a label that fit between the lines.
const LABEL: usize = 48;

/// Draws one exchange.
pub(super) fn draw(exchange: &DrawnExchange, texts: &PageTexts) -> Markup {
    let rows = exchange.steps.len() + usize::from(exchange.unanswered);
    let height = TOP + ROW * rows + 14;
    let (initiator, responder) = (&exchange.initiator, &exchange.responder);
    let device = exchange.steps.iter().find_map(|step| match step.sender {
        StepSender::Device(ip) => Some(ip),
        _ => None,
    });
    let middle = |row: usize| TOP + ROW * row + ROW / 2;
    let label = phrase!(
        packets_between,
        "packets between {initiator} and {responder}",
        initiator,
        responder
    );
    let label = texts.say(&label);
    html! {
        svg.ladder role="img" viewBox={ "0 0 " (WIDTH) " " (height) }
            aria-label=(label.here) data-w-aria-label=[label.place]
        {
            (life(LEFT, &texts.say(initiator), 16, height))
            (life(RIGHT, &texts.say(responder), 16, height))
            @if let Some(device) = device {
                @let device = texts.said(&phrase!(ladder_device, "device {device}", device));
                (life(MIDDLE, &device, 34, height))
            }
            @for (row, step) in exchange.steps.iter().enumerate() {
                @let y = middle(row);
                @let frame = texts.said(&phrase!(ladder_frame, "frame {number}", number = step.frame));
                (words("time", 4, y + 4, &as_it_is(after(&exchange.steps[0], step))))
                (words("frame", WIDTH - 4, y + 4, &frame))
                (arrow(step, y, texts))
            }
            @if exchange.unanswered {
                @let y = middle(exchange.steps.len());
                (line("arrow bad", (RIGHT - 6, y - 6), (RIGHT + 6, y + 6)))
                (line("arrow bad", (RIGHT - 6, y + 6), (RIGHT + 6, y - 6)))
                (words("label bad", MIDDLE, y + 4, &texts.word(word!(ladder_nothing_back, "nothing came back"))))
            }
        }
    }
}

/// What is the same in every language.
const fn as_it_is(text: String) -> PageText<'static> {
    PageText {
        here: Cow::Owned(text),
        place: None,
    }
}

fn after(first: &Step, step: &Step) -> String {
    match step.at.since(first.at).as_secs_f64() {
        after @ 0.0..1.0 => format!("+{:.2} ms", after * 1000.0),
        after => format!("+{after:.3} s"),
    }
}

fn life(x: usize, who: &PageText<'_>, y: usize, height: usize) -> Markup {
    html! { (words("who", x, y, who)) (line("life", (x, y + 6), (x, height - 4))) }
}

fn arrow(step: &Step, y: usize, texts: &PageTexts) -> Markup {
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
    let (short, whole) = texts.short(&step.text, room);
    html! {
        (line(arrow, (from, y + 4), (to, y + 4)))
        path class=(point) d=(format_args!("M{to} {} L{tip} {y} L{tip} {} Z", y + 4, y + 8)) {}
        g {
            @if let Some(whole) = whole { title data-w=[whole.place] { (whole.here) } }
            (words(label, (from + to) / 2, y - 1, &short))
        }
    }
}

fn line(class: &str, from: (usize, usize), to: (usize, usize)) -> Markup {
    html! { line class=(class) x1=(from.0) y1=(from.1) x2=(to.0) y2=(to.1) {} }
}

fn words(class: &str, x: usize, y: usize, text: &PageText<'_>) -> Markup {
    html! { text class=(class) x=(x) y=(y) data-w=[text.place] { (text.here) } }
}
