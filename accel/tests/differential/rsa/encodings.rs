//! Encoded messages: the good one of each scheme, and all that are nearly one.

use asap_accel::rsa::Hash;

use super::hash_function;
use crate::differential::chance::Chance;

/// A way of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    Pkcs1,
    /// RSASSA-PSS (RFC 8017 section 8.1).
    Pss,
}

pub(crate) const SCHEMES: [Scheme; 2] = [Scheme::Pkcs1, Scheme::Pss];

/// What is signed, and whether a verifier must accept it.
#[derive(Debug)]
pub(crate) struct Encoding {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_good: bool,
}

/// The good encoding of `digest`, as long as the modulus.
pub(crate) fn good(
    scheme: Scheme,
    hash: Hash,
    digest: &[u8],
    length: usize,
    chance: &mut Chance,
) -> Encoding {
    let bytes = match scheme {
        Scheme::Pkcs1 => pkcs1(1, 0xff, &digest_info(hash, digest), length),
        Scheme::Pss => pss(hash, digest, &chance.bytes(hash.length()), length, |_| ()),
    };
    Encoding {
        name: "good",
        bytes,
        is_good: true,
    }
}

/// Every encoding that is nearly that.
pub(crate) fn broken(
    scheme: Scheme,
    hash: Hash,
    digest: &[u8],
    length: usize,
    chance: &mut Chance,
) -> Vec<Encoding> {
    let encodings = match scheme {
        Scheme::Pkcs1 => broken_pkcs1(hash, digest, length, chance),
        Scheme::Pss => broken_pss(hash, digest, length, chance),
    };
    encodings
        .into_iter()
        .map(|(name, bytes)| {
            assert_eq!(bytes.len(), length, "{name}");
            Encoding {
                name,
                bytes,
                is_good: false,
            }
        })
        .collect()
}

/// The last byte of the identifier of the hash (RFC 8017 appendix B.1).
const fn identifier(hash: Hash) -> u8 {
    match hash {
        Hash::Sha256 => 1,
        Hash::Sha384 => 2,
        _ => 3,
    }
}

/// `DigestInfo` in DER, written out from its parts (RFC 8017 section 9.2).
fn digest_info(hash: Hash, digest: &[u8]) -> Vec<u8> {
    digest_info_with(identifier(hash), &[5, 0], digest)
}

fn digest_info_with(identifier: u8, parameters: &[u8], digest: &[u8]) -> Vec<u8> {
    let object = [0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, identifier];
    let algorithm = element(0x30, &[&object, parameters].concat());
    element(0x30, &[algorithm, element(0x04, digest)].concat())
}

fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u8::try_from(contents.len()).unwrap();
    assert!(length < 0x80);
    [&[tag, length], contents].concat()
}

/// 00, the kind, the padding, 00 and what is signed.
fn pkcs1(kind: u8, padding: u8, signed: &[u8], length: usize) -> Vec<u8> {
    let mut encoded = vec![0, kind];
    encoded.resize(length - 1 - signed.len(), padding);
    encoded.push(0);
    encoded.extend_from_slice(signed);
    encoded
}

fn broken_pkcs1(
    hash: Hash,
    digest: &[u8],
    length: usize,
    chance: &mut Chance,
) -> Vec<(&'static str, Vec<u8>)> {
    let info = digest_info(hash, digest);
    let good = pkcs1(1, 0xff, &info, length);
    let end_of_padding = length - 1 - info.len();
    let changed = |position: usize, value: u8| {
        let mut encoded = good.clone();
        encoded[position] = value;
        encoded
    };
    // As much padding as given, and rubbish behind the digest (Bleichenbacher's forgery of 2006).
    let mut with_rubbish = |padding: usize| {
        let mut encoded = vec![0, 1];
        encoded.resize(2 + padding, 0xff);
        encoded.push(0);
        encoded.extend_from_slice(&info);
        let rest = length - encoded.len();
        encoded.extend(chance.bytes(rest));
        encoded
    };
    let rubbish_short = with_rubbish(8);
    let rubbish_none = with_rubbish(0);
    let rubbish_byte = with_rubbish(end_of_padding - 3);
    let whole = |signed: &[u8]| pkcs1(1, 0xff, signed, length);

    let mut long_length = info.clone();
    long_length.splice(1..2, [0x81, info[1]]);
    let mut longer_length = info.clone();
    longer_length.splice(1..2, [0x82, 0, info[1]]);
    let mut indefinite = info.clone();
    indefinite[1] = 0x80;
    indefinite.extend_from_slice(&[0, 0]);
    let mut long_octets = info.clone();
    let octets = info.len() - digest.len() - 1;
    long_octets.splice(octets..=octets, [0x81, info[octets]]);
    long_octets[1] += 1;
    let mut trailing = info.clone();
    trailing.push(0);
    let mut within = info.clone();
    within.push(0);
    within[1] += 1;
    let other = identifier(hash) % 3 + 1;
    let wrong_digest = {
        let mut digest = digest.to_vec();
        digest[0] ^= 1;
        digest
    };
    let complement: Vec<_> = digest.iter().map(|byte| !byte).collect();

    vec![
        ("00 02", changed(1, 2)),
        ("00 00", changed(1, 0)),
        ("01 01", changed(0, 1)),
        ("00 01 and a byte that is not ff, first", changed(2, 0xfe)),
        (
            "a byte that is not ff, last",
            changed(end_of_padding - 1, 0x7f),
        ),
        ("a zero in the padding", changed(length / 2 - info.len(), 0)),
        ("no zero behind the padding", changed(end_of_padding, 0xff)),
        ("01 behind the padding", changed(end_of_padding, 1)),
        ("padding of zeros", pkcs1(1, 0, &info, length)),
        ("eight bytes of padding and rubbish", rubbish_short),
        ("no padding and rubbish", rubbish_none),
        ("a byte of rubbish", rubbish_byte),
        (
            "no NULL",
            whole(&digest_info_with(identifier(hash), &[], digest)),
        ),
        (
            "NULL with a byte in it",
            whole(&digest_info_with(identifier(hash), &[5, 1, 0], digest)),
        ),
        (
            "two NULLs",
            whole(&digest_info_with(identifier(hash), &[5, 0, 5, 0], digest)),
        ),
        (
            "another tag for NULL",
            whole(&digest_info_with(identifier(hash), &[4, 0], digest)),
        ),
        (
            "another hash",
            whole(&digest_info_with(other, &[5, 0], digest)),
        ),
        ("no such hash", whole(&digest_info_with(9, &[5, 0], digest))),
        ("length in two bytes", whole(&long_length)),
        ("length in three bytes", whole(&longer_length)),
        ("indefinite length", whole(&indefinite)),
        ("length of the digest in two bytes", whole(&long_octets)),
        ("a zero behind DigestInfo", whole(&trailing)),
        ("a zero within DigestInfo", whole(&within)),
        ("the digest alone", whole(digest)),
        ("another digest", whole(&digest_info(hash, &wrong_digest))),
        ("a short digest", whole(&digest_info(hash, &digest[1..]))),
        (
            "the digest complemented",
            whole(&digest_info(hash, &complement)),
        ),
        ("nothing but ff", changed_all(length, 0xff)),
        ("nothing but zeros", changed_all(length, 0)),
    ]
}

