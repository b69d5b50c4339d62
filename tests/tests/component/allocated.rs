//! Handles whose buffers are in the caller's memory: scenario 7, and section 2.1 beyond it.
//!
//! The harness checks every address, every length and the guard bytes at each action.

use windows_sys::Win32::Networking::WebSocket::{
    WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE, WEB_SOCKET_PROPERTY,
};

use super::harness::block::Block;
use super::harness::headers::request;
use super::harness::raw::delete;
use super::harness::setup;
use super::harness::{
    BINARY_FRAGMENT, BINARY_MESSAGE, FROM_NETWORK, Memory, RECEIVE, Role, S_OK, Setup,
    UTF8_MESSAGE, frames, masked, unmasked,
};
use super::{client_sends, closing, receiving_control, server_sends};

#[test]
fn scenario_7_a_server_in_allocated_memory() {
    server_sends::hello_world(Memory::Block); // 30
    server_sends::leftover_completions(Memory::Block); // 38
    receiving_control::a_ping_in_a_message(Memory::Block); // 52
    receiving_control::long_and_empty_pings(Memory::Block); // 54
    receiving_control::a_ping_during_a_send(Memory::Block); // 57
    closing::a_close_is_indicated(Memory::Block); // 72
}

#[test]
fn scenario_7_a_client_in_allocated_memory() {
    client_sends::hello_world(Memory::Block); // 41
    client_sends::a_frame_in_chunks(Memory::Block); // 42
    client_sends::a_long_close(Memory::Block); // 44
}

#[test]
fn more_memory_than_needed_is_not_written() {
    for role in [Role::Server, Role::Client] {
        let setup = Setup::new(role).memory(Memory::Block).spare(1000);
        let socket = setup.session();
        let frame = if role == Role::Server {
            masked
        } else {
            unmasked
        };
        let payload = vec![0x11; 4080];
        assert_eq!(socket.receive(0), S_OK);
        socket.feed(&frame(0x82, &payload));
        assert_eq!(socket.indicated(BINARY_MESSAGE).bytes(), payload);
        assert_eq!(socket.receive(0), S_OK);
        socket.feed(&frame(0x89, &[0x22; 125]));
        assert_eq!(frames(&socket.flush_pong())[0].payload, [0x22; 125]);
    }
}

#[test]
fn the_whole_receive_area_may_be_written_by_the_network() {
    for size in [256, 257, 300, 4096] {
        let setup = Setup::new(Role::Server).receive(size).memory(Memory::Block);
        let server = setup.session();
        assert_eq!(server.receive(0), S_OK);
        let read = server.expect(RECEIVE, FROM_NETWORK);
        assert_eq!(read.total(), size);
        let wire = masked(0x82, &vec![0x33; size as usize]);
        server.fill(&read, &wire[..size as usize]);
        server.indicated(BINARY_FRAGMENT);
        assert_eq!(server.receive(0), S_OK);
        server.feed(&wire[size as usize..]);
        server.indicated(BINARY_MESSAGE);
    }
}

#[test]
fn odd_sizes_fit_into_a_block_of_exactly_their_sum() {
    for (receive, send) in [(256, 16), (257, 17), (1000, 333), (511, 18)] {
        for role in [Role::Server, Role::Client] {
            let setup = Setup::new(role).receive(receive).send(send);
            let socket = setup.memory(Memory::Block).session();
            assert_eq!(socket.send(UTF8_MESSAGE, &[b'x'; 500], 0), S_OK);
            let wire = socket.flush();
            assert_eq!(frames(&wire)[0].payload, [b'x'; 500]);
            let frame = if role == Role::Server {
                masked
            } else {
                unmasked
            };
            assert_eq!(socket.receive(0), S_OK);
            socket.feed(&frame(0x89, &[0x44; 125]));
            assert_eq!(frames(&socket.flush_pong())[0].payload, [0x44; 125]);
            socket.feed(&frame(0x88, &[&[3, 0xE8][..], &[b'r'; 123]].concat()));
            let close = socket.indicated(super::harness::CLOSE);
            assert_eq!(close.bytes(), [b'r'; 123]);
        }
    }
}

#[test]
fn the_variable_with_the_pointer_is_read_only_at_creation() {
    let block = Block::new(4096 + 16 + 144, 4096 + 16 + 144);
    let mut start = block.start();
    let property = WEB_SOCKET_PROPERTY {
        Type: WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
        pvValue: (&raw mut start).cast(),
        ulValueSize: block.size() as u32,
    };
    let handle = setup::create(Role::Server, &[property]).unwrap();
    // SAFETY: nothing else uses the variable.
    unsafe { (&raw mut start).write_volatile(std::ptr::null_mut()) };
    let server = Setup::new(Role::Server).of(handle);
    server.begin_server(None, &[], &request()).unwrap();
    assert_eq!(server.receive(0), S_OK);
    let read = server.expect(RECEIVE, FROM_NETWORK);
    assert_eq!(read.entries[0].address, block.start().addr());
    assert_eq!(delete(handle), S_OK);
}

#[test]
fn a_handle_that_is_deleted_before_its_session_leaves_the_block_alone() {
    for role in [Role::Server, Role::Client] {
        let socket = Setup::new(role).memory(Memory::Block).create();
        assert!(socket.block().unwrap().guards_are_intact());
    }
}
