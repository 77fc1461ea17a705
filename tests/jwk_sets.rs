//! JWK Sets: which keys of one are used, which are left out, and what has the whole set refused (RFC 7517, RFC 7518 section
//! 6, RFC 8037).

use std::fs;
use std::path::PathBuf;

use asap_engine::internals::{keys_of_set, verify_with_set};
use asap_engine::limits::{MAX_KEY_SET_LENGTH, MAX_KEYS_IN_SET};
use asap_engine::{Algorithm, Backend, KeySet, KeySetRejected as R, SigningKey, VerifyError as E};
use asap_tests::jwk::{jwk, members, rs256, set};
use asap_tests::keys::{key, other_key};
use asap_tests::token::{base64url, decoded};
use serde_json::{Value, json};

const MESSAGE: &[u8] = b"what is signed";

fn read(json: &str) -> Result<KeySet, R> {
    KeySet::from_jwk_set(json.as_bytes())
}

/// Why the set of this one key is refused; `NoKeys` if the key is left out.
fn alone(key: &str) -> Option<R> {
    read(&set(&[key.to_owned()])).err()
}

/// Why a set of this key and a good one is refused, and how many keys it has otherwise.
fn beside_a_good_one(key: &str) -> Result<usize, R> {
    read(&set(&[good(), key.to_owned()])).map(|set| set.len())
}

fn good() -> String {
    rs256(key(Algorithm::Rs256), "good")
}

fn verdict(set: &KeySet, key_id: &str, signer: &SigningKey, algorithm: Algorithm) -> Result<(), E> {
    let signature = signer.sign(MESSAGE).unwrap();
    verify_with_set(set, key_id, algorithm, MESSAGE, &signature)
}

#[test]
fn a_key_of_each_algorithm_verifies_what_it_has_signed_and_nothing_else() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let (ours, theirs) = (key(algorithm), other_key(algorithm));
        for alg in [None, Some(format!("\"{algorithm}\""))] {
            let mut others = vec![("kid", "\"k\"")];
            others.extend(alg.as_deref().map(|alg| ("alg", alg)));
            let text = set(&[jwk(ours, &others)]);
            for backend in [Backend::AwsLc, Backend::Ring] {
                let set = KeySet::from_jwk_set_with(text.as_bytes(), backend);
                if backend == Backend::Ring && algorithm == Algorithm::Es512 {
                    // It knows no P-521, so the key is left out.
                    assert_eq!(set.err(), Some(R::NoKeys));
                    continue;
                }
                let set = set.unwrap();
                assert_eq!(verdict(&set, "k", ours, algorithm), Ok(()), "{algorithm}");
                assert_eq!(
                    verdict(&set, "k", theirs, algorithm),
                    Err(E::SignatureInvalid)
                );
                assert_eq!(verdict(&set, "K", ours, algorithm), Err(E::KeyUnknown));
            }
        }
    }
}

/// "The "alg" (algorithm) parameter identifies the algorithm intended for use with the key" (RFC 7517 section 4.4).
#[test]
fn the_alg_of_a_key_is_the_only_one_that_it_verifies() {
    let rsa = key(Algorithm::Rs256);
    let only = read(&set(&[jwk(rsa, &[("kid", "\"k\""), ("alg", "\"RS512\"")])])).unwrap();
    assert_eq!(
        verdict(&only, "k", key(Algorithm::Rs512), Algorithm::Rs512),
        Ok(())
    );
    assert_eq!(
        verdict(&only, "k", rsa, Algorithm::Rs256),
        Err(E::AlgorithmMismatch)
    );
    assert_eq!(keys_of_set(&only), [(Some("k"), vec![Algorithm::Rs512])]);
}

