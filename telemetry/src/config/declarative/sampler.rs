//! Samplers.

use opentelemetry::trace::SpanKind;

use super::Reader;
use super::node::{Node, Section};
use super::report::Report;
use crate::config::composable::{
    AttributePatterns, AttributeValues, ComposableSampler, SpanParent, SpanRule,
};
use crate::config::sampling::{ParentSamplers, SamplerTree};
use crate::error::InitError;

impl Reader {
    pub(super) fn sampler(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        let tree = self.sampler_tree(node)?;
        // A sampler that our own settings can express leaves them to code.
        let (parent_based, simple) = match &tree {
            SamplerTree::ParentBased(parents) if parents.is_default() => (true, &parents.root),
            tree => (false, tree),
        };
        match simple.rate() {
            Some(rate) => (self.config.parent_based, self.config.sampling_rate) = (parent_based, rate),
            None => self.config.sdk.sampler = Some(tree),
        }
        Ok(())
    }

    fn sampler_tree(&mut self, node: &Node<'_>) -> Result<SamplerTree, InitError> {
        let (kind, settings) = node.component(&self.report)?;
        let mut section = settings.section(&self.report)?;
        let sampler = match kind {
            "always_on" => SamplerTree::AlwaysOn,
            "always_off" => SamplerTree::AlwaysOff,
            "trace_id_ratio_based" => SamplerTree::Ratio(ratio(&mut section, &self.report)?),
            "always_record" => {
                let root = section.require("root", &self.report)?;
                SamplerTree::AlwaysRecord(Box::new(self.sampler_tree(&root)?))
            }
            "parent_based" => {
                let mut parents = ParentSamplers::default();
                for (key, sampler) in [
                    ("root", &mut parents.root),
                    ("remote_parent_sampled", &mut parents.remote_sampled),
                    ("remote_parent_not_sampled", &mut parents.remote_not_sampled),
                    ("local_parent_sampled", &mut parents.local_sampled),
                    ("local_parent_not_sampled", &mut parents.local_not_sampled),
                ] {
                    if let Some(node) = section.take_set(key) {
                        *sampler = self.sampler_tree(&node)?;
                    }
                }
                SamplerTree::ParentBased(Box::new(parents))
            }
            "probability/development" => {
                SamplerTree::Composite(ComposableSampler::Probability(ratio(&mut section, &self.report)?))
            }
            "composite/development" => return Ok(SamplerTree::Composite(self.composable(&settings)?)),
            _ => return Err(node.refused(&self.report, SAMPLERS)),
        };
        section.finish(&mut self.report);
        Ok(sampler)
    }

    fn composable(&mut self, node: &Node<'_>) -> Result<ComposableSampler, InitError> {
        let (kind, settings) = node.component(&self.report)?;
        let mut section = settings.section(&self.report)?;
        let sampler = match kind {
            "always_on" => ComposableSampler::AlwaysOn,
            "always_off" => ComposableSampler::AlwaysOff,
            "probability" => ComposableSampler::Probability(ratio(&mut section, &self.report)?),
            "parent_threshold" => {
                let root = section.require("root", &self.report)?;
                ComposableSampler::ParentThreshold(Box::new(self.composable(&root)?))
            }
            "rule_based" => {
                let rules = section.take_set("rules");
                let rules = rules.map_or(Ok(Vec::new()), |rules| rules.items(&self.report))?;
                let rules = rules.iter().map(|rule| self.rule(rule));
                ComposableSampler::RuleBased(rules.collect::<Result<_, _>>()?)
            }
            _ => return Err(node.refused(&self.report, COMPOSABLE_SAMPLERS)),
        };
        section.finish(&mut self.report);
        Ok(sampler)
    }

    fn rule(&mut self, node: &Node<'_>) -> Result<SpanRule, InitError> {
        let mut section = node.section(&self.report)?;
        let mut rule = SpanRule {
            values: None,
            patterns: None,
            kinds: None,
            parents: None,
            sampler: self.composable(&section.require("sampler", &self.report)?)?,
        };
        if let Some(values) = section.take_set("attribute_values") {
            let mut section = values.section(&self.report)?;
            rule.values = Some(AttributeValues {
                key: required_text(&mut section, "key", &self.report)?,
                values: section.require("values", &self.report)?.strings(&self.report)?,
            });
            section.finish(&mut self.report);
        }
        if let Some(patterns) = section.take_set("attribute_patterns") {
            let mut section = patterns.section(&self.report)?;
            let key = required_text(&mut section, "key", &self.report)?;
            let mut list = |key| {
                let list: Option<Node<'_>> = section.take_set(key);
                list.map(|list| list.strings(&self.report)).transpose()
            };
            rule.patterns = Some(AttributePatterns {
                key,
                included: list("included")?,
                excluded: list("excluded")?.unwrap_or_default(),
            });
            section.finish(&mut self.report);
        }
        if let Some(kinds) = section.take_set("span_kinds") {
            rule.kinds = Some(kinds.choices(SPAN_KINDS, &self.report)?);
        }
        if let Some(parents) = section.take_set("parent") {
            rule.parents = Some(parents.choices(SPAN_PARENTS, &self.report)?);
        }
        section.finish(&mut self.report);
        Ok(rule)
    }
}

/// The share of traces that a sampler samples, by default all.
fn ratio(section: &mut Section<'_>, report: &Report) -> Result<f64, InitError> {
    let ratio = section.take_set("ratio");
    ratio.map_or(Ok(1.0), |ratio| ratio.number(0.0..=1.0, report))
}

fn required_text(section: &mut Section<'_>, key: &'static str, report: &Report) -> Result<String, InitError> {
    Ok(section.require(key, report)?.text(report)?.to_owned())
}

const SAMPLERS: &str = r#""always_on", "always_off", "trace_id_ratio_based", "parent_based", "always_record", "probability/development" or "composite/development""#;
const COMPOSABLE_SAMPLERS: &str =
    r#""always_on", "always_off", "probability", "parent_threshold" or "rule_based""#;

const SPAN_KINDS: &[(&str, SpanKind)] = &[
    ("internal", SpanKind::Internal),
    ("server", SpanKind::Server),
    ("client", SpanKind::Client),
    ("producer", SpanKind::Producer),
    ("consumer", SpanKind::Consumer),
];

const SPAN_PARENTS: &[(&str, SpanParent)] = &[
    ("none", SpanParent::None),
    ("remote", SpanParent::Remote),
    ("local", SpanParent::Local),
];
