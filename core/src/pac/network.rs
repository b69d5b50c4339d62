//! What scripts and detection learn of the network: addresses of names, and this machine's own.

use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::proxy::pac::Question;
use winhttp_proto::proxy::pac::detection::{domain_of, search_domains};
use winhttp_proto::proxy::pac_result::Candidate;

use super::Cancel;
use crate::engine::clock;
use crate::engine::connect::resolve::{Resolve, ResolveStep, is_unanswered};
use crate::engine::settings;
use crate::engine::shortage::{is_shortage, short_of};
use crate::engine::sleeper;

/// How long one name is looked up.
const NAME_LIMIT: Duration = Duration::from_secs(5);

/// Longest name that is looked up (RFC 1035 §2.3.4, with a dot at its end).
pub(super) const MAX_NAME_BYTES: usize = 254;

/// Bytes of the resolver's configuration that are read.
const MAX_CONFIGURATION_BYTES: u64 = 64 * 1024;

/// What is asked of the network; tests have one of their own.
pub(crate) trait Network: Send + Sync {
    /// The addresses of a name; none if it has none.
    ///
    /// # Errors
    /// [`Error::Timeout`] if nobody answers soon, [`Error::NotEnoughMemory`] if nobody can be
    /// asked; [`Error::OperationCancelled`].
    fn addresses(&self, name: &str, deadline: Instant, cancel: &Cancel) -> Result<Vec<IpAddr>>;

    /// This machine's addresses, of the default routes; none without a route.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] if that cannot be found out.
    fn own_addresses(&self) -> Result<Vec<IpAddr>>;

    /// The domains in which short names are looked up, then the machine's own.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] if they cannot be found out.
    fn domains(&self) -> Result<Vec<String>>;

    /// The URL of the script that the user has configured.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] if that cannot be found out.
    fn user_script(&self) -> Result<Option<String>>;

    /// The way that the user's static setting says, or the machine's where the user has none.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] if that cannot be found out.
    fn static_proxy(&self, question: &Question) -> Result<Candidate>;
}

/// The system's resolver and routes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System;

impl Network for System {
    fn addresses(&self, name: &str, deadline: Instant, cancel: &Cancel) -> Result<Vec<IpAddr>> {
        cancel.check()?;
        if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains('\0') {
            return Ok(Vec::new());
        }
        let deadline = deadline.min(clock::now() + NAME_LIMIT);
        answered(look_up(name, deadline, cancel))
    }

    fn own_addresses(&self) -> Result<Vec<IpAddr>> {
        // Addresses of documentation (RFC 3849, 5737): routed like any other, and nothing is sent.
        let far = [
            IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
            IpAddr::from(Ipv4Addr::new(192, 0, 2, 1)),
        ];
        let own = far.into_iter().map(own_address_towards);
        own.filter_map(Result::transpose).collect()
    }

    fn domains(&self) -> Result<Vec<String>> {
        let mut domains = search_domains(&resolver_configuration()?);
        let host = rustix::system::uname();
        let host = host.nodename().to_string_lossy();
        domains.extend(domain_of(&host).map(str::to_owned));
        Ok(domains)
    }

    fn user_script(&self) -> Result<Option<String>> {
        Ok(settings::user()?.pac_url.clone())
    }

    fn static_proxy(&self, question: &Question) -> Result<Candidate> {
        let Some((secure, host, port)) = question.server() else {
            return Ok(Candidate::Direct);
        };
        let settings = settings::current()?;
        let users = &settings.user.fixed;
        let setting = if users.texts.proxy.is_some() {
            users
        } else {
            &settings.machine
        };
        Ok(Candidate::of_static(&setting.proxy, secure, &host, port))
    }
}

fn look_up(name: &str, deadline: Instant, cancel: &Cancel) -> Result<Vec<SocketAddr>> {
    let sleeper = sleeper::current()?;
    let began = clock::now();
    let limit = deadline.saturating_duration_since(began);
    let mut resolve = Resolve::new(name, 0, began);
    let waker = sleeper.waker();
    resolve.begin(&waker)?;
    cancel.waiting(waker, || {
        loop {
            match resolve.step(clock::now(), Some(limit))? {
                ResolveStep::Found(addresses) => return Ok(addresses),
                ResolveStep::Wait(until) => {
                    sleeper.wait(sleeper::NOTHING, until)?;
                    cancel.check()?;
                }
            }
        }
    })
}

/// That a name has no address is an answer; that nobody has answered is none.
fn answered(found: Result<Vec<SocketAddr>>) -> Result<Vec<IpAddr>> {
    match found {
        Ok(found) => Ok(distinct(&found)),
        Err(failure) if failure.error() != Error::NameNotResolved => Err(failure),
        Err(failure) if is_unanswered(&failure) => Err(failure.with_error(Error::Timeout)),
        Err(_) => Ok(Vec::new()),
    }
}

fn distinct(found: &[SocketAddr]) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found.iter().map(SocketAddr::ip) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// The address from which this machine would reach another one, if there is a way to it.
fn own_address_towards(far: IpAddr) -> Result<Option<IpAddr>> {
    let any: IpAddr = match far {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let own = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((far, 9))?;
        socket.local_addr()
    });
    match own {
        Ok(own) => Ok(Some(own.ip()).filter(|own| !own.is_unspecified())),
        Err(error) => none_there(&error).map(|()| None),
    }
}

