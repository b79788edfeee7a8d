//! Collections for the listener: one at a time, shared by waiting requests.
//!
//! A collection runs the program's callbacks and walks every series, so concurrent scrapes must not multiply
//! them. Each request records its arrival and waits for the lock. If the previous collection started after
//! its arrival, the request shares it. Ten concurrent requests therefore need at most two collections.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use opentelemetry::Context;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::negotiate::{Encoding, Format};
use super::page::MetricsPage;

/// Creates pages. Clones share the collections.
#[derive(Clone)]
pub(super) struct Scrapes {
    collect: Arc<dyn Fn() -> MetricsPage + Send + Sync>,
    waiting: Arc<AtomicUsize>,
    last: Arc<Mutex<Option<SharedCollection>>>,
}

/// A collection. It is held until all requests that were waiting at its start have received it.
struct SharedCollection {
    begun: Instant,
    page: Arc<MetricsPage>,
    sharers: usize,
}

impl Scrapes {
    pub(super) fn new(collect: impl Fn() -> MetricsPage + Send + Sync + 'static) -> Self {
        Self {
            collect: Arc::new(collect),
            waiting: Arc::default(),
            last: Arc::default(),
        }
    }

    /// Returns a page that was collected after this call.
    ///
    /// # Errors
    /// Returns an error if a callback panicked, if nothing was collected (which is the case after a
    /// shutdown), or if the page cannot be encoded.
    pub(super) async fn page(&self, format: Format, encoding: Encoding) -> Result<Bytes, String> {
        let page = self.collection().await?;
        if page.is_empty() {
            return Err("there are no metrics: telemetry is shut down".to_owned());
        }
        blocking(move || page.body(format, encoding)).await?
    }

    async fn collection(&self) -> Result<Arc<MetricsPage>, String> {
        let arrived = Instant::now();
        let waiting = Waiting::new(&self.waiting);
        let mut last = Arc::clone(&self.last).lock_owned().await;
        drop(waiting);
        if let Some(shared) = last.as_mut().filter(|shared| shared.begun >= arrived) {
            let page = Arc::clone(&shared.page);
            shared.sharers = shared.sharers.saturating_sub(1);
            if shared.sharers == 0 {
                *last = None;
            }
            return Ok(page);
        }
        let this = self.clone();
        // The lock moves into the work. If a request is aborted, its collection continues, and no second one
        // may start.
        blocking(move || {
            let (begun, sharers) = (Instant::now(), this.waiting.load(Ordering::Acquire));
            let page = Arc::new((this.collect)());
            *last = (sharers > 0).then(|| SharedCollection {
                begun,
                page: Arc::clone(&page),
                sharers,
            });
            page
        })
        .await
    }
}

