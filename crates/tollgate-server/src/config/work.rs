//! The bounds of what is done beside the commits: calls, workers, questions, the feed's readers.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use tollgate_core::time::Span;
use toml::Value;

use super::error::ConfigError;
use super::typed::{Typed, shape};
use tollgate_outbound::calls::OutgoingSettings;

/// How targets are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where endpoints that are named over the API may lie besides the open Internet.
    pub allow_networks: Vec<IpNet>,
    /// For the connection.
    pub connect_timeout: Duration,
    /// For the whole call.
    pub timeout: Duration,
    /// A PEM file with certificates to trust besides the system's.
    pub root_certificate: Option<PathBuf>,
    /// Of an answer's body so much is read and kept.
    pub answer_bytes_max: usize,
    /// The pauses before the second try, the third and so on; after the last there is none.
    pub retry: Vec<Span>,
    /// How long a former secret signs beside the new one.
    pub secret_overlap: Span,
}

/// How effects are claimed and done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker {
    /// Effects in hand.
    pub in_flight_max: usize,
    /// Of those, of one kind.
    pub in_flight_per_kind_max: usize,
    /// Of those, for one target.
    pub in_flight_per_target_max: usize,
    /// How long a claim lasts that is not renewed.
    pub lease: Span,
    /// How long a claim lasts however often it is renewed.
    pub lease_max: Span,
}

/// How providers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Questions to one source in a second.
    pub per_second_max: u32,
    /// For an answer.
    pub timeout: Duration,
    /// How long a payment is open before its provider is asked, and how often after that.
    pub reconcile: Span,
    /// For how long a source with open payments may say nothing; `None`: for ever.
    pub silent: Option<Span>,
}

/// How the feed is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// How far back a reader may begin; `None`: as far as there is.
    pub kept: Option<Span>,
    /// Messages a reader may be behind before it is let go.
    pub queue_max: usize,
    /// Readers at one time.
    pub connections_max: usize,
    /// Tickets of one shop that are still good.
    pub tickets_max: u32,
}

/// How users sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sessions {
    /// How long a session may rest.
    pub idle: Span,
    /// How long it lasts at the most.
    pub absolute: Span,
    /// How many a user has open at one time.
    pub per_user_max: u32,
    /// Failures of one user from one place before a pause begins there.
    pub failures_per_user: u32,
    /// Failures of one user from everywhere before a pause begins.
    pub failures_per_user_anywhere: u32,
    /// Failures from one address before a pause begins.
    pub failures_per_address: u32,
    /// The longest pause.
    pub pause_max: Span,
    /// Passwords that are looked at at one time.
    pub hashes_max: usize,
    /// Passwords that may wait to be looked at.
    pub hashes_waiting_max: usize,
}

impl Outgoing {
    /// How calls are made.
    pub fn calls(&self) -> OutgoingSettings {
        OutgoingSettings {
            allow_networks: self.allow_networks.clone(),
            connect_timeout: self.connect_timeout,
            timeout: self.timeout,
            answer_bytes_max: self.answer_bytes_max,
            root_certificate: self.root_certificate.clone(),
        }
    }
}

