//! The lines that are printed.

use serde_json::{Value, json};
use std::time::Duration;

/// One measure, its floor and its target.
pub struct Measure<'a> {
    /// The name.
    pub measure: &'a str,
    /// What was measured.
    pub value: f64,
    /// Its unit.
    pub unit: &'a str,
    /// The same work by bare statements, in the same unit.
    pub floor: Option<f64>,
    /// The figure that the target is about: the value or its ratio to the floor.
    pub judged: f64,
    /// The target, and whether it is a least (`true`) or a most.
    pub target: Option<(f64, bool)>,
    /// On what.
    pub on: Value,
}

impl Measure<'_> {
    /// Prints the line.
    pub fn print(&self) {
        let met = self.target.map(|(target, least)| if least { self.judged >= target } else { self.judged <= target });
        let ratio = self.floor.filter(|floor| *floor > 0.0).map(|floor| self.value / floor);
        let line = json!({
            "measure": self.measure,
            "value": round(self.value),
            "unit": self.unit,
            "floor": self.floor.map(round),
            "ratio": ratio.map(round),
            "target": self.target.map(|(target, least)| format!("{} {}", if least { ">=" } else { "<=" }, round(target))),
            "met": met,
            "on": self.on,
        });
        println!("{line}");
    }
}

fn round(value: f64) -> f64 {
    let digits = if value.abs() >= 100.0 { 1.0 } else { 1_000.0 };
    (value * digits).round() / digits
}

/// The middle one.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median and the 99th percentile, in milliseconds.
pub fn percentiles(times: &mut [Duration]) -> (f64, f64) {
    times.sort();
    let at = |part: f64| {
        let place = (part * times.len() as f64).ceil() as usize;
        times[place.clamp(1, times.len()) - 1].as_secs_f64() * 1_000.0
    };
    (at(0.5), at(0.99))
}
