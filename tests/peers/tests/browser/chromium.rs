//! A headless Chromium, driven by WebDriver.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::peer::{peers, until};

/// The sizes of a desktop and of a phone.
pub(super) const WIDE: (u32, u32) = (1280, 800);
pub(super) const NARROW: (u32, u32) = (390, 844);

/// What the page did while an element was scrolled.
#[derive(Debug)]
pub(super) struct Scrolled {
    /// The milliseconds of each frame, sorted.
    pub(super) times: Vec<f64>,
    /// The elements that were added.
    pub(super) rows: u64,
    pub(super) layouts: f64,
    /// The milliseconds of processor time a frame for scripts, styles, layout, and all on the thread of the page.
    pub(super) work: [f64; 4],
}

/// A browser with one page. It ends with its driver when this is dropped.
pub(super) struct Browser {
    client: Client,
    base: String,
    /// The driver and its output, which it writes to as long as it runs.
    _driver: (Child, Lines<BufReader<ChildStdout>>),
}

impl Browser {
    /// Starts a browser for the page at `base`.
    pub(super) async fn start(base: String) -> Self {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).kill_on_drop(true);
        let mut driver = command
            .spawn()
            .expect("chromedriver starts; tests/peers/run installs it");
        let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
        let port = loop {
            let line = lines
                .next_line()
                .await
                .expect("its output")
                .expect("a line with the port");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // The browser ends when the pipe to its driver is closed, also if a test fails.
        let arguments = [
            "--headless=new",
            "--hide-scrollbars",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--remote-debugging-pipe",
        ];
        let capabilities = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().expect("an object").clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a session with Chromium");
        let browser = Self {
            client,
            base,
            _driver: (driver, lines),
        };
        browser.show_as(WIDE, "light").await;
        browser
    }

    /// Ends the browser.
    pub(super) async fn close(self) {
        self.client.close().await.expect("the session ends");
    }

