//! `--single-use`: each token once, in the order of the input, by the instants of the tokens.

use std::fmt::Write as _;

use asap_engine::{Algorithm, Backend, Engine, ReplayWindow, VerifyError};
use asap_tests::clock::FakeClock;
use asap_tests::fixture::{NOW, NOW_SECONDS, after, keyring, policy, verdict_now};
use asap_tests::token::Token;

use crate::support::judge;

fn named(name: impl std::fmt::Display) -> Token {
    Token::es256().claim("jti", &format!("\"{name}\""))
}

#[test]
fn a_token_is_accepted_at_its_first_sighting_whoever_sees_it_first() {
    let count = 1_200;
    let tokens: Vec<_> = (0..count).map(|number| named(number).sign()).collect();
    // All of them, twice, and each twice in a row: more than one block in any case.
    let twice = [tokens.join("\n"), tokens.join("\n")].join("\n");
    assert!(twice.len() > 512 * 1024, "too short to be shared out");
    let run = judge(&["--single-use"], &twice);
    let expected: Vec<_> = (0..count * 2)
        .map(|number| {
            if number < count {
                "accepted"
            } else {
                "replayed"
            }
        })
        .collect();
    assert_eq!(
        (run.codes(), run.code),
        (expected.into_iter().map(str::to_owned).collect(), 1)
    );
    let pairs: Vec<_> = tokens
        .iter()
        .flat_map(|token| [token.as_str(), token])
        .collect();
    let run = judge(&["--single-use"], pairs.join("\n"));
    for (number, code) in run.codes().iter().enumerate() {
        let expected = if number % 2 == 0 {
            "accepted"
        } else {
            "replayed"
        };
        assert_eq!(code, expected, "{number}");
    }
    // Without it, tokens may be reused.
    assert_eq!(judge(&[], &twice).code, 0);
}

#[test]
fn a_replay_is_refused_as_any_other_token_is() {
    let token = named(1).sign();
    let object = |id: &str| format!("{{\"token\":\"{token}\",\"id\":{id}}}\n");
    let input = [object("1"), object("\"two\""), object("3")].concat();
    let run = judge(&["--single-use", "--input", "jsonl"], input);
    let lines: Vec<_> = run.stdout.lines().collect();
    let replayed = |id: &str| {
        format!(
            "{{\"id\":{id},\"verdict\":\"refused\",\"code\":\"replayed\",\"stage\":\"replay\",\"status\":401,\
             \"detail\":\"a token of this iss and jti was accepted before\"}}"
        )
    };
    assert!(lines[0].starts_with("{\"id\":1,\"verdict\":\"accepted\""));
    assert_eq!(lines[1..], [replayed("\"two\""), replayed("3")]);
}

#[test]
fn time_goes_by_the_tokens_back_and_forth() {
    let first = named("same").sign();
    let second = named("same")
        .claim("iat", "1700000050")
        .claim("exp", "1700000110")
        .sign();
    let other = named("other").sign();
    let mut input = String::new();
    let mut expected = Vec::new();
    for (token, at, code) in [
        (&first, "1700000060", "accepted"),
        (&first, "1700000000", "replayed"),
        (&other, "1700000030", "accepted"),
        (&second, "1700000060", "replayed"),
        // The first is forgotten now.
        (&second, "1700000060.000000001", "accepted"),
        (&second, "1700000110", "replayed"),
        (&first, "1700000000", "replayed"),
        (&first, "1700000061", "expired"),
        (&other, "1700000000", "replayed"),
    ] {
        writeln!(input, r#"{{"token":"{token}","at":{at}}}"#).unwrap();
        expected.push(code);
    }
    let run = judge(&["--single-use", "--input", "jsonl"], input);
    assert_eq!(run.codes(), expected);
}

#[test]
fn where_time_only_goes_forward_it_is_what_an_engine_with_a_replay_window_says() {
    let clock = FakeClock::new(NOW);
    let keys = keyring(&[Algorithm::Es256], Backend::default());
    let engine = Engine::new(policy(), keys)
        .with_clock(clock.clone())
        .with_replay_log(ReplayWindow::new(100).unwrap())
        .unwrap();
    let tokens: Vec<_> = (0..24)
        .map(|number| {
            // Four names, each in tokens of many lives.
            let start = NOW_SECONDS + number * 7;
            named(number % 4)
                .claim("iat", &start.to_string())
                .claim("exp", &(start + 10 + number * 5 % 40).to_string())
                .sign()
        })
        .collect();
    let (mut input, mut expected, mut choice) = (String::new(), Vec::new(), 1_usize);
    for step in 0..600 {
        choice = (choice * 1_103 + 12_345) % 65_537;
        let (token, seconds) = (&tokens[choice % tokens.len()], step / 3);
        clock.set(after(seconds));
        let verdict = verdict_now(&engine, token);
        expected.push(verdict.map_or_else(VerifyError::code, |()| "accepted"));
        let at = NOW_SECONDS + seconds;
        writeln!(input, r#"{{"token":"{token}","at":{at}}}"#).unwrap();
    }
    for code in ["accepted", "replayed", "expired", "not_yet_valid"] {
        assert!(expected.contains(&code), "{code}");
    }
    let run = judge(&["--single-use", "--input", "jsonl"], input);
    assert_eq!(run.codes(), expected);
}

#[test]
fn what_is_refused_for_another_reason_uses_nothing_up() {
    let good = named(1).sign();
    let (signing_input, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{signing_input}.{}", "A".repeat(86));
    let run = judge(&["--single-use"], [forged, good.clone(), good].join("\n"));
    assert_eq!(run.codes(), ["signature_invalid", "accepted", "replayed"]);
}

#[test]
fn a_token_that_lives_too_long_to_be_remembered_is_refused_by_a_code_of_its_own() {
    let token = named(1)
        .claim("nbf", "1700000000")
        .claim("iat", "1700003601")
        .claim("exp", "1700003601")
        .sign();
    assert_eq!(
        judge(&["--single-use"], &token).codes(),
        ["expires_too_late"]
    );
    assert_eq!(judge(&[], &token).codes(), ["accepted"]);
}
