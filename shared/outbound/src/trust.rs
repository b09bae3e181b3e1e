//! Whose certificates are believed, of endpoints and of the mail server alike.

use std::path::Path;

use lettre::transport::smtp::client::Certificate;
use rustls::{
    RootCertStore,
    pki_types::{
        CertificateDer,
        pem::{self, PemObject as _},
    },
};

/// Mozilla's roots, which are built in, and the authorities that the configuration adds.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    own: Vec<CertificateDer<'static>>,
}

/// Why a file of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTrust {
    /// It cannot be read, or is no PEM.
    #[error("tls.ca_file {path} cannot be read as PEM: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: pem::Error,
    },
    /// It holds something else.
    #[error("tls.ca_file {0} holds no certificate (a block that begins with -----BEGIN CERTIFICATE-----)")]
    Empty(String),
    /// One of them is no certificate of an authority.
    #[error("tls.ca_file {path}: certificate {number} cannot be trusted: {why}")]
    Unusable {
        /// The file.
        path: String,
        /// Its place in the file, from 1 on.
        number: usize,
        /// What is wrong with it.
        why: rustls::Error,
    },
}

impl Trust {
    /// Adds the certificates of a PEM file to Mozilla's; an empty path adds none.
    ///
    /// # Errors
    /// The file cannot be read, holds no certificate or one that is none.
    pub fn with_file(path: &Path) -> Result<Self, InvalidTrust> {
        if path.as_os_str().is_empty() {
            return Ok(Self::default());
        }
        let shown = path.display().to_string();
        let unreadable = |why| InvalidTrust::Unreadable { path: shown.clone(), why };
        let own: Vec<_> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(unreadable)?;
        if own.is_empty() {
            return Err(InvalidTrust::Empty(shown));
        }
        let mut roots = RootCertStore::empty();
        for (number, certificate) in own.iter().enumerate() {
            // Its place in the file is said, because a bundle has many.
            let unusable = |why| InvalidTrust::Unusable { path: shown.clone(), number: number + 1, why };
            roots.add(certificate.clone()).map_err(unusable)?;
        }
        Ok(Self { own })
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        // Those that can be used; the file was checked whole at the start.
        roots.add_parsable_certificates(self.own.iter().cloned());
        roots
    }

    pub(crate) fn own(&self) -> Vec<Certificate> {
        self.own.iter().filter_map(|certificate| Certificate::from_der(certificate.to_vec()).ok()).collect()
    }
}
