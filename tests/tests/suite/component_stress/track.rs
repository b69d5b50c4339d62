//! The handles that all threads use, the actions that are outstanding, and what each handle owes.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use winhttp_abi::constants as c;
use winhttp_abi::types::{DataBuffer, Property, WebSocketBuffer};
use winhttp_tests::judge::handshake::{Headers, REQUEST, accept_for, handed_out};
use winhttp_tests::judge::{CONTROL_SIZE, Guarded, Role, S_OK, functions as f};

pub(crate) const BUFFER_SIZE: u32 = 256;

/// An action that somebody must complete.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) track: Arc<Track>,
    pub(crate) context: usize,
    pub(crate) action: i32,
    /// To be sent, or room for so many.
    pub(crate) bytes: usize,
    /// Where there is room.
    pub(crate) room: usize,
}

/// A handle.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) role: Role,
    handle: usize,
    /// The handle's buffers, and memory for receives.
    block: Mutex<Guarded>,
    target: Mutex<Guarded>,
    pub(crate) is_deleted: AtomicBool,
    pub(crate) accepted: [AtomicUsize; 2],
    pub(crate) completed: [AtomicUsize; 2],
}

impl Track {
    /// A handle with an open session.
    fn open(role: Role) -> Arc<Self> {
        let mut block = Guarded::new((2 * BUFFER_SIZE + CONTROL_SIZE) as usize);
        let mut pointer = block.pointer();
        let mut size = BUFFER_SIZE;
        let property = |kind, value: *mut c_void, size| Property {
            kind,
            pv_value: value,
            ul_value_size: size,
        };
        let value: *mut c_void = (&raw mut size).cast();
        let properties = [
            property(c::WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE, value, 4),
            property(c::WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE, value, 4),
            property(
                c::WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
                (&raw mut pointer).cast(),
                block.size() as u32,
            ),
        ];
        let create = match role {
            Role::Client => f::WebSocketCreateClientHandle,
            Role::Server => f::WebSocketCreateServerHandle,
        };
        let mut handle = ptr::null_mut();
        // SAFETY: the properties live through the call, the block longer than the handle.
        let result = unsafe { create(properties.as_ptr(), 3, &raw mut handle) };
        assert_eq!(result, S_OK);
        shake_hands(role, handle);
        Arc::new(Self {
            role,
            handle: handle.addr(),
            block: Mutex::new(block),
            target: Mutex::new(Guarded::new(64)),
            is_deleted: AtomicBool::new(false),
            accepted: Default::default(),
            completed: Default::default(),
        })
    }

    pub(crate) fn handle(&self) -> *mut c_void {
        ptr::without_provenance_mut(self.handle)
    }

    /// Memory for a receive.
    pub(crate) fn target(&self) -> (*mut u8, u32) {
        let mut target = self.target.lock().unwrap();
        (target.pointer(), target.size() as u32)
    }

    pub(crate) fn indicated(&self) -> usize {
        self.completed
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .sum()
    }

    pub(crate) fn is_intact(&self) -> bool {
        self.block.lock().unwrap().is_intact() && self.target.lock().unwrap().is_intact()
    }

    /// Aborts it and takes what is due; each operation has been indicated once.
    fn drain(self: &Arc<Self>, pending: &[Pending]) {
        for one in pending.iter().filter(|one| Arc::ptr_eq(&one.track, self)) {
            // SAFETY: what the action handed out is not used any more.
            unsafe {
                f::WebSocketCompleteAction(
                    self.handle(),
                    ptr::without_provenance_mut(one.context),
                    0,
                )
            };
        }
        // SAFETY: no memory is passed.
        assert_eq!(unsafe { f::WebSocketAbortHandle(self.handle()) }, S_OK);
        while let Some(pending) = ask(self, c::WEB_SOCKET_ALL_ACTION_QUEUE).unwrap() {
            let context = ptr::without_provenance_mut(pending.context);
            // SAFETY: as above.
            let result = unsafe { f::WebSocketCompleteAction(self.handle(), context, 0) };
            assert_eq!(result, S_OK);
        }
        for (accepted, completed) in self.accepted.iter().zip(&self.completed) {
            assert_eq!(
                accepted.load(Ordering::Acquire),
                completed.load(Ordering::Acquire),
                "{self:?}"
            );
        }
        // SAFETY: no memory is passed.
        assert_eq!(unsafe { f::WebSocketDeleteHandle(self.handle()) }, S_OK);
    }
}

