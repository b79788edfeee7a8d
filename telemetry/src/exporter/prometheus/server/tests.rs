use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use flate2::read::GzDecoder;
use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use super::super::page::MetricsPage;
use super::connections::MAX_HEAD_BYTES;
use super::*;

/// The time limit for operations that are expected to succeed.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Time limits that are longer than a test.
const LONG_LIMITS: ServerLimits = ServerLimits {
    connections: 128,
    head: TIMEOUT,
    write: TIMEOUT,
    exchange: TIMEOUT,
    shutdown_grace: TIMEOUT,
};

/// Returns a page with one gauge, whose label has this number of bytes.
fn page(bytes: usize) -> MetricsPage {
    let mut label = LabelPair::default();
    label.set_name("l".to_owned());
    label.set_value("x".repeat(bytes));
    let mut metric = Metric::default();
    metric.set_label(vec![label]);
    let mut family = MetricFamily::default();
    family.set_name("up".to_owned());
    family.set_field_type(MetricType::GAUGE);
    family.set_metric(vec![metric]);
    MetricsPage::new([family].into_iter())
}

const LARGE: usize = 16 << 20;

fn started(limits: ServerLimits, bytes: usize) -> Server {
    let scrapes = Scrapes::new(move || page(bytes));
    Server::start("127.0.0.1:0", limits, scrapes, |_| {}).expect("started")
}

fn connected(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).expect("connected");
    connection.set_read_timeout(Some(TIMEOUT)).expect("set");
    connection
}

/// Returns the head and the body of the response to a request.
fn send(address: SocketAddr, request: &str) -> (String, Vec<u8>) {
    let mut connection = connected(address);
    connection.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect(request);
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n");
    let body = answer.split_off(end.unwrap_or_else(|| panic!("{request:?}: a head")) + 4);
    (String::from_utf8(answer).expect("text"), body)
}

fn scraped(address: SocketAddr) -> usize {
    let (head, body) = send(address, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    body.len()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut values = lines.filter(|(other, _)| *other == name);
    values.next().map(|(_, value)| value)
}

/// Returns whether the server has the connection open and has sent nothing.
fn is_silent(connection: &mut TcpStream) -> bool {
    connection.set_nonblocking(true).expect("set");
    let read = connection.read(&mut [0]);
    connection.set_nonblocking(false).expect("set");
    matches!(read, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < TIMEOUT, "{what}");
        thread::yield_now();
    }
}

