//! What a layer, its services and their futures have in common: a class of endpoints, and what is done with its verdict.

use std::sync::Arc;

use http::Request;

use super::authenticator::VerifyRequest;
use super::body::ConnectBody;
use super::presented::{Kept, Presented};
use super::uri::take_token_out;
use crate::error::VerifyError;
use crate::middleware::authenticator::Verification;
use crate::middleware::refusal::Answers;
use crate::middleware::secrecy::hide_tokens;

#[derive(Debug)]
pub(super) struct Guard<V> {
    pub(super) verifier: Arc<V>,
    pub(super) answers: Answers,
    pub(super) takes_token_out: bool,
}

/// What is known at once of a request that is not refused.
pub(super) enum Judged<I> {
    /// It may go on: it has who sent it in its extensions.
    Admitted,
    /// It may go on with the identity that this ends with.
    Waits(Verification<I>),
}

impl<V: VerifyRequest> Guard<V> {
    pub(super) fn judge<B>(
        &self,
        request: &mut Request<ConnectBody<B>>,
    ) -> Result<Judged<V::Identity>, VerifyError> {
        let identity = self.verifier.verify_now(&Presented::of(request))?;
        let waiting = identity.is_none().then(|| self.wait(Kept::of(request)));
        // Whoever waits has kept it.
        if self.takes_token_out {
            take_token_out(request.uri_mut());
        }
        hide_tokens(request.headers_mut(), &[]);
        if let Some(identity) = identity {
            request.extensions_mut().insert(identity);
        }
        Ok(waiting.map_or(Judged::Admitted, Judged::Waits))
    }

    fn wait(&self, request: Kept) -> Verification<V::Identity> {
        let verifier = Arc::clone(&self.verifier);
        Box::pin(async move { verifier.verify(&request.presented()).await })
    }
}

impl<V> Clone for Guard<V> {
    fn clone(&self) -> Self {
        Self {
            verifier: Arc::clone(&self.verifier),
            answers: self.answers,
            takes_token_out: self.takes_token_out,
        }
    }
}
