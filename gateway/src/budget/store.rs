//! Where budgets are counted.

use std::time::Duration;

use super::entry::{Admission, Denied, Entry};
use super::memory::Memory;
use crate::config::{self, ConfigError, Environment};

/// A store of counters.
#[derive(Debug)]
pub(super) enum Store {
    Memory(Memory),
    #[cfg(feature = "redis")]
    Redis(super::redis_store::RedisStore, config::Store),
}

impl Store {
    pub(super) fn new(config: &config::Store, environment: &Environment) -> Result<Self, ConfigError> {
        if config.redis.is_none() {
            return Ok(Self::Memory(Memory::default()));
        }
        #[cfg(feature = "redis")]
        {
            let store = super::redis_store::RedisStore::new(config, environment)?;
            Ok(Self::Redis(store, config.clone()))
        }
        #[cfg(not(feature = "redis"))]
        {
            let _ = environment;
            Err(ConfigError::new(
                "store.redis",
                "this gateway is built without the feature redis",
            ))
        }
    }

    /// Whether a store of this configuration would be the same.
    pub(super) fn has_config(&self, config: &config::Store) -> bool {
        match self {
            Self::Memory(_) => config.redis.is_none(),
            #[cfg(feature = "redis")]
            Self::Redis(_, own) => own == config,
        }
    }

    /// Reserves all entries, or none.
    #[cfg_attr(
        not(feature = "redis"),
        expect(
            unused_variables,
            clippy::unused_async,
            reason = "the store in memory needs neither"
        )
    )]
    pub(super) async fn reserve(&self, id: &str, entries: &[Entry]) -> Result<Admission, Denied> {
        match self {
            Self::Memory(memory) => memory.reserve(entries).map(Admission::Memory),
            #[cfg(feature = "redis")]
            Self::Redis(redis, _) => redis.reserve(id, entries).await,
        }
    }

    /// Replaces what was reserved by what was used. `used` has an amount for each entry.
    #[cfg_attr(
        not(feature = "redis"),
        expect(unused_variables, reason = "the store in memory needs no id")
    )]
    pub(super) fn settle_reservation(
        &self,
        id: &str,
        entries: &[Entry],
        admission: &Admission,
        used: &[u64],
    ) {
        match (self, admission) {
            (Self::Memory(memory), Admission::Memory(windows)) => memory.settle(entries, windows, used),
            #[cfg(feature = "redis")]
            (Self::Redis(redis, _), admission) => redis.settle(id, entries, admission, used),
            // A reservation is settled by the store that admitted it.
            #[cfg(feature = "redis")]
            (Self::Memory(_), Admission::Redis) => {}
        }
    }

    /// Waits until all settlements are stored.
    #[cfg_attr(
        not(feature = "redis"),
        expect(
            unused_variables,
            clippy::unused_async,
            reason = "the store in memory is never behind"
        )
    )]
    pub(super) async fn wait_idle(&self, within: Duration) {
        match self {
            Self::Memory(_) => {}
            #[cfg(feature = "redis")]
            Self::Redis(redis, _) => redis.wait(within).await,
        }
    }
}
