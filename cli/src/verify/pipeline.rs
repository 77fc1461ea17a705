//! All processors at work on one input, and the verdicts in its order.
//!
//! ```text
//! stdin ─ Blocks ─▶ work ─▶ Worker, one a processor ─┐ pieces, a channel a block
//!            └────▶ order ─▶ whoever takes the verdicts, block after block
//! ```
//!
//! What is under way is bounded: blocks by the room in `order`, verdicts by the room in each block's channel. The first
//! block in order is always with a worker, so nobody waits in a circle. The threads are not joined: the one that reads
//! may wait for input that nobody wants any more. A thread that dies is noticed by what it did not say.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::input::Blocks;
use super::judge::{Judge, Outlet, Piece, Worker};

/// A block, and where its verdicts go.
type Job = (Vec<u8>, Outlet);
/// What comes next in order.
enum Next {
    /// A block, whose verdicts come from here.
    Block(Receiver<Piece>),
    /// The end of the input, or what keeps it from being read to there.
    End(io::Result<()>),
}

/// Why not all verdicts were taken.
#[derive(Debug)]
pub(super) enum Broken {
    /// The input could not be read to its end.
    Input(io::Error),
    /// A thread could not be started.
    Start(io::Error),
    /// A thread has died.
    Thread,
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
    for next in order {
        let pieces = match next {
            Next::Block(pieces) => pieces,
            Next::End(end) => return end.map(|()| None).map_err(Broken::Input),
        };
        let mut is_whole = false;
        for piece in pieces {
            is_whole = piece.is_last;
            if let ControlFlow::Break(result) = take(piece) {
                return Ok(Some(result));
            }
        }
        if !is_whole {
            return Err(Broken::Thread);
        }
    }
    Err(Broken::Thread)
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Broken> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(body).map(drop).map_err(Broken::Start)
}

fn read(input: impl Read, to_work: &Sender<Job>, to_order: &SyncSender<Next>) {
    let mut blocks = Blocks::new(input);
    loop {
        let block = match blocks.next() {
            Ok(Some(block)) => block,
            end => {
                // Whether or not anybody waits for it, this is over.
                let _ = to_order.send(Next::End(end.map(drop)));
                return;
            }
        };
        let (outlet, pieces) = Outlet::new();
        let is_wanted =
            to_order.send(Next::Block(pieces)).is_ok() && to_work.send((block, outlet)).is_ok();
        if !is_wanted {
            return;
        }
    }
}

fn serve(mut worker: Worker, work: &Mutex<Receiver<Job>>) {
    loop {
        let job = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((block, outlet)) = job else { return };
        worker.judge(&block, &outlet);
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use asap_engine::{Backend, Policy};

    use super::*;
    use crate::verify::asap::Asap;
    use crate::verify::directory::KeyDirectory;
    use crate::verify::keys::Source;
    use crate::verify::line::{LineForm, Reading};
    use crate::verify::output::Format;
    use crate::verify::profile::Profile;

    fn judge() -> Arc<Judge> {
        let keys = KeyDirectory::open(Path::new("."), Backend::default()).unwrap();
        Arc::new(Judge {
            profile: Profile::Asap(Arc::new(Asap {
                policy: Policy::new("server").unwrap(),
                leeway: Duration::ZERO,
                single_use: None,
                source: Arc::new(Source::Directory(keys)),
            })),
            at: None,
            reading: Reading::tokens(LineForm::Lines),
            format: Format::Human,
        })
    }

    /// Hands out one line, and then does what no input should.
    struct Breaks {
        is_begun: bool,
        dies: bool,
    }

    impl Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if !std::mem::replace(&mut self.is_begun, true) {
                buffer[..2].copy_from_slice(b"x\n");
                return Ok(2);
            }
            assert!(!self.dies, "the reader dies, as this test wants it");
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }

    fn broken(dies: bool) -> (Option<Broken>, u64) {
        let input = Breaks {
            is_begun: false,
            dies,
        };
        let mut tokens = 0;
        let ended = run(input, &judge(), 2, |piece| {
            tokens += piece.tally.tokens();
            ControlFlow::<()>::Continue(())
        });
        (ended.err(), tokens)
    }

    #[test]
    fn an_input_that_breaks_off_is_no_end() {
        assert!(matches!(broken(false), (Some(Broken::Input(_)), 1)));
    }

    #[test]
    fn a_thread_that_dies_is_no_end() {
        assert!(matches!(broken(true), (Some(Broken::Thread), 1)));
    }

    #[test]
    fn short_lines_with_long_answers_are_handed_on_in_pieces() {
        let lines = b"\n".repeat(40_000);
        let count = lines.len();
        let (mut tokens, mut largest, mut pieces) = (0, 0, 0);
        let ended = run(io::Cursor::new(lines), &judge(), 2, |piece| {
            tokens += piece.tally.tokens();
            largest = largest.max(piece.output.len());
            pieces += 1;
            ControlFlow::<()>::Continue(())
        });
        assert!(matches!(ended, Ok(None)));
        assert_eq!(tokens, u64::try_from(count).unwrap());
        assert!(pieces > 2 && largest < 257 * 1024, "{pieces} {largest}");
    }
}
