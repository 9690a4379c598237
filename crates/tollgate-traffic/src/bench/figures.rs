//! The figures of a run, of a round and of all rounds.

use serde_json::{Value, json};

use crate::load::drive::Tally;

/// What one run gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    /// Answers a second.
    pub(super) rate: f64,
    /// Latencies in microseconds.
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) p999_us: f64,
    pub(super) max_us: f64,
    /// How long it took.
    pub(super) seconds: f64,
    /// Processor seconds of the server.
    pub(super) cpu_s: f64,
    /// Processor seconds of the load.
    pub(super) load_cpu_s: f64,
    /// Requests that were due and never sent.
    pub(super) unsent: u64,
    /// The prepared requests ended before the time did.
    pub(super) ran_out: bool,
}

impl Run {
    /// Reads a tally; the processor times come from outside.
    pub(super) fn of(tally: &Tally, cpu_s: f64, load_cpu_s: f64) -> Run {
        let micros = |per_mille| tally.latency.quantile(per_mille).as_secs_f64() * 1e6;
        Run {
            rate: tally.per_second(),
            p50_us: micros(500),
            p99_us: micros(990),
            p999_us: micros(999),
            max_us: tally.latency.max().as_secs_f64() * 1e6,
            seconds: tally.elapsed.as_secs_f64(),
            cpu_s,
            load_cpu_s,
            unsent: tally.unsent,
            ran_out: tally.ran_out,
        }
    }

    fn json(&self) -> Value {
        json!({
            "rate": tenth(self.rate),
            "p50_us": tenth(self.p50_us),
            "p99_us": tenth(self.p99_us),
            "p999_us": tenth(self.p999_us),
            "max_us": tenth(self.max_us),
            "seconds": hundredth(self.seconds),
            "cpu_s": hundredth(self.cpu_s),
            "load_cpu_s": hundredth(self.load_cpu_s),
            "unsent": self.unsent,
            "ran_out": self.ran_out,
        })
    }
}

/// A round: the ceiling and the store, one after the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Round {
    /// The same server without a store.
    pub(super) ceiling: Run,
    /// The server as users get it.
    pub(super) store: Run,
    /// Of `flood`; `ceiling` is the same server without it then.
    pub(super) forged: Option<Forged>,
}

/// Forged webhooks beside good ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Forged {
    /// How many were answered in a second.
    pub(super) rate: f64,
    /// Good ones while a server that looks at nothing takes as many: what making them costs.
    pub(super) elsewhere: Run,
}

impl Round {
    /// The store's rate as a part of the ceiling's.
    pub(super) fn ratio(&self) -> f64 {
        if self.ceiling.rate > 0.0 {
            self.store.rate / self.ceiling.rate
        } else {
            0.0
        }
    }

    /// How many times as long 99 of 100 answers took as they did in the ceiling.
    pub(super) fn p99_times(&self) -> f64 {
        self.store.p99_us / self.ceiling.p99_us.max(1.0)
    }

    /// The same, while a server that looks at nothing takes the forged ones.
    pub(super) fn p99_times_elsewhere(&self) -> f64 {
        let elsewhere = self.forged.map(|forged| forged.elsewhere.p99_us);
        elsewhere.unwrap_or_default() / self.ceiling.p99_us.max(1.0)
    }

    fn json(&self) -> Value {
        json!({
            "forged_rate": self.forged.map(|forged| tenth(forged.rate)),
            "p99_times": hundredth(self.p99_times()),
            "elsewhere": self.forged.map(|forged| forged.elsewhere.json()),
            "p99_times_elsewhere": self.forged.map(|_| hundredth(self.p99_times_elsewhere())),
            "ratio": thousandth(self.ratio()),
            "ceiling": self.ceiling.json(),
            "store": self.store.json(),
        })
    }
}

