//! What the helpers write.

use std::error::Error;
use std::fmt;
use std::sync::LazyLock;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanBuilder, SpanKind, Status};
use throughline_tracing_layer::span::{
    current_span_id, open_with, record_span_event, set_span_attribute, set_span_attributes, set_span_error,
    set_span_exception, set_span_status, span, trace_span,
};

use crate::{RECORDER, tree, within};

#[derive(Debug)]
struct Outer(std::num::ParseIntError);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn outer() -> Outer {
    Outer("x".parse::<i32>().expect_err("not a number"))
}

#[test]
fn attributes_status_and_events() {
    within("attributes", || {
        set_span_attribute("one", 1);
        set_span_attributes([KeyValue::new("two", "2"), KeyValue::new("three", 3.5)]);
        record_span_event("happened", [KeyValue::new("when", "now")]);
        set_span_status(Status::Ok);
        set_span_status(Status::error("too late"));
        let _span = trace_span("node.model", [KeyValue::new("node.id", "n1")]);
    });
    let expected = "\
Internal attributes [ok]
  - one=1
  - three=3.5
  - two=\"2\"
  ! happened when=\"now\"
  Internal node.model
    - node.id=\"n1\"
";
    assert_eq!(tree("attributes"), expected, "what was set");
}

#[test]
fn exception_has_the_chain_and_leaves_the_status() {
    within("exception", || set_span_exception(&outer()));
    let expected = "\
Internal exception
  ! exception exception.message=\"no answer\" \
exception.stacktrace=\"no answer\\nCaused by: invalid digit found in string\" \
exception.type=\"global_provider::current::Outer\"
";
    assert_eq!(tree("exception"), expected, "an exception that was dealt with");
}

#[test]
fn error_fails_the_span() {
    within("error", || set_span_error(&outer().0));
    let expected = "\
Internal error [error: invalid digit found in string]
  - error.type=\"core::num::error::ParseIntError\"
  ! exception exception.message=\"invalid digit found in string\" \
exception.type=\"core::num::error::ParseIntError\"
";
    assert_eq!(tree("error"), expected, "an error of a known type");
}

#[test]
fn boxed_error_has_no_type() {
    within("boxed", || {
        let error: Box<dyn Error + Send + Sync> = "broken".into();
        set_span_error(&*error);
    });
    let expected = "\
Internal boxed [error: broken]
  - error.type=\"_OTHER\"
  ! exception exception.message=\"broken\"
";
    assert_eq!(tree("boxed"), expected, "an error of an unknown type");
}

/// A client's error names the URL, and with it the key in its query: that used to be exported.
#[test]
fn an_error_tells_no_secret_of_a_url() {
    within("secret", || {
        let cause = std::io::Error::other("https://me:secret@y.test/#secret");
        set_span_error(&Failed(cause));
    });
    let expected = "\
Internal secret [error: for url (https://x.test/m?REDACTED)]
  - error.type=\"global_provider::current::Failed\"
  ! exception exception.message=\"for url (https://x.test/m?REDACTED)\" \
exception.stacktrace=\"for url (https://x.test/m?REDACTED)\\nCaused by: https://REDACTED@y.test/#REDACTED\" \
exception.type=\"global_provider::current::Failed\"
";
    assert_eq!(tree("secret"), expected, "neither of the error nor of its source");
}

#[derive(Debug)]
struct Failed(std::io::Error);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for url (https://x.test/m?key=secret)")
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[derive(Debug)]
struct Unsent(std::io::Error);

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not sent")
    }
}

impl Error for Unsent {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn the_class_of_an_error_is_the_one_that_the_layers_tell() {
    let refused = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let boxed: Box<dyn Error + Send + Sync> = Unsent(refused()).into();
    let sendable: Box<dyn Error + Send> = Box::new(refused());
    within("classes", || {
        let each = |name: &'static str, set: &dyn Fn()| {
            let _span = span(name);
            set();
        };
        each("of its kind", &|| set_span_error(&refused()));
        each("of its source's kind", &|| set_span_error(&Unsent(refused())));
        each("boxed", &|| set_span_error(&*boxed));
        each("boxed, not shared", &|| set_span_error(&*sendable));
        each("of a kind that says nothing", &|| {
            set_span_error(&std::io::Error::other("x"));
        });
    });
    let classes: Vec<String> = tree("classes")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- error.type=").map(str::to_owned))
        .collect();
    let refused = "\"connection_refused\"";
    let expected = [refused, refused, refused, refused, "\"std::io::error::Error\""];
    assert_eq!(classes, expected, "{}", tree("classes"));
}

