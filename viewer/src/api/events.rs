//! `GET /api/events`: the changes of the store as server-sent events.

use std::cmp::Reverse;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;
use http::{HeaderMap, Response};
use serde::Serialize;
use tokio::sync::watch;

use crate::shared::Shared;
use crate::store::Summary;

use super::state::State;

#[derive(Debug, Serialize)]
struct Changes {
    sequence: u64,
    traces: Vec<Arc<Summary>>,
    state: State,
}

/// Streams the changes since the event that `Last-Event-ID` names, or since now.
pub(crate) fn events(shared: &Arc<Shared>, headers: &HeaderMap) -> Response<Body> {
    let now = shared.store.state().sequence;
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let listener = Listener {
        shared: Arc::clone(shared),
        changes: shared.store.subscribe(),
        ended: shared.ended(),
        // A number that is too large is that of another process.
        must_resync: last.is_some_and(|last| last > now),
        seen: last.filter(|last| *last <= now).unwrap_or(now),
        is_first: true,
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

#[derive(Debug)]
struct Listener {
    shared: Arc<Shared>,
    changes: watch::Receiver<u64>,
    ended: watch::Receiver<bool>,
    must_resync: bool,
    /// The number of the last change that was sent.
    seen: u64,
    is_first: bool,
}

impl Listener {
    /// Waits for the next event. Returns `None` when the viewer has ended.
    async fn next(&mut self) -> Option<Event> {
        if self.is_first {
            // At once, so that the page need not wait for a change to know the state.
            return Some(self.event());
        }
        let Self {
            changes, ended, seen, ..
        } = self;
        let changed = async {
            tokio::time::sleep(MIN_INTERVAL).await;
            changes.wait_for(|sequence| *sequence > *seen).await.is_ok()
        };
        let is_changed = tokio::select! {
            is_changed = changed => is_changed,
            _ = ended.wait_for(|ended| *ended) => false,
        };
        is_changed.then(|| self.event())
    }

    fn event(&mut self) -> Event {
        let (mut changed, has_evictions) = self.shared.store.changed_since(self.seen);
        let state = State::new(&self.shared);
        let sequence = state.sequence;
        // A listener that was away may have missed that traces were dropped.
        let must_resync =
            self.must_resync || (self.is_first && (has_evictions || changed.len() > MAX_CHANGED));
        (self.seen, self.must_resync, self.is_first) = (sequence, false, false);
        if must_resync {
            changed.clear();
        }
        changed.sort_by_key(|trace| Reverse(trace.changed));
        let newest = changed.iter().take(MAX_CHANGED);
        let changes = Changes {
            sequence,
            traces: newest.map(|trace| self.shared.store.summary(trace)).collect(),
            state,
        };
        let data = serde_json::to_string(&changes).unwrap_or_default();
        let name = if must_resync { "resync" } else { "traces" };
        Event::default().event(name).id(sequence.to_string()).data(data)
    }
}

/// The minimum time between two events.
const MIN_INTERVAL: Duration = Duration::from_millis(250);
/// The maximum number of traces of an event: those that changed last.
const MAX_CHANGED: usize = 50;
