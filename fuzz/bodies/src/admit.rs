//! The way of a token up to its key, against a slow model of checks 1 to 6: the same tokens admitted, the others
//! refused with the same code. What is admitted with EdDSA is then signed and goes the whole way to its identity.

use std::sync::LazyLock;
use std::time::Duration;

use asap_engine::internals::unverified_claims;
use asap_engine::{Algorithm, Policy, Reusable, Scratch, UnixTime, VerifyingKey};

use crate::fixed::{ED25519, NOW_SECONDS};
use crate::input::Input;
use crate::oracle::agree;
use crate::oracle::base64::{Alphabet, encode};
use crate::oracle::token::{self, Rules, Token};
use crate::seen::Seen;

static PUBLIC: LazyLock<VerifyingKey> =
    LazyLock::new(|| VerifyingKey::from_pem(ED25519.public_key_pem().as_bytes()).expect("a key"));

/// A byte of switches, two of seconds and one of nanoseconds around the fixed time, which says too whether tokens are for
/// single use; then a token, or a header and a payload with a line end between them.
pub fn admit(data: &[u8]) {
    let Asked { rules, now, token } = Asked::read(data);
    let policy = policy(&rules);
    let expected = token::admit(&rules, &token, now);
    let mut scratch = Scratch::new();
    let admitted = policy.admit(&token, now, &mut scratch);
    let shown = admitted.map(|admitted| {
        let claims = unverified_claims(&admitted);
        (
            admitted.key_id().as_str().to_owned(),
            Seen::by_engine(&claims),
        )
    });
    let model = expected.as_ref().map_err(Clone::clone);
    agree(
        &shown,
        &model.map(|token| (token.key_id.clone(), Seen::by_oracle(&token.claims))),
    );
    if let Ok(expected) = expected
        && expected.algorithm == Algorithm::EdDsa
    {
        whole_way(&policy, &token, now, &expected);
    }
}

/// What an input asks.
pub(crate) struct Asked {
    pub(crate) rules: Rules,
    pub(crate) now: UnixTime,
    pub(crate) token: Vec<u8>,
}

impl Asked {
    pub(crate) fn read(data: &[u8]) -> Self {
        let mut input = Input::new(data);
        let switches = input.byte();
        let seconds = i64::from(input.word().cast_signed());
        let fine = input.byte();
        let nanos = [0, 1, 500_000_000, 999_999_999][usize::from(fine % 4)];
        let now = UnixTime::from_secs(NOW_SECONDS + seconds);
        let token = if switches & 128 == 0 {
            compact(input.rest())
        } else {
            input.rest().to_vec()
        };
        Self {
            rules: rules(switches, fine & 4 != 0),
            now: now.saturating_add(Duration::from_nanos(nanos)),
            token,
        }
    }
}

/// The segments of a token of this header and this payload.
fn compact(parts: &[u8]) -> Vec<u8> {
    let mut parts = parts.splitn(2, |byte| *byte == b'\n');
    let mut next = || encode(Alphabet::Url, parts.next().unwrap_or_default());
    format!("{}.{}.c2ln", next(), next()).into_bytes()
}

fn rules(switches: u8, single_use: bool) -> Rules {
    let is_set = |bit: u8| switches & bit != 0;
    Rules {
        issuers: is_set(1).then(|| vec!["client", "client/a"]),
        algorithms: if is_set(2) {
            vec![Algorithm::Es256, Algorithm::EdDsa]
        } else {
            Algorithm::ALL.to_vec()
        },
        leeway: Duration::from_secs(if is_set(4) { 30 } else { 0 }),
        max_lifetime: Duration::from_secs(if is_set(8) { 60 } else { 3600 }),
        not_issued_before: is_set(16).then(|| UnixTime::from_secs(NOW_SECONDS)),
        max_token_length: if is_set(32) { 256 } else { 8192 },
        audiences: if is_set(64) {
            vec!["server", "\u{e9}/\u{1f511}"]
        } else {
            vec!["server"]
        },
        single_use,
    }
}

pub(crate) fn policy(rules: &Rules) -> Policy {
    let build = || {
        let mut policy = Policy::new(rules.audiences[0])?
            .with_algorithms(rules.algorithms.iter().copied())?
            .with_leeway(rules.leeway)?
            .with_max_lifetime(rules.max_lifetime)?
            .with_max_token_length(rules.max_token_length)?;
        for audience in &rules.audiences[1..] {
            policy = policy.with_audience(*audience)?;
        }
        if let Some(issuers) = &rules.issuers {
            policy = policy.with_issuers(issuers.iter().copied())?;
        }
        if let Some(start) = rules.not_issued_before {
            policy = policy.with_not_issued_before(start);
        }
        if rules.single_use {
            policy = policy.with_single_use();
        }
        Ok::<_, asap_engine::ConfigError>(policy)
    };
    build().expect("a policy that can work")
}

/// Signs the admitted token and follows it to its identity, which must be what the model read.
fn whole_way(policy: &Policy, token: &[u8], now: UnixTime, expected: &Token) {
    let dot = token
        .iter()
        .rposition(|byte| *byte == b'.')
        .expect("two dots");
    let signing_input = &token[..dot];
    let signature = ED25519.sign(signing_input).expect("a signature");
    let signature = encode(Alphabet::Url, &signature);
    let signed = [signing_input, b".", signature.as_bytes()].concat();
    let mut scratch = Scratch::new();
    // It may be too long with its signature.
    let Ok(admitted) = policy.admit(&signed, now, &mut scratch) else {
        assert!(token.len() + 86 > 256, "refused once it was signed");
        return;
    };
    let authentic = admitted.authenticate(&PUBLIC).expect("its own signature");
    let identity = authentic
        .accept(now, &Reusable::default())
        .expect("the same time");
    let claims = &expected.claims;
    assert_eq!(identity.algorithm(), Algorithm::EdDsa);
    assert_eq!(identity.key_id(), expected.key_id);
    assert_eq!(identity.issuer(), claims.issuer);
    assert_eq!(identity.token_id(), claims.token_id);
    let subject = claims.subject.as_ref().unwrap_or(&claims.issuer);
    assert_eq!(identity.subject(), subject);
    let kept = identity.to_owned();
    assert_eq!(kept.subject(), subject);
    assert!(
        identity
            .audience()
            .iter()
            .eq(claims.audience.iter().map(String::as_str))
    );
    assert!(
        kept.audience()
            .eq(claims.audience.iter().map(String::as_str))
    );
    assert_eq!(
        identity.expires_at().as_nanos(),
        claims.expires_at.floor_nanos().0
    );
    assert_eq!(
        identity.issued_at().as_nanos(),
        claims.issued_at.floor_nanos().0
    );
}
