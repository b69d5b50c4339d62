//! The URL of a request, put together from what WinHttpConnect and WinHttpOpenRequest were given.

use super::Scheme;
use super::host::Host;

/// The host with its port, which is left out where it is the default of the scheme; `secure` is
/// WINHTTP_FLAG_SECURE.
///
/// This is the value of the Host header (RFC 9110 §7.2) and the middle of URLs.
#[must_use]
pub fn authority(secure: bool, host: &Host, port: u16) -> String {
    if port == Scheme::of_request(secure).default_port() {
        host.to_string()
    } else {
        format!("{host}:{port}")
    }
}

/// The text of WINHTTP_OPTION_URL: `http://host[:port]/path?query`.
///
/// `target` is the request target as [`super::escape::request_target`] makes it.
#[must_use]
pub fn request_url(secure: bool, host: &Host, port: u16, target: &str) -> String {
    let scheme = Scheme::of_request(secure).name();
    format!("{scheme}://{}{target}", authority(secure, host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_2_16_the_port_is_written_only_where_it_is_not_the_default() {
        let url = |secure, host, port| {
            let host = Host::parse(host).unwrap();
            request_url(secure, &host, port, "/a?b=c")
        };
        assert_eq!(url(false, "localhost", 80), "http://localhost/a?b=c");
        assert_eq!(url(false, "localhost", 443), "http://localhost:443/a?b=c");
        assert_eq!(url(true, "localhost", 443), "https://localhost/a?b=c");
        assert_eq!(url(true, "::1", 8443), "https://[::1]:8443/a?b=c");
    }
}
