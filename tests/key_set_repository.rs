//! Key sets over HTTP: kept as HTTP says, asked for again when a token's key is missing, and never a reason to refuse a token
//! that may be good.
//!
//! Two tests are over real sockets and TLS; the others play the server in paused time.

use std::future::{Future, poll_fn, ready};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use asap_engine::internals::SimulatedResponse;
use asap_engine::limits::{DEFAULT_SET_REFETCH_INTERVAL, MAX_FETCH_DEADLINE};
use asap_engine::{
    Algorithm, ForgeVerifier, KeySetFormat, KeySetRepository, KeySetRepositoryConfig, KeySetSource,
    SigningKey, TrelloVerifier, VerifyError as E,
};
use asap_tests::jwk::{jwk, pem_list, rs256, set};
use asap_tests::key_server::{KeyServer, cached};
use asap_tests::keys::{key, other_key};
use asap_tests::published::{FORGE_KEY, forge, forge_set, forge_token, trello, trello_token};
use asap_tests::simulated::{SimulatedServer, in_paused_time, simulated_reply};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// How long a round trip takes.
const TRIP: Duration = Duration::from_millis(20);

fn old() -> &'static SigningKey {
    key(Algorithm::Rs256)
}

fn new() -> &'static SigningKey {
    other_key(Algorithm::Rs256)
}

/// What a server gives for its `n`th request.
fn playing<F>(script: F) -> Arc<SimulatedServer>
where
    F: Fn(usize) -> SimulatedResponse + Send + Sync + 'static,
{
    SimulatedServer::new(move |number, _| {
        let reply = script(number);
        async move {
            sleep(TRIP).await;
            Ok(reply)
        }
    })
}

fn ok(cache_control: &str, body: &str) -> SimulatedResponse {
    let headers = [("cache-control", cache_control)];
    simulated_reply(200, &headers, body.to_owned())
}

fn jwk_set(server: &Arc<SimulatedServer>) -> ForgeVerifier<KeySetRepository> {
    forge(server.set_client(KeySetFormat::JwkSet, |config| config))
}

fn list(server: &Arc<SimulatedServer>) -> TrelloVerifier<KeySetRepository> {
    trello(server.set_client(KeySetFormat::PemList, |config| config))
}

async fn verdict(verifier: &ForgeVerifier<KeySetRepository>, token: &str) -> Option<E> {
    verifier.verify(token.as_bytes()).await.err()
}

/// A good token.
fn good() -> String {
    forge_token().sign()
}

/// A token of a key that is in no set.
fn invented(number: usize) -> String {
    let key_id = format!("\"invented-{number}\"");
    forge_token().header("kid", &key_id).sign()
}

/// A token of the key that comes later.
fn rotated() -> String {
    forge_token().header("kid", "\"later\"").sign_with(new())
}

fn both() -> String {
    set(&[rs256(old(), FORGE_KEY), rs256(new(), "later")])
}

/// The same with deadlines that no fetch meets, however busy the machine is.
fn patient(config: KeySetRepositoryConfig) -> KeySetRepositoryConfig {
    let longest = MAX_FETCH_DEADLINE;
    config.with_deadlines(longest, longest, longest)
}

fn over_tls(format: KeySetFormat, server: &KeyServer, path: &str) -> KeySetRepository {
    let config = KeySetRepositoryConfig::new(format, &server.url(path)).unwrap();
    let config = config.with_root_certificates(server.ca_pem()).unwrap();
    KeySetRepository::new(patient(config)).unwrap()
}

#[tokio::test]
async fn a_forge_remote_verifies_with_the_set_of_a_tls_server() {
    let server = KeyServer::https(|_| ready(cached("max-age=60", forge_set()))).await;
    let keys = over_tls(KeySetFormat::JwkSet, &server, "/.well-known/jwks.json");
    let verifier = forge(keys);
    assert!(verifier.keys().with_set(|_| ()).is_none());
    for _ in 0..3 {
        let invocation = verifier.verify(good().as_bytes()).await.unwrap();
        assert_eq!(
            invocation.token_id(),
            "d8a496253ec8c18a54631e4c82cbedd5d0ae8570"
        );
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "/.well-known/jwks.json");
    let accept = asked[0].header("accept").unwrap();
    assert!(accept.starts_with("application/jwk-set+json"), "{accept}");
    assert_eq!(asked[0].header("authorization"), None);
}

