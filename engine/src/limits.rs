//! Every bound that an outsider could lean on, and why it has that value.

use std::time::Duration;

/// The longest token that a policy admits unless told otherwise, in bytes. A realistic token has 400 to 1,000;
/// common HTTP servers refuse a header line beyond 8 KiB.
pub const DEFAULT_MAX_TOKEN_LENGTH: usize = 8 * 1024;

/// The longest token that a policy may be told to admit, in bytes: parsing stays under some 20 microseconds.
pub const MAX_TOKEN_LENGTH: usize = 64 * 1024;

/// The longest Forge invocation token that is admitted unless told otherwise, in bytes: what is installed where, and in what
/// context a module was used, makes them longer than others.
pub const DEFAULT_MAX_FORGE_TOKEN_LENGTH: usize = 16 * 1024;

/// The longest `state` of a Power-Up's token, in units of UTF-16: what Trello's client library lets an app put there.
pub const MAX_TRELLO_STATE_LENGTH: usize = 2048;

/// The longest token of a Power-Up, in bytes: the longest `state`, each unit of it written as an escape of six characters,
/// and the rest.
pub const MAX_TRELLO_TOKEN_LENGTH: usize = 20 * 1024;

/// The deepest nesting of arrays and objects in a header or payload, the object itself included. The reader
/// does not recurse, so this bounds nonsense and not the stack.
pub const MAX_NESTING: usize = 32;

/// The longest `kid` or `iss`, in bytes: a URL path that every HTTP server takes.
pub const MAX_KEY_ID_LENGTH: usize = 1024;

/// How many bytes a shared secret may have: as many as its hash has at least (RFC 7518 section 3.2), and no document.
pub(crate) const SHARED_SECRET_LENGTHS: std::ops::RangeInclusive<usize> = 32..=1024;

/// The longest `iss` of a Connect token and `clientKey` of a message, in bytes: Atlassian's have some 40.
pub const MAX_CLIENT_KEY_LENGTH: usize = 255;

/// The longest grace period of a Connect token: Atlassian's own libraries have this one.
pub const MAX_CONNECT_LEEWAY: Duration = Duration::from_secs(30);

/// The longest path and query of a request whose hash is computed, in bytes: what common servers take as a request line,
/// and a token in it.
pub const MAX_CONNECT_TARGET_LENGTH: usize = 32 * 1024;

/// The longest form or message that takes part in a verification, in bytes. A product's message has some 1,000; a form has
/// what it would have in a query.
pub const MAX_CONNECT_BODY_LENGTH: usize = 64 * 1024;

/// The most parameters of a request whose hash is computed: more than any product sends, and sorted in some 100
/// microseconds.
pub const MAX_CONNECT_PARAMETERS: usize = 1000;

/// The longest life of a token: "There is a hard limit of one hour."
pub const MAX_LIFETIME: Duration = Duration::from_secs(3600);

/// The grace period unless told otherwise. Services on synchronised clocks differ by less than a second;
/// without NTP, users report some seconds.
pub const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);

/// The longest grace period: beyond five minutes a clock is broken and hides what it should show.
pub const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// The threads that count without an atomic instruction, each in a line of its own; further ones share a line. As many
/// as one word has bits, and more than gateways have workers.
pub(crate) const COUNTER_STRIPES: usize = 64;

/// The smallest token cache, in bytes: some 200 realistic tokens.
pub const MIN_TOKEN_CACHE_BYTES: usize = 256 * 1024;

/// For how many bytes of a token cache its table has a place. A realistic token takes 1,100, a short one 600, so that
/// chance gives a set more than its seven places hold for one token in a thousand.
pub(crate) const TOKEN_CACHE_BYTES_PER_PLACE: usize = 256;

/// What the two allocations of a token in the cache take beside what was asked for, in bytes: 16 each is what common
/// allocators add at most, on average, to sizes like these.
pub(crate) const TOKEN_CACHE_ALLOCATION_OVERHEAD: usize = 32;

/// Up to so many bytes, what a token cache holds is near anyway: what processors have of second-level cache for each core.
pub(crate) const TOKEN_CACHE_NEAR_BYTES: usize = 2 * 1024 * 1024;

