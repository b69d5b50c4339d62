//! The server's side of HTTP: each request has a number, and so has its answer.

use crate::message;

/// Bytes of a chunk; the last one of a body is shorter.
const CHUNK: usize = 1000;

/// The answer to the first request of `input`, which it takes away; none if there is no whole
/// request yet.
pub(crate) fn take(input: &mut Vec<u8>) -> Result<Option<Vec<u8>>, &'static str> {
    let Some(end) = input.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&input[..end]).into_owned();
    let value = |name| {
        head.lines()
            .find_map(|line| line.strip_prefix(name)?.parse::<usize>().ok())
    };
    let length = value("Content-Length: ").unwrap_or(0);
    let whole = end + 4 + length;
    if input.len() < whole {
        return Ok(None);
    }
    let target = head
        .split(' ')
        .nth(1)
        .and_then(|path| path.strip_prefix('/'));
    let number = target.and_then(|number| number.parse().ok());
    let number = number.ok_or("a request without a number")?;
    if head.starts_with("POST") && message::read(&input[end + 4..whole]) != Some(number) {
        return Err("a request's body is lost, swapped or harmed");
    }
    input.drain(..whole);
    Ok(Some(answer(number)))
}

/// Even numbers come in chunks.
fn answer(number: u64) -> Vec<u8> {
    let mut body = Vec::new();
    message::write(number, &mut body);
    let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
    if number % 2 == 1 {
        answer.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
        answer.extend(body);
        return answer;
    }
    answer.extend(b"Transfer-Encoding: chunked\r\n\r\n");
    for chunk in body.chunks(CHUNK) {
        answer.extend(format!("{:x}\r\n", chunk.len()).bytes());
        answer.extend(chunk);
        answer.extend(b"\r\n");
    }
    answer.extend(b"0\r\n\r\n");
    answer
}
