//! The guard of running telemetry: flush, shutdown, and the check that only one instance runs at a time.

use std::net::SocketAddr;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline_tracing_layer::provider::report_shut_down;

use crate::config::IgnoredVariable;
use crate::deadline::{Job, end_within, flush_within, late};
use crate::diagnosis::Diagnosis;
use crate::error::{InitError, ShutdownError};
use crate::health::{error_text, warn};
use crate::providers::{Providers, Work, is_late};
use crate::service::{ServiceTelemetry, Services};
use crate::signal::Signal;

/// Running telemetry. It ends when it is shut down or dropped.
///
/// Keep this value until the program ends. Dropping it calls [`shutdown_or_warn`](Self::shutdown_or_warn). A
/// `static` is never dropped, and [`std::process::exit`] drops nothing, so shut down or
/// [`flush`](Self::flush) before the exit.
#[derive(Debug)]
#[must_use = "telemetry ends when this is dropped"]
pub struct Telemetry {
    /// Shared with handles, which hold it only while they use it.
    active: Option<Arc<Active>>,
    /// The ignored variables of a configuration that is off.
    ignored: Vec<IgnoredVariable>,
}

#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) providers: Providers,
    /// Dropped after the providers, because fields are dropped in their order of declaration.
    pub(crate) services: Mutex<Services>,
    /// Whether spans and metrics are printed to the same output, and therefore in that order.
    pub(crate) in_order: bool,
    pub(crate) claim: Mutex<Option<Claim>>,
}

impl Telemetry {
    pub(crate) fn off(ignored: Vec<IgnoredVariable>) -> Self {
        Self {
            active: None,
            ignored,
        }
    }

    pub(crate) fn on(active: Active) -> Self {
        Self {
            active: Some(Arc::new(active)),
            ignored: Vec::new(),
        }
    }

    pub(crate) fn active(&self) -> Option<&Active> {
        self.active.as_deref()
    }

