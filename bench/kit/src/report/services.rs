//! Files for services that keep benchmarks over time.

use serde_json::{Map, Value, json};

use crate::measure::Row;

/// [Bencher Metric Format](https://bencher.dev/docs/reference/bencher-metric-format/): latencies in nanoseconds, with
/// their 5th and 95th percentiles, and allocations.
pub(super) fn bmf(rows: &[Row]) -> Value {
    let benchmarks: Map<String, Value> = rows
        .iter()
        .map(|row| {
            let metrics = json!({
                "latency": {"value": row.ns, "lower_value": row.ns_p5, "upper_value": row.ns_p95},
                "allocations": {"value": row.allocations},
            });
            (name(row), metrics)
        })
        .collect();
    Value::Object(benchmarks)
}

/// What [github-action-benchmark](https://github.com/benchmark-action/github-action-benchmark) reads with
/// `tool: customSmallerIsBetter`.
pub(super) fn github(rows: &[Row]) -> Value {
    rows.iter()
        .map(|row| {
            json!({
                "name": name(row),
                "unit": "ns",
                "value": row.ns,
                "range": format!("{:.1} to {:.1}", row.ns_p5, row.ns_p95),
                "extra": format!("{} allocations, {:.3} of the floor", row.allocations, row.ratio_to_floor),
            })
        })
        .collect()
}

fn name(row: &Row) -> String {
    format!("{} {}", row.case, row.subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        serde_json::from_value(json!({
            "case": "RS256-2048/cold", "subject": "engine/aws-lc", "version": "0.1.0",
            "ns": 18_923.0, "ns_p5": 18_215.0, "ns_p95": 20_187.0, "allocations": 0, "ratio_to_floor": 1.028,
        }))
        .unwrap()
    }

    #[test]
    fn bencher_is_given_latencies_by_name() {
        assert_eq!(
            bmf(&[row()]),
            json!({"RS256-2048/cold engine/aws-lc": {
                "latency": {"value": 18_923.0, "lower_value": 18_215.0, "upper_value": 20_187.0},
                "allocations": {"value": 0},
            }})
        );
    }

    #[test]
    fn github_action_benchmark_is_given_a_list() {
        assert_eq!(
            github(&[row()]),
            json!([{
                "name": "RS256-2048/cold engine/aws-lc", "unit": "ns", "value": 18_923.0,
                "range": "18215.0 to 20187.0", "extra": "0 allocations, 1.028 of the floor",
            }])
        );
    }
}
