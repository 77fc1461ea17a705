//! What is sent, in which shares, and what each kind of request must get.
//!
//! A scenario is a table of kinds and shares. [`Deck`] deals the kinds in a fixed, shuffled order, so that two
//! runs of a scenario send the same mix. Which token stands for a kind is the business of `tokens`.

use asap_engine::{Algorithm, CHALLENGE_WITHOUT_TOKEN, VerifyError};

/// The code that the gateway inside names where a request carries no token: the engine was not asked.
pub(crate) const NO_TOKEN: &str = "no_token";
/// The code that the gateway inside names where a token was accepted.
pub(crate) const ACCEPTED: &str = "accepted";

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    GoodRs256,
    GoodEs256,
    Expired,
    WrongAudience,
    BadSignature,
    Replayed,
    UnknownKey,
    KeyServerFails,
    NoToken,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::GoodRs256,
        Self::GoodEs256,
        Self::Expired,
        Self::WrongAudience,
        Self::BadSignature,
        Self::Replayed,
        Self::UnknownKey,
        Self::KeyServerFails,
        Self::NoToken,
    ];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::GoodRs256 => "good, RS256",
            Self::GoodEs256 => "good, ES256",
            Self::Expired => "expired",
            Self::WrongAudience => "wrong audience",
            Self::BadSignature => "bad signature",
            Self::Replayed => "replayed",
            Self::UnknownKey => "unknown key",
            Self::KeyServerFails => "key server fails",
            Self::NoToken => "no token",
        }
    }

    /// The algorithm of a good token.
    pub(crate) const fn good_algorithm(self) -> Option<Algorithm> {
        match self {
            Self::GoodRs256 => Some(Algorithm::Rs256),
            Self::GoodEs256 => Some(Algorithm::Es256),
            _ => None,
        }
    }

    /// Whether each of these makes the gateway ask the key repository, which limits how often it is asked.
    pub(crate) const fn fetches(self) -> bool {
        matches!(self, Self::UnknownKey | Self::KeyServerFails)
    }

    /// What this kind must get.
    pub(crate) const fn expected(self) -> Expected {
        match self {
            Self::GoodRs256 | Self::GoodEs256 => Expected::ACCEPTED,
            Self::Expired => Expected::refused(VerifyError::Expired),
            Self::WrongAudience => Expected::refused(VerifyError::AudienceMismatch),
            Self::BadSignature => Expected::refused(VerifyError::SignatureInvalid),
            Self::Replayed => Expected::refused(VerifyError::Replayed),
            Self::UnknownKey => Expected::refused(VerifyError::KeyUnknown),
            Self::KeyServerFails => Expected::refused(VerifyError::KeyUnavailable),
            Self::NoToken => Expected {
                status: 401,
                code: NO_TOKEN,
                challenge: Some(CHALLENGE_WITHOUT_TOKEN),
            },
        }
    }
}

/// The answer that a request must get. A 503 must carry `Retry-After`, and nothing else may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    /// The whole value of `WWW-Authenticate`, or that there must be none.
    pub(crate) challenge: Option<&'static str>,
}

impl Expected {
    pub(crate) const ACCEPTED: Self = Self {
        status: 200,
        code: ACCEPTED,
        challenge: None,
    };

    const fn refused(error: VerifyError) -> Self {
        Self {
            status: error.status(),
            code: error.code(),
            challenge: error.challenge(),
        }
    }
}

/// A named mix.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    /// Whether the gateway remembers tokens, and good ones are sent once only.
    pub(crate) single_use: bool,
    /// Whether the gateway keeps verified tokens, and so recalls a good one that comes again.
    pub(crate) keeps_tokens: bool,
    /// Shares in thousandths.
    shares: &'static [(Kind, usize)],
}

