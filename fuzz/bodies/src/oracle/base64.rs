//! base64 by its definition (RFC 4648 section 4 and 5), a bit at a time.

/// The last two characters of an alphabet are what tells one from another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Alphabet {
    /// Section 4, with padding.
    Standard,
    /// Section 5, without padding.
    Url,
}

impl Alphabet {
    fn characters(self) -> Vec<u8> {
        let last = match self {
            Self::Standard => b"+/",
            Self::Url => b"-_",
        };
        (b'A'..=b'Z')
            .chain(b'a'..=b'z')
            .chain(b'0'..=b'9')
            .chain(*last)
            .collect()
    }
}

pub(crate) fn encode(alphabet: Alphabet, bytes: &[u8]) -> String {
    let characters = alphabet.characters();
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut bits: u32 = 0;
        for position in 0..3 {
            bits = bits << 8 | u32::from(group.get(position).copied().unwrap_or(0));
        }
        for position in 0..4 {
            if position <= group.len() {
                let index = bits >> (18 - 6 * position) & 63;
                text.push(char::from(characters[index as usize]));
            } else if matches!(alphabet, Alphabet::Standard) {
                text.push('=');
            }
        }
    }
    text
}

/// The bytes that `text` stands for, if it is their one spelling.
pub(crate) fn decode(alphabet: Alphabet, text: &[u8]) -> Option<Vec<u8>> {
    let characters = alphabet.characters();
    let mut unpadded = text;
    if matches!(alphabet, Alphabet::Standard) {
        while let [front @ .., b'='] = unpadded {
            unpadded = front;
        }
    }
    let mut bits: Vec<bool> = Vec::new();
    for byte in unpadded {
        let index = characters.iter().position(|one| one == byte)?;
        bits.extend((0..6).rev().map(|bit| index >> bit & 1 == 1));
    }
    let bytes: Vec<u8> = bits
        .chunks_exact(8)
        .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit)))
        .collect();
    (encode(alphabet, &bytes).as_bytes() == text).then_some(bytes)
}
