//! The provider of metrics.

use serde_json::Value;

use super::Reader;
use super::node::Node;
use crate::config::Exporter;
use crate::config::fields::Field;
use crate::error::InitError;
use crate::signal::Signal;

impl Reader {
    pub(super) fn meter_provider(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        let mut provider = node.section(&self.report)?;
        let readers = provider.require("readers", &self.report)?;
        for reader in readers.items(&self.report)? {
            let (kind, node) = reader.component(&self.report)?;
            match kind {
                "periodic" => self.periodic(&node)?,
                "pull" => self.pull(&node)?,
                _ => return Err(reader.refused(&self.report, "\"periodic\" or \"pull\"")),
            }
        }
        self.default_histograms();
        if let Some(views) = provider.take_set("views") {
            self.views(&views)?;
        }
        if let Some(filter) = provider.take_set("exemplar_filter") {
            match filter.text(&self.report)? {
                // The default is accepted silently, although the SDK records no exemplars.
                "trace_based" | "always_off" => {}
                "always_on" => {
                    filter.ignore(
                        &mut self.report,
                        "the SDK does not record exemplars",
                        "always_off",
                    );
                }
                _ => {
                    let accepted = "\"trace_based\", \"always_on\" or \"always_off\"";
                    return Err(filter.refused(&self.report, accepted));
                }
            }
        }
        provider.finish(&mut self.report);
        Ok(())
    }

    fn periodic(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        let mut reader = node.section(&self.report)?;
        for (key, field) in [
            ("interval", Field::Interval(Signal::Metrics)),
            ("timeout", Field::ExportTimeout(Signal::Metrics)),
        ] {
            if let Some(number) = reader.take_set(key) {
                self.claim(field, &number, "all periodic readers have the same settings")?;
                self.set_number(field, &number)?;
            }
        }
        self.cardinality_limits(reader.take_set("cardinality_limits").as_ref())?;
        let exporter = reader.require("exporter", &self.report)?;
        reader.unsupported("producers", &Value::Null, "no producer", &mut self.report);
        reader.finish(&mut self.report);
        self.exporter(Signal::Metrics, &exporter)
    }

    /// Metrics that Prometheus scrapes.
    fn pull(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        let mut reader = node.section(&self.report)?;
        self.cardinality_limits(reader.take_set("cardinality_limits").as_ref())?;
        let exporter = reader.require("exporter", &self.report)?;
        reader.unsupported("producers", &Value::Null, "no producer", &mut self.report);
        reader.finish(&mut self.report);
        let (kind, settings) = exporter.component(&self.report)?;
        if kind != "prometheus/development" {
            return Err(exporter.refused(&self.report, "\"prometheus/development\""));
        }
        let mut prometheus = settings.section(&self.report)?;
        let host = prometheus.take_set("host");
        let host = host.map_or(Ok("localhost"), |host| host.text(&self.report))?;
        let port = prometheus.take_set("port");
        let port = port.map_or(Ok(9464), |port| {
            port.integer(0..=u64::from(u16::MAX), &self.report)
        })?;
        self.set(Field::PrometheusListen, &settings, &format!("{host}:{port}"))?;
        for (key, default, used) in [
            ("scope_info_enabled", Value::from(false), "false"),
            (
                "translation_strategy",
                Value::from("underscore_escaping_with_suffixes"),
                "underscore_escaping_with_suffixes",
            ),
            (
                "resource_constant_labels",
                Value::Null,
                "no label of the resource",
            ),
        ] {
            prometheus.unsupported(key, &default, used, &mut self.report);
        }
        prometheus.finish(&mut self.report);
        self.add(Signal::Metrics, Exporter::Prometheus, &settings)
    }
}