fn shake_hands(role: Role, handle: *mut c_void) {
    let (mut headers, mut count) = (ptr::null_mut(), 0);
    let (no_text, no_texts) = (ptr::null(), ptr::null());
    let request = Headers::new(REQUEST);
    let fields = request.structures();
    match role {
        Role::Server => {
            // SAFETY: the header fields and the outputs live through the call.
            let result = unsafe {
                f::WebSocketBeginServerHandshake(
                    handle,
                    no_text,
                    no_texts,
                    0,
                    fields.as_ptr(),
                    5,
                    &raw mut headers,
                    &raw mut count,
                )
            };
            assert_eq!(result, S_OK);
            // SAFETY: no memory is passed.
            assert_eq!(unsafe { f::WebSocketEndServerHandshake(handle) }, S_OK);
        }
        Role::Client => {
            // SAFETY: nothing is passed, and the outputs live through the call.
            let result = unsafe {
                f::WebSocketBeginClientHandshake(
                    handle,
                    no_texts,
                    0,
                    no_texts,
                    0,
                    ptr::null(),
                    0,
                    &raw mut headers,
                    &raw mut count,
                )
            };
            assert_eq!(result, S_OK);
            // SAFETY: the library says so.
            let accept = accept_for(&unsafe { handed_out(headers, count) });
            let response = Headers::new([
                ("Connection", "Upgrade"),
                ("Upgrade", "websocket"),
                ("Sec-WebSocket-Accept", &accept),
            ]);
            let (fields, null) = (response.structures(), ptr::null_mut);
            // SAFETY: the header fields live through the call.
            let result = unsafe {
                f::WebSocketEndClientHandshake(handle, fields.as_ptr(), 3, null(), null(), null())
            };
            assert_eq!(result, S_OK);
        }
    }
}

/// WebSocketGetAction, counted; an error, or what must be completed.
pub(crate) fn ask(track: &Arc<Track>, queue: i32) -> Result<Option<Pending>, i32> {
    let empty = WebSocketBuffer {
        data: DataBuffer {
            pb_buffer: ptr::null_mut(),
            ul_buffer_length: 0,
        },
    };
    let mut entries = [empty; 2];
    let (mut count, mut action, mut kind) = (2, 0, 0);
    let (mut application, mut context) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the outputs live through the call, and there are two entries.
    let result = unsafe {
        f::WebSocketGetAction(
            track.handle(),
            queue,
            entries.as_mut_ptr(),
            &raw mut count,
            &raw mut action,
            &raw mut kind,
            &raw mut application,
            &raw mut context,
        )
    };
    if result != S_OK {
        return Err(result);
    }
    let completed = match action {
        c::WEB_SOCKET_NO_ACTION => return Ok(None),
        c::WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION => [1, 0],
        c::WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION => [0, 1],
        _ => [0, 0],
    };
    for (count, more) in track.completed.iter().zip(completed) {
        count.fetch_add(more, Ordering::AcqRel);
    }
    // SAFETY: every bit pattern of either member is one of the other.
    let parts = entries.map(|entry| unsafe { entry.data });
    let lengths = parts
        .iter()
        .take(count as usize)
        .map(|part| part.ul_buffer_length as usize);
    Ok(Some(Pending {
        track: Arc::clone(track),
        context: context.addr(),
        action,
        bytes: lengths.sum(),
        room: parts[0].pb_buffer.expose_provenance(),
    }))
}

/// What all threads share.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) live: Mutex<Vec<Arc<Track>>>,
    /// Deleted ones: their memory stays, as others may still be writing to it.
    pub(crate) dead: Mutex<Vec<Arc<Track>>>,
    pub(crate) pending: Mutex<Vec<Pending>>,
}

const LIVE: usize = 6;

impl Table {
    pub(crate) fn new() -> Self {
        let roles = [Role::Client, Role::Server].into_iter().cycle();
        Self {
            live: Mutex::new(roles.take(LIVE).map(Track::open).collect()),
            dead: Mutex::default(),
            pending: Mutex::default(),
        }
    }

    /// Puts a new handle into the place of another, which is given back for deletion.
    pub(crate) fn replace(&self, place: usize) -> Arc<Track> {
        let new = Track::open(if place.is_multiple_of(2) {
            Role::Client
        } else {
            Role::Server
        });
        let old = std::mem::replace(&mut self.live.lock().unwrap()[place % LIVE], new);
        old.is_deleted.store(true, Ordering::Release);
        self.dead.lock().unwrap().push(Arc::clone(&old));
        old
    }

    /// Ends what lives; all tracks, which nobody else holds any more.
    pub(crate) fn finish(self) -> Vec<Arc<Track>> {
        let (live, pending) = (
            self.live.into_inner().unwrap(),
            self.pending.into_inner().unwrap(),
        );
        live.iter().for_each(|track| track.drain(&pending));
        drop(pending);
        [live, self.dead.into_inner().unwrap()].concat()
    }
}
