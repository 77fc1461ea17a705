//! `asap keys serve` as a process, and requests to it byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use crate::tool::{Directory, asap, keygen};

/// A server that is ready. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Serves `directory` on a free port of the loopback.
    pub(crate) fn start(directory: &str, options: &[&str]) -> Self {
        let mut process = asap()
            .args([
                "keys",
                "serve",
                "--dir",
                directory,
                "--listen",
                "127.0.0.1:0",
            ])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let told = line.strip_prefix(&format!("serving {directory} at "));
        let url = told
            .unwrap_or_else(|| panic!("{line}"))
            .trim_end()
            .to_owned();
        let (_, authority) = url.split_once("://").unwrap();
        let address = authority.strip_suffix('/').unwrap().parse().unwrap();
        Self {
            process,
            stdout,
            url,
            address,
        }
    }

    /// What the server answers to these bytes, until it closes the connection.
    pub(crate) fn exchange(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    /// The answer to a request of this method and target, and of these header lines.
    pub(crate) fn ask(&self, method: &str, target: &str, headers: &[&str]) -> Answer {
        Answer::read(&self.exchange(&request(method, target, headers)))
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, &[])
    }

    /// Sends a signal, and returns how the process ended and what it had printed, both streams, since it was ready.
    pub(crate) fn end(mut self, signal: &str) -> (ExitStatus, String, String) {
        let process_id = self.process.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", signal, &process_id])
            .status();
        assert!(sent.unwrap().success());
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        let mut errors = self.process.stderr.take().unwrap();
        errors.read_to_string(&mut stderr).unwrap();
        (self.process.wait().unwrap(), stdout, stderr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A request after which the connection is closed.
pub(crate) fn request(method: &str, target: &str, headers: &[&str]) -> Vec<u8> {
    let mut request =
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request.into_bytes()
}

/// What was answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = str::from_utf8(bytes).unwrap();
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{text:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        Self {
            status: status.parse().unwrap(),
            headers: lines
                .map(|line| line.split_once(": ").unwrap())
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} occurs twice");
        value
    }
}

/// A directory with the key pair `svc/k`.
pub(crate) fn published() -> Directory {
    let directory = Directory::new();
    keygen(&directory, "svc/k", "ES256");
    directory
}

pub(crate) fn serve(directory: &Directory) -> Server {
    Server::start(&directory.at("public"), &[])
}

/// Not there, and not to be stored.
pub(crate) fn assert_not_found(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 404, "{what}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(answer.header("etag"), None, "{what}");
    assert_eq!(answer.body, "Not Found\n", "{what}");
}
