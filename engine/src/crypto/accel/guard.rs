//! What stands between a kernel and its answers: one guard for each kernel and process.
//!
//! - A refusal never counts by itself: aws-lc checks again, and decides. What that costs a [balance](super::balance) bounds.
//! - One acceptance in [`KERNEL_SAMPLE_INTERVAL`] is checked again by aws-lc, before it counts.
//! - At the first answer that differs, either way, aws-lc's stands, and the kernel is out of use for as long as the process lives.
//!
//! As long as a kernel accepts, nothing is written that threads share.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::balance::Balance;
use super::kernel::{Answer, Kernel};
use super::self_test;
use super::stats::{KernelState, KernelStats};
use super::switch::Switch;
use crate::crypto::Algorithm;
use crate::crypto::public_key::PublicKey;
use crate::limits::KERNEL_SAMPLE_INTERVAL;

/// How a kernel stands in this process, and what has happened to it.
#[derive(Debug)]
pub(super) struct Guard {
    switch: &'static Switch,
    self_test: OnceLock<bool>,
    has_disagreed: AtomicBool,
    keys_prepared: Count,
    keys_left: Count,
    acceptances_rechecked: Count,
    refusals_rechecked: Count,
    undecided: Count,
    left_by_balance: Count,
    disagreements: Count,
}

impl Guard {
    pub(super) const fn new(switch: &'static Switch) -> Self {
        Self {
            switch,
            self_test: OnceLock::new(),
            has_disagreed: AtomicBool::new(false),
            keys_prepared: Count::new(),
            keys_left: Count::new(),
            acceptances_rechecked: Count::new(),
            refusals_rechecked: Count::new(),
            undecided: Count::new(),
            left_by_balance: Count::new(),
            disagreements: Count::new(),
        }
    }

    /// Whether a key that is prepared may be used. What does not change after the preparation is not asked again.
    #[inline]
    fn is_in_use(&self) -> bool {
        !self.has_disagreed.load(Ordering::Relaxed) && !self.switch.is_off()
    }

    /// Whether a key may be prepared. The first time, the kernel is tested, which other threads wait for.
    fn admits<K: Kernel>(&self) -> bool {
        match self.state::<K>() {
            KernelState::On => true,
            KernelState::Untested => *self.self_test.get_or_init(|| {
                let is_passed = self_test::is_passed::<K>();
                if !is_passed {
                    tracing::error!(
                        kernel = K::NAME,
                        "the kernel does not know its known answers: it is not used"
                    );
                }
                is_passed
            }),
            _ => false,
        }
    }

    fn state<K: Kernel>(&self) -> KernelState {
        let self_test = self.self_test.get().copied();
        if self.has_disagreed.load(Ordering::Relaxed) {
            KernelState::Disagreement
        } else if self_test == Some(false) {
            KernelState::SelfTestFailed
        } else if self.switch.is_off_by_environment() {
            KernelState::OffByEnvironment
        } else if self.switch.is_off() {
            KernelState::OffBySwitch
        } else if !K::is_available() {
            KernelState::NoInstructions
        } else if self_test.is_none() {
            KernelState::Untested
        } else {
            KernelState::On
        }
    }

    pub(super) fn stats<K: Kernel>(&self) -> KernelStats {
        KernelStats {
            state: self.state::<K>(),
            is_available: K::is_available(),
            keys_prepared: self.keys_prepared.total(),
            keys_left: self.keys_left.total(),
            acceptances_rechecked: self.acceptances_rechecked.total(),
            refusals_rechecked: self.refusals_rechecked.total(),
            undecided: self.undecided.total(),
            left_by_balance: self.left_by_balance.total(),
            disagreements: self.disagreements.total(),
        }
    }

    /// Takes the kernel out of use for good.
    #[cold]
    fn disagree<K: Kernel>(&self) {
        self.has_disagreed.store(true, Ordering::Relaxed);
        self.disagreements.count();
        tracing::error!(
            kernel = K::NAME,
            "the kernel and aws-lc disagree on a signature: aws-lc decides, and the kernel is not used any more"
        );
    }
}

/// A key that a kernel holds, under the kernel's guard.
#[derive(Debug)]
pub(super) struct GuardedKey<K> {
    kernel: K,
    balance: Balance,
    guard: &'static Guard,
}

impl<K: Kernel> GuardedKey<K> {
    /// `None` if the key is the library's alone.
    pub(super) fn prepare(guard: &'static Guard, key: PublicKey<'_>) -> Option<Self> {
        if !K::is_for(key.kind) {
            return None;
        }
        let Some(kernel) = guard.admits::<K>().then(|| K::prepare(key)).flatten() else {
            guard.keys_left.count();
            return None;
        };
        guard.keys_prepared.count();
        Some(Self {
            kernel,
            balance: Balance::full(),
            guard,
        })
    }

    /// Whether `signature` is this key's over `message`, which `by_library` is what decides in case of doubt.
    #[inline]
    pub(super) fn is_valid(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
        by_library: impl FnOnce() -> bool,
    ) -> bool {
        if !self.guard.is_in_use() {
            return by_library();
        }
        if self.balance.is_spent() {
            return self.left_to(by_library);
        }
        let is_on_trial = match self.kernel.answer(algorithm, message, signature) {
            Answer::Valid => false,
            Answer::ValidOnTrial => true,
            Answer::Invalid => return self.refused(by_library),
            Answer::NotReady => return by_library(),
            Answer::Undecided => return self.undecided(by_library),
        };
        if (is_on_trial || is_sampled::<K>()) && !self.is_accepted_again(by_library) {
            return false;
        }
        if is_on_trial {
            self.kernel.confirm();
        }
        self.balance.give_back();
        true
    }

    /// Nobody but the sender of a signature that is made for it meets this: it costs the same as a refusal.
    #[cold]
    fn undecided(&self, by_library: impl FnOnce() -> bool) -> bool {
        self.balance.take();
        self.guard.undecided.count();
        by_library()
    }

    #[cold]
    fn left_to(&self, by_library: impl FnOnce() -> bool) -> bool {
        self.guard.left_by_balance.count();
        let is_valid = by_library();
        if is_valid {
            self.balance.give_back();
        }
        is_valid
    }

    #[cold]
    fn refused(&self, by_library: impl FnOnce() -> bool) -> bool {
        self.balance.take();
        self.guard.refusals_rechecked.count();
        let is_valid = by_library();
        if is_valid {
            self.guard.disagree::<K>();
        }
        is_valid
    }

    #[cold]
    fn is_accepted_again(&self, by_library: impl FnOnce() -> bool) -> bool {
        self.guard.acceptances_rechecked.count();
        let is_valid = by_library();
        if !is_valid {
            self.guard.disagree::<K>();
        }
        is_valid
    }
}

/// Whether it is this acceptance's turn to be checked again.
#[inline]
fn is_sampled<K: Kernel>() -> bool {
    let counted = K::countdown().try_with(|countdown| {
        let left = countdown.get().checked_sub(1);
        countdown.set(left.unwrap_or(KERNEL_SAMPLE_INTERVAL.saturating_sub(1)));
        left.is_none()
    });
    counted.unwrap_or(true)
}

/// Where a thread starts to count: anywhere, so that threads that do not live for long are sampled as often as others.
pub(super) fn first_countdown() -> u32 {
    let random = RandomState::new().hash_one(());
    let below = random.checked_rem(u64::from(KERNEL_SAMPLE_INTERVAL));
    below
        .and_then(|below| u32::try_from(below).ok())
        .unwrap_or(0)
}

/// A counter for what seldom happens.
#[derive(Debug)]
struct Count(AtomicU64);

impl Count {
    const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
