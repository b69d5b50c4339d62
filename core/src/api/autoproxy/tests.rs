//! Look-ups without a network, and what a session remembers of them.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;

use winhttp_fixtures::hole::{RefusedPort, TcpHole};
use winhttp_fixtures::{Connection, Server};
use winhttp_proto::option::TimeoutArguments;
use winhttp_proto::proxy::pac_result::list_text;
use winhttp_proto::proxy::{BypassList, ProxyList, StaticProxy};

use super::lookup::Job;
use super::*;
use crate::api::edge::{Edge, handles};

/// Far more than anything here needs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A network that announces nothing.
#[derive(Debug, Default)]
struct Silent {
    asked: AtomicUsize,
    /// The last part of the machine's address.
    own: AtomicUsize,
    /// That address cannot be found out.
    is_short: AtomicBool,
    /// Why nobody answers.
    fails: Mutex<Option<Error>>,
}

impl Network for Silent {
    fn addresses(&self, _: &str, _: Instant, cancel: &Cancel) -> Result<Vec<IpAddr>> {
        cancel.check()?;
        self.asked.fetch_add(1, Ordering::Relaxed);
        match *self.fails.lock().unwrap() {
            Some(error) => Err(error.into()),
            None => Ok(Vec::new()),
        }
    }

    fn own_addresses(&self) -> Result<Vec<IpAddr>> {
        if self.is_short.load(Ordering::Relaxed) {
            return Err(Error::NotEnoughMemory.into());
        }
        let last = u8::try_from(self.own.load(Ordering::Relaxed)).unwrap();
        Ok(vec![IpAddr::from([192, 0, 2, last])])
    }

    fn domains(&self) -> Result<Vec<String>> {
        Ok(vec!["corp.example".into()])
    }

    fn user_script(&self) -> Result<Option<String>> {
        Ok(None)
    }

    fn static_proxy(&self, question: &Question) -> Result<Candidate> {
        let proxy = StaticProxy {
            list: ProxyList::parse("p:3128").unwrap(),
            bypass: BypassList::parse("near.example"),
        };
        let (secure, host, port) = question.server().unwrap();
        Ok(Candidate::of_static(&proxy, secure, &host, port))
    }
}

fn job(autoproxy: &Arc<Autoproxy>, network: &Arc<Silent>, query: AutoproxyQuery) -> Job {
    let network: Arc<dyn Network> = Arc::<Silent>::clone(network);
    Job {
        question: Question::about("http://host.example/", HostCase::Kept).unwrap(),
        query,
        timeouts: Timeouts::default(),
        deadline: None,
        autoproxy: Arc::clone(autoproxy),
        network,
    }
}

fn found(
    autoproxy: &Arc<Autoproxy>,
    network: &Arc<Silent>,
    query: &AutoproxyQuery,
) -> Result<usize> {
    let job = job(autoproxy, network, query.clone());
    job.find(&Cancel::default()).map(|found| found.len())
}

fn detecting() -> AutoproxyQuery {
    AutoproxyQuery {
        detect: Some(Detection::Dns),
        ..AutoproxyQuery::default()
    }
}

fn script_server() -> Server {
    serving("function FindProxyForURL() { return 'PROXY a; DIRECT' }")
}

fn serving(script: &'static str) -> Server {
    Server::plain(move |connection: &mut Connection| {
        while connection.read_head()?.is_some() {
            let length = script.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{script}");
            connection.send(head.as_bytes())?;
        }
        Ok(())
    })
    .unwrap()
}

#[test]
fn fact_30_1_3_that_nothing_is_announced_is_remembered_until_the_network_changes() {
    let (autoproxy, network) = (Arc::<Autoproxy>::default(), Arc::<Silent>::default());
    let failed = Err(Error::AutodetectionFailed.into());
    let asked = || network.asked.load(Ordering::Relaxed);
    for _ in 0..2 {
        assert_eq!(found(&autoproxy, &network, &detecting()), failed);
        assert_eq!(asked(), 1);
    }
    let again = AutoproxyQuery {
        uncached: true,
        ..detecting()
    };
    assert_eq!(found(&autoproxy, &network, &again), failed);
    assert_eq!(asked(), 2);
    network.own.store(1, Ordering::Relaxed);
    assert_eq!(found(&autoproxy, &network, &detecting()), failed);
    assert_eq!(asked(), 3);
    // DHCP alone neither asks nor learns.
    let dhcp = AutoproxyQuery {
        detect: Some(Detection::Dhcp),
        ..AutoproxyQuery::default()
    };
    let other = Arc::<Autoproxy>::default();
    assert_eq!(found(&other, &network, &dhcp), failed);
    assert_eq!((asked(), other.cache().detected.clone()), (3, None));
}

