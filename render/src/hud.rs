//! The panels beside the city: what the driver did, what it brought, and why.

use daladala_env::{Frame, OutputKind};

use crate::canvas::{Area, Canvas};
use crate::palette::{ACCENT, CARD, FAINT, GREEN, INK, PANEL, POLICE, RED, TRACK};
use crate::plot;
use crate::setting::Setting;
use crate::text::{Align, Font};
use crate::{HEIGHT, WIDTH};

/// Left and right edge of all panels, pixels.
const LEFT: f32 = HEIGHT as f32 + 22.0;
const RIGHT: f32 = WIDTH as f32 - 22.0;
/// The most actions that the model's mind is shown for.
const MOST_ACTIONS: usize = 6;

pub(crate) fn draw(canvas: &mut Canvas, setting: &Setting, episode: &[Frame], frame: &Frame) {
    draw_title(canvas, setting, frame);
    draw_action(canvas, setting, frame);
    draw_load(canvas, setting, frame);
    draw_alerts(canvas, setting, frame);
    draw_mind(canvas, setting, frame);
    let area = Area { x: LEFT, y: 436.0, width: RIGHT - LEFT, height: 82.0 };
    plot::draw(canvas, area, setting, episode);
    if frame.ended() {
        draw_end(canvas, frame);
    }
}

fn draw_title(canvas: &mut Canvas, setting: &Setting, frame: &Frame) {
    canvas.write("DALADALA", (LEFT, 18.0), Align::Left, Font::LARGE, ACCENT);
    let who = Font::SMALL.fitted(&format!("{} · {}", setting.model, setting.rules), 220.0);
    canvas.write(&who, (RIGHT, 24.0), Align::Right, Font::SMALL, FAINT);
    let place = setting.places.iter().find(|place| place.cell == frame.position);
    let place = place.map_or_else(|| format!("{}, {}", frame.position.0, frame.position.1), |place| place.name.clone());
    let where_to = format!("Episode {}   Step {}   {place}", frame.episode, frame.step);
    let where_to = Font::SMALL.fitted(&where_to, RIGHT - LEFT);
    canvas.write(&where_to, (LEFT, 50.0), Align::Left, Font::SMALL, INK);
}

fn draw_action(canvas: &mut Canvas, setting: &Setting, frame: &Frame) {
    let card = Area { x: LEFT, y: 78.0, width: RIGHT - LEFT, height: 70.0 };
    canvas.card(card, 10.0, CARD);
    let name =
        frame.action.map_or(Some("Ready"), |action| setting.actions.get(usize::from(action)).map(String::as_str));
    let name = name.unwrap_or("?");
    let name = Font::LARGE.fitted(name, 200.0);
    canvas.write(&name, (LEFT + 16.0, 100.0), Align::Left, Font::LARGE, INK);
    if frame.action.is_some() {
        let color = if frame.reward < 0.0 { RED } else { GREEN };
        canvas.write(&signed(frame.reward), (RIGHT - 16.0, 88.0), Align::Right, Font::LARGE, color);
    }
    let total = format!("return {}", number(frame.total_reward));
    canvas.write(&total, (RIGHT - 16.0, 120.0), Align::Right, Font::SMALL, FAINT);
}

