//! Translates files in the format of Arch and Plano.
//!
//! A file is in that format if it has `version`, `llm_providers` or `model_providers`. What has no
//! counterpart is an error that says what to write, never ignored.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::ConfigError;

/// Returns whether a file is in the format of Arch.
pub(super) fn is_archs(file: &Value) -> bool {
    ARCH_KEYS.iter().any(|key| file.get(key).is_some())
}

/// Returns a file of Arch in the format of the gateway. Other files are returned as they are.
pub(super) fn translate(value: Value) -> Result<Value, ConfigError> {
    let mut file = match value {
        Value::Object(file) if is_archs(&value) => file,
        value => return Ok(value),
    };
    file.remove("version");
    let mut translated = Map::new();
    let tracing = tracing(file.remove("tracing"), "tracing")?;
    let (listeners, listed_providers) = listeners(file.remove("listeners"), tracing)?;
    translated.insert("listeners".to_owned(), Value::Array(listeners));
    let mut models = Models::default();
    models.aliases(file.remove("model_aliases"))?;
    for key in ["llm_providers", "model_providers"] {
        models.providers(key, file.remove(key))?;
    }
    for (place, providers) in listed_providers {
        models.providers(&place, Some(providers))?;
    }
    models.finish(&mut translated)?;
    for (key, value) in file {
        match COUNTERPARTS.iter().find(|(name, _)| *name == key) {
            Some((_, advice)) => return Err(ConfigError::new(key, *advice)),
            // The gateway's own keys may be added. Its models follow those of the listed providers.
            None if GATEWAY_KEYS.contains(&&*key) => match (translated.get_mut(&key), value) {
                (Some(Value::Array(models)), Value::Array(added)) => models.extend(added),
                (_, value) => {
                    translated.insert(key, value);
                }
            },
            None => {
                return Err(ConfigError::new(
                    key,
                    "is not a key of Arch that the gateway knows; expected version, listeners, llm_providers, \
                     model_providers, model_aliases or tracing",
                ));
            }
        }
    }
    Ok(Value::Object(translated))
}

const ARCH_KEYS: [&str; 3] = ["version", "llm_providers", "model_providers"];
const GATEWAY_KEYS: [&str; 10] = [
    "callers",
    "retries",
    "circuit",
    "budgets",
    "store",
    "llm",
    "access_log",
    "shutdown_timeout",
    "telemetry",
    "models",
];

/// What Arch has and the gateway has not, or in another form.
const COUNTERPARTS: [(&str, &str); 13] = [
    (
        "ratelimits",
        "write budgets, such as: budgets: [{ name: per-team, by: { header: x-team }, models: [gpt-4o], tokens: 10000, per: \
         minute }]",
    ),
    (
        "prompt_targets",
        "the gateway calls no functions for a model; remove it, and handle tool calls in the program",
    ),
    ("prompt_guards", "the gateway changes no prompts; remove it"),
    ("routing_preferences", ROUTING_PREFERENCES),
    (
        "routing",
        "the gateway does not choose models by the prompt; remove it",
    ),
    (
        "endpoints",
        "the gateway forwards to model providers only; remove it",
    ),
    ("overrides", "has no counterpart; remove it"),
    (
        "prompt_caching",
        "has no counterpart; the caches of the providers work unchanged; remove it",
    ),
    ("agents", "the gateway does not run agents; remove it"),
    ("filters", "the gateway calls no filters; remove it"),
    (
        "system_prompt",
        "the gateway changes no prompts; remove it, and send the system prompt from the program",
    ),
    (
        "state_storage",
        "the gateway stores no conversations; remove it, since the provider of a response stores it",
    ),
    (
        "listener",
        "expected listeners, such as: listeners: [{ address: 127.0.0.1, port: 12000 }]",
    ),
];

const ROUTING_PREFERENCES: &str = "the gateway does not choose models by the prompt; remove it, and name the model in each request or a choice by weight in \
     the section models";

