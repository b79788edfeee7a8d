//! No public type prints a secret that it holds, and no span and no metric shows one.

use std::fmt::Debug;
use std::future::{Pending, pending};
use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use opentelemetry::trace::Status;
use throughline_propagation::Outgoing;
use throughline_test_support::Recorder;
use throughline_tracing_layer::client::{self as client_side, Attempts};
use throughline_tracing_layer::error_message::error_message;
use throughline_tracing_layer::observe::{Cause, End};
use throughline_tracing_layer::server as server_side;
use throughline_tracing_layer::span::{in_span, set_span_error, set_span_exception, set_span_status};
use throughline_tracing_layer::{ClientLayer, ParameterNames, Query, ServerLayer};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::{client, server};

const SECRET: &str = "S3cr3tV4lue";

fn hides(of: &str, value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains(SECRET), "{of} prints the secret: {text}");
    }
}

type Body = Full<Bytes>;

/// A request with a secret wherever there may be one.
fn request() -> Request<Body> {
    Request::post(format!("http://user:{SECRET}@h.test/p?key={SECRET}&{SECRET}"))
        .header("authorization", format!("Bearer {SECRET}"))
        .header("baggage", format!("user={SECRET}"))
        .header("referer", format!("https://h.test/?key={SECRET}"))
        .header("x-anything", SECRET)
        .body(Body::default())
        .expect("a request")
}

fn response() -> Response<Body> {
    Response::builder()
        .header("set-cookie", format!("id={SECRET}"))
        .header("location", format!("https://h.test/?key={SECRET}"))
        .header("x-anything", SECRET)
        .body(Body::default())
        .expect("a response")
}

fn failure() -> io::Error {
    io::Error::other(format!(
        "for url (https://user:{SECRET}@h.test/p?key={SECRET}): Bearer {SECRET}"
    ))
}

/// A service that never answers, and whose future can be shown.
#[derive(Debug, Clone)]
struct Silent;

impl Service<Request<Body>> for Silent {
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = Pending<Result<Response<Body>, io::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        pending()
    }
}

