//! How tokens are read: line by line, at once, in order, in bounded memory.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout};

use asap_tests::token::Token;

use crate::support::{AT_NOW, KEYS, asap, judge};

/// A child that judges by the fixture's keys, and both ends of it.
fn spawn(further: &[&str]) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let fixed = ["verify", "--audience", "server", "--keys", KEYS.as_str()];
    let arguments: Vec<_> = fixed.iter().chain(AT_NOW).chain(further).copied().collect();
    let mut child = asap(&arguments).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdin, stdout)
}

fn read_line(stdout: &mut impl BufRead) -> String {
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    line
}

#[test]
fn no_token_is_no_refusal() {
    for options in [&[][..], &["--input", "jsonl"]] {
        let run = judge(options, "");
        assert_eq!(
            (run.code, run.stdout.as_str(), run.stderr.as_str()),
            (0, "", "")
        );
    }
}

#[test]
fn every_line_is_a_token_whatever_ends_it() {
    let token = Token::es256().sign();
    for (input, codes) in [
        (format!("{token}\r\n{token}"), &["accepted", "accepted"][..]),
        (format!("{token}\n{token}\r"), &["accepted", "accepted"]),
        (
            format!("{token}\n\n{token}\n"),
            &["accepted", "not_compact", "accepted"],
        ),
        (format!("{token}\n\n"), &["accepted", "not_compact"]),
        // What `echo "$TOKEN"` prints where there is none.
        ("\n".to_owned(), &["not_compact"]),
        (format!("{token}\r\r\n"), &["invalid_base64url"]),
        (format!("{token} \n"), &["invalid_base64url"]),
    ] {
        let run = judge(&[], &input);
        assert_eq!(run.codes(), codes, "{input:?}");
        let all_accepted = codes.iter().all(|code| *code == "accepted");
        assert_eq!(run.code, i32::from(!all_accepted));
    }
    let mut bytes = b"\xff\xfe\n\0\n".to_vec();
    bytes.extend_from_slice(token.as_bytes());
    assert_eq!(
        judge(&[], bytes).codes(),
        ["not_compact", "not_compact", "accepted"]
    );
}

#[test]
fn a_line_that_is_too_long_is_a_token_that_is_too_long() {
    let token = Token::es256().sign();
    let long = "x".repeat(3 << 20);
    let run = judge(&[], format!("{token}\n{long}\n{token}\n{long}"));
    let expected = ["accepted", "token_too_long", "accepted", "token_too_long"];
    assert_eq!(run.codes(), expected);
}

