//! What the kernels take by themselves, beside aws-lc with a parsed key and in turns with it; what it takes to prepare a key for
//! them; and after how many signatures that has paid.
//!
//! The hash of the message is taken beforehand on both sides, but for Ed25519, where aws-lc offers no way to: its figure has
//! SHA-512 over 100 bytes in it. 256 distinct signatures take turns, unless a subject says `one`: then the processor guesses every branch.

#![expect(clippy::arithmetic_side_effects, reason = "figures for people")]

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;

use asap_accel::{Tier, ed25519, p256, rsa};
use aws_lc_rs::digest::{Digest, SHA256, SHA512, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    self as aws_lc, EcdsaKeyPair, Ed25519KeyPair, KeyPair, ParsedPublicKey, RsaEncoding,
};
use clap::Parser;

use crate::measure::{Options, Row, Subject, take_turns};

/// Measure the kernels by themselves.
#[derive(Debug, Parser)]
#[command(
    name = "kernels",
    after_help = "Example: cargo run --release -p asap-bench-kit --features accel --bin kernels"
)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

/// How many distinct signatures take turns.
const SIGNATURES: usize = 256;

/// The program `kernels`.
#[must_use]
pub fn main() -> ExitCode {
    Arguments::parse().options.run("kernels", 300, rows)
}

fn rows(batches: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    if !rsa::is_available() {
        println!("This processor lacks AVX-512 IFMA: rows of RSA are its portable twin's.");
    }
    if Tier::best() != Tier::Lanes {
        println!(
            "It lacks what the lanes of the curves take, AVX-512 IFMA and VBMI2: theirs are the scalar tier's alone."
        );
    }
    println!("{}", Row::TITLES);
    let mut rows = Vec::new();
    for (name, size) in [
        ("RSA-2048", KeySize::Rsa2048),
        ("RSA-3072", KeySize::Rsa3072),
        ("RSA-4096", KeySize::Rsa4096),
    ] {
        let key = RsaKeyPair::generate(size)?;
        rows.extend(of_rsa(name, &key, batches)?);
    }
    rows.extend(of_p256(batches)?);
    rows.extend(of_ed25519(batches)?);
    print_break_even(&rows);
    Ok(rows)
}

/// The tiers that this processor has, by name.
fn tiers() -> &'static [(&'static str, Tier)] {
    match Tier::best() {
        Tier::Lanes => &[("lanes", Tier::Lanes), ("scalar", Tier::Scalar)],
        _ => &[("scalar", Tier::Scalar)],
    }
}

/// A subject that is asked for signature after signature.
fn subject<'a>(name: impl Into<String>, check: impl FnMut(usize) -> bool + 'a) -> Subject<'a> {
    Subject::new(name, "", SIGNATURES, check)
}

/// Messages of 32 bytes, each another.
fn messages() -> impl Iterator<Item = [u8; 32]> {
    (0..SIGNATURES).map(|number| {
        let mut message = [0; 32];
        for (place, byte) in message.iter_mut().zip(number.to_le_bytes()) {
            *place = byte;
        }
        message
    })
}

/// A digest of SHA-256, and a signature over it.
type Signed = (Digest, Vec<u8>);

/// All messages signed.
fn signed(
    mut sign: impl FnMut(&[u8]) -> Result<Vec<u8>, Box<dyn Error>>,
) -> Result<Vec<Signed>, Box<dyn Error>> {
    messages()
        .map(|message| Ok((digest(&SHA256, &message), sign(&message)?)))
        .collect()
}

fn of_rsa(name: &str, key: &RsaKeyPair, batches: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    // RSAPublicKey (RFC 8017 appendix A.1.1) ends with the modulus and the exponent 65537.
    let (_, modulus) = key
        .public_key()
        .as_ref()
        .strip_suffix(&[2, 3, 1, 0, 1])
        .and_then(|rest| rest.split_at_checked(rest.len() - key.public_modulus_len()))
        .ok_or("a public key in DER")?;
    let kernel = || rsa::VerifyKey::new(modulus);
    let prepared = kernel().ok_or("a modulus in the kernel's domain")?;
    let random = SystemRandom::new();
    let sign = |padding: &'static dyn RsaEncoding| {
        signed(|message| {
            let mut signature = vec![0; modulus.len()];
            key.sign(padding, &random, message, &mut signature)?;
            Ok(signature)
        })
    };
    let of =
        |signed: &[(Digest, Vec<u8>)], number: usize, check: &dyn Fn(&Digest, &[u8]) -> bool| {
            signed
                .get(number)
                .is_some_and(|(digest, signature)| check(digest, signature))
        };
    let pkcs1 = sign(&aws_lc::RSA_PKCS1_SHA256)?;
    let by_aws_lc = ParsedPublicKey::new(&aws_lc::RSA_PKCS1_2048_8192_SHA256, key.public_key())?;
    let mut rows = take_turns(
        &format!("{name}/PKCS#1"),
        vec![
            subject("aws-lc", |number| {
                of(&pkcs1, number, &|digest, signature| {
                    by_aws_lc.verify_digest_sig(digest, signature).is_ok()
                })
            }),
            subject("kernel", |number| {
                of(&pkcs1, number, &|digest, signature| {
                    prepared.verify_pkcs1(rsa::Hash::Sha256, digest.as_ref(), signature)
                })
            }),
        ],
        batches,
    )?;
    let pss = sign(&aws_lc::RSA_PSS_SHA256)?;
    let by_aws_lc = ParsedPublicKey::new(&aws_lc::RSA_PSS_2048_8192_SHA256, key.public_key())?;
    rows.extend(take_turns(
        &format!("{name}/PSS"),
        vec![
            subject("aws-lc", |number| {
                of(&pss, number, &|digest, signature| {
                    by_aws_lc.verify_digest_sig(digest, signature).is_ok()
                })
            }),
            subject("kernel", |number| {
                let hash = |bytes: &[u8]| digest(&SHA256, bytes);
                of(&pss, number, &|digest, signature| {
                    prepared.verify_pss(rsa::Hash::Sha256, digest.as_ref(), signature, hash)
                })
            }),
        ],
        batches,
    )?);
    let set_up = subject("kernel", |_| black_box(kernel()).is_some());
    rows.extend(take_turns(
        &format!("{name}/set-up"),
        vec![set_up],
        batches,
    )?);
    Ok(rows)
}

