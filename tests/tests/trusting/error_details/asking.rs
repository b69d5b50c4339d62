//! The rules of asking: sizes, threads, callbacks inside callbacks.

use std::ptr::null_mut;
use std::sync::mpsc;

use winhttp_abi::constants as c;
use winhttp_fixtures::hole::RefusedPort;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::tls::world;
use winhttp_tests::support::{get, request};
use winhttp_tests::{Client, Mode, PATIENCE, last_error};

use super::ear::{Ear, detail};

fn authority(refused: &RefusedPort) -> String {
    format!("127.0.0.1:{}:", refused.port())
}

#[test]
fn without_a_length_nothing_can_be_said() {
    // SAFETY: both pointers are NULL, which is what is tested.
    let wide = unsafe { winhttp::WinHttpShimGetErrorDetail::<u16>(1, null_mut(), null_mut()) };
    // SAFETY: as above.
    let utf8 = unsafe { winhttp::WinHttpShimGetErrorDetailUtf8(1, null_mut(), null_mut()) };
    assert_eq!([wide, utf8], [c::ERROR_INVALID_PARAMETER; 2]);
}

#[test]
fn another_number_and_another_thread_know_nothing() {
    let refused = RefusedPort::new().unwrap();
    let ear = Ear::<u16>::new(Mode::Sync);
    let handle = get(&ear.client, refused.port(), "/");
    let (error, text) = ear.failed(ear.client.send(handle));
    for other in [0, error + 1, u32::MAX] {
        assert_eq!(detail::<u16>(other), None);
    }
    let elsewhere = std::thread::spawn(move || detail::<u16>(error));
    assert_eq!(elsewhere.join().unwrap(), None);
    // What succeeds changes nothing.
    ear.client.close(handle).unwrap();
    assert_eq!((last_error(), detail::<u16>(error)), (0, Some(text)));
    ear.finish();
}

#[test]
fn another_call_that_fails_makes_it_forgotten() {
    let refused = RefusedPort::new().unwrap();
    let ear = Ear::<u16>::new(Mode::Sync);
    let none = null_mut();
    let fail: [fn(_, _) -> u32; 3] = [
        // SAFETY: what is wrong is refused before any memory is touched.
        |none, _| unsafe {
            winhttp::WinHttpReadDataEx::<u16>(none, none, 1, none.cast(), 0, 0, none)
        },
        |none, _| {
            // SAFETY: as above.
            unsafe { winhttp::WinHttpSetTimeouts::<u16>(none, 0, 0, 0, 0) };
            last_error()
        },
        |_, handle: usize| {
            // SAFETY: as above.
            unsafe { winhttp::WinHttpSetTimeouts::<u16>(handle as _, -2, 0, 0, 0) };
            last_error()
        },
    ];
    for fail in fail {
        let handle = get(&ear.client, refused.port(), "/");
        let (error, _) = ear.failed(ear.client.send(handle));
        assert_ne!(fail(none, handle.0), 0);
        assert_eq!(detail::<u16>(error), None);
        ear.client.close(handle).unwrap();
    }
    ear.finish();
}

#[test]
fn who_learns_of_it_in_a_callback_knows_nothing_outside() {
    let refused = RefusedPort::new().unwrap();
    let ear = Ear::<u16>::new(Mode::Async);
    let handle = get(&ear.client, refused.port(), "/");
    let (error, _) = ear.failed(ear.client.send(handle));
    assert_eq!(detail::<u16>(error), None);
    ear.client.close(handle).unwrap();
    ear.finish();
}

/// A callback that is told of one failure makes a synchronous request of another session that fails
/// with the same number and tells its own callback.
#[test]
fn nested_callbacks_know_each_their_own() {
    let [first, second] = [(); 2].map(|()| RefusedPort::new().unwrap());
    let outer = Client::<u16>::new(Mode::Async);
    let inner = Client::<u32>::new(Mode::Sync);
    let (sender, told) = mpsc::channel();
    let port = second.port();
    let status = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
    outer.recorder.on(status, move |_| {
        let error = c::ERROR_WINHTTP_CANNOT_CONNECT;
        let before = detail::<u16>(error);
        let handle = get(&inner, port, "/");
        let failed = inner.send(handle);
        let inside = detail::<u32>(error);
        inner.close(handle).unwrap();
        world();
        let handle = request(&inner, "no-such-host.invalid", 80, "/", 0);
        let unknown = inner.send(handle);
        inner.close(handle).unwrap();
        let after = detail::<u16>(error);
        inner.close(inner.session).unwrap();
        sender
            .send((failed, unknown, [before, inside, after]))
            .unwrap();
    });
    let handle = get(&outer, first.port(), "/");
    outer.send(handle).unwrap_err();
    let (failed, unknown, texts) = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(failed, Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
    assert_eq!(unknown, Err(c::ERROR_WINHTTP_NAME_NOT_RESOLVED));
    let [before, inside, after] = texts.map(Option::unwrap);
    assert!(before.contains(&authority(&first)), "{before}");
    assert!(inside.contains(&authority(&second)), "{inside}");
    assert_eq!(after, before, "the notification's own is still there");
    outer.close(handle).unwrap();
    outer.finish();
}

/// Two threads fail at once: each has its own text.
#[test]
fn threads_do_not_share() {
    let server = Server::plain(by_path).unwrap();
    let ports: Vec<_> = (0..4).map(|_| RefusedPort::new().unwrap()).collect();
    std::thread::scope(|scope| {
        for refused in &ports {
            let server = &server;
            scope.spawn(move || {
                let client = Client::<u16>::new(Mode::Sync);
                for _ in 0..25 {
                    let handle = get(&client, refused.port(), "/");
                    let error = client.send(handle).unwrap_err();
                    client.close(handle).unwrap();
                    let good = get(&client, server.port(), "/status");
                    client.exchange(good).unwrap();
                    client.close(good).unwrap();
                    let text = detail::<u16>(error).unwrap();
                    assert!(text.contains(&authority(refused)), "{text}");
                }
                client.close(client.session).unwrap();
            });
        }
    });
}