#[test]
fn builder_gives_kind_and_attributes() {
    within("builder", || {
        let span = open_with(|| {
            SpanBuilder::from_name("publish")
                .with_kind(SpanKind::Producer)
                .with_attributes([KeyValue::new("queue", "jobs")])
        });
        let before = current_span_id();
        let _span = span.enter();
        assert_ne!(current_span_id(), before, "current once it is entered");
    });
    let expected = "\
Internal builder
  Producer publish
    - queue=\"jobs\"
";
    assert_eq!(tree("builder"), expected, "the builder's kind and attributes");
}

/// A helper that runs the user's code must not do so while it holds the context or the span.
#[test]
fn helpers_may_be_called_from_within_helpers() {
    struct Nosy;
    impl fmt::Debug for Nosy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Nosy")
        }
    }
    impl fmt::Display for Nosy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let _span = span("from display");
            f.write_str("nosy")
        }
    }
    impl Error for Nosy {}
    within("nested", || {
        set_span_attributes((0..1).map(|_| {
            set_span_attribute("inner", true);
            KeyValue::new("outer", true)
        }));
        set_span_exception(&Nosy);
        record_span_event(
            "event",
            (0..1).map(|_| KeyValue::new("id", format!("{:?}", current_span_id().is_some()))),
        );
    });
    let expected = "\
Internal nested
  - inner=true
  - outer=true
  ! exception exception.message=\"nosy\" exception.type=\
\"global_provider::current::helpers_may_be_called_from_within_helpers::Nosy\"
  ! event id=\"true\"
  Internal from display
";
    assert_eq!(tree("nested"), expected, "no deadlock, no panic");
}

#[test]
fn scope_is_named_and_versioned() {
    within("scoped", || ());
    let spans = RECORDER.spans();
    let scope = spans
        .iter()
        .find(|span| span.name == "scoped")
        .map(|span| &span.instrumentation_scope);
    assert_eq!(
        scope.map(|scope| scope.name()),
        Some("throughline-tracing-layer"),
        "the scope is the crate"
    );
}

/// An error as long as what a peer sent, and so are its sources.
#[derive(Debug)]
struct Long(usize, Option<Box<Self>>);

impl fmt::Display for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&"é".repeat(self.0))
    }
}

impl Error for Long {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

#[test]
fn long_errors_are_cut() {
    let chain = |depth, characters| {
        let over = |below, _| Long(characters, Some(Box::new(below)));
        (1..depth).fold(Long(characters, None), over)
    };
    for (depth, characters, message, stacktrace) in [
        (1, 3, 6, None),
        (2, 3, 6, Some(6 + "\nCaused by: ".len() + 6)),
        (1, 1_250_000, 1024, None),
        (2, 1_250_000, 1024, Some(1024 + "\nCaused by: ".len() + 1024)),
        (30, 5_000, 1024, Some(8 * 1024)),
    ] {
        let name = format!("long {depth} {characters}");
        let root = LazyLock::force(&RECORDER);
        {
            let _root = span(name.clone());
            set_span_error(&chain(depth, characters));
        }
        let spans = root.spans();
        let found = spans.iter().find(|it| it.name == name).expect("the span");
        let description = match &found.status {
            Status::Error { description } => description.len(),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(description, message, "{name}: the status");
        let event = found.events.events.first().expect("an event");
        let length = |key: &str| {
            let mut all = event.attributes.iter();
            Some(all.find(|it| it.key.as_str() == key)?.value.as_str().len())
        };
        assert_eq!(length("exception.message"), Some(message), "{name}: the message");
        assert_eq!(length("exception.stacktrace"), stacktrace, "{name}: the sources");
    }
}
