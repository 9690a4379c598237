//! Lines wait here for the one thread that writes them: whoever logs waits for no terminal and no pipe.
//!
//! What there is no room for is left out and counted, and a line says how many that were, where they would stand.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much may wait to be written.
const BYTES_MAX: usize = 4 << 20;

/// Makes the line that says how many were left out.
type Note = dyn Fn(u64) -> String + Send + Sync;

/// Lines that wait.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    note: Box<Note>,
}

#[derive(Default)]
struct Waiting {
    lines: VecDeque<String>,
    bytes: usize,
    /// Lines for which there was no room, behind those that wait.
    left_out: u64,
    is_writing: bool,
}

impl Queue {
    /// Starts the thread that writes.
    pub(super) fn start(
        mut out: impl Write + Send + 'static,
        note: impl Fn(u64) -> String + Send + Sync + 'static,
    ) -> std::io::Result<Arc<Queue>> {
        let queue = Arc::new(Queue {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            note: Box::new(note),
        });
        let own = Arc::clone(&queue);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || {
                loop {
                    // Whoever closed our stderr wants no log.
                    let _ = out.write_all(own.next().as_bytes());
                }
            })?;
        Ok(queue)
    }

    /// Hands over a line, with its end.
    pub(super) fn push(&self, line: String) {
        let mut waiting = self.lock();
        // A gap ends when there is room for many, so that a slow reader does not have one behind every line.
        let room = match waiting.left_out {
            0 => BYTES_MAX,
            _ => BYTES_MAX / 2,
        };
        if room < waiting.bytes + line.len() {
            waiting.left_out += 1;
            return;
        }
        if let Some(note) = self.note_of(&mut waiting) {
            waiting.add(note);
        }
        waiting.add(line);
        drop(waiting);
        self.changed.notify_all();
    }

    /// Waits until everything is written, but no longer than this; whether it is.
    pub(super) fn finish(&self, patience: Duration) -> bool {
        let is_left = |waiting: &mut Waiting| {
            waiting.is_writing || !waiting.lines.is_empty() || 0 < waiting.left_out
        };
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), patience, is_left);
        let (left, ended) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(left);
        !ended.timed_out()
    }

    /// The next one to write, once what came before it is written.
    fn next(&self) -> String {
        let mut waiting = self.lock();
        waiting.is_writing = false;
        self.changed.notify_all();
        loop {
            let line = match waiting.take() {
                Some(line) => Some(line),
                None => self.note_of(&mut waiting),
            };
            if let Some(line) = line {
                waiting.is_writing = true;
                return line;
            }
            let woken = self.changed.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The line about what was left out since the last one.
    fn note_of(&self, waiting: &mut Waiting) -> Option<String> {
        match std::mem::take(&mut waiting.left_out) {
            0 => None,
            left_out => Some((self.note)(left_out)),
        }
    }

    /// No code panics while it holds the lock, so a poisoned lock holds nothing broken.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, line: String) {
        self.bytes += line.len();
        self.lines.push_back(line);
    }

    fn take(&mut self) -> Option<String> {
        let line = self.lines.pop_front()?;
        self.bytes -= line.len();
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// A pipe that takes nothing before it is told to.
    struct Pipe {
        may_flow: Receiver<()>,
        flows: bool,
        to_reader: Sender<String>,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if !self.flows {
                self.flows = self.may_flow.recv().is_ok();
            }
            let text = String::from_utf8_lossy(bytes).into_owned();
            let _ = self.to_reader.send(text);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn stalled() -> (Arc<Queue>, Sender<()>, Receiver<String>) {
        let (let_flow, may_flow) = channel();
        let (to_reader, reader) = channel();
        let pipe = Pipe {
            may_flow,
            flows: false,
            to_reader,
        };
        let queue = Queue::start(pipe, |left_out| format!("{left_out} were left out\n"));
        (queue.expect("a thread can be started"), let_flow, reader)
    }

    #[test]
    fn who_logs_waits_for_no_reader_and_is_told_how_much_was_left_out() {
        const BYTES: usize = 1 << 10;
        let (queue, let_flow, reader) = stalled();
        let line = format!("{}\n", "x".repeat(BYTES - 1));
        let pushed = 2 * BYTES_MAX / BYTES;
        for _ in 0..pushed {
            queue.push(line.clone());
        }
        assert!(
            !queue.finish(Duration::from_millis(1)),
            "nothing is written yet"
        );
        let_flow.send(()).expect("the thread waits");
        assert!(queue.finish(PATIENCE), "it flows");
        queue.push("behind\n".to_owned());
        assert!(queue.finish(PATIENCE), "it flows");
        let written: Vec<String> = reader.try_iter().collect();
        let [lines @ .., note, behind] = written.as_slice() else {
            panic!("nothing was written");
        };
        assert!(lines.iter().all(|written| *written == line));
        // One more than fits may be in the hands of the thread.
        let fit = BYTES_MAX / BYTES;
        assert!((fit..=fit + 1).contains(&lines.len()), "{}", lines.len());
        let left_out = pushed - lines.len();
        assert_eq!(*note, format!("{left_out} were left out\n"));
        assert_eq!(behind, "behind\n");
    }

    #[test]
    fn the_end_waits_for_what_is_queued() {
        let (queue, let_flow, reader) = stalled();
        for number in 0..3 {
            queue.push(format!("{number}\n"));
        }
        let_flow.send(()).expect("the thread waits");
        assert!(queue.finish(PATIENCE));
        let written: Vec<String> = reader.try_iter().collect();
        assert_eq!(written, ["0\n", "1\n", "2\n"]);
    }
}
