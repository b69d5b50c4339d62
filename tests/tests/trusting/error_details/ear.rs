//! A client whose callback asks for the details of what it is told.

use std::ptr::null_mut;
use std::sync::mpsc;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_tests::{Call, Client, Event, Info, Mode, PATIENCE, last_error};

/// A number that no function leaves.
const STALE: u32 = 0x0bad_cafe;

/// WINHTTP_SHIM_ERROR_DETAIL_MAX.
const DETAIL_MAX: usize = 8192;

/// What the callback was told, and what it was answered inside.
pub(crate) struct Told {
    pub(crate) status: u32,
    pub(crate) error: u32,
    pub(crate) detail: Option<String>,
}

pub(crate) struct Ear<W: Unit> {
    pub(crate) client: Client<W>,
    told: mpsc::Receiver<Told>,
}

impl<W: Unit> Ear<W> {
    pub(crate) fn new(mode: Mode) -> Self {
        let client = Client::new(mode);
        let (sender, told) = mpsc::channel();
        for status in [
            c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR,
            c::WINHTTP_CALLBACK_STATUS_SECURE_FAILURE,
        ] {
            let sender = sender.clone();
            client.recorder.on(status, move |event| {
                let error = error_of(event);
                let detail = detail::<W>(error);
                // Nobody listens any more if the test has failed.
                let _ = sender.send(Told {
                    status,
                    error,
                    detail,
                });
            });
        }
        Self { client, told }
    }

    /// The next thing that the callback was told.
    pub(crate) fn told(&self) -> Told {
        self.told.recv_timeout(PATIENCE).expect("nothing was told")
    }

    /// The error of an operation that was to fail, and what was known of it where the program
    /// learns of it: here, or in the callback.
    pub(crate) fn failed<T: std::fmt::Debug>(&self, outcome: Call<T>) -> (u32, String) {
        let error = outcome.expect_err("this should fail");
        let detail = match self.client.mode {
            Mode::Sync => detail::<W>(error),
            Mode::Async => loop {
                let told = self.told();
                if told.status == c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR {
                    assert_eq!(told.error, error);
                    break told.detail;
                }
            },
        };
        (
            error,
            detail.unwrap_or_else(|| panic!("nothing is known of {error}")),
        )
    }

    pub(crate) fn finish(self) {
        self.client.finish();
    }
}

fn error_of(event: &Event) -> u32 {
    match event.info {
        Info::AsyncResult(_, error) | Info::WebSocketResult(_, error, _) => error,
        _ => c::ERROR_WINHTTP_SECURE_FAILURE,
    }
}

/// What this thread knows about an error. Both functions say the same, and neither changes what it
/// is asked about.
pub(crate) fn detail<W: Unit>(error: u32) -> Option<String> {
    let before = last_error();
    winhttp_abi::last_error::set_errno(winhttp_abi::Code(STALE));
    let wide = ask_wide::<W>(error);
    let utf8 = ask_utf8(error);
    let errno = std::io::Error::last_os_error().raw_os_error();
    assert_eq!((last_error(), errno), (before, Some(STALE.cast_signed())));
    assert_eq!(wide, utf8);
    let text = wide?;
    assert!(!text.is_empty() && text.len() < DETAIL_MAX);
    let control = |character: char| character.is_control() && character != '\n';
    assert!(!text.contains(control), "{text:?}");
    Some(text)
}

fn ask_wide<W: Unit>(error: u32) -> Option<String> {
    let mut bytes = 0;
    let mut buffer: Vec<W> = Vec::new();
    // SAFETY: the length lives through the call, and there is no buffer.
    let result =
        unsafe { winhttp::WinHttpShimGetErrorDetail::<W>(error, null_mut(), &raw mut bytes) };
    if result == c::ERROR_NOT_FOUND {
        return None;
    }
    assert_eq!(result, c::ERROR_INSUFFICIENT_BUFFER);
    let needed = bytes;
    buffer.resize(needed as usize / size_of::<W>(), W::default());
    bytes -= 1;
    // SAFETY: the buffer has more than so many bytes.
    let short =
        unsafe { winhttp::WinHttpShimGetErrorDetail(error, buffer.as_mut_ptr(), &raw mut bytes) };
    assert_eq!((short, bytes), (c::ERROR_INSUFFICIENT_BUFFER, needed));
    assert!(buffer.iter().all(|unit| *unit == W::default()));
    // SAFETY: the buffer has so many bytes.
    let fits =
        unsafe { winhttp::WinHttpShimGetErrorDetail(error, buffer.as_mut_ptr(), &raw mut bytes) };
    let expected = needed as usize - size_of::<W>();
    assert_eq!((fits, bytes as usize), (c::ERROR_SUCCESS, expected));
    // SAFETY: the text is terminated.
    unsafe { winhttp_abi::input::text(buffer.as_ptr()) }.unwrap()
}

fn ask_utf8(error: u32) -> Option<String> {
    let mut bytes = 0;
    // SAFETY: as above.
    let result =
        unsafe { winhttp::WinHttpShimGetErrorDetailUtf8(error, null_mut(), &raw mut bytes) };
    if result == c::ERROR_NOT_FOUND {
        return None;
    }
    assert_eq!(result, c::ERROR_INSUFFICIENT_BUFFER);
    let mut buffer = vec![0xff_u8; bytes as usize];
    // SAFETY: the buffer has so many bytes.
    let fits = unsafe {
        winhttp::WinHttpShimGetErrorDetailUtf8(error, buffer.as_mut_ptr(), &raw mut bytes)
    };
    assert_eq!((fits, bytes as usize + 1), (c::ERROR_SUCCESS, buffer.len()));
    assert_eq!(buffer.pop(), Some(0));
    Some(String::from_utf8(buffer).unwrap())
}
