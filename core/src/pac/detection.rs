//! Where the network announces a script. DHCP option 252 would come first; no system lets programs
//! ask for it without rights of their own, so that DNS alone is asked.

use std::time::{Duration, Instant};

use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::proxy::pac::detection::{names, url};

use super::{Cancel, Network};
use crate::engine::clock;

/// How long all look-ups together may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Which ways of detection are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detection {
    /// WINHTTP_AUTO_DETECT_TYPE_DHCP alone: nothing to ask.
    Dhcp,
    /// WINHTTP_AUTO_DETECT_TYPE_DNS_A, with or without the other.
    Dns,
}

/// The URL of the script that is announced. Whether it is there is not looked at.
///
/// # Errors
/// [`Error::AutodetectionFailed`], [`Error::OperationCancelled`].
pub(crate) fn detect(
    network: &dyn Network,
    detection: Detection,
    deadline: Option<Instant>,
    cancel: &Cancel,
) -> Result<String> {
    if detection == Detection::Dhcp {
        return Err(Error::AutodetectionFailed.into());
    }
    let limit = clock::now() + LIMIT;
    let deadline = deadline.map_or(limit, |deadline| deadline.min(limit));
    let domains = network.domains();
    for name in names(domains.iter().map(String::as_str)) {
        // With its dot at the end a name is looked up as it is, in no other domain.
        let full = format!("{name}.");
        if !network.addresses(&full, deadline, cancel)?.is_empty() {
            return Ok(url(&name));
        }
        if clock::now() >= deadline {
            break;
        }
    }
    Err(Error::AutodetectionFailed.into())
}

#[cfg(test)]
mod tests {
    use winhttp_proto::proxy::ProxyServer;
    use winhttp_proto::proxy::pac::Question;

    use super::*;
    use crate::pac::network::fake::Fake;

    fn found(network: &Fake, detection: Detection) -> Result<String> {
        detect(network, detection, None, &Cancel::default())
    }

    struct Dotted(Fake);

    impl Network for Dotted {
        fn addresses(
            &self,
            name: &str,
            deadline: Instant,
            cancel: &Cancel,
        ) -> Result<Vec<std::net::IpAddr>> {
            let name = name.strip_suffix('.').unwrap();
            self.0.addresses(name, deadline, cancel)
        }

        fn own_addresses(&self) -> Vec<std::net::IpAddr> {
            Vec::new()
        }

        fn domains(&self) -> Vec<String> {
            self.0.domains.clone()
        }

        fn static_proxy(&self, question: &Question) -> Result<Option<ProxyServer>> {
            self.0.static_proxy(question)
        }
    }

    #[test]
    fn fact_30_3_1_the_first_name_that_has_an_address_is_it() {
        let network = Dotted(Fake {
            domains: vec!["com".into(), "a.b.example".into()],
            missing: vec!["wpad.a.b.example".into()],
            ..Fake::default()
        });
        let found = detect(&network, Detection::Dns, None, &Cancel::default());
        assert_eq!(found.unwrap(), "http://wpad.b.example/wpad.dat");
        let asked = network.0.asked.lock().unwrap();
        assert_eq!(*asked, ["wpad.a.b.example", "wpad.b.example"]);
    }

    #[test]
    fn fact_30_3_2_dhcp_alone_and_names_without_address_find_nothing() {
        let network = Fake {
            domains: vec!["a.example".into()],
            missing: vec!["wpad.a.example.".into()],
            ..Fake::default()
        };
        let failed = Err(Error::AutodetectionFailed.into());
        assert_eq!(found(&network, Detection::Dhcp), failed);
        assert!(network.asked.lock().unwrap().is_empty());
        assert_eq!(found(&network, Detection::Dns), failed);
        assert_eq!(found(&Fake::default(), Detection::Dns), failed);
        let cancel = Cancel::default();
        cancel.cancel();
        let cancelled = detect(&network, Detection::Dns, None, &cancel);
        assert_eq!(cancelled, Err(Error::OperationCancelled.into()));
    }
}
