//! The names that are known here, all of three letters, found without a branch on which it is.

/// The first eight bytes of a member, from its name's opening quote, as a number.
type Head = u64;

/// A member that is known: what its first bytes are.
#[derive(Clone, Copy)]
pub(super) struct Name {
    /// The bytes that count: name, quotes and colon, and the opening quote of a string.
    pub(super) mask: Head,
    /// What those are.
    pub(super) head: Head,
}

/// What is known of the members of a document.
pub(super) struct Names {
    /// The known members, by [`slot`].
    pub(super) members: [Name; 8],
    /// Which of them are strings, a bit a slot.
    pub(super) strings: u32,
    /// Which of them may be an array of strings instead.
    pub(super) array: Option<usize>,
    /// The name that no plain document has.
    pub(super) refused: Option<&'static [u8]>,
}

pub(super) const ALG: usize = slot(head(b"alg"));
pub(super) const KID: usize = slot(head(b"kid"));
pub(super) const TYP: usize = slot(head(b"typ"));

pub(super) const ISS: usize = slot(head(b"iss"));
pub(super) const EXP: usize = slot(head(b"exp"));
pub(super) const IAT: usize = slot(head(b"iat"));
pub(super) const AUD: usize = slot(head(b"aud"));
pub(super) const JTI: usize = slot(head(b"jti"));
pub(super) const NBF: usize = slot(head(b"nbf"));
pub(super) const SUB: usize = slot(head(b"sub"));

/// What may be known inside of an array.
pub(super) static NOTHING: [Name; 8] = members(&[], &[]);

pub(super) static HEADER: Names = Names {
    members: members(&[b"alg", b"kid", b"typ"], &[]),
    strings: 1 << ALG | 1 << KID | 1 << TYP,
    array: None,
    refused: Some(b"crit"),
};

pub(super) static PAYLOAD: Names = Names {
    members: members(&[b"iss", b"aud", b"jti", b"sub"], &[b"exp", b"iat", b"nbf"]),
    strings: 1 << ISS | 1 << AUD | 1 << JTI | 1 << SUB,
    array: Some(AUD),
    refused: None,
};

/// A quote, three letters, a quote and a colon.
pub(super) const NAME: Head = 0x0000_ffff_ffff_ffff;
/// The same and the opening quote of a string.
const STRING: Head = 0x00ff_ffff_ffff_ffff;

/// Which of eight places a member has by its name's letters. The known ones of a document have one each.
#[expect(
    clippy::as_conversions,
    reason = "four of the bytes are meant, and three of the bits"
)]
#[inline]
pub(super) const fn slot(head: Head) -> usize {
    const SPREAD: u32 = 0xd8f1_6adf;
    (((head >> 8) as u32).wrapping_mul(SPREAD) >> 29) as usize
}

/// The first bytes of a member with a string for its value.
const fn head(name: &[u8; 3]) -> Head {
    let [a, b, c] = *name;
    Head::from_le_bytes([b'"', a, b, c, b'"', b':', b'"', 0])
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, where a panic is an error"
)]
const fn members(strings: &[&[u8; 3]], numbers: &[&[u8; 3]]) -> [Name; 8] {
    // Nothing has all bits set where none of them counts.
    const NOBODY: Name = Name { mask: 0, head: !0 };
    let mut members = [NOBODY; 8];
    let (mut rest, mut mask) = (strings, STRING);
    loop {
        while let [name, others @ ..] = rest {
            let head = head(name);
            assert!(members[slot(head)].mask == 0, "two names in one place");
            members[slot(head)] = Name {
                mask,
                head: head & mask,
            };
            rest = others;
        }
        if mask == NAME {
            return members;
        }
        (rest, mask) = (numbers, NAME);
    }
}
