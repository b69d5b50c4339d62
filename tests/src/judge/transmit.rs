//! SEND_TO_NETWORK: the frame that the first send must become, and how it is cut.

use winhttp_abi::constants as c;

use super::complete::{Slot, What};
use super::poll::{Answer, Polled, read};
use super::{Judge, Role};

impl Judge {
    /// The whole frame of this payload; a client's has the key that `written` has.
    pub(super) fn frame(&self, first_byte: u8, payload: &[u8], written: &[u8]) -> Vec<u8> {
        let client = self.setup.role == Role::Client;
        let mask_bit = if client { 0x80 } else { 0 };
        let mut frame = vec![first_byte];
        match payload.len() {
            short @ 0..=125 => frame.push(mask_bit | short as u8),
            middle @ 126..=0xffff => {
                frame.push(mask_bit | 126);
                frame.extend((middle as u16).to_be_bytes());
            }
            long => {
                frame.push(mask_bit | 127);
                frame.extend((long as u64).to_be_bytes());
            }
        }
        let mut key = [0; 4];
        if client {
            assert!(written.len() >= frame.len() + 4, "the header is one piece");
            key.copy_from_slice(&written[frame.len()..frame.len() + 4]);
            assert!(
                !self.setup.masking_off || key == [0; 4],
                "a key although masking is off"
            );
            frame.extend(key);
        }
        frame.extend(
            payload
                .iter()
                .zip(key.into_iter().cycle())
                .map(|(byte, key)| byte ^ key),
        );
        frame
    }

    pub(super) fn transmit(&mut self, entries: usize, answer: &Answer) -> Polled {
        let role = self.setup.role;
        let parts: Vec<(*mut u8, usize)> =
            (0..answer.count).map(|index| answer.part(index)).collect();
        let pieces: Vec<Vec<u8>> = parts
            .iter()
            .map(|(pointer, length)| read(*pointer, *length))
            .collect();
        let bytes = pieces.concat();
        let send = &mut self.sends[0];
        assert_eq!(answer.application, send.context);
        assert_eq!(answer.buffer_type, send.buffer_type);
        let mut frame = core::mem::take(&mut send.frame);
        let send = &self.sends[0];
        if send.offered == 0 {
            let payload = [&send.status[..], &send.lent].concat();
            frame = self.frame(send.first_byte, &payload, &bytes);
        }
        let rest = &frame[send.offered..];
        assert!(
            !bytes.is_empty() && rest.starts_with(&bytes),
            "{bytes:x?} of {rest:x?}"
        );
        let copies = role == Role::Client && !self.setup.masking_off;
        if copies {
            self.check_masked(send.buffer_type, &parts);
        } else {
            self.check_lent(entries, &parts);
        }
        let send = &mut self.sends[0];
        send.frame = frame;
        send.offered += bytes.len();
        let handed_out = parts
            .iter()
            .map(|part| part.0.cast_const())
            .zip(pieces)
            .collect();
        self.send_slot = Some(Slot::new(answer.context, What::Chunk, handed_out));
        Polled::Transmit(bytes, false)
    }

    /// A masked frame: one buffer of the library's at a time, no longer than the send buffer.
    fn check_masked(&self, buffer_type: i32, parts: &[(*mut u8, usize)]) {
        let &[(pointer, length)] = parts else {
            panic!("{parts:?}");
        };
        self.check_own(pointer, length);
        let is_data = buffer_type < c::WEB_SOCKET_CLOSE_BUFFER_TYPE;
        assert!(
            !is_data || length <= self.setup.send_size as usize,
            "{length} bytes"
        );
    }

    /// A frame that is not masked: its header in the library's memory, then the caller's own.
    fn check_lent(&self, entries: usize, parts: &[(*mut u8, usize)]) {
        let send = &self.sends[0];
        let header = send.header_length(self.setup.role) + send.status.len();
        let lent = (send.lent.as_ptr().cast_mut(), send.lent.len());
        let whole = send.offered == 0;
        match parts {
            [own] if whole => {
                assert_eq!(own.1, header);
                self.check_own(own.0, own.1);
                assert!(lent.1 == 0 || entries == 1, "one part of two");
            }
            [payload] => assert_eq!(*payload, lent),
            [own, payload] => {
                assert!(whole);
                assert_eq!(own.1, header);
                self.check_own(own.0, own.1);
                assert_eq!(*payload, lent);
            }
            _ => panic!("{parts:?}"),
        }
    }
}
