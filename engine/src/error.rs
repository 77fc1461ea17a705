//! Everything that can go wrong with a token, in one table, and what can go wrong before there is one.
//!
//! [`VerifyError`] is an answer about a token: `Copy`, without a word of the caller's text, with a stable code.
//! [`KeyRejected`] is an answer about key material, [`ConfigError`] one about a configuration; both are
//! for whoever starts the process, never for whoever sent a token.

use std::error::Error;
use std::fmt;

/// The part of the way at which a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The bytes are not a well-formed token.
    Parse,
    /// The token is well-formed, and this resource server does not want it.
    Policy,
    /// There is no key to check it with.
    Key,
    /// The signature is not that of the key.
    Signature,
    /// The token was seen before, or cannot be remembered.
    Replay,
}

impl Stage {
    /// The stage's name, as tools print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Policy => "policy",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Replay => "replay",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! refusals {
    ($( $(#[$doc:meta])* $variant:ident = $stage:ident, $status:literal, $code:literal, $detail:literal; )+) => {
        /// Why a token was refused.
        ///
        /// Codes are stable: a release may add one and never changes or removes one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum VerifyError {
            $( $(#[$doc])* $variant, )+
        }

        impl VerifyError {
            /// Every refusal, in the order of the checks.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable code, for machines.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $( Self::$variant => $code, )+ }
            }

            /// The stage at which the token was refused.
            #[must_use]
            pub const fn stage(self) -> Stage {
                match self { $( Self::$variant => Stage::$stage, )+ }
            }

            /// The HTTP status that answers the request: 401 for a bad token, 503 where the token may be good
            /// and this server could not find out.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $( Self::$variant => $status, )+ }
            }

            /// One sentence for operators. It quotes nothing of the token.
            #[must_use]
            pub const fn detail(self) -> &'static str {
                match self { $( Self::$variant => $detail, )+ }
            }
        }
    };
}

