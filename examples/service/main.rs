//! An axum service with everything that a real one has, and where the layers go.
//!
//! | part | where |
//! |---|---|
//! | state, a boxed stack of client layers | `model.rs` |
//! | nested routers, a route that is not recorded | `app.rs` |
//! | server-sent events to a browser | `app.rs` |
//! | a WebSocket | `live.rs` |
//! | the caller's address, `TCP_NODELAY` | `main.rs` |
//! | graceful shutdown | `main.rs`, `shutdown.rs` |
//!
//! Run with
//!
//! ```text
//! OTEL_TRACES_EXPORTER=console cargo run --example service
//! cargo run --example service -- --help
//! ```
//!
//! and open the printed address in a browser.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program prints"
)]

mod app;
mod cli;
mod live;
mod model;
mod model_server;
mod page;
mod shutdown;

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::serve::{Listener, ListenerExt, TapIo};
use clap::Parser;
use throughline::telemetry;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::cli::Cli;
use crate::model::Model;
use crate::shutdown::Shutdown;

/// The time limit for requests in progress when the service stops, and then for exporting the last spans.
const GRACE_PERIOD: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> Result<(), Box<dyn Error>> {
    // Before the first request. Off unless an `OTEL_*` variable enables it; the service works either way.
    let telemetry = telemetry::init_from_env()?;

    let model_url = match &cli.model_url {
        Some(url) => url.clone(),
        None => start_model().await?,
    };
    let listener = listen(cli.port)
        .await
        .map_err(|error| format!("--port {}: {error}", cli.port))?;
    println!("http://{}", listener.local_addr()?);

    let shutdown = Shutdown::listen();
    let app = app::app(Model::new(&model_url, &cli.model), shutdown.clone());
    // The caller's address, for `ConnectInfo` in handlers and `client.address` of the server's span.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let served = async {
        let signal = shutdown.signal.clone().cancelled_owned();
        axum::serve(listener, app).with_graceful_shutdown(signal).await?;
        shutdown.conversations_ended().await;
        io::Result::Ok(())
    };
    let grace_period = async {
        shutdown.signal.cancelled().await;
        sleep(GRACE_PERIOD).await;
    };
    tokio::select! {
        ended = served => ended?,
        () = grace_period => eprintln!("warning: requests were still in progress after {GRACE_PERIOD:?}"),
    }

    // After the last request: waits for the last tokens to be counted and the last spans to be exported.
    if let Err(error) = telemetry.shutdown_within(GRACE_PERIOD) {
        eprintln!("warning: {error}");
    }
    Ok(())
}

/// A listener that sets `TCP_NODELAY` on its connections.
type NoDelayListener = TapIo<TcpListener, fn(&mut TcpStream)>;

/// Listens on a port of the loopback interface.
async fn listen(port: u16) -> io::Result<NoDelayListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(listener.tap_io(send_at_once as fn(&mut TcpStream)))
}

/// Without `TCP_NODELAY`, an event of a stream waits until the previous one is acknowledged, up to 40 ms.
fn send_at_once(connection: &mut TcpStream) {
    if let Err(error) = connection.set_nodelay(true) {
        eprintln!("warning: events may be late: {error}");
    }
}

/// Starts the built-in model on a free port. Returns its base URL.
async fn start_model() -> io::Result<String> {
    let listener = listen(0).await?;
    let url = format!("http://{}/v1", listener.local_addr()?);
    let model: Router = model_server::app();
    tokio::spawn(async move { axum::serve(listener, model).await });
    Ok(url)
}
