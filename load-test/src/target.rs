//! Somebody else's gateway: how it is to be configured, and the wait until it is.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::gateway::AUDIENCE;
use crate::generator::Generator;
use crate::key_repository::RepositoryServer;
use crate::progress::Progress;
use crate::tokens::Stock;

/// For how long another gateway may take to accept its first token.
const TARGET_PATIENCE: Duration = Duration::from_secs(120);

/// Tells how to configure the gateway that was named, and waits until it accepts a token.
pub(crate) fn await_target(
    repository: &RepositoryServer,
    connect: impl Fn() -> Result<Generator, String>,
    stock: &Stock,
    progress: &Progress,
) -> Result<Generator, String> {
    let certificate = CertificateFile::write(&repository.root_certificate)?;
    let patience = TARGET_PATIENCE.as_secs();
    progress.say(&format!(
        "Configure the gateway with\n  key repository  {}\n  its authority   {}\n  audience        {AUDIENCE}\nWaiting up to {patience} s until it accepts a token",
        repository.base_url,
        certificate.path.display()
    ));
    let started = Instant::now();
    let mut reason = String::new();
    while started.elapsed() < TARGET_PATIENCE {
        match connect() {
            Ok(mut generator) => {
                if generator.is_accepted(stock) {
                    return Ok(generator);
                }
                "it refused a good token".clone_into(&mut reason);
            }
            Err(error) => reason = error,
        }
        thread::sleep(Duration::from_secs(1));
    }
    Err(format!(
        "the gateway accepted no token within {patience} s ({reason}): configure it as said above"
    ))
}

/// A file with a public certificate, for another gateway to read while it is configured. Gone when dropped.
struct CertificateFile {
    path: PathBuf,
}

impl CertificateFile {
    fn write(pem: &str) -> Result<Self, String> {
        let path =
            std::env::temp_dir().join(format!("load-test-authority-{}.pem", std::process::id()));
        fs::write(&path, pem)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for CertificateFile {
    fn drop(&mut self) {
        // What cannot be removed holds nothing secret.
        let _ = fs::remove_file(&self.path);
    }
}
