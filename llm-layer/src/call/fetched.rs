//! The results of earlier requests that were fetched.
//!
//! The request that creates a response in the background, or a batch, cannot report its usage. Who polls for
//! the result may get it several times, so its usage is counted the first time only.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use throughline_llm_wire::{Operation, Reply};

/// The ids of the last results whose usage was counted, as hashes.
#[derive(Debug, Default)]
pub(crate) struct FetchedResults {
    hasher: RandomState,
    ids: Mutex<VecDeque<u64>>,
}

impl FetchedResults {
    /// The maximum number of ids. A result that is fetched again after so many others counts again.
    const MAX_IDS: usize = 4096;

    /// Returns whether the usage of a result is to be counted, and remembers it.
    pub(super) fn counts(&self, operation: Operation, reply: &Reply) -> bool {
        let is_created_elsewhere = operation == Operation::FetchBatch || reply.is_background();
        let (Some(id), true, Some(_)) = (reply.usage_id(), is_created_elsewhere, reply.usage().input())
        else {
            return false;
        };
        let id = self.hasher.hash_one(id);
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.contains(&id) {
            return false;
        }
        if ids.len() >= Self::MAX_IDS {
            ids.pop_front();
        }
        ids.push_back(id);
        true
    }
}
