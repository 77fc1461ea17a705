//! Trello: the token that a Power-Up's front end gets from `t.jwt()` and sends to its back end.
//!
//! RS256 without a `kid`; the keys are a list of PEM texts, each of which is tried. `iss` is `trello`; it has no `aud`, so
//! what says that it "comes from your Power-Up" is `idPlugin`, which is compared with the configuration; `idMember` says
//! which "particular Trello user" it is of (Marketplace security requirements of 2023, Trello apps, 1.2).
//!
//! What the token does not say: that the user may see a card. Which board a card is on is for the app to check.
//!
//! Source: developer.atlassian.com/cloud/trello/power-ups/client-library/t-jwt.

mod identity;
mod policy;
mod verifier;

pub use identity::TrelloIdentity;
pub use policy::TrelloPolicy;
pub use verifier::TrelloVerifier;
