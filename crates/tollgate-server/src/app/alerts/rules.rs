//! The rules: from what was looked at to what an operator is to be told, each with a threshold of `[alerts]`.

use std::collections::BTreeMap;

use tollgate_core::alert::AlertRule;
use tollgate_core::command::AlertSeen;
use tollgate_core::snapshot::EventState;
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;
use tollgate_store::{CalendarTaken, EffectsWatched, ErrorsOf, Open, Standbys};

use crate::config::Alerts;
use crate::disks::Room;

/// What was found, by rule and subject.
pub(super) type Seen = BTreeMap<(AlertRule, String), AlertSeen>;

/// What was looked at of a shop.
#[derive(Debug, Clone, Default)]
pub(super) struct ShopWatched {
    /// What is open.
    pub(super) open: Open,
    /// What its effects have come to.
    pub(super) effects: EffectsWatched,
    /// Errors of the last [`WINDOW`].
    pub(super) errors: Vec<ErrorsOf>,
    /// How far calendars are taken in the [`AHEAD`] to come.
    pub(super) calendars: Vec<CalendarTaken>,
    /// Sources that say nothing, and why that is odd.
    pub(super) silent: Vec<(String, Silence)>,
}

/// Why it is odd that a source says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// Payments of it are open.
    PaymentsOpen,
    /// It spoke at this time on so many of the last seven days.
    Habit(usize),
}

/// What was looked at of the server and is no shop's.
#[derive(Debug, Clone, Default)]
pub(super) struct ServerWatched {
    /// Errors of the last hour that are no shop's.
    pub(super) errors: Vec<ErrorsOf>,
    /// Whether there is a partition for a time to come.
    pub(super) reaches: bool,
    /// Its standbys.
    pub(super) standbys: Option<Standbys>,
}

/// What was looked at of one instance and its machine.
#[derive(Debug, Clone, Default)]
pub(super) struct InstanceWatched {
    /// What the instance is called.
    pub(super) name: String,
    /// How far the clock that it goes by is off, in milliseconds.
    pub(super) clock_off_ms: i64,
    /// How far it has stepped since the rounds before, in milliseconds.
    pub(super) clock_stepped_ms: Option<i64>,
    /// What its disks answer, by what lies there.
    pub(super) disks: Vec<(String, Room)>,
    /// Until when its certificate is good.
    pub(super) certificate_until: Option<Timestamp>,
}

/// Errors are added up over this time, and those of faults over the longer one.
pub(super) const WINDOW: Span = Span::minutes(15);
pub(super) const FAULT_WINDOW: Span = Span::hours(1);

/// Effects that were given up longer ago than this are told of no more.
pub(in crate::app) const DEAD_WINDOW: Span = Span::hours(24);

/// Slots that begin within this time are looked at.
pub(super) const AHEAD: Span = Span::hours(24);

/// Days on which a source is to have spoken in a stretch of time, and how often on each, for that to be its habit: one
/// that speaks now and then says nothing for hours, and nothing is wrong.
const HABIT_DAYS_MIN: usize = 5;
const HABIT_EVENTS_MIN: u64 = 10;

/// What a commit is counted as that a CHECK or a fault of ours has refused.
const QUARANTINED: &str = "gate_quarantined";

/// The status of deliveries that were refused because they prove nothing.
const UNPROVED: u16 = 401;

/// The status of what is refused because of what there is already.
const CONFLICT: u16 = 409;

/// Whether it is odd that a source has said nothing lately, by how often it spoke then and in the same stretch of the
/// days before; `None` is that nobody knows. What is not known is neither silence nor a habit.
pub(super) fn breaks_habit(lately: Option<u64>, before: &[Option<u64>]) -> Option<Silence> {
    let is_habit = |spoke: &&Option<u64>| spoke.is_some_and(|count| HABIT_EVENTS_MIN <= count);
    let days = before.iter().filter(is_habit).count();
    (lately == Some(0) && HABIT_DAYS_MIN <= days).then_some(Silence::Habit(days))
}

