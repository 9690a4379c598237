//! Certificates that the operator trusts besides the system's, for calls and for mail.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::SettingError;

/// Reads a PEM file; `key` is the configuration's key that names it.
pub(crate) fn read_certificates(
    key: &str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, SettingError> {
    let wrong = |reason: String| SettingError {
        key: key.to_owned(),
        found: format!("{}: {reason}", path.display()),
        wanted: "a PEM file with certificates".to_owned(),
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(error.to_string()))?;
    for certificate in &certificates {
        rustls::RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|error| wrong(error.to_string()))?;
    }
    match certificates.is_empty() {
        true => Err(wrong("no certificate in it".to_owned())),
        false => Ok(certificates),
    }
}
