//! `connect-app BASE_URL`, as the descriptor has it

use std::error::Error;
use std::sync::Arc;

use asap_engine::{
    BaseUrl, ConnectContext, ConnectLifecycle, ConnectModule, ConnectPolicy, KeyRepository,
    KeyRepositoryConfig, MemoryTenants,
};
use asap_examples::{connect, serve};

const INSTALL_KEYS: &str = "https://connect-install-keys.atlassian.com";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(base_url) = std::env::args().nth(1) else {
        return Err("usage: connect-app BASE_URL".into());
    };
    let policy = ConnectPolicy::new(BaseUrl::parse(&base_url)?);
    let install_keys = KeyRepository::new(KeyRepositoryConfig::new(INSTALL_KEYS)?)?;
    // An app that is to know its tenants tomorrow has a database here.
    let tenants = Arc::new(MemoryTenants::new());
    let app = connect::app(
        Arc::clone(&tenants),
        ConnectLifecycle::new(policy.clone(), install_keys),
        ConnectModule::new(policy.clone(), Arc::clone(&tenants)),
        ConnectContext::new(policy, tenants),
    )?;
    serve(app).await?;
    Ok(())
}
