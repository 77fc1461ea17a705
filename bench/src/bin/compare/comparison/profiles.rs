//! The other tokens of Atlassian's platform, never seen, under a key at hand: this engine beside the bare primitives and the
//! peers that know the JWT in them.
//!
//! A peer does the JWT alone: signature, times, `iss`, and `aud` where there is one. This engine does all that the profile
//! asks for: Connect's `qsh`, which is the hash of the request; the app in Forge's claims, and what else is in them; Trello's
//! Power-Up and member.

use std::error::Error;

use asap_bench_kit::profiles::{connect, forge, trello};
use asap_bench_kit::subject::{self, Life};
use asap_bench_kit::{Floor, Tokens};
use asap_engine::{Algorithm, RsaKeySize, SigningKey};

use super::cold::{self, Case};
use super::task::{Call, Key, Probes, Profile, Task, spoilt};
use super::{Comparison, Row, TOKENS};

/// An app and a Power-Up that are not ours.
const OTHER_APP: &str = "ari:cloud:ecosystem::app/00000000-1f32-48bb-8c52-5877dab48107";
const OTHER_PLUGIN: &str = "5e66784c606cb1160a8f5dc1";

pub(super) fn rows(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    if comparison.is_wanted(CONNECT) {
        rows.extend(connect(comparison)?);
    }
    if comparison.is_wanted(FORGE) {
        rows.extend(forge(comparison)?);
    }
    if comparison.is_wanted(TRELLO) {
        rows.extend(trello(comparison)?);
    }
    Ok(rows)
}

const CONNECT: &str = "connect/cold";
const FORGE: &str = "forge/cold";
const TRELLO: &str = "trello/cold";

fn connect(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let call = |number: usize, life| -> Result<Call, Box<dyn Error>> {
        let target = connect::target(number);
        let token = connect::token(&target, life)?;
        Ok(Call::of(&target, token))
    };
    let calls: Result<Vec<Call>, _> = (0..TOKENS)
        .map(|number| call(number, Life::of_this_hour()))
        .collect();
    let calls = calls?;
    let apart = calls.iter().filter_map(|call| {
        let request = call.request.as_ref()?;
        Some((request.target.as_str(), call.token.as_str()))
    });
    let floor = connect::Floor::of(apart)?;
    let (good, other) = (
        call(0, Life::of_this_hour())?,
        call(1, Life::of_this_hour())?,
    );
    let target = connect::target(0);
    let spoilt = spoilt(&good.token, &other.token)?;
    let mut bad = spoilt
        .map(|(what, token)| (what, Call::of(&target, token)))
        .into_iter()
        .collect::<Vec<_>>();
    bad.push(("an expired token", call(0, Life::over())?));
    let good_for = |target: &str| Call::of(target, good.token.clone());
    let bad_for_us = vec![
        ("a changed query", good_for(&connect::target(1))),
        (
            "a further parameter",
            good_for(&format!("{target}&admin=true")),
        ),
        ("a token that is not valid yet", call(0, Life::to_come())?),
    ];
    let case = Case {
        name: CONNECT,
        task: Task {
            profile: Profile::Connect,
            key: Key::Secret(connect::SECRET),
        },
        probes: Probes {
            good,
            bad,
            bad_for_us,
        },
        floor: Box::new(move |number| floor.verify(number)),
    };
    cold::of_all(comparison, case, &calls, true)
}

fn forge(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let key = subject::key(Algorithm::Rs256, RsaKeySize::Bits2048)?;
    let signed = Signed {
        name: FORGE,
        profile: Profile::Forge,
        key: &key,
        header: &forge::header(),
        payload: &|number, life| forge::payload(number, forge::APP, life),
    };
    let of_another = signed.call(&forge::payload(0, OTHER_APP, Life::of_this_hour()))?;
    let early = signed.call(&forge::payload(0, forge::APP, Life::to_come()))?;
    let claims = forge::payload(0, forge::APP, Life::of_this_hour());
    let app = format!(r#""id":"{}""#, forge::APP);
    let claims = claims.replacen(&app, &format!(r#""id":"{OTHER_APP}""#), 1);
    let with_claims_of_another = signed.call(&claims)?;
    signed.rows(
        comparison,
        vec![
            ("a token for another app", of_another),
            ("a token that is not valid yet", early),
        ],
        vec![("the claims of another app", with_claims_of_another)],
    )
}

fn trello(comparison: &Comparison<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let key = subject::key(Algorithm::Rs256, RsaKeySize::Bits2048)?;
    let signed = Signed {
        name: TRELLO,
        profile: Profile::Trello,
        key: &key,
        header: trello::HEADER,
        payload: &|number, life| trello::payload(number, trello::PLUGIN, life),
    };
    let of_another = signed.call(&trello::payload(0, OTHER_PLUGIN, Life::of_this_hour()))?;
    let early = signed.call(&trello::payload(0, trello::PLUGIN, Life::to_come()))?;
    signed.rows(
        comparison,
        Vec::new(),
        vec![
            ("a token of another Power-Up", of_another),
            ("a token that is not valid yet", early),
        ],
    )
}

/// Tokens that their issuer signs with a key of his own.
struct Signed<'a> {
    name: &'a str,
    profile: Profile,
    key: &'a SigningKey,
    header: &'a str,
    /// The payload of the token of this number, with this life.
    payload: &'a dyn Fn(usize, Life) -> String,
}

impl Signed<'_> {
    fn token(&self, payload: &str) -> Result<String, Box<dyn Error>> {
        let token = subject::sign_parts(self.key, self.header, payload.as_bytes())?;
        Ok(token)
    }

    fn call(&self, payload: &str) -> Result<Call, Box<dyn Error>> {
        self.token(payload).map(Call::from)
    }

    /// Has all verify good tokens, after they have refused what is `bad` beside that which no verifier may accept.
    fn rows(
        &self,
        comparison: &Comparison<'_>,
        mut bad: Vec<(&'static str, Call)>,
        bad_for_us: Vec<(&'static str, Call)>,
    ) -> Result<Vec<Row>, Box<dyn Error>> {
        let of_this_hour = |number| (self.payload)(number, Life::of_this_hour());
        let payloads = (0..TOKENS).map(of_this_hour);
        let tokens = Tokens::sign_payloads(self.key, self.header, payloads)?;
        let floor = Floor::of(&tokens)?;
        let calls: Vec<Call> = tokens.tokens.into_iter().map(Call::from).collect();
        let good = self.token(&of_this_hour(0))?;
        let spoilt = spoilt(&good, &self.token(&of_this_hour(1))?)?;
        bad.extend(spoilt.map(|(what, token)| (what, token.into())));
        let expired = self.call(&(self.payload)(0, Life::over()))?;
        bad.push(("an expired token", expired));
        let case = Case {
            name: self.name,
            task: Task {
                profile: self.profile,
                key: Key::of(self.key),
            },
            probes: Probes {
                good: good.into(),
                bad,
                bad_for_us,
            },
            floor: Box::new(move |number| floor.verify(number)),
        };
        cold::of_all(comparison, case, &calls, true)
    }
}
