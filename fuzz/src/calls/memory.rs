//! Memory that is lent to operations: of exactly the size that is told, with a border, and sealed
//! afterwards.

const BORDER: usize = 16;
const BORDER_BYTE: u8 = 0xb0;
const SEAL: u8 = 0x5e;

/// A buffer on the heap, addressed through a pointer only: others write to it while we hold it.
pub struct Memory {
    start: *mut u8,
    len: usize,
}

// SAFETY: the memory belongs to nobody's thread; users look at it only when no operation is
// pending.
unsafe impl Send for Memory {}

impl Memory {
    pub fn new(bytes: &[u8]) -> Self {
        let all = [bytes, &[BORDER_BYTE; BORDER]].concat().into_boxed_slice();
        Self {
            start: Box::into_raw(all).cast(),
            len: bytes.len(),
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn pointer(&self) -> *mut u8 {
        self.start
    }

    /// The first bytes.
    pub fn bytes(&self, count: usize) -> Vec<u8> {
        self.all()[..count.min(self.len)].to_vec()
    }

    /// Nobody may write any more.
    pub fn seal(&self) {
        self.check_border();
        // SAFETY: so many bytes are ours, and no operation uses them.
        unsafe { self.start.write_bytes(SEAL, self.len) };
    }

    pub fn check_sealed(&self) {
        self.check_border();
        assert!(
            self.bytes(self.len).iter().all(|&byte| byte == SEAL),
            "touched after the completion"
        );
    }

    fn check_border(&self) {
        let border = self.all().split_off(self.len);
        assert!(border == [BORDER_BYTE; BORDER], "written behind the buffer");
    }

    fn all(&self) -> Vec<u8> {
        // SAFETY: the allocation has this size and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start, self.len + BORDER) }.to_vec()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let all = std::ptr::slice_from_raw_parts_mut(self.start, self.len + BORDER);
        // SAFETY: it was made by `Box::into_raw` with this length.
        drop(unsafe { Box::from_raw(all) });
    }
}
