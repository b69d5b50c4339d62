//! Where credentials belong: scheme, host and port (RFC 9110 §4.3.1).

use super::Scheme;
use super::host::{Host, HostKind};

/// An origin, or a proxy, which is named by the same three. Names are compared without their case;
/// a name is never the same as its address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: Box<str>,
    port: u16,
}

impl Origin {
    /// The origin of these; all of a link-local address counts, its zone too.
    #[must_use]
    pub fn new(scheme: Scheme, host: &Host, port: u16) -> Self {
        let host = match host.kind() {
            HostKind::Name(name) => name.to_ascii_lowercase(),
            HostKind::V4(_) | HostKind::V6(_) => host.look_up_name().into_owned(),
        };
        Self {
            scheme,
            host: host.into_boxed_str(),
            port,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_40_3_scheme_host_and_port_make_an_origin() {
        let of = |scheme, host, port| Origin::new(scheme, &Host::parse(host).unwrap(), port);
        let origin = of(Scheme::Https, "Example.org", 443);
        assert_eq!(origin, of(Scheme::Https, "eXample.ORG", 443));
        for other in [
            of(Scheme::Http, "example.org", 443),
            of(Scheme::Https, "example.org", 444),
            of(Scheme::Https, "www.example.org", 443),
            of(Scheme::Https, "example.org.", 443),
        ] {
            assert_ne!(origin, other);
        }
        let local = |host| of(Scheme::Http, host, 80);
        assert_ne!(local("localhost"), local("127.0.0.1"));
        assert_eq!(local("[::1]"), local("0:0::1"));
        assert_ne!(local("fe80::1%eth0"), local("fe80::1%eth1"));
    }
}
