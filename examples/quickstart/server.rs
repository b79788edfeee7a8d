//! Serves routers on the loopback interface.

use std::error::Error;
use std::future::IntoFuture;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use throughline::telemetry::Telemetry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::stop::Stop;

/// The time limit for requests in progress when the service stops.
const GRACE_PERIOD: Duration = Duration::from_secs(30);

/// Serves a router on a free port until the program ends.
pub(crate) async fn start(app: Router) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(send_at_once);
    // Provides the caller's address for the span's `client.address`.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(address)
}

/// Without `TCP_NODELAY`, an event of a stream waits until the previous one is acknowledged.
fn send_at_once(connection: &mut TcpStream) {
    // If it fails, events may be late.
    drop(connection.set_nodelay(true));
}

/// Serves a router until `stop` is requested, then completes the requests in progress.
pub(crate) async fn serve(
    app: Router,
    port: u16,
    telemetry: &Telemetry,
    stop: &mut Stop,
) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.map_err(|error| format!("cannot listen on --port {port}: {error}"))?;
    let url = format!("http://{}/task", listener.local_addr()?);
    if let Some(address) = telemetry.viewer_address() {
        println!("page: http://{address}/");
    }
    println!("tasks: curl {url} --json '{{\"query\": \"Which product sold most?\"}}'");
    if let Some(address) = telemetry.prometheus_address() {
        println!("metrics: http://{address}/metrics");
    }
    println!("Press Ctrl-C to stop.");

    let listener = listener.tap_io(send_at_once);
    let (stopping, stopped) = oneshot::channel::<()>();
    let stopped = async { stopped.await.unwrap_or(()) };
    let served = tokio::spawn(
        axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(stopped)
            .into_future(),
    );
    stop.requested().await;
    drop(stopping);
    println!(
        "stopping: waiting up to {GRACE_PERIOD:?} for requests in progress; press Ctrl-C again to stop now."
    );
    tokio::select! {
        served = served => served??,
        () = sleep(GRACE_PERIOD) => (),
        () = stop.requested() => (),
    }
    Ok(())
}
