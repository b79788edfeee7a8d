//! The runtime of all connections. Exports work without Tokio, and while the program's runtime is stopped.

use std::sync::mpsc;

use opentelemetry::Context;
use tokio::runtime::{Builder, Handle};

use super::CollectorReply;
use crate::error::InitError;

/// A runtime with one thread, on which telemetry is suppressed. It is dropped without waiting, because
/// dropping a Tokio runtime inside another one panics.
#[derive(Debug)]
pub(crate) struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    fn start() -> Result<Self, InitError> {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("throughline-otlp")
            .on_thread_start(|| std::mem::forget(Context::enter_telemetry_suppressed_scope()))
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
            .map_err(|error| {
                InitError::exporter("the runtime for OTLP cannot be started".into()).caused_by(error)
            })
    }

    /// Returns a handle of the runtime, which the first call starts.
    pub(super) fn handle(runtime: &mut Option<Self>) -> Result<RuntimeHandle, InitError> {
        let running = match runtime {
            Some(running) => running,
            None => runtime.insert(Self::start()?),
        };
        let ended = || InitError::exporter("the runtime for OTLP has ended".into());
        let handle = running.0.as_ref().map(|runtime| runtime.handle().clone());
        handle.map(RuntimeHandle).ok_or_else(ended)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs exchanges on the runtime.
#[derive(Debug, Clone)]
pub(super) struct RuntimeHandle(Handle);

impl RuntimeHandle {
    /// Runs an exchange to its end. This blocks.
    pub(super) fn run(
        &self,
        exchange: impl Future<Output = CollectorReply> + Send + 'static,
    ) -> CollectorReply {
        let (sender, reply) = mpsc::channel();
        drop(self.0.spawn(async move {
            let _ = sender.send(exchange.await);
        }));
        reply
            .recv()
            .unwrap_or_else(|_| CollectorReply::None("telemetry has ended".into()))
    }

    /// Calls a function that requires a runtime on this thread.
    #[cfg(feature = "otlp-grpc")]
    pub(super) fn enter<T>(&self, function: impl FnOnce() -> T) -> T {
        let _entered = self.0.enter();
        function()
    }
}
