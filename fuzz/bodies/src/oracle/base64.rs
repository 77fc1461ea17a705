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
    const fn characters(self) -> &'static [u8; 64] {
        match self {
            Self::Standard => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            Self::Url => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        }
    }
}

pub(crate) fn encode(alphabet: Alphabet, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for group in bytes.chunks(3) {
        let mut bits: u32 = 0;
        for position in 0..3 {
            bits = bits << 8 | u32::from(group.get(position).copied().unwrap_or(0));
        }
        for position in 0..4 {
            if position <= group.len() {
                let index = bits >> (18 - 6 * position) & 63;
                text.push(char::from(alphabet.characters()[index as usize]));
            } else if matches!(alphabet, Alphabet::Standard) {
                text.push('=');
            }
        }
    }
    text
}

/// The bytes that `text` stands for, if it is their one spelling.
pub(crate) fn decode(alphabet: Alphabet, text: &[u8]) -> Option<Vec<u8>> {
    let mut unpadded = text;
    if matches!(alphabet, Alphabet::Standard) {
        while let [front @ .., b'='] = unpadded {
            unpadded = front;
        }
    }
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0_u32, 0);
    for byte in unpadded {
        let characters = alphabet.characters().iter();
        let index = characters.zip(0..).find(|(one, _)| *one == byte)?.1;
        bits = bits << 6 | index;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (encode(alphabet, &bytes).as_bytes() == text).then_some(bytes)
}