/// Counts a request while it waits for the lock.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::AcqRel);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Runs slow work outside the event loop. Telemetry is suppressed in the program's callbacks, and their
/// panics are caught.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let run = move || {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        panic::catch_unwind(AssertUnwindSafe(work))
    };
    let failed = || "a callback panicked while the metrics were collected".to_owned();
    spawn_blocking(run)
        .await
        .map_err(|error| error.to_string())?
        .map_err(|_| failed())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Lock;
    use std::sync::mpsc;
    use std::time::Duration;

    use prometheus::proto::{Metric, MetricFamily, MetricType};
    use tokio::task::{JoinSet, yield_now};

    use super::*;

    /// A page that names the collection it is from.
    fn numbered(number: usize) -> MetricsPage {
        let mut family = MetricFamily::default();
        family.set_name(format!("collection_{number}"));
        family.set_field_type(MetricType::GAUGE);
        family.set_metric(vec![Metric::default()]);
        MetricsPage::new([family].into_iter())
    }

    async fn text(scrapes: &Scrapes) -> Result<String, String> {
        let page = scrapes.page(Format::Text, Encoding::Identity).await?;
        Ok(String::from_utf8(page.to_vec()).expect("UTF-8"))
    }

    #[tokio::test]
    async fn waiting_requests_share_one_collection_at_a_time() {
        let (begun, now, at_once) = (
            Arc::new(AtomicUsize::new(0)),
            AtomicUsize::new(0),
            Arc::new(AtomicUsize::new(0)),
        );
        let (open, gate) = mpsc::channel::<()>();
        let gate = Lock::new(gate);
        let (count, most) = (Arc::clone(&begun), Arc::clone(&at_once));
        let scrapes = Scrapes::new(move || {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let _ = gate.lock().expect("unpoisoned").recv();
            now.fetch_sub(1, Ordering::SeqCst);
            numbered(number)
        });
        let mut requests = JoinSet::new();
        let mut request = || {
            let scrapes = scrapes.clone();
            requests.spawn(async move { text(&scrapes).await.expect("a page") })
        };
        request();
        while begun.load(Ordering::SeqCst) == 0 {
            yield_now().await;
        }
        let abandoned: Vec<_> = (0..20).map(|_| request()).collect();
        while scrapes.waiting.load(Ordering::SeqCst) < 20 {
            yield_now().await;
        }
        // Half of the waiting requests are dropped before their turn.
        abandoned
            .iter()
            .take(10)
            .for_each(tokio::task::AbortHandle::abort);
        while scrapes.waiting.load(Ordering::SeqCst) > 10 {
            yield_now().await;
        }
        open.send(()).expect("the first");
        open.send(()).expect("the second");
        drop(open);
        let mut pages: Vec<String> = Vec::new();
        while let Some(page) = requests.join_next().await {
            pages.extend(page.ok());
        }
        pages.sort();
        let expected = |number| format!("# TYPE collection_{number} gauge\ncollection_{number} 0\n");
        let mut all = vec![expected(1)];
        all.resize(11, expected(2));
        assert_eq!(
            pages, all,
            "the first has its own, and the others share one that began after they came"
        );
        assert_eq!(at_once.load(Ordering::SeqCst), 1, "never two at a time");
        assert!(
            scrapes.last.lock().await.is_none(),
            "no collection is held without a request"
        );
        assert_eq!(
            text(&scrapes).await,
            Ok(expected(3)),
            "a later request has its own collection"
        );
    }

    #[tokio::test]
    async fn aborted_request_does_not_stop_its_collection() {
        let (open, gate) = mpsc::channel::<()>();
        let gate = Lock::new(gate);
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        let scrapes = Scrapes::new(move || {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            let _ = gate.lock().expect("unpoisoned").recv();
            numbered(number)
        });
        let other = scrapes.clone();
        let request = tokio::spawn(async move { text(&other).await });
        while begun.load(Ordering::SeqCst) == 0 {
            yield_now().await;
        }
        request.abort();
        assert!(request.await.expect_err("aborted").is_cancelled(), "it is gone");
        let other = scrapes.clone();
        let request = tokio::spawn(async move { text(&other).await });
        while scrapes.waiting.load(Ordering::SeqCst) == 0 {
            yield_now().await;
        }
        assert_eq!(
            begun.load(Ordering::SeqCst),
            1,
            "the second waits for the first's"
        );
        drop(open);
        let page = tokio::time::timeout(Duration::from_secs(60), request).await;
        let page = page.expect("in time").expect("no panic").expect("a page");
        assert!(page.contains("collection_2"), "{page}");
    }

    #[tokio::test]
    async fn a_collection_that_fails_is_an_error_and_the_next_one_is_not() {
        let collections = AtomicUsize::new(0);
        let scrapes = Scrapes::new(move || match collections.fetch_add(1, Ordering::SeqCst) {
            0 => panic!("a callback"),
            1 => MetricsPage::default(),
            number => numbered(number),
        });
        let panicked = "a callback panicked while the metrics were collected".to_owned();
        assert_eq!(text(&scrapes).await, Err(panicked), "a panic");
        let empty = "there are no metrics: telemetry is shut down".to_owned();
        assert_eq!(text(&scrapes).await, Err(empty), "nothing");
        assert!(
            text(&scrapes).await.expect("a page").contains("collection_2"),
            "it continues"
        );
    }
}
