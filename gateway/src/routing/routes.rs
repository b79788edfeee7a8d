//! The table of models: which providers serve a request, in which order.

use std::collections::HashMap;
use std::sync::Arc;

use super::circuit::CircuitSettings;
use super::provider::Provider;
use crate::api::Api;
use crate::config::{self, Config, ConfigError, Environment};

/// The providers and the models that they serve.
#[derive(Debug)]
pub(crate) struct Routes {
    providers: Vec<Arc<Provider>>,
    exact: HashMap<String, (Arc<Model>, IsAlias)>,
    /// Models whose name ends in `*`, by what stands before it, the longest first.
    patterns: Vec<(String, Arc<Model>)>,
}

/// Whether a name is an alias, which the provider does not know.
type IsAlias = bool;

#[derive(Debug)]
struct Model {
    name: String,
    targets: Vec<(Target, u32)>,
    fallbacks: Vec<Target>,
}

/// A provider and its name of the model. `None`: the name that the client sent.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) provider: Arc<Provider>,
    pub(crate) model: Option<String>,
}

/// The providers that serve a request, in the order in which they are tried.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) first: Target,
    pub(crate) fallbacks: Vec<Target>,
}

/// The model of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RequestedModel<'a> {
    /// The request names this model.
    Named(&'a str),
    /// The request names none, as for a list of files.
    None,
}

/// Why there is no route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RouteError {
    UnknownModel,
    /// The model is served by a provider with another API.
    OtherApi(Api),
    /// No provider has the API.
    NoProvider,
}

impl Routes {
    pub(crate) fn new(config: &Config, environment: &Environment) -> Result<Self, ConfigError> {
        let circuit = CircuitSettings {
            failures: config.circuit.failures,
            open_for: config.circuit.open_for.duration(),
        };
        let mut providers = Vec::with_capacity(config.providers.len());
        for (index, provider) in config.providers.iter().enumerate() {
            providers.push((
                provider,
                Arc::new(Provider::new(provider, index, circuit, environment)?),
            ));
        }
        // The default provider of an API stands before the others.
        providers.sort_by_key(|(provider, _)| !provider.default);
        let providers: Vec<_> = providers.into_iter().map(|(_, provider)| provider).collect();
        let mut routes = Self {
            providers,
            exact: HashMap::new(),
            patterns: Vec::new(),
        };
        for (index, model) in config.models.iter().enumerate() {
            routes.add(model, index)?;
        }
        routes
            .patterns
            .sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Ok(routes)
    }

    fn add(&mut self, config: &config::Model, index: usize) -> Result<(), ConfigError> {
        let target = |target: &config::Target| {
            let provider = self
                .providers
                .iter()
                .find(|provider| provider.name == target.provider);
            let provider = provider.cloned().ok_or_else(|| {
                ConfigError::new(
                    format!("models[{index}]"),
                    format!("no provider is named {}", target.provider),
                )
            })?;
            Ok(Target {
                provider,
                model: target.model.clone(),
            })
        };
        let targets: Result<Vec<_>, ConfigError> = config
            .targets
            .iter()
            .map(|entry| Ok((target(entry)?, entry.weight)))
            .collect();
        let fallbacks: Result<Vec<_>, ConfigError> = config.fallbacks.iter().map(target).collect();
        let model = Arc::new(Model {
            name: config.name.clone(),
            targets: targets?,
            fallbacks: fallbacks?,
        });
        match config.name.strip_suffix('*') {
            Some(prefix) => self.patterns.push((prefix.to_owned(), model.clone())),
            None => {
                self.exact.insert(config.name.clone(), (model.clone(), false));
            }
        }
        for alias in &config.aliases {
            self.exact.insert(alias.clone(), (model.clone(), true));
        }
        Ok(())
    }

    /// Returns whether routes depend on the model, so that it must be read from the body.
    pub(crate) fn need_model(&self) -> bool {
        !self.exact.is_empty() || !self.patterns.is_empty()
    }

    /// Returns the route of a request.
    pub(crate) fn find(&self, api: Api, model: RequestedModel<'_>) -> Result<Route, RouteError> {
        let RequestedModel::Named(name) = model else {
            return self.default(api);
        };
        if !self.need_model() {
            return self.default(api);
        }
        let (model, matched, is_alias) = self.model(name).ok_or(RouteError::UnknownModel)?;
        let mut route = model.route(matched, is_alias).ok_or(RouteError::UnknownModel)?;
        if route.first.provider.api != api {
            return Err(RouteError::OtherApi(route.first.provider.api));
        }
        // A provider whose circuit is open is tried last.
        if !route.first.provider.is_available() {
            let other = route
                .fallbacks
                .iter()
                .position(|target| target.provider.is_available());
            if let Some(other) = other.map(|other| route.fallbacks.remove(other)) {
                let first = std::mem::replace(&mut route.first, other);
                route.fallbacks.push(first);
            }
        }
        Ok(route)
    }

    fn default(&self, api: Api) -> Result<Route, RouteError> {
        let provider = self.providers.iter().find(|provider| provider.api == api);
        let first = Target {
            provider: provider.cloned().ok_or(RouteError::NoProvider)?,
            model: None,
        };
        Ok(Route {
            first,
            fallbacks: Vec::new(),
        })
    }

