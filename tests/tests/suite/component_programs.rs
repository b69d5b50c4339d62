//! The C examples of websocket.h behave: a conversation in one process, and an echo server that
//! clients of ours, clients of others and hostile ones talk to.

use websocket as _;
use winhttp as _;

mod foreign_client;
mod hostile;
mod programs;

use programs::{CONVERSATION, ECHO_ASYNC, ECHO_SYNC, EchoServer, run};

/// Scenarios 14 and 89 of the component, and a ping and both close frames on top.
#[test]
fn scenario_89_a_client_and_a_server_converse_in_one_process() {
    let printed = run(&CONVERSATION, &[]);
    let (handshake, rest) = printed.split_at(printed.find("client: wrote").unwrap());
    let fields: Vec<&str> = handshake.lines().collect();
    for field in [
        "client: Connection: Upgrade",
        "client: Upgrade: websocket",
        "client: Sec-WebSocket-Version: 13",
        "server: Connection: Upgrade",
        "server: Upgrade: websocket",
    ] {
        assert!(fields.contains(&field), "{field} in {handshake}");
    }
    assert_eq!(fields.len(), 7, "a key and its acceptance: {handshake}");
    let expected = "\
client: wrote 17 bytes: text message
server: read 17 bytes
server: received text message: \"Hello World\"
server: wrote 13 bytes: text message
client: read 13 bytes
client: received text message: \"Hello World\"
client: wrote 6 bytes: ping or pong
server: read 6 bytes
server: wrote 2 bytes: ping or pong
client: read 2 bytes
client: received ping or pong: \"\"
client: wrote 11 bytes: close
server: read 11 bytes
server: received close: \"bye\"
server: wrote 7 bytes: close
client: read 7 bytes
client: received close: \"bye\"
everything arrived as it was sent
";
    assert_eq!(rest, expected);
}

#[test]
fn the_winhttp_examples_talk_to_the_echo_server() {
    let server = EchoServer::start();
    let long = "0123456789".repeat(6000);
    for program in [&*ECHO_SYNC, &*ECHO_ASYNC] {
        for message in ["", "grüß dich, 世界 🌍", &long] {
            let printed = run(program, &[&server.url("/any/path?query"), message]);
            assert!(
                printed.contains(&format!("received: {message}\n")),
                "{printed}"
            );
            assert!(printed.contains("closed: 1000"), "{printed}");
        }
    }
}
