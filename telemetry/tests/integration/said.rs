//! What telemetry says to the program's `tracing` subscriber.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Listens, if nobody did, and forgets what was said before.
pub(crate) fn listen() {
    static LISTENER: OnceLock<()> = OnceLock::new();
    LISTENER.get_or_init(|| {
        let subscriber = tracing_subscriber::registry().with(Listener);
        tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
    });
    said().clear();
}

/// What was said about a URL since.
pub(crate) fn about(url: &str) -> Vec<String> {
    let said = said();
    said.iter().filter(|line| line.contains(url)).cloned().collect()
}

fn said() -> std::sync::MutexGuard<'static, Vec<String>> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Listener;

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "throughline" && *event.metadata().level() == Level::WARN {
            event.record(&mut Message);
        }
    }
}

struct Message;

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            said().push(format!("{value:?}"));
        }
    }
}
