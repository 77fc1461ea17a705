//! The definition of a plain token in code: a byte at a time, with nothing clever in it.
//!
//! The oracle of the fast reader, and for nothing else. It shares no code with it.

use std::mem::MaybeUninit;

use super::{
    MAX_DIGITS, MAX_HEADER, MAX_NAME, MAX_OTHERS, MAX_PAYLOAD, MAX_SIGNATURE, PlainAudience,
    PlainRoom, PlainToken,
};

pub(super) fn read<'a>(token: &'a [u8], room: &'a mut PlainRoom) -> Option<PlainToken<'a>> {
    let (header, payload, signature) = segments(token)?;
    let signing_input = token.get(..header.len().checked_add(1)?.checked_add(payload.len())?)?;
    let header = text(decode(header, MAX_HEADER, &mut room.header.0)?)?;
    let document = text(decode(payload, MAX_PAYLOAD, &mut room.payload.0)?)?;
    let signature = decode(signature, MAX_SIGNATURE, &mut room.signature.0)?;

    let parameters = Members::read(header, &["alg", "kid", "typ"])?;
    if parameters.find("crit").is_some() {
        return None;
    }
    if let Some(value) = parameters.find("typ") {
        value.string()?;
    }

    let claims = Members::read(document, &["iss", "exp", "iat", "aud", "jti", "nbf", "sub"])?;
    let subject = match claims.find("sub") {
        Some(value) => Some(value.string()?),
        None => None,
    };
    let not_before = match claims.find("nbf") {
        Some(value) => Some(value.seconds()?),
        None => None,
    };
    Some(PlainToken {
        signing_input,
        signature,
        algorithm: parameters.find("alg")?.string()?,
        key_id: parameters.find("kid")?.string()?,
        issuer: claims.find("iss")?.string()?,
        subject,
        audience: claims.find("aud")?.audience()?,
        token_id: claims.find("jti")?.string()?,
        expires_at: claims.find("exp")?.seconds()?,
        issued_at: claims.find("iat")?.seconds()?,
        not_before,
        document,
    })
}

fn segments(token: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut segments = token.split(|byte| *byte == b'.');
    let three = (segments.next()?, segments.next()?, segments.next()?);
    segments.next().is_none().then_some(three)
}

/// Decodes a segment (RFC 4648 section 5, without padding) that is not longer than `limit`.
fn decode<'a>(segment: &[u8], limit: usize, area: &'a mut [MaybeUninit<u8>]) -> Option<&'a [u8]> {
    if segment.len() > limit {
        return None;
    }
    let mut decoded = Vec::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for &character in segment {
        let value = match character {
            b'A'..=b'Z' => character.wrapping_sub(b'A'),
            b'a'..=b'z' => character.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => character.wrapping_sub(b'0').wrapping_add(52),
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count = count.wrapping_add(6);
        if count >= 8 {
            count = count.wrapping_sub(8);
            decoded.push(u8::try_from(bits >> count).ok()?);
            bits &= !(u32::MAX << count);
        }
    }
    // A character that begins a byte, or bits that count for nothing and are not zero.
    if count == 6 || bits != 0 {
        return None;
    }
    Some(area.get_mut(..decoded.len())?.write_copy_of_slice(&decoded))
}

/// The text of a document, if each byte may stand in a plain one.
fn text(document: &[u8]) -> Option<&str> {
    let is_plain = |byte: &u8| matches!(byte, 0x20..=0x7f) && *byte != b'\\';
    if !document.iter().all(is_plain) {
        return None;
    }
    std::str::from_utf8(document).ok()
}

#[derive(Clone, Copy)]
enum Value<'a> {
    String(&'a str),
    Number(&'a str),
    Array(&'a str),
}

impl<'a> Value<'a> {
    const fn string(self) -> Option<&'a str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    fn seconds(self) -> Option<i64> {
        match self {
            Self::Number(literal) => literal.parse().ok(),
            _ => None,
        }
    }

    const fn audience(self) -> Option<PlainAudience<'a>> {
        match self {
            Self::String(spelling) => Some(PlainAudience {
                spelling,
                is_array: false,
            }),
            Self::Array(spelling) => Some(PlainAudience {
                spelling,
                is_array: true,
            }),
            Self::Number(_) => None,
        }
    }
}

/// The members of an object.
struct Members<'a>(Vec<(&'a str, Value<'a>)>);

impl<'a> Members<'a> {
    fn read(document: &'a str, known: &[&str]) -> Option<Self> {
        let mut rest = document.strip_prefix('{')?;
        let mut members = Vec::new();
        loop {
            let name;
            let value;
            (name, rest) = string(rest)?;
            if name.len() > MAX_NAME {
                return None;
            }
            rest = rest.strip_prefix(':')?;
            (value, rest) = self::value(rest)?;
            // Of this document only `aud` is an array.
            if matches!(value, Value::Array(_)) && !(name == "aud" && known.contains(&"aud")) {
                return None;
            }
            members.push((name, value));
            if rest == "}" {
                break;
            }
            rest = rest.strip_prefix(',')?;
        }
        let others = members.iter().filter(|(name, _)| !known.contains(name));
        let is_few = others.count() <= MAX_OTHERS;
        let mut names: Vec<_> = members.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        let is_distinct = names.array_windows().all(|[one, next]| one != next);
        (is_few && is_distinct).then_some(Self(members))
    }

    fn find(&self, name: &str) -> Option<Value<'a>> {
        let (_, value) = self.0.iter().find(|(other, _)| *other == name)?;
        Some(*value)
    }
}

/// A string at the front of `rest`, which does not end with a comma, and what follows it.
fn string(rest: &str) -> Option<(&str, &str)> {
    let (text, rest) = rest.strip_prefix('"')?.split_once('"')?;
    (!text.ends_with(',')).then_some((text, rest))
}

fn value(rest: &str) -> Option<(Value<'_>, &str)> {
    if rest.starts_with('"') {
        let (text, rest) = string(rest)?;
        return Some((Value::String(text), rest));
    }
    if rest.starts_with('[') {
        let (text, rest) = array(rest)?;
        return Some((Value::Array(text), rest));
    }
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (literal, rest) = rest.split_at_checked(length)?;
    let is_plain = matches!(length, 1..=MAX_DIGITS) && !literal.starts_with('0');
    is_plain.then_some((Value::Number(literal), rest))
}

/// An array of one string or more.
fn array(text: &str) -> Option<(&str, &str)> {
    let mut rest = text.strip_prefix('[')?;
    loop {
        (_, rest) = string(rest)?;
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    let rest = rest.strip_prefix(']')?;
    let length = text.len().checked_sub(rest.len())?;
    Some((text.get(..length)?, rest))
}
