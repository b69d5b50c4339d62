//! How the shared library is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if system != "macos" && system != "ios" {
        // dlclose leaves the library where it is: its threads run in it, and handlers of atexit and
        // fork point into it. On Apple's systems no library with thread-locals is unloaded.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
