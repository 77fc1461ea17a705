//! The JWS compact serialisation (RFC 7515 section 7.1): three base64url segments joined by two dots.
//!
//! First stage of the way of a token. It borrows the token, decodes into a caller's [`Scratch`], and says
//! nothing about whether the token is wanted or authentic: all it hands out is unverified.

pub(crate) mod base64url;
pub(crate) mod fields;
mod header;
pub(crate) mod json;
pub(crate) mod names;
mod scratch;

pub(crate) use header::{Header, Parameters};
pub(crate) use scratch::Room;
pub use scratch::Scratch;

use crate::error::VerifyError;
use json::Spare;

/// A token split at its dots.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compact<'t> {
    signing_input: &'t [u8],
    header: &'t [u8],
    payload: &'t [u8],
    signature: &'t [u8],
}

impl<'t> Compact<'t> {
    /// Splits `token` into three segments. Whether the third one ends the token shows when it is decoded: a dot is
    /// not base64url.
    pub(crate) fn split(token: &'t [u8]) -> Result<Self, VerifyError> {
        let mut dots = memchr::memchr_iter(b'.', token);
        let (Some(first), Some(second)) = (dots.next(), dots.next()) else {
            return Err(VerifyError::NotCompact);
        };
        let split = || {
            let (signing_input, signature) = token.split_at_checked(second)?;
            let (header, payload) = signing_input.split_at_checked(first)?;
            Some(Self {
                signing_input,
                header,
                payload: payload.strip_prefix(b".")?,
                signature: signature.strip_prefix(b".")?,
            })
        };
        split().ok_or(VerifyError::NotCompact)
    }

    /// Decodes the three segments into `room`.
    pub(crate) fn decode<'a>(&self, room: &'a mut Room) -> Result<Decoded<'a>, VerifyError> {
        self.decode_segments(room).ok_or_else(|| {
            if self.signature.contains(&b'.') {
                VerifyError::NotCompact
            } else {
                VerifyError::InvalidBase64
            }
        })
    }

    fn decode_segments<'a>(&self, room: &'a mut Room) -> Option<Decoded<'a>> {
        let room_for = |segment: &[u8]| base64url::decoded_length(segment.len());
        // An unescaped string is never longer than its escaped form, so header and payload once more is room
        // for all of them.
        let text_length = room_for(self.header).saturating_add(room_for(self.payload));
        let room = room.bytes(
            text_length
                .saturating_mul(2)
                .saturating_add(room_for(self.signature)),
        );
        let (unverified_header, room) = decode_front(self.header, room)?;
        let (unverified_payload, room) = decode_front(self.payload, room)?;
        let (signature, room) = decode_front(self.signature, room)?;
        Some(Decoded {
            unverified_header,
            unverified_payload,
            signature,
            spare: Spare::new(room),
        })
    }

    /// The bytes that the signature is over: header and payload as they were sent, with their dot.
    pub(crate) const fn signing_input(&self) -> &'t [u8] {
        self.signing_input
    }
}

/// Decodes `segment` into the front of `room`, and gives back the rest of it.
fn decode_front<'a>(segment: &[u8], room: &'a mut [u8]) -> Option<(&'a [u8], &'a mut [u8])> {
    let (front, rest) = room.split_at_mut_checked(base64url::decoded_length(segment.len()))?;
    Some((base64url::decode(segment, front)?, rest))
}

/// The decoded segments, none of them verified.
#[derive(Debug)]
pub(crate) struct Decoded<'a> {
    pub(crate) unverified_header: &'a [u8],
    pub(crate) unverified_payload: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) spare: Spare<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why a token is not three segments of base64url.
    fn refusal(token: &[u8]) -> Option<VerifyError> {
        let split = Compact::split(token);
        let mut room = Room::new();
        split
            .and_then(|compact| compact.decode(&mut room).map(drop))
            .err()
    }

    #[test]
    fn exactly_three_segments_are_taken() {
        let compact = Compact::split(b"aa.bb.cc").unwrap();
        assert_eq!(compact.signing_input(), b"aa.bb");
        assert_eq!(
            (compact.header, compact.payload, compact.signature),
            (&b"aa"[..], &b"bb"[..], &b"cc"[..])
        );
        assert_eq!(refusal(b".."), None);
        for token in [
            &b""[..],
            b".",
            b"aa",
            b"aa.bb",
            b"aa.bb.cc.dd",
            b"a.b.c.d.e",
            b"...",
            b"{\"payload\":\"\"}",
            b"e30=.AQI D.AA.",
        ] {
            assert_eq!(refusal(token), Some(VerifyError::NotCompact));
        }
    }

    #[test]
    fn each_segment_is_decoded_strictly() {
        let mut room = Room::new();
        let decoded = Compact::split(b"e30.AQID.")
            .unwrap()
            .decode(&mut room)
            .unwrap();
        assert_eq!(decoded.unverified_header, b"{}");
        assert_eq!(decoded.unverified_payload, [1, 2, 3]);
        assert_eq!(decoded.signature, []);
        for token in [
            &b"e30=.AQID.AA"[..],
            b"e30.AQI D.AA",
            b"e30.AQID.AB",
            b"e30.AQID.+/A",
        ] {
            assert_eq!(refusal(token), Some(VerifyError::InvalidBase64));
        }
    }

    #[test]
    fn a_token_larger_than_the_inline_room_decodes_too() {
        let token = [&b"e30."[..], &[b'A'; 40_000], b".AQID"].concat();
        let mut room = Room::new();
        let decoded = Compact::split(&token).unwrap().decode(&mut room).unwrap();
        assert_eq!(decoded.unverified_payload, vec![0; 30_000]);
        assert_eq!(decoded.signature, [1, 2, 3]);
    }
}
