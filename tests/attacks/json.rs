//! Section 4, the payload: JSON that two readers could read as two things.

use asap_engine::limits::MAX_TOKEN_LENGTH;
use asap_engine::{Algorithm, VerifyError};
use asap_tests::fixture::policy;
use asap_tests::keys::key;
use asap_tests::token::{Token, signed};

use crate::case::{Case, attack, twin};

rows! {
    /// RFC 7519 section 4: "The Claim Names within a JWT Claims Set MUST be unique".
    "JSN-01" jsn_01_duplicate_claims = duplicates;
    /// RFC 8259 section 9: an implementation may set limits on the range and depth.
    "JSN-02" jsn_02_nesting_range_and_surrogates_in_ignored_claims = limits;
    /// RFC 7519 section 7.2, step 10: "a UTF-8-encoded representation of a completely valid JSON object".
    "JSN-03" jsn_03_invalid_json_or_utf_8 = documents;
    /// RFC 8259 section 8.1: "Implementations MUST NOT add a byte order mark".
    "JSN-05" jsn_05_byte_order_marks = marks;
    /// RFC 8259 section 6.
    "JSN-08" jsn_08_the_grammar_of_numbers = numbers;
    /// RFC 8259 section 2: "Insignificant whitespace is allowed before or after any of the six structural characters."
    "JSN-10" jsn_10_white_space = white_space;
    /// RFC 7519 section 7.3: names and values are compared after unescaping.
    "JSN-11" jsn_11_escaped_names_and_values = escapes;
}

fn of_payload(payload: impl AsRef<[u8]>) -> String {
    signed(key(Algorithm::Es256), Token::es256().header_json(), payload)
}

/// Texts that are no JSON object in UTF-8, or none alone, made from one that is: the member is always one that nobody
/// reads.
pub(crate) fn broken_documents(good: &str) -> Vec<(String, Vec<u8>)> {
    let open = good.strip_suffix('}').unwrap();
    let mut documents: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, text: Vec<u8>| documents.push((name.to_owned(), text));
    let utf_16 = |bytes: fn(u16) -> [u8; 2]| good.encode_utf16().flat_map(bytes).collect();
    add("UTF-16, high byte first", utf_16(u16::to_be_bytes));
    add("UTF-16, low byte first", utf_16(u16::to_le_bytes));
    let utf_32 = |bytes: fn(u32) -> [u8; 4]| good.chars().map(u32::from).flat_map(bytes).collect();
    add("UTF-32, high byte first", utf_32(u32::to_be_bytes));
    add("UTF-32, low byte first", utf_32(u32::to_le_bytes));
    add("nothing", Vec::new());
    for text in [
        "null", "true", "0", "[]", "\"text\"", "{", "}", "{}{}", "  ", "\0", "{]", "[{}]",
    ] {
        add(text, text.into());
    }
    for (name, text) in [
        ("twice", format!("{good}{good}")),
        ("an array around it", format!("[{good}]")),
        ("a string around it", format!("{good:?}")),
        ("a letter after it", format!("{good}x")),
        ("a comma after it", format!("{good},")),
        ("a NUL after it", format!("{good}\0")),
        ("a NUL before it", format!("\0{good}")),
        ("a form feed before it", format!("\u{c}{good}")),
        ("a no-break space before it", format!("\u{a0}{good}")),
        ("a closing brace too many", format!("{good}}}")),
        ("no closing brace", open.to_owned()),
        ("a comment after it", format!("{good}//x")),
        ("single quotes", good.replace('"', "'")),
        ("no quotes", good.replace('"', "")),
        ("equals signs", good.replace(':', "=")),
        ("semicolons", good.replace(',', ";")),
        ("without commas", good.replace(',', " ")),
        (")]}' before it", format!(")]}}'\n{good}")),
    ] {
        add(name, text.into_bytes());
    }
    for member in [
        "",
        "\"x\"",
        "\"x\":",
        "x:1",
        ":1",
        "\"x\":1,",
        ",\"x\":1",
        "\"x\"1",
        "\"x\"::1",
        "\"x\":1 2",
        "1:1",
        "null:1",
        "\"x\":tru",
        "\"x\":True",
        "\"x\":nul",
        "\"x\":None",
        "\"x\":undefined",
        "\"x\":'y'",
        "\"x\":y",
        "\"x\":[1,]",
        "\"x\":[,1]",
        "\"x\":[1,,2]",
        "\"x\":[1 2]",
        "\"x\":[",
        "\"x\":[1}",
        "\"x\":{,}",
        "\"x\":{\"y\"}",
        "\"x\":{\"y\":1,}",
        "\"x\":{\"y\":1]",
        "\"x\":\"",
        "\"x\":\"\n\"",
        "\"x\":\"\t\"",
        "\"x\":\"\u{1f}\"",
        "\"x\":\"\0\"",
        "\"x\":\"\\a\"",
        "\"x\":\"\\x41\"",
        "\"x\":\"\\'\"",
        "\"x\":\"\\\"",
        "\"x\":\"\\u12\"",
        "\"x\":\"\\u00g0\"",
        "\"x\":\"\\U0041\"",
        "\"x\":\"\\u{41}\"",
        "\"x\":1/**/",
        "\"x\":1 //",
        "\"x\":1#",
        "\"\n\":1",
        "\"\\q\":1",
        "\"x\":`y`",
    ] {
        add(
            &format!("{member:?} in it"),
            format!("{open},{member}}}").into_bytes(),
        );
    }
    for (name, bytes) in [
        ("ff", &b"\xff"[..]),
        ("a lone continuation", b"\x80"),
        ("an overlong NUL", b"\xc0\x80"),
        ("an overlong slash", b"\xc0\xaf"),
        ("a cut sequence", b"\xe2\x82"),
        ("an encoded surrogate", b"\xed\xa0\x80"),
        ("an encoded pair of surrogates", b"\xed\xa0\xbd\xed\xb8\x80"),
        ("a number above 10ffff", b"\xf4\x90\x80\x80"),
        ("f5", b"\xf5\x80\x80\x80"),
        ("Latin-1", b"\xe9"),
    ] {
        for (place, before, after) in [
            ("a value", &b",\"x\":\""[..], &b"\"}"[..]),
            ("a name", b",\"", b"\":1}"),
            ("a value within", b",\"x\":{\"y\":[\"", b"\"]}}"),
        ] {
            add(
                &format!("{name} in {place}"),
                [open.as_bytes(), before, bytes, after].concat(),
            );
        }
    }
    documents
}

