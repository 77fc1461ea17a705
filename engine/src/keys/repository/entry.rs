//! One key of the cache, and until when it may be used.
//!
//! Every snapshot shares the entry, so its times are atomics: a 304 makes it live on without a map being rebuilt,
//! and a 404 ends it in every snapshot at once. One flight at a time writes them; any number of threads read.

use std::mem::offset_of;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::environment::{Moment, Now};
use super::freshness::{Lifetime, StoredResponse};
use crate::VerifyingKey;
use crate::limits::{KEY_ENTRY_OVERHEAD, MIN_REFRESH_PAUSE, REFRESH_BACKOFF};

/// Used since the last sweep of a full snapshot.
const USED: u8 = 1;
/// Used since it was last fetched or revalidated.
const WANTED: u8 = 2;

/// A key, or whatever else is kept under a name, what is needed to revalidate it, and its times. What a look-up reads comes first, in one cache line: of
/// thousands of keys in use, each line is a wait for memory.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Entry<V = VerifyingKey> {
    usable_until: AtomicU64,
    refresh_at: AtomicU64,
    key: Arc<V>,
    short_key_id: ShortText,
    is_listed: AtomicBool,
    uses: AtomicU8,
    key_id: Box<str>,
    weight: u64,
    validated_at: AtomicU64,
    usable_on_error_until: AtomicU64,
    failures: AtomicU32,
    response: Mutex<Arc<StoredResponse>>,
}

/// A copy of a text that is short.
#[derive(Debug, Clone, Copy)]
struct ShortText {
    /// Zero if it is too long.
    length: u8,
    bytes: [u8; SHORT],
}

/// How long a text may be that is copied: what is left of the cache line.
const SHORT: usize = 37;
const _: () = assert!(
    offset_of!(Entry, uses) == 63,
    "the first cache line is not full, or more than that"
);

impl ShortText {
    fn new(text: &str) -> Self {
        let (mut length, mut bytes) = (0, [0; SHORT]);
        if let (Some(place), Ok(fits)) = (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            place.copy_from_slice(text.as_bytes());
            length = fits;
        }
        Self { length, bytes }
    }

    /// The text, unless it is empty or too long.
    fn bytes(&self) -> Option<&[u8]> {
        let length = usize::from(self.length);
        self.bytes.get(..length).filter(|bytes| !bytes.is_empty())
    }
}

impl<V> Entry<V> {
    /// A key that was asked for at `asked` and whose response allows `lifetime`.
    pub(super) fn new(
        key_id: &str,
        key: Arc<V>,
        body_length: usize,
        response: StoredResponse,
        asked: Moment,
        lifetime: &Lifetime,
        random: u64,
    ) -> Self {
        let texts = key_id
            .len()
            .saturating_add(body_length)
            .saturating_add(response.weight());
        let entry = Self {
            key,
            short_key_id: ShortText::new(key_id),
            key_id: key_id.into(),
            weight: KEY_ENTRY_OVERHEAD.saturating_add(u64::try_from(texts).unwrap_or(u64::MAX)),
            validated_at: AtomicU64::new(0),
            usable_until: AtomicU64::new(0),
            refresh_at: AtomicU64::new(0),
            usable_on_error_until: AtomicU64::new(0),
            failures: AtomicU32::new(0),
            is_listed: AtomicBool::new(false),
            uses: AtomicU8::new(USED),
            response: Mutex::new(Arc::new(response)),
        };
        entry.live(asked, lifetime, random);
        entry
    }

    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Whether this is the key of `key_id`.
    pub(super) fn is_of(&self, key_id: &str) -> bool {
        match self.short_key_id.bytes() {
            Some(short) => short == key_id.as_bytes(),
            None => *self.key_id == *key_id,
        }
    }

    pub(super) const fn key(&self) -> &Arc<V> {
        &self.key
    }

    /// What the entry takes, in bytes. It never changes.
    pub(super) const fn weight(&self) -> u64 {
        self.weight
    }

