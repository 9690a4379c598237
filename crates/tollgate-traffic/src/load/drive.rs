//! Sends a script over many connections and counts what comes back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::LocalSet;

use super::calls::Calls;
use super::connection::{Answer, Connection, ExchangeError, Target};
use super::door::Door;
use super::histogram::Histogram;
use super::pace::Rate;
use super::response::word_after;
use super::script::Script;

/// One run.
#[derive(Clone)]
pub(crate) struct Load {
    /// Where to: the connections take turns.
    pub(crate) targets: Vec<Target>,
    /// Through which door the script goes.
    pub(crate) door: Door,
    /// How many requests may be on their way at once; over HTTP/1.1 each has a connection of its own.
    pub(crate) connections: usize,
    /// How many calls of gRPC share a connection.
    pub(crate) calls_per_connection: usize,
    /// When requests are sent: as soon as a connection is free, or at this rate.
    pub(crate) rate: Option<Rate>,
    /// No request is sent after this; an open loop gets [`DRAIN`] for those already due.
    pub(crate) length: Duration,
    /// Answers are counted by their status and by the word that follows this text.
    pub(crate) word_prefix: &'static [u8],
    /// The script begins again at its end.
    pub(crate) repeat: bool,
}

/// How long an open loop goes on sending what was due before its end.
const DRAIN: Duration = Duration::from_secs(2);
/// A request that takes longer counts as unanswered.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Failed connections in a row after which a run gives up.
const BROKEN_MAX: u64 = 1000;

/// What came back.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    /// From the start to the last answer.
    pub(crate) elapsed: Duration,
    /// From the request, or from its intended arrival, to its answer.
    pub(crate) latency: Histogram,
    /// Answers by kind, in order of their first appearance.
    pub(crate) kinds: Vec<Kind>,
    /// Requests of an open loop that were due and never sent; they count in `latency` with the
    /// time they had waited.
    pub(crate) unsent: u64,
    /// Requests without an answer.
    pub(crate) broken: u64,
    /// What was wrong with the first of them.
    pub(crate) first_broken: Option<String>,
    /// The script ended before the time did.
    pub(crate) ran_out: bool,
}

/// Answers of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Their status.
    pub(crate) status: u16,
    /// The word that distinguishes them; empty where they have none.
    pub(crate) word: String,
    /// How many.
    pub(crate) count: u64,
    /// The first one's body, cut after 400 bytes.
    pub(crate) example: String,
}

impl Tally {
    /// Answers in all.
    pub(crate) fn answers(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.count).sum()
    }

    /// Answers of one kind.
    pub(crate) fn count(&self, status: u16, word: &str) -> u64 {
        self.kinds
            .iter()
            .filter(|kind| kind.status == status && kind.word == word)
            .map(|kind| kind.count)
            .sum()
    }

    /// Answers a second.
    pub(crate) fn per_second(&self) -> f64 {
        if self.elapsed.is_zero() {
            0.0
        } else {
            self.answers() as f64 / self.elapsed.as_secs_f64()
        }
    }

    /// Counts an answer by its status and its word.
    pub(crate) fn note(&mut self, answer: Answer<'_>, word_prefix: &[u8]) {
        let word = word_after(answer.body, word_prefix).unwrap_or_default();
        let known = self
            .kinds
            .iter_mut()
            .find(|kind| kind.status == answer.status && kind.word.as_bytes() == word);
        if let Some(kind) = known {
            kind.count += 1;
            return;
        }
        self.kinds.push(Kind {
            status: answer.status,
            word: String::from_utf8_lossy(word).into_owned(),
            count: 1,
            example: String::from_utf8_lossy(&answer.body[..answer.body.len().min(400)])
                .into_owned(),
        });
    }

    /// Counts a request without an answer.
    pub(crate) fn note_broken(&mut self, error: &ExchangeError) {
        self.broken += 1;
        self.first_broken.get_or_insert_with(|| error.to_string());
    }
}

/// Sends `script` and counts. Runs on one thread, the caller's; `progress` is called about ten
/// times a second with the share of the time that is over.
pub(crate) fn run(
    load: &Load,
    script: Arc<Script>,
    progress: &dyn Fn(f64),
) -> Result<Tally, std::io::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(LocalSet::new().run_until(drive(load, script, progress)))
}

