//! Where public keys in PEM are judged otherwise than published: strict DER, named curves, uncompressed points.

use super::{Deviation, Ours, Which};
use crate::judge::Published;

/// The rows.
pub(super) const ROWS: &[Deviation] = &[
    Deviation {
        rule: "X25519",
        sets: &[("wycheproof/x25519_pem_test.json", 264)],
        which: Which::Every,
        published: Published::Valid,
        ours: Ours::Refused("key UnsupportedAlgorithm"),
        reason: "a key for key agreement signs nothing",
    },
    Deviation {
        rule: "X25519",
        sets: &[("wycheproof/x25519_pem_test.json", 254)],
        which: Which::Every,
        published: Published::Acceptable,
        ours: Ours::Refused("key UnsupportedAlgorithm"),
        reason: "a key for key agreement signs nothing",
    },
    Deviation {
        rule: "another curve",
        sets: &[("wycheproof/ecdh_secp256r1_pem_test.json", 2)],
        which: Which::Cases(&["369", "370"]),
        published: Published::Invalid,
        ours: Ours::Accepted,
        reason: "invalid as the peer of a P-256 key in an agreement; by itself it is a good key, on P-384 or P-521",
    },
    Deviation {
        rule: "compressed point",
        sets: &[("wycheproof/ecdh_secp256r1_pem_test.json", 1)],
        which: Which::Tagged("CompressedPoint"),
        published: Published::Acceptable,
        ours: Ours::Refused("key InvalidPoint"),
        reason: "RFC 5480 section 2.2 lets a reader refuse it, ring does, and so every backend does",
    },
    Deviation {
        rule: "unnamed curve",
        sets: &[("wycheproof/ecdh_secp256r1_pem_test.json", 7)],
        which: Which::Tagged("UnnamedCurve"),
        published: Published::Acceptable,
        ours: Ours::Refused("key InvalidParameters"),
        reason: "RFC 5480 section 2.1.1: implicitCurve and specifiedCurve MUST NOT be used",
    },
    Deviation {
        rule: "loose DER",
        sets: &[("wycheproof/ecdh_secp256r1_pem_test.json", 180)],
        which: Which::Tagged("InvalidPem"),
        published: Published::Acceptable,
        ours: Ours::Refused("key NotDer"),
        reason: "DER has one encoding, with nothing after it",
    },
    Deviation {
        rule: "loose DER",
        sets: &[("wycheproof/ecdh_secp256r1_pem_test.json", 24)],
        which: Which::Tagged("InvalidPem"),
        published: Published::Acceptable,
        ours: Ours::Refused("key UnsupportedAlgorithm"),
        reason: "an identifier of another algorithm or curve, or of none",
    },
    Deviation {
        rule: "loose DER",
        sets: &[("wycheproof/ecdh_secp256r1_pem_test.json", 11)],
        which: Which::Tagged("InvalidPem"),
        published: Published::Acceptable,
        ours: Ours::Refused("key InvalidParameters"),
        reason: "parameters that are no named curve",
    },
    Deviation {
        rule: "loose DER",
        sets: &[("wycheproof/ecdh_secp256r1_pem_test.json", 6)],
        which: Which::Tagged("InvalidPem"),
        published: Published::Acceptable,
        ours: Ours::Refused("key InvalidPoint"),
        reason: "a point of another length, or off the curve",
    },
    Deviation {
        rule: "loose DER",
        sets: &[("wycheproof/ecdh_secp256r1_pem_test.json", 1)],
        which: Which::Tagged("InvalidPem"),
        published: Published::Acceptable,
        ours: Ours::Refused("key NotPem"),
        reason: "a section with nothing in it",
    },
];
