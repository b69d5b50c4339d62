//! A driver over a wire in memory: what it writes, reads, keeps and waits for.

use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};

use winhttp_proto::decode::Codings;
use winhttp_proto::exchange::request_body::Piece;
use winhttp_proto::exchange::{Awaits, ExchangeLimits};
use winhttp_proto::http1::head::HeadLimits;
use winhttp_proto::notify::SecureProblems;
use winhttp_proto::option::Timeouts;
use winhttp_proto::websocket::{Offer, accept_for, client_key};

use super::*;
use crate::engine::clock;
use crate::engine::connect::dial::DialSettings;
use crate::engine::pool::shelf::{Demand, Limits, Marks};
use crate::engine::pool::{self, Idle, Key, KeyRest, Scope};
use crate::engine::reactor::{Reactor, Ready};
use crate::engine::transport::memory::Wire;
use crate::engine::transport::{self, Transport};

const HEAD: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
const LIMIT_MS: u32 = 30_000;

/// Each driver has a pool of its own.
static NUMBERS: AtomicU64 = AtomicU64::new(1 << 60);

/// Nobody waits.
pub(crate) struct Nobody;

impl Wake for Nobody {
    fn wake(&self) {}
}

pub(crate) fn request() -> Composed {
    Composed {
        host: "server".into(),
        secure: false,
        via: None,
        head: HEAD.to_vec().into(),
        method: "GET".into(),
        announces_close: false,
        retries: None,
        upgrade: None,
        is_later_leg: false,
        is_authenticated: false,
        codings: Codings::default(),
        limits: ExchangeLimits {
            head: HeadLimits::default(),
            max_interim: 10,
            max_drain: 1 << 20,
        },
    }
}

fn route() -> Route {
    Route {
        to: Destination {
            host: "server".into(),
            beyond: None,
            look_up: None,
            port: 80,
            tls: None,
            dial: DialSettings {
                max_addresses: 1,
                races: false,
                keep_alive: None,
            },
        },
        mark: None,
        idle_life: pool::IDLE_LIFE,
        stands_by: None,
    }
}

fn own_key() -> Arc<Key> {
    let rest = KeyRest {
        port: 80,
        scope: Scope::Session(NUMBERS.fetch_add(1, Ordering::Relaxed)),
        tls: None,
        keep_alive: None,
    };
    Arc::new(Key::new("server", None, rest))
}

fn seat(key: &Arc<Key>) -> Asked {
    let demand = Demand {
        ignores: SecureProblems::default(),
        marks: Marks::All,
        limits: Limits::NONE,
    };
    pool::ask(key, demand, 0, || Arc::new(Nobody))
}

pub(crate) fn unconnected(request: Composed) -> Driver {
    Driver::new(request, route(), Arc::new(Nobody), None, seat(&own_key()))
}

/// A driver whose connection is there.
fn connected(request: Composed, transport: impl Transport + 'static) -> Box<Driver> {
    let mut driver = unconnected(request);
    driver.connection = Connection::Ready(Stack::plain(Box::new(transport), None));
    driver.exchange.dialed(std::net::Ipv4Addr::LOCALHOST.into());
    Box::new(driver)
}

