//! Check 2: the `kid` of the header, which becomes a path.

use asap_engine::limits::MAX_KEY_ID_LENGTH;
use asap_engine::{Algorithm, Engine, Keyring, VerifyError};
use asap_tests::fixture::{NOW, judge, policy, verdict};
use asap_tests::keys::key;
use asap_tests::token::Token;

/// "“kid”: key identifier, as defined by JWS, with the difference that here it is mandatory."
#[test]
fn kid_is_mandatory() {
    let missing = Err(VerifyError::KeyIdMissing);
    let token = Token::es256();
    assert_eq!(judge(token.clone().without_header("kid").sign()), missing);
    for odd in ["null", "1", "true", "[\"client/ES256\"]", "{}"] {
        assert_eq!(
            judge(token.clone().header("kid", odd).sign()),
            missing,
            "{odd}"
        );
    }
    for name in ["KID", "Kid", "kid ", "x5t"] {
        let token = token.clone().without_header("kid");
        assert_eq!(
            judge(token.header(name, "\"client/ES256\"").sign()),
            missing,
            "{name}"
        );
    }
    let in_claims = token.without_header("kid").claim("kid", "\"client/ES256\"");
    assert_eq!(judge(in_claims.sign()), missing);
}

/// "The key identifier MUST be a String that is a non-empty sequence of non-empty substrings joined with the
/// forward slash character (“/”)."
#[test]
fn kid_must_be_a_non_empty_sequence_of_non_empty_substrings_joined_with_slashes() {
    for kid in [
        "",
        "/",
        "//",
        "client/",
        "/client",
        "client//ES256",
        "client/ES256/",
        "client/a//",
    ] {
        assert_kid_refused(kid);
    }
    assert_kid_accepted("client/ES256");
    assert_kid_accepted(&["client"; 20].join("/"));
}

/// "None of the substrings can be “.” or “..”."
#[test]
fn none_of_the_substrings_of_kid_can_be_one_dot_or_two() {
    for kid in [
        ".",
        "..",
        "client/.",
        "client/..",
        "./client",
        "../client",
        "client/./ES256",
        "client/../ES256",
        "client/../../../etc/passwd",
        "client/..\\/ES256",
    ] {
        assert_kid_refused(kid);
    }
    for kid in [
        "client/...",
        "client/a..b",
        "client/.a",
        "client/..a",
        "client/a.",
        "client/a..",
        "client/....",
    ] {
        assert_kid_accepted(kid);
    }
}

/// "As a further restriction, the key identifier must match the following Java regular expression:
/// ^[\w.\-\+/]*$."
#[test]
fn kid_must_match_the_java_regular_expression() {
    // Written as JSON, so that the controls are legal there.
    for suffix in [
        "\\n",
        "\\r",
        "\\r\\n",
        "\\u0000",
        "\\u2028",
        "\\t",
        " ",
        "%2e%2e",
        "%00",
        "\\\\",
        ":",
        "@host",
        "?x",
        "#x",
        "'",
        "\\\"",
        "`id`",
        "$(id)",
        "${x}",
        "{{x}}",
        "<x>",
        "|x",
        ";x",
        "&x",
        "*",
        "~",
        "=",
        ",",
        "!",
        "é",
        "\u{212a}",
        "\u{660}",
        "\u{ff0f}",
        "ключ",
        "\u{200b}",
        "\u{feff}",
        "\\ud83d\\ude00",
    ] {
        assert_kid_refused(&format!("client/key{suffix}"));
        assert_kid_refused(&format!("client/{suffix}key"));
        assert_kid_refused(&format!("{suffix}client/key"));
    }
    for kid in [
        "https://client/key",
        "//host/key",
        "file:///key",
        "client/key HTTP/1.1",
    ] {
        assert_kid_refused(kid);
    }
    let every = "client/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-+/-/+/_";
    assert_kid_accepted(every);
}

/// docs/DESIGN.md, check 2: `kid` is compared after unescaping, as every string of JSON is.
#[test]
fn an_escaped_kid_is_the_kid_that_it_spells() {
    let token = Token::es256().header("kid", r#""client\/ES2\u0035\u0036""#);
    assert_eq!(judge(token.sign()), Ok(()));
    let token = token.header("alg", r#""\u0045S256""#);
    assert_eq!(judge(token.sign()), Ok(()));
    let token = token
        .without_header("alg")
        .header_and(r#""\u0061\u006cg":"ES256""#);
    assert_eq!(judge(token), Ok(()));
    assert_kid_refused(r"client\/\u002e\u002e\/ES256");
    assert_kid_refused(r"client\u002f\u002fES256");
}

/// limits.rs: "The longest `kid` or `iss`, in bytes: a URL path that every HTTP server takes."
#[test]
fn a_kid_longer_than_any_url_path_is_refused() {
    let rest = MAX_KEY_ID_LENGTH - "client/".len();
    assert_kid_accepted(&format!("client/{}", "k".repeat(rest)));
    assert_kid_refused(&format!("client/{}", "k".repeat(rest + 1)));
}

fn with_kid(kid: &str) -> String {
    Token::es256().header("kid", &format!("\"{kid}\"")).sign()
}

fn assert_kid_refused(kid: &str) {
    assert_eq!(
        judge(with_kid(kid)),
        Err(VerifyError::KeyIdInvalid),
        "{kid:?}"
    );
}

fn assert_kid_accepted(kid: &str) {
    let pem = key(Algorithm::Es256).public_key_pem();
    let keys = Keyring::from_pems([(kid, pem.as_bytes())]).unwrap();
    let engine = Engine::new(policy(), keys).with_clock(|| NOW);
    assert_eq!(verdict(&engine, with_kid(kid)), Ok(()), "{kid:?}");
}
