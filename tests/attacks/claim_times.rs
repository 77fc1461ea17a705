//! Section 6: `exp`, `nbf` and `iat`.

use std::time::Duration;

use asap_engine::{Policy, UnixTime, VerifyError};
use asap_tests::fixture::{after, policy};
use asap_tests::token::Token;

use crate::case::{Case, attack, twin};

rows! {
    /// "The resource server MUST verify that the current time is between “nbf” (optional) and “exp” (required),
    /// inclusive."
    "CLM-01" clm_01_the_boundary_of_exp = exp_boundary;
    /// "a missing “nbf” claim defaults to the value of “iat”", and "MUST NOT use any other claim".
    "CLM-02" clm_02_the_boundary_of_nbf_and_its_default = nbf_boundary;
    /// "MUST reject a token if it lifespan (the difference between “exp” and “iat”) exceeds one hour (hard limit)."
    "CLM-04" clm_04_lifespans = lifespans;
    /// RFC 7519 sections 4.1.4 to 4.1.6: "Its value MUST be a number containing a NumericDate value."
    "CLM-05" clm_05_times_of_other_types = types;
    /// RFC 7519 section 2, NumericDate: "non-integer values can be represented".
    "CLM-06" clm_06_fractions_and_exponents = fractions;
    /// As CLM-06: exact arithmetic, whatever the size.
    "CLM-07" clm_07_numbers_beyond_every_integer = beyond;
}

const NANOSECOND: Duration = Duration::from_nanos(1);

fn just_after(seconds: i64) -> UnixTime {
    after(seconds).saturating_add(NANOSECOND)
}

fn just_before(seconds: i64) -> UnixTime {
    after(seconds).saturating_sub(NANOSECOND)
}

fn leeway(seconds: u64) -> Policy {
    policy().with_leeway(Duration::from_secs(seconds)).unwrap()
}

/// A good token with these times, each spelled as it is.
fn times(nbf: &str, iat: &str, exp: &str) -> String {
    let token = Token::es256().claim("nbf", nbf).claim("iat", iat);
    token.claim("exp", exp).sign()
}

fn exp_boundary() -> Vec<Case> {
    let token = Token::es256().sign();
    let expired = VerifyError::Expired;
    let mut cases = vec![
        twin("exp - 1 ns", &token).at(just_before(60)),
        twin("exp == now", &token).at(after(60)),
        attack("exp + 1 ns", &token, expired).at(just_after(60)),
        attack("exp + 1 s", &token, expired).at(after(61)),
        attack("an hour later", &token, expired).at(after(3660)),
        attack("at the end of time", &token, expired).at(UnixTime::from_nanos(i128::MAX)),
        attack(
            "exp 1 s ago",
            Token::es256().claim("exp", "1699999999").sign(),
            expired,
        )
        .at(after(0)),
        twin(
            "iat == exp == now",
            times("1700000000", "1700000000", "1700000000"),
        ),
    ];
    for seconds in [1, 30, 300] {
        let end = 60 + i64::try_from(seconds).unwrap();
        let inside = twin(format!("exp + {seconds} s of leeway"), &token);
        cases.push(inside.at(after(end)).under(leeway(seconds)));
        let beyond = attack(
            format!("exp + {seconds} s of leeway + 1 ns"),
            &token,
            expired,
        );
        cases.push(beyond.at(just_after(end)).under(leeway(seconds)));
    }
    cases
}

