//! `cargo run --release -p winhttp-benches -- --help` says what it can do.

#[cfg(target_os = "linux")]
fn main() {
    winhttp_benches::main();
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::print_stdout, reason = "printing is this program's job")]
fn main() {
    println!("The benchmarks pin processes to cores; they run on Linux.");
}
