//! Where a key is asked for, how, and whose answer is trusted.

use asap_engine::{Algorithm, Engine, KeyError, KeyRepository, KeyRepositoryConfig, VerifyError};
use asap_tests::fixture::{NOW, policy};
use asap_tests::key_client::{KEY, always, config, fetched, is_at_hand, repository};
use asap_tests::key_server::{Asked, KeyServer, Reply, cached, reply};
use asap_tests::keys::{der_of, other_key, pem, public_key_pem};
use asap_tests::token::Token;

use crate::discovering::{discovering, es256, trusting, verdict};

/// "If the resource server does not know the public key of the claimed issuer, it MAY use the following key
/// discovery process to obtain it."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_public_key_may_be_discovered() {
    let server = always(|| cached("max-age=60", es256())).await;
    let engine = discovering(&server);
    let token = Token::es256().sign();
    assert!(!is_at_hand(engine.keys(), "client/ES256"));
    assert_eq!(verdict(&engine, &token).await, Ok(()));
    // Once it is known, nobody is asked.
    assert_eq!(verdict(&engine, &token).await, Ok(()));
    assert_eq!(server.asked().len(), 1);
    // Nor for a token that no key could help.
    let late = Token::es256().claim("exp", "1").sign();
    assert!(verdict(&engine, &late).await.is_err());
    assert_eq!(server.asked().len(), 1);
}

/// "The key discovery is performed by retrieving a resource in PEM format (RFC1422) from a key repository
/// identified by a base URL."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_in_pem_format_is_retrieved() {
    let good = public_key_pem();
    let der = der_of(&good);
    for (resource, expected) in [
        (good.clone(), Ok(())),
        (good.replace('\n', "\r\n"), Ok(())),
        (good.trim_end().to_owned(), Ok(())),
        (String::new(), Err(KeyError::Unavailable)),
        (
            "<html>captive portal</html>".to_owned(),
            Err(KeyError::Unavailable),
        ),
        (pem("CERTIFICATE", &der), Err(KeyError::Unavailable)),
        (pem("PRIVATE KEY", &der), Err(KeyError::Unavailable)),
        (format!("{good}{good}"), Err(KeyError::Unavailable)),
        (good.replace("MF", "M-"), Err(KeyError::Unavailable)),
        (
            good.lines().filter(|line| !line.starts_with('-')).collect(),
            Err(KeyError::Unavailable),
        ),
    ] {
        let body = resource.clone();
        let server = always(move || cached("max-age=60", body.clone())).await;
        assert_eq!(
            fetched(&repository(&server), KEY).await,
            expected,
            "{resource}"
        );
    }
}

/// "The base URL of the key repository MUST be statically known to the resource server."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_base_url_must_be_statically_known() {
    let server = always(|| cached("no-store", es256())).await;
    let elsewhere = KeyServer::http(|_| std::future::ready(cached("no-store", es256()))).await;
    let engine = discovering(&server);
    let url = elsewhere.url("/keys");
    let host = url.split('/').nth(2).unwrap();
    let name = host.split(':').next().unwrap();
    // Whatever a token says of where its key is: the name of a host is a service like any other.
    let kid = format!("{name}/ES256");
    let token = Token::es256()
        .header("kid", &format!("\"{kid}\""))
        .header("jku", &format!("\"{url}\""))
        .claim("iss", &format!("\"{name}\""))
        .claim("key_repository", &format!("\"{url}\""));
    assert_eq!(verdict(&engine, &token.sign()).await, Ok(()));
    for iss in [url.as_str(), host, &format!("//{host}")] {
        let token = token.clone().claim("iss", &format!("\"{iss}\""));
        let kid = token.header("kid", &format!("\"{iss}/ES256\"")).sign();
        assert_eq!(verdict(&engine, &kid).await, Err(VerifyError::KeyIdInvalid));
    }
    let asked: Vec<_> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(asked, [format!("/keys/{kid}")]);
    assert!(elsewhere.asked().is_empty());
}

/// "The relative URL path is a function of the key identifier (“kid”), as follows: `${baseurl}/${kid}`."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_relative_url_path_is_a_function_of_the_key_identifier() {
    for (base, prefix) in [("", ""), ("/", ""), ("/keys", "/keys"), ("/a/b/", "/a/b")] {
        let server = always(|| cached("no-store", es256())).await;
        let config = KeyRepositoryConfig::new(&server.url(base)).unwrap();
        let config = config.with_root_certificates(server.ca_pem()).unwrap();
        let repository = KeyRepository::new(config).unwrap();
        let kids = [
            "client/key",
            "a/b/c/d",
            "client/a..b",
            "client/...",
            "client/+-_.x",
        ];
        for kid in kids {
            assert_eq!(fetched(&repository, kid).await, Ok(()), "{kid}");
        }
        let asked: Vec<_> = server.asked().into_iter().map(|asked| asked.path).collect();
        assert_eq!(asked, kids.map(|kid| format!("{prefix}/{kid}")));
    }
}

