//! Addresses where nobody listens.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// An address of the loopback interface where nobody listens, and that no other test gets while this lives: a port
/// that is merely free again may be another test's by the time it is used.
///
/// A server may listen there, if it sets `SO_REUSEADDR` or `SO_REUSEPORT`, as most do.
#[derive(Debug)]
pub struct Vacant {
    address: SocketAddr,
    _held: TcpSocket,
}

impl Default for Vacant {
    fn default() -> Self {
        Self::new()
    }
}

impl Vacant {
    /// Takes a port.
    #[must_use]
    pub fn new() -> Self {
        let held = TcpSocket::new_v4().unwrap();
        held.set_reuseaddr(true).unwrap();
        #[cfg(unix)]
        held.set_reuseport(true).unwrap();
        held.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        Self {
            address: held.local_addr().unwrap(),
            _held: held,
        }
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
