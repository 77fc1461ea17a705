//! The example of Forge, over sockets.

mod world;

use asap_engine::{ForgeVerifier, KeySetFormat, KeySetRepository, KeySetRepositoryConfig};
use asap_examples::forge::app;
use asap_tests::published::{forge, forge_set, forge_token};
use asap_tests::token::Token;
use world::{ask, key_server, key_server_that_is_away, listen};

const INVALID: &str = "Bearer error=\"invalid_token\"";

fn verifier(server: &str) -> ForgeVerifier<KeySetRepository> {
    let url = format!("{server}/jwks.json");
    let config = KeySetRepositoryConfig::allowing_http_to_loopback(KeySetFormat::JwkSet, &url);
    forge(KeySetRepository::new(config.unwrap()).unwrap())
}

fn authorization(token: Token) -> String {
    format!("authorization: Bearer {}", token.sign())
}

#[tokio::test]
async fn an_invocation_of_this_app_is_served_and_no_other_is() {
    let server = key_server("/jwks.json", forge_set()).await;
    let address = listen(app(verifier(&server))).await;
    let installation =
        async |fields: &[&str]| ask(address, "POST", "/installation", fields, "{}").await;

    let good = authorization(forge_token());
    installation(&[&good]).await.assert_served(
        "data of ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5",
    );
    installation(&[]).await.assert_refused("Bearer");
    let other = forge_token().claim("aud", "\"ari:cloud:ecosystem::app/another\"");
    installation(&[&authorization(other)])
        .await
        .assert_refused(INVALID);
    let unknown = forge_token().header("kid", "\"unknown\"");
    installation(&[&authorization(unknown)])
        .await
        .assert_refused(INVALID);
}

#[tokio::test]
async fn the_user_s_oauth_token_reaches_the_app_beside_the_invocation() {
    let server = key_server("/jwks.json", forge_set()).await;
    let address = listen(app(verifier(&server))).await;
    let good = authorization(forge_token());
    let user = async |fields: &[&str]| ask(address, "POST", "/user", fields, "{}").await;
    user(&[&good, "x-forge-oauth-user: opaque"])
        .await
        .assert_served("in the name of 655362:312d3308-8954-42b0-aa38-771a10c88656");
    assert_eq!(user(&[&good]).await.status, 403);
    user(&["x-forge-oauth-user: opaque"])
        .await
        .assert_refused("Bearer");
}

#[tokio::test]
async fn a_long_token_gets_through_the_server() {
    let server = key_server("/jwks.json", forge_set()).await;
    let address = listen(app(verifier(&server))).await;
    let context = format!("{{\"extension\": \"{}\"}}", "x".repeat(10_000));
    let long = authorization(forge_token().claim("context", &context));
    assert!(long.len() > 13_000);
    assert_eq!(
        ask(address, "POST", "/installation", &[&long], "")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn while_the_key_server_is_away_or_serves_nonsense_a_token_is_neither_accepted_nor_refused() {
    for server in [
        key_server_that_is_away().await,
        key_server("/jwks.json", "{}".to_owned()).await,
    ] {
        let address = listen(app(verifier(&server))).await;
        let good = authorization(forge_token());
        ask(address, "POST", "/installation", &[&good], "")
            .await
            .assert_unavailable();
        let expired = authorization(forge_token().claim("exp", "1"));
        ask(address, "POST", "/installation", &[&expired], "")
            .await
            .assert_refused(INVALID);
    }
}
