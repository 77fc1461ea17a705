//! The order of the checks (docs/DESIGN.md): "Cheapest refusal first, and what spends something last".
//!
//! A token with two faults is refused for the one that comes first, for every pair of faults that a token can have
//! at once, and what the later check would have spent is not spent.

use std::sync::Arc;

use asap_engine::{Algorithm, Engine, KeyError, Policy, ReplayError, VerifyError, VerifyingKey};
use asap_tests::counting::{Answer, CountingKeys, CountingLog};
use asap_tests::fixture::{NOW, block_on, policy};
use asap_tests::keys::key;
use asap_tests::token::{Token, with_signature};

/// The faults that a token can have, in the order in which they are to be found.
static FAULTS: &[Fault] = &[
    // 1. Length, segments, base64url.
    fault(1, "length", VerifyError::TokenTooLong, |case| {
        case.is_too_long = true
    }),
    fault(1, "dots", VerifyError::NotCompact, |case| {
        case.has_fourth_segment = true
    }),
    fault(1, "base64", VerifyError::InvalidBase64, |case| {
        case.has_padding = true
    }),
    // 2. The header.
    fault(2, "header", VerifyError::InvalidHeader, |case| {
        case.header_is_cut = true
    }),
    fault(2, "header", VerifyError::DuplicateHeader, |case| {
        case.header("x", "1,\"x\":1")
    }),
    fault(2, "header", VerifyError::NestingTooDeep, |case| {
        case.header("x", &deep())
    }),
    fault(2, "alg", VerifyError::AlgorithmMissing, |case| {
        case.header("alg", "[]")
    }),
    fault(2, "alg", VerifyError::AlgorithmUnsupported, |case| {
        case.header("alg", "\"none\"")
    }),
    fault(2, "alg", VerifyError::AlgorithmNotAllowed, |case| {
        case.header("alg", "\"PS512\"")
    }),
    fault(2, "kid", VerifyError::KeyIdMissing, |case| {
        case.header("kid", "null")
    }),
    fault(2, "kid", VerifyError::KeyIdInvalid, |case| {
        case.header("kid", "\"client/../x\"")
    }),
    fault(2, "crit", VerifyError::CriticalHeader, |case| {
        case.header("crit", "[\"exp\"]")
    }),
    // 3. The claims.
    fault(3, "claims", VerifyError::InvalidClaims, |case| {
        case.claims_are_cut = true
    }),
    fault(3, "claims", VerifyError::DuplicateClaim, |case| {
        case.claim("x", "1,\"x\":1")
    }),
    fault(3, "claims", VerifyError::NestingTooDeep, |case| {
        case.claim("x", &deep())
    }),
    fault(3, "iss", VerifyError::IssuerMissing, |case| {
        case.drop_claim("iss")
    }),
    fault(3, "iss", VerifyError::IssuerInvalid, |case| {
        case.claim("iss", "\"\"")
    }),
    fault(3, "exp", VerifyError::ExpiryMissing, |case| {
        case.drop_claim("exp")
    }),
    fault(3, "exp", VerifyError::ExpiryInvalid, |case| {
        case.claim("exp", "\"1\"")
    }),
    fault(3, "iat", VerifyError::IssuedAtMissing, |case| {
        case.drop_claim("iat")
    }),
    fault(3, "iat", VerifyError::IssuedAtInvalid, |case| {
        case.claim("iat", "true")
    }),
    fault(3, "aud", VerifyError::AudienceMissing, |case| {
        case.drop_claim("aud")
    }),
    fault(3, "aud", VerifyError::AudienceInvalid, |case| {
        case.claim("aud", "[1]")
    }),
    fault(3, "jti", VerifyError::TokenIdMissing, |case| {
        case.drop_claim("jti")
    }),
    fault(3, "jti", VerifyError::TokenIdInvalid, |case| {
        case.claim("jti", "7")
    }),
    fault(3, "nbf", VerifyError::NotBeforeInvalid, |case| {
        case.claim("nbf", "null")
    }),
    fault(3, "sub", VerifyError::SubjectInvalid, |case| {
        case.claim("sub", "{}")
    }),
    // 4. The owner of the key.
    fault(4, "kid", VerifyError::KeyNotOwned, |case| {
        case.header("kid", "\"other/key\"")
    }),
    fault(4, "iss", VerifyError::KeyNotOwned, |case| {
        case.claim("iss", "\"stranger\"")
    }),
    fault(4, "issuers", VerifyError::IssuerNotAllowed, |case| {
        case.client_is_unlisted = true
    }),
    // 5. Time.
    fault(5, "nbf", VerifyError::NotYetValid, |case| {
        case.claim("nbf", "1700000001")
    }),
    fault(5, "exp", VerifyError::Expired, |case| {
        case.claim("exp", "1699999999")
    }),
    fault(5, "iat", VerifyError::LifetimeTooLong, |case| {
        case.claim("iat", "1600000000")
    }),
    fault(5, "start", VerifyError::IssuedBeforeStart, |case| {
        case.started_later = true
    }),
    fault(5, "exp iat start", VerifyError::ExpiresTooLate, |case| {
        case.claim("iat", "1800000000");
        case.claim("exp", "1800000060");
    }),
    // 6. The audience.
    fault(6, "aud", VerifyError::AudienceMismatch, |case| {
        case.claim("aud", "\"other\"")
    }),
    // 7. The key.
    fault(7, "key", VerifyError::KeyUnknown, |case| {
        case.key = Key::Unknown
    }),
    fault(7, "key", VerifyError::KeyUnknown, |case| {
        case.key = Key::FetchedUnknown
    }),
    fault(7, "key", VerifyError::KeyUnavailable, |case| {
        case.key = Key::Unavailable
    }),
    // 8. The key's own algorithm.
    fault(8, "key", VerifyError::AlgorithmMismatch, |case| {
        case.key = Key::OfEs384
    }),
    // 9. The signature.
    fault(9, "signature", VerifyError::SignatureInvalid, |case| {
        case.is_forged = true
    }),
    // 10. Replay.
    fault(10, "log", VerifyError::Replayed, |case| {
        case.log = Err(ReplayError::Seen)
    }),
    fault(10, "log", VerifyError::ReplayLogFull, |case| {
        case.log = Err(ReplayError::Full)
    }),
];

