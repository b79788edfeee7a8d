//! Measurements whose labels are looked up once.
//!
//! An SDK hashes all labels of each measurement, which costs more than the measurement itself. A [`Bindable`]
//! instrument binds each series at its first measurement and recognises it by a [`Series`], which compares
//! labels by their addresses. This is only correct for providers that support bound instruments: all others
//! drop what is bound. See [`BoundInstruments`](crate::provider::BoundInstruments).
//!
//! ```
//! # use throughline_tracing_layer as throughline;
//! use opentelemetry::metrics::MeterProvider;
//! use opentelemetry_sdk::metrics::SdkMeterProvider;
//! use throughline::series::{Bindable, Series};
//!
//! let meters = SdkMeterProvider::default();
//! let requests = Bindable::new(meters.meter("example").u64_counter("requests").build());
//! let mut series = Series::new();
//! series.push("http.request.method", "GET");
//! series.push("http.response.status_code", 200);
//! // `true` only if the provider is known to support it, see `LazyInstruments::binds`.
//! requests.record(1, &series, false);
//! ```

mod bindable;
mod bound;
mod labels;
mod text;

pub use self::bindable::{Bind, Bindable};
pub use self::labels::{Series, SeriesValue};
pub use self::text::Text;
