//! The client's side: whatever its clock does, the token that it is handed is good at that moment, and for a while.

use std::time::Duration;

use asap_engine::Algorithm::Es256;
use asap_engine::{Issuer, TokenRequest, UnixTime};
use asap_tests::fixture::{NOW, engine_at, policy, verdict_now};
use asap_tests::keys::owned_key;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::for_all;

const SECOND: i128 = 1_000_000_000;

/// `Issuer::token`: "A token is reused while a quarter of its life or more is left, and not if the clock was set back to
/// before its `iat`."
#[test]
fn a_token_that_is_handed_out_is_good_and_a_quarter_of_its_life_is_left() {
    let step = prop_oneof![
        4 => 0..=3 * SECOND,
        2 => 0..=1000 * SECOND,
        1 => -1000 * SECOND..=SECOND,
    ];
    let asks = vec((step, any::<bool>()), 1..12);
    for_all(60, (1..=3600_u64, asks), |(lifetime, asks)| {
        let lifetime_nanos = i128::from(lifetime) * SECOND;
        let issuer = Issuer::new("client", "client/ES256", owned_key(Es256)).unwrap();
        let issuer = issuer.with_lifetime(Duration::from_secs(lifetime)).unwrap();
        let mut now = NOW.as_nanos();
        for (step, with_subject) in asks {
            now += step;
            let mut request = TokenRequest::new("server");
            if with_subject {
                request = request.with_subject("somebody");
            }
            let at = UnixTime::from_nanos(now);
            let token = issuer.token(&request, at).unwrap();
            let mut scratch = asap_engine::Scratch::new();
            let engine = engine_at(policy(), at);
            prop_assert_eq!(verdict_now(&engine, token.as_bytes()), Ok(()));
            let Ok(asap_engine::Verdict::Verified(identity)) =
                engine.verify_now(token.as_bytes(), &mut scratch)
            else {
                return Err(TestCaseError::fail("it was good a line above"));
            };
            let left = identity.expires_at().as_nanos() - now;
            // `iat` is rounded down, so a new token may have lost a second of its life already.
            prop_assert!(
                4 * left >= lifetime_nanos || left > lifetime_nanos - SECOND,
                "{} left",
                left
            );
            let claims: Value = serde_json::from_str(identity.claims_json()).unwrap();
            prop_assert_eq!(claims.get("sub").is_some(), with_subject);
        }
        Ok(())
    });
}
