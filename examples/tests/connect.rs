//! The example of Connect, over sockets: from the installation of a tenant to its end.

mod world;

use std::net::SocketAddr;
use std::sync::Arc;

use asap_engine::limits::MAX_CONNECT_BODY_LENGTH;
use asap_engine::{
    Algorithm, ConnectContext, ConnectLifecycle, ConnectModule, KeyRepository, KeyRepositoryConfig,
    MemoryTenants, TenantError, TenantStore,
};
use asap_examples::connect;
use asap_tests::connect::{
    INSTALL_KEY, OTHER_SECRET, OTHER_TENANT, RemoteTenants, SECRET, TENANT, claims, claims_for,
    hs256, install_claims, policy, tenants,
};
use asap_tests::fixture::NOW;
use asap_tests::keys::key;
use axum::Router;
use world::{Answer, ask, key_server, key_server_that_is_away, listen};

const JSON: &str = "content-type: application/json";
const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// The app, whose proxy has taken the base path away.
fn app<T>(install_keys: &str, tenants: Arc<MemoryTenants>, store: T) -> Router
where
    T: TenantStore + Clone + 'static,
{
    let config = KeyRepositoryConfig::allowing_http_to_loopback(install_keys).unwrap();
    let keys = KeyRepository::new(config).unwrap();
    connect::app(
        tenants,
        ConnectLifecycle::new(policy(), keys).with_clock(|| NOW),
        ConnectModule::new(policy(), store.clone()).with_clock(|| NOW),
        ConnectContext::new(policy(), store).with_clock(|| NOW),
    )
    .unwrap()
}

async fn install_keys() -> String {
    let pem = key(Algorithm::Rs256).public_key_pem().to_owned();
    key_server(&format!("/{INSTALL_KEY}"), pem).await
}

/// An app that nobody has installed.
async fn fresh() -> SocketAddr {
    let tenants = Arc::new(MemoryTenants::new());
    listen(app(&install_keys().await, Arc::clone(&tenants), tenants)).await
}

/// An app that both tenants have installed.
async fn installed() -> SocketAddr {
    let tenants = Arc::new(tenants());
    listen(app(&install_keys().await, Arc::clone(&tenants), tenants)).await
}

fn jwt(token: &str) -> String {
    format!("authorization: JWT {token}")
}

fn message(client_key: &str, secret: &str) -> String {
    format!(
        r#"{{"key":"app","clientKey":"{client_key}","sharedSecret":"{secret}","eventType":"installed"}}"#
    )
}

async fn panel(address: SocketAddr, secret: &str) -> Answer {
    let token = hs256(&claims_for("GET", "/connect/panel?issue=A-1"), secret);
    ask(
        address,
        "GET",
        &format!("/panel?issue=A-1&jwt={token}"),
        &[],
        "",
    )
    .await
}

async fn install(address: SocketAddr, target: &str, secret: &str) -> Answer {
    let token = install_claims("POST", &format!("/connect{target}")).sign();
    ask(
        address,
        "POST",
        target,
        &[&jwt(&token), JSON],
        &message(TENANT, secret),
    )
    .await
}

#[tokio::test]
async fn a_tenant_comes_changes_its_secret_and_goes() {
    let address = fresh().await;
    panel(address, SECRET).await.assert_refused("JWT");
    assert_eq!(install(address, "/installed", SECRET).await.status, 204);
    let served = format!("a panel of {TENANT} for 5b10a2844c20165700ede21g");
    panel(address, SECRET).await.assert_served(&served);

    assert_eq!(
        install(address, "/installed", OTHER_SECRET).await.status,
        204
    );
    panel(address, SECRET).await.assert_refused("JWT");
    panel(address, OTHER_SECRET).await.assert_served(&served);

    assert_eq!(
        install(address, "/uninstalled", OTHER_SECRET).await.status,
        204
    );
    panel(address, OTHER_SECRET).await.assert_refused("JWT");
}

