//! An identity's texts in one piece, and where in it each of them lies: how an identity is kept, by whoever keeps one.
//!
//! The piece holds the `kid`, then the claims as they were signed, then only those texts that are not spelled like that
//! within the claims: a claim without escapes lies in the document already.

use super::Parsed;
use crate::claims::Audience;
use crate::crypto::Algorithm;
use crate::time::UnixTime;

/// How many texts an identity has.
pub(crate) const TEXTS: usize = 6;

/// The first and the last byte of a text, the last one excluded. A token is shorter than 2^16 bytes.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn at(start: usize, length: usize) -> Self {
        let offset = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: offset(start),
            end: offset(start.saturating_add(length)),
        }
    }

    fn of(self, text: &str) -> &str {
        let offset = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
        text.get(offset(self.start)..offset(self.end))
            .unwrap_or_default()
    }
}

/// What an identity is apart from its texts, and where they lie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(super) algorithm: Algorithm,
    has_subject: bool,
    audience_is_array: bool,
    pub(super) issued_at: UnixTime,
    pub(super) expires_at: UnixTime,
    /// `kid`, `iss`, `sub`, `aud`, `jti` and the claims.
    spans: [Span; TEXTS],
}

impl Layout {
    /// The texts of `identity` that make up the piece, in their order, and where each text lies in it.
    pub(super) fn new<'a>(identity: &Parsed<'a>) -> ([&'a str; TEXTS], Self) {
        let document = identity.claims_json;
        let (audience, audience_is_array) = identity.audience.spelling();
        let before = identity.key_id.len();
        let mut end = before.saturating_add(document.len());
        let mut place = |text: &'a str| match offset_within(document, text) {
            Some(offset) => ("", Span::at(before.saturating_add(offset), text.len())),
            None => {
                let span = Span::at(end, text.len());
                end = end.saturating_add(text.len());
                (text, span)
            }
        };
        let (issuer, issuer_span) = place(identity.issuer);
        let (subject, subject_span) = place(identity.subject.unwrap_or_default());
        let (audience, audience_span) = place(audience);
        let (token_id, token_id_span) = place(identity.token_id);
        let layout = Self {
            algorithm: identity.algorithm,
            has_subject: identity.subject.is_some(),
            audience_is_array,
            issued_at: identity.issued_at,
            expires_at: identity.expires_at,
            spans: [
                Span::at(0, before),
                issuer_span,
                subject_span,
                audience_span,
                token_id_span,
                Span::at(before, document.len()),
            ],
        };
        let pieces = [
            identity.key_id,
            document,
            issuer,
            subject,
            audience,
            token_id,
        ];
        (pieces, layout)
    }

    pub(super) fn issuer<'a>(&self, text: &'a str) -> &'a str {
        let [_, issuer, ..] = self.spans;
        issuer.of(text)
    }

    pub(super) fn subject<'a>(&self, text: &'a str) -> Option<&'a str> {
        let [_, _, subject, ..] = self.spans;
        self.has_subject.then(|| subject.of(text))
    }

    pub(super) fn audience<'a>(&self, text: &'a str) -> Audience<'a> {
        let [.., audience, _, _] = self.spans;
        Audience::from_spelling(audience.of(text), self.audience_is_array)
    }

    pub(super) fn token_id<'a>(&self, text: &'a str) -> &'a str {
        let [.., token_id, _] = self.spans;
        token_id.of(text)
    }

    pub(super) fn claims_json<'a>(&self, text: &'a str) -> &'a str {
        let [.., claims] = self.spans;
        claims.of(text)
    }

    /// The `kid`, with which the piece begins.
    pub(crate) fn key_id<'a>(&self, text: &'a str) -> &'a str {
        let [key_id, ..] = self.spans;
        key_id.of(text)
    }
}

/// Where `part` lies in `whole`, if it is borrowed from it.
fn offset_within(whole: &str, part: &str) -> Option<usize> {
    let offset = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (offset.checked_add(part.len())? <= whole.len()).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::IdentityRef;

    #[test]
    fn a_text_lies_within_another_only_if_it_is_borrowed_from_it() {
        let whole = String::from("one two three");
        let elsewhere = String::from("two");
        assert_eq!(offset_within(&whole, &whole[4..7]), Some(4));
        assert_eq!(offset_within(&whole, &whole), Some(0));
        assert_eq!(offset_within(&whole, &whole[13..]), Some(13));
        assert_eq!(offset_within(&whole, &elsewhere), None);
        assert_eq!(offset_within(&whole[..6], &whole[4..7]), None);
        assert_eq!(offset_within(&whole[4..], &whole[..3]), None);
    }

    #[test]
    fn an_identity_comes_back_with_every_text_wherever_it_lay() {
        let document = String::from(r#"{"iss":"client","jti":"\u0031","aud":["server"]}"#);
        let identity = Parsed {
            algorithm: Algorithm::Es256,
            key_id: "client/key",
            issuer: &document[8..14],
            subject: Some("só"),
            audience: Audience::from_spelling(&document[37..47], true),
            token_id: "1",
            issued_at: UnixTime::from_secs(1),
            expires_at: UnixTime::from_secs(2),
            claims_json: &document,
        };
        let (pieces, layout) = Layout::new(&identity);
        assert_eq!(pieces, ["client/key", &document, "", "só", "", "1"]);
        let text = pieces.concat();
        let back = IdentityRef::of_piece(&text, layout);
        assert_eq!(back.key_id(), "client/key");
        assert_eq!((back.issuer(), back.subject()), ("client", "só"));
        assert_eq!(back.audience().iter().collect::<Vec<_>>(), ["server"]);
        assert_eq!((back.token_id(), back.claims_json()), ("1", &*document));
        assert_eq!(back.pieces().0.concat(), text);
    }
}
