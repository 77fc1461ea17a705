//! The fast reader against the definition: the same answer to the same bytes. Where the processor cannot run it, the
//! definition is tested alone.

use std::cell::RefCell;

use super::{PlainRoom, PlainToken};

thread_local! {
    /// A room in which one token after another is read, so that headers are remembered and forgotten.
    static USED: RefCell<PlainRoom> = const { RefCell::new(PlainRoom::new()) };
}

const HEADER: &str = r#"{"alg":"RS256","kid":"micros/service-a/key-2026-11","typ":"JWT"}"#;
const PAYLOAD: &str = r#"{"iss":"micros/service-a","sub":"someone","aud":"micros/service-b","iat":1795000000,"nbf":1795000000,"exp":1795000060,"jti":"6f1d2c3b-8a90-4e5f-b7c6-000000000000"}"#;

const HEADERS: &[&str] = &[
    HEADER,
    r#"{"alg":"ES256","kid":"a/b"}"#,
    r#"{"typ":"JWT","kid":"","alg":"","x":1,"yy":"z","cty":"v"}"#,
    r#"{"kid":"service/with/a/very/long/name/of/its/own/and/more/than/one/step/of/bytes","alg":"EdDSA"}"#,
];

const PAYLOADS: &[&str] = &[
    PAYLOAD,
    r#"{"iss":"a","aud":["b","c"],"iat":1,"exp":9999999999999999,"jti":""}"#,
    r#"{"aud":["b"],"iat":1,"exp":2,"jti":"j","iss":"a","scope":"read write","number":12}"#,
    r#"{"a":1,"":"x","jti":"j","exp":2,"iat":1,"iss":"a","aud":"b","sub":"","é":"x"}"#,
    r#"{"n1":1,"n2":"2","n3":3,"n4":"4","n5":5,"n6":"6","n7":7,"n8":"8","iss":"a","aud":"b","exp":2,"iat":1,"jti":"j","sub":":"}"#,
    r#"{"iss":":","sub":"[]{}","aud":"]","iat":10,"exp":20,"jti":":\"}","x":"y"}"#,
];

/// What could be put anywhere.
const PIECES: &[&str] = &[
    "\"",
    ",",
    ":",
    "[",
    "]",
    "{",
    "}",
    "\\",
    "0",
    "1",
    "-",
    ".",
    " ",
    "\n",
    "\u{7f}",
    "\u{80}",
    "\"a\":1,",
    "\"a\":\"b\",",
    ",\"",
    "\",\"",
    "\"],",
    "\"aud\":[\"x\"],",
    "\"exp\":12,",
    "\"crit\":1,",
    "\"typ\":1,",
    "\"\":",
    "[]",
    "[\"",
    "null",
    "12345678901234567",
    "\"iss\":\"x\",",
    "alg",
    "kid",
    "jti",
];

fn encoded(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..=three.len() {
            let value = bits >> (18 - 6 * place) & 63;
            text.push(char::from(alphabet[usize::try_from(value).unwrap()]));
        }
    }
    text
}

fn token(header: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let parts = [header, payload, signature].map(encoded);
    parts.join(".").into_bytes()
}

/// Whether the token is plain, as all readers here say.
#[track_caller]
fn is_plain(token: &[u8]) -> bool {
    let mut room = PlainRoom::new();
    let expected = PlainToken::read_portably(token, &mut room);
    if PlainToken::can_be_read() {
        // Of its own length, so that a sanitizer sees a read beyond it.
        let token: Box<[u8]> = token.into();
        for way in ["first", "again", "in a new room"] {
            let check = |room: &mut PlainRoom| {
                let read = PlainToken::read(&token, room);
                assert!(read == expected, "{way}: {}", token.escape_ascii());
            };
            match way {
                "in a new room" => check(&mut PlainRoom::new()),
                _ => USED.with_borrow_mut(check),
            }
        }
    }
    expected.is_some()
}

/// Numbers that follow from their place, by splitmix64.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap() % limit
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let place = self.below(bytes.len() + 1);
        let end = (place + self.below(6)).min(bytes.len());
        match self.below(5) {
            0 => drop(bytes.drain(place..end)),
            1 => {
                let piece = PIECES[self.below(PIECES.len())];
                bytes.splice(place..place, piece.bytes());
            }
            2 => {
                let piece = PIECES[self.below(PIECES.len())];
                bytes.splice(place..end, piece.bytes());
            }
            3 => {
                let copied = bytes[place..(place + self.below(40)).min(bytes.len())].to_vec();
                let to = self.below(bytes.len() + 1);
                bytes.splice(to..to, copied);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = u8::try_from(self.below(256)).unwrap();
                }
            }
        }
    }
}

