//! OTLP over TLS: trusted and untrusted servers and clients, and what is reported.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use throughline_telemetry::{Exporter, Protocol, Telemetry, TelemetryConfig, TlsConfig, init};
use tonic::Code;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

use crate::collector::{Answer, Collector};
use crate::grpc::Grpc;
use crate::{TEST_TIMEOUT, in_own_process, record, turn};

/// Who signs certificates, with the files of those it signed, which are removed at the end.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("throughline-tls-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
        let issuer = issuer.expect("signed");
        let authority = Self { issuer, folder };
        authority.file("root.pem", &authority.issuer.pem());
        authority
    }

    /// A certificate and its key in PEM.
    fn signed(&self) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["localhost".into(), "127.0.0.1".into()]).expect("parameters");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        (certificate.pem(), key.serialize_pem())
    }

    fn root(&self) -> String {
        self.path("root.pem")
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.folder.join(name), text).expect("written");
        self.path(name)
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A collector of either protocol over TLS, which may require client certificates from the authority.
enum Secured {
    Grpc(Grpc),
    Http(Collector),
}

impl Secured {
    fn start(protocol: Protocol, authority: &Authority, wants_client: bool) -> Self {
        let (certificate, key) = authority.signed();
        let any = "127.0.0.1:0".parse().expect("an address");
        if protocol == Protocol::Grpc {
            let mut tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
            if wants_client {
                tls = tls.client_ca_root(Certificate::from_pem(authority.issuer.pem()));
            }
            let server = Server::builder().tls_config(tls).expect("accepted");
            return Self::Grpc(Grpc::serve(any, Code::Ok, server));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().expect("versions");
        let builder = if wants_client {
            let mut roots = RootCertStore::empty();
            roots.add(authority.issuer.der().clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        } else {
            builder.with_no_client_auth()
        };
        let chain =
            vec![rustls::pki_types::CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM")];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
        let config = builder.with_single_cert(chain, key).expect("a pair");
        Self::Http(Collector::start_at(any, Answer::Accept, Some(Arc::new(config))))
    }

    fn port(&self) -> u16 {
        match self {
            Self::Grpc(grpc) => grpc.address.port(),
            Self::Http(collector) => collector.address.port(),
        }
    }

    /// How many deliveries it accepted.
    fn accepted(&self) -> usize {
        match self {
            Self::Grpc(grpc) => grpc.headers().len(),
            Self::Http(collector) => collector.requests().len(),
        }
    }
}

/// Telemetry that sends spans only.
fn started(protocol: Protocol, url: &str, tls: TlsConfig) -> Telemetry {
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_metrics_exporter(Exporter::None)
        .with_protocol(protocol);
    init(config.with_endpoint(url).with_tls(tls)).expect("started")
}

fn diagnosed(telemetry: &Telemetry) -> Result<String, String> {
    let found = telemetry.diagnose_within(TEST_TIMEOUT).signals.remove(0);
    let answer = found.answer.unwrap_or_default();
    found.unreachable.map_or(Ok(answer), Err)
}

/// The result of a diagnosis, and that of a delivery.
fn diagnosed_and_delivered(
    protocol: Protocol,
    url: &str,
    tls: TlsConfig,
) -> (Result<String, String>, Result<(), String>) {
    let telemetry = started(protocol, url, tls);
    let found = diagnosed(&telemetry);
    record(&telemetry, "work");
    let ended = telemetry.shutdown_within(TEST_TIMEOUT);
    (found, ended.map_err(|error| error.to_string()))
}

const PROTOCOLS: [(Protocol, &str); 2] = [(Protocol::Grpc, "OK"), (Protocol::HttpProtobuf, "200 OK")];

#[test]
fn a_root_of_our_own_is_trusted_and_another_is_not() {
    in_own_process("tls::a_root_of_our_own_is_trusted_and_another_is_not", || {
        let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
        for (protocol, answer) in PROTOCOLS {
            let collector = Secured::start(protocol, &ours, false);
            let url = format!("https://localhost:{}", collector.port());
            let tls = TlsConfig::default().with_certificate(ours.root());
            let expected = (Ok(answer.to_owned()), Ok(()));
            assert_eq!(
                diagnosed_and_delivered(protocol, &url, tls),
                expected,
                "{protocol:?}: our root"
            );
            assert_eq!(
                collector.accepted(),
                2,
                "{protocol:?}: the question and the delivery"
            );

            let give = "set the issuer's certificate as tls.certificate (OTEL_EXPORTER_OTLP_CERTIFICATE)";
            let system = format!("the system does not trust the issuer of its certificate: {give}");
            let neither = format!(
                "the issuer of its certificate is neither in the system's roots nor in {}: {give}",
                theirs.root()
            );
            for (case, tls, advice) in [
                ("no root", TlsConfig::default(), &system),
                (
                    "another root",
                    TlsConfig::default().with_certificate(theirs.root()),
                    &neither,
                ),
            ] {
                let (found, ended) = diagnosed_and_delivered(protocol, &url, tls);
                assert_eq!(found.as_ref(), Err(advice), "{protocol:?}, {case}: the diagnosis");
                let why = ended.expect_err("not trusted");
                assert!(
                    why.contains("UnknownIssuer") && why.ends_with(advice),
                    "{protocol:?}, {case}: the delivery reports it too: {why}"
                );
            }
            assert_eq!(collector.accepted(), 2, "{protocol:?}: nothing was sent");
        }
    });
}

#[test]
fn a_client_with_a_certificate_is_let_in_and_another_is_not() {
    in_own_process(
        "tls::a_client_with_a_certificate_is_let_in_and_another_is_not",
        || {
            let ours = Authority::new("client");
            let (certificate, key) = ours.signed();
            let (certificate, key) = (
                ours.file("client.pem", &certificate),
                ours.file("client.key", &key),
            );
            for (protocol, answer) in PROTOCOLS {
                let collector = Secured::start(protocol, &ours, true);
                let url = format!("https://localhost:{}", collector.port());
                let tls = TlsConfig::default().with_certificate(ours.root());
                let accepted = tls.clone().with_identity(certificate.clone(), key.clone());
                let expected = (Ok(answer.to_owned()), Ok(()));
                assert_eq!(
                    diagnosed_and_delivered(protocol, &url, accepted),
                    expected,
                    "{protocol:?}: with a client certificate"
                );
                let (found, ended) = diagnosed_and_delivered(protocol, &url, tls);
                // Whether the reason is read before the connection is closed is the network's.
                let found = found.expect_err("not let in");
                let give = "set tls.client_certificate (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE), and its key";
                assert!(
                    found
                        == format!("it requires a client certificate from an issuer that it trusts: {give}")
                        || found
                            == format!(
                                "it closes the connection: if it requires a client certificate, {give}"
                            ),
                    "{protocol:?}: a stranger: {found}"
                );
                let why = ended.expect_err("not let in");
                assert!(
                    why.ends_with(give),
                    "{protocol:?}: the delivery reports it too: {why}"
                );
                assert_eq!(
                    collector.accepted(),
                    2,
                    "{protocol:?}: only the one with a certificate"
                );
            }
        },
    );
}

#[test]
fn the_variables_name_the_same_files() {
    let _turn = turn();
    let ours = Authority::new("variables");
    let (certificate, key) = ours.signed();
    let collector = Secured::start(Protocol::Grpc, &ours, true);
    let config = TelemetryConfig::from_vars([
        ("OTEL_TRACES_EXPORTER", "otlp".to_owned()),
        ("OTEL_METRICS_EXPORTER", "none".to_owned()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc".to_owned()),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("https://localhost:{}", collector.port()),
        ),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", ours.root()),
        (
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
            ours.file("client.pem", &certificate),
        ),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", ours.file("client.key", &key)),
    ]);
    let telemetry = init(config.expect("accepted")).expect("started");
    record(&telemetry, "work");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("delivered");
    assert_eq!(collector.accepted(), 1, "delivered");
}

#[test]
fn the_wrong_scheme_is_reported() {
    let _turn = turn();
    let ours = Authority::new("scheme");
    for (protocol, _) in PROTOCOLS {
        let secured = Secured::start(protocol, &ours, false);
        let url = format!("http://localhost:{}", secured.port());
        let found = diagnosed(&started(protocol, &url, TlsConfig::default()));
        let advice = "the port uses TLS: use https".to_owned();
        assert_eq!(found, Err(advice), "{protocol:?}: http for https");

        let plain = Collector::start(Answer::Accept);
        let url = format!("https://localhost:{}", plain.address.port());
        let found = diagnosed(&started(protocol, &url, TlsConfig::default()));
        let advice = "the port does not use TLS: use http".to_owned();
        assert_eq!(found, Err(advice), "{protocol:?}: https for http");
    }
}

#[test]
fn a_file_without_a_certificate_is_named() {
    let _turn = turn();
    let ours = Authority::new("files");
    let (certificate, key) = ours.signed();
    let (certificate, key) = (
        ours.file("client.pem", &certificate),
        ours.file("client.key", &key),
    );
    let nothing = ours.file("nothing.pem", "nothing here");
    for (tls, setting, what) in [
        (
            TlsConfig::default().with_certificate(&nothing),
            "tls.certificate (OTEL_EXPORTER_OTLP_CERTIFICATE)",
            "certificate",
        ),
        (
            TlsConfig::default().with_identity(&nothing, &key),
            "tls.client_certificate (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE)",
            "certificate",
        ),
        (
            TlsConfig::default().with_identity(&certificate, &nothing),
            "tls.client_key (OTEL_EXPORTER_OTLP_CLIENT_KEY)",
            "private key",
        ),
    ] {
        for (protocol, _) in PROTOCOLS {
            let config = TelemetryConfig::default()
                .with_enabled(true)
                .with_exporter(Exporter::Otlp)
                .with_protocol(protocol);
            let config = config
                .with_endpoint("https://localhost:4317")
                .with_tls(tls.clone());
            let error = init(config).expect_err("nothing in it").to_string();
            let expected = format!("{setting} {nothing} contains no {what} in PEM format");
            assert_eq!(error, expected, "{protocol:?}");
        }
    }
}