#[test]
fn only_scrapes_are_answered() {
    let server = started(ServerLimits::DEFAULT, 1);
    let text = Some("text/plain; version=0.0.4; charset=utf-8");
    let plain = Some("text/plain; charset=utf-8");
    let metrics = "# TYPE up gauge\nup{l=\"x\"} 0\n";
    let nowhere = "the metrics are at /metrics\n";
    for (request, status, kind, body) in [
        ("GET /metrics HTTP/1.1\r\nhost: x", "1.1 200 OK", text, metrics),
        (
            "GET /metrics HTTP/1.1\r\nhost: evil.test",
            "1.1 200 OK",
            text,
            metrics,
        ),
        ("GET /metrics HTTP/1.1", "1.1 200 OK", text, metrics),
        ("GET /metrics?x=1 HTTP/1.0", "1.0 200 OK", text, metrics),
        (
            "GET http://x/metrics HTTP/1.1\r\nhost: x",
            "1.1 200 OK",
            text,
            metrics,
        ),
        (
            "GET /metrics HTTP/1.1\r\nconnection: keep-alive\r\nhost: x",
            "1.1 200 OK",
            text,
            metrics,
        ),
        ("HEAD /metrics HTTP/1.1\r\nhost: x", "1.1 200 OK", text, ""),
        (
            "POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 0",
            "1.1 405 Method Not Allowed",
            plain,
            "use GET or HEAD\n",
        ),
        (
            "DELETE /metrics HTTP/1.1\r\nhost: x",
            "1.1 405 Method Not Allowed",
            plain,
            "use GET or HEAD\n",
        ),
        (
            "OPTIONS /metrics HTTP/1.1\r\nhost: x",
            "1.1 405 Method Not Allowed",
            plain,
            "use GET or HEAD\n",
        ),
        (
            "BREW /metrics HTTP/1.1\r\nhost: x",
            "1.1 405 Method Not Allowed",
            plain,
            "use GET or HEAD\n",
        ),
        ("GET / HTTP/1.1\r\nhost: x", "1.1 404 Not Found", plain, nowhere),
        (
            "GET /metrics/ HTTP/1.1\r\nhost: x",
            "1.1 404 Not Found",
            plain,
            nowhere,
        ),
        (
            "GET /metrics/../x HTTP/1.1\r\nhost: x",
            "1.1 404 Not Found",
            plain,
            nowhere,
        ),
        (
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0",
            "1.1 404 Not Found",
            plain,
            nowhere,
        ),
        ("nonsense", "1.1 400 Bad Request", None, ""),
        ("GET /metrics HTTP/9.9", "1.1 400 Bad Request", None, ""),
    ] {
        let (head, answer) = send(server.address(), &format!("{request}\r\n\r\n"));
        assert!(
            head.starts_with(&format!("HTTP/{status}\r\n")),
            "{request:?}: {head}"
        );
        assert_eq!(String::from_utf8_lossy(&answer), body, "{request:?}: the body");
        assert_eq!(header(&head, "content-type"), kind, "{request:?}: the type");
        let length = if request.starts_with("HEAD") {
            metrics.len()
        } else {
            body.len()
        };
        let length = length.to_string();
        assert_eq!(
            header(&head, "content-length"),
            Some(&*length),
            "{request:?}: the length"
        );
        let allowed = status.contains("405").then_some("GET, HEAD");
        assert_eq!(header(&head, "allow"), allowed, "{request:?}: the methods");
    }
    let long = format!(
        "GET /metrics HTTP/1.1\r\nx: {}\r\n\r\n",
        "x".repeat(MAX_HEAD_BYTES)
    );
    let (head, _) = send(server.address(), &long);
    assert!(
        head.starts_with("HTTP/1.1 431 "),
        "a head that is too long: {head}"
    );
}

#[test]
fn page_has_the_accepted_format_and_encoding() {
    let server = started(ServerLimits::DEFAULT, 10_000);
    let text = "text/plain; version=0.0.4; charset=utf-8";
    let open_metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    for (headers, kind, encoding) in [
        ("", text, None),
        ("accept: */*\r\naccept-encoding: identity\r\n", text, None),
        ("accept: application/openmetrics-text\r\n", open_metrics, None),
        ("accept-encoding: gzip\r\n", text, Some("gzip")),
        (
            "Accept: application/openmetrics-text;q=0.5\r\nAccept: text/plain;q=0.4\r\nAccept-Encoding: br, gzip\r\n",
            open_metrics,
            Some("gzip"),
        ),
        ("accept-encoding: gzip;q=0\r\n", text, None),
    ] {
        for method in ["GET", "HEAD"] {
            let request = format!("{method} /metrics HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
            let (head, body) = send(server.address(), &request);
            assert_eq!(header(&head, "content-type"), Some(kind), "{request:?}: the type");
            assert_eq!(
                header(&head, "content-encoding"),
                encoding,
                "{request:?}: the encoding"
            );
            assert_eq!(
                header(&head, "vary"),
                Some("accept, accept-encoding"),
                "{request:?}: caches"
            );
            let length: usize = header(&head, "content-length")
                .expect("a length")
                .parse()
                .expect("a number");
            if method == "HEAD" {
                assert!(length > 0 && body.is_empty(), "{request:?}: no body of {length}");
                continue;
            }
            assert_eq!(length, body.len(), "{request:?}: the length");
            assert_eq!(length < 1_000, encoding.is_some(), "{request:?}: {length} bytes");
            let mut page = String::new();
            match encoding {
                Some(_) => GzDecoder::new(&*body).read_to_string(&mut page),
                None => (&*body).read_to_string(&mut page),
            }
            .expect("text");
            assert_eq!(
                page.ends_with("\n# EOF\n"),
                kind == open_metrics,
                "{request:?}: the end"
            );
        }
    }
}

#[test]
fn silent_connections_delay_no_scrape() {
    let server = started(LONG_LIMITS, 1);
    let mut silent: Vec<TcpStream> = (0..64)
        .map(|number| {
            let mut connection = connected(server.address());
            let part = "GET /metrics HTTP/1.1\r\nhost: x\r\n";
            connection
                .write_all(&part.as_bytes()[..number % part.len()])
                .expect("begun");
            connection
        })
        .collect();
    assert!(scraped(server.address()) > 0, "a page");
    assert!(silent.iter_mut().all(is_silent), "while all are open");
}

#[test]
fn a_slow_reader_delays_no_scrape() {
    let server = started(LONG_LIMITS, LARGE);
    let mut slow: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut connection = connected(server.address());
            connection
                .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
                .expect("sent");
            connection
        })
        .collect();
    let byte = |connection: &mut TcpStream| connection.read(&mut [0]).expect("a byte");
    for _ in 0..3 {
        slow.iter_mut()
            .for_each(|connection| assert_eq!(byte(connection), 1, "a byte at a time"));
        assert!(scraped(server.address()) > LARGE, "a whole page");
    }
    let mut rest = Vec::new();
    slow[0].read_to_end(&mut rest).expect("the rest");
    assert!(rest.len() > LARGE, "slow is not refused");
}

