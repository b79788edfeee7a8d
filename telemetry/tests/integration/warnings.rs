//! The warnings that telemetry sends to the program's `tracing` subscriber.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

static MESSAGES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Installs the listener once, and forgets earlier warnings.
pub(crate) fn listen() {
    static LISTENER: OnceLock<()> = OnceLock::new();
    LISTENER.get_or_init(|| {
        let subscriber = tracing_subscriber::registry().with(Listener);
        tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
    });
    messages().clear();
}

/// The warnings since then that mention a URL.
pub(crate) fn about(url: &str) -> Vec<String> {
    let messages = messages();
    messages
        .iter()
        .filter(|line| line.contains(url))
        .cloned()
        .collect()
}

fn messages() -> std::sync::MutexGuard<'static, Vec<String>> {
    MESSAGES.lock().unwrap_or_else(PoisonError::into_inner)
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
            messages().push(format!("{value:?}"));
        }
    }
}
