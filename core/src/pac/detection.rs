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

/// What detection has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Detected {
    /// The URL of the script that is announced.
    Url(String),
    /// There is none: no name has an address.
    Nothing,
    /// Nobody knows: not all names were answered in time.
    Unanswered,
}

impl Detected {
    /// The URL.
    ///
    /// # Errors
    /// [`Error::AutodetectionFailed`] if none was found.
    pub(crate) fn url(self) -> Result<String> {
        match self {
            Self::Url(url) => Ok(url),
            Self::Nothing | Self::Unanswered => Err(Error::AutodetectionFailed.into()),
        }
    }
}

/// Looks for the script that is announced. Whether it is there is not looked at.
///
/// # Errors
/// [`Error::OperationCancelled`]; [`Error::NotEnoughMemory`] if the network cannot be asked.
pub(crate) fn detect(
    network: &dyn Network,
    detection: Detection,
    deadline: Option<Instant>,
    cancel: &Cancel,
) -> Result<Detected> {
    if detection == Detection::Dhcp {
        return Ok(Detected::Nothing);
    }
    let limit = clock::now() + LIMIT;
    let deadline = deadline.map_or(limit, |deadline| deadline.min(limit));
    let domains = network.domains()?;
    let mut nothing = Detected::Nothing;
    for name in names(domains.iter().map(String::as_str)) {
        if clock::now() >= deadline {
            return Ok(Detected::Unanswered);
        }
        // With its dot at the end a name is looked up as it is, in no other domain.
        let full = format!("{name}.");
        match network.addresses(&full, deadline, cancel) {
            Ok(addresses) if addresses.is_empty() => {}
            Ok(_) => return Ok(Detected::Url(url(&name))),
            Err(failure) if failure.error() == Error::Timeout => nothing = Detected::Unanswered,
            Err(failure) => return Err(failure),
        }
    }
    Ok(nothing)
}

#[cfg(test)]
mod tests {
    use winhttp_proto::proxy::pac::Question;
    use winhttp_proto::proxy::pac_result::Candidate;

    use super::*;
    use crate::pac::network::fake::Fake;

    fn found(network: &Fake, detection: Detection) -> Result<Detected> {
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

        fn own_addresses(&self) -> Result<Vec<std::net::IpAddr>> {
            self.0.own_addresses()
        }

        fn domains(&self) -> Result<Vec<String>> {
            self.0.domains()
        }

        fn user_script(&self) -> Result<Option<String>> {
            self.0.user_script()
        }

        fn static_proxy(&self, question: &Question) -> Result<Candidate> {
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
        let url = "http://wpad.b.example/wpad.dat";
        assert_eq!(found.unwrap().url(), Ok(url.into()));
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
        let nothing = Ok(Detected::Nothing);
        assert_eq!(found(&network, Detection::Dhcp), nothing);
        assert!(network.asked.lock().unwrap().is_empty());
        assert_eq!(found(&network, Detection::Dns), nothing);
        assert_eq!(found(&Fake::default(), Detection::Dns), nothing);
        let failed = Err(Error::AutodetectionFailed.into());
        assert_eq!(Detected::Nothing.url(), failed);
        let cancel = Cancel::default();
        cancel.cancel();
        let cancelled = detect(&network, Detection::Dns, None, &cancel);
        assert_eq!(cancelled, Err(Error::OperationCancelled.into()));
    }

    #[test]
    fn a_name_that_nobody_answers_is_not_one_without_address() {
        let failing = |error| Fake {
            domains: vec!["a.b.example".into()],
            missing: vec!["wpad.b.example.".into()],
            failing: vec![("wpad.a.b.example.".into(), error)],
            ..Fake::default()
        };
        let silent = failing(Error::Timeout);
        assert_eq!(found(&silent, Detection::Dns), Ok(Detected::Unanswered));
        assert_eq!(silent.asked.lock().unwrap().len(), 2, "others are asked");
        let failed = Err(Error::AutodetectionFailed.into());
        assert_eq!(Detected::Unanswered.url(), failed);
        let starved = failing(Error::NotEnoughMemory);
        let failed = Err(Error::NotEnoughMemory.into());
        assert_eq!(found(&starved, Detection::Dns), failed);
        let unknown = Fake {
            domains_fail: Some(Error::NotEnoughMemory),
            ..Fake::default()
        };
        assert_eq!(found(&unknown, Detection::Dns), failed);
        assert!(unknown.asked.lock().unwrap().is_empty());
        let late = detect(
            &Fake {
                missing: vec!["wpad.a.b.example.".into()],
                ..silent
            },
            Detection::Dns,
            Some(clock::now()),
            &Cancel::default(),
        );
        assert_eq!(late, Ok(Detected::Unanswered), "not all were asked");
    }
}
