//! The reader for processors with AVX-512 (F, BW, VL, VBMI, VBMI2): 64 characters become 48 bytes in a register, where
//! the quotes are found too, so that the members are known before anything is read back.
//!
//! What it answers is what [`super::portable`] answers, for every sequence of bytes.

mod decode;
mod document;
mod header;
mod index;
mod members;
mod names;
mod number;

use self::document::Document;
use self::header::Header;
pub(super) use self::header::Remembered;
use self::index::Index;
use self::members::Members;
use super::{PlainAudience, PlainRoom, PlainToken};
use crate::processor;

/// Reads `token`, if the processor has what that takes.
#[inline]
pub(super) fn read<'a>(token: &'a [u8], room: &'a mut PlainRoom) -> Option<PlainToken<'a>> {
    if !is_available() {
        return None;
    }
    // SAFETY: the processor has the features that the function asks for.
    unsafe { read_with_avx512(token, room) }
}

/// Whether the processor has what this takes.
#[inline]
pub(super) fn is_available() -> bool {
    processor::has_byte_permutations()
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
fn read_with_avx512<'a>(token: &'a [u8], room: &'a mut PlainRoom) -> Option<PlainToken<'a>> {
    let Header {
        algorithm,
        key_id,
        length: header_end,
    } = room.remembered.header(token, &mut room.header)?;

    let mut index = Index::new();
    let rest = token.get(header_end.wrapping_add(1)..)?;
    let payload_end = index.read(rest, &mut room.payload)?;
    let signature = rest.get(payload_end.wrapping_add(1)..)?;
    let signature = decode::signature(signature, &mut room.signature)?;
    // SAFETY: the index has just read into this area.
    let payload = unsafe { Document::new(&room.payload, &index) }?;
    let mut claims = Members::new();
    claims.read(&payload, &names::PAYLOAD)?;
    let subject = match claims.span(names::SUB) {
        Some(span) => Some(payload.string(span)?),
        None => None,
    };
    let (expires_at, issued_at) = (claims.span(names::EXP)?, claims.span(names::IAT)?);
    // Without one, the time that takes its place.
    let not_before = claims.span(names::NBF);
    let has_not_before = not_before.is_some();
    let times = [expires_at, issued_at, not_before.unwrap_or(issued_at)];
    let [expires_at, issued_at, not_before] = payload.seconds(times)?;
    let audience = claims.span(names::AUD)?;
    let audience = PlainAudience {
        spelling: if claims.has_array {
            payload.spelling(audience)?
        } else {
            payload.string(audience)?
        },
        is_array: claims.has_array,
    };
    Some(PlainToken {
        signing_input: token.get(..header_end.wrapping_add(1).wrapping_add(payload_end))?,
        signature,
        algorithm,
        key_id,
        issuer: payload.string(claims.span(names::ISS)?)?,
        subject,
        audience,
        token_id: payload.string(claims.span(names::JTI)?)?,
        expires_at,
        issued_at,
        not_before: has_not_before.then_some(not_before),
        document: payload.text,
    })
}