#[tokio::test]
async fn a_power_up_verifies_with_the_list_of_a_tls_server() {
    let server = KeyServer::https(|asked| {
        // The second list has one more key: Trello rotates.
        let keys = if asked.number == 0 {
            vec![old()]
        } else {
            vec![old(), new()]
        };
        ready(cached("max-age=60", pem_list(&keys)))
    });
    let server = server.await;
    let config =
        KeySetRepositoryConfig::new(KeySetFormat::PemList, &server.url("/1/keys")).unwrap();
    let config = config
        .with_root_certificates(server.ca_pem())
        .unwrap()
        .with_refetch_interval(Duration::from_millis(1));
    let verifier = trello(KeySetRepository::new(patient(config)).unwrap());
    assert!(
        verifier
            .verify(trello_token().sign().as_bytes())
            .await
            .is_ok()
    );
    sleep(Duration::from_millis(2)).await;
    let rotated = trello_token().sign_with(new());
    assert!(verifier.verify(rotated.as_bytes()).await.is_ok());
    assert_eq!(server.asked().len(), 2);
    assert_eq!(server.asked()[0].path, "/1/keys");
}

#[test]
fn a_set_is_kept_for_as_long_as_its_response_says() {
    in_paused_time(async {
        let server = playing(|_| ok("max-age=60, immutable", &forge_set()));
        let verifier = jwk_set(&server);
        assert_eq!(verdict(&verifier, &good()).await, None);
        sleep(59 * SECOND).await;
        assert_eq!(verdict(&verifier, &good()).await, None);
        assert_eq!(server.asked().len(), 1);
        sleep(2 * SECOND).await;
        assert_eq!(verdict(&verifier, &good()).await, None);
        assert_eq!(server.asked().len(), 2);
    });
}

/// A response that says nothing of it is not kept: by the rules of HTTP it serves those who waited for it.
#[test]
fn what_says_nothing_of_freshness_is_kept_by_the_operators_word_alone() {
    in_paused_time(async {
        for silent in ["no-cache", "max-age=0", "no-store"] {
            let server = playing(move |_| ok(silent, &forge_set()));
            let verifier = jwk_set(&server);
            for _ in 0..50 {
                assert_eq!(verdict(&verifier, &good()).await, None);
            }
            assert_eq!(server.asked().len(), 50);
            let server = playing(move |_| ok(silent, &forge_set()));
            let kept = |config: KeySetRepositoryConfig| config.with_minimum_freshness(60 * SECOND);
            let verifier = forge(server.set_client(KeySetFormat::JwkSet, kept));
            for _ in 0..50 {
                assert_eq!(verdict(&verifier, &good()).await, None);
            }
            assert_eq!(server.asked().len(), 1);
        }
    });
}

#[test]
fn a_set_in_use_is_refreshed_ahead_so_that_nobody_waits() {
    in_paused_time(async {
        let server = playing(|_| ok("max-age=10", &forge_set()));
        let verifier = jwk_set(&server);
        assert_eq!(verdict(&verifier, &good()).await, None);
        for _ in 0..600 {
            sleep(SECOND / 2).await;
            assert!(verifier.keys().with_set(|_| ()).is_some());
        }
        let asked = server.asked().len();
        assert!((300 / 9..=300 / 5).contains(&asked), "{asked}");
    });
}

#[test]
fn all_who_wait_for_a_set_wait_for_one_request() {
    in_paused_time(async {
        let server = playing(|_| ok("max-age=60", &forge_set()));
        let verifier = Arc::new(jwk_set(&server));
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                let (verifier, token) = (Arc::clone(&verifier), good());
                tokio::spawn(async move { verdict(&verifier, &token).await })
            })
            .collect();
        for task in waiting {
            assert_eq!(task.await.unwrap(), None);
        }
        assert_eq!(server.asked().len(), 1);
    });
}

/// A publisher rotates: a token of a key that is not in the set has it asked for once more.
#[test]
fn a_new_key_is_found_when_its_first_token_comes() {
    in_paused_time(async {
        let server = playing(|number| {
            ok(
                "max-age=86400",
                &if number == 0 { forge_set() } else { both() },
            )
        });
        let verifier = jwk_set(&server);
        assert_eq!(verdict(&verifier, &good()).await, None);
        sleep(DEFAULT_SET_REFETCH_INTERVAL).await;
        let tokens = (0..20).map(|_| async { verdict(&verifier, &rotated()).await });
        for refusal in all(tokens).await {
            assert_eq!(refusal, None);
        }
        assert_eq!(server.asked().len(), 2);
        assert_eq!(verdict(&verifier, &good()).await, None);
    });
}

