//! The rows about HTTP: requests and answers, on connections that are kept.

mod clients;
mod ours;
mod ours_async;

use std::time::Duration;

use crate::arguments::Order;
use crate::child::{Measured, Meter, Scales};
use crate::contestants::{Contestant, tls};
use crate::rows::{HTTP_SMALL_BYTES, LARGE_BYTES, Row, Work};
use crate::work::{check, pattern};

/// A client with one connection, or one that keeps it by itself.
pub(crate) trait Http: Sized {
    async fn open(order: &Order) -> Self;

    /// Gets a path, and counts the bytes of its body; a small one is in `into` then.
    async fn get(&mut self, path: &str, into: &mut [u8]) -> u64;

    /// Sends a body that consists of this piece so many times.
    async fn post(&mut self, path: &str, piece: &[u8], times: u64);

    /// Opens so many connections, uses each once, and keeps them; what that costs each.
    async fn idle(order: &Order) -> Measured {
        let mut body = vec![0; HTTP_SMALL_BYTES];
        let scales = Scales::new();
        let mut clients = Vec::new();
        for _ in 0..order.operations {
            clients.push(Self::open(order).await);
        }
        for client in &mut clients {
            client.get("/small", &mut body).await;
        }
        // What runs beside the clients comes to rest.
        tokio::time::sleep(Duration::from_millis(10)).await;
        scales.all_kept(order.operations)
    }
}

/// Rows that need what not every client has.
pub(crate) fn takes_part(contestant: Contestant, row: &Row) -> bool {
    match (row.work, contestant) {
        // One request at a time is all that blocking calls have.
        (Work::Get { at_once: 2.. }, _) => {
            matches!(contestant, Contestant::Hyper | Contestant::Reqwest)
        }
        (Work::IdlePooled, _) => contestant == Contestant::Hyper,
        // The others bring TLS libraries of their own.
        _ => !row.tls || contestant == Contestant::Hyper,
    }
}

pub(crate) fn run(contestant: Contestant, order: &Order) -> Measured {
    use std::net::TcpStream;
    match (contestant, order.row.tls) {
        (Contestant::Raw, false) => block_on::<clients::Raw<TcpStream>>(order),
        (Contestant::Raw, true) => block_on::<clients::Raw<tls::Stream>>(order),
        (Contestant::Hyper, false) => block_on::<clients::Hyper<tokio::net::TcpStream>>(order),
        (Contestant::Hyper, true) => block_on::<clients::Hyper<tls::TokioStream>>(order),
        (Contestant::Ureq, _) => block_on::<clients::Ureq>(order),
        (Contestant::Reqwest, _) => block_on::<clients::Reqwest>(order),
        (Contestant::Libcurl, _) => block_on::<clients::Libcurl>(order),
        (Contestant::OursSync, _) => block_on::<ours::Sync>(order),
        (Contestant::OursAsync, _) => ours_async::run(order),
        (
            Contestant::Spinning
            | Contestant::Tungstenite
            | Contestant::TokioTungstenite
            | Contestant::FastWebSockets,
            _,
        ) => panic!("they speak no HTTP"),
    }
}

/// Clients whose calls block never give the runtime anything to wait for, so it costs them nothing.
fn block_on<H: Http + 'static>(order: &Order) -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .unwrap();
    let set = tokio::task::LocalSet::new();
    set.block_on(&runtime, work::<H>(order))
}

async fn work<H: Http + 'static>(order: &Order) -> Measured {
    let mut client = H::open(order).await;
    let mut body = vec![0; HTTP_SMALL_BYTES];
    let count = small(&mut client, &mut body).await;
    check(&body, count);
    assert!(body == pattern(HTTP_SMALL_BYTES), "another content");
    match order.row.work {
        Work::Get { at_once: 1 } => {
            order.settle();
            for _ in 0..order.warm_up() {
                small(&mut client, &mut body).await;
            }
            let meter = Meter::start();
            for _ in 0..order.operations {
                assert_eq!(small(&mut client, &mut body).await, HTTP_SMALL_BYTES);
            }
            meter.stop(order.operations)
        }
        Work::Get { at_once } => many::<H>(order, at_once).await,
        Work::Download => {
            let path = |mib: u64| format!("/large/{mib}");
            client.get(&path(order.warm_up()), &mut []).await;
            order.settle();
            let meter = Meter::start();
            let bytes = client.get(&path(order.operations), &mut []).await;
            assert_eq!(bytes, order.operations * LARGE_BYTES as u64);
            meter.stop(order.operations)
        }
        Work::Upload => {
            let piece = pattern(LARGE_BYTES);
            client.post("/upload", &piece, order.warm_up()).await;
            order.settle();
            let meter = Meter::start();
            client.post("/upload", &piece, order.operations).await;
            meter.stop(order.operations)
        }
        Work::IdlePooled => H::idle(order).await,
        Work::Echo { .. } | Work::Receive | Work::Send | Work::Idle | Work::Connect => {
            panic!("these rows are about WebSockets")
        }
    }
}

async fn small<H: Http>(client: &mut H, body: &mut [u8]) -> usize {
    client.get("/small", body).await as usize
}

/// So many requests at once, on few connections: each of these has its share, one after the other.
async fn many<H: Http + 'static>(order: &Order, at_once: usize) -> Measured {
    let connections = crate::rows::HTTP_CONNECTIONS.min(at_once);
    let mut clients = Vec::new();
    for _ in 0..connections {
        let client = H::open(order).await;
        clients.push(std::rc::Rc::new(tokio::sync::Mutex::new(client)));
    }
    order.settle();
    go(&clients, order.warm_up(), at_once).await;
    let meter = Meter::start();
    go(&clients, order.operations, at_once).await;
    meter.stop(order.operations)
}

type Shared<H> = std::rc::Rc<tokio::sync::Mutex<H>>;

async fn go<H: Http + 'static>(clients: &[Shared<H>], count: u64, at_once: usize) {
    let mut tasks = Vec::new();
    for task in 0..at_once {
        let client = std::rc::Rc::clone(&clients[task % clients.len()]);
        let share = count / at_once as u64;
        tasks.push(tokio::task::spawn_local(async move {
            let mut body = vec![0; HTTP_SMALL_BYTES];
            for _ in 0..share {
                let mut client = client.lock().await;
                assert_eq!(
                    client.get("/small", &mut body).await as usize,
                    HTTP_SMALL_BYTES
                );
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}
