//! What these tokens have in common before their claims are read: form and header.

use std::borrow::Cow;

use super::{ALGORITHM, Admitted, Signer};
use crate::claims::Claims;
use crate::error::VerifyError;
use crate::jws::json::{Spare, Text};
use crate::jws::{Compact, Decoded, Parameters, Room};
use crate::pipeline::Window;

/// A token of three segments whose header is in order. Nothing of it is verified.
pub(in crate::profiles) struct Unverified<'a> {
    /// What the signature is over.
    pub(in crate::profiles) signing_input: &'a [u8],
    /// The signature.
    pub(in crate::profiles) signature: &'a [u8],
    /// The header's.
    pub(in crate::profiles) parameters: Parameters<'a>,
    /// The text of its payload.
    pub(in crate::profiles) document: &'a str,
    /// Room for the payload's strings.
    pub(in crate::profiles) spare: Spare<'a>,
}

impl<'a> Unverified<'a> {
    /// Checks form, length and the header's `alg` and `crit`.
    pub(in crate::profiles) fn open(
        token: &'a [u8],
        max_length: usize,
        room: &'a mut Room,
    ) -> Result<Self, VerifyError> {
        Self::open_as(token, max_length, room, |parameters| {
            let algorithm = parameters.algorithm(|algorithm| algorithm == ALGORITHM);
            algorithm.map(drop)
        })
    }

    /// The same for tokens of another `alg`: `check_algorithm` says whether it is the one.
    pub(in crate::profiles) fn open_as(
        token: &'a [u8],
        max_length: usize,
        room: &'a mut Room,
        check_algorithm: impl FnOnce(&Parameters<'a>) -> Result<(), VerifyError>,
    ) -> Result<Self, VerifyError> {
        if token.len() > max_length {
            return Err(VerifyError::TokenTooLong);
        }
        let compact = Compact::split(token)?;
        let Decoded {
            unverified_header,
            unverified_payload,
            signature,
            spare,
        } = compact.decode(room)?;
        let header = simdutf8::basic::from_utf8(unverified_header)
            .map_err(|_| VerifyError::InvalidHeader)?;
        let parameters = Parameters::read(header)?;
        check_algorithm(&parameters)?;
        parameters.refuse_critical()?;
        Ok(Self {
            signing_input: compact.signing_input(),
            signature,
            parameters,
            document: Claims::document(unverified_payload)?,
            spare,
        })
    }

    /// The key that the header names.
    pub(in crate::profiles) fn key_id(&self) -> Result<Cow<'a, str>, VerifyError> {
        self.parameters.key_id().map(Text::decode)
    }

    /// The token, which the caller's policy wants.
    pub(in crate::profiles) const fn admit<C>(
        self,
        signer: Signer<'a>,
        unverified_claims: C,
        window: Window,
    ) -> Admitted<'a, C> {
        Admitted {
            signing_input: self.signing_input,
            signature: self.signature,
            signer,
            unverified_claims,
            window,
        }
    }
}
