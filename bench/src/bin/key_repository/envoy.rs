//! An Envoy whose filter `jwt_authn` verifies the same tokens, with one worker thread.
//!
//! It knows no key repositories, so it is given the same keys as a key set, by the same server, and is told to keep it
//! for as long as the keys are fresh. It does not look at HTTP caching.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Failure;
use crate::key_server::KEY_SET;
use crate::signer::AUDIENCE;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// How Envoy gets its key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fetching {
    /// When a token needs it: the default.
    OnDemand,
    /// In the background too (`async_fetch`).
    Background,
}

/// A running Envoy. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Envoy {
    process: Child,
    pub(crate) port: u16,
    config: PathBuf,
}

impl Envoy {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(
        program: &Path,
        fetching: Fetching,
        key_server_port: u16,
        certificate: &str,
        cache_duration: Duration,
    ) -> Result<Self, Failure> {
        let port = free_port()?;
        let filter = jwt_authn(fetching, key_server_port, cache_duration);
        let config = bootstrap(port, &filter, &cluster(key_server_port, certificate));
        let file = format!("asap-envoy-{}-{port}.json", std::process::id());
        let path = std::env::temp_dir().join(file);
        fs::write(&path, config.to_string())?;
        let process = Command::new(program)
            .arg("-c")
            .arg(&path)
            .args(["--concurrency", "1", "--use-dynamic-base-id"])
            .args(["--log-level", "off"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let envoy = Self {
            process,
            port,
            config: path,
        };
        envoy.wait()?;
        Ok(envoy)
    }

    fn wait(&self) -> Result<(), Failure> {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if start.elapsed() > PATIENCE {
                return Err("Envoy does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // The program may be a script that runs Envoy in its own place; it ends with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_file(&self.config);
    }
}

/// A port that nobody had a moment ago.
fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn jwt_authn(fetching: Fetching, key_server_port: u16, cache_duration: Duration) -> Value {
    let mut remote = json!({
        "http_uri": {
            "uri": format!("https://localhost:{key_server_port}{KEY_SET}"),
            "cluster": "keys",
            "timeout": "5s",
        },
        "cache_duration": format!("{}s", cache_duration.as_secs_f64()),
    });
    if fetching == Fetching::Background {
        remote["async_fetch"] = json!({});
    }
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": { "asap": { "audiences": [AUDIENCE], "remote_jwks": remote } },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "asap" } }],
        },
    })
}

fn cluster(key_server_port: u16, certificate: &str) -> Value {
    let address = json!({ "address": "127.0.0.1", "port_value": key_server_port });
    let endpoint = json!({ "endpoint": { "address": { "socket_address": address } } });
    json!({
        "name": "keys",
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": { "cluster_name": "keys", "endpoints": [{ "lb_endpoints": [endpoint] }] },
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                "sni": "localhost",
                "common_tls_context": {
                    "validation_context": { "trusted_ca": { "inline_string": certificate } },
                },
            },
        },
    })
}

fn bootstrap(port: u16, filter: &Value, cluster: &Value) -> Value {
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "http_filters": [filter, {
            "name": "envoy.filters.http.router",
            "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
        }],
        "route_config": { "virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": [{ "match": { "prefix": "/" }, "direct_response": { "status": 200 } }],
        }] },
    });
    let filter =
        json!({ "name": "envoy.filters.network.http_connection_manager", "typed_config": manager });
    json!({ "static_resources": {
        "listeners": [{
            "name": "gateway",
            "address": { "socket_address": { "address": "127.0.0.1", "port_value": port } },
            "filter_chains": [{ "filters": [filter] }],
        }],
        "clusters": [cluster],
    } })
}