#[test]
fn what_machines_write_is_plain_and_read_as_it_stands() {
    let bytes = token(HEADER.as_bytes(), PAYLOAD.as_bytes(), &[7; 256]);
    assert!(is_plain(&bytes));
    let mut room = PlainRoom::new();
    let read = PlainToken::read_portably(&bytes, &mut room).unwrap();
    assert_eq!(read.algorithm, "RS256");
    assert_eq!(read.key_id, "micros/service-a/key-2026-11");
    assert_eq!(read.issuer, "micros/service-a");
    assert_eq!(read.subject, Some("someone"));
    assert_eq!(
        (read.audience.spelling, read.audience.is_array),
        ("micros/service-b", false)
    );
    assert_eq!(
        (read.issued_at, read.not_before),
        (1_795_000_000, Some(1_795_000_000))
    );
    assert_eq!(read.expires_at, 1_795_000_060);
    assert_eq!(read.token_id.len(), 36);
    assert_eq!(read.document, PAYLOAD);
    assert_eq!(read.signature, [7; 256]);
    assert!(bytes.starts_with(read.signing_input) && bytes[read.signing_input.len()] == b'.');
}

#[test]
fn arrays_of_strings_are_read_for_aud_alone() {
    let payload = |aud: &str| format!(r#"{{"iss":"a","aud":{aud},"iat":1,"exp":2,"jti":"j"}}"#);
    for (aud, plain) in [
        (r#"["a"]"#, true),
        (r#"["a","b","c"]"#, true),
        (r#"["]","[","]:"]"#, true),
        ("[]", false),
        (r#"["a",]"#, false),
        (r#"["a" ,"b"]"#, false),
        (r#"["a","b":"c"]"#, false),
        (r#"["a","sub":"c","b"]"#, false),
        (r#"["a,"]"#, false),
        (r#"["a",1]"#, false),
        (r#"["a"]]"#, false),
        (r#"[["a"]]"#, false),
        (r#"["a"],"aud":"a""#, false),
        (r#"["a"],"aud":["a"]"#, false),
        (r#"["a"],"x":["a"]"#, false),
        (r#"["a""#, false),
    ] {
        let bytes = token(HEADER.as_bytes(), payload(aud).as_bytes(), b"");
        assert_eq!(is_plain(&bytes), plain, "{aud}");
    }
}

#[test]
fn each_rule_of_a_plain_payload_has_its_exceptions() {
    let good = r#""iss":"a","aud":"b","iat":1,"exp":2,"jti":"j""#;
    for (more, plain) in [
        ("", true),
        (r#","nbf":1,"sub":"s""#, true),
        (r#","nbf":"1""#, false),
        (r#","sub":1"#, false),
        (r#","iss":"a""#, false),
        (r#","x":1,"x":1"#, false),
        (r#","x":1,"y":1"#, true),
        (r#","x":"","y":"""#, true),
        (r#","x":01"#, false),
        (r#","x":-1"#, false),
        (r#","x":1.5"#, false),
        (r#","x":true"#, false),
        (r#","x":{}"#, false),
        (r#","x":{"a":"b"}"#, false),
        (r#","x":1234567890123456"#, true),
        (r#","x":12345678901234567"#, false),
        (r#","x":"a,""#, false),
        (r#","x,":1"#, false),
        (r#","x":",""#, false),
        (r#","x":",y""#, true),
        (r#","x":":""#, true),
        (r#","x":"\n""#, false),
        (r#","x":"~""#, true),
        (r#", "x":1"#, false),
        (r#","x" :1"#, false),
        (r#","x":1,"#, false),
        (r#","":1"#, true),
        (r#","crit":1"#, true),
        (r#","alg":1"#, true),
        (r#","a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1"#, true),
        (
            r#","a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1"#,
            false,
        ),
    ] {
        let payload = format!("{{{good}{more}}}");
        assert_eq!(
            is_plain(&token(HEADER.as_bytes(), payload.as_bytes(), b"")),
            plain,
            "{more}"
        );
        // At every place in a step.
        for shift in 0..100 {
            let payload = format!(r#"{{"sh":"{}",{good}{more}}}"#, "-".repeat(shift));
            is_plain(&token(HEADER.as_bytes(), payload.as_bytes(), b""));
        }
    }
    for length in [63, 64] {
        let payload = format!(r#"{{{good},"{}":1}}"#, "n".repeat(length));
        assert_eq!(
            is_plain(&token(HEADER.as_bytes(), payload.as_bytes(), b"")),
            length < 64
        );
    }
}

#[test]
fn a_header_with_crit_or_without_alg_or_kid_is_not_plain() {
    for (header, plain) in [
        (r#"{"alg":"","kid":""}"#, true),
        (r#"{"alg":"a","kid":"b","crit":["exp"]}"#, false),
        (r#"{"alg":"a","kid":"b","crit":"c"}"#, false),
        (r#"{"alg":"a"}"#, false),
        (r#"{"kid":"b"}"#, false),
        (r#"{"alg":"a","kid":1}"#, false),
        (r#"{"alg":"a","kid":"b","typ":1}"#, false),
        (r#"{"alg":"a","kid":"b","aud":["x"]}"#, false),
        (r#"{"alg":"a","kid":"b","aud":"x"}"#, true),
        ("{}", false),
        ("{", false),
        ("}", false),
        ("", false),
    ] {
        let bytes = token(header.as_bytes(), PAYLOAD.as_bytes(), b"");
        assert_eq!(is_plain(&bytes), plain, "{header}");
    }
}

#[test]
fn every_length_of_each_segment_is_decoded_or_left() {
    let step = if cfg!(miri) { 97 } else { 1 };
    for length in (0..=1030).step_by(step) {
        let signature = vec![0xa5; length];
        let bytes = token(HEADER.as_bytes(), PAYLOAD.as_bytes(), &signature);
        assert_eq!(is_plain(&bytes), length <= 1024, "{length}");
    }
    for length in (0..700).step_by(step) {
        let name = "n".repeat(length);
        let payload = format!(r#"{{"iss":"a","aud":"b","iat":1,"exp":2,"jti":"{name}"}}"#);
        let bytes = token(HEADER.as_bytes(), payload.as_bytes(), b"x");
        assert!(is_plain(&bytes), "{length}");
        let header = format!(r#"{{"alg":"a","kid":"{name}"}}"#);
        let bytes = token(header.as_bytes(), PAYLOAD.as_bytes(), b"x");
        assert_eq!(is_plain(&bytes), header.len() <= 191, "{length}");
    }
}

#[test]
fn each_character_of_the_text_counts() {
    let good = token(HEADER.as_bytes(), PAYLOAD.as_bytes(), b"signature");
    for position in 0..good.len() {
        for byte in (0..=255).step_by(if cfg!(miri) { 51 } else { 1 }) {
            let mut changed = good.clone();
            changed[position] = byte;
            is_plain(&changed);
        }
        is_plain(&good[..position]);
    }
}

#[test]
fn no_change_of_a_document_makes_the_readers_differ() {
    let rounds = if cfg!(miri) { 50 } else { 60_000 };
    let mut numbers = Numbers(1);
    let mut plain = 0_usize;
    for _ in 0..rounds {
        let mut header = HEADERS[numbers.below(HEADERS.len())].as_bytes().to_vec();
        let mut payload = PAYLOADS[numbers.below(PAYLOADS.len())].as_bytes().to_vec();
        for _ in 0..numbers.below(4) {
            numbers.change(&mut payload);
        }
        if numbers.below(4) == 0 {
            numbers.change(&mut header);
        }
        let mut bytes = token(&header, &payload, &vec![9; numbers.below(70)]);
        if numbers.below(8) == 0 {
            numbers.change(&mut bytes);
        }
        plain += usize::from(is_plain(&bytes));
    }
    assert!(plain > rounds / 8, "{plain} of {rounds} were plain");
}

#[test]
fn a_header_is_remembered_until_another_comes_and_for_its_own_bytes_alone() {
    let longer = HEADER.replace("\"}", "\",\"x\":1}");
    let other_kid = HEADER.replace("service-a", "service-b");
    let shorter = &HEADER[..HEADER.len() - 1];
    for header in [
        HEADER, HEADER, &longer, HEADER, &other_kid, shorter, &other_kid, HEADER,
    ] {
        for payload in [PAYLOAD, PAYLOADS[1], "{}", PAYLOADS[2]] {
            is_plain(&token(header.as_bytes(), payload.as_bytes(), b"x"));
        }
        // A segment that begins like it, and one that it begins like.
        let encoded = encoded(header.as_bytes());
        is_plain(format!("{encoded}A.e30.").as_bytes());
        is_plain(encoded.as_bytes());
        is_plain(&encoded.as_bytes()[..encoded.len() - 1]);
        is_plain(format!("{encoded}.").as_bytes());
    }
}
