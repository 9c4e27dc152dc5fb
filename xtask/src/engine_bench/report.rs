//! What the benchmark's processes measured.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::table::table;

/// A line of a host's.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// So many clients shall be there, which find it at these addresses (transport, address).
    Need {
        clients: usize,
        addresses: Vec<(String, String)>,
    },
    Samples(Samples),
    /// Everything is measured.
    Done,
    /// What is measured would be worth nothing.
    Error(String),
}

impl Line {
    pub(super) fn parse(line: &str) -> Result<Self> {
        let line: Value = serde_json::from_str(line)?;
        if let Some(error) = line["error"].as_str() {
            return Ok(Self::Error(error.to_owned()));
        }
        if line["done"] == Value::Bool(true) {
            return Ok(Self::Done);
        }
        if let Some(clients) = line["need"].as_f64() {
            let addresses = line["addresses"].as_object().context("no addresses")?;
            let addresses = addresses.iter().map(|(via, at)| {
                Ok((via.clone(), at.as_str().context("an address that is no text")?.to_owned()))
            });
            // The engine writes whole numbers as it likes.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            return Ok(Self::Need {
                clients: clients as usize,
                addresses: addresses.collect::<Result<_>>()?,
            });
        }
        let text = |key: &str| Ok::<_, anyhow::Error>(line[key].as_str().context("no name")?.to_owned());
        let values = line["samples"].as_array().context("no samples")?;
        let values: Option<Vec<_>> = values.iter().map(Value::as_f64).collect();
        let values = values.context("a sample that is no number")?;
        if values.is_empty() {
            bail!("no sample");
        }
        Ok(Self::Samples(Samples { id: text("id")?, via: text("via")?, unit: text("unit")?, values }))
    }
}

/// Samples of one benchmark over one transport.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Samples {
    pub(super) id: String,
    pub(super) via: String,
    pub(super) unit: String,
    pub(super) values: Vec<f64>,
}

impl Samples {
    pub(super) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Between two samples it is in proportion.
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
pub(super) struct Report(Vec<Samples>);

impl Report {
    /// Adds samples to those of the same benchmark and transport.
    pub(super) fn add(&mut self, samples: Samples) {
        let same = |other: &&mut Samples| other.id == samples.id && other.via == samples.via;
        match self.0.iter_mut().find(same) {
            Some(present) => present.values.extend(samples.values),
            None => self.0.push(samples),
        }
    }

    pub(super) fn find(&self, id: &str, via: &str) -> Option<&Samples> {
        self.0.iter().find(|samples| samples.id == id && samples.via == via)
    }

    /// The median over Steam, in relation to `ENet`'s.
    pub(super) fn ratio(&self, id: &str) -> Option<f64> {
        Some(self.find(id, "steam")?.median() / self.find(id, "enet")?.median())
    }

    pub(super) fn table(&self) -> String {
        let mut rows =
            vec![["in the engine", "Steam (quartiles)", "ENet", "ratio", "neither"].map(str::to_owned)];
        for samples in &self.0 {
            if rows.iter().any(|row| row[0] == samples.id) {
                continue;
            }
            let show = |via| self.find(&samples.id, via).map_or_else(String::new, Samples::show);
            let ratio = self.ratio(&samples.id).map_or_else(String::new, |ratio| format!("{ratio:.2}x"));
            rows.push([samples.id.clone(), show("steam"), show("enet"), ratio, show("none")]);
        }
        table(&rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(id: &str, via: &str, values: &[f64]) -> Samples {
        Samples { id: id.to_owned(), via: via.to_owned(), unit: "us".to_owned(), values: values.to_vec() }
    }

    #[test]
    fn what_a_host_says_is_understood() {
        let need = Line::parse(r#"{"need":4.0,"addresses":{"enet":"1234","steam":"76"}}"#).unwrap();
        let addresses = [("enet", "1234"), ("steam", "76")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(need, Line::Need { clients: 4, addresses: addresses.to_vec() });
        let line = r#"{"id":"send","via":"enet","unit":"us","samples":[1,2.5]}"#;
        assert_eq!(Line::parse(line).unwrap(), Line::Samples(samples("send", "enet", &[1.0, 2.5])));
        assert_eq!(Line::parse(r#"{"done":true}"#).unwrap(), Line::Done);
        assert_eq!(Line::parse(r#"{"error":"no"}"#).unwrap(), Line::Error("no".to_owned()));
        Line::parse(r#"{"id":"send","via":"enet","unit":"us","samples":[]}"#).unwrap_err();
    }

    #[test]
    fn a_median_and_its_quartiles_are_of_all_rounds() {
        let mut report = Report::default();
        for values in [&[5.0, 1.0][..], &[4.0, 2.0, 3.0]] {
            report.add(samples("send", "steam", values));
        }
        assert_eq!(report.find("send", "steam").unwrap().show(), "3.00 us (2.00 .. 4.00)");
    }

    #[test]
    fn both_transports_stand_in_one_row() {
        let mut report = Report::default();
        report.add(samples("send", "steam", &[1.0]));
        report.add(samples("send", "enet", &[4.0]));
        let text = report.table();
        assert_eq!(text.lines().nth(1).unwrap(), "send           1.00 us            4.00 us  0.25x");
        assert_eq!(text.lines().count(), 2);
    }
}
