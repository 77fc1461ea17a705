//! Public keys: an accepted key, written again from what was read of it, is the same bytes; and the two backends load
//! the same ones.

use asap_engine::internals::public_key;
use asap_engine::{Algorithm, Backend, KeyRejected, VerifyingKey};

const RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const P256: &[u8] =
    b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
const P521: &[u8] = b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23";
const ED25519: &[u8] = b"\x30\x05\x06\x03\x2b\x65\x70";

/// `data` is a `SubjectPublicKeyInfo`.
pub fn spki(data: &[u8]) {
    let read = public_key(data);
    let aws_lc = VerifyingKey::from_spki_with(data, Backend::AwsLc);
    let ring = VerifyingKey::from_spki_with(data, Backend::Ring);
    let Ok((kind, bytes, signature_length)) = read else {
        assert_eq!(aws_lc.err(), read.as_ref().err().copied());
        assert_eq!(ring.err(), read.err());
        return;
    };
    assert_eq!(written(kind, &bytes), data, "read from another spelling");
    if kind == "P-521" {
        assert_eq!(ring.err(), Some(KeyRejected::UnsupportedAlgorithm));
        return;
    }
    match (aws_lc, ring) {
        (Ok(aws_lc), Ok(ring)) => same_verdicts(&aws_lc, &ring, signature_length),
        (aws_lc, ring) => assert_eq!(aws_lc.err(), ring.err(), "the backends differ"),
    }
}

/// A key that only loads would not be known to work: a signature of zeros, and one of ones, get a verdict each.
fn same_verdicts(aws_lc: &VerifyingKey, ring: &VerifyingKey, signature_length: usize) {
    for algorithm in Algorithm::ALL {
        assert_eq!(aws_lc.verifies(*algorithm), ring.verifies(*algorithm));
        if !aws_lc.verifies(*algorithm) {
            continue;
        }
        for byte in [0, 1] {
            let signature = vec![byte; signature_length];
            assert_eq!(
                aws_lc.verify(*algorithm, b"message", &signature),
                ring.verify(*algorithm, b"message", &signature),
                "{algorithm}"
            );
        }
    }
}

/// `SEQUENCE { AlgorithmIdentifier, BIT STRING }` in DER.
pub(crate) fn written(kind: &str, bytes: &[u8]) -> Vec<u8> {
    let identifier = match kind {
        "RSA" => RSA,
        "P-256" => P256,
        "P-384" => P384,
        "P-521" => P521,
        "Ed25519" => ED25519,
        other => panic!("{other}"),
    };
    let bits = [&[0], bytes].concat();
    tagged(0x30, &[identifier, &tagged(3, &bits)].concat())
}

/// A DER value.
pub(crate) fn tagged(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let length = match length {
        0..=0x7f => vec![length as u8],
        0x80..=0xff => vec![0x81, length as u8],
        _ => vec![0x82, (length >> 8) as u8, length as u8],
    };
    [&[tag], &length[..], contents].concat()
}
