//! What a layer is to do with each field.

use http::HeaderMap;

use super::caching;
use super::content::ContentSecurityPolicy;
use super::cookies::Cookies;
use super::referrer::ReferrerPolicy;
use super::transport::StrictTransport;

/// A field without a setting is left to the inner service.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) transport: Option<StrictTransport>,
    pub(super) content: Option<ContentSecurityPolicy>,
    pub(super) referrer: Option<ReferrerPolicy>,
    pub(super) is_kept_out_of_caches: bool,
    pub(super) cookies: Option<Cookies>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            transport: Some(StrictTransport::default()),
            content: Some(ContentSecurityPolicy::default()),
            referrer: Some(ReferrerPolicy::default()),
            is_kept_out_of_caches: true,
            cookies: Some(Cookies::default()),
        }
    }
}

impl Settings {
    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        if let Some(transport) = &self.transport {
            transport.apply(headers);
        }
        if let Some(content) = &self.content {
            content.apply(headers);
        }
        if let Some(referrer) = self.referrer {
            referrer.apply(headers);
        }
        if self.is_kept_out_of_caches {
            caching::apply(headers);
        }
        if let Some(cookies) = &self.cookies {
            cookies.apply(headers);
        }
    }
}
