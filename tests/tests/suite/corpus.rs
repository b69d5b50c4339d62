//! Programs in the styles of those for Windows compile as they stand, in both widths, and do here
//! what they do there.
//!
//! With every compiler that is installed; with mingw-w64 for Windows itself, which shows that they
//! are such programs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use winhttp_fixtures::{Connection, Frame, Opcode, Server, by_path};
use winhttp_tests::program::{ends, is_installed, run};
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::libraries;
use winhttp_tests::web_socket_server;

/// The usual compilers, for C and for C++.
const COMPILERS: [(&str, &str); 2] = [("gcc", "g++"), ("clang", "clang++")];
const WIDTHS: [&str; 2] = ["-fno-short-wchar", "-fshort-wchar"];
const PROGRAMS: [&str; 5] = ["fetch.c", "chat.c", "watcher.cpp", "probe.cpp", "loader.c"];
/// What programs for Windows do that compilers remark on everywhere; nothing else may be remarked.
const FLAGS: [&str; 6] = [
    "-DUNICODE",
    "-D_UNICODE",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unknown-pragmas",
];

fn source(program: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("c/corpus")
        .join(program)
}

fn compile(command: &mut Command) {
    let output = command.output().unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{messages}");
}

/// Compiles a program in a width with every compiler there is, and gives each result to `judge`.
fn everywhere(program: &str, width: &str, judge: impl Fn(&Path)) {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../winhttp-shim/include");
    let libraries = libraries();
    let mut judged = 0;
    for (c, cpp) in COMPILERS {
        if !is_installed(c) || !is_installed(cpp) {
            continue;
        }
        let scratch = Scratch::new("corpus");
        let result = scratch.path().join("program");
        let mut command = Command::new(if program.ends_with(".cpp") { cpp } else { c });
        command
            .args(FLAGS)
            .arg(width)
            .arg("-I")
            .arg(include.join("compat"))
            .arg("-I")
            .arg(include.join("compat/case"))
            .arg("-I")
            .arg(&include)
            .arg(source(program))
            .arg("-L")
            .arg(&libraries)
            .arg(format!("-Wl,-rpath,{}", libraries.display()))
            .args(["-lwinhttp", "-pthread", "-o"])
            .arg(&result);
        compile(&mut command);
        judge(&result);
        judged += 1;
    }
    assert_ne!(judged, 0, "no compiler for C and C++ is installed");
}

#[test]
fn fetch_prints_what_a_server_answers() {
    let path = "/status?size=100&header=X-Answer:yes-42";
    for width in WIDTHS {
        everywhere("fetch.c", width, |program| {
            let server = Server::plain(by_path).unwrap();
            let port = server.port().to_string();
            let printed = run(Command::new(program).args(["127.0.0.1", &port, path]));
            let expected = "0.0.1   | 200|yes-42|100, 6 of 6 characters\n\
                yes-42 has -1 characters\n";
            assert_eq!(printed, expected);
            assert_eq!(server.violations(), []);
        });
    }
}

#[test]
fn fetch_says_why_it_fails() {
    for width in WIDTHS {
        everywhere("fetch.c", width, |program| {
            let (status, printed, _) = ends(Command::new(program).args(["127.0.0.1", "1", "/"]));
            assert!(
                printed.starts_with("sending failed with 12029: "),
                "{printed}"
            );
            assert_eq!(status.code(), Some(1));
        });
    }
}

#[test]
fn chat_gets_back_what_it_says() {
    for width in WIDTHS {
        everywhere("chat.c", width, |program| {
            let server = Server::plain(by_path).unwrap();
            let port = server.port().to_string();
            let arguments = ["127.0.0.1", &port, "/echo", "grüß dich", "HELLO", "€"];
            let printed = run(Command::new(program).args(arguments));
            let expected = "1: grüß dich (same, g)\n2: HELLO (same, H)\n3: € (same, €)\n\
                done: 0x00000000\n";
            assert_eq!(printed, expected);
            assert_eq!(server.violations(), []);
        });
    }
}

/// A short message, a long one in two fragments, and the end.
fn messages(connection: &mut Connection) -> io::Result<()> {
    connection.send_frame(Opcode::TEXT, true, b"hello")?;
    connection.send_frame(Opcode::BINARY, false, &[b'x'; 30])?;
    connection.send_frame(Opcode::CONTINUATION, true, &[b'y'; 12])?;
    connection.send(&Frame::close(Some(1000), b"").encode())?;
    let answer = connection.read_frame()?;
    assert!(answer.is_some_and(|frame| frame.opcode == Opcode::CLOSE));
    Ok(())
}

