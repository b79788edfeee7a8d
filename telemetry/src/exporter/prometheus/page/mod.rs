//! The metrics of one collection, and the pages rendered from it.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use prometheus::TextEncoder;
use prometheus::proto::{LabelPair, MetricFamily};

use super::negotiate::{Encoding, Format};
use super::openmetrics;

/// Collected metrics, encoded on first use of each format.
#[derive(Debug, Default)]
pub(super) struct MetricsPage {
    families: Vec<MetricFamily>,
    bodies: [[OnceLock<Result<Bytes, String>>; Encoding::ALL.len()]; Format::ALL.len()],
}

impl MetricsPage {
    pub(super) fn new(families: impl Iterator<Item = MetricFamily>) -> Self {
        let mut families = merged(families);
        families.iter_mut().for_each(make_legal);
        Self {
            families,
            bodies: Default::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.families.is_empty()
    }

    /// Returns the page in the Prometheus text format.
    pub(super) fn text(&self) -> Result<String, String> {
        let text = TextEncoder::new().encode_to_string(&self.families);
        text.map_err(|error| error.to_string())
    }

    pub(super) fn body(&self, format: Format, encoding: Encoding) -> Result<Bytes, String> {
        let formats = self.bodies.iter().zip(Format::ALL);
        let encodings = formats.flat_map(|(bodies, format)| {
            let bodies = bodies.iter().zip(Encoding::ALL);
            bodies.map(move |(body, encoding)| (body, format, encoding))
        });
        let mut bodies = encodings.filter(|(_, of, encoded)| (*of, *encoded) == (format, encoding));
        let encode = || self.encode(format, encoding);
        bodies
            .next()
            .map_or_else(encode, |(body, _, _)| body.get_or_init(encode).clone())
    }

    fn encode(&self, format: Format, encoding: Encoding) -> Result<Bytes, String> {
        match (encoding, format) {
            (Encoding::Identity, Format::Text) => self.text().map(Bytes::from),
            (Encoding::Identity, Format::OpenMetrics) => Ok(openmetrics::encode(&self.families).into()),
            (Encoding::Gzip, _) => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                let text = self.body(format, Encoding::Identity)?;
                let encoded = encoder.write_all(&text).and_then(|()| encoder.finish());
                encoded.map(Bytes::from).map_err(|error| error.to_string())
            }
        }
    }
}

/// Merges families of the same name from all services. If their types differ, the first one is retained.
fn merged(families: impl Iterator<Item = MetricFamily>) -> Vec<MetricFamily> {
    let mut merged: BTreeMap<String, MetricFamily> = BTreeMap::new();
    for mut family in families {
        match merged.entry(family.name().to_owned()) {
            Entry::Vacant(place) => drop(place.insert(family)),
            Entry::Occupied(mut place) => {
                let first = place.get_mut();
                if first.get_field_type() == family.get_field_type() {
                    first.mut_metric().extend(family.take_metric());
                }
            }
        }
    }
    merged.into_values().collect()
}

/// Makes label names valid and unique, because scrapers reject a whole page for one invalid label. The
/// exporter accepts names that start with a digit or contain a colon, and does not account for the label of
/// the service.
fn make_legal(family: &mut MetricFamily) {
    for metric in family.mut_metric() {
        let is_legal = |(index, label): (usize, &LabelPair)| {
            let earlier = metric.get_label().iter().take(index);
            is_legal(label.name()) && earlier.into_iter().all(|other| other.name() != label.name())
        };
        if metric.get_label().iter().enumerate().all(is_legal) {
            continue;
        }
        // The label of the service is the last one and takes precedence.
        let mut labels: BTreeMap<String, LabelPair> = BTreeMap::new();
        for mut label in metric.take_label() {
            let name = legal(label.name());
            label.set_name(name.clone());
            labels.insert(name, label);
        }
        metric.set_label(labels.into_values().collect());
    }
}

fn is_legal(name: &str) -> bool {
    let is_first = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    name.as_bytes().first().is_some_and(is_first)
        && name.bytes().all(|byte| is_first(&byte) || byte.is_ascii_digit())
}

fn legal(name: &str) -> String {
    let replaced = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    if is_legal(&replaced) {
        replaced
    } else {
        format!("_{replaced}")
    }
}
