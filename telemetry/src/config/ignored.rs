//! Variables that are set but ignored, and why.

use std::fmt;

use throughline_tracing_layer::redaction::{REDACTED, redact, redact_url};

/// A variable, a member of its list, or a property of the declarative configuration, that is set but ignored.
///
/// The specification requires that a value that is not understood is ignored with a warning
/// (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>).
/// [`TelemetryConfig::ignored_variables`](crate::TelemetryConfig::ignored_variables) and
/// [`Diagnosis::ignored`](crate::Diagnosis::ignored) list these variables. The display form is one
/// human-readable line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IgnoredVariable {
    /// The name of the variable, or the path of the property.
    pub variable: String,
    /// The value, or the ignored member of its list, truncated after 128 characters. Possible secrets are
    /// replaced by `REDACTED`.
    pub value: String,
    /// Why the value is ignored.
    pub reason: String,
    /// What is accepted, or `None` if no value would have an effect.
    pub accepted: Option<String>,
    /// What is used instead.
    pub used: String,
}

impl fmt::Display for IgnoredVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            variable,
            value,
            reason,
            accepted,
            used,
        } = self;
        write!(f, "{variable} = {value:?} is ignored: {reason}")?;
        if let Some(accepted) = accepted {
            write!(f, "; use {accepted}")?;
        }
        write!(f, "; instead: {used}")
    }
}

/// Formats the value of a variable for errors and warnings, without secrets.
pub(super) fn printable(variable: &str, value: &str) -> String {
    if variable.ends_with("_HEADERS") || value.contains("-----BEGIN") {
        return REDACTED.to_owned();
    }
    let mut value = if variable.ends_with("_ENDPOINT") {
        redact_url(value).into_owned()
    } else {
        redact(value).into_owned()
    };
    if let Some((end, _)) = value.char_indices().nth(MAX_PRINTED_CHARS) {
        value.truncate(end);
        value.push('…');
    }
    value
}

const MAX_PRINTED_CHARS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_a_variable_is_printed() {
        const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
        for (variable, value, expected) in [
            (ENDPOINT, "https://me:SECRET@c:4317", "https://REDACTED@c:4317"),
            (ENDPOINT, "https://me:SEC/RET@c", "https://REDACTED@c"),
            (ENDPOINT, "//me:SECRET@c", "//REDACTED@c"),
            (ENDPOINT, "me:SECRET@c:4317", "REDACTED@c:4317"),
            (ENDPOINT, "http://c/x?key=SECRET", "http://c/x?REDACTED"),
            (ENDPOINT, "c:443/x?key=SECRET", "c:443/x?REDACTED"),
            (ENDPOINT, "http://c?u=a@SECRET", "http://REDACTED"),
            (ENDPOINT, "http://me:SE?CRET@c", "http://REDACTED"),
            (ENDPOINT, "http://c#SECRET", "http://c#REDACTED"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "a@b@c", "REDACTED@c"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer SECRET", "REDACTED"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "SECRET", "REDACTED"),
            (
                "OTEL_EXPORTER_OTLP_CLIENT_KEY",
                "-----BEGIN KEY\nSECRET",
                "REDACTED",
            ),
            ("OTEL_TRACES_SAMPLER", "xray", "xray"),
        ] {
            assert_eq!(printable(variable, value), expected, "{variable}={value}");
        }
        let long = printable("OTEL_TRACES_SAMPLER", &"é".repeat(1_000));
        assert_eq!(long, format!("{}…", "é".repeat(128)), "cut at a character");
    }
}