fn draw_load(canvas: &mut Canvas, setting: &Setting, frame: &Frame) {
    let overloaded = frame.passengers > setting.legal_capacity;
    let aboard = format!("{} / {} aboard", frame.passengers, setting.capacity);
    canvas.write(&aboard, (LEFT, 158.0), Align::Left, Font::SMALL_BOLD, if overloaded { RED } else { INK });
    let money = format!("TSh {}", grouped(frame.money));
    canvas.write(&money, (RIGHT, 158.0), Align::Right, Font::SMALL_BOLD, ACCENT);
    let (track, height) = (RIGHT - LEFT, 14.0);
    canvas.card(Area { x: LEFT, y: 180.0, width: track, height }, 7.0, TRACK);
    let share = |count: u32| (count as f32 / setting.capacity.max(1) as f32).min(1.0);
    let filled = track * share(frame.passengers);
    if filled > 0.0 {
        let color = if overloaded { RED } else { ACCENT };
        canvas.card(Area { x: LEFT, y: 180.0, width: filled.max(10.0), height }, 7.0, color);
    }
    let mark = LEFT + track * share(setting.legal_capacity);
    canvas.fill(Area { x: mark - 1.0, y: 176.0, width: 2.0, height: 22.0 }, INK);
    let legal = format!("legal {}", setting.legal_capacity);
    canvas.write(&legal, (mark, 199.0), Align::Middle, Font::SMALL, FAINT);
    let speed = format!("Speed {}", frame.speed);
    canvas.write(&speed, (LEFT, 199.0), Align::Left, Font::SMALL, FAINT);
}

fn draw_alerts(canvas: &mut Canvas, setting: &Setting, frame: &Frame) {
    let alerts = [
        ("Red light", frame.light_red(), RED),
        ("Police", frame.police_here(), POLICE),
        ("Overload", frame.passengers > setting.legal_capacity, RED),
        ("Fined", frame.fined, RED),
        ("Crashed", frame.crashed, RED),
    ];
    let mut x = LEFT;
    for (word, on, color) in alerts {
        let width = Font::SMALL.width(word) + 10.0;
        let (ground, ink) = if on { (color, PANEL) } else { (CARD, FAINT) };
        canvas.card(Area { x, y: 226.0, width, height: 22.0 }, 6.0, ground);
        let font = if on { Font::SMALL_BOLD } else { Font::SMALL };
        canvas.write(word, (x + width / 2.0, 229.0), Align::Middle, font, ink);
        x += width + 5.0;
    }
}

fn draw_mind(canvas: &mut Canvas, setting: &Setting, frame: &Frame) {
    let title = match setting.outputs {
        OutputKind::Values => "Value of each action",
        OutputKind::Logits | OutputKind::Probabilities => "How likely each action was",
    };
    canvas.write(title, (LEFT, 258.0), Align::Left, Font::SMALL, FAINT);
    let shares = shares(&frame.outputs, setting.outputs, frame.action_mask);
    let rows = setting.actions.iter().take(MOST_ACTIONS).enumerate();
    for (row, name) in rows {
        let y = 281.0 + 28.0 * row as f32;
        let chosen = frame.action.is_some_and(|action| usize::from(action) == row);
        let (font, ink) = if chosen { (Font::SMALL_BOLD, INK) } else { (Font::SMALL, FAINT) };
        canvas.write(&font.fitted(name, 100.0), (LEFT + 14.0, y), Align::Left, font, ink);
        if chosen {
            canvas.polygon(&[(LEFT, y + 3.0), (LEFT + 8.0, y + 8.0), (LEFT, y + 13.0)], ACCENT, 1.0);
        }
        let (x, width) = (LEFT + 120.0, RIGHT - LEFT - 120.0 - 72.0);
        canvas.card(Area { x, y: y + 2.0, width, height: 13.0 }, 6.0, CARD);
        if let Some((share, text)) = shares.get(row) {
            let color = if chosen { ACCENT } else { TRACK };
            if *share > 0.0 {
                canvas.card(Area { x, y: y + 2.0, width: (width * share).max(4.0), height: 13.0 }, 6.0, color);
            }
            canvas.write(text, (RIGHT, y), Align::Right, font, ink);
        }
    }
}

fn draw_end(canvas: &mut Canvas, frame: &Frame) {
    let fined = frame.fined;
    let (word, color) = match frame.ending.as_deref() {
        _ if frame.crashed => ("Crashed", RED),
        _ if frame.truncated => ("Out of time", RED),
        Some("impounded") => ("Impounded", RED),
        _ if fined => ("The end, with a fine", RED),
        // Recordings that don't tell are of rules whose other endings are all told above.
        Some("arrived") | None => ("End of the route", GREEN),
        Some(_) => ("Episode over", INK),
    };
    let text = format!("{word}: return {}", number(frame.total_reward));
    let width = Font::MEDIUM.width(&text) + 32.0;
    let middle = (HEIGHT as f32 / 2.0, HEIGHT as f32 / 2.0);
    canvas.card(Area::around(middle, width + 6.0, 50.0), 13.0, color);
    canvas.card(Area::around(middle, width, 44.0), 10.0, PANEL);
    canvas.write(&text, (middle.0, middle.1 - 10.0), Align::Middle, Font::MEDIUM, INK);
}