fn tracing(value: Option<Value>, place: &str) -> Result<Value, ConfigError> {
    let Some(value) = value else {
        return Ok(json!({}));
    };
    let Value::Object(mut tracing) = value else {
        return Err(ConfigError::new(place, "expected { random_sampling: 0 to 100 }"));
    };
    let sampling = tracing.remove("random_sampling");
    let advice = match tracing.keys().next().map(String::as_str) {
        None => {
            return Ok(sampling.map_or_else(|| json!({}), |sampling| json!({"random_sampling": sampling})));
        }
        Some("opentracing_grpc_endpoint" | "exporters") => {
            "write telemetry: { tracing: { enabled: true, exporter: otlp, endpoint: URL } }, or set OTEL_EXPORTER_OTLP_ENDPOINT"
        }
        Some("sampling_rate") => "expected random_sampling, a percentage from 0 to 100",
        Some("trace_arch_internal") => "the gateway has no other parts to trace; remove it",
        Some("span_attributes") => "has no counterpart; use OTEL_RESOURCE_ATTRIBUTES for static attributes",
        Some(_) => "expected random_sampling only",
    };
    let key = tracing.keys().next().cloned().unwrap_or_default();
    Err(ConfigError::new(format!("{place}.{key}"), advice))
}

type Listed = Vec<(String, Value)>;

fn listeners(value: Option<Value>, tracing_of_all: Value) -> Result<(Vec<Value>, Listed), ConfigError> {
    let mut listed = Vec::new();
    let listeners = match value {
        None => return Ok((vec![json!({"tracing": tracing_of_all})], listed)),
        Some(Value::Array(list)) => list
            .into_iter()
            .enumerate()
            .map(|(index, listener)| (format!("listeners[{index}]"), listener, 12_000))
            .collect(),
        Some(Value::Object(map)) => legacy_listeners(map)?,
        Some(_) => return Err(ConfigError::new("listeners", "expected a list of listeners")),
    };
    let mut translated = Vec::new();
    for (place, listener, default_port) in listeners {
        let Value::Object(mut listener) = listener else {
            return Err(ConfigError::new(
                place,
                "expected a listener with address and port",
            ));
        };
        let kind = listener.remove("type");
        match kind.as_ref().map(|kind| kind.as_str().unwrap_or_default()) {
            None | Some("model" | "model_listener") => {}
            Some(_) => {
                return Err(ConfigError::new(
                    format!("{place}.type"),
                    "the gateway serves listeners of type model; remove the others",
                ));
            }
        }
        if listener
            .remove("message_format")
            .is_some_and(|format| format != "openai")
        {
            return Err(ConfigError::new(
                format!("{place}.message_format"),
                "expected openai",
            ));
        }
        for key in ["model_providers", "llm_providers"] {
            if let Some(providers) = listener.remove(key) {
                listed.push((format!("{place}.{key}"), providers));
            }
        }
        let address = listener.remove("address").unwrap_or_else(|| json!("127.0.0.1"));
        let address = address
            .as_str()
            .ok_or_else(|| {
                ConfigError::new(
                    format!("{place}.address"),
                    "expected an address such as 127.0.0.1",
                )
            })?
            .to_owned();
        let port = match (listener.remove("port"), address.parse::<std::net::SocketAddr>()) {
            (None, Ok(_)) => None,
            (None, Err(_)) => Some(default_port),
            (Some(port), _) => Some(
                port.as_u64()
                    .filter(|port| *port <= u64::from(u16::MAX))
                    .ok_or_else(|| {
                        ConfigError::new(format!("{place}.port"), "expected a port from 0 to 65535")
                    })?,
            ),
        };
        let address = match port {
            None => address,
            Some(port) if address.contains(':') && !address.starts_with('[') => format!("[{address}]:{port}"),
            Some(port) => format!("{address}:{port}"),
        };
        let tracing = match listener.remove("tracing") {
            None => tracing_of_all.clone(),
            own => tracing(own, &format!("{place}.tracing"))?,
        };
        let mut own = Map::new();
        own.insert("address".to_owned(), address.into());
        own.insert("tracing".to_owned(), tracing);
        if let Some(timeout) = listener.remove("timeout") {
            own.insert("timeouts".to_owned(), json!({"first_byte": timeout}));
        }
        if let Some(retries) = listener.get("max_retries") {
            let attempts = retries.as_u64().map_or(2, |retries| retries.saturating_add(1));
            return Err(ConfigError::new(
                format!("{place}.max_retries"),
                format!(
                    "write retries: {{ attempts: {attempts} }} at the top level, which includes the first attempt"
                ),
            ));
        }
        for key in ["agents", "router", "input_filters", "output_filters"] {
            if listener.contains_key(key) {
                return Err(ConfigError::new(
                    format!("{place}.{key}"),
                    "has no counterpart; remove it",
                ));
            }
        }
        // The gateway's own keys may be added. Unknown ones are refused later.
        own.extend(listener);
        translated.push(Value::Object(own));
    }
    Ok((translated, listed))
}