#[tokio::test]
async fn public_types_hide_what_was_sent() {
    let recorder = Recorder::new();
    let shown = Arc::new(Mutex::new(Vec::new()));
    let note = || {
        let shown = Arc::clone(&shown);
        move |name: &str, text: String| shown.lock().expect("unpoisoned").push(format!("{name} {text}"))
    };
    let (of_request, of_response) = (note(), note());
    let server = server(&recorder)
        .with_filter(move |head| {
            of_request("the server's head", format!("{head:?} {head:#?}"));
            true
        })
        .with_response_attributes(move |head, _| {
            of_response("a response's head", format!("{head:?} {head:#?}"));
        });
    let of_attempt = note();
    let client = client(&recorder)
        .with_filter(move |attempt| {
            of_attempt("an attempt", format!("{attempt:?} {attempt:#?}"));
            true
        })
        .with_outgoing(Outgoing::new().with_baggage_to(["*"]));
    hides("ServerLayer", &server);
    hides("ClientLayer", &client);
    hides("server::SpanLayer", &server_side::SpanLayer::from(server.clone()));
    hides("client::SpanLayer", &client_side::SpanLayer::from(client.clone()));
    hides(
        "server::MetricsLayer",
        &server_side::MetricsLayer::from(server.clone()),
    );
    hides(
        "client::MetricsLayer",
        &client_side::MetricsLayer::from(client.clone()),
    );

    let mut serving = server.layer(Silent);
    hides("Server", &serving);
    hides("ResponseFuture of a server", &serving.call(request()));
    let mut sending = client.layer(Silent);
    hides("Client", &sending);
    let attempts = Attempts::new();
    let mut counted = request();
    counted.extensions_mut().insert(attempts.clone());
    hides("ResponseFuture of a client", &sending.call(counted));
    hides("Attempts", &attempts);

    let answering = service_fn(|_: Request<Body>| async { Ok::<_, io::Error>(response()) });
    let answer = server
        .layer(answering)
        .oneshot(request())
        .await
        .expect("an answer");
    hides("ResponseBody of a server", answer.body());
    let answer = client
        .layer(answering)
        .oneshot(request())
        .await
        .expect("an answer");
    hides("ResponseBody of a client", answer.body());
    let shown = shown.lock().expect("unpoisoned");
    assert!(shown.len() == 5, "each hook was called: {shown:?}");
    for text in shown.iter() {
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[tokio::test]
async fn settings_and_errors_hide_them_too() {
    for query in [Query::Redacted, Query::only(["page"]), Query::all_but(["cursor"])] {
        hides("Query", &query);
    }
    hides("ParameterNames", &ParameterNames::secrets());
    let error = failure();
    let cause = Cause::new(&error);
    hides("Cause", &cause);
    hides("End", &End::ServiceError(cause));
    assert!(!cause.to_string().contains(SECRET), "Cause prints {cause}");
    assert!(
        !error_message(&error).contains(SECRET),
        "{}",
        error_message(&error)
    );
}

/// Whatever a request, its response and its failure say, under each setting of a query.
#[tokio::test]
async fn no_secret_is_recorded() {
    for query in [Query::Redacted, Query::only(["page"]), Query::all_but_secrets()] {
        let recorder = Recorder::new();
        let headers = [
            "authorization",
            "cookie",
            "set-cookie",
            "baggage",
            "referer",
            "location",
        ];
        let server = server(&recorder)
            .with_query(query.clone())
            .with_request_headers(headers)
            .with_response_headers(headers);
        let client = client(&recorder)
            .with_query(query.clone())
            .with_request_headers(headers)
            .with_response_headers(headers);
        let request = || {
            let mut request = request();
            request.headers_mut().remove("baggage");
            request
        };
        for fails in [false, true] {
            let answering = service_fn(move |_: Request<Body>| async move {
                set_span_status(Status::error(failure().to_string()));
                set_span_exception(&failure());
                set_span_error(&failure());
                if fails { Err(failure()) } else { Ok(response()) }
            });
            let served = server.clone().layer(client.clone().layer(answering));
            let _ = in_span("outer", served.oneshot(request())).await;
        }
        let tree = recorder.tree(&[]);
        assert!(
            tree.contains("url.full") && tree.contains("url.query"),
            "{query:?}:\n{tree}"
        );
        assert!(
            tree.contains("http.request.header.referer"),
            "it was requested:\n{tree}"
        );
        assert!(!tree.contains(SECRET), "{query:?}:\n{tree}");
        let metrics = recorder.metrics().join("\n");
        assert!(!metrics.contains(SECRET), "{query:?}:\n{metrics}");
    }
}

/// Records one request with the layers' defaults, in its own process, whose environment says what is recorded.
#[tokio::test]
async fn a_request_with_the_defaults_of_this_process() {
    let recorder = Recorder::new();
    let answering =
        service_fn(|_: Request<Body>| async { Ok::<_, io::Error>(Response::new(Body::default())) });
    let server = ServerLayer::new().with_tracer_provider(recorder.tracer_provider());
    let client = ClientLayer::new().with_tracer_provider(recorder.tracer_provider());
    let request = Request::get("http://h.test/p?page=2&cursor=3&key=4");
    let request = request.body(Body::default()).expect("a request");
    let served = server.layer(client.layer(answering)).oneshot(request).await;
    served.expect("an answer");
    for line in recorder.tree(&[]).lines().filter(|line| line.contains("- url.")) {
        println!("recorded {}", line.trim());
    }
}

#[test]
fn the_variable_sets_the_default_of_a_process() {
    for (value, recorded) in [
        (None, "page=REDACTED&cursor=REDACTED&key=REDACTED"),
        (Some("redacted"), "page=REDACTED&cursor=REDACTED&key=REDACTED"),
        (Some("only:page"), "page=2&cursor=REDACTED&key=REDACTED"),
        (Some("all-but-secrets"), "page=2&cursor=3&key=REDACTED"),
        (Some("all-but:cursor"), "page=2&cursor=REDACTED&key=REDACTED"),
        (Some("all"), "page=REDACTED&cursor=REDACTED&key=REDACTED"),
    ] {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args([
            "--exact",
            "--nocapture",
            "secrets::a_request_with_the_defaults_of_this_process",
        ]);
        command.env_remove("THROUGHLINE_URL_QUERY");
        command.envs(value.map(|value| ("THROUGHLINE_URL_QUERY", value)));
        let output = command.output().expect("it ran");
        let text = String::from_utf8_lossy(&output.stdout);
        for line in [
            format!("recorded - url.query=\"{recorded}\""),
            format!("recorded - url.full=\"http://h.test/p?{recorded}\""),
        ] {
            assert!(text.contains(&line), "{value:?}: {line} in\n{text}");
        }
    }
}
