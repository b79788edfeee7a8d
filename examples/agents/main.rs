//! The ten spans of a customer's request to three agents, each service behind a socket of its own.
//!
//! This is the AI agent example of Arch's tracing document: a customer asks Agent 1, which forwards the request to the
//! payment service, to Agent 2 and to Agent 3; Agent 2 asks tech support, Agent 3 asks the inventory. A service here is a
//! listener, a tracer provider and a service name, so a backend sees seven services although one process runs them all.
//!
//! The document's spans, as they are recorded:
//!
//! | span | service name | span name | kind | parent | the document says |
//! |---|---|---|---|---|---|
//! | 1 | `Customer Interaction` | `POST /agents/main` | client | | the customer initiates a request |
//! | 2 | `Agent 1 (Main - Arch)` | `POST /agents/main` | server | 1 | processes it, forwards it to the payment service |
//! | 3 | `Agent 1 (Main - Arch)` | `POST /agents/support` | client | 2 | forwards it to Agent 2 |
//! | 4 | `External Payment Service` | `POST /payments` | server | 2 | verifies the payment status |
//! | 5 | `Agent 2 (Support - Arch)` | `POST /agents/support` | server | 3 | processes the forwarded request |
//! | 6 | `Agent 2 (Support - Arch)` | `POST /investigations` | client | 5 | forwards it to tech support |
//! | 7 | `Internal Tech Support` | `POST /investigations` | server | 6 | resolves account access issues |
//! | 8 | `Agent 3 (Orders - Arch)` | `POST /agents/orders` | server | 2 | handles the order, forwarded by Agent 1 |
//! | 9 | `Agent 3 (Orders - Arch)` | `POST /stock` | client | 8 | forwards it to the inventory |
//! | 10 | `Inventory Management` | `POST /stock` | server | 9 | checks the stock |
//!
//! Services are named as the boxes of its picture, spans by HTTP's conventions. The picture's arrows downwards on the right
//! are the order in time, and the one from Agent 2 to Agent 3 is too: by the breakdown, Agent 1 forwards to Agent 3. The
//! breakdown counts one span for Agent 1's forwarding, that to Agent 2; the other two calls carry the context of span 2,
//! so that spans 4 and 8 are its children ([`caller`] says how).
//!
//! Run with
//!
//! ```text
//! cargo run --example agents
//! cargo run --example agents -- --otlp-endpoint http://127.0.0.1:4317
//! cargo run --example agents -- --down inventory
//! cargo run --example agents -- --help
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks"
)]

mod agents;
mod caller;
mod cli;
mod externals;
mod fleet;
mod services;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use crate::caller::Caller;
use crate::cli::Cli;
use crate::fleet::Fleet;
use crate::services::{Order, Service};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Starts the services, plays the customer, prints the answer, and delivers the spans whether there is one or not.
async fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    let fleet = Fleet::new(cli.exporter(), cli.otlp_endpoint())?;
    let answer = answer(&fleet, cli).await.map(|answer| println!("{answer}\n"));
    if let Err(error) = fleet.shutdown() {
        eprintln!("warning: {error}"); // The customer is answered all the same.
    }
    answer
}

async fn answer(fleet: &Fleet, cli: Cli) -> Result<String, Box<dyn Error>> {
    let directory = services::start(fleet, cli.down()).await?;
    let customer = Caller::new(Service::Customer, fleet, directory)?;
    let order = Order {
        account: cli.account,
        item: cli.item,
    };
    Ok(customer.ask(Service::Main, &order).await?.text)
}
