//! The work itself, written once over each of the two faces a contestant can have.

pub(crate) mod blocking;
pub(crate) mod concurrent;

/// The text message that ends a batch of large ones; the server answers with the bytes it counted.
pub(crate) const MARK: &str = "finished";

/// Payload in which every byte differs from its neighbours.
pub(crate) fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8).collect()
}

/// Every message must have arrived whole; looking at its ends costs nothing.
pub(crate) fn check(message: &[u8], bytes: usize) {
    assert_eq!(message.len(), bytes, "a message has another length");
}

/// Before the clock starts, whole messages are compared.
pub(crate) fn check_content(message: &[u8]) {
    assert!(
        message == pattern(message.len()),
        "a message has another content"
    );
}
