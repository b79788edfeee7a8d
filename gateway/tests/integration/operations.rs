//! Probes, metrics, stopping.

use http::StatusCode;
use throughline_gateway::{Gateway, Server};
use throughline_test_support::process;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{
    ANSWER, Provider, Running, chat, client, config, program, program_with_listener, providers, until,
};

#[tokio::test]
async fn probes_and_metrics_are_answered() {
    let config = config(
        "providers: [{ name: a, api: openai, base_url: 'http://127.0.0.1:1' }]",
        "",
    );
    let gateway = Gateway::new(&config).expect("a gateway");
    let server = Server::bind(&config, gateway)
        .await
        .expect("a port")
        .with_metrics_page(|| "up 1\n".to_owned());
    let address = server.addresses()[0];
    tokio::spawn(server.serve(std::future::pending()));
    for (method, path, status, text) in [
        ("GET", "/healthz", 200, "ok\n"),
        ("GET", "/readyz", 200, "ready\n"),
        ("GET", "/metrics", 200, "up 1\n"),
        ("HEAD", "/healthz", 200, ""),
        ("POST", "/healthz", 405, "expected GET or HEAD\n"),
    ] {
        let method = method.parse().expect("a method");
        let response = client()
            .request(method, format!("http://{address}{path}"))
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_eq!(response.text().await.expect("text"), text, "{path}");
    }
}

#[tokio::test]
async fn metrics_are_not_served_where_they_are_off() {
    let config = config(
        "providers: [{ name: a, api: anthropic, base_url: 'http://127.0.0.1:1' }]",
        "metrics: false",
    );
    let gateway = Gateway::new(&config).expect("a gateway");
    let server = Server::bind(&config, gateway)
        .await
        .expect("a port")
        .with_metrics_page(|| "up 1\n".to_owned());
    let address = server.addresses()[0];
    tokio::spawn(server.serve(std::future::pending()));
    let response = client()
        .get(format!("http://{address}/metrics"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::NOT_FOUND, "like any other path");
    let text = response.text().await.expect("text");
    assert!(text.contains("no provider for the API of openai"), "{text}");
}

#[tokio::test]
async fn stop_lets_streams_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut gateway = Running::start(&providers(&[("a", "openai", address)])).await;
    let sent = tokio::spawn(client().get(gateway.url("/v1/models")).send());
    let (mut provider, _) = listener.accept().await.expect("a connection");
    let mut head = [0; 4];
    provider.read_exact(&mut head).await.expect("a request");
    provider
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc")
        .await
        .expect("written");
    let mut response = sent.await.expect("no panic").expect("the head");
    assert_eq!(
        response.chunk().await.expect("a chunk").expect("data"),
        "abc",
        "the first part"
    );
    gateway.begin_stop();
    let url = gateway.url("/healthz");
    until("no more connections are accepted", async || {
        client().get(&url).send().await.is_err()
    })
    .await;
    provider.write_all(b"def").await.expect("written");
    assert_eq!(
        response.chunk().await.expect("a chunk").expect("data"),
        "def",
        "the rest"
    );
    assert!(gateway.stop().await, "all answers ended in time");
}

/// Such a gateway used to start without a warning.
#[tokio::test]
async fn start_warns_of_keys_that_everyone_can_use() {
    let provider = Provider::start().await;
    let mut command = program("warning", &providers(&[("a", "openai", provider.address)]));
    command.args(["--listen", "0.0.0.0:0"]);
    let mut gateway = process::Running::start(command);
    gateway.line("http://").await;
    gateway.signal("TERM").await;
    let ran = gateway.end().await;
    let expected = "warning: listeners[0].address: everyone who reaches 0.0.0.0:0 can use the keys of a; expected callers, or a \
                    loopback address such as 127.0.0.1:12000\n";
    assert_eq!(ran.err, expected, "on standard error");
    assert_eq!(ran.code, Some(0), "it runs all the same");
}