/// The same for a token that names no key: "refresh on signature failure, rate-limited".
#[test]
fn a_new_key_of_trello_is_found_when_its_first_token_comes() {
    in_paused_time(async {
        let server = playing(|number| {
            let keys = if number == 0 {
                vec![old()]
            } else {
                vec![new(), old()]
            };
            ok("max-age=86400", &pem_list(&keys))
        });
        let verifier = list(&server);
        let verdict = |signer: &SigningKey| {
            let token = trello_token().sign_with(signer);
            let verifier = &verifier;
            async move { verifier.verify(token.as_bytes()).await.err() }
        };
        assert_eq!(verdict(old()).await, None);
        sleep(DEFAULT_SET_REFETCH_INTERVAL).await;
        assert_eq!(verdict(new()).await, None);
        assert_eq!(server.asked().len(), 2);
        let stranger = SigningKey::generate(Algorithm::Rs256).unwrap().0;
        for _ in 0..100 {
            assert_eq!(verdict(&stranger).await, Some(E::SignatureInvalid));
        }
        assert_eq!(server.asked().len(), 2);
        sleep(DEFAULT_SET_REFETCH_INTERVAL).await;
        for _ in 0..100 {
            assert_eq!(verdict(&stranger).await, Some(E::SignatureInvalid));
        }
        assert_eq!(server.asked().len(), 3);
    });
}

/// A set that was asked for a moment ago is as new as any: a key that is not in it is in none.
#[test]
fn a_key_that_a_new_set_does_not_have_is_unknown_without_a_question() {
    in_paused_time(async {
        let server = playing(|_| ok("max-age=86400", &forge_set()));
        let verifier = jwk_set(&server);
        assert_eq!(verdict(&verifier, &invented(0)).await, Some(E::KeyUnknown));
        assert_eq!(verdict(&verifier, &invented(1)).await, Some(E::KeyUnknown));
        sleep(DEFAULT_SET_REFETCH_INTERVAL - SECOND).await;
        assert_eq!(verdict(&verifier, &invented(2)).await, Some(E::KeyUnknown));
        assert_eq!(server.asked().len(), 1);
    });
}

/// docs/THREATS.md: a flood of invented `kid` costs the key server no more than the limit, and nobody else anything.
#[test]
fn a_flood_of_invented_keys_causes_one_question_in_an_interval() {
    in_paused_time(async {
        let server = SimulatedServer::new(|number, request| {
            let is_condition = request.headers().contains_key("if-none-match");
            assert_eq!(is_condition, number > 0);
            async move {
                sleep(TRIP).await;
                let headers = [("cache-control", "max-age=86400"), ("etag", "\"1\"")];
                Ok(match is_condition {
                    true => simulated_reply(304, &headers, ""),
                    false => simulated_reply(200, &headers, forge_set()),
                })
            }
        });
        let verifier = Arc::new(jwk_set(&server));
        assert_eq!(verdict(&verifier, &good()).await, None);
        // Twenty at once, every tenth of a second, for a minute.
        let tokens: Arc<Vec<_>> = Arc::new((0..20).map(invented).collect());
        for _ in 0..600 {
            let flood: Vec<_> = (0..20)
                .map(|number| {
                    let (verifier, tokens) = (Arc::clone(&verifier), Arc::clone(&tokens));
                    tokio::spawn(async move { verdict(&verifier, &tokens[number]).await })
                })
                .collect();
            assert!(verifier.keys().with_set(|_| ()).is_some());
            for task in flood {
                assert_eq!(task.await.unwrap(), Some(E::KeyUnknown));
            }
            sleep(SECOND / 10).await;
        }
        let asked = server.asked();
        assert!((6..=8).contains(&asked.len()), "{asked:?}");
        let pauses = asked.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(pauses.min().unwrap() >= DEFAULT_SET_REFETCH_INTERVAL);
        assert_eq!(verdict(&verifier, &good()).await, None);
    });
}

