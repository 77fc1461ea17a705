//! Connections: how many, for how long, and how they end.
//!
//! A client that sends nothing, sends slowly, or does not read what it asked for holds one of a bounded number of
//! places for a bounded time. A signal lets requests that have begun be answered.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::answer::Site;

/// The most connections at once: with a file each they stay within the 1,024 descriptors that a process commonly has.
/// More wait in the queue of the system.
const MAX_CONNECTIONS: usize = 496;
/// The most threads that read files.
pub(super) const MAX_READERS: usize = 16;
/// How long a client may take for the TLS handshake.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);
/// How long a client may take for the head of a request, or leave a connection idle.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long a connection lasts, however busy. A verifier asks for a key once in some minutes.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(60);
/// How long an answer may still take when its connection is to end.
const GRACE: Duration = Duration::from_secs(5);
/// The longest head of a request, in bytes: eight times the longest `kid`.
const MAX_HEAD: usize = 8 * 1024;
/// The most headers of a request.
const MAX_HEADERS: usize = 64;
/// How long to wait when no connection can be accepted, for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Accepts connections until `stop` ends, and then lets those that are open finish.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    site: Arc<Site>,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (ending, _) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (tls, site, ended) = (tls.clone(), Arc::clone(&site), ending.subscribe());
        tokio::spawn(async move {
            begin(stream, tls, site, ended).await;
            drop(place);
        });
    }
    drop(listener);
    // There may be no connection to tell.
    let _ = ending.send(());
    // Who has not finished by then is cut off when the process ends.
    let _ = timeout(GRACE, ending.closed()).await;
}

async fn begin(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    site: Arc<Site>,
    ended: watch::Receiver<()>,
) {
    // Answers are small and whole.
    let _ = stream.set_nodelay(true);
    match tls {
        None => converse(stream, site, ended).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(HANDSHAKE_DEADLINE, tls.accept(stream)).await {
                converse(stream, site, ended).await;
            }
        }
    }
}

/// Answers requests on one connection until the client, its age or the end of the process ends it.
async fn converse<S>(stream: S, site: Arc<Site>, mut ended: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| Arc::clone(&site).answer(request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // A client that breaks off is no failure of the server.
        _ = connection.as_mut() => return,
        _ = ended.changed() => {}
        () = sleep(MAX_CONNECTION_AGE) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(GRACE, connection).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::super::directory::Directory;
    use super::*;

    /// A conversation about a directory without keys, over so many bytes of room.
    fn conversation(room: usize) -> (DuplexStream, watch::Sender<()>, impl Future<Output = ()>) {
        let directory = Directory::open(&std::env::temp_dir()).unwrap();
        let site = Arc::new(Site::new(directory, 300, false).unwrap());
        let (client, server) = duplex(room);
        let (ending, ended) = watch::channel(());
        (client, ending, converse(server, site, ended))
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_silent_or_slow_loses_its_place() {
        for sent in ["", "GET /a HT", "GET /a HTTP/1.1\r\nHost: a\r\n"] {
            let (mut client, _ending, conversation) = conversation(1024);
            client.write_all(sent.as_bytes()).await.unwrap();
            let start = Instant::now();
            conversation.await;
            assert_eq!(
                start.elapsed().as_secs(),
                HEAD_DEADLINE.as_secs(),
                "{sent:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_a_byte_now_and_then_loses_its_place() {
        let (mut client, _ending, conversation) = conversation(1024);
        let start = Instant::now();
        tokio::spawn(async move {
            for _ in 0..100 {
                // It fails when the place is lost.
                let _ = client.write_all(b"G").await;
                sleep(Duration::from_secs(1)).await;
            }
        });
        conversation.await;
        assert_eq!(start.elapsed().as_secs(), HEAD_DEADLINE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_idle_after_an_answer_is_closed() {
        let (mut client, _ending, conversation) = conversation(1024);
        let start = Instant::now();
        client
            .write_all(b"PUT /a HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        conversation.await;
        assert_eq!(start.elapsed().as_secs(), HEAD_DEADLINE.as_secs());
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_its_answers_is_cut_off() {
        let (mut client, _ending, conversation) = conversation(64);
        tokio::spawn(async move {
            let request = b"PUT /a HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
            // It fails when the connection is cut off.
            let _ = client.write_all(&request).await;
        });
        let start = Instant::now();
        conversation.await;
        let longest = MAX_CONNECTION_AGE.saturating_add(GRACE).as_secs();
        assert_eq!(start.elapsed().as_secs(), longest);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_process_ends_a_conversation_that_is_idle() {
        let (_client, ending, conversation) = conversation(1024);
        let start = Instant::now();
        let told = async { ending.send(()).unwrap() };
        tokio::join!(conversation, told);
        assert_eq!(start.elapsed().as_secs(), 0);
    }
}
