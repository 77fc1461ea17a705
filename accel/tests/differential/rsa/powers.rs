//! `s^65537 mod n` for any n and s: the kernel against its twin, and a share of the cases against num-bigint.

use num_bigint::BigUint;

use asap_accel::rsa::VerifyKey;

use super::inputs::input;
use super::{HASHES, moduli, to_bytes};
use crate::differential::Held;
use crate::differential::chance::Chance;
use crate::differential::report::Report;

/// Which cases are drawn.
#[derive(Debug)]
pub(crate) struct Powers {
    /// The bits of the moduli: one of them is picked.
    sizes: &'static [usize],
    /// How many cases there are under one modulus, whose preparation takes as long as many of them.
    per_modulus: u32,
    /// One case of so many is computed by num-bigint, too.
    outside: usize,
    prepared: Option<Prepared>,
}

#[derive(Debug)]
struct Prepared {
    kind: &'static str,
    bits: usize,
    modulus: BigUint,
    key: VerifyKey,
    cases_left: u32,
}

impl Powers {
    pub(crate) const fn new(sizes: &'static [usize], per_modulus: u32, outside: usize) -> Self {
        Self {
            sizes,
            per_modulus,
            outside,
            prepared: None,
        }
    }

    fn prepare(&self, chance: &mut Chance, report: &mut Report) -> Prepared {
        let bits = *chance.pick(self.sizes);
        let (kind, refused) = moduli::refused(bits, chance);
        report.count("moduli refused", kind);
        report.compare(
            "the domain of moduli",
            &VerifyKey::new(&refused).is_some(),
            &false,
            || format!("{kind}: {}", hex(&refused)),
        );
        let (kind, modulus) = moduli::valid(bits, chance);
        report.count("moduli prepared", kind);
        let key = VerifyKey::new(&to_bytes(&modulus, bits / 8));
        report.compare("the domain of moduli", &key.is_some(), &true, || {
            format!("{kind}: {modulus:x}")
        });
        Prepared {
            kind,
            bits,
            modulus,
            key: key.expect("a key, since the modulus is one"),
            cases_left: self.per_modulus,
        }
    }
}

impl Held for Powers {
    fn hold(&mut self, chance: &mut Chance, report: &mut Report) {
        if self.prepared.as_ref().is_none_or(|key| key.cases_left == 0) {
            self.prepared = Some(self.prepare(chance, report));
        }
        let prepared = self.prepared.as_mut().unwrap();
        prepared.cases_left -= 1;
        let Prepared {
            kind,
            bits,
            modulus,
            key,
            ..
        } = &*prepared;
        let (input_kind, s) = input(modulus, *bits, chance);
        let case = || format!("modulus {kind}: {modulus:x}\ns {input_kind}: {}", hex(&s));
        report.count("inputs", input_kind);
        report.count("powers by size", &bits.to_string());

        let answer = key.recover(&s).map(|encoded| encoded.as_ref().to_vec());
        let twin = key.recover_portably(&s);
        let twin = twin.map(|encoded| encoded.as_ref().to_vec());
        report.compare("the twin: power", &answer, &twin, case);
        if chance.one_in(self.outside) {
            let expected = recovered(modulus, &s, bits / 8);
            report.compare("num-bigint: power", &answer, &expected, case);
        }
        if chance.one_in(8) {
            let hash = *chance.pick(&HASHES);
            let digest = chance.bytes(hash.length());
            let answer = key.verify_pkcs1(hash, &digest, &s);
            let twin = key.verify_pkcs1_portably(hash, &digest, &s);
            report.compare("the twin: verdict", &answer, &twin, case);
        }
    }
}

/// RSAVP1 (RFC 8017 section 5.2.2) behind the check of the length (section 8.2.2, step 1), by num-bigint.
pub(crate) fn recovered(modulus: &BigUint, s: &[u8], length: usize) -> Option<Vec<u8>> {
    let number = BigUint::from_bytes_be(s);
    if s.len() != length || number >= *modulus {
        return None;
    }
    let power = number.modpow(&BigUint::from(65537_u32), modulus);
    Some(to_bytes(&power, length))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
