//! Rounds: the ceiling and the store in turn, with everything around them that is not timed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use indicatif::ProgressBar;

use super::BenchError;
use super::child::Server;
use super::early;
use super::figures::{Round, Run};
use super::plan::Name;
use super::requests::{CALENDARS, HOT, PLENTY, SKUS, Writer, calendar, distinct, sku};
use super::sink::{self, Sink};
use super::webhook::Provider;
use crate::load::Door;
use crate::load::client::Client;
use crate::load::connection::Target;
use crate::load::drive::{self, Load, Tally};
use crate::load::pace::Rate;
use crate::load::process::{self, Usage};
use crate::load::script::Script;

/// How a bench is run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) name: Name,
    pub(super) seconds: u64,
    pub(super) connections: usize,
    pub(super) calls_per_connection: usize,
    pub(super) rate: Option<Rate>,
    pub(super) sold_out: bool,
    /// Effects that are pending all the while.
    pub(super) pending: u64,
    pub(super) provider: Provider,
    pub(super) door: Door,
}

/// Servers of one database, and what their requests are written with.
pub(super) struct Side {
    pub(super) servers: Vec<Server>,
    /// A caller for each shop, `main` first.
    pub(super) clients: Vec<Arc<Client>>,
}

impl Side {
    fn targets(&self, door: Door) -> Vec<Target> {
        let servers = self.servers.iter();
        servers.map(|server| server.target_of(door)).collect()
    }

    /// What the servers have used together; the most memory that one of them had.
    pub(super) fn usage(&self) -> Option<Usage> {
        let mut all: Option<Usage> = None;
        for server in &self.servers {
            let one = server.usage()?;
            all = Some(match all {
                None => one,
                Some(all) => Usage {
                    cpu: all.cpu + one.cpu,
                    rss_bytes: all.rss_bytes.max(one.rss_bytes),
                    rss_bytes_max: all.rss_bytes_max.max(one.rss_bytes_max),
                },
            });
        }
        all
    }
}

/// What was answered in all, for the check at the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    /// Numbers used for ids, codes and references.
    pub(super) used: u64,
    /// Orders created before the clock started.
    pub(super) prepared: u64,
    /// 2xx answers that reported a new event.
    pub(super) events: u64,
    /// 2xx answers that reported an earlier event.
    pub(super) duplicates: u64,
    /// 2xx answers that reported an applied payment.
    pub(super) applied: u64,
    /// 201 answers to orders in the timed part.
    pub(super) created: u64,
    /// Refusals for stock.
    pub(super) refused: u64,
    /// Payments whose own 201 said `paid`.
    pub(super) paid_at_once: u64,
    /// Forged webhooks that were refused.
    pub(super) forged: u64,
}

/// Steps of the progress bar for each run.
pub(super) const TICKS: u64 = 100;
/// A warm-up also measures how many requests a round needs: a few tell how many a second of it does, which are
/// no more than this.
const WARM_UP: Duration = Duration::from_secs(1);
const FIRST_REQUESTS: usize = 300;
const WARM_UP_REQUESTS: usize = 3000;
/// More requests than a round at the warm-up's rate would send; what is too many is not sent.
const SPARE: f64 = 1.6;
/// And so many, where the warm-up was slow by chance.
const SPARE_REQUESTS: f64 = 300.0;
/// Requests prepared for one round take no more memory than this.
const SCRIPT_BYTES_MAX: usize = 1 << 30;
/// Orders made before a round, many at once; how long that may take.
const PREPARE_CONNECTIONS: usize = 64;
const PREPARE_MAX: Duration = Duration::from_secs(600);
/// A pair of `early` takes 250 ms on the average.
const EARLY_PAIRS_PER_SECOND: f64 = 6.0;

/// Everything a bench needs while it runs.
pub(super) struct Bench {
    pub(super) shape: Shape,
    pub(super) store: Side,
    pub(super) ceiling: Side,
    pub(super) secret: String,
    pub(super) ledger: Ledger,
    pub(super) progress: ProgressBar,
    /// Where events are forwarded to.
    sink: Option<Sink>,
    /// Requests a second that the store took at most.
    per_second: f64,
}

impl Bench {
    pub(super) fn new(
        shape: Shape,
        store: Side,
        ceiling: Side,
        secret: String,
        progress: ProgressBar,
        sink: Option<Sink>,
    ) -> Bench {
        let ledger = Ledger::default();
        Bench {
            shape,
            store,
            ceiling,
            secret,
            ledger,
            progress,
            sink,
            per_second: 0.0,
        }
    }

