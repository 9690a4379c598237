//! The checks: from what was typed to what the program goes by, section by section.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use tollgate_core::command::{AfterCancel, LatePayment, Rules};
use tollgate_core::time::Span;
use tollgate_store::{Isolation, Limits, Place, SecretKey, SecretKeys, ServerPlace};

use super::error::ConfigError;
use super::masked::masked_url;
use super::shops::check_paths;
use super::typed::{Typed, shape};
use super::work::some;
use super::{Config, Server};

/// Keys that open besides the one that seals.
const KEYS_ALSO_MAX: usize = 8;

impl Typed<'_> {
    pub(super) fn check(&self) -> Result<Config, ConfigError> {
        let server = Server {
            listen: self.address("server.listen")?.ok_or_else(|| {
                ConfigError::key(
                    "server.listen",
                    "an empty text",
                    "an address as 127.0.0.1:8080",
                )
            })?,
            admin_listen: self.address("server.admin_listen")?,
            grpc_listen: self.address("server.grpc_listen")?,
            tls: self.tls()?,
            public_url: self.public_url()?,
            trusted_proxies: self.networks("server.trusted_proxies")?,
            body_bytes_max: self.size("server.body_bytes_max", 1024, 64 << 20)?,
            bodies_bytes_max: self.size("server.bodies_bytes_max", 65_536, 64 << 30)?,
            delivery_items_max: self.size("server.delivery_items_max", 1, 10_000)?,
            connections_max: self.size("server.connections_max", 1, 1_000_000)?,
            header_timeout: self.span("server.header_timeout_ms", 100, 600_000)?,
            body_timeout: self.span("server.body_timeout_ms", 100, 600_000)?,
            webhook_timeout: self.span("server.webhook_timeout_ms", 100, 60_000)?,
            request_timeout: self.span("server.request_timeout_ms", 100, 60_000)?,
            drain: self.span("server.drain_ms", 0, 600_000)?,
            shutdown_timeout: self.span("server.shutdown_timeout_ms", 0, 600_000)?,
        };
        let place = self.place()?;
        let worker = self.worker()?;
        let mut config = Config {
            place,
            secret_keys: self.secret_keys()?,
            admission: self.admission()?,
            create: false,
            limits: self.limits()?,
            rules: self.rules()?,
            bootstrap_key: match self.text("api.bootstrap_key")? {
                "" => None,
                typed => Some(SecretString::from(self.secret("api.bootstrap_key", typed)?)),
            },
            sessions: self.sessions()?,
            outgoing: self.outgoing()?,
            asking: self.asking()?,
            stream: self.stream()?,
            alerts: self.alerts()?,
            log: self.log()?,
            telemetry: self.telemetry()?,
            shops: self.shops(&worker)?,
            readable_by_all: None,
            shown: self.masked(),
            server,
            worker,
        };
        config.secret_keys.expected = config.takes_real_money();
        if let Some(key) = &config.bootstrap_key {
            let length = key.expose_secret().len();
            if length < 16 {
                let found = format!("a secret of {length} characters");
                return Err(ConfigError::key(
                    "api.bootstrap_key",
                    found,
                    "at least 16 characters",
                ));
            }
        }
        check_listeners(&config.server)?;
        check_bodies(&config.server)?;
        check_order(&config.limits, &config.rules)?;
        self.check_leases(&config.worker)?;
        check_paths(&config.shops)?;
        check_alert_mail(&config)?;
        Ok(config)
    }

    fn secret_keys(&self) -> Result<SecretKeys, ConfigError> {
        let key = "store.secrets_key";
        let also = "store.secrets_keys_also";
        let read = |key: &str, typed: &str| {
            let secret = self.secret(key, typed)?;
            SecretKey::parse(&secret).map_err(|no| {
                let found = format!("a secret of {} characters that is no key", secret.len());
                ConfigError::key(key, found, no.to_string())
            })
        };
        let seal = match self.text(key)? {
            "" => None,
            typed => Some(read(key, typed)?),
        };
        let wanted = "a list of secrets";
        let mut keys = Vec::new();
        for (place, value) in self.list(also, wanted)?.iter().enumerate() {
            let place = format!("{also}[{place}]");
            let typed = value
                .as_str()
                .ok_or_else(|| ConfigError::key(&place, shape(value), wanted))?;
            keys.push(read(&place, typed)?);
        }
        if KEYS_ALSO_MAX < keys.len() {
            let found = format!("{} keys", keys.len());
            return Err(self.wrong(also, found, format!("at most {KEYS_ALSO_MAX}")));
        }
        Ok(SecretKeys {
            seal,
            also: keys,
            expected: false,
        })
    }

    fn limits(&self) -> Result<Limits, ConfigError> {
        const LOG_MAX: i64 = 16 << 30;
        Ok(Limits {
            queue_commands_max: self.size("gate.queue_commands_max", 100, 1_000_000)?,
            queue_bytes_max: self.size("gate.queue_bytes_max", 1 << 20, 4 << 30)?,
            batch_commands_max: self.size("gate.batch_commands_max", 8, 10_000)?,
            batch_bytes_max: self.size("gate.batch_bytes_max", 64 << 10, 256 << 20)?,
            batch_ms_max: self.integer("gate.batch_ms_max", 1, 1000)? as u64,
            wal_bytes_restart: self.integer("gate.wal_bytes_restart", 1 << 20, LOG_MAX)? as u64,
            wal_bytes_alert: self.integer("gate.wal_bytes_alert", 1 << 20, LOG_MAX)? as u64,
            wal_bytes_max: self.integer("gate.wal_bytes_max", 1 << 20, LOG_MAX)? as u64,
            idempotency_ms: self.integer("retention.idempotency_hours", 24, 8760)? * 3_600_000,
            rejected_per_minute_max: self.integer(
                "retention.rejected_per_minute_max",
                0,
                100_000,
            )? as u32,
            rejected_per_source_max: self.integer(
                "retention.rejected_per_source_max",
                0,
                1_000_000,
            )? as u32,
            rejected_bytes_max: self.integer("retention.rejected_bytes_max", 0, LOG_MAX)? as u64,
            events_ms: self.days("retention.events_days")?,
            keys_ms: self.keys_kept()?,
            rejected_ms: self.days("retention.rejected_days")?,
            errors_ms: self.days("retention.errors_days")?,
            errors_rows_max: self.integer("retention.errors_rows_max", 100, 10_000_000)? as u64,
            audit_ms: self.days("retention.audit_days")?,
            failed_sign_ins_ms: self.integer("retention.failed_sign_ins_days", 1, 36_500)?
                * 86_400_000,
            failed_sign_ins_max: self.integer("retention.failed_sign_ins_max", 100, 1_000_000)?
                as u32,
            keep_detached: self.choice("retention.detached", &[("drop", false), ("keep", true)])?,
            readers: self.size("store.readers", 1, 64)?,
        })
    }

    /// Days in milliseconds; 0 is for ever.
    fn days(&self, key: &str) -> Result<i64, ConfigError> {
        Ok(self.integer(key, 0, 36_500)? * 86_400_000)
    }

    /// No provider repeats an event for longer than a month.
    fn keys_kept(&self) -> Result<i64, ConfigError> {
        let key = "retention.keys_days";
        match self.days(key)? {
            0 => Ok(0),
            _ => Ok(self.integer(key, 35, 36_500)? * 86_400_000),
        }
    }

    fn rules(&self) -> Result<Rules, ConfigError> {
        let open = self.integer("worker.breaker_open_seconds", 1, 3600)?;
        let open_max = self.integer("worker.breaker_open_seconds_max", 1, 86_400)?;
        if open_max < open {
            let key = "worker.breaker_open_seconds_max";
            let wanted = format!("at least worker.breaker_open_seconds, which is {open}");
            return Err(ConfigError::key(key, open_max.to_string(), wanted));
        }
        let patience = self.integer("outgoing.disable_after_hours", 0, 8760)?;
        let late_payment = self.choice(
            "orders.late_payment",
            &[
                ("rehold", LatePayment::Rehold),
                ("attention", LatePayment::Attention),
                ("refund", LatePayment::Refund),
            ],
        )?;
        let after_cancel = self.choice(
            "orders.after_cancel",
            &[
                ("attention", AfterCancel::Attention),
                ("rehold", AfterCancel::Rehold),
            ],
        )?;
        let auto_refund = self.flag("orders.auto_refund")?;
        if late_payment == LatePayment::Refund && !auto_refund {
            let key = "orders.late_payment";
            let wanted = "\"rehold\" or \"attention\", or orders.auto_refund = true";
            return Err(ConfigError::key(key, "\"refund\"", wanted));
        }
        Ok(Rules {
            parked_ask: Span::minutes(self.integer("orders.parked_ask_minutes", 1, 1440)?),
            parked_orphan: Span::hours(self.integer("orders.parked_orphan_hours", 1, 720)?),
            closing_grace: Span::seconds(self.integer(
                "orders.closing_grace_seconds",
                0,
                86_400,
            )?),
            authorized_hold: Span::hours(self.integer("orders.authorized_hold_hours", 1, 8760)?),
            parked_max: self.size("orders.parked_max", 1, 1000)?,
            payments_max: self.size("orders.payments_max", 1, 10_000)?,
            facts_max: self.size("orders.facts_max", 64, 10_000)?,
            story_max: self.size("orders.story_max", 100, 100_000)?,
            late_payment,
            after_cancel,
            auto_refund,
            breaker_failures: self.integer("worker.breaker_failures", 1, 1000)? as u32,
            breaker_open: Span::seconds(open),
            breaker_open_max: Span::seconds(open_max),
            disable_after: some(patience).map(Span::hours),
            ..Rules::default()
        })
    }

    fn public_url(&self) -> Result<Option<String>, ConfigError> {
        let key = "server.public_url";
        let text = self.text(key)?;
        if text.is_empty() {
            return Ok(None);
        }
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let good = rest.is_some_and(|rest| {
            !rest.is_empty()
                && rest.bytes().all(|byte| byte.is_ascii_graphic())
                && !rest.contains(['?', '#', '@'])
        });
        if !good {
            let wanted = "an http or https URL without user, query and fragment";
            return Err(ConfigError::key(key, format!("{text:?}"), wanted));
        }
        Ok(Some(text.trim_end_matches('/').to_owned()))
    }

    fn place(&self) -> Result<Place, ConfigError> {
        let key = "store.url";
        let text = self.text(key)?;
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return self.server_place(text).map(Place::Server);
        }
        match text.strip_prefix("sqlite:") {
            Some(":memory:") => Ok(Place::Memory),
            Some(file) if file.starts_with("//") || file.starts_with("file:") => {
                let wanted = "sqlite:FILE, as sqlite:/var/lib/tollgate/tollgate.db";
                Err(ConfigError::key(key, format!("{text:?}"), wanted))
            }
            Some(file) if file.contains('?') => {
                let wanted = "sqlite:FILE without ?, because there are no options";
                Err(ConfigError::key(key, format!("{text:?}"), wanted))
            }
            Some(file) if !file.is_empty() => Ok(Place::File(PathBuf::from(file))),
            Some(_) | None => {
                let wanted = "sqlite:FILE, sqlite::memory: or postgres://USER@HOST:PORT/DATABASE";
                Err(ConfigError::key(
                    key,
                    format!("{:?}", masked_url(text)),
                    wanted,
                ))
            }
        }
    }

    /// What the URL itself is worth the store says when it opens it.
    fn server_place(&self, url: &str) -> Result<ServerPlace, ConfigError> {
        let isolation = [
            ("read_committed", Isolation::ReadCommitted),
            ("serializable", Isolation::Serializable),
        ];
        Ok(ServerPlace {
            url: url.to_owned(),
            isolation: self.choice("store.isolation", &isolation)?,
            root_certificate: match self.text("store.root_certificate")? {
                "" => None,
                path => Some(PathBuf::from(path)),
            },
            lanes: self.size("store.lanes", 1, 64)?,
        })
    }
}

