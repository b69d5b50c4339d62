//! Structures with wrong sizes, missing parts and invalid text, as
//! [bad_arguments](bad_arguments.rs) for the functions that take URL_COMPONENTS,
//! WINHTTP_EXTENDED_HEADER, credentials and proxy structures.

use std::ptr::{null, null_mut};

use winhttp::*;
use winhttp_abi::constants as c;
use winhttp_abi::types::{
    AutoproxyOptions, EitherString, ExtendedHeader, ProxyInfo, UrlComponents,
};
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::{close_for_good, request};
use winhttp_tests::{Call, Client, Handle, Mode, call, status, text};

const INVALID: u32 = c::ERROR_INVALID_PARAMETER;
const UNTOUCHED: u32 = 0xdead_beef;

/// Empty components of the right size.
fn components<W>() -> UrlComponents<W> {
    UrlComponents {
        dw_struct_size: u32::try_from(size_of::<UrlComponents<W>>()).unwrap(),
        lpsz_scheme: null_mut(),
        dw_scheme_length: 0,
        n_scheme: 0,
        lpsz_host_name: null_mut(),
        dw_host_name_length: 0,
        n_port: 0,
        lpsz_user_name: null_mut(),
        dw_user_name_length: 0,
        lpsz_password: null_mut(),
        dw_password_length: 0,
        lpsz_url_path: null_mut(),
        dw_url_path_length: 0,
        lpsz_extra_info: null_mut(),
        dw_extra_info_length: 0,
    }
}

fn facts_8_2_crack_url<W: Unit>() {
    let url = text::<W>("http://host:8080/path?query");
    let crack = |url: *const W, length: u32, parts: *mut UrlComponents<W>| {
        // SAFETY: the pointers are NULL or to locals; the length is not beyond the text.
        call(unsafe { WinHttpCrackUrl::<W>(url, length, 0, parts) })
    };
    let mut parts = components::<W>();
    assert_eq!(crack(null(), 0, &raw mut parts), Err(INVALID));
    assert_eq!(crack(url.as_ptr(), 0, null_mut()), Err(INVALID));
    for size in [
        0,
        4,
        parts.dw_struct_size - 1,
        parts.dw_struct_size + 8,
        u32::MAX,
    ] {
        let mut parts = UrlComponents {
            dw_struct_size: size,
            n_port: 7,
            ..components()
        };
        assert_eq!(
            crack(url.as_ptr(), 0, &raw mut parts),
            Err(INVALID),
            "size {size}"
        );
        assert_eq!(parts.n_port, 7);
    }
    // Fact 8.2.3: a pointer with length 0, and nothing is changed at all.
    let mut room = [W::narrow(0x7e); 4];
    let place = (&raw mut room).cast::<W>();
    let mut wrong = UrlComponents {
        lpsz_host_name: place,
        dw_url_path_length: 1,
        ..components()
    };
    assert_eq!(crack(url.as_ptr(), 0, &raw mut wrong), Err(INVALID));
    assert_eq!(
        (wrong.n_port, wrong.lpsz_url_path, room),
        (0, null_mut(), [W::narrow(0x7e); 4])
    );
    // Fact 8.2.1: too small a buffer tells the size with terminator; one that fits is filled all
    // the same.
    let mut path = [W::narrow(0x7e); 16];
    let mut small = UrlComponents {
        lpsz_host_name: place,
        dw_host_name_length: 4,
        lpsz_url_path: (&raw mut path).cast(),
        dw_url_path_length: 16,
        dw_extra_info_length: 1,
        ..components()
    };
    assert_eq!(
        crack(url.as_ptr(), 0, &raw mut small),
        Err(c::ERROR_INSUFFICIENT_BUFFER)
    );
    assert_eq!(
        (small.dw_host_name_length, small.dw_url_path_length),
        (5, 5)
    );
}

