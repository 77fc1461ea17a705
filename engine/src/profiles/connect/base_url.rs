//! Where an app, or a product, is to be found: `baseUrl`.

use crate::error::ConfigError;

/// The base URL of an app's descriptor, or of a product: scheme, host, and perhaps a path.
///
/// One slash at its end means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Box<str>,
    path: Box<str>,
}

impl BaseUrl {
    /// Reads `url`.
    ///
    /// ```
    /// # use asap_engine::BaseUrl;
    /// let base = BaseUrl::parse("https://app.example/connect/")?;
    /// assert_eq!(base.as_str(), "https://app.example/connect");
    /// assert_eq!(base.path(), "/connect");
    /// # Ok::<(), asap_engine::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is anything but `https://` or `http://`, a host and a path of visible ASCII: it has no user, no query and no
    /// fragment.
    pub fn parse(url: &str) -> Result<Self, ConfigError> {
        Self::split(url).ok_or_else(|| {
            ConfigError::new(
                "the base URL must be https:// or http://, a host and perhaps a path, without user, query and fragment",
            )
        })
    }

    fn split(url: &str) -> Option<Self> {
        let is_foreign = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'?' | b'#' | b'\\');
        if url.bytes().any(is_foreign) {
            return None;
        }
        let url = url.strip_suffix('/').unwrap_or(url);
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))?;
        let authority = rest.split('/').next()?;
        let path = rest.strip_prefix(authority)?;
        if authority.is_empty() || authority.contains('@') || path.ends_with('/') {
            return None;
        }
        Some(Self {
            url: url.into(),
            path: path.into(),
        })
    }

    /// All of it, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Its path, without a slash at its end: empty, or with one at its start.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether `url` is this one, one slash at its end aside.
    pub(super) fn is(&self, url: &str) -> bool {
        url.strip_suffix('/').unwrap_or(url) == &*self.url
    }

    /// What of the path of a request is the app's own. The base path ends where a segment ends: `/basement` is not below
    /// `/base`. A path that is not below it stays as it is, since a proxy may have taken the base path away.
    pub(super) fn strip<'p>(&self, path: &'p str) -> &'p str {
        match path.strip_prefix(&*self.path) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
            _ => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_scheme_host_and_path() {
        for (url, whole, path) in [
            ("https://a.example", "https://a.example", ""),
            ("https://a.example/", "https://a.example", ""),
            (
                "https://a.example:8443/x/y/",
                "https://a.example:8443/x/y",
                "/x/y",
            ),
            ("http://localhost:3000", "http://localhost:3000", ""),
        ] {
            let base = BaseUrl::parse(url).unwrap();
            assert_eq!((base.as_str(), base.path()), (whole, path), "{url}");
        }
        for url in [
            "",
            "/",
            "a.example",
            "ftp://a.example",
            "https://",
            "https:///x",
            "https://u@a.example",
            "https://a.example?x",
            "https://a.example/x#y",
            "https://a.example/x//",
            "https://a b",
            "https://a.example/\u{fc}",
            "https://a.example\\x",
        ] {
            assert!(BaseUrl::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_base_path_is_taken_off_between_segments_only() {
        let base = BaseUrl::parse("https://a.example/base").unwrap();
        for (path, own) in [
            ("/base/x", "/x"),
            ("/base", ""),
            ("/base/", "/"),
            ("/basement", "/basement"),
            ("/base%2Fx", "/base%2Fx"),
            ("/Base/x", "/Base/x"),
            ("/x/base/y", "/x/base/y"),
        ] {
            assert_eq!(base.strip(path), own, "{path}");
        }
        assert_eq!(
            BaseUrl::parse("https://a.example").unwrap().strip("/x"),
            "/x"
        );
    }

    #[test]
    fn one_slash_at_the_end_means_nothing() {
        let base = BaseUrl::parse("https://a.example/base/").unwrap();
        assert!(base.is("https://a.example/base"));
        assert!(base.is("https://a.example/base/"));
        for other in [
            "https://a.example/base//",
            "https://a.example/basement",
            "https://a.example/bas",
            "http://a.example/base",
            "https://a.example",
            "",
        ] {
            assert!(!base.is(other), "{other}");
        }
    }
}
