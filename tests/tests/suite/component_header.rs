//! websocket.h has the numbers and layouts of the Rust table and of windows-sys.

use std::collections::BTreeSet;
use std::fs;
use std::mem::offset_of;
use std::process::Command;

use windows_sys::Win32::Foundation as foundation;
use windows_sys::Win32::Networking::WebSocket as windows;
use winhttp_abi::constants;
use winhttp_abi::types::{CloseBuffer, DataBuffer, HttpHeader, Property, WebSocketBuffer};
use winhttp_tests::program::run;
use winhttp_tests::support::compiler;
use winhttp_tests::support::compiler::{DIALECTS, Dialect, WEBSOCKET, check};

/// Names that the header defines and that are no numbers of the table.
const NOT_IN_TABLE: [&str; 8] = [
    "CONST",
    "FALSE",
    "S_OK",
    "TRUE",
    "VOID",
    "WEB_SOCKET_ENUM_BASE",
    "WINAPI",
    "WINHTTP_SHIM_SHARED_TYPES",
];

/// What comes before and after websocket.h.
const COMPANY: [(&str, &str); 5] = [
    ("", ""),
    ("#include <winhttp.h>\n", ""),
    ("", "#include <winhttp.h>\n"),
    ("#include \"compat/windows.h\"\n", ""),
    ("", "#include \"compat/windows.h\"\n"),
];

/// Constants by name, as the 64-bit numbers of the table.
fn table() -> Vec<(&'static str, u64)> {
    constants::COMPONENT.concat()
}

fn header() -> String {
    fs::read_to_string(format!("{WEBSOCKET}/websocket.h")).unwrap()
}

/// The beginning of a text whose checks are made by the compiler.
fn opening(before: &str, after: &str) -> String {
    format!(
        "{before}#include <websocket.h>\n{after}#include <stddef.h>\n#ifdef __cplusplus\n\
        #define CHECK static_assert\n#else\n#define CHECK _Static_assert\n#endif\n"
    )
}

/// Checks that compile only when the header agrees with the table: on 32 bits, as the table gives
/// them.
fn number_checks() -> String {
    let check = |(name, value)| format!("CHECK((uint32_t)({name}) == {value}u, \"{name}\");\n");
    table().into_iter().map(check).collect()
}

#[test]
fn the_header_has_every_number_in_every_dialect_and_company() {
    assert!(table().len() > 40, "the table is incomplete");
    for (before, after) in COMPANY {
        let source = opening(before, after) + &number_checks();
        for dialect in DIALECTS {
            if matches!(dialect, Dialect::C("c99")) {
                continue; // has no _Static_assert
            }
            let flags: &[&str] = if cfg!(target_os = "linux") {
                &["-D_POSIX_C_SOURCE=200809L"]
            } else {
                &[]
            };
            check("component_numbers", &source, dialect, flags).unwrap();
        }
    }
}

#[test]
fn a_wrong_number_would_be_found() {
    let right = "(WEB_SOCKET_ABORTED_CLOSE_STATUS) == 1006u";
    let checks = number_checks();
    assert!(checks.contains(right));
    let source = opening("", "") + &checks.replace(right, "(1005) == 1006u");
    let message = check("component_wrong", &source, Dialect::C("c11"), &[]).unwrap_err();
    assert!(
        message.contains("WEB_SOCKET_ABORTED_CLOSE_STATUS"),
        "{message}"
    );
}

/// Names that the header gives a value: by `#define`, or in an enumeration.
fn defined(header: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for line in header.lines() {
        if let Some(definition) = line.strip_prefix("#define ") {
            let end = definition.find([' ', '(']).unwrap_or(definition.len());
            let (name, rest) = definition.split_at(end);
            if !rest.starts_with('(') {
                names.insert(name);
            }
        } else if let Some((name, _)) = line
            .strip_prefix("    WEB_SOCKET_")
            .and_then(|rest| rest.split_once(" = "))
        {
            let begin = line.len() - line.trim_start().len();
            names.insert(&line[begin..begin + "WEB_SOCKET_".len() + name.len()]);
        }
    }
    names
}

#[test]
fn the_header_and_the_table_have_the_same_names() {
    let header = header();
    let mut expected: BTreeSet<&str> = table().iter().map(|(name, _)| *name).collect();
    assert_eq!(
        expected.len(),
        table().len(),
        "a name is twice in the table"
    );
    expected.extend(NOT_IN_TABLE);
    expected.insert("WINHTTP_SHIM_WEBSOCKET_H");
    assert_eq!(defined(&header), expected);
}

