//! The figures for machines. The keys are a contract with whoever reads them: they may be added to and never renamed.

use serde_json::{Map, Value, json};

use crate::findings::{Findings, Rate};
use crate::scenario::Kind;
use crate::statistics::{QUANTILES, Times};

/// The whole run as one object. What could not be measured is `null`.
pub(crate) fn render(findings: &Findings) -> Value {
    let (main, saturation, ceiling) = (
        findings.main_rate(),
        findings.saturation_rate(),
        findings.ceiling_rate(),
    );
    let tally = &findings.main.tally;
    let mut environment = findings.environment.to_json();
    if let Some(environment) = environment.as_object_mut() {
        environment.insert(
            "gateway_threads".to_owned(),
            json!(findings.gateway_threads),
        );
        environment.insert(
            "generator_threads".to_owned(),
            json!(findings.generator_threads),
        );
        environment.insert("connections".to_owned(), json!(findings.connections));
    }
    json!({
        "scenario": findings.scenario.name,
        "target": findings.target,
        "duration_s": findings.duration.as_secs(),
        "passed": findings.passed(),
        "offered_rps": findings.offered,
        "offered_bounded_by_tokens": findings.bounded_by_tokens,
        "achieved_rps": main.rps,
        "requests": tally.requests(),
        "requests_by_kind": by_kind(findings),
        "errors": tally.refusals,
        "checked_answers": findings.checked(),
        "wrong_answers": findings.wrong(),
        "unanswered": findings.unanswered(),
        "latency_us": times(&tally.response),
        "service_us": times(&tally.service),
        "generator_lateness_us": times(&tally.lateness),
        "backlogged": tally.backlogged,
        "saturation_rps": saturation.rps,
        "ceiling_rps": ceiling.map(|ceiling| ceiling.rps),
        "ceiling_spread": findings.ceiling_spread(),
        "ratio_to_ceiling": findings.ratio_to_ceiling(),
        "cpu_us_per_request": main.gateway_us,
        "saturation_cpu_us_per_request": saturation.gateway_us,
        "ceiling_cpu_us_per_request": ceiling.and_then(|ceiling| ceiling.gateway_us),
        "busy": {
            "main": busy(main),
            "saturation": busy(saturation),
            "ceiling": ceiling.map(busy),
        },
        "taken_by_others": findings.main.others,
        "tokens_signed": {
            "RS256": findings.signed.rs256,
            "ES256": findings.signed.es256,
            "seconds": findings.signing.as_secs_f64(),
            "single_use": findings.scenario.single_use,
            "kept": findings.scenario.keeps_tokens,
        },
        "key_repository": {
            "keys": findings.fetches.keys,
            "not_modified": findings.fetches.not_modified,
            "not_found": findings.fetches.not_found,
            "failures": findings.fetches.failures,
        },
        "environment": environment,
    })
}

fn times(times: &Times) -> Value {
    let mut object = Map::new();
    for (quantile, name) in QUANTILES {
        object.insert(name.to_owned(), json!(times.quantile(quantile)));
    }
    object.insert("max".to_owned(), json!(times.max()));
    object.insert("count".to_owned(), json!(times.count()));
    Value::Object(object)
}

fn busy(rate: Rate) -> Value {
    json!({ "gateway": rate.gateway_busy, "generator": rate.generator_busy })
}

fn by_kind(findings: &Findings) -> Value {
    let kinds = Kind::ALL.into_iter().filter_map(|kind| {
        let sent = findings.main.tally.sent.get(&kind)?;
        let value = json!({ "requests": sent.requests, "wrong": sent.wrong, "expected": kind.expected().code });
        Some((kind.label().to_owned(), value))
    });
    Value::Object(kinds.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::sample;

    #[test]
    fn the_keys_of_the_contract_are_there() {
        let json = render(&sample());
        for key in [
            "scenario",
            "offered_rps",
            "achieved_rps",
            "requests",
            "errors",
            "latency_us",
            "ceiling_rps",
            "ratio_to_ceiling",
            "cpu_us_per_request",
            "environment",
        ] {
            assert!(!json[key].is_null(), "{key}");
        }
        for key in ["p50", "p90", "p99", "max", "count"] {
            assert!(json["latency_us"][key].is_number(), "{key}");
        }
        assert_eq!(json["errors"]["expired"], 200);
        assert_eq!(json["requests"], 2_000);
    }

    #[test]
    fn a_percentile_without_the_samples_for_it_is_null() {
        let json = render(&sample());
        let latency = json["latency_us"].as_object().unwrap();
        assert!(latency.contains_key("p999") && latency["p999"].is_null());
    }

    #[test]
    fn without_a_gateway_of_ours_there_is_no_ceiling() {
        let mut findings = sample();
        findings.ceiling.clear();
        let json = render(&findings);
        assert!(json["ceiling_rps"].is_null() && json["ratio_to_ceiling"].is_null());
        assert!(json["ceiling_spread"].is_null());
    }
}
