//! Whole numbers in 52-bit limbs, eight to a register.

use std::cmp::Ordering;

/// The bits of a limb: what one multiplication of AVX-512 IFMA takes of each lane.
pub(super) const LIMB_BITS: usize = 52;
/// 2^52 - 1.
pub(super) const LIMB_MASK: u64 = (1 << LIMB_BITS) - 1;
/// The lanes of a register.
pub(super) const LANES: usize = 8;

/// One register in memory, or one line of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [u64; LANES]);

/// A number of `Z` registers: 5 for 2048 bits, 8 for 3072, 10 for 4096.
///
/// Limb k is lane k / Z of register k mod Z. So one limb further is the next register, the same lane, and no lane has to move
/// but those of the last register. Between two functions every limb is below 2^52, unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct Number<const Z: usize>(pub(super) [Line; Z]);

impl<const Z: usize> Number<Z> {
    pub(super) const ZERO: Self = Self([Line([0; LANES]); Z]);

    /// The bytes of the modulus.
    pub(super) const BYTES: usize = match Z {
        5 => 256,
        8 => 384,
        10 => 512,
        _ => panic!("no modulus has this many registers"),
    };

    /// The limbs of the modulus, and of everything below 2^52 to that power: 40, 60 or 79.
    pub(super) const LIMBS: usize = (Self::BYTES * 8).div_ceil(LIMB_BITS);

    #[inline]
    pub(super) const fn limb(&self, k: usize) -> u64 {
        self.0[k % Z].0[k / Z]
    }

    #[inline]
    pub(super) const fn set_limb(&mut self, k: usize, value: u64) {
        self.0[k % Z].0[k / Z] = value;
    }

    /// The number below 2^52.
    pub(super) const fn small(value: u64) -> Self {
        let mut number = Self::ZERO;
        number.set_limb(0, value);
        number
    }

    /// Reads `BYTES` bytes, the highest first.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != Self::BYTES {
            return None;
        }
        // The longest modulus and one word more, since a limb may end in the word after the one it starts in.
        let mut words = [0_u64; 65];
        for (word, bytes) in words.iter_mut().zip(bytes.as_rchunks::<8>().1.iter().rev()) {
            *word = u64::from_be_bytes(*bytes);
        }
        let mut number = Self::ZERO;
        for k in 0..Self::LIMBS {
            let (word, shift) = (k * LIMB_BITS / 64, k * LIMB_BITS % 64);
            let pair = u128::from(words[word]) | u128::from(words[word + 1]) << 64;
            number.set_limb(k, (pair >> shift) as u64 & LIMB_MASK);
        }
        Some(number)
    }

    /// Writes `BYTES` bytes, the highest first. The number is below 256 to that power.
    pub(super) fn to_bytes(self, bytes: &mut [u8]) {
        let (mut limb, mut held, mut held_bits) = (0, 0_u128, 0);
        for word in bytes.as_rchunks_mut::<8>().1.iter_mut().rev() {
            while held_bits < 64 && limb < Self::LIMBS {
                held |= u128::from(self.limb(limb)) << held_bits;
                held_bits += LIMB_BITS;
                limb += 1;
            }
            *word = (held as u64).to_be_bytes();
            held >>= 64;
            held_bits = held_bits.saturating_sub(64);
        }
    }

    /// The same number modulo `modulus`: a few subtractions, for a number that is a few times as large at most.
    pub(super) fn reduced(mut self, modulus: &Self) -> Self {
        while self.is_at_least(modulus) {
            self.subtract(modulus);
        }
        self
    }

    fn is_at_least(&self, other: &Self) -> bool {
        (0..Self::LIMBS)
            .rev()
            .map(|k| self.limb(k).cmp(&other.limb(k)))
            .find(|order| order.is_ne())
            .is_none_or(Ordering::is_gt)
    }

    /// `other` is not greater.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = 0_i64;
        for k in 0..Self::LIMBS {
            let limb = self.limb(k).cast_signed() - other.limb(k).cast_signed() + borrow;
            self.set_limb(k, limb.cast_unsigned() & LIMB_MASK);
            borrow = limb >> LIMB_BITS;
        }
    }

    /// The same number with every limb below 2^52, one carry after the other: for limbs of up to 2^63. It is below
    /// 2^52 to the power of `LIMBS`.
    #[cold]
    pub(super) fn carried(mut self) -> Self {
        let mut carry = 0;
        for k in 0..Self::LIMBS {
            let limb = self.limb(k) + carry;
            self.set_limb(k, limb & LIMB_MASK);
            carry = limb >> LIMB_BITS;
        }
        self
    }
}