impl Typed<'_> {
    pub(super) fn outgoing(&self) -> Result<Outgoing, ConfigError> {
        Ok(Outgoing {
            allow_networks: self.networks("outgoing.allow_networks")?,
            connect_timeout: self.span("outgoing.connect_timeout_ms", 100, 60_000)?,
            timeout: self.span("outgoing.timeout_ms", 100, 600_000)?,
            root_certificate: self.file_of("outgoing.root_certificate")?,
            answer_bytes_max: self.size("outgoing.answer_bytes_max", 0, 16 << 20)?,
            retry: self.retry()?,
            secret_overlap: Span::hours(self.integer("outgoing.secret_overlap_hours", 0, 8760)?),
        })
    }

    fn retry(&self) -> Result<Vec<Span>, ConfigError> {
        const NUMBERS_MAX: usize = 32;
        const SECONDS_MAX: i64 = 30 * 86_400;
        let key = "outgoing.retry_seconds";
        let wanted = format!("a list of 1 to {NUMBERS_MAX} whole numbers from 1 to {SECONDS_MAX}");
        let list = self.list(key, &wanted)?;
        if !(1..=NUMBERS_MAX).contains(&list.len()) {
            return Err(self.wrong(key, format!("a list of {}", list.len()), wanted));
        }
        let read = |value: &Value| match value {
            Value::Integer(seconds) if (1..=SECONDS_MAX).contains(seconds) => {
                Ok(Span::seconds(*seconds))
            }
            Value::Integer(seconds) => Err(self.wrong(key, seconds.to_string(), wanted.as_str())),
            other => Err(self.wrong(
                key,
                format!("{} in the list", shape(other)),
                wanted.as_str(),
            )),
        };
        list.iter().map(read).collect()
    }

    pub(super) fn worker(&self) -> Result<Worker, ConfigError> {
        Ok(Worker {
            in_flight_max: self.size("worker.in_flight_max", 1, 4096)?,
            in_flight_per_kind_max: self.size("worker.in_flight_per_kind_max", 1, 4096)?,
            in_flight_per_target_max: self.size("worker.in_flight_per_target_max", 1, 4096)?,
            lease: Span::millis(self.integer("worker.lease_ms", 1000, 600_000)?),
            lease_max: Span::millis(self.integer("worker.lease_ms_max", 1000, 3_600_000)?),
        })
    }

    pub(super) fn asking(&self) -> Result<Asking, ConfigError> {
        Ok(Asking {
            per_second_max: self.integer("asking.per_second_max", 1, 1000)? as u32,
            timeout: self.span("asking.timeout_ms", 100, 600_000)?,
            reconcile: Span::minutes(self.integer("asking.reconcile_minutes", 1, 1440)?),
            silent: some(self.integer("asking.silent_minutes", 0, 10_080)?).map(Span::minutes),
        })
    }

    pub(super) fn sessions(&self) -> Result<Sessions, ConfigError> {
        Ok(Sessions {
            idle: Span::minutes(self.integer("sessions.idle_minutes", 5, 1440)?),
            absolute: Span::hours(self.integer("sessions.absolute_hours", 1, 720)?),
            per_user_max: self.integer("sessions.per_user_max", 1, 100)? as u32,
            failures_per_user: self.integer("sessions.failures_per_user", 3, 100)? as u32,
            failures_per_user_anywhere: self.integer(
                "sessions.failures_per_user_anywhere",
                10,
                100_000,
            )? as u32,
            failures_per_address: self.integer("sessions.failures_per_address", 3, 10_000)? as u32,
            pause_max: Span::minutes(self.integer("sessions.pause_minutes_max", 1, 1440)?),
            hashes_max: self.size("sessions.hashes_max", 1, 64)?,
            hashes_waiting_max: self.size("sessions.hashes_waiting_max", 1, 1000)?,
        })
    }

    pub(super) fn stream(&self) -> Result<Stream, ConfigError> {
        Ok(Stream {
            kept: some(self.integer("stream.kept_days", 0, 36_500)?)
                .map(|days| Span::hours(24 * days)),
            queue_max: self.size("stream.queue_max", 1, 1_000_000)?,
            connections_max: self.size("stream.connections_max", 0, 1_000_000)?,
            tickets_max: self.integer("stream.tickets_max", 1, 100_000)? as u32,
        })
    }

    /// What is right only together: a call ends within the lease of its effect.
    pub(super) fn check_leases(&self, worker: &Worker) -> Result<(), ConfigError> {
        let lease = worker.lease.as_millis();
        let lease_max = worker.lease_max.as_millis();
        if lease_max < lease {
            let wanted = format!("at least worker.lease_ms, which is {lease}");
            return Err(self.wrong("worker.lease_ms_max", lease_max.to_string(), wanted));
        }
        for key in ["outgoing.timeout_ms", "asking.timeout_ms"] {
            self.check_within_lease(key, self.integer(key, 100, 600_000)?, worker)?;
        }
        Ok(())
    }

    /// A call that lasts longer than a claim can would be made again beside itself.
    pub(super) fn check_within_lease(
        &self,
        key: &str,
        timeout_ms: i64,
        worker: &Worker,
    ) -> Result<(), ConfigError> {
        let lease_max = worker.lease_max.as_millis();
        if lease_max <= timeout_ms {
            let wanted = format!("less than worker.lease_ms_max, which is {lease_max}");
            return Err(self.wrong(key, timeout_ms.to_string(), wanted));
        }
        Ok(())
    }
}

/// 0 is none.
pub(super) fn some(number: i64) -> Option<i64> {
    (number != 0).then_some(number)
}
