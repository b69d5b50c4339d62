//! A second, plain reader of responses: all bytes at once, no limits, no judgement. What it cannot
//! make sense of it takes as it comes.

use winhttp_proto::decode::{Coding, Decoder};

/// The final response in some bytes.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// The body as far as it came.
    pub body: Vec<u8>,
    /// Its codings were taken off, and some of them do not end as they should.
    pub broken: bool,
    /// What is to be taken off, in the order in which it was applied.
    codings: Vec<Coding>,
    /// Nothing of the body is missing, whatever becomes of the connection.
    pub complete: bool,
    /// The end of the connection may end it in order, whatever was announced.
    pub may_be_short: bool,
    counted: bool,
}

/// Work for a body that is not worth more.
const WORK_MAX: usize = 8 << 20;

impl Response {
    /// Takes the body's codings off, all at once; `false` where that takes too long.
    pub fn decode(&mut self) -> bool {
        let Some(mut decoder) = Decoder::new(&self.codings) else {
            return true;
        };
        let (mut body, mut at, mut worked) = (Vec::new(), 0, 0);
        let mut room = vec![0; 1 << 20];
        let end = loop {
            match decoder.advance(&self.body[at..], &mut room) {
                Ok(step) if step.worked == 0 => break decoder.end(),
                Ok(step) => {
                    at += step.consumed;
                    body.extend(&room[..step.produced]);
                    worked += step.worked;
                }
                Err(error) => break Err(error),
            }
            if worked > WORK_MAX {
                return false;
            }
        };
        (self.body, self.broken) = (body, end.is_err());
        // Nobody would notice that a length was not reached.
        self.may_be_short &= !self.counted;
        true
    }
}

type Fields = Vec<(String, Vec<u8>)>;

/// The final response to a request with `method`; `None` if its head is not complete.
pub fn response(method: &str, mut wire: &[u8]) -> Option<Response> {
    loop {
        let (line, mut rest) = line(wire)?;
        let status = status(line)?;
        let mut fields = Fields::new();
        loop {
            let (line, after) = self::line(rest)?;
            rest = after;
            if line.is_empty() {
                break;
            }
            add(&mut fields, line);
        }
        if !(100..200).contains(&status) || status == 101 {
            return Some(body(method, status, &fields, rest));
        }
        wire = rest;
    }
}

fn line(wire: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = wire.iter().position(|byte| *byte == b'\n')?;
    let line = &wire[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), &wire[end + 1..]))
}

fn status(line: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(line);
    let code = text.split([' ', '\t']).filter(|part| !part.is_empty());
    code.skip(1).next()?.parse().ok()
}

fn add(fields: &mut Fields, line: &[u8]) {
    if let ([b' ' | b'\t', ..], Some((_, value))) = (line, fields.last_mut()) {
        let more = line.trim_ascii();
        if !value.is_empty() && !more.is_empty() {
            value.push(b' ');
        }
        value.extend(more);
    } else if let Some(colon) = line.iter().position(|byte| *byte == b':') {
        let name = String::from_utf8_lossy(&line[..colon]);
        let name = name.trim_end().to_ascii_lowercase();
        fields.push((name, line[colon + 1..].trim_ascii().to_vec()));
    }
}

fn body(method: &str, status: u16, fields: &Fields, rest: &[u8]) -> Response {
    let of = |name: &str| fields.iter().find(|(own, _)| own == name);
    let is_chunked = fields.iter().any(|(name, value)| {
        let mut codings = value.split(|byte| *byte == b',');
        name == "transfer-encoding"
            && codings.any(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"chunked"))
    });
    let length = of("content-length").map(|(_, value)| number(value, 10));
    let is_bodiless = method == "HEAD" || matches!(status, 101 | 204 | 304);
    let (body, complete, may_be_short) = if is_bodiless {
        (Vec::new(), true, true)
    } else if is_chunked {
        let (body, complete) = chunks(rest);
        (body, complete, false)
    } else if let Some(length) = length {
        let count = usize::try_from(length).unwrap_or(usize::MAX);
        let body = &rest[..count.min(rest.len())];
        (body.to_vec(), body.len() == count, true)
    } else {
        (rest.to_vec(), false, true)
    };
    Response {
        status,
        broken: false,
        codings: if is_bodiless {
            Vec::new()
        } else {
            codings(fields)
        },
        counted: !is_chunked && length.is_some(),
        body,
        complete,
        may_be_short,
    }
}

/// All codings, if all of them can be taken off.
fn codings(fields: &Fields) -> Vec<Coding> {
    let values = fields.iter().filter(|(name, _)| name == "content-encoding");
    let names = values.flat_map(|(_, value)| value.split(|byte| *byte == b','));
    let names = names.map(|name| name.trim_ascii().to_ascii_lowercase());
    let known = |name: Vec<u8>| match name.as_slice() {
        b"gzip" | b"x-gzip" => Some(Coding::Gzip),
        b"deflate" => Some(Coding::Deflate),
        _ => None,
    };
    let is_coding = |name: &Vec<u8>| !name.is_empty() && name != b"identity";
    names
        .filter(is_coding)
        .map(known)
        .collect::<Option<_>>()
        .unwrap_or_default()
}

/// The number that a text begins with.
fn number(text: &[u8], base: u32) -> u64 {
    let digits = text
        .iter()
        .map_while(|byte| char::from(*byte).to_digit(base));
    digits.fold(0, |number: u64, digit| {
        number
            .saturating_mul(base.into())
            .saturating_add(digit.into())
    })
}

fn chunks(mut wire: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some((size, rest)) = line(wire) {
        let size = usize::try_from(number(size, 16)).unwrap_or(usize::MAX);
        wire = rest;
        if size == 0 {
            break;
        }
        let count = size.min(wire.len());
        body.extend(&wire[..count]);
        wire = &wire[count..];
        if count < size {
            return (body, false);
        }
        match line(wire) {
            Some((b"", rest)) => wire = rest,
            _ => return (body, false),
        }
    }
    // Trailers, and the empty line behind them.
    while let Some((trailer, rest)) = line(wire) {
        wire = rest;
        if trailer.is_empty() {
            return (body, true);
        }
    }
    (body, false)
}
