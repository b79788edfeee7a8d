//! Addresses without a listener.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// An address of the loopback interface without a listener. The port stays reserved while this exists,
/// because a released port may be assigned to another test before it is used.
///
/// A server can still listen on the address if it sets `SO_REUSEADDR` or `SO_REUSEPORT`.
#[derive(Debug)]
pub struct Vacant {
    address: SocketAddr,
    _reserved: TcpSocket,
}

impl Default for Vacant {
    fn default() -> Self {
        Self::new()
    }
}

impl Vacant {
    /// Reserves a port.
    #[must_use]
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        #[cfg(unix)]
        socket.set_reuseport(true).unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        Self {
            address: socket.local_addr().unwrap(),
            _reserved: socket,
        }
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
