//! Tests of the protocol as a whole: wire dialogues, and random conversations through both halves.

mod dialogues;
mod reader;
mod roundtrip;
