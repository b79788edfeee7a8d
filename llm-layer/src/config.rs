//! The settings of a layer.

use throughline_agents::Convention;
use throughline_llm_wire::{RequestReader, Rule};
use throughline_tokens::{SharedCounter, TargetModel, Tokenizer};
use throughline_tracing_layer::limits::Claim;

use crate::content::{Capture, Limits, Redact};
use crate::events::Events;
use crate::prices::{CostHook, Prices};
use crate::role::Role;
use crate::taskweaver::{self, PromptSizeMode};

/// The settings of an [`LlmLayer`](crate::LlmLayer). Its setters document the fields and their defaults.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) request_limit: usize,
    pub(crate) convention: Convention,
    pub(crate) role: Option<Role>,
    pub(crate) estimates_in_metrics: bool,
    pub(crate) rate_limits: bool,
    pub(crate) max_models: usize,
    pub(crate) rules: Vec<Rule>,
    pub(crate) prices: Prices,
    pub(crate) cost_hook: Option<CostHook>,
    pub(crate) capture: Capture,
    pub(crate) redact: Option<Redact>,
    pub(crate) limits: Limits,
    pub(crate) openinference: bool,
    pub(crate) legacy: bool,
    pub(crate) names_from_baggage: bool,
    pub(crate) prompt_size: PromptSizeMode,
    pub(crate) target_model: Option<TargetModel>,
    pub(crate) counters: Vec<SharedCounter>,
    pub(crate) events: Option<Events>,
}

impl Config {
    /// Returns the claim of a model to its own label value once the metrics have seen many models:
    /// whether the user has named it, or a model that it is a version of.
    pub(crate) fn claim(&self, model: &str) -> Claim {
        if self.prices.names(model) || self.rules.iter().any(|rule| rule.names(model)) {
            Claim::Named
        } else if self.prices.has(model) || self.rules.iter().any(|rule| rule.includes(model)) {
            Claim::Related
        } else {
            Claim::Unknown
        }
    }

    /// Returns the tokenizer of [`PromptSizeMode::TaskWeaver`].
    pub(crate) fn taskweaver(&self) -> Tokenizer {
        taskweaver::tokenizer(self.target().as_ref(), &self.counters)
    }

    /// Returns the target model of the layer, or that of the process.
    pub(crate) fn target(&self) -> Option<TargetModel> {
        self.target_model.clone().or_else(TargetModel::process_default)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            request_limit: RequestReader::DEFAULT_LIMIT,
            convention: Convention::from_env(),
            role: None,
            estimates_in_metrics: false,
            rate_limits: false,
            max_models: MAX_MODELS,
            rules: Vec::new(),
            prices: Prices::default(),
            cost_hook: None,
            capture: Capture::from_env(),
            redact: None,
            limits: Limits::default(),
            openinference: false,
            legacy: false,
            names_from_baggage: false,
            prompt_size: PromptSizeMode::default(),
            target_model: None,
            counters: Vec::new(),
            events: None,
        }
    }
}

/// The default number of distinct models in the metrics, in addition to the configured ones.
const MAX_MODELS: usize = 100;
