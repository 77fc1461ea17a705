//! Redirects: the cases of `url/redirect_cases.json`, and what only sockets can show.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use asap_engine::internals::{SimulatedResponse, SimulatedSending, World, simulated_repository};
use asap_engine::{KeyError, KeyRepositoryConfig};
use asap_tests::key_client::{config, fetched};
use asap_tests::key_server::{KeyServer, cached, reply};
use asap_tests::keys::public_key_pem;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use serde_json::Value;

/// A network in which the start of a case redirects, and everything else is a key.
struct Redirecting {
    /// The `Location` headers of the first answers, one answer after the other.
    answers: Vec<(u16, Vec<HeaderValue>)>,
    asked: Mutex<Vec<String>>,
}

impl World for Redirecting {
    fn send(&self, request: Request<()>, _: bool) -> SimulatedSending {
        let mut asked = self.asked.lock().unwrap();
        let answer = self.answers.get(asked.len());
        let response = answer.map_or_else(
            || response(200, &[], public_key_pem()),
            |(status, locations)| response(*status, locations, String::new()),
        );
        asked.push(request.uri().to_string());
        Box::pin(std::future::ready(Ok(response)))
    }

    fn time_of_day(&self) -> SystemTime {
        SystemTime::now()
    }

    fn random(&self) -> u64 {
        4
    }
}

fn response(status: u16, locations: &[HeaderValue], body: String) -> SimulatedResponse {
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {});
    let mut response = Response::new(body.map_err(|error: io::Error| error).boxed_unsync());
    *response.status_mut() = status.try_into().unwrap();
    for location in locations {
        response
            .headers_mut()
            .append(header::LOCATION, location.clone());
    }
    response
}

/// What becomes of a fetch whose answers are these, and what was asked.
async fn followed(
    answers: Vec<(u16, Vec<HeaderValue>)>,
    unrestricted: bool,
) -> (Result<(), KeyError>, Vec<String>) {
    let world = Arc::new(Redirecting {
        answers,
        asked: Mutex::default(),
    });
    let config = KeyRepositoryConfig::new("https://keys.example/repo").unwrap();
    let config = config.with_unrestricted_redirects(unrestricted);
    let repository = simulated_repository(config, Arc::clone(&world)).unwrap();
    let result = fetched(&repository, "svc/key1").await;
    let asked = world.asked.lock().unwrap().clone();
    (result, asked)
}

/// The answers of a case, or `None` where its `Location` is nothing that a header can carry.
fn answers(case: &Value) -> Option<Vec<(u16, Vec<HeaderValue>)>> {
    if let Some(chain) = case["chain"].as_u64() {
        let hop = |number| HeaderValue::try_from(format!("/hop/{number}")).unwrap();
        return Some((0..chain).map(|number| (302, vec![hop(number)])).collect());
    }
    let status = case["status"].as_u64().unwrap().try_into().unwrap();
    let locations = match (case["id"].as_str(), case["location"].as_str()) {
        (Some("two-locations"), _) => {
            vec![
                HeaderValue::from_static("/a"),
                HeaderValue::from_static("/b"),
            ]
        }
        (_, None) => vec![],
        (_, Some(location)) => vec![HeaderValue::from_bytes(location.as_bytes()).ok()?],
    };
    Some(vec![(status, locations)])
}

/// Cases of policy that stay refused when redirects may lead anywhere: how they are written is no matter of where they
/// lead, and parsers differ about them.
const NEVER: [&str; 9] = [
    "loopback-short",
    "loopback-decimal",
    "loopback-hex",
    "loopback-octal",
    "backslash",
    "backslash-host",
    "space",
    "non-ascii",
    "idn",
];

