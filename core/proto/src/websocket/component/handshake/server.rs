//! A server's handshake: the check of the request, and the answer.

use super::super::super::handshake::{accept_for, is_client_key};
use super::super::error::ComponentError;
use super::fields::{
    EXTENSIONS, Field, HandshakeFields, SUBPROTOCOL, VERSION, check_names, check_upgrades,
    extension_name, extension_names, is_extension, is_token, list, members, only_value, values,
};

/// The response's fields to a request (RFC 6455 §4.2).
pub(in super::super) fn respond(
    request: &[Field<'_>],
    subprotocol: Option<&[u8]>,
    extensions: &[Vec<u8>],
) -> Result<HandshakeFields, ComponentError> {
    check_names(request)?;
    let key = check_request(request)?;
    check_selection(request, subprotocol, extensions)?;

    let mut fields = vec![
        ("Sec-WebSocket-Accept", accept_for(key).as_bytes().to_vec()),
        ("Connection", b"Upgrade".to_vec()),
        ("Upgrade", b"websocket".to_vec()),
    ];
    if let Some(name) = subprotocol {
        fields.push((SUBPROTOCOL, name.to_vec()));
    }
    if !extensions.is_empty() {
        fields.push((EXTENSIONS, list(extensions)));
    }
    Ok(fields)
}

/// What RFC 6455 §4.2.1 asks of a request's fields, and the key.
fn check_request<'a>(request: &[Field<'a>]) -> Result<&'a str, ComponentError> {
    values(request, "Host")
        .next()
        .ok_or(ComponentError::HandshakeMalformed)?;
    check_upgrades(request)?;
    let key = only_value(request, "Sec-WebSocket-Key")?;
    let key = std::str::from_utf8(key).map_err(|_| ComponentError::HandshakeMalformed)?;
    if !is_client_key(key) {
        return Err(ComponentError::HandshakeMalformed);
    }
    if only_value(request, "Sec-WebSocket-Version")? != VERSION.as_bytes() {
        return Err(ComponentError::VersionNotSupported);
    }
    Ok(key)
}

