//! Response heads and bodies: whole and in pieces they give the same, and limits hold.
//!
//! Input: request method, limits, a seed for the pieces, the wire.

use winhttp_proto::http1::body::{BodyDecoder, BodyError, BodyFraming, keep_alive};
use winhttp_proto::http1::chunked;
use winhttp_proto::http1::head::{
    HeadError, HeadLimits, HeadParser, HeadStatus, ResponseHead, parse_response,
};

use crate::input::{Input, Pieces};

/// A body and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    body: Vec<u8>,
    /// Bytes of the wire it took.
    consumed: usize,
    done: bool,
    trailers: Option<Vec<(String, Vec<u8>)>>,
    error: Option<BodyError>,
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let method = ["GET", "HEAD", "POST", "CONNECT"][input.below(4)];
    let limits = match input.byte() {
        0..128 => HeadLimits::default(),
        small => HeadLimits {
            max_bytes: usize::from(small) - 100,
            max_count: usize::from(small & 7),
        },
    };
    let seed = input.number();
    let wire = input.rest();
    chunks_round_trip(wire, seed);

    let whole = parse_response(wire, &limits);
    assert_eq!(head_in_pieces(wire, &limits, seed), whole);
    let Ok(HeadStatus::Complete { head, consumed }) = whole else {
        return;
    };
    check_head(&head, &wire[..consumed], &limits);
    let Ok(framing) = BodyFraming::of_response(method, &head) else {
        return;
    };
    let keeps = keep_alive(&head, &framing);
    assert!(!keeps || framing != BodyFraming::UntilClose);
    let wire = &wire[consumed..];
    let body = whole_body(framing, wire);
    check_body(framing, wire, &body);
    let piecewise = body_in_pieces(framing, wire, seed);
    assert_eq!(body.error, piecewise.error);
    if body.error.is_none() {
        assert_eq!(body, piecewise);
    } else {
        // What came before the error is handed out, however it came.
        assert_eq!(body.body, piecewise.body);
    }
}

fn head_in_pieces(wire: &[u8], limits: &HeadLimits, seed: u16) -> Result<HeadStatus, HeadError> {
    let mut parser = HeadParser::new();
    let mut sizes = Pieces::new(seed);
    let mut end = 0;
    loop {
        let status = parser.parse(&wire[..end], limits);
        if status != Ok(HeadStatus::Partial) || end == wire.len() {
            return status;
        }
        end = (end + sizes.next()).min(wire.len());
    }
}

fn check_head(head: &ResponseHead, bytes: &[u8], limits: &HeadLimits) {
    assert!(bytes.len() <= limits.max_bytes && head.headers.len() <= limits.max_count);
    assert!(
        bytes.ends_with(b"\n") && (100..=999).contains(&head.status) && head.version_minor <= 9
    );
    for header in &head.headers {
        let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
        assert!(!header.name.contains(':') && !header.name.as_bytes().iter().any(is_control));
        assert!(!header.value.iter().any(is_control));
    }
    assert!(!head.reason.contains(['\r', '\n']));
}

fn finished(
    decoder: &BodyDecoder,
    body: Vec<u8>,
    consumed: usize,
    error: Option<BodyError>,
) -> Read {
    let trailers = decoder.trailers().map(|list| {
        list.iter()
            .map(|field| (field.name.to_string(), field.value.to_vec()))
            .collect()
    });
    Read {
        body,
        consumed,
        done: decoder.is_done(),
        trailers,
        error,
    }
}

fn whole_body(framing: BodyFraming, wire: &[u8]) -> Read {
    let mut decoder = BodyDecoder::new(framing);
    let mut output = vec![0; wire.len()];
    let advance = match decoder.advance(wire, &mut output) {
        Ok(advance) => advance,
        Err(error) => return finished(&decoder, Vec::new(), 0, Some(error)),
    };
    output.truncate(advance.produced);
    assert_eq!(advance.done, decoder.is_done());
    // Only an error stands between what was taken and the rest.
    let rest = &wire[advance.consumed..];
    let error = if advance.done || rest.is_empty() {
        None
    } else {
        Some(decoder.advance(rest, &mut []).unwrap_err())
    };
    finished(&decoder, output, advance.consumed, error)
}

fn body_in_pieces(framing: BodyFraming, wire: &[u8], seed: u16) -> Read {
    let mut decoder = BodyDecoder::new(framing);
    let mut sizes = Pieces::new(seed);
    let (mut body, mut at) = (Vec::new(), 0);
    // Once more at the end: with nothing to read, a body that is over says so.
    while at < wire.len() && !decoder.is_done() {
        let piece = &wire[at..(at + sizes.next()).min(wire.len())];
        let available = decoder.boundary_available(piece);
        assert!(available <= piece.len() as u64);
        if let Some(direct) = decoder.direct_remaining().filter(|_| sizes.flag()) {
            let count = usize::try_from(direct)
                .unwrap_or(usize::MAX)
                .min(piece.len());
            assert_eq!(available, count as u64);
            body.extend(&piece[..count]);
            decoder.advance_direct(count as u64);
            at += count;
            continue;
        }
        let mut output = vec![0; sizes.next() - 1];
        match decoder.advance(piece, &mut output) {
            Ok(advance) => {
                assert!(advance.produced as u64 >= available.min(output.len() as u64));
                assert!(advance.consumed > 0 || output.is_empty(), "stands still");
                at += advance.consumed;
                body.extend(&output[..advance.produced]);
            }
            Err(error) => return finished(&decoder, body, at, Some(error)),
        }
    }
    finished(&decoder, body, at, None)
}

fn check_body(framing: BodyFraming, wire: &[u8], read: &Read) {
    let mut decoder = BodyDecoder::new(framing);
    match framing {
        BodyFraming::None => assert!(read.done && read.body.is_empty() && read.consumed == 0),
        BodyFraming::Length(length) => {
            let there = usize::try_from(length)
                .unwrap_or(usize::MAX)
                .min(wire.len());
            assert_eq!((&read.body[..], read.consumed), (&wire[..there], there));
            assert_eq!(read.done, there as u64 == length);
        }
        BodyFraming::UntilClose => {
            assert!(read.body == wire && !read.done);
            assert_eq!(decoder.on_eof(false), Ok(()));
        }
        BodyFraming::Chunked => {
            assert_eq!(decoder.on_eof(true), Err(BodyError::Truncated));
            assert_eq!(read.trailers.is_some(), read.done && read.error.is_none());
        }
    }
}

/// What is encoded in chunks is decoded again.
fn chunks_round_trip(data: &[u8], seed: u16) {
    let mut sizes = Pieces::new(seed);
    let (mut wire, mut rest) = (Vec::new(), data);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(sizes.next().min(rest.len()));
        chunked::encode_chunk(&mut wire, piece);
        rest = after;
    }
    wire.extend(chunked::LAST_CHUNK);
    let read = whole_body(BodyFraming::Chunked, &wire);
    assert!(read.done && read.body == data && read.consumed == wire.len());
}
