//! What a whole is made of: one bar for all of it, and one below for what is too thin to be seen in it.

use super::scale::{Scale, time};
use super::svg::{Anchor, GRID, Sheet};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 170.0;
const RIGHT: f64 = 92.0;
const BAR: f64 = 26.0;

/// A part, and how long it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) colour: &'static str,
    pub(super) ns: f64,
}

/// A bar of parts.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) name: String,
    pub(super) parts: Vec<Part>,
}

impl Stack {
    fn total(&self) -> f64 {
        self.parts.iter().map(|part| part.ns).sum()
    }
}

/// Draws panels of stacks, each on a scale of its own.
pub(super) fn draw(title: &str, subtitle: &str, panels: &[(&str, Vec<Stack>)]) -> String {
    let rows: usize = panels.iter().map(|(_, stacks)| stacks.len()).sum();
    let height = 92.0 + panels.len() as f64 * 56.0 + rows as f64 * (BAR + 8.0);
    let mut sheet = Sheet::new(WIDTH, height);
    sheet.bold((16.0, 24.0), 16, title);
    sheet.text((16.0, 43.0), Anchor::Start, 12, subtitle);
    let mut y = sheet.legend(16.0, 68.0, &legend(panels)) + 26.0;
    for (name, stacks) in panels {
        sheet.bold((16.0, y), 13, name);
        y += 10.0;
        let most = stacks.iter().map(Stack::total).fold(0.0, f64::max);
        let scale = Scale::linear(most, (LEFT, WIDTH - RIGHT));
        let bottom = y + stacks.len() as f64 * (BAR + 8.0);
        for tick in scale.ticks() {
            let x = scale.place(tick);
            sheet.line([x, y, x, bottom], GRID);
            sheet.text((x, bottom + 14.0), Anchor::Middle, 11, &time(tick));
        }
        for stack in stacks {
            draw_stack(&mut sheet, &scale, y + 4.0, stack);
            y += BAR + 8.0;
        }
        y = bottom + 46.0;
    }
    sheet.finish(title)
}

fn draw_stack(sheet: &mut Sheet, scale: &Scale, y: f64, stack: &Stack) {
    sheet.text((16.0, y + 17.0), Anchor::Start, 12, &stack.name);
    let mut so_far = 0.0;
    for part in &stack.parts {
        let (start, end) = (scale.place(so_far), scale.place(so_far + part.ns));
        sheet.rect([start, y, end - start, BAR], part.colour);
        let label = time(part.ns);
        if end - start > 6.4 * label.chars().count() as f64 + 6.0 {
            sheet.text(((start + end) / 2.0, y + 17.0), Anchor::Middle, 11, &label);
        }
        so_far += part.ns;
    }
    sheet.text(
        (scale.place(so_far) + 8.0, y + 17.0),
        Anchor::Start,
        12,
        &time(so_far),
    );
}

/// Each part once, in the order of the stacks.
fn legend<'a>(panels: &'a [(&str, Vec<Stack>)]) -> Vec<(&'a str, &'a str)> {
    let mut entries: Vec<(&str, &str)> = Vec::new();
    let stacks = panels.iter().flat_map(|(_, stacks)| stacks);
    for part in stacks.flat_map(|stack| &stack.parts) {
        if !entries.iter().any(|(name, _)| *name == part.name) {
            entries.push((part.name, part.colour));
        }
    }
    entries
}
