//! The examples in Python and C# work as their pages say, where the languages are installed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::program::{ends, is_installed, run, wait};
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::compiler::{Dialect, check};
use winhttp_tests::support::programs::{library, root};
use winhttp_tests::support::proxy::{everything, proxy};

/// The lines `NAME = number` of the Python module.
fn constants() -> Vec<(String, String)> {
    let module = fs::read_to_string(root().join("examples/python/winhttp.py")).unwrap();
    let pairs = module.lines().filter_map(|line| line.split_once(" = "));
    let numbers = pairs.filter(|(_, value)| value.starts_with(|c: char| c.is_ascii_digit()));
    numbers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn constants_of_the_python_module_are_those_of_winhttp_h() {
    let constants = constants();
    assert!(constants.len() > 25, "the module has constants");
    let page = fs::read_to_string(root().join("docs/python.md")).unwrap();
    let mut source = "#include <winhttp.h>\n".to_owned();
    for (name, value) in &constants {
        source += &format!("_Static_assert((DWORD){name} == {value}u, \"{name}\");\n");
        assert!(
            page.contains(&format!("| `{name}` | {value} |\n")),
            "{name}"
        );
    }
    assert_eq!(
        page.matches("\n| `").count(),
        constants.len(),
        "no more are listed"
    );
    check("python_constants", &source, Dialect::C("c11"), &[]).unwrap();
}

fn python(arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command
        .arg(root().join("examples/python/echo.py"))
        .args(arguments)
        .env("WINHTTP_LIBRARY", library())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUTF8", "1");
    command
}

#[test]
fn the_python_example_gets_its_message_back() {
    if !is_installed("python3") {
        return;
    }
    let server = Server::plain(by_path).unwrap();
    let port = server.port().to_string();
    let printed = run(&mut python(&[
        "127.0.0.1",
        &port,
        "/fragments?size=3",
        "grüß dich 😀",
    ]));
    let expected = "status 101\nreceived: grüß dich 😀\nasynchronous: 0\n";
    assert_eq!(printed, expected);
    assert_eq!(server.violations(), []);
}

/// As all the examples do.
#[test]
fn the_python_example_goes_through_the_environments_proxy() {
    if !is_installed("python3") {
        return;
    }
    let server = Server::plain(by_path).unwrap();
    let proxy = proxy(server.address(), everything).unwrap();
    let mut command = python(&["nosuchhost.invalid", "80", "/echo", "hello"]);
    let printed = run(command.env("http_proxy", proxy.authority()));
    assert_eq!(printed, "status 101\nreceived: hello\nasynchronous: 0\n");
    let asked: Vec<_> = proxy.requests().into_iter().map(|r| r.target).collect();
    // The second request is a plain one.
    let expected = ["nosuchhost.invalid:80", "http://nosuchhost.invalid/"];
    assert_eq!(asked, expected);
}

#[test]
fn the_python_example_says_windows_error_numbers_and_what_is_behind_them() {
    if !is_installed("python3") {
        return;
    }
    let (status, _, errors) = ends(&mut python(&["127.0.0.1", "1", "/", "x"]));
    let begins = "WinHttpSendRequest failed with error 12029: cannot connect to 127.0.0.1:1: ";
    assert!(errors.starts_with(begins), "{errors}");
    assert_eq!(status.code(), Some(1));
}

/// The second request is that of the asynchronous session.
#[test]
fn the_python_example_knows_what_is_behind_a_notification() {
    if !is_installed("python3") {
        return;
    }
    let server = Server::plain(|connection: &mut Connection| {
        let request = connection.read_head()?.unwrap();
        if request.target == "/" {
            return connection.send(b"SSH-2.0\r\n\r\n");
        }
        connection.accept_websocket(&request)?;
        while let Some(frame) = connection.read_frame()? {
            connection.send_frame(frame.opcode, true, &frame.payload)?;
        }
        Ok(())
    })
    .unwrap();
    let port = server.port().to_string();
    let (status, _, errors) = ends(&mut python(&["127.0.0.1", &port, "/echo", "x"]));
    assert!(
        errors.starts_with("the request failed with error 12152: "),
        "{errors}"
    );
    assert_eq!(status.code(), Some(1));
}

/// The ways in which Mono finds the library, each with what it needs in a folder.
const WAYS: [(&str, &str, &str); 3] = [
    ("LD_LIBRARY_PATH", "libwinhttp.so", ""),
    ("a link by another name", "libwinhttp.dll.so", ""),
    (
        "a dllmap",
        "libother.so.0.1",
        "<dllmap dll=\"winhttp.dll\" target=\"libother.so.0.1\"/>",
    ),
];

fn mono(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("mono");
    command
        .arg(program)
        .args(arguments)
        .env("LD_LIBRARY_PATH", program.parent().unwrap())
        .env("LC_ALL", "C.UTF-8");
    command
}

#[test]
fn the_example_in_c_sharp_finds_the_library_and_gets_its_message_back() {
    if !is_installed("mono") || !is_installed("mcs") {
        return;
    }
    let scratch = Scratch::new("mono");
    let program = scratch.path().join("Echo.exe");
    let built = Command::new("mcs")
        .arg(format!("-out:{}", program.display()))
        .args(["-warnaserror", "-warn:4"])
        .arg(root().join("examples/dotnet/Echo.cs"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let server = Server::plain(by_path).unwrap();
    let port = server.port().to_string();
    for (way, name, configuration) in WAYS {
        let link = scratch.path().join(name);
        symlink(library(), &link).unwrap();
        let map = scratch.path().join("Echo.exe.config");
        fs::write(
            &map,
            format!("<configuration>{configuration}</configuration>"),
        )
        .unwrap();
        let arguments = ["127.0.0.1", &port, "/fragments?size=3", "grüß dich 😀"];
        let printed = run(&mut mono(&program, &arguments));
        assert_eq!(printed, "received: grüß dich 😀\n", "{way}");
        fs::remove_file(&link).unwrap();
        fs::remove_file(&map).unwrap();
    }
    symlink(library(), scratch.path().join("libwinhttp.so")).unwrap();
    for (host, port, path, words) in [
        // Notified.
        (
            "127.0.0.1",
            "1",
            "/echo",
            "12029: cannot connect to 127.0.0.1:1: ",
        ),
        // Of a call inside a callback.
        (
            "127.0.0.1",
            port.as_str(),
            "/status",
            "4317: the server refuses the WebSocket handshake\nHTTP/1.1 200 ",
        ),
        // Of a call before there is anything to notify.
        ("", port.as_str(), "/echo", "12005"),
    ] {
        let process = mono(&program, &[host, port, path, "x"])
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let (status, _, errors) = wait(process);
        assert!(
            errors.starts_with(&format!("failed: error {words}")),
            "{errors}"
        );
        assert_eq!(status.code(), Some(1));
    }
    assert_eq!(server.violations(), []);
}
