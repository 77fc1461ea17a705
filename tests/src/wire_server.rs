//! A server below HTTP: what each connection reads and writes, byte for byte, is the test's script.
//!
//! [`crate::key_server`] can only say what HTTP can say. This one can also stall a handshake, break off a body, answer in
//! junk, or send frames of HTTP/2 that nobody should.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What a script reads from and writes to.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What becomes of a connection.
pub type Playing = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The server. Dropping it closes it and all of its connections.
#[derive(Debug)]
pub struct WireServer {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl WireServer {
    /// A server that plays `script` for each connection. The script gets the connection's number, from 0.
    pub async fn start(
        script: impl Fn(usize, TcpStream) -> Playing + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, ended) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counters = (Arc::clone(&accepted), Arc::clone(&ended));
        let accepting = tokio::spawn(async move {
            let (accepted, ended) = counters;
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                let playing = script(accepted.fetch_add(1, Ordering::SeqCst), stream);
                let ended = Arc::clone(&ended);
                connections.spawn(async move {
                    // A client that breaks a connection off is a case of the tests, not an error of theirs.
                    let _ = playing.await;
                    ended.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            address,
            accepted,
            ended,
            accepting,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The https URL of a path on this server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// How many connections there have been.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// How many of them have ended.
    #[must_use]
    pub fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }
}

impl Drop for WireServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// TLS on a connection.
///
/// # Errors
///
/// If the client does not like it.
pub async fn secured(stream: TcpStream, config: ServerConfig) -> io::Result<TlsStream<TcpStream>> {
    TlsAcceptor::from(Arc::new(config)).accept(stream).await
}

/// The head of the next request, or `None` at the end of the connection.
///
/// # Errors
///
/// If the connection breaks.
pub async fn request(stream: &mut impl Stream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && head.is_empty() => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

/// Writes `bytes` and has them sent.
///
/// # Errors
///
/// If the connection breaks.
pub async fn send(stream: &mut impl Stream, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    stream.write_all(bytes.as_ref()).await?;
    stream.flush().await
}

/// Writes `bytes` one by one, with a pause before each.
///
/// # Errors
///
/// If the connection breaks.
pub async fn dribble(
    stream: &mut impl Stream,
    bytes: impl AsRef<[u8]>,
    pause: Duration,
) -> io::Result<()> {
    for byte in bytes.as_ref() {
        tokio::time::sleep(pause).await;
        send(stream, [*byte]).await?;
    }
    Ok(())
}

/// Writes `bytes` over and over, until the client has had enough.
///
/// # Errors
///
/// When the client has closed the connection, and not before.
pub async fn repeat(stream: &mut impl Stream, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    loop {
        send(stream, bytes.as_ref()).await?;
    }
}

/// Reads whatever comes, and says nothing, until the client closes.
///
/// # Errors
///
/// If the connection breaks.
pub async fn silence(stream: &mut impl Stream) -> io::Result<()> {
    let mut heard = [0; 4096];
    while stream.read(&mut heard).await? > 0 {}
    Ok(())
}

/// A response with its length.
#[must_use]
pub fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

/// Answers every request with the same response, until the client closes.
///
/// # Errors
///
/// If the connection breaks.
pub async fn always_answer(stream: &mut impl Stream, response: &str) -> io::Result<()> {
    while request(stream).await?.is_some() {
        send(stream, response).await?;
    }
    Ok(())
}
