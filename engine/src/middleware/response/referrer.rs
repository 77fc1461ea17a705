//! `Referrer-Policy`: whether the URL of a page, which may hold a token, is told to others.

use http::header::REFERRER_POLICY;
use http::{HeaderMap, HeaderValue};

use super::list::members;

/// The values of `Referrer-Policy` that the requirements allow: "The header must not be configured to
/// no-referrer-when-downgrade or unsafe-url" (2023, Connect apps, 7.2), so those two cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ReferrerPolicy {
    /// Nobody is told anything. The default: the URL of a Connect page has `?jwt=` in it, which not even the app's own
    /// other pages need to see.
    #[default]
    NoReferrer,
    /// The app's own pages are told the URL, others nothing.
    SameOrigin,
    /// All are told the origin.
    Origin,
    /// All are told the origin, except without TLS.
    StrictOrigin,
    /// The app's own pages are told the URL, others the origin.
    OriginWhenCrossOrigin,
    /// The app's own pages are told the URL, others the origin, except without TLS.
    StrictOriginWhenCrossOrigin,
}

impl ReferrerPolicy {
    const ALL: [Self; 6] = [
        Self::NoReferrer,
        Self::SameOrigin,
        Self::Origin,
        Self::StrictOrigin,
        Self::OriginWhenCrossOrigin,
        Self::StrictOriginWhenCrossOrigin,
    ];

    /// The policy as the header field has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoReferrer => "no-referrer",
            Self::SameOrigin => "same-origin",
            Self::Origin => "origin",
            Self::StrictOrigin => "strict-origin",
            Self::OriginWhenCrossOrigin => "origin-when-cross-origin",
            Self::StrictOriginWhenCrossOrigin => "strict-origin-when-cross-origin",
        }
    }

    pub(super) fn apply(self, headers: &mut HeaderMap) {
        if !is_met(headers) {
            headers.insert(REFERRER_POLICY, HeaderValue::from_static(self.as_str()));
        }
    }
}

/// The last policy that a browser knows counts, and which ones it knows is its own affair: so each of them must be
/// allowed.
fn is_met(headers: &HeaderMap) -> bool {
    let mut policies = members(headers, REFERRER_POLICY).peekable();
    let is_allowed = |policy: &[u8]| {
        let is =
            |allowed: &ReferrerPolicy| policy.eq_ignore_ascii_case(allowed.as_str().as_bytes());
        ReferrerPolicy::ALL.iter().any(is)
    };
    policies.peek().is_some() && policies.all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(before: &[&'static str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in before {
            headers.append(REFERRER_POLICY, HeaderValue::from_static(value));
        }
        ReferrerPolicy::SameOrigin.apply(&mut headers);
        let after = headers.get_all(REFERRER_POLICY).iter();
        after
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_configured_policy_is_set_where_there_is_none() {
        assert_eq!(applied(&[]), ["same-origin"]);
        assert_eq!(ReferrerPolicy::default().as_str(), "no-referrer");
    }

    #[test]
    fn an_allowed_policy_of_the_inner_service_is_kept() {
        for policy in ReferrerPolicy::ALL {
            assert_eq!(applied(&[policy.as_str()]), [policy.as_str()]);
        }
        assert_eq!(applied(&["Strict-Origin"]), ["Strict-Origin"]);
        assert_eq!(
            applied(&["origin, strict-origin"]),
            ["origin, strict-origin"]
        );
    }

    #[test]
    fn a_policy_that_tells_too_much_is_replaced_wherever_it_stands() {
        for values in [
            &["unsafe-url"][..],
            &["Unsafe-URL"],
            &["no-referrer-when-downgrade"],
            &["no-referrer, unsafe-url"],
            &["unsafe-url, no-referrer"],
            &["no-referrer", "unsafe-url"],
            &["always"],
            &[""],
            &[","],
        ] {
            assert_eq!(applied(values), ["same-origin"], "{values:?}");
        }
    }
}