/// How many sets are swept at most to make room for one token: some 10 microseconds. If all that is in them is in use,
/// the new token is not kept this time.
pub(crate) const MAX_SWEPT_SETS: usize = 64;

/// How far [`Clock::now_roughly`](crate::Clock::now_roughly) may be off: hundreds of ticks of a timer. What ends or begins
/// within as much is decided by the exact time.
pub(crate) const ROUGH_TIME_MARGIN: Duration = Duration::from_secs(1);

/// For how many tokens of a batch the clock is read once: the last of them is checked at most some milliseconds later, by
/// the slowest algorithm, which is nothing against the second that tokens are timed in.
pub(crate) const BATCH_AT_ONE_TIME: usize = 16;

/// RSA moduli, in bits. RFC 7518 section 3.3: "A key of size 2048 bits or larger MUST be used"; the cost of a
/// verification grows with the square, and 8192 bits take some 200 microseconds.
pub(crate) const RSA_MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The longest RSA public exponent, in bits: what both backends take. The cost grows with it.
pub(crate) const RSA_MAX_EXPONENT_BITS: usize = 33;

/// How many signatures a kernel may refuse under one key beyond those that were accepted, before the library is asked at once:
/// enough for a client's faults, and as little work in vain as a flood of forgeries is worth.
#[cfg(feature = "accel")]
pub(crate) const MAX_KERNEL_REFUSALS: u32 = 64;

/// One in so many acceptances by a kernel is checked again by the library: one in a thousand costs a hundredth of what the
/// kernel saves, and a kernel that is wrong is found while it is busy within milliseconds.
#[cfg(feature = "accel")]
pub(crate) const KERNEL_SAMPLE_INTERVAL: u32 = 1_024;

/// The largest PEM text of one key, in bytes. An RSA key of 8192 bits takes some 1,500.
pub const MAX_PEM_LENGTH: usize = 64 * 1024;

/// The longest set of keys that is published as one document, in bytes: as long as one key's, since 64 keys of 4096 bits
/// fit in, and what a repository client has room for.
pub const MAX_KEY_SET_LENGTH: usize = MAX_PEM_LENGTH;

/// The most keys in a JWK Set: publishers have a handful for each of their services. A token is looked for among them one
/// by one.
pub const MAX_KEYS_IN_SET: usize = 64;

/// The most keys that a token without a `kid` is tried with: "usually one, two during rotation" at Trello. Each costs a
/// verification, which whoever sends junk makes us pay.
pub const MAX_KEYS_TRIED: usize = 8;

/// The longest body that is read from a key repository, in bytes: what one PEM text may have.
#[cfg(feature = "http")]
pub(crate) const MAX_KEY_BODY: usize = MAX_PEM_LENGTH;

/// The longest answer without a key that is read to its end, in bytes, so that its connection can serve the next
/// request. An error page beyond it costs its connection.
#[cfg(feature = "http")]
pub(crate) const MAX_DRAINED_BODY: u64 = 8 * 1024;

/// The longest response head of a key repository, in bytes: four times what common servers send at most.
#[cfg(feature = "http")]
pub(crate) const MAX_RESPONSE_HEAD: usize = 64 * 1024;

/// The most redirects that one fetch follows: more than any sane repository chains, fewer than would hurt.
#[cfg(feature = "http")]
pub(crate) const MAX_REDIRECTS: usize = 10;

/// The most repositories that one configuration names: each may cost its share of the deadline.
#[cfg(feature = "http")]
pub(crate) const MAX_REPOSITORIES: usize = 8;

/// How many keys a repository's cache holds unless told otherwise. A large platform has some thousand services
/// with a handful of keys each.
#[cfg(feature = "http")]
pub const DEFAULT_MAX_KEYS: usize = 16 * 1024;

/// How many bytes of keys a repository's cache holds unless told otherwise: 4 KiB for each of the keys.
#[cfg(feature = "http")]
pub const DEFAULT_MAX_KEY_BYTES: u64 = 64 * 1024 * 1024;

