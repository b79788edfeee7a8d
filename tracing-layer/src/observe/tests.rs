//! Scripts: what a service does, and how the observer is told it ended.

use std::cell::RefCell;
use std::future::{self, Future};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context as Task, Poll, Waker};

use bytes::{Buf, Bytes};
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full};
use opentelemetry::Context;
use throughline_test_support::{Script, ScriptedBody, ScriptedError};

use super::{Armed, End, EndAt, Head, Observe, Observed, ResponseFuture};

/// What the observer saw, in order.
type Log = Rc<RefCell<Vec<String>>>;

struct Watch {
    log: Log,
    context: Context,
    until: EndAt,
    polls: bool,
}

struct InContext;

impl Observe for Watch {
    fn context(&self) -> Option<&Context> {
        Some(&self.context)
    }

    fn on_response(&mut self, head: Head<'_>) -> EndAt {
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

fn armed(log: &Log, until: EndAt) -> Armed<Watch> {
    Armed::new(Watch {
        log: log.clone(),
        context: Context::new().with_value(InContext),
        until,
        polls: false,
    })
}

fn observed<B>(body: B, log: &Log) -> Response<super::ResponseBody<B, Watch>>
where
    B: Body<Error: std::fmt::Display + 'static>,
{
    Response::new(body).observed(armed(log, EndAt::Body))
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Task::from_waker(Waker::noop()))
}

/// Reads a body to its end and returns what came, as a caller sees it.
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

#[test]
fn body_endings() {
    use Script::{Data, Fail, Pending, Trailers};
    let cases: Vec<(&str, ScriptedBody, Vec<&str>, Vec<&str>)> = vec![
        (
            "complete",
            ScriptedBody::new([Data("a"), Pending, Data("bcd")]),
            vec!["a", "bcd"],
            vec!["head 200", "data 1", "data 3", "Complete"],
        ),
        (
            "trailers",
            ScriptedBody::new([Data("a"), Trailers("x", "1")]),
            vec!["a", "{\"x\": \"1\"}"],
            vec!["head 200", "data 1", "trailers", "Trailers"],
        ),
        (
            "body error",
            ScriptedBody::new([Data("a"), Fail("cut")]),
            vec!["a", "error cut"],
            vec![
                "head 200",
                "data 1",
                "BodyError(throughline_test_support::body::ScriptedError(cut)): cut",
            ],
        ),
        (
            "already ended",
            ScriptedBody::new([]).knowing_its_end(),
            vec![],
            vec!["head 200", "Complete"],
        ),
        (
            "known end after the last frame",
            ScriptedBody::new([Data("a")]).knowing_its_end(),
            vec!["a"],
            vec!["head 200", "data 1", "Complete"],
        ),
    ];
    for (name, body, expected, told) in cases {
        let log = Log::default();
        assert_eq!(
            read(observed(body, &log).into_body()),
            expected,
            "{name}: what the caller gets"
        );
        assert_eq!(*log.borrow(), told, "{name}: what the observer is told");
    }
}

#[test]
fn every_poll_is_told_before_what_comes_of_it() {
    let log = Log::default();
    let armed = Armed::new(Watch {
        log: log.clone(),
        context: Context::new(),
        until: EndAt::Body,
        polls: true,
    });
    let script = [
        Script::Data("a"),
        Script::Pending,
        Script::Data("b"),
        Script::Trailers("x", "1"),
    ];
    read(
        Response::new(ScriptedBody::new(script))
            .observed(armed)
            .into_body(),
    );
    let expected = [
        "head 200", "poll", "data 1", "poll", "poll", "data 1", "poll", "trailers", "Trailers",
    ];
    assert_eq!(*log.borrow(), expected, "and none after the end");
}

#[test]
fn dropped_body_is_dropped_unless_it_had_ended() {
    let cases = [
        (
            "nothing read",
            ScriptedBody::new([Script::Data("a")]),
            0,
            None,
            "Dropped",
        ),
        (
            "half read",
            ScriptedBody::new([Script::Data("a"), Script::Data("b")]),
            1,
            None,
            "Dropped",
        ),
        (
            "all read, end unasked",
            ScriptedBody::new([Script::Data("a")]),
            1,
            None,
            "Dropped",
        ),
        (
            "end known",
            ScriptedBody::new([Script::Data("a")]).knowing_its_end(),
            1,
            None,
            "Complete",
        ),
        (
            "promised length read",
            ScriptedBody::new([Script::Data("ab")]),
            1,
            Some("2"),
            "Complete",
        ),
        (
            "less than promised",
            ScriptedBody::new([Script::Data("ab")]),
            1,
            Some("3"),
            "Dropped",
        ),
        (
            "more than promised",
            ScriptedBody::new([Script::Data("ab")]),
            1,
            Some("1"),
            "Dropped",
        ),
        ("empty promise", ScriptedBody::new([]), 0, Some("0"), "Complete"),
    ];
    for (name, body, frames, length, ending) in cases {
        let log = Log::default();
        let mut response = Response::new(body);
        if let Some(length) = length {
            response
                .headers_mut()
                .insert("content-length", length.parse().expect("a header value"));
        }
        let mut body = response.observed(armed(&log, EndAt::Body)).into_body();
        for _ in 0..frames {
            let frame = pin!(body.frame());
            assert!(matches!(poll(frame), Poll::Ready(Some(Ok(_)))), "{name}: a frame");
        }
        drop(body);
        assert_eq!(log.borrow().last().map(String::as_str), Some(ending), "{name}");
        let endings = log.borrow().iter().filter(|line| *line == ending).count();
        assert_eq!(endings, 1, "{name}: told once");
    }
}

#[test]
fn service_error_is_told_and_passed_on() {
    let log = Log::default();
    let inner = future::ready(Err::<Response<ScriptedBody>, _>(ScriptedError("refused")));
    let mut future = pin!(ResponseFuture::new(inner, armed(&log, EndAt::Body)));
    let Poll::Ready(Err(error)) = poll(future.as_mut()) else {
        panic!("the error passes")
    };
    assert_eq!(error, ScriptedError("refused"), "unchanged");
    let told = "ServiceError(throughline_test_support::body::ScriptedError(refused)): refused";
    assert_eq!(*log.borrow(), [told], "told once");
}

#[test]
fn dropped_future_is_dropped() {
    let log = Log::default();
    let inner = future::pending::<Result<Response<ScriptedBody>, ScriptedError>>();
    let mut future = Box::pin(ResponseFuture::new(inner, armed(&log, EndAt::Body)));
    assert!(poll(future.as_mut()).is_pending(), "not ready");
    drop(future);
    assert_eq!(*log.borrow(), ["Dropped"], "told when the future is dropped");
}

#[test]
fn head_is_the_end_where_the_observer_says_so() {
    let log = Log::default();
    let body = ScriptedBody::new([Script::Data("a"), Script::Fail("cut")]);
    let response = Response::new(body).observed(armed(&log, EndAt::Headers));
    assert_eq!(
        read(response.into_body()),
        ["a", "error cut"],
        "the body passes all the same"
    );
    assert_eq!(
        *log.borrow(),
        ["head 200", "Complete"],
        "nothing is told of the body"
    );
}

#[test]
fn panic_is_told_also_when_it_is_caught_outside() {
    let log = Log::default();
    let mut body = observed(ScriptedBody::new([Script::Panic]), &log).into_body();
    let caught = catch_unwind(AssertUnwindSafe(|| poll(pin!(body.frame())).is_ready()));
    assert!(caught.is_err(), "the panic passes through");
    drop(body);
    assert_eq!(*log.borrow(), ["head 200", "Panicked"], "body");

    let log = Log::default();
    let inner =
        future::poll_fn(|_| -> Poll<Result<Response<ScriptedBody>, ScriptedError>> { panic!("handler") });
    let mut future = Box::pin(ResponseFuture::new(inner, armed(&log, EndAt::Body)));
    let caught = catch_unwind(AssertUnwindSafe(|| poll(future.as_mut()).is_ready()));
    assert!(caught.is_err(), "the panic passes through");
    drop(future);
    assert_eq!(*log.borrow(), ["Panicked"], "future");

    let log = Log::default();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let armed = armed(&log, EndAt::Body);
        armed.attached(|| panic!("in the call itself"));
    }));
    assert!(caught.is_err(), "the panic passes through");
    assert_eq!(*log.borrow(), ["Panicked"], "call");
}

