//! The short way of plain tokens against the way of all: the same token admitted with the same content, the same code for
//! the others; and its two readers against each other.

use asap_accel::{PlainRoom, PlainToken};
use asap_engine::Scratch;
use asap_engine::internals::{admit_plain, admit_portably, unverified_token};

use crate::admit::{Asked, policy};
use crate::fixed::FIXED;

/// As for `admit`: a byte of switches, two of seconds and one of nanoseconds; then a token, or a header and a payload with
/// a line end between them.
pub fn plain_token(data: &[u8]) {
    let Asked { rules, now, token } = Asked::read(data);
    let policy = policy(&rules);
    // Of its own length, so that a sanitizer sees a read beyond it.
    let token = token.into_boxed_slice();

    let mut scratch = Scratch::new();
    let portable = admit_portably(&policy, &token, now, &mut scratch);
    let portable = portable.map(|admitted| unverified_token(&admitted));
    // What an earlier token left in the room is still there.
    let admitted = policy.admit(&token, now, &mut scratch);
    let admitted = admitted.map(|admitted| unverified_token(&admitted));
    assert_eq!(admitted, portable, "the two ways differ");
    let short = admit_plain(&policy, &token, now, &mut scratch);
    if let Some(short) = short.map(|admitted| unverified_token(&admitted)) {
        assert_eq!(
            Ok(short),
            portable,
            "the short way admits what the other does not"
        );
    }

    let (mut room, mut used) = (PlainRoom::new(), PlainRoom::new());
    let portable = PlainToken::read_portably(&token, &mut room);
    if PlainToken::can_be_read() {
        // In a room that remembers another header, and then the one that it may have remembered.
        assert!(PlainToken::read(FIXED[0].token.as_bytes(), &mut used).is_some());
        for _ in 0..2 {
            let read = PlainToken::read(&token, &mut used);
            assert!(read == portable, "the two readers differ");
        }
    }
}
