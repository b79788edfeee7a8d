//! The HTTP clients, one for each provider.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
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
pub(crate) type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

/// Creates a connector for each provider, in the order of the configuration.
///
/// Providers share no connections, since each has its own trust, also if they have one address.
pub(crate) fn connectors(config: &Config, environment: &Environment) -> Result<Vec<Connector>, ConfigError> {
    // Read once, and only if a provider needs it.
    let mut system = None;
    let providers = config.providers.iter().enumerate();
    let connect_to = |(index, provider): (usize, &Provider)| {
        let place = format!("providers[{index}].tls.certificate");
        let is_https = provider.upstream(index, environment)?.is_https();
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
        Ok(connector(tls, provider.connect_timeout.duration()))
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

/// Creates a client with a pool of connections.
pub(super) fn client<B>(connector: Connector) -> Client<Connector, B>
where
    B: http_body::Body<Data: Send> + Send,
{
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_CONNECTIONS)
        .build(connector)
}

/// Shorter than the idle timeouts of most servers, so that a connection is rarely closed while it is being
/// used.
const POOL_IDLE: Duration = Duration::from_secs(50);
const POOL_CONNECTIONS: usize = 1024;
const KEEPALIVE: Duration = Duration::from_secs(60);