fn nbf_boundary() -> Vec<Case> {
    let token = times("1700000010", "1700000000", "1700000060");
    let early = VerifyError::NotYetValid;
    let mut cases = vec![
        attack("nbf - 1 s", &token, early).at(after(9)),
        attack("nbf - 1 ns", &token, early).at(just_before(10)),
        twin("nbf == now", &token).at(after(10)),
        twin("nbf + 1 ns", &token).at(just_after(10)),
        attack("long before", &token, early).at(UnixTime::from_secs(0)),
        attack("at the beginning of time", &token, early).at(UnixTime::from_nanos(i128::MIN)),
    ];
    for seconds in [1, 30, 300] {
        let start = 10 - i64::try_from(seconds).unwrap();
        let inside = twin(format!("nbf - {seconds} s of leeway"), &token);
        cases.push(inside.at(after(start)).under(leeway(seconds)));
        let before = attack(format!("nbf - {seconds} s of leeway - 1 ns"), &token, early);
        cases.push(before.at(just_before(start)).under(leeway(seconds)));
    }
    let without = Token::es256().sign();
    cases.push(attack("no nbf, iat - 1 ns", &without, early).at(just_before(0)));
    cases.push(twin("no nbf, iat == now", &without).at(after(0)));
    for iat in ["1700000001", "1700000059", "4102444800"] {
        let token = Token::es256().claim("iat", iat);
        cases.push(attack(format!("no nbf, iat {iat}"), token.sign(), early));
        // "MUST NOT use any other claim": where nbf says that the time has come, iat in the future says nothing.
        cases.push(twin(
            format!("nbf past, iat {iat}"),
            token.clone().claim("nbf", "1700000000").sign(),
        ));
        cases.push(attack(
            format!("nbf ahead, iat {iat}"),
            token.claim("nbf", "1700000001").sign(),
            early,
        ));
    }
    for nbf in [
        "0",
        "-0",
        "-1",
        "-1700000000",
        "-1e400",
        "1699990000",
        "1e9",
    ] {
        cases.push(twin(
            format!("nbf {nbf}"),
            Token::es256().claim("nbf", nbf).sign(),
        ));
    }
    // nbf before iat is a matter of the issuer.
    cases.push(twin(
        "nbf before iat",
        times("1600000000", "1700000000", "1700000060"),
    ));
    cases
}

fn lifespans() -> Vec<Case> {
    let too_long = VerifyError::LifetimeTooLong;
    let mut cases = Vec::new();
    for (iat, exp, expected) in [
        ("1700000000", "1700003599", true),
        ("1700000000", "1700003600", true),
        ("1700000000", "1700003600.000", true),
        ("1700000000", "17000036e2", true),
        ("1699999999.5", "1700003599.5", true),
        ("1699996400", "1700000000", true),
        // What has no length does not exceed an hour.
        ("1700000030", "1700000030", true),
        ("1700000061", "1700000060", true),
        ("1700000000", "1700003601", false),
        ("1700000000", "1700003600.5", false),
        ("1700000000", "1700003600.0000000000000000001", false),
        ("1699999999.9999999999999999999", "1700003600", false),
        ("1699996399", "1700000000", false),
        ("1700000000", "1700018000", false),
        ("1700000000", "1700086400", false),
        ("1700000000", "1700003600000", false),
        ("1700000000000", "1700003600000000", false),
        ("1700000000", "4102444800", false),
        ("0", "1700000060", false),
        ("-1", "1700000060", false),
        ("-1700000000", "1700000060", false),
        ("-1e400", "1700000060", false),
        ("1700000000", "1e400", false),
        ("1700000000", "9999999999", false),
    ] {
        let (name, token) = (format!("{iat} to {exp}"), times("1699999999", iat, exp));
        cases.push(if expected {
            twin(name, token)
        } else {
            attack(name, token, too_long)
        });
    }
    // The grace period never widens the hard limit.
    for (exp, expected) in [
        ("1700003600", true),
        ("1700003600.1", false),
        ("1700003601", false),
        ("1700003900", false),
    ] {
        let (name, token) = (
            format!("{exp}, leeway of 300 s"),
            times("1700000000", "1700000000", exp),
        );
        let case = if expected {
            twin(name, token)
        } else {
            attack(name, token, too_long)
        };
        cases.push(case.under(leeway(300)));
    }
    // "MAY implement, at its discretion, a more restrictive upper bound".
    let shorter = policy().with_max_lifetime(Duration::from_secs(60)).unwrap();
    let (good, bad) = ("1700000060", "1700000060.000000000000001");
    let of = |exp: &str| times("1700000000", "1700000000", exp);
    cases.push(twin("60 s under a policy of 60 s", of(good)).under(shorter.clone()));
    cases.push(attack("60 s and a trifle", of(bad), too_long).under(shorter));
    cases
}

fn types() -> Vec<Case> {
    let mut cases = vec![twin(
        "numbers",
        times("1700000000", "1700000000", "1700000060"),
    )];
    for (name, refusal) in [
        ("exp", VerifyError::ExpiryInvalid),
        ("iat", VerifyError::IssuedAtInvalid),
        ("nbf", VerifyError::NotBeforeInvalid),
    ] {
        for odd in [
            "null",
            "true",
            "false",
            "\"1700000000\"",
            "\"1700000060\"",
            "\"\"",
            "\"now\"",
            "\"1e9\"",
            "\"2023-11-14T22:13:20Z\"",
            "[]",
            "[1700000000]",
            "{}",
            "{\"$numberLong\":\"1700000000\"}",
            "{\"value\":1}",
        ] {
            let token = Token::es256().claim(name, odd).sign();
            cases.push(attack(format!("{name} {odd}"), token, refusal));
        }
    }
    cases
}

