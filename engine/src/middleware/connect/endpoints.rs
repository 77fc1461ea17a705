//! The three classes of endpoints, as the layer asks them.

use super::authenticator::{ConnectAuthenticator, VerifyRequest};
use super::presented::Presented;
use crate::error::VerifyError;
use crate::jws::Scratch;
use crate::keys::KeySource;
use crate::profiles::{
    ConnectContext, ConnectIdentity, ConnectInstallation, ConnectLifecycle, ConnectModule,
    ConnectRequest, ConnectVerdict, TenantStore,
};

impl<'a> Presented<'a> {
    fn connect(&self) -> ConnectRequest<'a> {
        let request = ConnectRequest::new(self.method.as_str(), self.target());
        let request = self
            .authorization()
            .fold(request, ConnectRequest::with_authorization);
        match self.form() {
            Some(form) => request.with_form(form),
            None => request,
        }
    }
}

macro_rules! of_a_tenant {
    ($($endpoint:ident)+) => {
        $(
            impl<S: TenantStore + 'static> ConnectAuthenticator for $endpoint<S> {}

            impl<S: TenantStore + 'static> VerifyRequest for $endpoint<S> {
                type Identity = ConnectIdentity<'static>;

                const EVERY_BODY: bool = false;

                /// A form may have the token in it.
                fn before_reading(&self, _: &Presented<'_>) -> Result<(), VerifyError> {
                    Ok(())
                }

                fn verify_now(
                    &self,
                    request: &Presented<'_>,
                ) -> Result<Option<Self::Identity>, VerifyError> {
                    Ok(match self.verify_now(&request.connect(), &mut Scratch::new())? {
                        ConnectVerdict::Verified(identity) => Some(identity.into_owned()),
                        ConnectVerdict::NeedsKey => None,
                    })
                }

                async fn verify(
                    &self,
                    request: &Presented<'_>,
                ) -> Result<Self::Identity, VerifyError> {
                    self.verify(&request.connect()).await
                }
            }
        )+
    };
}

of_a_tenant! { ConnectModule ConnectContext }

impl<K: KeySource + 'static> ConnectAuthenticator for ConnectLifecycle<K> {}

impl<K: KeySource + 'static> VerifyRequest for ConnectLifecycle<K> {
    type Identity = ConnectInstallation<'static>;

    const EVERY_BODY: bool = true;

    fn before_reading(&self, request: &Presented<'_>) -> Result<(), VerifyError> {
        request.connect().unverified_token().map(drop)
    }

    fn verify_now(&self, request: &Presented<'_>) -> Result<Option<Self::Identity>, VerifyError> {
        let body = request.body.unwrap_or_default();
        Ok(
            match self.verify_now(&request.connect(), body, &mut Scratch::new())? {
                ConnectVerdict::Verified(installation) => Some(installation.into_owned()),
                ConnectVerdict::NeedsKey => None,
            },
        )
    }

    async fn verify(&self, request: &Presented<'_>) -> Result<Self::Identity, VerifyError> {
        let body = request.body.unwrap_or_default();
        self.verify(&request.connect(), body).await
    }
}
