//! Section 5: signatures that are nearly the key's.

use asap_engine::{Algorithm, VerifyError};
use asap_tests::forge::{self, der_signature, hex, order};
use asap_tests::keys::{key, other_key};
use asap_tests::token::{Token, compact, signature_of, with_signature};

use crate::case::{Case, attack, twin};
use crate::forgeries;

rows! {
    /// RFC 8017 section 8.2.2: the encodings are compared, and not taken apart.
    "SIG-01" sig_01_forged_paddings_of_pkcs1 = paddings;
    /// RFC 8017 section 8.2.2 step 1 and section 5.2.2 step 1.
    "SIG-02" sig_02_rsa_lengths_and_ranges = rsa_lengths;
    /// RFC 7518 section 3.5: "The size of the salt value is the same size as the hash function output."
    "SIG-03" sig_03_other_forms_of_pss = pss;
    /// FIPS 186-5 section 6.4.2: r and s are in 1 to n - 1 (CVE-2022-21449).
    "SIG-04" sig_04_ecdsa_numbers_out_of_range = ranges;
    /// RFC 7518 section 3.4: "If it is not a 64-octet sequence, the validation has failed."
    "SIG-06" sig_06_ecdsa_signatures_of_other_widths = widths;
    /// RFC 7518 section 3.4 has no rule on low s.
    "SIG-07" sig_07_high_s = high_s;
    /// RFC 8032 section 5.1.7.
    "SIG-08" sig_08_ed25519_s_and_variants = edwards;
    /// "Invalid signatures [...] MUST be rejected."
    "SIG-09" sig_09_flipped_bits_and_other_tokens = flips;
    /// As SIG-09; CVE-2020-28042.
    "SIG-10" sig_10_empty_zero_cut_and_extended = lengths;
}

fn of_row(row: &str) -> Vec<Case> {
    let forgeries = forgeries::of(row).into_iter();
    forgeries
        .map(|forgery| forgery.with_signature_refused())
        .collect()
}

fn paddings() -> Vec<Case> {
    of_row("SIG-01")
}

fn rsa_lengths() -> Vec<Case> {
    of_row("SIG-02")
}

fn pss() -> Vec<Case> {
    of_row("SIG-03")
}

fn edwards() -> Vec<Case> {
    of_row("SIG-08")
}

const CURVES: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512];

/// A token of the algorithm with another signature.
fn forged(algorithm: Algorithm, name: &str, signature: impl AsRef<[u8]>) -> Case {
    let name = format!("{algorithm} {name}");
    let token = with_signature(&Token::good(algorithm).sign(), signature);
    attack(name, token, VerifyError::SignatureInvalid).of(algorithm)
}

fn good(algorithm: Algorithm) -> Case {
    twin(algorithm.name(), Token::good(algorithm).sign()).of(algorithm)
}

fn ranges() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in CURVES {
        let token = Token::good(algorithm).sign();
        let signature = signature_of(&token);
        let (r, s) = signature.split_at(signature.len() / 2);
        let n = order(r.len());
        let with_last = |digit: u8| [&n[..n.len() - 1], &[digit]].concat();
        let mut one = vec![0; r.len()];
        *one.last_mut().unwrap() = 1;
        let odd = [
            ("0", vec![0; r.len()]),
            ("1", one),
            ("n - 1", with_last(n[n.len() - 1] - 1)),
            ("n", n.clone()),
            ("n + 1", with_last(n[n.len() - 1] + 1)),
            ("all ones", vec![0xff; r.len()]),
        ];
        cases.push(good(algorithm));
        for (name, number) in &odd {
            cases.push(forged(
                algorithm,
                &format!("r = {name}"),
                [number, s].concat(),
            ));
            cases.push(forged(
                algorithm,
                &format!("s = {name}"),
                [r, number].concat(),
            ));
            for (other_name, other) in &odd {
                let name = format!("r = {name}, s = {other_name}");
                cases.push(forged(algorithm, &name, [&number[..], other].concat()));
            }
        }
        for (name, signature) in [
            ("swapped", [s, r]),
            ("r twice", [r, r]),
            ("s twice", [s, s]),
            ("n - s before r", [&forge::twin(&signature)[r.len()..], r]),
        ] {
            cases.push(forged(algorithm, name, signature.concat()));
        }
    }
    let p = hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    cases.push(forged(Algorithm::Es256, "r = s = p", [&p[..], &p].concat()));
    cases
}

fn widths() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in CURVES {
        let signature = signature_of(&Token::good(algorithm).sign());
        let (r, s) = signature.split_at(signature.len() / 2);
        let zero: &[u8] = &[0];
        let mut cut = der_signature(&signature);
        cut.resize(signature.len(), 0);
        cases.push(good(algorithm));
        for (name, signature) in [
            ("DER", der_signature(&signature)),
            ("DER cut to the width", cut),
            ("DER of zeros", der_signature(&vec![0; signature.len()])),
            ("MAYCAQACAQA", hex("3006020100020100")),
            ("DER of ones", hex("3006020101020101")),
            ("a zero before", [zero, r, s].concat()),
            ("a zero before each", [zero, r, zero, s].concat()),
            ("a zero between", [r, zero, s].concat()),
            ("a zero after", [r, s, zero].concat()),
            ("the first octet left out", signature[1..].to_vec()),
            (
                "the last octet left out",
                signature[..signature.len() - 1].to_vec(),
            ),
            ("r alone", r.to_vec()),
            ("twice", [&signature[..], &signature].concat()),
            (
                "as wide as for RSA",
                [&vec![0; 256 - signature.len()], &signature[..]].concat(),
            ),
        ] {
            cases.push(forged(algorithm, name, signature));
        }
    }
    cases.extend(leading_zeros());
    cases
}

