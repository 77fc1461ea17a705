//! A Connect token for a URL of ten parameters, never seen before: the whole, its `qsh`, and what nobody gets around.

use std::hint::black_box;

use asap_bench::{NOW, Tokens};
use asap_engine::{
    BaseUrl, ConnectModule, ConnectPolicy, ConnectRequest, MemoryTenants, Scratch, SharedSecret,
};
use aws_lc_rs::{digest, hmac};
use base64_simd::URL_SAFE_NO_PAD;
use criterion::{Criterion, Throughput};

const SECRET: &str = "7512836e-9137-48ac-baaf-a1935b96e17a";

const TENANT: &str = "jira:1234-5678-9000";

/// What Jira asks a panel of an issue for.
const TARGET: &str = "/connect/panel?issue=A-1&project=10000&user_id=&user_key=&tz=Australia%2FSydney&loc=en-US\
&cp=%2Fjira&xdm_e=https%3A%2F%2Fexample.atlassian.net&xdm_c=channel-panel&lic=none";

/// What Jira says of a user who looks at a panel.
fn token(query_hash: &str) -> String {
    let claims = format!(
        r#"{{"sub":"5b10a2844c20165700ede21g","qsh":"{query_hash}","iss":"{TENANT}","context":{{}},"exp":{},"iat":{NOW}}}"#,
        NOW + 180
    );
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode_to_string(part);
    let header = encode(br#"{"typ":"JWT","alg":"HS256"}"#);
    let input = format!("{header}.{}", encode(claims.as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = encode(hmac::sign(&key, input.as_bytes()).as_ref());
    format!("{input}.{signature}")
}

pub(super) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("connect");
    group.throughput(Throughput::Elements(1));
    let base = BaseUrl::parse("https://app.example/connect").expect("a base URL");
    let secret = || SharedSecret::new(SECRET).expect("a secret");
    let request = ConnectRequest::new("GET", TARGET);
    let hash = request.query_hash(&base).expect("a good request");
    let token = token(&hash);
    let authorization = format!("JWT {token}");

    let tenants = MemoryTenants::new();
    tenants.insert(TENANT, secret());
    let module = ConnectModule::new(ConnectPolicy::new(base.clone()), tenants);
    let module = module.with_clock(Tokens::now);
    let signed = request.with_authorization(authorization.as_bytes());
    let mut scratch = Scratch::new();
    group.bench_function("verify_now", |bencher| {
        bencher.iter(|| {
            black_box(module.verify_now(black_box(&signed), &mut scratch)).expect("a good token");
        });
    });
    group.bench_function("canonical", |bencher| {
        bencher.iter(|| {
            black_box(&request)
                .canonical(&base)
                .expect("a good request")
        });
    });
    let canonical = request.canonical(&base).expect("a good request");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let (input, _) = token.rsplit_once('.').expect("a signature");
    group.bench_function("floor: SHA-256 and HMAC", |bencher| {
        bencher.iter(|| {
            let hash = digest::digest(&digest::SHA256, black_box(canonical.as_bytes()));
            (hash, hmac::sign(&key, black_box(input.as_bytes())))
        });
    });
    group.finish();
}
