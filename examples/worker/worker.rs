//! The worker: receives jobs from the queue and runs a child process for each.

use throughline::span;

use crate::child::{Child, ChildError};
use crate::queue::{Delivery, Receiver};

/// Runs all jobs until the queue is closed, and returns each text with its number of words.
pub(crate) async fn run(mut jobs: Receiver, child: Child) -> Vec<(String, Result<u64, ChildError>)> {
    let mut done = Vec::new();
    while let Some(Delivery { body, span }) = jobs.next().await {
        let count = async { child.count(&body).await.inspect_err(span::set_span_error) };
        let counted = span.around(count).await;
        done.push((body, counted));
    }
    done
}
