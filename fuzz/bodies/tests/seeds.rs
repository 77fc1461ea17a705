//! Every target over its committed seeds, and over mutations of them that are the same in each run.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use asap_fuzz_bodies::{Body, TARGETS};

mod mutator;
use mutator::Mutator;

fn directory(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(kind)
}

/// The committed seeds of a target, in the order of their names.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(directory("seeds").join(target)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| (path.clone(), fs::read(path).unwrap());
    paths.into_iter().map(read).collect()
}

/// The words of a target's dictionary, in the form that libFuzzer reads.
fn dictionary(target: &str) -> Vec<Vec<u8>> {
    let path = directory("dictionaries").join(format!("{target}.dict"));
    let text = fs::read_to_string(path).unwrap();
    let word = |line: &str| {
        let quoted = line
            .strip_prefix('"')
            .and_then(|line| line.strip_suffix('"'));
        mutator::unescape(quoted.expect("a word in quotation marks"))
    };
    text.lines().map(word).collect()
}

#[test]
fn every_target_holds_on_its_seeds() {
    for (target, body) in TARGETS {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target} has no seed");
        for (path, seed) in seeds {
            let held = catch_unwind(|| body(&seed));
            assert!(
                held.is_ok(),
                "{target} found something in {}",
                path.display()
            );
        }
    }
}

#[test]
fn every_target_holds_on_what_is_near_its_seeds() {
    for (target, body) in TARGETS {
        let seeds: Vec<_> = seeds(target).into_iter().map(|(_, seed)| seed).collect();
        let mut mutator = Mutator::new(target, &seeds, dictionary(target));
        for _ in 0..count(target) {
            let input = mutator.next_input();
            hold(target, body, &input);
        }
    }
}

fn hold(target: &str, body: Body, input: &[u8]) {
    let held = catch_unwind(AssertUnwindSafe(|| body(input)));
    assert!(
        held.is_ok(),
        "{target} found something in {}",
        input.escape_ascii()
    );
}

/// How many inputs are made: fewer where one costs a signature.
fn count(target: &str) -> usize {
    match target {
        "private_key" | "backends" | "spki" | "mutated_token" => 300,
        _ => 2_000,
    }
}

#[test]
fn the_lists_of_targets_agree() {
    let manifest = fs::read_to_string(directory("Cargo.toml")).unwrap();
    let bins = manifest.matches("[[bin]]").count();
    assert_eq!(bins, TARGETS.len());
    for (target, _) in TARGETS {
        let file = directory("fuzz_targets").join(format!("{target}.rs"));
        let code = fs::read_to_string(file).unwrap();
        assert!(code.contains(&format!("asap_fuzz_bodies::{target}(data)")));
        assert!(manifest.contains(&format!("name = \"{target}\"")));
    }
}
