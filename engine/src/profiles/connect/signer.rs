//! The app's side: tokens for its calls to a product.

use std::time::Duration;

use super::claims::is_client_key;
use super::{BaseUrl, ConnectRequest};
use crate::crypto::{SharedSecret, SignError};
use crate::error::{ConfigError, VerifyError};
use crate::issuer::{Lifetime, write_string};
use crate::limits::DEFAULT_MAX_TOKEN_LENGTH;
use crate::time::UnixTime;

/// `{"typ":"JWT","alg":"HS256"}` and the dot after it.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.";

/// Signs the calls of an app to the products that it is installed in.
///
/// ```
/// # use std::time::SystemTime;
/// use asap_engine::{BaseUrl, ConnectRequest, ConnectSigner, SharedSecret};
///
/// # let secret = SharedSecret::new("7512836e-9137-48ac-baaf-a1935b96e17a")?;
/// let signer = ConnectSigner::new("com.example.app")?;
/// let product = BaseUrl::parse("https://example.atlassian.net/wiki")?;
/// let request = ConnectRequest::new("GET", "/wiki/rest/api/content?limit=5");
/// let token = signer.sign(&request, &product, &secret, SystemTime::now().into())?;
/// let authorization = format!("JWT {token}");
/// # let _ = authorization;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ConnectSigner {
    app_key: Box<str>,
    lifetime: Lifetime,
}

impl ConnectSigner {
    /// Signs for the app of this key, `key` of its descriptor.
    ///
    /// # Errors
    ///
    /// If it is empty or longer than [`MAX_CLIENT_KEY_LENGTH`](crate::limits::MAX_CLIENT_KEY_LENGTH).
    pub fn new(app_key: impl Into<String>) -> Result<Self, ConfigError> {
        let app_key = app_key.into();
        if !is_client_key(&app_key) {
            return Err(ConfigError::new(
                "the app's key must be what its descriptor says, and not empty",
            ));
        }
        Ok(Self {
            app_key: app_key.into_boxed_str(),
            lifetime: Lifetime::OF_PRODUCTS,
        })
    }

    /// Lets tokens live for `lifetime`, a whole number of seconds. Default: three minutes.
    ///
    /// # Errors
    ///
    /// If it is less than a second or more than [`MAX_LIFETIME`](crate::limits::MAX_LIFETIME).
    pub fn with_lifetime(mut self, lifetime: Duration) -> Result<Self, ConfigError> {
        self.lifetime = Lifetime::new(lifetime)?;
        Ok(self)
    }

    /// Signs a token for `request` to the product at `product`, with the secret that its installation shares with the app.
    /// If the request has a form, the token covers its fields.
    ///
    /// # Errors
    ///
    /// [`SignError`]: parameters that the product would not read, or a clock out of range.
    pub fn sign(
        &self,
        request: &ConnectRequest<'_>,
        product: &BaseUrl,
        secret: &SharedSecret,
        now: UnixTime,
    ) -> Result<String, SignError> {
        let query_hash = request
            .query_hash(product)
            .map_err(|_: VerifyError| SignError::RequestMalformed)?;
        let (issued_at, expires_at) = self.lifetime.times(now)?;
        let mut payload = String::from(r#"{"iss":"#);
        write_string(&mut payload, &self.app_key);
        payload.push_str(&format!(
            r#","iat":{issued_at},"exp":{expires_at},"qsh":"{query_hash}"}}"#
        ));
        let base64url = base64_simd::URL_SAFE_NO_PAD;
        let mut token = HEADER.to_owned();
        base64url.encode_append(payload, &mut token);
        let signature = secret.sign(token.as_bytes());
        token.push('.');
        base64url.encode_append(signature, &mut token);
        if token.len() > DEFAULT_MAX_TOKEN_LENGTH {
            return Err(SignError::TokenTooLong);
        }
        Ok(token)
    }
}