/// Panics in its destructor, unless there is a panic already.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("in the destructor");
        }
    }
}

#[test]
fn a_panic_of_the_callers_is_none_of_the_exchange() {
    let log = Log::default();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _body = observed(ScriptedBody::new([Script::Data("a")]), &log);
        panic!("while reading");
    }));
    assert!(caught.is_err(), "the caller's panic");
    assert_eq!(*log.borrow(), ["head 200", "Dropped"], "body");

    let log = Log::default();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let inner = future::pending::<Result<Response<ScriptedBody>, ScriptedError>>();
        let _future = ResponseFuture::new(inner, armed(&log, EndAt::Body));
        panic!("while waiting");
    }));
    assert!(caught.is_err(), "the caller's panic");
    assert_eq!(*log.borrow(), ["Dropped"], "future");

    let log = Log::default();
    let inner = async {
        let _held = PanicsInDrop;
        future::pending::<Result<Response<ScriptedBody>, ScriptedError>>().await
    };
    let mut future = Box::pin(ResponseFuture::new(inner, armed(&log, EndAt::Body)));
    assert!(poll(future.as_mut()).is_pending(), "not ready");
    let caught = catch_unwind(AssertUnwindSafe(|| drop(future)));
    assert!(caught.is_err(), "the panic passes through");
    assert_eq!(
        *log.borrow(),
        ["Panicked"],
        "a panic in the service's destructor is its own"
    );
}

