//! The finer calls around a request: bodies, headers, options, and an orderly end of a test.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;

use crate::client::{Call, Client, Handle, Mode, call, last_error, text};
use crate::recorder::Info;
use crate::websocket::Memory;

/// Arguments of WinHttpSendRequest; the default sends neither headers nor body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sending<'a> {
    /// Additional headers, terminated.
    pub headers: Option<&'a str>,
    /// The optional data; must live until the response was received.
    pub body: &'a [u8],
    /// dwTotalLength.
    pub total: u32,
    /// dwContext.
    pub context: usize,
}

/// What WinHttpQueryHeaders or WinHttpQueryOption left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Success or the last error.
    pub result: Call<()>,
    /// The buffer's bytes; untouched ones are 0xAA.
    pub bytes: Vec<u8>,
    /// The length variable.
    pub length: u32,
    /// The index variable.
    pub index: u32,
}

/// What untouched bytes of an [`Answer`] are.
const UNTOUCHED: u8 = 0xaa;

impl<W: Unit> Client<W> {
    /// WinHttpSendRequest, not waiting for its completion.
    ///
    /// # Errors
    /// The last error.
    pub fn start_sending(&self, request: Handle, sending: Sending<'_>) -> Call<()> {
        let headers = sending.headers.map(text::<W>);
        let pointer = headers
            .as_ref()
            .map_or(std::ptr::null(), |text| text.as_ptr());
        let length = if headers.is_some() { u32::MAX } else { 0 };
        let body = if sending.body.is_empty() {
            std::ptr::null()
        } else {
            sending.body.as_ptr()
        };
        // SAFETY: the headers are copied; the body lives as long as its field says.
        call(unsafe {
            winhttp::WinHttpSendRequest::<W>(
                request.raw(),
                pointer,
                length,
                body.cast(),
                u32::try_from(sending.body.len()).unwrap(),
                sending.total,
                sending.context,
            )
        })
    }

