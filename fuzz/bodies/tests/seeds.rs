//! Every target over its committed seeds, and over mutations of them that are the same in each run.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use asap_fuzz_bodies::Body;

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

/// A test for each target.
macro_rules! targets {
    ($($target:ident, $count:literal;)+) => {
        $(
            #[test]
            fn $target() {
                holds_on_its_seeds(stringify!($target), asap_fuzz_bodies::$target);
                holds_near_its_seeds(stringify!($target), asap_fuzz_bodies::$target, $count);
            }
        )+

        const TESTED: &[&str] = &[$(stringify!($target)),+];
    };
}

// With how many inputs near the seeds: fewer where one costs signatures.
targets! {
    compact, 1_000;
    header, 1_000;
    claims, 1_000;
    numeric_date, 1_000;
    base64url, 1_000;
    pem, 1_000;
    spki, 300;
    key_id, 1_000;
    jwk_set, 500;
    admit, 1_000;
    plain_token, 3_000;
    mutated_token, 300;
    cache_headers, 1_000;
    backends, 200;
    private_key, 200;
    bearer, 1_000;
    key_response, 500;
    query_hash, 2_000;
    connect_token, 2_000;
    rsa_kernel, 200;
    p256_kernel, 400;
    ed25519_kernel, 600;
    modular, 3_000;
}

fn holds_on_its_seeds(target: &str, body: Body) {
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

fn holds_near_its_seeds(target: &str, body: Body, count: usize) {
    let seeds: Vec<_> = seeds(target).into_iter().map(|(_, seed)| seed).collect();
    let mut mutator = Mutator::new(target, &seeds, dictionary(target));
    for _ in 0..count {
        let input = mutator.next_input();
        let held = catch_unwind(|| body(&input));
        let shown = input.escape_ascii();
        assert!(held.is_ok(), "{target} found something in {shown}");
    }
}

#[test]
fn the_lists_of_targets_agree() {
    let manifest = fs::read_to_string(directory("Cargo.toml")).unwrap();
    let bins = manifest.matches("[[bin]]").count();
    assert_eq!(bins, TESTED.len());
    for target in TESTED {
        let file = directory("fuzz_targets").join(format!("{target}.rs"));
        let code = fs::read_to_string(file).unwrap();
        assert!(code.contains(&format!("asap_fuzz_bodies::{target}(data)")));
        assert!(manifest.contains(&format!("name = \"{target}\"")));
    }
}
