//! The gateway in an axum application.

use axum::Router;
use axum::routing::get;
use throughline_gateway::{Config, Gateway};
use throughline_test_support::serve;

use crate::support::{ANSWER, Provider};

#[tokio::test]
async fn the_router_can_be_nested_in_an_application() {
    let provider = Provider::start().await;
    let yaml = format!(
        "providers: [{{ name: p, api: openai, base_url: 'http://{}/v1' }}]\nmodels: [{{ name: m, provider: p }}]",
        provider.address
    );
    let config = Config::from_yaml(&yaml).expect("a configuration");
    let gateway = Gateway::new(&config).expect("a gateway");
    let app = Router::new()
        .route("/", get(|| async { "home" }))
        .nest_service("/llm", gateway.router());
    let address = serve(app).await;
    let client = reqwest::Client::new();
    let send = async |method: http::Method, path: &str, body: &'static str| {
        let request = client.request(method, format!("http://{address}{path}"));
        let request = request.header("content-type", "application/json").body(body);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };

    let chat = r#"{"model":"m","messages":[]}"#;
    let chat = send(http::Method::POST, "/llm/v1/chat/completions", chat).await;
    assert_eq!(chat, (200, ANSWER.to_owned()), "the answer of the provider");
    let received = provider.only();
    assert_eq!(
        received.path, "/v1/chat/completions",
        "the path below the base URL"
    );
    assert!(received.header("x-request-id").is_some(), "an id: {received:?}");

    let other = r#"{"model":"other","messages":[]}"#;
    let (status, error) = send(http::Method::POST, "/llm/v1/chat/completions", other).await;
    assert_eq!(status, 404, "an unknown model is refused: {error}");
    assert!(error.contains("model_not_found"), "in OpenAI's format: {error}");
    let ready = send(http::Method::GET, "/llm/readyz", "").await;
    assert_eq!(ready, (200, "ready\n".to_owned()), "the paths of operators");
    let home = send(http::Method::GET, "/", "").await;
    assert_eq!(home, (200, "home".to_owned()), "the application's own route");
}