/// What an entry of the cache takes beside its texts, in bytes: a parsed RSA key with what the library prepared
/// for it, and the maps' own share.
#[cfg(feature = "http")]
pub(crate) const KEY_ENTRY_OVERHEAD: u64 = 3 * 1024;

/// The parts of the snapshot of keys in use: an insertion copies one part, and with 10,000 keys a part has 156.
#[cfg(feature = "http")]
pub(crate) const KEY_SNAPSHOT_SHARDS: usize = 64;

/// The most keys in one part of the snapshot: what is copied, in some microseconds, when a key is added.
#[cfg(feature = "http")]
pub(crate) const MAX_KEYS_IN_SNAPSHOT_SHARD: usize = 256;

/// How many fetches run at once unless told otherwise. A repository answers in some 10 milliseconds, so this asks
/// it for at most some thousand keys a second.
#[cfg(feature = "http")]
pub const DEFAULT_MAX_CONCURRENT_FETCHES: usize = 32;

/// How many revalidations run at once unless told otherwise. Nobody outside causes them: their number is that of the keys
/// in use by the freshness that the repository gives them. 10,000 keys that are fresh for 2 seconds are 7,200 questions a
/// second; a repository that answers in 30 milliseconds has 216 of them under way.
#[cfg(feature = "http")]
pub const DEFAULT_MAX_CONCURRENT_REVALIDATIONS: usize = 256;

/// The most fetches that may run at once, and the most revalidations: each holds a socket and up to 128 KiB of buffers.
#[cfg(feature = "http")]
pub const MAX_CONCURRENT_FETCHES: usize = 4096;

/// How many keys the tokens of one issuer may ask for at once unless told otherwise: more keys than services have that
/// start to call a gateway in the same moment, each key's fetch under way or waiting. A repository that answers in 10
/// milliseconds gives them in 40, so what a flood in one name makes another new issuer wait is no more than that.
#[cfg(feature = "http")]
pub const DEFAULT_FETCH_BURST_PER_ISSUER: u32 = 128;

/// How often one issuer may ask in vain for one more, unless told otherwise: after an outage its keys are found within
/// a quarter of a second, and a flood in one name costs a key server 4 requests a second.
#[cfg(feature = "http")]
pub const DEFAULT_FETCH_INTERVAL_PER_ISSUER: Duration = Duration::from_millis(250);

/// How many keys all issuers together may ask for at once unless told otherwise: a gateway that starts in the middle of
/// its load finds the keys of a thousand services. Each that waits takes some 2 KiB.
#[cfg(feature = "http")]
pub const DEFAULT_FETCH_BURST: u32 = 1024;

/// How often all issuers together may ask in vain for one more, unless told otherwise: 50 requests a second are what a
/// key server bears from each of many gateways, and a flood that asks for them keeps 13 issuers at their own limit.
#[cfg(feature = "http")]
pub const DEFAULT_FETCH_INTERVAL: Duration = Duration::from_millis(20);

/// How often a set of keys is asked for again because a token's key is not in it, unless told otherwise, and how old a set
/// may be to say that there is no such key. Publishers show a key long before they sign with it; a flood of invented keys
/// costs them six requests a minute.
#[cfg(feature = "http")]
pub const DEFAULT_SET_REFETCH_INTERVAL: Duration = Duration::from_secs(10);

/// The intervals that may be set there: a shorter one limits nothing, after a longer one the keys have changed.
#[cfg(feature = "http")]
pub(crate) const SET_REFETCH_INTERVALS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(3600);

/// The longest time for which a set of keys may be kept by the operator's word alone: a key that was withdrawn is trusted
/// for no longer.
#[cfg(feature = "http")]
pub const MAX_SET_MINIMUM_FRESHNESS: Duration = Duration::from_secs(24 * 3600);

/// How often a set of keys is asked for that is not at hand, beyond the first eight times: one that fails is not found
/// sooner by asking more.
#[cfg(feature = "http")]
pub(crate) const SET_FETCH_BURST: u32 = 8;

/// The interval of those questions.
#[cfg(feature = "http")]
pub(crate) const SET_FETCH_INTERVAL: Duration = Duration::from_secs(1);