    /// Returns a handle for diagnosis and flush that is cheap to clone, so that a route can hold it while
    /// `main` shuts down.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let telemetry = throughline_telemetry::init_from_env()?;
    /// let handle = telemetry.handle();
    /// // Router::new().route("/telemetry", get(move || async move {
    /// //     tokio::task::spawn_blocking(move || handle.diagnose().to_string()).await.unwrap_or_default()
    /// // }))
    /// telemetry.shutdown()?;
    /// assert!(!handle.is_enabled());
    /// handle.flush(Duration::from_secs(1))?; // Nothing is left to export.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn handle(&self) -> TelemetryHandle {
        TelemetryHandle {
            active: self.active.as_ref().map_or_else(Weak::new, Arc::downgrade),
            ignored: self.ignored.clone().into(),
        }
    }

    /// Returns whether telemetry is running. `false` if the configuration is off.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.active.is_some()
    }

    /// Returns the globally installed tracer provider, if spans are recorded.
    #[must_use]
    pub fn tracer_provider(&self) -> Option<&SdkTracerProvider> {
        self.active.as_ref()?.providers.tracer.as_ref()
    }

    /// Returns the globally installed meter provider, if metrics are recorded.
    #[must_use]
    pub fn meter_provider(&self) -> Option<&SdkMeterProvider> {
        self.active.as_ref()?.providers.meter.as_ref()
    }

    /// Returns the logger provider, if logs are exported.
    #[must_use]
    pub fn logger_provider(&self) -> Option<&SdkLoggerProvider> {
        self.active.as_ref()?.providers.logger.as_ref()
    }

    /// Returns the providers of a service in this process. They have the configured exporters, sampling and
    /// hooks, and their own `service.name`. The first call with a name creates the providers. The global
    /// providers do not change. A start-up hook must not call this.
    ///
    /// The console prints the spans of all services in one tree and names the services. On the Prometheus
    /// page, the series of a service have its name as the label `job`. The deliveries of all services are
    /// counted together.
    ///
    /// ```
    /// use throughline_telemetry::{TelemetryConfig, init};
    ///
    /// let telemetry = init(TelemetryConfig::default().with_enabled(true).with_service_name("gateway"))?;
    /// let billing = telemetry.for_service("billing")?;
    /// if let Some(provider) = billing.tracer_provider() {
    ///     // ServerLayer::new().with_tracer_provider(provider.clone())
    /// #   drop(provider.clone());
    /// }
    /// telemetry.shutdown_or_warn();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if an exporter cannot be created again, for example because a certificate is gone.
    pub fn for_service(&self, name: impl Into<Arc<str>>) -> Result<ServiceTelemetry, InitError> {
        let providers = self
            .active()
            .map(|active| active.services().providers(name.into()))
            .transpose()?;
        Ok(ServiceTelemetry::new(providers))
    }

    /// Returns the configured model whose tokenizer estimates tokens that providers do not report, or `None`
    /// if none is configured or telemetry is off. The layers of the process use it without further setup.
    #[must_use]
    pub fn tokenizer_target_model(&self) -> Option<String> {
        self.active()?
            .services()
            .setup
            .config
            .tokenizer_target_model
            .clone()
    }

    /// Returns the metrics in Prometheus' text format (`text/plain; version=0.0.4`), for the body of a
    /// `/metrics` route, or `None` if the exporter of metrics is not Prometheus.
    #[must_use]
    pub fn prometheus_text(&self) -> Option<String> {
        let render = self.active()?.services().setup.page_renderer()?;
        Some(render())
    }

    /// Returns a function that renders the metrics page. Unlike [`prometheus_text`](Self::prometheus_text),
    /// it can be moved into a route handler. The page is empty if the exporter of metrics is not Prometheus.
    ///
    /// ```
    /// let telemetry = throughline_telemetry::init_from_env()?;
    /// let page = telemetry.prometheus_page();
    /// // Router::new().route("/metrics", get(move || async move { page() }))
    /// # drop(page);
    /// # Ok::<(), throughline_telemetry::InitError>(())
    /// ```
    pub fn prometheus_page(&self) -> impl Fn() -> String + Clone + Send + Sync + 'static + use<> {
        let active = self.active();
        let render = active.and_then(|active| active.services().setup.page_renderer());
        move || render.as_ref().map_or_else(String::new, |render| render())
    }

    /// Returns the address on which the Prometheus exporter listens. Its page is `/metrics`.
    #[must_use]
    pub fn prometheus_address(&self) -> Option<SocketAddr> {
        self.active()?.services().setup.prometheus_address()
    }

    /// Returns the page of the viewer, to be served below a path of a router of the program. It shows the
    /// telemetry of this process if a signal is exported to [`Exporter::Viewer`](crate::Exporter::Viewer),
    /// and has no routes otherwise.
    ///
    /// Everyone who can open the path can read the telemetry. The page is only served to browsers that opened
    /// it as `localhost` or by an IP address.
    ///
    /// ```
    /// let telemetry = throughline_telemetry::init_from_env()?;
    /// let app: axum::Router = axum::Router::new().nest_service("/debug/traces", telemetry.viewer_router());
    /// # Ok::<(), throughline_telemetry::InitError>(())
    /// ```
    #[cfg(feature = "viewer")]
    pub fn viewer_router(&self) -> axum::Router {
        let active = self.active();
        active
            .and_then(|active| active.services().setup.viewer_router())
            .unwrap_or_default()
    }

    /// Returns the address on which the page of the viewer listens.
    #[must_use]
    pub fn viewer_address(&self) -> Option<SocketAddr> {
        self.active()?.services().setup.viewer_address()
    }

    /// Returns the state of telemetry, and probes each destination with an empty export, using the configured
    /// headers and certificates. Destinations are probed concurrently. The time limit is one second for the
    /// connection and one second for the response. To change it, use
    /// [`diagnose_within`](Self::diagnose_within).
    ///
    /// ```
    /// let telemetry = throughline_telemetry::init_from_env()?;
    /// eprintln!("{}", telemetry.diagnose());
    /// # Ok::<(), throughline_telemetry::InitError>(())
    /// ```
    #[must_use]
    pub fn diagnose(&self) -> Diagnosis {
        self.diagnose_within(DIAGNOSIS_TIMEOUT)
    }

    /// Like [`diagnose`](Self::diagnose), with another time limit. `timeout` applies to the connection, and
    /// again to the response.
    #[must_use]
    pub fn diagnose_within(&self, timeout: Duration) -> Diagnosis {
        match self.active() {
            Some(active) => active.diagnose(timeout),
            None => Diagnosis::off(self.ignored.clone()),
        }
    }

    /// Exports everything recorded so far, and returns within the deadline. For at most half of the deadline,
    /// it waits for work that has ended but is not recorded yet, such as model calls whose tokens are being
    /// counted. This blocks the calling thread. It does not require a runtime.
    ///
    /// # Errors
    /// Returns an error if an exporter failed or did not finish in time.
    pub fn flush(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.active().map_or(Ok(()), |active| active.flush(deadline))
    }

    /// Exports everything recorded, stops telemetry, and returns within 5 seconds.
    ///
    /// # Errors
    /// See [`shutdown_within`](Self::shutdown_within).
    pub fn shutdown(self) -> Result<(), ShutdownError> {
        self.shutdown_within(SHUTDOWN_DEADLINE)
    }

    /// Like [`shutdown`](Self::shutdown), but logs a warning if not everything was delivered. The warning
    /// goes to the `tracing` subscriber, or to standard error if there is none. Use it at the end of `main`
    /// if the exit code should not depend on a collector.
    pub fn shutdown_or_warn(self) {
        if let Err(error) = self.shutdown() {
            warn(&error.to_string());
        }
    }

    /// Exports everything recorded, stops telemetry, and returns within the deadline. This blocks the calling
    /// thread, inside or outside of Tokio. Items that are not delivered by then are lost. Afterwards,
    /// [`init`](crate::init) can be called again.
    ///
    /// For at most half of the deadline, it waits for work that has ended but is not recorded yet. Model
    /// calls whose tokens are still being counted then end with a rough estimate.
    ///
    /// # Errors
    /// Returns an error if an exporter failed or did not finish in time, or if an ended span could not be
    /// recorded in time. Telemetry is stopped in any case. Items that were rejected by a collector, that were
    /// too large, or whose signal is switched off are not errors. They are counted and reported by
    /// [`diagnose`](Self::diagnose).
    pub fn shutdown_within(mut self, deadline: Duration) -> Result<(), ShutdownError> {
        self.active.take().map_or(Ok(()), |active| active.end(deadline))
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(active) = self.active.take()
            && let Err(error) = active.end(SHUTDOWN_DEADLINE)
        {
            warn(&error.to_string());
        }
    }
}

