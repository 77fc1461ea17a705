//! The backends agree: which library checks a signature is no difference to anyone but its speed.
//!
//! The cases of `signature_confusion.rs` are asked of each backend there. Here are the ones that nobody thought of.

use std::collections::HashSet;

use asap_engine::internals::verify_by_kernel;
use asap_engine::{
    Algorithm, Backend, KeyRejected, Keyring, RsaKeySize, Scratch, SigningKey, VerifyError,
    VerifyingKey,
};
use asap_tests::backends::{judge_by_all, known_to_ring};
use asap_tests::fixture::{engine, policy, verdict_now};
use asap_tests::forge::twin;
use asap_tests::keys::{der_of, key};
use asap_tests::token::{Token, base64url, decoded, signature_of, with_signature};
use asap_tests::walk::Walk;

const MUTATIONS: usize = 2_000;

/// Feature table of the engine: "`Backend::Ring`, a second opinion on every signature".
#[test]
fn the_backends_give_the_same_verdict_on_every_mutation_of_a_good_token() {
    let mut walk = Walk(2026);
    let goods: Vec<_> = Algorithm::ALL
        .iter()
        .filter(|algorithm| known_to_ring(**algorithm))
        .map(|algorithm| Token::good(*algorithm).sign())
        .collect();
    let mut verdicts = HashSet::new();
    for _ in 0..MUTATIONS {
        let good = &goods[walk.below(goods.len())];
        let token = mutated(good, &mut walk);
        let verdict = judge_by_all(&token);
        // Of all that a mutation can do, only giving an ECDSA signature its other form keeps it good.
        if verdict == Ok(()) {
            assert_eq!(signing_input(&token), signing_input(good.as_bytes()));
        }
        verdicts.insert(verdict);
    }
    for seen in [
        Ok(()),
        Err(VerifyError::SignatureInvalid),
        Err(VerifyError::InvalidBase64),
        Err(VerifyError::InvalidClaims),
    ] {
        assert!(verdicts.contains(&seen), "no mutation led to {seen:?}");
    }
}