/// The first byte stays zero, so that it is below the modulus.
fn changed_all(length: usize, value: u8) -> Vec<u8> {
    let mut encoded = vec![value; length];
    encoded[0] = 0;
    encoded
}

/// EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) for a modulus whose bits are a multiple of 8. `change` sees DB before it is masked.
fn pss(
    hash: Hash,
    digest: &[u8],
    salt: &[u8],
    length: usize,
    change: impl FnOnce(&mut [u8]),
) -> Vec<u8> {
    let function = hash_function(hash);
    let hashed = function(&[&[0; 8], digest, salt].concat());
    let mut data = vec![0; length - hash.length() - 1 - salt.len()];
    *data.last_mut().expect("room for the 01") = 1;
    data.extend_from_slice(salt);
    change(&mut data);
    let mut mask = Vec::new();
    for counter in 0_u32.. {
        if mask.len() >= data.len() {
            break;
        }
        mask.extend_from_slice(
            function(&[hashed.as_ref(), &counter.to_be_bytes()].concat()).as_ref(),
        );
    }
    for (byte, mask) in data.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    data[0] &= 0x7f;
    [&data, hashed.as_ref(), &[0xbc]].concat()
}

fn broken_pss(
    hash: Hash,
    digest: &[u8],
    length: usize,
    chance: &mut Chance,
) -> Vec<(&'static str, Vec<u8>)> {
    let hash_length = hash.length();
    let salt = chance.bytes(hash_length);
    let good = pss(hash, digest, &salt, length, |_| ());
    let changed = |position: usize, mask: u8| {
        let mut encoded = good.clone();
        encoded[position] ^= mask;
        encoded
    };
    let padding = length - 2 * hash_length - 2;
    let unlike = |change: fn(&mut [u8], usize)| {
        pss(hash, digest, &salt, length, |data| change(data, padding))
    };
    let mut encodings = vec![
        ("PSS: trailer cc", changed(length - 1, 0xbc ^ 0xcc)),
        ("PSS: trailer 00", changed(length - 1, 0xbc)),
        ("PSS: a bit of the trailer", changed(length - 1, 1)),
        ("PSS: highest bit set", changed(0, 0x80)),
        ("PSS: a bit of the hash", changed(length - 2, 1)),
        (
            "PSS: first bit of the hash",
            changed(length - 1 - hash_length, 0x80),
        ),
        (
            "PSS: a bit of the salt",
            changed(length - 2 - hash_length, 1),
        ),
        (
            "PSS: first byte of the padding",
            unlike(|data, _| data[0] = 1),
        ),
        (
            "PSS: a bit below the highest",
            unlike(|data, _| data[0] = 0x40),
        ),
        (
            "PSS: last byte of the padding",
            unlike(|data, padding| data[padding - 1] = 1),
        ),
        (
            "PSS: 02 before the salt",
            unlike(|data, padding| data[padding] = 2),
        ),
        (
            "PSS: 00 before the salt",
            unlike(|data, padding| data[padding] = 0),
        ),
        (
            "PSS: 81 before the salt",
            unlike(|data, padding| data[padding] = 0x81),
        ),
        ("PSS: nothing but zeros", changed_all(length, 0)),
        ("PSS: zeros and a trailer", {
            let mut encoded = changed_all(length, 0);
            encoded[length - 1] = 0xbc;
            encoded
        }),
    ];
    for (name, salt_length) in [
        ("PSS: no salt", 0),
        ("PSS: salt of 20", 20),
        ("PSS: salt of 32", 32),
        ("PSS: salt of 48", 48),
        ("PSS: salt of 64", 64),
        ("PSS: a byte of salt less", hash_length - 1),
        ("PSS: a byte of salt more", hash_length + 1),
        ("PSS: as much salt as fits", length - hash_length - 2),
    ] {
        if salt_length != hash_length {
            let salt = chance.bytes(salt_length);
            encodings.push((name, pss(hash, digest, &salt, length, |_| ())));
        }
    }
    encodings
}