/// Access to running telemetry, from [`Telemetry::handle`]. Clones are cheap. It does not keep telemetry
/// running: after the shutdown, it is off.
///
/// Both operations block the calling thread. In an asynchronous handler, call them in
/// `tokio::task::spawn_blocking` or similar.
#[derive(Debug, Clone)]
pub struct TelemetryHandle {
    active: Weak<Active>,
    ignored: Arc<[IgnoredVariable]>,
}

impl TelemetryHandle {
    /// Returns whether telemetry is running.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.active.strong_count() > 0
    }

    /// Returns the state of telemetry, like [`Telemetry::diagnose`].
    #[must_use]
    pub fn diagnose(&self) -> Diagnosis {
        self.diagnose_within(DIAGNOSIS_TIMEOUT)
    }

    /// Returns the state of telemetry, like [`Telemetry::diagnose_within`].
    #[must_use]
    pub fn diagnose_within(&self, timeout: Duration) -> Diagnosis {
        match self.active.upgrade() {
            Some(active) => active.diagnose(timeout),
            None => Diagnosis::off(self.ignored.to_vec()),
        }
    }

    /// Exports everything recorded so far, like [`Telemetry::flush`].
    ///
    /// # Errors
    /// See [`Telemetry::flush`].
    pub fn flush(&self, deadline: Duration) -> Result<(), ShutdownError> {
        let active = self.active.upgrade();
        active.map_or(Ok(()), |active| active.flush(deadline))
    }
}

