//! The command line.

use clap::{Parser, ValueEnum};
use throughline::telemetry::Exporter;

use crate::services::Service;

/// Sends a customer's request through three agents and three external services, and shows its ten spans.
///
/// Each service has a listener, a service name and a tracer provider of its own; only the traceparent header connects
/// them. The customer asks Agent 1, which asks the payment service, Agent 2 (which asks tech support) and Agent 3 (which
/// asks the inventory).
#[derive(Debug, Parser)]
#[command(name = "agents", version, after_help = AFTER)]
pub(crate) struct Cli {
    /// The customer's account: ada or bob.
    #[arg(long, value_name = "NAME", default_value = "ada")]
    pub(crate) account: String,
    /// The item that the customer ordered: chair, desk or lamp.
    #[arg(long, value_name = "NAME", default_value = "desk")]
    pub(crate) item: String,
    /// Where the spans go [default: console]
    #[arg(long, value_enum)]
    exporter: Option<ExporterName>,
    /// The collector: port 4317 is gRPC; port 4318, or a URL with a path, is HTTP. Implies --exporter otlp
    /// [default: http://127.0.0.1:4317]
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// Leave this service down, to see how its absence looks in the trace.
    #[arg(long, value_enum, value_name = "SERVICE")]
    down: Option<Down>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExporterName {
    /// One tree, on standard output.
    Console,
    /// OpenTelemetry's protocol, to a collector: one service there for each service here.
    Otlp,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Down {
    /// Agent 1 (Main - Arch)
    Main,
    /// External Payment Service
    Payment,
    /// Agent 2 (Support - Arch)
    Support,
    /// Internal Tech Support
    TechSupport,
    /// Agent 3 (Orders - Arch)
    Orders,
    /// Inventory Management
    Inventory,
}

const AFTER: &str = "\
Examples:
  agents
  agents --account bob --item lamp
  agents --otlp-endpoint http://127.0.0.1:4318
  agents --down inventory

When a service is down or does not know the account or the item, the message says which, the trace shows where, and the
exit code is 1.";

impl Cli {
    pub(crate) fn exporter(&self) -> Exporter {
        match (self.exporter, &self.otlp_endpoint) {
            (Some(ExporterName::Console), _) | (None, None) => Exporter::Console,
            (Some(ExporterName::Otlp), _) | (None, Some(_)) => Exporter::Otlp,
        }
    }

    pub(crate) fn otlp_endpoint(&self) -> &str {
        self.otlp_endpoint.as_deref().unwrap_or("http://127.0.0.1:4317")
    }

    pub(crate) fn down(&self) -> Option<Service> {
        self.down.map(|down| match down {
            Down::Main => Service::Main,
            Down::Payment => Service::Payment,
            Down::Support => Service::Support,
            Down::TechSupport => Service::TechSupport,
            Down::Orders => Service::Orders,
            Down::Inventory => Service::Inventory,
        })
    }
}