/// How many sets a client keeps: the one it is for, with room for its successor.
#[cfg(feature = "http")]
pub(crate) const SETS_KEPT: usize = 16;

/// The largest burst that a rate may be given: beyond, it limits nothing.
#[cfg(feature = "http")]
pub const MAX_FETCH_BURST: u32 = 1_000_000;

/// The intervals that a rate may be given: a shorter one limits nothing, a longer one lets nothing through that anybody
/// waits for.
#[cfg(feature = "http")]
pub(crate) const FETCH_INTERVALS: std::ops::RangeInclusive<Duration> =
    Duration::from_micros(1)..=Duration::from_secs(3600);

/// The buckets in each of the two rows of issuers: 64 KiB in all. The rates unless told otherwise let a flood in invented
/// names keep 13 of a row empty, so it has both of an issuer's once in 99,000; one that knows enough names of services
/// as well keeps 26 empty, once in 25,000.
#[cfg(all(feature = "http", not(all(test, shuttle))))]
pub(crate) const ISSUER_BUCKETS: usize = 4096;
/// Few, since shuttle follows each of them.
#[cfg(all(feature = "http", test, shuttle))]
pub(crate) const ISSUER_BUCKETS: usize = 8;

/// The lines of eight issuers that have given a key: 128 KiB, and as many issuers as the cache has keys.
#[cfg(feature = "http")]
pub(crate) const KNOWN_ISSUER_LINES: usize = 2048;

/// How often a refusal by a limit is a warning, and not only counted.
#[cfg(feature = "http")]
pub(crate) const REFUSAL_WARNING_INTERVAL: Duration = Duration::from_secs(1);

/// The deadline for name, TCP and TLS unless told otherwise: one lost packet on the way around the world.
#[cfg(feature = "http")]
pub const DEFAULT_CONNECT_DEADLINE: Duration = Duration::from_secs(2);

/// The deadline from a request to the head of its response, connecting included, unless told otherwise.
#[cfg(feature = "http")]
pub const DEFAULT_HEADERS_DEADLINE: Duration = Duration::from_secs(3);

/// The deadline for a whole fetch, redirects and further repositories included, unless told otherwise: what a
/// caller of the gateway may still wait for.
#[cfg(feature = "http")]
pub const DEFAULT_FETCH_DEADLINE: Duration = Duration::from_secs(5);

/// The longest deadline of a fetch: beyond a minute every caller has hung up.
#[cfg(feature = "http")]
pub const MAX_FETCH_DEADLINE: Duration = Duration::from_secs(60);

/// How long an idle connection to a key repository is kept: less than common servers keep theirs. Over HTTP/1.1 as many
/// are kept as may fetch and revalidate at once, so that the next burst needs no handshake.
#[cfg(feature = "http")]
pub(crate) const IDLE_CONNECTION: Duration = Duration::from_secs(30);

/// How much of one response a server may send over HTTP/2 before it was read, in bytes: the longest body, once, and
/// what no initial window of the protocol is below (RFC 9113 section 6.9.2).
#[cfg(feature = "http")]
pub(crate) const HTTP2_STREAM_WINDOW: u32 = 64 * 1024;

/// The same for all responses of one connection: 16 of the longest bodies. Keys take a hundredth of one, and a body
/// that nobody waits for any more is taken off at once, so that none holds up the others.
#[cfg(feature = "http")]
pub(crate) const HTTP2_CONNECTION_WINDOW: u32 = 16 * HTTP2_STREAM_WINDOW;

/// The longest response head over HTTP/2, in bytes, as the protocol counts them. As over HTTP/1.1; it also bounds the
/// CONTINUATION frames of one head.
#[cfg(feature = "http")]
pub(crate) const HTTP2_MAX_HEADER_LIST: u32 = 64 * 1024;

/// The longest `Location` that is read, in bytes: what common servers take as a request line.
#[cfg(feature = "http")]
pub(crate) const MAX_LOCATION: usize = 8 * 1024;

