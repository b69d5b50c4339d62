//! Bodies as servers code them, by choices of an input.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use winhttp_proto::decode::Coding;

use crate::input::Input;

/// How a body is coded.
pub struct Plan {
    /// In the order in which they are applied.
    pub codings: Vec<Coding>,
    /// For each of them: a bit for the variant, the others for the level.
    choices: Vec<u8>,
}

impl Plan {
    pub fn new(input: &mut Input<'_>) -> Self {
        let choices: Vec<u8> = (0..=input.below(4)).map(|_| input.byte()).collect();
        let coding = |choice: &u8| {
            if choice & 1 == 0 {
                Coding::Gzip
            } else {
                Coding::Deflate
            }
        };
        Self {
            codings: choices.iter().map(coding).collect(),
            choices,
        }
    }

    pub fn encode(&self, data: &[u8]) -> Vec<u8> {
        let mut body = data.to_vec();
        for choice in &self.choices {
            let level = Compression::new(u32::from(choice >> 2) % 10);
            body = match choice & 3 {
                0 => gzip(&body, level),
                2 => {
                    let (first, second) = body.split_at(body.len() / 2);
                    [gzip(first, level), gzip(second, level)].concat()
                }
                1 => write(
                    ZlibEncoder::new(Vec::new(), level),
                    &body,
                    ZlibEncoder::finish,
                ),
                _ => write(
                    DeflateEncoder::new(Vec::new(), level),
                    &body,
                    DeflateEncoder::finish,
                ),
            };
        }
        body
    }

    /// Some gzip has two members, each of which is whole without the other.
    pub fn has_members(&self) -> bool {
        self.choices.iter().any(|choice| choice & 3 == 2)
    }

    /// The data has a checksum of its own, whatever is changed: what was zlib's head may be taken
    /// for data without one.
    pub fn is_checked(&self) -> bool {
        self.choices.first().is_some_and(|choice| choice & 3 == 0)
    }

    pub fn names(&self) -> String {
        let names = self.codings.iter().map(Coding::to_string);
        names.collect::<Vec<_>>().join(", ")
    }
}

fn gzip(data: &[u8], level: Compression) -> Vec<u8> {
    write(GzEncoder::new(Vec::new(), level), data, GzEncoder::finish)
}

fn write<E: Write>(
    mut encoder: E,
    data: &[u8],
    finish: fn(E) -> std::io::Result<Vec<u8>>,
) -> Vec<u8> {
    encoder.write_all(data).expect("memory takes everything");
    finish(encoder).expect("memory takes everything")
}