impl Load {
    /// The connections: where to, and how many requests each may carry at a time. Every target has one, if there are
    /// enough requests for that.
    pub(crate) fn lines(&self) -> Vec<(Target, usize)> {
        let connections = match self.door {
            Door::Rest => self.connections,
            Door::Grpc => {
                let enough = self.connections.div_ceil(self.calls_per_connection.max(1));
                enough.max(self.targets.len().min(self.connections))
            }
        };
        let line = |number: usize| {
            let target = self.targets[number % self.targets.len()];
            let one_more = usize::from(number < self.connections % connections);
            (target, self.connections / connections + one_more)
        };
        (0..connections).map(line).collect()
    }
}

/// What the connections share.
struct Shared {
    script: Arc<Script>,
    /// How many requests have been sent.
    sent: Cell<usize>,
    /// One permit for each arrival that is due; `None` in a closed loop.
    due: Option<(Rate, Arc<Semaphore>)>,
    start: Instant,
    /// No request is sent after this.
    end: Instant,
    word_prefix: &'static [u8],
    repeat: bool,
    tally: RefCell<Tally>,
}

async fn drive(
    load: &Load,
    script: Arc<Script>,
    progress: &dyn Fn(f64),
) -> Result<Tally, std::io::Error> {
    let mut lines = Vec::new();
    for (target, room) in load.lines() {
        let line = match load.door {
            Door::Rest => Line::Rest(Connection::open(target).await?),
            Door::Grpc => {
                let calls = Calls::open(target, room, ANSWER_MAX).await;
                Line::Grpc(Box::new(calls.map_err(std::io::Error::other)?), room)
            }
        };
        lines.push((line, target));
    }
    let start = Instant::now();
    let due = load.rate.map(|rate| (rate, Arc::new(Semaphore::new(0))));
    let drain = if due.is_some() { DRAIN } else { Duration::ZERO };
    let shared = Rc::new(Shared {
        sent: Cell::new(0),
        due: due.clone(),
        start,
        end: start + load.length + drain,
        word_prefix: load.word_prefix,
        repeat: load.repeat,
        tally: RefCell::default(),
        script,
    });
    let pacer = due.map(|(rate, due)| {
        let most = if load.repeat {
            u64::MAX
        } else {
            shared.script.len() as u64
        };
        let length = load.length;
        std::thread::spawn(move || pace(rate, start, length, most, &due))
    });
    let tasks: Vec<_> = lines
        .into_iter()
        .map(|(line, target)| match line {
            Line::Rest(connection) => {
                tokio::task::spawn_local(send(Rc::clone(&shared), connection, target))
            }
            Line::Grpc(calls, room) => {
                tokio::task::spawn_local(carry(Rc::clone(&shared), *calls, target, room))
            }
        })
        .collect();
    let watched = async {
        for task in tasks {
            task.await?;
        }
        Ok::<(), tokio::task::JoinError>(())
    };
    tokio::pin!(watched);
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            done = &mut watched => {
                done.map_err(std::io::Error::other)?;
                break;
            }
            _ = tick.tick() => {
                progress((start.elapsed().as_secs_f64() / load.length.as_secs_f64()).min(1.0));
            }
        }
    }
    let arrivals = match pacer {
        Some(pacer) => pacer
            .join()
            .map_err(|_| std::io::Error::other("the pacer panicked"))?,
        None => 0,
    };
    let shared = Rc::into_inner(shared).expect("every task has ended");
    let mut tally = shared.tally.into_inner();
    let sent = shared.sent.get() as u64;
    if let Some((rate, _)) = shared.due {
        let now = start.elapsed();
        for index in sent..arrivals {
            tally.unsent += 1;
            tally
                .latency
                .record(now.saturating_sub(rate.arrival(index)));
        }
        tally.ran_out = arrivals < rate.within(load.length);
    } else if !load.repeat {
        tally.ran_out = sent >= shared.script.len() as u64 && tally.elapsed < load.length;
    }
    Ok(tally)
}

