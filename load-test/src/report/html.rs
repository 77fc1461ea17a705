//! The report as one page that needs nothing else: the table, and three graphs as inline SVG.

use crate::findings::Findings;
use crate::number::{float, grouped_float};
use crate::statistics::{Second, Times, enough};

use super::svg::{Graph, Line, linear_ticks};
use super::table::show_micros;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--grid:#d8dee4;--a:#0b62c4;--b:#c2410c;--c:#6b7280}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--paper:#15181c;--grid:#343a41;--a:#6cb0ff;--b:#ff9b63;--c:#9aa3ad}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:900px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin:2rem 0 .3rem}
pre{font:12.5px/1.45 ui-monospace,monospace;overflow-x:auto;border-top:1px solid var(--grid);padding-top:1rem}
svg{width:100%;height:auto}svg text{font-size:12px;fill:var(--ink)}.right{text-anchor:end}.middle{text-anchor:middle}
.grid{stroke:var(--grid)}polyline{fill:none;stroke-width:2;stroke-linejoin:round}
polyline.a{stroke:var(--a)}polyline.b{stroke:var(--b)}polyline.c{stroke:var(--c);stroke-dasharray:5 4}
.key{margin-right:1.2em;font-weight:600}.key.a{color:var(--a)}.key.b{color:var(--b)}.key.c{color:var(--c)}
.passed,.failed{font-weight:700}.failed{color:#d1242f}";

/// The page.
pub(crate) fn render(findings: &Findings, table: &str) -> String {
    let verdict = if findings.passed() {
        r#"<p class="passed">Every answer was right.</p>"#
    } else {
        r#"<p class="failed">FAILED: answers were wrong or missing; see the end of the table.</p>"#
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>load-test {name}</title>\
         <style>{STYLE}</style></head><body>\n<h1>load-test: {name}</h1>\n<p>{date}</p>\n{verdict}\n",
        name = findings.scenario.name,
        date = findings.environment.date,
    );
    for graph in [
        throughput(findings),
        latency_over_time(findings),
        percentiles(findings),
    ] {
        page.push_str(&format!(
            "<h2>{}</h2>\n<p>{}</p>\n{}\n",
            graph.title,
            graph.legend(),
            graph.render()
        ));
    }
    page.push_str(&format!(
        "<h2>All figures</h2>\n<pre>{}</pre>\n</body></html>\n",
        escape(table)
    ));
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The whole seconds of the main phase. The last, begun one would show a drop that was none.
fn seconds(findings: &Findings) -> &[Second] {
    let series = &findings.main.tally.seconds;
    let complete =
        crate::number::length(findings.main.elapsed.as_secs()).clamp(1, series.len().max(1));
    series.get(..complete).unwrap_or(series)
}

fn over_time(findings: &Findings, value: impl Fn(&Second) -> Option<f64>) -> Vec<(f64, f64)> {
    let numbered = seconds(findings).iter().enumerate();
    numbered
        .filter_map(|(index, second)| {
            Some((float(crate::number::count(index)) + 0.5, value(second)?))
        })
        .collect()
}

fn time_axis(findings: &Findings) -> Vec<(f64, String)> {
    linear_ticks(float(crate::number::count(seconds(findings).len())), |at| {
        format!("{at:.0}")
    })
}

fn throughput(findings: &Findings) -> Graph {
    let end = float(crate::number::count(seconds(findings).len()));
    let achieved = over_time(findings, |second| Some(float(second.requests)));
    let mut most = achieved.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    let mut lines = vec![Line {
        name: "achieved",
        class: "a",
        points: achieved,
    }];
    let mut level = |name, class, rate: f64| {
        most = most.max(rate);
        lines.push(Line {
            name,
            class,
            points: vec![(0.0, rate), (end, rate)],
        });
    };
    if let Some(offered) = findings.offered {
        level("offered", "c", offered);
    }
    level("saturated", "b", findings.saturation_rate().rps);
    Graph {
        title: "Throughput of the main phase, requests a second",
        x_label: "seconds",
        x_ticks: time_axis(findings),
        y_ticks: linear_ticks(most, grouped_float),
        lines,
    }
}

fn latency_over_time(findings: &Findings) -> Graph {
    let p50 = over_time(findings, |second| second.times.quantile(0.5));
    let p99 = over_time(findings, |second| second.times.quantile(0.99));
    let most = p50
        .iter()
        .chain(&p99)
        .map(|(_, micros)| *micros)
        .fold(0.0, f64::max);
    Graph {
        title: "Latency over time, microseconds",
        x_label: "seconds",
        x_ticks: time_axis(findings),
        y_ticks: linear_ticks(most, grouped_float),
        lines: vec![
            Line {
                name: "p50",
                class: "a",
                points: p50,
            },
            Line {
                name: "p99",
                class: "b",
                points: p99,
            },
        ],
    }
}

/// Quantiles on the axis of `-log10(1 - q)`, where every nine takes the same room.
fn percentiles(findings: &Findings) -> Graph {
    let tally = &findings.main.tally;
    let (response, service) = (curve(&tally.response), curve(&tally.service));
    let most = response
        .iter()
        .chain(&service)
        .map(|(_, log)| *log)
        .fold(1.0, f64::max);
    let nines = response.iter().map(|(nines, _)| *nines).fold(1.0, f64::max);
    let x_ticks = [
        (0.0, "min"),
        (0.301, "p50"),
        (1.0, "p90"),
        (2.0, "p99"),
        (3.0, "p99.9"),
        (4.0, "p99.99"),
        (5.0, "p99.999"),
    ];
    let logs = response.iter().chain(&service).map(|(_, log)| *log);
    let least = logs.fold(most, f64::min).floor();
    let decades = (0..=9)
        .map(f64::from)
        .filter(|decade| (least..most + 1.0).contains(decade));
    Graph {
        title: "Latency by percentile, microseconds, both axes logarithmic",
        x_label: "percentile",
        x_ticks: x_ticks
            .into_iter()
            .filter(|(at, _)| *at <= nines + 0.01)
            .map(|(at, label)| (at, label.to_owned()))
            .collect(),
        y_ticks: decades
            .map(|decade| (decade, show_micros(10_f64.powf(decade))))
            .collect(),
        lines: vec![
            Line {
                name: "from the intended instant",
                class: "a",
                points: response,
            },
            Line {
                name: "from the sending itself",
                class: "c",
                points: service,
            },
        ],
    }
}

fn curve(times: &Times) -> Vec<(f64, f64)> {
    (0..=100)
        .map(|step| f64::from(step) * 0.05)
        .map(|nines| (nines, 1.0 - 10_f64.powf(-nines)))
        .filter(|(_, quantile)| enough(times.count(), *quantile))
        .filter_map(|(nines, quantile)| Some((nines, times.quantile(quantile)?.max(1.0).log10())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::sample;

    #[test]
    fn the_page_needs_nothing_else_and_shows_three_graphs() {
        let page = render(&sample(), "a < b");
        assert_eq!(page.matches("<svg").count(), 3);
        assert!(page.contains("a &lt; b"));
        for loading in ["http://", "https://", "<script", "src=", "@import", "url("] {
            assert!(!page.contains(loading), "{loading}");
        }
        assert!(!page.contains("NaN") && !page.contains("inf,"));
    }

    #[test]
    fn the_curve_ends_where_the_samples_do() {
        let curve = curve(&sample().main.tally.response);
        let end = curve.last().unwrap().0;
        // 2,000 samples carry 10/2,000 = 99.5 %, which is 2.3 nines.
        assert!((2.2..=2.31).contains(&end), "{end}");
    }
}
