//! What each subject accepts of the tokens that it should refuse, found out before anything is measured.
//!
//! Two lists. Whoever accepts any of what [`probes`] has does not verify, and its figures would mean nothing: the
//! run ends. The others are rules of the specification of ASAP, of the RFCs or of careful parsing that general libraries do
//! not all know; what of them a subject accepts is printed with its figures.

use std::error::Error;

use asap_engine::{Algorithm, RsaKeySize, SigningKey};

use super::Peer;
use super::task::{Call, Key, Probes, Profile, Task, spoilt};
use asap_bench_kit::subject::{self, ISSUER, Life, Saying};
use asap_bench_kit::{AUDIENCE, KEY_ID};

/// What a subject accepts that it should refuse.
#[derive(Debug, Clone)]
pub(super) struct Accepts {
    pub(super) subject: &'static str,
    pub(super) what: Vec<String>,
}

/// Tries all tokens on each of `peers`.
///
/// # Errors
///
/// If one refuses the good token or accepts one that says or is what no verifier may accept.
pub(super) fn try_all(peers: &[Peer]) -> Result<Vec<Accepts>, Box<dyn Error>> {
    let key = subject::key(Algorithm::Rs256, RsaKeySize::Bits2048)?;
    let trials: Vec<(_, Call)> = trials(&key)?
        .into_iter()
        .map(|(what, token)| (what, token.into()))
        .collect();
    let probes = probes(&key)?;
    let task = Task {
        profile: Profile::Asap,
        key: Key::of(&key),
    };
    peers
        .iter()
        .map(|peer| {
            let verifier = (peer.verifier)(&task)?;
            let mut verifier = verifier.ok_or("every subject verifies RS256")?;
            probes.assert_verifies(peer, &mut verifier)?;
            let accepted = trials.iter().filter(|(_, call)| verifier(call));
            Ok(Accepts {
                subject: peer.name,
                what: accepted.map(|(what, _)| (*what).to_owned()).collect(),
            })
        })
        .collect()
}

/// What every verifier of ASAP's tokens has to accept and to refuse.
pub(super) fn probes(key: &SigningKey) -> Result<Probes, Box<dyn Error>> {
    let good = Saying::of_this_hour();
    let sign = |saying: Saying<'_>| -> Result<String, Box<dyn Error>> {
        let header = subject::header(key.algorithm());
        let payload = saying.payload(0);
        Ok(subject::sign_parts(key, &header, payload.as_bytes())?)
    };
    let token = sign(good)?;
    let spoilt = spoilt(&token, &sign(good.with_claims(",\"other\":1"))?)?;
    let said = [
        ("an expired token", sign(good.with_life(Life::over()))?),
        (
            "a token that is not valid yet",
            sign(good.with_life(Life::to_come()))?,
        ),
        (
            "a token for another audience",
            sign(good.with_audience("micros/service-c"))?,
        ),
    ];
    let bad = said.into_iter().chain(spoilt);
    Ok(Probes {
        good: token.into(),
        bad: bad.map(|(what, token)| (what, token.into())).collect(),
        bad_for_us: Vec::new(),
    })
}

/// Well-signed tokens that are to be refused all the same, and one that is not well encoded.
fn trials(key: &SigningKey) -> Result<Vec<(&'static str, String)>, Box<dyn Error>> {
    let now = subject::now();
    let (iat, exp) = (now - 10, now + 600);
    let header = subject::header(key.algorithm());
    let name = key.algorithm();
    let claims = |iss: &str, rest: &str| {
        format!(r#"{{"iss":"{iss}","sub":"{ISSUER}","aud":"{AUDIENCE}"{rest}}}"#)
    };
    let times = format!(r#","iat":{iat},"exp":{exp}"#);
    let good = claims(ISSUER, &format!(r#"{times},"jti":"1""#));
    let with = |member: &str| claims(ISSUER, &format!(r#"{times},"jti":"1"{member}"#));
    let sign = |payload: &[u8]| subject::sign_parts(key, &header, payload);
    let sign_under = |header: &str| subject::sign_parts(key, header, good.as_bytes());
    let mut not_utf8 = with(r#","note":"?""#).into_bytes();
    for byte in not_utf8.iter_mut().filter(|byte| **byte == b'?') {
        *byte = 0xff;
    }
    Ok(vec![
        (
            "a kid of another issuer",
            sign_under(&format!(
                r#"{{"alg":"{name}","kid":"micros/service-x/key"}}"#
            ))?,
        ),
        (
            "a kid that climbs directories",
            sign_under(&format!(r#"{{"alg":"{name}","kid":"{ISSUER}/../../key"}}"#))?,
        ),
        ("no kid", sign_under(&format!(r#"{{"alg":"{name}"}}"#))?),
        (
            "crit",
            sign_under(&format!(
                r#"{{"alg":"{name}","kid":"{KEY_ID}","crit":["x"],"x":1}}"#
            ))?,
        ),
        (
            "a header parameter twice",
            sign_under(&format!(
                r#"{{"alg":"{name}","kid":"{KEY_ID}","x":1,"x":2}}"#
            ))?,
        ),
        ("no jti", sign(claims(ISSUER, &times).as_bytes())?),
        (
            "no iat",
            sign(claims(ISSUER, &format!(r#","exp":{exp},"jti":"1""#)).as_bytes())?,
        ),
        (
            "no exp",
            sign(claims(ISSUER, &format!(r#","iat":{iat},"jti":"1""#)).as_bytes())?,
        ),
        (
            "exp twice",
            sign(with(&format!(r#","exp":{}"#, exp + 1)).as_bytes())?,
        ),
        (
            "another claim twice",
            sign(with(r#","scope":"read","scope":"write""#).as_bytes())?,
        ),
        (
            "a life of a day",
            sign(
                claims(
                    ISSUER,
                    &format!(r#","iat":{iat},"exp":{},"jti":"1""#, iat + 86_400),
                )
                .as_bytes(),
            )?,
        ),
        (
            "issued tomorrow",
            sign(
                claims(
                    ISSUER,
                    &format!(
                        r#","iat":{},"exp":{},"jti":"1""#,
                        now + 86_400,
                        now + 87_000
                    ),
                )
                .as_bytes(),
            )?,
        ),
        ("bytes that are not UTF-8", sign(&not_utf8)?),
        (
            "half a surrogate pair",
            sign(with(r#","note":"\ud800""#).as_bytes())?,
        ),
        (
            "a signature with stray bits",
            stray_bits(&sign(good.as_bytes())?)?,
        ),
        (
            "padding after the signature",
            format!("{}==", sign(good.as_bytes())?),
        ),
        ("a fourth segment", format!("{}.", sign(good.as_bytes())?)),
    ])
}

/// `token` with another last letter, whose upper bits are those of its own: the same bytes, spelled differently.
fn stray_bits(token: &str) -> Result<String, Box<dyn Error>> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (but_one, last) = token.split_at(token.len() - 1);
    let at = ALPHABET.find(last).ok_or("a letter of base64url")?;
    let next = ALPHABET.get(at + 1..at + 2).ok_or("zero bits at its end")?;
    Ok(format!("{but_one}{next}"))
}
