//! What a configuration must fulfil beyond its types.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use throughline_forward::Upstream;

use super::{Budget, BudgetBy, Config, ConfigError, Model, Provider, Target};
use crate::api::Api;

impl Config {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_listeners()?;
        let providers = self.check_providers()?;
        self.check_models(&providers)?;
        self.check_callers()?;
        self.check_budgets()
    }

    fn check_listeners(&self) -> Result<(), ConfigError> {
        if self.listeners.is_empty() {
            return Err(ConfigError::new("listeners", "expected at least one listener"));
        }
        let mut addresses = BTreeSet::new();
        for (index, listener) in self.listeners.iter().enumerate() {
            let place = |key: &str| format!("listeners[{index}].{key}");
            let address: SocketAddr = listener.address.parse().map_err(|_| {
                ConfigError::new(
                    place("address"),
                    "expected an IP address and a port, such as 127.0.0.1:12000 or [::]:12000",
                )
            })?;
            if address.port() != 0 && !addresses.insert(address) {
                return Err(ConfigError::new(
                    place("address"),
                    format!("{address} has a listener already"),
                ));
            }
        }
        Ok(())
    }

    fn check_providers(&self) -> Result<BTreeMap<&str, &Provider>, ConfigError> {
        if self.providers.is_empty() {
            return Err(ConfigError::new("providers", "expected at least one provider"));
        }
        let mut providers = BTreeMap::new();
        let mut defaults = BTreeSet::new();
        for (index, provider) in self.providers.iter().enumerate() {
            let place = |key: &str| format!("providers[{index}].{key}");
            if provider.name.is_empty() {
                return Err(ConfigError::new(place("name"), "expected a name"));
            }
            if providers.insert(&*provider.name, provider).is_some() {
                return Err(ConfigError::new(
                    place("name"),
                    format!("another provider is named {}", provider.name),
                ));
            }
            if super::environment::variable(&provider.base_url).is_none() {
                let upstream = provider.base_url.parse::<Upstream>();
                upstream.map_err(|error| ConfigError::new(place("base_url"), error.to_string()))?;
            }
            if provider.default && !defaults.insert(provider.api.as_str()) {
                return Err(ConfigError::new(
                    place("default"),
                    format!("another provider is the default of the API {}", provider.api),
                ));
            }
            for name in provider.headers.keys() {
                let parsed = name.parse::<http::HeaderName>();
                let is_reserved = RESERVED
                    .iter()
                    .any(|reserved| reserved.eq_ignore_ascii_case(name));
                if parsed.is_err() || is_reserved {
                    return Err(ConfigError::new(
                        place(&format!("headers.{name}")),
                        format!("expected the name of a header other than {}", RESERVED.join(", ")),
                    ));
                }
            }
        }
        Ok(providers)
    }

    fn check_models(&self, providers: &BTreeMap<&str, &Provider>) -> Result<(), ConfigError> {
        let mut names = BTreeSet::new();
        for (index, model) in self.models.iter().enumerate() {
            let place = |key: &str| format!("models[{index}].{key}");
            for name in std::iter::once(&model.name).chain(&model.aliases) {
                let stars = name.matches('*').count();
                let is_alias = name != &model.name;
                if name.is_empty() || stars > 1 || stars == 1 && (is_alias || !name.ends_with('*')) {
                    return Err(ConfigError::new(
                        place(if is_alias { "aliases" } else { "name" }),
                        "expected the name of a model; only a name may end in *",
                    ));
                }
                if !names.insert(&**name) {
                    return Err(ConfigError::new(
                        place("name"),
                        format!("another model is named {name}"),
                    ));
                }
            }
            check_targets(model, index, providers)?;
        }
        Ok(())
    }

    fn check_callers(&self) -> Result<(), ConfigError> {
        let mut names = BTreeSet::new();
        for (index, caller) in self.callers.iter().enumerate() {
            if caller.name.is_empty() || !names.insert(&*caller.name) {
                return Err(ConfigError::new(
                    format!("callers[{index}].name"),
                    "expected a unique name",
                ));
            }
        }
        let keyless = self.providers.iter().position(|provider| provider.key.is_none());
        match keyless.filter(|_| !self.callers.is_empty()) {
            Some(index) => Err(ConfigError::new(
                format!("providers[{index}].key"),
                "callers send keys of the gateway, which are not sent to a provider; expected a key for the provider",
            )),
            None => Ok(()),
        }
    }

    fn check_budgets(&self) -> Result<(), ConfigError> {
        let mut names = BTreeSet::new();
        for (index, budget) in self.budgets.iter().enumerate() {
            let place = |key: &str| format!("budgets[{index}].{key}");
            if budget.name.is_empty() || !names.insert(&*budget.name) {
                return Err(ConfigError::new(place("name"), "expected a unique name"));
            }
            self.check_budget(budget, &place)?;
        }
        Ok(())
    }

    fn check_budget(&self, budget: &Budget, place: &dyn Fn(&str) -> String) -> Result<(), ConfigError> {
        let Budget {
            tokens,
            cost,
            requests,
            ..
        } = budget;
        if tokens.is_none() && cost.is_none() && requests.is_none() {
            return Err(ConfigError::new(
                place("tokens"),
                "expected at least one of tokens, cost and requests",
            ));
        }
        if cost.is_some() && self.llm.prices.is_none() {
            return Err(ConfigError::new(
                place("cost"),
                "a budget of cost needs llm.prices, a file of prices",
            ));
        }
        match &budget.by {
            BudgetBy::Header(name) if name.parse::<http::HeaderName>().is_err() => Err(ConfigError::new(
                place("by.header"),
                "expected the name of a header",
            )),
            BudgetBy::Caller if self.callers.is_empty() => Err(ConfigError::new(
                place("by"),
                "a budget by caller needs callers; use by: key for keys of any kind",
            )),
            _ => Ok(()),
        }
    }
}