#[test]
fn slow_clients_are_disconnected() {
    let short = Duration::from_millis(200);
    let request = "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";
    for (what, limits, sent) in [
        (
            "nothing is sent",
            ServerLimits {
                head: short,
                ..LONG_LIMITS
            },
            "",
        ),
        (
            "half a head",
            ServerLimits {
                head: short,
                ..LONG_LIMITS
            },
            "GET /metrics HTTP/1.1\r\nhost:",
        ),
        (
            "nothing is read",
            ServerLimits {
                write: short,
                ..LONG_LIMITS
            },
            request,
        ),
        (
            "all together takes too long",
            ServerLimits {
                exchange: short,
                ..LONG_LIMITS
            },
            request,
        ),
        (
            "all together takes too long, in silence",
            ServerLimits {
                exchange: short,
                ..LONG_LIMITS
            },
            "",
        ),
    ] {
        let server = started(limits, LARGE);
        let mut connection = connected(server.address());
        connection.write_all(sent.as_bytes()).expect("sent");
        if sent == request {
            // Peek, because reading would consume the bytes.
            connection.set_nonblocking(true).expect("set");
            let is_open = |error: &std::io::Error| error.kind() == ErrorKind::WouldBlock;
            until(what, || {
                connection.write(b"x").is_err_and(|error| !is_open(&error))
            });
            connection.set_nonblocking(false).expect("set");
        }
        let mut read = Vec::new();
        let end = connection.read_to_end(&mut read);
        let is_late = |error: std::io::Error| error.kind() == ErrorKind::WouldBlock;
        assert!(!end.is_err_and(is_late), "{what}: it is closed");
        assert!(read.len() < LARGE, "{what}: {} bytes", read.len());
    }
}