#[test]
fn watcher_receives_until_the_server_closes() {
    for width in WIDTHS {
        everywhere("watcher.cpp", width, |program| {
            let server = web_socket_server(messages);
            let port = server.port().to_string();
            let printed = run(Command::new(program).args(["127.0.0.1", &port, "/"]));
            let expected = "message 1: hello (5 bytes)\nmessage 2: xxxxx (42 bytes)\n\
                2 messages, error 0\n";
            assert_eq!(printed, expected);
            assert_eq!(server.violations(), []);
        });
    }
}

/// It uses `std::wstring`, which has 32 bits whatever the compiler is told: with 16 it only
/// compiles.
#[test]
fn probe_looks_at_a_port_and_what_answers_there() {
    everywhere("probe.cpp", "-fshort-wchar", |_| {});
    everywhere("probe.cpp", "-fno-short-wchar", |program| {
        let server = Server::plain(by_path).unwrap();
        let url = format!("http://127.0.0.1:{}/status?size=100", server.port());
        let printed = run(Command::new(program).arg(url));
        assert_eq!(printed, "127.0.0.1 is open\nHTTP/1.1 200, 100 bytes\n");
        let (_, printed, errors) = ends(Command::new(program).arg("http://127.0.0.1:1/"));
        assert_eq!(printed, "127.0.0.1 is closed\n");
        assert_eq!(errors, "asking failed: 0x80072EFD\n");
    });
}

#[test]
fn loader_finds_winhttp_at_run_time() {
    for width in WIDTHS {
        everywhere("loader.c", width, |program| {
            let list = "http://a.example/;https://server.example.org:8443/x;ws://b/";
            let printed = run(Command::new(program).arg(list));
            let expected = "a.example on 80\nserver.example.org ...\n0x80072EE6 (7 characters)\n\
                59 characters, slept 0\n";
            assert_eq!(printed, expected);
        });
    }
}

/// Windows' file names ignore case; those of the cross compiler do not.
const SPELLINGS: [(&str, &str); 6] = [
    ("Windows.h", "windows.h"),
    ("WinHttp.h", "winhttp.h"),
    ("WinSock2.h", "winsock2.h"),
    ("StdIo.h", "stdio.h"),
    ("StdLib.h", "stdlib.h"),
    ("Assert.h", "assert.h"),
];

#[test]
fn all_compile_for_windows() {
    let [c, cpp] = ["x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-g++"];
    if !is_installed(c) || !is_installed(cpp) {
        return;
    }
    let scratch = Scratch::new("corpus_windows");
    for (spelling, name) in SPELLINGS {
        let forwarder = format!("#include <{name}>\n");
        fs::write(scratch.path().join(spelling), forwarder).unwrap();
    }
    let mut sources = PROGRAMS.map(source).to_vec();
    sources.push(source("../header/sdk_tags.c"));
    for file in sources {
        let text = fs::read_to_string(&file).unwrap();
        let is_cpp = file.extension().is_some_and(|extension| extension == "cpp");
        let mut command = Command::new(if is_cpp { cpp } else { c });
        // GetProcAddress is cast everywhere, and has another type there.
        command
            .args(FLAGS)
            .args(["-D_WIN32_WINNT=0x0A00", "-Wno-cast-function-type"]);
        if text.contains("wmain(") || text.contains("_tmain(") {
            command.arg("-municode");
        }
        command
            .arg("-I")
            .arg(scratch.path())
            .arg(&file)
            .args(["-lwinhttp", "-lws2_32", "-o"])
            .arg(scratch.path().join("program.exe"));
        compile(&mut command);
    }
}

#[test]
fn error_numbers_of_the_compat_headers_are_those_of_windows() {
    let compiler = "x86_64-w64-mingw32-gcc";
    if !is_installed(compiler) {
        return;
    }
    let header =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../winhttp-shim/include/compat/win32_error.h");
    let text = fs::read_to_string(header).unwrap();
    let asserts: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#define ERROR_")?.split_once(' '))
        .map(|(name, number)| format!("_Static_assert(ERROR_{name} == {number}, \"{name}\");\n"))
        .collect();
    assert!(asserts.len() > 20, "{asserts:?}");
    let scratch = Scratch::new("error_numbers");
    let source = scratch.path().join("numbers.c");
    fs::write(
        &source,
        format!("#include <windows.h>\n{}", asserts.concat()),
    )
    .unwrap();
    compile(Command::new(compiler).arg("-fsyntax-only").arg(source));
}
