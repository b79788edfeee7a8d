//! Instruments whose series can be bound.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{
    BoundCounter, BoundHistogram, BoundUpDownCounter, Counter, Histogram, UpDownCounter,
};

use super::bound::BoundSeries;
use super::labels::Series;

/// An instrument that can be bound to labels.
pub trait Bind<T>: Sized {
    /// The instrument when it is bound.
    type Bound: Send + Sync;

    /// Records a value with these labels.
    fn measure(&self, value: T, labels: &[KeyValue]);

    /// Binds the instrument to labels.
    fn bound_to(&self, labels: &[KeyValue]) -> Self::Bound;

    /// Records a value by a bound instrument.
    fn measure_bound(bound: &Self::Bound, value: T);
}

/// An instrument that binds its first series, if its provider supports that. The series are bounded in number;
/// further ones are recorded with their labels each time.
#[derive(Debug)]
pub struct Bindable<T, I: Bind<T>> {
    instrument: I,
    bound: BoundSeries<I::Bound>,
}

impl<T, I: Bind<T>> Bindable<T, I> {
    /// Creates an instrument.
    pub fn new(instrument: I) -> Self {
        Self {
            instrument,
            bound: BoundSeries::new(),
        }
    }

    /// Records a value. `binds` says whether the provider is known to support bound instruments, see
    /// [`LazyInstruments::binds`](crate::provider::LazyInstruments::binds).
    #[inline]
    pub fn record(&self, value: T, series: &Series, binds: bool) {
        match self.bound.get(series).filter(|_| binds) {
            Some(bound) => I::measure_bound(bound, value),
            None => self.record_unbound(value, series, binds),
        }
    }

    /// Returns the instrument bound to a series that was recorded before.
    #[inline]
    pub(crate) fn get(&self, series: &Series, binds: bool) -> Option<&I::Bound> {
        self.bound.get(series).filter(|_| binds)
    }

    /// Returns the instrument.
    pub(crate) fn instrument(&self) -> &I {
        &self.instrument
    }

    // Separate, since it is the exception if series are bound.
    #[inline(never)]
    fn record_unbound(&self, value: T, series: &Series, binds: bool) {
        let labels = series.labels();
        self.instrument.measure(value, labels.as_slice());
        // After the measurement: an SDK exports what is bound even if it has no value yet.
        if binds {
            self.bound
                .insert(series, || self.instrument.bound_to(labels.as_slice()));
        }
    }
}

macro_rules! bind {
    ($instrument:ident<$number:ty>, $bound:ident, $measure:ident) => {
        impl Bind<$number> for $instrument<$number> {
            type Bound = $bound<$number>;

            #[inline]
            fn measure(&self, value: $number, labels: &[KeyValue]) {
                self.$measure(value, labels);
            }

            fn bound_to(&self, labels: &[KeyValue]) -> Self::Bound {
                self.bind(labels)
            }

            #[inline]
            fn measure_bound(bound: &Self::Bound, value: $number) {
                bound.$measure(value);
            }
        }
    };
}

bind!(Histogram<f64>, BoundHistogram, record);
bind!(Histogram<u64>, BoundHistogram, record);
bind!(Counter<f64>, BoundCounter, add);
bind!(Counter<u64>, BoundCounter, add);
bind!(UpDownCounter<i64>, BoundUpDownCounter, add);