    /// As [`Client::start_sending`], and waits until it is sent.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn send_with(&self, request: Handle, sending: Sending<'_>) -> Call<()> {
        let before = self.events(request);
        self.start_sending(request, sending)?;
        self.completion(
            request,
            c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
            before,
        )
        .map(|_| ())
    }

    /// WinHttpReceiveResponse, not waiting for its completion.
    ///
    /// # Errors
    /// The last error.
    pub fn start_receive(&self, request: Handle) -> Call<()> {
        // SAFETY: no memory is passed.
        call(unsafe { winhttp::WinHttpReceiveResponse::<W>(request.raw(), std::ptr::null_mut()) })
    }

    /// WinHttpWriteData, waiting for its completion: the bytes written.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn write(&self, request: Handle, data: &[u8]) -> Call<u32> {
        let before = self.events(request);
        let mut written = 0;
        let asks = if self.mode == Mode::Sync {
            &raw mut written
        } else {
            std::ptr::null_mut()
        };
        let length = u32::try_from(data.len()).unwrap();
        // SAFETY: the data lives until the completion was waited for.
        call(unsafe {
            winhttp::WinHttpWriteData::<W>(request.raw(), data.as_ptr().cast(), length, asks)
        })?;
        match self.completion(request, c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE, before)? {
            Info::Dword(written) => Ok(written),
            _ => Ok(written),
        }
    }

    /// WinHttpWriteData of memory that stays, not waiting for its completion.
    ///
    /// # Errors
    /// The last error.
    pub fn start_write(&self, request: Handle, data: Memory) -> Call<()> {
        let (raw, length) = (request.raw(), data.len());
        let nothing = std::ptr::null_mut();
        // SAFETY: the memory lives for ever.
        call(unsafe { winhttp::WinHttpWriteData::<W>(raw, data.pointer().cast(), length, nothing) })
    }

    /// WinHttpWriteData(NULL, 0), waiting for its completion: the end of a body that is chunked
    /// automatically.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn end_body(&self, request: Handle) -> Call<()> {
        let before = self.events(request);
        let (raw, nothing) = (request.raw(), std::ptr::null_mut());
        // SAFETY: no memory is passed.
        call(unsafe { winhttp::WinHttpWriteData::<W>(raw, std::ptr::null(), 0, nothing) })?;
        let written = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
        self.completion(request, written, before).map(|_| ())
    }

    /// WinHttpReadData into memory that stays, not waiting for its completion.
    ///
    /// # Errors
    /// The last error.
    pub fn start_read(&self, request: Handle, into: Memory) -> Call<()> {
        let (raw, length) = (request.raw(), into.len());
        let nothing = std::ptr::null_mut();
        // SAFETY: the memory lives for ever.
        call(unsafe { winhttp::WinHttpReadData::<W>(raw, into.pointer().cast(), length, nothing) })
    }

    /// WinHttpQueryDataAvailable, waiting for its completion.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn available(&self, request: Handle) -> Call<u32> {
        let before = self.events(request);
        let mut available = 0;
        let asks = if self.mode == Mode::Sync {
            &raw mut available
        } else {
            std::ptr::null_mut()
        };
        // SAFETY: the variable is written during the call only, if at all.
        call(unsafe { winhttp::WinHttpQueryDataAvailable::<W>(request.raw(), asks) })?;
        match self.completion(request, c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE, before)? {
            Info::Dword(available) => Ok(available),
            _ => Ok(available),
        }
    }

    /// WinHttpAddRequestHeaders with terminated text.
    ///
    /// # Errors
    /// The last error.
    pub fn add_headers(&self, request: Handle, headers: &str, modifiers: u32) -> Call<()> {
        let headers = text::<W>(headers);
        // SAFETY: the text lives through the call.
        call(unsafe {
            winhttp::WinHttpAddRequestHeaders::<W>(
                request.raw(),
                headers.as_ptr(),
                u32::MAX,
                modifiers,
            )
        })
    }

    /// WinHttpQueryHeaders with a buffer of exactly `capacity` bytes; `None` passes NULL and a
    /// length of 0.
    #[must_use]
    pub fn ask(
        &self,
        request: Handle,
        level: u32,
        name: Option<&str>,
        capacity: Option<usize>,
        index: Option<u32>,
    ) -> Answer {
        let name = name.map(text::<W>);
        let name = name.as_ref().map_or(std::ptr::null(), |name| name.as_ptr());
        // Room for DWORD64 and SYSTEMTIME in their alignment.
        let mut words = vec![u64::from_ne_bytes([UNTOUCHED; 8]); capacity.unwrap_or(0).div_ceil(8)];
        let buffer = if capacity.is_some() {
            words.as_mut_ptr()
        } else {
            std::ptr::null_mut()
        };
        let mut length = u32::try_from(capacity.unwrap_or(0)).unwrap();
        let mut position = index.unwrap_or(0);
        let asks = if index.is_some() {
            &raw mut position
        } else {
            std::ptr::null_mut()
        };
        // SAFETY: buffer, length and index live through the call.
        let result = call(unsafe {
            winhttp::WinHttpQueryHeaders::<W>(
                request.raw(),
                level,
                name,
                buffer.cast(),
                &raw mut length,
                asks,
            )
        });
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        bytes.truncate(capacity.unwrap_or(0));
        Answer {
            result,
            bytes,
            length,
            index: position,
        }
    }

    /// The text of a header query by index, which moves on.
    fn query_next(
        &self,
        request: Handle,
        level: u32,
        name: Option<&str>,
        index: &mut u32,
    ) -> Call<String> {
        let answer = self.ask(request, level, name, Some(4096), Some(*index));
        *index = answer.index;
        answer.result.map(|()| answer.text::<W>())
    }

    /// All values of a header, in order.
    #[must_use]
    pub fn values(&self, request: Handle, level: u32, name: Option<&str>) -> Vec<String> {
        let mut index = 0;
        std::iter::from_fn(|| self.query_next(request, level, name, &mut index).ok()).collect()
    }

    /// As [`set_option`].
    ///
    /// # Errors
    /// The last error.
    pub fn put_option(&self, handle: Handle, option: u32, value: &[u8]) -> Call<()> {
        set_option::<W>(handle, option, value)
    }

    /// WinHttpQueryOption of a value of any size up to 4096 bytes.
    ///
    /// # Errors
    /// The last error.
    pub fn get_option(&self, handle: Handle, option: u32) -> Call<Vec<u8>> {
        let mut words = vec![0_u64; 512];
        let mut length = 4096;
        // SAFETY: buffer and length live through the call.
        call(unsafe {
            winhttp::WinHttpQueryOption::<W>(
                handle.raw(),
                option,
                words.as_mut_ptr().cast(),
                &raw mut length,
            )
        })?;
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        bytes.truncate(usize::try_from(length).unwrap());
        Ok(bytes)
    }

    /// WINHTTP_OPTION_CONTEXT_VALUE.
    ///
    /// # Errors
    /// The last error.
    pub fn context(&self, handle: Handle) -> Call<usize> {
        let bytes = self.get_option(handle, c::WINHTTP_OPTION_CONTEXT_VALUE)?;
        Ok(usize::from_ne_bytes(bytes.try_into().unwrap()))
    }

    /// Sets WINHTTP_OPTION_CONTEXT_VALUE.
    ///
    /// # Errors
    /// The last error.
    pub fn put_context(&self, handle: Handle, context: usize) -> Call<()> {
        self.put_option(
            handle,
            c::WINHTTP_OPTION_CONTEXT_VALUE,
            &context.to_ne_bytes(),
        )
    }

    /// Opens an asynchronous session with WINHTTP_OPTION_ASSURED_NON_BLOCKING_CALLBACKS:
    /// completions may come inside the calls, as on Windows.
    #[must_use]
    pub fn inline() -> Self {
        let client = Self::new(Mode::Async);
        let option = c::WINHTTP_OPTION_ASSURED_NON_BLOCKING_CALLBACKS;
        let set = client.put_option(client.session, option, &1_u32.to_ne_bytes());
        set.unwrap();
        client
    }

    /// As [`Client::new`]; asynchronous completions come on the callback thread, whatever the
    /// environment says.
    #[must_use]
    pub fn on_callback_thread(mode: Mode) -> Self {
        let client = Self::new(mode);
        if mode == Mode::Async {
            let option = c::WINHTTP_OPTION_ASSURED_NON_BLOCKING_CALLBACKS;
            let set = client.put_option(client.session, option, &0_u32.to_ne_bytes());
            set.unwrap();
        }
        client
    }

    /// Installs another callback, or none, and returns the address of the one before.
    ///
    /// # Errors
    /// The last error.
    pub fn set_callback(
        &self,
        handle: Handle,
        callback: Option<crate::recorder::Callback>,
        flags: u32,
    ) -> Call<usize> {
        // SAFETY: callbacks live as long as the process.
        let before =
            unsafe { winhttp::WinHttpSetStatusCallback::<W>(handle.raw(), callback, flags, 0) };
        if before == usize::MAX {
            Err(last_error())
        } else {
            Ok(before)
        }
    }

    /// Closes every handle that is still open and waits for the end of all of them: each had one
    /// HANDLE_CLOSING, and nothing after it. The session must have kept the recorder with all
    /// notifications.
    pub fn finish(self) {
        let created: Vec<Handle> = self
            .recorder
            .events()
            .iter()
            .filter(|event| event.status == c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED)
            .map(|event| event.handle)
            .collect();
        for handle in created.iter().rev().chain([&self.session]) {
            // What a test closed itself is invalid now.
            let _closed_before = self.close(*handle);
        }
        let closing = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
        self.recorder.wait(self.session, closing);
        for handle in created.into_iter().chain([self.session]) {
            let statuses = self.recorder.statuses_of(handle);
            let count = statuses.iter().filter(|status| **status == closing).count();
            assert_eq!(
                (count, statuses.last()),
                (1, Some(&closing)),
                "{handle:?}: {statuses:x?}"
            );
        }
        self.recorder.retire();
    }
}

