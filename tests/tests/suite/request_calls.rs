//! Every call on a request in every state that a peer can hold it in: what docs/request-calls.md
//! says, which is made from the same table, happens at the C API.

use std::ptr::{null, null_mut};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::RefusedPort;
use winhttp_proto::error::Error;
use winhttp_proto::exchange::legality::{Cell, Function, Stage, TABLE, Verdict};
use winhttp_tests::support::request;
use winhttp_tests::{Call, Client, Handle, Mode, answers, call, scenarios};

use crate::wrong_state::failure;

/// Calls the function with arguments that are good; where it is refused, the error.
fn try_call<W: Unit>(client: &Client<W>, handle: Handle, function: Function) -> Call<()> {
    let raw = handle.raw();
    let (mut byte, mut count) = (0_u8, 0);
    let (place, count) = ((&raw mut byte).cast(), &raw mut count);
    match function {
        Function::SendRequest => failure(client, handle, c::API_SEND_REQUEST, || {
            // SAFETY: no memory is passed.
            call(unsafe { winhttp::WinHttpSendRequest::<W>(raw, null(), 0, null(), 0, 0, 0) })
        }),
        Function::WriteData => failure(client, handle, c::API_WRITE_DATA, || {
            // SAFETY: the byte and the count live until the failure; the call does not begin.
            call(unsafe { winhttp::WinHttpWriteData::<W>(raw, place, 1, count) })
        }),
        Function::ReceiveResponse => failure(client, handle, c::API_RECEIVE_RESPONSE, || {
            // SAFETY: no memory is passed.
            call(unsafe { winhttp::WinHttpReceiveResponse::<W>(raw, null_mut()) })
        }),
        Function::QueryDataAvailable => {
            failure(client, handle, c::API_QUERY_DATA_AVAILABLE, || {
                // SAFETY: as for WriteData.
                call(unsafe { winhttp::WinHttpQueryDataAvailable::<W>(raw, count) })
            })
        }
        Function::ReadData => failure(client, handle, c::API_READ_DATA, || {
            // SAFETY: as for WriteData.
            call(unsafe { winhttp::WinHttpReadData::<W>(raw, place, 1, null_mut()) })
        }),
        Function::QueryHeaders => client.status_code(handle).map(|_| ()),
        Function::CompleteUpgrade => client.complete_upgrade(handle, 0).map(|_| ()),
        Function::SetCredentials => {
            let name = winhttp_tests::text::<W>("name");
            let (target, scheme) = (c::WINHTTP_AUTH_TARGET_SERVER, c::WINHTTP_AUTH_SCHEME_BASIC);
            let name = name.as_ptr();
            // SAFETY: the text lives through the call.
            call(unsafe {
                winhttp::WinHttpSetCredentials::<W>(raw, target, scheme, name, name, null_mut())
            })
        }
    }
}

fn number(error: Error) -> u32 {
    match error {
        Error::InvalidOperation => c::ERROR_INVALID_OPERATION,
        Error::IncorrectHandleState => c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE,
        Error::OperationCancelled => c::ERROR_WINHTTP_OPERATION_CANCELLED,
        other => panic!("{other:?} is not in the table"),
    }
}

/// Tries every function that the table does not let begin or wait in this stage, where the request
/// has no body.
fn assert_as_the_table_says<W: Unit>(client: &Client<W>, handle: Handle, stage: Stage) {
    let column = Stage::ALL.iter().position(|other| *other == stage).unwrap();
    for (function, row) in TABLE {
        let (Cell::Always(verdict) | Cell::Beside(verdict) | Cell::More(verdict)) = row[column];
        if let Verdict::Fails(error) | Verdict::Refused(error) = verdict {
            let outcome = try_call(client, handle, function);
            assert_eq!(outcome, Err(number(error)), "{function:?} while {stage:?}");
        }
    }
}

scenarios! {
    fn between_calls_each_function_begins_or_fails_as_the_table_says<W>(mode) {
        let server = answers("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
        let client = Client::<W>::new(mode);
        let handle = request(&client, "127.0.0.1", server.port(), "/", 0);
        assert_as_the_table_says(&client, handle, Stage::Created);
        client.send(handle).unwrap();
        assert_as_the_table_says(&client, handle, Stage::Sent);
        client.receive(handle).unwrap();
        assert_as_the_table_says(&client, handle, Stage::Response);
        assert_eq!(client.body(handle).as_deref(), Ok(&b"body"[..]), "nothing was lost");

        let refused = RefusedPort::new().unwrap();
        let handle = request(&client, "127.0.0.1", refused.port(), "/", 0);
        assert_eq!(client.send(handle), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
        assert_as_the_table_says(&client, handle, Stage::Failed);
        client.finish();
    }

    fn while_a_call_runs_each_function_fails_as_the_table_says<W>(mode) {
        if mode == Mode::Sync {
            return; // the thread is in the call
        }
        let silent = answers("");
        let begun = answers("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
        let client = Client::<W>::new(mode);

        // The TLS handshake with a server that knows no TLS: it waits for more of the request's
        // head.
        let flags = c::WINHTTP_FLAG_SECURE;
        let sending = request(&client, "127.0.0.1", silent.port(), "/", flags);
        client.start_send(sending, 0).unwrap();
        assert_as_the_table_says(&client, sending, Stage::Sending);

        let receiving = request(&client, "127.0.0.1", silent.port(), "/", 0);
        client.send(receiving).unwrap();
        client.start_receive(receiving).unwrap();
        assert_as_the_table_says(&client, receiving, Stage::Receiving);

        let reading = request(&client, "127.0.0.1", begun.port(), "/", 0);
        client.exchange(reading).unwrap();
        let memory = winhttp_tests::Memory::new(4);
        // SAFETY: the memory lives for ever.
        call(unsafe {
            winhttp::WinHttpReadData::<W>(reading.raw(), memory.pointer().cast(), 4, null_mut())
        })
        .unwrap();
        assert_as_the_table_says(&client, reading, Stage::Reading);
        client.finish();
    }
}
