//! A relay between two peers that keeps every byte that passes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request and its answer, as they passed.
#[derive(Debug, Default, Clone)]
struct Exchange {
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// A relay; its clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

/// An HTTP/1.1 message, without what belongs to one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The request line or the status line.
    pub(crate) start: String,
    /// Sorted, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Whether the body came to its end.
    pub(crate) whole: bool,
}

impl Tap {
    /// Starts a relay to a peer.
    pub(crate) async fn start(peer: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let tap = Self {
            address: listener.local_addr().expect("an address"),
            exchanges: Arc::default(),
        };
        let exchanges = Arc::clone(&tap.exchanges);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let exchanges = Arc::clone(&exchanges);
                tokio::spawn(async move {
                    let peer = TcpStream::connect(peer).await.expect("the peer listens");
                    relay(client, peer, &exchanges).await;
                });
            }
        });
        tap
    }

    /// The requests and answers so far, in the order of the requests.
    pub(crate) fn exchanges(&self) -> Vec<(Message, Message)> {
        let exchanges = self.exchanges.lock().expect("the tap");
        exchanges
            .iter()
            .map(|exchange| (Message::read(&exchange.request), Message::read(&exchange.answer)))
            .collect()
    }
}

/// Until one of the two closes its connection; then the other is closed too.
async fn relay(mut client: TcpStream, mut peer: TcpStream, exchanges: &Mutex<Vec<Exchange>>) {
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut current = None;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(1..) = read else { return };
                let bytes = &asked[..read.expect("some")];
                {
                    let mut exchanges = exchanges.lock().expect("the tap");
                    if current.is_none_or(|at: usize| !exchanges[at].answer.is_empty()) {
                        current = Some(exchanges.len());
                        exchanges.push(Exchange::default());
                    }
                    exchanges[current.expect("one")].request.extend_from_slice(bytes);
                }
                if peer.write_all(bytes).await.is_err() { return }
            }
            read = peer.read(&mut answered) => {
                let Ok(1..) = read else { return };
                let bytes = &answered[..read.expect("some")];
                if let Some(at) = current {
                    exchanges.lock().expect("the tap")[at].answer.extend_from_slice(bytes);
                }
                if client.write_all(bytes).await.is_err() { return }
            }
        }
    }
}

impl Message {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.split("\r\n");
        let start = lines.next().expect("a first line").to_owned();
        let mut headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        headers.sort();
        let is = |name: &str, value: &str| headers.iter().any(|header| header.0 == name && header.1 == value);
        let body = &bytes[end + 4..];
        let (body, whole) = if is("transfer-encoding", "chunked") {
            dechunk(body)
        } else {
            let length = headers.iter().find(|header| header.0 == "content-length");
            let length = length.map_or(0, |header| header.1.parse().expect("a length"));
            (body.to_vec(), body.len() == length)
        };
        headers.retain(|(name, _)| !OF_ONE_CONNECTION.contains(&name.as_str()));
        Self {
            start,
            headers,
            body: body.into(),
            whole,
        }
    }
}

/// The bytes of a chunked body, and whether its last chunk came.
fn dechunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else {
            return (body, false);
        };
        let size = std::str::from_utf8(&rest[..end]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        rest = &rest[end + 2..];
        if size == 0 {
            return (body, true);
        }
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        if rest.len() < size + 2 {
            return (body, false);
        }
        rest = &rest[size + 2..];
    }
}

const OF_ONE_CONNECTION: [&str; 5] = ["connection", "host", "keep-alive", "te", "transfer-encoding"];