/// Pairs each name with its bits here and in a module of windows-sys.
macro_rules! pairs {
    ($($module:ident: { $($name:ident)* })*) => {
        [$($((
            stringify!($name),
            i64::from(constants::$name),
            i64::from($module::$name),
        )),*),*]
    };
}

#[test]
fn windows_sys_has_the_same_numbers() {
    let pairs = pairs! {
        windows: {
            WEB_SOCKET_MAX_CLOSE_REASON_LENGTH
            WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE
            WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE
            WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE
            WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE
            WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE
            WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE
            WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE
            WEB_SOCKET_SEND_ACTION_QUEUE
            WEB_SOCKET_RECEIVE_ACTION_QUEUE
            WEB_SOCKET_ALL_ACTION_QUEUE
            WEB_SOCKET_NO_ACTION
            WEB_SOCKET_SEND_TO_NETWORK_ACTION
            WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION
            WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION
            WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION
            WEB_SOCKET_SUCCESS_CLOSE_STATUS
            WEB_SOCKET_ENDPOINT_UNAVAILABLE_CLOSE_STATUS
            WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS
            WEB_SOCKET_INVALID_DATA_TYPE_CLOSE_STATUS
            WEB_SOCKET_EMPTY_CLOSE_STATUS
            WEB_SOCKET_ABORTED_CLOSE_STATUS
            WEB_SOCKET_INVALID_PAYLOAD_CLOSE_STATUS
            WEB_SOCKET_POLICY_VIOLATION_CLOSE_STATUS
            WEB_SOCKET_MESSAGE_TOO_BIG_CLOSE_STATUS
            WEB_SOCKET_UNSUPPORTED_EXTENSIONS_CLOSE_STATUS
            WEB_SOCKET_SERVER_ERROR_CLOSE_STATUS
            WEB_SOCKET_SECURE_HANDSHAKE_ERROR_CLOSE_STATUS
            WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE
            WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE
            WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE
            WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE
            WEB_SOCKET_CLOSE_BUFFER_TYPE
            WEB_SOCKET_PING_PONG_BUFFER_TYPE
            WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE
        }
        foundation: {
            E_INVALIDARG
            E_OUTOFMEMORY
            E_UNEXPECTED
            E_INVALID_PROTOCOL_OPERATION
            E_INVALID_PROTOCOL_FORMAT
            E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED
            E_SUBPROTOCOL_NOT_SUPPORTED
            E_PROTOCOL_VERSION_NOT_SUPPORTED
        }
    };
    for (name, ours, theirs) in pairs {
        assert_eq!(ours, theirs, "{name}");
    }
    let compared: BTreeSet<&str> = pairs.iter().map(|(name, _, _)| *name).collect();
    let all: BTreeSet<&str> = table().iter().map(|(name, _)| *name).collect();
    assert_eq!(compared, all, "each is compared");
}

/// The number for memory that is too small has no name in websocket.h; programs build it from
/// Win32's.
#[test]
fn insufficient_buffer_is_win32s_as_an_hresult() {
    let source = "#include \"compat/windows.h\"\n#include <websocket.h>\n\
        int main(void) { return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER) != (HRESULT)0x8007007A; }\n";
    for dialect in [Dialect::C("gnu11"), Dialect::Cpp("c++11")] {
        let program = compiler::build("component_hresult", source, dialect, &["-pthread"]).unwrap();
        run(&mut Command::new(program.path()));
    }
    assert_eq!(
        constants::E_INSUFFICIENT_BUFFER.cast_unsigned(),
        0x8007_007A
    );
}

/// One structure: C name, size, alignment, and the fields with their offsets.
type Layout = (&'static str, usize, usize, Vec<(&'static str, usize)>);

/// Layouts of a module: C name, its type there, and C's fields with the names they have there.
macro_rules! layouts {
    ($($c:ident = $rust:path { $($field:ident = $name:ident),* })*) => {
        vec![$((
            stringify!($c),
            size_of::<$rust>(),
            align_of::<$rust>(),
            vec![$((stringify!($field), offset_of!($rust, $name))),*],
        )),*]
    };
}

