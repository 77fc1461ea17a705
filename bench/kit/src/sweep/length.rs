//! Tokens from 300 bytes to 16 KiB: as short as they come, with one long claim, or with many short ones.
//!
//! The floor is what nobody gets around: decoding base64url, and the SHA-256 that a signature is over.

use std::error::Error;

use asap_engine::{Algorithm, Engine, Keyring, Policy, RsaKeySize, Scratch, SigningKey, Verdict};
use aws_lc_rs::digest;

use crate::measure::{Row, Subject, take_turns};
use crate::subject::{self, ISSUER, Saying};
use crate::{AUDIENCE, KEY_ID, NOW, Tokens, decode_segments};

/// How long the tokens are, about; the first as short as they come.
const LENGTHS: [usize; 7] = [300, 512, 1_024, 2_048, 4_096, 8_192, 16_384];
const TOKENS: usize = 32;
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn rows(batches: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    let key = subject::key(Algorithm::Es256, RsaKeySize::Bits2048)?;
    let mut rows = Vec::new();
    for length in LENGTHS {
        let long = tokens(&key, length, one_long_claim)?;
        let many = tokens(&key, length, many_short_claims)?;
        let bytes = long.tokens.first().map_or(0, String::len);
        let case = format!("length/{bytes}");
        let mut of_case = take_turns(&case, subjects(&long, &many)?, batches)?;
        for row in &mut of_case {
            row.amount = u64::try_from(bytes).ok();
        }
        rows.extend(of_case);
    }
    Ok(rows)
}

fn subjects<'a>(long: &'a Tokens, many: &'a Tokens) -> Result<Vec<Subject<'a>>, Box<dyn Error>> {
    let keys = Keyring::from_pems([(KEY_ID, long.public_key_pem.as_bytes())])?;
    let engine = Engine::new(policy()?, keys).with_clock(Tokens::now);
    let mut scratch = Scratch::new();
    let mut buffer = vec![0; 16_384];
    Ok(vec![
        Subject::new("floor/decode+hash", VERSION, TOKENS, move |number| {
            of(long, number).is_some_and(|token| decode_and_hash(token, &mut buffer))
        }),
        admission("admit/one long claim", long)?,
        admission("admit/short claims", many)?,
        Subject::new("engine/aws-lc", VERSION, TOKENS, move |number| {
            of(long, number).is_some_and(|token| {
                let verdict = engine.verify_now(token.as_bytes(), &mut scratch);
                matches!(verdict, Ok(Verdict::Verified(_)))
            })
        }),
    ])
}

fn policy() -> Result<Policy, Box<dyn Error>> {
    Ok(Policy::new(AUDIENCE)?.with_max_token_length(16_384)?)
}

fn of(tokens: &Tokens, number: usize) -> Option<&str> {
    tokens.tokens.get(number).map(String::as_str)
}

fn admission<'a>(name: &str, tokens: &'a Tokens) -> Result<Subject<'a>, Box<dyn Error>> {
    let policy = policy()?;
    let mut scratch = Scratch::new();
    Ok(Subject::new(name, VERSION, TOKENS, move |number| {
        of(tokens, number).is_some_and(|token| {
            policy
                .admit(token.as_bytes(), Tokens::now(), &mut scratch)
                .is_ok()
        })
    }))
}

fn decode_and_hash(token: &str, buffer: &mut [u8]) -> bool {
    let Some((input, _)) = token.rsplit_once('.') else {
        return false;
    };
    decode_segments(token, buffer).is_some()
        && digest::digest(&digest::SHA256, input.as_bytes())
            .as_ref()
            .len()
            == 32
}

/// Tokens of at most `length` bytes, whose payloads are filled up by `claims`, which is given how many bytes to make.
fn tokens(
    key: &SigningKey,
    length: usize,
    claims: fn(usize) -> String,
) -> Result<Tokens, Box<dyn Error>> {
    let plain = Tokens::sign_as(key, &Saying::default(), 1)?;
    let realistic = plain.tokens.first().map_or(0, String::len);
    if length < realistic {
        return shortest(key);
    }
    // Four letters of base64url are three bytes.
    let filling = (length - realistic).div_euclid(4) * 3;
    let claims = if filling < 16 {
        String::new()
    } else {
        claims(filling)
    };
    Tokens::sign_as(key, &Saying::default().with_claims(&claims), TOKENS)
}

/// Tokens with no more than the specification asks for.
fn shortest(key: &SigningKey) -> Result<Tokens, Box<dyn Error>> {
    let header = format!(r#"{{"alg":"{}","kid":"{KEY_ID}"}}"#, key.algorithm());
    let (issued_at, expires_at) = (NOW - 10, NOW + 50);
    let mut short = Tokens::sign_as(key, &Saying::default(), 0)?;
    for number in 0..TOKENS {
        let payload = format!(
            r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","iat":{issued_at},"exp":{expires_at},"jti":"{number:04}"}}"#
        );
        let token = subject::sign_parts(key, &header, payload.as_bytes())?;
        short.tokens.push(token);
    }
    Ok(short)
}

fn one_long_claim(length: usize) -> String {
    let value = "x".repeat(length.saturating_sub(12));
    format!(r#","note":"{value}""#)
}

fn many_short_claims(length: usize) -> String {
    let claim = |number| format!(r#","c{number:05}":"{number:05}""#);
    let each = claim(0_usize).len();
    (0..length.div_euclid(each)).map(claim).collect()
}