/// docs/DESIGN.md: "Cheapest refusal first".
#[test]
fn of_two_faults_the_one_that_is_cheaper_to_find_is_told() {
    let mut pairs = 0;
    for (position, first) in FAULTS.iter().enumerate() {
        assert_found(&[first]);
        for second in &FAULTS[position + 1..] {
            // A token has one `exp`: two faults of the same part exclude one another.
            if !first.excludes(second) {
                assert_found(&[first, second]);
                pairs += 1;
            }
        }
    }
    assert!(pairs > 700, "{pairs}");
}

/// The same, with a fault of every part at once, mended one after the other.
#[test]
fn of_many_faults_the_first_is_told_until_it_is_mended() {
    let reversed = FAULTS.iter().rev().collect();
    for candidates in [FAULTS.iter().collect::<Vec<_>>(), reversed] {
        let mut faults: Vec<&Fault> = Vec::new();
        for candidate in candidates {
            if !faults.iter().any(|fault| fault.excludes(candidate)) {
                faults.push(candidate);
            }
        }
        faults.sort_by_key(|fault| FAULTS.iter().position(|one| std::ptr::eq(one, *fault)));
        while !faults.is_empty() {
            assert_found(&faults);
            faults.remove(0);
        }
        assert_found(&[]);
    }
}

/// `VerifyError::ALL`: "Every refusal, in the order of the checks."
#[test]
fn the_list_of_refusals_is_in_the_order_of_the_checks() {
    let listed = |fault: &Fault| {
        VerifyError::ALL
            .iter()
            .position(|one| *one == fault.refusal)
    };
    // Header and claims may both be nested too deep, and a key may be unknown before and after a fetch.
    let faults = FAULTS
        .iter()
        .filter(|fault| fault.refusal != VerifyError::NestingTooDeep);
    let faults: Vec<_> = faults.collect();
    for pair in faults.windows(2) {
        let [first, second] = pair else {
            unreachable!("a window of two");
        };
        let names = (first.refusal.code(), second.refusal.code());
        assert!(listed(first) <= listed(second), "{names:?}");
    }
}

/// docs/DESIGN.md, check 7: "nothing is fetched for a token refused above", and pipeline.rs: "one refused above
/// step 10 leaves no trace".
fn assert_found(faults: &[&Fault]) {
    let mut case = Case::good();
    for fault in faults {
        (fault.commit)(&mut case);
    }
    let expected = faults.first().map_or(Ok(()), |first| Err(first.refusal));
    let check = faults.first().map_or(11, |first| first.check);
    let names: Vec<_> = faults.iter().map(|fault| fault.refusal.code()).collect();

    let (keys, log) = (
        CountingKeys::new(case.key.answer()),
        CountingLog::new(case.log),
    );
    let engine = Engine::new(case.policy(), keys).with_clock(|| NOW);
    let engine = engine.with_replay_log(&log).unwrap();
    let verdict = block_on(engine.verify(case.token().as_bytes())).map(|_| ());
    assert_eq!(verdict, expected, "{names:?}");

    assert_eq!(
        engine.keys().lookups(),
        usize::from(check >= 7),
        "{names:?}"
    );
    let fetches = usize::from(check >= 7 && case.key.is_to_be_fetched());
    assert_eq!(engine.keys().fetches(), fetches, "{names:?}");
    assert_eq!(log.calls(), usize::from(check >= 10), "{names:?}");
}

