//! Check 1: the length of a token, its three segments, and their base64url.

use asap_engine::limits::{DEFAULT_MAX_TOKEN_LENGTH, MAX_TOKEN_LENGTH};
use asap_engine::{Algorithm, VerifyError};
use asap_tests::fixture::{engine, judge, policy, verdict};
use asap_tests::keys::key;
use asap_tests::token::{Token, base64url, of_length, sign_input};

/// "The access token MUST be serialised using the JWS Compact Serialisation format, as defined by JWS."
#[test]
fn the_access_token_must_be_serialised_using_the_jws_compact_serialisation_format() {
    let good = Token::es256().sign();
    assert_eq!(judge(&good), Ok(()));
    let segments: Vec<_> = good.split('.').collect();
    let [header, payload, signature] = segments[..] else {
        panic!("{good}");
    };
    let flattened =
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#);
    let general = format!(
        r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#
    );
    for other in [
        flattened,
        general,
        String::new(),
        ".".to_owned(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{header}.{payload}..{signature}"),
        format!("{header}.{payload}.{signature}.{signature}.{signature}"),
        format!("{good}~"),
        ".".repeat(DEFAULT_MAX_TOKEN_LENGTH),
    ] {
        let refusal = judge(&other).unwrap_err();
        // Only the tilde of SD-JWT leaves three segments, of which the last is no base64url.
        let expected = if other.ends_with('~') {
            VerifyError::InvalidBase64
        } else {
            VerifyError::NotCompact
        };
        assert_eq!(refusal, expected, "{other}");
    }
}

/// RFC 7515 appendix F, "In some contexts, it is useful to integrity-protect content that is not itself contained in a
/// JWS", is not taken up: "Tokens MUST be signed with the private key of the client using JWS."
#[test]
fn a_token_without_its_payload_is_not_a_token() {
    let good = Token::es256().sign();
    let (header, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let detached = format!("{header}..{signature}");
    assert_eq!(judge(detached), Err(VerifyError::InvalidClaims));
    let no_header = good.strip_prefix(header).unwrap();
    assert_eq!(judge(no_header), Err(VerifyError::InvalidHeader));
    assert_eq!(judge(".."), Err(VerifyError::InvalidHeader));
}

/// RFC 7515 section 2: "with all trailing '=' characters omitted (as permitted by Section 3.2)".
#[test]
fn base64url_has_all_trailing_equals_signs_omitted() {
    for (position, padding) in [
        (0, "="),
        (1, "="),
        (2, "="),
        (0, "=="),
        (1, "=="),
        (2, "=="),
    ] {
        assert_refused(position, |segment| format!("{segment}{padding}"));
    }
}

/// RFC 7515 section 2: "without the inclusion of any line breaks, whitespace, or other additional characters".
#[test]
fn base64url_is_without_any_line_breaks_whitespace_or_other_additional_characters() {
    for position in 0..3 {
        for foreign in [
            "\n", "\r\n", " ", "\t", "\0", "\\", "%", "é", "\u{feff}", ",", "~",
        ] {
            assert_refused(position, |segment| format!("{foreign}{segment}"));
            assert_refused(position, |segment| format!("{segment}{foreign}"));
            assert_refused(position, |segment| {
                let (front, back) = segment.split_at(segment.len() / 2);
                format!("{front}{foreign}{back}")
            });
        }
    }
    let (good, byte) = (Token::es256().sign(), [0xff]);
    let not_utf8 = [good.as_bytes(), &byte].concat();
    assert_eq!(judge(not_utf8), Err(VerifyError::InvalidBase64));
}

/// RFC 7515 section 2: "Base64 encoding using the URL- and filename-safe character set".
#[test]
fn base64url_uses_the_url_and_filename_safe_character_set() {
    // A claim whose segment has both of the characters in which the alphabets differ.
    let token = Token::es256().claim("x", "\"???>>>~~~ÿÿÿ\"").sign();
    assert_eq!(judge(&token), Ok(()));
    let segments: Vec<_> = token.split('.').collect();
    assert!(segments[1].contains('-') && segments[1].contains('_'));
    for (safe, unsafe_one) in [("-", "+"), ("_", "/")] {
        let payload = segments[1].replace(safe, unsafe_one);
        let token = sign_input(key(Algorithm::Es256), &format!("{}.{payload}", segments[0]));
        assert_eq!(
            judge(token),
            Err(VerifyError::InvalidBase64),
            "{unsafe_one}"
        );
    }
}

/// RFC 4648 section 3.5: decoders MAY reject an encoding if the pad bits have not been set to zero; this
/// one does, so that one sequence of bytes has one spelling.
#[test]
fn an_encoding_whose_pad_bits_are_not_zero_is_refused() {
    // An ES256 signature has 64 bytes: its last character carries four pad bits.
    let good = Token::es256().sign();
    assert_eq!(judge(&good), Ok(()));
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let position = alphabet.find(good.chars().last().unwrap()).unwrap();
    assert_eq!(position % 16, 0);
    for bits in 1..16 {
        let mut malleated = good.clone();
        malleated.pop();
        malleated.push_str(&alphabet[position + bits..=position + bits]);
        assert_eq!(judge(malleated), Err(VerifyError::InvalidBase64), "{bits}");
    }
    // A segment of 4n + 1 characters stands for no bytes at all.
    assert_eq!(judge(format!("{good}AAA")), Err(VerifyError::InvalidBase64));
}

/// docs/DESIGN.md, check 1: "length (8 KiB unless configured, nesting depth 32)".
#[test]
fn a_token_longer_than_the_limit_is_refused_whatever_it_says() {
    for limit in [1000, DEFAULT_MAX_TOKEN_LENGTH, MAX_TOKEN_LENGTH] {
        let policy = policy().with_max_token_length(limit).unwrap();
        let engine = engine(policy);
        assert_eq!(verdict(&engine, of_length(limit)), Ok(()), "{limit}");
        let longer = of_length(limit + 1);
        assert_eq!(verdict(&engine, longer), Err(VerifyError::TokenTooLong));
        let dots = ".".repeat(limit + 1);
        assert_eq!(verdict(&engine, dots), Err(VerifyError::TokenTooLong));
    }
    let default = engine(policy());
    assert_eq!(
        verdict(&default, of_length(DEFAULT_MAX_TOKEN_LENGTH)),
        Ok(())
    );
}

/// docs/DESIGN.md, check 1: "nesting depth 32".
#[test]
fn a_document_nested_deeper_than_the_limit_is_refused_and_costs_no_stack() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let token = Token::es256();
    assert_eq!(judge(token.clone().claim("x", &nested(31)).sign()), Ok(()));
    assert_eq!(judge(token.clone().header("x", &nested(31)).sign()), Ok(()));
    let too_deep = Err(VerifyError::NestingTooDeep);
    assert_eq!(
        judge(token.clone().claim("x", &nested(32)).sign()),
        too_deep
    );
    assert_eq!(
        judge(token.clone().header("x", &nested(32)).sign()),
        too_deep
    );
    let objects = format!("{}1{}", r#"{"a":"#.repeat(32), "}".repeat(32));
    assert_eq!(judge(token.clone().claim("x", &objects).sign()), too_deep);
    let engine = engine(policy().with_max_token_length(MAX_TOKEN_LENGTH).unwrap());
    let abyss = token.claim("x", &"[".repeat(40_000)).sign();
    assert_eq!(verdict(&engine, abyss), too_deep);
}

/// Asserts that a token is refused after its segment at `position` is spelled otherwise, signed as it is spelled.
fn assert_refused(position: usize, respell: impl Fn(&str) -> String) {
    let token = Token::es256();
    let segments = [
        base64url(token.header_json()),
        base64url(token.claims_json()),
    ];
    let respelled = if position == 2 {
        let good = token.sign();
        let (signing_input, signature) = good.rsplit_once('.').unwrap();
        format!("{signing_input}.{}", respell(signature))
    } else {
        let mut segments = segments;
        segments[position] = respell(&segments[position]);
        sign_input(key(Algorithm::Es256), &segments.join("."))
    };
    assert_eq!(
        judge(&respelled),
        Err(VerifyError::InvalidBase64),
        "{respelled:?}"
    );
}
