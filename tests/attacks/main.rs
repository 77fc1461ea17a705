//! The catalogue of attacks as tests: each row of docs/ATTACKS.md is a test of the row's name, with the attacks and
//! beside them their twins, the legal neighbours, so that no row is passed by refusing everything.
//!
//! `case.rs` says what a case is, `paths.rs` asks every path that a token can take and wants the same verdict from
//! each, `document.rs` holds docs/ATTACKS.md against the cases. The other modules are the cases.

#[macro_use]
mod case;
mod forgeries;
mod paths;
mod world;

mod algorithm;
mod base64url;
mod claim_times;
mod claims;
mod document;
mod documents;
mod header;
mod json;
mod key_files;
mod key_id;
mod keys;
mod points;
mod replay;
mod rsa_keys;
mod serialisation;
mod signature;
mod time;
