//! Installs what a configuration asks for.

use std::sync::Mutex;

use opentelemetry::global;

use crate::config::{Exporter, IgnoredVariable, TelemetryConfig};
use crate::error::InitError;
use crate::exporter::ExporterSetup;
use crate::guard::{Active, Claim, Telemetry};
use crate::health::warn;
use crate::propagator::install_propagator;
use crate::service::Services;
use crate::signal::Signal;

/// Installs the global tracer provider and meter provider that a configuration asks for, if it is on, and in any case the
/// W3C propagator: a service that records nothing must not break the traces that pass through it
/// ([`OTEL_SDK_DISABLED`](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/) has no effect
/// on propagators either).
///
/// Tests that run side by side are one process: let them share one, or give each's layers providers of their own.
///
/// It warns of each [variable that is ignored](TelemetryConfig::ignored_variables).
///
/// # Errors
/// A value is not accepted, a feature is not compiled in, or telemetry is running already: the error says where it was
/// started.
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
    if !config.enabled {
        let config = config.without_what_is_missing();
        config.check()?;
        install_propagator(&config)?;
        warn_of(config.ignored_variables());
        return Ok(Telemetry::off(config.ignored_variables().to_vec()));
    }
    let config = config.with_sdk_variables()?.without_what_is_missing();
    config.check()?;
    let claim = Claim::take()?;
    let is_printed = |signal| config.exporter_of(signal) == Exporter::Console;
    let in_order = is_printed(Signal::Traces) && is_printed(Signal::Metrics);
    let mut setup = ExporterSetup::new(config);
    let providers = setup.providers(None)?;
    install_propagator(&setup.config)?;
    warn_of(setup.config.ignored_variables());
    if let Some(provider) = &providers.tracer {
        global::set_tracer_provider(provider.clone());
    }
    if let Some(provider) = &providers.meter {
        global::set_meter_provider(provider.clone());
    }
    Ok(Telemetry::on(Active {
        providers,
        services: Mutex::new(Services::new(setup)),
        in_order,
        _claim: claim,
    }))
}

/// [`init`] with what the environment says ([`TelemetryConfig::from_env`]): off unless a variable turns it on.
///
/// A variable that is not understood, and an exporter that it chose and that cannot be set up, are no errors: each is
/// ignored with a warning, and listed by [`Telemetry::diagnose`].
///
/// # Errors
/// The file that `THROUGHLINE_CONFIG` names cannot be used, telemetry is running already, or `THROUGHLINE_STRICT` is `true`
/// and a variable has a value that is not accepted.
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

fn warn_of(ignored: &[IgnoredVariable]) {
    ignored.iter().for_each(|ignored| warn(&ignored.to_string()));
}
