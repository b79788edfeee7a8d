//! A service that asks a model, for the tests: set up by `OTEL_*` variables, ended by Ctrl-C, or by a line on
//! its standard input: `end` returns from `main`, `panic` leaves it the other way.
//!
//! `POST /chat` asks a scripted model in this process, which uses 11 tokens and gives 5. The first line on
//! standard output is the service's address.

#![expect(clippy::print_stdout, reason = "it tells its address")]
#![expect(clippy::panic, reason = "a panic is what is tested")]

use std::error::Error;
use std::net::SocketAddr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use reqwest::Client;
use serde_json::{Value, json};
use throughline::client::Client as Traced;
use throughline::llm::Llm;
use throughline::telemetry::logs::Correlated;
use throughline::{ClientLayer, LlmLayer, ServerLayer, telemetry};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower::{ServiceBuilder, ServiceExt};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};

#[derive(Clone)]
struct Model {
    http: Llm<Traced<Client>>,
    url: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let telemetry = telemetry::init_from_env()?;
    let lines = fmt::layer()
        .json()
        .with_writer(std::io::stderr)
        .event_format(Correlated::json(fmt::format().json()))
        .with_filter(LevelFilter::INFO);
    let subscriber = tracing_subscriber::registry()
        .with(lines)
        .with(telemetry.log_layer());
    tracing::subscriber::set_global_default(subscriber)?;

    let scripted = serve(Router::new().route("/v1/chat/completions", post(complete))).await?;
    let http = ServiceBuilder::new()
        .layer(LlmLayer::new())
        .layer(ClientLayer::new())
        .service(Client::new());
    let model = Model {
        http,
        url: format!("http://{scripted}/v1/chat/completions"),
    };
    let app = Router::new()
        .route("/chat", post(chat))
        .layer(ServerLayer::new())
        .with_state(model);
    println!("{}", serve(app).await?);

    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        order = order() => if order.trim() == "panic" { panic!("as ordered") },
    }
    telemetry.shutdown_or_warn();
    Ok(())
}

/// Tokio's own standard input would hold its runtime up at the end until a line comes.
async fn order() -> String {
    let (sender, order) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
        let _ = sender.send(line);
    });
    order.await.unwrap_or_default()
}

async fn chat(State(model): State<Model>) -> Result<Json<Value>, (StatusCode, String)> {
    let failed = |error: &dyn Error| (StatusCode::BAD_GATEWAY, error.to_string());
    let body = json!({ "model": "scripted", "messages": [{ "role": "user", "content": "Hi" }] });
    let request = Client::new()
        .post(&model.url)
        .json(&body)
        .build()
        .map_err(|error| failed(&error))?;
    let response = model
        .http
        .oneshot(request)
        .await
        .map_err(|error| failed(&error))?;
    let reply: Value = response.json().await.map_err(|error| failed(&error))?;
    tracing::info!("the model has answered");
    Ok(Json(reply))
}

async fn complete() -> Json<Value> {
    Json(json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "scripted",
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": "Hello." } }],
        "usage": { "prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16 },
    }))
}

async fn serve(app: Router) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}
