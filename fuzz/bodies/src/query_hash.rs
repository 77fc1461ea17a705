//! What a Connect token's `qsh` is over, against maps of decoded texts.

use asap_engine::internals::{QueryHashCovers, check_query_hash, sha256_hex};
use asap_engine::{BaseUrl, ConnectRequest, VerifyError};

use crate::input::Input;
use crate::oracle::agree;
use crate::oracle::query_hash::{Wire, canonical};

const BASES: [&str; 3] = [
    "https://app.example",
    "https://app.example/base",
    "https://app.example/a&b/%2f",
];

/// A choice of the base URL, a choice whether there is a form, and three lines: method, target, and the form to the end.
pub fn query_hash(data: &[u8]) {
    let mut input = Input::new(data);
    let base = BaseUrl::parse(input.choose(&BASES)).expect("a base URL");
    let has_form = input.byte() % 2 == 1;
    let mut lines = input.rest().splitn(3, |byte| *byte == b'\n');
    let mut text = || str::from_utf8(lines.next().unwrap_or_default());
    let (Ok(method), Ok(target)) = (text(), text()) else {
        return;
    };
    let form = has_form.then(|| lines.next().unwrap_or_default());
    let mut request = ConnectRequest::new(method, target);
    let alone = Wire {
        method,
        target,
        form: None,
    };
    let wire = Wire { form, ..alone };
    if let Some(form) = form {
        request = request.with_form(form);
    }
    let expected = canonical(wire, base.path());
    let java = expected.clone().map(|[java, _]| java);
    agree(&request.canonical(&base), &java);
    let hash = java.map(|java| sha256_hex(java.as_bytes()));
    agree(&request.query_hash(&base), &hash);

    let check = |claimed: &str| check_query_hash(claimed, &request, &base);
    let Ok(orders) = expected else {
        assert!(check("").is_err());
        return;
    };
    let covers = if has_form {
        QueryHashCovers::QueryAndForm
    } else {
        QueryHashCovers::Query
    };
    for text in &orders {
        assert_eq!(check(&sha256_hex(text.as_bytes())), Ok(covers));
    }
    let without_form = canonical(alone, base.path()).expect("it was read with a form");
    for text in without_form.iter().filter(|text| !orders.contains(text)) {
        let verdict = check(&sha256_hex(text.as_bytes()));
        assert_eq!(verdict, Ok(QueryHashCovers::QueryWithoutForm));
    }
    let mismatch = Err(VerifyError::QueryHashMismatch);
    let longer = format!("{}&", orders[0]);
    if !orders.contains(&longer) && !without_form.contains(&longer) {
        assert_eq!(check(&sha256_hex(longer.as_bytes())), mismatch);
    }
    assert_eq!(
        check(&sha256_hex(orders[0].as_bytes()).to_uppercase()),
        mismatch
    );
    assert_eq!(check(""), mismatch);
}
