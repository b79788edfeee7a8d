//! The exporters of a signal.

use std::fmt;

use crate::config::Exporter;

/// The exporters of a signal, without repetitions. A signal without exporters is not recorded.
///
/// A single [`Exporter`] or an array converts into this type. [`Exporter::None`] adds nothing, and
/// [`Exporter::Jaeger`] beside [`Exporter::Otlp`] adds nothing, because both send to the same endpoint.
///
/// ```
/// use throughline_telemetry::{Exporter, TelemetryConfig};
///
/// let config = TelemetryConfig::default().with_exporter([Exporter::Otlp, Exporter::Console]);
/// assert!(config.exporter.contains(Exporter::Console));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Exporters(
    /// Sorted: a slow collector must not delay the exporters of this machine at a flush.
    Vec<Exporter>,
);

impl Exporters {
    /// Returns whether the signal is not exported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the signal has this exporter.
    #[must_use]
    pub fn contains(&self, exporter: Exporter) -> bool {
        self.0.contains(&exporter)
    }

    /// Returns each exporter.
    pub fn iter(&self) -> impl Iterator<Item = Exporter> + use<'_> {
        self.0.iter().copied()
    }

    /// Returns these exporters without one of them.
    pub(crate) fn without(&self, exporter: Exporter) -> Self {
        self.iter().filter(|other| *other != exporter).collect()
    }

    /// Parses a comma-separated list, or `none`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let exporters: Option<Vec<_>> = text.split(',').map(|name| Exporter::parse(name.trim())).collect();
        let exporters = exporters?;
        let is_none = |exporter: &Exporter| *exporter == Exporter::None;
        if exporters.len() > 1 && exporters.iter().any(is_none) {
            return None;
        }
        Some(exporters.into_iter().collect())
    }
}

impl FromIterator<Exporter> for Exporters {
    fn from_iter<I: IntoIterator<Item = Exporter>>(exporters: I) -> Self {
        let mut exporters: Vec<Exporter> = exporters.into_iter().collect();
        let is_otlp = exporters.contains(&Exporter::Otlp);
        exporters.retain(|exporter| match exporter {
            Exporter::None => false,
            Exporter::Jaeger => !is_otlp,
            _ => true,
        });
        exporters.sort_unstable();
        exporters.dedup();
        Self(exporters)
    }
}

impl From<Exporter> for Exporters {
    fn from(exporter: Exporter) -> Self {
        Self::from_iter([exporter])
    }
}

impl<const N: usize> From<[Exporter; N]> for Exporters {
    fn from(exporters: [Exporter; N]) -> Self {
        Self::from_iter(exporters)
    }
}

impl From<Vec<Exporter>> for Exporters {
    fn from(exporters: Vec<Exporter>) -> Self {
        Self::from_iter(exporters)
    }
}

impl PartialEq<Exporter> for Exporters {
    fn eq(&self, exporter: &Exporter) -> bool {
        match (self.0.as_slice(), exporter) {
            ([], Exporter::None) => true,
            ([only], exporter) => only == exporter,
            _ => false,
        }
    }
}

/// The names as in a file or a variable.
impl fmt::Display for Exporters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(Exporter::None.as_str());
        }
        let names: Vec<&str> = self.iter().map(Exporter::as_str).collect();
        f.write_str(&names.join(","))
    }
}

impl fmt::Debug for Exporters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_exporters_has_no_repetitions_and_local_ones_first() {
        for (text, expected) in [
            ("otlp,console", Some("console,otlp")),
            (" console , otlp,console", Some("console,otlp")),
            ("jaeger", Some("jaeger")),
            ("jaeger,otlp", Some("otlp")),
            ("none", Some("none")),
            ("none,otlp", None),
            ("otlp,", None),
            ("", None),
            ("otlp;console", None),
        ] {
            let parsed = Exporters::parse(text).map(|exporters| exporters.to_string());
            assert_eq!(parsed.as_deref(), expected, "{text:?}");
        }
        let none = Exporters::from(Exporter::None);
        assert!(none.is_empty(), "{none:?}");
        assert_eq!(none, Exporter::None, "an empty list");
        assert_ne!(
            Exporters::from([Exporter::Otlp, Exporter::File]),
            Exporter::Otlp,
            "two"
        );
    }
}
