//! Whole decisions: the kernel against aws-lc, and a share of the cases against the twin, on signatures that are good, broken when
//! they were made, or changed afterwards.

use num_bigint::BigUint;

use asap_accel::rsa::Hash;

use super::keys::Key;
use super::powers::hex;
use super::signed::{Signed, Signer};
use super::{HASHES, power_of_two, to_bytes};
use crate::differential::Held;
use crate::differential::chance::Chance;
use crate::differential::report::Report;

/// Keys with their signatures, and which cases are drawn from them.
#[derive(Debug)]
pub(crate) struct Decisions {
    signers: Vec<(Signer, Vec<Signed>)>,
    /// One case of so many is decided by the twin, too.
    twin: usize,
}

impl Decisions {
    /// The broken encodings are made for one hash of each key; it is another one for each.
    pub(crate) fn new(
        keys: impl Iterator<Item = &'static Key>,
        twin: usize,
        chance: &mut Chance,
    ) -> Self {
        let signers = keys.zip(HASHES.iter().cycle()).map(|(key, broken)| {
            let signer = Signer::new(key);
            let signed = signer.sign(*broken, chance);
            (signer, signed)
        });
        Self {
            signers: signers.collect(),
            twin,
        }
    }

    /// Every signature as it was made, by all sides.
    pub(crate) fn hold_all_unchanged(&self, report: &mut Report) {
        for (signer, signed) in &self.signers {
            for one in signed {
                let case = Case {
                    signer,
                    signed: one,
                    change: "unchanged",
                    hash: one.hash,
                    digest: one.digest.clone(),
                    signature: one.signature.clone(),
                };
                report.count("made", one.name);
                case.hold(true, report);
            }
        }
    }
}

impl Held for Decisions {
    fn hold(&mut self, chance: &mut Chance, report: &mut Report) {
        let (signer, signed) = chance.pick(&self.signers);
        // Half of the cases come from a good signature.
        let mut one = chance.pick(signed);
        while chance.one_in(2) && !one.is_good {
            one = chance.pick(signed);
        }
        let case = Case::changed(signer, one, chance);
        let with_twin = chance.one_in(self.twin);
        case.hold(with_twin, report);
    }
}

struct Case<'a> {
    signer: &'a Signer,
    signed: &'a Signed,
    change: &'static str,
    hash: Hash,
    digest: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Case<'a> {
    fn changed(signer: &'a Signer, signed: &'a Signed, chance: &mut Chance) -> Self {
        let modulus = &signer.key.modulus;
        let length = signer.key.length();
        let mut case = Self {
            signer,
            signed,
            change: "unchanged",
            hash: signed.hash,
            digest: signed.digest.clone(),
            signature: signed.signature.clone(),
        };
        let number = BigUint::from_bytes_be(&case.signature);
        let signature = |number: BigUint| to_bytes(&number, length);
        let full = power_of_two(signer.key.bits);
        case.change = match chance.below(20) {
            0 | 1 => {
                flip(&mut case.signature, chance);
                "a bit of the signature"
            }
            2 => {
                flip(&mut case.digest, chance);
                "a bit of the digest"
            }
            3 => {
                case.hash = *chance.pick(&HASHES);
                case.digest.resize(case.hash.length(), 0);
                "the hash"
            }
            4 => {
                case.digest.pop();
                "a short digest"
            }
            5 => {
                case.signature = signature(modulus.clone());
                "s = n"
            }
            6 => {
                let more = number + modulus;
                if more < full {
                    case.signature = signature(more);
                }
                "s + n, where it fits"
            }
            7 => {
                case.signature = signature(modulus - &number % modulus);
                "n - s"
            }
            8 => {
                case.signature = signature(BigUint::from(chance.below(3)));
                "s = 0, 1, 2"
            }
            9 => {
                case.signature = signature(modulus - 1_u8 - chance.below(2));
                "s = n - 1, n - 2"
            }
            10 => {
                case.signature = vec![0xff; length];
                "s = 2^k - 1"
            }
            11 => {
                case.signature.insert(0, 0);
                "a zero byte before"
            }
            12 => {
                case.signature.pop();
                "the last byte cut"
            }
            13 => {
                case.signature.remove(0);
                "the first byte cut"
            }
            14 => {
                case.signature.push(0);
                "a zero byte behind"
            }
            15 => {
                let near = number + BigUint::from(chance.word() >> chance.below(64));
                case.signature = signature(near % modulus);
                "a small number added"
            }
            16 => {
                case.signature = chance.bytes(length);
                "random bytes"
            }
            _ => "unchanged",
        };
        case
    }

    fn hold(&self, with_twin: bool, report: &mut Report) {
        let scheme = self.signed.scheme;
        let (signer, hash) = (self.signer, self.hash);
        let name = || {
            format!(
                "{} {scheme:?} {hash:?}, {}, {}\ndigest {}\nsignature {}",
                signer.key.name,
                self.signed.name,
                self.change,
                hex(&self.digest),
                hex(&self.signature)
            )
        };
        #[cfg(feature = "counters")]
        let before = super::ways::Taken::now();
        let verdict = signer.kernel(scheme, hash, &self.digest, &self.signature);
        #[cfg(feature = "counters")]
        if verdict && scheme == super::encodings::Scheme::Pkcs1 {
            before.until_now().count("good ones by way", report);
        }
        let expected = signer.aws_lc(scheme, hash, &self.digest, &self.signature);
        report.compare("aws-lc: verdict", &verdict, &expected, name);
        if with_twin {
            let twin = signer.twin(scheme, hash, &self.digest, &self.signature);
            report.compare("the twin: verdict", &verdict, &twin, name);
        }
        if self.change == "unchanged" {
            report.compare("its maker: verdict", &verdict, &self.signed.is_good, name);
        }
        report.count("changes", self.change);
        report.count("verdicts", if verdict { "good" } else { "not good" });
        report.count("verdicts by key", signer.key.name);
    }
}

fn flip(bytes: &mut [u8], chance: &mut Chance) {
    let position = chance.below(bytes.len());
    bytes[position] ^= 1 << chance.below(8);
}
