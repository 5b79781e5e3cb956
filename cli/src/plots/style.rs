//! How all plots look.

use plotters::style::{IntoFont, RGBColor, TextStyle};

use crate::output::grouped;

/// As many series as there are colours that people tell apart, whatever they see of colours.
pub(crate) const MOST_SERIES: usize = PALETTE.len();
/// The palette of Okabe and Ito, those with the most contrast to white first.
const PALETTE: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
    RGBColor(240, 228, 66),
];
pub(super) const GRID: RGBColor = RGBColor(222, 222, 222);
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);

/// plotters writes text this much smaller than it is asked to.
const SCALE: f64 = 1.24;
/// Characters of a label at most: as many as have room beside a plot.
const LABEL: usize = 20;

/// The colour of series `index`.
pub(super) fn color(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()]
}

pub(super) fn text() -> TextStyle<'static> {
    ("sans-serif", 13.0 * SCALE).into_font().color(&INK)
}

pub(super) fn title() -> TextStyle<'static> {
    ("sans-serif", 16.0 * SCALE).into_font().color(&INK)
}

pub(super) fn heading() -> TextStyle<'static> {
    ("sans-serif", 20.0 * SCALE).into_font().color(&INK)
}

/// A number on an axis, without the digits that binary fractions add.
pub(super) fn number(number: f64) -> String {
    if number.abs() >= 1000.0 {
        return grouped(number);
    }
    let rounded = (number * 1e6).round() / 1e6;
    // There is a negative zero.
    format!("{}", rounded + 0.0)
}

/// A fraction on an axis.
pub(super) fn percent(fraction: f64) -> String {
    format!("{} %", number(100.0 * fraction))
}

/// A name that fits: the end of a path says more than its beginning.
pub(super) fn shortened(label: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let count = label.chars().count();
    let kept = label.chars().map(clean).skip(if count > LABEL { count - LABEL + 1 } else { 0 });
    let cut = (count > LABEL).then_some('…');
    cut.into_iter().chain(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_as_people_write_them() {
        let shown = [0.1 + 0.2, -0.0, 12.5, -40.0, 200_000.0].map(number);
        assert_eq!(shown, ["0.3", "0", "12.5", "-40", "200 000"]);
        assert_eq!(percent(0.07), "7 %");
        assert_eq!(shortened("ppo"), "ppo");
        assert_eq!(shortened("/home/someone/models/first.safetensors"), "…s/first.safetensors");
        assert_eq!(shortened("a\nb"), "a\u{fffd}b");
    }
}
