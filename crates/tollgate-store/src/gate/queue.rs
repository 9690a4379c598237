//! The queue before the writers: bounded in number and bytes, with a share for each class (I9, I10).
//!
//! Each lane has lines of its own, and every shop one lane: two batches that are decided at once never
//! share a shop. On SQLite there is one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tollgate_core::id::ShopId;

use crate::error::SubmitError;
use crate::gate::submission::{Class, Reply, Submission};
use crate::gate::table_write::TableWrite;
use crate::options::Limits;

/// Where a reply goes.
pub(crate) type ReplyTo = oneshot::Sender<Result<Reply, SubmitError>>;

/// Something that waits for the writer.
pub(crate) struct Job {
    /// What to do.
    pub(crate) work: Work,
    /// Whose share it takes.
    pub(crate) class: Class,
    /// How many bytes it keeps in the queue.
    pub(crate) bytes: usize,
    /// Who waits for it; `None` for the store's own work.
    pub(crate) reply_to: Option<ReplyTo>,
    /// Since when it waits.
    pub(crate) since: Instant,
}

impl Job {
    /// Whose rows it writes; `None` where they are no shop's in particular.
    pub(crate) fn shop(&self) -> Option<ShopId> {
        match &self.work {
            Work::Command(submission) => Some(submission.command.shop),
            Work::TableWrite(write) => write.shop(),
        }
    }

    /// Another instance may have the rows that it writes, whatever shops are locked.
    pub(crate) fn is_nobodys(&self) -> bool {
        matches!(&self.work, Work::TableWrite(write) if write.is_nobodys())
    }
}

/// What to do.
pub(crate) enum Work {
    /// Decide.
    Command(Box<Submission>),
    /// Write something that needs no decision.
    TableWrite(TableWrite),
}

/// The queue.
pub(crate) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    /// One per lane.
    filled: Vec<Condvar>,
    /// How often each writer has come to take something.
    turns: Vec<AtomicU64>,
}

struct State {
    lanes: Vec<Lane>,
    /// Commands and bytes of callers; the store's own work has room of its own.
    commands: usize,
    bytes: usize,
    /// Nothing more is taken.
    closing: bool,
}

/// What waits for one writer.
#[derive(Default)]
struct Lane {
    /// One line per class, in the order of [`CLASSES`].
    lines: [VecDeque<Job>; CLASSES.len()],
    /// The writer sleeps and wants to be woken.
    asleep: bool,
    /// Somebody wants the writer to look at the clock.
    nudged: bool,
}

/// The classes in the order in which what is left of a batch goes.
pub(crate) const CLASSES: [Class; 5] = [
    Class::Money,
    Class::Settles,
    Class::Orders,
    Class::Expiry,
    Class::Rejected,
];

/// A waiting class gets at least this part of a batch: one eighth.
const SHARE: usize = 8;

