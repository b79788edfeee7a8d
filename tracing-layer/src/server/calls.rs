//! The durations of the calls that a server serves.

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::metrics::{Histogram, Meter};

use crate::grpc::Call;
use crate::limits::{Claim, DistinctValues, Place, SeriesBudget, literal_id, series_id};
use crate::series::{Bindable, Series, Text};
use crate::{metrics, semconv};

/// The histogram, and the bound of its methods, which callers choose.
#[derive(Debug)]
pub(super) struct Calls {
    duration: Bindable<f64, Histogram<f64>>,
    budget: OnceLock<Box<Budget>>,
}

#[derive(Debug)]
struct Budget {
    methods: DistinctValues,
    series: SeriesBudget,
}

impl Calls {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            duration: metrics::seconds(
                meter,
                semconv::RPC_SERVER_CALL_DURATION,
                "Measures the duration of an incoming Remote Procedure Call (RPC).",
            ),
            budget: OnceLock::new(),
        }
    }

    /// Records a call, of which `error` is the class of the error. `binds` says whether the provider supports
    /// bound instruments.
    pub(super) fn record(&self, lasted: Duration, call: &Call, error: Option<&'static str>, binds: bool) {
        let budget = self.budget.get_or_init(|| Box::new(Budget::new()));
        let method = call.known_method();
        let place = method.map_or(Place::OTHER, |method| budget.place(method, call));
        let status = call.status();
        let id = series_id([status.map_or(0, literal_id), error.map_or(0, literal_id)]);
        let in_full = budget.series.admits(place, id);
        let mut labels = Series::new();
        labels.push(semconv::RPC_SYSTEM_NAME, semconv::GRPC);
        labels.push(semconv::RPC_METHOD, Text::label(place, call.method()));
        if let Some(status) = status.filter(|_| in_full) {
            labels.push(semconv::RPC_RESPONSE_STATUS_CODE, status);
        }
        if let Some(error) = error {
            labels.push(semconv::ERROR_TYPE, if in_full { error } else { semconv::OTHER });
        }
        self.duration.record(lasted.as_secs_f64(), &labels, binds);
    }
}

impl Budget {
    fn new() -> Self {
        let methods = DistinctValues::new(MAX_METHODS);
        Self {
            series: SeriesBudget::new(&methods),
            methods,
        }
    }

    /// Returns the place of a method. A method that the server refuses as unimplemented may be anything, so
    /// it gets no place of its own.
    fn place(&self, method: &str, call: &Call) -> Place {
        if call.is_unimplemented() {
            return self.methods.find(method, 0).unwrap_or(Place::OTHER);
        }
        self.methods.place(method, 0, || Claim::Unknown)
    }
}

/// The maximum number of methods that the metrics of a server distinguish.
const MAX_METHODS: usize = 200;