fn of_the_table() -> Vec<Layout> {
    layouts! {
        WEB_SOCKET_PROPERTY = Property {
            Type = kind, pvValue = pv_value, ulValueSize = ul_value_size
        }
        WEB_SOCKET_HTTP_HEADER = HttpHeader {
            pcName = pc_name, ulNameLength = ul_name_length, pcValue = pc_value,
            ulValueLength = ul_value_length
        }
        WEB_SOCKET_BUFFER = WebSocketBuffer { Data = data, CloseStatus = close }
        Data = DataBuffer { pbBuffer = pb_buffer, ulBufferLength = ul_buffer_length }
        CloseStatus = CloseBuffer {
            pbReason = pb_reason, ulReasonLength = ul_reason_length, usStatus = us_status
        }
    }
}

fn of_windows_sys() -> Vec<Layout> {
    layouts! {
        WEB_SOCKET_PROPERTY = windows::WEB_SOCKET_PROPERTY {
            Type = Type, pvValue = pvValue, ulValueSize = ulValueSize
        }
        WEB_SOCKET_HTTP_HEADER = windows::WEB_SOCKET_HTTP_HEADER {
            pcName = pcName, ulNameLength = ulNameLength, pcValue = pcValue,
            ulValueLength = ulValueLength
        }
        WEB_SOCKET_BUFFER = windows::WEB_SOCKET_BUFFER { Data = Data, CloseStatus = CloseStatus }
        Data = windows::WEB_SOCKET_BUFFER_0 {
            pbBuffer = pbBuffer, ulBufferLength = ulBufferLength
        }
        CloseStatus = windows::WEB_SOCKET_BUFFER_1 {
            pbReason = pbReason, ulReasonLength = ulReasonLength, usStatus = usStatus
        }
    }
}

/// Checks that compile only when the header has these layouts.
fn layout_checks(layouts: &[Layout]) -> String {
    let mut source = String::new();
    for (structure, size, alignment, fields) in layouts {
        // The members of the union have no name but there.
        let member = ["Data", "CloseStatus"].contains(structure);
        let (whole, prefix) = if member {
            (
                format!("((WEB_SOCKET_BUFFER *)0)->{structure}"),
                format!("WEB_SOCKET_BUFFER, {structure}."),
            )
        } else {
            let behind_a_byte =
                format!("struct behind_{structure} {{ char byte; {structure} it; }};");
            source.push_str(&format!(
                "{behind_a_byte}\nCHECK(offsetof(struct behind_{structure}, it) == {alignment}, \
                \"alignment of {structure}\");\n"
            ));
            ((*structure).to_owned(), format!("{structure}, "))
        };
        source.push_str(&format!(
            "CHECK(sizeof({whole}) == {size}, \"size of {structure}\");\n"
        ));
        for (field, offset) in fields {
            source.push_str(&format!(
                "CHECK(offsetof({prefix}{field}) == {offset}, \"{structure}.{field}\");\n"
            ));
        }
    }
    source
}

/// Scenario 2: the four structures have one layout in C, in the Rust table and in windows-sys, and
/// ULONG has 32 bits.
#[test]
fn scenario_2_layouts_agree_in_c_rust_and_windows_sys() {
    let layouts = of_the_table();
    assert_eq!(layouts, of_windows_sys());
    let sizes: Vec<(usize, usize)> = layouts.iter().map(|layout| (layout.1, layout.2)).collect();
    assert_eq!(sizes, [(24, 8), (32, 8), (16, 8), (16, 8), (16, 8)]);
    let words: String = [
        ("ULONG", "4"),
        ("USHORT", "2"),
        ("BOOL", "4"),
        ("HRESULT", "4"),
        ("WEB_SOCKET_PROPERTY_TYPE", "4"),
        ("WEB_SOCKET_ACTION_QUEUE", "4"),
        ("WEB_SOCKET_ACTION", "4"),
        ("WEB_SOCKET_BUFFER_TYPE", "4"),
        ("WEB_SOCKET_CLOSE_STATUS", "4"),
        ("WEB_SOCKET_HANDLE", "sizeof(void *)"),
    ]
    .map(|(name, size)| format!("CHECK(sizeof({name}) == {size}, \"{name}\");\n"))
    .concat();
    let source = opening("", "") + &words + &layout_checks(&layouts);
    for dialect in [Dialect::C("c11"), Dialect::C("c2x"), Dialect::Cpp("c++11")] {
        check("component_layouts", &source, dialect, &[]).unwrap();
    }
}

#[test]
fn a_wrong_layout_would_be_found() {
    for index in 0..of_the_table().len() {
        let mut layouts = of_the_table();
        layouts[index].1 += 1;
        let source = opening("", "") + &layout_checks(&layouts);
        let message = check("component_bad", &source, Dialect::C("c11"), &[]).unwrap_err();
        assert!(message.contains(layouts[index].0), "{message}");
    }
}
