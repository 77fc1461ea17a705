//! Some hundred fetches from servers that misbehave in every way leave nothing behind: no task, no socket, no fetch.
//!
//! Alone in its process, so that the sockets it counts are its own. The servers run on a runtime of their own, so that the
//! tasks it counts are the client's.

use std::io;
use std::time::Duration;

use asap_engine::{KeyRepository, KeyRepositoryConfig};
use asap_tests::authority::Authority;
use asap_tests::key_client::{fetched, until};
use asap_tests::keys::public_key_pem;
use asap_tests::wire_server::{
    Playing, WireServer, dribble, repeat, request, response, secured, send, silence,
};
use rustls::ServerConfig;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const ROUNDS: usize = 8;
const AT_ONCE: usize = 48;
const DEADLINE: Duration = Duration::from_millis(250);

/// How many sockets this process has open.
#[cfg(target_os = "linux")]
fn sockets() -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let links = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    links
        .filter(|link| link.to_string_lossy().starts_with("socket:"))
        .count()
}

/// It is counted where the system says so.
#[cfg(not(target_os = "linux"))]
fn sockets() -> usize {
    0
}

/// One connection: how it misbehaves goes by its number.
async fn misbehave(number: usize, mut stream: TcpStream, mut tls: ServerConfig) -> io::Result<()> {
    let way = number % 17;
    match way {
        0 => return silence(&mut stream).await,
        1 => return Ok(()),
        2 => return repeat(&mut stream, [22, 3, 3, 0]).await,
        _ => {}
    }
    if way >= 10 {
        tls.alpn_protocols = vec![b"h2".to_vec()];
    }
    let mut stream = secured(stream, tls).await?;
    if way < 10 {
        request(&mut stream).await?;
    }
    let key = response("200 OK", "Connection: close\r\n", &public_key_pem());
    match way {
        3 | 10 => silence(&mut stream).await,
        4 => repeat(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await,
        5 => {
            send(&mut stream, "HTTP/1.1 200 OK\r\n\r\n").await?;
            repeat(&mut stream, [b'x'; 4096]).await
        }
        6 => send(&mut stream, &key[..key.len() / 2]).await,
        7 => {
            send(
                &mut stream,
                "HTTP/1.1 503 Away\r\nContent-Length: 10\r\n\r\n",
            )
            .await?;
            dribble(&mut stream, "x".repeat(10), Duration::from_millis(100)).await?;
            silence(&mut stream).await
        }
        8 => send(&mut stream, "\0\0\0junk\r\n\r\n").await,
        9 => {
            send(&mut stream, key).await?;
            silence(&mut stream).await
        }
        // Over HTTP/2: no SETTINGS at all (10, above), SETTINGS and then nothing, junk, and below GOAWAY.
        11 => {
            send(&mut stream, [0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
            silence(&mut stream).await
        }
        12 => repeat(&mut stream, [0xff; 512]).await,
        // Floods of what is allowed one by one: empty DATA, PING, SETTINGS.
        13..=15 => {
            send(&mut stream, [0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
            // The client has asked by then: its request comes with its first words.
            stream.read_u8().await?;
            match way {
                13 => {
                    send(&mut stream, [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88]).await?;
                    repeat(&mut stream, [0, 0, 0, 0, 0, 0, 0, 0, 1].repeat(100)).await
                }
                14 => {
                    let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
                    repeat(&mut stream, ping.repeat(100)).await
                }
                _ => repeat(&mut stream, [0, 0, 0, 4, 0, 0, 0, 0, 0].repeat(100)).await,
            }
        }
        _ => {
            send(&mut stream, [0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
            send(
                &mut stream,
                [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11],
            )
            .await?;
            silence(&mut stream).await
        }
    }
}

fn runtime(threads: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(threads)
        .enable_all()
        .build()
        .unwrap()
}

async fn round(repository: &KeyRepository, round: usize) -> usize {
    let mut fetching = JoinSet::new();
    for number in 0..AT_ONCE {
        let repository = repository.clone();
        fetching.spawn(async move {
            let key_id = format!("svc/leaks/{round}/{number}");
            fetched(&repository, &key_id).await.is_err()
        });
    }
    fetching
        .join_all()
        .await
        .into_iter()
        .filter(|failed| *failed)
        .count()
}

#[test]
fn misbehaving_servers_leave_no_task_no_socket_and_no_fetch_behind() {
    let (servers, clients) = (runtime(1), runtime(2));
    // Each runtime has sockets of its own, of which some come with the first use of the network.
    let authority = Authority::new();
    let tls = authority.server_config();
    let server = servers.block_on(WireServer::start(move |number, stream| -> Playing {
        Box::pin(misbehave(number, stream, tls.clone()))
    }));
    let (tasks, open) = (clients.metrics().num_alive_tasks(), sockets());
    clients.block_on(async {
        let config = KeyRepositoryConfig::new(&server.url("/keys")).unwrap();
        let config = config
            .with_root_certificates(authority.pem().as_bytes())
            .unwrap();
        let config = config
            .with_connect_deadline(DEADLINE)
            .with_headers_deadline(DEADLINE)
            .with_fetch_deadline(DEADLINE)
            .with_max_concurrent_fetches(AT_ONCE);
        let repository = KeyRepository::new(config).unwrap();
        let mut failed = 0;
        for number in 0..ROUNDS {
            failed += round(&repository, number).await;
        }
        // Nearly all: one of 17 connections is good, once, and under HTTP/2 requests share theirs.
        assert!(failed > ROUNDS * AT_ONCE / 2, "{failed}");
        until("the end of all fetches", || {
            repository.stats().in_flight == 0
        })
        .await;
        let stats = repository.stats();
        assert_eq!((stats.keys, stats.in_flight), (0, 0));
        // It keeps connections that are idle for a while. With it they go, and what is not idle would not.
        drop(repository);
        until("the end of all connections", || {
            server.ended() == server.accepted() && sockets() == open
        })
        .await;
        until("the end of all tasks", || {
            clients.metrics().num_alive_tasks() == tasks
        })
        .await;
    });
}
