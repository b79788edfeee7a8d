//! `ServerLayer` around a service that returns text.

use throughline_tracing_layer::ServerLayer;
use tower::util::BoxCloneService;
use tower::{ServiceBuilder, service_fn};

fn main() {
    let server = ServiceBuilder::new().layer(ServerLayer::new()).service(service_fn(
        |_: http::Request<String>| async { Ok::<_, std::io::Error>(String::new()) },
    ));
    let _: BoxCloneService<http::Request<String>, _, _> = BoxCloneService::new(server);
}