/// What a shop is to be told.
pub(super) fn of_shop(alerts: &Alerts, now: Timestamp, watched: &ShopWatched) -> Seen {
    let mut seen = Seen::new();
    let waiting = |state: EventState| watched.open.events.get(state.word()).copied();
    if let (Some(patience), Some((count, since))) = (alerts.parked, waiting(EventState::Parked))
        && since.plus(patience) <= now
    {
        note(
            &mut seen,
            AlertRule::EventsParked,
            "",
            count,
            format!(
                "The oldest of {count} events that wait for a payment has waited for {}",
                lasting(since, now)
            ),
            "See which with `GET /v1/events?state=parked`, and register the payments they are about or look why \
            the shop does not",
        );
    }
    if let (Some(patience), Some((count, since))) = (alerts.queued, waiting(EventState::Queued))
        && since.plus(patience) <= now
    {
        note(
            &mut seen,
            AlertRule::EventsQueued,
            "",
            count,
            format!(
                "The oldest of {count} events that wait to be applied has waited for {}",
                lasting(since, now)
            ),
            "The provider is to confirm them: see its answers with `tollgate effects list --kind ask`, and \
            `tollgate doctor`",
        );
    }
    let effects = &watched.effects;
    if reaches(alerts.dead_effects, effects.dead_lately) {
        note(
            &mut seen,
            AlertRule::EffectsDead,
            "",
            effects.dead_lately,
            format!(
                "{} effects were given up in the last day",
                effects.dead_lately
            ),
            "See why with `tollgate effects list --state dead`, mend that, and run `tollgate effects retry \
            --state dead`",
        );
    }
    let unknown = watched
        .open
        .effects_lost
        .get("unknown")
        .copied()
        .unwrap_or(0);
    if reaches(alerts.unknown_effects, unknown) {
        let since = effects.unknown_since.unwrap_or(now);
        note(
            &mut seen,
            AlertRule::EffectsUnknown,
            "",
            unknown,
            format!(
                "Of {unknown} effects nobody knows whether they happened, the first for {}",
                lasting(since, now)
            ),
            "Look at each where it was sent, `tollgate effects list --state unknown`, and settle it or try it \
            again",
        );
    }
    let mut rejected: BTreeMap<&str, u64> = BTreeMap::new();
    let unproved = |errors: &&ErrorsOf| errors.status == UNPROVED && !errors.source.is_empty();
    for errors in watched.errors.iter().filter(unproved) {
        *rejected.entry(errors.source.as_str()).or_default() += errors.count;
    }
    for (source, count) in rejected {
        if reaches(alerts.rejected_signatures, count) {
            note(
                &mut seen,
                AlertRule::SignaturesRejected,
                source,
                count,
                format!(
                    "{count} deliveries of source {source} were refused for their signatures in the last {} minutes",
                    minutes(WINDOW)
                ),
                "Compare the source's secrets with the provider's console; what was refused is taken afterwards \
                with `tollgate deliveries verify --source NAME`",
            );
        }
    }
    for (source, silence) in &watched.silent {
        let what = match silence {
            Silence::PaymentsOpen => {
                format!("Source {source} says nothing while payments of it are open")
            }
            Silence::Habit(days) => format!(
                "Source {source} says nothing for {} minutes, and spoke at this time on {days} of the last 7 days",
                alerts.silent.map_or(0, minutes)
            ),
        };
        note(
            &mut seen,
            AlertRule::SourceSilent,
            source,
            1,
            what,
            "Look whether the provider still has our URL, \
             and whether it reports a disturbance; open payments are asked for meanwhile",
        );
    }
    for taken in watched.calendars.iter().filter(|taken| 0 < taken.capacity) {
        let percent = taken.taken.saturating_mul(100) / taken.capacity;
        if alerts.slots_percent.is_some_and(|most| most <= percent) {
            note(
                &mut seen,
                AlertRule::SlotsNearlyFull,
                &taken.calendar,
                u64::try_from(taken.taken).unwrap_or(0),
                format!(
                    "{} of {} places of calendar {} in the next 24 hours are taken",
                    taken.taken, taken.capacity, taken.calendar
                ),
                "Raise the capacity of its slots, or have customers told: orders that find no room are refused",
            );
        }
    }
    if reaches(alerts.missing_glyphs, effects.receipts_waiting) {
        note(
            &mut seen,
            AlertRule::GlyphsMissing,
            "",
            effects.receipts_waiting,
            format!(
                "{} receipts wait because no font has some of their letters",
                effects.receipts_waiting
            ),
            "`tollgate doctor` names the packages that have them; add their fonts to [receipts] fonts and start \
            again (docs/fonts.md)",
        );
    }
    let conflicts = watched
        .errors
        .iter()
        .filter(|errors| errors.status == CONFLICT);
    let conflicts = conflicts.map(|errors| errors.count).sum();
    if reaches(alerts.conflicts, conflicts) {
        note(
            &mut seen,
            AlertRule::ManyConflicts,
            "",
            conflicts,
            format!(
                "{conflicts} requests were answered 409 in the last {} minutes",
                minutes(WINDOW)
            ),
            "See of which kind with `tollgate errors stats`: stock or slots that have run out, or a client that \
            repeats what was refused",
        );
    }
    seen
}