/// The listeners of Arch before version 0.4, as a map of two.
fn legacy_listeners(map: Map<String, Value>) -> Result<Vec<(String, Value, u64)>, ConfigError> {
    let mut listeners = Vec::new();
    for (name, listener) in map {
        let place = format!("listeners.{name}");
        match &*name {
            "egress_traffic" => listeners.push((place, listener, 12_000)),
            "ingress_traffic" => {
                return Err(ConfigError::new(
                    place,
                    "the gateway serves egress_traffic, requests to models; remove ingress_traffic",
                ));
            }
            _ => {
                return Err(ConfigError::new(
                    place,
                    "expected egress_traffic, or a list of listeners",
                ));
            }
        }
    }
    Ok(listeners)
}

/// The providers and models of a file, as they are found.
#[derive(Default)]
struct Models {
    providers: Vec<Value>,
    names: BTreeSet<String>,
    models: Vec<Value>,
    /// Alias and target.
    aliases: Vec<(String, String)>,
}

impl Models {
    fn aliases(&mut self, value: Option<Value>) -> Result<(), ConfigError> {
        let Some(value) = value else { return Ok(()) };
        let Value::Object(aliases) = value else {
            return Err(ConfigError::new(
                "model_aliases",
                "expected ALIAS: { target: MODEL }",
            ));
        };
        for (alias, value) in aliases {
            let target = value.get("target").and_then(Value::as_str);
            let target = target.ok_or_else(|| {
                ConfigError::new(format!("model_aliases.{alias}"), "expected { target: MODEL }")
            })?;
            self.aliases.push((alias, target.to_owned()));
        }
        Ok(())
    }

    fn providers(&mut self, key: &str, value: Option<Value>) -> Result<(), ConfigError> {
        let Some(value) = value else { return Ok(()) };
        let Value::Array(providers) = value else {
            return Err(ConfigError::new(key, "expected a list of providers"));
        };
        for (index, provider) in providers.into_iter().enumerate() {
            self.provider(&format!("{key}[{index}]"), provider)?;
        }
        Ok(())
    }

    fn provider(&mut self, place: &str, provider: Value) -> Result<(), ConfigError> {
        let Value::Object(mut provider) = provider else {
            return Err(ConfigError::new(
                place,
                "expected a provider with model and access_key",
            ));
        };
        let text = |value: Value, key: &str| match value {
            Value::String(text) => Ok(text),
            _ => Err(ConfigError::new(format!("{place}.{key}"), "expected a text")),
        };
        let model = provider
            .remove("model")
            .ok_or_else(|| ConfigError::new(place, "expected model, such as openai/gpt-4o"))?;
        let model = text(model, "model")?;
        // Before the name of the provider became a prefix of the model, it had a key of its own.
        let interface = ["provider_interface", "provider"]
            .into_iter()
            .find_map(|key| provider.remove(key).map(|value| text(value, key)));
        let interface = interface.transpose()?;
        let model = match (model.contains('/'), &interface) {
            (false, Some(interface)) => format!("{interface}/{model}"),
            _ => model,
        };
        let (prefix, upstream_model) = model.split_once('/').ok_or_else(|| {
            ConfigError::new(
                format!("{place}.model"),
                format!("expected PROVIDER/MODEL, such as openai/{model} or openai/*"),
            )
        })?;
        let interface = interface.as_deref().unwrap_or(prefix);
        let preset = PROVIDERS.iter().find(|(name, ..)| *name == interface);
        let base_url = provider
            .remove("base_url")
            .map(|value| text(value, "base_url"))
            .transpose()?;
        let (api, url) = match (preset, base_url) {
            (Some((_, api, _)), Some(url)) => (*api, with_base_path(interface, url)),
            (Some((_, api, url)), None) if !url.is_empty() => (*api, (*url).to_owned()),
            (Some(_), None) => {
                return Err(ConfigError::new(
                    format!("{place}.base_url"),
                    format!("expected the URL of the server, which {interface} does not imply"),
                ));
            }
            (None, _) => {
                let names: Vec<&str> = PROVIDERS.iter().map(|(name, ..)| *name).collect();
                return Err(ConfigError::new(
                    format!("{place}.model"),
                    format!(
                        "expected a provider of {}; for another one with the API of OpenAI, set base_url and \
                         provider_interface: openai",
                        names.join(", ")
                    ),
                ));
            }
        };
        let name = provider
            .remove("name")
            .map(|value| text(value, "name"))
            .transpose()?;
        let name = self.unique(name.unwrap_or_else(|| model.clone()));
        let mut own = Map::new();
        own.insert("name".to_owned(), name.clone().into());
        own.insert("api".to_owned(), api.into());
        own.insert("base_url".to_owned(), url.into());
        let key = provider.remove("access_key");
        let passes = provider.remove("passthrough_auth") == Some(Value::Bool(true));
        if let Some(key) = key.filter(|_| !passes) {
            own.insert("key".to_owned(), key);
        }
        for key in ["headers", "default"] {
            if let Some(value) = provider.remove(key) {
                own.insert(key.to_owned(), value);
            }
        }
        if let Some(key) = provider.keys().next() {
            let place = format!("{place}.{key}");
            if key == "routing_preferences" {
                return Err(ConfigError::new(place, ROUTING_PREFERENCES));
            }
            return Err(ConfigError::new(
                place,
                "has no counterpart; expected model, name, access_key, base_url, provider_interface, headers, default or \
                 passthrough_auth",
            ));
        }
        self.providers.push(Value::Object(own));
        // A client may name a model with or without its provider.
        let target = if upstream_model == "*" {
            json!("*")
        } else {
            json!(upstream_model)
        };
        self.models
            .push(json!({"name": model, "provider": name, "model": target}));
        if upstream_model != "*" && self.names.insert(format!("model {upstream_model}")) {
            self.models
                .push(json!({"name": upstream_model, "provider": name}));
        }
        Ok(())
    }