    /// Sets the size of the page and the colours that the system prefers.
    pub(super) async fn show_as(&self, (width, height): (u32, u32), scheme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features }))
            .await;
    }

    /// Opens a path below the page's address.
    pub(super) async fn open(&self, path: &str) {
        self.client
            .goto(&format!("{}{path}", self.base))
            .await
            .expect("the page loads");
    }

    pub(super) async fn back(&self) {
        self.client.back().await.expect("an entry in the history");
    }

    /// The path and query of the page.
    pub(super) async fn address(&self) -> String {
        let url = self.client.current_url().await.expect("an address");
        url.as_str().trim_start_matches(&self.base).to_owned()
    }

    /// Evaluates a JavaScript expression.
    pub(super) async fn value(&self, expression: &str) -> Value {
        let script = format!("return {expression}");
        let value = self.client.execute(&script, Vec::new()).await;
        value.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// The text of each element that matches a CSS selector.
    pub(super) async fn all_text(&self, css: &str) -> Vec<String> {
        let css = json!(css);
        let script = format!("[...document.querySelectorAll({css})].map(each => each.textContent.trim())");
        let values = self.value(&script).await;
        let values = values.as_array().expect("a list").iter();
        values
            .map(|text| text.as_str().expect("a text").to_owned())
            .collect()
    }

    /// The text of the first element that matches a CSS selector, or an empty text.
    pub(super) async fn text(&self, css: &str) -> String {
        self.all_text(css).await.into_iter().next().unwrap_or_default()
    }

    /// Waits until the text of the elements that match a CSS selector fulfil a condition, and returns them.
    pub(super) async fn wait(&self, css: &str, are: impl Fn(&[String]) -> bool) -> Vec<String> {
        until(&format!("{css} in the page"), async || {
            let found = self.all_text(css).await;
            are(&found).then_some(found)
        })
        .await
    }

    /// Waits until an element has this text.
    pub(super) async fn wait_for(&self, css: &str, text: &str) {
        self.wait(css, |found| found.iter().any(|each| each == text))
            .await;
    }

    /// Clicks the first element that matches an XPath. Tries again if the page builds the element anew meanwhile.
    pub(super) async fn click(&self, xpath: &str) {
        until(&format!("a click on {xpath}"), async || {
            let element = self.client.find(Locator::XPath(xpath)).await.ok()?;
            element.click().await.ok()
        })
        .await;
    }

    /// Drags over the first element that matches a CSS selector, between two points given as shares of
    /// its size. As with a hand, there is a movement in between.
    pub(super) async fn drag(&self, css: &str, from: (f64, f64), to: (f64, f64)) {
        let found = json!(css);
        let script = format!(
            "(({{ x, y, width, height }}) => [x, y, width, height])(document.querySelector({found}).getBoundingClientRect())"
        );
        let bounds = self.value(&script).await;
        let bounds: Vec<f64> = bounds
            .as_array()
            .expect("bounds")
            .iter()
            .filter_map(Value::as_f64)
            .collect();
        let [left, top, width, height] = bounds[..] else {
            panic!("{css} has no bounds: {bounds:?}")
        };
        let move_to = |(x, y): (f64, f64)| PointerAction::MoveTo {
            duration: Some(Duration::from_millis(50)),
            x: (left + x * width).round(),
            y: (top + y * height).round(),
        };
        let mouse = MouseActions::new("mouse".to_owned())
            .then(move_to(from))
            .then(PointerAction::Down { button: 0 })
            .then(move_to(((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0)))
            .then(move_to(to))
            .then(PointerAction::Up { button: 0 });
        self.client
            .perform_actions(mouse)
            .await
            .unwrap_or_else(|error| panic!("a drag over {css}: {error}"));
    }

    /// Scrolls an element by some pixels a frame.
    pub(super) async fn scroll(&self, css: &str, pixels: u32, frames: u32) -> Scrolled {
        let script = "const [css, pixels, frames, done] = arguments
            const element = document.querySelector(css)
            const times = []
            let rows = 0
            const changes = new MutationObserver(all => all.forEach(({ addedNodes }) => (rows += addedNodes.length)))
            changes.observe(element, { childList: true, subtree: true })
            let last = performance.now()
            const frame = () => {
                const now = performance.now()
                times.push(now - last)
                last = now
                element.scrollTop += pixels
                if (times.length < frames) return requestAnimationFrame(frame)
                changes.disconnect()
                done({ times, rows })
            }
            requestAnimationFrame(frame)";
        let arguments = vec![json!(css), json!(pixels), json!(frames)];
        // Times of the processor, which do not depend on what else the machine does.
        self.devtools("Performance.enable", json!({ "timeDomain": "threadTicks" }))
            .await;
        let before = self.metrics().await;
        let scrolled = self
            .client
            .execute_async(script, arguments)
            .await
            .expect("it scrolls");
        let after = self.metrics().await;
        let more = |name: &str| after.get(name).unwrap_or(&0.0) - before.get(name).unwrap_or(&0.0);
        let mut times: Vec<f64> = scrolled["times"]
            .as_array()
            .expect("times")
            .iter()
            .filter_map(Value::as_f64)
            .collect();
        times.sort_by(f64::total_cmp);
        Scrolled {
            times,
            rows: scrolled["rows"].as_u64().expect("a number"),
            layouts: more("LayoutCount"),
            work: [
                "ScriptDuration",
                "RecalcStyleDuration",
                "LayoutDuration",
                "TaskDuration",
            ]
            .map(|name| more(name) * 1e3 / f64::from(frames)),
        }
    }

    /// The counters of the page: <https://chromedevtools.github.io/devtools-protocol/tot/Performance>.
    async fn metrics(&self) -> HashMap<String, f64> {
        let answer = self.devtools("Performance.getMetrics", json!({})).await;
        let metrics = answer["metrics"].as_array().expect("metrics").iter();
        let metrics =
            metrics.filter_map(|one| Some((one["name"].as_str()?.to_owned(), one["value"].as_f64()?)));
        metrics.collect()
    }

    /// Types in the element that has the focus.
    pub(super) async fn type_text(&self, text: &str) {
        let element = self
            .client
            .active_element()
            .await
            .expect("an element has the focus");
        element.send_keys(text).await.expect("the keys are sent");
    }

    /// Fails if axe-core finds a serious or critical fault of accessibility on the page.
    pub(super) async fn expect_accessible(&self, place: &str) {
        let library = peers().join("node_modules/axe-core/axe.min.js");
        let library = std::fs::read_to_string(library).expect("axe-core; tests/peers/run installs it");
        self.client
            .execute(&library, Vec::new())
            .await
            .expect("axe-core runs");
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations
                .filter(({ impact }) => impact === 'serious' || impact === 'critical')
                .map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`)))";
        let faults = self
            .client
            .execute_async(script, Vec::new())
            .await
            .expect("axe-core answers");
        assert_eq!(faults, json!([]), "serious faults of accessibility: {place}");
    }

    /// The errors in the console since the last call: failed scripts, refused content, files that are missing.
    pub(super) async fn errors(&self) -> Vec<String> {
        let log = self.extension("se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().expect("a list").iter();
        let severe = entries.filter(|entry| entry.get("level") == Some(&json!("SEVERE")));
        severe.map(ToString::to_string).collect()
    }

    /// Writes a picture of the page to `docs/src/pictures`, if `UPDATE_PICTURES` is set.
    pub(super) async fn picture(&self, name: &str) {
        let png = self.client.screenshot().await.expect("a picture");
        assert!(png.starts_with(b"\x89PNG"), "{name} is a PNG file");
        if std::env::var_os("UPDATE_PICTURES").is_some() {
            std::fs::create_dir_all(pictures()).expect("a folder");
            std::fs::write(pictures().join(name).with_extension("png"), png).expect("the picture is written");
        }
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.extension("goog/cdp/execute", body).await
    }

    async fn extension(&self, path: &'static str, body: Value) -> Value {
        let answer = self.client.issue_cmd(Extension { path, body }).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/pictures")
}

/// A command of chromedriver beyond WebDriver.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _url: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
