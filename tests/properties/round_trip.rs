//! What was signed is what is verified, word for word.

use std::collections::BTreeMap;
use std::time::Duration;

use asap_engine::{
    Algorithm, Backend, Engine, IdentityRef, Issuer, Keyring, Policy, Scratch, TokenRequest,
    UnixTime, Verdict, VerifyError, limits,
};
use asap_tests::backends::{assert_no_disagreement, known_to_ring};
use asap_tests::clock::FakeClock;
use asap_tests::fixture::{block_on, verdict};
use asap_tests::keys::owned_key;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value};

use crate::for_all;
use crate::shapes::{claim_value, claims, segments, some_text, text};

const SECOND: i128 = 1_000_000_000;

/// All that a client may say, and when it is asked about.
#[derive(Debug, Clone)]
struct Said {
    issuer: String,
    key_name: String,
    audience: Vec<String>,
    subject: Option<String>,
    claims: BTreeMap<String, Value>,
    signed_at: UnixTime,
    lifetime: i64,
    /// In nanoseconds after the token was signed.
    not_before: Option<i128>,
    server: Index,
    leeway: Duration,
    /// Where between the first and the last nanosecond of the token's time.
    between: u32,
}

fn said() -> impl Strategy<Value = Said> {
    let who = (segments(1..=4), segments(1..=6));
    let what = (
        vec(some_text(20), 1..5),
        prop_oneof![2 => Just(None), 1 => Just(Some(String::new())), 3 => text(20).prop_map(Some)],
        claims(),
    );
    let when = (0..=253_402_300_799_i64, 0..SECOND, 1..=3600_i64);
    let not_before = prop::option::of((-400_i128..=400, 0..SECOND));
    let how = (any::<Index>(), 0..=300_000_000_000_u64, any::<u32>());
    (who, what, when, not_before, how).prop_map(|(who, what, when, not_before, how)| {
        let (seconds, nanos, lifetime) = when;
        let not_before = not_before.map(|(seconds, nanos)| seconds * SECOND + nanos);
        Said {
            issuer: who.0,
            key_name: who.1,
            audience: what.0,
            subject: what.1,
            claims: what.2,
            signed_at: UnixTime::from_nanos(i128::from(seconds) * SECOND + nanos),
            lifetime,
            // Later than its end, and nobody would sign it.
            not_before: not_before.map(|nanos| nanos.min(i128::from(lifetime - 1) * SECOND)),
            server: how.0,
            leeway: Duration::from_nanos(how.1),
            between: how.2,
        }
    })
}

impl Said {
    fn key_id(&self) -> String {
        format!("{}/{}", self.issuer, self.key_name)
    }

    fn issued_at(&self) -> i64 {
        self.signed_at.as_secs()
    }

    fn expires_at(&self) -> i64 {
        self.issued_at() + self.lifetime
    }

    fn not_before(&self) -> Option<UnixTime> {
        let from = |nanos| UnixTime::from_nanos(self.signed_at.as_nanos() + nanos);
        self.not_before.map(from)
    }

    /// `nbf`: in whole seconds, rounded up.
    fn not_before_seconds(&self) -> Option<i64> {
        let round_up = |time: UnixTime| {
            let nanos = time.as_nanos();
            i64::try_from((nanos + SECOND - 1).div_euclid(SECOND)).unwrap()
        };
        self.not_before().map(round_up)
    }

    fn sign(&self, algorithm: Algorithm) -> String {
        let lifetime = Duration::from_secs(u64::try_from(self.lifetime).unwrap());
        let issuer = Issuer::new(&self.issuer, &self.key_id(), owned_key(algorithm)).unwrap();
        let mut request = TokenRequest::new(&self.audience[0]);
        for audience in &self.audience[1..] {
            request = request.with_additional_audience(audience);
        }
        if let Some(subject) = &self.subject {
            request = request.with_subject(subject);
        }
        if let Some(time) = self.not_before() {
            request = request.with_not_before(time);
        }
        for (name, value) in &self.claims {
            request = request.with_claim(name, claim_value(value)).unwrap();
        }
        let issuer = issuer.with_lifetime(lifetime).unwrap();
        issuer.sign(&request, self.signed_at).unwrap()
    }

    fn engine(&self, algorithm: Algorithm, backend: Backend, clock: &FakeClock) -> Engine<Keyring> {
        let key = owned_key(algorithm);
        let pem = (self.key_id(), key.public_key_pem());
        let keys = [(pem.0.as_str(), pem.1.as_bytes())];
        let policy = Policy::new(self.server.get(&self.audience)).unwrap();
        let policy = policy.with_leeway(self.leeway).unwrap();
        let policy = policy
            .with_max_token_length(limits::MAX_TOKEN_LENGTH)
            .unwrap();
        let keys = Keyring::from_pems_with(keys, backend).unwrap();
        Engine::new(policy, keys).with_clock(clock.clone())
    }