#[test]
fn fact_30_1_3_that_nobody_answers_is_not_remembered() {
    let (autoproxy, network) = (Arc::<Autoproxy>::default(), Arc::<Silent>::default());
    let fail = |error| *network.fails.lock().unwrap() = error;
    let known = || autoproxy.cache().detected.clone();
    for (error, failed) in [
        (Some(Error::Timeout), Error::AutodetectionFailed),
        (Some(Error::NotEnoughMemory), Error::NotEnoughMemory),
    ] {
        fail(error);
        assert_eq!(
            found(&autoproxy, &network, &detecting()),
            Err(failed.into())
        );
        assert_eq!(known(), None);
    }
    fail(None);
    let failed = Err(Error::AutodetectionFailed.into());
    assert_eq!(found(&autoproxy, &network, &detecting()), failed);
    assert_eq!(network.asked.load(Ordering::Relaxed), 3);
    assert_eq!(known(), Some(None));
}

/// Whoever does not know the machine's address does not know what is remembered for it, either.
#[test]
fn an_address_that_cannot_be_found_out_is_not_another_one() {
    let (autoproxy, network) = (Arc::<Autoproxy>::default(), Arc::<Silent>::default());
    let server = script_server();
    let of_program = |uncached| AutoproxyQuery {
        script_url: Some(server.url("/")),
        uncached,
        ..AutoproxyQuery::default()
    };
    assert_eq!(found(&autoproxy, &network, &of_program(false)), Ok(2));
    network.is_short.store(true, Ordering::Relaxed);
    let failed = Err(Error::NotEnoughMemory.into());
    assert_eq!(found(&autoproxy, &network, &detecting()), failed);
    assert_eq!(found(&autoproxy, &network, &of_program(false)), failed);
    assert_eq!(found(&autoproxy, &network, &of_program(true)), Ok(2));
    network.is_short.store(false, Ordering::Relaxed);
    assert_eq!(found(&autoproxy, &network, &of_program(false)), Ok(2));
    assert_eq!(server.requests().len(), 2);
}

