//! C and C++ programs that see only our header and library behave as on Windows, in both string
//! widths.

use winhttp_fixtures::{Server, by_path};
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::{WIDTHS, build, compiler, library, run, run_compiler};

/// Builds a program in both widths, runs it against a friendly server and compares its transcript.
fn transcript(source: &str, path: &str, arguments: &[&str], expected: &str) {
    for width in WIDTHS {
        let program = build(source, width, &["-lwinhttp"]);
        let server = Server::plain(by_path).unwrap();
        let port = server.port().to_string();
        let all: Vec<&str> = ["127.0.0.1", &port, path]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        assert_eq!(run(&program, &all), expected, "{source} {width:?}");
        assert_eq!(server.violations(), []);
    }
}

#[test]
fn a_synchronous_web_socket() {
    let expected = "\
status 101, upgrade websocket of 9 characters
receive: error 0, type 2, 5 bytes: hello
other type inside a message: 87
receive: error 0, type 1, 3 bytes: abc
receive: error 0, type 0, 1 bytes: d
receive: error 0, type 2, 0 bytes: 
receive: error 0, type 4, 0 bytes: 
closed: 1000 done
again: 0, error 6
";
    transcript("scenario_sync.c", "/echo", &[], expected);
}

/// Facts 5.1, 9.2.4 and 9.7: every notification in its order, driven from inside callbacks
/// (expectations 1 and 2).
#[test]
fn an_asynchronous_web_socket_notifies_in_order() {
    let expected = "\
HANDLE_CREATED 8
HANDLE_CREATED 8
request RESOLVING_NAME context 2 127.0.0.1 (9)
request NAME_RESOLVED context 2
request CONNECTING_TO_SERVER context 2
request CONNECTED_TO_SERVER context 2 127.0.0.1 (9)
request SENDING_REQUEST context 2
request REQUEST_SENT context 2
request SENDREQUEST_COMPLETE context 2
request RECEIVING_RESPONSE context 2
request RESPONSE_RECEIVED context 2
request HEADERS_AVAILABLE context 2
HANDLE_CREATED 8
request HANDLE_CLOSING context 2
connect HANDLE_CLOSING context 1
session HANDLE_CLOSING context 1
socket WRITE_COMPLETE context 3 5 bytes of type 2
socket READ_COMPLETE context 3 5 bytes of type 2
socket SHUTDOWN_COMPLETE context 3
socket READ_COMPLETE context 3 0 bytes of type 4
socket CLOSE_COMPLETE context 3
socket HANDLE_CLOSING context 3
all closed
";
    for width in WIDTHS {
        let program = build("scenario_async.c", width, &["-lwinhttp"]);
        let server = Server::plain(by_path).unwrap();
        let port = server.port().to_string();
        let printed = run(&program, &["127.0.0.1", &port, "/echo"]);
        // Order is promised per handle (callbacks section 7), so the transcripts are compared
        // handle by handle.
        let of = |text: &str, handle: &str| -> Vec<String> {
            text.lines()
                .filter(|line| line.starts_with(handle))
                .map(str::to_owned)
                .collect()
        };
        for handle in [
            "HANDLE_CREATED",
            "session",
            "connect",
            "request",
            "socket",
            "all",
        ] {
            assert_eq!(
                of(&printed, handle),
                of(expected, handle),
                "{width:?}:\n{printed}"
            );
        }
        assert_eq!(
            printed.lines().count(),
            expected.lines().count(),
            "{printed}"
        );
        assert_eq!(server.violations(), []);
    }
}

/// Facts 25.1 and 25.10.
#[test]
fn synchronous_uploads_of_every_kind() {
    let expected = "\
announced: 2097152 bytes, sum 4026531840
announced: 2097152 bytes, sum 4026531840
announced: 2097152 bytes, sum 4026531840
own length: 11 bytes, sum 1794106052
own chunks: 11 bytes, sum 1794106052
chunks: 11 bytes, sum 1794106052
";
    transcript("upload_sync.c", "/body", &[], expected);
}

/// Fact 25.3: the response is received before the body is written.
#[test]
fn an_asynchronous_upload_that_receives_first() {
    transcript("upload_async.c", "/body", &[], "one two three\n");
}

/// Facts 24.10, 36.6 and 36.8: programs' loops, on every kind of body.
#[test]
fn the_loops_of_large_programs() {
    let printed = |reason: &str, bytes: u32| {
        let line =
            |tries| format!("200 {reason}, HTTP/1.1 200 {reason} in {tries} tries, {bytes} bytes");
        format!("{}\n{}\nlast error 0\n", line(2), line(1))
    };
    for (path, reason, bytes) in [
        ("/status?size=20000", "Because", 20_000),
        ("/chunked?count=7&size=5000", "OK", 35_000),
        ("/until-close?size=20000", "OK", 20_000),
        ("/status?size=0", "Because", 0),
    ] {
        transcript("read_loops.c", path, &[], &printed(reason, bytes));
    }
}

#[test]
fn a_synchronous_get() {
    let expected = "\
size query: 0, error 122, 7 characters
X-Answer: yes-42, 6 characters
host of 9 characters, scheme 1
body of 100 bytes
last error 0
";
    transcript(
        "http_get.c",
        "/status?size=100&header=X-Answer:yes-42",
        &[],
        expected,
    );
}

