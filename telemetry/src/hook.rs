//! Start-up hooks: closures that change the builders of the providers. They are set in code, or registered
//! under a name that a file refers to.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::error::{ConfigSource, InitError};

/// The configured builders of the providers, which a start-up hook can extend.
#[derive(Debug)]
#[non_exhaustive]
pub struct Builders {
    /// The builder of the tracer provider. Add span processors here.
    pub tracer_provider: TracerProviderBuilder,
    /// The builder of the meter provider. Add readers and views here.
    pub meter_provider: MeterProviderBuilder,
    /// The builder of the logger provider. Add log processors here.
    pub logger_provider: LoggerProviderBuilder,
}

impl Builders {
    pub(crate) fn new(
        tracer_provider: TracerProviderBuilder,
        meter_provider: MeterProviderBuilder,
        logger_provider: LoggerProviderBuilder,
    ) -> Self {
        Self {
            tracer_provider,
            meter_provider,
            logger_provider,
        }
    }
}

/// Registers a start-up hook under a name. A configuration file refers to it with the key `startup_hook`. A
/// later hook with the same name replaces the earlier one.
///
/// ```
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
/// use throughline_telemetry::{TelemetryConfig, init, register_startup_hook};
///
/// let spans = InMemorySpanExporter::default();
/// let exporter = spans.clone();
/// register_startup_hook("MyLibrary:setup_tracing", move |mut builders| {
///     let processor = SimpleSpanProcessor::new(exporter.clone());
///     builders.tracer_provider = builders.tracer_provider.with_span_processor(processor);
///     builders
/// });
/// let config = TelemetryConfig::from_json_str(
///     r#"{"tracing.enabled": true, "startup_hook": "MyLibrary:setup_tracing"}"#,
/// )?;
/// # let config = config.with_exporter(throughline_telemetry::Exporter::None);
/// init(config)?.shutdown_or_warn();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn register_startup_hook(
    name: impl Into<String>,
    hook: impl Fn(Builders) -> Builders + Send + Sync + 'static,
) {
    REGISTERED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(name.into(), Arc::new(hook));
}

/// A closure, or the name of a registered one.
#[derive(Clone)]
pub(crate) enum StartupHook {
    Closure(Closure),
    Name(String),
}

type Closure = Arc<dyn Fn(Builders) -> Builders + Send + Sync>;

impl StartupHook {
    pub(crate) fn run(&self, builders: Builders) -> Result<Builders, InitError> {
        Ok(self.find()?(builders))
    }

    /// Checks that the hook exists.
    pub(crate) fn check(&self) -> Result<(), InitError> {
        self.find().map(drop)
    }

    fn find(&self) -> Result<Closure, InitError> {
        let name = match self {
            Self::Closure(hook) => return Ok(Arc::clone(hook)),
            Self::Name(name) => name,
        };
        let registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
        registered.get(name).cloned().ok_or_else(|| {
            let names: Vec<&str> = registered.keys().map(String::as_str).collect();
            let accepted = match names.as_slice() {
                [] => "a name registered with register_startup_hook; none is registered".to_owned(),
                _ => format!(
                    "a name registered with register_startup_hook ({})",
                    names.join(", ")
                ),
            };
            InitError::not_accepted(
                ConfigSource::Code,
                "startup_hook (THROUGHLINE_STARTUP_HOOK)",
                name,
                &accepted,
            )
        })
    }
}

impl PartialEq for StartupHook {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Closure(one), Self::Closure(other)) => Arc::ptr_eq(one, other),
            (Self::Name(one), Self::Name(other)) => one == other,
            _ => false,
        }
    }
}

impl fmt::Debug for StartupHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closure(_) => f.write_str("Closure"),
            Self::Name(name) => f.debug_tuple("Name").field(name).finish(),
        }
    }
}

static REGISTERED: Mutex<BTreeMap<String, Closure>> = Mutex::new(BTreeMap::new());
