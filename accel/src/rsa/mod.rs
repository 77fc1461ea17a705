//! RSA signatures with e = 65537 under moduli of exactly 2048, 3072 or 4096 bits: verified, never made. Nothing here is
//! secret, and nothing here is fit for a secret: times and branches depend on the numbers.
//!
//! A [`VerifyKey`] works by the kernel, which needs AVX-512 IFMA ([`is_available`]), or by its twin in `portable.rs`, which does
//! the same arithmetic one limb after the other and is what the kernel is held against. For keys outside of the domain
//! [`VerifyKey::new`] answers nothing, and the caller asks a library.
//!
//! # The arithmetic
//!
//! Let β = 2^52. A number has L limbs below β: 40, 60 or 79 for the three sizes. Let R = β^L, so R > 2^12 n for each modulus n.
//!
//! **A product** of a and b is made row by row: row i adds a * b_i, and then the total T is divided by β. What it takes to make
//! T divisible is not added in front of the division, as Montgomery does it, but made up for behind it: with q = T mod β
//! and M = 1/β mod n,
//!
//! ```text
//! T  ->  (T - q) / β  +  q * M          which is T / β modulo n
//! ```
//!
//! So the multiplier q is there without a multiplication, and `vpmadd52` takes the low 52 bits of a lane by itself. The last row alone
//! is Montgomery's, T -> (T + (-T/n mod β) * n) / β, since it keeps the result small:
//!
//! ```text
//! T before it  <=  a * (b without its highest limb) / β^(L-1)  +  (β - 1) * n * (1 + 1/β + 1/β^2 + ...)   (the sum is β * n)
//! T behind it  <=  a * b / R  +  n  +  n
//! ```
//!
//! With a, b < 2.1 n that is below 2 n + 4.41 n * n / R < 2.1 n, so products can follow each other with neither a
//! subtraction nor a comparison. The digest (below) is a product of 5, 8 or 10 rows with a factor below n and one below β^rows / 16: below
//! 2.1 n too.
//!
//! **High halves** of a row land one limb above its low halves. They are added after the division, when that limb has become
//! the one of the low halves: no register moves for them.
//!
//! **Limbs may grow** while a product is made: one is added to at most four times a row, each time less than 2^52, for at most 79
//! rows and the last one twice more: below 2^61. Then the carries move by one limb, all at once, and in the next to impossible
//! case that one of them goes on from there, one by one.
//!
//! **Registers**: limb k is lane k / Z of register k mod Z, where Z is 5, 8 or 10. A division by β renames the registers; only
//! the lowest moves, by a lane. With each register holding a run of limbs, all of them would have to move. **Squares** need
//! 15, 36 or 55 products of registers for every 25, 64 or 100: see `avx512/square.rs`.
//!
//! **The power.** Each product divides by R: 16 squarings of s give s^65536 / R^65535, and one more product with s gives
//!
//! ```text
//! z = s^65537 / R^65536 mod n
//! ```
//!
//! Neither s nor z is ever converted. What z has to be compared with is divided by R^65536 instead: the padded digest is P + h,
//! where P is the padding with zeros for the digest and h is the digest, so
//!
//! ```text
//! w = P / R^65536  +  h * (1 / R^65536)     modulo n
//! ```
//!
//! where the first part and the factor of h are constants of the key, and h has 5 limbs instead of 40. R and n have no common
//! factor, so z = w exactly if s^65537 = P + h modulo n, and P + h is below n. PSS needs the encoded message itself: one more product,
//! with R^65537.
//!
//! **The comparison** is exact: z - w must be q * n with -3 <= q <= 2, and what is left after taking off the nearest such multiple must
//! be zero in every limb, with its carries: `avx512/compare.rs`.
//!
//! # Why nothing false is accepted
//!
//! - A signature has the length of n and is below n (RFC 8017 sections 8.2.2 and 5.2.2), or it is refused before any arithmetic.
//! - The constants of a key are checked when it is prepared, each by an identity that num-bigint computes: `key.rs`. Even
//!   and short moduli are refused before.
//! - Whole values are compared. A wrong carry in z makes a number that is w for one in 2^2000, not one that is likely.
//!
//! # Sources
//!
//! Montgomery, "Modular multiplication without trial division" (1985). Gueron and Krasnov, "Software implementation of modular
//! exponentiation, using advanced vector instructions architectures" (2012) and "Accelerating big integer arithmetic using Intel
//! IFMA extensions" (2016), whose products stay below 2 n ("almost Montgomery"). RFC 8017 for everything around them. The layout of
//! the registers and the squares over it were found here.

// Every index is a constant, or the counter of a loop over an array whose size is a constant. What overflows is proven not to by
// the bounds above, panics in a test, and is meant where it says `wrapping`. The conversions cut limbs off.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::needless_range_loop
)]

#[cfg(target_arch = "x86_64")]
mod avx512;
mod counters;
mod key;
mod number;
mod pkcs1;
mod portable;
mod pss;
#[cfg(test)]
mod tests;
mod way;

use std::fmt;

pub use counters::RareWay;
use key::Key;
use number::{LIMB_BITS, LIMB_MASK, Number};
use way::Way;

#[cfg(target_arch = "x86_64")]
use crate::processor;

/// The hash functions of RFC 7518 sections 3.3 and 3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The length of a digest, in bytes.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    const fn limbs(self) -> usize {
        (self.length() * 8).div_ceil(LIMB_BITS)
    }

    const fn index(self) -> usize {
        match self {
            Self::Sha256 => 0,
            Self::Sha384 => 1,
            Self::Sha512 => 2,
        }
    }
}