/// What fails is not there, unless it is only the means to see it.
fn none_there(error: &io::Error) -> Result<()> {
    // All ports may be in use: any would have done.
    if is_shortage(error) || error.kind() == io::ErrorKind::AddrInUse {
        return Err(short_of(error));
    }
    Ok(())
}

fn resolver_configuration() -> Result<String> {
    let mut bytes = Vec::new();
    let read = File::open("/etc/resolv.conf")
        .and_then(|file| file.take(MAX_CONFIGURATION_BYTES).read_to_end(&mut bytes));
    if let Err(error) = read {
        none_there(&error)?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
pub(crate) mod fake {
    use std::sync::Mutex;

    use super::*;

    /// A network in which every name under `example` has two addresses.
    #[derive(Debug, Default)]
    pub(crate) struct Fake {
        /// The names that were looked up.
        pub(crate) asked: Mutex<Vec<String>>,
        pub(crate) own: Vec<IpAddr>,
        /// Why they cannot be found out.
        pub(crate) own_fails: Option<Error>,
        pub(crate) domains: Vec<String>,
        /// Why they cannot be found out.
        pub(crate) domains_fail: Option<Error>,
        /// Names without addresses.
        pub(crate) missing: Vec<String>,
        /// Names whose look-up fails, and how.
        pub(crate) failing: Vec<(String, Error)>,
    }

    impl Network for Fake {
        fn addresses(&self, name: &str, _: Instant, cancel: &Cancel) -> Result<Vec<IpAddr>> {
            cancel.check()?;
            self.asked.lock().unwrap().push(name.to_owned());
            if let Some((_, error)) = self.failing.iter().find(|(one, _)| one == name) {
                return Err((*error).into());
            }
            let known = name.ends_with("example") && !self.missing.iter().any(|one| one == name);
            let addresses = ["2001:db8::7", "192.0.2.7"].map(|text| text.parse().unwrap());
            Ok(if known {
                addresses.to_vec()
            } else {
                Vec::new()
            })
        }

        fn own_addresses(&self) -> Result<Vec<IpAddr>> {
            match self.own_fails {
                Some(error) => Err(error.into()),
                None => Ok(self.own.clone()),
            }
        }

        fn domains(&self) -> Result<Vec<String>> {
            match self.domains_fail {
                Some(error) => Err(error.into()),
                None => Ok(self.domains.clone()),
            }
        }

        fn user_script(&self) -> Result<Option<String>> {
            Ok(None)
        }

        fn static_proxy(&self, _: &Question) -> Result<Candidate> {
            Ok(Candidate::Direct)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use rustix::io::Errno;
    use winhttp_proto::failure::{Failure, Reason};

    use super::*;
    use crate::engine::extended_error::TRY_AGAIN;

    fn soon() -> Instant {
        clock::now() + Duration::from_secs(20)
    }

    #[test]
    fn the_system_knows_its_loopback_addresses() {
        let cancel = Cancel::default();
        let found = System.addresses("localhost", soon(), &cancel).unwrap();
        assert!(
            !found.is_empty() && found.iter().all(IpAddr::is_loopback),
            "{found:?}"
        );
        let literal = System.addresses("192.0.2.7", soon(), &cancel).unwrap();
        assert_eq!(literal, ["192.0.2.7".parse::<IpAddr>().unwrap()]);
        for bad in ["", "a\0b", &"a".repeat(MAX_NAME_BYTES + 1)] {
            assert!(System.addresses(bad, soon(), &cancel).unwrap().is_empty());
        }
    }

    #[test]
    fn a_cancelled_look_up_says_so() {
        let cancel = Cancel::default();
        cancel.cancel();
        let failed = System.addresses("localhost", soon(), &cancel);
        assert_eq!(failed, Err(Error::OperationCancelled.into()));
    }

    /// What a resolver says that nobody answers.
    #[derive(Debug)]
    struct Again;

    impl fmt::Display for Again {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("try again")
        }
    }

    impl Reason for Again {
        fn socket_error(&self) -> u32 {
            TRY_AGAIN
        }
    }

    #[test]
    fn who_gets_no_answer_knows_nothing() {
        let address = SocketAddr::from(([192, 0, 2, 7], 0));
        assert_eq!(answered(Ok(vec![address; 2])), Ok(vec![address.ip()]));
        assert_eq!(answered(Err(Error::NameNotResolved.into())), Ok(Vec::new()));
        let unanswered = Failure::because(Error::NameNotResolved, Again);
        assert_eq!(answered(Err(unanswered)), Err(Error::Timeout.into()));
        for error in [Error::Timeout, Error::NotEnoughMemory] {
            assert_eq!(answered(Err(error.into())), Err(error.into()));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_not_absent() {
        for errno in [Errno::NETUNREACH, Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL] {
            assert_eq!(none_there(&errno.into()), Ok(()), "{errno}");
        }
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS] {
            let failed = none_there(&errno.into());
            assert_eq!(failed, Err(Error::NotEnoughMemory.into()), "{errno}");
        }
    }

    #[test]
    fn own_addresses_are_not_unspecified() {
        let own = System.own_addresses().unwrap();
        assert!(!own.iter().any(IpAddr::is_unspecified));
        System.domains().unwrap();
    }
}