    fn unique(&mut self, name: String) -> String {
        let mut unique = name.clone();
        let mut number = 2;
        while !self.names.insert(format!("provider {unique}")) {
            unique = format!("{name}-{number}");
            number += 1;
        }
        unique
    }

    fn finish(mut self, file: &mut Map<String, Value>) -> Result<(), ConfigError> {
        for (alias, target) in std::mem::take(&mut self.aliases) {
            let bare = target.split_once('/').map_or(&*target, |(_, model)| model);
            let position = |name: &str| self.models.iter().position(|model| model["name"] == name);
            let index = [&*target, bare].into_iter().find_map(position).ok_or_else(|| {
                ConfigError::new(
                    format!("model_aliases.{alias}.target"),
                    format!("no provider has the model {target}"),
                )
            })?;
            if let Some(Value::Object(model)) = self.models.get_mut(index) {
                let aliases = model.entry("aliases").or_insert_with(|| json!([]));
                if let Value::Array(aliases) = aliases {
                    aliases.push(alias.into());
                }
            }
        }
        file.insert("providers".to_owned(), Value::Array(self.providers));
        file.insert("models".to_owned(), Value::Array(self.models));
        Ok(())
    }
}

/// Returns the base URL of a provider. Arch adds paths of its own to the address of an Azure resource.
fn with_base_path(interface: &str, url: String) -> String {
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    match interface == "azure_openai" && path.is_none_or(|(_, path)| path.is_empty()) {
        true => format!("{}/openai/v1", url.trim_end_matches('/')),
        false => url,
    }
}

/// The providers of Arch: name, API, base URL. Where the URL depends on the user, it is empty.
const PROVIDERS: [(&str, &str, &str); 14] = [
    ("openai", "openai", "https://api.openai.com/v1"),
    ("anthropic", "anthropic", "https://api.anthropic.com"),
    (
        "gemini",
        "openai",
        "https://generativelanguage.googleapis.com/v1beta/openai",
    ),
    ("mistral", "openai", "https://api.mistral.ai/v1"),
    ("groq", "openai", "https://api.groq.com/openai/v1"),
    ("deepseek", "openai", "https://api.deepseek.com"),
    ("xai", "openai", "https://api.x.ai/v1"),
    ("together_ai", "openai", "https://api.together.xyz/v1"),
    ("moonshotai", "openai", "https://api.moonshot.ai/v1"),
    (
        "qwen",
        "openai",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
    ),
    ("zhipu", "openai", "https://open.bigmodel.cn/api/paas/v4"),
    ("azure_openai", "openai", ""),
    ("ollama", "openai", ""),
    ("arch", "openai", ""),
];