#[test]
fn flood_evicts_its_own_connections_and_no_scrape() {
    let limits = ServerLimits {
        connections: 8,
        ..LONG_LIMITS
    };
    let server = started(limits, LARGE);
    let mut slow = connected(server.address());
    slow.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        .expect("sent");
    assert_eq!(slow.read(&mut [0]).expect("a byte"), 1, "it is served");
    let mut silent: Vec<TcpStream> = (0..100).map(|_| connected(server.address())).collect();
    assert!(scraped(server.address()) > LARGE, "a page in a flood");
    let mut open = 0;
    until("all but the limit are closed", || {
        silent.retain_mut(is_silent);
        open = silent.len();
        open < limits.connections
    });
    assert!(open > 0, "no more than has to be: {open}");
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).expect("the rest");
    assert!(
        rest.len() > LARGE,
        "the first connection with a request is served to its end"
    );

    // If all connections have sent a request, the oldest is closed.
    let mut slow: Vec<TcpStream> = Vec::new();
    for _ in 0..=limits.connections {
        let mut connection = connected(server.address());
        connection
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
            .expect("sent");
        assert_eq!(connection.read(&mut [0]).expect("a byte"), 1, "it is served");
        slow.push(connection);
    }
    let is_whole = |mut connection: TcpStream| {
        let mut rest = Vec::new();
        let _ = connection.read_to_end(&mut rest);
        rest.len() > LARGE
    };
    let mut whole: Vec<bool> = slow.into_iter().map(is_whole).collect();
    assert!(!whole.remove(0), "the oldest made room");
    assert_eq!(whole, [true; 8], "for the others");
}

#[test]
fn panicking_callback_fails_only_its_scrape() {
    let collections = AtomicUsize::new(0);
    let scrapes = Scrapes::new(move || match collections.fetch_add(1, Ordering::SeqCst) {
        0 => panic!("a callback"),
        _ => page(1),
    });
    let read = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&read);
    let note = move |page: Result<(), &str>| seen.lock().expect("unpoisoned").push(page.is_ok());
    let server = Server::start("127.0.0.1:0", LONG_LIMITS, scrapes, note).expect("started");
    let (head, body) = send(server.address(), "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
    let expected = "a callback panicked while the metrics were collected\n";
    assert_eq!(String::from_utf8_lossy(&body), expected, "why");
    assert!(scraped(server.address()) > 0, "the next");
    send(server.address(), "HEAD /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
    send(server.address(), "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(
        *read.lock().expect("unpoisoned"),
        [false, true],
        "who looks at the head reads nothing"
    );
}

#[test]
fn shutdown_waits_for_responses_but_not_for_silent_connections() {
    let (open, gate) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let gate = Mutex::new((begin, gate));
    let scrapes = Scrapes::new(move || {
        let gate = gate.lock().expect("unpoisoned");
        gate.0.send(()).expect("the test waits");
        let _ = gate.1.recv();
        page(1)
    });
    let server = Server::start("127.0.0.1:0", LONG_LIMITS, scrapes, |_| {}).expect("started");
    let address = server.address();
    let mut silent = connected(address);
    thread::scope(|scope| {
        let answer = scope.spawn(|| scraped(address));
        begun.recv_timeout(TIMEOUT).expect("the collection begins");
        let ending = scope.spawn(move || drop(server));
        until("the port is free", || TcpListener::bind(address).is_ok());
        assert!(!ending.is_finished(), "it waits for the answer");
        drop(open);
        assert!(answer.join().expect("an answer") > 0, "a page at the end");
    });
    assert_eq!(
        silent.read(&mut [0]).expect("closed"),
        0,
        "a connection without a request receives nothing"
    );

    let (hang, hanging) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let gate = Mutex::new((begin, hanging));
    let scrapes = Scrapes::new(move || {
        let gate = gate.lock().expect("unpoisoned");
        gate.0.send(()).expect("the test waits");
        let _ = gate.1.recv();
        page(1)
    });
    let server = Server::start("127.0.0.1:0", ServerLimits::DEFAULT, scrapes, |_| {}).expect("started");
    let mut asking = connected(server.address());
    asking
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        .expect("sent");
    begun.recv_timeout(TIMEOUT).expect("the collection begins");
    drop(server);
    drop(hang);
}

#[test]
fn a_port_in_use_is_reported() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let scrapes = Scrapes::new(|| page(1));
    let error = Server::start(&address, LONG_LIMITS, scrapes, |_| {}).expect_err("taken");
    let expected = format!("cannot listen on prometheus.listen = {address:?}");
    assert_eq!(error.to_string(), expected, "the message");
}
