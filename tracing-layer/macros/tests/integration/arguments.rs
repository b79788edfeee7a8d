//! What the arguments of the attribute put on the span.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use opentelemetry::Context;
use throughline_tracing_layer::span::open;
use throughline_tracing_layer::traced;

use crate::{below, now};

const COMPONENT: &str = "planner";

#[derive(Debug)]
struct Opaque;

#[traced(kind = "client", attributes(component = COMPONENT, "graph.id" = "g1", node.step = steps.len() + 1))]
fn attributes(steps: &[u8]) -> usize {
    steps.len()
}

#[traced(record(small, large, text, maybe, none, cow, %address, ?opaque), attributes(shown = %address))]
#[expect(clippy::too_many_arguments, reason = "one of each type")]
fn recorded(
    small: u8,
    large: u64,
    text: &str,
    maybe: Option<f32>,
    none: Option<bool>,
    cow: Cow<'_, str>,
    address: Ipv4Addr,
    opaque: &Opaque,
    secret: String,
) {
    let _ = (small, large, text, maybe, none, cow, address, opaque, secret);
}

#[traced(record(x, y))]
async fn destructured((x, y): (i32, i32), owned: String) -> (i32, String) {
    (x + y, owned)
}

#[traced(parent = cx, name = "sync")]
fn with_parent(cx: Context) {
    drop(cx);
}

#[traced(parent = cx, name = "async")]
async fn with_borrowed_parent(cx: &Context) -> Context {
    tokio::task::yield_now().await;
    cx.clone()
}

macro_rules! from_macro {
    ($name:ident, $value:expr) => {
        #[traced(attributes(value = $value))]
        fn $name(number: i64) -> i64 {
            number
        }
    };
}

from_macro!(made, 21 * 2);

#[test]
fn attributes_and_kind() {
    let tree = below("attributes", || {
        attributes(&[1, 2]);
        made(21);
    });
    let expected = "\
Client attributes
  - component=\"planner\"
  - graph.id=\"g1\"
  - node.step=3
Internal made
  - value=42
";
    assert_eq!(tree, expected, "attributes");
}

#[test]
fn arguments_are_recorded_if_they_are_named() {
    let tree = below("recorded", || {
        recorded(
            1,
            u64::MAX,
            "text",
            Some(0.5),
            None,
            Cow::Borrowed("cow"),
            Ipv4Addr::LOCALHOST,
            &Opaque,
            "secret".to_owned(),
        );
        now(destructured((1, 2), String::new()))
    });
    let expected = "\
Internal recorded
  - address=\"127.0.0.1\"
  - cow=\"cow\"
  - large=\"18446744073709551615\"
  - maybe=0.5
  - opaque=\"Opaque\"
  - shown=\"127.0.0.1\"
  - small=1
  - text=\"text\"
Internal destructured
  - x=1
  - y=2
";
    assert_eq!(tree, expected, "nothing but what is named, by its type");
}

#[test]
fn parent_is_another_context() {
    let tree = below("parent", || {
        let other = open("other");
        with_parent(other.context().clone());
        now(with_borrowed_parent(other.context()));
    });
    let expected = "\
Internal other
  Internal sync
  Internal async
";
    assert_eq!(tree, expected, "children of what is not current");
}
