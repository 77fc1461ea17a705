//! Trello: the token that `t.jwt()` hands to a Power-Up. It names neither a key nor an audience.

use crate::subject::Life;

/// `iss` of every such token.
pub const ISSUER: &str = "trello";
/// `idPlugin`: the Power-Up.
pub const PLUGIN: &str = "5e66784c606cb1160a8f5dc0";
/// The header of the tokens.
pub const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

/// The payload of token number `number`, of the Power-Up `plugin`.
#[must_use]
pub fn payload(number: usize, plugin: &str, life: Life) -> String {
    let Life {
        issued_at,
        expires_at,
    } = life;
    format!(
        r#"{{"idPlugin":"{plugin}","idBoard":"5e667811606cb1160a8f5bf7","idMember":"5e645dc2c4205e1416218404","state":"card-detail-badge:5e66784c{number:016x}","iat":{issued_at},"exp":{expires_at},"iss":"{ISSUER}"}}"#
    )
}

/// The list with the key of this PEM text, as Trello publishes its own.
#[must_use]
pub fn pem_list(public_key_pem: &str) -> String {
    serde_json::json!({ "keys": [public_key_pem] }).to_string()
}
