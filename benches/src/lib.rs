//! Times WebSockets and HTTP through the C ABI against named peers, in one run, as ratios.
//!
//! In scope: the rows of `docs/performance.md`, plain and TLS, and those of the codec of
//! websocket.h alone. Out of scope: what the figures mean, which that page says. Linux only, for
//! pinning and for network namespaces; elsewhere this crate is empty.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "printing is this program's job")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark that meets anything unexpected must stop, and its numbers are small"
)]

mod arguments;
mod child;
mod codec;
mod contestants;
mod docs;
mod goals;
mod http;
mod isolation;
mod machine;
mod micro;
mod results;
mod rows;
mod runner;
mod server;
mod table;
mod wire;
mod work;

use arguments::Role;

/// Runs what the command line asks for: the runner, or one of the processes it starts.
pub fn main() {
    match arguments::parse() {
        Role::Runner(options) => runner::run(&options),
        Role::Server { core, has_own_core } => {
            machine::pin(&[core]);
            server::main(has_own_core);
        }
        Role::Micro(order) => {
            micro::main(order.as_ref().map(|(name, times)| (name.as_str(), *times)));
        }
        Role::Codec(task) => codec::main(&task),
        Role::Child(order) => child::main(&order),
    }
}
