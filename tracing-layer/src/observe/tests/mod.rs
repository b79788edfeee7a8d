//! Scripted services, and the calls that the observer receives.

mod body;
mod context;
mod future;
mod panics;

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context as Task, Poll, Waker};

use bytes::Buf;
use http::Response;
use http_body::{Body, Frame};
use opentelemetry::Context;
use throughline_test_support::{ScriptedBody, ScriptedError};

use super::{End, EndAt, EndGuard, Observe, ResponseHead};

/// The result of a service.
type Reply = Result<Response<ScriptedBody>, ScriptedError>;

/// The calls that the observer received, in order.
type Log = Rc<RefCell<Vec<String>>>;

struct LogObserver {
    log: Log,
    context: Context,
    until: EndAt,
    polls: bool,
}

struct InContext;

impl Observe for LogObserver {
    fn context(&self) -> Option<&Context> {
        Some(&self.context)
    }

    fn on_response(&mut self, head: ResponseHead<'_>) -> EndAt {
        self.log
            .borrow_mut()
            .push(format!("head {}", head.status.as_u16()));
        self.until
    }

    fn on_poll(&mut self) {
        if self.polls {
            self.log.borrow_mut().push("poll".to_owned());
        }
    }

    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        self.log.borrow_mut().push(match frame.data_ref() {
            Some(data) => format!("data {}", data.remaining()),
            None => "trailers".to_owned(),
        });
    }

    fn on_end(self, end: End<'_>) {
        self.log.borrow_mut().push(match end {
            End::BodyError(cause) | End::ServiceError(cause) => format!("{end:?}: {cause}"),
            _ => format!("{end:?}"),
        });
    }
}

fn guard(log: &Log, until: EndAt) -> EndGuard<LogObserver> {
    EndGuard::new(LogObserver {
        log: log.clone(),
        context: Context::new().with_value(InContext),
        until,
        polls: false,
    })
}

fn observe<B>(
    response: Response<B>,
    guard: EndGuard<LogObserver>,
) -> Response<super::ResponseBody<B, LogObserver>>
where
    B: Body<Error: std::fmt::Display + 'static>,
{
    super::response::observed(response, &mut Some(guard))
}

fn observed<B>(body: B, log: &Log) -> Response<super::ResponseBody<B, LogObserver>>
where
    B: Body<Error: std::fmt::Display + 'static>,
{
    observe(Response::new(body), guard(log, EndAt::Body))
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Task::from_waker(Waker::noop()))
}

/// Reads a body to its end and returns what a caller sees.
fn read<B>(body: B) -> Vec<String>
where
    B: Body<Error = ScriptedError>,
{
    let mut body = pin!(body);
    let mut seen = Vec::new();
    loop {
        match body.as_mut().poll_frame(&mut Task::from_waker(Waker::noop())) {
            Poll::Pending => {}
            Poll::Ready(None) => return seen,
            Poll::Ready(Some(Err(error))) => seen.push(format!("error {error}")),
            Poll::Ready(Some(Ok(frame))) => seen.push(match frame.into_data() {
                Ok(mut data) => String::from_utf8_lossy(&data.copy_to_bytes(data.remaining())).into_owned(),
                Err(frame) => format!("{:?}", frame.into_trailers().unwrap_or_default()),
            }),
        }
    }
}
