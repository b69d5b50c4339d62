//! Values of RFC 7616, 2617 and 2069, and others computed with another implementation (Python's
//! hashlib).

use super::super::tests::challenge;
use super::*;
use crate::auth::offer::Parameters;
use crate::url::host::Host;
use crate::url::{Origin, Scheme};

/// The value for a challenge, a login, the first request with the challenge's nonce.
fn answer(
    parameters: &str,
    login: [&str; 2],
    cnonce: &str,
    (method, target): (&str, &str),
    body: Option<&[u8]>,
) -> Option<Vec<u8>> {
    let challenge = challenge(parameters, true).unwrap();
    let turn = Turn {
        nonce: &challenge.nonce,
        cnonce,
        count: 1,
    };
    let origin = Origin::new(Scheme::Http, &Host::parse("h").unwrap(), 80);
    let sending = Sending {
        origin: &origin,
        method,
        target,
        body,
    };
    let login = Login::new(login[0].to_owned(), login[1].to_owned());
    let value = authorization(&challenge, turn, &login, &sending)?;
    Some(value.expose().to_vec())
}

fn text_of(
    parameters: &str,
    login: [&str; 2],
    cnonce: &str,
    request: (&str, &str),
    body: Option<&[u8]>,
) -> String {
    String::from_utf8(answer(parameters, login, cnonce, request, body).unwrap()).unwrap()
}

#[test]
fn fact_28_5_2_the_examples_of_rfc_7616_in_section_3_9_1() {
    let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    let opaque = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        (
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let parameters = format!(
            "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"{nonce}\", opaque=\"{opaque}\""
        );
        let value = text_of(
            &parameters,
            ["Mufasa", "Circle of Life"],
            cnonce,
            ("GET", "/dir/index.html"),
            None,
        );
        assert_eq!(
            value,
            format!(
                "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", nonce=\"{nonce}\", \
                 uri=\"/dir/index.html\", cnonce=\"{cnonce}\", nc=00000001, \
                 algorithm={algorithm}, response=\"{response}\", qop=auth, opaque=\"{opaque}\""
            )
        );
    }
}

/// With SHA-256 in place of SHA-512-256.
#[test]
fn fact_28_5_2_the_example_of_rfc_7616_in_section_3_9_2() {
    let offered = "realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-256, \
                   nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
                   opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8";
    let value = |parameters: &str| {
        text_of(
            parameters,
            ["Jäsøn Doe", "Secret, or not?"],
            "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            ("GET", "/doe.json"),
            None,
        )
    };
    let response = "response=\"b6d5cb9c3000ea2385250005e294d7132b260b8fd08940d2377373493cee8cc4\"";
    let hashed = value(&format!("{offered}, userhash=true"));
    assert!(hashed.starts_with(
        "Digest username=\"5a1a8a47df5c298551b9b42ba9b05835174a5bd7d511ff7fe9191d8e946fc4e7\", "
    ));
    assert!(hashed.contains(response), "{hashed}");
    assert!(hashed.ends_with(", userhash=true"));
    let extended = value(&format!("{offered}, userhash=false"));
    assert!(extended.starts_with("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, "));
    assert!(extended.contains(response), "{extended}");
    assert!(!extended.contains("userhash"));
    // A server that says nothing of UTF-8 knows nothing of `username*`.
    let plain = value(offered.strip_suffix(", charset=UTF-8").unwrap());
    assert!(
        plain.starts_with("Digest username=\"Jäsøn Doe\", "),
        "{plain}"
    );
}

#[test]
fn fact_28_5_2_the_example_of_rfc_2617_in_section_3_5() {
    let parameters = "realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
                      nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                      opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let value = text_of(
        parameters,
        ["Mufasa", "Circle Of Life"],
        "0a4f113b",
        ("GET", "/dir/index.html"),
        None,
    );
    assert_eq!(
        value,
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
         nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", \
         cnonce=\"0a4f113b\", nc=00000001, response=\"6629fae49393a05397450978507c4ef1\", \
         qop=auth, opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
    );
}

/// With the response of the RFC's erratum.
#[test]
fn fact_28_5_2_the_example_of_rfc_2069_without_qop() {
    let parameters = "realm=\"testrealm@host.com\", \
                      nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"o\"";
    let value = text_of(
        parameters,
        ["Mufasa", "CircleOfLife"],
        "0a4f113b",
        ("GET", "/dir/index.html"),
        None,
    );
    assert_eq!(
        value,
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
         nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", \
         response=\"1949323746fe6a43ef61f9606e7febea\", opaque=\"o\""
    );
}

