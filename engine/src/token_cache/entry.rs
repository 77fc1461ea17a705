//! What is kept of a verified token: its bytes, when and under which key it holds, and whose it is. It never changes.

use super::ledger::Charge;
use super::prefetch;
use crate::crypto::KeySerial;
use crate::identity::{IdentityRef, Layout};
use crate::keys::KeyLease;
use crate::limits::TOKEN_CACHE_ALLOCATION_OVERHEAD;
use crate::pipeline::Window;

pub(super) struct Entry {
    /// The token, and after it the texts of its identity.
    text: Box<str>,
    token_length: usize,
    window: Window,
    key: KeySerial,
    lease: Option<KeyLease>,
    layout: Layout,
    _charge: Charge,
}

/// What a token was when it was verified.
pub(crate) struct Verified<'a> {
    /// The token itself.
    pub(crate) token: &'a [u8],
    /// Whose it is.
    pub(crate) identity: IdentityRef<'a>,
    /// When it is valid.
    pub(crate) window: Window,
    /// The key that verified it.
    pub(crate) key: KeySerial,
    /// A lease on this key, if its source gave one.
    pub(crate) lease: Option<KeyLease>,
}

impl Entry {
    /// What an entry takes, its allocations included, in bytes.
    pub(super) fn weight(verified: &Verified<'_>) -> usize {
        let (pieces, _) = verified.identity.pieces();
        let texts = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        // An `Arc` has two counts.
        size_of::<Self>()
            .saturating_add(size_of::<[usize; 2]>())
            .saturating_add(TOKEN_CACHE_ALLOCATION_OVERHEAD)
            .saturating_add(verified.token.len())
            .saturating_add(texts)
    }

    /// None if the token is no text, which no authentic one is.
    pub(super) fn new(verified: &Verified<'_>, charge: Charge) -> Option<Self> {
        let token = str::from_utf8(verified.token).ok()?;
        let ([p0, p1, p2, p3, p4, p5], layout) = verified.identity.pieces();
        Some(Self {
            text: [token, p0, p1, p2, p3, p4, p5].concat().into_boxed_str(),
            token_length: token.len(),
            window: verified.window,
            key: verified.key,
            lease: verified.lease.clone(),
            layout,
            _charge: charge,
        })
    }

    /// Its texts, if it is of `token`, every byte of it.
    #[inline]
    pub(super) fn texts_if_of(&self, token: &[u8]) -> Option<&str> {
        let (own, texts) = self.text.split_at_checked(self.token_length)?;
        (own.as_bytes() == token).then_some(texts)
    }

    /// Has all of it brought near, if its beginning is.
    pub(super) fn prefetch(&self) {
        prefetch::line(&self.layout);
        prefetch::bytes(self.text.as_bytes());
    }

    pub(super) const fn window(&self) -> Window {
        self.window
    }

    pub(super) const fn key(&self) -> KeySerial {
        self.key
    }

    pub(super) const fn lease(&self) -> Option<&KeyLease> {
        self.lease.as_ref()
    }

    pub(super) const fn layout(&self) -> &Layout {
        &self.layout
    }
}