/// Lets arrivals in when they are due, until `length` or `most` of them; answers how many it were.
///
/// A thread of its own that sleeps: the runtime's timer knows whole milliseconds only.
fn pace(rate: Rate, start: Instant, length: Duration, most: u64, due: &Semaphore) -> u64 {
    let last = rate.within(length).min(most);
    let mut let_in = 0;
    while let_in < last {
        let now = rate.due(start.elapsed()).min(last);
        due.add_permits(usize::try_from(now - let_in).expect("a script fits into memory"));
        let_in = now;
        if let Some(wait) = rate.arrival(let_in).checked_sub(start.elapsed()) {
            std::thread::sleep(wait);
        }
    }
    // A connection without an arrival by now waits for one until this is closed.
    while due.available_permits() > 0 && start.elapsed() < length + DRAIN {
        std::thread::sleep(Duration::from_millis(5));
    }
    due.close();
    last
}

/// A connection before its clock starts.
enum Line {
    Rest(Connection),
    Grpc(Box<Calls>, usize),
}

/// Sends over one connection, a request at a time.
async fn send(shared: Rc<Shared>, mut connection: Connection, target: Target) {
    while let Some((index, begun)) = next_request(&shared).await {
        let Some(request) = shared.script.get(index) else {
            break;
        };
        let outcome = connection.exchange_within(request, ANSWER_MAX).await;
        if !book(&shared, begun, outcome) {
            break;
        }
        if !connection.is_open() {
            match Connection::open(target).await {
                Ok(fresh) => connection = fresh,
                Err(error) => {
                    let mut tally = shared.tally.borrow_mut();
                    tally.note_broken(&ExchangeError::Io(error));
                    if tally.broken >= BROKEN_MAX {
                        break;
                    }
                }
            }
        }
    }
}

/// Carries as many calls at a time over one connection as there is `room` for.
async fn carry(shared: Rc<Shared>, mut calls: Calls, target: Target, room: usize) {
    let mut is_over = false;
    while !is_over || 0 < calls.under_way() {
        if !calls.is_open() && calls.under_way() == 0 {
            match Calls::open(target, room, ANSWER_MAX).await {
                Ok(fresh) => calls = fresh,
                Err(error) => {
                    shared.tally.borrow_mut().note_broken(&error);
                    is_over |= BROKEN_MAX <= shared.tally.borrow().broken;
                    continue;
                }
            }
        }
        let takes_more = !is_over && calls.is_open() && calls.under_way() < room;
        let mut goes_on = true;
        let mut each = |begun, outcome: Result<Answer<'_>, ExchangeError>| {
            goes_on &= book(&shared, begun, outcome);
        };
        // What is due goes out in one write: it is begun before anything is waited for.
        let heard = tokio::select! {
            biased;
            next = next_request(&shared), if takes_more => {
                match next.and_then(|(index, begun)| Some((shared.script.get(index)?, begun))) {
                    Some((request, begun)) => calls.begin(request, begun),
                    None => is_over = true,
                }
                continue;
            }
            heard = calls.exchange(ANSWER_MAX, &mut each) => heard,
        };
        is_over |= !goes_on;
        if let Err(error) = heard {
            // What the first of its calls is told holds for all of them.
            let mut error = Some(error);
            for begun in calls.give_up() {
                let why = error.take().unwrap_or(ExchangeError::Closed);
                is_over |= !book(&shared, begun, Err(why));
            }
        }
    }
}

/// Counts an answer; `false` if too many have not come to go on.
fn book(shared: &Shared, begun: Instant, outcome: Result<Answer<'_>, ExchangeError>) -> bool {
    let done = Instant::now();
    let mut tally = shared.tally.borrow_mut();
    tally.elapsed = done - shared.start;
    match outcome {
        Ok(answer) => {
            tally.latency.record(done - begun);
            tally.note(answer, shared.word_prefix);
        }
        Err(error) => tally.note_broken(&error),
    }
    tally.broken < BROKEN_MAX
}

