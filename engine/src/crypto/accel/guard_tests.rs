//! A kernel that lies when it is told to, under a guard of its own for each test.

use std::cell::Cell;
use std::iter;
use std::sync::Mutex;
use std::thread::LocalKey;

use super::super::rsa::RsaKernel;
use super::super::self_test::KnownAnswer;
use super::*;
use crate::crypto::aws_lc;
use crate::crypto::public_key::KeyKind;
use crate::limits::MAX_KERNEL_REFUSALS;

thread_local! {
    /// What the kernel says to everything, if it does not say the truth.
    static LIE: Cell<Option<Answer>> = const { Cell::new(None) };
    static ASKED: Cell<u32> = const { Cell::new(0) };
    /// How often it was told that the library has found the same.
    static CONFIRMED: Cell<u32> = const { Cell::new(0) };
    static HAS_INSTRUCTIONS: Cell<bool> = const { Cell::new(true) };
    static COUNTDOWN: Cell<u32> = Cell::new(first_countdown());
}

#[derive(Debug)]
struct Played(aws_lc::PreparedKey);

impl Kernel for Played {
    const NAME: &'static str = "played";

    fn is_for(kind: KeyKind) -> bool {
        RsaKernel::is_for(kind)
    }

    fn is_available() -> bool {
        HAS_INSTRUCTIONS.get()
    }

    fn prepare(key: PublicKey<'_>) -> Option<Self> {
        aws_lc::PreparedKey::new(key).ok().map(Self)
    }

    fn answer(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Answer {
        ASKED.set(ASKED.get() + 1);
        LIE.get()
            .unwrap_or_else(|| self.0.is_valid(algorithm, message, signature).into())
    }

    fn confirm(&self) {
        CONFIRMED.set(CONFIRMED.get() + 1);
    }

    fn known_answers() -> impl Iterator<Item = KnownAnswer> {
        RsaKernel::known_answers().take(1)
    }

    fn countdown() -> &'static LocalKey<Cell<u32>> {
        &COUNTDOWN
    }
}

/// A guard whose switch is on.
fn guard() -> &'static Guard {
    guard_with(Switch::with_environment(false))
}

fn guard_with(switch: Switch) -> &'static Guard {
    /// A guard lives for as long as the process. Who looks for leaks finds it here.
    static GUARDS: Mutex<Vec<&'static Guard>> = Mutex::new(Vec::new());
    let guard: &'static Guard = Box::leak(Box::new(Guard::new(Box::leak(Box::new(switch)))));
    GUARDS.lock().unwrap().push(guard);
    guard
}

fn answer() -> KnownAnswer {
    RsaKernel::known_answers().next().unwrap()
}

fn public_key() -> PublicKey<'static> {
    PublicKey::from_spki(answer().spki).unwrap()
}

fn key(guard: &'static Guard) -> GuardedKey<Played> {
    GuardedKey::prepare(guard, public_key()).unwrap()
}

/// What comes of a good signature, and of a bad one.
fn judge(key: &GuardedKey<Played>, is_good: bool) -> bool {
    let signature = if is_good {
        answer().signature.to_vec()
    } else {
        vec![1; 256]
    };
    key.is_valid(answer().algorithm, answer().message, &signature, || is_good)
}

/// How often the kernel is asked meanwhile.
fn asked(meanwhile: impl FnOnce()) -> u32 {
    let before = ASKED.get();
    meanwhile();
    ASKED.get() - before
}

fn state(guard: &Guard) -> KernelState {
    guard.stats::<Played>().state
}

#[test]
fn a_kernel_that_is_right_stays_in_use() {
    let guard = guard();
    assert_eq!(state(guard), KernelState::Untested);
    let key = key(guard);
    for _ in 0..10 {
        assert!(judge(&key, true));
        assert!(!judge(&key, false));
    }
    let stats = guard.stats::<Played>();
    assert_eq!(stats.state, KernelState::On);
    assert_eq!((stats.keys_prepared, stats.keys_left), (1, 0));
    assert_eq!((stats.refusals_rechecked, stats.disagreements), (10, 0));
}

#[test]
fn one_acceptance_in_1024_is_checked_again() {
    let guard = guard();
    let key = key(guard);
    for _ in 0..3 * 1024 {
        assert!(judge(&key, true));
    }
    assert_eq!(guard.stats::<Played>().acceptances_rechecked, 3);
}

#[test]
fn a_false_acceptance_is_found_in_the_sample_and_not_accepted_and_ends_the_kernel() {
    let guard = guard();
    let key = key(guard);
    LIE.set(Some(Answer::Valid));
    let wrong = iter::repeat_with(|| judge(&key, false))
        .take_while(|accepted| *accepted)
        .count();
    assert!(wrong < 1024, "{wrong}");
    let stats = guard.stats::<Played>();
    assert_eq!(stats.state, KernelState::Disagreement);
    assert_eq!((stats.acceptances_rechecked, stats.disagreements), (1, 1));
    let asked = asked(|| {
        assert!(!judge(&key, false));
        assert!(judge(&key, true));
    });
    assert_eq!(asked, 0);
}

#[test]
fn a_false_refusal_does_not_count_and_ends_the_kernel() {
    let guard = guard();
    let key = key(guard);
    LIE.set(Some(Answer::Invalid));
    assert!(judge(&key, true));
    let stats = guard.stats::<Played>();
    assert_eq!(stats.state, KernelState::Disagreement);
    assert_eq!((stats.refusals_rechecked, stats.disagreements), (1, 1));
    assert_eq!(asked(|| assert!(judge(&key, true))), 0);
}