// The table of refusals: variant = stage, HTTP status, code, detail. `docs/codes.txt` is its committed copy.
refusals! {
    /// A Connect request carries no token.
    TokenMissing = Parse, 401, "token_missing", "the request carries no token";
    /// A Connect request carries two tokens, of which another reader could take the other one.
    SeveralTokens = Parse, 401, "several_tokens", "the request carries more than one token";
    /// Longer than the policy's limit.
    TokenTooLong = Parse, 401, "token_too_long", "the token is longer than the limit";
    /// Not three segments (RFC 7515 section 7.1).
    NotCompact = Parse, 401, "not_compact", "the token is not three segments joined by two dots";
    /// A segment is not base64url without padding (RFC 7515 section 2).
    InvalidBase64 = Parse, 401, "invalid_base64url", "a segment is not base64url without padding and with zero trailing bits";
    /// The header is not one JSON object in UTF-8 (RFC 7515 section 5.2, steps 2 to 4).
    InvalidHeader = Parse, 401, "invalid_header", "the header is not one JSON object in UTF-8";
    /// A header parameter occurs twice (RFC 7515 section 4).
    DuplicateHeader = Parse, 401, "duplicate_header", "a header parameter occurs twice";
    /// No `alg`, or one that is not a string (RFC 7515 section 4.1.1).
    AlgorithmMissing = Parse, 401, "algorithm_missing", "the header has no alg that is a string";
    /// `alg` names nothing that this engine verifies: `none`, a symmetric algorithm, or an unknown one.
    AlgorithmUnsupported = Policy, 401, "algorithm_unsupported", "the alg is none, symmetric or unknown";
    /// `alg` is not in the policy's list.
    AlgorithmNotAllowed = Policy, 401, "algorithm_not_allowed", "the policy does not allow this alg";
    /// No `kid`, or one that is not a string.
    KeyIdMissing = Parse, 401, "key_id_missing", "the header has no kid that is a string";
    /// `kid` is outside the grammar of the specification.
    KeyIdInvalid = Parse, 401, "key_id_invalid", "the kid is not made of non-empty segments of letters, digits and . _ - +, none of them . or ..";
    /// `crit` is present (RFC 7515 section 4.1.11): this engine knows no extension.
    CriticalHeader = Parse, 401, "critical_header", "the header has crit, and no extension is known here";
    /// The payload is not one JSON object in UTF-8 (RFC 7519 section 7.2, step 10).
    InvalidClaims = Parse, 401, "invalid_claims", "the payload is not one JSON object in UTF-8";
    /// Arrays or objects nested deeper than the limit.
    NestingTooDeep = Parse, 401, "nesting_too_deep", "arrays or objects are nested deeper than the limit";
    /// A claim occurs twice (RFC 7519 section 4).
    DuplicateClaim = Parse, 401, "duplicate_claim", "a claim occurs twice";
    /// No `iss`.
    IssuerMissing = Parse, 401, "issuer_missing", "the claims have no iss";
    /// `iss` is not a string, or one that can name no issuer: for ASAP outside of the grammar of `kid`, for Connect empty or too long.
    IssuerInvalid = Parse, 401, "issuer_invalid", "the iss is not a string that may name an issuer";
    /// No `exp`.
    ExpiryMissing = Parse, 401, "expiry_missing", "the claims have no exp";
    /// `exp` is not a number (RFC 7519 section 4.1.4).
    ExpiryInvalid = Parse, 401, "expiry_invalid", "the exp is not a number";
    /// No `iat`.
    IssuedAtMissing = Parse, 401, "issued_at_missing", "the claims have no iat";
    /// `iat` is not a number (RFC 7519 section 4.1.6).
    IssuedAtInvalid = Parse, 401, "issued_at_invalid", "the iat is not a number";
    /// No `aud`.
    AudienceMissing = Parse, 401, "audience_missing", "the claims have no aud";
    /// `aud` is neither a string nor an array of strings (RFC 7519 section 4.1.3).
    AudienceInvalid = Parse, 401, "audience_invalid", "the aud is neither a string nor an array of strings";
    /// No `jti`.
    TokenIdMissing = Parse, 401, "token_id_missing", "the claims have no jti";
    /// `jti` is not a string (RFC 7519 section 4.1.7).
    TokenIdInvalid = Parse, 401, "token_id_invalid", "the jti is not a string";
    /// `nbf` is present and not a number (RFC 7519 section 4.1.5).
    NotBeforeInvalid = Parse, 401, "not_before_invalid", "the nbf is not a number";
    /// No `nbf`, in a token that must have one.
    NotBeforeMissing = Parse, 401, "not_before_missing", "the claims have no nbf";
    /// `sub` is present and not a string (RFC 7519 section 4.1.2).
    SubjectInvalid = Parse, 401, "subject_invalid", "the sub is not a string";
    /// Forge: no `app`.
    AppMissing = Parse, 401, "app_missing", "the claims have no app";
    /// Forge: `app` is not an object with what a remote needs of it, or a part of it has another type than documented.
    AppInvalid = Parse, 401, "app_invalid", "the app is not an object of the documented form";
    /// Forge: `context` is present and not an object of the documented form.
    ContextInvalid = Parse, 401, "context_invalid", "the context is not an object of the documented form";
    /// Forge: `principal` is present and not a string.
    PrincipalInvalid = Parse, 401, "principal_invalid", "the principal is not a string";
    /// Trello: no `idPlugin` that is a string.
    PluginMissing = Parse, 401, "plugin_missing", "the claims have no idPlugin that is a string";
    /// Trello: no `idMember` that is a string and names somebody.
    MemberMissing = Parse, 401, "member_missing", "the claims have no idMember that is a string with something in it";
    /// Trello: `idBoard` is present and not a string.
    BoardInvalid = Parse, 401, "board_invalid", "the idBoard is not a string";
    /// Trello: `state` is present and not a string.
    StateInvalid = Parse, 401, "state_invalid", "the state is not a string";
    /// Trello: `state` is longer than what the client library lets an app put there.
    StateTooLong = Parse, 401, "state_too_long", "the state is longer than the limit";
    /// No `qsh`, which every Connect token has.
    QueryHashMissing = Parse, 401, "query_hash_missing", "the claims have no qsh";
    /// `qsh` is not a string.
    QueryHashInvalid = Parse, 401, "query_hash_invalid", "the qsh is not a string";
    /// The message of an installation is not a JSON object with a `clientKey`.
    BodyInvalid = Parse, 401, "body_invalid", "the body is not one JSON object in UTF-8 with a clientKey";
    /// A Connect request is longer, or has more parameters, than one whose hash is computed.
    RequestTooLarge = Parse, 401, "request_too_large", "the request is longer or has more parameters than the limit";
    /// The parameters of a Connect request are malformed, and could be read in two ways.
    RequestMalformed = Parse, 401, "request_malformed", "a parameter of the request has a broken escape, holds NUL or is not UTF-8";
    /// `kid` does not start with `iss` and a slash: the issuer does not own the key.
    KeyNotOwned = Policy, 401, "key_not_owned", "the kid does not start with the iss and a slash";
    /// `iss` is not in the policy's list.
    IssuerNotAllowed = Policy, 401, "issuer_not_allowed", "the policy does not list this iss";
    /// Now is before `nbf`, or before `iat` where there is no `nbf`, by more than the leeway.
    NotYetValid = Policy, 401, "not_yet_valid", "the token is not valid yet";
    /// Now is after `exp` by more than the leeway.
    Expired = Policy, 401, "expired", "the token has expired";
    /// `exp` less `iat` exceeds one hour, or the policy's smaller cap.
    LifetimeTooLong = Policy, 401, "lifetime_too_long", "the token lives longer than one hour, or than the policy's smaller cap";
    /// Issued before this process began to remember tokens, under a policy that refuses those.
    IssuedBeforeStart = Policy, 401, "issued_before_start", "the token was issued before this server began to remember tokens";
    /// `exp` lies further ahead than a single-use token may live, so the replay log could not remember it.
    ExpiresTooLate = Policy, 401, "expires_too_late", "the exp is further ahead than a single-use token can be remembered";
    /// No `aud` is this resource server.
    AudienceMismatch = Policy, 401, "audience_mismatch", "no aud names this resource server";
    /// Trello: `idPlugin` is not this Power-Up.
    PluginMismatch = Policy, 401, "plugin_mismatch", "the idPlugin is not that of this Power-Up";
    /// `iss` is not the `clientKey` of the message.
    ClientKeyMismatch = Policy, 401, "client_key_mismatch", "the iss is not the clientKey of the body";
    /// `qsh` is `context-qsh`, at an endpoint that takes requests of the product only.
    QueryHashOfContext = Policy, 401, "query_hash_of_context", "the qsh is context-qsh, which this endpoint does not take";
    /// `qsh` is not `context-qsh`, at an endpoint for the app's own pages.
    QueryHashNotOfContext = Policy, 401, "query_hash_not_of_context", "the qsh is not context-qsh, which is all that this endpoint takes";
    /// `qsh` is not the hash of the request.
    QueryHashMismatch = Policy, 401, "query_hash_mismatch", "the qsh is not the hash of the request";
    /// The key source has no key of this `kid`.
    KeyUnknown = Key, 401, "key_unknown", "there is no key of this kid";
    /// The key source could not be asked. The token may be good.
    KeyUnavailable = Key, 503, "key_unavailable", "the key could not be fetched, so the token could not be checked";
    /// The tenant store has no tenant of this `iss`.
    TenantUnknown = Key, 401, "tenant_unknown", "there is no tenant of this iss";
    /// The tenant store could not be asked. The token may be good.
    TenantUnavailable = Key, 503, "tenant_unavailable", "the tenant's secret could not be fetched, so the token could not be checked";
    /// `alg` is not one that the key can verify (RFC 8725 section 3.1).
    AlgorithmMismatch = Key, 401, "algorithm_mismatch", "the alg is not one of the key's";
    /// The signature is not that of the key over the token.
    SignatureInvalid = Signature, 401, "signature_invalid", "the signature is not that of the key";
    /// A token of this `iss` and `jti` was accepted before, and this resource server enforces single use.
    Replayed = Replay, 401, "replayed", "a token of this iss and jti was accepted before";
    /// The replay log is full of live entries. The token may be good.
    ReplayLogFull = Replay, 503, "replay_log_full", "the replay log is full, so the token could not be remembered";
}

