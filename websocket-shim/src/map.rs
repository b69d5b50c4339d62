//! Where the numbers of websocket.h meet the protocol's own words.

use winhttp_abi::constants as c;
use winhttp_abi::hresult::HResult;
use winhttp_proto::websocket::component::{BufferType, ComponentError, Queue};
use winhttp_proto::websocket::{MessageKind, ProtocolError};

/// The HRESULT of a failure.
pub(crate) fn hresult(error: ComponentError) -> HResult {
    match error {
        ComponentError::InvalidArgument => HResult::INVALID_ARGUMENT,
        ComponentError::InvalidOperation => HResult::INVALID_PROTOCOL_OPERATION,
        ComponentError::InsufficientBuffer => HResult::INSUFFICIENT_BUFFER,
        ComponentError::HandshakeMalformed => HResult::INVALID_PROTOCOL_FORMAT,
        ComponentError::VersionNotSupported => HResult::VERSION_NOT_SUPPORTED,
        ComponentError::SubprotocolNotSupported => HResult::SUBPROTOCOL_NOT_SUPPORTED,
        ComponentError::ExtensionsNotSupported => HResult::EXTENSIONS_NOT_SUPPORTED,
        ComponentError::Protocol(violation) => self::violation(violation),
        ComponentError::OutOfMemory => HResult::OUT_OF_MEMORY,
        ComponentError::NoEntropy => HResult::UNEXPECTED,
    }
}

/// The HRESULT of what a peer did: frames in the wrong order are operations, all else is format.
fn violation(error: ProtocolError) -> HResult {
    match error {
        ProtocolError::ContinuationWithoutMessage | ProtocolError::MessageInterrupted => {
            HResult::INVALID_PROTOCOL_OPERATION
        }
        ProtocolError::ReservedBits
        | ProtocolError::ReservedOpcode(_)
        | ProtocolError::ControlFragmented
        | ProtocolError::ControlTooLong
        | ProtocolError::LengthNotMinimal
        | ProtocolError::LengthTooLarge
        | ProtocolError::MaskUnexpected
        | ProtocolError::MaskMissing
        | ProtocolError::TextNotUtf8
        | ProtocolError::CloseTooShort
        | ProtocolError::CloseCodeInvalid(_)
        | ProtocolError::CloseReasonNotUtf8
        | ProtocolError::MessageTooBig => HResult::INVALID_PROTOCOL_FORMAT,
    }
}

/// WEB_SOCKET_BUFFER_TYPE of data.
pub(crate) fn buffer_type(buffer_type: BufferType) -> i32 {
    match buffer_type {
        BufferType::Message(MessageKind::Text) => c::WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
        BufferType::Fragment(MessageKind::Text) => c::WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
        BufferType::Message(MessageKind::Binary) => c::WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE,
        BufferType::Fragment(MessageKind::Binary) => c::WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
        BufferType::Close => c::WEB_SOCKET_CLOSE_BUFFER_TYPE,
        BufferType::PingPong => c::WEB_SOCKET_PING_PONG_BUFFER_TYPE,
        BufferType::UnsolicitedPong => c::WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE,
    }
}

/// The data a WEB_SOCKET_BUFFER_TYPE stands for; frames that a program builds itself are not
/// supported.
pub(crate) fn from_buffer_type(number: i32) -> Option<BufferType> {
    Some(match number {
        c::WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE => BufferType::Message(MessageKind::Text),
        c::WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE => BufferType::Fragment(MessageKind::Text),
        c::WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE => BufferType::Message(MessageKind::Binary),
        c::WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE => BufferType::Fragment(MessageKind::Binary),
        c::WEB_SOCKET_CLOSE_BUFFER_TYPE => BufferType::Close,
        c::WEB_SOCKET_PING_PONG_BUFFER_TYPE => BufferType::PingPong,
        c::WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE => BufferType::UnsolicitedPong,
        _ => return None,
    })
}

/// The queues a WEB_SOCKET_ACTION_QUEUE names.
pub(crate) fn queue(number: i32) -> Option<Queue> {
    Some(match number {
        c::WEB_SOCKET_SEND_ACTION_QUEUE => Queue::Send,
        c::WEB_SOCKET_RECEIVE_ACTION_QUEUE => Queue::Receive,
        c::WEB_SOCKET_ALL_ACTION_QUEUE => Queue::All,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffer_types_go_there_and_back() {
        let first = c::WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
        for number in first..first + 7 {
            assert_eq!(from_buffer_type(number).map(buffer_type), Some(number));
        }
        for number in [first + 7, 0, 1, 2, 0x40, -1, i32::MAX] {
            assert_eq!(from_buffer_type(number), None);
        }
    }
}
