//! docs/SPECIFICATION.md says what is so: each of its rows has its tests and each test its row, a test quotes the
//! sentence of its row, the counts are right, and no sentence of the rule book is missing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

const DOCUMENT: &str = include_str!("../../docs/SPECIFICATION.md");

/// The words that make a sentence a rule.
const FORCE: [&str; 12] = [
    "MUST",
    "SHALL",
    "SHOULD",
    "MAY",
    "CAN",
    "NEVER",
    "REQUIRED",
    "RECOMMENDED",
    "OPTIONAL",
    "must",
    "mandatory",
    "recommended",
];

/// Every sentence that binds somebody is quoted in the table, in order, once for each time that it is said; and the
/// table quotes nothing that is not said. Needs the rule book, which is not in this repository: it is looked for
/// where `ASAP_SPEC` says, or else beside the workspace.
#[test]
fn every_sentence_has_a_row() {
    let Some(rule_book) = rule_book() else {
        println!("skipped: the rule book is not at hand; set ASAP_SPEC to its path");
        return;
    };
    let said = sentences(&rule_book);
    let bound: Vec<_> = said.iter().filter(|sentence| sentence.binds).collect();
    assert!(bound.len() > 80, "{}", bound.len());
    let rows = rows();
    let mut left = said.iter();
    for row in &rows {
        let is_said = left.any(|sentence| sentence.text == row.sentence);
        assert!(
            is_said,
            "said nowhere, or not in this place: {}",
            row.sentence
        );
    }
    let mut left = rows.iter();
    for sentence in bound {
        let has_row = left.any(|row| row.sentence == sentence.text);
        assert!(
            has_row,
            "has no row, or not in this place: {}",
            sentence.text
        );
    }
}

/// A sentence that is kept or chosen has a test, one that is not ours has a reason and none; every test that a row
/// names is there, and every test that is there is named by one row.
#[test]
fn every_row_has_its_tests_and_every_test_its_row() {
    let tests = tests();
    assert!(tests.len() > 100, "{}", tests.len());
    let mut named = BTreeMap::new();
    for row in rows() {
        assert!(
            row.verdict.is_known(),
            "{}: {:?}",
            row.sentence,
            row.verdict.0
        );
        assert_eq!(
            row.tests.is_empty(),
            row.verdict.0 == "not ours",
            "{}",
            row.sentence
        );
        for test in row.tests {
            assert!(tests.contains_key(&test), "there is no test {test}");
            let before = named.insert(test, row.sentence.clone());
            assert_eq!(before, None, "named by two rows");
        }
    }
    for test in tests.keys() {
        assert!(
            named.contains_key(test),
            "docs/SPECIFICATION.md has no row that names {test}"
        );
    }
}

/// The documentation of a test quotes the sentence of its row, word for word.
#[test]
fn every_test_quotes_the_sentence_of_its_row() {
    let tests = tests();
    for row in rows() {
        for test in &row.tests {
            let quoted = tests.get(test).map_or("", String::as_str);
            assert!(
                quoted.contains(&row.sentence),
                "{test} should quote: {}",
                row.sentence
            );
        }
    }
}

/// The counts at the top are those of the rows.
#[test]
fn the_counts_at_the_top_are_right() {
    let rows = rows();
    let tests: usize = rows.iter().map(|row| row.tests.len()).sum();
    for verdict in Verdict::KNOWN {
        let count = rows.iter().filter(|row| row.verdict.0 == verdict).count();
        let line = format!("\n| {verdict} | {count} | ");
        assert!(
            DOCUMENT.contains(&line),
            "the count of \"{verdict}\" is {count}"
        );
    }
    let total = format!("{} sentences, {tests} tests", rows.len());
    assert!(DOCUMENT.contains(&total), "the totals are: {total}");
}

struct Row {
    sentence: String,
    verdict: Verdict,
    tests: Vec<String>,
}

struct Verdict(String);

impl Verdict {
    const KNOWN: [&str; 3] = ["kept", "chosen", "not ours"];

    fn is_known(&self) -> bool {
        Self::KNOWN.contains(&self.0.as_str())
    }
}

