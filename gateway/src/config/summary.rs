//! Prints what was understood, for `--check`.

use std::fmt;

use super::{Budget, Config, Model, Target};

/// Lists what the configuration means, one fact a line. It has no secrets.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for listener in &self.listeners {
            let scheme = if listener.tls.is_some() { "https" } else { "http" };
            writeln!(
                f,
                "listener   {scheme}://{}, {} % of traces without a parent sampled",
                listener.address, listener.tracing.random_sampling
            )?;
        }
        for provider in &self.providers {
            write!(
                f,
                "provider   {}: {} at {}, ",
                provider.name, provider.api, provider.base_url
            )?;
            match &provider.key {
                Some(key) => writeln!(f, "key from {key}")?,
                None => writeln!(f, "key of the caller")?,
            }
        }
        match self.models.is_empty() {
            true => writeln!(f, "models     any, by path")?,
            false => self.models.iter().try_for_each(|model| write_model(model, f))?,
        }
        for caller in &self.callers {
            writeln!(f, "caller     {}: key from {}", caller.name, caller.key)?;
        }
        let retries = &self.retries;
        match retries.attempts {
            1 => writeln!(f, "retries    none")?,
            attempts => writeln!(
                f,
                "retries    {attempts} attempts at a provider, {} to {} apart",
                retries.backoff, retries.max_backoff
            )?,
        }
        match self.circuit.failures {
            0 => writeln!(f, "circuit    none")?,
            failures => writeln!(
                f,
                "circuit    open for {} after {failures} failures",
                self.circuit.open_for
            )?,
        }
        self.budgets
            .iter()
            .try_for_each(|budget| write_budget(budget, f))?;
        if !self.budgets.is_empty() {
            let place = if self.store.redis.is_some() {
                "in Redis"
            } else {
                "in this process"
            };
            writeln!(f, "store      {place}")?;
        }
        Ok(())
    }
}

fn write_model(model: &Model, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "model      {}", model.name)?;
    for alias in &model.aliases {
        write!(f, ", {alias}")?;
    }
    f.write_str(": ")?;
    let total: u64 = model.targets.iter().map(|target| u64::from(target.weight)).sum();
    for (index, target) in model.targets.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write_target(target, f)?;
        if model.targets.len() > 1 {
            write!(f, " ({}/{total})", target.weight)?;
        }
    }
    for target in &model.fallbacks {
        f.write_str(", then ")?;
        write_target(target, f)?;
    }
    writeln!(f)
}

fn write_target(target: &Target, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&target.provider)?;
    match &target.model {
        Some(model) => write!(f, " as {model}"),
        None => Ok(()),
    }
}

fn write_budget(budget: &Budget, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "budget     {} by {}:", budget.name, budget.by)?;
    let mut separator = " ";
    if let Some(tokens) = budget.tokens {
        write!(f, "{separator}{tokens} tokens")?;
        separator = ", ";
    }
    if let Some(cost) = budget.cost {
        write!(f, "{separator}cost {cost}")?;
        separator = ", ";
    }
    if let Some(requests) = budget.requests {
        write!(f, "{separator}{requests} requests")?;
    }
    write!(f, " a {}", budget.per.as_str())?;
    if !budget.models.is_empty() {
        write!(f, ", for {}", budget.models.join(", "))?;
    }
    writeln!(f)
}
