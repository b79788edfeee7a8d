//! The service under test, on a socket, and its client.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline_tracing_layer::ServerLayer;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// An axum service with one route. It stops when it is dropped.
pub(crate) struct Service {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

/// A keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Service {
    /// Starts the service. With a provider, it has a layer that records spans.
    pub(crate) fn start(tracers: Option<SdkTracerProvider>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut router = Router::new().route("/users/{id}", get(|| async { "hello" }));
        if let Some(tracers) = tracers {
            router = router.layer(ServerLayer::new().with_tracer_provider(tracers));
        }
        drop(runtime.spawn(async move { axum::serve(listener, router).await }));
        Self {
            address,
            runtime: Some(runtime),
        }
    }

    pub(crate) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.address).expect("connected");
        stream.set_nodelay(true).expect("a socket");
        Connection {
            stream,
            answer: vec![0; 4096],
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Connection {
    /// Sends one request, and returns the time from the first byte sent to the last byte read.
    pub(crate) fn request(&mut self) -> Duration {
        let began = Instant::now();
        self.stream.write_all(REQUEST).expect("sent");
        let mut length = 0;
        while !self.answer[..length].ends_with(b"hello") {
            let count = self.stream.read(&mut self.answer[length..]).expect("answered");
            assert!(count > 0, "an answer");
            length += count;
        }
        began.elapsed()
    }
}

const REQUEST: &[u8] =
    b"GET /users/42?verbose=true HTTP/1.1\r\nhost: api.example.com\r\nuser-agent: bench\r\n\
    traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n";
