//! Where requests go, and what is changed in them.

use http::StatusCode;

use crate::support::{ANSWER, Provider, Running, chat, client, providers};

#[tokio::test]
async fn requests_go_to_the_provider_of_their_path_with_the_key_of_the_caller() {
    let (openai, anthropic, gemini) = (
        Provider::start().await,
        Provider::start().await,
        Provider::start().await,
    );
    let gateway = Running::start(&format!(
        "providers:\n\
         - {{ name: o, api: openai, base_url: 'http://{}' }}\n\
         - {{ name: a, api: anthropic, base_url: 'http://{}' }}\n\
         - {{ name: g, api: gemini, base_url: 'http://{}' }}\n",
        openai.address, anthropic.address, gemini.address
    ))
    .await;
    for (path, header, key, provider) in [
        (
            "/v1/chat/completions?x=%2F",
            "authorization",
            "Bearer ko",
            &openai,
        ),
        ("/v1/messages", "x-api-key", "ka", &anthropic),
        (
            "/v1beta/models/g-2.5:generateContent?key=kq",
            "x-goog-api-key",
            "kg",
            &gemini,
        ),
    ] {
        let request = client()
            .post(gateway.url(path))
            .header(header, key)
            .body("not json");
        let response = request.send().await.expect("an answer");
        assert_eq!(
            response.text().await.expect("text"),
            ANSWER,
            "{path}: the answer of the provider"
        );
        let received = provider.only();
        assert_eq!(received.path, path, "the path is unchanged");
        assert_eq!(received.header(header), Some(key), "{path}: the caller's key");
        assert_eq!(received.body, "not json", "{path}: the body is not read");
        assert_eq!(
            received.header("host"),
            Some(&*provider.address.to_string()),
            "{path}: the host of the provider"
        );
        assert_eq!(
            received.header("via"),
            Some("1.1 throughline"),
            "{path}: section 7.6.3 of RFC 9110"
        );
        assert_eq!(
            received.header("x-request-id").map(str::len),
            Some(32),
            "{path}: an id"
        );
        let traceparent = received
            .header("traceparent")
            .expect("a traceparent where none came");
        assert!(
            traceparent.starts_with("00-") && traceparent.ends_with("-00"),
            "{path}: {traceparent}"
        );
    }
}

#[tokio::test]
async fn trace_and_request_id_of_the_caller_are_forwarded() {
    let provider = Provider::start().await;
    let gateway = Running::start(&format!(
        "providers: [{{ name: o, api: openai, base_url: 'http://{}' }}]",
        provider.address
    ))
    .await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = client()
        .get(gateway.url("/v1/models"))
        .header("traceparent", parent)
        .header("x-request-id", "mine");
    request.send().await.expect("an answer");
    let received = provider.only();
    assert_eq!(
        received.header("traceparent"),
        Some(parent),
        "no telemetry, so no span of the gateway"
    );
    assert_eq!(received.header("x-request-id"), Some("mine"), "the caller's id");
}

#[tokio::test]
async fn alias_changes_the_model_and_no_other_byte() {
    let provider = Provider::start().await;
    let gateway = Running::start(&format!(
        "{}models:\n- {{ name: real, aliases: [fast], provider: a }}\n- {{ name: big, provider: a, model: other-name }}\n",
        providers(&[("a", "openai", provider.address)])
    ))
    .await;
    for (sent, expected) in [
        (
            "{ \"model\" : \"real\",\n \"x\":[1.0, 1e3] }",
            "{ \"model\" : \"real\",\n \"x\":[1.0, 1e3] }",
        ),
        (
            "{\"messages\":[], \"model\":\t\"fast\" , \"é\":\"\\u00e9\"}",
            "{\"messages\":[], \"model\":\t\"real\" , \"é\":\"\\u00e9\"}",
        ),
        ("{\"model\":\"big\"}", "{\"model\":\"other-name\"}"),
    ] {
        let response = gateway.send(sent).await;
        assert_eq!(response.status(), StatusCode::OK, "{sent}");
        let received = provider.received().pop().expect("a request");
        assert_eq!(received.body, expected, "{sent}");
        let length = received.header("content-length");
        assert_eq!(
            length,
            Some(&*expected.len().to_string()),
            "{sent}: the length is that of the body"
        );
        let key = received.header("authorization");
        assert_eq!(
            key,
            Some("Bearer key-of-a"),
            "the provider's key replaces the caller's"
        );
    }
}

