//! Cookies that no honest server sends: too many, too large, broken. What is kept has limits, and
//! no answer fails for its cookies.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Server;
use winhttp_tests::support::cookies::{Visit, received, visit};
use winhttp_tests::{Client, answers_each, scenarios};

const NONE: [&str; 0] = [];
const INVALID: u32 = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;

/// A server whose answer has these Set-Cookie lines at `/bad`, and none elsewhere.
fn baking(lines: Vec<Vec<u8>>) -> Server {
    let script = answers_each(move |connection, target, _| {
        let lines = lines.iter().filter(|_| target == "/bad");
        let fields = lines.flat_map(|line| [b"Set-Cookie: ", &**line, b"\r\n"].concat());
        let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_vec();
        answer.extend(fields);
        answer.extend(b"\r\n");
        connection.send(&answer)
    });
    Server::plain(script).unwrap()
}

const BAD: Visit<'_> = Visit {
    host: "127.0.0.1",
    secure: false,
    path: "/bad",
    sets: &[],
};

/// The head of the next request, whose cookies are too long for the harness' query or no ASCII.
fn after<W: Unit>(client: &Client<W>, server: &Server) -> String {
    let request = client.get(server.port(), "/");
    received(client, server, request).text()
}

scenarios! {
    fn fact_27_3_1_a_flood_leaves_the_newest_50<W>(mode) {
        let server = baking((0..1000).map(|number| format!("n{number}={number}").into()).collect());
        let client = Client::<W>::new(mode);
        visit(&client, &server, BAD);
        let newest: Vec<_> = (950..1000).rev().map(|number| format!("n{number}={number}")).collect();
        assert_eq!(visit(&client, &server, Visit::default()), [newest.join("; ")]);
        client.finish();
    }

    fn fact_27_3_1_a_cookie_has_4_kib<W>(mode) {
        let cookie = |name: &str, bytes: usize| format!("{name}={}", "v".repeat(bytes - name.len()));
        let fits = cookie("fits", 4096);
        let lines = [fits.clone(), cookie("large", 4097), "n".repeat(4096) + "=v", "n".repeat(30_000)];
        let server = baking(lines.into_iter().map(String::into_bytes).collect());
        let client = Client::<W>::new(mode);
        visit(&client, &server, BAD);
        assert!(after(&client, &server).contains(&format!("\r\nCookie: {fits}\r\n")));
        client.finish();
    }

    fn all_cookies_of_a_request_have_64_kib<W>(mode) {
        // One at a time, so that no head is too large.
        let value = "v".repeat(4000);
        let client = Client::<W>::new(mode);
        for number in 0..24 {
            let server = baking(vec![format!("n{number:02}={value}").into()]);
            let request = client.get(server.port(), "/bad");
            received(&client, &server, request);
        }
        let server = baking(Vec::new());
        let newest: Vec<_> = (8..24).rev().map(|number| format!("n{number:02}={value}")).collect();
        let expected = format!("\r\nCookie: {}\r\n", newest.join("; "));
        assert!(after(&client, &server).contains(&expected));
        client.finish();
    }

    fn facts_27_3_1_and_8_1_2_broken_attributes_mean_nothing<W>(mode) {
        let long = format!("long=1; Path=/{}", "p".repeat(5000));
        let lines = [
            "date=2; Expires=99 Foo 99999999999999999999 99:99:99 GMT",
            "age=3; Max-Age=99999999999999999999999999",
            "nonsense=4; ;;; = ; =x; Max-Age; Domain; Path; Secured",
            "\u{fc}=\u{e9}",
            &long,
        ];
        let server = baking(lines.iter().map(|line| line.as_bytes().to_vec()).collect());
        let client = Client::<W>::new(mode);
        visit(&client, &server, BAD);
        // Bytes go back as they came.
        let expected = "\r\nCookie: long=1; \u{fc}=\u{e9}; nonsense=4; age=3; date=2\r\n";
        let head = after(&client, &server);
        assert!(head.contains(expected), "{head}");
        client.finish();
    }

    fn control_characters_spoil_the_answer_before_its_cookies_count<W>(mode) {
        for control in [b'\0', b'\r', 0x0b, 0x1b, 0x7f] {
            let bad = [b"a=1".to_vec(), [b"b=2".as_slice(), &[control], b"c"].concat()];
            let server = baking(bad.to_vec());
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/bad");
            assert_eq!(client.exchange(request), Err(INVALID), "{control}");
            assert_eq!(visit(&client, &server, Visit::default()), NONE, "{control}");
            client.finish();
        }
    }
}
