//! Which call is legal when: every function in every state, for both roles (section 3), and calls
//! with no handle at all.

use windows_sys::Win32::Networking::WebSocket::*;

use super::harness::headers::{request, response, value};
use super::harness::raw::{abort, complete, delete, pointer};
use super::harness::{
    ALL, Action, E_INVALIDARG, NO_ACTION, OPERATION, Role, S_OK, Setup, Socket, UTF8_MESSAGE,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Created,
    Handshake,
    Session,
    Aborted,
}

const STATES: [State; 4] = [
    State::Created,
    State::Handshake,
    State::Session,
    State::Aborted,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    BeginClient,
    EndClient,
    BeginServer,
    EndServer,
    Send,
    Receive,
    GetAction,
    CompleteAction,
    Abort,
    Delete,
}

const CALLS: [Call; 10] = [
    Call::BeginClient,
    Call::EndClient,
    Call::BeginServer,
    Call::EndServer,
    Call::Send,
    Call::Receive,
    Call::GetAction,
    Call::CompleteAction,
    Call::Abort,
    Call::Delete,
];

/// The table of section 3.
fn wanted(role: Role, state: State, call: Call) -> i32 {
    use Call::*;
    use State::*;
    let (is_client, is_server) = (role == Role::Client, role == Role::Server);
    let is_allowed = match call {
        BeginClient => is_client && state == Created,
        EndClient => is_client && state == Handshake,
        BeginServer => is_server && state == Created,
        EndServer => is_server && state == Handshake,
        Send | Receive => state == Session || (is_server && state == Handshake),
        GetAction => matches!(state, Session | Aborted) || (is_server && state == Handshake),
        // There is no action with that context.
        CompleteAction => return E_INVALIDARG,
        Abort | Delete => true,
    };
    if is_allowed { S_OK } else { OPERATION }
}

/// A handle in this state, and a response that would end its handshake.
fn handle_in(role: Role, state: State) -> (Socket<'static>, Vec<(String, String)>) {
    let socket = Setup::new(role).create();
    let mut right = response("no key yet");
    if state != State::Created {
        match role {
            Role::Client => {
                let headers = socket.begin_client(&[], &[], &[]).unwrap();
                right = response(value(&headers, "Sec-WebSocket-Key"));
            }
            Role::Server => drop(socket.begin_server(None, &[], &request()).unwrap()),
        }
    }
    if matches!(state, State::Session | State::Aborted) {
        let result = match role {
            Role::Client => socket.end_client(&right),
            Role::Server => socket.end_server(),
        };
        assert_eq!(result, S_OK);
    }
    if state == State::Aborted {
        socket.abort();
    }
    (socket, right)
}

fn perform(socket: &Socket<'static>, right: &[(String, String)], call: Call) -> i32 {
    match call {
        Call::BeginClient => socket.begin_client(&[], &[], &[]).err().unwrap_or(S_OK),
        Call::EndClient => socket.end_client(right),
        Call::BeginServer => {
            let begun = socket.begin_server(None, &[], &request());
            begun.err().unwrap_or(S_OK)
        }
        Call::EndServer => socket.end_server(),
        Call::Send => socket.send(UTF8_MESSAGE, b"text", 1),
        Call::Receive => socket.receive(1),
        Call::GetAction => socket.get(ALL, 2).result,
        Call::CompleteAction => complete(socket.handle(), 0x1234, 0),
        Call::Abort => abort(socket.handle()),
        Call::Delete => delete(socket.handle()),
    }
}

#[test]
fn every_call_in_every_state() {
    for role in [Role::Client, Role::Server] {
        for state in STATES {
            for call in CALLS {
                let (socket, right) = handle_in(role, state);
                let result = perform(&socket, &right, call);
                let case = format!("{role:?} {state:?} {call:?}");
                assert_eq!(result, wanted(role, state, call), "{case}");
                if call == Call::Delete {
                    socket.disown();
                } else if result != S_OK {
                    // A refused call changes nothing: the whole row still holds.
                    still(&socket, role, state, &right);
                }
            }
        }
    }
}

