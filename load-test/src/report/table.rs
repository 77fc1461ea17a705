//! The figures for people, on standard output.

use std::fmt::{self, Write};

use super::notes;
use crate::findings::{Findings, Rate};
use crate::number::{grouped, grouped_float};
use crate::scenario::Kind;
use crate::statistics::{QUANTILES, Times};

/// The whole table.
pub(crate) fn render(findings: &Findings) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut text, findings);
    text
}

fn write(out: &mut String, findings: &Findings) -> fmt::Result {
    let scenario = findings.scenario;
    writeln!(
        out,
        "load-test: scenario {} ({})",
        scenario.name, scenario.summary
    )?;
    throughput(out, findings)?;
    latency(out, findings)?;
    answers(out, findings)?;
    refusals(out, findings)?;
    setting(out, findings)?;
    notes::write(out, findings)?;
    result(out, findings)
}

fn throughput(out: &mut String, findings: &Findings) -> fmt::Result {
    writeln!(
        out,
        "\nTHROUGHPUT                     requests/s   gateway CPU, us/request   gateway busy   generator busy"
    )?;
    if let Some(ceiling) = findings.ceiling_rate() {
        rate(out, "ceiling, no verification", ceiling)?;
    }
    let saturation = findings.saturation_rate();
    rate(out, "saturated, verified", saturation)?;
    if findings.saturation.is_some() {
        rate(out, "main phase", findings.main_rate())?;
    }
    if let Some(ratio) = findings.ratio_to_ceiling() {
        write!(out, "  {:27} {ratio:>12.3}", "saturated / ceiling")?;
        let ceiling = findings
            .ceiling_rate()
            .and_then(|ceiling| ceiling.gateway_us);
        if let Some((verified, open)) = saturation.gateway_us.zip(ceiling) {
            write!(
                out,
                "   {:>23.1}   is what verification adds",
                verified - open
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn rate(out: &mut String, label: &str, rate: Rate) -> fmt::Result {
    let percent = |busy: Option<f64>| {
        busy.map_or_else(|| "-".to_owned(), |busy| format!("{:.0} %", busy * 100.0))
    };
    let cpu = rate
        .gateway_us
        .map_or_else(|| "-".to_owned(), |cpu| format!("{cpu:.1}"));
    writeln!(
        out,
        "  {label:27} {:>12}   {cpu:>23}   {:>12}   {:>14}",
        grouped_float(rate.rps),
        percent(rate.gateway_busy),
        percent(rate.generator_busy)
    )
}

fn latency(out: &mut String, findings: &Findings) -> fmt::Result {
    let tally = &findings.main.tally;
    let seconds = findings.main.elapsed.as_secs_f64();
    match findings.offered {
        Some(offered) => writeln!(
            out,
            "\nLATENCY in us, open loop: {} requests/s offered, {} achieved, for {seconds:.1} s",
            grouped_float(offered),
            grouped_float(findings.main_rate().rps)
        )?,
        None => writeln!(
            out,
            "\nLATENCY in us, closed loop for {seconds:.1} s: of a server at its limit, with {} connections",
            findings.connections
        )?,
    }
    write!(out, "  {:27}", "")?;
    for (_, name) in QUANTILES {
        write!(out, " {:>9}", if name == "p999" { "p99.9" } else { name })?;
    }
    writeln!(out, " {:>9} {:>11}", "max", "samples")?;
    if findings.offered.is_some() {
        times(out, "from the intended instant", &tally.response)?;
    }
    times(out, "from the sending itself", &tally.service)?;
    if findings.offered.is_some() {
        times(out, "generator's own lateness", &tally.lateness)?;
    }
    Ok(())
}

fn times(out: &mut String, label: &str, times: &Times) -> fmt::Result {
    write!(out, "  {label:27}")?;
    let cell = |micros: Option<f64>| micros.map_or_else(|| "-".to_owned(), show_micros);
    for (quantile, _) in QUANTILES {
        write!(out, " {:>9}", cell(times.quantile(quantile)))?;
    }
    writeln!(
        out,
        " {:>9} {:>11}",
        cell(times.max()),
        grouped(times.count())
    )
}

/// Microseconds, with a decimal where it says something.
pub(super) fn show_micros(micros: f64) -> String {
    if micros < 100.0 {
        format!("{micros:.1}")
    } else {
        grouped_float(micros)
    }
}

fn answers(out: &mut String, findings: &Findings) -> fmt::Result {
    writeln!(
        out,
        "\nREQUESTS of the main phase        sent    share   must get                      wrong"
    )?;
    let total = crate::number::float(findings.main.tally.requests().max(1));
    for kind in Kind::ALL {
        let Some(sent) = findings.main.tally.sent.get(&kind) else {
            continue;
        };
        let expected = kind.expected();
        let must = match (&findings.target, expected.status) {
            (None, _) => format!("{} {}", expected.status, expected.code),
            (Some(_), status) => status.to_string(),
        };
        writeln!(
            out,
            "  {:24} {:>11} {:>6.2} %   {must:24} {:>10}",
            kind.label(),
            grouped(sent.requests),
            crate::number::float(sent.requests) / total * 100.0,
            grouped(sent.wrong)
        )?;
    }
    Ok(())
}

fn refusals(out: &mut String, findings: &Findings) -> fmt::Result {
    let refusals = &findings.main.tally.refusals;
    if refusals.is_empty() {
        return Ok(());
    }
    let mut by_count: Vec<_> = refusals.iter().collect();
    by_count.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let list: Vec<String> = by_count
        .iter()
        .map(|(code, count)| format!("{code} {}", grouped(**count)))
        .collect();
    let mut lines = vec![String::new()];
    for entry in list {
        if lines
            .last()
            .is_some_and(|line| line.len().saturating_add(entry.len()) > 88)
        {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "  " } else { ", " });
            line.push_str(&entry);
        }
    }
    writeln!(out, "\nREFUSALS by code\n{}", lines.join("\n"))
}

fn setting(out: &mut String, findings: &Findings) -> fmt::Result {
    let (signed, fetches, environment) = (findings.signed, findings.fetches, &findings.environment);
    writeln!(out, "\nSETTING")?;
    let policy = match (findings.scenario.single_use, &findings.target) {
        (true, None) => "each sent once, replays refused",
        (true, Some(_)) => "each sent once",
        (false, None) if findings.scenario.keeps_tokens => "sent in turn, kept once verified",
        (false, _) => "sent in turn, reuse allowed",
    };
    let counted = [(signed.rs256, "RS256-2048"), (signed.es256, "ES256")];
    let tokens: Vec<String> = counted
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{} {name}", grouped(count)))
        .collect();
    writeln!(
        out,
        "  tokens          {}, signed beforehand in {:.1} s, {policy}",
        tokens.join(" and "),
        findings.signing.as_secs_f64()
    )?;
    writeln!(
        out,
        "  key repository  {} issuers, {} keys; over TLS it gave {} keys, confirmed {}, answered 404 to {} and 503 to {}",
        findings.issuers,
        findings.keys,
        fetches.keys,
        fetches.not_modified,
        fetches.not_found,
        fetches.failures
    )?;
    match &findings.target {
        Some(target) => writeln!(
            out,
            "  gateway         {target}: only the status of its answers is checked"
        )?,
        None => writeln!(
            out,
            "  gateway         {} thread(s); status, code, WWW-Authenticate and Retry-After are checked",
            findings.gateway_threads
        )?,
    }
    writeln!(
        out,
        "  generator       {} connections on {} thread(s), which watch the clock and do not sleep",
        findings.connections, findings.generator_threads
    )?;
    writeln!(
        out,
        "  machine         {}, {} cores, {}{}",
        environment.cpu_model,
        environment.cores,
        environment.kernel,
        environment
            .load_average
            .map_or_else(String::new, |load| format!(
                ", load average {load:.1} before"
            ))
    )?;
    writeln!(
        out,
        "  build           engine {}, kernels {}, {}, {}, {}",
        environment.engine_version,
        environment
            .kernels
            .map(|(name, state)| format!("{name} {state}"))
            .join(", "),
        environment.profile,
        environment.rustc,
        environment.date
    )
}

fn result(out: &mut String, findings: &Findings) -> fmt::Result {
    let checked = grouped(findings.checked());
    if findings.passed() {
        return writeln!(
            out,
            "\nRESULT  all {checked} answers of this run were right"
        );
    }
    writeln!(
        out,
        "\nRESULT  FAILED: {} of {checked} answers were wrong, {} requests got none",
        grouped(findings.wrong()),
        grouped(findings.unanswered())
    )?;
    for (example, times) in findings.examples() {
        writeln!(out, "  {} times {example}", grouped(times))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::sample;

    #[test]
    fn the_table_names_every_figure_that_was_asked_for() {
        let text = render(&sample());
        for word in [
            "ceiling",
            "0.333",
            "p99.9",
            "us/request",
            "expired 200",
            "all 4,100 answers",
            "RS256",
        ] {
            assert!(text.contains(word), "{word} is missing in:\n{text}");
        }
        assert!(text.lines().all(|line| line.len() <= 130), "{text}");
    }

    #[test]
    fn a_failed_run_says_so_and_shows_an_example() {
        let mut findings = sample();
        findings.main.tally.judged(
            Kind::Expired,
            Some("expired: must get 401 expired, got 200".to_owned()),
        );
        let text = render(&findings);
        assert!(
            text.contains("FAILED: 1 of") && text.contains("must get 401"),
            "{text}"
        );
    }

    #[test]
    fn a_percentile_without_the_samples_for_it_is_a_dash() {
        let text = render(&sample());
        let line = text
            .lines()
            .find(|line| line.contains("from the intended instant"))
            .unwrap();
        assert_eq!(
            line.split_whitespace().filter(|cell| *cell == "-").count(),
            1,
            "{line}"
        );
    }
}
