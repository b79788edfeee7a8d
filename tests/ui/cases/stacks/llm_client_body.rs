//! `LlmLayer` around a client whose body is fixed, as that of hyper, with and without `ClientLayer` between them.

use std::future::{Ready, ready};
use std::task::{Context, Poll};

use throughline_llm_layer::LlmLayer;
use throughline_tracing_layer::ClientLayer;
use tower::util::BoxCloneService;
use tower::{Service, ServiceBuilder};

#[derive(Clone)]
struct HyperClient;

impl Service<http::Request<String>> for HyperClient {
    type Response = http::Response<String>;
    type Error = std::io::Error;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<String>) -> Self::Future {
        ready(Ok(http::Response::new(request.into_body())))
    }
}

fn client() -> impl Service<http::Request<String>> {
    ServiceBuilder::new().layer(LlmLayer::new()).service(HyperClient)
}

fn main() {
    let client = ServiceBuilder::new()
        .layer(LlmLayer::new())
        .layer(ClientLayer::new())
        .service(HyperClient);
    let _: BoxCloneService<http::Request<String>, _, _> = BoxCloneService::new(client);
}