/// "The key repository MAY be a web server that exposes the keys via unauthenticated HTTPS."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_asked_for_via_unauthenticated_https() {
    let headers = [
        ("set-cookie", "session=1; Path=/"),
        ("www-authenticate", "Basic realm=\"keys\""),
        ("cache-control", "no-store"),
    ];
    let server = KeyServer::https(move |asked| {
        let status = if asked.number == 0 { 401 } else { 200 };
        std::future::ready(reply(status, &headers, es256()))
    })
    .await;
    let engine = discovering(&server);
    let token = Token::es256().sign();
    assert_eq!(
        verdict(&engine, &token).await,
        Err(VerifyError::KeyUnavailable)
    );
    assert_eq!(verdict(&engine, &token).await, Ok(()));
    assert_eq!(verdict(&engine, &token).await, Ok(()));
    // Neither the client's token nor anything else that says who asks, however often it is told to.
    for asked in server.asked() {
        for name in [
            "authorization",
            "cookie",
            "proxy-authorization",
            "referer",
            "from",
        ] {
            assert_eq!(asked.header(name), None, "{name}");
        }
    }
    // Whoever asks cannot be told to bring credentials along.
    assert!(KeyRepositoryConfig::new("https://user:secret@keys.example").is_err());
}

/// "In that case, the base URL MUST start with “https:”."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_base_url_must_start_with_https() {
    for base in [
        "http://keys.example",
        "http://127.0.0.1",
        "HTTP://localhost/keys",
        "ftp://keys.example",
        "file:///keys",
        "ws://keys.example",
        "keys.example",
        "//keys.example",
        "https",
        "",
    ] {
        assert!(KeyRepositoryConfig::new(base).is_err(), "{base}");
        let config = KeyRepositoryConfig::new("https://keys.example").unwrap();
        assert!(config.with_fallback(base).is_err(), "{base}");
    }
    assert!(KeyRepositoryConfig::new("https://keys.example").is_ok());
    assert!(KeyRepositoryConfig::new("HTTPS://keys.example/").is_ok());
    // What starts with it speaks it: plain http on the same port is not understood.
    let plain = KeyServer::http(|_| std::future::ready(cached("max-age=60", es256()))).await;
    let base = plain.url("/keys").replace("http:", "https:");
    let config = KeyRepositoryConfig::new(&base).unwrap();
    let authority = always(|| cached("no-store", es256())).await;
    let config = config.with_root_certificates(authority.ca_pem()).unwrap();
    let repository = KeyRepository::new(config).unwrap();
    assert_eq!(fetched(&repository, KEY).await, Err(KeyError::Unavailable));
    assert!(plain.asked().is_empty());
    // The one exception has a name of its own, and does not reach beyond this machine.
    assert!(KeyRepositoryConfig::allowing_http_to_loopback(&plain.url("/keys")).is_ok());
    assert!(KeyRepositoryConfig::allowing_http_to_loopback("http://keys.example").is_err());
}

/// "The resource server MUST send a GET request and it SHOULD include an “Accept” header that expresses preference
/// for the MIME type “application/x-pem-file”."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_resource_server_must_send_a_get_request() {
    for asked in asked_on_every_way().await {
        assert_eq!(asked.method, http::Method::GET, "{}", asked.path);
        assert_eq!(asked.header("content-length"), None);
        assert_eq!(asked.header("transfer-encoding"), None);
    }
}

/// "The resource server MUST send a GET request and it SHOULD include an “Accept” header that expresses preference
/// for the MIME type “application/x-pem-file”."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_request_should_express_preference_for_application_x_pem_file() {
    for asked in asked_on_every_way().await {
        assert_eq!(asked.header("accept"), Some("application/x-pem-file"));
    }
}

