//! Installs telemetry as configured.

use std::sync::Mutex;

use opentelemetry::global;
use throughline_tokens::TargetModel;
use throughline_tracing_layer::provider::{KnownTracers, report_installed};

use crate::config::{Exporter, IgnoredVariable, TelemetryConfig};
use crate::error::InitError;
use crate::exporter::ExporterSetup;
use crate::guard::{Active, Claim, Telemetry};
use crate::health::warn;
use crate::propagator::install_propagator;
use crate::self_metrics;
use crate::service::Services;
use crate::signal::Signal;

/// Installs the global tracer provider and meter provider if the configuration is on. The W3C propagator is
/// always installed, because a service that records nothing must not break the traces that pass through it.
/// ([`OTEL_SDK_DISABLED`](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)
/// does not affect propagators either.)
///
/// All tests of a binary run in one process. Share one `Telemetry` between them, or pass separate providers
/// to the layers of each test.
///
/// Each [ignored variable](TelemetryConfig::ignored_variables) is reported as a warning.
///
/// # Errors
/// Returns an error if a value is not accepted, a feature is not compiled in, or telemetry is already
/// running. In the last case the error names the place where it was started.
///
/// ```
/// use throughline_telemetry::{Exporter, TelemetryConfig, init};
///
/// let config = TelemetryConfig::default()
///     .with_enabled(true)
///     .with_service_name("shop")
///     .with_exporter(Exporter::Console);
/// let telemetry = init(config)?;
/// telemetry.shutdown_or_warn();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn init(config: TelemetryConfig) -> Result<Telemetry, InitError> {
    config.sdk.log_level.install();
    if !config.enabled {
        let config = config.without_missing_files();
        config.check()?;
        set_target_model(&config);
        install_propagator(&config)?;
        warn_of(config.ignored_variables());
        report_installed(false);
        return Ok(Telemetry::off(config.ignored_variables().to_vec()));
    }
    let config = config.with_sdk_variables()?.without_missing_files();
    config.check()?;
    let claim = Claim::take()?;
    set_target_model(&config);
    let is_printed = |signal| config.exporters_of(signal).contains(Exporter::Console);
    let in_order = is_printed(Signal::Traces) && is_printed(Signal::Metrics);
    let mut setup = ExporterSetup::new(config);
    let providers = setup.providers(None)?;
    install_propagator(&setup.config)?;
    warn_of(setup.config.ignored_variables());
    if let Some(provider) = &providers.tracer {
        global::set_tracer_provider(KnownTracers::new(provider.clone()));
    }
    if let Some(provider) = &providers.meter {
        global::set_meter_provider(provider.clone());
    }
    if let Some(provider) = providers.meter.as_ref().filter(|_| setup.config.sdk.self_metrics) {
        self_metrics::register(provider, &setup.config, &setup.health);
    }
    report_installed(true);
    Ok(Telemetry::on(Active {
        providers,
        services: Mutex::new(Services::new(setup)),
        in_order,
        claim: Mutex::new(Some(claim)),
    }))
}

/// Calls [`init`] with the configuration of the environment ([`TelemetryConfig::from_env`]). Telemetry is off
/// unless the environment turns it on.
///
/// An invalid variable, or an exporter that a variable selects and that cannot be set up, is not an error. It
/// is ignored with a warning, and listed by [`Telemetry::diagnose`].
///
/// # Errors
/// Returns an error if the file that `THROUGHLINE_CONFIG` names cannot be used, telemetry is already running,
/// or `THROUGHLINE_STRICT` is `true` and a variable is not accepted.
///
/// ```
/// let telemetry = throughline_telemetry::init_from_env()?;
/// telemetry.shutdown_or_warn();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn init_from_env() -> Result<Telemetry, InitError> {
    init(TelemetryConfig::from_env()?)
}

/// Tells the layers of the process the configured model, which `check` has accepted.
fn set_target_model(config: &TelemetryConfig) {
    let model = config.tokenizer_target_model.as_ref();
    if let Some(model) = model.and_then(|model| model.parse().ok()) {
        TargetModel::set_process_default(Some(model));
    }
}

fn warn_of(ignored: &[IgnoredVariable]) {
    ignored.iter().for_each(|ignored| warn(&ignored.to_string()));
}
