//! JSONTestSuite through the reader of claims. Each text is the value of an unknown claim of an otherwise good, signed
//! token, as its first member and as its last; and each is a payload of its own, where an object that is read ends at
//! its missing `iss` and everything else is no claims set.

use std::sync::LazyLock;

use asap_engine::limits::MAX_TOKEN_LENGTH;
use asap_engine::{Algorithm, Engine, Keyring, VerifyError};
use asap_tests::fixture::{engine, policy, verdict};
use asap_tests::keys::key;
use asap_tests::token::{Token, signed};

use crate::data;
use crate::judge::{Case, Published, Verdict};

static ENGINE: LazyLock<Engine<Keyring>> =
    LazyLock::new(|| engine(policy().with_max_token_length(MAX_TOKEN_LENGTH).unwrap()));

/// What is said of a token with this payload, signed.
fn of_payload(payload: &[u8]) -> Result<(), VerifyError> {
    let header = Token::es256().header_json();
    verdict(&*ENGINE, signed(key(Algorithm::Es256), header, payload))
}

/// What is said of a good token with one more claim, `x`, spelled like this.
fn of_claim(text: &[u8]) -> Result<(), VerifyError> {
    let good = Token::es256().claims_json();
    let members = good.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    let first = [b"{\"x\":", text, b",", members.as_bytes(), b"}"].concat();
    let last = [b"{", members.as_bytes(), b",\"x\":", text, b"}"].concat();
    let verdict = of_payload(&last);
    assert_eq!(of_payload(&first), verdict);
    verdict
}

/// `test_parsing`, each as the value of a claim.
pub(crate) fn claims() -> Option<Vec<Case>> {
    judged("jsontestsuite/test_parsing", |text| coded(of_claim(text)))
}

/// `test_parsing`, each as the whole payload. An object that is read has no `iss`, and counts as accepted.
pub(crate) fn payloads() -> Option<Vec<Case>> {
    judged("jsontestsuite/test_parsing", |text| {
        match of_payload(text) {
            Ok(()) => panic!("a text without claims is accepted"),
            Err(VerifyError::IssuerMissing) => Ok(()),
            Err(refusal) => coded(Err(refusal)),
        }
    })
}

/// `test_transform`, each as the value of a claim. They say what a reader may do and not what it must.
pub(crate) fn transforms() -> Option<Vec<Case>> {
    judged("jsontestsuite/test_transform", |text| coded(of_claim(text)))
}

fn coded(verdict: Result<(), VerifyError>) -> Verdict {
    verdict.map_err(|refusal| refusal.code().to_owned())
}

fn judged(folder: &str, judge: impl Fn(&[u8]) -> Verdict) -> Option<Vec<Case>> {
    let files = data::files(folder)?;
    Some(
        files
            .into_iter()
            .map(|(name, text)| Case {
                published: match name.split_once('_') {
                    Some(("y", _)) => Published::Valid,
                    Some(("n", _)) => Published::Invalid,
                    _ => Published::Acceptable,
                },
                tags: Vec::new(),
                ours: judge(&text),
                id: name,
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::{check, skip};

    #[test]
    fn texts_as_the_value_of_a_claim() {
        check("jsontestsuite/test_parsing as a claim");
    }

    #[test]
    fn texts_as_a_payload() {
        check("jsontestsuite/test_parsing as the payload");
    }

    #[test]
    fn texts_that_readers_change() {
        check("jsontestsuite/test_transform as a claim");
    }

    /// Two texts are longer than the longest token; cut to fit, their depth is reached.
    #[test]
    fn arrays_and_objects_that_open_without_end_are_nested_too_deep() {
        let Some(files) = data::files("jsontestsuite/test_parsing") else {
            return skip("jsontestsuite/test_parsing cut to fit", 2);
        };
        let long: Vec<_> = files
            .into_iter()
            .filter(|(_, text)| text.len() > MAX_TOKEN_LENGTH)
            .collect();
        assert_eq!(long.len(), 2);
        for (name, text) in long {
            assert_eq!(of_claim(&text), Err(VerifyError::TokenTooLong), "{name}");
            let code = of_claim(&text[..40_000]);
            assert_eq!(code, Err(VerifyError::NestingTooDeep), "{name}");
        }
    }

    /// RFC 7519 section 4: "The Claim Names within a JWT Claims Set MUST be unique". Names that only look the same are
    /// two (RFC 8259 section 8.3: compared code unit by code unit).
    #[test]
    fn one_name_twice_is_refused_and_two_normal_forms_of_it_are_not() {
        let Some(files) = data::files("jsontestsuite/test_transform") else {
            return skip("jsontestsuite/test_transform as the payload", 5);
        };
        let objects: Vec<_> = files
            .into_iter()
            .filter(|(name, _)| name.starts_with("object_"))
            .collect();
        assert_eq!(objects.len(), 5);
        for (name, text) in objects {
            let expected = if name.contains("same_key") {
                VerifyError::DuplicateClaim
            } else {
                VerifyError::IssuerMissing
            };
            assert_eq!(of_payload(&text), Err(expected), "{name}");
        }
    }

    /// Each number as the `nbf` of a good token: exact decimals of any size, so each is either past or ahead.
    #[test]
    fn numbers_that_floats_and_integers_change_are_times() {
        let Some(files) = data::files("jsontestsuite/test_transform") else {
            return skip("jsontestsuite/test_transform as nbf", 10);
        };
        let numbers: Vec<_> = files
            .iter()
            .filter(|(name, _)| name.starts_with("number_"))
            .collect();
        assert_eq!(numbers.len(), 10);
        for (name, text) in numbers {
            let text = std::str::from_utf8(text).unwrap().trim();
            let number = text.strip_prefix('[').unwrap().strip_suffix(']').unwrap();
            let is_ahead = number.len() > 15 && !number.starts_with(['-', '1'])
                || number.starts_with("1000000000000000");
            let expected = if is_ahead {
                Err(VerifyError::NotYetValid)
            } else {
                Ok(())
            };
            let token = Token::es256().claim("nbf", number).sign();
            assert_eq!(verdict(&*ENGINE, token), expected, "{name}");
        }
    }
}
