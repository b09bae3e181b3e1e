//! A connection as a server of tests sees it: plain, or by TLS under a certificate that was made for this run.

use std::{io, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

/// Both directions of a connection.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection of either kind.
pub(crate) type Wire = Box<dyn Duplex>;

/// What a server needs to speak TLS as `localhost` and `127.0.0.1`, under an authority that nobody knows who was not told.
#[derive(Clone)]
pub struct Identity {
    authority: String,
    acceptor: TlsAcceptor,
}

impl Identity {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        Self { authority: authority.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// The certificate of its authority, as PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Speaks TLS on a connection from here on.
    pub(crate) async fn accept(&self, wire: Wire) -> io::Result<Wire> {
        Ok(Box::new(self.acceptor.accept(wire).await?))
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new()
    }
}
