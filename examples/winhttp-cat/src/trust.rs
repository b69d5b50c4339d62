//! Which authorities a process trusts: a PEM file in place of the system's store.

use std::path::Path;

/// Lets the library trust the authorities in `file`, and no others.
///
/// Must be called while the process has one thread: it sets SSL_CERT_FILE.
///
/// # Errors
///
/// A sentence for the user when the file cannot serve: the library would find nothing to trust, and
/// say so much later.
pub(crate) fn install(file: &Path) -> Result<(), String> {
    if cfg!(windows) {
        return Err(
            "--cacert: Windows takes its trust from its own store (certutil -addstore Root FILE)"
                .to_owned(),
        );
    }
    let shown = file.display();
    let text = std::fs::read(file).map_err(|error| format!("--cacert {shown}: {error}"))?;
    let mark = b"-----BEGIN CERTIFICATE-----";
    if !text.windows(mark.len()).any(|part| part == mark) {
        return Err(format!(
            "--cacert {shown}: no certificate in PEM form is in it"
        ));
    }
    set("SSL_CERT_FILE", Some(file));
    set("SSL_CERT_DIR", None);
    Ok(())
}

fn set(name: &str, value: Option<&Path>) {
    match value {
        // SAFETY: there is no other thread yet, as `install` demands of its callers.
        Some(value) => unsafe { std::env::set_var(name, value) },
        // SAFETY: the same.
        None => unsafe { std::env::remove_var(name) },
    }
}