/// A server selects among what the client offered.
fn check_selection(
    request: &[Field<'_>],
    subprotocol: Option<&[u8]>,
    extensions: &[Vec<u8>],
) -> Result<(), ComponentError> {
    if let Some(name) = subprotocol
        && !(is_token(name) && members(request, SUBPROTOCOL).any(|offered| offered == name))
    {
        return Err(ComponentError::SubprotocolNotSupported);
    }
    for extension in extensions {
        if !is_extension(extension) {
            return Err(ComponentError::InvalidArgument);
        }
        if !extension_names(request).any(|offered| offered == extension_name(extension)) {
            return Err(ComponentError::ExtensionsNotSupported);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 7] = [
        ("host", "example"),
        ("UPGRADE", "WebSocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-key", " dGhlIHNhbXBsZSBub25jZQ==\t"),
        ("sec-websocket-version", "13"),
        (SUBPROTOCOL, "chat, superchat"),
        (EXTENSIONS, "permessage-deflate; client_max_window_bits, x"),
    ];

    fn answer(
        request: &[(&str, &str)],
        subprotocol: Option<&str>,
        extensions: &[&str],
    ) -> Result<Vec<(&'static str, String)>, ComponentError> {
        let fields: Vec<_> = request
            .iter()
            .map(|(name, value)| Field {
                name: name.as_bytes(),
                value: value.as_bytes(),
            })
            .collect();
        let extensions: Vec<_> = extensions
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let fields = respond(&fields, subprotocol.map(str::as_bytes), &extensions)?;
        let text = |value| String::from_utf8(value).unwrap();
        Ok(fields
            .into_iter()
            .map(|(name, value)| (name, text(value)))
            .collect())
    }

    #[test]
    fn a_response_has_what_was_selected_and_no_more() {
        let accept = (
            "Sec-WebSocket-Accept",
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned(),
        );
        let plain = answer(&GOOD, None, &[]).unwrap();
        assert_eq!(
            plain,
            [
                accept,
                ("Connection", "Upgrade".into()),
                ("Upgrade", "websocket".into())
            ]
        );
        let selected = answer(&GOOD, Some("superchat"), &["x; y=1", "permessage-deflate"]).unwrap();
        assert_eq!(
            selected[3..],
            [
                (SUBPROTOCOL, "superchat".to_owned()),
                (EXTENSIONS, "x; y=1, permessage-deflate".to_owned()),
            ]
        );
    }

    #[test]
    fn only_what_was_offered_can_be_selected() {
        let mut request = GOOD.to_vec();
        request[5].1 = "a\r\nb";
        let refused = Err(ComponentError::SubprotocolNotSupported);
        assert_eq!(answer(&request, Some("a\r\nb"), &[]), refused);
        for name in ["other", "", "Chat", "chat, superchat"] {
            let result = answer(&GOOD, Some(name), &[]);
            assert_eq!(result, Err(ComponentError::SubprotocolNotSupported));
        }
        assert_eq!(
            answer(&GOOD, None, &["y"]),
            Err(ComponentError::ExtensionsNotSupported)
        );
        assert_eq!(
            answer(&GOOD, None, &["x\r\ny: z"]),
            Err(ComponentError::InvalidArgument)
        );
    }

    #[test]
    fn requests_that_are_malformed() {
        use ComponentError::{HandshakeMalformed, VersionNotSupported};
        type Fields<'a> = &'a [(&'a str, &'a str)];
        let cases: &[(usize, Fields<'_>, ComponentError)] = &[
            (0, &[], HandshakeMalformed),
            (1, &[], HandshakeMalformed),
            (1, &[("Upgrade", "websockets")], HandshakeMalformed),
            (2, &[], HandshakeMalformed),
            (2, &[("Connection", "close")], HandshakeMalformed),
            (3, &[], HandshakeMalformed),
            (3, &[GOOD[3], GOOD[3]], HandshakeMalformed),
            (
                3,
                &[("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==\n")],
                HandshakeMalformed,
            ),
            (
                3,
                &[("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAA")],
                HandshakeMalformed,
            ),
            (
                3,
                &[("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ")],
                HandshakeMalformed,
            ),
            (
                3,
                &[("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSEh")],
                HandshakeMalformed,
            ),
            (
                3,
                &[("Sec-WebSocket-Key", "!Ghl!HNhbXBsZSBub25jZQ==")],
                HandshakeMalformed,
            ),
            (4, &[], HandshakeMalformed),
            (4, &[GOOD[4], GOOD[4]], HandshakeMalformed),
            (4, &[("Sec-WebSocket-Version", "8")], VersionNotSupported),
            (
                4,
                &[("Sec-WebSocket-Version", "13, 8")],
                VersionNotSupported,
            ),
            (0, &[("Ho:st", "x")], ComponentError::InvalidArgument),
            (0, &[("", "x")], ComponentError::InvalidArgument),
        ];
        for (at, with, error) in cases {
            let mut request = GOOD.to_vec();
            request.splice(at..=at, with.iter().copied());
            assert_eq!(answer(&request, None, &[]), Err(*error), "{with:?}");
        }
    }

    #[test]
    fn the_last_character_of_a_key_may_have_bits_that_mean_nothing() {
        let mut request = GOOD.to_vec();
        request[3].1 = "dGhlIHNhbXBsZSBub25jZR==";
        assert!(answer(&request, None, &[]).is_ok());
        request[3].1 = "AAAAAAAAAAAAAAAAAAAAAA==";
        assert_eq!(
            answer(&request, None, &[]).unwrap()[0].1,
            "ICX+Yqv66kxgM0FcWaLWlFLwTAI="
        );
    }
}
