//! The pool's shelf, which decides who gets which connection: whatever is asked, given back, lost,
//! left, taken, marked, ended and swept in whatever order, at whatever times, it does what the
//! model of the unit tests says (`core/src/engine/pool/shelf/model.rs`).
//!
//! Input: a byte for each choice of the model. A forked child has nothing of it: its shelf is a new
//! one, as every input's is.

use std::time::Instant;

use winhttp_core::engine::pool::shelf::{
    Aftermath, Answer, Demand, Grant, Kept, Limits, Mark, Marks, Shelf,
};

use crate::input::Input;

#[path = "../../core/src/engine/pool/shelf/model.rs"]
mod model;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut model = model::Model::new(Instant::now());
    while !input.is_empty() {
        model.step(&mut |below| input.below(below));
    }
}
