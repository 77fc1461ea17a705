//! Section 6: the claims that are no times.

use asap_engine::{Policy, VerifyError};
use asap_tests::fixture::policy;
use asap_tests::token::Token;

use crate::case::{ANY_JSON, Case, attack, twin};

rows! {
    /// "The claims of the JWT token MUST contain: [...] “iss” [...] “exp” [...] “iat” [...] “aud” [...] “jti”".
    "CLM-03" clm_03_mandatory_claims = missing;
    /// "checking that at least one of the values of “aud” is the identifier of the resource server".
    "CLM-08" clm_08_audiences = audiences;
    /// "the value must be a String (not a StringOrURI)."
    "CLM-09" clm_09_iss_of_other_types = issuers;
    /// "subject, as defined by JWT": optional, and authorisation is outside of the specification.
    "CLM-10" clm_10_odd_sub = subjects;
    /// RFC 7519 section 4.1.7: "The "jti" value is a case-sensitive string."
    "CLM-11" clm_11_odd_jti = token_ids;
    /// RFC 7519 section 4: "all claims that are not understood by implementations MUST be ignored."
    "CLM-12" clm_12_unknown_claims = unknown;
    /// RFC 7519 section 10.1.1: names are case-sensitive.
    "CLM-13" clm_13_names_in_another_case = other_case;
}

const MANDATORY: [(&str, VerifyError); 5] = [
    ("iss", VerifyError::IssuerMissing),
    ("exp", VerifyError::ExpiryMissing),
    ("iat", VerifyError::IssuedAtMissing),
    ("aud", VerifyError::AudienceMissing),
    ("jti", VerifyError::TokenIdMissing),
];

fn missing() -> Vec<Case> {
    let mut cases = vec![twin("all of them, and nothing else", Token::es256().sign())];
    let all: Vec<_> = MANDATORY.iter().map(|(name, _)| *name).collect();
    for (name, refusal) in MANDATORY {
        let token = Token::es256().without_claim(name);
        cases.push(attack(name, token.sign(), refusal));
        let in_header = token.clone().header(name, "1700000060").sign();
        cases.push(attack(format!("{name} in the header"), in_header, refusal));
        let nested = token
            .clone()
            .claim("x", &Token::es256().claims_json())
            .sign();
        cases.push(attack(format!("{name} inside of another"), nested, refusal));
        let in_array = token
            .claim("claims", &format!("[\"{name}\",1700000060]"))
            .sign();
        cases.push(attack(format!("{name} in an array"), in_array, refusal));
    }
    let none = all
        .iter()
        .fold(Token::es256(), |token, name| token.without_claim(name));
    cases.push(attack(
        "none of them",
        none.sign(),
        VerifyError::IssuerMissing,
    ));
    cases.push(twin(
        "with nbf and sub",
        Token::es256()
            .claim("nbf", "1")
            .claim("sub", "\"a\"")
            .sign(),
    ));
    cases
}

fn other_case() -> Vec<Case> {
    let mut cases = vec![twin("as they are", Token::es256().sign())];
    for (name, refusal) in MANDATORY {
        let good = Token::es256().claims_json();
        let start = good.find(&format!("\"{name}\":")).unwrap() + name.len() + 3;
        let value: String = good[start..]
            .chars()
            .take_while(|c| !",}".contains(*c))
            .collect();
        let capital = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        let full_width = name
            .replace('i', "\u{ff49}")
            .replace('a', "\u{ff41}")
            .replace('e', "\u{ff45}");
        let full_width = full_width.replace('j', "\u{ff4a}");
        for look_alike in [
            name.to_uppercase(),
            capital,
            full_width,
            format!("{name} "),
            format!(" {name}"),
            format!("{name}\\u0000"),
            format!("{name}\\n"),
            name[..2].to_owned(),
        ] {
            let token = Token::es256()
                .without_claim(name)
                .claim(&look_alike, &value);
            cases.push(attack(format!("{look_alike:?}"), token.sign(), refusal));
            let beside = Token::es256().claim(&look_alike, "[\"other\",1]");
            cases.push(twin(format!("{look_alike:?} beside it"), beside.sign()));
        }
    }
    cases
}

