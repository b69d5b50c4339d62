//! Codings of bodies, whole, cut, broken, continued and made up: what comes out is the same however
//! it goes in and out, is never anything but what was put in, and no call does more than it may.
//!
//! Input: codings, a seed for the pieces, what happens to the wire and where, the data.

use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use winhttp_proto::decode::{Coding, DecodeError, Decoder};

use crate::coded::Plan;
use crate::input::{Input, Pieces};

/// Bytes that one call may move: twice its own limit, what waits between codings, and its input.
const CALL_BYTES_MAX: usize = 2 * 256 * 1024 + 8 * 8 * 1024;
/// Bytes of work behind which made up data is given up.
const WORK_MAX: usize = 8 << 20;

/// What came out and how it ended; `None` where that was given up.
type Outcome = (Vec<u8>, Option<Result<(), DecodeError>>);

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let plan = Plan::new(&mut input);
    let seed = input.number();
    let (what, at, times) = (input.below(5), usize::from(input.number()), input.below(64));
    let data = input.rest();
    if what == 0 {
        made_up(&plan.codings, data, seed);
        return;
    }
    let data = data.repeat(1 + times);
    let mut wire = plan.encode(&data);
    let at = at % wire.len().max(1);
    match what {
        1 => {}
        2 => wire.truncate(at),
        3 => wire[at] ^= 1 << (seed & 7),
        _ => wire.extend([&[0; 3][..], b"garbage"].concat()),
    }
    let (out, end) = same(&plan.codings, &wire, seed);
    let Some(end) = end else { return };
    match what {
        2 => {
            assert!(data.starts_with(&out), "not what was put in");
            assert!(end.is_err() || at == 0 || plan.has_members());
        }
        3 if end.is_ok() && plan.is_checked() && !plan.has_members() => assert!(out == data),
        3 => {}
        _ => assert!(out == data && end == Ok(())),
    }
}

/// What no compressor has made. A second decoder reads it the same, if it reads it at all.
fn made_up(codings: &[Coding], wire: &[u8], seed: u16) {
    let (out, end) = same(codings, wire, seed);
    if codings == [Coding::Gzip] && end.is_some() {
        let mut second = Vec::new();
        if MultiGzDecoder::new(wire).read_to_end(&mut second).is_ok() {
            assert!(out == second && end == Some(Ok(())));
        }
    }
}

fn same(codings: &[Coding], wire: &[u8], seed: u16) -> Outcome {
    let whole = decode(codings, wire, None);
    let pieces = decode(codings, wire, Some(Pieces::new(seed)));
    if whole.1.is_some() && pieces.1.is_some() {
        assert!(whole == pieces, "{:?} and {:?}", whole.1, pieces.1);
    }
    whole
}

fn decode(codings: &[Coding], wire: &[u8], mut pieces: Option<Pieces>) -> Outcome {
    let mut next = |all: usize| pieces.as_mut().map_or(all, Pieces::next);
    let mut decoder = Decoder::new(codings).expect("there are codings");
    let (mut out, mut start, mut end, mut worked) = (Vec::new(), 0, 0, 0);
    loop {
        let mut room = vec![0; next(1 << 20)];
        let step = match decoder.advance(&wire[start..end], &mut room) {
            Ok(step) => step,
            Err(error) => {
                let again = decoder.advance(&wire[start..end], &mut room);
                assert_eq!(again, Err(error), "a defect goes away");
                return (out, Some(Err(error)));
            }
        };
        assert!(step.worked <= CALL_BYTES_MAX + wire.len());
        assert!(step.consumed + step.produced <= step.worked);
        start += step.consumed;
        out.extend(&room[..step.produced]);
        worked += step.worked;
        if worked > WORK_MAX {
            return (out, None);
        }
        if step.worked > 0 {
            continue;
        }
        assert_eq!(start, end, "something is left that could be taken");
        if end == wire.len() {
            return (out, Some(decoder.end()));
        }
        end = (end + next(wire.len())).min(wire.len());
    }
}
