//! Section 4, base64url: one sequence of bytes has one spelling.

use asap_engine::{Algorithm, VerifyError};
use asap_tests::keys::key;
use asap_tests::token::{Token, base64url, decoded, sign_input, signature_of, with_signature};

use crate::case::{Case, attack, twin};

rows! {
    /// RFC 7515 section 2: "with all trailing '=' characters omitted".
    "B64-01" b64_01_padding = padding;
    /// RFC 7515 section 2: "the URL- and filename-safe character set".
    "B64-02" b64_02_the_other_alphabet = alphabet;
    /// RFC 4648 section 3.5: "decoders MAY choose to reject".
    "B64-03" b64_03_trailing_bits = trailing_bits;
    /// RFC 7515 section 2: "without the inclusion of any line breaks, whitespace, or other additional characters".
    "B64-04" b64_04_foreign_characters = foreign;
    /// RFC 4648 section 4: no number of bytes has 4n + 1 characters.
    "B64-05" b64_05_lengths_of_no_bytes = lengths;
}

const SEGMENTS: [&str; 3] = ["header", "payload", "signature"];

/// A good token with one segment spelled otherwise, signed as it is spelled.
fn respelled(token: &Token, position: usize, respell: impl Fn(&str) -> String) -> String {
    if position == 2 {
        let good = token.sign();
        let (signing_input, signature) = good.rsplit_once('.').unwrap();
        return format!("{signing_input}.{}", respell(signature));
    }
    let mut segments = [
        base64url(token.header_json()),
        base64url(token.claims_json()),
    ];
    segments[position] = respell(&segments[position]);
    sign_input(key(Algorithm::Es256), &segments.join("."))
}

fn refused(name: impl Into<String>, token: impl AsRef<[u8]>) -> Case {
    attack(name, token, VerifyError::InvalidBase64)
}

/// Good tokens whose segment at this position has so many characters beyond a multiple of four.
fn of_rest(position: usize, rest: usize) -> Token {
    let member = ["typ", "x"][position];
    let fits = |filler: usize| {
        let value = format!("\"{}\"", "a".repeat(filler));
        let token = match position {
            0 => Token::es256().header(member, &value),
            _ => Token::es256().claim(member, &value),
        };
        let json = [token.header_json(), token.claims_json()];
        (base64url(&json[position]).len() % 4 == rest).then_some(token)
    };
    (0..3).find_map(fits).unwrap()
}

fn padding() -> Vec<Case> {
    let mut cases = vec![twin("none", Token::es256().sign())];
    for (position, segment) in SEGMENTS.iter().enumerate() {
        for rest in [0, 2, 3] {
            // A signature of 64 bytes leaves two characters, always.
            let token = match position {
                2 if rest != 2 => continue,
                2 => Token::es256(),
                _ => of_rest(position, rest),
            };
            cases.push(twin(format!("{segment} of 4n + {rest}"), token.sign()));
            for padding in ["=", "==", "===", "%3D", "%3d%3d", "."] {
                let spelled = respelled(&token, position, |text| format!("{text}{padding}"));
                let name = format!("{padding} after {segment} of 4n + {rest}");
                cases.push(if padding == "." {
                    attack(name, spelled, VerifyError::NotCompact)
                } else {
                    refused(name, spelled)
                });
            }
            let inside = respelled(&token, position, |text| {
                format!("{}={}", &text[..4], &text[4..])
            });
            cases.push(refused(
                format!("= inside of {segment} of 4n + {rest}"),
                inside,
            ));
        }
    }
    cases
}

fn alphabet() -> Vec<Case> {
    // Members whose segments have both of the characters in which the alphabets differ, at any alignment.
    let odd = "\"???>>>~~~ÿÿÿ\\u0000???>>>~~~\"";
    let token = Token::es256().header("x", odd).claim("x", odd);
    let mut cases = vec![twin("the safe one", token.sign())];
    for (position, segment) in SEGMENTS.iter().enumerate() {
        for (safe, other) in [('-', "+"), ('_', "/"), ('-', "%2B"), ('_', "%2F")] {
            let spelled = if position == 2 {
                with_char_in_signature(safe, other)
            } else {
                respelled(&token, position, |text| {
                    assert!(text.contains(safe));
                    text.replace(safe, other)
                })
            };
            cases.push(refused(format!("{other} for {safe} in {segment}"), spelled));
        }
    }
    let both = respelled(&token, 1, |text| text.replacen('-', "+", 1));
    cases.push(refused("both in one segment", both));
    cases
}