fn audiences() -> Vec<Case> {
    let of = |aud: &str| Token::es256().claim("aud", aud).sign();
    let mut cases = Vec::new();
    for good in [
        r#""server""#,
        r#"["server"]"#,
        r#"["other","server"]"#,
        r#"["server","other","server"]"#,
        r#"["","server"]"#,
        r#" [ "server" ] "#,
        r#""s\u0065rver""#,
    ] {
        cases.push(twin(good, of(good)));
    }
    for other in [
        r#""""#,
        "[]",
        r#""other""#,
        r#"["other","another"]"#,
        r#""serve""#,
        r#""servers""#,
        r#""erver""#,
        r#""my-server""#,
        r#""server,other""#,
        r#""server other""#,
        r#""[\"server\"]""#,
        r#"["serve","r"]"#,
        r#""Server""#,
        r#""SERVER""#,
        r#""server ""#,
        r#"" server""#,
        r#""server/""#,
        r#""server.""#,
        r#""server\u0000""#,
        r#""server\n""#,
        r#""https://server""#,
        r#""*""#,
        r#"".*""#,
        r#""s*""#,
        r#""server*""#,
        "\"\u{455}erver\"",
        "\"s\u{200b}erver\"",
        "\"ser\u{301}ver\"",
        "\"\u{ff53}erver\"",
        r#""%73erver""#,
    ] {
        cases.push(attack(other, of(other), VerifyError::AudienceMismatch));
        if other.starts_with('"') {
            let array = format!("[{other}]");
            cases.push(attack(
                array.clone(),
                of(&array),
                VerifyError::AudienceMismatch,
            ));
        }
    }
    for odd in [
        "null",
        "true",
        "1",
        "{}",
        r#"{"server":"server"}"#,
        r#"{"aud":"server"}"#,
        "[1]",
        "[null]",
        r#"["server",1]"#,
        r#"[1,"server"]"#,
        r#"["server",null]"#,
        r#"[["server"]]"#,
        r#"["server",["other"]]"#,
        r#"["server",{}]"#,
        r#"["server",true]"#,
    ] {
        cases.push(attack(odd, of(odd), VerifyError::AudienceInvalid));
    }
    let many: Vec<_> = (0..300)
        .map(|number| format!("\"server{number}\""))
        .collect();
    let many = many.join(",");
    cases.push(twin(
        "among three hundred",
        of(&format!("[{many},\"server\"]")),
    ));
    cases.push(attack(
        "three hundred others",
        of(&format!("[{many}]")),
        VerifyError::AudienceMismatch,
    ));
    // No form of Unicode is another.
    let composed = || Policy::new("\u{e9}").unwrap();
    cases.push(twin("a composed letter", of("\"\\u00e9\"")).under(composed()));
    let decomposed = attack(
        "a decomposed letter",
        of("\"e\\u0301\""),
        VerifyError::AudienceMismatch,
    );
    cases.push(decomposed.under(composed()));
    cases
}

fn issuers() -> Vec<Case> {
    let of = |iss: &str| Token::es256().claim("iss", iss).sign();
    let mut cases = vec![
        twin("a string", of("\"client\"")),
        twin("escaped", of("\"cl\\u0069ent\"")),
    ];
    for odd in [
        "null",
        "true",
        "0",
        "[]",
        "[\"client\"]",
        "[\"client\",\"neighbour\"]",
        "{}",
        "{\"client\":1}",
    ] {
        cases.push(attack(odd, of(odd), VerifyError::IssuerInvalid));
    }
    for odd in [
        "",
        "/",
        "client/",
        "/client",
        "a//b",
        ".",
        "..",
        "client/..",
        "cli ent",
        "client ",
        "client\\n",
        "client\\u0000",
        "https://client",
        "client:8080",
        "cli\u{e9}nt",
        "\u{212a}lient",
        "client?",
        "client%2f",
        "client@x",
        "*",
    ] {
        cases.push(attack(
            format!("{odd:?}"),
            of(&format!("\"{odd}\"")),
            VerifyError::IssuerInvalid,
        ));
    }
    for other in [
        "c",
        "clien",
        "clients",
        "Client",
        "lient",
        "client.x",
        "neighbour",
        "ES256",
    ] {
        cases.push(attack(
            other,
            of(&format!("\"{other}\"")),
            VerifyError::KeyNotOwned,
        ));
    }
    let listed = policy()
        .with_issuers(["client/eu", "clients", "clien"])
        .unwrap();
    let refused = attack(
        "not listed",
        of("\"client\""),
        VerifyError::IssuerNotAllowed,
    );
    cases.push(refused.under(listed));
    let listed = policy().with_issuers(["neighbour", "client"]).unwrap();
    cases.push(twin("listed", of("\"client\"")).under(listed));
    cases
}

