//! What monitoring is told of the kernels.

use std::fmt;

/// The kernels of this process, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccelStats {
    /// RSA with the exponent 65537 and moduli of 2048, 3072 and 4096 bits, by AVX-512 IFMA.
    pub rsa: KernelStats,
    /// P-256 with tables per key: by AVX-512 IFMA where the processor has it, else in plain code.
    pub p256: KernelStats,
    /// Ed25519 in the same way.
    pub ed25519: KernelStats,
    /// The tables of both.
    pub tables: TableStats,
}

impl AccelStats {
    /// Each kernel by its name.
    #[must_use]
    pub const fn kernels(&self) -> [(&'static str, KernelStats); 3] {
        [
            ("rsa", self.rsa),
            ("p256", self.p256),
            ("ed25519", self.ed25519),
        ]
    }
}

/// The tables of keys that are used often, in all of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableStats {
    /// Those that there are.
    pub tables: usize,
    /// What they take, in bytes, as far as they are made: see [`limit_key_tables`](crate::limit_key_tables).
    pub bytes: usize,
    /// Those that were made since the process started.
    pub builds: u64,
    /// Those that were given up for others.
    pub evictions: u64,
}

/// The counters of a kernel since the process started, and how it stands.
///
/// They are read one after the other while others go on counting, so sums may be out by what happened meanwhile. What the
/// kernel accepts is not counted: that would cost more than to know it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KernelStats {
    /// Whether it is in use, or why not.
    pub state: KernelState,
    /// Whether this processor has the instructions that it takes.
    pub is_available: bool,
    /// Keys that were prepared for it.
    pub keys_prepared: u64,
    /// Keys of its kind that were left to aws-lc alone: of another size or exponent, or loaded while it was not in use.
    pub keys_left: u64,
    /// Signatures that it accepted and that were checked once more, as one in 1,024 is.
    pub acceptances_rechecked: u64,
    /// Signatures that it refused, all of which are checked once more.
    pub refusals_rechecked: u64,
    /// Signatures of which it could not tell, all of which are left to aws-lc: for P-256, sums that only signatures meet that are
    /// made for it.
    pub undecided: u64,
    /// Signatures that were left to aws-lc since too many under the same key had been refused.
    pub left_by_balance: u64,
    /// Times that aws-lc found otherwise. It should be zero, and be an alarm if it is not.
    pub disagreements: u64,
}

macro_rules! states {
    ($( $(#[$doc:meta])* $variant:ident = $name:literal; )+) => {
        /// Whether a kernel is in use, or the first of the reasons why it is not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum KernelState {
            $( $(#[$doc])* $variant, )+
        }

        impl KernelState {
            /// The name, for logs and metrics.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }
        }
    };
}

states! {
    /// In use.
    On = "on";
    /// No key has asked for it. The first that does has it tested.
    Untested = "untested";
    /// Off for good: aws-lc found otherwise.
    Disagreement = "disagreement";
    /// Off for good: it does not know the answers that it must.
    SelfTestFailed = "self_test_failed";
    /// Off by the environment variable `ASAP_ACCEL`.
    OffByEnvironment = "off_by_environment";
    /// Off by [`switch_accel`](crate::switch_accel).
    OffBySwitch = "off_by_switch";
    /// The processor does not have the instructions.
    NoInstructions = "no_instructions";
}

impl fmt::Display for KernelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