#[test]
fn an_object_brings_its_instant_and_its_name() {
    let token = Token::es256().sign();
    let escaped = token.replace('.', "\\u002e");
    let mut input = String::new();
    for members in [
        format!(r#""token":"{token}""#),
        format!(r#""token":"{escaped}","id":"a\u0041/\"""#),
        format!(r#""id":1.50e1,"token":"{token}","at":1700000060"#),
        format!(r#""id":null,"token":"{token}","at":1700000060.000000001"#),
        format!(r#""id":true,"token":"{token}","at":1699999999.999999999,"method":"GET"#) + "\"",
        format!(r#""token":"{token}\n","at":17e8"#),
    ] {
        writeln!(input, "{{{members}}}").unwrap();
    }
    let run = judge(&["--input", "jsonl"], &input);
    let expected = [
        ("null", "accepted"),
        (r#""a\u0041/\"""#, "accepted"),
        ("1.50e1", "accepted"),
        ("null", "expired"),
        ("true", "not_yet_valid"),
        ("null", "invalid_base64url"),
    ];
    assert_eq!(run.codes(), expected.map(|(_, code)| code));
    for (line, (id, _)) in run.stdout.lines().zip(expected) {
        assert!(
            line.starts_with(&format!("{{\"id\":{id},\"verdict\":")),
            "{line}"
        );
    }
}

#[test]
fn a_line_that_is_no_such_object_ends_the_run_and_is_not_quoted() {
    let token = Token::es256().sign();
    let good = format!("{{\"token\":\"{token}\"}}\n");
    for (bad, said) in [
        (token.clone(), "is not JSON"),
        (format!("\"{token}\""), "is not an object"),
        (String::new(), "is not JSON"),
        (r#"{"id":"eyJ"}"#.to_owned(), "token"),
        (format!(r#"{{"token":["{token}"]}}"#), "token"),
        (r#"{"token":"eyJ","at":"eyJ"}"#.to_owned(), "at"),
        (r#"{"token":"eyJ","id":["eyJ"]}"#.to_owned(), "id"),
        (
            format!(r#"{{"token":"{}"}}"#, "x".repeat(3 << 20)),
            "longer",
        ),
    ] {
        let run = judge(&["--input", "jsonl"], format!("{good}{good}{bad}\n{good}"));
        assert_eq!((run.code, run.codes().len()), (2, 2), "{bad:.80}");
        assert!(
            run.stderr.starts_with("asap: --input jsonl: line 3 "),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains(said), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert!(!run.stderr.contains("eyJ"), "{}", run.stderr);
    }
}

#[test]
fn bad_input_ends_the_run_while_the_input_goes_on() {
    let (child, mut stdin, _stdout) = spawn(&["--input", "jsonl"]);
    stdin.write_all(b"[]\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    drop(stdin);
}

#[test]
fn verdicts_come_in_the_order_of_the_input() {
    let good = Token::es256().sign();
    let bad = Token::es256().claim("aud", "\"other\"").sign();
    let count = 6_000;
    let mut input = String::new();
    for number in 0..count {
        // Good tokens take long and bad ones do not, in runs of many lengths.
        let token = if number * number % 1_009 < 500 {
            &good
        } else {
            &bad
        };
        writeln!(input, r#"{{"token":"{token}","id":{number}}}"#).unwrap();
    }
    assert!(input.len() > 6 * 256 * 1024, "too short to be shared out");
    // From a file it is read in the largest blocks, through a pipe in smaller ones.
    let path = crate::support::directory().join("corpus.jsonl");
    fs::write(&path, &input).unwrap();
    let fixed = ["verify", "--audience", "server", "--keys", KEYS.as_str()];
    let arguments: Vec<_> = fixed
        .iter()
        .chain(AT_NOW)
        .chain(&["--json", "--input", "jsonl"])
        .copied()
        .collect();
    let mut command = asap(&arguments);
    let output = command
        .stdin(fs::File::open(&path).unwrap())
        .output()
        .unwrap();
    let from_pipe = judge(&["--input", "jsonl"], &input);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), from_pipe.stdout);
    let verdicts = from_pipe.verdicts();
    assert_eq!(verdicts.len(), count);
    for (number, verdict) in verdicts.iter().enumerate() {
        assert_eq!(verdict["id"], number);
        let is_good = number * number % 1_009 < 500;
        assert_eq!(verdict["verdict"] == "accepted", is_good, "{number}");
    }
}

#[test]
fn a_script_gets_each_verdict_before_it_writes_the_next_token() {
    let token = Token::es256().sign();
    let (mut child, mut stdin, mut stdout) = spawn(&[]);
    for turn in 0..20 {
        // A line may come in parts.
        let (start, end) = token.split_at(turn);
        stdin.write_all(start.as_bytes()).unwrap();
        stdin.write_all(format!("{end}\n").as_bytes()).unwrap();
        assert!(read_line(&mut stdout).starts_with("accepted"));
        stdin.write_all(b"bad\n").unwrap();
        assert!(read_line(&mut stdout).starts_with("refused  not_compact"));
    }
    drop(stdin);
    assert_eq!(read_line(&mut stdout), "");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_reader_that_has_read_enough_ends_it_quietly() {
    let (mut child, mut stdin, mut stdout) = spawn(&["--stats"]);
    stdin.write_all(b"bad\n").unwrap();
    read_line(&mut stdout);
    drop(stdout);
    let lines = b"bad\n".repeat(1_000);
    // Until it is gone.
    while stdin.write_all(&lines).is_ok() {}
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert!(
        !stderr.contains("asap:") && stderr.lines().count() <= 1,
        "{stderr}"
    );
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// The most memory that a process ever had, in KiB.
#[cfg(target_os = "linux")]
fn peak_memory(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn neither_a_long_line_nor_a_long_input_takes_memory() {
    let (mut child, mut stdin, stdout) = spawn(&[]);
    let (marked, marks) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            // The verdict on an empty line, and on no other here.
            if line.contains("not_compact") {
                marked.send(()).unwrap();
            }
        }
    });
    let mut after = |texts: &mut dyn Iterator<Item = &[u8]>| {
        texts.for_each(|text| stdin.write_all(text).unwrap());
        stdin.write_all(b"\n").unwrap();
        marks.recv().unwrap();
        peak_memory(&child)
    };
    let tokens = (Token::es256().claim("aud", "\"other\"").sign() + "\n").repeat(3_000);
    let part = vec![b'x'; 1 << 20];
    let first = after(&mut std::iter::repeat_n(tokens.as_bytes(), 4));
    let later = after(&mut std::iter::repeat_n(tokens.as_bytes(), 20));
    assert!(
        later < first + 8 * 1024,
        "tokens: from {first} to {later} KiB"
    );
    let long_line = std::iter::repeat_n(&part[..], 100);
    let last = after(&mut long_line.chain([&b"\n"[..]]));
    assert!(
        last < later + 16 * 1024,
        "a line: from {later} to {last} KiB"
    );
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    reader.join().unwrap();
}
