//! Constructed errors with sources. The errors of real connections are in the integration tests.

use std::fmt;

use super::*;

#[derive(Debug)]
struct Wrapped(io::Error);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secret")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

#[test]
fn classes() {
    let boxed = |kind| BoxError::from(Wrapped(kind));
    let cases: [(&str, BoxError, &str); 4] = [
        (
            "an io error below",
            boxed(ErrorKind::ConnectionReset.into()),
            "connection_reset",
        ),
        (
            "an io error itself",
            io::Error::from(ErrorKind::TimedOut).into(),
            "timeout",
        ),
        ("an unspecific kind", boxed(io::Error::other("x")), "_OTHER"),
        ("a text", "user 4711 has no card".into(), "_OTHER"),
    ];
    for (name, error, class) in cases {
        assert_eq!(error_type(Cause::new(&error)), class, "{name}");
    }
    let local: Box<dyn Error> = Wrapped(ErrorKind::BrokenPipe.into()).into();
    assert_eq!(
        error_type(Cause::new(&local)),
        "broken_pipe",
        "a box that stays on its thread"
    );
    let shared: std::sync::Arc<dyn Error> = std::sync::Arc::new(Wrapped(io::Error::other("x")));
    assert_eq!(error_type(Cause::new(&shared)), "_OTHER", "a shared error");
    assert_eq!(error_type(Cause::new(&"no card")), "_OTHER", "a text");
    assert_eq!(
        error_type(Cause::new(&String::from("no card"))),
        "_OTHER",
        "an owned text"
    );
    let named = Wrapped(io::Error::other("x"));
    assert!(
        error_type(Cause::new(&named)).ends_with("tests::Wrapped"),
        "a type's name"
    );
}

/// A connector that is called without hyper-util's client.
#[cfg(feature = "hyper-util")]
#[test]
fn error_of_a_connector_is_known_as_such() {
    #[derive(Debug)]
    struct Dns;
    impl fmt::Display for Dns {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("dns error")
        }
    }
    impl Error for Dns {}
    let cases: [(BoxError, &str, &str); 4] = [
        (Dns.into(), "dns", "_OTHER"),
        (
            io::Error::new(ErrorKind::InvalidData, "handshake").into(),
            "tls",
            "invalid_data",
        ),
        (
            io::Error::from(ErrorKind::ConnectionRefused).into(),
            "connection_refused",
            "connection_refused",
        ),
        ("no route".into(), "connect", "_OTHER"),
    ];
    for (error, connecting, otherwise) in cases {
        let name = error.to_string();
        assert_eq!(error_type(Cause::new(&error)), otherwise, "{name}: by itself");
        let error = io::Error::other(ConnectError::new(error));
        assert_eq!(
            error_type(Cause::new(&error)),
            connecting,
            "{name}: of a connector"
        );
    }
}