/// Who is to be written is written by shop main, at the least.
fn check_alert_mail(config: &Config) -> Result<(), ConfigError> {
    let has_mail = config.shops.iter().any(|shop| shop.mail.is_some());
    if config.alerts.mail_to.is_empty() || has_mail {
        return Ok(());
    }
    let wanted = "an empty list, or a [mail] url by which they are written";
    let found = format!("{:?}", config.alerts.mail_to);
    Err(ConfigError::key("alerts.mail_to", found, wanted))
}

/// Two listeners at one place: the second could not be opened. Port 0 is any free one.
pub(super) fn check_listeners(server: &Server) -> Result<(), ConfigError> {
    let all = [
        ("server.listen", Some(server.listen)),
        ("server.admin_listen", server.admin_listen),
        ("server.grpc_listen", server.grpc_listen),
    ];
    let open: Vec<(&str, SocketAddr)> = all
        .into_iter()
        .filter_map(|(key, address)| Some((key, address?)))
        .collect();
    for (place, (key, address)) in open.iter().enumerate() {
        let mut before = open[..place].iter();
        if let Some((other, there)) = before.find(|(_, there)| overlap(*there, *address)) {
            let found = format!("\"{address}\", where {other} = \"{there}\" listens already");
            let wanted = "another port, or an empty text";
            return Err(ConfigError::key(*key, found, wanted));
        }
    }
    Ok(())
}

