//! All processors at work on one input, and the verdicts in its order.
//!
//! ```text
//! stdin ─ Blocks ─▶ work ─▶ Worker, one a processor ─┐ pieces, a channel a block
//!            └────▶ order ─▶ whoever takes the verdicts, block after block
//! ```
//!
//! What is under way is bounded: blocks by the room in `order`, verdicts by the room in each block's channel. The first
//! block in order is always with a worker, so nobody waits in a circle. The threads are not joined: the one that reads
//! may wait for input that nobody wants any more.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::input::Blocks;
use super::judge::{Judge, Piece, Worker};

/// How many pieces of one block may wait for those of the blocks before it.
const PIECES_AHEAD: usize = 2;

/// A block, and where its verdicts go.
type Job = (Vec<u8>, SyncSender<Piece>);
/// Where the verdicts of a block come from, or why there is no further block.
type Next = io::Result<Receiver<Piece>>;

/// Why not all verdicts were taken.
#[derive(Debug)]
pub(super) enum Broken {
    /// The input could not be read to its end.
    Input(io::Error),
    /// A thread could not be started.
    Thread(io::Error),
}

/// Judges all of `input` on `workers` threads. `take` is handed the verdicts in the order of the input, until it
/// breaks.
pub(super) fn run<T>(
    input: impl Read + Send + 'static,
    judge: &Arc<Judge>,
    workers: usize,
    mut take: impl FnMut(Piece) -> ControlFlow<T>,
) -> Result<Option<T>, Broken> {
    let (to_work, work) = mpsc::channel::<Job>();
    let (to_order, order) = mpsc::sync_channel::<Next>(workers.saturating_mul(2));
    let work = Arc::new(Mutex::new(work));
    for _ in 0..workers {
        let (worker, work) = (Worker::new(Arc::clone(judge)), Arc::clone(&work));
        spawn("worker", move || serve(worker, &work))?;
    }
    spawn("reader", move || read(input, &to_work, &to_order))?;
    for pieces in order {
        for piece in pieces.map_err(Broken::Input)? {
            if let ControlFlow::Break(result) = take(piece) {
                return Ok(Some(result));
            }
        }
    }
    Ok(None)
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Broken> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(body).map(drop).map_err(Broken::Thread)
}

fn read(input: impl Read, to_work: &Sender<Job>, to_order: &SyncSender<Next>) {
    let mut blocks = Blocks::new(input);
    loop {
        let (next, job) = match blocks.next() {
            Ok(Some(block)) => {
                let (sender, pieces) = mpsc::sync_channel(PIECES_AHEAD);
                (Ok(pieces), Some((block, sender)))
            }
            Ok(None) => return,
            Err(error) => (Err(error), None),
        };
        // Nobody takes verdicts any more, or nobody works: either way this is over.
        if to_order.send(next).is_err() {
            return;
        }
        let Some(job) = job else { return };
        if to_work.send(job).is_err() {
            return;
        }
    }
}

fn serve(mut worker: Worker, work: &Mutex<Receiver<Job>>) {
    loop {
        let job = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((block, pieces)) = job else { return };
        worker.judge(&block, |piece| pieces.send(piece).is_ok());
    }
}