#[test]
fn a_cpp_program_with_std_wstring() {
    let program = build("raii.cpp", &[], &["-lwinhttp"]);
    let server = Server::plain(by_path).unwrap();
    let printed = run(
        &program,
        &["127.0.0.1", &server.port().to_string(), "/body"],
    );
    let expected = "\
length 6 of 1 characters
missing: 0 characters
body: posted
caught: error 87
";
    assert_eq!(printed, expected);
}

/// Expectation 32: the plain names are there at run time, and they are UTF-16.
#[test]
fn expectation_32_functions_are_found_by_their_plain_names() {
    let link: &[&str] = if cfg!(target_os = "macos") {
        &[]
    } else {
        &["-ldl"]
    };
    let program = build("dlsym.c", &[], link);
    let server = Server::plain(by_path).unwrap();
    let (library, port) = (library(), server.port().to_string());
    let printed = run(&program, &[library.to_str().unwrap(), &port, "/status"]);
    let expected = "\
sent 1, received 1, error 0
status 1: 200, 6 bytes
closed 3, again 0, error 6
";
    assert_eq!(printed, expected);
}

/// Expectation 35: another library's functions of the same names change nothing, whatever the link
/// order.
#[test]
fn expectation_35_stubs_of_another_library_do_not_matter() {
    let name = if cfg!(target_os = "macos") {
        "libwinhttpstub.dylib"
    } else {
        "libwinhttpstub.so"
    };
    let own = Scratch::new("stub_library");
    let stub = own.path().join(name);
    let mut command = compiler("stub_library.c");
    command.args(["-shared", "-fPIC", "-o"]).arg(&stub);
    run_compiler(command);
    let folder = own.path().display();
    let (search, run_path) = (format!("-L{folder}"), format!("-Wl,-rpath,{folder}"));
    for (order, first, second) in [
        ("ours_last", "-lwinhttpstub", "-lwinhttp"),
        ("ours_first", "-lwinhttp", "-lwinhttpstub"),
    ] {
        for width in WIDTHS {
            let link = [&search, &run_path, first, second];
            let program = build("foreign_stub.c", width, &link);
            let printed = run(&program, &[]);
            assert_eq!(
                printed, "stub 1, open 1, error 0\nagain 0, error 6\n",
                "{order} {width:?}"
            );
        }
    }
}

/// A process may end with handles open and receives pending: no crash, no hang.
#[test]
fn a_process_may_end_with_everything_open() {
    let waiting = "ending with a receive pending\n";
    for (how, expected) in [
        ("return", waiting),
        ("exit", waiting),
        ("callback", "ending inside a callback\n"),
    ] {
        for path in ["/idle", "/push?count=2000&size=1000"] {
            let program = build("exit_while_open.c", &[], &["-lwinhttp"]);
            let server = Server::plain(by_path).unwrap();
            let port = server.port().to_string();
            assert_eq!(
                run(&program, &["127.0.0.1", &port, path, how]),
                expected,
                "{how} {path}"
            );
        }
    }
}

/// Expectation 34 and the interposition of the last error: one value, wherever it is defined.
#[test]
fn a_program_with_its_own_last_error_shares_it_with_the_library() {
    let expected = "\
success: 0, written 1
failure: 0, 87, errno 87
other thread: 0, 6, errno 6
this thread: 87
at the end: 0
";
    for width in WIDTHS {
        let program = build("own_last_error.c", width, &["-lwinhttp"]);
        assert_eq!(run(&program, &[]), expected, "{width:?}");
    }
}

/// Fact 5.1.1: a name with two addresses of which only the second answers: it is tried too, and
/// notified.
#[test]
fn fact_5_1_1_the_second_address_of_a_name_is_tried() {
    let program = build("resolver.c", &[], &["-lwinhttp"]);
    let server = Server::plain(by_path).unwrap();
    let printed = run(&program, &["both", &server.port().to_string()]);
    let expected = "\
connecting to ::1
connecting to 127.0.0.1
connected to 127.0.0.1
sent 1, error 0
";
    assert_eq!(printed, expected);
}

/// RFC 8305: an address that swallows the attempt does not hold the other one up.
#[test]
fn an_address_that_swallows_connections_loses_the_race() {
    let program = build("resolver.c", &[], &["-lwinhttp"]);
    let hole = winhttp_fixtures::hole::TcpHole::full().unwrap();
    let listener = std::net::TcpListener::bind(("::1", hole.port())).unwrap();
    let printed = run(&program, &["both", &hole.port().to_string()]);
    assert!(
        printed.ends_with("connected to ::1\nsent 1, error 0\n"),
        "{printed}"
    );
    drop(listener);
}

/// Fact 2.14 for RESOLVE_TIMEOUT: a look-up without an answer.
#[test]
fn a_look_up_without_an_answer_times_out() {
    let program = build("resolver.c", &[], &["-lwinhttp"]);
    assert_eq!(
        run(&program, &["timeout", "80"]),
        "sent 0, error 12002\nin time: 1\n"
    );
}

/// Expectation 8 during a look-up.
#[test]
fn a_look_up_without_an_answer_can_be_cancelled() {
    let program = build("resolver.c", &[], &["-lwinhttp"]);
    assert_eq!(
        run(&program, &["cancel", "80"]),
        "sent 0, error 12017\nsoon: 1\n"
    );
}