impl Queue {
    /// A queue before so many writers, at least one.
    pub(crate) fn new(limits: Limits, lanes: usize) -> Queue {
        let lanes = lanes.max(1);
        let state = State {
            lanes: (0..lanes).map(|_| Lane::default()).collect(),
            commands: 0,
            bytes: 0,
            closing: false,
        };
        Queue {
            limits,
            state: Mutex::new(state),
            filled: (0..lanes).map(|_| Condvar::new()).collect(),
            turns: (0..lanes).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// How often each writer has come by.
    pub(crate) fn turns(&self) -> Vec<u64> {
        let turns = self.turns.iter();
        turns.map(|turns| turns.load(Ordering::Relaxed)).collect()
    }

    /// How many writers there are.
    pub(crate) fn lanes(&self) -> usize {
        self.filled.len()
    }

    /// The lane of a shop. What belongs to no shop goes the first one's way.
    pub(crate) fn lane_of(&self, shop: Option<ShopId>) -> usize {
        shop.map_or(0, |shop| shop.0 as usize % self.filled.len())
    }

    /// No code panics while it holds the lock, so a poisoned lock holds nothing broken.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts jobs in line, all or none.
    pub(crate) fn push(&self, jobs: Vec<Job>) -> Result<(), SubmitError> {
        let count = jobs.len();
        let bytes: usize = jobs.iter().map(|job| job.bytes).sum();
        let mut state = self.lock();
        if state.closing {
            return Err(SubmitError::Closing);
        }
        let fits = state.commands + count <= self.limits.queue_commands_max
            && state.bytes + bytes <= self.limits.queue_bytes_max;
        // A delivery larger than the whole queue is taken when nothing else waits.
        if !fits && 0 < state.commands {
            return Err(SubmitError::Overloaded {
                waiting: state.commands,
            });
        }
        state.commands += count;
        state.bytes += bytes;
        let mut filled = Vec::new();
        for job in jobs {
            let lane = self.lane_of(job.shop());
            state.lanes[lane].lines[line_of(job.class)].push_back(job);
            if !filled.contains(&lane) {
                filled.push(lane);
            }
        }
        self.wake(state, &filled);
        Ok(())
    }

    /// Puts back, in front, what a batch had no time for. They were counted before.
    pub(crate) fn put_back(&self, jobs: Vec<Job>) {
        let mut state = self.lock();
        for job in jobs.into_iter().rev() {
            if job.reply_to.is_some() {
                state.commands += 1;
                state.bytes += job.bytes;
            }
            let lane = self.lane_of(job.shop());
            state.lanes[lane].lines[line_of(job.class)].push_front(job);
        }
    }

    fn wake(&self, mut state: MutexGuard<'_, State>, lanes: &[usize]) {
        let asleep: Vec<usize> = lanes
            .iter()
            .copied()
            .filter(|lane| std::mem::take(&mut state.lanes[*lane].asleep))
            .collect();
        drop(state);
        for lane in asleep {
            self.filled[lane].notify_one();
        }
    }

    fn wake_all(&self, state: MutexGuard<'_, State>) {
        let lanes: Vec<usize> = (0..self.filled.len()).collect();
        self.wake(state, &lanes);
    }

    /// Lets the writers look at the clock.
    pub(crate) fn nudge(&self) {
        let mut state = self.lock();
        for lane in &mut state.lanes {
            lane.nudged = true;
        }
        self.wake_all(state);
    }

    /// Takes nothing more. What waits is still done.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        self.wake_all(state);
    }

    /// A writer is gone: every caller that waits is answered so, and no more may come.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.closing = true;
        let lines = |lane: &mut Lane| std::mem::take(&mut lane.lines);
        let waiting: Vec<_> = state.lanes.iter_mut().map(lines).collect();
        (state.commands, state.bytes) = (0, 0);
        self.wake_all(state);
        drop(waiting);
    }

    /// The commands and bytes that wait.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let state = self.lock();
        (state.commands, state.bytes)
    }

    /// The next batch of a lane; waits for one, but not longer than `patience`. Empty when time is up
    /// or somebody nudged; `None` when the queue is closed and the lane empty.
    pub(crate) fn take(&self, lane: usize, patience: Duration) -> Option<Vec<Job>> {
        let mut state = self.lock();
        if state.lanes[lane].is_empty() && !state.lanes[lane].nudged {
            if state.closing {
                return None;
            }
            state.lanes[lane].asleep = true;
            let (woken, _) = self.filled[lane]
                .wait_timeout_while(state, patience, |state| state.lanes[lane].asleep)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.lanes[lane].asleep = false;
        }
        state.lanes[lane].nudged = false;
        self.turns[lane].fetch_add(1, Ordering::Relaxed);
        let batch = state.lanes[lane].take_batch(&self.limits);
        for job in batch.iter().filter(|job| job.reply_to.is_some()) {
            state.commands -= 1;
            state.bytes -= job.bytes;
        }
        Some(batch)
    }
}

fn line_of(class: Class) -> usize {
    match class {
        Class::Money => 0,
        Class::Settles => 1,
        Class::Orders => 2,
        Class::Expiry => 3,
        Class::Rejected => 4,
    }
}

impl Lane {
    fn is_empty(&self) -> bool {
        self.lines.iter().all(VecDeque::is_empty)
    }

    /// First every waiting class its share, in turns, then the rest in the order of classes. So a
    /// batch whose time is up before its end has done something of every class. Within a class jobs
    /// keep their order.
    fn take_batch(&mut self, limits: &Limits) -> Vec<Job> {
        let room = limits.batch_commands_max.max(SHARE);
        let mut batch = Vec::with_capacity(room.min(self.lines.iter().map(VecDeque::len).sum()));
        // The bound on bytes is a class's own, so that large bodies do not starve the others.
        let mut bytes = [limits.batch_bytes_max; CLASSES.len()];
        for _ in 0..room / SHARE {
            for (class, bytes_left) in bytes.iter_mut().enumerate() {
                batch.extend(self.pop(class, bytes_left));
            }
        }
        for (class, bytes_left) in bytes.iter_mut().enumerate() {
            while batch.len() < room
                && let Some(job) = self.pop(class, bytes_left)
            {
                batch.push(job);
            }
        }
        batch
    }

