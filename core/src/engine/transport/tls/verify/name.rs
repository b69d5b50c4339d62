//! Whether a certificate is for the server that the program named.

use std::net::IpAddr;

use rustls::pki_types::ServerName;
use webpki::EndEntityCert;
use x509_parser::prelude::X509Certificate;

/// What of a certificate names the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    /// A subject alternative name.
    AlternativeName,
    /// The common name, in a certificate without any alternative name.
    CommonName,
    /// Nothing.
    Nothing,
}

/// Finds `server` in a certificate; `certificate` is `None` for one of a version without
/// alternative names.
pub(super) fn named_by(
    certificate: Option<&EndEntityCert<'_>>,
    fields: &X509Certificate<'_>,
    server: &ServerName<'_>,
) -> NamedBy {
    if certificate.is_some_and(|own| own.verify_is_valid_for_subject_name(server).is_ok()) {
        return NamedBy::AlternativeName;
    }
    // As on Windows, the common name counts only where there is no alternative name of any kind.
    if matches!(fields.subject_alternative_name(), Ok(None))
        && common_name(fields).is_some_and(|name| is_name_of(name, server))
    {
        return NamedBy::CommonName;
    }
    NamedBy::Nothing
}

/// The most specific one, which is the last (RFC 2818 §3.1).
fn common_name<'a>(fields: &'a X509Certificate<'_>) -> Option<&'a str> {
    fields.subject().iter_common_name().last()?.as_str().ok()
}

/// Compares as for alternative names: without regard to case, and a wildcard is the whole first of
/// at least three labels. An address is compared as an address.
fn is_name_of(common_name: &str, server: &ServerName<'_>) -> bool {
    match server {
        ServerName::DnsName(host) => is_host(common_name, host.as_ref()),
        ServerName::IpAddress(address) => common_name
            .parse()
            .is_ok_and(|own: IpAddr| own == IpAddr::from(*address)),
        _ => false,
    }
}

/// `host` is known to be a host name, so what equals it is one too.
fn is_host(common_name: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(domain) = common_name.strip_prefix("*.") else {
        return common_name.eq_ignore_ascii_case(host);
    };
    host.split_once('.')
        .is_some_and(|(_, own)| own.contains('.') && domain.eq_ignore_ascii_case(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_match_as_alternative_names_do() {
        for (common_name, server, expected) in [
            ("localhost", "localhost", true),
            ("LocalHost", "lOCALHOST", true),
            ("localhost", "localhost.", true),
            ("localhost.", "localhost", false),
            ("localhost", "localhost.example", false),
            ("example", "www.example", false),
            (" localhost", "localhost", false),
            ("localhost\0.wrong.example", "localhost", false),
            ("https://localhost", "localhost", false),
            ("", "localhost", false),
            ("*.www.example", "a.www.example", true),
            ("*.WWW.example", "a.www.EXAMPLE.", true),
            ("*.www.example", "www.example", false),
            ("*.www.example", "a.b.www.example", false),
            ("*.example", "www.example", false),
            ("*", "localhost", false),
            ("*.", "localhost", false),
            ("a*.www.example", "ab.www.example", false),
            ("a.*.example", "a.www.example", false),
            ("*.*.example", "a.www.example", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("*.0.0.1", "127.0.0.1", false),
            ("::1", "::1", true),
            ("0:0:0:0:0:0:0:1", "::1", true),
            ("::ffff:127.0.0.1", "127.0.0.1", false),
            ("127.1", "127.0.0.1", false),
        ] {
            let name = ServerName::try_from(server).unwrap();
            let found = is_name_of(common_name, &name);
            assert_eq!(found, expected, "{common_name:?} for {server}");
        }
    }
}