#[tokio::test]
async fn nobody_but_atlassian_installs() {
    for address in [fresh().await, installed().await] {
        let body = message(TENANT, OTHER_SECRET);
        let unsigned = ask(address, "POST", "/installed", &[JSON], &body).await;
        unsigned.assert_refused("JWT");
        // Neither the secret of before nor the one in the message vouches for the message.
        for secret in [SECRET, OTHER_SECRET] {
            let own = jwt(&hs256(&claims_for("POST", "/connect/installed"), secret));
            ask(address, "POST", "/installed", &[&own, JSON], &body)
                .await
                .assert_refused("JWT");
        }
        let page = jwt(&hs256(&claims("context-qsh"), SECRET));
        ask(address, "POST", "/installed", &[&page, JSON], &body)
            .await
            .assert_refused("JWT");
        let good = jwt(&install_claims("POST", "/connect/installed").sign());
        let of_another = message(OTHER_TENANT, OTHER_SECRET);
        ask(address, "POST", "/installed", &[&good, JSON], &of_another)
            .await
            .assert_refused("JWT");
        let long = message(TENANT, &"s".repeat(MAX_CONNECT_BODY_LENGTH));
        ask(address, "POST", "/installed", &[&good, JSON], &long)
            .await
            .assert_refused("JWT");
        panel(address, OTHER_SECRET).await.assert_refused("JWT");
    }
}

#[tokio::test]
async fn each_class_of_endpoints_takes_its_own_tokens() {
    let address = installed().await;
    let page = jwt(&hs256(&claims("context-qsh"), SECRET));
    let settings = ask(address, "GET", "/api/settings", &[&page], "").await;
    settings.assert_served(&format!("settings of {TENANT}"));
    ask(address, "GET", "/panel", &[&page], "")
        .await
        .assert_refused("JWT");

    let product = jwt(&hs256(&claims_for("GET", "/connect/api/settings"), SECRET));
    ask(address, "GET", "/api/settings", &[&product], "")
        .await
        .assert_refused("JWT");
    let atlassian = jwt(&install_claims("GET", "/connect/panel").sign());
    ask(address, "GET", "/panel", &[&atlassian], "")
        .await
        .assert_refused("JWT");
}

#[tokio::test]
async fn a_page_that_is_posted_and_a_webhook_reach_the_app_whole() {
    let address = installed().await;
    let token = hs256(&claims_for("POST", "/connect/panel?issue=A-1"), SECRET);
    let form = format!("issue=A-1&jwt={token}");
    let posted = ask(address, "POST", "/panel", &[FORM], &form).await;
    posted.assert_served(&format!("a panel of {TENANT} for 5b10a2844c20165700ede21g"));
    let tampered = form.replace("A-1", "A-2");
    ask(address, "POST", "/panel", &[FORM], &tampered)
        .await
        .assert_refused("JWT");

    let webhook = jwt(&hs256(
        &claims_for("POST", "/connect/issue-created"),
        SECRET,
    ));
    let long = "x".repeat(MAX_CONNECT_BODY_LENGTH + 1);
    let answer = ask(address, "POST", "/issue-created", &[&webhook, JSON], &long).await;
    answer.assert_served(&format!("{} bytes for {TENANT}", long.len()));
}

#[tokio::test]
async fn an_app_that_is_nested_at_its_base_path_sees_the_same_requests() {
    let tenants = Arc::new(tenants());
    let app = app(&install_keys().await, Arc::clone(&tenants), tenants);
    let address = listen(Router::new().nest("/connect", app)).await;
    let token = hs256(&claims_for("GET", "/connect/panel?issue=A-1"), SECRET);
    let target = format!("/connect/panel?issue=A-1&jwt={token}");
    assert_eq!(ask(address, "GET", &target, &[], "").await.status, 200);
}

#[tokio::test]
async fn while_the_store_of_tenants_is_away_a_token_is_neither_accepted_nor_refused() {
    let store = RemoteTenants::new(Err(TenantError::Unavailable));
    let app = app(&install_keys().await, Arc::default(), store);
    let address = listen(app).await;
    panel(address, SECRET).await.assert_unavailable();
    let page = jwt(&hs256(&claims("context-qsh"), SECRET));
    ask(address, "GET", "/api/settings", &[&page], "")
        .await
        .assert_unavailable();
    let tampered = hs256(&claims_for("GET", "/connect/panel?issue=A-1"), SECRET);
    let target = format!("/panel?issue=A-2&jwt={tampered}");
    ask(address, "GET", &target, &[], "")
        .await
        .assert_refused("JWT");
}

#[tokio::test]
async fn while_the_install_keys_are_away_an_installation_is_neither_accepted_nor_refused() {
    let tenants = Arc::new(MemoryTenants::new());
    let keys = key_server_that_is_away().await;
    let address = listen(app(&keys, Arc::clone(&tenants), Arc::clone(&tenants))).await;
    install(address, "/installed", SECRET)
        .await
        .assert_unavailable();
    assert!(tenants.is_empty());
}
