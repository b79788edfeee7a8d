//! `LlmLayer` around a client that returns text.

use throughline_llm_layer::{LlmLayer, RequestBody};
use tower::util::BoxCloneService;
use tower::{ServiceBuilder, service_fn};

fn main() {
    let client = ServiceBuilder::new().layer(LlmLayer::new()).service(service_fn(
        |_: http::Request<RequestBody<String>>| async { Ok::<_, std::io::Error>(String::new()) },
    ));
    let _: BoxCloneService<http::Request<String>, _, _> = BoxCloneService::new(client);
}
