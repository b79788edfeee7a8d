//! The provider of a layer: the global one, or one of its own.

use std::fmt;
use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry::global;
use opentelemetry::metrics::{Meter, MeterProvider};

use super::tracers::{AnyProvider, AnyTracer, global_tracer};

/// A provider, and the scope for which it is used.
pub(super) struct Source<P: ?Sized> {
    scope: InstrumentationScope,
    custom: Option<Arc<P>>,
}

pub(super) type TracerSource = Source<dyn AnyProvider>;
pub(super) type MeterSource = Source<dyn MeterProvider + Send + Sync>;

impl<P: ?Sized> Source<P> {
    /// The provider that is global at the time of the call.
    pub(super) fn global(scope: InstrumentationScope) -> Self {
        Self { scope, custom: None }
    }

    /// Sets the scope, for the same provider.
    pub(super) fn with_scope(&self, scope: InstrumentationScope) -> Self {
        Self {
            scope,
            custom: self.custom.clone(),
        }
    }

    /// Sets the provider, for the same scope.
    pub(super) fn with_provider(&self, provider: Arc<P>) -> Self {
        Self {
            scope: self.scope.clone(),
            custom: Some(provider),
        }
    }

    pub(super) fn scope(&self) -> &InstrumentationScope {
        &self.scope
    }
}

impl TracerSource {
    pub(super) fn tracer(&self) -> Box<dyn AnyTracer> {
        let scope = self.scope.clone();
        match &self.custom {
            Some(provider) => provider.any_tracer(scope),
            None => global_tracer(scope),
        }
    }
}

impl MeterSource {
    pub(super) fn meter(&self) -> Meter {
        let scope = self.scope.clone();
        match &self.custom {
            Some(provider) => provider.meter_with_scope(scope),
            None => global::meter_provider().meter_with_scope(scope),
        }
    }
}

impl<P: ?Sized> fmt::Debug for Source<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = if self.custom.is_some() { "custom" } else { "global" };
        f.debug_struct("Source")
            .field("scope", &self.scope.name())
            .field("provider", &provider)
            .finish()
    }
}
