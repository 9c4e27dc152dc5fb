//! What criterion measured, read from the files that it leaves.
//!
//! Each benchmark has a folder `new` with `benchmark.json` (its names and throughput) and
//! `estimates.json` (times in nanoseconds an iteration).

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde_json::Value;

/// One benchmark's result. Times are nanoseconds an iteration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    /// `group/function/value`, as far as the benchmark has them.
    pub(crate) id: String,
    pub(crate) median: f64,
    /// The median's confidence interval (95 % unless the benchmark says otherwise).
    pub(crate) interval: (f64, f64),
    /// How many packets (criterion's `Throughput::Elements`) an iteration handles.
    pub(crate) elements: Option<f64>,
}

impl Measured {
    /// Nanoseconds an element; an iteration without a stated throughput is one element.
    pub(crate) fn per_element(&self) -> f64 {
        self.median / self.elements.unwrap_or(1.0)
    }
}

/// All results under criterion's folder that were written at `since` or later, sorted by name. Older
/// ones are of another run: not comparable with these, and perhaps of benchmarks that are gone.
pub(crate) fn read_since(criterion: &Path, since: SystemTime) -> Result<Vec<Measured>> {
    let mut found = Vec::new();
    let mut folders = vec![criterion.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.ends_with("new/estimates.json") {
                if fs::metadata(&path)?.modified()? >= since {
                    found.push(read(&path)?);
                }
            } else if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort_by_key(|measured| natural_key(&measured.id));
    Ok(found)
}

fn read(estimates: &Path) -> Result<Measured> {
    let names = json(&estimates.with_file_name("benchmark.json"))?;
    let times = json(estimates)?;
    parse(&names, &times).with_context(|| format!("cannot understand {}", estimates.display()))
}

fn json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("no JSON in {}", path.display()))
}

fn parse(names: &Value, times: &Value) -> Result<Measured> {
    let parts = ["group_id", "function_id", "value_str"];
    let id = parts.iter().filter_map(|part| names[part].as_str()).collect::<Vec<_>>().join("/");
    let median = &times["median"];
    let bounds = &median["confidence_interval"];
    let throughput = &names["throughput"];
    let elements = throughput["Elements"].as_f64().or(throughput["ElementsAndBytes"]["elements"].as_f64());
    Ok(Measured {
        id,
        median: median["point_estimate"].as_f64().context("no median")?,
        interval: (
            bounds["lower_bound"].as_f64().context("no lower bound of the median")?,
            bounds["upper_bound"].as_f64().context("no upper bound of the median")?,
        ),
        elements: elements.filter(|elements| *elements > 0.0),
    })
}

/// Sorts `put/8` before `put/32`: numbers by value, the rest as text.
fn natural_key(id: &str) -> Vec<(u64, String)> {
    id.split('/').map(|part| (part.parse().unwrap_or(u64::MAX), part.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names() -> Value {
        json!({"group_id": "put_flush", "function_id": "64", "value_str": "8", "throughput": {"Elements": 10}})
    }

    fn times() -> Value {
        json!({
            "mean": {"point_estimate": 999.0},
            "median": {
                "confidence_interval": {"confidence_level": 0.95, "lower_bound": 290.0, "upper_bound": 310.5},
                "point_estimate": 300.0,
                "standard_error": 1.0
            }
        })
    }

    #[test]
    fn a_result_has_its_name_median_and_interval() {
        let measured = parse(&names(), &times()).unwrap();
        assert_eq!(measured.id, "put_flush/64/8");
        assert_eq!((measured.median, measured.interval), (300.0, (290.0, 310.5)));
    }

    #[test]
    fn a_stated_throughput_divides_the_median() {
        let measured = parse(&names(), &times()).unwrap();
        assert!((measured.per_element() - 30.0).abs() < 1e-9);
    }

    #[test]
    fn without_a_throughput_an_iteration_is_one_element() {
        let names =
            json!({"group_id": "hello_decode", "function_id": null, "value_str": null, "throughput": null});
        let measured = parse(&names, &times()).unwrap();
        assert_eq!((measured.id.as_str(), measured.elements), ("hello_decode", None));
        assert!((measured.per_element() - 300.0).abs() < 1e-9);
    }

    #[test]
    fn elements_are_found_beside_bytes() {
        let mut names = names();
        names["throughput"] = json!({"ElementsAndBytes": {"elements": 4, "bytes": 256}});
        assert_eq!(parse(&names, &times()).unwrap().elements, Some(4.0));
    }

    #[test]
    fn a_file_without_a_median_is_refused() {
        let error = parse(&names(), &json!({"mean": {}})).unwrap_err();
        assert_eq!(error.to_string(), "no median");
    }

    #[test]
    fn names_sort_by_the_value_of_their_numbers() {
        let mut ids = vec!["put/250", "put/8", "join", "put/32"];
        ids.sort_by_key(|id| natural_key(id));
        assert_eq!(ids, ["join", "put/8", "put/32", "put/250"]);
    }
}
