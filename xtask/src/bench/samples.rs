//! What the processes of the benchmark in the engine print, and the samples in a table.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Deserialize;

use super::goals::Run;
use crate::table::table;

/// A line of the host's.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// So many clients are needed, which find the host at these addresses, one for each transport.
    Need {
        clients: usize,
        addresses: BTreeMap<String, String>,
    },
    Samples(Samples),
    /// Everything is measured.
    Done,
    /// Something is wrong with what is measured.
    Error(String),
}

/// A line as it is written: an object with the fields of one of its kinds.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    // The engine writes whole numbers as it likes.
    Need { need: f64, addresses: BTreeMap<String, String> },
    Samples(Samples),
    Done { done: bool },
    Error { error: String },
}

impl Line {
    pub(super) fn parse(line: &str) -> Result<Self> {
        Ok(match serde_json::from_str(line)? {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            Written::Need { need, addresses } => Self::Need { clients: need as usize, addresses },
            Written::Samples(samples) if samples.values.is_empty() => bail!("no sample"),
            Written::Samples(samples) => Self::Samples(samples),
            Written::Done { done } => {
                if done {
                    Self::Done
                } else {
                    bail!("not done")
                }
            }
            Written::Error { error } => Self::Error(error),
        })
    }
}

/// Samples of one benchmark over one transport.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Samples {
    id: String,
    /// `steam`, `enet`, `floor` for the least that a peer over Steam can cost, or `none` for a game without multiplayer.
    via: String,
    unit: String,
    #[serde(rename = "samples")]
    values: Vec<f64>,
}

impl Samples {
    /// Interpolated between two samples.
    fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        // Samples are few, and `part` is at most 1.
        #[allow(clippy::cast_precision_loss)]
        let place = part * (sorted.len() - 1) as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
        low + (high - low) * place.fract()
    }

    /// The median, and the quartiles around it.
    fn show(&self) -> String {
        let digits = if self.unit == "packets" { 0 } else { 2 };
        let [median, low, high] = [0.5, 0.25, 0.75].map(|part| format!("{:.digits$}", self.quantile(part)));
        if self.values.len() == 1 {
            return format!("{median} {}", self.unit);
        }
        format!("{median} {} ({low} .. {high})", self.unit)
    }
}

/// All samples, in the order in which their benchmarks came.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<Samples>);

impl Table {
    /// Adds samples to those of the same benchmark and transport.
    pub(super) fn add(&mut self, samples: Samples) {
        match self.0.iter_mut().find(|other| other.id == samples.id && other.via == samples.via) {
            Some(present) => present.values.extend(samples.values),
            None => self.0.push(samples),
        }
    }

    pub(super) fn medians(&self) -> Run {
        let medians =
            self.0.iter().map(|samples| (format!("{} {}", samples.id, samples.via), samples.quantile(0.5)));
        medians.collect()
    }

    /// A row for each benchmark.
    pub(super) fn show(&self) -> String {
        let header = ["in the engine", "Steam (quartiles)", "ENet", "ratio", "floor", "neither"];
        let mut rows = vec![header.map(str::to_owned)];
        for Samples { id, .. } in &self.0 {
            if rows.iter().any(|row| row[0] == *id) {
                continue;
            }
            let find = |via| self.0.iter().find(|samples| samples.id == *id && samples.via == via);
            let [steam, enet, floor, none] = ["steam", "enet", "floor", "none"].map(find);
            let show = |samples: Option<&Samples>| samples.map_or_else(String::new, Samples::show);
            let ratio = steam.zip(enet).map(|(steam, enet)| steam.quantile(0.5) / enet.quantile(0.5));
            let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}x"));
            rows.push([id.clone(), show(steam), show(enet), ratio, show(floor), show(none)]);
        }
        table(&rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(via: &str, values: &[f64]) -> Samples {
        Samples { id: "send".to_owned(), via: via.to_owned(), unit: "us".to_owned(), values: values.to_vec() }
    }

    #[test]
    fn every_line_of_a_host_is_understood() {
        let need = Line::parse(r#"{"need":4.0,"addresses":{"enet":"1234","steam":"76"}}"#).unwrap();
        let addresses = [("enet", "1234"), ("steam", "76")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(need, Line::Need { clients: 4, addresses: addresses.into() });
        let line = r#"{"id":"send","via":"enet","unit":"us","samples":[1,2.5]}"#;
        assert_eq!(Line::parse(line).unwrap(), Line::Samples(samples("enet", &[1.0, 2.5])));
        assert_eq!(Line::parse(r#"{"done":true}"#).unwrap(), Line::Done);
        assert_eq!(Line::parse(r#"{"error":"no"}"#).unwrap(), Line::Error("no".to_owned()));
        Line::parse(r#"{"id":"send","via":"enet","unit":"us","samples":[]}"#).unwrap_err();
    }

    #[test]
    fn a_row_has_both_transports_and_the_samples_of_all_rounds() {
        let mut table = Table::default();
        table.add(samples("steam", &[5.0, 1.0]));
        table.add(samples("enet", &[6.0]));
        table.add(samples("steam", &[4.0, 2.0, 3.0]));
        let text = table.show();
        let row = "send           3.00 us (2.00 .. 4.00)  6.00 us  0.50x";
        assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), [row]);
        assert_eq!(table.medians(), [("send enet".to_owned(), 6.0), ("send steam".to_owned(), 3.0)].into());
    }
}