impl Active {
    fn diagnose(&self, timeout: Duration) -> Diagnosis {
        let (config, health) = {
            let setup = &self.services().setup;
            (setup.config.clone(), setup.health.clone())
        };
        Diagnosis::new(&config, &health, timeout)
    }

    fn flush(&self, deadline: Duration) -> Result<(), ShutdownError> {
        let jobs = self.jobs(deadline, |providers| providers.flush(deadline));
        flush_within(deadline, self.lanes(jobs))
    }

    pub(crate) fn services(&self) -> MutexGuard<'_, Services> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, deadline: Duration) -> Result<(), ShutdownError> {
        report_shut_down();
        let jobs = self.jobs(deadline, |providers| providers.end(deadline));
        let result = end_within(deadline, self.lanes(jobs));
        let health = &self.services().setup.health;
        Signal::ALL
            .iter()
            .flat_map(|signal| health.get(*signal))
            .for_each(|health| health.mute());
        // A handle may use this a moment longer, but the next telemetry can start.
        let claim = self.claim.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(claim);
        result
    }

    /// Creates the work on each service's providers, signal by signal. Failures are read from the deliveries
    /// made in the meantime, because the SDK rewords some failures and drops others.
    fn jobs(&self, deadline: Duration, work: impl Fn(Providers) -> Vec<(Signal, Work)>) -> Vec<Job> {
        let services = self.services();
        let own = [(None, &self.providers)];
        let others = services.iter().map(|(name, providers)| (Some(name), providers));
        let mut jobs = Vec::new();
        for (service, providers) in own.into_iter().chain(others) {
            for (signal, run) in work(providers.clone()) {
                let healths = services.setup.health.get(signal).clone();
                let failures_before: Vec<u64> = healths.iter().map(|health| health.failures()).collect();
                let run = move || {
                    let result = run();
                    let failed = healths.iter().zip(failures_before);
                    let failed = failed.filter(|(health, before)| health.failures() > *before);
                    let why: Vec<String> = failed
                        .filter_map(|(health, _)| {
                            let why = health.failure()?;
                            Some(match healths.as_slice() {
                                [_] => why,
                                _ => format!("{}: {why}", health.destination()),
                            })
                        })
                        .collect();
                    match result {
                        _ if !why.is_empty() => Err(why.join(", ")),
                        Err(error) if is_late(&error) => Err(late(deadline)),
                        Err(error) => Err(error_text(&error)),
                        Ok(()) => Ok(()),
                    }
                };
                jobs.push(Job {
                    signal,
                    service: service.cloned(),
                    run: Box::new(run),
                });
            }
        }
        jobs.sort_by_key(|job| job.signal);
        jobs
    }

    fn lanes(&self, jobs: Vec<Job>) -> Vec<Vec<Job>> {
        if self.in_order {
            vec![jobs]
        } else {
            jobs.into_iter().map(|job| vec![job]).collect()
        }
    }
}

/// The time limit of [`Telemetry::diagnose`] for a connection, and again for a response.
const DIAGNOSIS_TIMEOUT: Duration = Duration::from_secs(1);

/// The deadline of [`Telemetry::shutdown`] and of a drop.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(5);

/// The right to be the only running telemetry of this process. Released on drop.
#[derive(Debug)]
pub(crate) struct Claim(());

impl Claim {
    #[track_caller]
    pub(crate) fn take() -> Result<Self, InitError> {
        let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
        match *first {
            Some(first) => Err(InitError::already_running(first)),
            None => {
                *first = Some(Location::caller());
                Ok(Self(()))
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        *FIRST.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

static FIRST: Mutex<Option<&'static Location<'static>>> = Mutex::new(None);