    /// The response that gave the key, as last freshened.
    pub(super) fn response(&self) -> Arc<StoredResponse> {
        Arc::clone(&self.response.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the key may be used at `now`.
    pub(super) fn is_usable(&self, now: impl Now) -> bool {
        now.is_before(Moment::from_nanos(
            self.usable_until.load(Ordering::Acquire),
        ))
    }

    /// Whether whoever fetches this key next will know of this entry, and so end it if the key has changed or gone. Only then
    /// does a lease on it hold.
    pub(super) fn is_listed(&self) -> bool {
        self.is_listed.load(Ordering::Acquire)
    }

    /// Notes whether it is listed.
    pub(super) fn set_listed(&self, is_listed: bool) {
        self.is_listed.store(is_listed, Ordering::Release);
    }

    /// When it was last asked for, with success.
    pub(super) fn validated_at(&self) -> Moment {
        Moment::from_nanos(self.validated_at.load(Ordering::Relaxed))
    }

    /// Notes a use. The word is written only by the first after a sweep or a refresh.
    pub(super) fn mark_used(&self) {
        if self.uses.load(Ordering::Relaxed) != USED | WANTED {
            self.uses.store(USED | WANTED, Ordering::Relaxed);
        }
    }

    /// Whether the key was used since this was last asked.
    pub(super) fn take_used(&self) -> bool {
        self.uses.fetch_and(!USED, Ordering::Relaxed) & USED != 0
    }

    /// Whether the key was used since it was last fetched or revalidated. The caller who had it fetched does not count.
    pub(super) fn is_wanted(&self) -> bool {
        self.uses.load(Ordering::Relaxed) & WANTED != 0
    }

    /// From when on the key is to be refreshed; [`Moment::NEVER`] while somebody is about to.
    pub(super) fn refresh_at(&self) -> Moment {
        Moment::from_nanos(self.refresh_at.load(Ordering::Relaxed))
    }

    /// Whether it is time to refresh the key and the caller is the one to see to it: true for one caller until
    /// [`Entry::postpone_claimed`] or an answer sets another time.
    pub(super) fn claim_refresh(&self, now: impl Now) -> bool {
        let due = self.refresh_at.load(Ordering::Relaxed);
        !now.is_before(Moment::from_nanos(due))
            && self
                .refresh_at
                .compare_exchange(
                    due,
                    Moment::NEVER.to_nanos(),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok()
    }

    /// The key lives on: its response was found unchanged.
    pub(super) fn renew(
        &self,
        response: StoredResponse,
        asked: Moment,
        lifetime: &Lifetime,
        random: u64,
    ) {
        *self.response.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(response);
        self.live(asked, lifetime, random);
    }

    /// The key is gone, at once and in every snapshot.
    pub(super) fn end(&self) {
        self.usable_on_error_until
            .store(Moment::PAST.to_nanos(), Ordering::Relaxed);
        self.usable_until
            .store(Moment::PAST.to_nanos(), Ordering::Release);
    }

    /// The key could not be revalidated. It stays usable until it goes stale, and beyond if `on_error` and its response
    /// allows that; the next attempt waits, longer after each failure.
    pub(super) fn could_not_refresh(&self, now: Moment, on_error: bool, random: u64) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed);
        if on_error {
            let until = self.usable_on_error_until.load(Ordering::Relaxed);
            self.usable_until.fetch_max(until, Ordering::Release);
        }
        let pause = self.pause(failures, now, random);
        self.refresh_at
            .store(now.saturating_add(pause).to_nanos(), Ordering::Relaxed);
    }

    /// Ends a claim whose refresh came to nothing, so that another may be made later. False if an answer has set
    /// a time of its own.
    pub(super) fn postpone_claimed(&self, now: Moment, random: u64) -> bool {
        let later = now.saturating_add(self.pause(0, now, random));
        self.refresh_at
            .compare_exchange(
                Moment::NEVER.to_nanos(),
                later.to_nanos(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
            .is_ok()
    }

    /// The pause before another attempt: longer after each failure, and half of what is left while the key is usable,
    /// so that a short-lived key gets more than one attempt.
    fn pause(&self, failures: u32, now: Moment, random: u64) -> Duration {
        let usable_until = Moment::from_nanos(self.usable_until.load(Ordering::Relaxed));
        let pause = backoff(failures, random);
        match usable_until.since(now) {
            Duration::ZERO => pause,
            left => pause.min(left.checked_div(2).unwrap_or(left).max(MIN_REFRESH_PAUSE)),
        }
    }

    fn live(&self, asked: Moment, lifetime: &Lifetime, random: u64) {
        let after = |duration: Duration| asked.saturating_add(duration).to_nanos();
        let usable = lifetime.fresh.max(lifetime.while_revalidating);
        self.failures.store(0, Ordering::Relaxed);
        self.uses.fetch_and(!WANTED, Ordering::Relaxed);
        self.validated_at.store(asked.to_nanos(), Ordering::Relaxed);
        self.refresh_at
            .store(after(lifetime.refresh_point(random)), Ordering::Relaxed);
        self.usable_on_error_until
            .store(after(lifetime.on_error), Ordering::Relaxed);
        self.usable_until.store(after(usable), Ordering::Release);
    }
}

/// A second, doubled with each failure up to a minute, and up to half as much again, at random.
fn backoff(failures: u32, random: u64) -> Duration {
    let doubled = REFRESH_BACKOFF.start().saturating_mul(1 << failures.min(6));
    let pause = doubled.min(*REFRESH_BACKOFF.end());
    let permille = u32::try_from(random % 501).unwrap_or(0);
    pause.saturating_add(
        pause
            .saturating_mul(permille)
            .checked_div(1000)
            .unwrap_or_default(),
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use http::{HeaderMap, Request, StatusCode};
    use std::sync::OnceLock;
    use std::time::SystemTime;
    use url::Url;

    pub(crate) fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    pub(crate) fn at(second: u64) -> Moment {
        Moment::from_nanos(1).saturating_add(seconds(second))
    }

    pub(crate) fn lifetime(fresh: u64, while_revalidating: u64, on_error: u64) -> Lifetime {
        Lifetime {
            fresh: seconds(fresh),
            while_revalidating: seconds(while_revalidating),
            on_error: seconds(on_error),
            is_immutable: false,
        }
    }

    pub(crate) fn response() -> StoredResponse {
        let url = Url::parse("https://keys.example/a").unwrap();
        let request = Request::new(());
        StoredResponse::new(
            &url,
            &request,
            StatusCode::OK,
            &HeaderMap::new(),
            SystemTime::UNIX_EPOCH,
        )
    }

    pub(crate) fn key() -> Arc<VerifyingKey> {
        static KEY: OnceLock<Arc<VerifyingKey>> = OnceLock::new();
        Arc::clone(KEY.get_or_init(|| {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let spki = AsDer::as_der(pair.public_key()).unwrap();
            let pem = format!(
                "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
                base64_simd::STANDARD.encode_to_string(spki.as_ref())
            );
            Arc::new(VerifyingKey::from_pem(pem.as_bytes()).unwrap())
        }))
    }

    /// A key asked for at second 0.
    pub(crate) fn entry(key_id: &str, lifetime: &Lifetime) -> Arc<Entry> {
        Arc::new(Entry::new(
            key_id,
            key(),
            1000,
            response(),
            at(0),
            lifetime,
            0,
        ))
    }

    #[test]
    fn a_key_is_usable_until_it_goes_stale_and_while_it_may_be_revalidated() {
        let fresh = entry("a/b", &lifetime(10, 10, 10));
        assert!(fresh.is_usable(at(9)) && !fresh.is_usable(at(10)));
        let stale = entry("a/b", &lifetime(10, 15, 10));
        assert!(stale.is_usable(at(14)) && !stale.is_usable(at(15)));
    }

    #[test]
    fn an_entry_is_of_its_own_key_id_however_long_that_is() {
        let text = "services/team-00/key-2026-00000/".repeat(32);
        let lifetime = lifetime(10, 10, 10);
        for length in [1, 2, SHORT - 1, SHORT, SHORT + 1, 255, 256, 257, 1024] {
            let key_id = &text[..length];
            let entry = entry(key_id, &lifetime);
            assert!(entry.is_of(key_id) && entry.key_id() == key_id);
            let mut last = key_id.to_owned();
            last.pop();
            for other in [&last, &format!("{last}~"), &format!("{key_id}~")] {
                assert!(!entry.is_of(other), "{key_id} {other}");
            }
        }
    }

    #[test]
    fn one_caller_claims_a_refresh_when_it_is_due() {
        let entry = entry("a/b", &lifetime(100, 100, 100));
        assert!(!entry.claim_refresh(at(59)));
        assert!(entry.claim_refresh(at(60)));
        assert!(!entry.claim_refresh(at(99)));
        entry.postpone_claimed(at(80), 0);
        assert!(!entry.claim_refresh(at(80)));
        assert!(entry.claim_refresh(at(81)));
    }

    #[test]
    fn a_renewed_key_lives_on_and_an_ended_one_does_not() {
        let entry = entry("a/b", &lifetime(10, 10, 10));
        assert!(entry.claim_refresh(at(9)));
        entry.renew(response(), at(9), &lifetime(10, 10, 10), 0);
        entry.postpone_claimed(at(9), 0);
        assert!(entry.is_usable(at(18)) && !entry.is_usable(at(19)));
        assert!(!entry.claim_refresh(at(14)) && entry.claim_refresh(at(15)));
        entry.end();
        assert!(!entry.is_usable(at(9)));
        entry.could_not_refresh(at(9), true, 0);
        assert!(!entry.is_usable(at(9)));
    }

    #[test]
    fn a_failed_refresh_takes_nothing_away_and_waits_longer_each_time() {
        let entry = entry("a/b", &lifetime(100, 100, 200));
        assert!(entry.claim_refresh(at(80)));
        entry.could_not_refresh(at(80), false, 0);
        assert!(entry.is_usable(at(99)) && !entry.is_usable(at(100)));
        assert!(!entry.claim_refresh(at(80)) && entry.claim_refresh(at(81)));
        entry.could_not_refresh(at(81), true, 0);
        assert!(entry.is_usable(at(199)) && !entry.is_usable(at(200)));
        assert!(!entry.claim_refresh(at(82)) && entry.claim_refresh(at(83)));
        assert_eq!(backoff(0, 0), seconds(1));
        assert_eq!(backoff(u32::MAX, 500), seconds(90));
    }
}
