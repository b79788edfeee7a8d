//! `ClientLayer` around a client with requests of its own.

use throughline_tracing_layer::ClientLayer;
use tower::util::BoxCloneService;
use tower::{ServiceBuilder, service_fn};

struct OwnRequest;

fn main() {
    let client = ServiceBuilder::new().layer(ClientLayer::new()).service(service_fn(
        |_: OwnRequest| async { Ok::<_, std::io::Error>(http::Response::new(String::new())) },
    ));
    let _: BoxCloneService<OwnRequest, _, _> = BoxCloneService::new(client);
}
