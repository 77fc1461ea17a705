//! Names into addresses, by the system's resolver, and which of the addresses may be connected to.
//!
//! The filter judges the very addresses that are connected to, so a name that has changed its mind since it was looked
//! at (DNS rebinding) gains nothing. Addresses written as such in a URL do not come by here: the URL is judged before.

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::{fmt, io, vec};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use super::address::is_public;

/// Which addresses may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reachable {
    /// All of them.
    Everything,
    /// Those of the public Internet.
    PublicOnly,
}

/// Why a name led nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameError {
    /// It could not be resolved.
    Unresolved(io::ErrorKind),
    /// All of its addresses are private, and those may not be connected to.
    Private,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved(kind) => write!(f, "the name cannot be resolved: {kind}"),
            Self::Private => f.write_str("the name has private addresses only"),
        }
    }
}

impl Error for NameError {}

/// Resolves names and hands on what is reachable.
#[derive(Debug, Clone)]
pub(super) struct Resolver<R = GaiResolver> {
    names: R,
    reachable: Reachable,
}

impl Resolver {
    /// The system's resolver.
    pub(super) fn system(reachable: Reachable) -> Self {
        Self {
            names: GaiResolver::new(),
            reachable,
        }
    }
}

impl<R> Service<Name> for Resolver<R>
where
    R: Service<Name, Error = io::Error>,
    R::Response: Iterator<Item = SocketAddr>,
    R::Future: Send + 'static,
{
    type Response = vec::IntoIter<SocketAddr>;
    type Error = NameError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NameError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), NameError>> {
        let ready = self.names.poll_ready(context);
        ready.map_err(|error| NameError::Unresolved(error.kind()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolving = self.names.call(name);
        let reachable = self.reachable;
        Box::pin(async move {
            let addresses = resolving
                .await
                .map_err(|error| NameError::Unresolved(error.kind()))?;
            let mut refused = false;
            let kept: Vec<_> = addresses
                .filter(|address| {
                    let is_kept = reachable == Reachable::Everything || is_public(address.ip());
                    refused |= !is_kept;
                    is_kept
                })
                .collect();
            match (kept.is_empty(), refused) {
                (true, true) => Err(NameError::Private),
                (true, false) => Err(NameError::Unresolved(io::ErrorKind::NotFound)),
                (false, _) => Ok(kept.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};
    use std::task::Waker;

    use super::*;

    /// A resolver that knows one answer.
    #[derive(Clone)]
    struct Fixed(&'static [&'static str]);

    impl Service<Name> for Fixed {
        type Response = vec::IntoIter<SocketAddr>;
        type Error = io::Error;
        type Future = Ready<io::Result<Self::Response>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            let addresses = self.0.iter();
            let addresses: Vec<SocketAddr> = addresses
                .map(|address| SocketAddr::new(address.parse().unwrap(), 0))
                .collect();
            ready(match addresses.is_empty() {
                true => Err(io::ErrorKind::NotFound.into()),
                false => Ok(addresses.into_iter()),
            })
        }
    }

    fn resolved(
        addresses: &'static [&'static str],
        reachable: Reachable,
    ) -> Result<Vec<String>, NameError> {
        let names = Fixed(addresses);
        let mut resolver = Resolver { names, reachable };
        let name = "rebound.example".parse().unwrap();
        let mut resolving = resolver.call(name);
        // Nothing in here waits.
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(found) = resolving.as_mut().poll(&mut context) else {
            panic!("it waits");
        };
        Ok(found?.map(|address| address.ip().to_string()).collect())
    }

    #[test]
    fn a_public_name_that_resolves_to_a_private_address_leads_nowhere_where_those_are_refused() {
        for private in [
            &["127.0.0.1"][..],
            &["10.0.0.1", "fd00::1"],
            &["169.254.169.254"],
        ] {
            assert_eq!(
                resolved(private, Reachable::PublicOnly),
                Err(NameError::Private)
            );
            assert_eq!(resolved(private, Reachable::Everything).unwrap(), private);
        }
        let mixed = &["192.168.0.1", "1.1.1.1", "::1", "2606:4700::1111"];
        assert_eq!(
            resolved(mixed, Reachable::PublicOnly).unwrap(),
            ["1.1.1.1", "2606:4700::1111"]
        );
    }

    #[test]
    fn a_name_that_is_not_known_is_told_from_one_that_is_refused() {
        for reachable in [Reachable::Everything, Reachable::PublicOnly] {
            assert_eq!(
                resolved(&[], reachable),
                Err(NameError::Unresolved(io::ErrorKind::NotFound))
            );
        }
    }
}
