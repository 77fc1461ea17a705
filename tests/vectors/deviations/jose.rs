//! Where JWS, JWE and JWK are judged otherwise than published: a token is a compact JWS under an asymmetric key, and
//! a key is a PEM.

use super::{Deviation, Ours, Which};
use crate::judge::Published;

/// The rows.
pub(super) const ROWS: &[Deviation] = &[
    Deviation {
        rule: "symmetric algorithm",
        sets: &[
            ("wycheproof/json_web_signature_test.json", 8),
            ("wycheproof/json_web_crypto_test.json", 2),
            ("wycheproof/json_web_key_test.json", 4),
            ("wycheproof/hmac_sha256_test.json", 66),
            ("wycheproof/hmac_sha384_test.json", 66),
            ("wycheproof/hmac_sha512_test.json", 66),
            ("rfc/rfc_jws_examples.json", 2),
            ("cookbook", 4),
        ],
        which: Which::Every,
        published: Published::Valid,
        ours: Ours::Refused("algorithm_unsupported"),
        reason: "HS256, HS384 and HS512: the specification wants asymmetric signatures, and no code leads from a secret to a token",
    },
    Deviation {
        rule: "secret as a key",
        sets: &[("cookbook", 2)],
        which: Which::Cases(&[
            "jwk/3_5.symmetric_key_mac_computation.json",
            "jwk/3_6.symmetric_key_encryption.json",
        ]),
        published: Published::Valid,
        ours: Ours::Refused("key NotDer"),
        reason: "the keys of RFC 7520 sections 3.5 and 3.6 are secrets; a key here is a public key",
    },
    Deviation {
        rule: "foreign character in a segment",
        sets: &[("wycheproof/json_web_signature_test.json", 2)],
        which: Which::Cases(&["372", "373"]),
        published: Published::Valid,
        ours: Ours::Refused("invalid_base64url"),
        reason: "a `?` stands inside a segment, and the verdict blesses a decoder that skips it; RFC 7515 section 2 knows no such character",
    },
    Deviation {
        rule: "encryption",
        sets: &[("wycheproof/json_web_crypto_test.json", 2), ("cookbook", 2)],
        which: Which::Cases(&[
            "50",
            "67",
            "6.nesting_signatures_and_encryption.json encrypt",
            "curve25519/ecdh-es.json",
        ]),
        published: Published::Valid,
        ours: Ours::Refused("not_compact"),
        reason: "a JWE has five segments, and an ASAP token is a JWS",
    },
    Deviation {
        rule: "unencoded payload",
        sets: &[("cookbook", 1)],
        which: Which::Cases(&["rfc7797/4.2.hmac-sha2_b64_false.json"]),
        published: Published::Valid,
        ours: Ours::Refused("not_compact"),
        reason: "RFC 7797: the payload holds a dot and stands as it is; only the JSON serialization can carry it",
    },
    Deviation {
        rule: "unencoded payload",
        sets: &[("cookbook", 1)],
        which: Which::Cases(&["rfc7797/hmac-sha2_b64_false.json"]),
        published: Published::Valid,
        ours: Ours::Refused("invalid_base64url"),
        reason: "RFC 7797: the payload stands as it is, under an extension (`crit`) that is not known here",
    },
    Deviation {
        rule: "unprotected header",
        sets: &[("cookbook", 2)],
        which: Which::Cases(&[
            "jws/4_7.protecting_content_only.json",
            "jws/4_8.multiple_signatures.json 1",
        ]),
        published: Published::Valid,
        ours: Ours::Refused("invalid_header"),
        reason: "the signature protects no header, which only the JSON serialization can carry",
    },
    Deviation {
        rule: "use of a JWK",
        sets: &[
            ("wycheproof/json_web_signature_test.json", 4),
            ("wycheproof/json_web_key_test.json", 2),
        ],
        which: Which::Cases(&["353", "354", "355", "356", "6", "21"]),
        published: Published::Invalid,
        ours: Ours::Accepted,
        reason: "`use` or `key_ops` of the JWK says encryption; an ASAP key is a PEM, which says neither, and the signature is good",
    },
    Deviation {
        rule: "alg of a JWK",
        sets: &[
            ("wycheproof/json_web_signature_test.json", 5),
            ("wycheproof/json_web_key_test.json", 2),
        ],
        which: Which::Cases(&["332", "334", "336", "338", "340", "19", "20"]),
        published: Published::Invalid,
        ours: Ours::Accepted,
        reason: "`alg` of the JWK is another than that of the header, or unknown; a PEM names no alg, the kind of the key and the curve agree, and the signature is good. A policy of one algorithm (`Policy::with_algorithms`) refuses the token",
    },
    Deviation {
        rule: "ROCA",
        sets: &[
            ("wycheproof/json_web_crypto_test.json", 1),
            ("wycheproof/json_web_key_test.json", 1),
        ],
        which: Which::Cases(&["46", "7"]),
        published: Published::Invalid,
        ours: Ours::Accepted,
        reason: "the factors of the modulus come from a weak generator (CVE-2017-15361); whether a key is well made is the matter of whoever publishes it",
    },
];
