//! Verifies challenges and credentials: what a 401 or 407 offers, what can be set, and that the
//! response is handed over.

use std::ptr::null_mut;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Server;
use winhttp_tests::support::credentials::set;
use winhttp_tests::support::set_text;
use winhttp_tests::{Call, Client, Handle, Mode, answers, call, scenarios, text};

const BASIC: u32 = c::WINHTTP_AUTH_SCHEME_BASIC;
const NTLM: u32 = c::WINHTTP_AUTH_SCHEME_NTLM;
const PASSPORT: u32 = c::WINHTTP_AUTH_SCHEME_PASSPORT;
const DIGEST: u32 = c::WINHTTP_AUTH_SCHEME_DIGEST;
const NEGOTIATE: u32 = c::WINHTTP_AUTH_SCHEME_NEGOTIATE;
const SERVER: u32 = c::WINHTTP_AUTH_TARGET_SERVER;
const PROXY: u32 = c::WINHTTP_AUTH_TARGET_PROXY;
const NO_CHALLENGE: u32 = c::ERROR_INVALID_OPERATION;
const BAD: u32 = c::ERROR_INVALID_PARAMETER;

/// WinHttpQueryAuthSchemes: supported, first, target; untouched where it fails.
fn schemes<W: Unit>(request: Handle) -> Call<(u32, u32, u32)> {
    let [mut supported, mut first, mut target] = [0xdead_u32; 3];
    // SAFETY: the results live through the call.
    let asked = call(unsafe {
        winhttp::WinHttpQueryAuthSchemes::<W>(
            request.raw(),
            &raw mut supported,
            &raw mut first,
            &raw mut target,
        )
    });
    if asked.is_err() {
        assert_eq!([supported, first, target], [0xdead; 3]);
    }
    asked.map(|()| (supported, first, target))
}

/// A peer that answers with this status and these challenges, and a short body.
fn challenging(status: &str, fields: &[&str]) -> Server {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    answers(format!(
        "HTTP/1.1 {status}\r\n{fields}Content-Length: 4\r\n\r\nbody"
    ))
}

/// What a response with these challenges offers.
fn offered<W: Unit>(mode: Mode, status: &str, fields: &[&str]) -> Call<(u32, u32, u32)> {
    let server = challenging(status, fields);
    let client = Client::<W>::new(mode);
    let request = client.get(server.port(), "/");
    client.exchange(request).unwrap();
    let answer = schemes::<W>(request);
    assert_eq!(
        client.body(request),
        Ok(b"body".to_vec()),
        "the response is read as usual"
    );
    client.finish();
    answer
}

