//! `power-up PLUGIN_ID`

use std::error::Error;
use std::time::Duration;

use asap_engine::{
    KeySetFormat, KeySetRepository, KeySetRepositoryConfig, TrelloPolicy, TrelloVerifier,
};
use asap_examples::{serve, trello};

const KEYS: &str = "https://api.trello.com/1/resource/jwt-public-keys";

/// Trello's sample keeps the keys for four hours.
const FRESHNESS: Duration = Duration::from_secs(4 * 60 * 60);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(plugin_id) = std::env::args().nth(1) else {
        return Err("usage: power-up PLUGIN_ID".into());
    };
    let config =
        KeySetRepositoryConfig::new(KeySetFormat::PemList, KEYS)?.with_minimum_freshness(FRESHNESS);
    let keys = KeySetRepository::new(config)?;
    serve(trello::app(TrelloVerifier::new(
        TrelloPolicy::new(&plugin_id)?,
        keys,
    )))
    .await?;
    Ok(())
}