/// The shortest and the longest pause after a failed refresh of a key that is still usable. The pause doubles
/// with each failure.
#[cfg(feature = "http")]
pub(crate) const REFRESH_BACKOFF: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(60);

/// The shortest pause after a failed refresh of a key whose time is nearly up: a dozen attempts in its last second would
/// help nobody.
#[cfg(feature = "http")]
pub(crate) const MIN_REFRESH_PAUSE: Duration = Duration::from_millis(100);

/// How many times of refreshes are kept before those of dropped keys are swept out: some 20 KiB.
#[cfg(feature = "http")]
pub(crate) const MIN_SCHEDULE_SWEEP: usize = 1024;

/// The longest freshness lifetime, in seconds: "2147483648 (2^31)" (RFC 9111 section 1.2.2).
#[cfg(feature = "http")]
pub(crate) const MAX_DELTA_SECONDS: u64 = 1 << 31;

/// What a caller waits beyond the deadline of the fetch itself, so that the fetch can still say what it found: a
/// stale key that may be used on errors, for one.
#[cfg(feature = "http")]
pub(crate) const FETCH_GRACE: Duration = Duration::from_millis(250);

/// How long the rest of an answer without a key is waited for: it has mostly arrived with its head.
#[cfg(feature = "http")]
pub(crate) const DRAIN_DEADLINE: Duration = Duration::from_millis(50);

/// The least room that a repository's cache may be given, in bytes: the longest body fits in, with its entry.
#[cfg(feature = "http")]
pub(crate) const MIN_KEY_BYTES: u64 = 128 * 1024;

/// The shortest and the longest pause between two questions whether a repository that was down answers again. Two of
/// the longest take less than a second, and a sick server is asked some three times a second.
#[cfg(feature = "http")]
pub(crate) const PROBE_PAUSE: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_millis(450);

/// How long such a question may take: it must not be the slow connection that keeps a repository down.
#[cfg(feature = "http")]
pub(crate) const PROBE_DEADLINE: Duration = DEFAULT_HEADERS_DEADLINE;

/// For how long a repository that is down is asked after the last fetch that wanted it: an idle gateway is silent.
#[cfg(feature = "http")]
pub(crate) const PROBES_WITHOUT_DEMAND: Duration = Duration::from_secs(60);

/// If a repository that one key's fetch took down serves another one within this time, it is the key that is suspect:
/// twice the pause between two probes, and a little.
#[cfg(feature = "http")]
pub(crate) const SUSPECT_WITHIN: Duration = Duration::from_secs(1);

/// For how long the outages of such a key say nothing about its repository.
#[cfg(feature = "http")]
pub(crate) const SUSPECT_FOR: Duration = Duration::from_secs(60);

/// How many such keys are remembered for one repository, of up to 1 KiB each.
#[cfg(feature = "http")]
pub(crate) const MAX_SUSPECTS: usize = 8;

/// How many verifications a key has before it gets a table: as many as a table costs, so that a key that is used once costs none.
#[cfg(feature = "accel")]
pub(crate) const TABLE_USES: u32 = 8;

/// How many it has before it gets one again, after it had to give it up; twice as many each time.
#[cfg(feature = "accel")]
pub(crate) const TABLE_USES_AFTER_EVICTION: u32 = 64;

/// How many at most: where more keys are in use than have room, a table is made for one verification in 65,536.
#[cfg(feature = "accel")]
pub(crate) const TABLE_MAX_USES: u32 = 65_536;

/// What all tables of keys of the process take together, in bytes, beside the one in the making, unless
/// `limit_key_tables` says otherwise: 190 keys of P-256 with windows of 6 bits.
#[cfg(feature = "accel")]
pub const DEFAULT_KEY_TABLE_BYTES: usize = 16 * 1024 * 1024;

/// How many tables may be asked for at once: half a second's work. Keys beyond ask again later.
#[cfg(feature = "accel")]
pub(crate) const MAX_TABLES_ASKED_FOR: usize = 1024;

/// How many of the first acceptances by a table aws-lc has to confirm.
#[cfg(feature = "accel")]
pub(crate) const TABLE_TRIALS: u32 = 4;
