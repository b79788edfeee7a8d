//! The worker: takes jobs out of the queue and has a child process do each.

use throughline::span;

use crate::child::{Child, ChildError};
use crate::queue::{Delivery, Receiver};

/// Does every job until the queue ends, and returns each text with the number of its words.
pub(crate) async fn run(mut jobs: Receiver, child: Child) -> Vec<(String, Result<u64, ChildError>)> {
    let mut done = Vec::new();
    while let Some(Delivery { body, span }) = jobs.next().await {
        let count = async { child.count(&body).await.inspect_err(span::set_span_error) };
        let counted = span.around(count).await;
        done.push((body, counted));
    }
    done
}