/// WinHttpSetOption with any bytes.
///
/// # Errors
/// The last error.
pub fn set_option<W: Unit>(handle: Handle, option: u32, value: &[u8]) -> Call<()> {
    let length = u32::try_from(value.len()).unwrap();
    // SAFETY: the value lives through the call, which only reads it.
    call(unsafe {
        winhttp::WinHttpSetOption::<W>(
            handle.raw(),
            option,
            value.as_ptr().cast_mut().cast(),
            length,
        )
    })
}

impl Answer {
    /// The text in the buffer, without its terminator.
    #[must_use]
    pub fn text<W: Unit>(&self) -> String {
        let length = usize::try_from(self.length).unwrap();
        W::decode(&units::<W>(&self.bytes[..length])).unwrap()
    }

    /// The number in the buffer.
    #[must_use]
    pub fn dword(&self) -> u32 {
        u32::from_ne_bytes(self.bytes[..4].try_into().unwrap())
    }

    /// Nothing was written into the buffer.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.bytes.iter().all(|byte| *byte == UNTOUCHED)
    }
}

fn units<W: Unit>(bytes: &[u8]) -> Vec<W> {
    let widened = bytes.chunks_exact(W::BYTES).map(|unit| match *unit {
        [low, high] => u32::from(u16::from_ne_bytes([low, high])),
        [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]),
        _ => unreachable!("units have two or four bytes"),
    });
    widened.map(W::narrow).collect()
}
