//! Which credentials a redirect takes along: to another port, to another host, from http to https
//! and back (http-behaviours 26.5, 26.9, 28.7.4 and 40.3).

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Connection;
use winhttp_tests::support::credentials::{TOKEN, set};
use winhttp_tests::support::proxy::trusting;
use winhttp_tests::support::schemes::{Place, both_schemes};
use winhttp_tests::support::{set_dword, set_text};
use winhttp_tests::{Client, Handle, scenarios};

const OWN: &str = "Bearer own";

/// Where credentials come from.
#[derive(Clone, Copy, Debug)]
struct Given {
    own_field: bool,
    set: bool,
    options: bool,
}

const ALL: [Given; 4] = [
    given(true, false, false),
    given(false, true, false),
    given(true, true, true),
    given(false, false, true),
];

const fn given(own_field: bool, set: bool, options: bool) -> Given {
    Given {
        own_field,
        set,
        options,
    }
}

/// Asks everybody for a password, whatever they show.
fn asking() -> [Place; 2] {
    both_schemes(|connection: &mut Connection| {
        while connection.read_head()?.is_some() {
            connection.send(
                b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
            )?;
        }
        Ok(())
    })
}

/// Sends everybody there.
fn leading(location: String) -> [Place; 2] {
    both_schemes(move |connection: &mut Connection| {
        while connection.read_head()?.is_some() {
            let head =
                format!("HTTP/1.1 302 Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
            connection.send(head.as_bytes())?;
        }
        Ok(())
    })
}

fn give<W: Unit>(client: &Client<W>, request: Handle, given: Given) {
    if given.own_field {
        let add = c::WINHTTP_ADDREQ_FLAG_ADD;
        let field = format!("Authorization: {OWN}");
        client.add_headers(request, &field, add).unwrap();
    }
    if given.set {
        let (server, basic) = (c::WINHTTP_AUTH_TARGET_SERVER, c::WINHTTP_AUTH_SCHEME_BASIC);
        set::<W>(request, server, basic, Some("user"), Some("pa55word")).unwrap();
    }
    if given.options {
        set_text::<W>(request, c::WINHTTP_OPTION_USERNAME, "user").unwrap();
        set_text::<W>(request, c::WINHTTP_OPTION_PASSWORD, "pa55word").unwrap();
    }
}

/// The values of Authorization that a server has seen.
fn shown(place: &Place) -> Vec<Option<String>> {
    let requests = place.server.requests().into_iter();
    requests
        .map(|request| request.header("Authorization").map(str::to_owned))
        .collect()
}

/// A request to `from`, which leads to `to`.
fn follow<W: Unit>(client: &Client<W>, from: &Place, given: Given, policy: Option<u32>) -> u32 {
    let request = from.request(client, "GET", "/");
    trusting::<W>(request);
    if let Some(policy) = policy {
        set_dword::<W>(request, c::WINHTTP_OPTION_REDIRECT_POLICY, policy).unwrap();
    }
    give(client, request, given);
    client.exchange(request).unwrap();
    client.status_code(request).unwrap()
}

scenarios! {
    fn facts_26_9_and_28_7_4_and_40_3_secrets_stay_where_they_belong<W>(mode) {
        for host in ["127.0.0.1", "localhost"] {
            for index in [0, 1] {
                for given in ALL {
                    let targets = asking();
                    let to = &targets[index];
                    let scheme = if to.is_secure { "https" } else { "http" };
                    for from in leading(format!("{scheme}://{host}:{}/", to.server.port())) {
                        let client = Client::<W>::new(mode);
                        let before = shown(to).len();
                        let policy = Some(c::WINHTTP_OPTION_REDIRECT_POLICY_ALWAYS);
                        let what = format!("{given:?} {} {scheme}://{host}", from.is_secure);
                        assert_eq!(follow(&client, &from, given, policy), 401, "{what}");
                        client.finish();
                        let goes_along = given.own_field && host == "127.0.0.1" && from.is_secure <= to.is_secure;
                        let expected = goes_along.then(|| OWN.to_owned());
                        assert_eq!(shown(to)[before..], [expected], "{what}");
                        let first = match given {
                            Given { own_field: true, .. } => Some(OWN.to_owned()),
                            Given { set: true, .. } => Some(TOKEN.to_owned()),
                            _ => None,
                        };
                        assert_eq!(shown(&from), [first], "{what}");
                    }
                }
            }
        }
    }

    fn fact_26_5_https_is_not_left_unless_that_is_allowed<W>(mode) {
        let targets = asking();
        let [plain, secure] = &targets;
        let to_plain = leading(plain.server.url("/"));
        let to_secure = leading(format!("https://127.0.0.1:{}/", secure.server.port()));
        let client = Client::<W>::new(mode);
        let nothing = given(false, false, false);
        assert_eq!(follow(&client, &to_plain[1], nothing, None), 302);
        let redirects = client.recorder.events().into_iter().filter(|event| event.status == c::WINHTTP_CALLBACK_STATUS_REDIRECT);
        assert_eq!(redirects.count(), 0);
        assert_eq!(shown(plain), [], "nothing has left");
        assert_eq!(follow(&client, &to_secure[0], nothing, None), 401);
        assert_eq!(follow(&client, &to_secure[1], nothing, None), 401);
        assert_eq!(shown(secure), [None, None]);
        client.finish();
    }
}