/// What would be detected would come before the program's script.
#[test]
fn fact_30_1_1_a_network_that_cannot_be_asked_is_not_passed_over() {
    let (network, server) = (Arc::<Silent>::default(), script_server());
    let query = AutoproxyQuery {
        script_url: Some(server.url("/")),
        ..detecting()
    };
    *network.fails.lock().unwrap() = Some(Error::NotEnoughMemory);
    let failed = Err(Error::NotEnoughMemory.into());
    assert_eq!(found(&Arc::default(), &network, &query), failed);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn fact_30_1_1_and_30_5_3_a_script_that_cannot_be_detected_gives_way_to_the_programs() {
    let (network, server) = (Arc::<Silent>::default(), script_server());
    let refused = RefusedPort::new().unwrap();
    let unreachable = format!("http://{}/wpad.dat", refused.address());
    for detected in [None, Some(unreachable)] {
        let autoproxy = Arc::<Autoproxy>::default();
        autoproxy
            .cache()
            .of(network.own_addresses().unwrap())
            .detected = Some(detected);
        let query = AutoproxyQuery {
            script_url: Some(server.url("/")),
            ..detecting()
        };
        assert_eq!(found(&autoproxy, &network, &query), Ok(2));
    }
}

#[test]
fn facts_30_1_3_and_30_3_1_a_detected_script_is_used_and_remembered() {
    let network = Arc::<Silent>::default();
    let server = script_server();
    let autoproxy = Arc::<Autoproxy>::default();
    autoproxy
        .cache()
        .of(network.own_addresses().unwrap())
        .detected = Some(Some(server.url("/wpad.dat")));
    for _ in 0..2 {
        assert_eq!(found(&autoproxy, &network, &detecting()), Ok(2));
    }
    assert_eq!(server.requests().len(), 1);
    assert_eq!(network.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn fact_39_22_the_static_setting_counts_where_nothing_is_detected() {
    let (autoproxy, network) = (Arc::default(), Arc::default());
    let query = AutoproxyQuery {
        allows_static: true,
        ..detecting()
    };
    let mut job = job(&autoproxy, &network, query);
    let found = |job: &Job| job.find(&Cancel::default()).unwrap();
    let list = list_text(&found(&job));
    assert_eq!(list.as_deref(), Some("p:3128"));
    job.question = Question::about("https://near.example/", HostCase::Kept).unwrap();
    assert_eq!(found(&job), [Candidate::Bypassed]);
}

#[test]
fn fact_30_4_2_a_remembered_miss_is_known_at_once() {
    let handles = handles();
    let session = handles.library.session(handles.session).unwrap();
    let autoproxy = session.autoproxy();
    assert!(!autoproxy.misses(&detecting()));
    autoproxy
        .cache()
        .of(System.own_addresses().unwrap())
        .detected = Some(None);
    assert!(autoproxy.misses(&detecting()));
    let with_script = AutoproxyQuery {
        script_url: Some("http://h/".into()),
        ..detecting()
    };
    let uncached = AutoproxyQuery {
        logs_on: true,
        ..detecting()
    };
    let allowed = AutoproxyQuery {
        allows_static: true,
        ..detecting()
    };
    for other in [with_script, uncached, allowed] {
        assert!(!autoproxy.misses(&other), "{other:?}");
    }
    autoproxy.cache().reset(false);
    assert!(!autoproxy.misses(&detecting()));
}

#[test]
fn fact_30_1_4_the_limit_is_the_sum_of_the_timeouts() {
    let mut timeouts = Timeouts::default();
    assert_eq!(limit(&timeouts), None, "one of them has none");
    timeouts.set_all(TimeoutArguments::new(1000, 2000, 3000, 4000).unwrap());
    assert_eq!(limit(&timeouts), Some(Duration::from_secs(10)));
}

#[test]
fn what_is_dropped_tells_nothing_any_more() {
    let (autoproxy, network) = (Arc::<Autoproxy>::default(), Arc::<Silent>::default());
    let (sender, told) = std::sync::mpsc::channel();
    let ticket = Ticket::start(
        job(&autoproxy, &network, detecting()),
        Box::new(move |answer| sender.send(answer).unwrap()),
    )
    .unwrap();
    let failed = Err(Error::AutodetectionFailed.into());
    assert_eq!(told.recv_timeout(PATIENCE), Ok(failed));
    drop(ticket);
    let (sender, told) = std::sync::mpsc::channel::<()>();
    let silent = TcpHole::new().unwrap();
    let query = AutoproxyQuery {
        script_url: Some(format!("http://{}/", silent.address())),
        ..AutoproxyQuery::default()
    };
    let ticket = Ticket::start(
        job(&autoproxy, &network, query),
        Box::new(move |_| sender.send(()).unwrap()),
    )
    .unwrap();
    let _connection = silent.accept().unwrap();
    drop(ticket);
    // The teller is gone with the ticket, whatever the worker does.
    assert_eq!(
        told.recv_timeout(PATIENCE),
        Err(RecvTimeoutError::Disconnected)
    );
}

#[test]
fn fact_29_4_2_a_look_up_whose_turn_comes_too_late_knows_nothing_of_the_script() {
    let (autoproxy, network) = (Arc::<Autoproxy>::default(), Arc::<Silent>::default());
    let mut late = job(&autoproxy, &network, detecting());
    late.deadline = Some(clock::now());
    let (sender, told) = std::sync::mpsc::channel();
    let tell = Box::new(move |answer| sender.send(answer).unwrap());
    let _ticket = Ticket::start(late, tell).unwrap();
    let failed = Err(Error::NotEnoughMemory.into());
    assert_eq!(told.recv_timeout(PATIENCE), Ok(failed));
    assert_eq!(network.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn a_resolver_needs_an_asynchronous_session() {
    let handles = handles();
    let library: &Library<Edge> = &handles.library;
    let failed = library
        .create_resolver(handles.session)
        .map_err(|failure| failure.error());
    assert_eq!(failed, Err(Error::IncorrectHandleType));
}

/// Where memory or threads are missing for a script, a request fails: it goes neither directly nor
/// where the static setting says it. Programs that ask are told of the service.
#[test]
fn fact_29_4_2_a_script_that_cannot_be_run_now_is_not_one_that_cannot_be_had() {
    let of_script = |error: Error| lookup::told_as_service(error.into(), Error::Timeout).error();
    let of_program = |error| told_to_program(Failure::from(of_script(error))).error();
    let service = Error::AutoProxyServiceError;
    for (error, to_request, to_program) in [
        (Error::NotEnoughMemory, Error::NotEnoughMemory, service),
        (Error::Timeout, service, service),
        (
            Error::BadAutoProxyScript,
            Error::BadAutoProxyScript,
            Error::BadAutoProxyScript,
        ),
    ] {
        assert_eq!(
            (of_script(error), of_program(error)),
            (to_request, to_program)
        );
    }
}

/// What takes long inside a single function of the language is not interrupted; nobody waits for it
/// all the same.
#[test]
fn fact_30_2_4_a_script_that_cannot_be_interrupted_is_left_alone() {
    let script = "function FindProxyForURL() {
            var text = 'a'.repeat(1 << 18), half = 'a'.repeat(1 << 17) + 'b';
            for (var i = 0; i < 100; i++) text.indexOf(half);
            return 'DIRECT'
        }";
    let server = serving(script);
    let (autoproxy, network) = (Arc::<Autoproxy>::default(), Arc::<Silent>::default());
    let query = AutoproxyQuery {
        script_url: Some(server.url("/")),
        ..AutoproxyQuery::default()
    };
    // Fetched before, so that the limit is the script's alone.
    let text: Arc<str> = script.into();
    let url = server.url("/");
    autoproxy
        .cache()
        .of(network.own_addresses().unwrap())
        .keep(&url, &text);
    let mut job = job(&autoproxy, &network, query);
    job.timeouts
        .set_all(TimeoutArguments::new(1, 1, 1, 1).unwrap());
    job.deadline = deadline(&job.timeouts);
    let failed = job.find(&Cancel::default());
    assert_eq!(failed, Err(Error::AutoProxyServiceError.into()));
}