/// Whether this processor has what the kernel takes: AVX-512 F, DQ and IFMA. Without it a key works by the portable twin, which
/// is slower than any library and serves tests.
#[inline]
#[must_use]
pub fn is_available() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        processor::has_wide_multiplications()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// A public key with e = 65537 that is ready to verify signatures.
pub struct VerifyKey(Size);

enum Size {
    Bits2048(Box<Key<5>>),
    Bits3072(Box<Key<8>>),
    Bits4096(Box<Key<10>>),
}

/// Does the same with a key of any size.
macro_rules! sized {
    ($sized:expr, $key:ident => $body:expr) => {
        match &$sized {
            Size::Bits2048($key) => $body,
            Size::Bits3072($key) => $body,
            Size::Bits4096($key) => $body,
        }
    };
}

impl VerifyKey {
    /// Prepares a modulus.
    #[must_use]
    pub fn new(modulus: &[u8]) -> Option<Self> {
        Self::prepared(modulus, Way::best())
    }

    /// As [`new`](Self::new), by the portable twin alone: for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn new_portably(modulus: &[u8]) -> Option<Self> {
        Self::prepared(modulus, Way::Portable)
    }

    fn prepared(modulus: &[u8], way: Way) -> Option<Self> {
        let sized = match modulus.len() {
            256 => Size::Bits2048(Box::new(Key::new(modulus, way)?)),
            384 => Size::Bits3072(Box::new(Key::new(modulus, way)?)),
            512 => Size::Bits4096(Box::new(Key::new(modulus, way)?)),
            _ => return None,
        };
        Some(Self(sized))
    }

    /// Whether `signature` is one of RSASSA-PKCS1-v1_5 over `digest` (RFC 8017 section 8.2.2).
    #[inline]
    #[must_use]
    pub fn verify_pkcs1(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        self.pkcs1(Way::best(), hash, digest, signature)
    }

    /// As [`verify_pkcs1`](Self::verify_pkcs1), by the portable twin: for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn verify_pkcs1_portably(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        self.pkcs1(Way::Portable, hash, digest, signature)
    }

    fn pkcs1(&self, way: Way, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        if digest.len() != hash.length() {
            return false;
        }
        let limbs = digest_limbs(digest);
        let limbs = &limbs[..hash.limbs()];
        sized!(self.0, key => {
            let Some(s) = key.signature(signature) else {
                return false;
            };
            way.is_power_padded(key, &s, key.digested(hash), limbs)
        })
    }

    /// Whether `signature` is one of RSASSA-PSS over `digest` (RFC 8017 section 8.1.2).
    #[inline]
    #[must_use]
    pub fn verify_pss<D: AsRef<[u8]>>(
        &self,
        hash: Hash,
        digest: &[u8],
        signature: &[u8],
        hash_function: impl Fn(&[u8]) -> D,
    ) -> bool {
        self.recover(signature)
            .is_some_and(|encoded| pss::is_encoding(encoded.as_ref(), hash, digest, hash_function))
    }

    /// As [`verify_pss`](Self::verify_pss), by the portable twin: for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn verify_pss_portably<D: AsRef<[u8]>>(
        &self,
        hash: Hash,
        digest: &[u8],
        signature: &[u8],
        hash_function: impl Fn(&[u8]) -> D,
    ) -> bool {
        self.recover_portably(signature)
            .is_some_and(|encoded| pss::is_encoding(encoded.as_ref(), hash, digest, hash_function))
    }

    /// The signature to the power of 65537 modulo the modulus: RSAVP1 (RFC 8017 section 5.2.2). `None` if the signature is
    /// not as long as the modulus, or not below it.
    #[inline]
    #[must_use]
    pub fn recover(&self, signature: &[u8]) -> Option<Encoded> {
        self.recovered(Way::best(), signature)
    }

    /// As [`recover`](Self::recover), by the portable twin: for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn recover_portably(&self, signature: &[u8]) -> Option<Encoded> {
        self.recovered(Way::Portable, signature)
    }

    fn recovered(&self, way: Way, signature: &[u8]) -> Option<Encoded> {
        let mut encoded = Encoded {
            bytes: [0; 512],
            length: signature.len(),
        };
        sized!(self.0, key => {
            let s = key.signature(signature)?;
            let power = way.power(key, &s).reduced(&key.modulus);
            power.to_bytes(encoded.bytes.get_mut(..encoded.length)?);
        });
        Some(encoded)
    }
}

impl fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyKey").finish_non_exhaustive()
    }
}

impl<const Z: usize> Key<Z> {
    /// A signature is as long as the modulus, and below it (RFC 8017 sections 8.2.2 step 1 and 5.2.2 step 1).
    #[inline]
    fn signature(&self, bytes: &[u8]) -> Option<Number<Z>> {
        if bytes.len() != self.modulus_bytes.len() || bytes >= &*self.modulus_bytes {
            return None;
        }
        Number::from_bytes(bytes)
    }
}

/// An encoded message, the highest byte first, as long as the modulus.
#[derive(Clone, Copy)]
pub struct Encoded {
    bytes: [u8; 512],
    length: usize,
}

impl AsRef<[u8]> for Encoded {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded").finish_non_exhaustive()
    }
}

/// A digest of up to 512 bits as a number, in limbs.
fn digest_limbs(digest: &[u8]) -> [u64; 10] {
    let mut words = [0_u64; 9];
    for (word, bytes) in words
        .iter_mut()
        .zip(digest.as_rchunks::<8>().1.iter().rev())
    {
        *word = u64::from_be_bytes(*bytes);
    }
    let mut limbs = [0; 10];
    for (k, limb) in limbs.iter_mut().enumerate() {
        let (word, shift) = (k * LIMB_BITS / 64, k * LIMB_BITS % 64);
        let pair = u128::from(words[word]) | u128::from(words[word + 1]) << 64;
        *limb = (pair >> shift) as u64 & LIMB_MASK;
    }
    limbs
}