fn fact_8_2_5_urls_that_are_none<W: Unit>() {
    for (bad, error) in [
        ("http://", c::ERROR_WINHTTP_INVALID_URL),
        ("http:/www.x.org", c::ERROR_WINHTTP_INVALID_URL),
        ("HTTP:www.x.org", c::ERROR_WINHTTP_INVALID_URL),
        ("http://host:65536/", c::ERROR_WINHTTP_INVALID_URL),
        ("", c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME),
        ("www", c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME),
        ("ws://host/", c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME),
    ] {
        let mut parts = UrlComponents {
            n_port: 7,
            dw_host_name_length: 1,
            ..components()
        };
        // SAFETY: the text is terminated and the structure a local.
        let result =
            call(unsafe { WinHttpCrackUrl::<W>(text::<W>(bad).as_ptr(), 0, 0, &raw mut parts) });
        assert_eq!(result, Err(error), "{bad}");
    }
}

fn facts_8_3_create_url<W: Unit>() {
    let mut host = text::<W>("host");
    let good = UrlComponents {
        lpsz_host_name: host.as_mut_ptr(),
        n_scheme: c::INTERNET_SCHEME_HTTP,
        n_port: 80,
        ..components()
    };
    let (mut url, mut length) = ([W::narrow(0x7e); 64], 64);
    let place = (&raw mut url).cast::<W>();
    let create = |parts: *const UrlComponents<W>, url: *mut W, length: *mut u32| {
        // SAFETY: the pointers are NULL or to locals as large as the length says.
        call(unsafe { WinHttpCreateUrl::<W>(parts, 0, url, length) })
    };
    assert_eq!(create(null(), place, &raw mut length), Err(INVALID));
    assert_eq!(create(&raw const good, place, null_mut()), Err(INVALID));
    for size in [0, good.dw_struct_size - 1, good.dw_struct_size + 1] {
        let wrong = UrlComponents {
            dw_struct_size: size,
            ..good
        };
        assert_eq!(
            create(&raw const wrong, place, &raw mut length),
            Err(INVALID),
            "size {size}"
        );
    }
    let mut password = text::<W>("secret");
    let no_user = UrlComponents {
        lpsz_password: password.as_mut_ptr(),
        ..good
    };
    assert_eq!(
        create(&raw const no_user, place, &raw mut length),
        Err(INVALID),
        "fact 8.3.4"
    );
    // Fact 8.3.2.
    assert_eq!(
        create(&raw const good, null_mut(), &raw mut length),
        Err(INVALID)
    );
    assert_eq!((length, url), (64, [W::narrow(0x7e); 64]));
    let needed = u32::try_from("http://host".len() + 1).unwrap();
    for (buffer, given) in [(null_mut(), 0), (place, 0), (place, needed - 1)] {
        length = given;
        let result = create(&raw const good, buffer, &raw mut length);
        assert_eq!(
            (result, length),
            (Err(c::ERROR_INSUFFICIENT_BUFFER), needed)
        );
        assert_eq!(url, [W::narrow(0x7e); 64]);
    }
    length = needed;
    assert_eq!(create(&raw const good, place, &raw mut length), Ok(()));
    assert_eq!(length, needed - 1);
}

#[test]
fn facts_8_2_and_8_3_urls_utf16() {
    facts_8_2_crack_url::<u16>();
    fact_8_2_5_urls_that_are_none::<u16>();
    facts_8_3_create_url::<u16>();
}

#[test]
fn facts_8_2_and_8_3_urls_wchar32() {
    facts_8_2_crack_url::<u32>();
    fact_8_2_5_urls_that_are_none::<u32>();
    facts_8_3_create_url::<u32>();
}

