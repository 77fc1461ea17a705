//! Section 3: the `kid`, which becomes a path, and the `iss`, which owns it.

use asap_engine::limits::MAX_KEY_ID_LENGTH;
use asap_engine::{Algorithm, VerifyError};
use asap_tests::keys::key;
use asap_tests::token::Token;

use crate::case::{Case, attack, twin};

rows! {
    /// "None of the substrings can be “.” or “..”", and it is "a non-empty sequence of non-empty substrings".
    "KID-01" kid_01_traversal = traversal;
    /// "must match the following Java regular expression: ^[\w.\-\+/]*$"
    "KID-02" kid_02_characters_of_other_alphabets = characters;
    /// As KID-02: nothing that another language would read as its own.
    "KID-03" kid_03_injection = injection;
    /// As KID-02: the percent sign and the backslash are outside.
    "KID-04" kid_04_encodings = encodings;
    /// What the grammar does not forbid is legal.
    "KID-05" kid_05_unusual_and_legal = legal;
    /// "MUST be prefixed with the service identifier of the client and a “/”"
    "KID-06" kid_06_the_prefix_of_the_issuer = prefix;
    /// "key identifier, as defined by JWS, with the difference that here it is mandatory."
    "KID-07" kid_07_missing_or_no_string = missing;
    /// As KID-02: the colon and the at sign are outside.
    "KID-09" kid_09_urls = urls;
    /// A path that every HTTP server takes.
    "KID-10" kid_10_very_long = long;
}

/// A token of this `kid`, which is spelled as it stands in JSON.
fn of(kid: &str) -> String {
    Token::es256().header("kid", &format!("\"{kid}\"")).sign()
}

fn refused(kids: &[&str]) -> Vec<Case> {
    let case = |kid: &&str| attack(*kid, of(kid), VerifyError::KeyIdInvalid);
    kids.iter().map(case).collect()
}

/// A token of this `kid` and `iss`, where the key is published.
fn published(kid: &str, token: Token) -> Case {
    let token = token.header("kid", &format!("\"{kid}\"")).sign();
    twin(kid, token).with_key(kid, key(Algorithm::Es256).public_key_pem())
}

fn accepted(kids: &[&str]) -> Vec<Case> {
    kids.iter()
        .map(|kid| published(kid, Token::es256()))
        .collect()
}

fn traversal() -> Vec<Case> {
    let attacks = refused(&[
        "",
        ".",
        "..",
        "/",
        "//",
        "./",
        "../",
        "client/",
        "client//",
        "/client/ES256",
        "//client/ES256",
        "client//ES256",
        "client/ES256/",
        "client/./ES256",
        "client/../ES256",
        "client/..",
        "client/.",
        "../client/ES256",
        "./client/ES256",
        "client/../client/ES256",
        "client/../../etc/passwd",
        "client/../../../../dev/null",
        "neighbour/../client/ES256",
        "client/a/../../neighbour/ES256",
        "client/..\\/..\\/etc\\/passwd",
        "client/\\u002e\\u002e/ES256",
        "client/\\u002e./neighbour",
        "client\\u002f\\u002fES256",
        "client/.../../x",
        "client/..//..//x",
    ]);
    let twins = accepted(&["client/a..b", "client/...", "client/a/b"]);
    with(attacks, twins)
}

fn characters() -> Vec<Case> {
    let attacks = refused(&[
        "client/k\u{43b}\u{44e}\u{447}",
        "client/\u{e9}",
        "client/e\u{301}",
        "client/\u{df}",
        "client/\u{212a}ey",
        "client/\u{130}",
        "client/\u{661}\u{662}",
        "client/\u{ff11}",
        "client/\u{ff0e}\u{ff0e}",
        "client/\u{2215}x",
        "client/\u{2024}",
        "client/ke\u{200b}y",
        "client/key\u{ad}",
        "\u{feff}client/key",
        "client/\u{202e}yek",
        "client/\u{1f511}",
        "client/\\ud83d\\udd11",
        "client/ES256\\n",
        "client/ES256\\r\\n",
        "client/ES256\\u2028",
        "client/ES256\\u0085",
        "client/ES256 ",
        " client/ES256",
        "client/ES256\\t",
        "client /ES256",
        "client/a~b",
        "client/a*b",
        "client/a,b",
        "client/a=b",
        "client/a!b",
        "client/a&b",
        "client/a#b",
        "client/a?b",
        "client/a[b",
        "client/a|b",
        "client/a^b",
        "client/\\u007f",
    ]);
    let twins = accepted(&[
        "client/ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "client/abcdefghijklmnopqrstuvwxyz",
        "client/0123456789_.-+",
    ]);
    with(attacks, twins)
}

