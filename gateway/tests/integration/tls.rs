//! TLS: the trust in providers, and listeners.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use throughline_gateway::Gateway;
use throughline_test_support::process;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::{ANSWER, Provider, Running, chat, config, program};

/// Who signs certificates, with a folder for its files.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tls-{name}"));
        fs::create_dir_all(&folder).expect("a folder");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
        let authority = Self {
            issuer: issuer.expect("signed"),
            folder,
        };
        authority.file("root.pem", &authority.issuer.pem());
        authority
    }

    /// A certificate of the loopback address and its key, in PEM.
    fn signed(&self) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        (certificate.pem(), key.serialize_pem())
    }

    fn root(&self) -> String {
        self.folder.join("root.pem").display().to_string()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("written");
        path.display().to_string()
    }
}

/// Starts a server that ends TLS in front of a provider, and returns its address.
async fn secured(provider: &Provider, authority: &Authority) -> SocketAddr {
    let (certificate, key) = authority.signed();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM")];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let provider = provider.address;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate ends the handshake.
                let Ok(mut client) = acceptor.accept(stream).await else {
                    return;
                };
                let mut plain = TcpStream::connect(provider).await.expect("the provider listens");
                let _ = tokio::io::copy_bidirectional(&mut client, &mut plain).await;
            });
        }
    });
    address
}

/// `tls.certificate` of a provider used to be accepted and ignored.
#[tokio::test]
async fn each_provider_is_trusted_by_its_own_certificate() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let provider = Provider::start().await;
    let address = secured(&provider, &ours).await;
    // All have one address, so that a connection of the first must not serve the others.
    let entry = |name: &str, tls: &str| {
        format!("  - {{ name: {name}, api: openai, base_url: 'https://{address}', {tls} }}\n")
    };
    let gateway = Running::start(&format!(
        "providers:\n{}{}{}models:\n\
         - {{ name: own, provider: own }}\n- {{ name: other, provider: other }}\n- {{ name: system, provider: system }}\n",
        entry("own", &format!("tls: {{ certificate: '{}' }}", ours.root())),
        entry("other", &format!("tls: {{ certificate: '{}' }}", theirs.root())),
        entry("system", ""),
    ))
    .await;
    let (status, text) = gateway.chat("own").await;
    assert_eq!(
        (status, &*text),
        (StatusCode::OK, ANSWER),
        "its certificate is trusted"
    );
    for model in ["other", "system"] {
        let (status, text) = gateway.chat(model).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY, "{model} is not trusted: {text}");
        assert!(
            text.contains("provider_unreachable") && text.contains("UnknownIssuer"),
            "{model}: the reason: {text}"
        );
    }
    assert_eq!(
        provider.received().len(),
        1,
        "nothing was sent to a server without trust"
    );
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_errors_with_their_place() {
    let authority = Authority::new("unusable");
    let empty = authority.file("empty.pem", "no certificate\n");
    let broken = authority.file(
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let missing = authority.folder.join("missing.pem").display().to_string();
    for (path, reason) in [
        (&empty, "has no certificate"),
        (&broken, "invalid peer certificate: BadEncoding"),
        (&missing, "No such file"),
    ] {
        let yaml = format!(
            "providers: [{{ name: a, api: openai, base_url: 'https://h', tls: {{ certificate: '{path}' }} }}]"
        );
        let error = Gateway::new(&config(&yaml, "")).expect_err("refused").to_string();
        assert!(
            error.starts_with(&format!("line 2: providers[0].tls.certificate: {path}: "))
                && error.contains(reason),
            "{path}: {error}"
        );
    }
}

#[tokio::test]
async fn certificate_of_a_provider_without_tls_is_an_error() {
    let authority = Authority::new("without-tls");
    let yaml = format!(
        "providers: [{{ name: a, api: openai, base_url: 'http://h', tls: {{ certificate: '{}' }} }}]",
        authority.root()
    );
    let error = Gateway::new(&config(&yaml, "")).expect_err("refused").to_string();
    assert_eq!(
        error,
        "line 2: providers[0].tls.certificate: a provider whose base_url begins with http:// has no certificate; expected https://",
        "it used to be ignored"
    );
}

/// A gateway whose providers have no TLS used not to start on a machine without certificates.
#[tokio::test]
async fn certificates_of_the_system_are_read_only_for_https() {
    let authority = Authority::new("no-roots");
    let empty = authority.file("empty.pem", "");
    for (name, url, tls, expected) in [
        ("plain", "http://127.0.0.1:1", String::new(), None),
        (
            "own",
            "https://127.0.0.1:1",
            format!("tls: {{ certificate: '{}' }}", authority.root()),
            None,
        ),
        (
            "system",
            "https://127.0.0.1:1",
            String::new(),
            Some(":2: providers[0].tls.certificate: the system's certificates cannot be read: "),
        ),
    ] {
        let yaml = format!("providers: [{{ name: a, api: openai, base_url: '{url}', {tls} }}]");
        let mut command = program(&format!("no-roots-{name}"), &yaml);
        command
            .arg("--check")
            .env("SSL_CERT_FILE", &empty)
            .env_remove("SSL_CERT_DIR");
        let ran = process::run(command).await;
        match expected {
            None => assert_eq!((ran.code, &*ran.err), (Some(0), ""), "{name}: accepted"),
            Some(error) => {
                assert_eq!(ran.code, Some(1), "{name}: {}", ran.err);
                assert!(ran.err.contains(error), "{name}: {}", ran.err);
            }
        }
    }
}

#[tokio::test]
async fn listener_answers_over_tls() {
    let authority = Authority::new("listener");
    let (certificate, key) = authority.signed();
    let (certificate, key) = (
        authority.file("listener.pem", &certificate),
        authority.file("listener.key", &key),
    );
    let provider = Provider::start().await;
    let gateway = Running::with_listener(
        &format!(
            "providers: [{{ name: a, api: openai, base_url: 'http://{}' }}]",
            provider.address
        ),
        &format!("tls: {{ certificate: '{certificate}', key: '{key}' }}"),
    )
    .await;
    let root = reqwest::Certificate::from_pem(authority.issuer.pem().as_bytes()).expect("PEM");
    let url = format!("https://{}/v1/chat/completions", gateway.address);
    // Both versions of HTTP are offered, and the client selects one.
    for version in [http::Version::HTTP_2, http::Version::HTTP_11] {
        let builder = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([root.clone()]);
        let client = match version {
            http::Version::HTTP_11 => builder.http1_only(),
            _ => builder,
        };
        let client = client.build().expect("a client");
        let request = client.post(&url).header("content-type", "application/json");
        let response = request.body(chat("m")).send().await.expect("an answer");
        assert_eq!(
            (response.status(), response.version()),
            (StatusCode::OK, version),
            "the status and the version"
        );
        assert_eq!(
            response.text().await.expect("text"),
            ANSWER,
            "{version:?}: the answer"
        );
    }
    let untrusting = reqwest::Client::builder().no_proxy().build().expect("a client");
    untrusting
        .get(&url)
        .send()
        .await
        .expect_err("the certificate is not one of the system's");
    let plain = untrusting
        .get(format!("http://{}/healthz", gateway.address))
        .send()
        .await;
    assert!(plain.is_err(), "no answer without TLS: {plain:?}");
}
