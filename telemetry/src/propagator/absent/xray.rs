//! What stands in for X-Ray where the feature `xray` is not compiled in.

use super::Boxed;
use crate::error::InitError;

pub(super) fn propagator() -> Result<Boxed, InitError> {
    let message =
        "the propagator xray needs the feature \"xray\" of throughline-telemetry, which is not compiled in";
    Err(InitError::exporter(message.into()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_feature_is_named() {
        let error = super::propagator().expect_err("no feature");
        let expected = "the propagator xray needs the feature \"xray\" of throughline-telemetry, which is not compiled in";
        assert_eq!(error.to_string(), expected, "the message");
    }
}
