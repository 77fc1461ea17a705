//! Which token a Connect request carries, in a form's body among other places, against a reader that decodes every field.

use asap_engine::ConnectRequest;

use crate::oracle::agree;
use crate::oracle::query_hash::token;

/// Lines: the query, the form, and then a header `Authorization` each.
pub fn connect_token(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let Ok(query) = str::from_utf8(lines.next().unwrap_or_default()) else {
        return;
    };
    let form = lines.next();
    let authorization: Vec<_> = lines.collect();
    let target = format!("/path?{query}");
    let mut request = ConnectRequest::new("POST", &target);
    if let Some(form) = form {
        request = request.with_form(form);
    }
    for value in &authorization {
        request = request.with_authorization(value);
    }
    let expected = token(query.as_bytes(), form.unwrap_or_default(), &authorization);
    agree(&request.unverified_token().map(<[u8]>::to_vec), &expected);
}
