//! Why a token was not issued.

use std::error::Error;
use std::fmt;

macro_rules! sign_errors {
    ($( $(#[$doc:meta])* $variant:ident = $detail:literal; )+) => {
        /// Why a token, or a request for one, was refused at the issuing side.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum SignError {
            $( $(#[$doc])* $variant, )+
        }

        impl fmt::Display for SignError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $( Self::$variant => $detail, )+ })
            }
        }
    };
}

sign_errors! {
    /// An additional claim has the name of one that the issuer writes itself (RFC 7519 section 4.1).
    RegisteredClaim = "an additional claim may not be one of iss, sub, aud, exp, nbf, iat and jti";
    /// An additional claim, or a member of an object in one, was given before (RFC 7519 section 4: names are unique).
    DuplicateClaim = "an additional claim, or a member of one, is given twice";
    /// A text is not one JSON value (RFC 8259), as strictly as verifiers read it.
    InvalidJson = "the text is not one JSON value";
    /// A claim is nested deeper than verifiers read: [`MAX_NESTING`](crate::limits::MAX_NESTING), the payload included.
    NestingTooDeep = "an additional claim is nested too deep";
    /// An audience is the empty string, which identifies no resource server.
    AudienceEmpty = "an audience is empty";
    /// `nbf` lies after `exp`: the token could never be used.
    NeverValid = "the time before which the token is not valid lies after its expiry";
    /// The time of day is before 1970, or too late for a number of seconds in 64 bits.
    ClockOutOfRange = "the clock shows a time that no token can carry";
    /// Longer than any policy admits: [`MAX_TOKEN_LENGTH`](crate::limits::MAX_TOKEN_LENGTH).
    TokenTooLong = "the token would be longer than any verifier admits";
    /// A request whose hash the token would hold has parameters that no verifier would read, or too many.
    RequestMalformed = "the request's parameters are malformed or too many";
    /// The cryptographic library gave no signature, or no random bytes.
    Backend = "the cryptographic library did not sign";
}

impl Error for SignError {}
