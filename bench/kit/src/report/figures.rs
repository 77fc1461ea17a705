//! Which rows make which plot.

use super::bars::{self, Bar, Group};
use super::lines::{self, Frame, Line, Point};
use super::stacks::{self, Part, Stack};
use crate::measure::Row;

// Okabe and Ito's colours, which people tell apart who see fewer, some of them lightened so that text on them is read.
const GREY: &str = "#b4bac2";
const BLUE: &str = "#2f86c6";
const LIGHT_BLUE: &str = "#8cc9ee";
const GREEN: &str = "#3fb58f";
const ORANGE: &str = "#eba53a";
const RED: &str = "#dd7a45";
const PINK: &str = "#d69abf";
const YELLOW: &str = "#e9dd55";
const PURPLE: &str = "#a58bd0";

/// Kinds of tokens, in the order of the plots.
const KINDS: [&str; 7] = [
    "RS256-2048",
    "RS256-3072",
    "RS256-4096",
    "PS256-2048",
    "ES256",
    "ES384",
    "EdDSA",
];

/// The plots by file name; `None` where rows are missing.
pub(super) fn all(rows: &[Row]) -> [(&'static str, Option<String>); 7] {
    [
        ("verify.svg", peers(rows, &["RS256-2048", "ES256", "EdDSA"])),
        ("peers.svg", peers(rows, &KINDS)),
        ("refusals.svg", refusals(rows)),
        ("stages.svg", stages(rows)),
        ("length.svg", length(rows)),
        ("keys.svg", keys(rows)),
        ("cached.svg", cached(rows)),
    ]
}

fn of_case<'a>(rows: &'a [Row], case: &str) -> Vec<&'a Row> {
    rows.iter().filter(|row| row.case == case).collect()
}

fn group(name: &str, rows: &[&Row]) -> Option<Group> {
    let floor = rows.first()?.ns;
    let mut bars: Vec<Bar> = rows
        .iter()
        .map(|row| Bar {
            name: row.subject.clone(),
            colour: colour_of(&row.subject),
            ns: row.ns,
            remark: if row.subject.starts_with("floor/") {
                String::new()
            } else {
                format!("  × {:.2}", row.ns / floor)
            },
        })
        .collect();
    bars.sort_by(|one, other| one.ns.total_cmp(&other.ns));
    Some(Group {
        name: name.to_owned(),
        bars,
    })
}

fn colour_of(subject: &str) -> &'static str {
    match subject {
        floor if floor.starts_with("floor/") => GREY,
        "engine/ring" => LIGHT_BLUE,
        engine if engine.starts_with("engine/") => BLUE,
        "jsonwebtoken" => ORANGE,
        "jwt-simple" => GREEN,
        "biscuit" => PINK,
        "josekit" => RED,
        _ => YELLOW,
    }
}

fn peers(rows: &[Row], kinds: &[&str]) -> Option<String> {
    let groups: Option<Vec<Group>> = kinds
        .iter()
        .map(|kind| group(kind, &of_case(rows, &format!("{kind}/cold"))))
        .collect();
    Some(bars::draw(
        "One verification, key at hand, token never seen",
        "Median, logarithmic scale; × is times the bare signature check (floor/aws-lc) of the same run.",
        &groups?,
    ))
}

fn refusals(rows: &[Row]) -> Option<String> {
    let groups: Option<Vec<Group>> = ["expired", "malformed", "wrong signature"]
        .iter()
        .map(|what| group(what, &of_case(rows, &format!("RS256-2048/{what}"))))
        .collect();
    Some(bars::draw(
        "One refusal, RS256 with 2048 bits",
        "Median, logarithmic scale; × is times the bare signature check of a good token.",
        &groups?,
    ))
}

fn stages(rows: &[Row]) -> Option<String> {
    let mut whole = Vec::new();
    let mut before = Vec::new();
    for kind in ["RS256-2048", "ES256", "EdDSA"] {
        let parts = parts(&of_case(rows, &format!("{kind}/stages")))?;
        let without_signature = parts.iter().filter(|part| part.name != SIGNATURE);
        before.push(Stack {
            name: format!("{kind}, portably"),
            parts: without_signature.copied().collect(),
        });
        before.push(Stack {
            name: format!("{kind}, here"),
            parts: parts_here(&of_case(rows, &format!("{kind}/stages")))?,
        });
        whole.push(Stack {
            name: kind.to_owned(),
            parts,
        });
    }
    Some(stacks::draw(
        "What one verification is made of",
        "Each part measured by itself, medians of one run. Single use (the replay window, half a million live) is optional.",
        &[
            ("All of it", whole),
            (
                "All of it but the signature, portably and as it is done here",
                before,
            ),
        ],
    ))
}

