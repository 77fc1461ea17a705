//! HTTP/2 as bytes (RFC 9113): frames that no server library would send.

use std::io;

use asap_tests::wire_server::send;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// `:status: 200`, by its place in the static table (RFC 7541 appendix A).
pub(crate) const STATUS_200: u8 = 0x88;

/// A connection on which the client has said hello, and so has the server.
pub(crate) struct Frames {
    pub(crate) stream: TlsStream<TcpStream>,
    pub(crate) answers_pings: bool,
}

impl Frames {
    pub(crate) async fn open(mut stream: TlsStream<TcpStream>) -> io::Result<Self> {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await?;
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut frames = Self {
            stream,
            answers_pings: true,
        };
        frames.send(SETTINGS, 0, 0, []).await?;
        Ok(frames)
    }

    pub(crate) async fn send(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: impl AsRef<[u8]>,
    ) -> io::Result<()> {
        send(&mut self.stream, frame(kind, flags, stream, payload)).await
    }

    /// The stream of the next request.
    pub(crate) async fn request(&mut self) -> io::Result<u32> {
        self.next(HEADERS).await
    }

    /// The stream of the next frame of a kind, after those of other kinds.
    pub(crate) async fn next(&mut self, wanted: u8) -> io::Result<u32> {
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await?;
            let [high, middle, low, kind, flags, id @ ..] = head;
            let length = u32::from_be_bytes([0, high, middle, low]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).await?;
            match kind {
                _ if kind == wanted => return Ok(u32::from_be_bytes(id)),
                SETTINGS if flags & ACK == 0 => self.send(SETTINGS, ACK, 0, []).await?,
                PING if flags & ACK == 0 && self.answers_pings => {
                    self.send(PING, ACK, 0, payload).await?;
                }
                _ => {}
            }
        }
    }

    /// A 200 with this body.
    pub(crate) async fn answer(&mut self, stream: u32, body: &str) -> io::Result<()> {
        self.send(HEADERS, END_HEADERS, stream, [STATUS_200])
            .await?;
        self.send(DATA, END_STREAM, stream, body).await
    }
}

/// RFC 9113 section 4.1.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let [_, high, middle, low] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![high, middle, low, kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}
