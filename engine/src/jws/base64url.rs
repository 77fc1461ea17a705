//! base64url as RFC 7515 section 2 has it: no padding, no whitespace, no foreign characters. Trailing bits
//! must be zero (RFC 4648 section 3.5), so that one sequence of bytes has one spelling.

use base64_simd::{Out, URL_SAFE_NO_PAD};

/// How many bytes `encoded` characters stand for, at most.
pub(crate) const fn decoded_length(encoded: usize) -> usize {
    encoded.div_ceil(4).saturating_mul(3)
}

/// Decodes `encoded` into the front of `out`. `None` if it is not base64url, or if `out` is too short.
pub(crate) fn decode<'o>(encoded: &[u8], out: &'o mut [u8]) -> Option<&'o [u8]> {
    if out.len() < decoded_length(encoded.len()) {
        return None;
    }
    let decoded = URL_SAFE_NO_PAD.decode(encoded, Out::from_slice(out)).ok()?;
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let mut out = vec![0; decoded_length(text.len())];
        decode(text.as_bytes(), &mut out).map(<[u8]>::to_vec)
    }

    #[test]
    fn every_length_decodes_as_the_definition_says() {
        assert_eq!(decoded("").unwrap(), b"");
        assert_eq!(decoded("_w").unwrap(), [255]);
        assert_eq!(decoded("-_8").unwrap(), [251, 255]);
        assert_eq!(decoded("AQID").unwrap(), [1, 2, 3]);
        for length in 0..200_usize {
            let bytes = vec![0xa5; length];
            let text: String = URL_SAFE_NO_PAD.encode_type(&bytes);
            assert_eq!(decoded(&text).unwrap(), bytes, "{length}");
        }
    }

    #[test]
    fn padding_whitespace_foreign_characters_and_trailing_bits_are_refused() {
        for text in [
            "A", "AQ==", "AQI=", "AQI D", "AQID\n", "AQ+_", "AQ/-", "AQI\0", "_x", "-_9", "AAAAA",
        ] {
            assert!(decoded(text).is_none(), "{text:?}");
        }
        // The same in every lane of the vectorised loop.
        for position in 0..64 {
            let mut text = vec![b'A'; 64];
            text[position] = b'=';
            assert!(decode(&text, &mut [0; 64]).is_none(), "{position}");
        }
    }
}