impl VerifyError {
    /// The value of `WWW-Authenticate` for a 401 (RFC 6750 section 3), or nothing for a 503.
    ///
    /// It tells the client `invalid_token` and no more: which check failed is for the operator
    /// (RFC 6750 section 3.1; an oracle helps only whoever forges).
    #[must_use]
    pub const fn challenge(self) -> Option<&'static str> {
        match self.status() {
            401 => Some(r#"Bearer error="invalid_token""#),
            _ => None,
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.detail())
    }
}

impl Error for VerifyError {}

/// The value of `WWW-Authenticate` for a request that carries no token at all: no error code
/// (RFC 6750 section 3.1, last paragraph).
pub const CHALLENGE_WITHOUT_TOKEN: &str = "Bearer";

macro_rules! rejections {
    ($( $(#[$doc:meta])* $variant:ident = $detail:literal; )+) => {
        /// Why key material was refused at load.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum KeyRejected {
            $( $(#[$doc])* $variant, )+
        }

        impl fmt::Display for KeyRejected {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $( Self::$variant => $detail, )+ })
            }
        }
    };
}

rejections! {
    /// Not exactly one PEM section with nothing around it (RFC 7468).
    NotPem = "expected one PEM section and nothing else";
    /// A PEM section of another label: a private key, a certificate.
    WrongPemLabel = "the PEM section has another label than the key that is expected";
    /// Not a data URI of the form `data:application/pkcs8;kid=...;base64,...`.
    NotDataUri = "expected data:application/pkcs8;kid=...;base64,...";
    /// The `kid` of a data URI is outside the grammar, or not the one that was expected.
    KeyIdMismatch = "the kid of the data URI is malformed or not the one that was expected";
    /// Not a DER structure of the expected kind, or bytes after it (RFC 5280 section 4.1.2.7).
    NotDer = "the key is not the DER structure it claims to be";
    /// An algorithm or curve that no allowed `alg` uses.
    UnsupportedAlgorithm = "the key's algorithm or curve is not one that is supported";
    /// Algorithm parameters that the algorithm does not have (RFC 3279 section 2.3.1, RFC 5480 section 2.1.1, RFC 8410 section 3).
    InvalidParameters = "the key's algorithm parameters are wrong";
    /// An RSA modulus outside 2048 to 8192 bits (RFC 7518 section 3.3), or even.
    RsaModulus = "the RSA modulus is even or outside 2048 to 8192 bits";
    /// An RSA exponent that is even, below 3, or beyond 33 bits.
    RsaExponent = "the RSA public exponent is even, below 3 or longer than 33 bits";
    /// A point that is not on the curve, or not in uncompressed form (RFC 5480 section 2.2); of Ed25519 also a spelling
    /// that RFC 8032 section 5.1.3 does not decode, and a point of small order, for which anyone can sign.
    InvalidPoint = "the point is not an uncompressed point of its curve, or one of small order";
    /// The backend did not take the key.
    Backend = "the cryptographic library refused the key";
    /// This build has no such backend.
    BackendMissing = "this build does not have the backend that was asked for";
}

impl Error for KeyRejected {}

/// A configuration that cannot work, found at start: one line that says what to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    message: String,
}

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ConfigError {}