/// Something that is wrong with a token, or that the resource server holds against it.
struct Fault {
    /// The number of the check in docs/DESIGN.md that finds it.
    check: u8,
    /// What it spoils, a word each.
    parts: &'static str,
    refusal: VerifyError,
    commit: fn(&mut Case),
}

impl Fault {
    /// Whether no token has both faults, since a token has one `exp`.
    fn excludes(&self, other: &Self) -> bool {
        let mut parts = self.parts.split(' ');
        parts.any(|part| other.parts.split(' ').any(|one| one == part))
    }
}

const fn fault(
    check: u8,
    parts: &'static str,
    refusal: VerifyError,
    commit: fn(&mut Case),
) -> Fault {
    Fault {
        check,
        parts,
        refusal,
        commit,
    }
}

/// A token and the resource server that it is sent to.
struct Case {
    token: Token,
    is_too_long: bool,
    has_fourth_segment: bool,
    has_padding: bool,
    header_is_cut: bool,
    claims_are_cut: bool,
    is_forged: bool,
    client_is_unlisted: bool,
    started_later: bool,
    key: Key,
    log: Result<(), ReplayError>,
}

impl Case {
    fn good() -> Self {
        Self {
            token: Token::es256().claim("nbf", "1700000000"),
            is_too_long: false,
            has_fourth_segment: false,
            has_padding: false,
            header_is_cut: false,
            claims_are_cut: false,
            is_forged: false,
            client_is_unlisted: false,
            started_later: false,
            key: Key::Fetched,
            log: Ok(()),
        }
    }

    fn header(&mut self, name: &str, json: &str) {
        self.token = self.token.clone().header(name, json);
    }

    fn claim(&mut self, name: &str, json: &str) {
        self.token = self.token.clone().claim(name, json);
    }

    fn drop_claim(&mut self, name: &str) {
        self.token = self.token.clone().without_claim(name);
    }

    fn policy(&self) -> Policy {
        let unlisted = if self.client_is_unlisted {
            "somebody"
        } else {
            "client"
        };
        let allowed = Algorithm::ALL
            .iter()
            .copied()
            .filter(|one| *one != Algorithm::Ps512);
        let policy = policy().with_algorithms(allowed).unwrap();
        let policy = policy.with_issuers([unlisted, "other"]).unwrap();
        if self.started_later {
            policy.with_not_issued_before(asap_tests::fixture::after(10))
        } else {
            policy
        }
    }

    fn token(&self) -> String {
        let (mut header, mut claims) = (self.token.header_json(), self.token.claims_json());
        if self.header_is_cut {
            header.pop();
        }
        if self.claims_are_cut {
            claims.pop();
        }
        let mut token = asap_tests::token::signed(key(Algorithm::Es256), header, claims);
        if self.is_forged {
            token = with_signature(&token, [7; 64]);
        }
        if self.has_padding {
            token.push_str("==");
        }
        if self.has_fourth_segment {
            token.push_str(".AAAA");
        }
        if self.is_too_long {
            token.push_str(&"A".repeat(9_000));
        }
        token
    }
}

/// What the source of keys does.
#[derive(Clone, Copy)]
enum Key {
    Fetched,
    Unknown,
    FetchedUnknown,
    Unavailable,
    OfEs384,
}

impl Key {
    fn answer(self) -> Answer {
        let fetched = |key: VerifyingKey| Answer::Fetched(Ok(Arc::new(key)));
        match self {
            Self::Fetched => fetched(Answer::key(Algorithm::Es256)),
            Self::Unknown => Answer::Unknown,
            Self::FetchedUnknown => Answer::Fetched(Err(KeyError::Unknown)),
            Self::Unavailable => Answer::Fetched(Err(KeyError::Unavailable)),
            Self::OfEs384 => fetched(Answer::key(Algorithm::Es384)),
        }
    }

    fn is_to_be_fetched(self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

fn deep() -> String {
    "[".repeat(40)
}
