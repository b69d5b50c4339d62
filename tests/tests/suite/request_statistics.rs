//! Verifies what is told of a request and its connection beside the answer: REQUEST_TIMES,
//! REQUEST_STATS and the statistics of TCP, and what unknown options answer.

use winhttp_abi::constants as c;
use winhttp_abi::types::{RequestStats, RequestTimes, TcpInfoV0, TcpInfoV1};
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Server;
use winhttp_tests::support::set_dword;
use winhttp_tests::{
    Call, Client, HELLO, Handle, PATIENCE, answers, answers_each, call, scenarios,
};

const STATE: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
/// The bytes of its head, with the empty line.
const HEAD_BYTES: u64 = 38;

/// An option's structure, of which the program sets one DWORD first; in 64-bit words.
fn ask<W: Unit>(request: Handle, option: u32, bytes: u32, wanted: (usize, u32)) -> Call<Vec<u64>> {
    let mut words = vec![0_u64; usize::try_from(bytes).unwrap() / 8];
    let mut length = bytes;
    let place = words.as_mut_ptr().cast::<u32>();
    // SAFETY: the DWORD lies in the structure.
    unsafe { place.wrapping_add(wanted.0 / 4).write(wanted.1) };
    // SAFETY: buffer and length live through the call.
    call(unsafe {
        winhttp::WinHttpQueryOption::<W>(request.raw(), option, place.cast(), &raw mut length)
    })?;
    assert_eq!(length, bytes);
    Ok(words)
}

/// The entries of REQUEST_TIMES.
pub(crate) fn times<W: Unit>(request: Handle, wanted: u32) -> Call<Vec<u64>> {
    let bytes = u32::try_from(size_of::<RequestTimes>()).unwrap();
    let words = ask::<W>(request, c::WINHTTP_OPTION_REQUEST_TIMES, bytes, (0, wanted))?;
    Ok(words[1..].to_vec())
}

/// REQUEST_STATS, in 64-bit words.
fn raw_stats<W: Unit>(request: Handle, wanted: u32) -> Call<Vec<u64>> {
    let bytes = u32::try_from(size_of::<RequestStats>()).unwrap();
    ask::<W>(
        request,
        c::WINHTTP_OPTION_REQUEST_STATS,
        bytes,
        (12, wanted),
    )
}

/// The flags and entries of REQUEST_STATS.
pub(crate) fn stats<W: Unit>(request: Handle, wanted: u32) -> Call<(u64, Vec<u64>)> {
    let words = raw_stats::<W>(request, wanted)?;
    Ok((words[0], words[2..].to_vec()))
}

/// Gets `path`; whether REQUEST_STATS calls it the first on its connection, and how many preceded.
fn place_on_connection<W: Unit>(client: &Client<W>, port: u16, path: &str) -> (bool, u32) {
    let request = client.get(port, path);
    client.exchange(request).unwrap();
    client.body(request).unwrap();
    let words = raw_stats::<W>(request, 16).unwrap();
    client.close_and_wait(request);
    let index = words[1].to_ne_bytes().first_chunk().copied();
    (
        words[0] == c::WINHTTP_REQUEST_STAT_FLAG_FIRST_REQUEST,
        u32::from_ne_bytes(index.unwrap()),
    )
}

scenarios! {
    fn fact_34_1_times_are_in_order_and_0_for_what_did_not_happen<W>(mode) {
        let server = answers(ANSWER);
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        assert_eq!(times::<W>(request, 64), Err(STATE));
        client.exchange(request).unwrap();
        client.body(request).unwrap();
        let all = times::<W>(request, 64).unwrap();
        let happened: Vec<usize> = (0..64).filter(|entry| all[*entry] != 0).collect();
        assert_eq!(happened, [2, 3, 4, 5, 6, 7, 8, 17, 20, 21, 22, 25, 27]);
        assert!(happened.iter().map(|entry| all[*entry]).is_sorted());
        let some = times::<W>(request, 7).unwrap();
        assert_eq!((&some[..7], &some[7..]), (&all[..7], &[0; 57][..]));
        client.finish();
    }

    fn fact_34_2_stats_count_heads_and_body<W>(mode) {
        let server = answers(ANSWER);
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        assert_eq!(stats::<W>(request, 16), Err(STATE));
        client.exchange(request).unwrap();
        client.body(request).unwrap();
        let (flags, all) = stats::<W>(request, 16).unwrap();
        assert_eq!(flags, c::WINHTTP_REQUEST_STAT_FLAG_FIRST_REQUEST);
        assert!(all[6] > 18, "the request's head");
        assert_eq!((all[8], all[10], all[11]), (HEAD_BYTES, 5, 5));
        let (_, some) = stats::<W>(request, 9).unwrap();
        assert_eq!((some[8], some[10]), (HEAD_BYTES, 0));
        client.finish();
    }

    fn fact_34_2_the_index_counts_the_requests_before_this_one_on_its_connection<W>(mode) {
        let server = Server::plain(answers_each(|connection, _, _| connection.send(HELLO))).unwrap();
        let client = Client::<W>::new(mode);
        for preceding in 0..4 {
            let place = place_on_connection(&client, server.port(), "/");
            assert_eq!(place, (preceding == 0, preceding));
        }
        assert_eq!(server.connections(), 1);
        client.finish();
    }

    fn a_connection_that_was_opened_ahead_has_had_no_request<W>(mode) {
        let server = Server::plain(answers_each(|connection, _, _| connection.send(HELLO))).unwrap();
        let client = Client::<W>::new(mode);
        set_dword::<W>(client.session, c::WINHTTP_OPTION_BACKGROUND_CONNECTIONS, 2).unwrap();
        // No other session's connection.
        set_dword::<W>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 2).unwrap();
        let held = client.get(server.port(), "/");
        client.send(held).unwrap();
        assert!(server.wait_connections(2, PATIENCE));
        for preceding in 0..2 {
            let place = place_on_connection(&client, server.port(), "/");
            assert_eq!(place, (preceding == 0, preceding));
        }
        client.close_and_wait(held);
        client.finish();
    }

    fn fact_34_3_tcp_tells_what_it_carried<W>(mode) {
        let server = answers(ANSWER);
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        let sizes = [
            (c::WINHTTP_OPTION_CONNECTION_STATS_V0, size_of::<TcpInfoV0>()),
            (c::WINHTTP_OPTION_CONNECTION_STATS_V1, size_of::<TcpInfoV1>()),
        ];
        for (option, _) in sizes {
            assert_eq!(client.get_option(request, option), Err(STATE));
        }
        client.exchange(request).unwrap();
        for (option, size) in sizes {
            let info = client.get_option(request, option).unwrap();
            assert_eq!(info.len(), size);
            let received = u64::from_ne_bytes(info[56..64].try_into().unwrap());
            assert!(received >= HEAD_BYTES, "{received}");
        }
        client.finish();
    }

    fn facts_34_6_and_24_8_what_is_unknown_or_of_another_handle<W>(mode) {
        let client = Client::<W>::new(mode);
        for unknown in [8, 174, 100_000, u32::MAX] {
            let asked = client.get_option(client.session, unknown);
            assert_eq!(asked, Err(c::ERROR_INVALID_PARAMETER), "{unknown}");
        }
        let asked = client.get_option(client.session, c::WINHTTP_OPTION_STREAM_ERROR_CODE);
        assert_eq!(asked, Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        client.finish();
    }
}