/// What the operator is to be told of the server.
pub(super) fn of_server(alerts: &Alerts, watched: &ServerWatched) -> Seen {
    let mut seen = Seen::new();
    let quarantined = watched
        .errors
        .iter()
        .filter(|errors| errors.code == QUARANTINED);
    let quarantined = quarantined.map(|errors| errors.count).sum();
    if reaches(alerts.checks_fired, quarantined) {
        note(
            &mut seen,
            AlertRule::CheckFired,
            "",
            quarantined,
            format!(
                "{quarantined} commands were refused in the last hour by a CHECK of the database or a fault of ours"
            ),
            "Nothing of them is stored; run `tollgate verify`, and report what the log says of what is \
            quarantined",
        );
    }
    if let Some(ahead) = alerts.month
        && !watched.reaches
    {
        let days = ahead.as_millis() / DAY_MS;
        note(
            &mut seen,
            AlertRule::MonthMissing,
            "",
            1,
            format!("A table that grows has no partition for what comes in {days} days"),
            "Run `tollgate migrate` as the owner of the tables, or the SQL that `tollgate doctor` prints",
        );
    }
    if let Some(standbys) = watched.standbys {
        let wanted = alerts.standbys_min.max(u64::from(standbys.is_synchronous));
        if standbys.following < wanted {
            let waits = match standbys.is_synchronous {
                true => ", and commits are to wait for one",
                false => "",
            };
            note(
                &mut seen,
                AlertRule::StandbyLost,
                "",
                wanted - standbys.following,
                format!(
                    "{} of {wanted} standbys follow the database{waits}",
                    standbys.following
                ),
                "Look at the standby's log and at pg_stat_replication on the primary (docs/high-availability.md)",
            );
        }
    }
    seen
}

/// What the operator is to be told of one instance.
pub(super) fn of_instance(alerts: &Alerts, now: Timestamp, watched: &InstanceWatched) -> Seen {
    let mut seen = Seen::new();
    let name = &watched.name;
    let off_ms = watched.clock_off_ms;
    if alerts
        .clock_offset
        .is_some_and(|most| most.as_millis() <= off_ms.abs())
    {
        note(
            &mut seen,
            AlertRule::ClockOff,
            name,
            1,
            format!("The clock of {name} is {off_ms} ms off"),
            "Set it right with `timedatectl set-ntp true`; nothing expires there meanwhile",
        );
    }
    if let (Some(most), Some(by_ms)) = (alerts.clock_offset, watched.clock_stepped_ms)
        && most.as_millis() <= by_ms.abs()
        && seen.is_empty()
    {
        note(
            &mut seen,
            AlertRule::ClockOff,
            name,
            1,
            format!("The clock of {name} has stepped by {by_ms} ms"),
            "Look at `date` and at what sets it; `timedatectl set-ntp true` keeps it right without steps",
        );
    }
    for (place, room) in &watched.disks {
        let Some(least) = alerts.disk_free_bytes else {
            continue;
        };
        let (what, remedy) = match room {
            Room::Bytes { free, .. } if *free < least => (
                format!("{} MiB are free at {place} of {name}", free >> 20),
                "Make room there; `tollgate prune` and [retention] keep the database small",
            ),
            Room::Silent => (
                format!("The disk of {place} of {name} does not say how much room it has"),
                "Look at the kernel's log (`dmesg`), and whether `df` answers there; a share may have lost its server",
            ),
            Room::Bytes { .. } | Room::Unknown => continue,
        };
        let subject = format!("{name} {place}");
        note(&mut seen, AlertRule::DiskLow, &subject, 1, what, remedy);
    }
    if let (Some(ahead), Some(until)) = (alerts.certificate, watched.certificate_until)
        && until <= now.plus(ahead)
    {
        let days = (until.as_millis() - now.as_millis()).max(0) / DAY_MS;
        note(
            &mut seen,
            AlertRule::CertificateEnds,
            name,
            1,
            format!("The certificate of {name} ends in {days} days"),
            "Renew it and put the files of [server] tls in their places; the server reads them again by itself",
        );
    }
    seen
}

const DAY_MS: i64 = 86_400_000;

fn note(seen: &mut Seen, rule: AlertRule, subject: &str, count: u64, what: String, remedy: &str) {
    let found = AlertSeen {
        count: i64::try_from(count).unwrap_or(i64::MAX),
        what,
        remedy: remedy.to_owned(),
    };
    seen.insert((rule, subject.to_owned()), found);
}

/// Whether a threshold is set and reached.
fn reaches(threshold: Option<i64>, count: u64) -> bool {
    threshold.is_some_and(|least| u64::try_from(least).is_ok_and(|least| least <= count))
}

fn minutes(span: Span) -> i64 {
    span.as_millis() / 60_000
}

/// How long it was from then to now, in words.
fn lasting(since: Timestamp, now: Timestamp) -> String {
    let minutes = (now.as_millis() - since.as_millis()).max(0) / 60_000;
    match minutes {
        0..120 => format!("{minutes} minutes"),
        120..2880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

#[cfg(test)]
mod tests;
