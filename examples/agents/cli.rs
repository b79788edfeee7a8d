//! The command line.

use clap::{Parser, ValueEnum};
use throughline::telemetry::Exporter;

use crate::services::Service;

/// Sends a customer's request through three agents and three external services, and shows its ten spans.
///
/// Each service has its own listener, service name and tracer provider; only the traceparent header connects
/// them. The customer calls Agent 1, which calls the payment service, Agent 2 and Agent 3. Agent 2 calls tech
/// support, Agent 3 calls the inventory.
#[derive(Debug, Parser)]
#[command(name = "agents", version, after_help = AFTER)]
pub(crate) struct Cli {
    /// The customer's account: ada or bob.
    #[arg(long, value_name = "NAME", default_value = "ada")]
    pub(crate) account: String,
    /// The item that the customer ordered: chair, desk or lamp.
    #[arg(long, value_name = "NAME", default_value = "desk")]
    pub(crate) item: String,
    /// The exporter for spans [default: console]
    #[arg(long, value_enum)]
    exporter: Option<ExporterName>,
    /// The collector. Port 4317 is tried with gRPC first, any other with HTTP; a URL with a path uses HTTP. Implies
    /// --exporter otlp [default: http://127.0.0.1:4318]
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// Do not start this service, to see how the trace shows the failure.
    #[arg(long, value_enum, value_name = "SERVICE")]
    down: Option<Down>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExporterName {
    /// One tree on standard output.
    Console,
    /// OTLP, to a collector, with a separate service name for each service.
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

If a service is down, or the account or item does not exist, the error message names the service, the trace
shows the failed span, and the exit code is 1.";

impl Cli {
    pub(crate) fn exporter(&self) -> Exporter {
        match (self.exporter, &self.otlp_endpoint) {
            (Some(ExporterName::Console), _) | (None, None) => Exporter::Console,
            (Some(ExporterName::Otlp), _) | (None, Some(_)) => Exporter::Otlp,
        }
    }

    pub(crate) fn otlp_endpoint(&self) -> &str {
        self.otlp_endpoint.as_deref().unwrap_or("http://127.0.0.1:4318")
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