    /// Stock and slots, through the API.
    pub(super) fn furnish(&self) -> Result<(), BenchError> {
        self.progress.set_message("stock and slots");
        let plenty =
            |skus: std::ops::Range<u64>| skus.map(|number| (sku(number), PLENTY)).collect();
        let (stock, calendars): (Vec<(String, i64)>, Vec<String>) = match self.shape.name {
            Name::Ingest | Name::Duplicates | Name::Effects | Name::Flood | Name::Server => {
                return Ok(());
            }
            Name::HotSku if self.shape.sold_out => (vec![(HOT.to_owned(), 0)], Vec::new()),
            Name::HotSku => (vec![(HOT.to_owned(), PLENTY)], Vec::new()),
            Name::HotSlot => (Vec::new(), vec![HOT.to_owned()]),
            Name::Apply | Name::Orders | Name::Early => {
                (plenty(0..SKUS), (0..CALENDARS).map(calendar).collect())
            }
        };
        let write = |script: &mut Script, path: String, body: serde_json::Value| {
            let body = body.to_string();
            for client in &self.store.clients {
                script.push(|out| client.write(out, "PUT", &path, None, body.as_bytes()));
            }
        };
        let mut shelves = Script::default();
        for (sku, on_hand) in stock {
            let body = serde_json::json!({ "on_hand": on_hand });
            write(&mut shelves, format!("/v1/stock/{sku}"), body);
        }
        let (mut rules, mut slots) = (Script::default(), Script::default());
        for name in calendars {
            write(
                &mut rules,
                format!("/v1/calendars/{name}"),
                calendar_rules(),
            );
            write(
                &mut slots,
                format!("/v1/calendars/{name}/slots"),
                tomorrows_slots(),
            );
        }
        // A calendar must be there before its slots.
        for script in [shelves, rules, slots] {
            let tally = self.send_all(&self.store, script, PREPARE_CONNECTIONS)?;
            all_answered(&tally, 200, "stock and slots")?;
        }
        Ok(())
    }

    /// Events whose forwarding waits for a handler that takes none.
    pub(super) fn queue_up(&mut self) -> Result<(), BenchError> {
        if self.shape.pending == 0 {
            return Ok(());
        }
        self.progress.set_message("a backlog");
        let script = self.writer(&self.store)?.backlog(self.shape.pending);
        let tally = self.send_all(&self.store, script, PREPARE_CONNECTIONS)?;
        self.ledger.events += self.shape.pending;
        all_answered(&tally, 200, "a backlog")
    }

    /// Sends what is not timed until all of it is answered.
    fn send_all(
        &self,
        side: &Side,
        script: Script,
        connections: usize,
    ) -> Result<Tally, BenchError> {
        let load = Load {
            targets: side.targets(Door::Rest),
            door: Door::Rest,
            connections,
            calls_per_connection: 1,
            rate: None,
            length: PREPARE_MAX,
            word_prefix: b"\"status\":\"",
            repeat: false,
        };
        drive::run(&load, Arc::new(script), &|_| ()).map_err(|error| BenchError(error.to_string()))
    }

    /// Runs both sides for a moment, so that the first round is like the others.
    pub(super) fn warm_up(&mut self) -> Result<(), BenchError> {
        self.progress.set_message("warm-up");
        let rate = self.shape.rate.take();
        let mut count = FIRST_REQUESTS;
        for _ in 0..2 {
            let round = self.play(WARM_UP, count)?;
            self.per_second = self.per_second.max(round.store.rate);
            count = (self.per_second as usize).clamp(FIRST_REQUESTS, WARM_UP_REQUESTS);
        }
        self.shape.rate = rate;
        Ok(())
    }

    /// One round.
    pub(super) fn round(&mut self) -> Result<Round, BenchError> {
        let seconds = self.shape.seconds as f64;
        let wanted = match (self.shape.name, self.shape.rate) {
            (Name::Early, _) => seconds * EARLY_PAIRS_PER_SECOND * self.shape.connections as f64,
            (_, Some(rate)) => seconds * f64::from(rate.per_second()) + 1.0,
            (_, None) => seconds * self.per_second * SPARE + SPARE_REQUESTS,
        };
        let round = self.play(Duration::from_secs(self.shape.seconds), wanted as usize)?;
        self.per_second = self.per_second.max(round.store.rate);
        Ok(round)
    }

