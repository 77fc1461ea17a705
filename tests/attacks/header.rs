//! Section 4: the header, as a document and by its members.

use asap_engine::{Algorithm, VerifyError};
use asap_tests::keys::key;
use asap_tests::token::{Token, base64url, sign_input, signed};

use crate::case::{ANY_JSON, Case, attack, twin};

rows! {
    /// RFC 7515 section 4.1.11: "If any of the listed extension Header Parameters are not understood and supported by the
    /// recipient, then the JWS is invalid."
    "HDR-01" hdr_01_crit = crit;
    /// RFC 7797 section 7: "JWSs with the "b64" Header Parameter [...] JWTs MUST NOT use".
    "HDR-02" hdr_02_b64_false_and_detached_payloads = b64;
    /// "“typ”: [...] it MUST be ignored by the resource server".
    "HDR-03" hdr_03_odd_typ = typ;
    /// RFC 7515 section 4: "The Header Parameter names within the JOSE Header MUST be unique".
    "HDR-04" hdr_04_duplicate_members = duplicates;
    /// RFC 7515 section 4: unknown parameters "MUST be ignored".
    "HDR-06" hdr_06_unknown_parameters_of_any_type = unknown;
    /// A JWS has no compression.
    "HDR-07" hdr_07_zip = zip;
    /// RFC 7515 section 5.2, steps 2 to 4.
    "HDR-08" hdr_08_invalid_json_or_encoding = documents;
}