/// Steps past the notifications.
fn run(
    driver: &mut Driver,
    mut call: impl FnMut(&mut Driver, Turn<'_>) -> Result<Step>,
) -> Result<Step> {
    let timeouts = Timeouts {
        send_ms: LIMIT_MS,
        receive_ms: LIMIT_MS,
        ..Timeouts::default()
    };
    loop {
        let turn = Turn::new(clock::now(), &timeouts);
        let step = call(driver, turn)?;
        if !matches!(step, Step::Notify(_)) {
            return Ok(step);
        }
    }
}

fn send(driver: &mut Driver, given: &[u8]) -> Result<Step> {
    let awaits = Awaits::Sent;
    run(driver, |driver, turn| {
        let piece = Piece::WHOLE;
        driver.step(
            turn,
            Call::Send {
                given,
                piece,
                awaits,
            },
        )
    })
}

fn receive(driver: &mut Driver) -> Result<Step> {
    run(driver, |driver, turn| driver.step(turn, Call::RECEIVE))
}

fn read(driver: &mut Driver, into: &mut [u8], filled: &mut usize) -> Result<Step> {
    run(driver, |driver, turn| {
        let any = false;
        driver.step(turn, Call::Read { into, filled, any })
    })
}

#[test]
fn a_request_goes_out_and_its_answer_comes_in() {
    let wire = Wire::default();
    let mut driver = connected(request(), wire.clone());
    assert!(matches!(send(&mut driver, b"body"), Ok(Step::Done)));
    assert_eq!(wire.take_sent(), [HEAD, b"body"].concat());
    assert!(matches!(receive(&mut driver), Ok(Step::Wait(Some(_)))));
    assert_eq!(driver.inbox.data(), b"");
    wire.bring(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    assert!(matches!(receive(&mut driver), Ok(Step::Done)));
    assert_eq!(driver.take_head().unwrap().status, 200);
    assert!(driver.has_at_hand(2) && !driver.has_at_hand(3));
    let (mut buffer, mut filled) = ([0; 5], 0);
    let step = read(&mut driver, &mut buffer, &mut filled);
    assert!(matches!(step, Ok(Step::Wait(Some(_)))));
    wire.bring(b"llo");
    assert!(matches!(
        read(&mut driver, &mut buffer, &mut filled),
        Ok(Step::Done)
    ));
    assert_eq!((&buffer, filled), (b"hello", 5));
}

#[test]
fn a_large_body_goes_straight_into_the_programs_memory() {
    let wire = Wire::default();
    let mut driver = connected(request(), wire.clone());
    send(&mut driver, b"").unwrap();
    wire.bring(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    receive(&mut driver).unwrap();
    wire.bring(&[7; 100_000]);
    let before = wire.reads();
    let (mut buffer, mut filled) = (vec![0; 100_000], 0);
    assert!(matches!(
        read(&mut driver, &mut buffer, &mut filled),
        Ok(Step::Done)
    ));
    assert_eq!((filled, wire.reads() - before), (100_000, 1));
    assert!(buffer.iter().all(|byte| *byte == 7));
}

#[test]
fn what_is_waited_for_is_room_or_an_answer_and_then_the_answer() {
    let wire = Wire::default();
    wire.set_room(3);
    let mut driver = connected(request(), wire.clone());
    assert!(matches!(send(&mut driver, b""), Ok(Step::Wait(Some(_)))));
    let exchange = driver.exchange();
    let call = RequestOperation::SendRequest;
    assert!(exchange.waits_to_write(call) && exchange.waits_to_read(call));
    wire.set_room(1000);
    assert!(matches!(send(&mut driver, b""), Ok(Step::Done)));
    assert_eq!(wire.take_sent(), HEAD);
    receive(&mut driver).unwrap();
    let exchange = driver.exchange();
    let call = RequestOperation::ReceiveResponse;
    assert!(!exchange.waits_to_write(call) && exchange.waits_to_read(call));
}

/// Brings nothing, and says that it may have more.
#[derive(Debug)]
struct Busy(Wire);

impl Transport for Busy {
    fn read(&mut self, _: &mut [u8], _: &mut [u8]) -> Result<Read> {
        Ok(Read::Again)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<Write> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> Result<Flush> {
        self.0.flush()
    }

    fn finish(&mut self) {
        self.0.finish();
    }

    fn interest(&self) -> transport::Interest {
        self.0.interest()
    }
}

#[test]
fn a_layer_that_may_have_more_gets_another_turn_instead_of_a_wait() {
    let mut driver = connected(request(), Busy(Wire::default()));
    send(&mut driver, b"").unwrap();
    assert!(matches!(receive(&mut driver), Ok(Step::Yield)));
}

#[test]
fn that_holds_also_while_room_to_write_is_waited_for() {
    let wire = Wire::default();
    wire.set_room(3);
    let mut driver = connected(request(), Busy(wire));
    assert!(matches!(send(&mut driver, b""), Ok(Step::Yield)));
}

#[test]
fn a_connection_that_breaks_fails_the_call_with_what_the_layer_says() {
    let wire = Wire::default();
    let mut driver = connected(request(), wire.clone());
    send(&mut driver, b"").unwrap();
    wire.break_with(Error::ConnectionError.into());
    assert_eq!(
        receive(&mut driver).unwrap_err(),
        Error::ConnectionError.into()
    );
}

#[test]
fn the_end_of_the_connection_is_the_layers_to_make() {
    let wire = Wire::default();
    let closing = Composed {
        announces_close: true,
        ..request()
    };
    let mut driver = connected(closing, wire.clone());
    send(&mut driver, b"").unwrap();
    wire.bring(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    receive(&mut driver).unwrap();
    assert!(
        !wire.is_finished() && !driver.has_at_hand(0),
        "the program is told first"
    );
    read(&mut driver, &mut [0], &mut 0).unwrap();
    assert!(wire.is_finished());
}

#[test]
fn an_upgraded_connection_is_handed_over_with_what_came_behind_the_answer() {
    let key = client_key([1; 16]);
    let accept = accept_for(key.as_str());
    let upgrade = Some(Offer {
        key,
        sub_protocols: Vec::new(),
    });
    let asking = || Composed {
        upgrade: upgrade.clone(),
        ..request()
    };

    let wire = Wire::default();
    let mut driver = connected(asking(), wire.clone());
    send(&mut driver, b"").unwrap();
    let agrees = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\nframe",
        accept.as_str()
    );
    wire.bring(agrees.as_bytes());
    receive(&mut driver).unwrap();
    let (mut stack, inbox, _) = driver.take_upgraded(None).unwrap();
    assert_eq!(inbox.data(), b"frame");
    stack.write(b"answer").unwrap();
    assert!(wire.take_sent().ends_with(b"answer"));

    let wire = Wire::default();
    let mut driver = connected(asking(), wire.clone());
    send(&mut driver, b"").unwrap();
    wire.bring(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n");
    receive(&mut driver).unwrap();
    wire.bring(b"no");
    let failure = driver.take_upgraded(None).unwrap_err();
    assert!(
        failure.to_string().ends_with("no"),
        "read ahead to be shown: {failure}"
    );
    let (mut buffer, mut filled) = ([0; 2], 0);
    read(&mut driver, &mut buffer, &mut filled).unwrap();
    assert_eq!(&buffer, b"no", "and the program gets it all the same");
}

/// The child of a fork leaves alone what it takes out here.
#[test]
fn the_place_of_a_connection_that_is_not_used_yet_can_be_taken_out_like_any_other() {
    let (reactor, _source) = Reactor::open().unwrap();
    let nobody: Weak<Unready> = Weak::new();
    let home = Arc::new(Registration::new(&reactor, nobody.clone()));
    let key = own_key();
    let Seat::Open(lease) = seat(&key).seat else {
        panic!("there is no connection yet");
    };
    let local = (std::net::Ipv4Addr::LOCALHOST, 80).into();
    let ends = Ends {
        local,
        remote: local,
    };
    let stack = Stack::plain(Box::new(Wire::default()), None);
    let idle = Idle::new(stack, ends, Spin::default(), Some(Arc::clone(&home)));
    lease.keep(idle, SecureProblems::default(), pool::IDLE_LIFE);
    let given = seat(&key);
    assert!(matches!(given.seat, Seat::Use(..)));
    let place = Place::new(reactor, nobody);
    let mut driver = Driver::new(request(), route(), Arc::new(Nobody), Some(place), given);
    let taken = driver.take_place().expect("the place it came with");
    assert!(Arc::ptr_eq(&taken, &home));
    drop(driver);
    assert_eq!(Arc::strong_count(&home), 2, "ours, and what was taken out");
}

/// Somebody in a poll.
struct Unready;

impl Ready for Unready {
    fn ready(self: Arc<Self>) {}

    fn expired(self: Arc<Self>) {}

    fn lost(self: Arc<Self>) -> bool {
        false
    }

    fn flush(self: Arc<Self>) -> bool {
        false
    }
}
