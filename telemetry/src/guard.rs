//! The guard over what runs: flush, shutdown, and the claim that only one runs at a time.

use std::net::SocketAddr;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::config::IgnoredVariable;
use crate::deadline::{Job, end_within, flush_within, late};
use crate::diagnosis::Diagnosis;
use crate::error::{InitError, ShutdownError};
use crate::health::{Health, error_text, warn};
use crate::providers::{Providers, Work, is_late};
use crate::service::{ServiceTelemetry, Services};
use crate::signal::Signal;

/// Telemetry that runs until this is shut down or dropped.
///
/// Keep it until the program ends. Dropping it is a [`shutdown_or_warn`](Self::shutdown_or_warn). Nothing drops
/// what is in a `static`, nor what [`std::process::exit`] leaves behind: shut down or [`flush`](Self::flush) before.
#[derive(Debug)]
#[must_use = "telemetry ends when this is dropped"]
pub struct Telemetry {
    active: Option<Active>,
    /// Those of a configuration that is off.
    ignored: Vec<IgnoredVariable>,
}

#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) providers: Providers,
    /// Ends after the providers: a field is dropped after those before it.
    pub(crate) services: Mutex<Services>,
    /// Whether spans and metrics are printed to one place, in that order.
    pub(crate) in_order: bool,
    pub(crate) _claim: Claim,
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
            active: Some(active),
            ignored: Vec::new(),
        }
    }

    pub(crate) fn active(&self) -> Option<&Active> {
        self.active.as_ref()
    }

    /// Whether anything runs; `false` if the configuration said off.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.active.is_some()
    }

    /// The tracer provider that was installed globally, if spans are recorded.
    #[must_use]
    pub fn tracer_provider(&self) -> Option<&SdkTracerProvider> {
        self.active.as_ref()?.providers.tracer.as_ref()
    }

    /// The meter provider that was installed globally, if metrics are recorded.
    #[must_use]
    pub fn meter_provider(&self) -> Option<&SdkMeterProvider> {
        self.active.as_ref()?.providers.meter.as_ref()
    }

    /// The logger provider that takes log records, if logs are exported.
    #[must_use]
    pub fn logger_provider(&self) -> Option<&SdkLoggerProvider> {
        self.active.as_ref()?.providers.logger.as_ref()
    }

    /// The providers of a service in this process: exported, sampled and hooked as the configuration says, under a
    /// `service.name` of their own. They are made when a name is first asked for; nothing global is changed. A start-up hook
    /// must not call this.
    ///
    /// The console prints the spans of all services in one tree and names them. In Prometheus' page the series of a service
    /// have its name as the label `job`. The deliveries of all are counted together.
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
    /// An exporter cannot be made a second time, as when a certificate is gone.
    pub fn for_service(&self, name: impl Into<Arc<str>>) -> Result<ServiceTelemetry, InitError> {
        let providers = self
            .active()
            .map(|active| active.services().providers(name.into()))
            .transpose()?;
        Ok(ServiceTelemetry::new(providers))
    }

    /// The model whose tokenizer is to count what providers do not report, from the configuration; nothing if telemetry is
    /// off. Hand it to `LlmLayer::with_tokenizer_target_model`, which knows which models there are.
    #[must_use]
    pub fn tokenizer_target_model(&self) -> Option<String> {
        Some(
            self.active()?
                .services()
                .setup
                .config
                .tokenizer_target_model
                .clone(),
        )
    }

    /// The metrics as a Prometheus reads them (`text/plain; version=0.0.4`), if the metrics' exporter is Prometheus: the
    /// body of a `/metrics` route.
    #[must_use]
    pub fn prometheus_text(&self) -> Option<String> {
        let render = self.active()?.services().setup.page_renderer()?;
        Some(render())
    }

    /// What makes that page, for a route to keep while the `Telemetry` stays where it will be shut down; it makes an empty
    /// one if the metrics' exporter is not Prometheus.
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

    /// Where the Prometheus exporter listens; its page is `/metrics`.
    #[must_use]
    pub fn prometheus_address(&self) -> Option<SocketAddr> {
        self.active()?.services().setup.prometheus_address()
    }

    /// Looks at what is installed, and asks its destinations whether they answer: each is sent an export of nothing, with
    /// the configured headers and certificates. All are asked at once; a connection may take a second, and an answer
    /// another: see [`diagnose_within`](Self::diagnose_within).
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

    /// As [`diagnose`](Self::diagnose), for destinations that are far away: a connection may take this long, and an answer
    /// as long again.
    #[must_use]
    pub fn diagnose_within(&self, timeout: Duration) -> Diagnosis {
        let Some(active) = &self.active else {
            return Diagnosis::off(self.ignored.clone());
        };
        let (config, health) = {
            let setup = &active.services().setup;
            (setup.config.clone(), setup.health.clone())
        };
        Diagnosis::new(&config, &health, timeout)
    }

    /// Delivers what has been recorded so far, and returns within the deadline. It first waits, at most half of that, for
    /// what has ended and is not recorded yet, such as model calls whose tokens are being counted. It blocks the thread; tokio's other threads
    /// go on, and it needs none of them.
    ///
    /// # Errors
    /// An exporter failed or did not finish in time.
    pub fn flush(&self, deadline: Duration) -> Result<(), ShutdownError> {
        let Some(active) = &self.active else { return Ok(()) };
        let jobs = active.jobs(deadline, |providers| providers.flush(deadline));
        flush_within(deadline, active.lanes(jobs))
    }

    /// Delivers what has been recorded, stops, and returns within 5 seconds.
    ///
    /// # Errors
    /// As [`shutdown_within`](Self::shutdown_within).
    pub fn shutdown(self) -> Result<(), ShutdownError> {
        self.shutdown_within(SHUTDOWN_DEADLINE)
    }

    /// Shuts down as [`shutdown`](Self::shutdown) does, and warns if not everything was delivered: to the `tracing`
    /// subscriber, or where there is none, to standard error. This is the end of a `main` whose exit code is for its own
    /// work: a collector that is down is no failure of the program.
    pub fn shutdown_or_warn(self) {
        if let Err(error) = self.shutdown() {
            warn(&error.to_string());
        }
    }

    /// Delivers what has been recorded, stops, and returns within the deadline. It blocks the thread, inside tokio or outside;
    /// what has not been delivered by then is lost. Afterwards [`init`](crate::init) may be called again.
    ///
    /// Half of the time may pass waiting for what has ended and is not recorded yet. Model calls whose tokens are still being
    /// counted then end with a rough estimate.
    ///
    /// # Errors
    /// An exporter failed or did not finish in time, or a span that has ended could not be recorded in time. Telemetry is
    /// stopped all the same. What a collector rejected, what was too large and what a destination has no use for are not
    /// errors: they are said and counted ([`diagnose`](Self::diagnose)).
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