fn injection() -> Vec<Case> {
    let attacks = refused(&[
        "client/' OR 1=1--",
        "client/x' UNION SELECT 'key';--",
        "client/\\\" OR \\\"\\\"=\\\"",
        "client/x;DROP TABLE keys",
        "client/x|whoami",
        "client/$(id)",
        "client/`id`",
        "client/;id",
        "client/&&id",
        "client/${7*7}",
        "client/{{7*7}}",
        "client/<%= 7*7 %>",
        "client/#{7*7}",
        "client/${jndi:ldap://x/y}",
        "client/%s%n",
        "client/<script>alert(1)</script>",
        "client/x\\r\\nHost: evil",
        "client/x\\r\\n\\r\\nGET /",
        "client/x HTTP/1.1",
        "client/x\\nERROR forged line",
        "client/x\\u001b[31m",
        "client/\\u0000",
        "client/ES256\\u0000.pem",
        "client/x\\b\\b",
        "client/*)(uid=*",
        "client/x' or '1'='1",
    ]);
    let twins = accepted(&["client/id", "client/OR-1-1--", "client/jndi.ldap.x"]);
    with(attacks, twins)
}

fn encodings() -> Vec<Case> {
    let attacks = refused(&[
        "client%2fES256",
        "client%2FES256",
        "client/%2e%2e/ES256",
        "client/%2E%2E%2Fneighbour",
        "client/%252e%252e/x",
        "client/..%2f",
        "client/..%5c..",
        "client/%00",
        "client/ES256%00",
        "client/%c0%ae%c0%ae/x",
        "client/..%c0%afx",
        "client/%u002e",
        "client/&#46;&#46;/x",
        "client/ES256%20",
        "client/ES256%0a",
        "client\\\\ES256",
        "client/..\\\\..\\\\x",
        "client/\\\\ES256",
        "\\\\\\\\client\\\\ES256",
        "client/ES256?x=1",
        "client/ES256#x",
        "client/ES256;v=1",
    ]);
    let twins = accepted(&["client/2e2e", "client/a+b"]);
    let escaped = twin("escaped in JSON", of("cl\\u0069ent\\/E\\u0053256"));
    with(with(attacks, twins), vec![escaped])
}

fn legal() -> Vec<Case> {
    let deep = format!("client/{}", ["d"; 20].join("/"));
    let mut cases = accepted(&[
        "client/...",
        "client/....",
        "client/a..b",
        "client/..a",
        "client/a..",
        "client/.a",
        "client/a.",
        "client/-/-",
        "client/-",
        "client/+",
        "client/_",
        "client/+/+",
        "client/.-.",
        "client/a+b-c_d.e",
        "client/0",
        "client/client/client",
        "client/.well-known/key",
        "client/.../...",
        "client/key.pem",
        &deep,
    ]);
    for issuer in [
        "...",
        "a..b",
        "-",
        "+",
        "_",
        "client/micros/dev-1",
        "client.eu",
        "0",
        "-/-",
    ] {
        let token = Token::es256().claim("iss", &format!("\"{issuer}\""));
        cases.push(published(&format!("{issuer}/key"), token));
    }
    // Beside them, what a test for substrings cannot tell from them.
    cases.extend(refused(&[
        "client/a/../b",
        "client/.../..",
        "client/./a.",
        "client/-//-",
    ]));
    cases
}

