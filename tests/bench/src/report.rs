//! The figures: a table for people, a line of JSON for machines, and the aims beside both.

use std::{io::Write as _, time::Duration};

use serde_json::{Map, Value, json};

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub enum Aim {
    /// This or more.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
}

impl Aim {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::Below(most) => value < most,
        }
    }

    fn words(self, unit: &str) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {} {unit}", number(least)),
            Self::Below(most) => format!("< {} {unit}", number(most)),
        }
    }
}

struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    aim: Option<Aim>,
}

/// The figures of one run.
pub struct Report {
    title: &'static str,
    load_at_begin: String,
    figures: Vec<Figure>,
}

impl Report {
    /// None yet.
    pub fn new(title: &'static str) -> Self {
        Self { title, load_at_begin: crate::usage::load_average(), figures: Vec::new() }
    }

    /// Adds a figure.
    pub fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure { name: name.into(), value, unit, aim: None });
    }

    /// Adds a figure that is aimed at.
    pub fn aimed(&mut self, name: impl Into<String>, value: f64, unit: &'static str, aim: Aim) {
        self.figures.push(Figure { name: name.into(), value, unit, aim: Some(aim) });
    }

    /// Adds median, 99th percentile and longest of sorted times, with an aim for the 99th percentile.
    pub fn times(&mut self, name: &str, times: &[Duration], aim: Option<Aim>) {
        self.add(format!("{name} p50"), milliseconds(percentile(times, 0.50)), "ms");
        let value = milliseconds(percentile(times, 0.99));
        self.figures.push(Figure { name: format!("{name} p99"), value, unit: "ms", aim });
        self.add(format!("{name} max"), milliseconds(percentile(times, 1.0)), "ms");
    }

    /// Writes the table and the line of JSON to standard output.
    pub fn print(&self) {
        let width = self.figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
        let mut text = format!("\n{} (load average at the beginning {})\n", self.title, self.load_at_begin);
        for Figure { name, value, unit, aim } in &self.figures {
            let aim = aim.map_or_else(String::new, |aim| {
                format!("   {:<14} {}", aim.words(unit), if aim.is_met(*value) { "ok" } else { "SHORT" })
            });
            text.push_str(format!("  {name:<width$} {:>10} {unit:<6}{aim}", number(*value)).trim_end());
            text.push('\n');
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}\n{}", self.json()).expect("standard output takes text");
    }

    /// The figures by name, and which aims were met.
    pub fn json(&self) -> Value {
        let figures: Map<_, _> = self.figures.iter().map(|figure| (figure.name.clone(), json!(figure.value))).collect();
        let aimed = self.figures.iter().filter_map(|figure| Some((figure, figure.aim?)));
        let aims: Map<_, _> = aimed
            .map(|(figure, aim)| {
                (figure.name.clone(), json!({"aim": aim.words(figure.unit), "met": aim.is_met(figure.value)}))
            })
            .collect();
        json!({"benchmark": self.title, "load_average": self.load_at_begin, "figures": figures, "aims": aims})
    }
}

/// Tells whoever watches what is being done; not part of the results.
#[allow(clippy::print_stderr, reason = "progress of a command-line tool")]
pub fn note(text: &str) {
    eprintln!("{text}");
}

/// The time that this part of the sorted times does not exceed.
pub fn percentile(sorted: &[Duration], part: f64) -> Duration {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The middle one; of two, the mean of both.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
    (sorted.get(low).copied().unwrap_or(0.0) + sorted.get(high).copied().unwrap_or(0.0)) / 2.0
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Three digits or so.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