#[tokio::test]
async fn every_case_of_the_vectors_is_followed_or_refused_as_it_says() {
    let root = match std::env::var_os("ASAP_VECTORS") {
        Some(named) => Path::new(&named).to_owned(),
        None => {
            let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
            beside.unwrap().join("shared/vectors")
        }
    };
    let file = root.join("url/redirect_cases.json");
    if !file.exists() && std::env::var_os("ASAP_VECTORS").is_none() {
        println!(
            "skipped: there is no {} (name the vectors by ASAP_VECTORS)",
            file.display()
        );
        return;
    }
    let document: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let cases = document["cases"].as_array().unwrap();
    let mut counts = [0; 3];
    for case in cases {
        let (id, want) = (case["id"].as_str().unwrap(), case["want"].as_str().unwrap());
        assert_eq!(case["start"], "https://keys.example/repo/svc/key1");
        let Some(answers) = answers(case) else {
            assert_eq!((id, want), ("crlf", "fail"));
            counts[1] += 1;
            continue;
        };
        let redirects = answers.len();
        let (by_default, asked) = followed(answers.clone(), false).await;
        let (unrestricted, asked_unrestricted) = followed(answers, true).await;
        match want {
            "follow" => {
                assert_eq!((by_default, unrestricted), (Ok(()), Ok(())), "{id}");
                assert_eq!(
                    (asked.len(), asked_unrestricted.len()),
                    (redirects + 1, redirects + 1)
                );
                counts[0] += 1;
            }
            "fail" => {
                let refused = Err(KeyError::Unavailable);
                assert_eq!((by_default, unrestricted), (refused, refused), "{id}");
                // As many as are followed of a chain, and nothing else.
                let most = if case["chain"].is_u64() { 11 } else { 1 };
                assert!(
                    asked.len() == most && asked_unrestricted.len() == most,
                    "{id}"
                );
                counts[1] += 1;
            }
            "policy" => {
                assert_eq!(
                    (by_default, asked.len()),
                    (Err(KeyError::Unavailable), 1),
                    "{id}"
                );
                assert_eq!(unrestricted.is_err(), NEVER.contains(&id), "{id}");
                counts[2] += 1;
            }
            other => panic!("{id} wants {other}"),
        }
    }
    println!(
        "redirect_cases.json: {} followed, {} refused, {} refused unless allowed",
        counts[0], counts[1], counts[2]
    );
    assert_eq!(counts.iter().sum::<usize>(), cases.len());
}

#[tokio::test]
async fn two_locations_or_none_are_ambiguous() {
    for locations in [vec![], vec![HeaderValue::from_static("/a"); 2]] {
        let (result, asked) = followed(vec![(302, locations)], true).await;
        assert_eq!((result, asked.len()), (Err(KeyError::Unavailable), 1));
    }
}

/// Two servers on loopback, of which the first redirects to the second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_from_one_private_server_to_another_is_followed() {
    let pem = public_key_pem();
    let inner = KeyServer::https(move |_| std::future::ready(cached("no-store", pem.clone())));
    let inner = inner.await;
    let port = inner.url("").rsplit(':').next().unwrap().to_owned();
    for (name, location) in [
        ("number", inner.url("/key")),
        ("name", format!("https://localhost:{port}/key")),
    ] {
        let to = location.clone();
        let server = KeyServer::https(move |_| {
            std::future::ready(reply(302, &[("location", to.as_str())], ""))
        });
        let server = server.await;
        let roots = [server.ca_pem(), inner.ca_pem()].concat();
        let config = config(&server).with_root_certificates(&roots).unwrap();
        let repository = asap_engine::KeyRepository::new(config).unwrap();
        let before = inner.asked().len();
        let key_id = format!("svc/redirects/{name}");
        assert_eq!(fetched(&repository, &key_id).await, Ok(()), "{location}");
        assert_eq!(inner.asked().len() - before, 1);
    }
}

/// What the configuration names may be private, and so may redirects that stay there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_within_a_private_repository_is_followed() {
    let pem = public_key_pem();
    let server = KeyServer::https(move |asked| {
        std::future::ready(match asked.number {
            0 => reply(302, &[("location", "/elsewhere")], ""),
            _ => cached("no-store", pem.clone()),
        })
    })
    .await;
    let repository = asap_engine::KeyRepository::new(config(&server)).unwrap();
    assert_eq!(fetched(&repository, "svc/redirects/within").await, Ok(()));
    assert_eq!(server.asked()[1].path, "/elsewhere");
}
