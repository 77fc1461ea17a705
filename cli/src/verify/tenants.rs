//! `--tenant CLIENT_KEY=SECRET_FILE`: the secrets that installations share with the app.
//!
//! Nothing of what stands after the first `=` is ever repeated: whoever mistakes the option may have written a secret there.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use asap_engine::limits::MAX_CLIENT_KEY_LENGTH;
use asap_engine::{Lookup, MemoryTenants, SharedSecret, TenantError, TenantStore};
use zeroize::Zeroizing;

use super::keys::stats_json;
use crate::outcome::Fault;

/// The longest file of a secret that is read, in bytes: more than any secret has.
const MAX_SECRET_FILE: usize = 4096;

/// The secrets, read at the start, and how often they were looked up.
#[derive(Debug)]
pub(super) struct Tenants {
    store: MemoryTenants,
    hits: AtomicU64,
}

impl Tenants {
    /// Reads the files that the values of the option name.
    pub(super) fn read(values: &[String]) -> Result<Self, Fault> {
        let store = MemoryTenants::new();
        for value in values {
            let (client_key, path) = value
                .split_once('=')
                .filter(|(client_key, path)| is_client_key(client_key) && !path.is_empty())
                .ok_or_else(|| Fault::new("--tenant: give CLIENT_KEY=SECRET_FILE"))?;
            let fault = |why: &dyn std::fmt::Display| {
                Fault::new(format!(
                    "--tenant {client_key:?}: the file of its secret: {why}"
                ))
            };
            let text = read_secret(Path::new(path)).map_err(|error| fault(&error))?;
            let secret = std::str::from_utf8(&text).map_err(|_| fault(&"it is not UTF-8"))?;
            let secret =
                SharedSecret::new(without_line_end(secret)).map_err(|error| fault(&error))?;
            let before = store.len();
            store.insert(client_key, secret);
            if store.len() == before {
                return Err(Fault::new(format!(
                    "--tenant {client_key:?}: it has two secrets, give one"
                )));
            }
        }
        Ok(Self {
            store,
            hits: AtomicU64::new(0),
        })
    }

    /// What was looked up so far, as one JSON object. Nothing is fetched.
    pub(super) fn stats_json(&self) -> String {
        stats_json(&[
            ("fetches", 0),
            ("hits", self.hits.load(Ordering::Relaxed)),
            ("coalesced", 0),
            ("refused_by_limits", 0),
            ("failures", 0),
            ("keys", u64::try_from(self.store.len()).unwrap_or(u64::MAX)),
        ])
    }
}

impl TenantStore for Tenants {
    fn with_secret<T>(
        &self,
        client_key: &str,
        use_secret: impl FnOnce(&SharedSecret) -> T,
    ) -> Lookup<T> {
        let looked_up = self.store.with_secret(client_key, use_secret);
        if matches!(looked_up, Lookup::Found(_)) {
            self.hits.fetch_add(1, Ordering::Relaxed);
        }
        looked_up
    }

    async fn fetch(&self, client_key: &str) -> Result<Arc<SharedSecret>, TenantError> {
        self.store.fetch(client_key).await
    }
}

fn is_client_key(text: &str) -> bool {
    (1..=MAX_CLIENT_KEY_LENGTH).contains(&text.len())
}

/// The content of a file, in memory that is wiped and never moved while it grows.
fn read_secret(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(vec![0; MAX_SECRET_FILE.saturating_add(1)]);
    let mut file = File::open(path)?;
    let mut length = 0_usize;
    loop {
        let free = text.get_mut(length..).unwrap_or_default();
        match file.read(free) {
            Ok(0) => break,
            Ok(read) => length = length.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if length > MAX_SECRET_FILE {
        return Err(io::Error::other("it is longer than any secret"));
    }
    text.truncate(length);
    Ok(text)
}

/// Without the line end that editors put there.
fn without_line_end(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line)
}
