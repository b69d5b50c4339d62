//! The chunked coding: whatever the pieces, the same answer; limits to the byte.

use proptest::prelude::*;

use super::*;

/// What came out, how much was taken, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    data: Vec<u8>,
    consumed: usize,
    done: bool,
    trailers: HeaderList,
}

/// Decodes with pieces of `step` bytes and room for `room` bytes at a time.
fn decode(input: &[u8], step: usize, room: usize) -> Result<Decoded, ChunkError> {
    let mut decoder = ChunkDecoder::new();
    let (mut data, mut consumed) = (Vec::new(), 0);
    let mut end = 0;
    while end < input.len() && !decoder.is_done() {
        end = input.len().min(end + step);
        loop {
            let mut output = vec![0; room];
            let (took, gave) = decoder.advance(&input[consumed..end], &mut output)?;
            consumed += took;
            data.extend_from_slice(&output[..gave]);
            if took == 0 {
                break;
            }
        }
    }
    let (done, trailers) = (decoder.is_done(), decoder.trailers().clone());
    Ok(Decoded {
        data,
        consumed,
        done,
        trailers,
    })
}

/// Decodes whole, byte by byte, with little room, and with trailing data: always the same.
fn decode_all_ways(input: &[u8]) -> Result<Decoded, ChunkError> {
    let whole = decode(input, usize::MAX / 2, 1000);
    for (step, room) in [(1, 1000), (1, 1), (3, 2), (1000, 1)] {
        assert_eq!(decode(input, step, room), whole, "{step} {room}");
    }
    if whole.as_ref().is_ok_and(|decoded| decoded.done) {
        assert_eq!(decode(&[input, b"5\r\ntrail"].concat(), 1000, 1000), whole);
    }
    whole
}

#[test]
fn chunks_are_joined_and_extensions_skipped() {
    for body in [
        &b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"[..],
        b"005\r\nhello\r\n6\r\n world\r\n000\r\n\r\n",
        b"5;a=1;b=\"x\"\r\nhello\r\n6 \t;c\r\n world\r\n0;d\r\n\r\n",
        b"5\nhello\n6\n world\n0\n\n",
        b"5;a=\t\x80\xff\nhello\n6 ;\r\n world\n0\r\n\n",
        b"B\r\nhello world\r\n0\r\n\r\n",
    ] {
        let decoded = decode_all_ways(body).unwrap();
        assert_eq!(decoded.data, b"hello world");
        assert_eq!((decoded.done, decoded.consumed), (true, body.len()));
    }
}

#[test]
fn trailers_are_read_like_headers() {
    let decoded = decode_all_ways(b"1\r\na\r\n0\r\nX: 1\r\n 2\r\ny :3\r\n\r\n").unwrap();
    assert_eq!(decoded.trailers.first("x"), Some(&b"1 2"[..]));
    assert_eq!(decoded.trailers.first("Y"), Some(&b"3"[..]));
    assert!(decoded.done);
}

#[test]
fn malformed_chunks_are_refused() {
    for body in [
        &b"\r\n"[..],
        b";a\r\n",
        b"g\r\n",
        b"-1\r\n",
        b"0x5\r\nhello",
        b"5\r\nhello5\r\n",
        b"5\r\nhelloo\r\n",
        b"5\r\nhello\r\r\n",
        b"5 5\r\n",
        b" 5\r\n",
        b"\t5\r\n",
        b"+5\r\nhello",
        b"0x5\r\nhello",
        b"5h\r\nhello",
        b"5,5\r\nhello",
        b"5\0\r\nhello",
        b"5\x0b\r\nhello",
        b"5\r\r\nhello",
        b"5\rhello",
        b"5\r 5\r\n",
        b"5 \r;a\r\nhello",
        b"5;a\rb\r\nhello",
        b"5;a\r\r\nhello",
        b"5;a\0b\r\nhello",
        b"5;\x1b\r\nhello",
        b"0\r\r\n\r\n",
        b"0;a\rb\r\n\r\n",
        b"5\r\nhello\r5\r\n",
        b"0\r\nX: 1\rY: 2\r\n\r\n",
        b"0\r\nX: 1\r\r\n\r\n",
        b"0\r\nbad\r\n\r\n",
    ] {
        let text = String::from_utf8_lossy(body);
        let result = decode_all_ways(body);
        assert!(matches!(result, Err(ChunkError::Malformed(_))), "{text:?}");
    }
}

#[test]
fn an_unfinished_body_is_not_done() {
    let body = b"5\r\nhello\r\n0\r\nX: 1\r\n\r\n";
    for end in 0..body.len() {
        assert!(!decode_all_ways(&body[..end]).unwrap().done, "{end}");
    }
}

#[test]
fn size_lines_have_a_limit() {
    let fits = [b"5;", &*vec![b'e'; MAX_SIZE_LINE_BYTES - 4], b"\r\nhello"].concat();
    assert_eq!(decode_all_ways(&fits).unwrap().data, b"hello");
    for endless in [b"5;", b"5 ", b"00"] {
        let line = [&endless[..1], &vec![endless[1]; MAX_SIZE_LINE_BYTES]].concat();
        assert_eq!(decode_all_ways(&line), Err(ChunkError::ChunkHeaderTooLarge));
    }
    let large = decode_all_ways(b"10000000000000000\r\n");
    assert_eq!(large, Err(ChunkError::ChunkHeaderTooLarge));
    assert!(decode_all_ways(b"ffffffffffffffff\r\nab").is_ok());
}

