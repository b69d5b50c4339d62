//! The handshake of libwebsocket in both roles, with header fields that may be missing, double,
//! oversized, misshapen, or without pointers: accepted or refused as the rules below say, read from
//! RFC 6455 and websocket.h.
//!
//! Input: role, what is offered or selected, then header fields. Every text lies alone in memory of
//! exactly its size.

use core::ffi::c_char;
use core::ptr;
use std::ffi::CString;

use winhttp_abi::constants as c;
use winhttp_abi::types::HttpHeader;
use winhttp_proto::websocket::accept_for;

use crate::input::Input;
use crate::judge::handshake::{Headers, REQUEST, handed_out};
use crate::judge::{Judge, Role, S_OK, Setup, f};

mod rules;

use rules::{Field, extension_name, request, response};

const FIELDS_MAX: usize = 12;
const GOOD_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    if input.flag() {
        server(&mut input);
    } else {
        client(&mut input);
    }
}

fn judge(role: Role) -> Judge {
    Judge::new(Setup {
        role,
        receive_size: 256,
        send_size: 16,
        allocated: false,
        masking_off: false,
        verification_off: false,
    })
}

/// Terminated texts, and an array of them.
struct Texts {
    texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Texts {
    fn read(input: &mut Input<'_>, known: &[&str]) -> Self {
        let count = input.below(4);
        let texts: Vec<CString> = (0..count).map(|_| text(input, known)).collect();
        let pointers = texts.iter().map(|text| text.as_ptr()).collect();
        Self { texts, pointers }
    }

    fn bytes(&self) -> Vec<Vec<u8>> {
        self.texts
            .iter()
            .map(|text| text.to_bytes().to_vec())
            .collect()
    }
}

fn text(input: &mut Input<'_>, known: &[&str]) -> CString {
    let choice = usize::from(input.byte());
    let bytes = match known.get(choice % (known.len() + 1)) {
        Some(known) => known.as_bytes().to_vec(),
        None => input
            .short()
            .iter()
            .copied()
            .filter(|&byte| byte != 0)
            .collect(),
    };
    CString::new(bytes).unwrap()
}

const SUBPROTOCOLS: [&str; 3] = ["chat", "superchat", "a"];
const EXTENSIONS: [&str; 4] = ["permessage-deflate", "a; p=1", "b", "a"];
const NAMES: [&str; 9] = [
    "Host",
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "X-Other",
];
const VALUES: [&str; 15] = [
    "websocket",
    "Upgrade",
    "keep-alive, upgrade",
    "13",
    "8",
    GOOD_KEY,
    "",
    "chat",
    "superchat, chat",
    "b",
    "a; p=1, b",
    "permessage-deflate; x=\"y\", a",
    "WebSocket/13",
    ",, ,",
    "dGhlIHNhbXBsZSBub25jZQ=",
];

/// Header fields: good ones first, if wanted, with one left out.
fn fields(input: &mut Input<'_>, good: &[(&str, &str)], accept: &str) -> Vec<Field> {
    let how = input.byte();
    let mut fields = Vec::new();
    if how & 1 == 0 {
        let without = usize::from(how >> 1) % 16;
        let kept = good
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != without);
        fields.extend(kept.map(|(_, (name, value))| Field::new(name.as_bytes(), value.as_bytes())));
    }
    while !input.is_empty() && fields.len() < FIELDS_MAX {
        let what = input.byte();
        if what == 0xff {
            break; // what follows is for the next call
        }
        let mut field = Field::new(&name(what, input), &value(input, accept));
        match what >> 4 {
            1 => field.name = field.name.to_ascii_lowercase(),
            2 => field.value = [b" \t", &field.value[..], b" "].concat(),
            3 => field.value = field.value.repeat(300),
            4 => field.name_is_null = true,
            5 => field.value_is_null = true,
            _ => {}
        }
        fields.push(field);
    }
    fields
}

fn name(what: u8, input: &mut Input<'_>) -> Vec<u8> {
    let known = NAMES.get(usize::from(what & 15));
    known.map_or_else(|| input.short().to_vec(), |name| name.as_bytes().to_vec())
}

