//! Propagates the names of agent and conversation between services, over real sockets, if both allow it.

use std::net::SocketAddr;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use reqwest::Client;
use throughline::agents::{agent, scope::request};
use throughline::propagation::{Outgoing, Trust, W3cPropagator};
use throughline::{ClientLayer, LlmLayer, ServerLayer};
use throughline_test_support::Recorder;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, ServiceExt};

const QUESTION: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}"#;
const ANSWER: &str = concat!(
    r#"{"id":"1","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"#,
    r#""finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":1}}"#,
);

/// The permissions of both services, the expected header, and the expected owner of the model call.
struct Case {
    name: &'static str,
    puts: bool,
    hosts: &'static [&'static str],
    trust: Trust,
    believes: bool,
    request_believes: bool,
    header: Option<&'static str>,
    names: [&'static str; 2],
}

const SENT: Option<&str> = Some("gen_ai.agent.name=Reise%20&%20B%C3%BCro;gen_ai.conversation.id=c-1");

#[tokio::test]
async fn names_cross_services_only_where_everybody_allows_it() {
    let yes = || Case {
        name: "all allow it",
        puts: true,
        hosts: &["127.0.0.1"],
        trust: Trust::Always,
        believes: true,
        request_believes: false,
        header: SENT,
        names: ["Reise & Büro", "c-1"],
    };
    let cases = [
        yes(),
        Case {
            name: "the scope puts nothing",
            puts: false,
            header: None,
            names: ["", ""],
            ..yes()
        },
        Case {
            name: "the client names no host",
            hosts: &[],
            header: None,
            names: ["", ""],
            ..yes()
        },
        Case {
            name: "the client names another host",
            hosts: &["*.internal"],
            header: None,
            names: ["", ""],
            ..yes()
        },
        Case {
            name: "the server does not trust",
            trust: Trust::Never,
            names: ["", ""],
            ..yes()
        },
        Case {
            name: "the model's layer does not believe",
            believes: false,
            names: ["", ""],
            ..yes()
        },
        Case {
            name: "the scope of the request believes for all beneath it",
            believes: false,
            request_believes: true,
            ..yes()
        },
    ];
    let model = serve(Router::new().route("/v1/chat/completions", post(answer))).await;
    for case in cases {
        let recorder = Recorder::new();
        let callee = serve(service(&recorder, &case, model)).await;
        let header = call(&case, callee).await;
        assert_eq!(
            sorted(&header),
            case.header.unwrap_or_default(),
            "{}: the header",
            case.name
        );
        let spans = recorder.spans();
        let span = spans
            .iter()
            .find(|span| span.name == "chat gpt-4o")
            .expect("a model call");
        let value = |key: &str| {
            let found = span
                .attributes
                .iter()
                .find(|attribute| attribute.key.as_str() == key);
            found.map_or_else(String::new, |attribute| attribute.value.to_string())
        };
        let names = ["gen_ai.agent.name", "gen_ai.conversation.id"].map(value);
        assert_eq!(names, case.names, "{}: whose call it is", case.name);
    }
}

/// Sorts the members of a header, because baggage has no order, and joins them with `;`.
fn sorted(header: &str) -> String {
    let mut members: Vec<&str> = header.split(',').collect();
    members.sort_unstable();
    members.join(";")
}

async fn answer(headers: HeaderMap) -> &'static str {
    assert!(
        !headers.contains_key("baggage"),
        "nothing leaves for the model's provider"
    );
    ANSWER
}

/// A service that calls the model, and answers with the `baggage` header of its request.
fn service(recorder: &Recorder, case: &Case, model: SocketAddr) -> Router {
    let llm = LlmLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_names_from_baggage(case.believes);
    let client = ServiceBuilder::new()
        .layer(llm)
        .layer(ClientLayer::new().with_propagator(W3cPropagator::new()))
        .service(Client::new());
    let work = async move |headers: HeaderMap| {
        let request = Client::new().post(format!("http://{model}/v1/chat/completions"));
        let request = request.body(QUESTION).build().expect("a request");
        let response = client.oneshot(request).await.expect("an answer");
        assert_eq!(
            response.text().await.expect("a body"),
            ANSWER,
            "the model's answer"
        );
        let header = headers
            .get("baggage")
            .map(|header| header.to_str().expect("text").to_owned());
        header.unwrap_or_default()
    };
    let layer = ServerLayer::new()
        .with_propagator(W3cPropagator::new())
        .with_trust(case.trust.clone());
    let app = Router::new().route("/work", post(work));
    match case.request_believes {
        true => app
            .layer(request().with_names_from_baggage().http_layer())
            .layer(layer),
        false => app.layer(layer),
    }
}

/// Calls the service as an agent of another service.
async fn call(case: &Case, callee: SocketAddr) -> String {
    let outgoing = Outgoing::new()
        .with_baggage_to(case.hosts.iter().copied())
        .with_trusted_redirects(true);
    let client = Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = ServiceBuilder::new()
        .layer(
            ClientLayer::new()
                .with_propagator(W3cPropagator::new())
                .with_outgoing(outgoing),
        )
        .service(client.build().expect("a client"));
    let mut scope = agent("Reise & Büro").with_conversation("c-1");
    if case.puts {
        scope = scope.with_names_to_baggage();
    }
    let request = Client::new()
        .post(format!("http://{callee}/work"))
        .build()
        .expect("a request");
    let response = scope.run(client.oneshot(request)).await.expect("an answer");
    response.text().await.expect("a body")
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}