/// "It also MUST follow HTTP redirects."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_redirects_must_be_followed() {
    let other = always(|| cached("max-age=60", es256())).await;
    for status in [301, 302, 303, 307, 308] {
        for (location, last) in [
            ("/end", "/end"),
            ("end?x=y", "/keys/svc/end"),
            ("../../end#x", "/end"),
            (other.url("/end").as_str(), ""),
        ] {
            let to = location.to_owned();
            let server = KeyServer::https(move |asked| {
                let found = || cached("max-age=60", es256());
                let away = reply(status, &[("location", to.as_str())], "gone there");
                std::future::ready(if asked.number == 0 { away } else { found() })
            })
            .await;
            let repository = trusting(&server, &other);
            assert_eq!(
                fetched(&repository, KEY).await,
                Ok(()),
                "{status} {location}"
            );
            let paths: Vec<_> = server.asked().into_iter().map(|asked| asked.path).collect();
            match last {
                "" => assert_eq!(
                    (paths.len(), other.asked().last().unwrap().path.as_str()),
                    (1, "/end")
                ),
                last => assert_eq!(paths, ["/keys/svc/key", last], "{status} {location}"),
            }
        }
    }
    // One after the other, up to ten.
    for redirects in [10, 11] {
        let server = KeyServer::https(move |asked| {
            let next = format!("/{}", asked.number);
            let away = reply(302, &[("location", next.as_str())], "");
            let is_end = asked.number == redirects;
            std::future::ready(if is_end {
                cached("no-store", es256())
            } else {
                away
            })
        })
        .await;
        let is_followed = fetched(&repository(&server), KEY).await.is_ok();
        assert_eq!(is_followed, redirects == 10);
    }
}

/// "The key repository SHOULD serve the resource with “Content-Type: application/x-pem-file”."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_repository_that_serves_another_content_type_is_understood_too() {
    for content_type in [
        "application/x-pem-file",
        "text/plain; charset=utf-8",
        "text/html",
        "",
    ] {
        let headers = [("content-type", content_type)];
        let server = always(move || reply(200, &headers, es256())).await;
        assert_eq!(
            fetched(&repository(&server), KEY).await,
            Ok(()),
            "{content_type}"
        );
    }
    let server = always(|| reply(200, &[], es256())).await;
    assert_eq!(fetched(&repository(&server), KEY).await, Ok(()));
}

/// "The resource server trusts the keys obtained by following redirections from the original HTTP request."
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_obtained_by_following_redirections_are_trusted() {
    let other = always(|| cached("max-age=60", es256())).await;
    let to = other.url("/another/path/altogether");
    let server = always(move || reply(302, &[("location", &to)], "")).await;
    let engine = Engine::new(policy(), trusting(&server, &other)).with_clock(|| NOW);
    let token = Token::es256().sign();
    assert_eq!(verdict(&engine, &token).await, Ok(()));
    // The name under which it was asked for is the key's name, wherever it was found.
    let stranger = Token::es256().sign_with(other_key(Algorithm::Es256));
    assert_eq!(
        verdict(&engine, &stranger).await,
        Err(VerifyError::SignatureInvalid)
    );
    // Trust goes where https goes, and no further.
    let plain = KeyServer::http(|_| std::future::ready(cached("max-age=60", es256()))).await;
    let to = plain.url("/end");
    let server = always(move || reply(302, &[("location", &to)], "")).await;
    let unavailable = verdict(&discovering(&server), &token).await;
    assert_eq!(unavailable, Err(VerifyError::KeyUnavailable));
    assert!(plain.asked().is_empty());
}

/// What servers saw of a first request, a redirected one, a revalidation and one to a second repository.
async fn asked_on_every_way() -> Vec<Asked> {
    let first = always(|| reply(503, &[], "")).await;
    let server = KeyServer::https(|asked| {
        let headers = [
            ("cache-control", "max-age=0, stale-if-error=60"),
            ("etag", "\"1\""),
        ];
        let away: Reply = reply(307, &[headers[0], ("location", "/end")], "");
        std::future::ready(match asked.path.as_str() {
            "/end" => reply(200, &headers, es256()),
            _ => away,
        })
    })
    .await;
    let config = config(&first).with_fallback(&server.url("/keys")).unwrap();
    let roots = [first.ca_pem(), server.ca_pem()].concat();
    let repository = KeyRepository::new(config.with_root_certificates(&roots).unwrap()).unwrap();
    assert_eq!(fetched(&repository, KEY).await, Ok(()));
    assert_eq!(fetched(&repository, KEY).await, Ok(()));
    // The first is down by then, and asked by its prober, if at all.
    let (first, server) = (first.asked(), server.asked());
    assert!(!first.is_empty() && server.len() == 4);
    assert!(server[3].header("if-none-match").is_some());
    [first, server].concat()
}