    /// Returns the model of a name, what its `*` matched, and whether the name is an alias.
    fn model<'a>(&self, name: &'a str) -> Option<(&Model, &'a str, IsAlias)> {
        if let Some((model, is_alias)) = self.exact.get(name) {
            return Some((model, "", *is_alias));
        }
        self.patterns
            .iter()
            .find_map(|(prefix, model)| Some((&**model, name.strip_prefix(&**prefix)?, false)))
    }
}

impl Model {
    /// Chooses one target by weight. The fallbacks follow it.
    fn route(&self, matched: &str, is_alias: IsAlias) -> Option<Route> {
        let total: u64 = self.targets.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut point = match total {
            0 | 1 => 0,
            total => fastrand::u64(..total),
        };
        let mut chosen = None;
        for (target, weight) in &self.targets {
            let weight = u64::from(*weight);
            if point < weight {
                chosen = Some(target);
                break;
            }
            point -= weight;
        }
        let resolve = |target: &Target| Target {
            provider: target.provider.clone(),
            model: match target.model.as_deref() {
                Some("*") => Some(matched.to_owned()),
                Some(model) => Some(model.to_owned()),
                None if is_alias => Some(self.name.clone()),
                None => None,
            },
        };
        Some(Route {
            first: resolve(chosen?),
            fallbacks: self.fallbacks.iter().map(resolve).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(yaml: &str) -> Routes {
        let config = Config::from_yaml(yaml).expect("a configuration");
        Routes::new(&config, &Environment::from_iter([("K", "k")])).expect("routes")
    }

    fn shown(result: Result<Route, RouteError>) -> String {
        let target = |target: &Target| {
            format!(
                "{}:{}",
                target.provider.name,
                target.model.as_deref().unwrap_or("-")
            )
        };
        match result {
            Ok(route) => std::iter::once(&route.first)
                .chain(&route.fallbacks)
                .map(target)
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => format!("{error:?}"),
        }
    }

    const YAML: &str = "
        providers:
          - { name: a, api: openai, base_url: http://a, key: $K }
          - { name: b, api: openai, base_url: http://b, key: $K, default: true }
          - { name: c, api: anthropic, base_url: http://c, key: $K }
        models:
          - { name: gpt-4o, provider: a, fallbacks: [b, { provider: b, model: other }] }
          - { name: big, aliases: [best], provider: b, model: gpt-5 }
          - { name: same, aliases: [like-same], provider: a }
          - { name: 'a/*', provider: a, model: '*' }
          - { name: 'a/x-*', provider: b }
          - { name: claude, provider: c }
    ";

    #[test]
    fn models_are_found_by_name_alias_and_pattern() {
        let routes = routes(YAML);
        for (api, name, expected) in [
            (Api::OpenAi, "gpt-4o", "a:- b:- b:other"),
            (Api::OpenAi, "big", "b:gpt-5"),
            (Api::OpenAi, "best", "b:gpt-5"),
            (Api::OpenAi, "same", "a:-"),
            (Api::OpenAi, "like-same", "a:same"),
            (Api::OpenAi, "a/m/n", "a:m/n"),
            (Api::OpenAi, "a/x-1", "b:-"),
            (Api::OpenAi, "nope", "UnknownModel"),
            (Api::OpenAi, "claude", "OtherApi(Anthropic)"),
            (Api::Anthropic, "claude", "c:-"),
        ] {
            assert_eq!(
                shown(routes.find(api, RequestedModel::Named(name))),
                expected,
                "{name}"
            );
        }
        let none = |api| shown(routes.find(api, RequestedModel::None));
        assert_eq!(none(Api::OpenAi), "b:-", "the default of the API");
        assert_eq!(none(Api::Gemini), "NoProvider", "no provider has the API");
    }

    #[test]
    fn weights_share_the_requests() {
        let routes = routes(
            "
            providers:
              - { name: a, api: openai, base_url: http://a, key: $K }
              - { name: b, api: openai, base_url: http://b, key: $K }
            models:
              - { name: m, targets: [{ provider: a, weight: 3 }, { provider: b }] }
            ",
        );
        let chosen = (0..4000)
            .filter(|_| shown(routes.find(Api::OpenAi, RequestedModel::Named("m"))) == "a:-")
            .count();
        assert!(
            (2850..3150).contains(&chosen),
            "about 3 of 4 go to a, not {chosen} of 4000"
        );
    }

    #[test]
    fn provider_with_an_open_circuit_is_tried_last() {
        let routes = routes(&format!(
            "circuit: {{ failures: 1 }}\n{}",
            YAML.replace("\n        ", "\n")
        ));
        let first = routes
            .providers
            .iter()
            .find(|provider| provider.name == "a")
            .expect("a");
        first.circuit.failed(std::time::Instant::now());
        let found = shown(routes.find(Api::OpenAi, RequestedModel::Named("gpt-4o")));
        assert_eq!(found, "b:- b:other a:-", "the first is last");
    }
}
