//! Resolves a name and connects to it.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Returns the first successful connection to any address of a host and port.
pub(crate) fn connect(address: &str, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = Err(io::ErrorKind::AddrNotAvailable.into());
    for address in address.to_socket_addrs()? {
        last = TcpStream::connect_timeout(&address, timeout);
        if last.is_ok() {
            break;
        }
    }
    last
}
