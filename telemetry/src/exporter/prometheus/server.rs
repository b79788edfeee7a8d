//! The smallest HTTP server that a scrape needs, on a thread of its own.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::Context;

use crate::error::InitError;

/// Answers `GET /metrics`, one connection after the other, until it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    is_ended: Arc<AtomicBool>,
    ended: Mutex<Receiver<()>>,
}

/// What becomes of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Read,
    /// Only its length is told.
    Measured,
}

impl Server {
    pub(super) fn start(
        address: &str,
        page: impl Fn(Reading) -> String + Send + 'static,
    ) -> Result<Self, InitError> {
        let failed = |error| {
            InitError::exporter(format!("prometheus.listen = {address:?} cannot be listened on"))
                .caused_by(error)
        };
        let listener = TcpListener::bind(address).map_err(failed)?;
        let address_there = listener.local_addr().map_err(failed)?;
        let is_ended = Arc::new(AtomicBool::new(false));
        let ending = Arc::clone(&is_ended);
        let (alive, ended): (Sender<()>, _) = mpsc::channel();
        let serve = move || {
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            for connection in listener.incoming() {
                if ending.load(Ordering::Acquire) {
                    break;
                }
                let _ = connection.and_then(|connection| answer(connection, &page));
            }
            drop(listener);
            drop(alive);
        };
        thread::Builder::new()
            .name("throughline-prometheus".into())
            .spawn(serve)
            .map_err(failed)?;
        Ok(Self {
            address: address_there,
            is_ended,
            ended: Mutex::new(ended),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::Release);
        // The thread waits for a connection: this is the last. A busy one is not waited for.
        let _ = TcpStream::connect_timeout(&self.address, FAREWELL);
        let _ = self
            .ended
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .recv_timeout(FAREWELL);
    }
}

fn answer(mut connection: TcpStream, page: &impl Fn(Reading) -> String) -> io::Result<()> {
    connection.set_write_timeout(Some(PATIENCE))?;
    let request = head(&mut connection)?;
    let mut words = request.split(|byte| *byte == b' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    let (status, body) = match (method, path) {
        (b"GET", b"/metrics") => ("200 OK", page(Reading::Read)),
        (b"HEAD", b"/metrics") => ("200 OK", page(Reading::Measured)),
        (_, b"/metrics") => ("405 Method Not Allowed", "use GET\n".to_owned()),
        _ => ("404 Not Found", "the metrics are at /metrics\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes())?;
    if method != b"HEAD" {
        connection.write_all(body.as_bytes())?;
    }
    connection.flush()
}

/// Reads a request's head, of which there may be so much and for so long.
fn head(connection: &mut TcpStream) -> io::Result<Vec<u8>> {
    let begin = Instant::now();
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = PATIENCE
            .checked_sub(begin.elapsed())
            .filter(|left| !left.is_zero());
        let Some(left) = left.filter(|_| head.len() < LONGEST_HEAD) else {
            return Err(io::ErrorKind::TimedOut.into());
        };
        connection.set_read_timeout(Some(left))?;
        match connection.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(part.get(..count).unwrap_or_default()),
        }
    }
    Ok(head)
}

const LONGEST_HEAD: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(1);
const FAREWELL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(60);

    /// The answer. Who is too slow to ask gets none, and may ask again.
    fn ask(address: SocketAddr, request: &str) -> String {
        let begun = Instant::now();
        loop {
            let mut connection = TcpStream::connect(address).expect("connected");
            let mut answer = String::new();
            let asked = connection.write_all(request.as_bytes());
            match asked.and_then(|()| connection.read_to_string(&mut answer)) {
                Ok(1..) => return answer,
                none => assert!(begun.elapsed() < DEADLINE, "{request:?}: {none:?}"),
            }
        }
    }

    #[test]
    fn a_scrape_is_answered_and_nothing_else() {
        let server = Server::start("127.0.0.1:0", |_| "up 1\n".to_owned()).expect("started");
        let head = |status: &str, length: usize| {
            format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\ncontent-length: \
                 {length}\r\nconnection: close\r\n\r\n"
            )
        };
        for (request, expected) in [
            (
                "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n",
                head("200 OK", 5) + "up 1\n",
            ),
            ("GET /metrics?x=1 HTTP/1.0\r\n\r\n", head("200 OK", 5) + "up 1\n"),
            ("HEAD /metrics HTTP/1.1\r\n\r\n", head("200 OK", 5)),
            (
                "POST /metrics HTTP/1.1\r\n\r\n",
                head("405 Method Not Allowed", 8) + "use GET\n",
            ),
            (
                "GET / HTTP/1.1\r\n\r\n",
                head("404 Not Found", 28) + "the metrics are at /metrics\n",
            ),
            (
                "\r\n\r\n",
                head("404 Not Found", 28) + "the metrics are at /metrics\n",
            ),
        ] {
            assert_eq!(ask(server.address(), request), expected, "{request:?}");
        }
        let address = server.address();
        drop(server);
        // A thread that is late is not waited for.
        let begun = Instant::now();
        while let Err(error) = TcpListener::bind(address) {
            assert!(begun.elapsed() < DEADLINE, "the port is not free again: {error}");
            thread::yield_now();
        }
    }

    #[test]
    fn a_port_in_use_is_told() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("an address").to_string();
        let error = Server::start(&address, |_| String::new()).expect_err("taken");
        assert_eq!(
            error.to_string(),
            format!("prometheus.listen = {address:?} cannot be listened on"),
            "the message"
        );
    }
}
