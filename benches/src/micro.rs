//! Single operations of the inner loops, alone: timed here, counted in instructions by
//! `benches/instructions`.

mod handover;

use std::hint::black_box;
use std::time::Instant;

use winhttp_proto::handle::Table;
use winhttp_proto::websocket::{
    FrameHeader, MaskKey, MessageKind, Receiver, Role, Sender, Utf8Check, mask,
};

use crate::rows::{LARGE_BYTES, SMALL_BYTES};
use crate::wire;
use crate::work::pattern;

/// How long a measurement without a number of times takes, roughly.
const SECONDS: f64 = 0.2;

/// Does an operation a number of times; what it needs is made before the first.
type Operation = fn(u64);

const KEY: MaskKey = MaskKey::new([0x37, 0xfa, 0x21, 0x3d]);

const OPERATIONS: &[(&str, Operation)] = &[
    ("copy-64", |times| copy(SMALL_BYTES, times)),
    ("mask-64", |times| copy_masked(SMALL_BYTES, times)),
    ("mask-in-place-64", |times| {
        mask_in_place(SMALL_BYTES, times);
    }),
    ("copy-1MiB", |times| copy(LARGE_BYTES, times)),
    ("mask-1MiB", |times| copy_masked(LARGE_BYTES, times)),
    ("mask-in-place-1MiB", |times| {
        mask_in_place(LARGE_BYTES, times);
    }),
    ("mask-key", mask_key),
    ("utf8-64", |times| utf8(&ascii(SMALL_BYTES), times)),
    ("utf8-std-64", |times| utf8_std(&ascii(SMALL_BYTES), times)),
    ("utf8-simd-64", |times| {
        utf8_simd(&ascii(SMALL_BYTES), times);
    }),
    ("utf8-64KiB", |times| utf8(&mixed(), times)),
    ("utf8-std-64KiB", |times| utf8_std(&mixed(), times)),
    ("utf8-simd-64KiB", |times| utf8_simd(&mixed(), times)),
    ("header-parse", header_parse),
    ("header-encode", header_encode),
    ("frame-decode-64", frame_decode),
    ("handle-lookup", handle_lookup),
    ("callback-handover", handover::measure),
];

/// Without a name, times every operation; with one, does that operation so many times and prints
/// nothing.
pub(crate) fn main(order: Option<(&str, u64)>) {
    if let Some((name, times)) = order {
        let found = OPERATIONS.iter().find(|(own, _)| *own == name);
        let (_, operation) = found.unwrap_or_else(|| panic!("no operation {name}"));
        return operation(times);
    }
    for (name, operation) in OPERATIONS {
        println!("{name:<20} {:>12.1} ns", time(*operation));
    }
}

/// The names of all operations.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|(name, _)| *name)
}

/// Nanoseconds per operation; the difference of two runs leaves out what is made before the first.
fn time(operation: Operation) -> f64 {
    let seconds = |times| {
        let start = Instant::now();
        operation(times);
        start.elapsed().as_secs_f64()
    };
    let mut times = 16;
    while seconds(times) < SECONDS / 10.0 {
        times *= 2;
    }
    let (short, long) = (seconds(times), seconds(times * 11));
    (long - short).max(0.0) * 1e9 / (times * 10) as f64
}

fn copy(bytes: usize, times: u64) {
    let (source, mut target) = (pattern(bytes), vec![0; bytes]);
    for _ in 0..times {
        black_box(&mut target).copy_from_slice(black_box(&source));
    }
}

fn copy_masked(bytes: usize, times: u64) {
    let (source, mut target) = (pattern(bytes), vec![0; bytes]);
    for _ in 0..times {
        mask::copy_masked(
            black_box(KEY),
            0,
            black_box(&source),
            black_box(&mut target),
        );
    }
}

fn mask_in_place(bytes: usize, times: u64) {
    let mut target = pattern(bytes);
    for _ in 0..times {
        mask::apply(black_box(KEY), 0, black_box(&mut target));
    }
}

fn mask_key(times: u64) {
    for _ in 0..times {
        black_box(winhttp_core::engine::entropy::mask_key().unwrap());
    }
}

fn ascii(bytes: usize) -> Vec<u8> {
    vec![b'a'; bytes]
}

/// Text with sequences of every length.
fn mixed() -> Vec<u8> {
    "WebSocket κόσμε 世界 🦀 ".repeat(2_000).into_bytes()[..65_536].to_vec()
}

fn utf8(text: &[u8], times: u64) {
    for _ in 0..times {
        let mut check = Utf8Check::new();
        assert!(check.feed(black_box(text)).is_ok());
        let _ = black_box(check.finish());
    }
}

fn utf8_std(text: &[u8], times: u64) {
    for _ in 0..times {
        let _ = black_box(std::str::from_utf8(black_box(text)));
    }
}

fn utf8_simd(text: &[u8], times: u64) {
    for _ in 0..times {
        let _ = black_box(simdutf8::compat::from_utf8(black_box(text)));
    }
}

fn header_parse(times: u64) {
    let frame = wire::server_frame(wire::BINARY, &pattern(SMALL_BYTES));
    for _ in 0..times {
        assert!(black_box(FrameHeader::parse(black_box(&frame))).is_ok());
    }
}

fn header_encode(times: u64) {
    let mut sender = Sender::new(Role::Client);
    for _ in 0..times {
        let header = sender.begin(MessageKind::Binary, true, black_box(64), Some(KEY));
        assert!(black_box(header).is_ok());
    }
}

fn frame_decode(times: u64) {
    let frame = wire::server_frame(wire::BINARY, &pattern(SMALL_BYTES));
    let mut receiver = Receiver::new(Role::Client);
    let mut output = [0; SMALL_BYTES];
    for _ in 0..times {
        let advance = receiver
            .advance(black_box(&frame), black_box(&mut output))
            .unwrap();
        assert_eq!(advance.produced, SMALL_BYTES);
    }
}

fn handle_lookup(times: u64) {
    let table = Table::new();
    let objects = (0..100_u8).map(std::sync::Arc::new);
    let ids: Vec<_> = objects
        .filter_map(|object| table.insert_with(|_| object))
        .map(|(id, _)| id)
        .collect();
    for _ in 0..times {
        assert!(black_box(table.get(black_box(ids[50]))).is_some());
    }
}