fn fractions() -> Vec<Case> {
    let mut cases = Vec::new();
    for (exp, good) in [
        ("1700000000", true),
        ("1700000000.0", true),
        ("1700000000.5", true),
        ("17e8", true),
        ("1.7E+9", true),
        ("0.17e10", true),
        ("170000000000000e-5", true),
        ("1700000000.00000000000000000000001", true),
        ("1699999999.5", false),
        ("1699999999.9", false),
        ("1699999999.99999999", false),
        ("1699999999.9999999999999999999", false),
        ("1.699999999999999999999999e9", false),
        ("16999999999e-1", false),
        ("1e-400", false),
    ] {
        let (name, token) = (format!("exp {exp}"), times("1699999999", "1699999999", exp));
        cases.push(if good {
            twin(name, token)
        } else {
            attack(name, token, VerifyError::Expired)
        });
    }
    for (nbf, good) in [
        ("1700000000.0", true),
        ("17e8", true),
        ("1699999999.9999999999999999999", true),
        ("1700000000.0000000000000000001", false),
        ("1700000000.000000001", false),
        ("1700000000.5", false),
        ("1.7000000000000000000000001e9", false),
    ] {
        let token = Token::es256().claim("nbf", nbf).sign();
        let name = format!("nbf {nbf}");
        cases.push(if good {
            twin(name, token)
        } else {
            attack(name, token, VerifyError::NotYetValid)
        });
        let token = Token::es256().claim("iat", nbf).sign();
        let name = format!("iat {nbf}");
        cases.push(if good {
            twin(name, token)
        } else {
            attack(name, token, VerifyError::NotYetValid)
        });
    }
    // What a clock of nanoseconds can tell apart.
    let token = Token::es256().claim("exp", "1700000000.000000001").sign();
    cases.push(twin("exp in a nanosecond", &token).at(after(0)));
    cases.push(twin("exp that nanosecond", &token).at(just_after(0)));
    let later = after(0).saturating_add(Duration::from_nanos(2));
    cases.push(attack("a nanosecond later", token, VerifyError::Expired).at(later));
    cases
}

fn beyond() -> Vec<Case> {
    let mut cases = Vec::new();
    let (long, early, expired) = (
        VerifyError::LifetimeTooLong,
        VerifyError::NotYetValid,
        VerifyError::Expired,
    );
    for big in [
        "1e19",
        "1e400",
        "1e999999999999999999999",
        "9223372036854775807",
        "9223372036854775808",
        "9223372037",
        "18446744073709551615",
        "18446744073709551616",
        "18446744075409551676",
        "2147483648000",
        "4294967296000",
        "340282366920938463463374607431768211456",
        "179769313486231580793728971405301e279",
        "253402300800000",
    ] {
        let exp = Token::es256().claim("exp", big).sign();
        cases.push(attack(format!("exp {big}"), exp, long));
        let nbf = Token::es256().claim("nbf", big).sign();
        cases.push(attack(format!("nbf {big}"), nbf, early));
        let iat = Token::es256().claim("iat", big).sign();
        cases.push(attack(format!("iat {big}"), iat, early));
        let past = Token::es256().claim("exp", &format!("-{big}")).sign();
        cases.push(attack(format!("exp -{big}"), past, expired));
        let old = Token::es256().claim("iat", &format!("-{big}")).sign();
        cases.push(attack(format!("iat -{big}"), old, long));
        let nbf = Token::es256().claim("nbf", &format!("-{big}")).sign();
        cases.push(twin(format!("nbf -{big}"), nbf));
        // No difference, whatever the size: neither an infinity less an infinity nor an overflow.
        cases.push(twin(format!("iat and exp {big}"), times("0", big, big)));
        let apart = times("0", &format!("-{big}"), big);
        cases.push(attack(format!("from -{big} to {big}"), apart, long));
    }
    // Modulo 2^32 and 2^64, these are now.
    for wrapped in [
        "5994967296",
        "-2594967296",
        "18446744075409551616",
        "-18446744072009551616",
    ] {
        let token = Token::es256().claim("exp", wrapped).sign();
        let refusal = if wrapped.starts_with('-') {
            expired
        } else {
            long
        };
        cases.push(attack(format!("exp {wrapped}"), token, refusal));
    }
    cases
}
