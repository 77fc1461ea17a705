//! Tokens on their way to the inner service, which may show the headers of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// Has `Debug` of the headers show neither the token in `Authorization` nor those under the names `beside`. They go on as
/// they came.
pub(super) fn hide_tokens(headers: &mut HeaderMap, beside: &[&str]) {
    if let Some(value) = headers.get_mut(AUTHORIZATION) {
        value.set_sensitive(true);
    }
    for name in beside {
        if let Some(value) = headers.get_mut(*name) {
            value.set_sensitive(true);
        }
    }
}
