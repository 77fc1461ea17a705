//! Those who present tokens: issuers that mean well, flooders, and callers that hang up.

use std::rc::Rc;
use std::time::Duration;

use asap_engine::{Engine, KeyId, KeyRepository, KeySource, Scratch, Verdict, VerifyError};

use crate::oracle::{Moment, Presented};
use crate::plan::{Call, Signer, Validity, Way};
use crate::supplies::{TOKEN_LIFETIME, token};
use crate::world::World;

/// A resource server in the simulated world.
pub(crate) struct Server {
    pub(crate) engine: Engine<KeyRepository>,
    pub(crate) world: World,
}

/// An answer, and whether it came without a wait by the nature of the call.
struct Answer {
    result: Result<(), VerifyError>,
    from_cache: bool,
}

/// Presents a token, and has the oracle judge the answer.
pub(crate) async fn present(server: Rc<Server>, number: u64, call: Call) {
    let presented = server.begin(number, call);
    let token = token(call.kid, presented.generation, presented.issued_at);
    let asking = server.ask(&presented, token.as_bytes());
    let answer = match call.patience {
        Some(patience) => tokio::time::timeout(patience, asking).await.ok().flatten(),
        None => asking.await,
    };
    server.finish(&presented, answer);
}

impl Server {
    fn begin(&self, number: u64, call: Call) -> Presented {
        let begun_stats = self.engine.keys().stats();
        let mut state = self.world.lock();
        let now = state.now();
        let owner = state.owner_generation(call.kid);
        let certain = state.model.certain_generation(now, call.kid, owner);
        let generation = match call.signed_by {
            Signer::Owner => owner.unwrap_or(0),
            Signer::Generation(generation) => generation,
        };
        let begun_time = state.client_time();
        let presented = Presented {
            number,
            call,
            generation,
            issued_at: issued_at(begun_time, call.validity),
            begun: state.model.stamp(now),
            begun_time,
            begun_stats,
            begun_requests: state.model.exchanges,
            must_be_accepted: call.must_succeed && certain == Some(generation),
        };
        state.note("call", &[number, generation as u64], &call);
        presented
    }

    async fn ask(&self, presented: &Presented, token: &[u8]) -> Option<Answer> {
        if presented.call.way == Way::Verify {
            let result = self.engine.verify(token).await.map(drop);
            return Some(Answer {
                result,
                from_cache: false,
            });
        }
        let mut scratch = Scratch::new();
        let pending = match self.engine.verify_now(token, &mut scratch) {
            Ok(Verdict::NeedsKey(pending)) => pending,
            verdict => {
                return Some(Answer {
                    result: verdict.map(drop),
                    from_cache: true,
                });
            }
        };
        {
            let mut state = self.world.lock();
            let now = state.now();
            state.model.judge_miss(now, presented);
        }
        if presented.call.way == Way::Look {
            return None;
        }
        let key_id = KeyId::parse(pending.key_id().as_str())?;
        let issuer = pending.unverified_issuer();
        let result = match self.engine.keys().fetch(key_id, issuer).await {
            Ok(key) => self.engine.resume(pending, &key).map(drop),
            Err(error) => Err(error.into()),
        };
        Some(Answer {
            result,
            from_cache: false,
        })
    }

    fn finish(&self, presented: &Presented, answer: Option<Answer>) {
        let stats = self.engine.keys().stats();
        let mut state = self.world.lock();
        let moment = Moment {
            at: state.now(),
            client_time: state.client_time(),
            stats,
        };
        let Some(answer) = answer else {
            state.note("left", &[presented.number], &());
            return;
        };
        let code = answer.result.err().map_or(0, |error| {
            let position = VerifyError::ALL.iter().position(|one| *one == error);
            position.unwrap() as u64 + 1
        });
        state.note("answer", &[presented.number, code], &answer.result);
        let model = &mut state.model;
        model.judge(&moment, presented, answer.result, answer.from_cache);
    }
}

/// The second that a token is issued at, of a few, so that tokens are signed once for many seeds.
fn issued_at(client_time: Duration, validity: Validity) -> i64 {
    let now = client_time.as_secs().cast_signed();
    // With the rest of a half-hour before it, and at least as much after it.
    let this = now - now.rem_euclid(TOKEN_LIFETIME / 2);
    match validity {
        Validity::Now => this,
        Validity::Before => this - 2 * TOKEN_LIFETIME,
        Validity::After => this + TOKEN_LIFETIME,
    }
}