fn value(input: &mut Input<'_>, accept: &str) -> Vec<u8> {
    let choice = input.below(VALUES.len() + 2);
    match VALUES.get(choice) {
        Some(value) => value.as_bytes().to_vec(),
        None if choice == VALUES.len() => accept.as_bytes().to_vec(),
        None => input.short().to_vec(),
    }
}

/// The fields as C sees them.
fn structures(fields: &[Field]) -> (Headers, Vec<HttpHeader>) {
    let headers = Headers::new(fields.iter().map(|field| (&field.name, &field.value)));
    let mut structures = headers.structures();
    for (structure, field) in structures.iter_mut().zip(fields) {
        if field.name_is_null {
            structure.pc_name = ptr::null_mut();
        }
        if field.value_is_null {
            structure.pc_value = ptr::null_mut();
        }
    }
    (headers, structures)
}

fn server(input: &mut Input<'_>) {
    let selected = input.flag().then(|| text(input, &SUBPROTOCOLS));
    let extensions = Texts::read(input, &EXTENSIONS);
    let fields = fields(input, &REQUEST, GOOD_KEY);
    let (_texts, structures) = structures(&fields);
    let judge = judge(Role::Server);
    let (mut headers, mut count) = (ptr::without_provenance_mut(8), 8);
    // SAFETY: what is passed lives through the call, and is as long as it says.
    let result = unsafe {
        f::WebSocketBeginServerHandshake(
            judge.handle(),
            selected.as_ref().map_or(ptr::null(), |text| text.as_ptr()),
            extensions.pointers.as_ptr(),
            extensions.pointers.len() as u32,
            structures.as_ptr(),
            structures.len() as u32,
            &raw mut headers,
            &raw mut count,
        )
    };
    let selected = selected.map(|text| text.to_bytes().to_vec());
    let expected = request(&fields, selected.as_deref(), &extensions.bytes());
    assert!(
        expected.contains(&result),
        "{result:#x} of {expected:x?}: {fields:?}"
    );
    if result == S_OK {
        // SAFETY: the library says so.
        let given = unsafe { handed_out(headers, count) };
        let key = rules::values(&fields, "sec-websocket-key").remove(0);
        let key = String::from_utf8(key).unwrap();
        let mut wanted = vec![
            (
                "Sec-WebSocket-Accept".to_owned(),
                accept_for(&key).as_str().to_owned(),
            ),
            ("Connection".to_owned(), "Upgrade".to_owned()),
            ("Upgrade".to_owned(), "websocket".to_owned()),
        ];
        let string = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        wanted.extend(selected.map(|name| ("Sec-WebSocket-Protocol".to_owned(), string(&name))));
        if !extensions.texts.is_empty() {
            let list = string(&extensions.bytes().join(&b", "[..]));
            wanted.push(("Sec-WebSocket-Extensions".to_owned(), list));
        }
        assert_eq!(given, wanted);
    } else {
        assert!(headers.is_null() && count == 0);
    }
    // SAFETY: no memory is passed.
    let end = unsafe { f::WebSocketEndServerHandshake(judge.handle()) };
    assert_eq!(end == S_OK, result == S_OK);
    judge.delete();
}

fn client(input: &mut Input<'_>) {
    let subprotocols = Texts::read(input, &SUBPROTOCOLS);
    let extensions = Texts::read(input, &EXTENSIONS);
    let initial = if input.flag() {
        fields(input, &[("Host", "h")], "")
    } else {
        Vec::new()
    };
    let (_texts, structures) = structures(&initial);
    let judge = judge(Role::Client);
    let (mut headers, mut count) = (ptr::without_provenance_mut(8), 8);
    // SAFETY: what is passed lives through the call, and is as long as it says.
    let result = unsafe {
        f::WebSocketBeginClientHandshake(
            judge.handle(),
            subprotocols.pointers.as_ptr(),
            subprotocols.pointers.len() as u32,
            extensions.pointers.as_ptr(),
            extensions.pointers.len() as u32,
            structures.as_ptr(),
            structures.len() as u32,
            &raw mut headers,
            &raw mut count,
        )
    };
    let proper = subprotocols
        .bytes()
        .iter()
        .all(|name| rules::is_token(name))
        && extensions
            .bytes()
            .iter()
            .all(|text| rules::is_extension(text))
        && initial.iter().all(Field::is_proper);
    assert_eq!(
        result,
        if proper { S_OK } else { c::E_INVALIDARG },
        "{initial:?}"
    );
    if proper {
        // SAFETY: the library says so.
        let given = unsafe { handed_out(headers, count) };
        let key = offer(&given, &subprotocols.bytes(), &extensions.bytes());
        ends(
            &judge,
            &key,
            &subprotocols.bytes(),
            &extensions.bytes(),
            input,
        );
    } else {
        assert!(headers.is_null() && count == 0);
    }
    judge.delete();
}

