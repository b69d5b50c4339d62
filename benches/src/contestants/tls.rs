//! Connections of the contestants that bring no TLS of their own: rustls with ring, trusting the
//! runner's authority.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use crate::arguments::Order;

pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;
pub(crate) type TokioStream = tokio_rustls::client::TlsStream<tokio::net::TcpStream>;

/// A connected stream for blocking calls.
pub(crate) trait Connect: Read + Write + Sized {
    fn connect(order: &Order) -> Self;
}

/// A connected stream for the runtime.
pub(crate) trait ConnectTokio: AsyncRead + AsyncWrite + Unpin + Sized {
    async fn connect(order: &Order) -> Self;
}

impl Connect for TcpStream {
    fn connect(order: &Order) -> Self {
        order.connect()
    }
}

impl Connect for Stream {
    fn connect(order: &Order) -> Self {
        let mut connection = ClientConnection::new(config(), name()).unwrap();
        connection.set_buffer_limit(None);
        Self::new(connection, order.connect())
    }
}

impl ConnectTokio for tokio::net::TcpStream {
    async fn connect(order: &Order) -> Self {
        let stream = Self::connect(("127.0.0.1", order.port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }
}

impl ConnectTokio for TokioStream {
    async fn connect(order: &Order) -> Self {
        let stream = <tokio::net::TcpStream as ConnectTokio>::connect(order).await;
        let connector = TlsConnector::from(config());
        connector.connect(name(), stream).await.unwrap()
    }
}

fn name() -> ServerName<'static> {
    ServerName::try_from("127.0.0.1").unwrap()
}

fn config() -> Arc<ClientConfig> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let make = || {
        let mut roots = RootCertStore::empty();
        let file = std::env::var("SSL_CERT_FILE").unwrap();
        for certificate in CertificateDer::pem_file_iter(file).unwrap() {
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    };
    Arc::clone(CONFIG.get_or_init(make))
}