#[test]
fn hints_pass_through() {
    let log = Log::default();
    let body = observed(ScriptedBody::new([Script::Data("abc")]).with_exact_size(3), &log).into_body();
    assert_eq!(body.size_hint().exact(), Some(3), "precise size hint");
    assert!(!body.is_end_stream(), "not ended");
    let body = observed(Full::new(Bytes::from_static(b"abcd")), &log).into_body();
    assert_eq!(body.size_hint().exact(), Some(4), "a full body knows its size");
    let body = observed(Empty::<Bytes>::new(), &log).into_body();
    assert!(body.is_end_stream(), "an empty body has ended");
    assert_eq!(body.size_hint().exact(), Some(0), "an empty body has no bytes");
}

/// Says in its destructor whether it is polled and dropped in the observer's context.
struct ContextProbe(Log);

impl ContextProbe {
    fn note(&self, what: &str) {
        let inside = Context::map_current(|cx| cx.get::<InContext>().is_some());
        self.0.borrow_mut().push(format!("{what} {inside}"));
    }
}

impl Drop for ContextProbe {
    fn drop(&mut self) {
        self.note("dropped");
    }
}

impl Body for ContextProbe {
    type Data = Bytes;
    type Error = ScriptedError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ScriptedError>>> {
        self.note("polled");
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[test]
fn inner_is_polled_and_dropped_in_the_context() {
    let log = Log::default();
    let seen = Log::default();
    let body = observed(ContextProbe(seen.clone()), &log).into_body();
    let mut body = Box::pin(body);
    assert!(poll(pin!(body.frame())).is_pending(), "pending");
    drop(body);
    assert_eq!(*seen.borrow(), ["polled true", "dropped true"], "body");

    let seen = Log::default();
    let probe = ContextProbe(seen.clone());
    let inner = async move {
        probe.note("polled");
        future::pending::<Result<Response<ScriptedBody>, ScriptedError>>().await
    };
    let mut future = Box::pin(ResponseFuture::new(inner, armed(&log, EndAt::Body)));
    assert!(poll(future.as_mut()).is_pending(), "pending");
    drop(future);
    assert_eq!(*seen.borrow(), ["polled true", "dropped true"], "future");
    assert!(
        Context::map_current(|cx| cx.get::<InContext>().is_none()),
        "nothing stays attached"
    );
}

#[test]
fn unobserved_response_passes() {
    let inner = future::ready(Ok::<_, ScriptedError>(Response::new(ScriptedBody::new([
        Script::Data("a"),
    ]))));
    let mut future = pin!(ResponseFuture::<_, Watch>::unobserved(inner));
    let Poll::Ready(Ok(response)) = poll(future.as_mut()) else {
        panic!("ready")
    };
    assert_eq!(read(response.into_body()), ["a"], "the body passes");
}
