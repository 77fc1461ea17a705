//! `docs/VECTORS.md` says what ran: its tables are made here from the sets, their tallies and the table of deviations,
//! and a page that says otherwise fails.

use std::collections::BTreeMap;

use crate::deviations::{self, Deviation, Ours, Which};
use crate::judge::Published;
use crate::sets::{SETS, Set};
use crate::tally::Tally;

/// The row of one set, or of several.
fn tally_row(name: &str, tallies: &[&Tally]) -> String {
    let sum = |of: fn(&Tally) -> usize| -> usize { tallies.iter().map(|tally| of(tally)).sum() };
    let mut refused_with = BTreeMap::new();
    for (code, cases) in tallies.iter().flat_map(|tally| &tally.refused_with) {
        *refused_with.entry(code).or_insert(0) += cases;
    }
    let refused_with: Vec<_> = refused_with
        .iter()
        .map(|(code, cases)| format!("`{code}` {cases}"))
        .collect();
    format!(
        "| {name} | {} | {} | {} | {} | {} |",
        sum(Tally::cases),
        sum(|tally| tally.accepted),
        sum(Tally::refused),
        refused_with.join(", "),
        sum(Tally::deviating)
    )
}

/// The row of a deviation.
fn deviation_row(deviation: &Deviation) -> String {
    let sets = deviation.sets.iter().map(|(name, cases)| {
        let name = name
            .trim_start_matches("wycheproof/")
            .trim_start_matches("crate/");
        format!("`{}` {cases}", name.trim_end_matches("_test.json"))
    });
    let sets: Vec<_> = sets.collect();
    let which = match deviation.which {
        Which::Every => "all such".to_owned(),
        Which::Tagged(tag) => format!("`{tag}`"),
        Which::Cases(ids) => ids.join(", "),
    };
    let ours = match deviation.ours {
        Ours::Accepted => "accepted".to_owned(),
        Ours::Refused(code) => format!("refused, `{code}`"),
    };
    format!(
        "| {} | {} | {which} | {} | {ours} | {} |",
        deviation.rule,
        sets.join(", "),
        deviation.published.as_str(),
        deviation.reason
    )
}

/// The sentence that adds the deviations up.
fn breakdown() -> String {
    let count = |published: Published, is_accepted: bool| -> usize {
        let such = deviations::all().filter(|one| {
            one.published == published && matches!(one.ours, Ours::Accepted) == is_accepted
        });
        such.flat_map(|one| one.sets).map(|(_, cases)| cases).sum()
    };
    format!(
        "Published as valid and refused: {}; published as invalid and accepted: {}; left open, accepted: {}, refused: {}.",
        count(Published::Valid, false),
        count(Published::Invalid, true),
        count(Published::Acceptable, true),
        count(Published::Acceptable, false)
    )
}

/// The lines that the page is to have: of the sets that ran, and of the deviations.
fn rows(ran: &[(&Set, &Tally)]) -> Vec<String> {
    let mut rows: Vec<_> = ran
        .iter()
        .map(|(set, tally)| tally_row(&format!("`{}`", set.name), &[tally]))
        .collect();
    if ran.len() == SETS.len() {
        let tallies: Vec<_> = ran.iter().map(|(_, tally)| *tally).collect();
        rows.push(tally_row("all of them", &tallies));
    }
    rows.push(breakdown());
    rows.extend(deviations::all().map(deviation_row));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::{say, tally};

    const PAGE: &str = include_str!("../../docs/VECTORS.md");

    #[test]
    fn the_page_says_what_ran() {
        let ran: Vec<_> = SETS
            .iter()
            .filter_map(|set| Some((set, tally(set)?)))
            .collect();
        say(&summary(&ran));
        let rows = rows(&ran);
        let mut rest = PAGE;
        for row in &rows {
            let Some((_, after)) = rest.split_once(&format!("{row}\n")) else {
                let rows = rows.join("\n");
                panic!("docs/VECTORS.md is to have, in order, the line\n{row}\nof\n{rows}");
            };
            rest = after;
        }
        // Two tables of six columns, each with two lines above its rows, and the one row that adds up.
        let lines = PAGE.lines().filter(|line| line.matches('|').count() == 7);
        assert_eq!(
            lines.count(),
            SETS.len() + 1 + deviations::all().count() + 4
        );
    }

    fn summary(ran: &[(&Set, &Tally)]) -> String {
        let sum = |of: fn(&Tally) -> usize| -> usize { ran.iter().map(|(_, one)| of(one)).sum() };
        let all: usize = SETS.iter().map(|set| set.cases).sum();
        let cases = sum(Tally::cases);
        format!(
            "vectors: {} sets, {cases} cases: {} accepted and {} refused as published, {} in the table of deviations; \
             skipped: {} sets, {} cases",
            ran.len(),
            sum(|tally| tally.accepted),
            sum(Tally::refused),
            sum(Tally::deviating),
            SETS.len() - ran.len(),
            all - cases
        )
    }

    #[test]
    fn each_deviation_concerns_sets_that_there_are() {
        for deviation in deviations::all() {
            for (name, cases) in deviation.sets {
                assert!(SETS.iter().any(|set| set.name == *name), "{name}");
                assert!(*cases > 0, "{}", deviation.rule);
            }
        }
    }
}
