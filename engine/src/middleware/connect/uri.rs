//! The URI of an accepted request, without the token that was in it.

use http::Uri;
use http::uri::PathAndQuery;

/// Takes the parameter `jwt` out of the query, and leaves every other byte. A name that only becomes `jwt` when it is
/// decoded, as no product spells it, stays.
pub(super) fn take_token_out(uri: &mut Uri) {
    if let Some(without) = without_token(uri) {
        *uri = without;
    }
}

fn without_token(uri: &Uri) -> Option<Uri> {
    let query = uri.query()?;
    if !query.split('&').any(is_token) {
        return None;
    }
    let mut target = uri.path().to_owned();
    let mut delimiter = '?';
    for parameter in query.split('&').filter(|parameter| !is_token(parameter)) {
        target.push(delimiter);
        target.push_str(parameter);
        delimiter = '&';
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

fn is_token(parameter: &str) -> bool {
    parameter.split('=').next() == Some("jwt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_taken_out_and_nothing_else() {
        for (before, after) in [
            ("/a?jwt=x.y.z", "/a"),
            ("/a?jwt=x.y.z&b=1", "/a?b=1"),
            ("/a%20b/?b=%7e&jwt=x&c=+&&jwt=x&jwt", "/a%20b/?b=%7e&c=+&"),
            (
                "https://app.example:8443/a?b&jwt=x",
                "https://app.example:8443/a?b",
            ),
            (
                "/jwt=1?b=jwt&xjwt=1&jwt2=1&JWT=1",
                "/jwt=1?b=jwt&xjwt=1&jwt2=1&JWT=1",
            ),
            ("/a?", "/a?"),
            ("/a", "/a"),
            ("*", "*"),
        ] {
            let mut uri: Uri = before.parse().unwrap();
            take_token_out(&mut uri);
            assert_eq!(uri.to_string(), after);
        }
    }
}
