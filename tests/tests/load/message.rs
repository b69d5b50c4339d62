//! What travels: the number of the message on its connection, and bytes that follow from it.

/// Bytes of the number.
const NUMBER: usize = 8;

/// Message `number` of a connection, in `into`.
pub(crate) fn write(number: u64, into: &mut Vec<u8>) {
    let length = match number % 1000 {
        500 => 70_000,
        7 | 207 | 407 | 607 | 807 => 5000,
        other => NUMBER + (other as usize * 7) % 200,
    };
    into.clear();
    into.extend_from_slice(&number.to_be_bytes());
    into.resize(length, fill(number));
}

/// The number of a message, if it is whole and unharmed.
pub(crate) fn read(message: &[u8]) -> Option<u64> {
    let (number, rest) = message.split_first_chunk::<NUMBER>()?;
    let number = u64::from_be_bytes(*number);
    let mut expected = Vec::new();
    write(number, &mut expected);
    let sound = expected.len() == message.len() && rest.iter().all(|byte| *byte == fill(number));
    sound.then_some(number)
}

fn fill(number: u64) -> u8 {
    number.wrapping_mul(31) as u8
}