fn prefix() -> Vec<Case> {
    let mut cases = Vec::new();
    for (issuer, kid, owned) in [
        ("client", "client/key", true),
        ("client", "client/eu/key", true),
        ("client/eu", "client/eu/key", true),
        ("client/eu", "client/eu/x/key", true),
        ("a+b", "a+b/key", true),
        ("client", "client", false),
        ("client/key", "client/key", false),
        ("client/eu/key", "client/eu/key", false),
        ("client/key/x", "client/key", false),
        ("clien", "client/key", false),
        ("c", "client/key", false),
        ("client", "clients/key", false),
        ("client", "client-eu/key", false),
        ("client", "client.eu/key", false),
        ("client", "clientkey", false),
        ("client", "CLIENT/key", false),
        ("Client", "client/key", false),
        ("key", "client/key", false),
        ("lient", "client/key", false),
        ("client", "eu/client/key", false),
        ("client/eu", "client/key", false),
        ("client/eu", "client/europe/key", false),
        ("a.b", "axb/key", false),
        ("a+", "aa/key", false),
    ] {
        let token = Token::es256().claim("iss", &format!("\"{issuer}\""));
        let mut case = published(kid, token);
        case.name = format!("{kid} of {issuer}");
        if !owned {
            case.expected = Err(VerifyError::KeyNotOwned);
        }
        cases.push(case);
    }
    for issuer in [
        "client/",
        "",
        "/",
        "client/.",
        "client/..",
        "..",
        "client\\n",
        "client\\u0000",
    ] {
        let token = Token::es256().claim("iss", &format!("\"{issuer}\"")).sign();
        cases.push(attack(
            format!("iss {issuer:?}"),
            token,
            VerifyError::IssuerInvalid,
        ));
    }
    cases
}

fn missing() -> Vec<Case> {
    let refusal = VerifyError::KeyIdMissing;
    let token = Token::es256();
    let without = token.clone().without_header("kid");
    let mut cases = vec![
        twin("a string", token.sign()),
        attack("missing", without.sign(), refusal),
        attack(
            "in the claims only",
            without.clone().claim("kid", "\"client/ES256\"").sign(),
            refusal,
        ),
    ];
    for odd in [
        "null",
        "true",
        "0",
        "1.5",
        "[]",
        "[\"client/ES256\"]",
        "{}",
        "{\"kid\":\"client/ES256\"}",
    ] {
        cases.push(attack(
            odd,
            token.clone().header("kid", odd).sign(),
            refusal,
        ));
    }
    for name in ["KID", "Kid", "kid ", "kid\\u0000", "x5t", "keyid"] {
        let token = without.clone().header(name, "\"client/ES256\"").sign();
        cases.push(attack(format!("as {name:?}"), token, refusal));
    }
    let nested = without
        .clone()
        .header("x", "{\"kid\":\"client/ES256\"}")
        .sign();
    cases.push(attack("inside of another", nested, refusal));
    cases.push(twin(
        "an escaped name",
        without.header_and(r#""\u006b\u0069d":"client/ES256""#),
    ));
    cases
}

fn urls() -> Vec<Case> {
    let attacks = refused(&[
        "http://evil.example/key",
        "https://evil.example/client/key",
        "//evil.example/key",
        "file:///etc/passwd",
        "client/http://evil.example",
        "client/https:key",
        "client@evil.example/key",
        "client/@evil.example",
        "client:443/key",
        "client/key:80",
        "data:application/pkcs8;kid=x;base64,AA",
        "javascript:alert(1)",
        "client/[::1]/key",
        "client/key@",
        "\\\\\\\\evil\\\\share",
    ]);
    let twins = accepted(&["client/http/evil.example", "client/evil.example/key"]);
    with(attacks, twins)
}

fn long() -> Vec<Case> {
    let of_length = |length: usize| format!("client/{}", "k".repeat(length - 7));
    let longest = of_length(MAX_KEY_ID_LENGTH);
    let mut cases = vec![published(&longest, Token::es256())];
    for length in [MAX_KEY_ID_LENGTH + 1, 4096] {
        let name = format!("{length} bytes");
        cases.push(attack(
            name,
            of(&of_length(length)),
            VerifyError::KeyIdInvalid,
        ));
    }
    let segments = format!("client{}", "/k".repeat(1000));
    cases.push(attack(
        "a thousand segments",
        of(&segments),
        VerifyError::KeyIdInvalid,
    ));
    let issuer = "i".repeat(MAX_KEY_ID_LENGTH + 1);
    let token = Token::es256().claim("iss", &format!("\"{issuer}\"")).sign();
    cases.push(attack("iss", token, VerifyError::IssuerInvalid));
    cases.push(attack(
        "whole token",
        of(&of_length(20_000)),
        VerifyError::TokenTooLong,
    ));
    cases
}

fn with(mut attacks: Vec<Case>, twins: Vec<Case>) -> Vec<Case> {
    attacks.extend(twins);
    attacks
}