impl Scenario {
    pub(crate) const ALL: &'static [Self] = &[
        Self {
            name: "mixed",
            summary: "good and bad tokens of every kind, single use",
            single_use: true,
            keeps_tokens: false,
            shares: &[
                (Kind::GoodRs256, 100),
                (Kind::GoodEs256, 700),
                (Kind::Expired, 50),
                (Kind::WrongAudience, 40),
                (Kind::BadSignature, 50),
                (Kind::Replayed, 40),
                (Kind::UnknownKey, 5),
                (Kind::KeyServerFails, 5),
                (Kind::NoToken, 10),
            ],
        },
        Self {
            name: "good-rs256",
            summary: "good RS256 tokens only, which may be reused",
            single_use: false,
            keeps_tokens: false,
            shares: &[(Kind::GoodRs256, 1000)],
        },
        Self {
            name: "good-es256",
            summary: "good ES256 tokens only, which may be reused",
            single_use: false,
            keeps_tokens: false,
            shares: &[(Kind::GoodEs256, 1000)],
        },
        Self {
            name: "recalled-rs256",
            summary: "good RS256 tokens only, sent again and again to a gateway that keeps verified tokens",
            single_use: false,
            keeps_tokens: true,
            shares: &[(Kind::GoodRs256, 1000)],
        },
        Self {
            name: "refusals",
            summary: "nine bad tokens to one good, single use",
            single_use: true,
            keeps_tokens: false,
            shares: &[
                (Kind::GoodEs256, 100),
                (Kind::Expired, 250),
                (Kind::WrongAudience, 220),
                (Kind::BadSignature, 200),
                (Kind::Replayed, 180),
                (Kind::UnknownKey, 5),
                (Kind::KeyServerFails, 5),
                (Kind::NoToken, 40),
            ],
        },
    ];

    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|scenario| scenario.name == name)
    }

    /// The share of a kind among all requests, 0 to 1.
    pub(crate) fn share(&self, kind: Kind) -> f64 {
        let thousandths: usize = self
            .shares
            .iter()
            .filter(|(other, _)| *other == kind)
            .map(|(_, share)| share)
            .sum();
        crate::number::float(crate::number::count(thousandths)) / 1000.0
    }

    /// The order in which kinds are sent, without those that `leave_out` names.
    pub(crate) fn deck(&self, leave_out: &[Kind]) -> Deck {
        let mut kinds: Vec<Kind> = self
            .shares
            .iter()
            .filter(|(kind, _)| !leave_out.contains(kind))
            .flat_map(|(kind, share)| std::iter::repeat_n(*kind, *share))
            .collect();
        shuffle(&mut kinds);
        Deck { kinds }
    }
}

/// Kinds in the order in which they are sent, over and over.
#[derive(Debug, Clone)]
pub(crate) struct Deck {
    kinds: Vec<Kind>,
}

impl Deck {
    /// The kind at a position, which may be any number.
    pub(crate) fn at(&self, position: usize) -> Kind {
        let index = position.checked_rem(self.kinds.len()).unwrap_or(0);
        self.kinds.get(index).copied().unwrap_or(Kind::NoToken)
    }
}

/// Fisher-Yates with SplitMix64 from a fixed seed: the order is mixed, and the same in every run.
fn shuffle(kinds: &mut [Kind]) {
    let mut state: u64 = 0x0a5a_9107;
    for upper in (1..kinds.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let bound = crate::number::count(upper).saturating_add(1);
        let other = mixed.checked_rem(bound).unwrap_or(0);
        kinds.swap(upper, crate::number::length(other));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_every_scenario_add_up() {
        for scenario in Scenario::ALL {
            let sum: usize = scenario.shares.iter().map(|(_, share)| share).sum();
            assert_eq!(sum, 1000, "{}", scenario.name);
            assert_eq!(scenario.deck(&[]).kinds.len(), 1000);
        }
    }

    #[test]
    fn a_deck_holds_the_kinds_in_their_shares_and_mixed() {
        let scenario = Scenario::named("mixed").unwrap();
        let deck = scenario.deck(&[]);
        for kind in Kind::ALL {
            let dealt = (0..deck.kinds.len())
                .filter(|position| deck.at(*position) == kind)
                .count();
            assert_eq!(
                crate::number::float(crate::number::count(dealt)) / 1000.0,
                scenario.share(kind)
            );
        }
        let first: Vec<Kind> = (0..50).map(|position| deck.at(position)).collect();
        assert!(first.contains(&Kind::GoodRs256) && first.contains(&Kind::GoodEs256));
        assert_eq!(deck.at(3), deck.at(deck.kinds.len().wrapping_add(3)));
    }

    #[test]
    fn what_is_left_out_is_not_dealt() {
        let deck = Scenario::named("mixed").unwrap().deck(&[Kind::Replayed]);
        assert!((0..deck.kinds.len()).all(|position| deck.at(position) != Kind::Replayed));
    }

    #[test]
    fn every_kind_knows_its_answer() {
        assert_eq!(Kind::GoodEs256.expected(), Expected::ACCEPTED);
        assert_eq!(Kind::Expired.expected().code, "expired");
        assert_eq!(Kind::Replayed.expected().status, 401);
        assert!(Kind::UnknownKey.expected().challenge.is_some());
        assert_eq!(Kind::KeyServerFails.expected().status, 503);
        assert_eq!(Kind::KeyServerFails.expected().challenge, None);
        assert_eq!(Kind::NoToken.expected().challenge, Some("Bearer"));
    }
}
