//! The callers of the gateway, by their keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::config::{Config, ConfigError, Environment};
use crate::refusal::{Refusal, RefusalKind};
use crate::routing::credential_of_caller;

/// The name of a configured caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallerName(Arc<str>);

impl CallerName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The configured callers. Keys are kept as digests, so that a look-up takes the same time for every wrong
/// key.
pub(crate) struct Callers(HashMap<[u8; 32], CallerName>);

impl Callers {
    pub(crate) fn new(config: &Config, environment: &Environment) -> Result<Self, ConfigError> {
        let mut callers = HashMap::new();
        for (index, caller) in config.callers.iter().enumerate() {
            let place = format!("callers[{index}].key");
            let key = caller.key.read(&place, environment)?;
            let name = CallerName(caller.name.as_str().into());
            if callers.insert(digest(key.reveal().as_bytes()), name).is_some() {
                return Err(ConfigError::new(place, "another caller has the same key"));
            }
        }
        Ok(Self(callers))
    }

    /// Returns the caller of a request. `None` if no callers are configured.
    pub(crate) fn find(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
    ) -> Result<Option<CallerName>, Refusal> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = credential_of_caller(headers, query);
        let caller = key.and_then(|key| self.0.get(&digest(key.as_bytes())));
        match caller {
            Some(caller) => Ok(Some(caller.clone())),
            None => Err(Refusal::new(
                RefusalKind::Unauthenticated,
                match key {
                    Some(_) => "the API key is not a key of this gateway",
                    None => "the request has no API key",
                },
            )),
        }
    }
}

pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Omits the digests.
impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.values()).finish()
    }
}
