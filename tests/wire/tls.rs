//! Servers that cannot be spoken to in TLS, or should not be.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use asap_engine::KeyRepository;
use asap_tests::authority::{Authority, Leaf};
use asap_tests::key_client::{fetched, until};
use asap_tests::wire_server::{
    Playing, WireServer, always_answer, dribble, secured, send, silence,
};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, date_time_ymd};
use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::{LONG, Other, SHORT, fails_once, fetched_in_the_end, key_response, patient};

/// Both versions are spoken where a server has only one of them, and the newer one where it has both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_1_2_and_1_3_are_spoken_and_the_server_is_told_the_name() {
    use ProtocolVersion::{TLSv1_2, TLSv1_3};
    let authority = Authority::new();
    for (versions, host, spoken, name) in [
        (&[&TLS12][..], "localhost", TLSv1_2, Some("localhost")),
        (&[&TLS13], "localhost", TLSv1_3, Some("localhost")),
        (&[&TLS12, &TLS13], "localhost", TLSv1_3, Some("localhost")),
        // "Literal IPv4 and IPv6 addresses are not permitted" (RFC 6066 section 3).
        (&[&TLS13], "127.0.0.1", TLSv1_3, None),
    ] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let tls = authority.leaf(|_| ()).server_config(versions);
        let server = WireServer::start(move |_, stream| -> Playing {
            let (tls, sink) = (tls.clone(), Arc::clone(&sink));
            Box::pin(async move {
                let mut stream = secured(stream, tls).await?;
                let session = stream.get_ref().1;
                let name = session.server_name().map(str::to_owned);
                sink.lock()
                    .unwrap()
                    .push((session.protocol_version(), name));
                always_answer(&mut stream, &key_response()).await
            })
        })
        .await;
        let url = format!("https://{host}:{}/keys", server.address().port());
        let repository = KeyRepository::new(patient(&url, &authority)).unwrap();
        assert_eq!(fetched(&repository, "svc/tls/name").await, Ok(()));
        assert_eq!(
            *seen.lock().unwrap(),
            [(Some(spoken), name.map(str::to_owned))]
        );
    }
}

/// Plays a server whose first connection presents `bad`, or what it does instead of TLS.
async fn all_fail_once(cases: Vec<(&'static str, &'static str, Bad)>) {
    let authority = Arc::new(Authority::new());
    let mut playing = JoinSet::new();
    for (name, failure, bad) in cases {
        let authority = Arc::clone(&authority);
        playing.spawn(async move {
            let good = authority.server_config();
            let bad = match bad {
                Bad::Changed(change) => Bad::Presents(authority.leaf(change)),
                other => other,
            };
            let bad = match bad {
                Bad::Presents(leaf) => {
                    First::Tls(Box::new(leaf.server_config(rustls::ALL_VERSIONS)))
                }
                Bad::Says(bytes) => First::Says(bytes),
                Bad::Dribbles => First::Dribbles,
                Bad::Changed(_) => unreachable!("it was presented above"),
            };
            let bad = Arc::new(bad);
            let script = move |number, stream| -> Playing {
                let (good, bad) = (good.clone(), Arc::clone(&bad));
                Box::pin(async move {
                    if number == 0 {
                        play(stream, &bad).await
                    } else {
                        let mut stream = secured(stream, good).await?;
                        always_answer(&mut stream, &key_response()).await
                    }
                })
            };
            let deadline = failure == "deadline passed";
            let configure = |config: asap_engine::KeyRepositoryConfig| match deadline {
                true => config.with_connect_deadline(SHORT),
                false => config,
            };
            fails_once(
                (name, failure),
                Other::Afterwards,
                configure,
                &authority,
                script,
            )
            .await;
        });
    }
    while let Some(played) = playing.join_next().await {
        played.unwrap();
    }
}

enum Bad {
    /// A certificate that its authority signed with this change.
    Changed(fn(&mut CertificateParams)),
    /// A certificate.
    Presents(Leaf),
    /// After the client's first words, these bytes; it closes if there are some, and else is silent.
    Says(Option<Vec<u8>>),
    /// A handshake record byte by byte, without end.
    Dribbles,
}

enum First {
    Tls(Box<rustls::ServerConfig>),
    Says(Option<Vec<u8>>),
    Dribbles,
}