    /// The first and the last nanosecond at which the token is good.
    fn window(&self) -> (i128, i128) {
        let from = self
            .not_before_seconds()
            .unwrap_or_else(|| self.issued_at());
        let leeway = i128::try_from(self.leeway.as_nanos()).unwrap();
        (
            i128::from(from) * SECOND - leeway,
            i128::from(self.expires_at()) * SECOND + leeway,
        )
    }

    fn payload(&self, token_id: &str) -> Value {
        let mut claims: Map<String, Value> = self.claims.clone().into_iter().collect();
        let audience = match self.audience.as_slice() {
            [single] => Value::from(single.as_str()),
            many => Value::from(many),
        };
        claims.extend([
            ("iss".to_owned(), self.issuer.as_str().into()),
            ("aud".to_owned(), audience),
            ("iat".to_owned(), self.issued_at().into()),
            ("exp".to_owned(), self.expires_at().into()),
            ("jti".to_owned(), token_id.into()),
        ]);
        let subject = self
            .subject
            .iter()
            .map(|subject| ("sub".to_owned(), Value::from(subject.as_str())));
        let not_before = self
            .not_before_seconds()
            .into_iter()
            .map(|seconds| ("nbf".to_owned(), Value::from(seconds)));
        claims.extend(subject.chain(not_before));
        Value::Object(claims)
    }

    fn check(&self, algorithm: Algorithm, identity: IdentityRef<'_>) -> Result<(), TestCaseError> {
        prop_assert_eq!(identity.algorithm(), algorithm);
        prop_assert_eq!(identity.key_id(), self.key_id());
        prop_assert_eq!(identity.issuer(), &self.issuer);
        let subject = self.subject.as_ref().unwrap_or(&self.issuer);
        prop_assert_eq!(identity.subject(), subject);
        prop_assert!(
            identity
                .audience()
                .iter()
                .eq(self.audience.iter().map(String::as_str))
        );
        for audience in &self.audience {
            prop_assert!(identity.audience().contains(audience));
        }
        prop_assert_eq!(identity.issued_at(), UnixTime::from_secs(self.issued_at()));
        let expires_at = UnixTime::from_secs(self.expires_at());
        prop_assert_eq!(identity.expires_at(), expires_at);
        let token_id = identity.token_id();
        prop_assert!(token_id.len() == 32 && token_id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let claims: Value = serde_json::from_str(identity.claims_json()).unwrap();
        prop_assert_eq!(claims, self.payload(token_id));
        Ok(())
    }
}

/// "The resource server MUST decode and verify": for every algorithm, by every backend that knows it, whatever the
/// claims, from the first nanosecond of the token's time to its last, and at none beside.
#[test]
fn the_identity_says_exactly_what_was_signed_and_only_in_its_time() {
    for_all(24, said(), |said| {
        for algorithm in Algorithm::ALL {
            let token = said.sign(*algorithm);
            let backends = [Backend::AwsLc, Backend::Ring, Backend::Accel];
            let knows = |one: &Backend| *one != Backend::Ring || known_to_ring(*algorithm);
            for backend in backends.into_iter().filter(knows) {
                verified_in_its_time(&said, *algorithm, backend, &token)?;
            }
            assert_no_disagreement();
        }
        Ok(())
    });
}

fn verified_in_its_time(
    said: &Said,
    algorithm: Algorithm,
    backend: Backend,
    token: &str,
) -> Result<(), TestCaseError> {
    let (from, until) = said.window();
    let between = from + (until - from) * i128::from(said.between) / i128::from(u32::MAX);
    let clock = FakeClock::new(UnixTime::default());
    let engine = said.engine(algorithm, backend, &clock);
    for now in [from, between, until] {
        clock.set(UnixTime::from_nanos(now));
        let mut scratch = Scratch::new();
        match engine.verify_now(token.as_bytes(), &mut scratch) {
            Ok(Verdict::Verified(identity)) => said.check(algorithm, identity)?,
            other => prop_assert!(false, "{other:?}"),
        }
        let identity = block_on(engine.verify(token.as_bytes()));
        match identity {
            Ok(identity) => said.check(algorithm, identity.as_ref())?,
            Err(refusal) => prop_assert!(false, "{refusal}"),
        }
    }
    clock.set(UnixTime::from_nanos(from - 1));
    prop_assert_eq!(verdict(&engine, token), Err(VerifyError::NotYetValid));
    clock.set(UnixTime::from_nanos(until + 1));
    prop_assert_eq!(verdict(&engine, token), Err(VerifyError::Expired));
    Ok(())
}
