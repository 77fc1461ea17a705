//! `asap qsh`: two lines, for a script or for a reader.

use crate::tool::{asap, done, refused};

#[test]
fn it_prints_the_canonical_request_and_its_hash() {
    // The first of the vectors that Atlassian's library has published.
    let printed = done(asap().args(["qsh", "--method", "get", "--url", "/test?param=value"]));
    assert_eq!(
        printed,
        "GET&/test&param=value\nbe16910858a41fd19ea5c1b4e9decca9a784d1024cb00b2158defe2f29dc86dd\n"
    );
}

#[test]
fn the_base_path_and_the_token_are_not_part_of_it() {
    let printed = done(
        asap()
            .args([
                "qsh",
                "--method",
                "GET",
                "--url",
                "/base/test/?jwt=x.y.z&param=value",
            ])
            .args(["--base-url", "https://app.example/base/"]),
    );
    assert_eq!(
        printed,
        "GET&/test&param=value\nbe16910858a41fd19ea5c1b4e9decca9a784d1024cb00b2158defe2f29dc86dd\n"
    );
}

#[test]
fn what_no_endpoint_takes_is_refused_in_one_line() {
    let qsh = |url: &str, word: &str| {
        refused(asap().args(["qsh", "--method", "GET", "--url", url]), word)
    };
    qsh("/?a=%zz", "request_malformed");
    qsh("https://app.example/x", "--url");
    let line = qsh(
        "/?a=%&jwt=eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
        "request_malformed",
    );
    assert!(!line.contains("eyJ"), "{line}");
    refused(
        asap().args(["qsh", "--method", "G T", "--url", "/"]),
        "--method",
    );
    refused(
        asap().args([
            "qsh",
            "--method",
            "GET",
            "--url",
            "/",
            "--base-url",
            "app.example",
        ]),
        "--base-url",
    );
}