impl Active {
    pub(crate) fn services(&self) -> MutexGuard<'_, Services> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(self, deadline: Duration) -> Result<(), ShutdownError> {
        let jobs = self.jobs(deadline, |providers| providers.end(deadline));
        let result = end_within(deadline, self.lanes(jobs));
        let health = &self.services().setup.health;
        Signal::ALL
            .iter()
            .filter_map(|signal| health.get(*signal).as_ref())
            .for_each(|health| health.mute());
        result
    }

    /// The work on each service's providers, signal by signal. Whether it failed is known from the deliveries made meanwhile,
    /// in the exporter's error_text: the SDK wraps some failures in its own error_text and drops others.
    fn jobs(&self, deadline: Duration, work: impl Fn(Providers) -> Vec<(Signal, Work)>) -> Vec<Job> {
        let services = self.services();
        let own = [(None, &self.providers)];
        let others = services.iter().map(|(name, providers)| (Some(name), providers));
        let mut jobs = Vec::new();
        for (service, providers) in own.into_iter().chain(others) {
            for (signal, run) in work(providers.clone()) {
                let health = services.setup.health.get(signal).clone();
                let failures =
                    |health: &Option<Arc<Health>>| health.as_ref().map_or(0, |health| health.failures());
                let failures_before = failures(&health);
                let run = move || {
                    let result = run();
                    let has_failed = failures(&health) > failures_before;
                    match (result, health.and_then(|health| health.failure())) {
                        (_, Some(why)) if has_failed => Err(why),
                        (Err(error), _) if is_late(&error) => Err(late(deadline)),
                        (Err(error), _) => Err(error_text(&error)),
                        (Ok(()), _) => Ok(()),
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

/// How long [`Telemetry::diagnose`] waits for a connection, and for an answer.
const DIAGNOSIS_TIMEOUT: Duration = Duration::from_secs(1);

/// How long [`Telemetry::shutdown`] and a drop may take.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(5);

/// The right to be the one telemetry of this process, given back on drop.
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