#[test]
fn trailers_have_limits() {
    let endless = [b"0\r\nx: ".as_slice(), &vec![b'a'; 70_000]].concat();
    assert_eq!(decode(&endless, 4096, 0), Err(ChunkError::TrailersTooLarge));
    let many = format!("0\r\n{}\r\n", "a:\r\n".repeat(1025));
    assert_eq!(
        decode(many.as_bytes(), 4096, 0),
        Err(ChunkError::TooManyTrailers)
    );
}

#[test]
fn a_size_line_may_have_exactly_as_many_bytes_as_the_limit() {
    // Where the filling goes: an extension, blanks, leading zeros.
    for (before, filling, after) in [("5;", b'e', ""), ("5", b' ', ""), ("", b'0', "5")] {
        let line = |bytes: usize, end: &str| {
            let length = bytes - before.len() - after.len() - end.len();
            [
                before.as_bytes(),
                &vec![filling; length],
                after.as_bytes(),
                end.as_bytes(),
            ]
            .concat()
        };
        for bytes in [MAX_SIZE_LINE_BYTES - 1, MAX_SIZE_LINE_BYTES] {
            for end in ["\r\n", "\n"] {
                let fits = [&line(bytes, end), &b"hello"[..]].concat();
                let decoded = decode_all_ways(&fits).unwrap();
                assert_eq!(decoded.data, b"hello", "{before:?} {bytes}");
            }
        }
        // So many without a line end are too many, and one byte less is not yet.
        let fits = line(MAX_SIZE_LINE_BYTES - 1, "");
        assert_eq!(decode_all_ways(&fits).unwrap().consumed, fits.len());
        let too_long = decode_all_ways(&line(MAX_SIZE_LINE_BYTES, ""));
        assert_eq!(too_long, Err(ChunkError::ChunkHeaderTooLarge), "{before:?}");
    }
}

#[test]
fn trailers_may_have_exactly_as_many_bytes_as_the_limit() {
    let max = HeadLimits::default().max_bytes;
    let body = |bytes: usize| {
        let value = vec![b'a'; bytes - "x: \r\n\r\n".len()];
        [b"0\r\nx: ", &*value, b"\r\n\r\n"].concat()
    };
    for bytes in [max - 1, max] {
        let decoded = decode_all_ways(&body(bytes)).unwrap();
        assert_eq!((decoded.done, decoded.trailers.len()), (true, 1), "{bytes}");
    }
    let too_long = decode_all_ways(&body(max + 1));
    assert_eq!(too_long, Err(ChunkError::TrailersTooLarge));
}

#[test]
fn there_may_be_exactly_as_many_trailers_as_the_limit() {
    let max = HeadLimits::default().max_count;
    let body = |count: usize| format!("0\r\n{}\r\n", "a: b\r\n".repeat(count)).into_bytes();
    for count in [max - 1, max] {
        let decoded = decode_all_ways(&body(count)).unwrap();
        assert_eq!((decoded.done, decoded.trailers.len()), (true, count));
    }
    let too_many = decode_all_ways(&body(max + 1));
    assert_eq!(too_many, Err(ChunkError::TooManyTrailers));
}

#[test]
fn fact_5_3_6_data_at_hand_ends_with_the_chunk() {
    let decoder = ChunkDecoder::new();
    assert_eq!(decoder.data_at_hand(b"5\r\nhello\r\n6\r\n world"), 5);
    assert_eq!(decoder.data_at_hand(b"5\r\nhel"), 3);
    for none in [&b""[..], b"5", b"5\r\n", b"0\r\n\r\n", b"zz"] {
        assert_eq!(decoder.data_at_hand(none), 0);
    }
    let mut decoder = ChunkDecoder::new();
    decoder.advance(b"5\r\nhello", &mut [0; 9]).unwrap();
    assert_eq!(decoder.data_at_hand(b"\r\n2\r\nab\r\n"), 2);
}

#[test]
fn chunks_are_encoded_without_an_early_end() {
    let mut out = Vec::new();
    encode_chunk(&mut out, b"");
    encode_size_line(&mut out, 0);
    assert!(out.is_empty(), "an empty chunk would end the body");
    encode_chunk(&mut out, &[b'x'; 26]);
    assert!(out.starts_with(b"1a\r\nxxx") && out.ends_with(b"x\r\n"));
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_in_any_split(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
        step in 1usize..20,
        room in 1usize..20,
    ) {
        let mut wire = Vec::new();
        for chunk in &chunks {
            encode_chunk(&mut wire, chunk);
        }
        wire.extend_from_slice(LAST_CHUNK);
        let decoded = decode(&wire, step, room).unwrap();
        prop_assert_eq!(decoded.data, chunks.concat());
        prop_assert!(decoded.done);
    }

    #[test]
    fn any_bytes_any_split_same_answer(
        input in "[0-2a;\\r\\n: \\x00]{0,60}", step in 1usize..9, room in 1usize..9,
    ) {
        let bytes = input.as_bytes();
        prop_assert_eq!(decode(bytes, step, room), decode(bytes, 1000, 1000));
    }

    #[test]
    fn data_at_hand_is_what_advance_gives_first(input in "[1-3]\\r\\n[ab]{0,9}(\\r\\n)?") {
        let mut decoder = ChunkDecoder::new();
        let announced = decoder.data_at_hand(input.as_bytes());
        let mut output = vec![0; usize::try_from(announced).unwrap()];
        if let Ok((_, produced)) = decoder.advance(input.as_bytes(), &mut output) {
            prop_assert_eq!(produced, output.len());
        }
    }
}