fn of_p256(batches: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    let key = EcdsaKeyPair::generate(&aws_lc::ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let point = key.public_key().as_ref();
    let random = SystemRandom::new();
    let signed = signed(|message| Ok(key.sign(&random, message)?.as_ref().to_vec()))?;
    let by_aws_lc = ParsedPublicKey::new(&aws_lc::ECDSA_P256_SHA256_FIXED, point)?;
    of_curve(
        "P-256",
        |number| {
            signed.get(number).is_some_and(|(digest, signature)| {
                by_aws_lc.verify_digest_sig(digest, signature).is_ok()
            })
        },
        |tier| p256::VerifyKey::with_tier(point, tier.width(), tier),
        |key, number| {
            signed.get(number).is_some_and(|(digest, signature)| {
                let digest = digest.as_ref().try_into();
                let (Ok(digest), Ok(signature)) = (digest, signature.as_slice().try_into()) else {
                    return false;
                };
                key.verify(digest, signature) == p256::Verdict::Valid
            })
        },
        p256::VerifyKey::bytes,
        batches,
    )
}

fn of_ed25519(batches: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    /// A message, its signature, and the hash that the kernel takes.
    struct SignedMessage([u8; 32], [u8; 64], [u8; 64]);
    let key = Ed25519KeyPair::generate()?;
    let point: &[u8; 32] = key.public_key().as_ref().try_into()?;
    let signed = messages().map(|message| {
        let signature: [u8; 64] = key.sign(&message).as_ref().try_into()?;
        let [first, _] = signature.as_chunks::<32>().0 else {
            return Err("a signature has two halves".into());
        };
        let hash = digest(&SHA512, &[&first[..], point, &message].concat());
        Ok(SignedMessage(message, signature, hash.as_ref().try_into()?))
    });
    let signed = signed.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let by_aws_lc = ParsedPublicKey::new(&aws_lc::ED25519, point)?;
    of_curve(
        "Ed25519",
        |number| {
            let signed = signed.get(number);
            signed.is_some_and(|SignedMessage(message, signature, _)| {
                by_aws_lc.verify_sig(message, signature).is_ok()
            })
        },
        |tier| ed25519::VerifyKey::with_tier(point, tier.width(), tier),
        |key, number| {
            let signed = signed.get(number);
            signed.is_some_and(|SignedMessage(_, signature, hash)| key.verify(hash, signature))
        },
        ed25519::VerifyKey::bytes,
        batches,
    )
}

/// Each tier of a curve's kernel: how aws-lc checks a signature, and how a key is made, checks one, and what its table takes.
fn of_curve<K>(
    name: &str,
    by_aws_lc: impl FnMut(usize) -> bool,
    key_of: impl Fn(Tier) -> Option<K>,
    by_key: impl Fn(&K, usize) -> bool,
    bytes: impl Fn(&K) -> usize,
    batches: usize,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let keys = tiers().iter().map(|(tier_name, tier)| {
        let key = key_of(*tier).ok_or("a point of the curve")?;
        Ok((*tier_name, key))
    });
    let keys = keys.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let (by_key, key_of) = (&by_key, &key_of);
    let mut subjects = vec![subject("aws-lc", by_aws_lc)];
    for (tier_name, key) in &keys {
        subjects.push(subject(*tier_name, move |number| by_key(key, number)));
        subjects.push(subject(format!("{tier_name}, one"), move |_| {
            by_key(key, 0)
        }));
    }
    let mut rows = take_turns(name, subjects, batches)?;
    let set_up = tiers()
        .iter()
        .map(|(tier_name, tier)| subject(*tier_name, move |_| black_box(key_of(*tier)).is_some()));
    rows.extend(take_turns(
        &format!("{name}/set-up"),
        set_up.collect(),
        batches,
    )?);
    for (tier_name, key) in &keys {
        println!("{name}, {tier_name}: a table of {} bytes", bytes(key));
    }
    Ok(rows)
}

/// After how many signatures the set-up of a key has paid.
fn print_break_even(rows: &[Row]) {
    let ns = |case: &str, subject: &str| {
        let row = rows
            .iter()
            .find(|row| row.case == case && row.subject == subject);
        row.map(|row| row.ns)
    };
    println!("\nset-up has paid after so many verifications");
    for row in rows {
        let Some(kind) = row.case.strip_suffix("/set-up") else {
            continue;
        };
        let case = if kind.starts_with("RSA") {
            format!("{kind}/PKCS#1")
        } else {
            kind.to_owned()
        };
        if let (Some(library), Some(kernel)) = (ns(&case, "aws-lc"), ns(&case, &row.subject)) {
            println!(
                "{kind:<12} {:<8} {:>6.1}",
                row.subject,
                row.ns / (library - kernel)
            );
        }
    }
}
