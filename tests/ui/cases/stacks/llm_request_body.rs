//! `LlmLayer` around a client of `http::Request<String>`: the layer sends it another body.

use throughline_llm_layer::LlmLayer;
use tower::util::BoxCloneService;
use tower::{ServiceBuilder, service_fn};

fn main() {
    let client = ServiceBuilder::new().layer(LlmLayer::new()).service(service_fn(
        |_: http::Request<String>| async { Ok::<_, std::io::Error>(http::Response::new(String::new())) },
    ));
    let _: BoxCloneService<http::Request<String>, _, _> = BoxCloneService::new(client);
}
