//! The tests that the client does not pass, each with the reason. What is not in the table and fails is a fault, and so
//! is a row whose tests pass. What is only asked (kind `check`) needs no reason.

/// Why some tests are not passed.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// The tests.
    pub(crate) ids: &'static [&'static str],
    /// What was decided.
    pub(crate) reason: &'static str,
}

/// All explanations. None is of a test that is required.
pub(crate) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        ids: &["heuristic-200-cached"],
        reason: "no heuristics: RFC 9111 section 4.2.2 allows a guess, and demands none. A key that may have been \
                 deleted is not kept on a guess",
    },
    Explanation {
        ids: &[
            "cc-resp-no-cache-revalidate",
            "cc-resp-no-cache-revalidate-fresh",
        ],
        reason: "not stored: an answer with `no-cache` may never be used without asking (RFC 9111 section 5.2.2.4), so a \
                 condition would save the few hundred bytes of a key, and no round trip, for room in the cache",
    },
    Explanation {
        ids: &["status-200-must-understand"],
        reason: "`no-store` wins: only \"a cache that implements the must-understand directive\" is to pass over it (RFC \
                 9111 section 5.2.2.3), and this one, which understands one status, does not",
    },
    Explanation {
        ids: &["freshness-expires-ansi-c"],
        reason: "the date of the test is none: 8 August 2050 is a Monday, not a Thursday, and an invalid date is in the \
                 past (RFC 9111 section 5.3). With the right day the format is read \
                 (`engine/src/keys/repository/freshness_tests.rs`)",
    },
];
