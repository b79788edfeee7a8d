//! A real Prometheus scrapes a service and answers; its tool finds nothing to say about the page.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::peer::{Peer, free_address, peers, until};
use crate::service::Service;

#[tokio::test]
async fn a_real_prometheus_counts_tokens() {
    let (page, address) = (free_address(), free_address());
    let service = Service::start(&[
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", &page.port().to_string()),
        ("OTEL_SERVICE_NAME", "peer-service"),
    ])
    .await;
    service.send_requests(1).await;

    let folder = peers().join(format!("prometheus-{}", address.port()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let config = folder.join("prometheus.yml");
    let text = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: app\n    static_configs: [{{targets: [\"{page}\"]}}]\n"
    );
    std::fs::write(&config, text).expect("written");
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"));
    let _prometheus = Peer::start("prometheus", command, address).await;
    let value = async |query: &str| query_value(&address.to_string(), query).await;

    until("the first scrape", async || {
        (value(r#"prompt_size_total{direction="input"}"#).await == Some(11.0)).then_some(())
    })
    .await;
    service.send_requests(3).await;
    for (direction, total) in [("input", 44.0), ("output", 20.0)] {
        let query = format!(r#"prompt_size_total{{direction="{direction}"}}"#);
        until(&format!("{query} is {total}"), async || {
            (value(&query).await == Some(total)).then_some(())
        })
        .await;
        let query = format!(r#"increase(prompt_size_total{{direction="{direction}"}}[10m])"#);
        until(&format!("{query} grows"), async || {
            value(&query).await.filter(|grown| *grown > 0.0)
        })
        .await;
    }
    let series = value("count(increase(prompt_size_total[10m]))").await;
    assert_eq!(series, Some(2.0), "input and output, and no other series");
    let labels = value(r#"count(count by (__name__, direction, instance, job) (prompt_size_total)) == count(prompt_size_total)"#).await;
    assert_eq!(labels, Some(2.0), "direction is the only label of its own");

    let text = reqwest::get(format!("http://{page}/metrics"))
        .await
        .expect("the page")
        .text()
        .await
        .expect("text");
    assert_eq!(lint(&text).await, "", "promtool check metrics:\n{text}");
    let (success, errors) = service.end("end\n").await;
    assert!(success, "{errors}");
}

/// The value of the one series that answers.
async fn query_value(address: &str, query: &str) -> Option<f64> {
    let url = reqwest::Url::parse_with_params(&format!("http://{address}/api/v1/query"), [("query", query)])
        .ok()?;
    let answer: Value = reqwest::get(url).await.ok()?.json().await.ok()?;
    answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
}

/// What `promtool check metrics` says.
async fn lint(text: &str) -> String {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool: tests/peers/run installs it");
    let mut input = promtool.stdin.take().expect("its input");
    input.write_all(text.as_bytes()).await.expect("written");
    drop(input);
    let output = promtool.wait_with_output().await.expect("it ends");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}
