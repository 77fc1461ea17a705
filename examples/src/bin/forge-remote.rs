//! `forge-remote APP_ID`, as the manifest has it: `ari:cloud:ecosystem::app/...`

use std::error::Error;

use asap_engine::{
    ForgePolicy, ForgeVerifier, KeySetFormat, KeySetRepository, KeySetRepositoryConfig,
};
use asap_examples::{forge, serve};

const KEYS: &str = "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(app_id) = std::env::args().nth(1) else {
        return Err("usage: forge-remote APP_ID".into());
    };
    let config = KeySetRepositoryConfig::new(KeySetFormat::JwkSet, KEYS)?;
    let keys = KeySetRepository::new(config)?;
    serve(forge::app(ForgeVerifier::new(
        ForgePolicy::new(&app_id)?,
        keys,
    )))
    .await?;
    Ok(())
}
