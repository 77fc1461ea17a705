//! Groups of bars, one a subject, lying, on a logarithmic scale of time.

use super::scale::{Scale, time};
use super::svg::{Anchor, GRID, Sheet};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 84.0;
const TOP: f64 = 62.0;
const BAR: f64 = 15.0;
const GAP: f64 = 20.0;

/// Bars that belong together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) colour: &'static str,
    pub(super) ns: f64,
    /// What is written after its value.
    pub(super) remark: String,
}

/// Draws them.
pub(super) fn draw(title: &str, subtitle: &str, groups: &[Group]) -> String {
    let bars = || groups.iter().flat_map(|group| &group.bars);
    let least = bars().map(|bar| bar.ns).fold(f64::INFINITY, f64::min);
    let most = bars().map(|bar| bar.ns).fold(0.0, f64::max);
    let height = groups
        .iter()
        .map(|group| group.bars.len() as f64 * BAR + GAP)
        .sum::<f64>();
    let bottom = TOP + height;
    let mut sheet = Sheet::new(WIDTH, bottom + 34.0);
    sheet.bold((16.0, 24.0), 16, title);
    sheet.text((16.0, 43.0), Anchor::Start, 12, subtitle);
    let scale = Scale::logarithmic(least, most, (LEFT, WIDTH - RIGHT), false);
    for tick in scale.ticks() {
        let x = scale.place(tick);
        sheet.line([x, TOP, x, bottom], GRID);
        sheet.text((x, bottom + 17.0), Anchor::Middle, 11, &time(tick));
    }
    let mut y = TOP + GAP / 2.0;
    for group in groups {
        let middle = y + group.bars.len() as f64 * BAR / 2.0 + 4.0;
        sheet.bold((16.0, middle), 12, &group.name);
        for bar in &group.bars {
            let end = scale.place(bar.ns);
            sheet.rect([LEFT, y + 1.0, end - LEFT, BAR - 2.0], bar.colour);
            let label = format!("{}  {}{}", bar.name, time(bar.ns), bar.remark);
            write_label(&mut sheet, end, y + BAR - 4.0, &label);
            y += BAR;
        }
        y += GAP;
    }
    sheet.finish(title)
}

/// Writes `label` behind the end of a bar, or where there is no room left, in it.
fn write_label(sheet: &mut Sheet, end: f64, y: f64, label: &str) {
    let wide = 6.2 * label.chars().count() as f64;
    if end + 6.0 + wide < WIDTH - 4.0 {
        sheet.text_on_grid((end + 6.0, y), 11, label);
    } else {
        sheet.text((end - 6.0, y), Anchor::End, 11, label);
    }
}
