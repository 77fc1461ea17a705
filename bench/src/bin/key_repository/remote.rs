//! The key server, as the process that measures sees it: started, told, asked for its counters, killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use asap_engine::KeyRepositoryConfig;
use serde_json::{Value, json};

use crate::signer::Signer;
use crate::{Failure, cpu};

/// What every key server of a run is and serves.
#[derive(Debug)]
pub(crate) struct Identity {
    certificate: String,
    private_key: String,
    public_key: String,
    key_set: String,
}

impl Identity {
    /// Makes a certificate for this host. The key served is that of `signer`; the key set has it under `key_ids`.
    pub(crate) fn new(signer: &Signer, key_ids: &[&str]) -> Result<Self, Failure> {
        let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
        Ok(Self {
            certificate: certified.cert.pem(),
            private_key: certified.signing_key.serialize_pem(),
            public_key: signer.public_key_pem().to_owned(),
            key_set: signer.key_set(key_ids)?,
        })
    }

    /// The certificate that clients are to trust, PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }
}

/// How many requests a key server has had, by what it answered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counters {
    /// 200, with the key.
    pub(crate) keys: u64,
    /// 304.
    pub(crate) not_modified: u64,
    /// 404.
    pub(crate) not_found: u64,
    /// 503.
    pub(crate) failures: u64,
    /// 200, with the key set.
    pub(crate) key_sets: u64,
}

impl Counters {
    pub(crate) const fn total(self) -> u64 {
        self.keys + self.not_modified + self.not_found + self.failures + self.key_sets
    }
}

/// A key server in a process of its own. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct KeyServer {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    port: u16,
}

impl KeyServer {
    /// Starts it on a free port of the loopback.
    pub(crate) fn start(identity: &Identity) -> Result<Self, Failure> {
        Self::start_on(identity, 0)
    }

    /// Starts it on this port.
    pub(crate) fn start_on(identity: &Identity, port: u16) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--serve-keys")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = process.stdin.take().ok_or("the key server has no input")?;
        let answers = process
            .stdout
            .take()
            .ok_or("the key server has no output")?;
        let mut server = Self {
            process,
            orders,
            answers: BufReader::new(answers),
            port,
        };
        let started = server.ask(&json!({
            "port": port,
            "certificate": identity.certificate,
            "private_key": identity.private_key,
            "public_key": identity.public_key,
            "key_set": identity.key_set,
        }))?;
        server.port = u16::try_from(started["port"].as_u64().unwrap_or(0))?;
        Ok(server)
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The configuration of a client that trusts this server and asks it alone.
    pub(crate) fn config(&self, identity: &Identity) -> Result<KeyRepositoryConfig, Failure> {
        let config = KeyRepositoryConfig::new(&self.base_url())?;
        Ok(config.with_root_certificates(identity.certificate.as_bytes())?)
    }

    /// Where its keys are.
    pub(crate) fn base_url(&self) -> String {
        format!("https://localhost:{}/keys", self.port)
    }

    /// From now on it answers after `delay`, and what may be cached with `cache_control`.
    pub(crate) fn serve(&mut self, cache_control: &str, delay: Duration) -> Result<(), Failure> {
        let delay_ms = u64::try_from(delay.as_millis())?;
        self.ask(
            &json!({ "cache_control": cache_control, "delay_ms": delay_ms, "is_failing": false }),
        )?;
        Ok(())
    }

    /// From now on it answers 503.
    pub(crate) fn fail(&mut self) -> Result<(), Failure> {
        self.ask(&json!({ "is_failing": true }))?;
        Ok(())
    }

    /// What it was asked so far.
    pub(crate) fn counters(&mut self) -> Result<Counters, Failure> {
        let answer = self.ask(&json!({}))?;
        let count = |name: &str| answer[name].as_u64().ok_or("a counter is missing");
        Ok(Counters {
            keys: count("keys")?,
            not_modified: count("not_modified")?,
            not_found: count("not_found")?,
            failures: count("failures")?,
            key_sets: count("key_sets")?,
        })
    }

    /// Has the process stop where it stands, its sockets open, or go on.
    pub(crate) fn hang(&self, is_hung: bool) -> Result<(), Failure> {
        let signal = if is_hung { "-STOP" } else { "-CONT" };
        let status = Command::new("kill")
            .args([signal, &self.process.id().to_string()])
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err("the key server could not be stopped".into())
        }
    }

    /// What its process has had of the CPU.
    pub(crate) fn cpu(&self) -> Duration {
        cpu::of_process(self.process.id())
    }

    fn ask(&mut self, order: &Value) -> Result<Value, Failure> {
        writeln!(self.orders, "{order}")?;
        self.orders.flush()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer).map_err(|_| "the key server has gone")?)
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        // It may have gone already; either way it is waited for, so that its port is free.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
