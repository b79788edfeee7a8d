//! A bare proxy on hyper: `bare PORT UPSTREAM`. It forwards a request and its answer, and nothing else.

use std::error::Error;
use std::net::SocketAddr;

use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().unwrap_or_default().parse()?;
    let upstream: SocketAddr = arguments.next().unwrap_or_default().parse()?;
    let authority: Authority = upstream.to_string().parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (client, authority) = (client.clone(), authority.clone());
        let service = service_fn(move |request| forward(request, client.clone(), authority.clone()));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn forward(
    mut request: Request<Incoming>,
    client: Client<HttpConnector, Incoming>,
    authority: Authority,
) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
    let host = HeaderValue::from_str(authority.as_str()).unwrap_or_else(|_| HeaderValue::from_static(""));
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    request.headers_mut().insert(http::header::HOST, host);
    client.request(request).await
}