    /// The next job of a class, while it has bytes left.
    fn pop(&mut self, class: usize, bytes_left: &mut usize) -> Option<Job> {
        if *bytes_left == 0 {
            return None;
        }
        let job = self.lines[class].pop_front()?;
        *bytes_left = bytes_left.saturating_sub(job.bytes);
        Some(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(class: Class, bytes: usize) -> Job {
        let (reply_to, _) = oneshot::channel();
        Job {
            work: Work::TableWrite(TableWrite::Nothing),
            class,
            bytes,
            reply_to: Some(reply_to),
            since: Instant::now(),
        }
    }

    fn counts(batch: &[Job]) -> Vec<usize> {
        CLASSES
            .iter()
            .map(|class| batch.iter().filter(|job| job.class == *class).count())
            .collect()
    }

    #[test]
    fn every_waiting_class_has_its_share_and_money_has_the_rest() {
        let limits = Limits {
            batch_commands_max: 80,
            ..Limits::default()
        };
        let queue = Queue::new(limits, 1);
        for class in CLASSES {
            queue
                .push((0..200).map(|_| job(class, 1)).collect())
                .expect("there is room");
        }
        let batch = queue.take(0, Duration::ZERO).expect("it is open");
        assert_eq!(counts(&batch), [40, 10, 10, 10, 10]);
        assert_eq!(counts(&batch[..5]), [1, 1, 1, 1, 1]);
        assert_eq!(counts(&batch[..50]), [10, 10, 10, 10, 10]);
    }

    #[test]
    fn a_class_alone_fills_the_batch() {
        let limits = Limits {
            batch_commands_max: 80,
            ..Limits::default()
        };
        let queue = Queue::new(limits, 1);
        queue
            .push((0..200).map(|_| job(Class::Rejected, 1)).collect())
            .expect("there is room");
        assert_eq!(queue.take(0, Duration::ZERO).expect("it is open").len(), 80);
        assert_eq!(queue.waiting(), (120, 120));
    }

    #[test]
    fn a_full_queue_refuses_in_number_and_in_bytes() {
        let limits = Limits {
            queue_commands_max: 3,
            queue_bytes_max: 100,
            ..Limits::default()
        };
        let queue = Queue::new(limits, 1);
        queue
            .push(vec![job(Class::Money, 60)])
            .expect("it is empty");
        let full = Err(SubmitError::Overloaded { waiting: 1 });
        assert_eq!(queue.push(vec![job(Class::Money, 60)]), full);
        queue
            .push(vec![job(Class::Money, 1), job(Class::Money, 1)])
            .expect("there is room");
        let full = Err(SubmitError::Overloaded { waiting: 3 });
        assert_eq!(queue.push(vec![job(Class::Money, 1)]), full);
    }

    #[test]
    fn what_had_no_time_comes_first_again() {
        let queue = Queue::new(Limits::default(), 1);
        queue
            .push(vec![job(Class::Money, 1), job(Class::Money, 2)])
            .expect("there is room");
        let batch = queue.take(0, Duration::ZERO).expect("it is open");
        queue
            .push(vec![job(Class::Money, 3)])
            .expect("there is room");
        queue.put_back(batch);
        let sizes: Vec<usize> = queue
            .take(0, Duration::ZERO)
            .expect("it is open")
            .iter()
            .map(|job| job.bytes)
            .collect();
        assert_eq!(sizes, [1, 2, 3]);
    }

    #[test]
    fn a_closed_queue_gives_out_what_it_has_and_takes_nothing() {
        let queue = Queue::new(Limits::default(), 1);
        queue.push(vec![job(Class::Money, 1)]).expect("it is open");
        queue.close();
        assert_eq!(
            queue.push(vec![job(Class::Money, 1)]),
            Err(SubmitError::Closing)
        );
        assert_eq!(
            queue
                .take(0, Duration::from_secs(60))
                .map(|batch| batch.len()),
            Some(1)
        );
        assert!(queue.take(0, Duration::from_secs(60)).is_none());
    }
}