/// The next request's number and the moment its latency counts from.
async fn next_request(shared: &Shared) -> Option<(usize, Instant)> {
    if let Some((_, due)) = &shared.due {
        due.acquire().await.ok()?.forget();
    }
    let now = Instant::now();
    let place = shared.sent.get();
    let index = if shared.repeat {
        place % shared.script.len().max(1)
    } else {
        place
    };
    if now >= shared.end || index >= shared.script.len() {
        return None;
    }
    shared.sent.set(place + 1);
    let begun = match &shared.due {
        Some((rate, _)) => shared.start + rate.arrival(place as u64),
        None => now,
    };
    Some((index, begun))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that takes `pause` for every answer, until the process ends.
    fn server(pause: Duration) -> Target {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener
            .set_nonblocking(true)
            .expect("a socket can be non-blocking");
        let target = Target::new(listener.local_addr().expect("it is bound")).expect("loopback");
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let listener = TcpListener::from_std(listener).expect("it is non-blocking");
                while let Ok((mut stream, _)) = listener.accept().await {
                    tokio::spawn(async move {
                        let mut seen = Vec::new();
                        while stream
                            .read_buf(&mut seen)
                            .await
                            .is_ok_and(|bytes| bytes > 0)
                        {
                            if seen.ends_with(b"\r\n\r\n") {
                                seen.clear();
                                tokio::time::sleep(pause).await;
                                let answer =
                                    b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"a\":\"b\"";
                                if stream.write_all(answer).await.is_err() {
                                    return;
                                }
                            }
                        }
                    });
                }
            });
        });
        target
    }

    fn script(requests: usize) -> Arc<Script> {
        let mut script = Script::default();
        for _ in 0..requests {
            script.push(|out| out.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n"));
        }
        Arc::new(script)
    }

    fn load(target: Target, connections: usize, rate: Option<u32>, millis: u64) -> Load {
        Load {
            targets: vec![target],
            door: Door::Rest,
            connections,
            calls_per_connection: 1,
            rate: rate.and_then(NonZeroU32::new).map(Rate::new),
            length: Duration::from_millis(millis),
            word_prefix: b"\"a\":\"",
            repeat: false,
        }
    }

    #[test]
    fn a_closed_loop_ends_with_its_script_and_says_so() {
        let target = server(Duration::ZERO);
        let tally = run(&load(target, 4, None, 10_000), script(100), &|_| ()).expect("it runs");
        assert_eq!(
            (tally.count(200, "b"), tally.answers(), tally.broken),
            (100, 100, 0)
        );
        assert_eq!(tally.latency.count(), 100);
        assert!(tally.ran_out && tally.elapsed < Duration::from_secs(10));
    }

    #[test]
    fn a_closed_loop_can_begin_its_script_again() {
        let target = server(Duration::ZERO);
        let load = Load {
            repeat: true,
            ..load(target, 2, None, 200)
        };
        let tally = run(&load, script(3), &|_| ()).expect("it runs");
        assert!(tally.answers() > 3 && !tally.ran_out);
    }

    #[test]
    fn a_closed_loop_ends_with_its_time() {
        let target = server(Duration::from_millis(5));
        let tally = run(&load(target, 1, None, 100), script(100_000), &|_| ()).expect("it runs");
        assert!(!tally.ran_out);
        assert!((1..=21).contains(&tally.answers()), "{}", tally.answers());
    }

    #[test]
    fn an_open_loop_sends_what_is_due_and_no_more() {
        let target = server(Duration::ZERO);
        let tally =
            run(&load(target, 8, Some(500), 400), script(100_000), &|_| ()).expect("it runs");
        // On a busy machine the last ones may not be sent before time is up; none is sent besides.
        assert_eq!((tally.answers() + tally.unsent, tally.broken), (200, 0));
        assert!(150 < tally.answers() && !tally.ran_out);
    }

    #[test]
    fn a_slow_answer_does_not_slow_the_arrivals_and_is_not_hidden() {
        // One connection answers 20 a second; 200 are due in half a second, so the last ones wait
        // for seconds although each answer took 50 ms, and most are never sent.
        let target = server(Duration::from_millis(50));
        let tally =
            run(&load(target, 1, Some(400), 500), script(100_000), &|_| ()).expect("it runs");
        assert_eq!(tally.answers() + tally.unsent, 200);
        assert_eq!(tally.latency.count(), 200);
        assert!(tally.unsent > 100, "{}", tally.unsent);
        assert!(tally.latency.quantile(990) > Duration::from_millis(1500));
    }

    #[test]
    fn an_open_loop_whose_script_is_short_says_so() {
        let target = server(Duration::ZERO);
        let tally = run(&load(target, 2, Some(1000), 500), script(10), &|_| ()).expect("it runs");
        assert_eq!(tally.answers(), 10);
        assert!(tally.ran_out);
    }

    #[test]
    fn a_closed_port_is_an_error() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let target = Target::new(listener.local_addr().expect("it is bound")).expect("loopback");
        drop(listener);
        assert!(run(&load(target, 1, None, 100), script(1), &|_| ()).is_err());
    }
}
