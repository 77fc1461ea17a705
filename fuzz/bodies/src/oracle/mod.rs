//! The other way to each answer: slow, simple, and sharing no code with the engine.

pub(crate) mod base64;
pub(crate) mod cache_control;
pub(crate) mod claims;
pub(crate) mod decimal;
pub(crate) mod header;
pub(crate) mod json;
pub(crate) mod key_id;
pub(crate) mod query_hash;
pub(crate) mod token;

use asap_engine::VerifyError;

/// The refusals that are right for an input. Where an input has two faults, which one is named first depends on how it
/// is read, so there may be several.
pub(crate) type Codes = Vec<VerifyError>;

/// Panics unless `actual` is what the oracle says.
pub(crate) fn agree<T: PartialEq + std::fmt::Debug>(
    actual: &Result<T, VerifyError>,
    expected: &Result<T, Codes>,
) {
    match (actual, expected) {
        (Ok(actual), Ok(expected)) => assert_eq!(actual, expected, "read otherwise"),
        (Err(code), Err(codes)) => {
            assert!(codes.contains(code), "refused as {code:?}, not {codes:?}");
        }
        (Ok(actual), Err(codes)) => panic!("accepted {actual:?}, which is {codes:?}"),
        (Err(code), Ok(expected)) => panic!("refused as {code:?}, which is {expected:?}"),
    }
}
