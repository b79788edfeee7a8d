//! Bound instruments record what others do.

use throughline_test_support::Recorder;
use throughline_tracing_layer::provider::BoundInstruments;

use crate::golden;
use crate::support::{layer, recorded};

/// Records all golden exchanges twice, so that their series are bound in the second round.
fn record(is_reported: bool) -> Vec<String> {
    let recorder = Recorder::new();
    let _reported = is_reported.then(|| BoundInstruments::report(recorder.meter_provider()));
    let layer = layer(&recorder);
    for case in golden::all().iter().chain(&golden::all()) {
        golden::run(case, &layer, 0);
    }
    recorded();
    recorder.metrics()
}

#[test]
fn every_series_is_the_same() {
    let (bound, unbound) = (record(true), record(false));
    assert!(unbound.len() > 1000, "only {} series", unbound.len());
    let differences: Vec<_> = bound.iter().filter(|line| !unbound.contains(line)).collect();
    assert_eq!(differences, Vec::<&String>::new(), "what is only there if bound");
    assert_eq!(bound.len(), unbound.len(), "the number of series");
}