/// The handle is still in its state: what is refused is refused, and the way to the session is
/// open.
fn still(socket: &Socket<'static>, role: Role, state: State, right: &[(String, String)]) {
    for call in CALLS {
        let result = wanted(role, state, call);
        if result != S_OK {
            assert_eq!(perform(socket, right, call), result, "{state:?} {call:?}");
        }
    }
    let ways = match (role, state) {
        (Role::Client, State::Created) => &[Call::BeginClient][..],
        (Role::Client, State::Handshake) => &[Call::EndClient, Call::Send],
        (Role::Server, State::Created) => &[Call::BeginServer, Call::EndServer, Call::Send],
        (Role::Server, State::Handshake) => &[Call::EndServer, Call::Send],
        (_, State::Session) => &[Call::Send, Call::Receive, Call::GetAction],
        (_, State::Aborted) => &[Call::GetAction, Call::Abort],
    };
    for call in ways {
        assert_eq!(perform(socket, right, *call), S_OK, "{state:?} {call:?}");
    }
}

/// All calls that take a handle, with otherwise good arguments and checked outputs.
fn all_fail(handle: usize) {
    let socket = Setup::new(Role::Server).of(handle);
    let begun = socket.begin_client(&[], &[], &[]);
    assert_eq!(begun, Err(E_INVALIDARG), "{handle:#x}");
    let (result, extensions, protocol) = socket.end_client_selecting(&response("key"), 3);
    assert_eq!((result, extensions, protocol), (E_INVALIDARG, vec![], None));
    let begun = socket.begin_server(None, &[], &request());
    assert_eq!(begun, Err(E_INVALIDARG), "{handle:#x}");
    assert_eq!(socket.end_server(), E_INVALIDARG);
    assert_eq!(socket.send(UTF8_MESSAGE, b"text", 1), E_INVALIDARG);
    assert_eq!(socket.send_null(super::harness::CLOSE, 1), E_INVALIDARG);
    assert_eq!(socket.receive(1), E_INVALIDARG);
    for queue in [1, 2, 3] {
        // The outputs are checked there.
        let action = Action::get(handle, queue, 2);
        assert_eq!((action.result, action.kind), (E_INVALIDARG, NO_ACTION));
    }
    assert_eq!(complete(handle, 1, 0), E_INVALIDARG);
    assert_eq!(abort(handle), E_INVALIDARG);
    // As C declares them, too.
    // SAFETY: handles may have any value.
    unsafe { WebSocketAbortHandle(pointer(handle)) };
}

#[test]
fn null_and_garbage_handles() {
    let live = super::harness::server();
    let number = live.handle();
    let local = 0_u64;
    let foreign = (&raw const local).expose_provenance();
    let near = [1, 2, 3, 31, 32, 63].map(|bit| number ^ (1 << bit));
    let others = [
        0,
        1,
        8,
        0xFFFF,
        0x1234_5678,
        usize::MAX,
        usize::MAX - 1,
        foreign,
        number + 1,
        number - 1,
    ];
    for handle in others.into_iter().chain(near) {
        if handle == number {
            continue;
        }
        all_fail(handle);
        assert_eq!(delete(handle), E_INVALIDARG, "{handle:#x}");
        // SAFETY: handles may have any value.
        unsafe { WebSocketDeleteHandle(pointer(handle)) };
    }
    // The live one was left alone.
    assert_eq!(live.send(UTF8_MESSAGE, b"hi", 0), S_OK);
    assert_eq!(live.flush(), b"\x81\x02hi");
}

#[test]
fn deleted_handles_in_whatever_state_they_were() {
    for role in [Role::Client, Role::Server] {
        for state in STATES {
            let (socket, _) = handle_in(role, state);
            let handle = socket.handle();
            drop(socket);
            all_fail(handle);
            assert_eq!(delete(handle), E_INVALIDARG);
        }
    }
}

#[test]
fn contexts_of_a_deleted_handle_mean_nothing_to_the_next() {
    let first = super::harness::server();
    assert_eq!(first.receive(0), S_OK);
    let read = first.expect(2, super::harness::FROM_NETWORK);
    let handle = first.handle();
    drop(first);
    let mut told_apart = 0;
    for _ in 0..20 {
        let next = super::harness::server();
        assert_eq!(next.receive(0), S_OK);
        let own = next.expect(2, super::harness::FROM_NETWORK);
        assert_eq!(complete(handle, own.context, 1), E_INVALIDARG);
        // Contexts are numbers that come again after very many handles.
        if own.context != read.context {
            assert_eq!(complete(next.handle(), read.context, 1), E_INVALIDARG);
            told_apart += 1;
        }
    }
    assert!(told_apart > 10, "{told_apart}");
}
