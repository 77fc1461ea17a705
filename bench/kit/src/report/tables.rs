//! The tables of docs/BENCHMARKS.md, written between the comments there that name them.

use std::error::Error;

use super::scale::{count, short, time};
use crate::measure::Row;

/// Puts each table that `rows` suffice for in its place in `page`, and leaves all else as it is.
///
/// # Errors
///
/// If a place has no end.
pub(super) fn put_into(page: &str, rows: &[Row]) -> Result<String, Box<dyn Error>> {
    let mut page = page.to_owned();
    for (name, table) in all(rows) {
        let (begin, end) = (
            format!("<!-- {name} -->\n"),
            format!("<!-- end of {name} -->"),
        );
        let Some(at) = page.find(&begin).map(|at| at + begin.len()) else {
            continue;
        };
        let rest = page.get(at..).unwrap_or_default();
        let length = rest.find(&end);
        let length = length.ok_or_else(|| format!("the page has no <!-- end of {name} -->"))?;
        if !table.is_empty() {
            page.replace_range(at..at + length, &format!("\n{table}\n"));
        }
    }
    Ok(page)
}

/// What the cases of the other tokens begin with.
const PROFILES: [&str; 3] = ["connect/", "forge/", "trello/"];

/// The tables by name; empty where rows are missing.
fn all(rows: &[Row]) -> [(&'static str, String); 8] {
    let is_of_profile = |row: &Row| PROFILES.iter().any(|profile| row.case.starts_with(profile));
    let (profiles, kinds): (Vec<Row>, Vec<Row>) = rows.iter().cloned().partition(is_of_profile);
    let is_far = |row: &Row| row.case.ends_with(" keys") || row.case.ends_with(" touched");
    let far: Vec<Row> = rows.iter().filter(|row| is_far(row)).cloned().collect();
    [
        ("cold", matrix(&kinds, "/cold")),
        ("profiles", matrix(&profiles, "/cold")),
        ("far", matrix(&far, "")),
        ("accepts", accepts(rows)),
        ("refusals", refusals(rows)),
        ("admit", list(rows, |row| row.case == "RS256-2048/admit")),
        ("stages", list(rows, |row| row.case.ends_with("/stages"))),
        (
            "cached",
            list(rows, |row| {
                row.case.contains("/cached hit") || row.case.starts_with("cached/")
            }),
        ),
    ]
}

/// Cases down, subjects across: times, and how many times the floor they are.
fn matrix(rows: &[Row], suffix: &str) -> String {
    let rows: Vec<&Row> = rows
        .iter()
        .filter(|row| row.case.ends_with(suffix))
        .collect();
    let cases = in_order(rows.iter().map(|row| row.case.as_str()));
    // Not every subject is in every case, so the fullest one says where each belongs.
    let fullest = cases.iter().max_by_key(|case| of_case(&rows, case).count());
    let fullest = fullest.into_iter().flat_map(|case| of_case(&rows, case));
    let subjects = in_order(
        fullest
            .chain(rows.iter().copied())
            .map(|row| row.subject.as_str()),
    );
    let body = cases.iter().map(|case| {
        let cells = subjects.iter().map(|subject| {
            let found = of_case(&rows, case).find(|row| row.subject == *subject);
            found.map_or_else(|| "-".to_owned(), cell)
        });
        let case = case.strip_suffix(suffix).unwrap_or(case).to_owned();
        std::iter::once(case).chain(cells).collect()
    });
    let titles = std::iter::once("").chain(subjects.iter().copied());
    table(&titles.collect::<Vec<_>>(), body)
}

fn of_case<'a>(rows: &'a [&Row], case: &'a str) -> impl Iterator<Item = &'a Row> {
    rows.iter().copied().filter(move |row| row.case == case)
}

fn refusals(rows: &[Row]) -> String {
    let wanted = ["expired", "malformed", "wrong signature"];
    let found: Vec<Row> = rows
        .iter()
        .filter_map(|row| {
            let (_, what) = row.case.split_once('/')?;
            wanted.contains(&what).then(|| {
                let mut row = row.clone();
                row.case = format!("{what}/refused");
                row
            })
        })
        .collect();
    matrix(&found, "/refused")
}

fn cell(row: &Row) -> String {
    let time = time(row.ns);
    if row.subject.starts_with("floor/") {
        time
    } else {
        format!("{time}, {:.2}", row.ratio_to_floor)
    }
}

/// Every row for itself.
fn list(rows: &[Row], is_wanted: impl Fn(&Row) -> bool) -> String {
    let body = rows.iter().filter(|row| is_wanted(row)).map(|row| {
        vec![
            row.case.clone(),
            row.subject.clone(),
            format!(
                "{} ({} to {})",
                short(row.ns),
                short(row.ns_p5),
                short(row.ns_p95)
            ),
            row.allocations.to_string(),
        ]
    });
    table(
        &["case", "subject", "ns, median (p5 to p95)", "allocations"],
        body,
    )
}

/// What each subject accepts, and how often it allocates for two kinds of tokens.
fn accepts(rows: &[Row]) -> String {
    let of_case = |case| rows.iter().filter(move |row: &&Row| row.case == case);
    let body = of_case("RS256-2048/cold").map(|row| {
        let es256 = of_case("ES256/cold").find(|other| other.subject == row.subject);
        let es256 = es256.map_or_else(|| "-".to_owned(), |other| count(other.allocations as f64));
        let accepts = if row.subject.starts_with("floor/") {
            "checks the signature and nothing else".to_owned()
        } else if row.accepts.is_empty() {
            "nothing".to_owned()
        } else {
            row.accepts.join("; ")
        };
        vec![
            format!("{} {}", row.subject, row.version),
            format!("{} / {es256}", count(row.allocations as f64)),
            accepts,
        ]
    });
    table(
        &[
            "subject",
            "allocations, RS256 / ES256",
            "accepts of what it should refuse",
        ],
        body,
    )
}

/// A table of Markdown, or nothing if it has no rows.
fn table(titles: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let body: String = rows.map(|cells| line(&cells)).collect();
    if body.is_empty() {
        return body;
    }
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    let rule = vec!["---".to_owned(); titles.len()];
    format!("{}{}{body}", line(&titles), line(&rule).replace(' ', ""))
}

fn line(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Each once, in the order of their first appearance.
fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(case: &str, subject: &str, ns: f64) -> Row {
        serde_json::from_value(json!({
            "case": case, "subject": subject, "version": "1", "ns": ns, "ns_p5": ns, "ns_p95": ns,
            "allocations": 0, "ratio_to_floor": ns / 20_000.0,
        }))
        .unwrap()
    }

    #[test]
    fn a_table_takes_its_place_and_no_other() {
        let rows = [
            row("RS256-2048/cold", "floor/aws-lc", 20_000.0),
            row("RS256-2048/cold", "engine/aws-lc", 21_000.0),
            row("ES256/cold", "floor/aws-lc", 70_000.0),
            row("connect/cold", "floor/aws-lc", 500.0),
            row("connect/cold", "biscuit", 1_000.0),
            row("forge/cold", "floor/aws-lc", 20_000.0),
            row("forge/cold", "engine/ring", 30_000.0),
            row("forge/cold", "biscuit", 40_000.0),
            row("ES256/100 keys", "engine/accel", 3_000.0),
            row("ES256/16 MiB touched", "engine/accel", 8_000.0),
        ];
        let page =
            "a\n<!-- cold -->\nold\n<!-- end of cold -->\nb <!-- admit -->\n<!-- end of admit -->";
        let expected = "a\n<!-- cold -->\n\n\
            |  | floor/aws-lc | engine/aws-lc |\n|---|---|---|\n\
            | RS256-2048 | 20 µs | 21 µs, 1.05 |\n| ES256 | 70 µs | - |\n\n\
            <!-- end of cold -->\nb <!-- admit -->\n<!-- end of admit -->";
        assert_eq!(put_into(page, &rows).unwrap(), expected);
        assert!(put_into("<!-- cold -->\n", &rows).is_err());
        let page = "<!-- profiles -->\n<!-- end of profiles -->";
        let expected = "<!-- profiles -->\n\n\
            |  | floor/aws-lc | engine/ring | biscuit |\n|---|---|---|---|\n\
            | connect | 500 ns | - | 1 µs, 0.05 |\n\
            | forge | 20 µs | 30 µs, 1.50 | 40 µs, 2.00 |\n\n<!-- end of profiles -->";
        assert_eq!(put_into(page, &rows).unwrap(), expected);
        let page = "<!-- far -->\n<!-- end of far -->";
        let expected = "<!-- far -->\n\n|  | engine/accel |\n|---|---|\n\
            | ES256/100 keys | 3 µs, 0.15 |\n| ES256/16 MiB touched | 8 µs, 0.40 |\n\n<!-- end of far -->";
        assert_eq!(put_into(page, &rows).unwrap(), expected);
    }
}
