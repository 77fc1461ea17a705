//! `--algorithm NAME`, as `alg` spells it.

use asap_engine::Algorithm;

/// The algorithm of this exact name.
pub(crate) fn parse(name: &str) -> Result<Algorithm, String> {
    Algorithm::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Algorithm::ALL.iter().map(|one| one.name()).collect();
        format!("it is one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_has_its_name_and_no_other() {
        for algorithm in Algorithm::ALL {
            assert_eq!(parse(algorithm.name()), Ok(*algorithm));
        }
        for name in ["", "rs256", "none", "HS256", "ES256K", "EDDSA"] {
            assert!(parse(name).unwrap_err().contains("EdDSA"), "{name}");
        }
    }
}