fn crit() -> Vec<Case> {
    let mut cases = vec![twin("without", Token::es256().sign())];
    for value in [
        "[\"x\"]",
        "[\"exp\"]",
        "[\"b64\"]",
        "[\"alg\"]",
        "[\"kid\"]",
        "[\"absent\"]",
        "[\"X\"]",
        "[\"x\",\"b64\"]",
        "[\"x\",\"x\"]",
        "[\"\"]",
        "[]",
        "null",
        "\"x\"",
        "\"exp\"",
        "1",
        "true",
        "false",
        "{}",
        "{\"x\":1}",
        "[1]",
        "[null]",
        "[[\"x\"]]",
    ] {
        let token = Token::es256()
            .header("x", "1")
            .header("exp", "1")
            .header("crit", value);
        cases.push(attack(value, token.sign(), VerifyError::CriticalHeader));
    }
    let escaped = Token::es256().header_and(r#""\u0063r\u0069t":["x"],"x":1"#);
    cases.push(attack(
        "an escaped name",
        escaped,
        VerifyError::CriticalHeader,
    ));
    for (name, token) in [
        ("another case", Token::es256().header("Crit", "[\"x\"]")),
        ("in the claims", Token::es256().claim("crit", "[\"x\"]")),
        (
            "inside of another",
            Token::es256().header("x", "{\"crit\":[\"x\"]}"),
        ),
    ] {
        cases.push(twin(name, token.sign()));
    }
    cases
}

fn b64() -> Vec<Case> {
    let token = Token::es256()
        .header("b64", "false")
        .header("crit", "[\"b64\"]");
    let key = key(Algorithm::Es256);
    // RFC 7797 section 3: the payload stands in the signing input as it is.
    let unencoded = |header: String| {
        sign_input(
            key,
            &format!("{}.{}", base64url(header), token.claims_json()),
        )
    };
    let ignored = token.clone().without_header("crit");
    let good = Token::es256().sign();
    let (header, rest) = good.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    vec![
        attack("b64 and crit", token.sign(), VerifyError::CriticalHeader),
        attack(
            "an unencoded payload",
            unencoded(token.header_json()),
            VerifyError::InvalidBase64,
        ),
        attack(
            "and without crit",
            unencoded(ignored.header_json()),
            VerifyError::InvalidBase64,
        ),
        attack(
            "detached",
            format!("{header}..{signature}"),
            VerifyError::InvalidClaims,
        ),
        attack(
            "no header",
            format!(".{payload}.{signature}"),
            VerifyError::InvalidHeader,
        ),
        attack("only dots", "..", VerifyError::InvalidHeader),
        attack(
            "an empty payload, signed",
            signed(key, Token::es256().header_json(), ""),
            VerifyError::InvalidClaims,
        ),
        twin("b64 without crit says nothing", ignored.sign()),
        twin("b64 true", Token::es256().header("b64", "true").sign()),
    ]
}

fn typ() -> Vec<Case> {
    let named = [
        "\"JWT\"",
        "\"jwt\"",
        "\"JOSE\"",
        "\"JWE\"",
        "\"at+jwt\"",
        "\"application/dpop+jwt\"",
        "\"\\u0000\"",
    ];
    let mut cases = Vec::new();
    for value in named.iter().chain(&ANY_JSON) {
        cases.push(twin(*value, Token::es256().header("typ", value).sign()));
    }
    for value in ["\"JWT\"", "\"JWE\"", "\"JSON\""] {
        cases.push(twin(
            format!("cty {value}"),
            Token::es256().header("cty", value).sign(),
        ));
    }
    let twice = Token::es256().header_and(r#""typ":"JWT","typ":"JWT""#);
    cases.push(attack("twice", twice, VerifyError::DuplicateHeader));
    let bad = Token::es256().header_and(r#""typ":JWT"#);
    cases.push(attack("no JSON", bad, VerifyError::InvalidHeader));
    cases
}

fn duplicates() -> Vec<Case> {
    let mut cases = Vec::new();
    for member in [
        r#""alg":"ES256""#,
        r#""alg":"none""#,
        r#""\u0061lg":"ES256""#,
        r#""\u0061\u006c\u0067":"HS256""#,
        r#""kid":"client/ES256""#,
        r#""kid":"client/other-ES256""#,
        r#""k\u0069d":"client/ES256""#,
        r#""kid":null"#,
        r#""x":1,"x":1"#,
        r#""x":1,"\u0078":2"#,
        r#""x":1,"y":2,"z":3,"x":1"#,
        r#""":1,"":1"#,
        r#""crit":[],"crit":[]"#,
        r#""jwk":{},"x":1,"jwk":{}"#,
        r#""é":1,"\u00e9":1"#,
        r#""\ud83d\ude00":1,"😀":1"#,
        r#""\/":1,"/":1"#,
        r#""\t":1,"\u0009":1"#,
    ] {
        cases.push(attack(
            member,
            Token::es256().header_and(member),
            VerifyError::DuplicateHeader,
        ));
    }
    // The bad one first: neither the first nor the last wins.
    let token = Token::es256();
    let first = token.header_json().replacen('{', r#"{"alg":"none","#, 1);
    let first = signed(key(Algorithm::Es256), first, token.claims_json());
    cases.push(attack(
        "the good one last",
        first,
        VerifyError::DuplicateHeader,
    ));
    let many: Vec<_> = (0..200).map(|number| format!("\"x{number}\":0")).collect();
    let many = many.join(",");
    for (again, name) in [
        ("x0", "the first"),
        ("x100", "the middle"),
        ("x199", "the last"),
    ] {
        let member = format!("{many},\"{again}\":0");
        let name = format!("{name} of two hundred again");
        cases.push(attack(
            name,
            Token::es256().header_and(&member),
            VerifyError::DuplicateHeader,
        ));
    }
    cases.push(twin("two hundred", Token::es256().header_and(&many)));
    for member in [
        r#""x":{"x":1,"alg":"none","kid":"x"}"#,
        r#""X":1,"x":1"#,
        r#""é":1,"e\u0301":1"#,
        r#""ALG":"none","Kid":"x""#,
        r#""x":{"y":1},"z":{"y":1}"#,
    ] {
        cases.push(twin(member, Token::es256().header_and(member)));
    }
    cases
}

fn unknown() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in [
        "x",
        "",
        "iss",
        "exp",
        "nonce",
        "url",
        "p2c",
        "epk",
        "enc",
        "ppt",
        "svt",
        "\\u0000",
        "trust_chain",
    ] {
        for value in ANY_JSON {
            let token = Token::es256().header(name, value).sign();
            cases.push(twin(format!("{name:?}: {value}"), token));
        }
    }
    cases.push(attack(
        "not JSON",
        Token::es256().header("x", "text").sign(),
        VerifyError::InvalidHeader,
    ));
    cases
}

/// `{}` and `[]` as DEFLATE would store them: stored blocks, raw and inside of zlib's frame.
fn zip() -> Vec<Case> {
    let token = Token::es256().header("zip", "\"DEF\"");
    let claims = token.claims_json().into_bytes();
    let length = u16::try_from(claims.len()).unwrap();
    let stored = [
        &[1][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        &claims,
    ]
    .concat();
    let with = |payload: Vec<u8>| signed(key(Algorithm::Es256), token.header_json(), payload);
    let refused = VerifyError::InvalidClaims;
    // A bomb: fixed Huffman code, one literal and a run of zeros without end.
    let bomb = [&[0x63][..], &[0x60; 1000]].concat();
    vec![
        attack("a stored block", with(stored.clone()), refused),
        attack(
            "in zlib's frame",
            with([&[0x78, 0x9c][..], &stored].concat()),
            refused,
        ),
        attack(
            "in gzip's frame",
            with([&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &stored].concat()),
            refused,
        ),
        attack("a bomb", with(bomb), refused),
        twin("DEF over claims as they stand", token.sign()),
        twin("GZIP", Token::es256().header("zip", "\"GZIP\"").sign()),
        twin("a number", Token::es256().header("zip", "1").sign()),
    ]
}

fn documents() -> Vec<Case> {
    let token = Token::es256();
    let good = token.header_json();
    let mut cases = vec![twin("as it is", token.sign())];
    let mut add = |name: String, header: Vec<u8>, expected: Option<VerifyError>| {
        let token = signed(key(Algorithm::Es256), header, Token::es256().claims_json());
        cases.push(match expected {
            Some(refusal) => attack(name, token, refusal),
            None => twin(name, token),
        });
    };
    let refused = Some(VerifyError::InvalidHeader);
    for (name, header) in crate::documents::broken_documents(&good) {
        add(name, header, refused);
    }
    let spaced = good.replace(':', " \r\n\t: ").replace(',', " , ");
    add(
        "white space".to_owned(),
        format!(" \n{spaced}\t ").into_bytes(),
        None,
    );
    let deep = |levels: usize| {
        let open = good.strip_suffix('}').unwrap();
        format!(
            "{open},\"x\":{}{}}}",
            "[".repeat(levels),
            "]".repeat(levels)
        )
        .into_bytes()
    };
    add("31 levels in it".to_owned(), deep(31), None);
    add(
        "32 levels in it".to_owned(),
        deep(32),
        Some(VerifyError::NestingTooDeep),
    );
    add(
        "2000 levels in it".to_owned(),
        deep(2000),
        Some(VerifyError::NestingTooDeep),
    );
    cases
}
