//! Handshakes that fail, and certificates that are refused.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{by_hyper, by_reqwest, reqwest_client};

/// A self-signed certificate for these names, and its key.
fn certificate(names: &[&str]) -> (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>) {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
    (cert.der().clone(), signing_key.serialize_der().into())
}

/// What a server does with a connection.
enum Behaviour {
    Tls(TlsAcceptor),
    Plain,
    Close,
}

async fn serve(behaviour: Behaviour) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(tokio::spawn(async move {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            match &behaviour {
                Behaviour::Tls(acceptor) => {
                    if let Ok(mut socket) = acceptor.accept(socket).await {
                        let _ = socket.read(&mut request).await;
                        let _ = socket.write_all(answer).await;
                        let _ = socket.shutdown().await;
                    }
                }
                Behaviour::Plain => {
                    let _ = socket.read(&mut request).await;
                    let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                }
                Behaviour::Close => {
                    let _ = socket.read(&mut request).await;
                }
            }
        }
    }));
    address
}

async fn serve_tls(chain: CertificateDer<'static>, key: PrivatePkcs8KeyDer<'static>) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key.into())
        .expect("a pair");
    serve(Behaviour::Tls(TlsAcceptor::from(Arc::new(config)))).await
}

fn reqwest_that_trusts(root: &CertificateDer<'static>) -> reqwest::Client {
    let root = reqwest::Certificate::from_der(root).expect("a certificate");
    let client = reqwest_client().tls_certs_only([root]);
    client.build().expect("a client")
}

fn hyper_that_trusts(root: &CertificateDer<'static>) -> legacy::Client<HttpsConnector<HttpConnector>, Body> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .enable_http1()
        .build();
    legacy::Client::builder(TokioExecutor::new()).build(connector)
}

#[tokio::test]
async fn handshakes() {
    let (trusted, key) = certificate(&["localhost"]);
    let (other, other_key) = certificate(&["localhost"]);
    let (elsewhere, elsewhere_key) = certificate(&["elsewhere.example"]);
    let cases = [
        (
            "a certificate that is trusted",
            serve_tls(trusted.clone(), key).await,
            &trusted,
            None,
        ),
        (
            "one that is not",
            serve_tls(other.clone(), other_key).await,
            &trusted,
            Some("server_certificate_invalid"),
        ),
        (
            "one for another host",
            serve_tls(elsewhere.clone(), elsewhere_key).await,
            &elsewhere,
            Some("server_certificate_invalid"),
        ),
        (
            "a server without TLS",
            serve(Behaviour::Plain).await,
            &trusted,
            Some("tls"),
        ),
        (
            "a server that leaves",
            serve(Behaviour::Close).await,
            &trusted,
            Some("tls"),
        ),
    ];
    for (case, address, trusted, expected) in cases {
        let url = format!("https://localhost:{}/", address.port());
        let reqwest = by_reqwest(reqwest_that_trusts(trusted), &url).await;
        assert_eq!(reqwest.as_deref(), expected, "reqwest, {case}");
        let hyper = by_hyper(hyper_that_trusts(trusted), &url).await;
        assert_eq!(hyper.as_deref(), expected, "hyper-util, {case}");
    }
}
