//! docs/ATTACKS.md says what is so: each row that has cases names their tests, their numbers and their verdicts, each
//! other row names tests that exist or the issue that it waits for, and no row of the catalogue is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use asap_engine::VerifyError;

use crate::case::{Case, Row};
use crate::paths::{ENTRIES, SOURCES};

const DOCUMENT: &str = include_str!("../../docs/ATTACKS.md");

/// Every row that has cases here.
fn rows() -> impl Iterator<Item = &'static Row> {
    [
        crate::algorithm::ROWS,
        crate::keys::ROWS,
        crate::rsa_keys::ROWS,
        crate::points::ROWS,
        crate::key_files::ROWS,
        crate::key_id::ROWS,
        crate::header::ROWS,
        crate::json::ROWS,
        crate::documents::ROWS,
        crate::base64url::ROWS,
        crate::serialisation::ROWS,
        crate::signature::ROWS,
        crate::claims::ROWS,
        crate::claim_times::ROWS,
        crate::time::ROWS,
        crate::replay::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// The cells of the document's tables, by the id in the first one.
fn documented() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut found = BTreeMap::new();
    for line in DOCUMENT.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        if let ["", id, cells @ .., ""] = &cells[..]
            && is_id(id)
        {
            let before = found.insert(*id, cells.to_vec());
            assert!(before.is_none(), "{id} is there twice");
        }
    }
    found
}

/// Whether it is as `ALG-01` is.
fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(section, number)| {
        let is_section = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit();
        (3..=4).contains(&section.len())
            && section.chars().all(is_section)
            && number.len() == 2
            && number.chars().all(|digit| digit.is_ascii_digit())
    })
}

fn in_backticks(cell: &str) -> BTreeSet<String> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

fn is_attack(case: &&Case) -> bool {
    case.expected.is_err()
}

/// What the attacks of a row come to: codes, and why their keys are refused.
fn verdicts(cases: &[Case]) -> BTreeSet<String> {
    let refusals = cases.iter().filter_map(|case| case.expected.err());
    let keys = cases.iter().filter_map(|case| case.key.as_ref()?.rejected);
    let codes = refusals.map(|refusal| refusal.code().to_owned());
    codes
        .chain(keys.map(|rejected| format!("{rejected:?}")))
        .collect()
}

/// Names in backticks that are codes, or reasons to refuse a key, and nothing else.
fn stated_verdicts(cell: &str) -> BTreeSet<String> {
    let is_code = |name: &String| VerifyError::ALL.iter().any(|one| one.code() == name);
    let is_reason = |name: &String| name.starts_with(|letter: char| letter.is_ascii_uppercase());
    let names = in_backticks(cell).into_iter();
    names
        .filter(|name| is_code(name) || is_reason(name))
        .collect()
}

#[test]
fn the_document_states_what_the_cases_are() {
    let documented = documented();
    let mut wrong = Vec::new();
    let (mut attacks, mut twins) = (0, 0);
    for row in rows() {
        let cases = (row.cases)();
        let count = cases.iter().filter(is_attack).count();
        attacks += count;
        twins += cases.len() - count;
        let (_, test) = row.test.split_once("::").unwrap();
        let expected = [
            format!("`{test}`"),
            count.to_string(),
            (cases.len() - count).to_string(),
        ];
        let verdicts = verdicts(&cases);
        match documented.get(row.id).map(Vec::as_slice) {
            Some([_what, tests, attacks, twins, verdict])
                if [tests, attacks, twins]
                    .iter()
                    .zip(&expected)
                    .all(|(one, two)| **one == two)
                    && stated_verdicts(verdict) == verdicts => {}
            _ => wrong.push(format!(
                "| {} | {} | {verdicts:?}",
                row.id,
                expected.join(" | ")
            )),
        }
    }
    let paths = SOURCES.len() * ENTRIES.len();
    let total = format!("{attacks} attacks and {twins} twins on {paths} paths");
    if !DOCUMENT.contains(&total) {
        wrong.push(total);
    }
    assert!(
        wrong.is_empty(),
        "docs/ATTACKS.md is to say\n{}",
        wrong.join("\n")
    );
}

#[test]
fn each_row_has_attacks_or_twins_and_each_case_a_name_of_its_own() {
    for row in rows() {
        let cases = (row.cases)();
        let mut names = BTreeSet::new();
        for case in &cases {
            let name = (&case.name, is_attack(&case), case.single_use);
            assert!(
                names.insert(name),
                "two of {} are named {:?}",
                row.id,
                case.name
            );
        }
        let (attacks, twins): (Vec<_>, Vec<_>) = cases.iter().partition(is_attack);
        assert!(!attacks.is_empty() && !twins.is_empty(), "{}", row.id);
    }
}

#[test]
fn a_row_without_cases_names_tests_that_exist_or_the_issue_that_it_waits_for() {
    let with_cases: BTreeSet<_> = rows().map(|row| row.id).collect();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (id, cells) in documented() {
        if with_cases.contains(id) {
            continue;
        }
        let [_what, where_tested] = cells[..] else {
            panic!("{id} has neither cases nor one cell that says where it is tested");
        };
        let mut named = 0;
        for test in in_backticks(where_tested) {
            let Some((file, test)) = test.rsplit_once("::") else {
                continue;
            };
            let path = match file.contains('/') {
                true => tests.join("..").join(file),
                false => tests.join(format!("{file}.rs")),
            };
            let source = fs::read_to_string(path).unwrap_or_default();
            assert!(
                source.contains(&format!("fn {test}()")),
                "{id}: {file}::{test}"
            );
            named += 1;
        }
        assert!(named > 0 || where_tested.contains("issue "), "{id}");
    }
}

#[test]
fn what_the_document_says_of_peers_names_its_rows() {
    let documented = documented();
    let (_, peers) = DOCUMENT.split_once("## 9 ").unwrap();
    let last_cells = peers.lines().filter_map(|line| line.rsplit('|').nth(1));
    let words = last_cells.flat_map(|cell| cell.split(", "));
    let named: Vec<_> = words.map(str::trim).filter(|word| is_id(word)).collect();
    assert!(named.len() > 30, "{}", named.len());
    for id in named {
        assert!(documented.contains_key(id), "{id}");
    }
}

/// The catalogue is not a part of the repository; it is compared where it is at hand.
#[test]
fn no_row_of_the_catalogue_is_left_out() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/facts/attacks.md");
    let path = std::env::var_os("ASAP_ATTACKS").map_or_else(beside, PathBuf::from);
    let Ok(catalogue) = fs::read_to_string(path) else {
        return;
    };
    let documented = documented();
    let rows = catalogue.lines().filter_map(|line| line.strip_prefix("| "));
    let ids: Vec<_> = rows
        .filter_map(|row| row.split('|').next())
        .flat_map(|cell| {
            cell.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        })
        .filter(|word| is_id(word))
        .collect();
    assert!(ids.len() > 80, "{}", ids.len());
    for id in ids {
        assert!(
            documented.contains_key(id),
            "docs/ATTACKS.md has no row {id}"
        );
    }
}
