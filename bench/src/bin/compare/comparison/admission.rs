//! Everything before the signature, and refusals there.

use std::error::Error;

use asap_engine::internals::admit_portably;
use asap_engine::{Admitted, Algorithm, Policy, RsaKeySize, Scratch, UnixTime, VerifyError};

use super::{Comparison, Row, Subject, TOKENS, take_turns};
use asap_bench_kit::subject::{self, Saying};
use asap_bench_kit::{AUDIENCE, NOW, Tokens};

const CASE: &str = "RS256-2048/admit";

pub(super) fn rows(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    if !comparison.is_wanted(CASE) {
        return Ok(Vec::new());
    }
    let key = subject::key(Algorithm::Rs256, RsaKeySize::Bits2048)?;
    let plain = Saying::default();
    let tokens = Tokens::sign_as(&key, &plain, TOKENS)?.tokens;
    let es256 = subject::key(Algorithm::Es256, RsaKeySize::Bits2048)?;
    let es256 = Tokens::sign_as(&es256, &plain, TOKENS)?.tokens;
    let own_claim = plain.with_claims(r#","scope":"read write""#);
    let own_claim = Tokens::sign_as(&key, &own_claim, TOKENS)?.tokens;
    let now = Tokens::now();
    let late = UnixTime::from_secs(NOW + 3_600);
    let version = comparison.version("asap-engine");
    let subject =
        |name, tokens, policy, now, answer| admission(name, version, tokens, policy, now, answer);
    let portable = admission_by(
        admit_portably,
        "engine/admit portably",
        version,
        &tokens,
        Policy::new(AUDIENCE)?,
        now,
        None,
    );
    let subjects = vec![
        subject("engine/admit", &tokens, Policy::new(AUDIENCE)?, now, None),
        portable,
        subject("engine/ES256", &es256, Policy::new(AUDIENCE)?, now, None),
        subject(
            "engine/own claim",
            &own_claim,
            Policy::new(AUDIENCE)?,
            now,
            None,
        ),
        subject(
            "engine/expired",
            &tokens,
            Policy::new(AUDIENCE)?,
            late,
            Some(VerifyError::Expired),
        ),
        subject(
            "engine/audience",
            &tokens,
            Policy::new("micros/service-c")?,
            now,
            Some(VerifyError::AudienceMismatch),
        ),
    ];
    take_turns(CASE, subjects, comparison.batches)
}

fn admission<'a>(
    name: &str,
    version: &str,
    tokens: &'a [String],
    policy: Policy,
    now: UnixTime,
    answer: Option<VerifyError>,
) -> Subject<'a> {
    admission_by(Policy::admit, name, version, tokens, policy, now, answer)
}

/// By the way that this build takes, or by the portable one.
fn admission_by<'a>(
    admit: impl for<'b> Fn(
        &Policy,
        &'b [u8],
        UnixTime,
        &'b mut Scratch,
    ) -> Result<Admitted<'b>, VerifyError>
    + 'a,
    name: &str,
    version: &str,
    tokens: &'a [String],
    policy: Policy,
    now: UnixTime,
    answer: Option<VerifyError>,
) -> Subject<'a> {
    let mut scratch = Scratch::new();
    Subject::new(name, version, tokens.len(), move |number| {
        tokens.get(number).is_some_and(|token| {
            admit(&policy, token.as_bytes(), now, &mut scratch).err() == answer
        })
    })
}
