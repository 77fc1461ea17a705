//! Lines over a logarithmic axis of amounts.

use super::scale::{Scale, count, time};
use super::svg::{Anchor, GRID, INK, Sheet};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 24.0;
const BOTTOM: f64 = 52.0;

/// One line: what it is called, and per amount the median and the percentiles around it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) colour: &'static str,
    pub(super) is_dashed: bool,
    pub(super) points: Vec<Point>,
}

/// What was measured at one amount.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) amount: f64,
    pub(super) ns: f64,
    pub(super) ns_p5: f64,
    pub(super) ns_p95: f64,
}

/// What is drawn beside the lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    pub(super) subtitle: &'a str,
    pub(super) amounts: &'a str,
    pub(super) is_logarithmic: bool,
}

/// Draws them, each with a band from the 5th to the 95th percentile.
pub(super) fn draw(frame: Frame<'_>, lines: &[Line]) -> String {
    let mut sheet = Sheet::new(WIDTH, HEIGHT);
    sheet.bold((16.0, 24.0), 16, frame.title);
    sheet.text((16.0, 43.0), Anchor::Start, 12, frame.subtitle);
    let entries: Vec<_> = lines
        .iter()
        .map(|line| (line.name.as_str(), line.colour))
        .collect();
    let top = sheet.legend(16.0, 66.0, &entries) + 18.0;
    let (x, y) = scales(frame.is_logarithmic, top, lines);
    for tick in y.ticks() {
        let at = y.place(tick);
        sheet.line([LEFT, at, WIDTH - RIGHT, at], GRID);
        sheet.text((LEFT - 8.0, at + 4.0), Anchor::End, 11, &time(tick));
    }
    let bottom = HEIGHT - BOTTOM;
    for amount in amounts(lines) {
        let at = x.place(amount);
        sheet.line([at, bottom, at, bottom + 5.0], INK);
        sheet.text((at, bottom + 19.0), Anchor::Middle, 11, &count(amount));
    }
    sheet.line([LEFT, bottom, WIDTH - RIGHT, bottom], INK);
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    sheet.text((middle, HEIGHT - 12.0), Anchor::Middle, 12, frame.amounts);
    for line in lines {
        let above = line.points.iter();
        let below = line.points.iter().rev();
        let band: Vec<_> = above
            .map(|point| (x.place(point.amount), y.place(point.ns_p95)))
            .chain(below.map(|point| (x.place(point.amount), y.place(point.ns_p5))))
            .collect();
        sheet.band(&band, line.colour);
    }
    for line in lines {
        let points: Vec<_> = line
            .points
            .iter()
            .map(|point| (x.place(point.amount), y.place(point.ns)))
            .collect();
        sheet.polyline(&points, line.colour, line.is_dashed);
    }
    sheet.finish(frame.title)
}

fn scales(is_logarithmic: bool, top: f64, lines: &[Line]) -> (Scale, Scale) {
    let points = || lines.iter().flat_map(|line| &line.points);
    let amounts = amounts(lines);
    let first = amounts.first().copied().unwrap_or(1.0);
    let last = amounts.last().copied().unwrap_or(1.0);
    let x = Scale::logarithmic(first, last, (LEFT, WIDTH - RIGHT - 16.0), true);
    let least = points()
        .map(|point| point.ns_p5)
        .fold(f64::INFINITY, f64::min);
    let most = points().map(|point| point.ns_p95).fold(0.0, f64::max);
    // A bad minute at one amount must not press all else to the ground.
    let calm = points().map(|point| point.ns).fold(0.0, f64::max) * 1.5;
    let places = (HEIGHT - BOTTOM, top);
    let y = if is_logarithmic {
        Scale::logarithmic(least, most.min(calm), places, false)
    } else {
        Scale::linear(most.min(calm), places)
    };
    (x, y)
}

/// The amounts of all lines, in order.
fn amounts(lines: &[Line]) -> Vec<f64> {
    let mut amounts: Vec<f64> = lines
        .iter()
        .flat_map(|line| line.points.iter().map(|point| point.amount))
        .collect();
    amounts.sort_by(f64::total_cmp);
    amounts.dedup();
    amounts
}