/// "a bad JWKS gives 503, never 401": neither what is no set, nor 404, says anything about a token.
#[test]
fn a_set_that_is_not_to_be_had_says_nothing_about_a_token() {
    in_paused_time(async {
        let private = jwk(old(), &[("kid", "\"x\""), ("d", "\"AQAB\"")]);
        let bodies = [
            String::new(),
            "<html></html>".to_owned(),
            "{}".to_owned(),
            set(&[]),
            set(&[rs256(old(), "a"), rs256(new(), "a")]),
            set(&[rs256(old(), FORGE_KEY), private]),
            forge_set().replacen('{', "{\"keys\":[],", 1),
            format!("{}{}", forge_set(), " ".repeat(64 * 1024)),
            pem_list(&[old()]),
        ];
        let fresh = [("cache-control", "max-age=60")];
        for body in bodies {
            let shown = body.clone();
            let server = playing(move |_| simulated_reply(200, &fresh, body.clone()));
            let refusal = verdict(&jwk_set(&server), &good()).await.unwrap();
            assert_eq!(
                (refusal, refusal.status()),
                (E::KeyUnavailable, 503),
                "{shown}"
            );
        }
        for status in [204, 206, 304, 400, 401, 403, 404, 410, 429, 500, 503] {
            let server = playing(move |_| simulated_reply(status, &fresh, forge_set()));
            for token in [good(), invented(0)] {
                let refusal = verdict(&jwk_set(&server), &token).await;
                assert_eq!(refusal, Some(E::KeyUnavailable), "{status}");
            }
        }
        let down = SimulatedServer::new(|_, _| {
            ready(Err::<SimulatedResponse, _>(io::Error::from(
                io::ErrorKind::ConnectionRefused,
            )))
        });
        assert_eq!(
            verdict(&jwk_set(&down), &good()).await,
            Some(E::KeyUnavailable)
        );
        let list = list(&playing(|_| ok("max-age=60", &forge_set())));
        let refusal = list.verify(trello_token().sign().as_bytes()).await.err();
        assert_eq!(refusal, Some(E::KeyUnavailable));
    });
}

/// What was good stays good until it goes stale, whatever comes after it; a 404 withdraws no key.
#[test]
fn a_good_set_outlives_bad_answers_until_it_goes_stale() {
    in_paused_time(async {
        for bad in [404, 410, 500, 200] {
            let server = playing(move |number| match number {
                0 => ok("max-age=60", &forge_set()),
                _ => simulated_reply(bad, &[("cache-control", "max-age=60")], "{}"),
            });
            let verifier = jwk_set(&server);
            for second in 0..59 {
                assert_eq!(verdict(&verifier, &good()).await, None, "{bad} {second}");
                sleep(SECOND).await;
            }
            assert!(server.asked().len() > 1, "{bad}");
            sleep(2 * SECOND).await;
            assert_eq!(
                verdict(&verifier, &good()).await,
                Some(E::KeyUnavailable),
                "{bad}"
            );
        }
    });
}

/// With the server away nobody knows whether a new key exists: 503, and 401 only once that is known.
#[test]
fn an_unknown_key_is_unavailable_while_the_server_is_down() {
    in_paused_time(async {
        let is_down = Arc::new(AtomicBool::new(false));
        let down = Arc::clone(&is_down);
        let server = playing(move |_| match down.load(Ordering::Relaxed) {
            false => ok("max-age=86400", &forge_set()),
            true => simulated_reply(500, &[], ""),
        });
        let verifier = jwk_set(&server);
        assert_eq!(verdict(&verifier, &good()).await, None);
        is_down.store(true, Ordering::Relaxed);
        sleep(DEFAULT_SET_REFETCH_INTERVAL).await;
        for _ in 0..100 {
            assert_eq!(
                verdict(&verifier, &invented(0)).await,
                Some(E::KeyUnavailable)
            );
        }
        assert_eq!(server.asked().len(), 2);
        assert_eq!(verdict(&verifier, &good()).await, None);
        sleep(DEFAULT_SET_REFETCH_INTERVAL).await;
        assert_eq!(
            verdict(&verifier, &invented(0)).await,
            Some(E::KeyUnavailable)
        );
        is_down.store(false, Ordering::Relaxed);
        sleep(DEFAULT_SET_REFETCH_INTERVAL).await;
        assert_eq!(verdict(&verifier, &invented(0)).await, Some(E::KeyUnknown));
        assert_eq!(verdict(&verifier, &good()).await, None);
    });
}

/// Neither before the first set nor after the last do tokens ask without a limit.
#[test]
fn a_server_that_fails_is_not_asked_for_every_token() {
    in_paused_time(async {
        let cold = playing(|_| simulated_reply(500, &[], ""));
        let verifier = jwk_set(&cold);
        for _ in 0..500 {
            assert_eq!(verdict(&verifier, &good()).await, Some(E::KeyUnavailable));
        }
        assert!(
            (8..=9).contains(&cold.asked().len()),
            "{}",
            cold.asked().len()
        );

        let stale = playing(|number| match number {
            0 => ok("max-age=1, immutable", &forge_set()),
            _ => simulated_reply(500, &[], ""),
        });
        let verifier = jwk_set(&stale);
        assert_eq!(verdict(&verifier, &good()).await, None);
        sleep(5 * SECOND).await;
        for _ in 0..500 {
            assert_eq!(verdict(&verifier, &good()).await, Some(E::KeyUnavailable));
        }
        // The refresher may have asked too.
        assert!(
            (9..=12).contains(&stale.asked().len()),
            "{}",
            stale.asked().len()
        );
    });
}