/// The rows of the tables whose columns are sentence, verdict, and how.
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut is_table = false;
    for line in DOCUMENT.lines() {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        match cells[..] {
            ["sentence", "verdict", _] => is_table = true,
            [sentence, verdict, how] if is_table && line.starts_with("| ") => rows.push(Row {
                sentence: normalised(sentence),
                verdict: Verdict(verdict.to_owned()),
                tests: names_of_tests(how),
            }),
            _ => is_table &= line.starts_with("|--"),
        }
    }
    rows
}

/// What stands in backquotes and is a path of lower-case names.
fn names_of_tests(how: &str) -> Vec<String> {
    let quoted = how.split('`').skip(1).step_by(2);
    let is_path = |text: &&str| {
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b':');
        text.contains("::") && text.bytes().all(is_plain)
    };
    quoted.filter(is_path).map(str::to_owned).collect()
}

/// The documentation of each test of this binary, and of those of the tool as `cli::...`, by its name.
fn tests() -> BTreeMap<String, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeMap::new();
    let mut directories = vec![here.join("specification")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.file_name() != Some("document.rs".as_ref()) {
                let inside = path.strip_prefix(here.join("specification")).unwrap();
                let module: Vec<_> = inside.iter().map(|part| part.to_str().unwrap()).collect();
                let module = module.join("::");
                let module = module.strip_suffix(".rs").unwrap();
                read_tests(module, &fs::read_to_string(&path).unwrap(), &mut tests);
            }
        }
    }
    let of_tool = here.join("../cli/tests/keys/specification.rs");
    read_tests("cli", &fs::read_to_string(of_tool).unwrap(), &mut tests);
    tests
}

fn read_tests(module: &str, source: &str, tests: &mut BTreeMap<String, String>) {
    let (mut documentation, mut is_test) = (String::new(), false);
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("///") {
            documentation.push_str(text);
        } else if line == "#[test]" || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(rest) = line
            .strip_prefix("async ")
            .unwrap_or(line)
            .strip_prefix("fn ")
        {
            if is_test {
                let name = rest.split('(').next().unwrap();
                tests.insert(format!("{module}::{name}"), normalised(&documentation));
            }
            (documentation, is_test) = (String::new(), false);
        } else if !line.starts_with("#[") {
            documentation.clear();
        }
    }
}

struct Sentence {
    text: String,
    /// Whether it says that somebody must, should or may.
    binds: bool,
}

/// The sentences of the rule book, a paragraph or an item of a list a line. An item of a list that a rule
/// introduces is a rule too, in its first sentence.
fn sentences(rule_book: &str) -> Vec<Sentence> {
    let (mut sentences, mut introduces) = (Vec::new(), false);
    for line in rule_book.lines() {
        let line = line.trim();
        let (is_item, text) = match line.strip_prefix('•') {
            Some(item) => (true, item),
            None => (false, line),
        };
        if text.is_empty() {
            continue;
        }
        for (number, sentence) in split(text).into_iter().enumerate() {
            sentences.push(Sentence {
                binds: has_force(&sentence) || (is_item && introduces && number == 0),
                text: sentence,
            });
        }
        if !is_item {
            introduces = text.ends_with(':') && has_force(text);
        }
    }
    sentences
}

/// A sentence ends with a full stop before a space and a capital letter, or with its paragraph.
fn split(paragraph: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    for word in paragraph.split_whitespace() {
        let last = sentences.last_mut().unwrap();
        let is_new =
            last.ends_with('.') && word.starts_with(|first: char| first.is_ascii_uppercase());
        if is_new {
            sentences.push(word.to_owned());
        } else {
            let space = if last.is_empty() { "" } else { " " };
            last.push_str(space);
            last.push_str(word);
        }
    }
    sentences
}

fn has_force(text: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric())
        .any(|word| FORCE.contains(&word))
}

/// Without the marks of Markdown, and with one space wherever there is any.
fn normalised(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").replace('`', "")
}

fn rule_book() -> Option<String> {
    if let Some(path) = env::var_os("ASAP_SPEC") {
        let path = PathBuf::from(path);
        let text = fs::read_to_string(&path);
        return Some(text.unwrap_or_else(|error| panic!("ASAP_SPEC, {}: {error}", path.display())));
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(workspace.join("../shared/spec/asap-s2s-protocol.txt")).ok()
}