    fn play(&mut self, length: Duration, count: usize) -> Result<Round, BenchError> {
        let name = self.shape.name;
        if name == Name::Flood {
            return self.flood(length, count);
        }
        let from = self.ledger.used;
        // A kilobyte each is what the largest of them take.
        let count = count.min(SCRIPT_BYTES_MAX / 1024);
        self.ledger.used += count as u64;
        if matches!(name, Name::Apply | Name::Early) {
            self.prepare(from, count)?;
        }
        self.progress.set_message("requests");
        let script = |side: &Side| {
            Ok::<_, BenchError>(Arc::new(self.writer(side)?.script(name, from, count)))
        };
        let (ceiling, store) = (script(&self.ceiling)?, script(&self.store)?);
        self.progress.set_message("ceiling");
        let (ceiling, _) = self.timed(&self.ceiling, ceiling, from, length)?;
        self.progress.set_message(name.word());
        let (mut store, tally) = self.timed(&self.store, store, from, length)?;
        self.book(&tally)?;
        if let Some(sink) = &self.sink {
            self.settle(sink, &mut store, tally.count(200, "parked"))?;
        }
        Ok(Round {
            ceiling,
            store,
            forged: None,
        })
    }

    /// Waits until everything that was decided is delivered and settled: that is when the run ends, and the
    /// latencies are those from decided to settled.
    fn settle(&self, sink: &Sink, run: &mut Run, decided: u64) -> Result<(), BenchError> {
        self.progress.set_message("settling");
        let servers: Vec<_> = self
            .store
            .targets(Door::Rest)
            .into_iter()
            .map(Target::address)
            .collect();
        let drained = sink.drain(&servers, self.ledger.events - self.shape.pending)?;
        run.seconds += drained.as_secs_f64();
        run.rate = decided as f64 / run.seconds.max(1e-9);
        let latencies = sink::latencies(&self.store.clients[0], decided)?;
        let at = |share: f64| {
            let place = ((latencies.len() as f64 * share).ceil() as usize).max(1) - 1;
            latencies.get(place).copied().unwrap_or_default()
        };
        (run.p50_us, run.p99_us, run.p999_us) = (at(0.5), at(0.99), at(0.999));
        run.max_us = latencies.last().copied().unwrap_or_default();
        Ok(())
    }

    pub(super) fn writer<'a>(&self, side: &'a Side) -> Result<Writer<'a>, BenchError> {
        let provider = self.shape.provider;
        let signer = provider
            .signer(&self.secret)
            .map_err(|error| BenchError(error.to_string()))?;
        Ok(Writer {
            clients: &side.clients,
            signer,
            currency: provider.currency(),
            now: now(),
            door: self.shape.door,
        })
    }

    /// Makes the orders that the timed requests are about.
    fn prepare(&mut self, from: u64, count: usize) -> Result<(), BenchError> {
        self.progress.set_message("orders");
        let script = self
            .writer(&self.store)?
            .prepared(self.shape.name, from, count);
        let tally = self.send_all(&self.store, script, PREPARE_CONNECTIONS)?;
        self.ledger.prepared += count as u64;
        all_answered(&tally, 201, "orders")
    }

    pub(super) fn timed(
        &self,
        side: &Side,
        script: Arc<Script>,
        from: u64,
        length: Duration,
    ) -> Result<(Run, Tally), BenchError> {
        let load = Load {
            targets: side.targets(self.shape.door),
            door: self.shape.door,
            connections: self.shape.connections,
            calls_per_connection: self.shape.calls_per_connection,
            rate: self.shape.rate,
            length,
            word_prefix: self.shape.name.word_prefix(),
            // The ceiling keeps nothing: to it a repeated request is like a new one.
            repeat: std::ptr::eq(side, &self.ceiling),
        };
        let before = (side.usage(), process::usage(std::process::id()));
        let begun = self.progress.position();
        let progress = |share: f64| {
            self.progress
                .set_position(begun + (share * TICKS as f64) as u64)
        };
        let tally = match self.shape.name {
            Name::Early => early::run(&load, &side.clients[0], script, from),
            _ => drive::run(&load, script, &progress),
        };
        self.progress.set_position(begun + TICKS);
        let tally = tally.map_err(|error| BenchError(format!("send the load: {error}")))?;
        let after = (side.usage(), process::usage(std::process::id()));
        let used = |before: Option<process::Usage>, after: Option<process::Usage>| {
            let used = before
                .zip(after)
                .map(|(before, after)| after.cpu.saturating_sub(before.cpu));
            used.unwrap_or_default().as_secs_f64()
        };
        if tally.broken > 0 {
            let why = tally.first_broken.clone().unwrap_or_default();
            return Err(BenchError(format!(
                "{} requests without an answer: {why}",
                tally.broken
            )));
        }
        let run = Run::of(&tally, used(before.0, after.0), used(before.1, after.1));
        Ok((run, tally))
    }

    /// Counts what was answered; an answer that this bench cannot have is an error.
    pub(super) fn book(&mut self, tally: &Tally) -> Result<(), BenchError> {
        let ledger = &mut self.ledger;
        for kind in &tally.kinds {
            let right = match (self.shape.name, kind.status, kind.word.as_str()) {
                (Name::Ingest | Name::Effects | Name::Flood, 200, "parked") => {
                    add(&mut ledger.events, kind.count)
                }
                (Name::Duplicates, 200, "parked") => add(&mut ledger.events, kind.count),
                (Name::Duplicates, 200, "duplicate") => add(&mut ledger.duplicates, kind.count),
                (Name::Apply, 200, "applied") => {
                    add(&mut ledger.events, kind.count) && add(&mut ledger.applied, kind.count)
                }
                (Name::Orders | Name::HotSlot, 201, "awaiting_payment") => {
                    add(&mut ledger.created, kind.count)
                }
                (Name::HotSku, 201, "awaiting_payment") if !self.shape.sold_out => {
                    add(&mut ledger.created, kind.count)
                }
                (Name::HotSku, 409, _) if self.shape.sold_out => {
                    add(&mut ledger.refused, kind.count)
                }
                (Name::Early, 201, "paid") => {
                    add(&mut ledger.events, kind.count)
                        && add(&mut ledger.applied, kind.count)
                        && add(&mut ledger.paid_at_once, kind.count)
                }
                _ => false,
            };
            if !right {
                return Err(BenchError(format!(
                    "{} answers {} {:?} that {} cannot have, the first one: {}",
                    kind.count,
                    kind.status,
                    kind.word,
                    self.shape.name.word(),
                    kind.example,
                )));
            }
        }
        if self.shape.name == Name::Duplicates {
            let sent = tally.answers();
            let new = tally.count(200, "parked");
            if new != distinct(sent) {
                return Err(BenchError(format!(
                    "{new} of {sent} answers reported a new event, but {} were sent",
                    distinct(sent)
                )));
            }
        }
        Ok(())
    }
}

