//! The library's signer of calls to products, for the peers to verify: reads `METHOD PATH?QUERY` a line from standard
//! input, and prints a token for each.
//!
//! ```text
//! connect_signer APP_KEY SECRET_FILE PRODUCT_URL
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a part of a test fails by panicking"
)]

use std::env;
use std::fs;
use std::io;
use std::time::SystemTime;

use asap_engine::{BaseUrl, ConnectRequest, ConnectSigner, SharedSecret};

fn main() {
    let mut arguments = env::args().skip(1);
    let mut argument = || arguments.next().expect("APP_KEY SECRET_FILE PRODUCT_URL");
    let signer = ConnectSigner::new(argument()).unwrap();
    let secret = SharedSecret::new(fs::read_to_string(argument()).unwrap()).unwrap();
    let product = BaseUrl::parse(&argument()).unwrap();
    for line in io::stdin().lines() {
        let line = line.unwrap();
        let (method, target) = line.split_once(' ').expect("METHOD PATH?QUERY");
        let request = ConnectRequest::new(method, target);
        let now = SystemTime::now().into();
        println!("{}", signer.sign(&request, &product, &secret, now).unwrap());
    }
}
