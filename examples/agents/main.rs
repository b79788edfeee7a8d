//! The ten spans of a customer's request to three agents. Each service listens on its own socket.
//!
//! This is the AI agent example of Arch's tracing document. A customer calls Agent 1, which forwards the
//! request to the payment service, to Agent 2 and to Agent 3. Agent 2 calls tech support, Agent 3 calls the
//! inventory. A service here is a listener, a tracer provider and a service name, so a backend shows seven
//! services although one process runs them all.
//!
//! The spans of the document, as they are recorded:
//!
//! | span | service name | span name | kind | parent | the document says |
//! |---|---|---|---|---|---|
//! | 1 | `Customer Interaction` | `POST /agents/main` | client | | the customer initiates a request |
//! | 2 | `Agent 1 (Main - Arch)` | `POST /agents/main` | server | 1 | forwards it to the payment service |
//! | 3 | `Agent 1 (Main - Arch)` | `POST /agents/support` | client | 2 | forwards it to Agent 2 |
//! | 4 | `External Payment Service` | `POST /payments` | server | 2 | verifies the payment status |
//! | 5 | `Agent 2 (Support - Arch)` | `POST /agents/support` | server | 3 | processes the forwarded request |
//! | 6 | `Agent 2 (Support - Arch)` | `POST /investigations` | client | 5 | forwards it to tech support |
//! | 7 | `Internal Tech Support` | `POST /investigations` | server | 6 | resolves account access issues |
//! | 8 | `Agent 3 (Orders - Arch)` | `POST /agents/orders` | server | 2 | handles the order |
//! | 9 | `Agent 3 (Orders - Arch)` | `POST /stock` | client | 8 | forwards it to the inventory |
//! | 10 | `Inventory Management` | `POST /stock` | server | 9 | checks the stock |
//!
//! Services are named after the boxes in the document's picture, spans by the HTTP conventions. The downward
//! arrows on the right of the picture show the order in time. So does the arrow from Agent 2 to Agent 3: in
//! the document's breakdown, Agent 1 forwards the request to Agent 3. The breakdown has one client span for
//! Agent 1, its call to Agent 2. The other two calls carry the context of span 2, so spans 4 and 8 are its
//! children (see [`caller`]).
//!
//! Run with
//!
//! ```text
//! cargo run --example agents
//! cargo run --example agents -- --otlp-endpoint http://127.0.0.1:4318
//! cargo run --example agents -- --down inventory
//! cargo run --example agents -- --help
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program prints"
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

/// Starts the services, sends the customer's request, prints the answer, and exports the spans in any case.
async fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    let fleet = Fleet::new(cli.exporter(), cli.otlp_endpoint())?;
    let answer = answer(&fleet, cli).await.map(|answer| println!("{answer}\n"));
    if let Err(error) = fleet.shutdown() {
        eprintln!("warning: {error}"); // The customer has an answer, so this is not an error.
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
    Ok(customer.call(Service::Main, &order).await?.text)
}