const SIGNATURE: &str = "signature";

/// A part of a stack.
const fn part(name: &'static str, colour: &'static str, ns: f64) -> Part {
    Part {
        name,
        colour,
        ns: ns.max(0.0),
    }
}

/// What a stage took.
fn stage(rows: &[&Row], name: &str) -> Option<f64> {
    let row = rows.iter().find(|row| row.subject == name);
    row.map(|row| row.ns)
}

/// The parts of a verification: a stage contains what comes before it, so a part is a difference.
fn parts(rows: &[&Row]) -> Option<Vec<Part>> {
    let of = |name| stage(rows, name);
    let (base64url, parse, admit) = (
        of("stage/base64url")?,
        of("stage/parse")?,
        of("stage/admit")?,
    );
    Some(vec![
        part("clock", GREY, of("stage/clock")?),
        part("base64url", LIGHT_BLUE, base64url),
        part("header and claims", GREEN, parse - base64url),
        part("policy", YELLOW, admit - parse),
        part("key look-up", PINK, of("stage/key")?),
        part(SIGNATURE, BLUE, of("stage/signature")?),
        part("single use", ORANGE, of("stage/replay")?),
    ])
}

/// Those before and after the signature, where admission may be in one piece.
fn parts_here(rows: &[&Row]) -> Option<Vec<Part>> {
    let of = |name| stage(rows, name);
    Some(vec![
        part("clock", GREY, of("stage/clock")?),
        part("admission, in one", PURPLE, of("stage/admit here")?),
        part("key look-up", PINK, of("stage/key")?),
        part("single use", ORANGE, of("stage/replay")?),
    ])
}

/// The line of those of `rows` that are of `subject` and `threads`, in cases that begin with `what`.
fn line(
    rows: &[Row],
    (what, subject, threads): (&str, &str, Option<usize>),
    name: &str,
    colour: &'static str,
) -> Option<Line> {
    let points: Vec<Point> = rows
        .iter()
        .filter(|row| row.case.starts_with(what) && row.subject == subject)
        .filter(|row| row.threads == threads)
        .filter_map(|row| {
            Some(Point {
                amount: row.amount? as f64,
                ns: row.ns,
                ns_p5: row.ns_p5,
                ns_p95: row.ns_p95,
            })
        })
        .collect();
    (!points.is_empty()).then(|| Line {
        name: name.to_owned(),
        colour,
        is_dashed: threads == Some(2),
        points,
    })
}

fn length(rows: &[Row]) -> Option<String> {
    let of = |subject, name, colour| line(rows, ("length/", subject, None), name, colour);
    let lines = [
        of("floor/decode+hash", "floor: base64url, SHA-256", GREY)?,
        of("admit/one long claim", "admit, one long claim", GREEN)?,
        of("admit/short claims", "admit, many short claims", ORANGE)?,
        of("engine/aws-lc", "whole verification", BLUE)?,
    ];
    let frame = Frame {
        title: "Cost against the length of the token",
        subtitle: "ES256, key at hand; median, and 5th to 95th percentile; both axes logarithmic.",
        amounts: "bytes of the token",
        is_logarithmic: true,
    };
    Some(lines::draw(frame, &lines))
}

fn keys(rows: &[Row]) -> Option<String> {
    let frame = Frame {
        title: "Key look-up against the number of keys",
        subtitle: "Keyring, kids in an order that jumps about; median, and 5th to 95th percentile.",
        amounts: "keys",
        is_logarithmic: false,
    };
    by_threads(rows, "keys/", "engine/keyring", frame)
}

fn cached(rows: &[Row]) -> Option<String> {
    let frame = Frame {
        title: "Hit in the cache of verified tokens against their number",
        subtitle: "Tokens of 660 bytes in an order that jumps about; median, and 5th to 95th percentile.",
        amounts: "cached tokens",
        is_logarithmic: false,
    };
    by_threads(rows, "cached/", "engine/token cache", frame)
}

/// What one thread takes, and each of two at once.
fn by_threads(rows: &[Row], cases: &str, subject: &str, frame: Frame<'_>) -> Option<String> {
    let of = |threads, name, colour| line(rows, (cases, subject, Some(threads)), name, colour);
    let lines = [
        of(1, "one thread", BLUE)?,
        of(2, "each of two threads at once", ORANGE)?,
    ];
    Some(lines::draw(frame, &lines))
}
