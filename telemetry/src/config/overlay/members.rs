//! Validates variables with names and lists.

use super::{Fallback, NOT_ACCEPTED, Overlay};
use crate::config::expected::Expected;
use crate::config::features::Feature;
use crate::config::fields::Field;
use crate::config::keys::{INSECURE, INSECURE_OF};
use crate::config::parse::{boolean, pair};
use crate::config::{Compression, Exporter, Propagator, Protocol, headers};
use crate::signal::Signal;

impl Overlay<'_> {
    /// Returns the valid members, or `None` if there are none.
    pub(super) fn propagators(&mut self, value: &str) -> Option<String> {
        const VARIABLE: &str = "OTEL_PROPAGATORS";
        let mut accepted = Vec::new();
        let names = value.to_ascii_lowercase();
        if names == "none" {
            return Some(names);
        }
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let reason =
                match Propagator::parse(name).map(|propagator| propagator.feature().and_then(missing)) {
                    Some(None) => {
                        accepted.push(name);
                        continue;
                    }
                    Some(Some(missing)) => missing,
                    None => NOT_ACCEPTED.to_owned(),
                };
            let used = Fallback::Field(Field::Propagators);
            self.reject(VARIABLE, name, reason, Expected::Propagators, used);
        }
        (!accepted.is_empty()).then(|| accepted.join(","))
    }

    /// Returns the valid members, or `None` if there are none. `none` must stand alone.
    pub(super) fn exporters(
        &mut self,
        variable: &'static str,
        signal: Signal,
        value: &str,
    ) -> Option<String> {
        let mut accepted = Vec::new();
        let names = value.to_ascii_lowercase();
        if names == Exporter::None.as_str() {
            return Some(names);
        }
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let exporter = Exporter::parse(name);
            let missing = exporter.and_then(Exporter::feature).and_then(missing);
            let mut expected = Expected::Exporter;
            let reason = match (exporter, missing) {
                (_, Some(missing)) => missing,
                (Some(Exporter::Prometheus), _) if signal != Signal::Metrics => {
                    expected = Expected::ExporterOfTracesAndLogs;
                    "Prometheus supports metrics only".to_owned()
                }
                (Some(Exporter::Jaeger), _) if signal != Signal::Traces => {
                    "Jaeger supports traces only".to_owned()
                }
                (Some(Exporter::None), _) => "none cannot be combined with exporters".to_owned(),
                (Some(_), _) => {
                    accepted.push(name);
                    continue;
                }
                (None, _) => NOT_ACCEPTED.to_owned(),
            };
            let used = Fallback::Field(Field::ExporterOf(signal));
            self.reject(variable, name, reason, expected, used);
        }
        (!accepted.is_empty()).then(|| accepted.join(","))
    }

    pub(super) fn protocol(&mut self, variable: &'static str, field: Field, value: &str) -> Option<String> {
        let feature = |name: &str| Protocol::parse(name).map(Protocol::feature);
        self.with_feature(variable, field, value, feature, Expected::Protocol)
    }

    pub(super) fn compression(
        &mut self,
        variable: &'static str,
        field: Field,
        value: &str,
    ) -> Option<String> {
        let feature = |name: &str| Compression::parse(name).and_then(Compression::feature);
        self.with_feature(variable, field, value, feature, Expected::Compression)
    }

    /// Returns the value in lower case, unless it needs a feature that is not compiled in.
    fn with_feature(
        &mut self,
        variable: &'static str,
        field: Field,
        value: &str,
        feature: impl FnOnce(&str) -> Option<Feature>,
        accepted: Expected,
    ) -> Option<String> {
        let name = value.to_ascii_lowercase();
        match feature(&name).and_then(missing) {
            Some(missing) => {
                self.reject(variable, value, missing, accepted, Fallback::Field(field));
                None
            }
            None => Some(name),
        }
    }

    /// Returns the headers that can be sent. Invalid members are reported by position, because they may
    /// contain secrets.
    pub(super) fn headers(&mut self, variable: &'static str, field: Field, value: &str) -> Option<String> {
        let mut sent = Vec::new();
        let members = value.split(',').filter(|member| !member.trim().is_empty());
        for (at, member) in members.enumerate() {
            let (why, accepted) = match pair(member) {
                Some((name, value)) if headers::can_be_sent(&name, &value) => {
                    sent.push(member);
                    continue;
                }
                Some(_) => ("cannot be sent", Expected::Header),
                None => ("is not name=value", Expected::Pairs),
            };
            let reason = format!("member {} {why}", at + 1);
            self.reject(variable, value, reason, accepted, Fallback::Field(field));
        }
        (!sent.is_empty()).then(|| sent.join(","))
    }

    /// Adds `http` to an endpoint without a scheme, such as `collector:4317`, if a variable allows
    /// unencrypted connections. Otherwise a scheme is required, because the specification's default, `https`,
    /// would be a guess.
    pub(super) fn with_scheme(&self, field: Field, value: &str) -> String {
        let own = |signal| {
            INSECURE_OF
                .iter()
                .find(|(_, own)| *own == signal)
                .map(|(variable, _)| *variable)
        };
        let own = if let Field::EndpointOf(signal) = field {
            own(signal)
        } else {
            None
        };
        let is_insecure = own
            .and_then(|variable| self.vars.get(variable))
            .or_else(|| self.vars.get(INSECURE));
        if !value.contains("://") && is_insecure.is_some_and(|value| boolean(value) == Ok(true)) {
            format!("http://{value}")
        } else {
            value.to_owned()
        }
    }
}

fn missing(feature: Feature) -> Option<String> {
    feature.missing("it")
}
