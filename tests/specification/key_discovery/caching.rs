//! For how long an answer counts.

use asap_engine::{KeyError, VerifyError};
use asap_tests::key_client::{KEY, always, fetched, repository};
use asap_tests::key_server::{KeyServer, cached, reply};
use asap_tests::keys::public_key_pem;
use asap_tests::token::Token;

use crate::discovering::{discovering, es256, verdict};

/// "The resource server MAY use HTTP caching to store a cached copy of the public key."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_caching_may_be_used_to_store_a_copy_of_the_public_key() {
    for fresh in [
        "max-age=3600",
        "public, max-age=60",
        "private, max-age=60, immutable",
    ] {
        let server = always(move || cached(fresh, es256())).await;
        let engine = discovering(&server);
        for _ in 0..20 {
            assert_eq!(verdict(&engine, &Token::es256().sign()).await, Ok(()));
        }
        assert_eq!(server.asked().len(), 1, "{fresh}");
    }
}

/// "As per the HTTP caching protocol, failures to retrieve a key MUST NOT be cached."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_to_retrieve_a_key_must_not_be_cached() {
    let long = "max-age=31536000, immutable";
    type Failure = (u16, &'static [(&'static str, &'static str)], String);
    let failures: [Failure; 13] = [
        (404, &[], "no such key".to_owned()),
        (
            404,
            &[("expires", "Fri, 31 Dec 2100 00:00:00 GMT")],
            String::new(),
        ),
        (403, &[], String::new()),
        (410, &[], String::new()),
        (400, &[], String::new()),
        (429, &[("retry-after", "3600")], String::new()),
        (500, &[], String::new()),
        (503, &[("retry-after", "3600")], String::new()),
        (204, &[], String::new()),
        (301, &[("location", "http://keys.example/")], String::new()),
        (301, &[("location", "/keys/client/ES256")], String::new()),
        (200, &[], "<html>sign in</html>".to_owned()),
        (200, &[("content-encoding", "gzip")], public_key_pem()),
    ];
    for (status, headers, body) in failures {
        let headers = [headers, &[("cache-control", long)]].concat();
        let server = KeyServer::https(move |asked| {
            let failure = || reply(status, &headers, body.clone());
            std::future::ready(match asked.number {
                0..3 => failure(),
                _ => cached("max-age=60", es256()),
            })
        })
        .await;
        let engine = discovering(&server);
        let token = Token::es256().sign();
        for count in 1..=3 {
            assert!(verdict(&engine, &token).await.is_err(), "{status}");
            assert_eq!(server.asked().len(), count, "{status}");
        }
        // At the very next time of asking there it is.
        assert_eq!(verdict(&engine, &token).await, Ok(()), "{status}");
    }
    // Nor is the failure to revalidate a key that may no longer be used.
    let server = KeyServer::https(|asked| {
        std::future::ready(match asked.number {
            0 => reply(
                200,
                &[("cache-control", "max-age=0, stale-if-error=60")],
                es256(),
            ),
            1 => reply(404, &[("cache-control", "max-age=60")], ""),
            2 => reply(500, &[("cache-control", "max-age=60")], ""),
            _ => cached("max-age=60", es256()),
        })
    })
    .await;
    let repository = repository(&server);
    for expected in [
        Ok(()),
        Err(KeyError::Unknown),
        Err(KeyError::Unavailable),
        Ok(()),
    ] {
        assert_eq!(fetched(&repository, KEY).await, expected);
    }
    assert_eq!(server.asked().len(), 4);
}

/// "Public keys published in the key repository NEVER change, but MAY be eventually removed."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_key_that_was_removed_is_no_longer_used() {
    // No freshness: the repository is asked for each token, and its word is what counts.
    let server = KeyServer::https(|asked| {
        let found = reply(
            200,
            &[("cache-control", "max-age=0"), ("etag", "\"1\"")],
            es256(),
        );
        std::future::ready(if asked.number == 0 {
            found
        } else {
            reply(404, &[], "")
        })
    })
    .await;
    let engine = discovering(&server);
    let token = Token::es256().sign();
    assert_eq!(verdict(&engine, &token).await, Ok(()));
    for _ in 0..3 {
        assert_eq!(verdict(&engine, &token).await, Err(VerifyError::KeyUnknown));
    }
    assert_eq!(engine.keys().stats().keys, 0);
}

/// "The resource server SHOULD NOT implement any other caching mechanism than HTTP caching, as it hinders the
/// propagation of deletion of a compromised key."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_caching_mechanism_than_http_caching_is_implemented() {
    let cases: [&[(&str, &str)]; 16] = [
        &[],
        &[("last-modified", "Mon, 01 Jan 2001 00:00:00 GMT")],
        &[("etag", "\"1\"")],
        &[("cache-control", "no-store, max-age=3600")],
        &[("cache-control", "no-cache, max-age=3600")],
        &[("cache-control", "max-age=0")],
        &[("cache-control", "max-age=3600"), ("age", "3600")],
        &[("cache-control", "s-maxage=3600")],
        &[("cache-control", "max-age=3600"), ("vary", "*")],
        &[("cache-control", "max-age=3600"), ("vary", "accept, *")],
        &[
            ("cache-control", "max-age=0, stale-while-revalidate=3600"),
            ("vary", "*"),
        ],
        &[("expires", "Mon, 01 Jan 2001 00:00:00 GMT")],
        &[("expires", "0")],
        &[("pragma", "no-cache")],
        &[("cache-control", "immutable")],
        &[("cache-control", "public")],
    ];
    for headers in cases {
        let server = always(move || reply(200, headers, es256())).await;
        let engine = discovering(&server);
        for count in 1..=3 {
            assert_eq!(verdict(&engine, &Token::es256().sign()).await, Ok(()));
            assert_eq!(server.asked().len(), count, "{headers:?}");
        }
    }
    // And a redirect whose own response is not fresh is asked again with what it led to.
    let server = KeyServer::https(|asked| {
        let away = reply(301, &[("location", "/end")], "");
        std::future::ready(match asked.path.as_str() {
            "/end" => cached("max-age=3600", es256()),
            _ => away,
        })
    })
    .await;
    let repository = repository(&server);
    for count in 1..=3 {
        assert_eq!(fetched(&repository, KEY).await, Ok(()));
        assert_eq!(server.asked().len(), 2 * count);
    }
}