/// Half of all bodies are those of webhooks, and a half has room for two of the largest.
fn check_bodies(server: &Server) -> Result<(), ConfigError> {
    let largest = server.body_bytes_max;
    let least = 4 * largest;
    if server.bodies_bytes_max < least {
        let found = server.bodies_bytes_max.to_string();
        let wanted =
            format!("at least {least}: four times server.body_bytes_max, which is {largest}");
        return Err(ConfigError::key("server.bodies_bytes_max", found, wanted));
    }
    Ok(())
}

fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let any = one.ip().is_unspecified() || other.ip().is_unspecified();
    let same = one.ip() == other.ip() || any && one.is_ipv4() == other.is_ipv4();
    one.port() != 0 && one.port() == other.port() && same
}

/// Values that are only right one after the other.
fn check_order(limits: &Limits, rules: &Rules) -> Result<(), ConfigError> {
    let (restart, alert) = (limits.wal_bytes_restart, limits.wal_bytes_alert);
    if alert < restart {
        let wanted = format!("at least gate.wal_bytes_restart, which is {restart}");
        let key = "gate.wal_bytes_alert";
        return Err(ConfigError::key(key, alert.to_string(), wanted));
    }
    if limits.wal_bytes_max < alert {
        let found = limits.wal_bytes_max.to_string();
        let wanted = format!("at least gate.wal_bytes_alert, which is {alert}");
        return Err(ConfigError::key("gate.wal_bytes_max", found, wanted));
    }
    if rules.parked_orphan <= rules.parked_ask {
        let minutes = |span: Span| span.as_millis() / 60_000;
        let found = minutes(rules.parked_ask).to_string();
        let wanted = format!(
            "less than the {} minutes of orders.parked_orphan_hours",
            minutes(rules.parked_orphan)
        );
        return Err(ConfigError::key("orders.parked_ask_minutes", found, wanted));
    }
    Ok(())
}