/// The middle one of some figures, the least and the greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Spread {
    /// Over all rounds; of an even number, the mean of the two in the middle.
    pub(super) fn over(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> Spread {
        let mut values: Vec<f64> = rounds.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        let count = values.len();
        let Some((min, max)) = values.first().copied().zip(values.last().copied()) else {
            return Spread {
                median: 0.0,
                min: 0.0,
                max: 0.0,
            };
        };
        let median = (values[(count - 1) / 2] + values[count / 2]) / 2.0;
        Spread { median, min, max }
    }
}

/// What a peer came to: a transaction for each order, on the same server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeerFigures {
    /// Orders a second that were taken.
    pub rate: f64,
    /// Tries for one order, on the average.
    pub tries: f64,
    /// The part of the tries that another transaction was in the way of.
    pub conflicts: f64,
    /// The part of the orders that were given up.
    pub given_up: f64,
}

/// What a bench found in all.
#[derive(Debug, Clone)]
pub struct Figures {
    pub(super) bench: &'static str,
    /// `sqlite` or `postgres`.
    pub(super) store: String,
    /// How many servers shared it.
    pub(super) instances: u16,
    /// Over how many shops the requests were spread.
    pub(super) shops: u64,
    /// The peer, where there is one.
    pub(super) peer: Option<PeerFigures>,
    /// Whose webhooks were sent.
    pub(super) provider: &'static str,
    /// Through which door orders were created.
    pub(super) door: &'static str,
    /// The kind of file system it lies on, where that is known.
    pub(super) file_system: Option<String>,
    /// How long a run was asked to be.
    pub(super) seconds: u64,
    /// How many requests were on their way at most.
    pub(super) connections: usize,
    /// How many of them shared a connection.
    pub(super) calls_per_connection: usize,
    /// Arrivals per second that were asked for.
    pub(super) rate_asked: Option<u32>,
    pub(super) rounds: Vec<Round>,
    /// The server at rest, over two seconds: memory, and processor seconds used.
    pub(super) idle: Option<(u64, f64)>,
    /// The most memory the server ever had.
    pub(super) rss_bytes_max: Option<u64>,
    /// The largest the log was seen to be.
    pub(super) wal_bytes_max: u64,
    /// The database at the end.
    pub(super) database_bytes: u64,
    /// What was counted afterwards, in words and numbers.
    pub(super) checked: Vec<(String, u64)>,
}

impl Figures {
    pub(super) fn rate(&self) -> Spread {
        Spread::over(&self.rounds, |round| round.store.rate)
    }

    pub(super) fn ceiling(&self) -> Spread {
        Spread::over(&self.rounds, |round| round.ceiling.rate)
    }

    /// Of `flood`: how many times as long 99 of 100 good webhooks took beside the forged ones as alone.
    pub(super) fn p99_times(&self) -> Spread {
        Spread::over(&self.rounds, Round::p99_times)
    }

    /// The same, while a server that looks at nothing takes the forged ones.
    pub(super) fn p99_times_elsewhere(&self) -> Spread {
        Spread::over(&self.rounds, Round::p99_times_elsewhere)
    }

    pub(super) fn ratio(&self) -> Spread {
        Spread::over(&self.rounds, Round::ratio)
    }

