//! The providers of spans and of log records.

use serde_json::Value;

use super::Reader;
use super::node::Node;
use crate::config::fields::Field;
use crate::error::InitError;
use crate::signal::Signal;

impl Reader {
    pub(super) fn tracer_provider(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        let mut provider = node.section(&self.report)?;
        let processors = provider.require("processors", &self.report)?;
        self.processors(Signal::Traces, &processors)?;
        if let Some(limits) = provider.take_set("limits") {
            self.span_limits(&limits)?;
        }
        if let Some(sampler) = provider.take_set("sampler") {
            self.sampler(&sampler)?;
        }
        provider.unsupported("id_generator", &Value::Null, "random ids", &mut self.report);
        provider.finish(&mut self.report);
        Ok(())
    }

    fn span_limits(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        let mut limits = node.section(&self.report)?;
        for (key, field) in [
            ("attribute_value_length_limit", Field::AttributeValueLengthLimit),
            ("attribute_count_limit", Field::SpanAttributeCount),
            ("event_count_limit", Field::SpanEventCount),
            ("link_count_limit", Field::SpanLinkCount),
            ("event_attribute_count_limit", Field::EventAttributeCount),
            ("link_attribute_count_limit", Field::LinkAttributeCount),
        ] {
            if let Some(limit) = limits.take_set(key) {
                self.set_number(field, &limit)?;
            }
        }
        self.depth_limit(&mut limits);
        limits.finish(&mut self.report);
        Ok(())
    }

    pub(super) fn logger_provider(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        let mut provider = node.section(&self.report)?;
        let processors = provider.require("processors", &self.report)?;
        self.processors(Signal::Logs, &processors)?;
        if let Some(limits) = provider.take_set("limits") {
            let mut limits = limits.section(&self.report)?;
            for (key, default) in [
                ("attribute_value_length_limit", Value::Null),
                ("attribute_count_limit", Value::from(128)),
            ] {
                limits.unsupported(key, &default, "no limit", &mut self.report);
            }
            self.depth_limit(&mut limits);
            limits.finish(&mut self.report);
        }
        provider.finish(&mut self.report);
        Ok(())
    }
}
