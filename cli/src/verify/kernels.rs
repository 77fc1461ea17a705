//! The kernels as `--stats` shows them.

use asap_engine::accel_stats;

use super::keys::members;

/// The kernels of this process and their tables, as one JSON object.
pub(super) fn json() -> String {
    let stats = accel_stats();
    let mut json = String::from("{");
    for (name, kernel) in stats.kernels() {
        let counters = [
            ("keys_prepared", kernel.keys_prepared),
            ("keys_left", kernel.keys_left),
            ("acceptances_rechecked", kernel.acceptances_rechecked),
            ("refusals_rechecked", kernel.refusals_rechecked),
            ("undecided", kernel.undecided),
            ("left_by_balance", kernel.left_by_balance),
            ("disagreements", kernel.disagreements),
        ];
        json += &format!(
            "\"{name}\":{{\"state\":\"{}\",\"is_available\":{},{}}},",
            kernel.state,
            kernel.is_available,
            members(&counters)
        );
    }
    let tables = stats.tables;
    let counters = [
        ("tables", u64::try_from(tables.tables).unwrap_or(u64::MAX)),
        ("bytes", u64::try_from(tables.bytes).unwrap_or(u64::MAX)),
        ("builds", tables.builds),
        ("evictions", tables.evictions),
    ];
    json += &format!("\"tables\":{{{}}}}}", members(&counters));
    json
}
