//! A model provider that answers at once: `upstream PORT`.
//!
//! A request with `"stream":true` gets as many events as `events` of the query says, by default 200, one
//! every `interval` ms, by default 10. Any other gets a chat completion of 1 KiB.

use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::{Interval, interval};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::args().nth(1).unwrap_or_default().parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let text = "x".repeat(800);
    let answer = Bytes::from(format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":9,"completion_tokens":200,"total_tokens":209}}}}"#
    ));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = answer.clone();
        let service = service_fn(move |request| respond(request, answer.clone()));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn respond(
    request: Request<Incoming>,
    answer: Bytes,
) -> Result<Response<Either<Full<Bytes>, Events>>, Infallible> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let is_stream = body.windows(13).any(|window| window == b"\"stream\":true");
    let (kind, body) = match is_stream {
        false => ("application/json", Either::Left(Full::new(answer))),
        true => {
            let number = |name: &str| {
                let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                pairs.find(|(key, _)| *key == name)?.1.parse().ok()
            };
            let events = Events {
                remaining_events: number("events").unwrap_or(200),
                timer: interval(Duration::from_millis(number("interval").unwrap_or(10).max(1))),
            };
            ("text/event-stream", Either::Right(events))
        }
    };
    let mut response = Response::new(body);
    let kind = http::HeaderValue::from_static(kind);
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    Ok(response)
}

/// Events that say when they were sent, in nanoseconds since the Unix epoch.
struct Events {
    remaining_events: u64,
    timer: Interval,
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.remaining_events == 0 {
            return Poll::Ready(None);
        }
        ready!(self.timer.poll_tick(cx));
        self.remaining_events -= 1;
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        let finish = if self.remaining_events == 0 {
            "\"stop\""
        } else {
            "null"
        };
        let event = format!(
            "data: {{\"id\":\"1\",\"model\":\"gpt-4o\",\"sent\":{now},\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"word \"}},\"finish_reason\":{finish}}}]}}\n\n"
        );
        Poll::Ready(Some(Ok(Frame::data(event.into()))))
    }
}
