//! The services of the picture: their names, addresses, routes and messages.

use std::collections::HashMap;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::serve::ListenerExt;
use serde::{Deserialize, Serialize};
use throughline::ServerLayer;
use tokio::net::TcpSocket;

use crate::caller::Caller;
use crate::fleet::{Fleet, FleetError};
use crate::{agents, externals};

/// A box of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    Customer,
    Main,
    Payment,
    Support,
    TechSupport,
    Orders,
    Inventory,
}

/// The customer's request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) account: String,
    pub(crate) item: String,
}

/// The answer of a service.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) text: String,
}

/// The address of each service.
pub(crate) type Directory = Arc<HashMap<Service, SocketAddr>>;

impl Service {
    const LISTENING: [Self; 6] = [
        Self::Main,
        Self::Payment,
        Self::Support,
        Self::TechSupport,
        Self::Orders,
        Self::Inventory,
    ];

    /// Returns the `service.name` of its spans: the text in the box.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Customer => "Customer Interaction",
            Self::Main => "Agent 1 (Main - Arch)",
            Self::Payment => "External Payment Service",
            Self::Support => "Agent 2 (Support - Arch)",
            Self::TechSupport => "Internal Tech Support",
            Self::Orders => "Agent 3 (Orders - Arch)",
            Self::Inventory => "Inventory Management",
        }
    }

    /// Returns the path of its only route. The customer has none.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Customer => "",
            Self::Main => "/agents/main",
            Self::Payment => "/payments",
            Self::Support => "/agents/support",
            Self::TechSupport => "/investigations",
            Self::Orders => "/agents/orders",
            Self::Inventory => "/stock",
        }
    }

    fn routes(self, caller: Caller) -> Router {
        let router = Router::new();
        match self {
            Self::Customer => router,
            Self::Main => router.route(self.path(), agents::main().with_state(caller)),
            Self::Support => router.route(self.path(), agents::support().with_state(caller)),
            Self::Orders => router.route(self.path(), agents::orders().with_state(caller)),
            Self::Payment => router.route(self.path(), externals::payment()),
            Self::TechSupport => router.route(self.path(), externals::tech_support()),
            Self::Inventory => router.route(self.path(), externals::inventory()),
        }
    }
}

/// Starts every service except `down`, each on a free port of the loopback interface.
pub(crate) async fn start(fleet: &Fleet, down: Option<Service>) -> Result<Directory, FleetError> {
    let mut sockets = Vec::new();
    let mut directory = HashMap::new();
    for service in Service::LISTENING {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        directory.insert(service, socket.local_addr()?);
        sockets.push((service, socket));
    }
    let directory = Directory::new(directory);
    for (service, socket) in sockets {
        if Some(service) == down {
            // The socket stays bound, so that no other process can take the port and answer.
            tokio::spawn(async move {
                pending::<()>().await;
                drop(socket);
            });
            continue;
        }
        // Without `TCP_NODELAY`, an event of a stream waits until the previous one is acknowledged.
        let listener = socket
            .listen(BACKLOG)?
            .tap_io(|connection| drop(connection.set_nodelay(true)));
        let caller = Caller::new(service, fleet, Arc::clone(&directory))?;
        let app = service
            .routes(caller)
            // One server span per request, a child of the incoming `traceparent`, under this service's name.
            .layer(ServerLayer::new().with_tracer_provider(fleet.provider(service)?));
        // Provides the caller's address for the span's `client.address`.
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
    }
    Ok(directory)
}

/// The number of connections that may wait to be accepted.
const BACKLOG: u32 = 128;