scenarios! {
    fn facts_6_2_and_28_2_2_all_known_schemes_and_the_first<W>(mode) {
        let basic = "WWW-Authenticate: Basic realm=\"x\"";
        for (fields, expected) in [
            (&[basic][..], (BASIC, BASIC, SERVER)),
            (&["WWW-Authenticate: Bearer", basic, "www-authenticate: NTLM"], (BASIC | NTLM, BASIC, SERVER)),
            (&["WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM", basic], (NEGOTIATE | NTLM | BASIC, NEGOTIATE, SERVER)),
            (&["WWW-Authenticate: Bearer realm=\"Basic, NTLM\", Digest realm=\"a, NTLM\", nonce=b, basic realm=c"],
                (DIGEST | BASIC, DIGEST, SERVER)),
            (&["WWW-Authenticate: Passport1.4 da-status=failed"], (PASSPORT, PASSPORT, SERVER)),
            // What the other field says is not asked.
            (&[basic, "Proxy-Authenticate: NTLM"], (BASIC, BASIC, SERVER)),
        ] {
            assert_eq!(offered::<W>(mode, "401 Unauthorized", fields), Ok(expected), "{fields:?}");
        }
        let proxy = ["Proxy-Authenticate: NTLM", "Proxy-Authenticate: Basic realm=x", basic];
        let expected = (NTLM | BASIC, NTLM, PROXY);
        assert_eq!(offered::<W>(mode, "407 Proxy Authentication Required", &proxy), Ok(expected));
    }

    fn facts_6_1_and_28_2_3_what_is_no_challenge<W>(mode) {
        let basic = "WWW-Authenticate: Basic realm=\"x\"";
        for (status, fields) in [
            ("401 Unauthorized", &[][..]),
            ("401 Unauthorized", &["WWW-Authenticate: Bearer, Hawk"]),
            ("401 Unauthorized", &["Proxy-Authenticate: Basic"]),
            ("407 Proxy Authentication Required", &[basic]),
            ("200 OK", &[basic]),
            ("403 Forbidden", &[basic]),
        ] {
            assert_eq!(offered::<W>(mode, status, fields), Err(NO_CHALLENGE), "{status} {fields:?}");
        }
        let server = challenging("401 Unauthorized", &[basic]);
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        assert_eq!(schemes::<W>(request), Err(NO_CHALLENGE), "not sent");
        client.send(request).unwrap();
        assert_eq!(schemes::<W>(request), Err(NO_CHALLENGE), "not received");
        client.receive(request).unwrap();
        assert!(schemes::<W>(request).is_ok());
        assert_eq!(schemes::<W>(client.session), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        assert_eq!(schemes::<W>(Handle::NULL), Err(c::ERROR_INVALID_HANDLE));

        let mut place = 0xdead_u32;
        for missing in 0..3 {
            let mut places = [&raw mut place; 3];
            places[missing] = null_mut();
            let [supported, first, target] = places;
            // SAFETY: the results are NULL or live through the call.
            let asked = call(unsafe {
                winhttp::WinHttpQueryAuthSchemes::<W>(request.raw(), supported, first, target)
            });
            assert_eq!(asked, Err(BAD));
        }
        assert_eq!(place, 0xdead);
        client.finish();
    }

    fn fact_6_3_and_functions_3_12_credentials_are_checked_and_kept<W>(mode) {
        let client = Client::<W>::new(mode);
        let request = client.get(80, "/");
        let set = |target, scheme, user, password| set::<W>(request, target, scheme, user, password);
        for target in [SERVER, PROXY] {
            for scheme in [BASIC, DIGEST] {
                assert_eq!(set(target, scheme, Some("user"), Some("password")), Ok(()));
                assert_eq!(set(target, scheme, Some("DOMAIN\\\u{fc}ser"), Some("")), Ok(()));
                for (user, password) in [(None, None), (Some("user"), None), (None, Some("p")), (Some(""), Some("p"))] {
                    assert_eq!(set(target, scheme, user, password), Err(BAD), "{scheme} {user:?} {password:?}");
                }
            }
            for scheme in [NTLM, PASSPORT, NEGOTIATE] {
                for (user, password) in [(None, None), (Some(""), Some("")), (Some("user"), Some("password"))] {
                    assert_eq!(set(target, scheme, user, password), Ok(()), "{scheme} {user:?}");
                }
            }
        }
        for scheme in [0, BASIC | NTLM, 0x20, u32::MAX] {
            assert_eq!(set(SERVER, scheme, Some("user"), Some("password")), Err(BAD), "{scheme:#x}");
        }
        for target in [2, 3, u32::MAX] {
            assert_eq!(set(target, NTLM, None, None), Err(BAD), "{target}");
        }
        let user = text::<W>("user");
        let parameters = user.as_ptr().cast_mut().cast();
        // SAFETY: the texts live through the call.
        let result = call(unsafe {
            winhttp::WinHttpSetCredentials::<W>(
                request.raw(),
                SERVER,
                BASIC,
                user.as_ptr(),
                user.as_ptr(),
                parameters,
            )
        });
        assert_eq!(result, Err(BAD));
        let wrong = super::set::<W>(client.session, SERVER, NTLM, None, None);
        assert_eq!(wrong, Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        assert_eq!(super::set::<W>(Handle::NULL, SERVER, NTLM, None, None), Err(c::ERROR_INVALID_HANDLE));
        // They are not the options of the same meaning.
        assert_eq!(client.get_option(request, c::WINHTTP_OPTION_USERNAME), Ok(vec![]));
        client.finish();
    }

    fn fact_28_1_6_global_credentials_need_a_switch_of_the_system<W>(mode) {
        let client = Client::<W>::new(mode);
        for option in [c::WINHTTP_OPTION_GLOBAL_PROXY_CREDS, c::WINHTTP_OPTION_GLOBAL_SERVER_CREDS] {
            let refused = client.put_option(Handle::NULL, option, &[0; 56]);
            assert_eq!(refused, Err(c::ERROR_WINHTTP_INVALID_OPTION), "{option}");
        }
        client.finish();
    }

    /// Whatever the program has said of proxies and servers: a 407 without a proxy is a response
    /// like any other. Basic for the server leaves unasked, with or without one.
    fn facts_28_7_3_and_28_7_4_a_407_of_a_server_is_answered_with_nothing<W>(mode) {
        let asking = [
            "Proxy-Authenticate: Basic realm=x, Digest realm=y, nonce=z",
            "WWW-Authenticate: Basic realm=x, Digest realm=y, nonce=z",
        ];
        let token = Some("Basic dXNlcjpwYTU1d29yZA==");
        for (given, has_options, sent) in [
            (&[(PROXY, BASIC)][..], true, None),
            (&[(PROXY, DIGEST), (SERVER, DIGEST)], true, None),
            (&[(PROXY, BASIC), (SERVER, BASIC)], true, token),
            (&[(PROXY, BASIC), (SERVER, BASIC)], false, token),
            (&[], true, None),
        ] {
            let server = challenging("407 Proxy Authentication Required", &asking);
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/");
            for (target, scheme) in given {
                assert_eq!(set::<W>(request, *target, *scheme, Some("user"), Some("pa55word")), Ok(()));
            }
            if has_options {
                for name in [c::WINHTTP_OPTION_USERNAME, c::WINHTTP_OPTION_PROXY_USERNAME] {
                    set_text::<W>(request, name, "user").unwrap();
                }
                for password in [c::WINHTTP_OPTION_PASSWORD, c::WINHTTP_OPTION_PROXY_PASSWORD] {
                    set_text::<W>(request, password, "pa55word").unwrap();
                }
            }
            assert_eq!(client.exchange(request), Ok(()), "{given:?}");
            assert_eq!(client.status_code(request), Ok(407));
            assert_eq!(client.body(request), Ok(b"body".to_vec()), "{given:?}");
            assert_eq!(schemes::<W>(request), Ok((BASIC | DIGEST, BASIC, PROXY)));
            client.finish();
            let [seen] = &server.requests()[..] else {
                panic!("{given:?}: {:?}", server.requests());
            };
            assert_eq!((seen.header("Authorization"), seen.header("Proxy-Authorization")), (sent, None), "{given:?}");
            assert_eq!(server.connections(), 1);
        }
    }

    /// A program that has its own field, or none that a server asks for, gives nobody a password.
    fn fact_28_7_3_what_is_not_answered_gives_no_password_away<W>(mode) {
        for (code, status, field) in [
            (401, "401 Unauthorized", "WWW-Authenticate: Basic realm=x, Digest realm=y, nonce=z, NTLM, Negotiate"),
            (407, "407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=x, NTLM, Negotiate"),
        ] {
            let server = challenging(status, &[field]);
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/");
            for target in [SERVER, PROXY] {
                for scheme in [BASIC, DIGEST, NTLM, NEGOTIATE] {
                    assert_eq!(set::<W>(request, target, scheme, Some("user"), Some("pa55word")), Ok(()));
                }
            }
            client.add_headers(request, "Authorization: Bearer my-own", c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
            assert_eq!(client.exchange(request), Ok(()), "{status}");
            assert_eq!(client.status_code(request), Ok(code));
            assert_eq!(client.body(request), Ok(b"body".to_vec()), "{status}");
            client.finish();
            let [seen] = &server.requests()[..] else {
                panic!("{status}: {:?}", server.requests());
            };
            assert_eq!(seen.values("Authorization").collect::<Vec<_>>(), ["Bearer my-own"]);
            assert_eq!(seen.header("Proxy-Authorization"), None);
            for secret in ["pa55word", "dXNlcjpwYTU1d29yZA"] {
                assert!(!seen.text().contains(secret), "{}", seen.text());
            }
        }
    }
}

#[test]
fn credentials_wait_for_the_operation_under_way() {
    let silent = Server::plain(|connection| {
        connection.read_head()?;
        connection.hold("").map(|_| ())
    });
    let server = silent.unwrap();
    let client = Client::<u16>::new(Mode::Async);
    let request = client.get(server.port(), "/");
    client.send(request).unwrap();
    client.start_receive(request).unwrap();
    let busy = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE);
    assert_eq!(set::<u16>(request, SERVER, NTLM, None, None), busy);
    client.finish();
}
