//! The body of a request and of its response.

use winhttp_abi::wide::Unit;

use super::{Caller, Target, of_bool};
use crate::lent::{Block, POISON};
use crate::table::Function;
use crate::track::{Loan, REQUEST, Way};

impl Caller {
    /// Lends memory to a call: followed if its handle is asynchronous, else the caller's own.
    /// `None`: the side is taken, and this time it shall stay unharmed.
    pub(super) fn lend(
        &mut self,
        target: &Target,
        kind: u32,
        way: Way,
        block: Block,
    ) -> Option<(Option<Loan>, Option<Block>)> {
        let Some(track) = target.asynchronous(kind) else {
            return Some((None, Some(block)));
        };
        // Some handles are for probing: a second operation at the same time.
        let force = track.bits % 5 == 0 && self.chance.in_thousand(300);
        track
            .claim(way, block, force)
            .map(|loan| (Some(loan), None))
    }

    /// Takes memory back after the call.
    pub(super) fn take_back(
        target: &Target,
        kind: u32,
        way: Way,
        loan: Option<Loan>,
        own: Option<Block>,
        code: u32,
    ) {
        if code != 0
            && let (Some(track), Some(loan)) = (target.asynchronous(kind), &loan)
        {
            track.refused(way, loan);
        }
        if let Some(block) = own {
            // A handle of unknown kind may have been an asynchronous one.
            if target.track.is_some() || code != 0 {
                block.watch();
            } else {
                block.keep();
            }
        }
    }

    pub(super) fn write_data<W: Unit>(&mut self, target: &Target) {
        let size = self.chance.below(400) as usize;
        let block = Block::new(&vec![b'w'; size]);
        let pointer = block.pointer();
        let Some((loan, own)) = self.lend(target, REQUEST, Way::Out, block) else {
            return;
        };
        let out = Block::new(&[POISON; 4]);
        let code = Self::watched(Function::WriteData, target, || {
            // SAFETY: the memory lives until the completion, the number through the call.
            of_bool(unsafe {
                winhttp::WinHttpWriteData::<W>(
                    target.raw(),
                    pointer.cast_const().cast(),
                    size as u32,
                    out.pointer().cast(),
                )
            })
        });
        out.watch();
        Self::take_back(target, REQUEST, Way::Out, loan, own, code);
        self.started(
            Function::WriteData,
            Function::WriteData,
            target,
            REQUEST,
            code,
        );
    }

    pub(super) fn query_data_available<W: Unit>(&mut self, target: &Target) {
        let out = Block::new(&[POISON; 4]);
        let code = Self::watched(Function::QueryDataAvailable, target, || {
            // SAFETY: the number lives through the call, after which nobody writes it.
            of_bool(unsafe {
                winhttp::WinHttpQueryDataAvailable::<W>(target.raw(), out.pointer().cast())
            })
        });
        out.watch();
        let operation = Function::QueryDataAvailable;
        self.started(operation, operation, target, REQUEST, code);
    }

    pub(super) fn read_data<W: Unit>(&mut self, function: Function, target: &Target) {
        let size = self.chance.pick(&[0, 1, 16, 100, 4096]);
        let block = Block::new(&vec![0xee; size]);
        let pointer = block.pointer();
        let Some((loan, own)) = self.lend(target, REQUEST, Way::In, block) else {
            return;
        };
        let out = Block::new(&[POISON; 4]);
        let flags = self.chance.pick(&[0, 0, 1, 1, 2]);
        let code = Self::watched(function, target, || {
            let (raw, buffer, read) = (target.raw(), pointer.cast(), out.pointer().cast());
            let size = size as u32;
            if function == Function::ReadData {
                // SAFETY: the memory lives until the completion, the number through the call.
                of_bool(unsafe { winhttp::WinHttpReadData::<W>(raw, buffer, size, read) })
            } else {
                let null = std::ptr::null_mut();
                // SAFETY: as above.
                unsafe { winhttp::WinHttpReadDataEx::<W>(raw, buffer, size, read, flags, 0, null) }
            }
        });
        out.watch();
        Self::take_back(target, REQUEST, Way::In, loan, own, code);
        self.started(function, Function::ReadData, target, REQUEST, code);
    }
}
