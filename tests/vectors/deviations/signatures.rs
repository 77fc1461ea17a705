//! Where bare signatures are judged otherwise than published: JWS has one form of each.

use super::{Deviation, Ours, Which};
use crate::judge::Published;
use crate::wycheproof_rsa::FOREIGN_PARAMETERS;

/// The rows.
pub(super) const ROWS: &[Deviation] = &[
    Deviation {
        rule: "MissingNull",
        sets: &[
            ("wycheproof/rsa_signature_2048_sha256_test.json", 1),
            ("wycheproof/rsa_signature_2048_sha384_test.json", 1),
            ("wycheproof/rsa_signature_2048_sha512_test.json", 1),
            ("wycheproof/rsa_signature_3072_sha256_test.json", 1),
            ("wycheproof/rsa_signature_3072_sha384_test.json", 1),
            ("wycheproof/rsa_signature_3072_sha512_test.json", 1),
            ("wycheproof/rsa_signature_4096_sha256_test.json", 1),
            ("wycheproof/rsa_signature_4096_sha384_test.json", 1),
            ("wycheproof/rsa_signature_4096_sha512_test.json", 1),
            ("wycheproof/rsa_signature_8192_sha256_test.json", 1),
            ("wycheproof/rsa_signature_8192_sha384_test.json", 1),
            ("wycheproof/rsa_signature_8192_sha512_test.json", 1),
        ],
        which: Which::Tagged("MissingNull"),
        published: Published::Acceptable,
        ours: Ours::Refused("signature_invalid"),
        reason: "the DigestInfo lacks its NULL; RFC 8017 section 9.2 has one encoding, and neither library takes another",
    },
    Deviation {
        rule: "foreign parameters of PSS",
        sets: &[
            ("wycheproof/rsa_pss_2048_sha256_mgf1_0_test.json", 61),
            ("wycheproof/rsa_pss_2048_sha256_mgf1sha1_20_test.json", 63),
            ("wycheproof/rsa_pss_misc_test.json", 147),
        ],
        which: Which::Tagged(FOREIGN_PARAMETERS),
        published: Published::Valid,
        ours: Ours::Refused("signature_invalid"),
        reason: "another salt length or another hash of MGF1 than RFC 7518 section 3.5 has",
    },
    Deviation {
        rule: "salt of 32 bytes",
        sets: &[("wycheproof/rsa_pss_2048_sha256_mgf1_0_test.json", 1)],
        which: Which::Cases(&["69"]),
        published: Published::Invalid,
        ours: Ours::Accepted,
        reason: "invalid for a salt of 0 bytes; it has one of 32, and so is a good PS256 signature",
    },
    Deviation {
        rule: "id-RSASSA-PSS",
        sets: &[
            ("crate/rsa_pss_2048_sha1_mgf1_20_params_test.json", 42),
            ("crate/rsa_pss_2048_sha256_mgf1_0_params_test.json", 61),
            ("crate/rsa_pss_2048_sha256_mgf1_32_params_test.json", 63),
            (
                "crate/rsa_pss_2048_sha512_mgf1sha256_32_params_test.json",
                132,
            ),
            ("crate/rsa_pss_3072_sha256_mgf1_32_params_test.json", 63),
            ("crate/rsa_pss_4096_sha512_mgf1_32_params_test.json", 132),
            ("crate/rsa_pss_4096_sha512_mgf1_64_params_test.json", 132),
            ("crate/rsa_pss_misc_params_test.json", 150),
        ],
        which: Which::Every,
        published: Published::Valid,
        ours: Ours::Refused("key UnsupportedAlgorithm"),
        reason: "a key under id-RSASSA-PSS (RFC 4055 section 1.2) has parameters of its own; here an RSA key is under rsaEncryption, which serves every RS* and PS*",
    },
    Deviation {
        rule: "ECDSA in DER",
        sets: &[
            ("wycheproof/ecdsa_secp256r1_sha256_test.json", 174),
            ("wycheproof/ecdsa_secp384r1_sha384_test.json", 194),
            ("wycheproof/ecdsa_secp521r1_sha512_test.json", 232),
        ],
        which: Which::Every,
        published: Published::Valid,
        ours: Ours::Refused("signature_invalid"),
        reason: "RFC 7518 section 3.4: R and S in fixed width, and nothing else",
    },
    Deviation {
        rule: "secp256k1",
        sets: &[("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json", 167)],
        which: Which::Every,
        published: Published::Valid,
        ours: Ours::Refused("key UnsupportedAlgorithm"),
        reason: "ES256K (RFC 8812) is not an algorithm of RFC 7518; the key does not load",
    },
    Deviation {
        rule: "Ed448",
        sets: &[("wycheproof/ed448_test.json", 17)],
        which: Which::Every,
        published: Published::Valid,
        ours: Ours::Refused("key UnsupportedAlgorithm"),
        reason: "EdDSA means Ed25519 here, which both libraries have",
    },
];
