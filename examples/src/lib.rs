//! A service on axum for each kind of token, small enough to begin one's own with. Each module has a router; each binary
//! configures one from its arguments and listens on loopback, where a proxy that terminates TLS would ask it.
//!
//! They have in common: the layer that authenticates stands around what it guards and nothing else, the layer that
//! completes responses around all of it, and a refusal's code goes to the log and not to the client.

pub mod asap;
pub mod connect;
pub mod forge;
pub mod trello;

use std::io;

use asap_engine::VerifyError;
use axum::Router;
use axum::response::Response;
use tokio::net::TcpListener;

/// Where the examples listen.
pub const ADDRESS: &str = "127.0.0.1:8080";

/// Serves `app` until the process ends.
///
/// # Errors
///
/// If nobody can listen there.
pub async fn serve(app: Router) -> io::Result<()> {
    let listener = TcpListener::bind(ADDRESS).await?;
    println!("listening on http://{ADDRESS}");
    axum::serve(listener, app).await
}

/// Writes why a request was refused to the log: the code, which holds nothing of a token.
pub async fn log_refusal(response: Response) -> Response {
    if let Some(refusal) = response.extensions().get::<VerifyError>() {
        eprintln!("refused: {}", refusal.code());
    }
    response
}
