//! From values to places on a sheet: linear or logarithmic, with ticks that people read.

/// An axis from one end to the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    is_logarithmic: bool,
    values: (f64, f64),
    places: (f64, f64),
}

impl Scale {
    /// From 0 to a round number that holds `most`.
    pub(super) fn linear(most: f64, places: (f64, f64)) -> Self {
        let step = step_for(most);
        let top = (most / step).ceil().max(1.0) * step;
        Self {
            is_logarithmic: false,
            values: (0.0, top),
            places,
        }
    }

    /// Powers of ten around what lies from `least` to `most`, both positive; with `is_tight` no further than that.
    pub(super) fn logarithmic(least: f64, most: f64, places: (f64, f64), is_tight: bool) -> Self {
        let values = if is_tight {
            (least, most.max(least * 1.01))
        } else {
            let least = 10_f64.powf(least.log10().floor());
            let most = 10_f64.powf(most.log10().ceil());
            (least, most.max(least * 10.0))
        };
        Self {
            is_logarithmic: true,
            values,
            places,
        }
    }

    /// Where `value` is.
    pub(super) fn place(&self, value: f64) -> f64 {
        let along = if self.is_logarithmic {
            let (least, most) = (self.values.0.ln(), self.values.1.ln());
            (value.max(f64::MIN_POSITIVE).ln() - least) / (most - least)
        } else {
            (value - self.values.0) / (self.values.1 - self.values.0)
        };
        self.places.0 + along.clamp(0.0, 1.0) * (self.places.1 - self.places.0)
    }

    /// Values to write beside the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if !self.is_logarithmic {
            let step = step_for(self.values.1);
            let count = (self.values.1 / step).round() as i64;
            return (0..=count).map(|tick| tick as f64 * step).collect();
        }
        // Within two powers of ten there is room for 2 and 5 as well.
        let factors: &[f64] = if self.values.1 / self.values.0 <= 1_000.0 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let first = self.values.0.log10().floor() as i32;
        let last = self.values.1.log10().ceil() as i32;
        (first..=last)
            .flat_map(|power| {
                factors
                    .iter()
                    .map(move |factor| factor * 10_f64.powi(power))
            })
            .filter(|tick| (self.values.0 * 0.999..=self.values.1 * 1.001).contains(tick))
            .collect()
    }
}

/// 1, 2 or 5 times a power of ten, at most six of which reach `most`.
fn step_for(most: f64) -> f64 {
    let most = if most > 0.0 { most } else { 1.0 };
    let power = 10_f64.powf((most / 6.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let fits = steps.into_iter().find(|step| most / step <= 6.0);
    fits.unwrap_or(power * 10.0)
}

/// Nanoseconds in the unit that people would say them in.
pub(super) fn time(ns: f64) -> String {
    match ns {
        ns if ns < 999.5 => format!("{} ns", short(ns)),
        ns if ns < 999_500.0 => format!("{} µs", short(ns / 1e3)),
        ns => format!("{} ms", short(ns / 1e6)),
    }
}

/// A number with three digits that count, or as a whole.
pub(super) fn short(value: f64) -> String {
    let digits = if value >= 99.95 || (value - value.round()).abs() < 1e-9 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.digits$}")
}

/// A number of things, with commas.
pub(super) fn count(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [3.0, 18.94, 402.4, 18_923.0, 70_000.0, 1_250_000.0].map(time),
            ["3 ns", "18.9 ns", "402 ns", "18.9 µs", "70 µs", "1.25 ms"]
        );
        assert_eq!(
            [1.0, 1_000.0, 100_000.0].map(count),
            ["1", "1,000", "100,000"]
        );
    }

    #[test]
    fn ticks_are_round_and_values_lie_between_the_ends() {
        let linear = Scale::linear(43.0, (0.0, 100.0));
        assert_eq!(linear.ticks(), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert!((linear.place(25.0) - 50.0).abs() < 1e-9);
        let logarithmic = Scale::logarithmic(3.0, 700.0, (0.0, 100.0), false);
        assert_eq!(
            logarithmic.ticks(),
            [
                1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0
            ]
        );
        assert!((logarithmic.place(10.0) - 100.0 / 3.0).abs() < 1e-9);
        assert!(Scale::linear(0.0, (0.0, 1.0)).ticks().len() >= 2);
    }
}
