//! Exporters.

use serde_json::Value;

use super::Reader;
use super::node::{Node, Section};
use crate::config::expected::Expected;
use crate::config::fields::Field;
use crate::config::headers::Headers;
use crate::config::{Exporter, HistogramBuckets, Protocol, TlsConfig, pairs};
use crate::error::InitError;
use crate::signal::Signal;

impl Reader {
    /// Reads an exporter that sends a signal by itself, and adds it to the signal.
    pub(super) fn exporter(&mut self, signal: Signal, node: &Node<'_>) -> Result<(), InitError> {
        let (kind, settings) = node.component(&self.report)?;
        let mut section = settings.section(&self.report)?;
        let exporter = match kind {
            "otlp_http" => {
                self.otlp(signal, &mut section)?;
                self.encoding(signal, &mut section)?;
                Exporter::Otlp
            }
            "otlp_grpc" => {
                self.otlp(signal, &mut section)?;
                self.config.signals.get_mut(signal).protocol = Some(Protocol::Grpc);
                Exporter::Otlp
            }
            "console" => Exporter::Console,
            "otlp_file/development" => self.file(&mut section)?,
            _ => return Err(node.refused(&self.report, EXPORTERS)),
        };
        if signal == Signal::Metrics {
            self.metric_exporter(exporter, &mut section)?;
        }
        section.finish(&mut self.report);
        self.add(signal, exporter, &settings)
    }

    /// A signal has one exporter of each kind.
    pub(super) fn add(
        &mut self,
        signal: Signal,
        exporter: Exporter,
        node: &Node<'_>,
    ) -> Result<(), InitError> {
        let earlier = self
            .exporters
            .iter()
            .find(|(place, _)| *place == (signal, exporter));
        if let Some((_, path)) = earlier {
            return Err(self.report.twice(path, &node.path));
        }
        self.exporters.push(((signal, exporter), node.path.clone()));
        let own = self
            .config
            .signals
            .get_mut(signal)
            .exporter
            .get_or_insert_default();
        *own = own.iter().chain([exporter]).collect();
        Ok(())
    }

    /// Reads what both protocols have.
    fn otlp(&mut self, signal: Signal, section: &mut Section<'_>) -> Result<(), InitError> {
        let own = self.config.signals.get_mut(signal);
        own.protocol = Some(Protocol::HttpProtobuf);
        // The defaults of the schema, which differ from those of the variables.
        own.endpoint = None;
        own.variable_headers = Some(Headers::default());
        own.tls = TlsConfig::default();
        let tls = section.take_set("tls");
        let mut is_insecure = false;
        if let Some(tls) = tls {
            let mut tls = tls.section(&self.report)?;
            for (key, field) in [
                ("ca_file", Field::CertificateOf(signal)),
                ("key_file", Field::ClientKeyOf(signal)),
                ("cert_file", Field::ClientCertificateOf(signal)),
            ] {
                if let Some(file) = tls.take_set(key) {
                    self.set_text(field, &file)?;
                }
            }
            if let Some(insecure) = tls.take_set("insecure") {
                is_insecure = insecure.boolean(&self.report)?;
            }
            tls.finish(&mut self.report);
        }
        if let Some(endpoint) = section.take_set("endpoint") {
            let url = endpoint.text(&self.report)?;
            // Without a scheme, gRPC is encrypted unless it is insecure.
            let url = match (url.contains("://"), is_insecure) {
                (true, _) => url.to_owned(),
                (false, true) => format!("http://{url}"),
                (false, false) => format!("https://{url}"),
            };
            self.set(Field::EndpointOf(signal), &endpoint, &url)?;
        }
        let headers = self.headers(section)?;
        self.config.signals.get_mut(signal).variable_headers = Some(headers);
        if let Some(compression) = section.take_set("compression") {
            self.set_text(Field::CompressionOf(signal), &compression)?;
        }
        if let Some(timeout) = section.take_set("timeout") {
            self.set_number(Field::TimeoutOf(signal), &timeout)?;
        }
        for (key, default, used) in [
            (
                "max_request_size",
                64_u32 << 20,
                "max_request_bytes of TelemetryConfig",
            ),
            ("max_response_size", 4 << 20, "64 KiB"),
        ] {
            section.unsupported(key, &Value::from(default), used, &mut self.report);
        }
        Ok(())
    }

