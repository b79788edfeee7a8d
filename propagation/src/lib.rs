//! W3C Trace Context and Baggage: values, a propagator, and tower layers.
