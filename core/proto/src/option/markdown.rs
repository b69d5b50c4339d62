//! How `docs/options.md` shows the table of options; only tests know.

use std::env;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use super::{
    Check, Default, HandleKind, LengthRule, OptionError, ROWS, Row, State, Structure, Type,
};

const INTRODUCTION: &str = "\
# Options of WinHttpSetOption and WinHttpQueryOption

Generated from `core/proto/src/option/table.rs`; a test compares the two. After a change there:
`UPDATE_DOCS=1 cargo test -p winhttp-proto option::markdown`.

* **Set on**, **Query on**: G the NULL handle, which stands for the process, S session, C connect, R
  request, W WebSocket, V proxy resolver. On another kind of handle:
  `ERROR_WINHTTP_INCORRECT_HANDLE_TYPE`. Setting what can only be queried:
  `ERROR_WINHTTP_OPTION_NOT_SETTABLE`. Querying what can only be set: `ERROR_INVALID_PARAMETER`.
* **Type**: the lengths in bytes that a set takes. Other lengths, shorter or longer:
  `ERROR_INSUFFICIENT_BUFFER`; for those marked *exactly*: `ERROR_INVALID_PARAMETER`. A DWORD or
  BOOL may also be given with a length of 8, as programs with an `unsigned long` do on 64-bit
  systems: the low 32 bits count. Windows takes 4 only. Queries always write 4. Text is set with a
  length in characters and queried with one in bytes.
* **Accepts**: the values a set takes. Others: `ERROR_INVALID_PARAMETER`, unless stated.
* **Inherited**: a new child handle copies the value.
* **State**: *honoured* does what WinHTTP documents; *recorded* is checked, kept and read back where
  it can be queried, without effect; *refused* always fails with the error named. Numbers without a
  row fail with `ERROR_WINHTTP_INVALID_OPTION`; querying number 0 fails with
  `ERROR_INVALID_PARAMETER`.
";

/// The text of `docs/options.md`.
#[must_use]
fn markdown() -> String {
    let mut text = String::from(INTRODUCTION);
    // Writing to a String cannot fail.
    let _ = write_table(&mut text);
    text
}

fn write_table(text: &mut String) -> fmt::Result {
    let count = |state: fn(State) -> bool| ROWS.iter().filter(|row| state(row.state)).count();
    writeln!(
        text,
        "\n{} options: {} honoured, {} recorded, {} refused.\n",
        ROWS.len(),
        count(|state| state == State::Honoured),
        count(|state| state == State::Recorded),
        count(|state| matches!(state, State::Refused(_))),
    )?;
    text.push_str(
        "| No. | WINHTTP_OPTION_ | Set on | Query on | Type | Accepts | Default | Inherited \
         | State | What it does here |\n",
    );
    text.push_str("|---:|---|---|---|---|---|---|---|---|---|\n");
    ROWS.iter().try_for_each(|row| write_row(text, row))
}

fn write_row(text: &mut String, row: &Row) -> fmt::Result {
    writeln!(
        text,
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        row.number,
        row.name.trim_start_matches("WINHTTP_OPTION_"),
        row.set,
        row.query,
        type_text(row),
        accepts_text(row),
        default_text(row),
        if row.inherit { "yes" } else { "-" },
        state_text(row.state),
        row.doc.trim(),
    )
}

fn type_text(row: &Row) -> String {
    let exactly = if row.length == LengthRule::Strict {
        "exactly "
    } else {
        ""
    };
    match row.ty {
        Type::Dword => format!("DWORD, {exactly}4"),
        Type::Bool => format!("BOOL, {exactly}4"),
        Type::Pointer => format!("pointer, {exactly}8"),
        Type::Text | Type::Secret => "text".to_owned(),
        Type::None => "(NULL, 0)".to_owned(),
        Type::EdgeStruct { bytes } if row.length == LengthRule::OrNull => {
            format!("struct, {bytes}, or (NULL, 0)")
        }
        Type::EdgeStruct { bytes } => format!("struct, {bytes}"),
        Type::Struct(layout) => format!("struct, {}", layout.bytes()),
        Type::Variable => "variable".to_owned(),
    }
}

