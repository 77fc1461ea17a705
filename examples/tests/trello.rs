//! The example of Trello, over sockets.

mod world;

use asap_engine::{
    Algorithm, KeySetFormat, KeySetRepository, KeySetRepositoryConfig, TrelloVerifier,
};
use asap_examples::trello::app;
use asap_tests::jwk::pem_list;
use asap_tests::keys::{key, other_key};
use asap_tests::published::{trello, trello_token};
use world::{ask, key_server, key_server_that_is_away, listen};

const INVALID: &str = "Bearer error=\"invalid_token\"";

fn verifier(server: &str) -> TrelloVerifier<KeySetRepository> {
    let url = format!("{server}/jwt-public-keys");
    let config = KeySetRepositoryConfig::allowing_http_to_loopback(KeySetFormat::PemList, &url);
    trello(KeySetRepository::new(config.unwrap()).unwrap())
}

#[tokio::test]
async fn a_user_of_this_power_up_is_served_and_no_other_is() {
    let keys = pem_list(&[key(Algorithm::Rs256)]);
    let server = key_server("/jwt-public-keys", keys).await;
    let address = listen(app(verifier(&server))).await;
    let settings = async |fields: &[&str]| ask(address, "GET", "/settings", fields, "").await;

    let token = trello_token().sign();
    for good in [
        format!("Authorization: {token}"),
        format!("Authorization: Bearer {token}"),
    ] {
        settings(&[&good])
            .await
            .assert_served("settings of 5e645dc2c4205e1416218404");
    }
    settings(&[]).await.assert_refused("Bearer");
    settings(&["authorization: Basic YTpi"])
        .await
        .assert_refused("Bearer");
    let other = trello_token().claim("idPlugin", "\"another\"").sign();
    settings(&[&format!("authorization: {other}")])
        .await
        .assert_refused(INVALID);
    let forged = trello_token().sign_with(other_key(Algorithm::Rs256));
    settings(&[&format!("authorization: {forged}")])
        .await
        .assert_refused(INVALID);
}

#[tokio::test]
async fn while_the_key_server_is_away_a_token_is_neither_accepted_nor_refused() {
    let server = key_server_that_is_away().await;
    let address = listen(app(verifier(&server))).await;
    let good = format!("authorization: {}", trello_token().sign());
    ask(address, "GET", "/settings", &[&good], "")
        .await
        .assert_unavailable();
    let stranger = format!(
        "authorization: {}",
        trello_token().without_claim("idMember").sign()
    );
    ask(address, "GET", "/settings", &[&stranger], "")
        .await
        .assert_refused(INVALID);
}
