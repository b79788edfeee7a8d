//! The AWS SDK.

use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};
use throughline::ClientLayer;
use throughline::llm::AwsHttpClient;
use throughline::propagation::W3cPropagator;
use throughline_test_support::Recorder;

use crate::mock::Mock;
use crate::{llm, tokens};

fn client(mock: &Mock, recorder: &Recorder) -> aws_sdk_bedrockruntime::Client {
    let attempt = ClientLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_propagator(W3cPropagator::new());
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .retry_config(RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1)))
        .endpoint_url(format!("http://{}", mock.address))
        .http_client(AwsHttpClient::new((llm(recorder), attempt), http))
        .build();
    aws_sdk_bedrockruntime::Client::from_conf(config)
}

fn hi() -> Message {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text("Hi".to_owned()));
    message.build().expect("a message")
}

#[tokio::test]
async fn converse() {
    let (mock, recorder) = (Mock::start().await, Recorder::new());
    let client = client(&mock, &recorder);
    let answer = client
        .converse()
        .model_id("claude")
        .messages(hi())
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        answer.usage.expect("usage").input_tokens,
        21,
        "what the caller sees"
    );
    assert_eq!(tokens(&recorder), ["chat claude 21 6 reported"], "the span");
    let sent = mock.requests();
    assert_eq!(sent[0].path, "/model/claude/converse", "what the provider gets");
    let signed = sent[0].headers["authorization"].to_str().expect("text");
    assert!(
        signed.contains("SignedHeaders=") && !signed.contains("traceparent"),
        "unsigned: {signed}"
    );
    assert!(sent[0].headers.contains_key("traceparent"), "but sent");
}

/// The SDK retries what its own client reports as transient, as without the layers.
#[tokio::test]
async fn the_sdk_retries_as_before() {
    let (mock, recorder) = (Mock::start().await, Recorder::new());
    let client = client(&mock, &recorder);
    let answer = client
        .converse()
        .model_id("throttled-once")
        .messages(hi())
        .send()
        .await;
    assert_eq!(
        answer.expect("an answer").usage.expect("usage").output_tokens,
        6,
        "after one retry"
    );
    assert_eq!(
        mock.paths(),
        ["/model/throttled-once/converse"; 2],
        "two attempts"
    );
    assert_eq!(
        tokens(&recorder),
        ["chat throttled-once 21 6 reported"],
        "one has tokens"
    );
}
