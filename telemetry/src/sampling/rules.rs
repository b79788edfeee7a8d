//! Samplers that decide when a span starts.

use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

use crate::config::SamplingRule;
use crate::semconv;

/// Samples by route: the first matching rule applies, otherwise the common sampler.
#[derive(Debug, Clone)]
pub(super) struct Routes {
    rules: Vec<(String, Sampler)>,
    others: Box<dyn ShouldSample>,
}

impl Routes {
    pub(super) fn new(rules: &[SamplingRule], others: Box<dyn ShouldSample>) -> Self {
        let rules = rules
            .iter()
            .map(|rule| (rule.route.clone(), Sampler::TraceIdRatioBased(rule.rate)));
        Self {
            rules: rules.collect(),
            others,
        }
    }

    fn sampler_for(&self, attributes: &[KeyValue]) -> &dyn ShouldSample {
        let value = |key| {
            attributes
                .iter()
                .find(|attribute| attribute.key.as_str() == key)
                .map(|it| it.value.as_str())
        };
        let (route, path) = (value(semconv::HTTP_ROUTE), value(semconv::URL_PATH));
        let rule = self.rules.iter().find(|(pattern, _)| {
            route
                .iter()
                .chain(&path)
                .any(|text| match pattern.strip_suffix('*') {
                    Some(beginning) => text.starts_with(beginning),
                    None => text == pattern,
                })
        });
        rule.map_or(&*self.others, |(_, sampler)| sampler)
    }
}

impl ShouldSample for Routes {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        self.sampler_for(attributes)
            .should_sample(parent, trace, name, kind, attributes, links)
    }
}

/// Records spans that another sampler drops, as unsampled, so that tail sampling can decide about them.
#[derive(Debug, Clone)]
pub(super) struct RecordAll(pub(super) Box<dyn ShouldSample>);

impl ShouldSample for RecordAll {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let mut result = self.0.should_sample(parent, trace, name, kind, attributes, links);
        if result.decision == SamplingDecision::Drop {
            result.decision = SamplingDecision::RecordOnly;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_matching_rule_applies() {
        let rules = [("/health", 0.0), ("/api/pay", 1.0), ("/api/*", 0.0)];
        let rules = rules.map(|(route, rate)| SamplingRule::new(route, rate));
        let routes = Routes::new(&rules, Box::new(Sampler::AlwaysOn));
        for (key, path, is_sampled) in [
            ("url.path", "/health", false),
            ("url.path", "/healthy", true),
            ("url.path", "/api/pay", true),
            ("http.route", "/api/{id}", false),
            ("other", "/health", true),
        ] {
            let attributes = [KeyValue::new(key, path)];
            let result =
                routes.should_sample(None, TraceId::from(1), "GET", &SpanKind::Server, &attributes, &[]);
            assert_eq!(
                result.decision == SamplingDecision::RecordAndSample,
                is_sampled,
                "{key} {path}"
            );
        }
    }
}