#[tokio::test]
async fn viewer_shows_calls_on_a_page() {
    let provider = Provider::start().await;
    let yaml = format!(
        "providers: [{{ name: a, api: openai, base_url: 'http://{}' }}]\ntelemetry: {{ viewer: {{ listen: 127.0.0.1:0 }} }}",
        provider.address
    );
    let mut command = program("viewer", &yaml);
    command.arg("--viewer");
    let mut gateway = process::Running::start(command);
    let at = gateway.line("http://").await;
    let page = gateway.line("viewer ").await;
    let request = client().post(format!("http://{at}/v1/chat/completions"));
    let response = request.body(chat("m")).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK, "the call is forwarded");
    response.bytes().await.expect("a body");
    let response = client().get(&page).send().await.expect("the page");
    assert_eq!(response.status(), StatusCode::OK, "the page at {page}");
    let text = response.text().await.expect("text");
    assert!(text.contains("<html"), "the page: {text}");
    let traces = format!("{page}/api/traces");
    until("the call is in the viewer", async || {
        let response = client().get(&traces).send().await.expect("an answer");
        response
            .text()
            .await
            .expect("text")
            .contains(r#""tokens":{"input":7,"output":3,"#)
    })
    .await;
    gateway.signal("TERM").await;
    let ran = gateway.end().await;
    assert_eq!((ran.code, &*ran.err), (Some(0), ""), "it ends by itself");
}

/// What only the start can find used to be reported without the file and the line.
#[tokio::test]
async fn errors_at_the_start_name_the_file_and_the_line() {
    let holder = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let taken = holder.local_addr().expect("an address");
    for (name, yaml, place, expected) in [
        (
            "unset-key",
            "providers:\n- { name: a, api: openai, base_url: 'http://a', key: $THROUGHLINE_UNSET }",
            ":3: providers[0].key: ",
            "the environment variable THROUGHLINE_UNSET is not set or not valid UTF-8",
        ),
        (
            "no-prices",
            "llm:\n  drain: true\n  prices: /no/such/file",
            ":4: llm.prices: ",
            "/no/such/file: cannot be read: No such file or directory (os error 2)",
        ),
        (
            "no-telemetry",
            "telemetry: { tracing: { enabled: 5 } }",
            ": telemetry: ",
            "in the configuration text, tracing.enabled = \"5\" is not accepted: use true or false",
        ),
    ] {
        let mut command = program(name, yaml);
        command.arg("--check");
        let ran = process::run(command).await;
        let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/");
        assert_eq!(ran.code, Some(1), "{name}: {}", ran.out);
        assert_eq!(
            ran.err,
            format!("error: {file}{name}.yaml{place}{expected}\n"),
            "{name}"
        );
    }
    let listeners = format!("listeners: [{{ address: '{taken}' }}]");
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("taken.yaml");
    std::fs::write(&path, listeners).expect("a file");
    let mut command = process::program(env!("CARGO_BIN_EXE_throughline-gateway"));
    command.arg("--config").arg(&path);
    let ran = process::run(command).await;
    let expected = format!(
        "error: {}:1: listeners[0].address: cannot listen on {taken}: ",
        path.display()
    );
    assert!(ran.err.starts_with(&expected), "{}", ran.err);
}

/// A gateway whose output was on a full disk used to panic at its start.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn full_disk_of_the_output_does_not_stop_the_gateway() {
    let provider = Provider::start().await;
    // The address cannot be read from the output, so the port is one that was free.
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let yaml = format!(
        "access_log: stdout\n{}",
        providers(&[("a", "openai", provider.address)])
    );
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("a full device")
    };
    let mut command = program("full-disk", &yaml);
    command.args(["--listen", &address.to_string()]);
    command.stdout(full()).stderr(full()).kill_on_drop(true);
    let mut gateway = command.spawn().expect("a gateway");
    until("the gateway listens", async || {
        tokio::net::TcpStream::connect(address).await.is_ok()
    })
    .await;
    for _ in 0..2 {
        let request = client().post(format!("http://{address}/v1/chat/completions"));
        let response = request.body(chat("m")).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK, "answered");
    }
    assert_eq!(gateway.try_wait().expect("a state"), None, "it still runs");
}

