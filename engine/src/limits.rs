//! Every bound that an outsider could lean on, and why it has that value.

use std::time::Duration;

/// The longest token that a policy admits unless told otherwise, in bytes. A realistic token has 400 to 1,000;
/// common HTTP servers refuse a header line beyond 8 KiB.
pub const DEFAULT_MAX_TOKEN_LENGTH: usize = 8 * 1024;

/// The longest token that a policy may be told to admit, in bytes: parsing stays under some 20 microseconds.
pub const MAX_TOKEN_LENGTH: usize = 64 * 1024;

/// The deepest nesting of arrays and objects in a header or payload, the object itself included. The reader
/// does not recurse, so this bounds nonsense and not the stack.
pub const MAX_NESTING: usize = 32;

/// The longest `kid` or `iss`, in bytes: a URL path that every HTTP server takes.
pub const MAX_KEY_ID_LENGTH: usize = 1024;

/// The longest life of a token: "There is a hard limit of one hour."
pub const MAX_LIFETIME: Duration = Duration::from_secs(3600);

/// The grace period unless told otherwise. Services on synchronised clocks differ by less than a second;
/// without NTP, users report some seconds.
pub const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);

/// The longest grace period: beyond five minutes a clock is broken and hides what it should show.
pub const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// RSA moduli, in bits. RFC 7518 section 3.3: "A key of size 2048 bits or larger MUST be used"; the cost of a
/// verification grows with the square, and 8192 bits take some 200 microseconds.
pub(crate) const RSA_MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The longest RSA public exponent, in bits: what both backends take. The cost grows with it.
pub(crate) const RSA_MAX_EXPONENT_BITS: usize = 33;

/// The largest PEM text of one key, in bytes. An RSA key of 8192 bits takes some 1,500.
pub const MAX_PEM_LENGTH: usize = 64 * 1024;
