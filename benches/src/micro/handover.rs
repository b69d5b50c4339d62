//! From a completion to the callback: each job of a lane posts the next one, as chained completions
//! do.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};

use callback_thread::{Dispatcher, Job, Lane, Source, Wake};

/// Waits for nothing but being woken.
struct Poll(Receiver<()>);

impl Source for Poll {
    fn wait(&mut self, may_block: bool) {
        if may_block {
            let _ = self.0.recv();
        }
    }
}

struct Waker(SyncSender<()>);

impl Wake for Waker {
    fn wake(&self) {
        match self.0.try_send(()) {
            Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
        }
    }
}

struct Step {
    left: u64,
    lane: Arc<Lane<Self>>,
    done: std::sync::mpsc::Sender<()>,
}

impl Job for Step {
    fn run(mut self) {
        if self.left == 0 {
            return self.done.send(()).unwrap();
        }
        self.left -= 1;
        let lane = Arc::clone(&self.lane);
        lane.post(self);
    }
}

pub(super) fn measure(times: u64) {
    let (wake, woken) = sync_channel(1);
    let dispatcher = Dispatcher::new("handover", Poll(woken), Waker(wake));
    let (done, finished) = channel();
    let lane = Arc::new(dispatcher.lane());
    lane.post(Step {
        left: times,
        lane: Arc::clone(&lane),
        done,
    });
    finished.recv().unwrap();
}
