//! `InjectLayer` around a client with requests of its own.

use throughline_propagation::InjectLayer;
use tower::util::BoxCloneService;
use tower::{ServiceBuilder, service_fn};

struct OwnRequest;

fn main() {
    let client = ServiceBuilder::new()
        .layer(InjectLayer::new())
        .service(service_fn(|_: OwnRequest| async { Ok::<_, std::io::Error>(()) }));
    let _: BoxCloneService<OwnRequest, _, _> = BoxCloneService::new(client);
}
