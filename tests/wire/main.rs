//! What goes wrong below a key: TLS, HTTP/1.1, HTTP/2, proxies and redirects, played byte for byte.
//!
//! Each misbehaviour yields `KeyError::Unavailable`, its own line in the log, nothing that is kept, and no wait beyond
//! the deadlines; another key is fetched meanwhile. Deadlines are long where a failure is not about one, so that no
//! slow machine turns one failure into another.

mod client;
mod frames;
mod http1;
mod http2;
mod log;
mod mutated;
mod proxy;
mod redirects;
mod reuse;
mod tls;
