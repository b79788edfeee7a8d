//! Routers on sockets of the loopback interface.

use std::error::Error;
use std::future::IntoFuture;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use throughline::telemetry::Telemetry;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::stop::Stop;

/// How long requests under way may take once the service stops.
const GRACE: Duration = Duration::from_secs(30);

/// Serves a router on a free port for as long as the program runs.
pub(crate) async fn start(app: Router) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    // With the caller's address, which is the span's `client.address`.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(address)
}

/// Serves a router until it is told to stop; then lets the requests under way have their answers.
pub(crate) async fn serve(
    app: Router,
    port: u16,
    telemetry: &Telemetry,
    stop: &mut Stop,
) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.map_err(|error| format!("--port {port} cannot be listened on: {error}"))?;
    let url = format!("http://{}/task", listener.local_addr()?);
    println!("tasks: curl {url} --json '{{\"query\": \"Which product sold most?\"}}'");
    if let Some(address) = telemetry.prometheus_address() {
        println!("metrics: http://{address}/metrics");
    }
    println!("Ctrl-C stops the service.");

    let (stopping, stopped) = oneshot::channel::<()>();
    let stopped = async { stopped.await.unwrap_or(()) };
    let served = tokio::spawn(
        axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(stopped)
            .into_future(),
    );
    stop.asked().await;
    drop(stopping);
    println!("stopping: requests under way have {GRACE:?}; Ctrl-C again ends them now.");
    tokio::select! {
        served = served => served??,
        () = sleep(GRACE) => (),
        () = stop.asked() => (),
    }
    Ok(())
}