/// The length of each output's bar, 0 to 1, and its words.
/// A closed action has no chance, whatever its logit, and its value counts for nothing.
fn shares(outputs: &[f32], kind: OutputKind, mask: Option<u32>) -> Vec<(f32, String)> {
    let is_open = |action: usize| mask.is_none_or(|mask| action < 32 && mask >> action & 1 == 1);
    let open: Vec<f32> =
        outputs.iter().enumerate().filter(|&(action, _)| is_open(action)).map(|(_, &output)| output).collect();
    let mut shown = open_shares(&open, kind).into_iter();
    let share = |action| if is_open(action) { shown.next() } else { None };
    (0..outputs.len()).map(share).map(|share| share.unwrap_or_else(|| (0.0, "closed".to_owned()))).collect()
}

fn open_shares(outputs: &[f32], kind: OutputKind) -> Vec<(f32, String)> {
    let percent = |part: f32| (part.clamp(0.0, 1.0), format!("{:.0} %", 100.0 * part));
    let greatest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    match kind {
        OutputKind::Probabilities => outputs.iter().copied().map(percent).collect(),
        OutputKind::Logits => {
            let sum: f32 = outputs.iter().map(|logit| (logit - greatest).exp()).sum();
            outputs.iter().map(|logit| percent((logit - greatest).exp() / sum)).collect()
        }
        OutputKind::Values => {
            let lowest = outputs.iter().copied().fold(0.0, f32::min);
            let span = (greatest.max(0.0) - lowest).max(f32::MIN_POSITIVE);
            outputs.iter().map(|&value| (((value - lowest) / span).clamp(0.0, 1.0), number(value))).collect()
        }
    }
}

/// With a decimal only where it says something.
pub(crate) fn number(value: f32) -> String {
    if value.abs() >= 100.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

fn signed(value: f32) -> String {
    let digits = number(value);
    if value > 0.0 { format!("+{digits}") } else { digits }
}

fn grouped(money: i64) -> String {
    let digits = money.unsigned_abs().to_string();
    let mut text = if money < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_actions_have_no_chance_and_the_open_ones_share_theirs() {
        let shown = shares(&[0.0, 9.0, 0.0], OutputKind::Logits, Some(0b101));
        assert_eq!(shown, [(0.5, "50 %".to_owned()), (0.0, "closed".to_owned()), (0.5, "50 %".to_owned())]);
        let shown = shares(&[-4.0, 90.0, 4.0], OutputKind::Values, Some(0b101));
        assert_eq!(shown[2], (1.0, "4".to_owned()));
    }

    #[test]
    fn outputs_become_bars() {
        let texts =
            |outputs: &[f32], kind| shares(outputs, kind, None).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(texts(&[0.0, 0.0], OutputKind::Logits), ["50 %", "50 %"]);
        assert_eq!(texts(&[0.25, 0.75], OutputKind::Probabilities), ["25 %", "75 %"]);
        assert_eq!(texts(&[-4.0, 412.3, 12.5], OutputKind::Values), ["-4", "412", "12.5"]);
        let lengths: Vec<_> =
            shares(&[-10.0, 30.0, 10.0], OutputKind::Values, None).into_iter().map(|(part, _)| part).collect();
        assert_eq!(lengths, [0.0, 1.0, 0.5]);
    }

    #[test]
    fn money_is_read_in_thousands() {
        assert_eq!([0, 950, 12_000, -1_234_567].map(grouped), ["0", "950", "12 000", "-1 234 567"]);
    }
}