fn accepts_text(row: &Row) -> String {
    let settable = !row.set.is_empty() && !matches!(row.state, State::Refused(_));
    if !settable {
        return "-".to_owned();
    }
    if let Type::Struct(layout) = row.ty {
        layout.accepts().to_owned()
    } else {
        check_text(row.check)
    }
}

fn check_text(check: Check) -> String {
    match check {
        Check::Any => "all".to_owned(),
        Check::Max(limit) => format!("up to {limit}"),
        Check::Min(limit) => format!("from {limit}"),
        Check::Mask(mask) => format!("bits {mask:#x}"),
        Check::MaskByKind(masks) => {
            let masks = masks
                .iter()
                .map(|(kind, mask)| format!("bits {mask:#x} on {}", name(*kind)));
            masks.collect::<Vec<_>>().join(", ")
        }
        Check::MaxChars(limit) => format!("up to {limit} characters"),
    }
}

const fn name(kind: HandleKind) -> &'static str {
    match kind {
        HandleKind::Session => "sessions",
        HandleKind::Connect => "connects",
        HandleKind::Request => "requests",
        HandleKind::ProxyResolver => "proxy resolvers",
        HandleKind::WebSocket => "WebSockets",
    }
}

fn default_text(row: &Row) -> String {
    match row.default {
        Default::Number(number) if row.ty == Type::Bool => {
            if number == 0 { "FALSE" } else { "TRUE" }.to_owned()
        }
        Default::Number(u32::MAX) => "0xFFFFFFFF".to_owned(),
        Default::Number(number) if matches!(row.check, Check::Mask(_)) => format!("{number:#x}"),
        Default::Number(number) => number.to_string(),
        Default::Null => "NULL".to_owned(),
        Default::EmptyText => "empty".to_owned(),
        Default::Struct(Structure::HttpVersion(version)) => {
            format!("{}.{}", version.major, version.minor)
        }
        Default::Struct(_) => "zeroes".to_owned(),
        Default::NoValue => "-".to_owned(),
    }
}

fn state_text(state: State) -> String {
    match state {
        State::Honoured => "honoured".to_owned(),
        State::Recorded => "recorded".to_owned(),
        State::Refused(error) => format!("refused: `{}`", constant(error)),
    }
}

/// The error's name in the Windows headers. Its number is the C edge's matter.
const fn constant(error: OptionError) -> &'static str {
    match error {
        OptionError::InvalidOption => "ERROR_WINHTTP_INVALID_OPTION",
        OptionError::InvalidHandle => "ERROR_INVALID_HANDLE",
        OptionError::NotSettable => "ERROR_WINHTTP_OPTION_NOT_SETTABLE",
        OptionError::IncorrectHandleType => "ERROR_WINHTTP_INCORRECT_HANDLE_TYPE",
        OptionError::IncorrectHandleState => "ERROR_WINHTTP_INCORRECT_HANDLE_STATE",
        OptionError::InvalidParameter => "ERROR_INVALID_PARAMETER",
        OptionError::InsufficientBuffer { .. } => "ERROR_INSUFFICIENT_BUFFER",
        OptionError::AccessDenied => "ERROR_ACCESS_DENIED",
        OptionError::NotSupported => "ERROR_NOT_SUPPORTED",
        OptionError::ClientCertNoPrivateKey => "ERROR_WINHTTP_CLIENT_CERT_NO_PRIVATE_KEY",
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "this test keeps a file up to date, when it is asked to"
)]
fn docs_options_md_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/options.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, markdown()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written.replace("\r\n", "\n") == markdown(),
        "docs/options.md is out of date: run this test with UPDATE_DOCS=1"
    );
}

#[test]
fn every_row_is_one_line_of_eleven_bars() {
    let text = markdown();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(lines.len(), ROWS.len() + 2);
    for line in lines {
        assert_eq!(line.matches('|').count(), 11, "{line}");
    }
}