/// `Scratch`: "Room into which one token after another is decoded." What is left in it is no part of the next one.
#[test]
fn a_scratch_that_was_used_before_makes_no_difference() {
    let engine = engine(policy());
    let mut walk = Walk(3);
    let (mut used, mut accepted) = (Scratch::new(), 0);
    for round in 0..400 {
        let filler = "x".repeat([0, 10, 300, 2_000][walk.below(4)]);
        let good = Token::es256()
            .claim("x", &format!("\"{filler}\""))
            .claim("jti", r#""\u0074oken""#)
            .sign();
        let token = if walk.below(3) == 0 {
            good.into_bytes()
        } else {
            mutated(&good, &mut walk)
        };
        let fresh = verdict_now(&engine, &token);
        let reused = engine.verify_now(&token, &mut used).map(|_| ());
        assert_eq!(reused, fresh, "{round}");
        accepted += usize::from(fresh.is_ok());
    }
    assert!((50..350).contains(&accepted), "{accepted}");
}

/// docs/DESIGN.md: "ring is a second opinion": on damaged keys, too.
#[test]
fn the_backends_take_and_refuse_the_same_keys() {
    let mut walk = Walk(8);
    let (mut taken, mut refused) = (0, 0);
    for algorithm in Algorithm::ALL.iter().filter(|one| known_to_ring(**one)) {
        let der = der_of(key(*algorithm).public_key_pem());
        for _ in 0..100 {
            let mut damaged = der.clone();
            damaged[walk.below(der.len())] ^= 1 << walk.below(8);
            damaged.truncate(der.len() - [0, 0, 0, 1][walk.below(4)]);
            let load = |backend| VerifyingKey::from_spki_with(&damaged, backend).map(|_| ());
            let verdict = load(Backend::AwsLc);
            for backend in [Backend::Ring, Backend::Accel, Backend::Auto] {
                assert_eq!(load(backend), verdict, "{algorithm} {damaged:02x?}");
            }
            *(if verdict.is_ok() {
                &mut taken
            } else {
                &mut refused
            }) += 1;
        }
    }
    assert!(taken > 50 && refused > 50, "{taken} {refused}");
}

/// `Backend::Ring`: "It knows no P-521." It says so at load, and no token is refused for it.
#[test]
fn a_key_that_ring_does_not_know_is_refused_at_load() {
    let pem = key(Algorithm::Es512).public_key_pem().as_bytes();
    let refused = VerifyingKey::from_pem_with(pem, Backend::Ring).map(|_| ());
    assert_eq!(refused, Err(KeyRejected::UnsupportedAlgorithm));
    let keyring = Keyring::from_pems_with([("client/ES512", pem)], Backend::Ring);
    let line = keyring.unwrap_err().to_string();
    assert!(
        line.contains("client/ES512") && line.contains("curve"),
        "{line}"
    );
    assert!(VerifyingKey::from_pem_with(pem, Backend::AwsLc).is_ok());
}

/// `Backend::Accel`: "aws-lc decides whatever a kernel refuses and one in 1,024 of what it accepts": beneath that, the kernel
/// itself says what aws-lc says, of good signatures and of changed ones, at each size.
#[test]
fn the_kernel_by_itself_gives_the_verdict_of_the_library() {
    const RSA: [Algorithm; 6] = [
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
    ];
    let mut walk = Walk(65_537);
    for size in [
        RsaKeySize::Bits2048,
        RsaKeySize::Bits3072,
        RsaKeySize::Bits4096,
    ] {
        let (_, private) = SigningKey::generate_rsa(Algorithm::Rs256, size).unwrap();
        for algorithm in RSA {
            let key = SigningKey::from_pem(algorithm, private.as_str().as_bytes()).unwrap();
            let spki = der_of(key.public_key_pem());
            let library = VerifyingKey::from_spki_with(&spki, Backend::AwsLc).unwrap();
            let good = key.sign(b"message").unwrap();
            for round in 0..20 {
                let mut signature = good.clone();
                let mut message = b"message".to_vec();
                match round {
                    0 => {}
                    1..10 => signature[walk.below(good.len())] ^= 1 << walk.below(8),
                    10..15 => message[walk.below(7)] ^= 1 << walk.below(8),
                    15 => signature.fill(0),
                    16 => signature.fill(0xff),
                    17 => signature.rotate_left(1),
                    18 => drop(signature.pop()),
                    _ => signature.push(0),
                }
                let others = RSA.into_iter();
                for other in others.filter(|other| round == 0 || *other == algorithm) {
                    let expected = library.verify(other, &message, &signature).is_ok();
                    let said = verify_by_kernel(&spki, other, &message, &signature);
                    assert_eq!(said, Some(expected), "{size:?} {algorithm} {other} {round}");
                    assert_eq!(expected, round == 0 && other == algorithm);
                }
            }
        }
    }
}

fn signing_input(token: &[u8]) -> &[u8] {
    let dot = token.iter().rposition(|byte| *byte == b'.').unwrap();
    &token[..dot]
}

/// A token that differs from `good` in one place, or in the form of its signature.
fn mutated(good: &str, walk: &mut Walk) -> Vec<u8> {
    let signature = signature_of(good);
    match walk.below(8) {
        0 if good.contains(&base64url(r#"{"alg":"ES256""#)[..16]) => {
            with_signature(good, twin(&signature)).into_bytes()
        }
        0..=2 => {
            let mut signature = signature;
            let position = walk.below(signature.len());
            signature[position] ^= 1 << walk.below(8);
            with_signature(good, signature).into_bytes()
        }
        3 => {
            let mut signature = signature;
            signature.truncate(walk.below(signature.len()));
            with_signature(good, signature).into_bytes()
        }
        4 => {
            let mut signature = signature;
            let position = walk.below(signature.len() + 1);
            signature.insert(position, u8::try_from(walk.below(256)).unwrap());
            with_signature(good, signature).into_bytes()
        }
        5 => {
            let segments: Vec<_> = good.split('.').collect();
            let which = walk.below(2);
            let mut bytes = decoded(segments[which]);
            let position = walk.below(bytes.len());
            bytes[position] ^= 1 << walk.below(8);
            let mut segments: Vec<_> = segments.into_iter().map(str::to_owned).collect();
            segments[which] = base64url(bytes);
            segments.join(".").into_bytes()
        }
        _ => {
            let mut token = good.as_bytes().to_vec();
            let position = walk.below(token.len());
            token[position] = u8::try_from(walk.below(128)).unwrap();
            token
        }
    }
}