/// "Implementations SHOULD ignore JWKs within a JWK Set that use "kty" values that are not understood by them, that are
/// missing required members, or for which values are out of the supported ranges" (RFC 7517 section 5).
#[test]
fn what_is_not_understood_or_out_of_range_is_left_out() {
    let rsa = key(Algorithm::Rs256);
    let small = base64url([&[0xc1][..], &[0x55; 126], &[1]].concat());
    let huge = base64url([&[0xc1][..], &[0x55; 1030], &[1]].concat());
    let modulus = |n: &str| jwk(rsa, &[("n", &format!("\"{n}\""))]);
    let exponent = |e: &[u8]| jwk(rsa, &[("e", &format!("\"{}\"", base64url(e)))]);
    for key in [
        r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"}"#.to_owned(),
        r#"{"kty":"rsa"}"#.to_owned(),
        r#"{"kty":"RSA","e":"AQAB"}"#.to_owned(),
        r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#.to_owned(),
        r#"{"kty":"EC","x":"AA","y":"AA"}"#.to_owned(),
        r#"{"kty":"EC","crv":"P-256","x":"AA"}"#.to_owned(),
        r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#.to_owned(),
        r#"{"kty":"OKP","crv":"Ed25519"}"#.to_owned(),
        modulus(&small),
        modulus(&huge),
        exponent(&[1]),
        exponent(&[2]),
        exponent(&[1, 0, 0]),
        exponent(&[5, 0, 0, 0, 1]),
        jwk(rsa, &[("use", "\"enc\"")]),
        jwk(rsa, &[("use", "\"SIG\"")]),
        jwk(rsa, &[("key_ops", "[]")]),
        jwk(rsa, &[("key_ops", "[\"encrypt\",\"wrapKey\"]")]),
        jwk(rsa, &[("alg", "\"RSA-OAEP\"")]),
        jwk(rsa, &[("alg", "\"none\"")]),
        jwk(rsa, &[("alg", "\"HS256\"")]),
        jwk(rsa, &[("alg", "\"ES256\"")]),
        jwk(key(Algorithm::Es256), &[("alg", "\"ES384\"")]),
    ] {
        assert_eq!(alone(&key), Some(R::NoKeys), "{key}");
        assert_eq!(beside_a_good_one(&key), Ok(1), "{key}");
    }
    let both = jwk(
        rsa,
        &[("key_ops", "[\"sign\",\"verify\"]"), ("use", "\"sig\"")],
    );
    assert_eq!(beside_a_good_one(&both), Ok(2));
}