fn check_targets(
    model: &Model,
    index: usize,
    providers: &BTreeMap<&str, &Provider>,
) -> Result<(), ConfigError> {
    let place = |key: &str| format!("models[{index}].{key}");
    if model.targets.is_empty() {
        return Err(ConfigError::new(
            place("provider"),
            "expected provider or targets",
        ));
    }
    if model.targets.iter().all(|target| target.weight == 0) {
        return Err(ConfigError::new(
            place("targets"),
            "expected at least one weight above 0",
        ));
    }
    let lists = [("targets", &model.targets), ("fallbacks", &model.fallbacks)];
    let all = lists.into_iter().flat_map(|(key, targets)| {
        targets
            .iter()
            .enumerate()
            .map(move |(at, target)| (format!("{key}[{at}]"), target))
    });
    let mut api: Option<Api> = None;
    let mut names = BTreeSet::new();
    let mut keyless = None;
    for (key, target) in all {
        let Target {
            provider: name,
            model: upstream_model,
            ..
        } = target;
        let provider = providers.get(&**name).ok_or_else(|| {
            let names: Vec<&str> = providers.keys().copied().collect();
            ConfigError::new(
                place(&format!("{key}.provider")),
                format!(
                    "no provider is named {name}; expected one of {}",
                    names.join(", ")
                ),
            )
        })?;
        if *api.get_or_insert(provider.api) != provider.api {
            return Err(ConfigError::new(
                place(&format!("{key}.provider")),
                "all providers of a model must have the same api; the gateway does not translate between formats",
            ));
        }
        if upstream_model.as_deref() == Some("*") && !model.name.ends_with('*') {
            return Err(ConfigError::new(
                place(&format!("{key}.model")),
                "* stands for what the * in the model's name matched; the name has none",
            ));
        }
        names.insert(&**name);
        if provider.key.is_none() {
            keyless = Some(name);
        }
    }
    match keyless {
        Some(name) if names.len() > 1 => Err(ConfigError::new(
            place("targets"),
            format!(
                "provider {name} has no key; with several providers, the caller's key could reach the wrong one"
            ),
        )),
        _ => Ok(()),
    }
}

/// Headers that the gateway sets or removes itself.
const RESERVED: [&str; 5] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "traceparent",
];
