//! The libraries that exporters use. What they report about themselves is not exported, because each export
//! would cause another one.

/// Returns whether a target belongs to a library that exporters use.
pub(crate) fn is_exporter_library(target: &str) -> bool {
    let library = target.split("::").next().unwrap_or(target);
    LIBRARIES.contains(&library) || library.starts_with("opentelemetry")
}

const LIBRARIES: &[&str] = &[
    "h2",
    "hyper",
    "hyper_util",
    "reqwest",
    "rustls",
    "rustls_native_certs",
    "rustls_platform_verifier",
    "throughline",
    "tonic",
    "tower",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_exporter_libraries() {
        for (target, is_theirs) in [
            ("hyper::client", true),
            ("opentelemetry_sdk", true),
            ("h2", true),
            ("hyperion", false),
            ("shop::orders", false),
        ] {
            assert_eq!(is_exporter_library(target), is_theirs, "{target}");
        }
    }
}