    /// `headers` take precedence over `headers_list`.
    fn headers(&mut self, section: &mut Section<'_>) -> Result<Headers, InitError> {
        let mut all = Vec::new();
        if let Some(list) = section.take_set("headers_list") {
            let text = list.text(&self.report)?;
            let members = pairs(text);
            all = members.ok_or_else(|| list.refused(&self.report, Expected::Pairs))?;
        }
        if let Some(list) = section.take_set("headers") {
            for item in list.items(&self.report)? {
                let mut header = item.section(&self.report)?;
                let name = header
                    .require("name", &self.report)?
                    .text(&self.report)?
                    .to_owned();
                // A header whose value is null is left out.
                let value = header.require("value", &self.report)?;
                header.finish(&mut self.report);
                if !value.is_null() {
                    all.push((name, value.text(&self.report)?.to_owned()));
                }
            }
        }
        Ok(Headers::from_pairs(all))
    }

    fn encoding(&mut self, signal: Signal, section: &mut Section<'_>) -> Result<(), InitError> {
        let Some(encoding) = section.take_set("encoding") else {
            return Ok(());
        };
        let protocol = match encoding.text(&self.report)? {
            "protobuf" => Protocol::HttpProtobuf,
            "json" => Protocol::HttpJson,
            _ => return Err(encoding.refused(&self.report, "\"protobuf\" or \"json\"")),
        };
        self.config.signals.get_mut(signal).protocol = Some(protocol);
        Ok(())
    }

    fn metric_exporter(&mut self, exporter: Exporter, section: &mut Section<'_>) -> Result<(), InitError> {
        if let Some(temporality) = section.take_set("temporality_preference") {
            let name = match temporality.text(&self.report)? {
                "low_memory" => "lowmemory",
                name => name,
            };
            if exporter == Exporter::Otlp {
                self.set(Field::MetricTemporality, &temporality, name)?;
            } else if name != "cumulative" {
                temporality.ignore(&mut self.report, "only OTLP supports a choice", "cumulative");
            }
        }
        if let Some(aggregation) = section.take_set("default_histogram_aggregation") {
            match HistogramBuckets::parse(aggregation.text(&self.report)?) {
                Some(HistogramBuckets::Explicit) => {}
                Some(HistogramBuckets::Exponential) => {
                    self.exponential
                        .push((aggregation.path, aggregation.value.clone()));
                }
                None => return Err(aggregation.refused(&self.report, Expected::HistogramBuckets)),
            }
        }
        Ok(())
    }

    /// Lines of OTLP/JSON, to standard output or to a file.
    fn file(&mut self, section: &mut Section<'_>) -> Result<Exporter, InitError> {
        let Some(stream) = section.take_set("output_stream") else {
            return Ok(Exporter::ConsoleJson);
        };
        match stream.text(&self.report)? {
            "stdout" => Ok(Exporter::ConsoleJson),
            text => {
                let accepted = "\"stdout\" or a URL such as file:///var/log/traces.jsonl";
                let path = text.strip_prefix("file://").filter(|path| path.starts_with('/'));
                let path = path.ok_or_else(|| stream.refused(&self.report, accepted))?;
                self.claim(Field::FilePath, &stream, "all signals are written to one file")?;
                self.set(Field::FilePath, &stream, path)?;
                Ok(Exporter::File)
            }
        }
    }
}

const EXPORTERS: &str = r#""otlp_http", "otlp_grpc", "console" or "otlp_file/development""#;
