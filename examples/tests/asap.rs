//! The example of ASAP, over sockets.

mod world;

use asap_engine::{Algorithm, Engine, KeyRepository, KeyRepositoryConfig};
use asap_examples::asap::app;
use asap_tests::fixture::{NOW, policy};
use asap_tests::keys::key;
use asap_tests::token::Token;
use world::{ask, key_server, key_server_that_is_away, listen};

fn engine(repository: &str) -> Engine<KeyRepository> {
    let config = KeyRepositoryConfig::allowing_http_to_loopback(repository).unwrap();
    Engine::new(policy(), KeyRepository::new(config).unwrap()).with_clock(|| NOW)
}

fn authorization(token: Token) -> String {
    format!("authorization: Bearer {}", token.sign())
}

#[tokio::test]
async fn a_service_that_signs_is_greeted_and_others_are_not() {
    let pem = key(Algorithm::Es256).public_key_pem().to_owned();
    let repository = key_server("/client/ES256", pem).await;
    let address = listen(app(engine(&repository))).await;
    let greeting = async |fields: &[&str]| ask(address, "GET", "/greeting", fields, "").await;

    let good = authorization(Token::es256());
    greeting(&[&good]).await.assert_served("hello, client");
    greeting(&[]).await.assert_refused("Bearer");
    greeting(&[&good, &good]).await.assert_refused("Bearer");
    let other = authorization(Token::es256().claim("aud", "\"another\""));
    let invalid = "Bearer error=\"invalid_token\"";
    greeting(&[&other]).await.assert_refused(invalid);
    let unknown = authorization(Token::es256().header("kid", "\"client/unknown\""));
    greeting(&[&unknown]).await.assert_refused(invalid);
    ask(address, "GET", "/health", &[], "")
        .await
        .assert_served("healthy");
}

#[tokio::test]
async fn while_the_key_server_is_away_a_token_is_neither_accepted_nor_refused() {
    let repository = key_server_that_is_away().await;
    let address = listen(app(engine(&repository))).await;
    let good = authorization(Token::es256());
    ask(address, "GET", "/greeting", &[&good], "")
        .await
        .assert_unavailable();
    let expired = authorization(Token::es256().claim("exp", "1"));
    let answer = ask(address, "GET", "/greeting", &[&expired], "").await;
    answer.assert_refused("Bearer error=\"invalid_token\"");
    ask(address, "GET", "/health", &[], "")
        .await
        .assert_served("healthy");
}
