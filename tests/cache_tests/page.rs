//! `docs/CACHING.md` says what came of the suite: its tables are made here, and a page that says otherwise fails.

use crate::applicability::Reason;
use crate::explained::EXPLANATIONS;
use crate::suite::{Kind, Test};
use crate::verdict::{Played, Verdict};

fn passed(verdict: &Verdict) -> bool {
    *verdict == Verdict::Passed
}

fn failed(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Failed(_))
}

fn not_applicable(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::NotApplicable(_))
}

/// The row of some tests.
fn tests_row(name: &str, judged: &[(&Test, &Verdict)]) -> String {
    let counts = [Kind::Required, Kind::Optimal, Kind::Check].map(|kind| {
        let count = |is_so: fn(&Verdict) -> bool| {
            let tests = judged.iter();
            tests
                .filter(|(test, verdict)| test.kind == kind && is_so(verdict))
                .count()
        };
        let (passed, failed, rest) = (count(passed), count(failed), count(not_applicable));
        format!("{passed} | {failed} | {rest}")
    });
    format!("| {name} | {} | {} |", judged.len(), counts.join(" | "))
}

/// The row of one reason why tests do not concern the client.
fn reason_row(reason: Reason, played: &[Played]) -> String {
    let verdicts = played.iter().flat_map(|one| &one.verdicts);
    let count = verdicts.filter(|verdict| **verdict == Verdict::NotApplicable(reason));
    format!(
        "| {} | {} | {} |",
        reason.name(),
        count.count(),
        reason.text()
    )
}

/// The row of one test.
fn test_row(test: &Test, verdict: &Verdict) -> String {
    let (kind, yes, no) = match test.kind {
        Kind::Required => ("required", "passed", "failed"),
        Kind::Optimal => ("optimal", "passed", "failed"),
        Kind::Check => ("check", "yes", "no"),
    };
    let what = match verdict {
        Verdict::Passed => yes.to_owned(),
        Verdict::Failed(_) => no.to_owned(),
        Verdict::NotApplicable(reason) => format!("not applicable: {}", reason.name()),
    };
    format!("| `{}` | {kind} | {what} |", test.id)
}

/// The lines that the page is to have, in order.
fn rows(played: &[Played]) -> Vec<String> {
    let mut rows: Vec<_> = played
        .iter()
        .map(|one| tests_row(&format!("`{}`", one.suite.id), &one.judged()))
        .collect();
    let mut judged: Vec<_> = played.iter().flat_map(Played::judged).collect();
    rows.push(tests_row("all of them", &judged));
    judged.retain(|(test, _)| test.why_not_offline.is_empty());
    rows.push(tests_row("of these, usable offline", &judged));
    rows.extend(EXPLANATIONS.iter().map(|row| {
        let ids: Vec<_> = row.ids.iter().map(|id| format!("`{id}`")).collect();
        format!("| {} | {} |", ids.join(", "), row.reason)
    }));
    rows.extend(Reason::ALL.map(|reason| reason_row(reason, played)));
    let judged = played.iter().flat_map(Played::judged);
    rows.extend(judged.map(|(test, verdict)| test_row(test, verdict)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{played, say};

    const PAGE: &str = include_str!("../../docs/CACHING.md");

    #[test]
    fn the_page_says_what_came_of_each_test() {
        let Some(played) = played() else {
            return;
        };
        say(&summary(played));
        let rows = rows(played);
        let mut rest = PAGE;
        for row in &rows {
            let Some((_, after)) = rest.split_once(&format!("{row}\n")) else {
                let rows = rows.join("\n");
                panic!("docs/CACHING.md is to have, in order, the line\n{row}\nof\n{rows}");
            };
            rest = after;
        }
        let listed = PAGE.lines().filter(|line| line.starts_with("| `"));
        let suites_and_explanations = played.len() + EXPLANATIONS.len();
        let tests: usize = played.iter().map(|one| one.suite.tests.len()).sum();
        assert_eq!(listed.count(), suites_and_explanations + tests);
    }

    #[test]
    fn the_suite_is_whole() {
        let Some(played) = played() else {
            return;
        };
        let count = |kind: Kind| {
            let tests = played.iter().flat_map(|one| &one.suite.tests);
            tests.filter(|test| test.kind == kind).count()
        };
        let counts = [Kind::Required, Kind::Optimal, Kind::Check].map(count);
        assert_eq!((played.len(), counts), (25, [163, 107, 100]));
    }

    fn summary(played: &[Played]) -> String {
        let judged: Vec<_> = played.iter().flat_map(Played::judged).collect();
        let count = |is_so: fn(&Verdict) -> bool| {
            let verdicts = judged.iter();
            verdicts.filter(|(_, verdict)| is_so(verdict)).count()
        };
        let required = judged
            .iter()
            .filter(|(test, verdict)| test.kind == Kind::Required && failed(verdict));
        format!(
            "cache-tests: {} hold, {} do not ({} of them required), {} not applicable",
            count(passed),
            count(failed),
            required.count(),
            count(not_applicable)
        )
    }
}
