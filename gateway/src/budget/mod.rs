//! Budgets: how many tokens, how much money and how many requests may be used in a minute, an hour or a day.
//!
//! A request reserves an estimate of what it will use before it is sent, and is settled with what it did use.
//! It is admitted as long as less than the limit is spent and reserved, so that of any number of concurrent
//! requests only the last one admitted can exceed the limit.

mod entry;
mod memory;
#[cfg(feature = "redis")]
mod redis_store;
mod reservation;
mod rule;
mod store;

use std::sync::Arc;

use http::HeaderMap;
use throughline::llm::Prices;

use self::entry::{Denied, Entry};
use self::reservation::Reservation;
pub(crate) use self::reservation::Reserved;
use self::rule::Rule;
use self::store::Store;
use crate::api::Api;
use crate::config::{Config, ConfigError, Environment};
use crate::refusal::{Refusal, RefusalKind};

/// The budgets of a configuration, and the store that counts them.
#[derive(Debug)]
pub(crate) struct Budgets {
    rules: Vec<Rule>,
    store: Arc<Store>,
    prices: Prices,
}

/// What a request is expected to use, and what its budgets depend on.
pub(crate) struct Usage<'a> {
    pub(crate) caller: Option<&'a str>,
    pub(crate) credential: Option<&'a str>,
    pub(crate) model: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) provider: Api,
    pub(crate) request_bytes: u64,
    /// The most output tokens that the request asks for.
    pub(crate) max_output: Option<u64>,
}

impl Budgets {
    /// Creates budgets. What `previous` ones have counted is kept if the store is the same.
    pub(crate) fn new(
        config: &Config,
        prices: Prices,
        environment: &Environment,
        previous: Option<&Self>,
    ) -> Result<Self, ConfigError> {
        let store = match previous {
            Some(previous) if previous.store.has_config(&config.store) => previous.store.clone(),
            _ => Arc::new(Store::new(&config.store, environment)?),
        };
        Ok(Self {
            rules: config.budgets.iter().map(Rule::new).collect(),
            store,
            prices,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Reserves what a request is expected to use. `None`: no budget applies.
    pub(crate) async fn reserve(&self, usage: &Usage<'_>) -> Result<Option<Reserved>, Refusal> {
        let mut entries = Vec::new();
        for rule in &self.rules {
            rule.add_entries(usage, &self.prices, &mut entries);
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let id = crate::trace_id::random_id();
        match self.store.reserve(&id, &entries).await {
            Ok(admission) => {
                let reservation = Reservation::new(id, entries, admission, self.store.clone());
                Ok(Some(Reserved::new(reservation)))
            }
            Err(Denied::Exhausted {
                index,
                charged,
                resets_in,
            }) => Err(exhausted(&entries, index, charged, resets_in)),
            #[cfg(feature = "redis")]
            Err(Denied::Outage) => Err(Refusal::new(
                RefusalKind::Overloaded,
                "the gateway cannot count its budgets at the moment",
            )
            .with_retry_after(OUTAGE_RETRY)),
        }
    }

    /// Waits until all settlements are stored, up to `within`.
    pub(crate) async fn wait_idle(&self, within: std::time::Duration) {
        self.store.wait_idle(within).await;
    }
}

/// Returns the refusal of a request because of the entry with this index.
fn exhausted(entries: &[Entry], index: usize, charged: u64, resets_in: std::time::Duration) -> Refusal {
    let Some(entry) = entries.get(index) else {
        return Refusal::new(RefusalKind::RateLimit, "a budget is used up");
    };
    let (kind, unit) = (entry.unit.refusal(), entry.unit);
    if charged < entry.limit {
        // Requests in progress have reserved the rest, and may use less.
        let message = format!(
            "the budget {:?} has {} of {} {unit} left, which requests in progress have reserved",
            entry.budget,
            unit.shown(entry.limit - charged),
            unit.shown(entry.limit),
        );
        return Refusal::new(RefusalKind::RateLimit, message).with_retry_after(RESERVED_RETRY);
    }
    let message = format!(
        "the budget {:?} of {} {unit} a {} is used up ({} used); it starts anew in {} s",
        entry.budget,
        unit.shown(entry.limit),
        entry.period.as_str(),
        unit.shown(charged),
        resets_in.as_secs_f64().ceil(),
    );
    Refusal::new(kind, message).with_retry_after(resets_in)
}

/// The wait after which a request in progress may have used less than it reserved.
const RESERVED_RETRY: std::time::Duration = std::time::Duration::from_secs(1);
/// The wait after which the store may answer again.
#[cfg(feature = "redis")]
const OUTAGE_RETRY: std::time::Duration = std::time::Duration::from_secs(1);
