//! The signature algorithms.

use std::fmt;

macro_rules! algorithms {
    ($( $(#[$doc:meta])* $variant:ident = $name:literal; )+) => {
        /// A signature algorithm that this engine verifies and signs with: the asymmetric ones of RFC 7518
        /// section 3.1, and `EdDSA` over Ed25519 (RFC 8037 section 3.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Algorithm {
            $( $(#[$doc])* $variant, )+
        }

        impl Algorithm {
            /// Every algorithm.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The algorithm of this exact, case-sensitive name (RFC 7515 section 4.1.1).
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $( $name => Some(Self::$variant), )+
                    _ => None,
                }
            }

            /// The name, as `alg` spells it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }
        }
    };
}

algorithms! {
    /// RSASSA-PKCS1-v1_5 with SHA-256, which every party of the protocol must know.
    Rs256 = "RS256";
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384 = "RS384";
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512 = "RS512";
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    Ps256 = "PS256";
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes.
    Ps384 = "PS384";
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512 and a salt of 64 bytes.
    Ps512 = "PS512";
    /// ECDSA on P-256 with SHA-256.
    Es256 = "ES256";
    /// ECDSA on P-384 with SHA-384.
    Es384 = "ES384";
    /// ECDSA on P-521 with SHA-512.
    Es512 = "ES512";
    /// Ed25519.
    EdDsa = "EdDSA";
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