/// A token whose signature had this character, spelled otherwise.
fn with_char_in_signature(safe: char, other: &str) -> String {
    let token = (0..).map(|number| Token::es256().claim("jti", &format!("\"{number}\"")).sign());
    let has_it = |token: &String| token.rsplit_once('.').unwrap().1.contains(safe);
    let token = token.take(10_000).find(has_it).unwrap();
    let (signing_input, signature) = token.rsplit_once('.').unwrap();
    format!("{signing_input}.{}", signature.replace(safe, other))
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text with the bits of its last character that stand for nothing set to these.
fn with_bits(text: &str, bits: usize) -> String {
    let (front, last) = text.split_at(text.len() - 1);
    let value = ALPHABET.find(last).unwrap() + bits;
    format!("{front}{}", &ALPHABET[value..=value])
}

fn trailing_bits() -> Vec<Case> {
    let mut cases = Vec::new();
    for (position, segment) in SEGMENTS.iter().enumerate().take(2) {
        for (rest, spare) in [(2, 16), (3, 4)] {
            let token = of_rest(position, rest);
            cases.push(twin(format!("{segment} of 4n + {rest}"), token.sign()));
            for bits in 1..spare {
                let spelled = respelled(&token, position, |text| with_bits(text, bits));
                cases.push(refused(
                    format!("{bits} in {segment} of 4n + {rest}"),
                    spelled,
                ));
            }
        }
    }
    for (algorithm, spare) in [
        (Algorithm::Es256, 16),
        (Algorithm::Rs256, 16),
        (Algorithm::EdDsa, 16),
    ] {
        let good = Token::good(algorithm).sign();
        let copies: Vec<_> = (1..spare).map(|bits| with_bits(&good, bits)).collect();
        // Lenient readers take them all for the same token.
        assert!(
            copies
                .iter()
                .all(|copy| copy != &good && copy.len() == good.len())
        );
        cases.push(twin(format!("signature of {algorithm}"), &good));
        for (bits, copy) in copies.iter().enumerate() {
            cases.push(refused(
                format!("{} in signature of {algorithm}", bits + 1),
                copy,
            ));
        }
    }
    cases
}

fn foreign() -> Vec<Case> {
    let token = Token::es256();
    let mut cases = vec![twin("none", token.sign())];
    for (position, segment) in SEGMENTS.iter().enumerate() {
        for foreign in [
            "\n", "\r\n", " ", "\t", "\0", "\\", "%", "%20", "é", "\u{feff}", "\u{200b}", ",", "~",
            "*", ":", "\"", "'", "|", "\u{7f}", "Ａ",
        ] {
            for (place, spelled) in [
                (
                    "before",
                    respelled(&token, position, |text| format!("{foreign}{text}")),
                ),
                (
                    "after",
                    respelled(&token, position, |text| format!("{text}{foreign}")),
                ),
                (
                    "in",
                    respelled(&token, position, |text| {
                        let (front, back) = text.split_at(text.len() / 2);
                        format!("{front}{foreign}{back}")
                    }),
                ),
            ] {
                cases.push(refused(format!("{foreign:?} {place} {segment}"), spelled));
            }
        }
    }
    let good = token.sign();
    for bytes in [&[0xff][..], &[0x80], &[0xc0, 0x80], &[0xed, 0xa0, 0x80]] {
        let token = [good.as_bytes(), bytes].concat();
        cases.push(refused(format!("{bytes:x?} after the token"), token));
    }
    cases.push(refused("quoted", format!("\"{good}\"")));
    cases.push(refused("with its scheme", format!("Bearer {good}")));
    cases
}

fn lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    for (position, segment) in SEGMENTS.iter().enumerate() {
        for letter in ["A", "_"] {
            let of_four = if position == 2 {
                Token::es256()
            } else {
                of_rest(position, 0)
            };
            let fill = if position == 2 { 3 } else { 1 };
            let spelled = respelled(&of_four, position, |text| {
                format!("{text}{}", letter.repeat(fill))
            });
            cases.push(refused(format!("{segment} and {letter}"), spelled));
        }
    }
    let good = Token::es256().sign();
    for length in [1, 5, 9] {
        cases.push(refused(
            format!("a signature of {length} characters"),
            format!(
                "{}.{}",
                good.rsplit_once('.').unwrap().0,
                "A".repeat(length)
            ),
        ));
    }
    for (rest, token) in [(0, of_rest(1, 0)), (2, of_rest(1, 2)), (3, of_rest(1, 3))] {
        cases.push(twin(format!("a payload of 4n + {rest}"), token.sign()));
    }
    // The same bytes, spelled by the book, are the same token.
    let again = with_signature(&good, decoded(&base64url(signature_of(&good))));
    cases.push(twin("the same again", again));
    cases
}
