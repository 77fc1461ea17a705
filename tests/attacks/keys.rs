//! Section 2: whose key it is, and keys that come with the token.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::LazyLock;

use asap_engine::{Algorithm, VerifyError};
use asap_tests::keys::other_key;
use asap_tests::spki::bits_of;
use asap_tests::token::{Token, base64url};

use crate::case::{ANY_JSON, Case, attack, twin};
use crate::world;

rows! {
    /// "signatures made with a key different from the claimed one MUST be rejected."
    "KEY-01" key_01_another_key_of_the_same_issuer = another_key;
    /// "The resource server MUST check that the key identified by “kid” is owned by the issuer."
    "KEY-02" key_02_the_key_of_another_service = anothers_key;
    /// "signatures made with an unknown key"
    "KEY-03" key_03_unknown_kid = unknown_key;
    /// "MUST ignore the following claims"
    "KEY-04" key_04_keys_embedded_in_the_header = embedded;
    /// As KEY-04: nothing is fetched from where a token says.
    "KEY-05" key_05_urls_of_keys_are_never_asked = urls;
}

fn another_key() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in [
        Algorithm::Rs256,
        Algorithm::Ps512,
        Algorithm::Es256,
        Algorithm::EdDsa,
    ] {
        let token = Token::good(algorithm);
        let refused = VerifyError::SignatureInvalid;
        let by_the_other = token.sign_with(other_key(algorithm));
        cases.push(attack(
            format!("{algorithm} by the other"),
            by_the_other,
            refused,
        ));
        let other = token.header("kid", &format!("\"client/other-{algorithm}\""));
        cases.push(attack(
            format!("{algorithm} of the other"),
            other.sign(),
            refused,
        ));
        let by_itself = other.sign_with(other_key(algorithm));
        cases.push(twin(
            format!("{algorithm} by the other, and so named"),
            by_itself,
        ));
    }
    cases
}

fn anothers_key() -> Vec<Case> {
    let by_neighbour = |token: Token| token.sign_with(other_key(Algorithm::Es256));
    let neighbours = Token::es256().header("kid", "\"neighbour/ES256\"");
    let refused = VerifyError::KeyNotOwned;
    vec![
        attack(
            "in the client's name",
            by_neighbour(neighbours.clone()),
            refused,
        ),
        attack(
            "with the client's name as subject",
            by_neighbour(neighbours.clone().claim("sub", "\"client\"")),
            refused,
        ),
        attack("signed by the client", neighbours.clone().sign(), refused),
        attack(
            "the client's key in the neighbour's name",
            Token::es256().claim("iss", "\"neighbour\"").sign(),
            refused,
        ),
        attack(
            "the neighbour's signature under the client's kid",
            by_neighbour(Token::es256()),
            VerifyError::SignatureInvalid,
        ),
        twin(
            "in its own name",
            by_neighbour(neighbours.claim("iss", "\"neighbour\"")),
        ),
        twin("the client", Token::es256().sign()),
    ]
}

fn unknown_key() -> Vec<Case> {
    let of = |kid: &str| {
        Token::es256()
            .header("kid", &format!("\"client/{kid}\""))
            .sign()
    };
    let mut cases = vec![twin("the kid itself", of("ES256"))];
    for kid in [
        "nobody",
        "es256",
        "ES256/ES256",
        "ES25",
        "ES2566",
        "ES256.pem",
        "-ES256",
    ] {
        cases.push(attack(kid, of(kid), VerifyError::KeyUnknown));
    }
    cases
}

/// A JWK of the key that an attacker signs with.
fn attackers_jwk() -> String {
    let point = bits_of(Algorithm::Es256);
    let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
    format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{x}\",\"y\":\"{y}\"}}")
}

fn embedded() -> Vec<Case> {
    let mut cases = Vec::new();
    // The key embedded is the client's; the one that kid names is the other one.
    let der = base64_simd::STANDARD.encode_to_string(bits_of(Algorithm::Es256));
    let jwk = attackers_jwk();
    let chain = format!("[\"{der}\"]");
    for (name, value) in [
        ("jwk", &jwk),
        ("x5c", &chain),
        ("jwks", &format!("{{\"keys\":[{jwk}]}}")),
    ] {
        let token = Token::es256()
            .header("kid", "\"client/other-ES256\"")
            .header(name, value);
        cases.push(attack(
            format!("{name} of the signing key"),
            token.sign(),
            VerifyError::SignatureInvalid,
        ));
        let by_kid = token.sign_with(other_key(Algorithm::Es256));
        cases.push(twin(format!("{name} beside the key of kid"), by_kid));
    }
    for name in ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"] {
        for value in ANY_JSON {
            let token = Token::es256().header(name, value).sign();
            cases.push(twin(format!("{name} {value}"), token));
        }
    }
    cases
}

/// Where the URLs of the tokens lead: nobody ever calls.
static TRAP: LazyLock<TcpListener> = LazyLock::new(|| {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    trap
});

fn urls() -> Vec<Case> {
    let trap = TRAP.local_addr().unwrap();
    let mut urls = vec![
        world::server_url("/trap/jwks.json"),
        world::server_url("/trap/../keys/client/other-ES256"),
        "file:///etc/passwd".to_owned(),
        "ftp://127.0.0.1/keys".to_owned(),
        "data:application/json,{}".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
    ];
    for scheme in ["http", "https"] {
        urls.push(format!("{scheme}://{trap}/jwks.json"));
        urls.push(format!("{scheme}://localhost:{}/key.pem", trap.port()));
    }
    let mut cases = Vec::new();
    for url in urls {
        for name in ["jku", "x5u"] {
            let token = Token::es256().header(name, &format!("\"{url}\""));
            cases.push(twin(format!("{name} {url}"), token.sign()).and(nobody_called));
        }
        let everywhere = ["iss", "sub", "jti", "url"]
            .iter()
            .fold(Token::es256(), |token, name| {
                let value = if *name == "iss" { "client" } else { &url };
                token.claim(name, &format!("\"{value}\""))
            });
        cases.push(twin(format!("claims of {url}"), everywhere.sign()).and(nobody_called));
        let forged = Token::es256().header("jku", &format!("\"{url}\""));
        let forged = forged.sign_with(other_key(Algorithm::Es256));
        let name = format!("signed with what {url} would give");
        cases.push(attack(name, forged, VerifyError::SignatureInvalid).and(nobody_called));
    }
    let kid = Token::es256().header("kid", &format!("\"client/http://{trap}/key\""));
    cases.push(attack("kid", kid.sign(), VerifyError::KeyIdInvalid).and(nobody_called));
    let issuer = Token::es256().claim("iss", &format!("\"http://{trap}\""));
    cases.push(attack("iss", issuer.sign(), VerifyError::IssuerInvalid).and(nobody_called));
    cases
}

fn nobody_called() {
    let accepted = TRAP.accept();
    assert!(
        matches!(&accepted, Err(error) if error.kind() == ErrorKind::WouldBlock),
        "{accepted:?}"
    );
    for path in world::paths_asked() {
        let is_of_a_kid = path.starts_with("/keys/") || path.starts_with("/uncached/");
        assert!(is_of_a_kid && !path.contains("trap"), "{path}");
    }
}
