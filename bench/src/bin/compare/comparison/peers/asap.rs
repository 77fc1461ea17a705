//! The crate `asap`: the one peer that was written for these very tokens.
//!
//! It takes keys from a key server and nowhere else, in the form that ring reads, so it is given a server on loopback,
//! which it asks once. After that its future is ready at the first poll, and no runtime is paid for.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use asap::validator::Validator;
use asap_engine::Algorithm;

use super::{Verifier, jsonwebtoken};
use crate::comparison::task::{Key, Profile, Task};

pub(super) fn verifier(task: &Task<'_>) -> Result<Option<Verifier>, Box<dyn Error>> {
    let profile = task.profile;
    let (Key::Public(Algorithm::Rs256, _), Some(audience), Some(_)) =
        (task.key, profile.audience(), profile.key_id())
    else {
        return Ok(None);
    };
    let Some(key) = jsonwebtoken::decoding_key(task.key)? else {
        return Ok(None);
    };
    let server = serve(key.try_get_as_bytes()?.to_vec())?;
    let validator = Validator::builder(server, audience.to_owned())
        .leeway(30)
        // That an issuer owns his keys is a rule of ASAP alone.
        .validate_kid(profile == Profile::Asap)
        .cache_duration(Duration::from_secs(86_400))
        .build();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let issuers = [profile.issuer()];
    Ok(Some(Box::new(move |call| {
        // Whoever has a runtime is in it already; what is measured should not pay for more than that.
        let entered = runtime.enter();
        let mut context = Context::from_waker(Waker::noop());
        let poll = pin!(validator.decode(&call.token, &issuers)).poll(&mut context);
        drop(entered);
        match poll {
            Poll::Ready(answer) => answer.is_ok(),
            // It keeps a key from the first token on that it accepts, and asks for it anew until then.
            Poll::Pending => runtime
                .block_on(validator.decode(&call.token, &issuers))
                .is_ok(),
        }
    })))
}

/// Serves `key`, whatever is asked for, for as long as this process lives.
fn serve(key: Vec<u8>) -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that hangs up has its own error.
            let _ = answer(&stream, &key);
        }
    });
    Ok(url)
}

fn answer(mut stream: &TcpStream, key: &[u8]) -> std::io::Result<()> {
    for line in BufReader::new(stream).lines() {
        if line?.is_empty() {
            break;
        }
    }
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        key.len()
    )?;
    stream.write_all(key)
}
