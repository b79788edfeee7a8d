//! Samplers.

use super::Reader;
use super::node::Node;
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
            "trace_id_ratio_based" => {
                let ratio = section.take_set("ratio");
                let ratio = ratio.map_or(Ok(1.0), |ratio| ratio.number(0.0..=1.0, &self.report))?;
                SamplerTree::Ratio(ratio)
            }
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
            _ => return Err(node.refused(&self.report, SAMPLERS)),
        };
        section.finish(&mut self.report);
        Ok(sampler)
    }
}

const SAMPLERS: &str =
    r#""always_on", "always_off", "trace_id_ratio_based", "parent_based" or "always_record""#;