fn extended_headers<W: Unit>(mode: Mode) {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::new(mode);
    let handle = request(
        &client,
        "127.0.0.1",
        server.port(),
        "/status?header=X-Text:value",
        0,
    );
    let (name, value) = (text::<W>("X-Good"), text::<W>("1"));
    let lone = [W::narrow(0xd834), W::default()];
    let (colon, line) = (text::<W>("a:b"), text::<W>("a\r\nX-Smuggled: 1"));
    let pair = |name: *const W, value: *const W| ExtendedHeader {
        name: EitherString::from_wide(name),
        value: EitherString::from_wide(value),
    };
    let add = |flags: u64, extra: u64, count: u32, pairs: *const ExtendedHeader<W>| -> Call<()> {
        let modifiers = c::WINHTTP_ADDREQ_FLAG_ADD;
        // SAFETY: the array is NULL or has as many pairs as said, of terminated locals.
        status(unsafe {
            WinHttpAddRequestHeadersEx::<W>(handle.raw(), modifiers, flags, extra, count, pairs)
        })
    };
    let good = pair(name.as_ptr(), value.as_ptr());
    assert_eq!(add(1, 0, 1, null()), Err(INVALID));
    assert_eq!(
        add(2, 0, 1, &raw const good),
        Err(INVALID),
        "an unknown flag"
    );
    assert_eq!(add(1, 1, 1, &raw const good), Err(INVALID), "ullExtra");
    for bad in [
        pair(null(), value.as_ptr()),
        pair(name.as_ptr(), null()),
        pair(lone.as_ptr(), value.as_ptr()),
        pair(name.as_ptr(), lone.as_ptr()),
        pair(colon.as_ptr(), value.as_ptr()),
        pair(name.as_ptr(), line.as_ptr()),
        pair([W::default()].as_ptr(), value.as_ptr()),
    ] {
        // A good pair before the bad one is not added either.
        assert_eq!(add(1, 0, 2, [good, bad].as_ptr()), Err(INVALID));
    }
    let level = c::WINHTTP_QUERY_CUSTOM | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
    let missing = Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND);
    assert_eq!(client.query(handle, level, Some("X-Good")), missing);
    assert_eq!(add(1, 0, 1, &raw const good), Ok(()));
    assert_eq!(
        client.query(handle, level, Some("X-Good")).as_deref(),
        Ok("1")
    );
    query_extended(&client, handle);
    close_for_good(&client, handle);
    client.close(client.session).unwrap();
}

fn query_extended<W: Unit>(client: &Client<W>, handle: Handle) {
    client.exchange(handle).unwrap();
    let (mut buffer, mut length, mut count) = ([UNTOUCHED; 16], 64, UNTOUCHED);
    let mut list = null_mut();
    let place = (&raw mut buffer).cast();
    let raw = c::WINHTTP_QUERY_RAW_HEADERS;
    let query = |level: u32, flags: u64, length: *mut u32, list: *mut _, count: *mut u32| {
        // SAFETY: the results are NULL or locals as large as said.
        status(unsafe {
            WinHttpQueryHeadersEx::<W>(
                handle.raw(),
                level,
                flags,
                0,
                null_mut(),
                null(),
                place,
                length,
                list,
                count,
            )
        })
    };
    assert_eq!(
        query(raw, 1, &raw mut length, &raw mut list, &raw mut count),
        Err(INVALID)
    );
    assert_eq!(
        query(raw, 0, null_mut(), &raw mut list, &raw mut count),
        Err(INVALID)
    );
    assert_eq!(
        query(raw, 0, &raw mut length, null_mut(), &raw mut count),
        Err(INVALID)
    );
    assert_eq!(
        query(raw, 0, &raw mut length, &raw mut list, null_mut()),
        Err(INVALID)
    );
    assert_eq!((length, count, list), (64, UNTOUCHED, null_mut()));
    let small = query(raw, 0, &raw mut length, &raw mut list, &raw mut count);
    assert_eq!(small, Err(c::ERROR_INSUFFICIENT_BUFFER));
    assert!(length > 64);
    assert_eq!(
        (buffer, count, list),
        ([UNTOUCHED; 16], UNTOUCHED, null_mut())
    );
}

#[test]
fn extended_headers_are_all_or_nothing() {
    for mode in [Mode::Sync, Mode::Async] {
        extended_headers::<u16>(mode);
        extended_headers::<u32>(mode);
    }
}

/// Facts 6.3 and functions 3.12: exactly one target and one known scheme, and both texts where the
/// scheme needs them.
#[test]
fn fact_6_3_credentials_are_checked() {
    let client = Client::<u16>::new(Mode::Sync);
    let handle = request(&client, "localhost", 80, "/", 0);
    let name = text::<u16>("alice");
    let (alice, none) = (name.as_ptr(), null());
    let lone = [0xd834_u16, 0];
    let (basic, digest) = (c::WINHTTP_AUTH_SCHEME_BASIC, c::WINHTTP_AUTH_SCHEME_DIGEST);
    for (target, scheme, user, password) in [
        (2, basic, alice, alice),
        (u32::MAX, basic, alice, alice),
        (0, 0, alice, alice),
        (0, basic | digest, alice, alice),
        (0, 0x8000_0000, alice, alice),
        (0, basic, none, none),
        (0, basic, alice, none),
        (0, basic, none, alice),
        (0, digest, none, none),
        (0, basic, lone.as_ptr(), alice),
        (0, basic, alice, lone.as_ptr()),
    ] {
        // SAFETY: the texts are NULL or terminated locals.
        let result = call(unsafe {
            WinHttpSetCredentials::<u16>(handle.raw(), target, scheme, user, password, null_mut())
        });
        assert_eq!(result, Err(INVALID), "target {target}, scheme {scheme:#x}");
    }
    close_for_good(&client, handle);
    client.close(client.session).unwrap();
}