/// Such an address used to pass `--check`.
#[tokio::test]
async fn address_of_a_flag_is_checked() {
    let mut command = process::program(env!("CARGO_BIN_EXE_throughline-gateway"));
    command.args(["--check", "--listen", "localhost:12000"]);
    let ran = process::run(command).await;
    let expected = "error: invalid value 'localhost:12000' for '--listen <ADDRESS>': expected an IP address and a port, such as \
                    127.0.0.1:12000 or [::]:12000\n";
    assert!(ran.err.starts_with(expected), "{}", ran.err);
    assert_eq!(ran.code, Some(2), "it does not start");
}

#[tokio::test]
async fn viewer_without_an_address_is_an_error() {
    let yaml = "telemetry: { viewer: { listen: none } }";
    let mut command = program("viewer-none", yaml);
    command.arg("--viewer");
    let ran = process::run(command).await;
    assert_eq!(ran.code, Some(1), "it does not start: {}", ran.out);
    assert_eq!(
        ran.err,
        "error: telemetry.viewer.listen: is none; expected a host and a port for --viewer, such as 127.0.0.1:4319\n",
        "the place and what is accepted"
    );
}

/// The line used to name the first provider of the route.
#[tokio::test]
async fn a_line_of_the_access_log_names_the_provider_that_answered() {
    let first = Provider::answering([(503, Vec::new(), "{}".to_owned())]).await;
    let second = Provider::answering([(200, Vec::new(), ANSWER.to_owned())]).await;
    let yaml = format!(
        "access_log: stdout\n{}models: [{{ name: m, provider: a, fallbacks: [b] }}]\n",
        providers(&[("a", "openai", first.address), ("b", "openai", second.address)])
    );
    let mut gateway = process::Running::start(program_with_listener(
        "access-log-provider",
        &yaml,
        "max_requests: 1",
    ));
    let at = gateway.line("http://").await;
    let request = client()
        .post(format!("http://{at}/v1/chat/completions"))
        .body(chat("m"));
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK, "the fallback answers");
    response.bytes().await.expect("the whole answer");
    gateway.signal("TERM").await;
    let ran = gateway.end().await;
    let line = ran
        .out
        .lines()
        .find(|line| line.starts_with('{'))
        .unwrap_or_default();
    let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
    assert_eq!(
        (&line["provider"], &line["status"]),
        (&"b".into(), &200.into()),
        "{line}"
    );
}

/// Requests that were refused at the limit, or whose client left before the answer, used to have no line.
#[tokio::test]
async fn each_request_has_a_line_in_the_access_log() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let yaml = format!("access_log: stdout\n{}", providers(&[("a", "openai", address)]));
    let mut gateway = process::Running::start(program_with_listener("access-log", &yaml, "max_requests: 1"));
    let at = gateway.line("http://").await;
    let models = |id: &str| {
        let request = client().get(format!("http://{at}/v1/models"));
        request.header("x-request-id", id).send()
    };
    let first = tokio::spawn(models("first"));
    let (mut provider, _) = listener.accept().await.expect("a connection");
    let second = models("second").await.expect("an answer");
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE, "one at a time");
    first.abort();
    // The gateway closes the connection of the provider when the client has left.
    provider.read_to_end(&mut Vec::new()).await.expect("the end");
    gateway.signal("TERM").await;
    let ran = gateway.end().await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let lines: Vec<serde_json::Value> = ran
        .out
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let seen: Vec<_> = lines
        .iter()
        .map(|line| (&line["request_id"], &line["status"], &line["error"]))
        .collect();
    let (refused, abandoned) = (
        serde_json::json!(["second", 503, "gateway_overloaded"]),
        serde_json::json!(["first", null, "cancelled"]),
    );
    let expected = [&refused, &abandoned].map(|line| (&line[0], &line[1], &line[2]));
    assert_eq!(seen, expected, "{}", ran.out);
}