fn subjects() -> Vec<Case> {
    let of = |sub: &str| Token::es256().claim("sub", sub).sign();
    let mut cases = vec![twin("none", Token::es256().sign())];
    for good in [
        "\"\"",
        "\"client\"",
        "\"neighbour\"",
        "\"someone else\"",
        "\"https://user.example/\"",
        "\"..\"",
        "\"\\u0000\"",
        "\"\u{1f600}\"",
        "\"client\\n\"",
    ] {
        cases.push(twin(good, of(good)));
    }
    for odd in ["null", "true", "0", "[]", "[\"client\"]", "{}"] {
        cases.push(attack(odd, of(odd), VerifyError::SubjectInvalid));
    }
    let twice = Token::es256().claims_and(r#""sub":"a","sub":"a""#);
    cases.push(attack("twice", twice, VerifyError::DuplicateClaim));
    cases
}

fn token_ids() -> Vec<Case> {
    let of = |jti: &str| Token::es256().claim("jti", jti).sign();
    let mut cases = Vec::new();
    for good in [
        "\"\"",
        "\" \"",
        "\"\\u0000\"",
        "\"1700000000:42\"",
        "\"e\u{301}\u{1f600}\"",
        "\"' OR 1=1--\"",
    ] {
        cases.push(twin(good, of(good)));
        cases.push(twin(format!("{good}, once"), of(good)).once());
    }
    let long = format!("\"{}\"", "j".repeat(5000));
    cases.push(twin("5000 letters", of(&long)));
    cases.push(twin("5000 letters, once", of(&long)).once());
    let longer = format!("\"{}\"", "j".repeat(10_000));
    cases.push(attack(
        "10000 letters",
        of(&longer),
        VerifyError::TokenTooLong,
    ));
    for odd in [
        "null",
        "true",
        "0",
        "1e400",
        "[]",
        "[\"a\"]",
        "{}",
        "{\"jti\":\"a\"}",
    ] {
        cases.push(attack(odd, of(odd), VerifyError::TokenIdInvalid));
    }
    cases
}

fn unknown() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in [
        "x",
        "",
        "ISS",
        "exp ",
        "alg",
        "kid",
        "crit",
        "nonce",
        "cnf",
        "scope",
        "\\u0000",
        "https://example/claim",
        "__proto__",
        "constructor",
        "_claim_names",
        "authorized",
        "admin",
        "issuer",
        "expires",
        "audience",
    ] {
        for value in ANY_JSON {
            let token = Token::es256().claim(name, value).sign();
            cases.push(twin(format!("{name:?}: {value}"), token));
        }
    }
    let many: Vec<_> = (0..500)
        .map(|number| format!("\"c{number}\":{number}"))
        .collect();
    cases.push(twin(
        "five hundred",
        Token::es256().claims_and(&many.join(",")),
    ));
    let inside = "{\"exp\":9999999999,\"iss\":\"neighbour\",\"aud\":\"server\"}";
    let expired = Token::es256()
        .claim("exp", "1")
        .claim("claims", inside)
        .claim("iat", "0");
    cases.push(attack(
        "a claim that says otherwise",
        expired.sign(),
        VerifyError::Expired,
    ));
    cases
}