/// Facts 8.4: the argument checks of the proxy functions.
#[test]
fn facts_8_4_proxy_functions_check_their_arguments() {
    let client = Client::<u16>::new(Mode::Sync);
    let url = text::<u16>("http://host/");
    let options = |flags: u32, detect: u32| AutoproxyOptions::<u16> {
        dw_flags: flags,
        dw_auto_detect_flags: detect,
        lpsz_auto_config_url: null(),
        lpv_reserved: null_mut(),
        dw_reserved: 0,
        f_auto_logon_if_challenged: 0,
    };
    let filled = || ProxyInfo::<u16> {
        dw_access_type: 99,
        lpsz_proxy: null_mut(),
        lpsz_proxy_bypass: null_mut(),
    };
    let mut info = filled();
    let place = &raw mut info;
    let (detect, configured) = (
        c::WINHTTP_AUTOPROXY_AUTO_DETECT,
        c::WINHTTP_AUTOPROXY_CONFIG_URL,
    );
    let (good, nothing) = (options(detect, 1), options(0, 0));
    let (nowhere, no_url) = (options(detect, 0), options(configured, 0));
    let half = options(detect | configured, 1);
    for (url, options, result) in [
        (null(), &raw const good, place),
        (url.as_ptr(), null(), place),
        (url.as_ptr(), &raw const good, null_mut()),
        (url.as_ptr(), &raw const nothing, place),
        (url.as_ptr(), &raw const nowhere, place),
        (url.as_ptr(), &raw const no_url, place),
        (url.as_ptr(), &raw const half, place),
    ] {
        // SAFETY: the pointers are NULL or to locals.
        let result = call(unsafe {
            WinHttpGetProxyForUrl::<u16>(client.session.raw(), url, options, result)
        });
        assert_eq!(result, Err(INVALID));
    }
    let mut found = null_mut();
    // SAFETY: the pointers are NULL or to locals.
    let none = call(unsafe { WinHttpDetectAutoProxyConfigUrl::<u16>(0, &raw mut found) });
    assert_eq!(none, Err(INVALID), "fact 8.4.2");
    // SAFETY: as above.
    let nowhere = call(unsafe { WinHttpDetectAutoProxyConfigUrl::<u16>(1, null_mut()) });
    assert_eq!(nowhere, Err(INVALID));
    // SAFETY: as above.
    let ie = call(unsafe { WinHttpGetIEProxyConfigForCurrentUser::<u16>(null_mut()) });
    assert_eq!(ie, Err(INVALID), "fact 8.4.3");
    // SAFETY: as above.
    let machine = call(unsafe { WinHttpGetDefaultProxyConfiguration::<u16>(null_mut()) });
    assert_eq!(machine, Err(INVALID));
    let mut foreign = text::<u16>("pr\u{f6}xy:8080");
    for wrong in [
        filled(),
        ProxyInfo {
            dw_access_type: c::WINHTTP_ACCESS_TYPE_NAMED_PROXY,
            ..filled()
        },
        ProxyInfo {
            dw_access_type: c::WINHTTP_ACCESS_TYPE_NAMED_PROXY,
            lpsz_proxy: foreign.as_mut_ptr(),
            ..filled()
        },
    ] {
        // SAFETY: the structure and its texts are locals.
        let result = call(unsafe { WinHttpSetDefaultProxyConfiguration::<u16>(&raw const wrong) });
        assert_eq!(result, Err(INVALID), "fact 8.4.1");
    }
    assert_eq!(info.dw_access_type, 99);
    client.close(client.session).unwrap();
}
