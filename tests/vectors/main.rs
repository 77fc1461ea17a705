//! Published test vectors, through the engine's own call path: Wycheproof, the JOSE cookbook, the examples of the RFCs
//! and JSONTestSuite; and those of Connect. Each case is judged as published, or is in the table of deviations with its reason;
//! `docs/VECTORS.md` says where the data comes from and what came of it.

mod connect;
mod cookbook;
mod data;
mod deviations;
mod json_test_suite;
mod judge;
mod jwk;
mod page;
mod pem_parsing;
mod rfc;
mod sets;
mod tally;
mod wycheproof_ecdsa;
mod wycheproof_ed25519;
mod wycheproof_jws;
mod wycheproof_keys;
mod wycheproof_rsa;
