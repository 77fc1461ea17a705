//! `asap-service AUDIENCE KEY_REPOSITORY_URL`

use std::error::Error;

use asap_engine::{Engine, KeyRepository, KeyRepositoryConfig, Policy};
use asap_examples::{asap, serve};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(audience), Some(repository)) = (arguments.next(), arguments.next()) else {
        return Err("usage: asap-service AUDIENCE KEY_REPOSITORY_URL".into());
    };
    let keys = KeyRepository::new(KeyRepositoryConfig::new(&repository)?)?;
    serve(asap::app(Engine::new(Policy::new(&audience)?, keys))).await?;
    Ok(())
}
