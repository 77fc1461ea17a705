//! The documents say what is so: the README's first program is the one that is compiled and its table of codes is the
//! engine's, and each test that docs/THREATS.md and docs/REQUIREMENTS.md name is there.

use std::fs;
use std::path::Path;

use asap_engine::VerifyError;

const README: &str = include_str!("../README.md");

#[test]
fn the_first_program_is_the_example() {
    let example = include_str!("../engine/examples/first_program.rs");
    let (_, program) = example.split_once("\n\n").unwrap();
    assert!(
        README.contains(&format!("```rust\n{program}```\n")),
        "README.md is to show engine/examples/first_program.rs as it is"
    );
    assert!(program.lines().filter(|line| !line.is_empty()).count() <= 15);
}

#[test]
fn the_table_of_codes_is_that_of_the_engine() {
    let mut from = 0;
    for refusal in VerifyError::ALL {
        let (code, stage, status, detail) = (
            refusal.code(),
            refusal.stage(),
            refusal.status(),
            refusal.detail(),
        );
        let row = format!("\n| `{code}` | {stage} | {status} | {detail} |\n");
        let at = README[from..].find(&row);
        let at = at.unwrap_or_else(|| panic!("README.md is to have, in order, the row{row}"));
        // The line end belongs to the next row too.
        from += at + row.len() - 1;
    }
}

#[test]
fn the_commands_are_those_that_continuous_integration_runs() {
    let continuous_integration = include_str!("../.ci/run");
    assert!(README.contains("cargo run --release --package asap-load-test"));
    assert!(continuous_integration.contains("cargo run --release --package asap-load-test"));
    assert!(README.contains("\ncargo test\n"));
    assert!(continuous_integration.contains(" cargo test\n"));
}

#[test]
fn the_counts_are_those_of_the_pages_that_are_held_against_the_tests() {
    let attacks = between(include_str!("../docs/ATTACKS.md"), "Today: ", " paths.");
    let (attacks, paths) = attacks.split_once(" on ").unwrap();
    let (attacks, twins) = attacks.split_once(" attacks and ").unwrap();
    let twins = twins.strip_suffix(" twins").unwrap();
    let vectors = between(include_str!("../docs/VECTORS.md"), "| all of them | ", " |");
    let rules = between(
        include_str!("../docs/SPECIFICATION.md"),
        "the tests that show it: ",
        ".\n",
    );
    let tests = include_str!("../docs/TESTS.md");
    for (page, counts) in [
        (tests, format!("{attacks} attacks and {twins} twins")),
        (tests, format!("on up to {paths} paths")),
        (tests, format!("{vectors} cases")),
        (tests, rules.to_owned()),
        (
            README,
            format!("{attacks} attacks and {twins} legal neighbours, each on up to {paths} paths"),
        ),
        (README, format!("{vectors} published vectors")),
    ] {
        assert!(page.contains(&counts), "{counts}");
    }
}

/// What stands between `before` and `after`.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).unwrap();
    rest.split_once(after).unwrap().0
}

#[test]
fn every_threat_names_a_test_that_exists() {
    assert!(tests_of(include_str!("../docs/THREATS.md")) > 25);
}

#[test]
fn every_requirement_has_its_row_and_names_tests_that_exist() {
    let page = include_str!("../docs/REQUIREMENTS.md");
    assert!(tests_of(page) > 60);
    let rows = |heading: &str| -> Vec<Vec<&str>> {
        let (_, section) = page.split_once(heading).unwrap();
        let section = section.split_once("\n## ").unwrap().0;
        let rows = section.lines().filter(|line| line.starts_with("| "));
        rows.skip(1).map(|row| row.split(" | ").collect()).collect()
    };
    let of_2023 = rows("\n## The 13 requirements of 2023\n");
    for requirement in 1..=13 {
        for app in ["Connect", "Forge+", "Forge", "Trello"] {
            let is_row = |row: &Vec<&str>| {
                let number = row[0].trim_start_matches("| ").split('.').next();
                number == Some(requirement.to_string().as_str())
                    && row[1].split(", ").any(|one| one == app)
            };
            assert!(of_2023.iter().any(is_row), "{requirement}, {app}");
        }
    }
    let of_2019 = rows("\n## The 15 of 2019, and how to test them\n");
    assert_eq!(of_2019.len(), 15);
    for (row, cells) in [(&of_2023, 6), (&of_2019, 5)] {
        for row in row {
            assert_eq!(row.len(), cells, "{row:?}");
        }
    }
}

/// How many tests a page names; each must be there.
fn tests_of(page: &str) -> usize {
    let named: Vec<_> = page
        .split('`')
        .filter_map(|quoted| quoted.split_once("::"))
        .filter(|(file, _)| {
            file.chars()
                .all(|letter| letter.is_ascii_lowercase() || "_/".contains(letter))
        })
        .collect();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, test) in &named {
        let is_of_another_package = ["accel/", "cli/", "engine/", "examples/"]
            .iter()
            .any(|package| file.starts_with(package));
        let directory = tests.join(if is_of_another_package { ".." } else { "" });
        let path = directory.join(format!("{file}.rs"));
        let source = fs::read_to_string(path).unwrap_or_default();
        // The rows of tests/attacks become tests by a macro.
        let is_there = [format!("fn {test}()"), format!("\" {test} = ")];
        assert!(
            is_there.iter().any(|declared| source.contains(declared)),
            "{file}::{test}"
        );
    }
    named.len()
}