/// Checks what a client is to send; its key.
fn offer(given: &[(String, String)], subprotocols: &[Vec<u8>], extensions: &[Vec<u8>]) -> String {
    let one = |name: &str| {
        let mut values = given
            .iter()
            .filter(|(own, _)| own == name)
            .map(|(_, value)| value.clone());
        let value = values.next();
        assert!(values.next().is_none());
        value
    };
    let key = one("Sec-WebSocket-Key").unwrap();
    assert!(rules::is_key(key.as_bytes()));
    assert_eq!(one("Connection").as_deref(), Some("Upgrade"));
    assert_eq!(one("Upgrade").as_deref(), Some("websocket"));
    assert_eq!(one("Sec-WebSocket-Version").as_deref(), Some("13"));
    let list = |texts: &[Vec<u8>]| String::from_utf8(texts.join(&b", "[..])).unwrap();
    for (name, offered) in [
        ("Sec-WebSocket-Protocol", subprotocols),
        ("Sec-WebSocket-Extensions", extensions),
    ] {
        assert_eq!(one(name), (!offered.is_empty()).then(|| list(offered)));
    }
    key
}

/// Ends the handshake, again and again until it succeeds.
fn ends(
    judge: &Judge,
    key: &str,
    subprotocols: &[Vec<u8>],
    extensions: &[Vec<u8>],
    input: &mut Input<'_>,
) {
    let accept = accept_for(key);
    let accept = accept.as_str();
    let good = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Accept", accept),
    ];
    for _ in 0..4 {
        let how = input.byte();
        let fields = fields(input, &good, accept);
        let (_texts, structures) = structures(&fields);
        let room = [extensions.len(), extensions.len() + 1, 0, 1][usize::from(how & 3)];
        let mut indices = vec![77_u32; room].into_boxed_slice();
        let (mut count, mut subprotocol) = (room as u32, 77);
        let wants = how & 4 == 0;
        let null = ptr::null_mut;
        // SAFETY: what is passed lives through the call, and is as long as it says.
        let result = unsafe {
            f::WebSocketEndClientHandshake(
                judge.handle(),
                structures.as_ptr(),
                structures.len() as u32,
                if wants { indices.as_mut_ptr() } else { null() },
                if wants { &raw mut count } else { null() },
                if wants { &raw mut subprotocol } else { null() },
            )
        };
        let mut expected = response(&fields, accept, subprotocols, extensions);
        if wants && room < extensions.len() && expected == [S_OK] {
            expected = vec![c::E_INSUFFICIENT_BUFFER];
        }
        assert!(
            expected.contains(&result),
            "{result:#x} of {expected:x?}: {fields:?}"
        );
        if result != S_OK {
            assert!(!wants || count == 0);
            continue;
        }
        if wants {
            let named = rules::extension_names(&fields);
            assert_eq!(count as usize, named.len());
            for (index, name) in indices.iter().zip(&named) {
                assert_eq!(extension_name(&extensions[*index as usize]), *name);
            }
            assert!(indices[count as usize..].iter().all(|index| *index == 77));
            match rules::members(&fields, "sec-websocket-protocol").first() {
                Some(name) => assert_eq!(subprotocols[subprotocol as usize], *name),
                None => assert_eq!(subprotocol, 77),
            }
        }
        // SAFETY: no memory is passed.
        let again = unsafe {
            f::WebSocketEndClientHandshake(
                judge.handle(),
                structures.as_ptr(),
                structures.len() as u32,
                null(),
                null(),
                null(),
            )
        };
        assert_eq!(again, c::E_INVALID_PROTOCOL_OPERATION);
        return;
    }
}
