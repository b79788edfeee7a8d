//! Collectors that fail.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

/// A collector's URL and its listener.
pub(crate) struct Collector {
    url: String,
    /// A listener that accepts connections into its backlog and never responds.
    _silent: Option<TcpListener>,
}

impl Collector {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Creates a collector whose host name cannot be resolved.
    pub(crate) fn absent() -> Self {
        Self {
            url: "http://collector.invalid:4317".to_owned(),
            _silent: None,
        }
    }

    /// Creates a collector on a port without a listener.
    pub(crate) fn refusing() -> Self {
        let (_, url) = listen();
        Self { url, _silent: None }
    }

    pub(crate) fn silent() -> Self {
        let (listener, url) = listen();
        Self {
            url,
            _silent: Some(listener),
        }
    }

    /// Creates a collector that sends the same response to all input.
    pub(crate) fn answering(answer: &'static [u8]) -> Self {
        let (listener, url) = listen();
        thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut request = vec![0; 1 << 20];
                    while connection.read(&mut request).is_ok_and(|count| count > 0) {
                        if connection.write_all(answer).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { url, _silent: None }
    }
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}
