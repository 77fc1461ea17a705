//! Why a set of keys was refused.

use std::error::Error;
use std::fmt;

/// Why a set of keys was refused, as a whole. It quotes nothing of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySetRejected {
    /// Longer than [`MAX_KEY_SET_LENGTH`](crate::limits::MAX_KEY_SET_LENGTH).
    TooLong,
    /// Not one JSON object in UTF-8, or nested too deep.
    NotJson,
    /// A member occurs twice, in the set or in a key of it (RFC 7517 sections 4 and 5).
    DuplicateMember,
    /// No `keys` that is an array of what it should hold (RFC 7517 section 5.1).
    NotASet,
    /// More keys than [`MAX_KEYS_IN_SET`](crate::limits::MAX_KEYS_IN_SET), or of PEM texts than
    /// [`MAX_KEYS_TRIED`](crate::limits::MAX_KEYS_TRIED).
    TooManyKeys,
    /// A key with a member of a wrong type, or with numbers that no key has.
    MalformedKey,
    /// A key with a private or symmetric member.
    PrivateMember,
    /// Two keys of one `kid` for one algorithm.
    DuplicateKeyId,
    /// Not one key to verify signatures with.
    NoKeys,
    /// This build has no such backend.
    BackendMissing,
}

impl fmt::Display for KeySetRejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the key set is longer than the limit",
            Self::NotJson => "the key set is not one JSON object in UTF-8",
            Self::DuplicateMember => "a member of the key set or of a key in it occurs twice",
            Self::NotASet => "the key set has no keys that is an array of keys",
            Self::TooManyKeys => "the key set has more keys than the limit",
            Self::MalformedKey => "a key of the set is malformed",
            Self::PrivateMember => "the key set has a private or symmetric key in it",
            Self::DuplicateKeyId => "two keys of the set have the same kid",
            Self::NoKeys => "the key set has no key that verifies signatures here",
            Self::BackendMissing => "this build does not have the backend that was asked for",
        })
    }
}

impl Error for KeySetRejected {}