/// A set is public. One with a private key in it is the publisher's accident, and whoever has read it can sign.
#[test]
fn a_private_or_symmetric_key_has_the_whole_set_refused() {
    let rsa = key(Algorithm::Rs256);
    for member in ["d", "p", "q", "dp", "dq", "qi", "k", "priv"] {
        for value in ["\"AQAB\"", "\"\"", "null", "1"] {
            let key = jwk(rsa, &[(member, value), ("use", "\"enc\"")]);
            assert_eq!(
                beside_a_good_one(&key),
                Err(R::PrivateMember),
                "{member} {value}"
            );
        }
    }
    assert_eq!(
        beside_a_good_one(&jwk(rsa, &[("oth", "[]")])),
        Err(R::PrivateMember)
    );
    assert_eq!(
        beside_a_good_one(r#"{"kty":"oct","kid":"good","alg":"HS256","k":"c2VjcmV0"}"#),
        Err(R::PrivateMember)
    );
    assert_eq!(
        alone(&jwk(key(Algorithm::EdDsa), &[(r"\u0064", "\"AA\"")])),
        Some(R::PrivateMember)
    );
}

#[test]
fn a_malformed_key_has_the_whole_set_refused() {
    let (rsa, elliptic, edwards) = (
        key(Algorithm::Rs256),
        key(Algorithm::Es256),
        key(Algorithm::EdDsa),
    );
    let text_of = |key: &SigningKey, name: &str| {
        let all = members(key);
        let (_, value) = all.into_iter().find(|(member, _)| member == name).unwrap();
        value.trim_matches('"').to_owned()
    };
    let with = |key: &SigningKey, name: &str, bytes: &[u8]| {
        jwk(key, &[(name, &format!("\"{}\"", base64url(bytes)))])
    };
    let (n, x, y) = (
        text_of(rsa, "n"),
        text_of(elliptic, "x"),
        text_of(elliptic, "y"),
    );
    let zero_before = |text: &str| [&[0][..], &decoded(text)].concat();
    let mut off_curve = decoded(&y);
    off_curve[31] ^= 1;
    for key in [
        jwk(rsa, &[("kty", "1")]),
        r#"{"n":"AQAB","e":"AQAB"}"#.to_owned(),
        jwk(rsa, &[("kid", "1")]),
        jwk(rsa, &[("kid", &format!("\"{}\"", "k".repeat(1025)))]),
        jwk(rsa, &[("alg", "[\"RS256\"]")]),
        jwk(rsa, &[("use", "null")]),
        jwk(rsa, &[("key_ops", "\"verify\"")]),
        jwk(rsa, &[("key_ops", "[\"verify\",1]")]),
        jwk(rsa, &[("n", "1")]),
        jwk(rsa, &[("n", &format!("\"{n}=\""))]),
        jwk(rsa, &[("n", &format!("\" {n}\""))]),
        jwk(rsa, &[("n", "\"\"")]),
        jwk(rsa, &[("e", "\"\"")]),
        // "The representation MUST utilize the minimum number of octets" (RFC 7518 section 2).
        with(rsa, "n", &zero_before(&n)),
        with(rsa, "e", &[0, 1, 0, 1]),
        jwk(elliptic, &[("crv", "1")]),
        // "The length of this octet string MUST be the full size of a coordinate" (RFC 7518 section 6.2.1.2).
        with(elliptic, "x", &zero_before(&x)),
        with(elliptic, "x", &decoded(&x)[1..]),
        with(elliptic, "y", &off_curve),
        with(elliptic, "y", &[0; 32]),
        with(edwards, "x", &[0; 31]),
        // A point of small order, for which anyone can sign.
        with(edwards, "x", &[0; 32]),
        with(edwards, "x", &[0xff; 32]),
    ] {
        assert_eq!(alone(&key), Some(R::MalformedKey), "{key}");
        assert_eq!(beside_a_good_one(&key), Err(R::MalformedKey), "{key}");
    }
}

/// "The member names within a JWK MUST be unique" (RFC 7517 section 4), and so those of a set.
#[test]
fn duplicate_members_are_refused() {
    let twice = |member: &str| good().replacen('{', &format!("{{{member},"), 1);
    for member in [
        r#""kid":"x""#,
        r#""k\u0069d":"x""#,
        r#""n":"AQAB""#,
        r#""a":1,"a":1"#,
    ] {
        assert_eq!(alone(&twice(member)), Some(R::DuplicateMember), "{member}");
    }
    let good = good();
    for text in [
        format!(r#"{{"keys":[{good}],"keys":[{good}]}}"#),
        format!(r#"{{"keys":[{good}],"\u006beys":[]}}"#),
        format!(r#"{{"a":1,"keys":[{good}],"a":2}}"#),
    ] {
        assert_eq!(read(&text).err(), Some(R::DuplicateMember), "{text}");
    }
}

#[test]
fn members_that_are_not_defined_are_ignored() {
    let key = jwk(
        key(Algorithm::Rs256),
        &[
            ("kid", "\"good\""),
            ("x5c", "[\"AAAA\"]"),
            ("x5t#S256", "1"),
            ("x5u", "\"https://attacker.example\""),
            ("N", "\"AAAA\""),
            ("ext", "{\"a\":1,\"a\":2}"),
        ],
    );
    let text = format!(r#"{{"version":2,"keys":[{key}],"Keys":[]}}"#);
    assert_eq!(read(&text).unwrap().len(), 1);
}

/// "The value of the "keys" parameter is an array of JWK values" (RFC 7517 section 5.1).
#[test]
fn anything_else_than_a_set_is_refused() {
    let good = good();
    for text in [
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        r#"{"keys":[1]}"#,
        &good,
    ] {
        assert_eq!(read(text).err(), Some(R::NotASet), "{text}");
    }
    assert_eq!(
        read(&format!(r#"{{"keys":[{good},"x"]}}"#)).err(),
        Some(R::NotASet)
    );
    for text in [
        "",
        "null",
        "[]",
        "<html></html>",
        "{\"keys\":[]}x",
        "{\"keys\":[],}",
        "\u{feff}{}",
    ] {
        assert_eq!(read(text).err(), Some(R::NotJson), "{text}");
    }
    assert_eq!(
        KeySet::from_jwk_set(b"{\"keys\":[],\"x\":\"\xff\"}").err(),
        Some(R::NotJson)
    );
    let deep = format!(
        "{{\"keys\":[],\"x\":{}{}}}",
        "[".repeat(100),
        "]".repeat(100)
    );
    assert_eq!(read(&deep).err(), Some(R::NotJson));
    assert_eq!(read("{\"keys\":[]}").err(), Some(R::NoKeys));
}

/// docs/DESIGN.md: a limit on everything.
#[test]
fn a_set_is_bounded_by_count_and_length() {
    let elliptic = |count: usize| {
        let one = |number: usize| jwk(key(Algorithm::Es256), &[("kid", &format!("\"k{number}\""))]);
        read(&set(&(0..count).map(one).collect::<Vec<_>>()))
    };
    assert_eq!(elliptic(MAX_KEYS_IN_SET).unwrap().len(), MAX_KEYS_IN_SET);
    assert_eq!(elliptic(MAX_KEYS_IN_SET + 1).err(), Some(R::TooManyKeys));
    let unknown = vec!["{\"kty\":\"x\"}".to_owned(); MAX_KEYS_IN_SET + 1];
    assert_eq!(read(&set(&unknown)).err(), Some(R::TooManyKeys));
    let good = set(&[good()]);
    let padded = |length: usize| format!("{good}{}", " ".repeat(length - good.len()));
    assert!(read(&padded(MAX_KEY_SET_LENGTH)).is_ok());
    assert_eq!(
        read(&padded(MAX_KEY_SET_LENGTH + 1)).err(),
        Some(R::TooLong)
    );
}

/// ""kid" values within a JWK Set SHOULD be distinct": different only where the keys are for different algorithms (RFC 7517
/// section 4.5).
#[test]
fn a_kid_that_two_keys_could_mean_has_the_set_refused() {
    let (one, other) = (key(Algorithm::Rs256), other_key(Algorithm::Rs256));
    let same = set(&[rs256(one, "k"), rs256(other, "k")]);
    assert_eq!(read(&same).err(), Some(R::DuplicateKeyId));
    let open = set(&[jwk(one, &[("kid", "\"k\"")]), rs256(other, "k")]);
    assert_eq!(read(&open).err(), Some(R::DuplicateKeyId));
    let two_kinds = set(&[
        rs256(one, "k"),
        jwk(key(Algorithm::Es256), &[("kid", "\"k\"")]),
    ]);
    let two_kinds = read(&two_kinds).unwrap();
    assert_eq!(verdict(&two_kinds, "k", one, Algorithm::Rs256), Ok(()));
    assert_eq!(
        verdict(&two_kinds, "k", key(Algorithm::Es256), Algorithm::Es256),
        Ok(())
    );
    let nameless = set(&[jwk(one, &[]), jwk(other, &[])]);
    assert_eq!(read(&nameless).unwrap().len(), 2);
    let left_out = set(&[
        rs256(one, "k"),
        jwk(other, &[("kid", "\"k\""), ("use", "\"enc\"")]),
    ]);
    assert_eq!(read(&left_out).unwrap().len(), 1);
}

/// A `kid` is a string and nothing more: compared code point for code point, empty or in any script.
#[test]
fn a_kid_is_compared_as_it_is() {
    let rsa = key(Algorithm::Rs256);
    let set = read(&set(&[jwk(rsa, &[("kid", r#""a\u002fb é""#)])])).unwrap();
    assert_eq!(verdict(&set, "a/b é", rsa, Algorithm::Rs256), Ok(()));
    for other in ["", "a/b", "a/b e\u{301}", "A/B É"] {
        assert_eq!(
            verdict(&set, other, rsa, Algorithm::Rs256),
            Err(E::KeyUnknown),
            "{other}"
        );
    }
}

#[test]
fn nothing_prints_a_key() {
    let set = read(&set(&[good()])).unwrap();
    assert_eq!(format!("{set:?}"), "KeySet { len: 1 }");
    for rejected in [R::PrivateMember, R::MalformedKey, R::DuplicateKeyId] {
        assert!(!rejected.to_string().contains('\n') && rejected.to_string().len() > 10);
    }
}

/// RFC 7517 appendix A.1: a key for encryption and one that signs.
#[test]
fn the_example_of_rfc_7517_is_read() {
    let text = r#"{"keys":
       [
         {"kty":"EC",
          "crv":"P-256",
          "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
          "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
          "use":"enc",
          "kid":"1"},

         {"kty":"RSA",
          "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
          "e":"AQAB",
          "alg":"RS256",
          "kid":"2011-04-29"}
       ]
     }"#;
    let set = read(text).unwrap();
    assert_eq!(
        keys_of_set(&set),
        [(Some("2011-04-29"), vec![Algorithm::Rs256])]
    );
}

/// The folder of published vectors, if it is there.
fn vectors() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors"));
    let named = std::env::var_os("ASAP_VECTORS").map(PathBuf::from);
    Some(named.unwrap_or(beside)).filter(|folder| folder.is_dir())
}

fn vector(folder: &std::path::Path, path: &str) -> Value {
    let text = fs::read_to_string(folder.join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The key of `kid` in `set`, or its first, over a published JWS.
fn published_verdict(set: &KeySet, jws: &str) -> Result<(), E> {
    let (input, signature) = jws.rsplit_once('.').unwrap();
    let header = decoded(input.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header).unwrap();
    let algorithm = Algorithm::from_name(header["alg"].as_str().unwrap());
    let algorithm = algorithm.ok_or(E::AlgorithmUnsupported)?;
    let key_id = header["kid"].as_str().unwrap();
    verify_with_set(
        set,
        key_id,
        algorithm,
        input.as_bytes(),
        &decoded(signature),
    )
}

/// RFC 7520 sections 3 and 4: the public keys verify, and those with a private member are refused.
#[test]
fn the_cookbook_is_judged_as_published() {
    let Some(folder) = vectors() else {
        return;
    };
    let public = ["3_1.ec_public_key", "3_3.rsa_public_key"]
        .map(|name| vector(&folder, &format!("cookbook/jwk/{name}.json")));
    // Both have the same kid, and are for different algorithms.
    let set = read(&json!({ "keys": public }).to_string()).unwrap();
    for name in [
        "4_1.rsa_v15_signature",
        "4_2.rsa-pss_signature",
        "4_3.ecdsa_signature",
    ] {
        let signed = vector(&folder, &format!("cookbook/jws/{name}.json"));
        let jws = signed["output"]["compact"].as_str().unwrap();
        assert_eq!(published_verdict(&set, jws), Ok(()), "{name}");
        let changed = jws.replacen("SXTigJl", "SXTigJk", 1);
        assert_eq!(
            published_verdict(&set, &changed),
            Err(E::SignatureInvalid),
            "{name}"
        );
    }
    for name in [
        "3_2.ec_private_key",
        "3_4.rsa_private_key",
        "3_5.symmetric_key_mac_computation",
        "3_6.symmetric_key_encryption",
    ] {
        let secret = vector(&folder, &format!("cookbook/jwk/{name}.json"));
        let refusal = read(&json!({ "keys": [secret] }).to_string()).err();
        assert_eq!(refusal, Some(R::PrivateMember), "{name}");
    }
}

/// Wycheproof's sets. Those of symmetric keys, of which five cases are valid there, are refused as a whole; whether the
/// factors of a modulus come from a weak generator (ROCA, case 7) is the matter of whoever publishes it.
#[test]
fn wycheproofs_key_sets_are_judged_as_published() {
    let Some(folder) = vectors() else {
        return;
    };
    let file = vector(&folder, "wycheproof/json_web_key_test.json");
    let mut verdicts = Vec::new();
    for group in file["testGroups"].as_array().unwrap() {
        let shown = group.get("public").or_else(|| group.get("private"));
        let set = read(&shown.unwrap().to_string());
        for case in group["tests"].as_array().unwrap() {
            let jws = case["jws"].as_str().unwrap();
            let verdict = match &set {
                Ok(set) => published_verdict(set, jws).map_err(|refusal| refusal.code()),
                Err(R::PrivateMember) => Err("private"),
                Err(R::NoKeys) => Err("none"),
                Err(R::MalformedKey) => Err("malformed"),
                Err(other) => panic!("{other}"),
            };
            verdicts.push((case["tcId"].as_u64().unwrap(), verdict));
        }
        if group.get("public").is_some() {
            let private = read(&group["private"].to_string());
            assert_eq!(private.err(), Some(R::PrivateMember));
        }
    }
    let of = |verdict: Result<(), &str>| -> Vec<_> {
        let same = verdicts.iter().filter(|(_, one)| *one == verdict);
        same.map(|(case, _)| *case).collect()
    };
    assert_eq!(of(Ok(())), [5, 7]);
    let symmetric = [1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 16, 17, 18, 25, 26];
    assert_eq!(of(Err("private")), symmetric);
    assert_eq!(of(Err("none")), [6, 8, 9, 19, 20, 21, 24]);
    assert_eq!(of(Err("malformed")), [22, 23]);
    assert_eq!(verdicts.len(), 26);
}
