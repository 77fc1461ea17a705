//! A sheet of SVG: rectangles, lines and text, nothing to load, on a ground of its own so that it can be read on a dark
//! page too.

use std::fmt::Write;

/// The colour of text.
pub(super) const INK: &str = "#1f2328";
/// The colour of lines behind the data.
pub(super) const GRID: &str = "#d8dee4";

/// Where a text is held.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A sheet that is drawn on.
#[derive(Debug)]
pub(super) struct Sheet {
    width: f64,
    height: f64,
    body: String,
}

impl Sheet {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    pub(super) fn rect(&mut self, [x, y, width, height]: [f64; 4], colour: &str) {
        let width = width.max(0.0);
        let _ = writeln!(
            self.body,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}"/>"#
        );
    }

    pub(super) fn line(&mut self, [x1, y1, x2, y2]: [f64; 4], colour: &str) {
        let _ = writeln!(
            self.body,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"/>"#
        );
    }

    /// A line through `points`, dashed or not, with a dot on each.
    pub(super) fn polyline(&mut self, points: &[(f64, f64)], colour: &str, is_dashed: bool) {
        let path: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let dashes = if is_dashed {
            r#" stroke-dasharray="7 4""#
        } else {
            ""
        };
        let _ = writeln!(
            self.body,
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2.2"{dashes}/>"#,
            path.join(" ")
        );
        for (x, y) in points {
            let _ = writeln!(
                self.body,
                r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.2" fill="{colour}"/>"#
            );
        }
    }

    /// A polygon through `points`, so light that lines on it can be read.
    pub(super) fn band(&mut self, points: &[(f64, f64)], colour: &str) {
        let path: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            self.body,
            r#"<polygon points="{}" fill="{colour}" fill-opacity="0.14"/>"#,
            path.join(" ")
        );
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, size: u32, text: &str) {
        self.write_text(x, y, anchor, size, "", text);
    }

    pub(super) fn bold(&mut self, (x, y): (f64, f64), size: u32, text: &str) {
        self.write_text(x, y, Anchor::Start, size, r#" font-weight="600""#, text);
    }

    /// Text with a white rim, for where lines run behind it.
    pub(super) fn text_on_grid(&mut self, (x, y): (f64, f64), size: u32, text: &str) {
        // The rim by itself and before: not every viewer knows paint-order.
        let rim = r##" fill="none" stroke="#ffffff" stroke-width="4""##;
        self.write_text(x, y, Anchor::Start, size, rim, text);
        self.write_text(x, y, Anchor::Start, size, "", text);
    }

    fn write_text(&mut self, x: f64, y: f64, anchor: Anchor, size: u32, style: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        let _ = writeln!(
            self.body,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" text-anchor="{anchor}"{style}>{text}</text>"#
        );
    }

    /// Squares of colour with names, in a row from `x` on. What would leave the sheet goes into the next row. The bottom
    /// of the last row.
    pub(super) fn legend(&mut self, x: f64, mut y: f64, entries: &[(&str, &str)]) -> f64 {
        let mut at = x;
        for (name, colour) in entries {
            // Letters of this size are seven wide at most, on average.
            let wide = 26.0 + 6.9 * name.chars().count() as f64;
            if at + wide > self.width - 8.0 {
                at = x;
                y += 20.0;
            }
            self.rect([at, y - 10.0, 12.0, 12.0], colour);
            self.text((at + 17.0, y), Anchor::Start, 12, name);
            at += wide + 8.0;
        }
        y
    }

    /// The sheet as a document.
    pub(super) fn finish(self, title: &str) -> String {
        let Self {
            width,
            height,
            body,
        } = self;
        let title = escape(title);
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{title}" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" fill="{INK}">
<title>{title}</title>
<rect width="{width}" height="{height}" fill="#ffffff"/>
{body}</svg>
"##
        )
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_the_ground_is_white() {
        let mut sheet = Sheet::new(100.0, 50.0);
        sheet.text((1.0, 2.0), Anchor::Middle, 12, "a < b & \"c\"");
        let svg = sheet.finish("t<t");
        assert!(svg.contains("a &lt; b &amp; &quot;c&quot;</text>"), "{svg}");
        assert!(svg.contains(r##"<rect width="100" height="50" fill="#ffffff"/>"##));
        assert!(svg.contains("<title>t&lt;t</title>"));
    }

    #[test]
    fn a_legend_stays_on_its_sheet() {
        let mut sheet = Sheet::new(200.0, 100.0);
        let entries = [("a name of some length", "#000"); 3];
        assert!(sheet.legend(10.0, 20.0, &entries) > 20.0 + 30.0);
    }
}
