//! The clients: keep-alive connections that are used evenly.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Clients(Vec<TcpStream>);

impl Clients {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let connections = (0..CONNECTIONS).map(|_| {
            let connection = TcpStream::connect(address)?;
            connection.set_nodelay(true)?;
            connection.set_read_timeout(Some(Duration::from_secs(10)))?;
            Ok(connection)
        });
        connections.collect::<io::Result<_>>().map(Self)
    }

    /// Sends `rate` requests a second for a time, and returns their number.
    pub(crate) fn requests(&mut self, rate: u32, time: Duration) -> io::Result<u64> {
        let gap = Duration::from_secs(1) * CONNECTIONS / rate;
        let start = Instant::now();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..)
                .zip(&mut self.0)
                .map(|(index, connection)| {
                    let first = start + gap / CONNECTIONS * index;
                    scope.spawn(move || send(connection, first, gap, start + time))
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().map_err(|_| io::Error::other("a client failed"))?)
                .sum()
        })
    }
}

/// Sends a request each `gap` until `end`.
fn send(connection: &mut TcpStream, first: Instant, gap: Duration, end: Instant) -> io::Result<u64> {
    let mut answer = [0; 4096];
    let mut count = 0;
    let mut due = first;
    while due < end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        connection.write_all(REQUEST)?;
        let mut length = 0;
        while !answer.get(..length).is_some_and(|read| read.ends_with(b"hello")) {
            match connection.read(answer.get_mut(length..).unwrap_or_default())? {
                0 => {
                    return Err(io::Error::other(
                        "the connection was closed, or the answer is too long",
                    ));
                }
                more => length += more,
            }
        }
        count += 1;
        due += gap;
    }
    Ok(count)
}

const CONNECTIONS: u32 = 16;
const REQUEST: &[u8] =
    b"GET /users/42?verbose=true HTTP/1.1\r\nhost: api.example.com\r\nuser-agent: bench\r\naccept: */*\r\n\
    traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n";
