//! Why something failed, as a sentence for the user: the one place where such sentences are made.

use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Networking::WinHttp::*;

use crate::api::CallError;
use crate::names;

/// What is known beside the error number.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Circumstances {
    /// `--insecure` was given.
    pub(crate) insecure: bool,
    /// What SECURE_FAILURE told about the certificate.
    pub(crate) flaws: u32,
}

/// The call, the error, what it means and, if there is something, what helps.
pub(crate) fn sentence(error: &CallError, known: Circumstances) -> String {
    let mut text = format!("{} failed: {}", error.call, names::error(error.code));
    let detail = error.detail.as_deref();
    if let Some(why) = detail.or_else(|| meaning(error.code)) {
        text.push_str(": ");
        text.push_str(why);
    }
    if error.code == ERROR_WINHTTP_SECURE_FAILURE {
        if detail.is_none() {
            text.push_str(&flaws(known));
        }
        text.push_str(&remedies(known));
    }
    text
}

/// Why there is no WebSocket although there was an answer, with the answer as the library tells it;
/// and if it is a redirect that leaves TLS, that this is why it is not followed.
pub(crate) fn refusal(status: u32, leaves_tls: bool, answer: Option<&str>) -> String {
    let who = if status == 407 { "proxy" } else { "server" };
    let mut text = format!("the {who} answered {status} instead of 101 Switching Protocols");
    if leaves_tls {
        text.push_str("; it leads from TLS to http, where it is not followed");
    }
    // The library's first line says the same.
    if let Some((_, response)) = answer.and_then(|answer| answer.split_once('\n')) {
        text.push('\n');
        text.push_str(response);
    }
    text
}

/// What an error number means to somebody who sees it for the first time.
fn meaning(code: u32) -> Option<&'static str> {
    Some(match code {
        ERROR_WINHTTP_TIMEOUT => "it took longer than the timeout",
        ERROR_WINHTTP_INVALID_URL => "the URL cannot be parsed",
        ERROR_WINHTTP_NAME_NOT_RESOLVED => "the host name is not known",
        ERROR_WINHTTP_CANNOT_CONNECT => "nothing accepts connections there",
        ERROR_WINHTTP_CONNECTION_ERROR => "the connection broke",
        ERROR_WINHTTP_INVALID_SERVER_RESPONSE => "the server broke the protocol",
        ERROR_WINHTTP_SECURE_CHANNEL_ERROR => "TLS could not be agreed upon",
        ERROR_WINHTTP_SECURE_FAILURE => "the server's certificate is not good",
        ERROR_WINHTTP_SECURE_FAILURE_PROXY => "the proxy's certificate is not good",
        ERROR_WINHTTP_OPERATION_CANCELLED => "the handle was closed meanwhile",
        ERROR_INVALID_OPERATION => "the WebSocket is not in a state for that",
        _ => return None,
    })
}

/// What is wrong with a certificate, flaw by flaw.
fn flaws(known: Circumstances) -> String {
    const FLAWS: [(u32, &str); 5] = [
        (
            WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID,
            "it is for another name",
        ),
        (
            WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID,
            "it has expired, or is not valid yet",
        ),
        (
            WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA,
            "its issuer is not trusted",
        ),
        (
            WINHTTP_CALLBACK_STATUS_FLAG_CERT_WRONG_USAGE,
            "it is not for servers",
        ),
        (
            WINHTTP_CALLBACK_STATUS_FLAG_CERT_REVOKED,
            "it has been revoked",
        ),
    ];
    let mut text = String::new();
    for (flaw, meaning) in FLAWS {
        if known.flaws & flaw != 0 {
            text.push_str(if text.is_empty() { " (" } else { "; " });
            text.push_str(meaning);
        }
    }
    if !text.is_empty() {
        text.push(')');
    }
    text
}

/// What may be done about a certificate that was refused.
fn remedies(known: Circumstances) -> String {
    let mut text = String::new();
    if known.flaws & WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA != 0 {
        text.push_str(
            ". If the server is yours, trust the issuer's certificate, or a self-signed one itself, \
             with --cacert FILE or SSL_CERT_FILE",
        );
    }
    if !known.insecure {
        text.push_str("; --insecure accepts any certificate");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: u32, insecure: bool, flaws: u32) -> String {
        let call = "WinHttpSendRequest";
        let detail = None;
        let error = CallError { call, code, detail };
        sentence(&error, Circumstances { insecure, flaws })
    }

    #[test]
    fn what_the_library_knows_takes_the_place_of_what_the_number_means() {
        let error = CallError {
            call: "WinHttpSendRequest",
            code: 12175,
            detail: Some("the certificate is refused: it is old".to_owned()),
        };
        let flaws = WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID;
        let known = Circumstances {
            insecure: false,
            flaws,
        };
        assert_eq!(
            sentence(&error, known),
            "WinHttpSendRequest failed: ERROR_WINHTTP_SECURE_FAILURE (12175): the certificate is refused: \
             it is old; --insecure accepts any certificate"
        );
    }

    #[test]
    fn a_refusal_shows_the_answer() {
        assert_eq!(
            refusal(403, false, None),
            "the server answered 403 instead of 101 Switching Protocols"
        );
        assert!(refusal(302, true, None).contains("from TLS to http"));
        assert!(refusal(407, false, None).starts_with("the proxy answered 407"));
        assert!(
            refusal(403, false, Some("refused\nHTTP/1.1 403 No\n\nbody"))
                .ends_with("s\nHTTP/1.1 403 No\n\nbody")
        );
    }

    #[test]
    fn an_error_has_its_call_its_name_and_its_meaning() {
        assert_eq!(
            of(12002, false, 0),
            "WinHttpSendRequest failed: ERROR_WINHTTP_TIMEOUT (12002): it took longer than the timeout"
        );
        assert_eq!(
            of(12032, false, 0),
            "WinHttpSendRequest failed: ERROR_WINHTTP_RESEND_REQUEST (12032)"
        );
    }

    #[test]
    fn an_untrusted_issuer_has_two_remedies() {
        let text = of(12175, false, WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA);
        assert!(text.contains("issuer is not trusted"), "{text}");
        assert!(text.contains("--cacert"), "{text}");
        assert!(text.contains("--insecure accepts"), "{text}");
    }

    #[test]
    fn every_flaw_is_told_and_only_what_helps_is_advised() {
        let flaws = WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID
            | WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID;
        let text = of(12175, true, flaws);
        assert!(
            text.contains("(it is for another name; it has expired"),
            "{text}"
        );
        assert!(!text.contains("--cacert"), "{text}");
        assert!(!text.contains("--insecure"), "{text}");
    }
}
