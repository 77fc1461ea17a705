//! The smallest key server: one key under every `kid`, with a freshness, on loopback.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Serves `pem` for as long as the process lives, fresh for `freshness`. Returns the base URL.
pub(crate) fn start(pem: &str, freshness: Duration) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
    let address = listener.local_addr().expect("it is bound");
    let answer: Box<str> = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-pem-file\r\nCache-Control: max-age={}\r\nContent-Length: {}\r\n\r\n{pem}",
        freshness.as_secs(),
        pem.len(),
    )
    .into();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || serve(&connection, &answer));
        }
    });
    format!("http://{address}")
}

/// Answers each request until the client closes the connection. A request has no body: its head ends with an empty line.
fn serve(connection: &TcpStream, answer: &str) {
    let mut lines = BufReader::new(connection).lines();
    while let Some(Ok(line)) = lines.next() {
        let mut connection = connection;
        if line.is_empty() && connection.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
