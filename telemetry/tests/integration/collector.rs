//! A scripted collector over HTTP, which stores what it accepts.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use throughline_telemetry::{Exporter, Protocol, TelemetryConfig};

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Accept,
    Status(u16),
    /// 200, with a page for people.
    Page,
    /// Bytes that are no HTTP.
    Garbage,
    /// Nothing, until the answer changes; then the connection is closed.
    Silence,
    /// The connection is closed before a word was read.
    Close,
    /// None: there is no collector any more.
    Stop,
}

/// A request that was accepted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<(Answer, Vec<Request>)>>,
    tls: Option<Arc<ServerConfig>>,
}

impl Collector {
    pub(crate) fn start(answer: Answer) -> Self {
        Self::start_at("127.0.0.1:0".parse().expect("an address"), answer, None)
    }

    /// Starts at an address, over TLS if there is a configuration of it.
    pub(crate) fn start_at(address: SocketAddr, answer: Answer, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind(address).expect("a port");
        let address = listener.local_addr().expect("an address");
        let collector = Self {
            address,
            state: Arc::new(Mutex::new((answer, Vec::new()))),
            tls,
        };
        let serving = collector.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if serving.answers() == Answer::Stop {
                    break;
                }
                let collector = serving.clone();
                thread::spawn(move || collector.accept(connection));
            }
        });
        collector
    }

    /// A configuration that sends traces here, and nothing else anywhere.
    pub(crate) fn of_traces(&self, protocol: Protocol) -> TelemetryConfig {
        TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::Otlp)
            .with_metrics_exporter(Exporter::None)
            .with_endpoint(format!("http://{}", self.address))
            .with_protocol(protocol)
    }

    /// Listens no more.
    pub(crate) fn stop(&self) {
        self.answer(Answer::Stop);
        while TcpStream::connect(self.address).is_ok() {
            thread::yield_now();
        }
    }

    pub(crate) fn answer(&self, answer: Answer) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 = answer;
    }

    fn answers(&self) -> Answer {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clone()
    }

    /// The names of the spans that were accepted as JSON.
    pub(crate) fn spans(&self) -> Vec<String> {
        let requests = self.requests().into_iter();
        let traces = requests.filter(|request| request.head.starts_with("POST /v1/traces "));
        traces
            .flat_map(|request| names(&serde_json::from_slice(&request.body).expect("OTLP/JSON")))
            .collect()
    }

    fn accept(&self, connection: TcpStream) -> io::Result<()> {
        let control = connection.try_clone()?;
        match &self.tls {
            Some(tls) => {
                let session = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
                self.serve(&control, StreamOwned::new(session, connection))
            }
            None => self.serve(&control, connection),
        }
    }

    fn serve(&self, control: &TcpStream, stream: impl Read + Write) -> io::Result<()> {
        let answer = self.answers();
        if answer == Answer::Close {
            return Ok(());
        }
        let mut reader = BufReader::new(stream);
        if answer == Answer::Garbage {
            return reader
                .get_mut()
                .write_all(b"\x16\x03\x01 this is no HTTP \xff\xfe\r\n\r\n");
        }
        // Who speaks TLS to what does not may never send the end of a line.
        if !reader.fill_buf()?.first().is_some_and(u8::is_ascii_alphabetic) {
            return Ok(());
        }
        let mut request = Request::default();
        while !request.head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut request.head)? == 0 {
                return Ok(());
            }
        }
        request.head.make_ascii_lowercase();
        request.head = request.head.replacen("post ", "POST ", 1);
        let length = request
            .head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        request.body = vec![0; length.map_or(0, |length| length.parse().expect("a length"))];
        reader.read_exact(&mut request.body)?;
        let status = match answer {
            Answer::Status(status) => status,
            Answer::Silence => {
                control.set_read_timeout(Some(Duration::from_millis(10)))?;
                while self.answers() == Answer::Silence {
                    if matches!(reader.read(&mut [0]), Ok(0)) {
                        break;
                    }
                }
                return Ok(());
            }
            Answer::Page => 200,
            _ => {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.1.push(request);
                200
            }
        };
        let kind = match answer {
            Answer::Page => "text/html",
            _ => "application/json",
        };
        let location = match status {
            300..400 => "location: http://127.0.0.1:1/\r\n",
            _ => "",
        };
        let head = format!(
            "HTTP/1.1 {status} Told\r\n{location}content-type: {kind}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
        );
        reader.get_mut().write_all(head.as_bytes())?;
        reader.get_mut().flush()
    }
}

/// The names of the spans of a request.
pub(crate) fn names(request: &ExportTraceServiceRequest) -> Vec<String> {
    let scopes = request
        .resource_spans
        .iter()
        .flat_map(|resource| &resource.scope_spans);
    scopes
        .flat_map(|scope| &scope.spans)
        .map(|span| span.name.clone())
        .collect()
}