/// A signature whose r begins with zero: as wide as ever, or stripped as a number would be.
fn leading_zeros() -> [Case; 2] {
    let tokens = (0..).map(|number| Token::es256().claim("jti", &format!("\"{number}\"")).sign());
    let mut tokens = tokens.take(100_000);
    let token = tokens.find(|token| signature_of(token)[0] == 0).unwrap();
    let stripped = with_signature(&token, &signature_of(&token)[1..]);
    [
        twin("a leading zero of r", token),
        attack("stripped of it", stripped, VerifyError::SignatureInvalid),
    ]
}

fn high_s() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in CURVES {
        let token = Token::good(algorithm).sign();
        let signature = signature_of(&token);
        let other = forge::twin(&signature);
        assert_ne!(other, signature);
        assert_eq!(forge::twin(&other), signature);
        let negative_r: Vec<u8> =
            [&other[other.len() / 2..], &signature[..other.len() / 2]].concat();
        for (name, signature) in [("as signed", &signature), ("n - s", &other)] {
            let case = twin(
                format!("{algorithm} {name}"),
                with_signature(&token, signature),
            );
            cases.push(case.of(algorithm));
        }
        cases.push(forged(algorithm, "n - s in the place of r", negative_r));
    }
    cases
}

/// One of each kind of key.
const KINDS: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Ps256,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::EdDsa,
];

fn flips() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in KINDS {
        let token = Token::good(algorithm);
        let signed = token.sign();
        let signature = signature_of(&signed);
        cases.push(good(algorithm));
        let bits = signature.len() * 8;
        for bit in [
            0,
            1,
            7,
            8,
            bits / 4,
            bits / 2 - 1,
            bits / 2,
            bits - 8,
            bits - 2,
            bits - 1,
        ] {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            cases.push(with_this_signature(
                &signed,
                algorithm,
                &format!("bit {bit}"),
                flipped,
            ));
        }
        let others = signature_of(&token.clone().claim("jti", "\"2\"").sign());
        cases.push(with_this_signature(
            &signed,
            algorithm,
            "of another token",
            others,
        ));
        let by_another = signature_of(&token.sign_with(other_key(algorithm)));
        cases.push(with_this_signature(
            &signed,
            algorithm,
            "by another key",
            by_another,
        ));
        for (name, part) in [
            ("header", token.header_json()),
            ("payload", token.claims_json()),
            ("nothing", String::new()),
        ] {
            let over = key(algorithm).sign(part.as_bytes()).unwrap();
            let name = format!("over {name} alone");
            cases.push(with_this_signature(&signed, algorithm, &name, over));
        }
        for changed in [
            token.clone().claim("sub", "\"admin\""),
            token.clone().claim("exp", "1700000061"),
            token.clone().claim("exp", "1700000060 "),
            token.clone().header("typ", "\"JWT\""),
            token
                .clone()
                .header("kid", &format!("\"client\\/{algorithm}\"")),
        ] {
            let text = format!("{} {}", changed.header_json(), changed.claims_json());
            let name = format!("{algorithm} over {text}");
            let forged = compact(changed.header_json(), changed.claims_json(), &signature);
            let case = attack(name.clone(), forged, VerifyError::SignatureInvalid);
            cases.push(case.of(algorithm));
            cases.push(twin(name, changed.sign()).of(algorithm));
        }
    }
    cases
}

fn with_this_signature(token: &str, algorithm: Algorithm, name: &str, signature: Vec<u8>) -> Case {
    let name = format!("{algorithm} {name}");
    let case = attack(
        name,
        with_signature(token, signature),
        VerifyError::SignatureInvalid,
    );
    case.of(algorithm)
}

fn lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in KINDS {
        let signature = signature_of(&Token::good(algorithm).sign());
        let length = signature.len();
        cases.push(good(algorithm));
        for (name, signature) in [
            ("empty", Vec::new()),
            ("one zero", vec![0]),
            ("zeros", vec![0; length]),
            ("ones", vec![0xff; length]),
            ("a zero too few", vec![0; length - 1]),
            ("a zero too many", vec![0; length + 1]),
            ("first octet left out", signature[1..].to_vec()),
            ("last octet left out", signature[..length - 1].to_vec()),
            ("half", signature[..length / 2].to_vec()),
            ("an octet after", [&signature[..], &[0]].concat()),
            ("an octet before", [&[0], &signature[..]].concat()),
            ("twice", [&signature[..], &signature].concat()),
            ("backwards", signature.iter().rev().copied().collect()),
            ("the word", b"signature".to_vec()),
        ] {
            cases.push(forged(algorithm, name, signature));
        }
    }
    cases
}