#[test]
fn a_disagreement_ends_the_kernel_for_all_keys_and_for_good() {
    let guard = guard();
    let (first, second) = (key(guard), key(guard));
    LIE.set(Some(Answer::Invalid));
    assert!(judge(&first, true));
    LIE.set(None);
    guard.switch.set(true);
    assert_eq!(asked(|| assert!(judge(&second, true))), 0);
    assert!(GuardedKey::<Played>::prepare(guard, public_key()).is_none());
    let stats = guard.stats::<Played>();
    assert_eq!(stats.state, KernelState::Disagreement);
    assert_eq!((stats.keys_prepared, stats.keys_left), (2, 1));
}

#[test]
fn refusals_in_vain_are_bounded_and_an_acceptance_allows_one_more() {
    let guard = guard();
    let (key, other) = (key(guard), key(guard));
    let refuse = |times| (0..times).for_each(|_| assert!(!judge(&key, false)));
    assert_eq!(asked(|| refuse(1_000)), MAX_KERNEL_REFUSALS);
    let left = 1_000 - u64::from(MAX_KERNEL_REFUSALS);
    assert_eq!(guard.stats::<Played>().left_by_balance, left);
    // By the library, which gives back one of them.
    assert_eq!(asked(|| assert!(judge(&key, true))), 0);
    assert_eq!(asked(|| assert!(judge(&key, true))), 1);
    assert_eq!(asked(|| refuse(1_000)), 2);
    assert_eq!(asked(|| assert!(!judge(&other, false))), 1);
    assert_eq!(state(guard), KernelState::On);
}

#[test]
fn acceptances_give_back_no_more_than_there_was() {
    let guard = guard();
    let key = key(guard);
    (0..200).for_each(|_| assert!(judge(&key, true)));
    let asked = asked(|| (0..200).for_each(|_| assert!(!judge(&key, false))));
    assert_eq!(asked, MAX_KERNEL_REFUSALS);
}

#[test]
fn the_switch_leaves_all_to_the_library_and_back() {
    let guard = guard();
    let key = key(guard);
    guard.switch.set(false);
    assert_eq!(state(guard), KernelState::OffBySwitch);
    assert_eq!(asked(|| assert!(judge(&key, true))), 0);
    assert_eq!(asked(|| assert!(!judge(&key, false))), 0);
    assert!(GuardedKey::<Played>::prepare(guard, public_key()).is_none());
    guard.switch.set(true);
    assert_eq!(state(guard), KernelState::On);
    assert_eq!(asked(|| assert!(judge(&key, true))), 1);
}

#[test]
fn the_environment_leaves_all_to_the_library_whatever_the_switch_says() {
    let guard = guard_with(Switch::with_environment(true));
    guard.switch.set(true);
    let asked = asked(|| assert!(GuardedKey::<Played>::prepare(guard, public_key()).is_none()));
    assert_eq!((asked, state(guard)), (0, KernelState::OffByEnvironment));
}

#[test]
fn a_kernel_that_does_not_know_its_known_answers_is_never_used() {
    for lie in [true, false] {
        let guard = guard();
        LIE.set(Some(lie.into()));
        assert!(GuardedKey::<Played>::prepare(guard, public_key()).is_none());
        LIE.set(None);
        assert!(GuardedKey::<Played>::prepare(guard, public_key()).is_none());
        let stats = guard.stats::<Played>();
        assert_eq!(stats.state, KernelState::SelfTestFailed);
        assert_eq!((stats.keys_prepared, stats.keys_left), (0, 2));
    }
}

#[test]
fn without_the_instructions_the_kernel_is_not_even_tested() {
    HAS_INSTRUCTIONS.set(false);
    let guard = guard();
    let asked = asked(|| assert!(GuardedKey::<Played>::prepare(guard, public_key()).is_none()));
    assert_eq!((asked, state(guard)), (0, KernelState::NoInstructions));
    assert!(!guard.stats::<Played>().is_available);
}

#[test]
fn what_a_kernel_cannot_tell_is_decided_by_the_library_and_paid_for() {
    let guard = guard();
    let key = key(guard);
    LIE.set(Some(Answer::Undecided));
    let asked = asked(|| {
        for _ in 0..2 * MAX_KERNEL_REFUSALS {
            assert!(!judge(&key, false));
        }
    });
    assert_eq!(asked, MAX_KERNEL_REFUSALS);
    let stats = guard.stats::<Played>();
    assert_eq!(stats.state, KernelState::On);
    assert_eq!(stats.undecided, u64::from(MAX_KERNEL_REFUSALS));
    LIE.set(Some(Answer::NotReady));
    assert!(judge(&key, true));
}

#[test]
fn a_kernel_that_is_not_ready_leaves_all_to_the_library_and_pays_nothing() {
    let guard = guard();
    let key = key(guard);
    LIE.set(Some(Answer::NotReady));
    for _ in 0..2 * MAX_KERNEL_REFUSALS {
        assert!(judge(&key, true));
        assert!(!judge(&key, false));
    }
    LIE.set(None);
    assert_eq!(asked(|| assert!(judge(&key, true))), 1);
    assert_eq!(guard.stats::<Played>().refusals_rechecked, 0);
}

#[test]
fn an_acceptance_on_trial_counts_only_if_the_library_confirms_it() {
    let guard = guard();
    let key = key(guard);
    LIE.set(Some(Answer::ValidOnTrial));
    assert!(judge(&key, true));
    assert_eq!(state(guard), KernelState::On);
    assert_eq!(CONFIRMED.get(), 1);
    assert!(!judge(&key, false));
    assert_eq!(CONFIRMED.get(), 1);
    assert_eq!(state(guard), KernelState::Disagreement);
    assert_eq!(guard.stats::<Played>().acceptances_rechecked, 2);
}
