//! Line graphs as inline SVG: axes with readable steps, a few lines, nothing to load.

use std::fmt::Write;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 44.0;

/// One line of a graph.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    /// A CSS class that gives it its colour.
    pub(super) class: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// A graph. Values are drawn as they are; whoever wants a logarithmic axis passes logarithms and labels.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) title: &'static str,
    pub(super) x_label: &'static str,
    /// Positions and labels on the x axis.
    pub(super) x_ticks: Vec<(f64, String)>,
    pub(super) y_ticks: Vec<(f64, String)>,
    pub(super) lines: Vec<Line>,
}

impl Graph {
    /// The graph as one `<svg>` element.
    pub(super) fn render(&self) -> String {
        let (x_min, x_max) = range(
            self.x_ticks.iter().map(|(at, _)| *at),
            self.points().map(|(x, _)| x),
        );
        let (y_min, y_max) = range(
            self.y_ticks.iter().map(|(at, _)| *at),
            self.points().map(|(_, y)| y),
        );
        let x = |value: f64| LEFT + (value - x_min) / (x_max - x_min) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| {
            HEIGHT - BOTTOM - (value - y_min) / (y_max - y_min) * (HEIGHT - TOP - BOTTOM)
        };
        let mut svg = format!(
            r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#,
            self.title
        );
        for (at, label) in &self.y_ticks {
            let (end, y) = (WIDTH - RIGHT, y(*at));
            let (text_x, text_y) = (LEFT - 8.0, y + 4.0);
            let _ = write!(
                svg,
                r#"<line class="grid" x1="{LEFT}" y1="{y:.1}" x2="{end}" y2="{y:.1}"/><text class="right" x="{text_x}" y="{text_y:.1}">{label}</text>"#
            );
        }
        for (at, label) in &self.x_ticks {
            let _ = write!(
                svg,
                r#"<text class="middle" x="{:.1}" y="{}">{label}</text>"#,
                x(*at),
                HEIGHT - BOTTOM + 18.0
            );
        }
        let middle = (LEFT + WIDTH - RIGHT) / 2.0;
        let _ = write!(
            svg,
            r#"<text class="middle" x="{middle}" y="{}">{}</text>"#,
            HEIGHT - 6.0,
            self.x_label
        );
        for line in &self.lines {
            let points: Vec<String> = line
                .points
                .iter()
                .map(|(px, py)| format!("{:.1},{:.1}", x(*px), y(*py)))
                .collect();
            let _ = write!(
                svg,
                r#"<polyline class="{}" points="{}"><title>{}</title></polyline>"#,
                line.class,
                points.join(" "),
                line.name
            );
        }
        svg.push_str("</svg>");
        svg
    }

    /// The names of the lines, in their colours.
    pub(super) fn legend(&self) -> String {
        let entries = self
            .lines
            .iter()
            .map(|line| format!(r#"<span class="key {}">{}</span>"#, line.class, line.name));
        entries.collect::<Vec<_>>().join(" ")
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.lines
            .iter()
            .flat_map(|line| line.points.iter().copied())
    }
}

fn range(ticks: impl Iterator<Item = f64>, values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (least, most) = ticks.chain(values).filter(|value| value.is_finite()).fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(least, most), value| (least.min(value), most.max(value)),
    );
    if least < most {
        (least, most)
    } else {
        (0.0, 1.0)
    }
}

/// Ticks from 0 to at least `most`: four to ten of them, in steps of 1, 2 or 5 times a power of ten.
pub(super) fn linear_ticks(most: f64, label: impl Fn(f64) -> String) -> Vec<(f64, String)> {
    let most = if most.is_finite() && most > 0.0 {
        most
    } else {
        1.0
    };
    let power = 10_f64.powf((most / 5.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| most / step <= 6.0);
    let step = step.unwrap_or(power * 10.0);
    let mut ticks = vec![(0.0, label(0.0))];
    let mut at = 0.0;
    while at < most {
        at += step;
        ticks.push((at, label(at)));
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_beyond_the_values() {
        for most in [0.3, 1.0, 7.0, 19.5, 14_321.0, 0.0, f64::NAN] {
            let ticks = linear_ticks(most, |at| at.to_string());
            assert!((2..=11).contains(&ticks.len()), "{most}: {ticks:?}");
            assert!(
                most.is_nan() || ticks.last().unwrap().0 >= most,
                "{most}: {ticks:?}"
            );
        }
        assert_eq!(linear_ticks(19.5, |at| format!("{at}"))[1].1, "5");
    }

    #[test]
    fn a_graph_draws_every_line_within_its_box() {
        let graph = Graph {
            title: "test",
            x_label: "seconds",
            x_ticks: linear_ticks(2.0, |at| at.to_string()),
            y_ticks: linear_ticks(10.0, |at| at.to_string()),
            lines: vec![Line {
                name: "one",
                class: "a",
                points: vec![(0.0, 0.0), (1.0, 10.0), (2.0, 5.0)],
            }],
        };
        let svg = graph.render();
        assert!(svg.contains(r#"points="78.0,256.0"#), "{svg}");
        assert_eq!(svg.matches("<polyline").count(), 1);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