/// A key that is taken out of the set is trusted until the set is next asked for, and no longer.
#[test]
fn a_withdrawn_key_ends_with_the_set_that_had_it() {
    in_paused_time(async {
        let server = playing(|number| {
            let other = set(&[rs256(new(), "later")]);
            ok("max-age=10", &if number == 0 { forge_set() } else { other })
        });
        let verifier = jwk_set(&server);
        assert_eq!(verdict(&verifier, &good()).await, None);
        sleep(11 * SECOND).await;
        assert_eq!(verdict(&verifier, &good()).await, Some(E::KeyUnknown));
        assert_eq!(verdict(&verifier, &rotated()).await, None);
    });
}

/// "JWKS URL by an unverified claim" is what a peer does. Here no token is asked for anything but a key that is at hand: the
/// one URL comes from the configuration.
#[test]
fn no_token_changes_where_the_set_is_asked_for() {
    in_paused_time(async {
        let paths = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&paths);
        let server = SimulatedServer::new(move |_, request| {
            seen.lock().unwrap().push(request.uri().to_string());
            ready(Ok(ok("no-cache", &forge_set())))
        });
        let verifier = jwk_set(&server);
        let staging = "\"https://api.stg.atlassian.com/ex/confluence/1\"";
        for token in [
            good(),
            forge_token()
                .header("jku", "\"https://attacker.example\"")
                .sign(),
            forge_token()
                .header("kid", "\"https://attacker.example/k\"")
                .sign(),
            forge_token()
                .claim(
                    "app",
                    &format!(
                        r#"{{"id":"{}","installationId":"i","apiBaseUrl":{staging}}}"#,
                        asap_tests::published::APP
                    ),
                )
                .sign(),
        ] {
            let _ = verdict(&verifier, &token).await;
        }
        let paths = paths.lock().unwrap();
        assert_eq!(paths.len(), 4);
        assert!(
            paths
                .iter()
                .all(|url| url == "https://keys.example/set.json"),
            "{paths:?}"
        );
    });
}

/// The keys are fetched for a token that this app wants and for no other.
#[test]
fn nothing_is_fetched_for_a_token_that_is_refused_before_its_key() {
    in_paused_time(async {
        let server = playing(|_| ok("max-age=60", &forge_set()));
        let verifier = jwk_set(&server);
        for token in [
            forge_token().claim("aud", "\"other\"").sign(),
            forge_token().claim("exp", "1").sign(),
            forge_token().header("alg", "\"none\"").sign(),
            "a.b.c".to_owned(),
        ] {
            assert!(verdict(&verifier, &token).await.is_some());
        }
        assert!(server.asked().is_empty());
    });
}

#[test]
fn a_caller_who_hangs_up_takes_nothing_from_the_others() {
    in_paused_time(async {
        let server = playing(|_| ok("max-age=60", &forge_set()));
        let verifier = Arc::new(jwk_set(&server));
        let token = good();
        let hasty = tokio::time::timeout(TRIP / 4, verifier.verify(token.as_bytes())).await;
        assert!(hasty.is_err());
        sleep(TRIP).await;
        assert!(verifier.keys().with_set(|_| ()).is_some());
        assert_eq!(verdict(&verifier, &token).await, None);
        assert_eq!(server.asked().len(), 1);
    });
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    for url in [
        "http://keys.example/jwks.json",
        "https://u:p@keys.example",
        "https://k.example/?a",
        "x",
    ] {
        let refused = KeySetRepositoryConfig::new(KeySetFormat::JwkSet, url);
        let message = refused.unwrap_err().to_string();
        assert!(
            !message.contains("u:p") && !message.contains('\n'),
            "{message}"
        );
    }
    let config = KeySetRepositoryConfig::new(KeySetFormat::JwkSet, "https://k.example").unwrap();
    assert!(
        KeySetRepository::new(config)
            .unwrap_err()
            .to_string()
            .contains("tokio runtime")
    );
}

/// Waits for all of them at once.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    poll_fn(move |context| {
        let mut is_pending = false;
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => is_pending = true,
                }
            }
        }
        match is_pending {
            true => Poll::Pending,
            false => Poll::Ready(outputs.drain(..).flatten().collect()),
        }
    })
    .await
}
