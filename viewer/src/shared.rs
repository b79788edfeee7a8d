//! What all parts of a viewer share.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::config::ViewerConfig;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    /// The host names under which the page may be opened.
    pub(crate) hosts: Vec<String>,
    /// The addresses of the receivers, which the page shows.
    receivers: Mutex<Vec<String>>,
    /// Whether the viewer has ended. Event streams end with it, because they would hold up a shutdown.
    ended: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(config: &ViewerConfig) -> Self {
        Self {
            store: Store::new(config),
            hosts: config.hosts.clone(),
            receivers: Mutex::default(),
            ended: watch::Sender::new(false),
        }
    }

    pub(crate) fn receivers(&self) -> Vec<String> {
        self.receivers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    #[cfg(feature = "receiver")]
    pub(crate) fn add_receiver(&self, address: String) {
        self.receivers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(address);
    }

    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    pub(crate) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }
}
