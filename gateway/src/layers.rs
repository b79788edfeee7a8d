//! The settings of the layers that observe model calls, from the configuration.

use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use throughline::llm::{Capture, Content, Prices, Role};
use throughline::{DrainLayer, LlmLayer};
use tokio::runtime::Handle;

use crate::api::Api;
use crate::config::{self, Config, ConfigError, Environment};
use crate::upstream::StackSettings;

/// The layers of a configuration, and the prices that budgets of cost need too.
#[derive(Debug)]
pub(crate) struct Layers {
    pub(crate) settings: StackSettings,
    pub(crate) prices: Prices,
}

/// Reads the files and compiles the expressions that the section `llm` names.
pub(crate) fn build(config: &Config, environment: &Environment) -> Result<Layers, ConfigError> {
    let settings = &config.llm;
    let mut llm = LlmLayer::new().with_openinference(settings.openinference);
    if let Some(content) = settings.content {
        llm = llm.with_capture(match content {
            config::Content::None => Capture::NoContent,
            config::Content::Span => Capture::SpanOnly,
        });
    }
    if let Some(role) = settings.role {
        llm = llm.with_role(match role {
            config::Role::Client => Role::Client,
            config::Role::Proxy => Role::Proxy,
        });
    }
    if !settings.redact.is_empty() {
        let patterns = patterns(&settings.redact)?;
        llm = llm.with_redaction(move |content| redact(content, &patterns));
    }
    let prices = match &settings.prices {
        None => Prices::new(),
        Some(path) => {
            Prices::from_file(path).map_err(|error| ConfigError::new("llm.prices", error.to_string()))?
        }
    };
    if !prices.is_empty() {
        llm = llm.with_prices(prices.clone());
    }
    let drain = settings
        .drain
        .then(|| DrainLayer::new(Handle::current()).with_time_limit(DRAIN_TIME));
    let include_usage = match settings.include_usage {
        true => Some(hosts(config, environment)?),
        false => None,
    };
    Ok(Layers {
        settings: StackSettings {
            llm,
            drain,
            include_usage,
        },
        prices,
    })
}

/// The hosts of the configured providers with OpenAI's API. A user who turns the option on says that they
/// accept it.
fn hosts(config: &Config, environment: &Environment) -> Result<Vec<String>, ConfigError> {
    let providers = config.providers.iter().enumerate();
    providers
        .filter(|(_, provider)| provider.api == Api::OpenAi)
        .map(|(index, provider)| Ok(provider.upstream(index, environment)?.host().to_owned()))
        .collect()
}

fn patterns(expressions: &[String]) -> Result<Vec<Regex>, ConfigError> {
    let compile = |(index, text): (usize, &String)| {
        Regex::new(text).map_err(|error| {
            ConfigError::new(
                format!("llm.redact[{index}]"),
                format!("is not a regular expression: {}", last_line(&error.to_string())),
            )
        })
    };
    expressions.iter().enumerate().map(compile).collect()
}

/// Returns what is wrong with an expression. The lines before repeat it, with a mark at the place.
fn last_line(message: &str) -> &str {
    let line = message.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line)
}

fn redact(content: &mut Content, patterns: &[Regex]) {
    let parts = [
        &mut content.system_instructions,
        &mut content.input,
        &mut content.output,
        &mut content.tools,
    ];
    for value in parts.into_iter().flatten() {
        redact_value(value, patterns);
    }
}

fn redact_value(value: &mut Value, patterns: &[Regex]) {
    match value {
        Value::String(text) => {
            for pattern in patterns {
                if pattern.is_match(text) {
                    *text = pattern.replace_all(text, "[REDACTED]").into_owned();
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| redact_value(value, patterns)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|value| redact_value(value, patterns)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The longest time that the rest of an answer is read after its client left.
const DRAIN_TIME: Duration = Duration::from_secs(30);
