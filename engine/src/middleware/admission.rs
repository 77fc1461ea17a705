//! What an accepted request has on its way to the inner service.

use http::Request;

/// Headers that hold a token: the one that was verified, and the OAuth tokens that Forge sends beside its own ("Never
/// share or log any OAuth access tokens provided").
const SECRETS: [&str; 3] = [
    "authorization",
    "x-forge-oauth-system",
    "x-forge-oauth-user",
];

/// Puts `identity` into the request, in the place of any that was there, and has `Debug` of the headers show no token.
pub(super) fn admit<B, I>(request: &mut Request<B>, identity: I)
where
    I: Clone + Send + Sync + 'static,
{
    for name in SECRETS {
        if let Some(value) = request.headers_mut().get_mut(name) {
            value.set_sensitive(true);
        }
    }
    request.extensions_mut().insert(identity);
}
