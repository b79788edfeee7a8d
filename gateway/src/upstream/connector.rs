//! Connectors, which open connections to the servers of one provider.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Uri};
use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use throughline_forward::Upstream;
use tokio::net::TcpStream;
use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use tower::ServiceExt;
use tower::timeout::Timeout;
use tower::timeout::error::Elapsed;
use tower::util::BoxCloneSyncService;

use crate::body::BoxError;
use crate::config::{Config, ConfigError, Environment, Provider};
use crate::pem;

/// Connects to the servers of one provider. Boxed, since hyper requires a future that is `Unpin`.
type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

/// Where the requests to one provider go.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(super) connector: Connector,
    /// Scheme and host.
    pub(super) origin: Uri,
    /// The header `Host`: without the port if it is that of the scheme.
    pub(super) host: HeaderValue,
}

impl Endpoint {
    fn new(connector: Connector, upstream: &Upstream) -> Option<Self> {
        let authority = upstream.authority();
        let scheme_port = if upstream.is_https() { 443 } else { 80 };
        let host = match authority.port_u16() {
            Some(port) if port != scheme_port => authority.as_str(),
            _ => authority.host(),
        };
        Some(Self {
            connector,
            origin: upstream.join_path("/").ok()?,
            host: HeaderValue::from_str(host).ok()?,
        })
    }
}

/// Returns the endpoint of each provider, in the order of the configuration.
///
/// Providers share no connections, since each has its own trust, also if they have one address.
pub(crate) fn endpoints(config: &Config, environment: &Environment) -> Result<Vec<Endpoint>, ConfigError> {
    // Read once, and only if a provider needs it.
    let mut system = None;
    let providers = config.providers.iter().enumerate();
    let connect_to = |(index, provider): (usize, &Provider)| {
        let place = format!("providers[{index}].tls.certificate");
        let upstream = provider.upstream(index, environment)?;
        let is_https = upstream.is_https();
        let tls = match &provider.tls.certificate {
            None if !is_https => None,
            None => Some(match &system {
                Some(tls) => ClientConfig::clone(tls),
                None => {
                    let tls = tls_config(ConfigBuilderExt::with_native_roots).map_err(|error| {
                        let message = format!(
                            "the system's certificates cannot be read: {error}; expected a PEM file of root certificates"
                        );
                        ConfigError::new(&place, message)
                    })?;
                    system.insert(tls).clone()
                }
            }),
            Some(_) if !is_https => {
                let message =
                    "a provider whose base_url begins with http:// has no certificate; expected https://";
                return Err(ConfigError::new(place, message));
            }
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in pem::certificates(path, &place)? {
                    let added = roots.add(certificate);
                    added.map_err(|error| pem::unusable(path, &place, &error))?;
                }
                let tls = tls_config(|builder| Ok(builder.with_root_certificates(roots)));
                Some(tls.map_err(|error| pem::unusable(path, &place, &error))?)
            }
        };
        let connector = connector(tls, provider.connect_timeout.duration());
        Endpoint::new(connector, &upstream).ok_or_else(|| {
            let message = "the host has characters that no header may have";
            ConfigError::new(format!("providers[{index}].base_url"), message)
        })
    };
    providers.map(connect_to).collect()
}

/// The steps of the configuration before and after its roots.
type BeforeRoots = ConfigBuilder<ClientConfig, WantsVerifier>;
type AfterRoots = ConfigBuilder<ClientConfig, WantsClientCert>;

fn tls_config(with_roots: impl FnOnce(BeforeRoots) -> io::Result<AfterRoots>) -> io::Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(with_roots(builder)?.with_no_client_auth())
}

/// `tls`: `None` for a server without TLS.
fn connector(tls: Option<ClientConfig>, connect_timeout: Duration) -> Connector {
    let mut http = HttpConnector::new();
    // Without it, the system holds back events of a stream for up to 40 ms.
    http.set_nodelay(true);
    http.set_keepalive(Some(KEEPALIVE));
    // The connector's own timeout is divided by the number of addresses, so that the next one is tried if one
    // is silent.
    http.set_connect_timeout(Some(connect_timeout));
    let Some(tls) = tls else {
        let plain = http.map_response(MaybeHttpsStream::Http);
        return BoxCloneSyncService::new(Timeout::new(plain, connect_timeout).map_err(timed_out));
    };
    http.enforce_http(false);
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_only()
        .enable_http1()
        .wrap_connector(http);
    // It includes the look-up of the name and the TLS handshake.
    BoxCloneSyncService::new(Timeout::new(https, connect_timeout).map_err(timed_out))
}

/// Gives a timeout the kind by which spans name the error.
fn timed_out(error: BoxError) -> BoxError {
    match error.is::<Elapsed>() {
        true => io::Error::new(io::ErrorKind::TimedOut, "it took longer than connect_timeout").into(),
        false => error,
    }
}

const KEEPALIVE: Duration = Duration::from_secs(60);