fn add(sum: &mut u64, count: u64) -> bool {
    *sum += count;
    true
}

fn all_answered(tally: &Tally, status: u16, what: &str) -> Result<(), BenchError> {
    match tally.kinds.iter().find(|kind| kind.status != status) {
        Some(kind) => Err(BenchError(format!(
            "prepare {what}: {} answers with status {}, the first one: {}",
            kind.count, kind.status, kind.example
        ))),
        None if tally.broken > 0 => Err(BenchError(format!(
            "prepare {what}: {}",
            tally.first_broken.clone().unwrap_or_default()
        ))),
        None if !tally.ran_out => Err(BenchError(format!(
            "prepare {what}: not done within {PREPARE_MAX:?}"
        ))),
        None => Ok(()),
    }
}

/// A calendar that counts orders and makes no slots by itself.
fn calendar_rules() -> serde_json::Value {
    serde_json::json!({
        "unit": "orders",
        "capacity": PLENTY,
        "slot_minutes": 60,
        "weekly": [],
        "timezone": "UTC",
    })
}

/// Four hours of tomorrow that hold any number of orders.
fn tomorrows_slots() -> serde_json::Value {
    let tomorrow = jiff::Timestamp::from_second((now() / 86_400 + 1) * 86_400)
        .expect("tomorrow is within time");
    let hour = |hour: i64| (tomorrow + jiff::SignedDuration::from_hours(hour)).to_string();
    let slot = |start: i64| {
        serde_json::json!({
            "starts_at": hour(start),
            "ends_at": hour(start + 1),
            "capacity": PLENTY,
        })
    };
    serde_json::json!({ "slots": (10..14).map(slot).collect::<Vec<_>>() })
}

/// The second it is.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Looks at a file's size every 20 ms while it lives, and keeps the greatest.
pub(super) struct SizeWatch {
    greatest: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl SizeWatch {
    pub(super) fn over(file: std::path::PathBuf) -> SizeWatch {
        let (greatest, stop) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (size, ended) = (Arc::clone(&greatest), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                if let Ok(metadata) = std::fs::metadata(&file) {
                    size.fetch_max(metadata.len(), Ordering::Relaxed);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        SizeWatch {
            greatest,
            stop,
            thread: Some(thread),
        }
    }

    /// The greatest size seen.
    pub(super) fn end(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It only sleeps and looks; if it has panicked, what it saw still counts.
            let _ = thread.join();
        }
        self.greatest.load(Ordering::Relaxed)
    }
}
