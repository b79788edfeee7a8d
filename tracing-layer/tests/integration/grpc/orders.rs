//! A gRPC service with one method of each kind, and its client, as tonic generates them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt, stream};
use http::uri::PathAndQuery;
use http_body::Body;
use throughline_tracing_layer::{ClientLayer, ServerLayer, client::Client};
use tokio::net::TcpListener;
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::{Layer, Service, service_fn};

/// The service. A request that names a [`Code`] is answered with that status.
#[derive(Clone)]
pub(super) struct Orders;

impl NamedService for Orders {
    const NAME: &'static str = "shop.Orders";
}

type Answers = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

/// `5` is answered with `NOT_FOUND`, `hang` with nothing.
async fn get(request: Request<String>) -> Result<Response<String>, Status> {
    let id = request.into_inner();
    if let Ok(code) = id.parse::<i32>() {
        return Err(Status::new(Code::from(code), "as requested"));
    }
    match id.as_str() {
        "hang" => std::future::pending().await,
        "panic" => panic!("in the handler"),
        _ => Ok(Response::new(format!("order {id}"))),
    }
}

/// Two orders, and then the end, the requested status, or nothing.
async fn list(request: Request<String>) -> Result<Response<Answers>, Status> {
    let orders = stream::iter(["a", "b"].map(|order| Ok(order.to_owned())));
    let id = request.into_inner();
    let end = match id.parse::<i32>() {
        Ok(code) => stream::iter([Err(Status::new(Code::from(code), "as requested"))]).boxed(),
        Err(_) if id == "hang" => stream::pending().boxed(),
        Err(_) => stream::empty().boxed(),
    };
    Ok(Response::new(orders.chain(end).boxed()))
}

async fn count(request: Request<Streaming<String>>) -> Result<Response<String>, Status> {
    let count = request.into_inner().count().await;
    Ok(Response::new(count.to_string()))
}

async fn echo(request: Request<Streaming<String>>) -> Result<Response<Answers>, Status> {
    Ok(Response::new(request.into_inner().boxed()))
}

impl<B> Service<http::Request<B>> for Orders
where
    B: Body<Data = Bytes, Error: Into<tower::BoxError> + Send> + Send + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(ProstCodec::<String, String>::default());
            Ok(match request.uri().path() {
                "/shop.Orders/Get" => grpc.unary(service_fn(get), request).await,
                "/shop.Orders/List" => grpc.server_streaming(service_fn(list), request).await,
                "/shop.Orders/Count" => grpc.client_streaming(service_fn(count), request).await,
                "/shop.Orders/Echo" => grpc.streaming(service_fn(echo), request).await,
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

/// Serves the orders with tonic's server, until the runtime of the test ends.
pub(super) async fn serve(layer: ServerLayer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = Server::builder().layer(layer).add_service(Orders);
    drop(tokio::spawn(
        server.serve_with_incoming(TcpIncoming::from(listener)),
    ));
    address
}

/// The client.
pub(super) struct OrdersClient(tonic::client::Grpc<Client<Channel>>);

impl OrdersClient {
    pub(super) fn new(layer: &ClientLayer, channel: Channel) -> Self {
        Self(tonic::client::Grpc::new(layer.layer(channel)))
    }

    pub(super) async fn get(&mut self, request: Request<String>) -> Result<String, Status> {
        self.unary("/shop.Orders/Get", request).await
    }

    pub(super) async fn unary(
        &mut self,
        path: &'static str,
        request: Request<String>,
    ) -> Result<String, Status> {
        self.0
            .ready()
            .await
            .map_err(|error| Status::unknown(error.to_string()))?;
        let path = PathAndQuery::from_static(path);
        let answer = self.0.unary(request, path, ProstCodec::default()).await?;
        Ok(answer.into_inner())
    }

    pub(super) async fn list(&mut self, id: &str) -> Result<Streaming<String>, Status> {
        self.0
            .ready()
            .await
            .map_err(|error| Status::unknown(error.to_string()))?;
        let path = PathAndQuery::from_static("/shop.Orders/List");
        let request = Request::new(id.to_owned());
        let answer = self
            .0
            .server_streaming(request, path, ProstCodec::default())
            .await?;
        Ok(answer.into_inner())
    }

    pub(super) async fn count(&mut self, orders: &'static [&'static str]) -> Result<String, Status> {
        self.0
            .ready()
            .await
            .map_err(|error| Status::unknown(error.to_string()))?;
        let path = PathAndQuery::from_static("/shop.Orders/Count");
        let request = Request::new(stream::iter(orders).map(|order| (*order).to_owned()));
        let answer = self
            .0
            .client_streaming(request, path, ProstCodec::default())
            .await?;
        Ok(answer.into_inner())
    }

    pub(super) async fn echo(
        &mut self,
        orders: &'static [&'static str],
    ) -> Result<Streaming<String>, Status> {
        self.0
            .ready()
            .await
            .map_err(|error| Status::unknown(error.to_string()))?;
        let path = PathAndQuery::from_static("/shop.Orders/Echo");
        let request = Request::new(stream::iter(orders).map(|order| (*order).to_owned()));
        let answer = self.0.streaming(request, path, ProstCodec::default()).await?;
        Ok(answer.into_inner())
    }
}

/// Reads the messages of a stream to its end.
pub(super) async fn read(mut messages: Streaming<String>) -> Result<Vec<String>, Status> {
    let mut all = Vec::new();
    while let Some(message) = messages.message().await? {
        all.push(message);
    }
    Ok(all)
}