fn duplicates() -> Vec<Case> {
    let mut cases = Vec::new();
    for member in [
        r#""iss":"client""#,
        r#""iss":"neighbour""#,
        r#""\u0069ss":"client""#,
        r#""exp":1700000060"#,
        r#""exp":1800000000"#,
        r#""e\u0078p":9"#,
        r#""exp":"x""#,
        r#""iat":1700000000"#,
        r#""aud":"server""#,
        r#""aud":["server"]"#,
        r#""jti":"2""#,
        r#""\u006a\u0074\u0069":"2""#,
        r#""nbf":1,"nbf":1"#,
        r#""sub":"a","s\u0075b":"b""#,
        r#""x":1,"x":1"#,
        r#""x":"1","x":"1""#,
        r#""":1,"":2"#,
        r#""x":1,"y":2,"\u0078":3"#,
        r#""\ud83d\ude00":1,"😀":1"#,
        r#""\u00e9":1,"é":1"#,
    ] {
        cases.push(attack(
            member,
            Token::es256().claims_and(member),
            VerifyError::DuplicateClaim,
        ));
    }
    // The bad one first: neither the first nor the last wins.
    for (name, member) in [
        ("iss", r#""iss":"neighbour""#),
        ("exp", r#""exp":1"#),
        ("aud", r#""aud":"other""#),
    ] {
        let payload = Token::es256()
            .claims_json()
            .replacen('{', &format!("{{{member},"), 1);
        let name = format!("the good {name} last");
        cases.push(attack(
            name,
            of_payload(payload),
            VerifyError::DuplicateClaim,
        ));
    }
    let many: Vec<_> = (0..500)
        .map(|number| format!("\"c{number}\":{number}"))
        .collect();
    let many = many.join(",");
    for again in ["c0", "c250", "c499", "\\u00630"] {
        let token = Token::es256().claims_and(&format!("{many},\"{again}\":0"));
        let name = format!("{again} of five hundred again");
        cases.push(attack(name, token, VerifyError::DuplicateClaim));
    }
    cases.push(twin("five hundred", Token::es256().claims_and(&many)));
    for member in [
        r#""x":{"iss":"y","x":1}"#,
        r#""x":{"y":1,"y":2}"#,
        r#""Iss":"neighbour""#,
        r#""é":1,"e\u0301":1"#,
        r#""K":1,"k":2"#,
        "\"\u{212a}\":1,\"k\":2",
    ] {
        cases.push(twin(member, Token::es256().claims_and(member)));
    }
    cases
}

fn limits() -> Vec<Case> {
    let wide = policy().with_max_token_length(MAX_TOKEN_LENGTH).unwrap();
    let nested = |open: &str, close: &str, levels: usize| {
        let value = format!("{}0{}", open.repeat(levels), close.repeat(levels));
        Token::es256().claim("x", &value).sign()
    };
    let too_deep = VerifyError::NestingTooDeep;
    let mut cases = Vec::new();
    for (what, open, close) in [("arrays", "[", "]"), ("objects", "{\"a\":", "}")] {
        cases.push(twin(format!("31 {what}"), nested(open, close, 31)));
        for levels in [32, 128, 1000, 5000] {
            let name = format!("{levels} {what}");
            let token = nested(open, close, levels);
            cases.push(attack(name, token, too_deep).under(wide.clone()));
        }
    }
    let abyss = Token::es256().claim("x", &"[".repeat(40_000)).sign();
    cases.push(attack("40000 arrays, none closed", abyss, too_deep).under(wide.clone()));
    let side_by_side = Token::es256()
        .claim("x", &format!("[{}0]", "[[]],".repeat(4000)))
        .sign();
    cases.push(twin("4000 arrays side by side", side_by_side).under(wide));
    for value in [
        "1e400",
        "-1e400",
        "1e-400",
        "1e999999999999",
        "123456789012345678901234567890",
        "-0",
        "0.0",
        "0e0",
    ] {
        cases.push(twin(value, Token::es256().claim("x", value).sign()));
    }
    let digits = "9".repeat(4000);
    cases.push(twin(
        "a number of 4000 digits",
        Token::es256().claim("x", &digits).sign(),
    ));
    for lone in [
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud800\\u0041\"",
        "[\"\\ud800\"]",
        "\"a\\udfffb\"",
    ] {
        let token = Token::es256().claim("x", lone).sign();
        cases.push(attack(lone, token, VerifyError::InvalidClaims));
    }
    let in_a_name = Token::es256().claims_and("\"\\ud800\":1");
    cases.push(attack(
        "a surrogate in a name",
        in_a_name,
        VerifyError::InvalidClaims,
    ));
    for good in [
        "\"\\ud83d\\ude00\"",
        "\"\\uffff\"",
        "\"\\u0000\"",
        "\"\u{10ffff}\"",
    ] {
        cases.push(twin(good, Token::es256().claim("x", good).sign()));
    }
    cases
}

fn documents() -> Vec<Case> {
    let good = Token::es256().claims_json();
    let documents = broken_documents(&good).into_iter();
    let refused = VerifyError::InvalidClaims;
    let mut cases: Vec<_> = documents
        .map(|(name, text)| attack(name, of_payload(text), refused))
        .collect();
    for value in [
        "\"é\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\"",
        "\"\\b\\f\\n\\r\\t\\/\\\\\\\"\"",
        "\"\u{feff}\"",
    ] {
        cases.push(twin(value, Token::es256().claim("x", value).sign()));
    }
    cases
}

fn marks() -> Vec<Case> {
    let token = Token::es256();
    let (header, claims) = (token.header_json(), token.claims_json());
    let both = |header: String, claims: String| signed(key(Algorithm::Es256), header, claims);
    let mark = |text: &str| format!("\u{feff}{text}");
    vec![
        attack(
            "before the header",
            both(mark(&header), claims.clone()),
            VerifyError::InvalidHeader,
        ),
        attack(
            "before the claims",
            both(header.clone(), mark(&claims)),
            VerifyError::InvalidClaims,
        ),
        attack(
            "before both",
            both(mark(&header), mark(&claims)),
            VerifyError::InvalidHeader,
        ),
        attack(
            "after the claims",
            both(header.clone(), format!("{claims}\u{feff}")),
            VerifyError::InvalidClaims,
        ),
        attack(
            "before the token",
            mark(&token.sign()),
            VerifyError::InvalidBase64,
        ),
        attack(
            "in a name that is wanted",
            token
                .clone()
                .without_claim("iss")
                .claim("\u{feff}iss", "\"client\"")
                .sign(),
            VerifyError::IssuerMissing,
        ),
        twin(
            "in a value that nobody reads",
            token.claim("x", "\"\u{feff}\"").sign(),
        ),
        twin("none", both(header, claims)),
    ]
}

fn numbers() -> Vec<Case> {
    let mut cases = Vec::new();
    for odd in [
        "NaN",
        "-NaN",
        "Infinity",
        "-Infinity",
        "inf",
        "1e",
        "1e+",
        "1E-",
        "01",
        "00",
        "-01",
        "+1",
        "1.",
        ".1",
        "-.5",
        "-",
        "--1",
        "1.e5",
        "0x10",
        "0b1",
        "0o7",
        "1_000",
        "1,5",
        "1 000",
        "1f",
        "1d",
        "1L",
        "1n",
        "1e5.5",
        "1.2.3",
        "1e5e5",
        "\u{661}",
        "\u{ff11}",
        "½",
        "1/2",
        "1%",
        "$1",
        "1e\u{2212}5",
    ] {
        let token = |name: &str| Token::es256().claim(name, odd).sign();
        cases.push(attack(
            format!("{odd} in an ignored claim"),
            token("x"),
            VerifyError::InvalidClaims,
        ));
        cases.push(attack(
            format!("{odd} in nbf"),
            token("nbf"),
            VerifyError::InvalidClaims,
        ));
        cases.push(attack(
            format!("{odd} in the header"),
            Token::es256().header("x", odd).sign(),
            VerifyError::InvalidHeader,
        ));
    }
    for good in [
        "0", "-0", "0.0", "0e5", "1e5", "1E+5", "1e-05", "10.010", "-1.5E3",
    ] {
        cases.push(twin(
            good,
            Token::es256().claim("x", good).claim("nbf", good).sign(),
        ));
    }
    cases
}

fn white_space() -> Vec<Case> {
    let token = Token::es256();
    let (header, claims) = (token.header_json(), token.claims_json());
    let mut cases = Vec::new();
    for (name, space) in [
        ("spaces", "  "),
        ("tabs", "\t"),
        ("line feeds", "\n"),
        ("returns", "\r"),
        ("all", " \t\r\n"),
    ] {
        let spread = |json: &str| {
            let around = |sign: char| format!("{space}{sign}{space}");
            ['{', '}', ':', ',']
                .iter()
                .fold(json.to_owned(), |json, sign| {
                    json.replace(*sign, &around(*sign))
                })
        };
        let token = signed(key(Algorithm::Es256), spread(&header), spread(&claims));
        cases.push(twin(name, token));
    }
    for (name, space) in [
        ("form feed", '\u{c}'),
        ("vertical tab", '\u{b}'),
        ("no-break space", '\u{a0}'),
        ("next line", '\u{85}'),
        ("line separator", '\u{2028}'),
        ("ideographic space", '\u{3000}'),
        ("NUL", '\0'),
        ("backspace", '\u{8}'),
    ] {
        let payload = claims.replacen(':', &format!("{space}:"), 1);
        cases.push(attack(
            name,
            of_payload(payload),
            VerifyError::InvalidClaims,
        ));
    }
    cases.push(attack(
        "inside of a number",
        of_payload(claims.replace("1700000060", "1700 000060")),
        VerifyError::InvalidClaims,
    ));
    cases.push(attack(
        "inside of a name",
        of_payload(claims.replace("\"exp\"", "\"exp \"")),
        VerifyError::ExpiryMissing,
    ));
    cases
}

fn escapes() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, spelled) in [
        ("iss", r#""\u0069\u0073\u0073":"cl\u0069\u0065nt""#),
        ("exp", r#""ex\u0070":1700000060"#),
        ("iat", r#""\u0069at":1700000000"#),
        ("aud", r#""\u0061ud":"s\u0065rver""#),
        (
            "aud",
            r#""aud":["other","\u0073\u0065\u0072\u0076\u0065\u0072"]"#,
        ),
        ("jti", r#""jt\u0069":"\u0000""#),
    ] {
        cases.push(twin(
            spelled,
            Token::es256().without_claim(name).claims_and(spelled),
        ));
    }
    let header = r#"{"\u0061lg":"\u0045S256","k\u0069d":"client\/\u0045S256"}"#;
    let escaped = signed(key(Algorithm::Es256), header, Token::es256().claims_json());
    cases.push(twin("the header", escaped));
    for (name, spelled, refusal) in [
        ("exp", r#""ex\u0070":1"#, VerifyError::Expired),
        ("iss", r#""iss":"ne\u0069ghbour""#, VerifyError::KeyNotOwned),
        (
            "aud",
            r#""aud":"s\u0045rver""#,
            VerifyError::AudienceMismatch,
        ),
        (
            "aud",
            r#""aud":"\\u0073erver""#,
            VerifyError::AudienceMismatch,
        ),
        ("iss", r#""\\u0069ss":"client""#, VerifyError::IssuerMissing),
        (
            "exp",
            r#""e\u0058p":1700000060"#,
            VerifyError::ExpiryMissing,
        ),
    ] {
        let token = Token::es256().without_claim(name).claims_and(spelled);
        cases.push(attack(spelled, token, refusal));
    }
    cases.push(attack(
        "nbf under an escaped name counts",
        Token::es256().claims_and(r#""nb\u0066":1700000001"#),
        VerifyError::NotYetValid,
    ));
    cases
}