    /// One line for machines: medians over the rounds, then each round.
    pub fn json(&self) -> Value {
        let median =
            |figure: fn(&Run) -> f64| Spread::over(&self.rounds, |r| figure(&r.store)).median;
        let (rate, ratio) = (self.rate(), self.ratio());
        let checked: serde_json::Map<String, Value> = self
            .checked
            .iter()
            .map(|(name, count)| (name.clone(), json!(count)))
            .collect();
        json!({
            "bench": self.bench,
            "store": self.store,
            "instances": self.instances,
            "shops": self.shops,
            "peer": self.peer.map(|peer| json!({
                "rate": tenth(peer.rate),
                "tries": hundredth(peer.tries),
                "conflicts": thousandth(peer.conflicts),
                "given_up": thousandth(peer.given_up),
                "ours_to_peer": tenth(rate.median / peer.rate.max(1.0)),
            })),
            "provider": self.provider,
            "door": self.door,
            "file_system": self.file_system,
            "seconds": self.seconds,
            "connections": self.connections,
            "calls_per_connection": self.calls_per_connection,
            "rate_asked": self.rate_asked,
            "rate": tenth(rate.median),
            "rate_min": tenth(rate.min),
            "rate_max": tenth(rate.max),
            "ceiling": tenth(self.ceiling().median),
            "ratio": thousandth(ratio.median),
            "ratio_min": thousandth(ratio.min),
            "ratio_max": thousandth(ratio.max),
            "p50_us": tenth(median(|run| run.p50_us)),
            "p99_us": tenth(median(|run| run.p99_us)),
            "p999_us": tenth(median(|run| run.p999_us)),
            "p99_times": hundredth(self.p99_times().median),
            "p99_times_elsewhere": match self.bench {
                "flood" => Some(hundredth(self.p99_times_elsewhere().median)),
                _ => None,
            },
            "rss_bytes_max": self.rss_bytes_max,
            "cpu_s": hundredth(median(|run| run.cpu_s)),
            "load_cpu_s": hundredth(median(|run| run.load_cpu_s)),
            "wal_bytes_max": self.wal_bytes_max,
            "database_bytes": self.database_bytes,
            "idle_rss_bytes": self.idle.map(|(rss, _)| rss),
            "idle_cpu_s": self.idle.map(|(_, cpu)| hundredth(cpu)),
            "checked": checked,
            "rounds": self.rounds.iter().map(Round::json).collect::<Vec<_>>(),
        })
    }
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn hundredth(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn thousandth(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(ceiling: f64, store: f64) -> Round {
        let run = |rate| Run {
            rate,
            p50_us: 10.0,
            p99_us: 20.0,
            p999_us: 30.0,
            max_us: 40.0,
            seconds: 1.0,
            cpu_s: 0.5,
            load_cpu_s: 0.25,
            unsent: 0,
            ran_out: false,
        };
        Round {
            ceiling: run(ceiling),
            store: run(store),
            forged: None,
        }
    }

    #[test]
    fn the_ratio_is_the_median_of_the_rounds_ratios() {
        let rounds = [round(100.0, 50.0), round(200.0, 20.0), round(100.0, 40.0)];
        let spread = Spread::over(&rounds, Round::ratio);
        assert_eq!(
            spread,
            Spread {
                median: 0.4,
                min: 0.1,
                max: 0.5
            }
        );
        assert_eq!(Spread::over(&rounds[..2], Round::ratio).median, 0.3);
        assert_eq!(Spread::over(&[], Round::ratio).median, 0.0);
        assert_eq!(round(0.0, 5.0).ratio(), 0.0);
    }

    #[test]
    fn the_line_for_machines_has_what_is_promised() {
        let figures = Figures {
            bench: "ingest",
            store: "sqlite".to_owned(),
            instances: 1,
            shops: 1,
            peer: None,
            provider: "hmac",
            door: "rest",
            file_system: Some("ext4".to_owned()),
            seconds: 1,
            connections: 64,
            calls_per_connection: 1,
            rate_asked: None,
            rounds: vec![round(100.0, 50.0)],
            idle: Some((1024, 0.0)),
            rss_bytes_max: Some(2048),
            wal_bytes_max: 5,
            database_bytes: 6,
            checked: vec![("events stored".to_owned(), 50)],
        };
        let line = figures.json();
        for name in [
            "bench",
            "store",
            "seconds",
            "connections",
            "calls_per_connection",
            "rate",
            "ceiling",
            "ratio",
            "p50_us",
            "p99_us",
            "p999_us",
            "rss_bytes_max",
            "cpu_s",
            "rounds",
        ] {
            assert!(!line[name].is_null(), "{name}");
        }
        assert_eq!(line["rounds"][0]["store"]["rate"], 50.0);
        assert_eq!(line["checked"]["events stored"], 50);
    }
}
