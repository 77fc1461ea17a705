//! The header, by the rules that `docs/DESIGN.md` numbers as the second check.

use asap_engine::{Algorithm, VerifyError};

use super::Codes;
use super::json::{self, Json};
use super::key_id::is_key_id;

pub(crate) fn read(
    document: &[u8],
    is_allowed: impl FnOnce(Algorithm) -> bool,
) -> Result<(Algorithm, String), Codes> {
    use VerifyError as E;
    let only = |code| Err(vec![code]);
    let members = members(document, E::InvalidHeader, E::DuplicateHeader)?;
    let Some(Json::Text(name)) = json::member(&members, "alg") else {
        return only(E::AlgorithmMissing);
    };
    let mut known = Algorithm::ALL.iter().filter(|one| one.name() == name);
    let Some(algorithm) = known.next().copied() else {
        return only(E::AlgorithmUnsupported);
    };
    if !is_allowed(algorithm) {
        return only(E::AlgorithmNotAllowed);
    }
    let Some(Json::Text(key_id)) = json::member(&members, "kid") else {
        return only(E::KeyIdMissing);
    };
    if !is_key_id(key_id) {
        return only(E::KeyIdInvalid);
    }
    if json::member(&members, "crit").is_some() {
        return only(E::CriticalHeader);
    }
    Ok((algorithm, key_id.clone()))
}

/// The members of a document whose names must be unique.
pub(super) fn members(
    document: &[u8],
    invalid: VerifyError,
    duplicate: VerifyError,
) -> Result<Vec<(String, Json)>, Codes> {
    let Ok(document) = std::str::from_utf8(document) else {
        return Err(vec![invalid]);
    };
    let members = json::members(document).map_err(|refused| {
        // A duplicate may stand before the fault.
        let mut codes = vec![duplicate];
        if refused.syntax {
            codes.push(invalid);
        }
        if refused.too_deep {
            codes.push(VerifyError::NestingTooDeep);
        }
        codes
    })?;
    if json::has_duplicates(&members) {
        return Err(vec![duplicate]);
    }
    Ok(members)
}
