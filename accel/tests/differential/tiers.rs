//! By what the kernels of the curves make their sums here.

use asap_accel::Tier;

/// Those that this processor has.
pub(crate) fn tiers() -> &'static [Tier] {
    match Tier::best() {
        Tier::Lanes => &[Tier::Lanes, Tier::Model, Tier::Scalar],
        _ => &[Tier::Model, Tier::Scalar],
    }
}