async fn play(mut stream: TcpStream, bad: &First) -> std::io::Result<()> {
    match bad {
        First::Tls(config) => {
            let mut stream = secured(stream, (**config).clone()).await?;
            always_answer(&mut stream, &key_response()).await
        }
        First::Says(bytes) => {
            stream.read_u8().await?;
            if let Some(bytes) = bytes {
                send(&mut stream, bytes).await?;
                stream.shutdown().await?;
            }
            silence(&mut stream).await
        }
        First::Dribbles => {
            send(&mut stream, [22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0]).await?;
            dribble(&mut stream, [0; 10_000], Duration::from_millis(20)).await
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_does_not_hold_is_not_trusted() {
    const INVALID: &str = "TLS: invalid peer certificate: ";
    let stranger = Authority::new();
    all_fail_once(vec![
        (
            "expired",
            "TLS: invalid peer certificate: certificate expired",
            Bad::Changed(|params| {
                params.not_before = date_time_ymd(2020, 1, 1);
                params.not_after = date_time_ymd(2021, 1, 1);
            }),
        ),
        (
            "not_yet_valid",
            "TLS: invalid peer certificate: certificate not valid yet",
            Bad::Changed(|params| params.not_before = date_time_ymd(2999, 1, 1)),
        ),
        (
            "of_another_name",
            "TLS: invalid peer certificate: certificate not valid for name",
            Bad::Changed(|params| {
                let names = ["other.example".to_owned(), "127.0.0.2".to_owned()];
                params.subject_alt_names = CertificateParams::new(names).unwrap().subject_alt_names;
            }),
        ),
        (
            "of_a_common_name_only",
            INVALID,
            Bad::Changed(|params| {
                params.subject_alt_names.clear();
                params
                    .distinguished_name
                    .push(DnType::CommonName, "127.0.0.1");
            }),
        ),
        (
            "for_clients_only",
            INVALID,
            Bad::Changed(|params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }),
        ),
        ("self_signed", INVALID, Bad::Presents(Leaf::self_signed())),
        (
            // It has the name of the one that is trusted, and not its key.
            "of_an_unknown_authority",
            "TLS: invalid peer certificate: BadSignature",
            Bad::Presents(stranger.leaf(|_| ())),
        ),
    ])
    .await;
}

/// RFC 8446 section 4.1.3: a server of TLS 1.1 says so in its hello. Nothing older than 1.2 is offered, so it must not.
fn hello_of_tls_1_1() -> Vec<u8> {
    let mut hello = vec![3, 2];
    hello.extend([7; 32]); // random
    hello.push(0); // no session
    hello.extend([0xc0, 0x2f]); // ECDHE_RSA_WITH_AES_128_GCM_SHA256, which is offered
    hello.push(0); // no compression
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![22, 3, 2, 0, length + 4, 2, 0, 0, length];
    record.extend(hello);
    record
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_speak_tls_as_it_should_is_not_spoken_to() {
    let says = |bytes: &[u8]| Bad::Says(Some(bytes.to_vec()));
    all_fail_once(vec![
        (
            "tls_1_1",
            "TLS: peer is incompatible",
            says(&hello_of_tls_1_1()),
        ),
        // protocol_version: what a server that has only 1.1 answers to an offer of 1.2 and 1.3.
        (
            "an_alert_about_the_version",
            "TLS: received fatal alert: ",
            says(&[21, 3, 1, 0, 2, 2, 70]),
        ),
        (
            "plain_http",
            "TLS: received corrupt message",
            says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ),
        ("closes", "connection: unexpected end of file", says(b"")),
        (
            "closes_in_a_record",
            "connection: unexpected end of file",
            says(&[22, 3, 3]),
        ),
        ("stalls", "deadline passed", Bad::Says(None)),
        ("dribbles", "deadline passed", Bad::Dribbles),
    ])
    .await;
}

/// A connection that is refused is told from one that breaks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_port_is_a_connection_refused() {
    let authority = Authority::new();
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/keys", closed.local_addr().unwrap());
    drop(closed);
    let key_id = "svc/tls/refused";
    assert!(crate::log::failures(key_id).is_empty());
    let repository = KeyRepository::new(patient(&url, &authority)).unwrap();
    assert!(fetched(&repository, key_id).await.is_err());
    assert_eq!(
        crate::log::failures(key_id),
        ["connection: connection refused"]
    );
}

/// A handshake that stalls holds up neither another key nor, once there is a connection, its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_handshake_is_overtaken_by_the_next_connection() {
    let authority = Authority::new();
    let tls = authority.server_config();
    let server = WireServer::start(move |number, mut stream| -> Playing {
        let tls = tls.clone();
        Box::pin(async move {
            if number == 0 {
                return silence(&mut stream).await;
            }
            let mut stream = secured(stream, tls).await?;
            always_answer(&mut stream, &key_response()).await
        })
    })
    .await;
    let config = patient(&server.url("/keys"), &authority);
    let repository = KeyRepository::new(config).unwrap();
    let first = tokio::spawn({
        let repository = repository.clone();
        async move { fetched(&repository, "svc/tls/stalled").await }
    });
    until("the first connection", || server.accepted() == 1).await;
    fetched_in_the_end(&repository, "svc/tls/next").await;
    let first = tokio::time::timeout(LONG / 2, first).await;
    assert_eq!(first.unwrap().unwrap(), Ok(()));
}
