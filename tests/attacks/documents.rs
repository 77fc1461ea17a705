//! Section 4, the payload as a document: what is JSON in UTF-8 and what is not.

use asap_engine::{Algorithm, VerifyError};
use asap_tests::keys::key;
use asap_tests::token::{Token, signed};

use crate::case::{Case, attack, twin};

rows! {
    /// RFC 7519 section 7.2, step 10: "a UTF-8-encoded representation of a completely valid JSON object".
    "JSN-03" jsn_03_invalid_json_or_utf_8 = documents;
    /// RFC 8259 section 8.1: "Implementations MUST NOT add a byte order mark".
    "JSN-05" jsn_05_byte_order_marks = marks;
    /// RFC 8259 section 6.
    "JSN-08" jsn_08_the_grammar_of_numbers = numbers;
    /// RFC 8259 section 2: "Insignificant whitespace is allowed before or after any of the six structural characters."
    "JSN-10" jsn_10_white_space = white_space;
}

pub(crate) fn of_payload(payload: impl AsRef<[u8]>) -> String {
    signed(key(Algorithm::Es256), Token::es256().header_json(), payload)
}

/// Texts that are no JSON object in UTF-8, or none alone, made from one that is: the member is always one that nobody
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