#[test]
fn fact_28_5_2_each_algorithm_with_each_protection() {
    let table = [
        ("MD5", "", "31e3a8b82029a842eb6d1c7dc349fc86"),
        ("MD5", "auth", "de81eea9845c64f95a37fc799256045d"),
        ("MD5", "auth-int", "e3ae361317d35a1a7b83f358c397c228"),
        ("MD5-sess", "", "eab793eadd04594b610c29fef303447e"),
        ("MD5-sess", "auth", "d8f152d408d19f814266b503fb7b3863"),
        ("MD5-sess", "auth-int", "c4bfa4969186880eb5989d389d16c747"),
        (
            "SHA-256",
            "",
            "0d3ff7b3d45d6d194c2f39ff5abfa5baeb68c4ba411a0d3fac01837d8357a620",
        ),
        (
            "SHA-256",
            "auth",
            "88d8ce2d32b0d4878226f01ba89e32a236f0cbbe703f85cb2142aa1ba1d96f0a",
        ),
        (
            "SHA-256",
            "auth-int",
            "b4e1434340f417c77db419146f6d10acaa43a01b61d3392bfd689a0d26e7c6a9",
        ),
        (
            "SHA-256-sess",
            "",
            "59e8ae295a777675808ff1ba2632cd05a44af1f3c430a2ee7f765d3dc02d21c3",
        ),
        (
            "SHA-256-sess",
            "auth",
            "2aa8f92aa394b3f910689f7adc37fe784b959603844cb5a8ab5efa88eabc5941",
        ),
        (
            "SHA-256-sess",
            "auth-int",
            "ce41416a2f1c0cb2971911bc6b206b40ad6698f00c46f046e13e7507e6a80029",
        ),
    ];
    for (algorithm, qop, response) in table {
        let mut parameters = format!("realm=realm, nonce=nonce, algorithm={algorithm}");
        if !qop.is_empty() {
            write!(parameters, ", qop={qop}").unwrap();
        }
        let value = |body| {
            let request = ("POST", "/p?q");
            answer(&parameters, ["user", "pass"], "c0ffee", request, body)
        };
        let text = String::from_utf8(value(Some(b"body")).unwrap()).unwrap();
        assert!(
            text.contains(&format!("response=\"{response}\"")),
            "{parameters}: {text}"
        );
        let sends_cnonce = !qop.is_empty() || algorithm.ends_with("sess");
        assert_eq!(text.contains("cnonce="), sends_cnonce, "{parameters}");
        assert_eq!(text.contains("nc="), !qop.is_empty(), "{parameters}");
        assert_eq!(value(None).is_none(), qop == "auth-int", "{parameters}");
    }
}

#[test]
fn fact_28_5_2_the_algorithm_is_named_as_the_challenge_names_it() {
    let value = |parameters: &str| text_of(parameters, ["u", "p"], "c", ("GET", "/"), None);
    assert!(value("realm=r, nonce=n, algorithm=md5").contains(", algorithm=md5, "));
    assert!(!value("realm=r, nonce=n").contains("algorithm"));
}

#[test]
fn quotes_and_backslashes_are_escaped_and_hashed_as_they_are() {
    let value = text_of(
        "realm=\"a\\\"b\\\\c\", nonce=\"n\", qop=auth",
        ["DOM\\u\"s", "p"],
        "c0ffee",
        ("GET", "/"),
        None,
    );
    assert!(value.starts_with("Digest username=\"DOM\\\\u\\\"s\", realm=\"a\\\"b\\\\c\", "));
    assert!(
        value.contains("response=\"e71872207041655a0bee748ed83b3725\""),
        "{value}"
    );
}

#[test]
fn line_ends_and_nul_are_not_sent() {
    let parameters = "realm=r, nonce=n, qop=auth";
    let value = |login, target| answer(parameters, login, "c", ("GET", target), None).map(|_| ());
    assert_eq!(value(["u", "p"], "/"), Some(()));
    for bad in ["a\rb", "a\nb", "a\0b"] {
        assert_eq!(value([bad, "p"], "/"), None, "{bad:?}");
        assert_eq!(value(["u", bad], "/"), None, "{bad:?}");
        assert_eq!(value(["u", "p"], bad), None, "{bad:?}");
    }
}

#[test]
fn bytes_of_the_server_that_are_no_text_go_back_as_they_came() {
    let field = b"realm=\"\xff\xe9\", nonce=\"\x80\"";
    let parameters = Parameters::of_info([&field[..]]).unwrap();
    let challenge = DigestChallenge::read(&parameters, false).unwrap();
    let turn = Turn {
        nonce: &challenge.nonce,
        cnonce: "c",
        count: 1,
    };
    let origin = Origin::new(Scheme::Http, &Host::parse("h").unwrap(), 80);
    let sending = Sending {
        origin: &origin,
        method: "GET",
        target: "/",
        body: None,
    };
    let login = Login::new("u".to_owned(), "p".to_owned());
    let value = authorization(&challenge, turn, &login, &sending).unwrap();
    let start = b"Digest username=\"u\", realm=\"\xff\xe9\", nonce=\"\x80\", uri=";
    assert!(value.expose().starts_with(start));
}