/// The model in a form with a file used to be ignored, so that the request went to the default provider.
#[tokio::test]
async fn model_in_a_form_selects_the_provider() {
    let (first, second) = (Provider::start().await, Provider::start().await);
    let gateway = Running::start(&format!(
        "{}models: [{{ name: m, provider: a }}, {{ name: dictate, provider: b, model: whisper-1 }}]",
        providers(&[("a", "openai", first.address), ("b", "openai", second.address)])
    ))
    .await;
    let form = |model: &str| {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n\
             --x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--x--\r\n"
        )
    };
    let send = async |path: &str, body: String| {
        let request = client()
            .post(gateway.url(path))
            .header("content-type", "multipart/form-data; boundary=x");
        request.body(body).send().await.expect("an answer").status()
    };
    let status = send("/v1/audio/transcriptions", form("dictate")).await;
    assert_eq!(status, StatusCode::OK, "a configured model");
    let received = second.only();
    assert_eq!(received.body, form("whisper-1"), "no other byte changes");
    assert_eq!(
        received.header("content-length"),
        Some(&*form("whisper-1").len().to_string()),
        "the length of what is sent"
    );
    let status = send("/v1/audio/transcriptions", form("other")).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "an unknown model");
    let status = send("/v1/audio/transcriptions", "no form".to_owned()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a body that is not of its type");
    assert!(
        first.received().is_empty(),
        "nothing went to the default provider"
    );
    // Files name no model.
    let status = send("/v1/files", form("other")).await;
    assert_eq!(status, StatusCode::OK, "a file");
    assert_eq!(first.only().body, form("other"), "it is forwarded");
}

#[tokio::test]
async fn model_in_a_path_is_replaced_and_the_callers_key_is_removed() {
    let provider = Provider::start().await;
    let gateway = Running::start(&format!(
        "{}models: [{{ name: fast, provider: g, model: gemini-2.5-flash }}]",
        providers(&[("g", "gemini", provider.address)])
    ))
    .await;
    let url = gateway.url("/v1beta/models/fast:streamGenerateContent?alt=sse&key=caller-key");
    let request = client()
        .post(url)
        .header("content-type", "application/json")
        .header("cookie", "c=1");
    request.body("{\"contents\":[]}").send().await.expect("an answer");
    let received = provider.only();
    assert_eq!(
        received.path, "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        "model and key"
    );
    assert_eq!(
        received.header("x-goog-api-key"),
        Some("key-of-g"),
        "the provider's key"
    );
    assert_eq!(received.header("cookie"), None, "cookies identify the caller");
}

#[tokio::test]
async fn requests_that_cannot_be_routed_are_refused_in_the_format_of_the_api() {
    let (openai, anthropic) = (Provider::start().await, Provider::start().await);
    let gateway = Running::start(&format!(
        "{}models:\n- {{ name: gpt, provider: o }}\n- {{ name: claude, provider: a }}\n",
        providers(&[
            ("o", "openai", openai.address),
            ("a", "anthropic", anthropic.address)
        ])
    ))
    .await;
    for (path, body, status, expected) in [
        (
            "/v1/chat/completions",
            chat("nope"),
            404,
            r#"{"error":{"code":"model_not_found","message":"the model \"nope\" does not exist in this gateway","param":null,"type":"invalid_request_error"}}"#,
        ),
        (
            "/v1/messages",
            chat("nope"),
            404,
            r#"{"error":{"message":"the model \"nope\" does not exist in this gateway","type":"not_found_error"},"request_id":"r","type":"error"}"#,
        ),
        (
            "/v1beta/models/nope:generateContent",
            "{}".to_owned(),
            404,
            r#"{"error":{"code":404,"details":[],"message":"the model \"nope\" does not exist in this gateway","status":"NOT_FOUND"}}"#,
        ),
        (
            "/v1/chat/completions",
            chat("claude"),
            400,
            r#"{"error":{"code":"invalid_request","message":"the model \"claude\" is served by the API of anthropic, and the request is one of openai; the gateway does not translate between them","param":null,"type":"invalid_request_error"}}"#,
        ),
        (
            "/v1/chat/completions",
            "{\"model\":".to_owned(),
            400,
            r#"{"error":{"code":"invalid_request","message":"the body is not valid JSON, at line 1 column 9","param":null,"type":"invalid_request_error"}}"#,
        ),
    ] {
        let request = client().post(gateway.url(path)).header("x-request-id", "r");
        let response = request
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_eq!(
            response.headers()["x-should-retry"],
            "false",
            "{path}: another try is of no use"
        );
        assert_eq!(response.text().await.expect("text"), expected, "{path}");
    }
    assert!(
        openai.received().is_empty() && anthropic.received().is_empty(),
        "nothing was sent"
    );
}

#[tokio::test]
async fn callers_need_a_key_of_the_gateway() {
    let provider = Provider::start().await;
    let gateway = Running::start(&format!(
        "{}callers: [{{ name: team, key: {{ file: '{}' }} }}]",
        providers(&[("a", "openai", provider.address)]),
        crate::support::key_file("team")
    ))
    .await;
    for (key, status, message) in [
        (None, 401, "the request has no API key"),
        (
            Some("Bearer wrong"),
            401,
            "the API key is not a key of this gateway",
        ),
        (Some("Bearer key-of-team"), 200, "\"Hi\""),
    ] {
        let mut request = client().post(gateway.url("/v1/chat/completions")).body(chat("m"));
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), status, "{key:?}");
        let text = response.text().await.expect("text");
        assert!(text.contains(message), "{key:?}: {text}");
    }
    assert_eq!(
        provider.only().header("authorization"),
        Some("Bearer key-of-a"),
        "the caller's key stays here"
    );
}
