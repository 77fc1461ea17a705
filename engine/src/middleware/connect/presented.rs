//! What of a request a verifier of Connect tokens looks at: lent while the request is here, kept while it waits.

use std::fmt;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};

use super::body::ConnectBody;

const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// A request, as far as a token is about it.
#[expect(unnameable_types, reason = "as the trait that it is for")]
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    pub(super) method: &'a Method,
    uri: &'a Uri,
    authorization: &'a HeaderMap,
    is_form: bool,
    /// The body, if it was read.
    pub(super) body: Option<&'a [u8]>,
}

impl<'a> Presented<'a> {
    pub(super) fn of<B>(request: &'a Request<ConnectBody<B>>) -> Self {
        Self {
            body: request.body().bytes().map(|bytes| &**bytes),
            ..Self::without_body(request)
        }
    }

    pub(super) fn without_body<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            authorization: request.headers(),
            is_form: is_form(request.headers()),
            body: None,
        }
    }

    /// Path and query as they came.
    pub(super) fn target(&self) -> &'a str {
        self.uri
            .path_and_query()
            .map_or("", |target| target.as_str())
    }

    /// The values of `Authorization`.
    pub(super) fn authorization(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let values = self.authorization.get_all(AUTHORIZATION);
        values.into_iter().map(HeaderValue::as_bytes)
    }

    /// The body, if it is a form.
    pub(super) fn form(&self) -> Option<&'a [u8]> {
        self.body.filter(|_| self.is_form)
    }
}

/// Shows nothing of the request, which holds a token.
impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").finish_non_exhaustive()
    }
}

/// The same, while the request itself is held for the inner service.
pub(super) struct Kept {
    method: Method,
    uri: Uri,
    authorization: HeaderMap,
    is_form: bool,
    body: Option<Bytes>,
}

impl Kept {
    pub(super) fn of<B>(request: &Request<ConnectBody<B>>) -> Self {
        let mut authorization = HeaderMap::new();
        for value in request.headers().get_all(AUTHORIZATION) {
            authorization.append(AUTHORIZATION, value.clone());
        }
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            authorization,
            is_form: is_form(request.headers()),
            body: request.body().bytes().cloned(),
        }
    }

    pub(super) fn presented(&self) -> Presented<'_> {
        Presented {
            method: &self.method,
            uri: &self.uri,
            authorization: &self.authorization,
            is_form: self.is_form,
            body: self.body.as_deref(),
        }
    }
}

/// Whether the body is a form. Of two types, either may be the one that the inner service goes by.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let is_form = |value: &HeaderValue| {
        let mut parts = value.as_bytes().split(|&byte| byte == b';' || byte == b',');
        parts.any(|part| part.trim_ascii().eq_ignore_ascii_case(FORM))
    };
    headers.get_all(CONTENT_TYPE).into_iter().any(is_form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_form_of(types: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in types {
            headers.append(CONTENT_TYPE, HeaderValue::from_static(value));
        }
        is_form(&headers)
    }

    #[test]
    fn a_form_is_known_by_its_type_in_any_spelling() {
        for types in [
            &["application/x-www-form-urlencoded"][..],
            &["Application/X-WWW-Form-Urlencoded; charset=utf-8"],
            &["application/json", "application/x-www-form-urlencoded"],
            &["application/json, application/x-www-form-urlencoded"],
        ] {
            assert!(is_form_of(types), "{types:?}");
        }
        for types in [
            &[][..],
            &["application/json"],
            &["multipart/form-data; boundary=x"],
            &["application/x-www-form-urlencoded-2"],
        ] {
            assert!(!is_form_of(types), "{types:?}");
        }
    }

    #[test]
    fn what_is_kept_presents_what_was_lent() {
        let body = Bytes::from_static(b"jwt=a.b.c");
        let whole = super::super::body::Whole {
            bytes: body,
            trailers: None,
        };
        let request = Request::post("https://app.example/a%20b/?x=%7e&jwt=1")
            .header(AUTHORIZATION, "JWT a.b.c")
            .header(AUTHORIZATION, "Basic x")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(ConnectBody::<()>::read(whole))
            .unwrap();
        let kept = Kept::of(&request);
        for presented in [Presented::of(&request), kept.presented()] {
            assert_eq!(presented.method, Method::POST);
            assert_eq!(presented.target(), "/a%20b/?x=%7e&jwt=1");
            let authorization: Vec<_> = presented.authorization().collect();
            assert_eq!(authorization, [&b"JWT a.b.c"[..], b"Basic x"]);
            assert_eq!(presented.form(), Some(&b"jwt=a.b.c"[..]));
        }
    }
}
