//! Traces of very many spans.

use serde_json::{Value, json};

use super::chromium::Browser;
use super::hostile::expect_nothing_ran;
use super::telemetry::{Store, attribute, span};
use crate::peer::until;

/// The key of WebDriver: <https://www.w3.org/TR/webdriver2/#keyboard-actions>.
const END: &str = "\u{e010}";

/// The height of a row on a wide screen.
const ROW_PIXELS: u32 = 26;
/// More rows are not in the document at once: 22 are visible, with 8 above and 8 below.
const MAX_ROWS: u32 = 48;

/// Spans of a trace in a tree with up to ten children each.
fn tree(trace: u32, count: u64, name: impl Fn(u64) -> String) -> Vec<Value> {
    let one = |id: u64| {
        let parent = (id > 1)
            .then(|| if id.is_multiple_of(10) { 1 } else { id / 10 + 1 })
            .filter(|parent| *parent != id);
        span(trace, id, parent, &name(id), id, 2 * count - id)
    };
    (1..=count).map(one).collect()
}

/// Goes to the last row of a waterfall, and returns how many rows are in the document.
async fn show_last_row(browser: &Browser, spans: u64) -> u64 {
    browser
        .value("document.querySelector('.waterfall').focus()")
        .await;
    browser.type_text(END).await;
    let last = "Math.max(...[...document.querySelectorAll('.rows .span-row')].map(each => Number(each.getAttribute('aria-rowindex'))))";
    until("the last row", async || {
        (browser.value(last).await == json!(spans + 1)).then_some(())
    })
    .await;
    let built = browser
        .value("document.querySelectorAll('.rows .span-row').length")
        .await;
    built.as_u64().expect("a number")
}

#[tokio::test]
async fn twenty_thousand_spans_are_shown() {
    const SPANS: u64 = 20_000;
    let store = Store::start().await;
    for part in tree(7, SPANS, |id| format!("step {id}")).chunks(2000) {
        store.send("large", part).await;
    }
    let browser = Browser::start(store.page.clone()).await;
    browser.open(&format!("trace/{:032x}", 7)).await;
    browser.wait(".rows .span-name", |names| names.len() > 20).await;
    let rows = "Number(document.querySelector('.waterfall').getAttribute('aria-rowcount'))";
    assert_eq!(
        browser.value(rows).await,
        json!(SPANS + 1),
        "a heading and all spans"
    );
    const FRAMES: u32 = 120;
    for (how, pixels) in [("a wheel", 80), ("a page a frame", 600), ("the scroll bar", 4000)] {
        let scrolled = browser.scroll(".waterfall", pixels, FRAMES).await;
        // Times are not asserted, because machines differ: see with `--nocapture`.
        let [script, style, layout, all] = scrolled.work;
        println!(
            "scrolling like {how}: median {:.0} ms a frame, longest {:.0} ms; {all:.1} ms of work a frame, of which \
             scripts {script:.1}, styles {style:.1}, layout {layout:.1}",
            scrolled.times[scrolled.times.len() / 2],
            scrolled.times[scrolled.times.len() - 1],
        );
        // What costs time is asserted: a frame builds the rows that appear and no others, and lays out once.
        let appeared = (pixels.div_ceil(ROW_PIXELS) + 1).min(MAX_ROWS);
        let most = u64::from(FRAMES * appeared);
        assert!(
            scrolled.rows > 0 && scrolled.rows <= most,
            "scrolling like {how} builds at most {most} rows: {scrolled:?}"
        );
        // A forced layout would make it two. On a busy machine, what else the page does falls into the same time.
        assert!(
            scrolled.layouts <= f64::from(FRAMES) * 1.5,
            "scrolling like {how} lays out once a frame: {scrolled:?}"
        );
    }
    let built = show_last_row(&browser, SPANS).await;
    assert!(
        built <= u64::from(MAX_ROWS),
        "only the visible rows are built: {built}"
    );
    browser.type_text("]").await;
    browser
        .wait(".rows .span-name", |names| names == ["step 1"])
        .await;
    assert_eq!(browser.errors().await, [""; 0], "errors in the console");
    browser.close().await;
}

#[tokio::test]
async fn hostile_trace_of_100_000_spans_stays_usable() {
    const SPANS: u64 = 100_000;
    let evil = "\"><img src=x onerror=window.hacked=1><script>window.hacked=2</script>";
    let store = Store::start().await;
    let mut spans = tree(8, SPANS, |id| format!("{evil}{id}"));
    for long in [1, 500, 1_000] {
        spans[long]["attributes"] = json!([attribute(evil, &"<b>".repeat(350_000))]);
        spans[long]["name"] = json!("n".repeat(1 << 20));
    }
    for part in spans.chunks(5000) {
        store.send(evil, part).await;
    }
    drop(spans);
    let state = store.read("state").await;
    let number = |path: &str| state.pointer(path).and_then(Value::as_u64).expect("a number");
    let stored = number("/spans");
    assert_eq!(
        stored + number("/dropped/spans"),
        SPANS,
        "each is stored or counted: {state}"
    );
    assert!(stored > SPANS / 2, "most have room: {state}");
    assert!(
        number("/bytes") <= number("/max_bytes"),
        "the memory is bounded: {state}"
    );

    let browser = Browser::start(store.page.clone()).await;
    browser.open("").await;
    browser.wait(".rows .what a", |names| names.len() == 1).await;
    let header = browser.text(".store").await;
    let lost = number("/dropped/spans");
    assert_eq!(
        header.contains(" dropped"),
        lost > 0,
        "what is missing is said: {header}, {lost}"
    );
    let trace = format!("trace/{:032x}", 8);
    for view in ["graph", "flame", "table", "logs"] {
        browser.open(&format!("{trace}?view={view}")).await;
        browser
            .wait(".stage", |stages| stages.iter().any(|text| text.len() > 20))
            .await;
        expect_nothing_ran(&browser, view).await;
    }
    browser.open(&trace).await;
    browser.wait(".rows .span-name", |names| names.len() > 20).await;
    let built = show_last_row(&browser, stored).await;
    assert!(
        built <= u64::from(MAX_ROWS),
        "only the visible rows are built: {built}"
    );
    browser.open(&format!("{trace}?span={:016x}", 2)).await;
    browser
        .wait(".attribute dt", |keys| keys.contains(&evil.to_owned()))
        .await;
    let shown = browser.value("document.body.textContent.length").await;
    assert!(
        shown.as_u64().is_some_and(|shown| shown < 100_000),
        "long values are cut: {shown} characters are shown"
    );
    browser.open(&format!("{trace}?q={SPANS}")).await;
    browser
        .wait(".found", |found| {
            found.iter().any(|text| text.ends_with(" found"))
        })
        .await;
    expect_nothing_ran(&browser, "the waterfall").await;
    assert_eq!(browser.errors().await, [""; 0], "errors in the console");
    browser.close().await;
}
